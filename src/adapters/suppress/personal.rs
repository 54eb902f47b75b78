//! The personal list: one file in the user's data folder that applies to every campaign.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{SuppressError, parse};
use crate::model::row::trim;
use crate::model::suppression::{Names, Suppression};

/// The name of the list in the data folder.
const FILE: &str = "do-not-contact.csv";

/// What a new list begins with.
const HEAD: &str = "# Nobody on this list is written to by any campaign. One entry a line: a profile, a URN, a company, a key.\n";

/// Where the personal list of a data folder is.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The personal do-not-contact list.
#[derive(Debug)]
pub struct Personal {
    path: PathBuf,
}

/// What came of adding entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// Entries that are new on the list.
    pub new: usize,
    /// Entries that were there before.
    pub known: usize,
}

impl Personal {
    /// The list in this data folder; the file need not be there.
    ///
    /// # Errors
    /// There is no data folder.
    pub fn of(folder: Option<&Path>) -> Result<Self, SuppressError> {
        let path = file_in(folder.ok_or(SuppressError::NoFolder)?);
        Ok(Self { path })
    }

    /// Where the list is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its entries, in order.
    ///
    /// # Errors
    /// The list cannot be read for certain.
    pub fn entries(&self) -> Result<Vec<String>, SuppressError> {
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            _ => parse::entries_of(&self.path),
        }
    }

    /// Adds those of `entries` that are not there yet, in one write.
    ///
    /// # Errors
    /// One of them finds nobody, and then none is added; or the list cannot be read or written.
    pub fn add<'a>(&self, entries: impl IntoIterator<Item = &'a str>) -> Result<Added, SuppressError> {
        let before = self.entries()?;
        let mut known: std::collections::HashSet<String> = before.into_iter().collect();
        let mut added = Added { new: 0, known: 0 };
        let mut lines = String::new();
        for entry in entries {
            let entry = trim(entry);
            check(entry)?;
            if known.insert(entry.to_owned()) {
                added.new += 1;
                lines.push_str(&line(entry));
            } else {
                added.known += 1;
            }
        }
        if !lines.is_empty() {
            self.append(&lines)?;
        }
        Ok(added)
    }

    /// Adds the entries of another list.
    ///
    /// # Errors
    /// As for [`Personal::add`], and where the other list cannot be read for certain.
    pub fn import(&self, list: &Path) -> Result<Added, SuppressError> {
        let entries = parse::entries_of(list)?;
        self.add(entries.iter().map(String::as_str))
    }

    fn append(&self, lines: &str) -> Result<(), SuppressError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(SuppressError::io("make the folder of", &self.path))?;
        }
        let new = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len()) == 0;
        let ended = new || std::fs::read(&self.path).is_ok_and(|bytes| bytes.ends_with(b"\n"));
        let text = format!("{}{}{lines}", if new { HEAD } else { "" }, if ended { "" } else { "\n" });
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path).map_err(SuppressError::io("write", &self.path))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(SuppressError::io("write", &self.path))
    }
}

/// Refuses what would hold nobody back, or would not be read back as it is.
fn check(entry: &str) -> Result<(), SuppressError> {
    let refused = |text: String| {
        Err(SuppressError::Entry {
            entry: entry.escape_debug().to_string(),
            text,
        })
    };
    if entry.is_empty() {
        return refused("it is blank; write a profile, a URN, a company or a key".to_owned());
    }
    if entry.contains(['\n', '\r', '\0']) {
        return refused("it has a line break in it; one entry is one line".to_owned());
    }
    let mut list = Suppression::default();
    let id = list.list("");
    list.add(id, 1, entry, Names::Anything).or_else(|error| refused(error.to_string()))
}

/// The line of an entry: in quotes where it would be read as something else without.
fn line(entry: &str) -> String {
    if entry.contains([',', ';', '\t', '|', '"', '#']) {
        return format!("\"{}\"\n", entry.replace('"', "\"\""));
    }
    format!("{entry}\n")
}
