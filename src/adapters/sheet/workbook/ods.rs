//! Tabs of `OpenDocument` spreadsheets, row by row (quick-xml).
//!
//! The ready reader expands a whole workbook into memory, with every cell and row that it claims to repeat; a kilobyte can
//! claim billions. Here a row is held at a time, and what repeats is bounded before it is expanded.

use std::collections::HashSet;
use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::archive::{Archive, zip_error};
use super::number::{Unclear, iso_date, iso_time, logical};
use super::shape::{Shape, padded_as_shown};
use super::table::{Cells, MOST_COLUMNS, MOST_ROWS, Table, cell_fault};
use super::{Blame, Filled, Found, Seen, Stop, choose};
use crate::adapters::sheet::error::Fault;
use crate::model::row::trim;

/// The most blanks that one element may stand for.
const MOST_SPACES: usize = 32 * 1024;

/// The most rows that one filled element may stand for: it costs its author nothing to claim more.
const MOST_REPEATS: u32 = 10_000;

/// Copies the tab that is meant to `table`, and gives its name.
pub(super) fn copy(mut archive: Archive, tab: Option<&str>, table: &mut Table) -> Result<String, Blame> {
    let mut survey = Pass::Survey(Vec::new());
    walk(&mut archive, &mut survey)?;
    let Pass::Survey(tabs) = survey else {
        return Err(Stop::Fault(Fault::NoFilledTab).into());
    };
    let name = choose(&tabs, tab).map_err(Stop::Fault)?;
    match walk(&mut archive, &mut Pass::Copy(&name, table)) {
        Ok(()) => Ok(name),
        Err(stop) => Err(Blame::in_tab(stop, name)),
    }
}

/// What a walk through the workbook is for.
enum Pass<'a> {
    /// To see which tabs there are, and which are filled.
    Survey(Vec<Found>),
    /// To copy the tab with this name.
    Copy(&'a str, &'a mut Table),
}

fn walk(archive: &mut Archive, pass: &mut Pass<'_>) -> Result<(), Stop> {
    let part = archive.by_name("content.xml").map_err(|error| zip_error(&error))?;
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 * 1024, part));
    xml.config_mut().expand_empty_elements = true;
    let mut walk = Walk::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| Stop::broken(&error))? {
            Event::Start(element) => walk.start(&element, pass)?,
            Event::End(element) => walk.end(element.name().as_ref(), pass)?,
            Event::Text(text) => walk.text(&text),
            Event::CData(text) => walk.text(&text),
            Event::GeneralRef(entity) => walk.entity(&entity)?,
            Event::Eof if walk.depth == 0 => return Ok(()),
            Event::Eof => return Err(Stop::broken(&"content.xml ends too early")),
            _ => {}
        }
    }
}

/// Where a walk is.
#[derive(Default)]
struct Walk {
    depth: usize,
    /// The depth of an element whose inside is not looked at.
    skipped: Option<usize>,
    /// The name of the style that is being read, and the names of those that hide a tab.
    style: String,
    hiding: HashSet<String>,
    /// The depth of the list of tabs, and of the tab, row and cell that is being read.
    list: Option<usize>,
    tab: Option<usize>,
    row: Option<usize>,
    cell: Option<usize>,
    /// Whether the rows of the tab are of use in this pass.
    wanted: Wanted,
    /// The number of the row, counted from 1, and how often it repeats.
    number: u32,
    row_repeats: u32,
    row_seen: Seen,
    cells: Cells,
    /// The column of the cell, counted from 0, and what is known of the cell.
    column: usize,
    value: Value,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    #[default]
    No,
    Yes,
}

