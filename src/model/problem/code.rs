//! What a problem is: the stable names that scripts know.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a problem is. `docs/preflight.md` says of each what it means and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The column that identifies a row is blank.
    BlankKey,
    /// The row names nobody.
    NoRecipient,
    /// What the row names is nobody that can be addressed.
    BadRecipient,
    /// The row names an inbox that there is not.
    BadChannel,
    /// The row names a time zone that there is not.
    BadTimezone,
    /// The sheet names more accounts than can be kept apart.
    TooManyAccounts,
    /// A file to attach cannot be read.
    Attachment,
    /// A file to attach is larger than the limit.
    AttachmentTooLarge,
    /// A blank cell is printed.
    BlankCell,
    /// The template cannot do with the cells what it says.
    TemplateError,
    /// The template renders to more than any service takes.
    TooLong,
    /// The message has no text.
    EmptyMessage,
    /// The subject has more than one line.
    SubjectLineBreak,
    /// The message is longer than the setting allows.
    MessageTooLong,
    /// The subject is longer than the setting allows.
    SubjectTooLong,
    /// A cell has an error of a spreadsheet.
    ErrorValue,
    /// The template has what another tool would have filled in.
    ForeignPlaceholder,
    /// A cell has a word that stands for nothing.
    PlaceholderWord,
    /// A cell was read in a wrong encoding, long before it came here.
    Mojibake,
    /// A cell has HTML in it.
    HtmlEntity,
    /// A name is all in capitals.
    NameCapitals,
    /// A name has a title, and the template greets by it.
    NameTitle,
    /// A first name has several words.
    NameWords,
    /// An earlier row has the same key or recipient.
    Duplicate,
    /// The inbox of the row carries no subject.
    SubjectNotCarried,
    /// Everybody would get the same text, though there are names.
    SameMessage,
    /// Some are greeted by name, and some by a default.
    GreetingDefault,
    /// Many rows are people of one company.
    CompanyShare,
    /// A message is far longer or shorter than the others.
    OddLength,
    /// The workbook hides rows that would be sent.
    HiddenRows,
    /// Rows were sent with another text than they would get now.
    TextChanged,
    /// A list names the row.
    DoNotContact,
    /// The recipient got a message before.
    AlreadyContacted,
    /// A gate is asked for, and nobody can say whether it holds the row.
    CannotBeJudged,
    /// The recipient is not connected to the account.
    NotConnected,
    /// There is a conversation with the recipient already.
    InConversation,
    /// The recipient wrote to the account.
    Replied,
    /// Among the longest messages: of `preview --worst`.
    Longest,
    /// Among the shortest messages: of `preview --worst`.
    Shortest,
    /// A default stands in: of `preview --worst`.
    DefaultUsed,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 40] = [
        Self::BlankKey,
        Self::NoRecipient,
        Self::BadRecipient,
        Self::BadChannel,
        Self::BadTimezone,
        Self::TooManyAccounts,
        Self::Attachment,
        Self::AttachmentTooLarge,
        Self::BlankCell,
        Self::TemplateError,
        Self::TooLong,
        Self::EmptyMessage,
        Self::SubjectLineBreak,
        Self::MessageTooLong,
        Self::SubjectTooLong,
        Self::ErrorValue,
        Self::ForeignPlaceholder,
        Self::PlaceholderWord,
        Self::Mojibake,
        Self::HtmlEntity,
        Self::NameCapitals,
        Self::NameTitle,
        Self::NameWords,
        Self::Duplicate,
        Self::SubjectNotCarried,
        Self::SameMessage,
        Self::GreetingDefault,
        Self::CompanyShare,
        Self::OddLength,
        Self::HiddenRows,
        Self::TextChanged,
        Self::DoNotContact,
        Self::AlreadyContacted,
        Self::CannotBeJudged,
        Self::NotConnected,
        Self::InConversation,
        Self::Replied,
        Self::Longest,
        Self::Shortest,
        Self::DefaultUsed,
    ];

    /// The name that scripts know.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BlankKey => "blank-key",
            Self::NoRecipient => "no-recipient",
            Self::BadRecipient => "bad-recipient",
            Self::BadChannel => "bad-channel",
            Self::BadTimezone => "bad-timezone",
            Self::TooManyAccounts => "too-many-accounts",
            Self::Attachment => "attachment",
            Self::AttachmentTooLarge => "attachment-too-large",
            Self::BlankCell => "blank-cell",
            Self::TemplateError => "template-error",
            Self::TooLong => "too-long",
            Self::EmptyMessage => "empty-message",
            Self::SubjectLineBreak => "subject-line-break",
            Self::MessageTooLong => "message-too-long",
            Self::SubjectTooLong => "subject-too-long",
            Self::ErrorValue => "error-value",
            Self::ForeignPlaceholder => "foreign-placeholder",
            Self::PlaceholderWord => "placeholder-word",
            Self::Mojibake => "mojibake",
            Self::HtmlEntity => "html-entity",
            Self::NameCapitals => "name-capitals",
            Self::NameTitle => "name-title",
            Self::NameWords => "name-words",
            Self::Duplicate => "duplicate",
            Self::SubjectNotCarried => "subject-not-carried",
            Self::SameMessage => "same-message",
            Self::GreetingDefault => "greeting-default",
            Self::CompanyShare => "company-share",
            Self::OddLength => "odd-length",
            Self::HiddenRows => "hidden-rows",
            Self::TextChanged => "text-changed",
            Self::DoNotContact => "do-not-contact",
            Self::AlreadyContacted => "already-contacted",
            Self::CannotBeJudged => "cannot-be-judged",
            Self::NotConnected => "not-connected",
            Self::InConversation => "in-conversation",
            Self::Replied => "replied",
            Self::Longest => "longest",
            Self::Shortest => "shortest",
            Self::DefaultUsed => "default-used",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Code::ALL.map(Code::as_str).into();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')),
            "{names:?}"
        );
    }

    #[test]
    fn the_list_is_whole() {
        // A code that the list lacks has the place of another one.
        for (place, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, place, "{code}");
        }
        assert_eq!(Code::ALL.last(), Some(&Code::DefaultUsed));
    }
}
