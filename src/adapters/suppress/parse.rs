//! The text of a list: one entry a line, or CSV with a header.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::SuppressError;
use crate::model::recipient::RecipientError;
use crate::model::row::{Meaning, squashed, trim};
use crate::model::suppression::{ListId, Names, Suppression, is_company};

/// What parts the cells of a list; the one that the first line has most of.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads the list at `path` into `entries`.
pub(super) fn read(path: &Path, entries: &mut Suppression) -> Result<(), SuppressError> {
    let bytes = std::fs::read(path).map_err(SuppressError::io("read", path))?;
    let list = entries.list(path.display().to_string());
    let text = text_of(path, &bytes)?;
    each(text, |line, entry, names| {
        entries.add(list, u32::try_from(line).unwrap_or(u32::MAX), entry, names)
    })
    .map_err(|(line, text)| refused(path, line, text))
}

/// The entries of the list at `path`, in order, for another list to take over.
pub(super) fn entries_of(path: &Path) -> Result<Vec<String>, SuppressError> {
    let bytes = std::fs::read(path).map_err(SuppressError::io("read", path))?;
    let mut checked = Suppression::default();
    let list: ListId = checked.list("");
    let mut found = Vec::new();
    each(text_of(path, &bytes)?, |_, entry, names| {
        checked.add(list, 1, entry, names)?;
        found.push(trim(entry).to_owned());
        Ok(())
    })
    .map_err(|(line, text)| refused(path, line, text))?;
    found.retain(|entry| !entry.is_empty());
    Ok(found)
}

fn refused(path: &Path, line: u64, text: String) -> SuppressError {
    SuppressError::Line {
        path: path.to_owned(),
        line,
        text,
    }
}

fn text_of<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, SuppressError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line_at = |at: usize| 1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count() as u64;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let text = "is not UTF-8; save the list as UTF-8 text or CSV".to_owned();
        refused(path, line_at(error.valid_up_to()), text)
    })?;
    match text.find('\0') {
        Some(at) => Err(refused(
            path,
            line_at(at),
            "has a NUL byte; save the list as UTF-8 text or CSV".to_owned(),
        )),
        None => Ok(text),
    }
}

/// Whether a line says nothing.
fn is_idle(line: &str) -> bool {
    let line = trim(line);
    line.is_empty() || line.starts_with('#')
}

type Refusal = (u64, String);

/// Hands every entry with its line to `take`.
fn each(text: &str, mut take: impl FnMut(u64, &str, Names) -> Result<(), RecipientError>) -> Result<(), Refusal> {
    let first = text.lines().enumerate().find(|(_, line)| !is_idle(line));
    let Some((index, first)) = first else { return Ok(()) };
    let delimiter = delimiter_of(first);
    let header = cells_of(first, delimiter).and_then(|cells| columns_of(&cells));
    let Some(columns) = header else {
        return each_line(text, take);
    };
    // What stands above the header are comments; the reader's own lines begin below them.
    let body: String = text.split_inclusive('\n').skip(index + 1).collect();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(body.as_bytes());
    for record in reader.records() {
        let record = record.map_err(|error| (index as u64 + 2, error.to_string()))?;
        let line = record.position().map_or(0, |position| line_of(&body, position)) + index as u64 + 1;
        if record.iter().next().is_some_and(|cell| trim(cell).starts_with('#')) {
            continue;
        }
        for (column, names) in &columns {
            take(line, record.get(*column).unwrap_or_default(), *names).map_err(|error| (line, error.to_string()))?;
        }
    }
    Ok(())
}

/// The line on which a record begins; its reader counts from before the blank lines above it.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let above = text.as_bytes().get(from..).unwrap_or_default().iter();
    let blank = above
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|byte| **byte == b'\n');
    position.line() + blank.count() as u64
}

/// A list without a header: a line is an entry; where it has several cells, so is the first of them.
fn each_line(text: &str, mut take: impl FnMut(u64, &str, Names) -> Result<(), RecipientError>) -> Result<(), Refusal> {
    for (line, number) in text.lines().zip(1..) {
        if is_idle(line) {
            continue;
        }
        let mut give = |entry: &str| take(number, entry, Names::Anything).map_err(|error| (number, error.to_string()));
        let cells = cells_of(line, delimiter_of(line));
        match cells.as_ref().and_then(|cells| Some((cells.get(0)?, cells.len()))) {
            Some((only, 1)) => give(only)?,
            // A company's name may have a comma in it, and an address has none.
            Some((first, _)) => {
                give(first)?;
                take(number, line, Names::Company).map_err(|error| (number, error.to_string()))?;
            }
            None => give(line)?,
        }
    }
    Ok(())
}

fn delimiter_of(line: &str) -> u8 {
    let count = |delimiter: u8| line.bytes().filter(|byte| *byte == delimiter).count();
    let mut best = b',';
    for delimiter in DELIMITERS {
        if count(delimiter) > count(best) {
            best = delimiter;
        }
    }
    best
}

fn cells_of(line: &str, delimiter: u8) -> Option<StringRecord> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(line.as_bytes());
    reader.records().next()?.ok()
}

/// Which columns have what, if the cells are those of a header: one of them must be a name that is known.
fn columns_of(cells: &StringRecord) -> Option<Vec<(usize, Names)>> {
    let columns: Vec<(usize, Names)> = cells
        .iter()
        .enumerate()
        .filter_map(|(column, name)| Some((column, named(name)?)))
        .collect();
    (!columns.is_empty()).then_some(columns)
}

fn named(header: &str) -> Option<Names> {
    let name = squashed(header);
    let person = [Meaning::Recipient, Meaning::ProfileUrn, Meaning::Conversation];
    let known = |meaning: &Meaning| meaning.names().iter().any(|known| squashed(known) == name);
    if person.iter().any(known)
        || matches!(
            name.as_str(),
            "profile" | "linkedinprofile" | "person" | "urn" | "linkedinprofileurl"
        )
    {
        return Some(Names::Person);
    }
    if is_company(header) {
        return Some(Names::Company);
    }
    match name.as_str() {
        "key" | "id" | "memberno" | "memberid" | "customerid" | "contactid" => Some(Names::Key),
        "entry" | "donotcontact" | "suppress" | "suppressed" => Some(Names::Anything),
        _ => None,
    }
}
