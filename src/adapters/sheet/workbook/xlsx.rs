//! Tabs of Excel workbooks, cell by cell (calamine).

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::number::{TooPrecise, date, iso_date, iso_time, number};
use super::table::{Cells, MOST_ROWS, Table, cell_fault};
use super::{Blame, Filled, Found, Seen, Stop, choose};
use crate::adapters::sheet::error::Fault;

type Workbook = Xlsx<BufReader<File>>;

/// Copies the tab that is meant to `table`, and gives its name.
pub(super) fn copy(file: File, tab: Option<&str>, table: &mut Table) -> Result<String, Blame> {
    // The parser was made for honest workbooks: should it give up on another one, that is a broken workbook and no end of the program.
    let guarded = catch_unwind(AssertUnwindSafe(|| {
        let mut workbook = Workbook::new(BufReader::new(file)).map_err(|error| xlsx_error(&error))?;
        let tabs = tabs(&mut workbook, tab.is_none())?;
        let name = choose(&tabs, tab).map_err(Stop::Fault)?;
        match copy_cells(&mut workbook, &name, table) {
            Ok(()) => Ok(name),
            Err(stop) => Err(Blame::in_tab(stop, name)),
        }
    }));
    guarded.unwrap_or_else(|_| Err(Stop::broken(&"it cannot be parsed").into()))
}

fn xlsx_error(error: &XlsxError) -> Stop {
    match error {
        XlsxError::Password => Stop::Fault(Fault::Password),
        other => Stop::broken(other),
    }
}

/// The tabs that are sheets of cells. Whether they are filled is looked at only where that decides.
fn tabs(workbook: &mut Workbook, look: bool) -> Result<Vec<Found>, Stop> {
    let sheets: Vec<_> = workbook.sheets_metadata().to_vec();
    let mut tabs = Vec::new();
    for sheet in sheets.into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let shown = sheet.visible == SheetVisible::Visible;
        let filled = look && shown && is_filled(workbook, &sheet.name)?;
        tabs.push(Found {
            name: sheet.name,
            seen: if shown { Seen::Shown } else { Seen::Hidden },
            filled: if filled { Filled::Yes } else { Filled::No },
        });
    }
    Ok(tabs)
}

fn is_filled(workbook: &mut Workbook, name: &str) -> Result<bool, Stop> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| xlsx_error(&error))?;
    while let Some(cell) = cells.next_cell().map_err(|error| xlsx_error(&error))? {
        let blank = match cell.get_value() {
            DataRef::Empty => true,
            DataRef::String(text) => text.trim().is_empty(),
            DataRef::SharedString(text) => text.trim().is_empty(),
            _ => false,
        };
        if !blank {
            return Ok(true);
        }
    }
    Ok(false)
}

fn copy_cells(workbook: &mut Workbook, name: &str, table: &mut Table) -> Result<(), Stop> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|error| xlsx_error(&error))?;
    let mut cells = Cells::default();
    let mut current = 1;
    while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(|error| xlsx_error(&error))? {
        let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1 as usize);
        if row != current {
            if row < current || row > MOST_ROWS {
                return Err(Stop::hostile("rows out of order, or more rows than a spreadsheet has"));
            }
            table.row(current, &cells)?;
            cells.clear();
            current = row;
        }
        if cell.formula.is_some() && matches!(cell.value, DataRef::Empty) {
            return Err(cell_fault(row, column, |cell| Fault::NoStoredValue { cell }));
        }
        match text(&cell.value) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => cells.put(column, &text, 1)?,
            Err(TooPrecise) => return Err(cell_fault(row, column, |cell| Fault::TooPrecise { cell })),
        }
    }
    table.row(current, &cells)
}

/// A cell as a person sees it.
fn text(value: &DataRef<'_>) -> Result<String, TooPrecise> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => number(*value)?,
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(value) => date(*value),
        DataRef::DateTimeIso(text) => iso_date(text),
        DataRef::DurationIso(text) => iso_time(text),
        DataRef::Error(error) => error.to_string(),
    })
}
