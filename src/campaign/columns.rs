//! What every column of the sheet is for: what it was taken for, and which templates read it as what.

use super::reading::Reading;
use crate::model::row::Meaning;
use crate::model::suppression::company_column;

/// The meaning of the column of `--key`.
const KEY: &str = "key";
/// The meaning of the column that do-not-contact lists of companies are held against.
const COMPANY: &str = "company";

/// What the columns of a sheet are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The columns that have a name, in the sheet's order.
    pub columns: Vec<Column>,
    /// Where templates read `row` as a whole, or by a name that only rendering tells. Nothing can be called unused then.
    pub whole_row: Vec<String>,
}

/// What one column is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its header.
    pub name: String,
    /// What it means to rowcast itself: a word of `[columns]`, `key` or `company`.
    pub meanings: Vec<&'static str>,
    /// What it is in templates.
    pub variables: Vec<Variable>,
}

/// What a column is in the templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// What a template has there, such as `first_name`.
    pub written: String,
    /// The templates that read it so.
    pub templates: Vec<String>,
}

impl Columns {
    /// The columns of this sheet, as these templates use them.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        let header = reading.header();
        let company = company_column(header);
        let of_column = |column: usize| {
            let taken = header.meanings.iter().filter(|(_, at)| **at == column);
            let mut meanings: Vec<&'static str> = taken.map(|(meaning, _)| meaning.as_str()).collect();
            meanings.extend((header.key == Some(column)).then_some(KEY));
            meanings.extend((company == Some(column)).then_some(COMPANY));
            Column {
                name: header.name(column).to_owned(),
                meanings,
                variables: Vec::new(),
            }
        };
        let mut columns: Vec<Column> = (0..header.names.len()).map(of_column).collect();
        let mut whole_row = Vec::new();
        if let Some(compiled) = reading.compiled() {
            for one in compiled.uses() {
                if let Some(column) = columns.get_mut(one.column) {
                    column.note(one.written, one.place.file);
                }
            }
            whole_row = compiled.whole_row_uses().iter().map(ToString::to_string).collect();
        }
        columns.retain(|column| !column.name.is_empty());
        Self { columns, whole_row }
    }

    /// Each meaning that a column was taken for, and the column's name: the recipient first.
    #[must_use]
    pub fn taken(&self) -> Vec<(&'static str, &str)> {
        let words = Meaning::ALL.iter().map(|meaning| meaning.as_str()).chain([KEY, COMPANY]);
        let of_word = |word: &'static str| {
            let taken = self.columns.iter().filter(move |column| column.meanings.contains(&word));
            taken.map(move |column| (word, column.name.as_str()))
        };
        words.flat_map(of_word).collect()
    }

    /// The columns that nothing uses; `None` where that cannot be told.
    #[must_use]
    pub fn unused(&self) -> Option<Vec<&str>> {
        let unused = self.columns.iter().filter(|column| column.is_unused());
        self.whole_row
            .is_empty()
            .then(|| unused.map(|column| column.name.as_str()).collect())
    }
}

impl Column {
    fn note(&mut self, written: String, template: String) {
        let known = self.variables.iter().position(|variable| variable.written == written);
        match known.and_then(|at| self.variables.get_mut(at)) {
            Some(variable) if variable.templates.contains(&template) => {}
            Some(variable) => variable.templates.push(template),
            None => self.variables.push(Variable {
                written,
                templates: vec![template],
            }),
        }
    }

    fn is_unused(&self) -> bool {
        self.meanings.is_empty() && self.variables.is_empty()
    }
}
