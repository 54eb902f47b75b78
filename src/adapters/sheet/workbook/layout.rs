//! What an Excel tab says beside its cells: which rows are hidden, and which cells lie under merged ones.

use super::Stop;
use super::archive::Archive;
use super::parts::{attribute, elements, tabs};
use super::table::{MOST_COLUMNS, MOST_ROWS};

/// The most merged areas of a tab, and of one row of it.
const MOST_MERGED: usize = 65_536;
const MOST_BESIDE: usize = 1024;

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
        match tabs(archive)?.into_iter().find(|(tab, _)| tab == name) {
            Some((_, part)) => Self::read(archive, &part),
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
    ///
    /// # Errors
    /// More areas lie beside one another than in any sheet that a person made.
    pub(super) fn covers(&mut self, row: u32, column: u32) -> Result<bool, Stop> {
        if self.merged.is_empty() {
            return Ok(false);
        }
        while let Some(area) = self.merged.get(self.next).filter(|area| area.first.0 <= row) {
            self.near.push(*area);
            self.next += 1;
        }
        self.near.retain(|area| area.last.0 >= row);
        if self.near.len() > MOST_BESIDE {
            return Err(Stop::hostile("it merges more cells than a person would"));
        }
        let over = |area: &Area| (area.first.1..=area.last.1).contains(&column) && area.first != (row, column);
        Ok(self.near.iter().any(over))
    }
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
            covered.extend(
                (0..4)
                    .filter(|&column| layout.covers(row, column).unwrap())
                    .map(|column| (row, column)),
            );
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
