//! What the campaigns of a machine share: one embedded database in the data folder (rusqlite).
//!
//! It has two rooms: whom they wrote to ([`contacts`]), and the permits that they sent under ([`permits`]). It is a view
//! that can be made again from journals, and guards courtesy and limits, not the promise: that no row is sent twice is the
//! journal's affair, so the loss of this file can make nobody get a row's message twice. That is why a commit need not
//! wait for the disk (`synchronous = NORMAL` in WAL mode): the database survives a crash of the program whole, and after a
//! power cut at most its last moments are missing, never its consistency.

pub mod contacts;
mod error;
pub mod permits;
mod schema;

use std::path::{Path, PathBuf};

pub use error::DatabaseError;

/// The name of the database in the data folder.
const FILE: &str = "shared.db";

/// Where the database of a data folder is.
#[must_use]
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Makes the database at `path`, if it is not there, and makes sure that it can be written.
///
/// # Errors
/// It cannot be read or written, or a newer rowcast made it.
pub fn make(path: &Path) -> Result<(), DatabaseError> {
    schema::write(path).map(drop)
}
