//! The log: a JSON line for every request and every delivery, for people and tests. It never holds a key.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::SandboxError;

/// The log of a sandbox, or none.
#[derive(Debug)]
pub(super) struct Log(Option<Open>);

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: Mutex<Result<File, io::Error>>,
}

impl Log {
    pub(super) fn open(path: Option<PathBuf>) -> Result<Self, SandboxError> {
        let Some(path) = path else { return Ok(Self(None)) };
        match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Ok(Self(Some(Open {
                path,
                file: Mutex::new(Ok(file)),
            }))),
            Err(source) => Err(SandboxError::Log {
                verb: "open",
                path,
                source,
            }),
        }
    }

    /// Writes one line, if there is a log. After the first failure nothing more is written, and [`Log::end`] tells of it.
    pub(super) fn line(&self, record: impl FnOnce() -> Value) {
        let Some(open) = &self.0 else { return };
        let mut line = record().to_string();
        line.push('\n');
        let mut file = open.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A file has no buffer of its own: the line is with the system when this returns, and whoever reads sees it whole.
        if let Ok(Err(error)) = file.as_mut().map(|file| file.write_all(line.as_bytes())) {
            *file = Err(error);
        }
    }

    /// The first failure to write, once.
    pub(super) fn end(&self) -> Result<(), SandboxError> {
        let Some(open) = &self.0 else { return Ok(()) };
        let mut file = open.file.lock().unwrap_or_else(PoisonError::into_inner);
        match file.as_mut() {
            Ok(_) => Ok(()),
            Err(error) => Err(SandboxError::Log {
                verb: "write",
                path: open.path.clone(),
                source: io::Error::new(error.kind(), error.to_string()),
            }),
        }
    }
}
