//! Who a row addresses, and when two ways of writing it are the same person.

mod address;
mod urn;

use std::borrow::Cow;
use std::str::FromStr;

/// Whom a message goes to: a profile, an existing conversation, or both. Holds at least one of the three forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    id: Option<String>,
    urn: Option<String>,
    conversation: Option<String>,
}

/// The text addresses nobody. Says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecipientError(pub String);

impl Recipient {
    /// Whom `text` addresses: a profile URL in any common form, a profile id, or a URN of a profile or a conversation.
    ///
    /// # Errors
    ///
    /// Says what the text is instead, what was expected, and what to paste.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        address::parse(text)
    }

    /// Whom a cell of a sheet addresses: as [`Recipient::parse`], but nobody by a word that stands for a cell without anything,
    /// which is a stranger's profile id as well.
    ///
    /// # Errors
    ///
    /// As for [`Recipient::parse`].
    pub fn in_cell(text: &str) -> Result<Self, RecipientError> {
        address::in_cell(text)
    }

    /// The conversation that `text` names, where nothing else can be meant.
    ///
    /// # Errors
    ///
    /// The text is no conversation's URN; says what was expected.
    pub fn parse_conversation(text: &str) -> Result<Self, RecipientError> {
        match address::parse(text) {
            Ok(recipient) if recipient.conversation.is_some() => Ok(recipient),
            _ => Err(RecipientError(format!(
                "'{}' is no URN of a conversation; expected 'urn:li:msg_conversation:(…)', or leave the cell blank",
                address::shown(text)
            ))),
        }
    }

    /// Somebody by profile id, the vanity slug after `linkedin.com/in/`, as it was written.
    #[must_use]
    pub fn from_profile_id(id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            urn: None,
            conversation: None,
        }
    }

    /// Somebody by profile URN, `urn:li:fsd_profile:ACoAA…`.
    #[must_use]
    pub fn from_profile_urn(urn: impl Into<String>) -> Self {
        Self {
            id: None,
            urn: Some(urn.into()),
            conversation: None,
        }
    }

    /// An existing conversation, `urn:li:msg_conversation:(…)`.
    #[must_use]
    pub fn from_conversation(urn: impl Into<String>) -> Self {
        Self {
            id: None,
            urn: None,
            conversation: Some(urn.into()),
        }
    }

    /// The forms of both: what `self` does not say is taken from `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            id: self.id.or(other.id),
            urn: self.urn.or(other.urn),
            conversation: self.conversation.or(other.conversation),
        }
    }

    /// The profile id, as it is sent.
    #[must_use]
    pub fn profile_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The profile URN.
    #[must_use]
    pub fn profile_urn(&self) -> Option<&str> {
        self.urn.as_deref()
    }

    /// The conversation URN.
    #[must_use]
    pub fn conversation(&self) -> Option<&str> {
        self.conversation.as_deref()
    }

    /// The one name of this recipient: the URN, else the profile id in lower case, else the conversation.
    #[must_use]
    pub fn canonical(&self) -> String {
        match (&self.urn, &self.id, &self.conversation) {
            (Some(urn), _, _) => urn.clone(),
            (None, Some(id), _) => lower(id).into_owned(),
            (None, None, conversation) => conversation.clone().unwrap_or_default(),
        }
    }

    /// Every name by which this recipient is recognised: URN, profile id in lower case, conversation.
    pub fn identities(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let urn = self.urn.as_deref().map(Cow::Borrowed);
        let id = self.id.as_deref().map(lower);
        let conversation = self.conversation.as_deref().map(Cow::Borrowed);
        urn.into_iter().chain(id).chain(conversation)
    }
}

/// In lower case; most ids are written so.
fn lower(id: &str) -> Cow<'_, str> {
    if id.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(id.to_lowercase())
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