/// A cell while it is read.
#[derive(Default)]
struct Value {
    kind: String,
    /// The value in the attributes, where there is one.
    stored: Option<String>,
    /// The text of the paragraphs.
    text: String,
    paragraphs: usize,
    /// Whether the next white space adds nothing, because some went before it or the paragraph starts.
    space: Space,
    /// The depth of the paragraph that is being read.
    paragraph: Option<usize>,
    repeats: usize,
    covered: bool,
    formula: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Space {
    #[default]
    Adds,
    AddsNothing,
}

impl Walk {
    fn start(&mut self, element: &BytesStart<'_>, pass: &mut Pass<'_>) -> Result<(), Stop> {
        self.depth += 1;
        if self.skipped.is_some() {
            return Ok(());
        }
        let name = element.name();
        match name.as_ref() {
            "office:spreadsheet" => self.list = Some(self.depth),
            "style:style" => self.style = attribute(element, "style:name")?.unwrap_or_default(),
            "style:table-properties" if attribute(element, "table:display")?.as_deref() == Some("false") => {
                self.hiding.insert(std::mem::take(&mut self.style));
            }
            "table:table" if self.tab.is_none() && self.list.is_some_and(|list| self.depth == list + 1) => self.start_tab(element, pass)?,
            // Tables elsewhere are copies of other files' cells, or stand inside a cell.
            "table:table" | "office:annotation" | "table:shapes" | "office:forms" | "table:tracked-changes" => {
                self.skipped = Some(self.depth);
            }
            "table:table-row" if self.tab.is_some() && self.row.is_none() => {
                self.row = Some(self.depth);
                self.row_repeats = u32::try_from(repeats(element, "table:number-rows-repeated")?).unwrap_or(u32::MAX);
                self.row_seen = match attribute(element, "table:visibility")?.as_deref() {
                    Some("collapse" | "filter") => Seen::Hidden,
                    _ => Seen::Shown,
                };
                self.cells.clear();
                self.column = 0;
            }
            "table:table-cell" | "table:covered-table-cell" if self.row.is_some() && self.cell.is_none() => self.start_cell(element)?,
            inside if self.cell.is_some() => self.start_inside(inside, element)?,
            _ => {}
        }
        Ok(())
    }

    fn start_tab(&mut self, element: &BytesStart<'_>, pass: &mut Pass<'_>) -> Result<(), Stop> {
        self.tab = Some(self.depth);
        self.number = 1;
        let name = attribute(element, "table:name")?.unwrap_or_default();
        let style = attribute(element, "table:style-name")?.unwrap_or_default();
        let hidden = self.hiding.contains(&style);
        self.wanted = match pass {
            Pass::Survey(tabs) => {
                tabs.push(Found {
                    name,
                    seen: if hidden { Seen::Hidden } else { Seen::Shown },
                    filled: Filled::No,
                });
                Wanted::Yes
            }
            Pass::Copy(wanted, _) if **wanted == *name => Wanted::Yes,
            Pass::Copy(..) => Wanted::No,
        };
        Ok(())
    }

