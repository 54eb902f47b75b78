//! What can go wrong with results.

use std::io;
use std::path::{Path, PathBuf};

/// Why results could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The operating system refused something.
    #[error("cannot {verb} the results {}: {source}{}", .path.display(), hint(source))]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The results, or their folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line was given more cells of the sheet than there are headers.
    #[error("row {row} has more cells than the sheet has headers ({headers})")]
    TooManyCells {
        /// The row of the sheet.
        row: u32,
        /// How many headers there are.
        headers: usize,
    },
    /// The file does not begin with the columns of results.
    #[error("{} is no results file of rowcast: its first columns are not row, key, status and so on; name other --results", .path.display())]
    NotResults {
        /// The file.
        path: PathBuf,
    },
    /// A line is not as it was written.
    #[error("{}, line {line}: {what}; nothing is sent, since these results alone say who was written to", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line of the file, from 1, at which the record starts.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "; close it if another program has it open",
        _ => "",
    }
}

impl ResultsError {
    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            verb,
            path: path.to_owned(),
            source,
        }
    }

    /// An error of the csv crate, whose line numbers are `behind` by so many.
    pub(super) fn csv(verb: &'static str, path: &Path, behind: u64) -> impl FnOnce(csv::Error) -> Self {
        move |error| {
            let path = path.to_owned();
            let line = error.position().map_or(0, csv::Position::line) + behind;
            let what = error.to_string();
            match error.into_kind() {
                csv::ErrorKind::Io(source) => Self::Io { verb, path, source },
                csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
                    let what = format!("it has {len} cells, and the header has {expected_len}: the file was cut or edited");
                    Self::Line { path, line, what }
                }
                csv::ErrorKind::Utf8 { .. } => {
                    let what = "it is not UTF-8: save the file as \"CSV UTF-8\"".to_owned();
                    Self::Line { path, line, what }
                }
                _ => Self::Line { path, line, what },
            }
        }
    }
}
