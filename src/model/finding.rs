//! What the service said about somebody before they were written to.

use serde::{Deserialize, Serialize};

use super::time::Moment;

/// One answer about one person, as an account sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// When it was answered.
    pub at: Moment,
    /// The account that asked; `None` where the service chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What identifies the row for which it was asked.
    pub key: String,
    /// Every name of the person that was known then.
    pub to: Vec<String>,
    /// What was asked, and what was seen.
    pub seen: Seen,
}

/// What was asked, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// How account and person stand to each other.
    Relationship(Relation),
    /// Whether there is a conversation between them.
    Conversation(Contact),
    /// What was said in it.
    Messages(Said),
    /// The service knows nobody of this name.
    Nobody(Nobody),
}

/// How an account and a person stand to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Connected in the first degree.
    pub connected: bool,
    /// The service's word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The person's profile URN, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
}

/// Whether there is a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Whether there is one.
    pub exists: bool,
    /// Its URN, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The person's profile URN, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
}

/// What was said in a conversation, from its newest message back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The conversation.
    pub conversation: String,
    /// Messages that were read.
    pub read: u32,
    /// Of these, those in the words of this campaign.
    pub own: u32,
    /// Of these, those of somebody else than the owner of the account.
    pub theirs: u32,
    /// When the newest of theirs was sent, by the service's clock, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_theirs: Option<Moment>,
    /// Whether the conversation was read to its beginning.
    pub whole: bool,
}

/// The service knows nobody of this name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nobody {
    /// What was asked about them.
    pub asked: Topic,
    /// The service's words.
    pub said: String,
}

/// What can be asked about somebody by their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// How they stand to an account.
    Relationship,
    /// Whether there is a conversation with them.
    Conversation,
}

impl Finding {
    /// The person's profile URN, where this told it.
    #[must_use]
    pub fn urn(&self) -> Option<&str> {
        match &self.seen {
            Seen::Relationship(relation) => relation.urn.as_deref(),
            Seen::Conversation(contact) => contact.urn.as_deref(),
            Seen::Messages(_) | Seen::Nobody(_) => None,
        }
    }
}
