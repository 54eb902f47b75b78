//! The rows of a sheet, checked against its header.

use super::error::{At, Fault, SheetError, io_error, shown_bytes};
use super::records::{BLOCK, Records, Stand, Stop};
use super::scan::{Field, Quotes};
use super::{Named, Sheet};
use crate::model::row::{Place, Row, RowNumber, trim};

/// The rows of a sheet from its first record on. Wholly blank ones are passed over and keep their number.
pub struct Rows<'a> {
    sheet: &'a Sheet,
    records: Records<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(sheet: &'a Sheet) -> Self {
        Self::standing(sheet, sheet.body, BLOCK)
    }

    pub(super) fn standing(sheet: &'a Sheet, stand: Stand, block: usize) -> Self {
        Self {
            sheet,
            records: Records::new(&sheet.source, &sheet.dialect, stand, block),
        }
    }

    /// Reads the next row into `row`; false at the end of the sheet.
    ///
    /// # Errors
    ///
    /// Where the row cannot be read for certain, or the file cannot be read. Nothing more can be read afterwards.
    pub fn next_into(&mut self, row: &mut Row) -> Result<bool, SheetError> {
        loop {
            let named = &self.sheet.named;
            if !self.records.advance().map_err(|stop| stopped(named, &self.records, stop))? {
                return Ok(false);
            }
            let text = record_text(named, &self.records)?;
            if is_blank(text, self.records.fields()) {
                continue;
            }
            let place = Place(self.records.before.place);
            row.start(RowNumber(self.records.after.row), place);
            fill(row, text, self.records.fields());
            return match self.sheet.fault_of(row) {
                None => Ok(true),
                Some(fault) => Err(named.refused(&self.records, 0, fault)),
            };
        }
    }
}

/// The error that `stop` is.
pub(super) fn stopped(named: &Named, records: &Records<'_>, stop: Stop) -> SheetError {
    match stop {
        Stop::Io(source) => io_error("read", &named.path)(source),
        Stop::Fault(line, fault) => named.at(line, RowNumber(records.before.row.saturating_add(1)), fault),
    }
}

/// The text of the record that was read last, or an error that shows the words which are not UTF-8.
pub(super) fn record_text<'r>(named: &Named, records: &'r Records<'_>) -> Result<&'r str, SheetError> {
    std::str::from_utf8(records.bytes()).map_err(|error| {
        let place = error.valid_up_to();
        let words = foreign_words(records, place);
        named.refused(records, place, Fault::NotUtf8 { words })
    })
}

/// The first few words around bytes that are not UTF-8, with their lines.
fn foreign_words(records: &Records<'_>, place: usize) -> String {
    const MOST: usize = 4;
    const FAR: usize = 64 * 1024;
    let bytes = records.bytes_and_beyond();
    let bytes = bytes.get(..bytes.len().min(place.saturating_add(FAR))).unwrap_or(bytes);
    let parts = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b'|' | b'"');
    let mut words: Vec<String> = Vec::new();
    let mut start = 0;
    for word in bytes.split(parts) {
        let whole = start + word.len() < bytes.len() || word.len() < 8;
        if whole && std::str::from_utf8(word).is_err() && words.len() < MOST {
            let word = word.get(..word.len().min(60)).unwrap_or(word);
            words.push(format!("'{}' (line {})", shown_bytes(word), records.line_of(start)));
        }
        start += word.len() + 1;
    }
    words.join(", ")
}

/// Whether a record has nothing but white space in its cells.
pub(super) fn is_blank(text: &str, fields: &[Field]) -> bool {
    fields
        .iter()
        .all(|field| text.get(field.start..field.end).is_none_or(|cell| trim(cell).is_empty()))
}

/// Puts the cells of a record into `row`.
pub(super) fn fill(row: &mut Row, text: &str, fields: &[Field]) {
    for field in fields {
        let cell = text.get(field.start..field.end).unwrap_or_default();
        match field.quotes {
            Quotes::None => row.push_text(cell),
            Quotes::Doubled => {
                for (index, part) in cell.split("\"\"").enumerate() {
                    if index > 0 {
                        row.push_text("\"");
                    }
                    row.push_text(part);
                }
            }
        }
        row.end_cell();
    }
}

impl Named {
    /// A fault at byte `place` of the record that was read last.
    pub(super) fn refused(&self, records: &Records<'_>, place: usize, fault: Fault) -> SheetError {
        self.at(records.line_of(place), RowNumber(records.after.row), fault)
    }

    /// A fault at a line and row, named as a person finds them: a workbook has no lines.
    fn at(&self, line: u64, row: RowNumber, fault: Fault) -> SheetError {
        let at = match &self.tab {
            None => At::Line(line, row),
            Some(tab) => At::TabRow(tab.clone(), row),
        };
        fault.at(&self.path, at)
    }
}

impl Sheet {
    /// What is wrong with the cells of a row beside the header's.
    fn fault_of(&self, row: &Row) -> Option<Fault> {
        let expected = self.header.names.len();
        if row.len() != expected {
            return Some(self.ragged(row.len()));
        }
        if let Some(&column) = self.unnamed.iter().find(|&&column| !row.cell(column).is_empty()) {
            return Some(Fault::Unnamed {
                column: column + 1,
                preamble: expected - self.unnamed.len() == 1,
            });
        }
        let mut names = self.header.names.iter().enumerate();
        if names.all(|(column, name)| row.cell(column) == name) {
            return Some(Fault::HeaderAgain);
        }
        None
    }

    fn ragged(&self, found: usize) -> Fault {
        let expected = self.header.names.len();
        let filled = self.header.names.iter().filter(|name| !name.is_empty()).count();
        if filled == 1 && found > expected {
            return Fault::Preamble;
        }
        let hint = if found > expected {
            "put a cell that holds the delimiter in quotes, or give the further column a name"
        } else {
            "add the missing delimiters, or check for a line break inside a cell without quotes"
        };
        Fault::Ragged { expected, found, hint }
    }
}
