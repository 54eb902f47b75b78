//! What was recognised of a sheet, for `check` to show.

use std::fmt;
use std::str::FromStr;

use super::error::shown;
use crate::model::row::{Header, Meaning, RowNumber};

/// What parts the cells of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// All delimiters.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The byte in the file.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "','",
            Self::Semicolon => "';'",
            Self::Tab => "tab",
            Self::Pipe => "'|'",
        })
    }
}

/// The text is no delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is no delimiter; there are , ; | and tab", shown(.0))]
pub struct DelimiterError(pub String);

impl FromStr for Delimiter {
    type Err = DelimiterError;

    fn from_str(text: &str) -> Result<Self, DelimiterError> {
        match text.to_ascii_lowercase().as_str() {
            "," | "comma" => Ok(Self::Comma),
            ";" | "semicolon" => Ok(Self::Semicolon),
            "\t" | "\\t" | "tab" => Ok(Self::Tab),
            "|" | "pipe" => Ok(Self::Pipe),
            _ => Err(DelimiterError(text.to_owned())),
        }
    }
}

/// What kind of file a sheet is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with delimiters.
    Text,
    /// An Excel workbook.
    Xlsx,
    /// An `OpenDocument` spreadsheet.
    Ods,
}

/// Rows that the workbook hides, perhaps by a filter. They are read like the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HiddenRows {
    /// How many there are.
    pub count: u32,
    /// The first of them.
    pub first: Vec<RowNumber>,
}

impl HiddenRows {
    /// How many are named.
    const NAMED: usize = 5;

    pub(super) fn note(&mut self, number: u32) {
        self.count += 1;
        if self.first.len() < Self::NAMED {
            self.first.push(RowNumber(number));
        }
    }
}

/// What was recognised of a sheet. Its text is one line of the form `text, UTF-8, cells parted by ','`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The kind of file.
    pub format: Format,
    /// The encoding of the text.
    pub encoding: &'static str,
    /// What parts the cells of a text file.
    pub delimiter: Option<Delimiter>,
    /// The tab of a workbook.
    pub tab: Option<String>,
    /// The rows with something in them that the workbook hides.
    pub hidden: HiddenRows,
    /// Which header was taken for which meaning.
    pub taken: Vec<(Meaning, String)>,
    /// The header of the key column.
    pub key: Option<String>,
}

impl Description {
    pub(super) const fn new(format: Format, encoding: &'static str, delimiter: Option<Delimiter>, tab: Option<String>) -> Self {
        Self {
            format,
            encoding,
            delimiter,
            tab,
            hidden: HiddenRows {
                count: 0,
                first: Vec::new(),
            },
            taken: Vec::new(),
            key: None,
        }
    }

    /// Adds what the header says.
    pub(super) fn take(&mut self, header: &Header) {
        let taken = header.meanings.iter();
        self.taken = taken.map(|(&meaning, &column)| (meaning, header.name(column).to_owned())).collect();
        self.key = header.key.map(|column| header.name(column).to_owned());
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format {
            Format::Text => write!(f, "text, {}", self.encoding)?,
            Format::Xlsx => f.write_str("xlsx workbook")?,
            Format::Ods => f.write_str("ods workbook")?,
        }
        if let Some(tab) = &self.tab {
            write!(f, ", tab '{}'", shown(tab))?;
        }
        match self.delimiter {
            Some(delimiter) => write!(f, ", cells parted by {delimiter}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_read_as_people_write_them() {
        for (text, delimiter) in [
            (",", Delimiter::Comma),
            ("semicolon", Delimiter::Semicolon),
            ("\\t", Delimiter::Tab),
            ("\t", Delimiter::Tab),
            ("TAB", Delimiter::Tab),
            ("|", Delimiter::Pipe),
        ] {
            assert_eq!(text.parse(), Ok(delimiter), "{text:?}");
        }
        assert!("ab".parse::<Delimiter>().is_err());
    }
}
