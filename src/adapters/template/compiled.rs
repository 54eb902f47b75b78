//! The templates of a campaign, checked against the columns of its sheet, and rows rendered with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tera::{Context, Map, Value};

use super::columns::Columns;
use super::error::{TemplateError, TemplateErrors, one_line};
use super::part::{Failure, Output, Part};
use super::place::Place;
use crate::model::entry::Templates;
use crate::model::problem::{Code, Problem};
use crate::model::row::{Header, Row, trim};

/// A row's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The message, trimmed at its end; never empty.
    pub message: String,
    /// The subject, trimmed at its end; `None` where there is no template for it or it came to nothing.
    pub subject: Option<String>,
    /// How often a `default` filter stood in for something missing.
    pub defaults: u32,
}

/// A place where a template reads a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The column, from 0.
    pub column: usize,
    /// What the template has there, such as `first_name`.
    pub written: String,
    /// Where.
    pub place: Place,
}

/// Message and subject templates that fit a header. Renders one row at a time, with buffers that are used again.
pub struct Compiled {
    columns: Columns,
    message: Part,
    subject: Option<Part>,
    /// What rows must set: name for tera, column.
    variables: Vec<(String, usize)>,
    whole_row: bool,
    context: Context,
    output: Output,
    defaults: Arc<AtomicU32>,
}

impl Compiled {
    /// Compiles `templates` for rows with this header.
    ///
    /// # Errors
    /// Everything that is wrong, each with file, line and column: text that is no template, variables that no column has (also
    /// in branches that no row may take), unknown filters, tests and functions, includes that are not there.
    pub fn new(templates: &Templates, header: &Header) -> Result<Self, TemplateErrors> {
        let columns = Columns::of(header);
        let files: HashMap<&str, &str> = templates.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let defaults = Arc::new(AtomicU32::new(0));
        let mut errors = Vec::new();
        let mut part = |root: &str| match Part::new(&files, root, &columns, Arc::clone(&defaults)) {
            Ok(part) => Some(part),
            Err(found) => {
                errors.extend(found);
                None
            }
        };
        let message = part(&templates.message);
        let subject = templates.subject.as_deref().map(&mut part);
        let (Some(message), true) = (message, errors.is_empty()) else {
            return Err(TemplateErrors(in_order(errors)));
        };
        let subject = subject.flatten();
        let parts = || [Some(&message), subject.as_ref()].into_iter().flatten();
        let variables: BTreeMap<String, usize> = parts().flat_map(|part| part.variables.clone()).collect();
        let whole_row = parts().any(|part| !part.whole_row.is_empty());
        Ok(Self {
            columns,
            message,
            subject,
            variables: variables.into_iter().collect(),
            whole_row,
            context: Context::new(),
            output: Output::default(),
            defaults,
        })
    }

    /// The message and subject of `row`.
    ///
    /// # Errors
    /// What is wrong with the row: blank cells that are printed, a message without text, a subject of several lines, a filter
    /// that cannot use what a cell has. All blank cells are told, else the first problem of message and subject.
    pub fn render(&mut self, row: &Row) -> Result<Rendered, Vec<Problem>> {
        self.fill(row);
        self.defaults.store(0, Ordering::Relaxed);
        let message = text_of(&self.message, &self.context, &mut self.output);
        let subject = self.subject.as_ref().map(|part| text_of(part, &self.context, &mut self.output));
        let defaults = self.defaults.load(Ordering::Relaxed);
        if let (Ok(message), None | Some(Ok(_))) = (message, &subject) {
            let subject = subject.and_then(Result::ok).filter(|subject| !trim(subject).is_empty());
            if !trim(&message).is_empty() && subject.as_deref().is_none_or(|subject| !has_line_break(subject)) {
                return Ok(Rendered {
                    message,
                    subject,
                    defaults,
                });
            }
        }
        Err(self.problems(row))
    }

    /// The columns that the templates read, from 0, in order; all of them where a template uses `row` as a whole.
    pub fn used_columns(&self) -> Vec<usize> {
        if self.whole_row {
            return (0..self.columns.headers().len()).collect();
        }
        let used: BTreeSet<usize> = self.variables.iter().map(|(_, column)| *column).collect();
        used.into_iter().collect()
    }

    /// Every place where a template reads a column: the message first, then the subject.
    pub fn uses(&self) -> Vec<Use> {
        let of_part = |part: &Part| -> Vec<Use> {
            let place = |read: &super::names::Read| Use {
                column: read.column,
                written: read.written.clone(),
                place: part.place(&read.file, read.range.start),
            };
            part.reads.iter().map(place).collect()
        };
        let subject = self.subject.as_ref().map(of_part).unwrap_or_default();
        of_part(&self.message).into_iter().chain(subject).collect()
    }

    /// Every place where a template reads `row` as a whole, or by a name that only rendering tells: any column may be read there.
    pub fn whole_row_uses(&self) -> Vec<Place> {
        let of_part = |part: &Part| -> Vec<Place> { part.whole_row.iter().map(|(file, offset)| part.place(file, *offset)).collect() };
        let subject = self.subject.as_ref().map(of_part).unwrap_or_default();
        of_part(&self.message).into_iter().chain(subject).collect()
    }

