//! Writing results: beside the target, whole, and then in its place.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::model::row::RowNumber;
use crate::model::status::Status;

use super::cell::guarded;
use super::error::ResultsError;
use super::{BOM, COLUMNS};

/// One line: what a campaign knows of a row. What is not known is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The row, where the sheet has it now.
    pub row: RowNumber,
    /// What identifies the row across runs; empty where it could not be made out.
    pub key: &'a str,
    /// Its status; `success` follows from it.
    pub status: Status,
    /// The recipient's URN.
    pub recipient_urn: &'a str,
    /// The thread, where the service named one.
    pub thread_id: &'a str,
    /// The message's URN.
    pub message_urn: &'a str,
    /// One line that says what went wrong.
    pub error: &'a str,
    /// The HTTP status of the newest answer, in digits.
    pub http_status: &'a str,
    /// Requests made for the row, over all runs.
    pub attempts: u32,
    /// The sending account.
    pub account: &'a str,
    /// When it was sent: RFC 3339 in UTC.
    pub sent_at: &'a str,
    /// SHA-256 of the message, in lower-case hex.
    pub message_sha256: &'a str,
}

/// Writes results to a temporary file beside their place. Dropping it without [`Writer::finish`] leaves the place as it was.
pub struct Writer<'s> {
    lines: csv::Writer<Sink<'s>>,
    target: PathBuf,
    headers: usize,
}

/// Where lines go.
enum Sink<'s> {
    /// A file that takes the place of another once it is whole.
    Beside(NamedTempFile),
    /// Whoever reads along: a pipe or a device, which no file can replace.
    Along(Box<dyn Write + 's>),
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file) => file.write(bytes),
            Self::Along(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file) => file.flush(),
            Self::Along(stream) => stream.flush(),
        }
    }
}

impl<'s> Writer<'s> {
    /// Begins results at `path`, for a sheet with these headers. The file is readable by its owner alone. What is there and no
    /// file, such as a pipe, is written to as it is.
    ///
    /// # Errors
    /// The folder cannot be written to, or `path` is a folder itself.
    pub fn create<S: AsRef<str>>(path: &Path, headers: &[S]) -> Result<Self, ResultsError> {
        let refused = || ResultsError::io("write", path);
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let sink = match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(refused()(io::ErrorKind::IsADirectory.into())),
            Ok(there) if !there.is_file() => Sink::Along(Box::new(File::options().write(true).open(path).map_err(refused())?)),
            _ => Sink::Beside(
                tempfile::Builder::new()
                    .prefix(&temporary(&target))
                    .suffix(TEMPORARY)
                    .tempfile_in(folder_of(&target))
                    .map_err(refused())?,
            ),
        };
        Self::begin(sink, target, headers)
    }

    /// Begins results that go to `stream`, which `name` is for errors, for a sheet with these headers.
    ///
    /// # Errors
    /// The stream cannot be written to.
    pub fn along<S: AsRef<str>>(stream: impl Write + 's, name: &Path, headers: &[S]) -> Result<Self, ResultsError> {
        Self::begin(Sink::Along(Box::new(stream)), name.to_owned(), headers)
    }

    fn begin<S: AsRef<str>>(mut sink: Sink<'s>, target: PathBuf, headers: &[S]) -> Result<Self, ResultsError> {
        sink.write_all(BOM.as_bytes()).map_err(ResultsError::io("write", &target))?;
        let mut lines = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .buffer_capacity(256 << 10)
            .from_writer(sink);
        let columns = sheet_columns(headers);
        let names = COLUMNS.into_iter().chain(columns.iter().map(String::as_str));
        for name in names {
            lines
                .write_field(guarded(name).as_bytes())
                .map_err(ResultsError::csv("write", &target, 0))?;
        }
        lines.write_record(None::<&[u8]>).map_err(ResultsError::csv("write", &target, 0))?;
        Ok(Self {
            lines,
            target,
            headers: headers.len(),
        })
    }

    /// Adds a line with the row's cells, in the order of the headers. Cells that are missing at the end are blank.
    ///
    /// # Errors
    /// There are more cells than headers, or the disk is full.
    pub fn write<'a>(&mut self, line: &Line<'a>, cells: impl IntoIterator<Item = &'a str>) -> Result<(), ResultsError> {
        let (row, attempts) = (line.row.to_string(), line.attempts.to_string());
        let own = [
            &row,
            line.key,
            line.status.as_str(),
            line.status.success(),
            line.recipient_urn,
            line.thread_id,
            line.message_urn,
            line.error,
            line.http_status,
            &attempts,
            line.account,
            line.sent_at,
            line.message_sha256,
        ];
        self.put(own)?;
        let mut left = self.headers;
        for cell in cells {
            left = left.checked_sub(1).ok_or(ResultsError::TooManyCells {
                row: line.row.0,
                headers: self.headers,
            })?;
            self.put([cell])?;
        }
        self.put(std::iter::repeat_n("", left))?;
        self.end_line()
    }

    /// Puts the results in their place: written, synced, renamed, and known to the folder.
    ///
    /// # Errors
    /// The disk is full, or the file in that place cannot be replaced.
    pub fn finish(self) -> Result<(), ResultsError> {
        let target = self.target;
        let sink = self
            .lines
            .into_inner()
            .map_err(|error| ResultsError::io("write", &target)(error.into_error()))?;
        let file = match sink {
            Sink::Beside(file) => file,
            Sink::Along(mut stream) => return stream.flush().map_err(ResultsError::io("write", &target)),
        };
        file.as_file().sync_data().map_err(ResultsError::io("sync", &target))?;
        file.persist(&target)
            .map_err(|refused| ResultsError::io("replace", &target)(refused.error))?;
        sync_folder(&target);
        Ok(())
    }

    fn put<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), ResultsError> {
        for cell in cells {
            self.lines
                .write_field(guarded(cell).as_bytes())
                .map_err(ResultsError::csv("write", &self.target, 0))?;
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), ResultsError> {
        self.lines
            .write_record(None::<&[u8]>)
            .map_err(ResultsError::csv("write", &self.target, 0))
    }
}

