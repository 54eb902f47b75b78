//! Do-not-contact lists as files: read strictly, watched while a run goes on, and the personal list that always applies (csv).
//!
//! A list has one entry a line; or it is CSV with a header that says which column has what. Lines that are blank or begin
//! with `#` say nothing. What cannot be read for certain is refused: an entry that was passed over would hold nobody back.

mod parse;
mod personal;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::model::suppression::Suppression;

pub use personal::{Added, Personal};

/// A list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuppressError {
    /// The system refuses.
    #[error("cannot {verb} the do-not-contact list {}: {source}; {advice}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The list cannot be read for certain.
    #[error("the do-not-contact list {}, line {line}: {text}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// What is wrong, and what to do.
        text: String,
    },
    /// An entry that was typed finds nobody.
    #[error("`{entry}` cannot be put on the do-not-contact list: {text}")]
    Entry {
        /// What was typed.
        entry: String,
        /// Why.
        text: String,
    },
    /// There is no folder for the personal list.
    #[error("there is no folder for the personal do-not-contact list; name one in ROWCAST_DATA_DIR")]
    NoFolder,
}

impl SuppressError {
    fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        let advice = match verb {
            "read" => "nobody may be written to while it cannot be read",
            _ => "look at the rights of the file and its folder",
        };
        move |source| Self::Io {
            verb,
            path,
            advice,
            source,
        }
    }
}

/// What must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Somebody named the file.
    Required,
    /// The personal list: nobody may be on it yet.
    Optional,
}

/// What tells one state of a file from another; `None` where there is no file.
type Stamp = Option<(u64, SystemTime)>;

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    presence: Presence,
    stamp: Stamp,
}

/// What came of a look at the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing changed.
    Same,
    /// All entries were read anew.
    Anew,
}

/// The do-not-contact lists of a campaign: the personal one and those that were named.
#[derive(Debug)]
pub struct Lists {
    files: Vec<Watched>,
    entries: Suppression,
    /// A list changed, and what it is now could not be read yet.
    stale: bool,
}

impl Lists {
    /// Reads all lists: the personal one in `folder`, if there is one, and `named`.
    ///
    /// # Errors
    /// A named list is not there, or one cannot be read for certain.
    pub fn open(folder: Option<&Path>, named: &[PathBuf]) -> Result<Self, SuppressError> {
        let watched = |path: PathBuf, presence| Watched {
            path,
            presence,
            stamp: None,
        };
        let personal = folder.map(|folder| watched(personal::file_in(folder), Presence::Optional));
        let named = named.iter().map(|path| watched(path.clone(), Presence::Required));
        let mut lists = Self {
            files: personal.into_iter().chain(named).collect(),
            entries: Suppression::default(),
            stale: true,
        };
        lists.refresh()?;
        Ok(lists)
    }

    /// The entries as they were read last.
    #[must_use]
    pub const fn entries(&self) -> &Suppression {
        &self.entries
    }

    /// The same, for whoever knows more names of the people in them. What is added holds until a list changes.
    pub const fn entries_mut(&mut self) -> &mut Suppression {
        &mut self.entries
    }

    /// Reads again what changed since. Costs a look at each file where nothing did.
    ///
    /// # Errors
    /// A list is gone, or cannot be read for certain any more. The entries stay what they were, and the next call tries again.
    pub fn refresh(&mut self) -> Result<Refreshed, SuppressError> {
        let mut stamps = Vec::with_capacity(self.files.len());
        for file in &self.files {
            stamps.push(file.stamp_now()?);
        }
        let same = self.files.iter().zip(&stamps).all(|(file, stamp)| file.stamp == *stamp);
        if same && !self.stale {
            return Ok(Refreshed::Same);
        }
        self.stale = true;
        let mut entries = Suppression::default();
        for (file, stamp) in self.files.iter_mut().zip(stamps) {
            if stamp.is_some() {
                parse::read(&file.path, &mut entries)?;
            }
            file.stamp = stamp;
        }
        self.entries = entries;
        self.stale = false;
        Ok(Refreshed::Anew)
    }
}

impl Watched {
    fn stamp_now(&self) -> Result<Stamp, SuppressError> {
        let metadata = match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.presence == Presence::Optional => return Ok(None),
            metadata => metadata.map_err(SuppressError::io("read", &self.path))?,
        };
        let changed = metadata.modified().map_err(SuppressError::io("read", &self.path))?;
        Ok(Some((metadata.len(), changed)))
    }
}
