//! Why a sheet was not read, and where.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

use super::describe::Delimiter;
use crate::model::row::RowNumber;

/// Why a sheet was not read. The text names the file, the line or row, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The operating system refused something.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The sheet holds something that cannot be read for certain.
    #[error("{}{at}: {fault}", path.display())]
    Refused {
        /// The sheet.
        path: PathBuf,
        /// Where in it.
        at: At,
        /// What it is.
        fault: Box<Fault>,
    },
}

/// A place in a sheet, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// The sheet as a whole.
    Sheet,
    /// A line of the file, and the row that it belongs to. They differ after a cell with a line break.
    Line(u64, RowNumber),
    /// A row of a sheet whose lines nobody sees, or that was read out of order.
    Row(RowNumber),
    /// A tab of a workbook.
    Tab(String),
    /// A row in a tab of a workbook.
    TabRow(String, RowNumber),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sheet => Ok(()),
            Self::Line(line, row) if *line == u64::from(row.0) => write!(f, " line {line}"),
            Self::Line(line, row) => write!(f, " line {line} (row {row})"),
            Self::Row(row) => write!(f, " row {row}"),
            Self::Tab(tab) => write!(f, " tab '{}'", shown(tab)),
            Self::TabRow(tab, row) => write!(f, " tab '{}' row {row}", shown(tab)),
        }
    }
}

