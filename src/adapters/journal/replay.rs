//! A journal from its start: every record checked, the tail judged.
//!
//! A file is a sequence of lines. What stands after the last line end is the tail, and the only place where anything
//! may be missing:
//!
//! - an empty tail: nothing happened;
//! - a whole record that only lacks its line end, or has zeros instead, as some file systems leave them after a power cut: it
//!   counts, since keeping a fact is never wrong;
//! - a whole record with something else behind it: its line end was overwritten, which is damage;
//! - anything else: a record whose write was cut short. Nobody was told that it is on disk, so no request left on its
//!   account, and it is as if it had never been.
//!
//! Every line before the tail must be right, or the file is damaged.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use memchr::memmem;

use crate::model::entry::{Entry, Position};

use super::error::JournalError;
use super::lines::{Ending, Line, Lines};
use super::record::{Flaw, Head, OPENING, Record, SEAL, SEAL_LENGTH, Terms};

/// What a journal held.
#[derive(Debug)]
pub(super) struct Past {
    /// Its head; `None` where the file is empty or its head was cut short.
    pub head: Option<Head>,
    /// How many whole records there are, the head among them.
    pub records: u64,
    /// Where the last whole record ends.
    pub end: u64,
    /// What stands after it.
    pub tail: Tail,
}

/// What stands after the last line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    Empty,
    /// A whole record without its line end, with nothing or zeros behind it; `end` is behind the record.
    Unended,
    /// So many bytes of a record whose write was cut short.
    Torn(u64),
}

/// Reads the journal in `file` from its start and hands every entry to `on_entry`.
pub(super) fn replay<E: Into<Box<dyn Error + Send + Sync>>>(
    path: &Path,
    file: &File,
    wanted: Option<&Terms>,
    mut on_entry: impl FnMut(Position, &Entry) -> Result<(), E>,
) -> Result<Past, JournalError> {
    let mut past = Past {
        head: None,
        records: 0,
        end: 0,
        tail: Tail::Empty,
    };
    let mut lines = Lines::new(file);
    while let Some(line) = lines.next().map_err(JournalError::io("read", path))? {
        let place = Place {
            path,
            line: past.records + 1,
            byte: line.at,
        };
        past.tail = tail_of(&line).map_err(|flaw| place.flaw(flaw))?;
        if let Tail::Torn(_) = past.tail {
            if past.records == 0 && !may_be_a_head(line.bytes) {
                return Err(JournalError::NotAJournal { path: path.to_owned() });
            }
            break;
        }
        if past.records == 0 && !line.bytes.starts_with(OPENING) {
            return Err(JournalError::NotAJournal { path: path.to_owned() });
        }
        let bytes = match past.tail {
            Tail::Unended => without_zeros(line.bytes),
            _ => line.bytes,
        };
        let record = Record::of(bytes).map_err(|flaw| place.flaw(flaw))?;
        if record.number != past.records {
            let what = format!("it says it is record {}, and record {} is due", record.number, past.records);
            return Err(place.flaw(Flaw::Damage(what)));
        }
        if past.records == 0 {
            let head = record.head().map_err(|flaw| place.flaw(flaw))?;
            agree(path, &head.terms, wanted)?;
            past.head = Some(head);
        } else {
            let entry = record.entry().map_err(|flaw| place.flaw(flaw))?;
            on_entry(Position(line.at), &entry).map_err(|source| place.refused(source))?;
        }
        past.records += 1;
        past.end = line.at + bytes.len() as u64 + u64::from(line.ending == Ending::Newline);
    }
    Ok(past)
}

/// A line of a journal, for errors.
struct Place<'a> {
    path: &'a Path,
    line: u64,
    byte: u64,
}

impl Place<'_> {
    fn flaw(&self, flaw: Flaw) -> JournalError {
        let (path, line, byte) = (self.path.to_owned(), self.line, self.byte);
        match flaw {
            Flaw::Damage(what) => JournalError::Damaged { path, line, byte, what },
            Flaw::Newer(what) => JournalError::Newer { path, line, what },
        }
    }

    fn refused(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> JournalError {
        JournalError::Refused {
            path: self.path.to_owned(),
            line: self.line,
            byte: self.byte,
            source: source.into(),
        }
    }
}

/// Judges how a line ends; `Empty` for one that ends as lines do.
fn tail_of(line: &Line<'_>) -> Result<Tail, Flaw> {
    match line.ending {
        Ending::Newline => Ok(Tail::Empty),
        Ending::Beyond => Err(Flaw::Damage("it is longer than any record".to_owned())),
        Ending::File => {
            let whole = memmem::find(line.bytes, SEAL)
                .and_then(|seal| line.bytes.get(..seal + SEAL_LENGTH))
                .filter(|record| Record::of(record).is_ok());
            match whole {
                None => Ok(Tail::Torn(line.bytes.len() as u64)),
                Some(record) if record.len() == without_zeros(line.bytes).len() => Ok(Tail::Unended),
                Some(_) => Err(Flaw::Damage("something stands where the last line should end".to_owned())),
            }
        }
    }
}

/// Whether a file without any line end may be a journal whose creation was cut short: its bytes, or the zeros that some
/// file systems leave for them.
fn may_be_a_head(bytes: &[u8]) -> bool {
    let common = without_zeros(bytes).len().min(OPENING.len());
    bytes.get(..common) == OPENING.get(..common)
}

/// What stands before the zeros at the end.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.get(..written).unwrap_or_default()
}

/// Refuses a journal that is bound to other terms.
fn agree(path: &Path, journal: &Terms, wanted: Option<&Terms>) -> Result<(), JournalError> {
    let Some(wanted) = wanted else { return Ok(()) };
    if journal.endpoint != wanted.endpoint {
        return Err(JournalError::OtherEndpoint {
            path: path.to_owned(),
            journal: journal.endpoint.clone(),
            wanted: wanted.endpoint.clone(),
        });
    }
    if journal.key != wanted.key {
        return Err(JournalError::OtherKey {
            path: path.to_owned(),
            journal: journal.key.clone(),
            wanted: wanted.key.clone(),
        });
    }
    Ok(())
}
