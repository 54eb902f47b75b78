//! Reading results back, strictly: they may be all that says who was written to.
//!
//! A file that a spreadsheet program saved again is accepted as far as that is certain: other delimiters, other line
//! ends, `TRUE` or `WAHR`. What such a program may have changed without a trace is refused: keys that are numbers.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::model::entry::Import;
use crate::model::row::RowNumber;
use crate::model::status::Status;

use super::cell::unguarded;
use super::error::ResultsError;
use super::{BOM, COLUMNS};

/// One line of results, as it was before it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLine {
    /// The line of the file at which the record starts, from 1.
    pub line: u64,
    /// The row of the sheet as it was then.
    pub row: RowNumber,
    /// What the line says of its row. `to` has the recipient's URN, where there is one: other names are the sheet's to add.
    pub import: Import,
    /// The cells of the sheet's own columns.
    pub cells: Vec<String>,
}

impl ReadLine {
    /// What the journal has to know of the line; `None` where it says nothing of any attempt. A line that was `skipped` or
    /// `invalid` may be the duplicate of one that was sent, and tells no more than its attempts.
    #[must_use]
    pub fn into_import(self) -> Option<Import> {
        let says_something = match self.import.status {
            Status::Sent | Status::Failed | Status::Unconfirmed => true,
            Status::Pending | Status::Invalid | Status::Skipped => self.import.attempts > 0 && !self.import.key.is_empty(),
        };
        says_something.then_some(self.import)
    }
}

/// The lines of a results file, which was checked as a whole before the first of them is handed out.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    lines: csv::Reader<File>,
    record: csv::StringRecord,
    /// The names of the sheet's own columns, as the results have them.
    columns: Vec<String>,
    saved_by: SavedBy,
    /// The csv crate takes a record's line end for done at its CR, so the record after it seems to start a line earlier.
    behind: u64,
    /// Nothing comes after an error.
    ended: bool,
}

/// Who wrote the file last, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SavedBy {
    Rowcast,
    Spreadsheet,
}

/// Reads the results at `path`. The whole file is checked first, so that nobody takes over half of a file.
///
/// # Errors
/// The file cannot be read, is no results file, was cut, or has a line that is not as rowcast wrote it.
pub fn read(path: &Path) -> Result<Results, ResultsError> {
    let mut file = File::open(path).map_err(ResultsError::io("open", path))?;
    let delimiter = delimiter_of(path, &mut file)?;
    let text = Text::of(path, &mut file)?;
    let foreign = delimiter != b',' || !text.marked || text.bare_newlines;
    let saved_by = if foreign { SavedBy::Spreadsheet } else { SavedBy::Rowcast };
    let behind = u64::from(!text.bare_newlines);
    let start = |file, saved_by| Results::start(path, file, delimiter, saved_by, behind);
    let mut check = start(file, saved_by)?;
    let mut shouted = false;
    while let Some(line) = check.next() {
        line?;
        shouted |= check.record.get(3).is_some_and(|success| !matches!(success, "" | "true" | "false"));
    }
    let saved_by = if shouted { SavedBy::Spreadsheet } else { saved_by };
    let mut lines = start(check.lines.into_inner(), saved_by)?;
    if shouted && !foreign {
        // Only now is it known that every key has to be looked at.
        for line in lines.by_ref() {
            line?;
        }
        return start(lines.lines.into_inner(), saved_by);
    }
    Ok(lines)
}

impl Results {
    /// The names of the sheet's own columns, as the results have them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn start(path: &Path, mut file: File, delimiter: u8, saved_by: SavedBy, behind: u64) -> Result<Self, ResultsError> {
        file.seek(SeekFrom::Start(0)).map_err(ResultsError::io("read", path))?;
        let mut lines = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .buffer_capacity(256 << 10)
            .from_reader(file);
        let header = lines.headers().map_err(ResultsError::csv("read", path, 0))?;
        let names: Vec<_> = header.iter().map(unguarded).collect();
        let own = names.strip_prefix(COLUMNS.as_slice());
        let columns = own.ok_or_else(|| ResultsError::NotResults { path: path.to_owned() })?;
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self {
            path: path.to_owned(),
            lines,
            record: csv::StringRecord::new(),
            columns,
            saved_by,
            behind,
            ended: false,
        })
    }

    fn next_line(&mut self) -> Result<Option<ReadLine>, ResultsError> {
        let more = self.lines.read_record(&mut self.record);
        if !more.map_err(ResultsError::csv("read", &self.path, self.behind))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line) + self.behind;
        let read = line_of(&self.record, line, self.saved_by);
        read.map(Some).map_err(|what| ResultsError::Line {
            path: self.path.clone(),
            line,
            what,
        })
    }
}

