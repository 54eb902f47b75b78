//! Why shared permits cannot be kept.

use std::io;
use std::path::PathBuf;

/// Why shared permits cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum PermitsError {
    /// The folder or the file cannot be made.
    #[error("cannot make {path}, where campaigns share their limits: {source}; name another folder in ROWCAST_DATA_DIR")]
    Make {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database cannot be read or written.
    #[error("cannot {verb} {path}, where campaigns share their limits: {source}; name another folder in ROWCAST_DATA_DIR")]
    Database {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A later version of rowcast made it.
    #[error("{path} is of a later version of rowcast (format {format}); use that version, or name another folder in ROWCAST_DATA_DIR")]
    Later {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: i64,
    },
    /// There is no place for it.
    #[error("there is no folder in which campaigns can share their limits; name one in ROWCAST_DATA_DIR")]
    NoFolder,
}