    fn fill(&mut self, row: &Row) {
        for (name, column) in &self.variables {
            let cell = row.cell(*column);
            if cell.is_empty() {
                self.context.remove(name);
            } else {
                self.context.insert_value(name.clone(), Value::normal_string(cell));
            }
        }
        if self.whole_row {
            let named = self.columns.headers().iter().enumerate().filter(|header| !header.1.is_empty());
            let filled = named.filter(|(column, _)| !row.cell(*column).is_empty());
            let map: Map = filled
                .map(|(column, header)| (header.clone().into(), Value::normal_string(row.cell(column))))
                .collect();
            self.context.insert_value("row", Value::from(map));
        }
    }

    /// Renders once more for every blank cell that is printed, so that all of them are told.
    fn problems(&mut self, row: &Row) -> Vec<Problem> {
        let mut stood_in = BTreeSet::new();
        let mut problems = Vec::new();
        let subject = self.subject.as_ref().map(|part| (Role::Subject, part));
        for (role, part) in [(Role::Message, &self.message)].into_iter().chain(subject) {
            loop {
                let failure = match part.render(&self.context, &mut self.output) {
                    Err(failure) => failure,
                    Ok(()) if stood_in.is_empty() => {
                        problems.extend(role.problem_of(part, &String::from_utf8_lossy(&self.output.0)));
                        break;
                    }
                    Ok(()) => break,
                };
                let blank = blank_column(part, &failure, row).filter(|read| !stood_in.contains(&read.column));
                let Some(read) = blank else {
                    // With stand-ins, what goes wrong next may be their fault.
                    if stood_in.is_empty() {
                        problems.push(problem_of(part, failure));
                    }
                    break;
                };
                problems.push(blank_cell(part, read, &self.columns));
                stood_in.insert(read.column);
                for (name, _) in self.variables.iter().filter(|variable| variable.1 == read.column) {
                    self.context.insert_value(name.clone(), Value::normal_string("x"));
                }
            }
        }
        problems
    }
}

/// Which text a part makes.
#[derive(Clone, Copy)]
enum Role {
    Message,
    Subject,
}

impl Role {
    /// What is wrong with a text that was rendered.
    fn problem_of(self, part: &Part, text: &str) -> Option<Problem> {
        match self {
            Self::Message if trim(text).is_empty() => Some(Problem::error(
                Code::EmptyMessage,
                format!("the message is empty: {} renders to nothing for this row", part.root),
            )),
            Self::Subject if has_line_break(text.trim_end()) => Some(Problem::error(
                Code::SubjectLineBreak,
                format!(
                    "the subject has a line break: {} must render to one line; look at the cells that it prints",
                    part.root
                ),
            )),
            _ => None,
        }
    }
}

fn in_order(mut errors: Vec<TemplateError>) -> Vec<TemplateError> {
    // Message and subject may share a file; what is wrong in it is told once.
    let mut told = BTreeSet::new();
    errors.retain(|error| told.insert(error.to_string()));
    errors
}

fn text_of(part: &Part, context: &Context, output: &mut Output) -> Result<String, Failure> {
    part.render(context, output)?;
    match std::str::from_utf8(&output.0) {
        Ok(text) => Ok(text.trim_end().to_owned()),
        Err(_) => Err(Failure::Other("the template renders to bytes that are no text".to_owned())),
    }
}

fn has_line_break(text: &str) -> bool {
    text.contains(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// The read of a blank cell that made a part fail, if that is the reason.
fn blank_column<'a>(part: &'a Part, failure: &Failure, row: &Row) -> Option<&'a super::names::Read> {
    let Failure::At { message, file, start, end } = failure else {
        return None;
    };
    let blank = || {
        part.reads
            .iter()
            .filter(|read| read.file == *file && row.cell(read.column).is_empty())
    };
    let at = blank().find(|read| read.range.start < *end && read.range.end > *start);
    let missing = ["undefined", "not defined", "Missing keyword"]
        .iter()
        .any(|sign| message.contains(sign));
    at.or_else(|| blank().rfind(|read| missing && read.within.contains(start)))
}

fn blank_cell(part: &Part, read: &super::names::Read, columns: &Columns) -> Problem {
    let header = columns.header(read.column);
    let place = part.place(&read.file, read.range.start);
    let text = format!(
        "column `{header}` is blank, and {place} prints it; fill the cell or write {{{{ {} | default(value=\"…\") }}}}",
        read.written
    );
    Problem::error(Code::BlankCell, text).in_column(header)
}

fn problem_of(part: &Part, failure: Failure) -> Problem {
    match failure {
        Failure::At { message, file, start, end } => {
            let place = part.place(&file, start);
            let text = if message.contains("is not defined") || message.contains("undefined") {
                format!("{place}: `{}` has no value in this row", one_line(part.written(&file, start, end)))
            } else {
                format!("{place}: {}", one_line(&message))
            };
            Problem::error(Code::TemplateError, text)
        }
        Failure::TooLong => Problem::error(Code::TooLong, format!("{} renders to more than 1 MiB", part.root)),
        Failure::Other(text) => Problem::error(Code::TemplateError, format!("{}: {text}", part.root)),
    }
}
