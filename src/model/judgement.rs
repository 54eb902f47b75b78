//! What became known later about an attempt whose answer never came, and what that rests on.

use serde::{Deserialize, Serialize};

use super::entry::Position;
use super::time::Moment;

/// What became known about an attempt that was in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// When.
    pub at: Moment,
    /// Where the attempt's intent stands; or, where results without a journal were taken over, their import.
    pub of: Position,
    /// Where the newest entry about the row stood until now.
    pub was: Position,
    /// What the attempt is from here on.
    pub ruling: Ruling,
    /// What that rests on.
    pub evidence: Evidence,
}

/// What an attempt is from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Delivered.
    Sent,
    /// Not delivered.
    Failed,
    /// In doubt as before; the evidence says what was looked at.
    Open,
}

/// What a judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The message was found.
    Found(Found),
    /// It was not found there. The text says what was looked at.
    Absent(String),
    /// A person decided. The text is the note.
    Person(String),
}

/// The message as it was read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The conversation it is in.
    pub conversation: String,
    /// Its URN, where the service told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_urn: Option<String>,
    /// When it was sent, by the service's clock.
    pub sent_at: Moment,
    /// The recipient's URN, where the service told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_urn: Option<String>,
    /// The thread of Sales Navigator, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

impl Found {
    /// The names under which its attempt claims it.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            tail: claim_name(self.message_urn.as_deref(), None),
            place: claim_name(None, Some((&self.conversation, self.sent_at))),
        }
    }
}

/// The names under which an attempt claims a message. A service need not name it each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The tail of its URN, where it had one.
    pub tail: Option<String>,
    /// Where and when it was sent, where that is known.
    pub place: Option<String>,
}

/// A text with every run of white space made one space and none at its ends: services change line ends and trim.
#[must_use]
pub fn folded(text: &str) -> String {
    // Most texts are plain, and their words are found byte by byte. The one kind of space that this way does not know is rare.
    if text.is_ascii() && !text.contains('\u{b}') {
        in_one_line(text.split_ascii_whitespace(), text.len())
    } else {
        in_one_line(text.split_whitespace(), text.len())
    }
}

/// The words with one space between two of them, in a text of about so many bytes.
fn in_one_line<'a>(words: impl Iterator<Item = &'a str>, length: usize) -> String {
    let mut line = String::with_capacity(length);
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The part that all names of one message share: `2-X` of `urn:li:msg_message:(…,2-X)` and of `urn:li:messagingMessage:2-X`.
#[must_use]
pub fn message_tail(urn: &str) -> &str {
    let bare = urn.trim().trim_end_matches(')');
    bare.rsplit([',', ':', '(']).next().unwrap_or(bare).trim_end_matches('=')
}

/// The digests of a text: as it is, and with its white space folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDigests {
    /// SHA-256 of the text as it is.
    pub exact: String,
    /// SHA-256 of the folded text; `None` where it was not recorded.
    pub folded: Option<String>,
}

impl TextDigests {
    /// Whether both are of the same text, as far as is known.
    #[must_use]
    pub fn agree(&self, other: &Self) -> bool {
        self.exact == other.exact || self.folded.is_some() && self.folded == other.folded
    }
}

/// The name under which an attempt claims a message: the tail of its URN; of one without a URN, when it was sent in which
/// conversation.
#[must_use]
pub fn claim_name(urn: Option<&str>, sent: Option<(&str, Moment)>) -> Option<String> {
    let tail = urn.map(message_tail).filter(|tail| !tail.is_empty()).map(str::to_owned);
    tail.or_else(|| sent.map(|(conversation, at)| format!("@{} {conversation}", at.as_millis())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_without_a_urn_are_told_apart_by_conversation_and_time() {
        let at = |millis| Moment::from_millis(millis);
        let names = [
            claim_name(None, Some(("a", at(1)))),
            claim_name(None, Some(("b", at(1)))),
            claim_name(Some(" "), Some(("a", at(2)))),
            claim_name(Some("urn:li:messagingMessage:2-x"), Some(("a", at(1)))),
        ];
        for (place, name) in names.iter().enumerate() {
            assert!(name.is_some() && !names[..place].contains(name), "{name:?}");
        }
        assert_eq!(claim_name(None, None), None);
    }

    #[test]
    fn both_forms_of_a_urn_have_one_tail() {
        let one = "urn:li:msg_message:(urn:li:fsd_profile:ACoAAowner,2-MTc2example==)";
        assert_eq!(message_tail(one), "2-MTc2example");
        assert_eq!(message_tail(one), message_tail("urn:li:messagingMessage:2-MTc2example=="));
        assert_ne!(message_tail(one), message_tail("urn:li:messagingMessage:2-MTc2examplf"));
        assert_eq!(message_tail("2-x"), "2-x");
    }

    #[test]
    fn white_space_alone_makes_no_other_text() {
        assert_eq!(folded(" Hi\u{a0}Jane,\r\n\r\nbye \t"), "Hi Jane, bye");
        assert_eq!(folded("  \n"), "");
        assert_ne!(folded("Hi Jane"), folded("HiJane"));
    }

    proptest::proptest! {
        #[test]
        fn plain_texts_are_folded_as_all_others_are(text in "[ \\t\\n\\u{b}\\u{c}\\ra-c\\u{1c}\\u{a0}]{0,20}") {
            let words: Vec<_> = text.split_whitespace().collect();
            proptest::prop_assert_eq!(folded(&text), words.join(" "));
        }
    }
}