/// The names of the sheet's own columns in the results: a name that results use themselves becomes `input_NAME`, with
/// another `input_` for as long as the sheet has that name too.
#[must_use]
pub fn sheet_columns<S: AsRef<str>>(headers: &[S]) -> Vec<String> {
    let mut taken: HashSet<String> = headers.iter().map(|header| header.as_ref().to_owned()).collect();
    let rename = |header: &S| {
        let mut name = header.as_ref().to_owned();
        if COLUMNS.contains(&name.as_str()) {
            while COLUMNS.contains(&name.as_str()) || taken.contains(&name) {
                name.insert_str(0, "input_");
            }
            taken.insert(name.clone());
        }
        name
    };
    headers.iter().map(rename).collect()
}

/// How names of temporary files end.
const TEMPORARY: &str = ".tmp";

/// A writer that is at work has touched its file more lately.
const ABANDONED: Duration = Duration::from_hours(1);

/// How the names of temporary files for these results begin. Names have an end, so that of the results is not always whole.
fn temporary(target: &Path) -> String {
    let name: String = target.file_name().unwrap_or_default().to_string_lossy().chars().take(50).collect();
    format!(".rowcast-{name}-")
}

/// Removes what was left beside these results by writers that were killed: half of a file, which nobody reads.
pub fn sweep(path: &Path) {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let prefix = temporary(&target);
    let is_old = |there: fs::Metadata| there.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED));
    // What cannot be looked at or removed is in nobody's way.
    for entry in fs::read_dir(folder_of(&target)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.ends_with(TEMPORARY) && entry.metadata().is_ok_and(is_old) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes the folder remember the new file. Results can be made again, so a folder that cannot be synced is no error.
#[cfg(unix)]
fn sync_folder(path: &Path) {
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
}

/// Windows has no sync of a folder.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) {}
