//! Single entries of a journal by their position, while a run may be appending to it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::entry::{Entry, Position};

use super::error::JournalError;
use super::record::{Flaw, LONGEST, Record};

/// Most lines fit here, so that one read is enough.
const FIRST_READ: usize = 2048;

/// Reads entries by position. Takes no lock and has no cursor: may be shared.
#[derive(Debug)]
pub struct Reader {
    file: File,
    path: PathBuf,
}

impl Reader {
    /// A reader of the journal at `path`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(JournalError::io("open", path))?;
        let path = path.to_owned();
        Ok(Self { file, path })
    }

    /// The entry that stands at `position`.
    ///
    /// # Errors
    /// No whole record starts there, or the file cannot be read.
    pub fn read_at(&self, position: Position) -> Result<Entry, JournalError> {
        let mut short = [0; FIRST_READ];
        let read = self.fill(&mut short, position.0)?;
        let held = short.get(..read).unwrap_or_default();
        if let Some(end) = memchr::memchr(b'\n', held) {
            return self.entry(position, held.get(..end).unwrap_or_default());
        }
        let mut long = held.to_vec();
        while read == FIRST_READ && long.len() <= LONGEST {
            let seen = long.len();
            long.resize(seen * 2, 0);
            let more = self.fill(long.get_mut(seen..).unwrap_or_default(), position.0.saturating_add(seen as u64))?;
            long.truncate(seen + more);
            if let Some(end) = memchr::memchr(b'\n', long.get(seen..).unwrap_or_default()) {
                return self.entry(position, long.get(..seen + end).unwrap_or_default());
            }
            if more == 0 {
                break;
            }
        }
        // The last record may lack its line end.
        self.entry(position, &long)
    }

    fn entry(&self, position: Position, line: &[u8]) -> Result<Entry, JournalError> {
        Record::of(line).and_then(|record| record.entry()).map_err(|flaw| {
            let path = self.path.clone();
            match flaw {
                Flaw::Damage(what) => JournalError::Damaged {
                    path,
                    line: 0,
                    byte: position.0,
                    what,
                },
                Flaw::Newer(what) => JournalError::Newer { path, line: 0, what },
            }
        })
    }

    /// Fills `buffer` from byte `at`; less only where the file ends.
    fn fill(&self, buffer: &mut [u8], at: u64) -> Result<usize, JournalError> {
        let mut held = 0;
        while let Some(rest) = buffer.get_mut(held..).filter(|rest| !rest.is_empty()) {
            match read_at(&self.file, rest, at.saturating_add(held as u64)) {
                Ok(0) => break,
                Ok(read) => held += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(JournalError::io("read", &self.path)(error)),
            }
        }
        Ok(held)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
