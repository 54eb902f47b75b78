//! Workbooks (calamine for xlsx; zip and quick-xml for the archive and for ods): told by content, checked before they are
//! parsed, and one tab written out as text for the one reader of sheets.

mod archive;
mod gauge;
mod layout;
mod number;
mod ods;
mod parts;
mod shape;
mod table;
mod xlsx;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::Path;

use super::describe::{Format, HiddenRows};
use super::error::{At, Fault, SheetError, io_error, listed, nearest_of};
use super::source::Source;
use super::text::spool;
use crate::model::row::{RowNumber, trim};
use table::Table;

/// A tab, as comma-separated UTF-8 in a temporary file.
pub(super) struct Tab {
    pub(super) name: String,
    pub(super) text: File,
    pub(super) hidden: HiddenRows,
}

/// Why a workbook was not read; the path is not known here.
#[derive(Debug)]
pub(super) enum Stop {
    Io(&'static str, io::Error),
    Fault(Fault),
    /// A fault in a row, whose number counts from 1.
    Row(u32, Fault),
}

/// Why a workbook was not read, and the tab that it is about.
struct Blame {
    stop: Box<Stop>,
    tab: Option<String>,
}

impl From<Stop> for Blame {
    fn from(stop: Stop) -> Self {
        Self {
            stop: Box::new(stop),
            tab: None,
        }
    }
}

impl Blame {
    fn in_tab(stop: Stop, tab: String) -> Self {
        Self {
            stop: Box::new(stop),
            tab: Some(tab),
        }
    }
}

impl Stop {
    fn hostile(why: impl Into<String>) -> Self {
        Self::Fault(Fault::Hostile(why.into()))
    }

    fn broken(error: &impl ToString) -> Self {
        Self::Fault(Fault::Broken(error.to_string()))
    }

    fn of(self, path: &Path, tab: Option<&str>) -> SheetError {
        match (self, tab) {
            (Self::Io(verb, source), _) => io_error(verb, path)(source),
            (Self::Fault(fault), None) => fault.of(path),
            (Self::Fault(fault), Some(tab)) => fault.at(path, At::Tab(tab.to_owned())),
            (Self::Row(row, fault), None) => fault.at(path, At::Row(RowNumber(row))),
            (Self::Row(row, fault), Some(tab)) => fault.at(path, At::TabRow(tab.to_owned(), RowNumber(row))),
        }
    }
}

/// Whether the file is an archive that may be a workbook, by its first bytes.
///
/// # Errors
///
/// If it is a workbook of the old binary kind.
pub(super) fn is_archive(path: &Path, file: &File) -> Result<bool, SheetError> {
    let copy = file.try_clone().map_err(io_error("read", path))?;
    let mut head = vec![0; 1024 * 1024];
    let count = Source::new(copy, 0).read(&mut head, 0).map_err(io_error("read", path))?;
    let head = head.get(..count).unwrap_or_default();
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        // A workbook with a password is wrapped in the format of old workbooks.
        let entry: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let fault = if memchr::memmem::find(head, &entry).is_some() {
            Fault::Password
        } else {
            Fault::Format("this is an old .xls workbook, or one with a password")
        };
        return Err(fault.of(path));
    }
    if let Some(fault) = no_sheet(head) {
        return Err(fault.of(path));
    }
    Ok([&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"]
        .iter()
        .any(|magic| head.starts_with(magic)))
}

/// What a file is that is no sheet, by its first bytes: what other programs call a spreadsheet, and what people mix up with one.
fn no_sheet(head: &[u8]) -> Option<Fault> {
    const OLD: [&[u8]; 4] = [b"\x09\x08\x10\0", b"\x09\x08\x08\0", b"\x09\x04\x06\0", b"\x09\x02\x06\0"];
    const KINDS: [(&[u8], &str); 10] = [
        (b"%PDF-", "a PDF document"),
        (b"\x89PNG\r\n", "an image"),
        (b"\xFF\xD8\xFF", "an image"),
        (b"GIF89a", "an image"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"Rar!\x1A", "a RAR archive"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"{\\rtf", "an RTF document"),
        (b"SQLite format 3\0", "a database"),
        (b"PAR1\x15", "a Parquet file"),
    ];
    if OLD.iter().any(|magic| head.starts_with(magic)) {
        return Some(Fault::Format("this is an old .xls workbook"));
    }
    if let Some((_, what)) = KINDS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(Fault::NoSheet(what));
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<table") {
        // Many programs write such pages under the name .xls.
        return Some(Fault::Format("this is a web page, which spreadsheet programs open"));
    }
    if begins(b"<?xml") || begins(b"<workbook") {
        return Some(Fault::Format("this is XML, which spreadsheet programs may open"));
    }
    None
}

/// Writes the tab `tab`, or the only filled one, of the workbook in `file` as text.
pub(super) fn unpacked(path: &Path, file: File, tab: Option<&str>) -> Result<(Format, Tab), SheetError> {
    let read = file.try_clone().map_err(io_error("read", path))?;
    let checked = archive::checked(read).map_err(|stop| stop.of(path, None))?;
    let format = checked.format;
    let mut table = Table::new(spool(path)?);
    let copied = match format {
        Format::Xlsx => xlsx::copy(file, checked, tab, &mut table),
        _ => ods::copy(checked.archive, tab, &mut table),
    };
    let name = copied.map_err(|blame| blame.stop.of(path, blame.tab.as_deref()))?;
    let (text, hidden) = table.finish().map_err(|stop| stop.of(path, None))?;
    Ok((format, Tab { name, text, hidden }))
}

/// A tab of a workbook before it is read.
struct Found {
    name: String,
    /// A hidden tab is read only when it is named.
    seen: Seen,
    filled: Filled,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Seen {
    #[default]
    Shown,
    Hidden,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    Yes,
    No,
}

/// The tab that is meant: the one that is named, else the only filled one that a person sees.
fn choose(tabs: &[Found], named: Option<&str>) -> Result<String, Fault> {
    if let Some(named) = named {
        let named = trim(named);
        let names = || tabs.iter().map(|tab| tab.name.as_str());
        let exact = names().find(|name| *name == named);
        let folded = || names().find(|name| trim(name).to_lowercase() == named.to_lowercase());
        return exact.or_else(folded).map(str::to_owned).ok_or_else(|| Fault::UnknownTab {
            tab: named.to_owned(),
            near: nearest_of(named, names()),
            tabs: listed(names()),
        });
    }
    let filled: Vec<&Found> = tabs
        .iter()
        .filter(|tab| tab.seen == Seen::Shown && tab.filled == Filled::Yes)
        .collect();
    match filled.as_slice() {
        [] => Err(Fault::NoFilledTab),
        [only] => Ok(only.name.clone()),
        several => Err(Fault::SeveralTabs(listed(several.iter().map(|tab| tab.name.as_str())))),
    }
}
