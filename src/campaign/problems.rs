//! What is wrong, or worth a look, in any number of rows: grouped by kind, counted, and the first of each kept in words.

use std::cmp::Reverse;

use crate::model::problem::{Code, RowProblem, Severity};
use crate::model::row::RowNumber;

/// How many texts of one kind are kept.
const TEXTS: usize = 20;
/// How many rows with one text are kept.
const ROWS: usize = 12;

/// Problems, grouped by severity and code. Holds a few texts of each kind, however many rows there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// In the order in which each was met first; there are few.
    kinds: Vec<Kind>,
}

/// Problems of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Whether they stop a run.
    pub severity: Severity,
    /// Their stable name.
    pub code: Code,
    /// How many there are.
    pub count: usize,
    /// In how many rows; none where they are about the campaign as a whole.
    pub rows: usize,
    /// The first texts, each with its rows.
    pub told: Vec<Told>,
    /// The row of the one before: a row may have several.
    last: Option<RowNumber>,
}

/// A text, and the rows that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is wrong, where, and what to do.
    pub text: String,
    /// The first of the rows, in the order of the sheet; none where it is about the campaign as a whole.
    pub rows: Vec<RowNumber>,
    /// How often it was found.
    pub count: usize,
}

impl Problems {
    /// Takes note of one.
    pub fn add(&mut self, found: &RowProblem) {
        let problem = &found.problem;
        let known = |kind: &Kind| (kind.severity, kind.code) == (problem.severity, problem.code);
        let at = self.kinds.iter().position(known).unwrap_or_else(|| {
            self.kinds.push(Kind::new(problem.severity, problem.code));
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[at];
        kind.count += 1;
        if found.row.is_some() && found.row != kind.last {
            kind.rows += 1;
            kind.last = found.row;
        }
        match kind.told.iter().position(|told| told.text == problem.text) {
            Some(known) => kind.told[known].add(found.row),
            None if kind.told.len() < TEXTS => {
                let mut told = Told {
                    text: problem.text.clone(),
                    rows: Vec::new(),
                    count: 0,
                };
                told.add(found.row);
                kind.told.push(told);
            }
            None => {}
        }
    }

    /// The kinds, the worst first: errors before warnings before notes, and of these the most frequent first.
    #[must_use]
    pub fn kinds(&self) -> Vec<&Kind> {
        let mut kinds: Vec<&Kind> = self.kinds.iter().collect();
        kinds.sort_by_key(|kind| (kind.severity, Reverse(kind.count)));
        kinds
    }

    /// How many there are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let wanted = self.kinds.iter().filter(|kind| kind.severity == severity);
        wanted.map(|kind| kind.count).sum()
    }
}

impl<'a> Extend<&'a RowProblem> for Problems {
    fn extend<I: IntoIterator<Item = &'a RowProblem>>(&mut self, found: I) {
        for one in found {
            self.add(one);
        }
    }
}

impl<'a> FromIterator<&'a RowProblem> for Problems {
    fn from_iter<I: IntoIterator<Item = &'a RowProblem>>(found: I) -> Self {
        let mut problems = Self::default();
        problems.extend(found);
        problems
    }
}

impl Kind {
    const fn new(severity: Severity, code: Code) -> Self {
        Self {
            severity,
            code,
            count: 0,
            rows: 0,
            told: Vec::new(),
            last: None,
        }
    }
}

impl Told {
    fn add(&mut self, row: Option<RowNumber>) {
        self.count += 1;
        if let Some(row) = row.filter(|_| self.rows.len() < ROWS) {
            let place = self.rows.partition_point(|known| *known < row);
            self.rows.insert(place, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::problem::Problem;

    fn found(row: u32, problem: Problem) -> RowProblem {
        RowProblem {
            row: Some(RowNumber(row)),
            problem,
        }
    }

    #[test]
    fn errors_come_before_warnings_and_the_most_frequent_first_and_one_text_is_told_once() {
        let all = [
            found(2, Problem::warning(Code::OddLength, "w")),
            found(3, Problem::warning(Code::OddLength, "w")),
            found(4, Problem::warning(Code::Duplicate, "r")),
            found(5, Problem::error(Code::BlankCell, "b")),
            found(6, Problem::note(Code::Longest, "n")),
            found(9, Problem::error(Code::BadRecipient, "c")),
            found(8, Problem::error(Code::BadRecipient, "c")),
        ];
        let problems: Problems = all.iter().collect();
        let codes: Vec<Code> = problems.kinds().iter().map(|kind| kind.code).collect();
        assert_eq!(
            codes,
            [Code::BadRecipient, Code::BlankCell, Code::OddLength, Code::Duplicate, Code::Longest]
        );
        assert_eq!(
            [Severity::Error, Severity::Warning, Severity::Note].map(|severity| problems.count(severity)),
            [3, 3, 1]
        );
        let told = &problems.kinds()[0].told;
        assert_eq!(
            (told.len(), told[0].count, told[0].rows.clone()),
            (1, 2, vec![RowNumber(8), RowNumber(9)])
        );
    }

    #[test]
    fn a_row_with_two_problems_of_a_kind_is_one_row() {
        let all = [
            found(2, Problem::error(Code::BlankCell, "a")),
            found(2, Problem::error(Code::BlankCell, "b")),
            found(3, Problem::error(Code::BlankCell, "a")),
        ];
        let problems: Problems = all.iter().collect();
        assert_eq!((problems.kinds()[0].count, problems.kinds()[0].rows), (3, 2));
    }

    #[test]
    fn few_texts_and_rows_are_kept_and_all_are_counted() {
        let mut problems = Problems::default();
        for row in 2..1002 {
            problems.add(&found(row, Problem::error(Code::ErrorValue, format!("text {row}"))));
            problems.add(&found(row, Problem::error(Code::BlankCell, "text")));
        }
        let kinds = problems.kinds();
        assert!(kinds.iter().all(|kind| (kind.count, kind.rows) == (1000, 1000)));
        let kept: Vec<(usize, usize, usize)> = kinds
            .iter()
            .map(|kind| (kind.told.len(), kind.told[0].rows.len(), kind.told[0].count))
            .collect();
        assert_eq!(kept, [(TEXTS, 1, 1), (1, ROWS, 1000)]);
    }
}
