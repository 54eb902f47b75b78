//! Tabs of Excel workbooks, cell by cell (calamine).

use std::fs::File;
use std::io::BufReader;

use calamine::{Cell, DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};

use super::archive::Checked;
use super::gauge::Laid;
use super::layout::Layout;
use super::number::{Unclear, date, iso_date, iso_time, logical};
use super::shape::Shape;
use super::table::{Cells, MOST_ROWS, Table, cell_fault};
use super::{Blame, Filled, Found, Seen, Stop, choose};
use crate::adapters::sheet::error::Fault;
use crate::model::contained::contained;

type Workbook = Xlsx<BufReader<File>>;

/// Copies the tab that is meant to `table`, and gives its name.
pub(super) fn copy(file: File, checked: Checked, tab: Option<&str>, table: &mut Table) -> Result<String, Blame> {
    let mut archive = checked.archive;
    // The parser was made for honest workbooks: should it give up on another one, that is a broken workbook and no end of the program.
    let copied = contained(|| {
        let mut workbook = Workbook::new(BufReader::new(file)).map_err(|error| xlsx_error(&error))?;
        let tabs = tabs(&mut workbook, tab.is_none())?;
        let name = choose(&tabs, tab).map_err(Stop::Fault)?;
        let layout = match checked.layout {
            Laid::Plainly => Layout::default(),
            Laid::Specially => Layout::of(&mut archive, &name)?,
        };
        match copy_cells(&mut workbook, &name, layout, table) {
            Ok(()) => Ok(name),
            Err(stop) => Err(Blame::in_tab(stop, name)),
        }
    });
    copied.unwrap_or_else(|| Err(Stop::broken(&"it cannot be parsed").into()))
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

fn copy_cells(workbook: &mut Workbook, name: &str, mut layout: Layout, table: &mut Table) -> Result<(), Stop> {
    let mut source = Source::of(workbook, name)?;
    let mut cells = Cells::default();
    let mut current = 1;
    let seen = |layout: &Layout, row| if layout.hides(row) { Seen::Hidden } else { Seen::Shown };
    while let Some((cell, shape)) = source.next()? {
        let (row, column) = (cell.get_position().0.saturating_add(1), cell.get_position().1 as usize);
        if row != current {
            if row < current || row > MOST_ROWS {
                return Err(Stop::hostile("rows out of order, or more rows than a spreadsheet has"));
            }
            table.row(current, seen(&layout, current), &cells)?;
            cells.clear();
            current = row;
        }
        match text(cell.get_value(), shape) {
            Ok(text) if text.is_empty() || layout.covers(cell.get_position().0, cell.get_position().1)? => {}
            Ok(text) => cells.put(column, &text, 1)?,
            Err(unclear) => return Err(cell_fault(row, column, |cell| unclear.fault(cell))),
        }
    }
    table.row(current, seen(&layout, current), &cells)
}

/// The cells of a tab, one after another, and what their formats make of numbers.
struct Source<'a> {
    reader: XlsxCellReader<'a, BufReader<File>>,
    /// By the number of the style; empty where no style of the workbook changes a number, and formulas are looked at on the way.
    shapes: Vec<Shape>,
}

impl<'a> Source<'a> {
    /// The parser tells formulas or styles. Where styles matter, formulas are looked through first.
    fn of(workbook: &'a mut Workbook, name: &str) -> Result<Self, Stop> {
        let mut shapes = shapes(workbook, name)?;
        if shapes.iter().all(|shape| *shape == Shape::Plain) {
            shapes.clear();
        } else {
            look_at_formulas(workbook, name)?;
        }
        Ok(Self {
            reader: workbook.worksheet_cells_reader(name).map_err(|error| xlsx_error(&error))?,
            shapes,
        })
    }

    /// The next cell. One with a formula and without its value is a fault.
    fn next(&mut self) -> Result<Option<(Cell<DataRef<'a>>, Shape)>, Stop> {
        if !self.shapes.is_empty() {
            let found = self.reader.next_cell_with_style_id().map_err(|error| xlsx_error(&error))?;
            let shape = |style: usize| self.shapes.get(style).copied().unwrap_or(Shape::Plain);
            return Ok(found.map(|(cell, style)| (cell, shape(style))));
        }
        let found = self.reader.next_cell_with_formula_metadata().map_err(|error| xlsx_error(&error))?;
        match found {
            Some(cell) if cell.formula.is_some() && matches!(cell.value, DataRef::Empty) => {
                let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1 as usize);
                Err(cell_fault(row, column, |cell| Fault::NoStoredValue { cell }))
            }
            Some(cell) => Ok(Some((Cell::new(cell.pos, cell.value), Shape::Plain))),
            None => Ok(None),
        }
    }
}

/// What each style of the workbook makes of a number.
fn shapes(workbook: &mut Workbook, name: &str) -> Result<Vec<Shape>, Stop> {
    let reader = workbook.worksheet_cells_reader(name).map_err(|error| xlsx_error(&error))?;
    let shape = |style: &calamine::Style| {
        let format = style.number_format.as_ref();
        format.map_or(Shape::Plain, |format| Shape::of(&format.format_code))
    };
    Ok(reader.styles().iter().map(shape).collect())
}

/// Looks through a tab for a formula without its value.
fn look_at_formulas(workbook: &mut Workbook, name: &str) -> Result<(), Stop> {
    let mut source = Source {
        reader: workbook.worksheet_cells_reader(name).map_err(|error| xlsx_error(&error))?,
        shapes: Vec::new(),
    };
    while source.next()?.is_some() {}
    Ok(())
}

/// A cell as a person sees it.
fn text(value: &DataRef<'_>, shape: Shape) -> Result<String, Unclear> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => shape.text(*value)?,
        DataRef::Bool(value) => logical(*value).to_owned(),
        DataRef::DateTime(value) => date(*value)?,
        DataRef::DateTimeIso(text) => iso_date(text),
        DataRef::DurationIso(text) => iso_time(text),
        DataRef::Error(error) => error.to_string(),
    })
}
