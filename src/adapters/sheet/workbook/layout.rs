//! What an Excel tab says beside its cells: which rows are hidden, and which cells lie under merged ones.

use std::collections::HashMap;
use std::io::{BufReader, Read as _};

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::Stop;
use super::archive::{Archive, zip_error};
use super::table::{MOST_COLUMNS, MOST_ROWS};

/// The most merged areas of a tab.
const MOST_MERGED: usize = 65_536;

/// Rows and columns, counted from 0, with their last ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    first: (u32, u32),
    last: (u32, u32),
}

/// What is hidden and covered in a tab.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Numbers of hidden rows, counted from 1, in order.
    hidden: Vec<u32>,
    /// Areas of merged cells, by their first row.
    merged: Vec<Area>,
    /// The areas that the row which was asked about last may lie in, and how many are not looked at yet.
    near: Vec<Area>,
    next: usize,
}

impl Layout {
    /// The layout of the tab `name`, where the archive has its part at the usual place in its lists.
    pub(super) fn of(archive: &mut Archive, name: &str) -> Result<Self, Stop> {
        match part_of(archive, name)? {
            Some(part) => Self::read(archive, &part),
            None => Ok(Self::default()),
        }
    }

    fn read(archive: &mut Archive, part: &str) -> Result<Self, Stop> {
        let mut layout = Self::default();
        let mut row = 0_u32;
        let mut fault = Ok(());
        elements(archive, part, |name, element| {
            match name {
                "row" => {
                    let said = attribute(element, "r").and_then(|number| number.parse().ok());
                    row = said.unwrap_or_else(|| row.saturating_add(1));
                    let hidden = attribute(element, "hidden").is_some_and(|said| matches!(said.as_str(), "1" | "true"));
                    if hidden && row <= MOST_ROWS && layout.hidden.last().is_none_or(|&last| last < row) {
                        layout.hidden.push(row);
                    }
                }
                "mergeCell" => layout.merged.extend(attribute(element, "ref").as_deref().and_then(area)),
                _ => {}
            }
            if layout.merged.len() > MOST_MERGED {
                fault = Err(Stop::hostile("it merges more cells than a person would"));
            }
            fault.is_ok()
        })?;
        fault?;
        layout.merged.sort_unstable_by_key(|area| area.first);
        Ok(layout)
    }

    /// Whether the row with this number, counted from 1, is hidden.
    pub(super) fn hides(&self, number: u32) -> bool {
        self.hidden.binary_search(&number).is_ok()
    }

    /// Whether another cell lies over this one. Row and column count from 0; rows are asked about in order.
    pub(super) fn covers(&mut self, row: u32, column: u32) -> bool {
        if self.merged.is_empty() {
            return false;
        }
        while let Some(area) = self.merged.get(self.next).filter(|area| area.first.0 <= row) {
            self.near.push(*area);
            self.next += 1;
        }
        self.near.retain(|area| area.last.0 >= row);
        self.near
            .iter()
            .any(|area| (area.first.1..=area.last.1).contains(&column) && area.first != (row, column))
    }
}

/// The part that holds the tab `name`.
fn part_of(archive: &mut Archive, name: &str) -> Result<Option<String>, Stop> {
    const WORKBOOK: &str = "xl/workbook.xml";
    const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
    if archive.index_for_name(WORKBOOK).is_none() || archive.index_for_name(RELATIONS).is_none() {
        return Ok(None);
    }
    let mut wanted = None;
    elements(archive, WORKBOOK, |element_name, element| {
        if element_name == "sheet" && attribute(element, "name").as_deref() == Some(name) {
            wanted = attribute(element, "id");
        }
        wanted.is_none()
    })?;
    let mut targets = HashMap::new();
    elements(archive, RELATIONS, |element_name, element| {
        if element_name == "Relationship" {
            targets.extend(attribute(element, "Id").zip(attribute(element, "Target")));
        }
        true
    })?;
    let part = wanted
        .and_then(|id| targets.remove(&id))
        .map(|target| match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        });
    Ok(part.filter(|part| archive.index_for_name(part).is_some()))
}

/// Shows every element that starts in a part, by its name without a prefix, until `look` has seen enough.
fn elements(archive: &mut Archive, part: &str, mut look: impl FnMut(&str, &BytesStart<'_>) -> bool) -> Result<(), Stop> {
    let part = archive.by_name(part).map_err(|error| zip_error(&error))?;
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 * 1024, part.take(u64::MAX)));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| Stop::broken(&error))? {
            Event::Start(element) | Event::Empty(element) if !look(element.local_name().as_ref(), &element) => return Ok(()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute by its name without a prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|found| found.key.local_name().as_ref() == name)?;
    unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}

/// The area that `B2:C3` names.
fn area(text: &str) -> Option<Area> {
    let (first, last) = text.split_once(':')?;
    let (first, last) = (place(first)?, place(last)?);
    (first.0 <= last.0 && first.1 <= last.1).then_some(Area { first, last })
}

/// Row and column of `$B$2`, counted from 0.
fn place(text: &str) -> Option<(u32, u32)> {
    let text = text.replace('$', "");
    let letters = text.find(|c: char| !c.is_ascii_alphabetic())?;
    let (column, row) = text.split_at(letters);
    let digit = |c: u8| u32::from(c.to_ascii_uppercase().wrapping_sub(b'A')) + 1;
    let column = column.bytes().take(4).fold(0, |column, c| column * 26 + digit(c));
    let row: u32 = row.parse().ok()?;
    let known = (1..=MOST_ROWS).contains(&row) && (1..=MOST_COLUMNS).contains(&(column as usize));
    known.then(|| (row - 1, column - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_under_a_merged_cell_is_covered() {
        let mut layout = Layout {
            merged: vec![area("B2:C3").unwrap(), area("$A$4:A9").unwrap()],
            ..Layout::default()
        };
        let mut covered = Vec::new();
        for row in 0..6 {
            covered.extend((0..4).filter(|&column| layout.covers(row, column)).map(|column| (row, column)));
        }
        assert_eq!(covered, [(1, 2), (2, 1), (2, 2), (4, 0), (5, 0)]);
    }

    #[test]
    fn areas_that_no_tab_has_are_none() {
        for text in [
            "",
            "A1",
            "A1:",
            "C3:B2",
            "A0:B2",
            "XFE1:XFE2",
            "A1:B1048577",
            "1:2",
            "é1:B2",
            "ZZZZZZZ1:B2",
        ] {
            assert_eq!(area(text), None, "{text}");
        }
        assert_eq!(area("XFD1048576:XFD1048576").map(|area| area.first), Some((1_048_575, 16_383)));
    }
}
