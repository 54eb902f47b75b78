//! The previews of rows that are most likely to go wrong, each with the reason why it is shown.

use super::Preview;
use crate::campaign::reading::Reading;
use crate::campaign::survey::Seen;
use crate::model::plan::Meeting;
use crate::model::problem::{Code, Problem};
use crate::model::row::Header;
use crate::model::worst::{End, Extreme, Signs, Worst};

/// Rows that are most likely to go wrong.
pub(super) struct Suspects {
    worst: Worst<Preview>,
    header: Header,
    /// The columns that templates read by name: where one is blank, a default stands in.
    read: Vec<usize>,
}

impl Suspects {
    /// At most so many rows of this sheet.
    pub fn new(most: usize, reading: &Reading) -> Self {
        let named = reading.compiled().filter(|compiled| compiled.whole_row_uses().is_empty());
        Self {
            worst: Worst::new(most),
            header: reading.header().clone(),
            read: named.map(|compiled| compiled.used_columns()).unwrap_or_default(),
        }
    }

    /// Takes note of a row, and of its preview where that is kept for now. A row that is not to be sent any more cannot go
    /// wrong, unless it has warnings all the same.
    pub fn note(&mut self, seen: &Seen<'_>, preview: impl FnOnce() -> Preview) {
        let mut signs = Signs::of(&seen.all_problems());
        if let Meeting::Open(_) = seen.meeting {
            signs.defaults = seen.defaults;
            signs.length = seen.draft.map(|draft| draft.message.chars().count());
        }
        let because = |seen: &Seen<'_>| {
            let blank = self.read.iter().filter(|column| seen.row.cell(**column).is_empty());
            let blank: Vec<String> = blank.map(|column| format!("`{}`", self.header.name(*column))).collect();
            default_used(&blank)
        };
        self.worst.offer(seen.row.number(), &signs, || {
            let mut preview = preview();
            preview.problems.extend((signs.defaults > 0).then(|| because(seen)));
            preview
        });
    }

    /// The rows, those most likely to go wrong first.
    pub fn finish(self) -> impl Iterator<Item = Preview> {
        self.worst.finish().into_iter().map(|pick| {
            let mut preview = pick.kept;
            preview.problems.extend(pick.extremes.iter().map(extreme));
            preview
        })
    }
}

/// That a default stands in, and for which blank cells.
fn default_used(blank: &[String]) -> Problem {
    const CODE: Code = Code::DefaultUsed;
    match blank {
        [] => Problem::note(CODE, "a default stands in for something missing"),
        [one] => Problem::note(CODE, format!("a default stands in, since column {one} is blank")),
        several => Problem::note(CODE, format!("a default stands in, since columns {} are blank", several.join(", "))),
    }
}

/// That a row is among the longest or the shortest.
fn extreme(extreme: &Extreme) -> Problem {
    let (code, end) = match extreme.end {
        End::Longest => (Code::Longest, "longest"),
        End::Shortest => (Code::Shortest, "shortest"),
    };
    let rank = match extreme.rank {
        1 => String::new(),
        rank => format!("{} ", ordinal(rank)),
    };
    let (of, length) = (extreme.of, extreme.length);
    Problem::note(code, format!("the {rank}{end} of {of} messages, with {length} characters"))
}

/// `2nd`, `3rd`, `11th`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_endings() {
        let shown = [2, 3, 4, 11, 12, 13, 21, 101, 112].map(ordinal);
        assert_eq!(shown, ["2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "112th"]);
    }
}
