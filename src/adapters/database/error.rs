//! What can be wrong with the database that campaigns share, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file is no such database.
    #[error(
        "{}, the contact history and the limits that campaigns share, is damaged ({source}); make it again with \
         `rowcast history rebuild JOURNAL…`, or name another folder in ROWCAST_DATA_DIR",
        path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The database refuses.
    #[error(
        "cannot {verb} {}, the contact history and the limits that campaigns share: {source}; \
         look at the rights of its folder, or name another in ROWCAST_DATA_DIR",
        path.display()
    )]
    Sql {
        /// What was tried.
        verb: &'static str,
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The system refuses.
    #[error(
        "cannot {verb} {}, the contact history and the limits that campaigns share: {source}; \
         look at the rights of its folder, or name another in ROWCAST_DATA_DIR",
        path.display()
    )]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The database.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A later version made it.
    #[error(
        "{}, the contact history and the limits that campaigns share, was made by a newer rowcast (its version is {found}); \
         use that one, or name another folder in ROWCAST_DATA_DIR",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The thread that writes it ended.
    #[error("{}, the contact history and the limits that campaigns share, is not written any more", path.display())]
    Gone {
        /// The database.
        path: PathBuf,
    },
    /// There is no place for it.
    #[error("there is no folder in which campaigns can share their limits; name one in ROWCAST_DATA_DIR")]
    NoFolder,
}

impl DatabaseError {
    /// Whether the disk itself failed: it is full, or refuses to write.
    #[must_use]
    pub fn is_disk(&self) -> bool {
        use rusqlite::ErrorCode::{DiskFull, SystemIoFailure};
        match self {
            Self::Sql { source, .. } => matches!(source.sqlite_error_code(), Some(DiskFull | SystemIoFailure)),
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded
            ),
            Self::Damaged { .. } | Self::Newer { .. } | Self::Gone { .. } | Self::NoFolder => false,
        }
    }

    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { verb, path, source }
    }

    pub(super) fn sql(verb: &'static str, path: &Path) -> impl Fn(rusqlite::Error) -> Self + use<> {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let path = path.to_owned();
        move |source| {
            let path = path.clone();
            match source.sqlite_error_code() {
                Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { path, source },
                _ => Self::Sql { verb, path, source },
            }
        }
    }
}
