//! One record of the sheet, and the header that names its cells.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The number of a row as a spreadsheet shows it: the header is 1, the first record 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowNumber(pub u32);

impl fmt::Display for RowNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a row starts in the text of its sheet: a place that only the sheet that gave it can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub u64);

/// A record of the sheet. Its buffers are reused from one row to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    number: u32,
    place: u64,
    text: String,
    ends: Vec<usize>,
}

impl Row {
    /// An empty row, to be filled by a sheet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the row and gives it its number and place.
    pub fn start(&mut self, number: RowNumber, place: Place) {
        self.number = number.0;
        self.place = place.0;
        self.text.clear();
        self.ends.clear();
    }

    /// Adds text to the cell that is being filled.
    pub fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Ends the cell that is being filled.
    pub fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    /// The number of the row as a spreadsheet shows it.
    #[must_use]
    pub const fn number(&self) -> RowNumber {
        RowNumber(self.number)
    }

    /// Where the row starts in its sheet.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place(self.place)
    }

    /// How many cells the row has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether every cell is blank.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        trim(&self.text).is_empty()
    }

    /// The text of cell `index`, trimmed; empty if it is blank or not there.
    #[must_use]
    pub fn cell(&self, index: usize) -> &str {
        trim(self.raw(index))
    }

    /// The text of cell `index` just as the sheet has it.
    #[must_use]
    pub fn raw(&self, index: usize) -> &str {
        self.range(index).and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(start..end)
    }
}

/// Takes white space off both ends, also the kinds that no eye sees: no-break spaces, zero-width spaces, stray byte-order marks.
#[must_use]
pub fn trim(text: &str) -> &str {
    let plain = |byte: &u8| byte.is_ascii_graphic();
    if text.as_bytes().first().is_none_or(plain) && text.as_bytes().last().is_none_or(plain) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}'))
}

/// What a column can mean to rowcast itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// A profile id, a profile URL, a profile URN or a conversation URN.
    Recipient,
    /// A profile URN where another column has the recipient's profile id.
    ProfileUrn,
    /// An existing conversation.
    Conversation,
    /// The sending account.
    Account,
    /// Files to attach, `;` between them.
    Attachments,
    /// `auto`, `sales_navigator` or `linkedin_inbox`.
    Channel,
    /// The recipient's time zone. Never recognised by name, since it changes when messages leave.
    Timezone,
}

impl Meaning {
    /// All meanings.
    pub const ALL: [Self; 7] = [
        Self::Recipient,
        Self::ProfileUrn,
        Self::Conversation,
        Self::Account,
        Self::Attachments,
        Self::Channel,
        Self::Timezone,
    ];

    /// The word for it in `[columns]` and `--column`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::ProfileUrn => "recipient_profile_urn",
            Self::Conversation => "conversation_urn",
            Self::Account => "account",
            Self::Attachments => "attachments",
            Self::Channel => "messaging_channel",
            Self::Timezone => "timezone",
        }
    }

    /// The variable names that are recognised as this meaning without being told.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Recipient => &[
                "recipient",
                "recipient_profile_id",
                "profile_id",
                "profile_url",
                "linkedin_url",
                "linkedin",
            ],
            Self::ProfileUrn => &["recipient_profile_urn", "profile_urn"],
            Self::Conversation => &["conversation_urn"],
            Self::Account => &["account_id", "account"],
            Self::Attachments => &["attachments"],
            Self::Channel => &["messaging_channel"],
            Self::Timezone => &[],
        }
    }
}

/// The header row: names, template variables, and which column means what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Header names, trimmed, in the sheet's order. A name may be blank where the whole column is.
    pub names: Vec<String>,
    /// The template variable of each column; empty where the name gives none.
    pub variables: Vec<String>,
    /// The column of each meaning that the sheet has.
    pub meanings: BTreeMap<Meaning, usize>,
    /// The column of `--key`, where one was named.
    pub key: Option<usize>,
}

impl Header {
    /// The column that means `meaning`.
    #[must_use]
    pub fn column(&self, meaning: Meaning) -> Option<usize> {
        self.meanings.get(&meaning).copied()
    }

    /// The name of column `index`.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }
}

/// The template variable of a header name: `First Name`, `first-name` and `firstName` are all `first_name`.
///
/// Letters and digits of any script stay, in lower case; everything else becomes one `_`, none at the ends. Humps
/// count as word ends only where the header is a single word, so that `LinkedIn URL` is `linkedin_url`.
/// A name that starts with a digit gets a leading `_`, since no variable may start with one.
#[must_use]
pub fn variable_name(header: &str) -> String {
    let header = trim(header).replace("LinkedIn", "Linkedin");
    let one_word = header.chars().all(char::is_alphanumeric);
    let mut name = String::with_capacity(header.len() + 2);
    let mut previous = ' ';
    let mut letters = header.chars().peekable();
    while let Some(c) = letters.next() {
        if c.is_alphanumeric() {
            let before_word = previous.is_lowercase() || (previous.is_uppercase() && letters.peek().is_some_and(|n| n.is_lowercase()));
            if one_word && c.is_uppercase() && before_word {
                name.push('_');
            }
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        previous = c;
    }
    name.truncate(name.trim_end_matches('_').len());
    if name.starts_with(char::is_numeric) {
        name.insert(0, '_');
    }
    name
}

/// A header or meaning without case, spaces and punctuation: how columns are recognised by name.
#[must_use]
pub fn squashed(header: &str) -> String {
    header
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_becomes_one_variable_however_it_is_written() {
        for header in [
            "First Name",
            "first name",
            " First-Name ",
            "firstName",
            "FirstName",
            "FIRST_NAME",
            "First  Name",
            "\u{a0}First Name",
        ] {
            assert_eq!(variable_name(header), "first_name", "{header}");
        }
        for (header, variable) in [
            ("LinkedIn URL", "linkedin_url"),
            ("LinkedInUrl", "linkedin_url"),
            ("iPhone model", "iphone_model"),
            ("2nd line", "_2nd_line"),
            ("Größe (cm)", "größe_cm"),
            ("???", ""),
            ("profileID", "profile_id"),
        ] {
            assert_eq!(variable_name(header), variable, "{header}");
        }
    }

    #[test]
    fn cells_are_trimmed_and_kept_as_they_were() {
        let mut row = Row::new();
        row.start(RowNumber(2), Place(0));
        for cell in ["  a b ", "\u{a0}\u{200b}", "007"] {
            row.push_text(cell);
            row.end_cell();
        }
        assert_eq!((row.cell(0), row.raw(0)), ("a b", "  a b "));
        assert_eq!(row.cell(1), "");
        assert_eq!(row.cell(2), "007");
        assert_eq!(row.cell(9), "");
    }
}
