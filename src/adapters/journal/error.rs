//! What can go wrong with a journal, in words for the person who has to do something about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::KeyDefinition;

/// Why a journal could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another run has the journal open.
    #[error("another run holds the campaign: its journal {} is locked; wait for that run to end, or name other --results", .path.display())]
    Held {
        /// The journal.
        path: PathBuf,
    },
    /// The operating system refused something before anything was appended.
    #[error("cannot {verb} the journal {}: {source}", .path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The journal, or its folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A write or a sync failed. From then on nothing more is written, and every append gets this error.
    #[error("cannot {verb} the journal {}: {source}; nothing more is sent, and what is recorded stays", .path.display())]
    Failed {
        /// What was tried.
        verb: &'static str,
        /// The journal.
        path: PathBuf,
        /// Why not; shared, since everybody who waits is told.
        source: Arc<io::Error>,
    },
    /// The file holds something else.
    #[error("{} is no journal of rowcast, and it is left as it is; name other --results", .path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The journal was begun for another endpoint.
    #[error(
        "the journal {} belongs to {journal}, and this run would send to {wanted}; use the same --base-url, or name other --results",
        .path.display()
    )]
    OtherEndpoint {
        /// The journal.
        path: PathBuf,
        /// Its endpoint.
        journal: String,
        /// The endpoint of this run.
        wanted: String,
    },
    /// The journal knows rows by another key.
    #[error(
        "the journal {} knows rows by {journal}, and this run by {wanted}, so it could not tell who was written to; use the same --key, or name other --results",
        .path.display()
    )]
    OtherKey {
        /// The journal.
        path: PathBuf,
        /// What its keys are.
        journal: KeyDefinition,
        /// What the keys of this run are.
        wanted: KeyDefinition,
    },
    /// A whole record that this version does not understand.
    #[error("{}, line {line}: written by a newer rowcast ({what}); use that version", .path.display())]
    Newer {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is not understood.
        what: String,
    },
    /// Something before the tail is not as it was written.
    #[error(
        "{}, line {line} (byte {byte}): the journal is damaged: {what}; nothing is sent, since nobody can know what the line said; restore the file from a copy",
        .path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The line, from 1; for a single read by position it is not known and is 0.
        line: u64,
        /// The byte at which the line starts.
        byte: u64,
        /// What is wrong.
        what: String,
    },
    /// Whoever replays the journal refused an entry.
    #[error("{}, line {line} (byte {byte}): {source}", .path.display())]
    Refused {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The byte at which the line starts.
        byte: u64,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An entry that no journal could read back; nothing of it was written, and the journal goes on.
    #[error("a record of {bytes} bytes is more than a line of a journal may have ({limit}); shorten the template or the cell")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most that a line may have.
        limit: usize,
    },
}

impl JournalError {
    /// An error of the operating system, with the place and the verb.
    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            verb,
            path: path.to_owned(),
            source,
        }
    }
}