impl Iterator for Results {
    type Item = Result<ReadLine, ResultsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_line().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The delimiter after the first column's name; files that begin otherwise are no results.
fn delimiter_of(path: &Path, file: &mut File) -> Result<u8, ResultsError> {
    let mut start = Vec::new();
    file.take(64).read_to_end(&mut start).map_err(ResultsError::io("read", path))?;
    let text = start.strip_prefix(BOM.as_bytes()).unwrap_or(&start);
    [b',', b';', b'\t']
        .into_iter()
        .find(|delimiter| {
            let names = [b"row".as_slice(), b"key", b"status"].join(delimiter);
            text.starts_with(&names)
        })
        .ok_or_else(|| ResultsError::NotResults { path: path.to_owned() })
}

/// What the bytes of a file show before any record is read.
struct Text {
    marked: bool,
    bare_newlines: bool,
}

impl Text {
    /// Refuses a file that was cut: one that does not end with a line end, or ends within quotes.
    fn of(path: &Path, file: &mut File) -> Result<Self, ResultsError> {
        file.seek(SeekFrom::Start(0)).map_err(ResultsError::io("read", path))?;
        let mut block = vec![0; 256 << 10];
        let mut text = Self {
            marked: false,
            bare_newlines: false,
        };
        let (mut quoted, mut last, mut lines, mut at) = (false, 0, 1, 0_u64);
        loop {
            let read = match file.read(&mut block) {
                Ok(0) => break,
                Ok(read) => block.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ResultsError::io("read", path)(error)),
            };
            text.marked |= at == 0 && read.starts_with(BOM.as_bytes());
            at += read.len() as u64;
            for byte in read {
                match byte {
                    b'"' => quoted = !quoted,
                    b'\n' => {
                        lines += 1;
                        text.bare_newlines |= !quoted && last != b'\r';
                    }
                    _ => {}
                }
                last = *byte;
            }
        }
        let whole = !quoted && matches!(last, b'\n' | b'\r');
        whole.then_some(text).ok_or_else(|| ResultsError::Line {
            path: path.to_owned(),
            line: lines,
            what: "the file ends in the middle of a line: it was cut".to_owned(),
        })
    }
}

/// The line of a record, or what is wrong with it.
fn line_of(record: &csv::StringRecord, line: u64, saved_by: SavedBy) -> Result<ReadLine, String> {
    let cell = |index: usize| unguarded(record.get(index).unwrap_or_default());
    let row = cell(0).parse().ok().filter(|row| *row > 1);
    let row = row.ok_or_else(|| format!("`{}` is no row of a sheet", cell(0).escape_debug()))?;
    let status: Status = cell(2)
        .parse()
        .map_err(|error: crate::model::status::StatusError| error.to_string())?;
    agrees(status, cell(3))?;
    let attempts = cell(9)
        .parse()
        .map_err(|_| format!("`{}` is no number of attempts", cell(9).escape_debug()))?;
    let http_status = checked("HTTP status", cell(8), is_http_status)?;
    let sent_at = checked("time in UTC", cell(11), is_moment)?;
    let sha256 = checked("SHA-256", cell(12), is_sha256)?;
    let key = key_of(cell(1), status, saved_by)?;
    let urn = cell(4);
    Ok(ReadLine {
        line,
        row: RowNumber(row),
        import: Import {
            key: key.to_owned(),
            to: if urn.is_empty() { Vec::new() } else { vec![urn.to_owned()] },
            status,
            attempts,
            recipient_urn: urn.to_owned(),
            thread_id: cell(5).to_owned(),
            message_urn: cell(6).to_owned(),
            error: cell(7).to_owned(),
            http_status,
            account: cell(10).to_owned(),
            sent_at,
            sha256,
        },
        cells: (COLUMNS.len()..record.len()).map(|index| cell(index).to_owned()).collect(),
    })
}

/// The key, unless nobody can know whether it is still the one that was written.
fn key_of(key: &str, status: Status, saved_by: SavedBy) -> Result<&str, String> {
    let tried = matches!(status, Status::Sent | Status::Failed | Status::Unconfirmed);
    if tried && key.is_empty() {
        return Err(format!("its key is empty, and its status is {status}"));
    }
    let numeric = key.bytes().all(|byte| byte.is_ascii_digit() || b".,+-eE/: ".contains(&byte));
    if tried && numeric && saved_by == SavedBy::Spreadsheet {
        return Err(format!(
            "a spreadsheet program saved this file again, and may have changed the key `{}`, which is a number or a date; use the file as rowcast wrote it",
            key.escape_debug()
        ));
    }
    Ok(key)
}

/// Whether `success` says what `status` says, in the languages that spreadsheet programs write truth in.
fn agrees(status: Status, success: &str) -> Result<(), String> {
    let word = success.to_lowercase();
    let agreed = match status.success() {
        "true" => ["true", "wahr", "vrai", "verdadero", "vero", "waar", "verdadeiro", "prawda", "sant"].contains(&word.as_str()),
        "false" => ["false", "falsch", "faux", "falso", "onwaar", "fałsz", "falskt"].contains(&word.as_str()),
        _ => word.is_empty(),
    };
    if agreed {
        Ok(())
    } else {
        Err(format!("its status is {status}, and its success `{}`", success.escape_debug()))
    }
}

/// A cell that is empty or has the shape that its column promises.
fn checked(what: &str, cell: &str, is_right: impl Fn(&str) -> bool) -> Result<String, String> {
    if cell.is_empty() || is_right(cell) {
        Ok(cell.to_owned())
    } else {
        Err(format!("`{}` is no {what}", cell.escape_debug()))
    }
}

fn is_http_status(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `2026-01-31T23:59:59Z`, with or without a fraction.
fn is_moment(text: &str) -> bool {
    let Some((second, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let shape: String = second.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let fraction = rest.strip_suffix('Z').unwrap_or("?");
    let digits = fraction.strip_prefix('.').unwrap_or(fraction);
    shape == "0000-00-00T00:00:00" && digits.bytes().all(|byte| byte.is_ascii_digit())
}
