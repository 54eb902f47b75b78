//! What stands in the way of a row, or is worth a look.

mod code;

use serde::Serialize;

use super::row::RowNumber;

pub use code::Code;

/// Whether a problem stops a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The row cannot be sent.
    Error,
    /// Shown, and an error with `--strict`.
    Warning,
    /// Said, and nothing more: a row that is left out as somebody wished.
    Note,
}

/// One finding about one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it stops a run.
    pub severity: Severity,
    /// A short stable name for scripts, such as `blank-cell`.
    pub code: Code,
    /// What is wrong, where, and what to do, in one line.
    pub text: String,
    /// The header of the column it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

impl Problem {
    /// A problem that stops the row.
    #[must_use]
    pub fn error(code: Code, text: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            text: text.into(),
            column: None,
        }
    }

    /// A problem that is shown and stops nothing by itself.
    #[must_use]
    pub fn warning(code: Code, text: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            code,
            text: text.into(),
            column: None,
        }
    }

    /// Something that is said and stops nothing.
    #[must_use]
    pub fn note(code: Code, text: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::warning(code, text)
        }
    }

    /// The same problem, about the column with this header.
    #[must_use]
    pub fn in_column(mut self, header: impl Into<String>) -> Self {
        self.column = Some(header.into());
        self
    }
}

/// A problem and the row that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// The row, numbered as a spreadsheet shows it; `None` where it is about the templates, or all rows together.
    pub row: Option<RowNumber>,
    /// What is wrong with it.
    #[serde(flatten)]
    pub problem: Problem,
}