/// What is wrong with a sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the text of each fault says what it is")]
pub enum Fault {
    #[error("{found} cells where the header has {expected}; {hint}")]
    Ragged { expected: usize, found: usize, hint: &'static str },
    #[error("a quote inside a cell at {0}: put the whole cell in quotes and write each quote in it twice")]
    StrayQuote(String),
    #[error("the quote that opens here is never closed: close it, or write it twice inside a quoted cell")]
    UnclosedQuote,
    #[error("a NUL byte: this is no text file, or UTF-16 without its byte-order mark (then say --encoding utf-16le)")]
    Nul,
    #[error("a carriage return alone where the other lines end otherwise: put cells with line breaks in quotes")]
    LoneReturn,
    #[error("a line feed in a file whose lines end with carriage returns alone: save it with one kind of line end")]
    LoneFeed,
    #[error("a record of more than 16 MiB: is a quote not closed, or is this no sheet?")]
    TooLong,
    #[error("more rows than can be numbered")]
    TooManyRows,
    #[error("not UTF-8, and no other encoding was named; it affects {words}. If it comes from an older Excel, say --encoding windows-1252")]
    NotUtf8 { words: String },
    #[error("text that is not {0}: name the encoding that it has with --encoding, or save it as UTF-8")]
    Undecodable(&'static str),
    #[error("'{}' is no encoding that is known; try --encoding windows-1252, utf-16le or utf-8", shown(.0))]
    UnknownEncoding(String),
    #[error("the file starts with the byte-order mark of {mark}, but --encoding says {named}: leave --encoding out")]
    MarkContradicts { mark: &'static str, named: &'static str },
    #[error("the first line says that {line} parts the cells, but --delimiter says {named}")]
    SepContradicts { line: Delimiter, named: Delimiter },
    #[error("the first line names a delimiter other than , ; | and tab")]
    UnknownSep,
    #[error("cannot tell what parts the cells: {candidates} are possible; say which with --delimiter")]
    AmbiguousDelimiter { candidates: String },
    #[error("the first line has one cell and the rows have more: it looks like lines above the header; delete them")]
    Preamble,
    #[error("column {column} has no name but is filled here; give it a name in the header{}", if *preamble { ", or delete the lines above the header" } else { "" })]
    Unnamed { column: usize, preamble: bool },
    #[error("the header again as a row; delete it here")]
    HeaderAgain,
    #[error("columns {first} and {second} have the same name '{}'; rename one", shown(name))]
    SameName { first: usize, second: usize, name: String },
    #[error(
        "columns '{}' and '{}' would both be {{{{ {variable} }}}} in a template; rename one",
        shown(first),
        shown(second)
    )]
    SameVariable { first: String, second: String, variable: String },
    #[error(
        "columns '{}' and '{}' both mean {meaning}; say which with --column {meaning}=\"{}\"",
        shown(first),
        shown(second),
        shown(first)
    )]
    TwoForOneMeaning {
        meaning: &'static str,
        first: String,
        second: String,
    },
    #[error("--column {}: no such meaning{}; the meanings are {known}", shown(word), nearest(near.as_ref()))]
    UnknownMeaning { word: String, near: Option<String>, known: String },
    #[error("no column '{}', which {flag} names{}; the columns are {columns}", shown(header), nearest(near.as_ref()))]
    UnknownColumn {
        flag: String,
        header: String,
        near: Option<String>,
        columns: String,
    },
    #[error(
        "no column says who a row addresses: recognised are {known}; or name one with --column recipient=\"…\"; the columns are {columns}"
    )]
    NoRecipient { known: String, columns: String },
    #[error("the row is not there any more: the file was written over while it was read; run again")]
    Vanished,
    #[error("is a folder; name the sheet in it")]
    Folder,
    #[error("the sheet is empty")]
    Empty,
    #[error("a header and no rows")]
    NoRows,
    #[error("this is a results file that rowcast wrote; name the sheet that it was made from")]
    ResultsFile,
    #[error("--tab names '{}', but a text file has no tabs", shown(.0))]
    NoTabs(String),
    #[error("no tab '{}'{}; the tabs are {tabs}", shown(tab), nearest(near.as_ref()))]
    UnknownTab { tab: String, near: Option<String>, tabs: String },
    #[error("several tabs are filled: {0}; say which with --tab")]
    SeveralTabs(String),
    #[error("no tab of the workbook has anything in it")]
    NoFilledTab,
    #[error("{0}; save it as .xlsx or as CSV UTF-8, and use that")]
    Format(&'static str),
    #[error("this is {0} and no sheet; export the rows as .xlsx or as CSV UTF-8, and use that")]
    NoSheet(&'static str),
    #[error("the workbook is protected by a password; save it without one")]
    Password,
    #[error("the workbook is refused: {0}")]
    Hostile(String),
    #[error("the workbook is broken: {}", shown(.0))]
    Broken(String),
    #[error("cell {cell} has a formula without a stored value; open the workbook in a spreadsheet program and save it again")]
    NoStoredValue { cell: String },
    #[error("cell {cell} has a number of more than 15 digits, which a workbook does not keep: make it text and type it again")]
    TooPrecise { cell: String },
    #[error("cell {cell} has the format of a date and a number that is none, which programs show as '####': look at the cell")]
    NoDate { cell: String },
}

impl Fault {
    /// The fault of the sheet at `path` as a whole.
    pub(super) fn of(self, path: &Path) -> SheetError {
        self.at(path, At::Sheet)
    }

    /// The fault at a place of the sheet at `path`.
    pub(super) fn at(self, path: &Path, at: At) -> SheetError {
        SheetError::Refused {
            path: path.to_owned(),
            at,
            fault: Box::new(self),
        }
    }
}

/// An error of the operating system about `path`.
pub(super) fn io_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SheetError {
    move |source| SheetError::Io {
        verb,
        path: path.to_owned(),
        source,
    }
}

fn nearest(near: Option<&String>) -> String {
    near.map_or_else(String::new, |near| format!(" (did you mean '{}'?)", shown(near)))
}

/// The name in `names` that is nearest to `name`, where one is near.
pub(super) fn nearest_of<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    names
        .map(|other| (strsim::jaro_winkler(&name, &other.to_lowercase()), other))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other.to_owned())
}

/// Names in quotes, with commas between them, cut where there are many.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 30;
    let mut names: Vec<String> = names
        .filter(|name| !name.is_empty())
        .map(|name| format!("'{}'", shown(name)))
        .take(MOST + 1)
        .collect();
    if names.len() > MOST {
        names.truncate(MOST);
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// `text` as a terminal may show it: cut, and without anything that is not seen.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown = String::new();
    for c in text.chars().take(MOST) {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// Bytes as a terminal may show them: what is no UTF-8 as `\xE9`.
pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.get(..bytes.len().min(200)).unwrap_or_default().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    shown(&text)
}
