//! Where in a template something stands.

use std::fmt;

/// A file, a line and a column, as an editor shows them: both from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The template file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of byte `offset` of `text`, which is the text of `file`.
    #[must_use]
    pub fn at(file: &str, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {} column {}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn columns_count_characters_from_one() {
        let text = "ab\nöé{{ x }}";
        let offset = text.find("{{").unwrap();
        assert_eq!(Place::at("m.txt", text, offset).to_string(), "m.txt line 2 column 3");
        assert_eq!(Place::at("m.txt", text, 0).to_string(), "m.txt line 1 column 1");
        assert_eq!(Place::at("m.txt", "", 9).to_string(), "m.txt line 1 column 1");
    }
}
