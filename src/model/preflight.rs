//! What would embarrass the sender of a row: rules on cells and texts, each a pure function, cheap enough for every row.

mod cell;
mod name;

pub use cell::{Oddity, oddity};
pub use name::{NameOddity, Names, is_first_name, is_name, name_oddity};

use super::problem::{Code, Problem};
use super::row::{Header, Row};

/// The longest texts that are sent, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Of a message.
    pub message: usize,
    /// Of a subject.
    pub subject: usize,
}

impl Default for Lengths {
    /// What `LinkedIn` takes in a message, and in the subject of an `InMail`.
    fn default() -> Self {
        Self {
            message: 8000,
            subject: 200,
        }
    }
}

/// The rules of one sheet and its templates: which cells are looked at, and how.
#[derive(Debug, Clone)]
pub struct Rules {
    used: Vec<(usize, Names)>,
    lengths: Lengths,
}

impl Rules {
    /// Rules for a header whose columns `used` are read by the templates.
    #[must_use]
    pub fn new(header: &Header, used: &[usize], lengths: Lengths) -> Self {
        let kind = |column: &usize| {
            let name = header.name(*column);
            let kind = match (is_first_name(name), is_name(name)) {
                (true, _) => Names::First,
                (false, true) => Names::Other,
                (false, false) => Names::None,
            };
            (*column, kind)
        };
        Self {
            used: used.iter().map(kind).collect(),
            lengths,
        }
    }

    /// The columns that the templates read and that have somebody's name.
    pub fn name_columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.used
            .iter()
            .filter(|(_, names)| *names != Names::None)
            .map(|(column, _)| *column)
    }

    /// What is odd about the row's cells that the templates read, errors and warnings.
    pub fn judge_cells(&self, header: &Header, row: &Row, problems: &mut Vec<Problem>) {
        for (column, names) in &self.used {
            let cell = row.cell(*column);
            if cell.is_empty() {
                continue;
            }
            if let Some(oddity) = oddity(cell) {
                problems.push(oddity.problem(header.name(*column), cell));
            } else if *names != Names::None
                && let Some(oddity) = name_oddity(cell, *names)
            {
                problems.push(oddity.problem(header.name(*column), cell));
            }
        }
    }

    /// What is wrong with texts that were rendered: too long.
    pub fn judge_texts(&self, message: &str, subject: Option<&str>, problems: &mut Vec<Problem>) {
        let mut judge = |code: Code, what: &str, text: &str, most: usize, flag: &str| {
            // A text has at least a quarter as many characters as bytes, and at most as many.
            if text.len() > most {
                let length = text.chars().count();
                if length > most {
                    let text = format!("the {what} has {length} characters, more than the {most} of {flag}; shorten it, or raise {flag}");
                    problems.push(Problem::error(code, text));
                }
            }
        };
        judge(Code::MessageTooLong, "message", message, self.lengths.message, "--max-message");
        if let Some(subject) = subject {
            judge(Code::SubjectTooLong, "subject", subject, self.lengths.subject, "--max-subject");
        }
    }
}

/// A cell as a line shows it.
fn shown(cell: &str) -> String {
    let mut shown: String = cell.chars().take(40).flat_map(char::escape_debug).collect();
    if cell.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::{Place, RowNumber, variable_name};

    fn judged(names: &[&str], cells: &[&str]) -> Vec<&'static str> {
        let header = Header {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            variables: names.iter().map(|name| variable_name(name)).collect(),
            ..Header::default()
        };
        let mut row = Row::new();
        row.start(RowNumber(2), Place(0));
        for cell in cells {
            row.push_text(cell);
            row.end_cell();
        }
        let used: Vec<usize> = (0..names.len()).collect();
        let mut problems = Vec::new();
        Rules::new(&header, &used, Lengths::default()).judge_cells(&header, &row, &mut problems);
        problems.into_iter().map(|problem| problem.code.as_str()).collect()
    }

    #[test]
    fn names_are_judged_in_columns_of_names_alone() {
        assert_eq!(judged(&["First Name", "City"], &["ANNA", "ROMA"]), ["name-capitals"]);
        assert_eq!(
            judged(&["First Name", "City"], &["#N/A", "n/a"]),
            ["error-value", "placeholder-word"]
        );
        assert_eq!(judged(&["First Name", "City"], &["", "New York"]), [""; 0]);
        assert_eq!(judged(&["First Name", "Last Name"], &["Anna Maria", "da Silva"]), ["name-words"]);
    }

    #[test]
    fn texts_are_measured_in_characters() {
        let rules = Rules::new(&Header::default(), &[], Lengths { message: 3, subject: 2 });
        let judge = |message: &str, subject: Option<&str>| {
            let mut problems = Vec::new();
            rules.judge_texts(message, subject, &mut problems);
            problems.into_iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(judge("äöü", Some("äö")), [""; 0]);
        assert_eq!(judge("äöüß", Some("abc")), ["message-too-long", "subject-too-long"]);
    }
}
