//! What can be wrong with templates before any row is rendered.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::place::Place;

/// One thing that is wrong with a template.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// The message or subject template cannot be read.
    #[error("cannot read the template {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An included template cannot be read.
    #[error("{place}: cannot read the included {}: {source}", path.display())]
    Include {
        /// Where it is included.
        place: Place,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An include that would leave the folder of its template.
    #[error("{place}: `{name}` {why}; a template includes only files of the folder it is in, or below")]
    Outside {
        /// Where it is included.
        place: Place,
        /// The name as the template has it.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A template that is no plain text.
    #[error("{file} line {line}: {why}")]
    Text {
        /// The file.
        file: String,
        /// The first line with the fault.
        line: usize,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// A template, or all of them together, beyond what a message can need.
    #[error("{file}: {why}")]
    TooMuch {
        /// The file.
        file: String,
        /// Which limit.
        why: &'static str,
    },
    /// A variable that no column has.
    #[error("{place}: no column gives `{name}`{hint}; {exist}")]
    Unknown {
        /// Where it is named.
        place: Place,
        /// The name as the template has it.
        name: String,
        /// The nearest name, or what is special about this one; starts with its own punctuation.
        hint: String,
        /// The names that exist, as a clause.
        exist: String,
    },
    /// A filter, test, function or component that does not exist, or is refused.
    #[error("{place}: {text}")]
    Refused {
        /// Where it is named.
        place: Place,
        /// What is wrong, and what to do.
        text: String,
    },
    /// Text that is no template.
    #[error("{place}: {text}")]
    Syntax {
        /// Where reading it failed.
        place: Place,
        /// What was found and what was expected.
        text: String,
    },
    /// What the templates have wrong as a whole, such as one that includes itself.
    #[error("{file}: {text}")]
    Whole {
        /// The message or subject template.
        file: String,
        /// What is wrong.
        text: String,
    },
}

/// Everything that is wrong with the templates; never empty. Shown one to a line.
#[derive(Debug)]
pub struct TemplateErrors(pub Vec<TemplateError>);

impl fmt::Display for TemplateErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateErrors {}

/// `text` in one line that no terminal obeys, cut where it gets long.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut line: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}
