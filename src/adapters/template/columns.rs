//! Which name in a template is which column.

use std::collections::HashMap;

use crate::model::row::Header;

/// Names that tera reads as something else, or that rowcast keeps.
const RESERVED: [&str; 19] = [
    "true", "True", "false", "False", "loop", "self", "and", "or", "not", "is", "in", "continue", "break", "none", "None", "null", "if",
    "else", "row",
];

/// The columns of a sheet, by the names that templates have for them.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    headers: Vec<String>,
    variables: Vec<String>,
    by_name: HashMap<String, usize>,
}

impl Columns {
    pub fn of(header: &Header) -> Self {
        let mut by_name = HashMap::new();
        for (index, variable) in header.variables.iter().enumerate() {
            if !variable.is_empty() && !RESERVED.contains(&variable.as_str()) {
                by_name.entry(variable.clone()).or_insert(index);
            }
        }
        for (index, name) in header.names.iter().enumerate() {
            if is_name(name) && !RESERVED.contains(&name.as_str()) {
                by_name.entry(name.clone()).or_insert(index);
            }
        }
        Self {
            headers: header.names.clone(),
            variables: header.variables.clone(),
            by_name,
        }
    }

    /// The column of the variable `name`.
    pub fn variable(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The column with this header.
    pub fn headed(&self, header: &str) -> Option<usize> {
        self.headers.iter().position(|own| !own.is_empty() && own == header)
    }

    /// The headers of all columns, blank ones too.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    pub fn header(&self, column: usize) -> &str {
        self.headers.get(column).map_or("", String::as_str)
    }

    /// What a template writes to get this column.
    pub fn written(&self, column: usize) -> String {
        match self.variables.get(column) {
            Some(variable) if self.variable(variable) == Some(column) => variable.clone(),
            _ => format!("row[\"{}\"]", self.header(column)),
        }
    }

    /// ` (did you mean …?)` with the nearest variable, or nothing where none is near.
    pub fn near_variable(&self, name: &str) -> String {
        let headers = self.headers.iter().enumerate().filter(|header| is_name(header.1));
        let header = headers
            .filter(|header| squash(header.1) == squash(name))
            .map(|header| header.0)
            .next();
        if let Some(column) = header.or_else(|| self.headers.iter().position(|own| squash(own) == squash(name) && !own.is_empty())) {
            return format!(" (did you mean `{}`?)", self.written(column));
        }
        let names = self.variables.iter().map(String::as_str).filter(|own| self.variable(own).is_some());
        nearest(name, names).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"))
    }

    /// ` (did you mean …?)` with the nearest header, or nothing where none is near.
    pub fn near_header(&self, header: &str) -> String {
        let near = nearest(header, self.headers.iter().map(String::as_str));
        near.map_or(String::new(), |near| format!(" (did you mean `row[\"{near}\"]`?)"))
    }

    /// The names that exist, as a clause.
    pub fn all_variables(&self) -> String {
        let columns = self.headers.iter().enumerate().filter(|header| !header.1.is_empty());
        listed("the columns give", columns.map(|header| self.written(header.0)))
    }

    /// The headers that exist, as a clause.
    pub fn all_headers(&self) -> String {
        listed("the columns are", self.headers.iter().filter(|header| !header.is_empty()).cloned())
    }
}

fn squash(name: &str) -> String {
    crate::model::row::squashed(name)
}

fn listed(start: &str, names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 40;
    let names: Vec<String> = names.collect();
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len() - shown.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{start} {}{tail}", shown.join(", "))
}

/// The candidate that `name` was most likely meant to be, if one is near enough.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored = candidates.filter(|own| !own.is_empty()).map(|own| {
        let own_lower = own.to_lowercase();
        (own, strsim::damerau_levenshtein(&lower, &own_lower), own_lower.chars().count())
    });
    let most = |length: usize| (length.max(lower.chars().count()) / 3).clamp(1, 4);
    let near = scored.filter(|(_, distance, length)| *distance <= most(*length));
    near.min_by_key(|(_, distance, _)| *distance).map(|(own, _, _)| own)
}

/// Whether a header can stand in a template just as it is.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c == '_' || c.is_alphanumeric()) && !text.is_empty() && !text.starts_with(char::is_numeric)
}