    fn start_cell(&mut self, element: &BytesStart<'_>) -> Result<(), Stop> {
        self.cell = Some(self.depth);
        self.value = Value {
            repeats: repeats(element, "table:number-columns-repeated")?,
            covered: element.name().as_ref() == "table:covered-table-cell",
            ..Value::default()
        };
        for found in element.attributes().with_checks(false) {
            let found = found.map_err(|error| Stop::broken(&error))?;
            let text = || unescape(&found.value).map(String::from).map_err(|error| Stop::broken(&error));
            match found.key.as_ref() {
                "office:value-type" if self.value.kind.is_empty() => self.value.kind = text()?,
                // LibreOffice stores the result of a formula that failed as text, and says so here.
                "calcext:value-type" if &*found.value == "error" => "error".clone_into(&mut self.value.kind),
                "office:value" | "office:date-value" | "office:time-value" | "office:boolean-value" | "office:string-value" => {
                    self.value.stored = Some(text()?);
                }
                "table:formula" => self.value.formula = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// An element inside a cell.
    fn start_inside(&mut self, name: &str, element: &BytesStart<'_>) -> Result<(), Stop> {
        match name {
            "text:p" | "text:h" if self.value.paragraph.is_none() => {
                if self.value.paragraphs > 0 {
                    self.value.text.push('\n');
                }
                self.value.paragraphs += 1;
                self.value.space = Space::AddsNothing;
                self.value.paragraph = Some(self.depth);
            }
            "text:s" => {
                let count = repeats(element, "text:c")?;
                if count > MOST_SPACES {
                    return Err(Stop::hostile("an element stands for too many spaces"));
                }
                self.value.text.extend(std::iter::repeat_n(' ', count));
                self.value.space = Space::Adds;
            }
            "text:tab" => self.value.push('\t'),
            "text:line-break" => self.value.push('\n'),
            "draw:frame" | "draw:custom-shape" | "draw:g" => self.skipped = Some(self.depth),
            _ => {}
        }
        self.bounded()
    }

    fn end(&mut self, name: &str, pass: &mut Pass<'_>) -> Result<(), Stop> {
        let depth = Some(self.depth);
        self.depth = self.depth.saturating_sub(1);
        if self.skipped.is_some() {
            if self.skipped == depth {
                self.skipped = None;
            }
            return Ok(());
        }
        if self.value.paragraph == depth {
            self.value.paragraph = None;
        } else if self.cell == depth {
            self.cell = None;
            self.end_cell()?;
        } else if self.row == depth {
            self.row = None;
            self.end_row(pass)?;
        } else if self.tab == depth {
            self.tab = None;
        } else if self.list == depth && name == "office:spreadsheet" {
            self.list = None;
        }
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), Stop> {
        let (column, value) = (self.column, std::mem::take(&mut self.value));
        self.column = column.saturating_add(value.repeats);
        // A cell under a merged one is not seen.
        if self.wanted == Wanted::No || value.covered {
            return Ok(());
        }
        let fault = |fault: fn(String) -> Fault| cell_fault(self.number, column, fault);
        if value.formula && value.stored.is_none() && value.paragraphs == 0 && value.kind != "string" {
            return Err(fault(|cell| Fault::NoStoredValue { cell }));
        }
        let repeats = value.repeats;
        let text = value
            .shown()
            .map_err(|unclear| cell_fault(self.number, column, |cell| unclear.fault(cell)))?;
        if trim(&text).is_empty() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            return Err(Stop::hostile("more columns than a spreadsheet has"));
        }
        self.cells.put(column, &text, repeats)
    }

    fn end_row(&mut self, pass: &mut Pass<'_>) -> Result<(), Stop> {
        let next = self.number.saturating_add(self.row_repeats);
        if self.cells.len() > 0 && self.wanted == Wanted::Yes {
            match pass {
                Pass::Survey(tabs) => {
                    if let Some(tab) = tabs.last_mut() {
                        tab.filled = Filled::Yes;
                    }
                    self.wanted = Wanted::No;
                }
                Pass::Copy(_, table) => {
                    if next > MOST_ROWS + 1 || self.row_repeats > MOST_REPEATS {
                        return Err(Stop::hostile("a filled row repeats more often than a person would want"));
                    }
                    for number in self.number..next {
                        table.row(number, self.row_seen, &self.cells)?;
                    }
                }
            }
        }
        self.number = next;
        Ok(())
    }

    /// Text of a paragraph, in which runs of white space are one space.
    fn text(&mut self, text: &str) {
        if self.skipped.is_some() || self.value.paragraph.is_none() || self.cell.is_none() {
            return;
        }
        for c in text.chars() {
            if !matches!(c, ' ' | '\t' | '\r' | '\n') {
                self.value.push(c);
            } else if self.value.space == Space::Adds {
                self.value.push(' ');
                self.value.space = Space::AddsNothing;
            }
        }
    }

    fn entity(&mut self, entity: &BytesRef<'_>) -> Result<(), Stop> {
        if self.skipped.is_some() || self.value.paragraph.is_none() {
            return Ok(());
        }
        let c = match entity.as_ref() {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => match entity.resolve_char_ref() {
                Ok(Some(c)) => c,
                _ => return Err(Stop::broken(&"an unknown entity")),
            },
        };
        self.value.push(c);
        self.bounded()
    }

    /// A cell of more than a row may have is refused before it grows further.
    fn bounded(&self) -> Result<(), Stop> {
        if self.value.text.len() > 16 * 1024 * 1024 {
            return Err(Stop::hostile("a cell of more than 16 MiB"));
        }
        Ok(())
    }
}

impl Value {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.space = Space::Adds;
    }

    /// The cell as a person sees it.
    fn shown(self) -> Result<String, Unclear> {
        let Some(stored) = self.stored else {
            return Ok(self.text);
        };
        Ok(match self.kind.as_str() {
            "float" | "percentage" | "currency" => match (stored.parse(), self.kind.as_str()) {
                (Ok(value), "percentage") => Shape::Share.text(value)?,
                (Ok(value), _) => match padded_as_shown(&self.text, value) {
                    Some(padded) => padded,
                    None => Shape::Plain.text(value)?,
                },
                (Err(_), _) => stored,
            },
            "boolean" => logical(stored == "true").to_owned(),
            "date" => iso_date(&stored),
            "time" => iso_time(&stored),
            "error" => self.text,
            _ => stored,
        })
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, Stop> {
    for found in element.attributes().with_checks(false) {
        let found = found.map_err(|error| Stop::broken(&error))?;
        if found.key.as_ref() == name {
            let text = unescape(&found.value).map_err(|error| Stop::broken(&error))?;
            return Ok(Some(text.into_owned()));
        }
    }
    Ok(None)
}

/// How often an element repeats: once, unless an attribute says otherwise.
fn repeats(element: &BytesStart<'_>, name: &str) -> Result<usize, Stop> {
    match attribute(element, name)? {
        None => Ok(1),
        Some(text) => text.trim().parse().map_err(|_| Stop::broken(&"a count that is no number")),
    }
}
