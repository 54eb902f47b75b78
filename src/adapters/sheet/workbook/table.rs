//! Cells of a tab, row after row, written as comma-separated text.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use super::number::cell_name;
use super::{Seen, Stop};
use crate::adapters::sheet::describe::HiddenRows;
use crate::adapters::sheet::error::Fault;
use crate::model::row::trim;

/// As many rows and columns as spreadsheet programs have.
pub(super) const MOST_ROWS: u32 = 1_048_576;
pub(super) const MOST_COLUMNS: usize = 16_384;

/// The most text of one row, and of a whole tab, in bytes.
const LONGEST_ROW: usize = 16 * 1024 * 1024;
const LARGEST: u64 = 1024 * 1024 * 1024;

/// A tab that is being written.
pub(super) struct Table {
    out: BufWriter<File>,
    /// How many rows were written.
    rows: u32,
    /// How many columns the header has, once there is one, and how many of its names are filled.
    header: Option<(usize, usize)>,
    written: u64,
    line: Vec<u8>,
    hidden: HiddenRows,
}

/// The cells of the row that is being read, from the first column on.
#[derive(Default)]
pub(super) struct Cells {
    cells: Vec<String>,
    bytes: usize,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.bytes = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Puts `text` into `count` cells from `column` on; columns come in order.
    pub(super) fn put(&mut self, column: usize, text: &str, count: usize) -> Result<(), Stop> {
        let end = column.saturating_add(count);
        if column < self.cells.len() || end > MOST_COLUMNS {
            return Err(Stop::hostile("cells out of order, or more columns than a spreadsheet has"));
        }
        self.bytes = self.bytes.saturating_add(text.len().saturating_mul(count));
        if self.bytes > LONGEST_ROW {
            return Err(Stop::hostile("a row of more than 16 MiB"));
        }
        self.cells.resize(column, String::new());
        self.cells.resize(end, text.to_owned());
        Ok(())
    }
}

impl Table {
    pub(super) fn new(file: File) -> Self {
        Self {
            out: BufWriter::new(file),
            rows: 0,
            header: None,
            written: 0,
            line: Vec::new(),
            hidden: HiddenRows::default(),
        }
    }

    /// Writes the row with number `number`, counted from 1, and blank ones before it where some were left out. Blank
    /// rows need not come; rows come in order.
    pub(super) fn row(&mut self, number: u32, seen: Seen, cells: &Cells) -> Result<(), Stop> {
        let filled = |cell: &String| !trim(cell).is_empty();
        let Some(last) = cells.cells.iter().rposition(filled) else {
            return Ok(());
        };
        if number <= self.rows || number > MOST_ROWS {
            return Err(Stop::hostile("rows out of order, or more rows than a spreadsheet has"));
        }
        let below_header = self.header.is_some();
        let names = || cells.cells.iter().filter(|cell| filled(cell)).count();
        let (width, named) = *self.header.get_or_insert_with(|| (last + 1, names()));
        if last >= width {
            let fault = Fault::Unnamed {
                column: last + 1,
                preamble: named == 1,
            };
            return Err(Stop::Row(number, fault));
        }
        if seen == Seen::Hidden && below_header {
            self.hidden.note(number);
        }
        self.line.clear();
        self.line.resize((number - self.rows - 1) as usize, b'\n');
        for column in 0..width {
            if column > 0 {
                self.line.push(b',');
            }
            if let Some(cell) = cells.cells.get(column) {
                write_cell(&mut self.line, cell);
            }
        }
        self.line.push(b'\n');
        self.rows = number;
        self.written += self.line.len() as u64;
        if self.written > LARGEST {
            return Err(Stop::hostile("a tab of more than 1 GiB of text"));
        }
        self.out
            .write_all(&self.line)
            .map_err(|error| Stop::Io("write a temporary copy of", error))
    }

    /// The file with all rows, and which of them are hidden.
    pub(super) fn finish(self) -> Result<(File, HiddenRows), Stop> {
        let file = self.out.into_inner();
        let file = file.map_err(|error| Stop::Io("write a temporary copy of", error.into_error()))?;
        Ok((file, self.hidden))
    }
}

fn write_cell(line: &mut Vec<u8>, cell: &str) {
    if memchr::memchr3(b'"', b'\n', b'\r', cell.as_bytes()).is_none() && !cell.contains(',') {
        line.extend_from_slice(cell.as_bytes());
        return;
    }
    line.push(b'"');
    for (index, part) in cell.split('"').enumerate() {
        if index > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(part.as_bytes());
    }
    line.push(b'"');
}

/// A fault of the cell at a column that counts from 0, in the row `number`.
pub(super) fn cell_fault(number: u32, column: usize, fault: impl FnOnce(String) -> Fault) -> Stop {
    Stop::Row(number, fault(cell_name(column, number)))
}
