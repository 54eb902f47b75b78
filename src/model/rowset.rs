//! Rows of the sheet as a person names them: `2-5,9`.

use std::fmt;
use std::str::FromStr;

use super::row::RowNumber;

/// The first row that a set may name: row 1 is the header.
const FIRST: u32 = 2;

/// Rows of the sheet by number, as in `2-5,9`, `7-` or `-5`. Names at least one row, and never the header.
///
/// Kept as closed ranges in growing order that neither touch nor overlap; a range without an end goes up to the largest number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSet(Vec<(u32, u32)>);

/// The text names no rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowSetError {
    /// A part that is neither a number nor a range.
    #[error("`{0}` names no rows; write numbers and ranges with commas between them, such as 2-5,9 or 7-")]
    NoRows(String),
    /// A part that names row 1 or row 0.
    #[error("`{0}` names the header: row 1 is the header, the first row that can be sent is 2")]
    Header(String),
    /// A range whose end is before its start.
    #[error("`{0}` ends before it starts; write the smaller number first")]
    Backwards(String),
}

impl RowSet {
    /// The set of these rows; `None` where there are none.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = RowNumber>) -> Option<Self> {
        let ranges: Vec<(u32, u32)> = rows.into_iter().map(|row| (row.0, row.0)).collect();
        (!ranges.is_empty()).then(|| Self::joined(ranges))
    }

    /// Whether the set names `row`.
    #[must_use]
    pub fn contains(&self, row: RowNumber) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= row.0);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|(_, end)| row.0 <= *end)
    }

    /// The last row that is named; `None` where a range has no end. No row after it needs to be looked at.
    #[must_use]
    pub fn last(&self) -> Option<RowNumber> {
        self.0.last().map(|(_, end)| *end).filter(|end| *end < u32::MAX).map(RowNumber)
    }

    /// Those of the named rows and ranges that begin below `last`, and so name no row of a sheet that ends there.
    #[must_use]
    pub fn below(&self, last: RowNumber) -> Option<Self> {
        let below: Vec<_> = self.0.iter().copied().filter(|(start, _)| *start > last.0).collect();
        (!below.is_empty()).then_some(Self(below))
    }

    /// Orders the ranges and joins those that touch.
    fn joined(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match joined.last_mut() {
                Some(before) if start <= before.1.saturating_add(1) => before.1 = before.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        Self(joined)
    }
}

/// One part between commas: a number, or a range that may lack one end.
fn range(part: &str) -> Result<(u32, u32), RowSetError> {
    let no_rows = || RowSetError::NoRows(part.to_owned());
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| no_rows());
    let (start, end) = match part.split_once('-') {
        None => {
            let one = number(part)?;
            (one, one)
        }
        Some((start, end)) if start.trim().is_empty() => (FIRST, number(end)?),
        Some((start, end)) if end.trim().is_empty() => (number(start)?, u32::MAX),
        Some((start, end)) => (number(start)?, number(end)?),
    };
    match (start, end) {
        _ if start < FIRST || end < FIRST => Err(RowSetError::Header(part.to_owned())),
        _ if end < start => Err(RowSetError::Backwards(part.to_owned())),
        range => Ok(range),
    }
}

impl FromStr for RowSet {
    type Err = RowSetError;

    fn from_str(text: &str) -> Result<Self, RowSetError> {
        let ranges: Result<Vec<_>, _> = text.split(',').map(|part| range(part.trim())).collect();
        ranges.map(Self::joined)
    }
}

impl fmt::Display for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (start, end)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match *end {
                end if end == *start => write!(f, "{comma}{start}")?,
                u32::MAX => write!(f, "{comma}{start}-")?,
                end => write!(f, "{comma}{start}-{end}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> RowSet {
        text.parse().expect("rows")
    }

    #[test]
    fn numbers_and_ranges_name_their_rows_and_no_others() {
        let set = rows("2-5, 9,20-");
        let named: Vec<u32> = (0..23).filter(|row| set.contains(RowNumber(*row))).collect();
        assert_eq!(named, [2, 3, 4, 5, 9, 20, 21, 22]);
        assert_eq!(set.last(), None);
        assert_eq!(rows("-5,3").last(), Some(RowNumber(5)));
        assert!(!rows("-5").contains(RowNumber(1)));
    }

    #[test]
    fn touching_ranges_become_one() {
        assert_eq!(rows("9,4-5,2-3,5").to_string(), "2-5,9");
        assert_eq!(rows("7-,9").to_string(), "7-");
        assert_eq!(rows("-5").to_string(), "2-5");
    }

    #[test]
    fn what_names_no_rows_is_refused_with_its_reason() {
        for text in ["", ",", "2,", "a", "-", "2-5-7", "2.5", "99999999999", "+"] {
            assert!(matches!(text.parse::<RowSet>(), Err(RowSetError::NoRows(_))), "{text}");
        }
        for text in ["1", "0", "1-5", "-1", "0-"] {
            assert!(matches!(text.parse::<RowSet>(), Err(RowSetError::Header(_))), "{text}");
        }
        assert_eq!("9-2".parse::<RowSet>(), Err(RowSetError::Backwards("9-2".to_owned())));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_the_same_set(parts in prop::collection::vec((2..60u32, 0..9u32, 0..3u8), 1..8), row in 0..80u32) {
            let text: Vec<String> = parts.iter().map(|(start, more, form)| match form {
                0 => start.to_string(),
                1 => format!("{start}-{}", start + more),
                _ => format!("{}-", start + 40),
            }).collect();
            let set = rows(&text.join(","));
            prop_assert_eq!(rows(&set.to_string()), set.clone());
            let named = parts.iter().any(|(start, more, form)| match form {
                0 => row == *start,
                1 => (*start..=start + more).contains(&row),
                _ => row >= start + 40,
            });
            prop_assert_eq!(set.contains(RowNumber(row)), named);
        }
    }
}
