//! Reading back: the only way to learn what became of an unconfirmed send.

use serde::Deserialize;

use crate::model::time::Moment;

use super::client::Client;
use super::lenient_json::{lenient, lenient_list, lenient_moment};
use super::lookup::Lookup;

/// Whether there is a conversation with a profile.
///
/// Source: `GET /conversations/exists/{slug}`, which also resolves the profile id to its URN.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Existing {
    /// Whether there is one. Sales Navigator threads may not be seen.
    pub has_conversation: bool,
    /// Its URN.
    #[serde(default, deserialize_with = "lenient")]
    pub conversation_urn: Option<String>,
    /// The URN of the profile.
    #[serde(default, deserialize_with = "lenient")]
    pub profile_urn: Option<String>,
    /// The address of the profile; some answers have its URN here.
    #[serde(default, deserialize_with = "lenient")]
    pub profile_url: Option<String>,
}

impl Existing {
    /// The URN of the profile, in whichever field it is.
    #[must_use]
    pub fn recipient_urn(&self) -> Option<&str> {
        let told = [&self.profile_urn, &self.profile_url].into_iter().flatten();
        told.map(String::as_str).find(|urn| urn.starts_with("urn:li:"))
    }
}

/// Messages of one conversation.
///
/// Source: `GET /conversations/{urn}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// As the service orders them. A message that cannot be read is left out.
    #[serde(deserialize_with = "lenient_list")]
    pub messages: Vec<SeenMessage>,
    /// Who takes part.
    #[serde(default, deserialize_with = "lenient_list")]
    pub participants: Vec<Participant>,
    /// Whether older ones are left.
    #[serde(default, deserialize_with = "lenient")]
    pub has_more: Option<bool>,
    /// What to ask the next page with.
    #[serde(default, deserialize_with = "lenient")]
    pub cursor: Option<String>,
}

/// One message of a conversation. Every field may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenMessage {
    /// Its URN, in either of its two forms; some answers call it `messageId`.
    #[serde(default, deserialize_with = "lenient", alias = "messageId")]
    pub message_urn: Option<String>,
    /// Its text.
    #[serde(default, deserialize_with = "lenient")]
    pub text: Option<String>,
    /// When it was sent, by the service's clock.
    #[serde(default, deserialize_with = "lenient_moment")]
    pub sent_at: Option<Moment>,
    /// Whether the account's owner sent it.
    #[serde(default, deserialize_with = "lenient")]
    pub is_sent_by_owner: Option<bool>,
    /// Who sent it.
    #[serde(default, deserialize_with = "lenient")]
    pub sender_profile_id: Option<String>,
}

/// Recent conversations of an account.
///
/// Source: `GET /conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    /// Most recent first. A conversation without a URN is left out.
    #[serde(deserialize_with = "lenient_list")]
    pub conversations: Vec<ConversationInfo>,
    /// Whether more are left.
    #[serde(default, deserialize_with = "lenient")]
    pub has_more: Option<bool>,
    /// Whether the service answered from what it had stored, and did not ask `LinkedIn`.
    #[serde(default, deserialize_with = "lenient")]
    pub from_cache: Option<bool>,
    /// What to ask the next page with.
    #[serde(default, deserialize_with = "lenient")]
    pub next_cursor: Option<String>,
}

/// One conversation of the list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationInfo {
    /// Its URN.
    pub conversation_urn: String,
    /// When something last happened in it, by the service's clock.
    #[serde(default, deserialize_with = "lenient_moment")]
    pub last_activity_at: Option<Moment>,
    /// Who takes part.
    #[serde(default, deserialize_with = "lenient_list")]
    pub participants: Vec<Participant>,
    /// Its newest message. Has no URN here.
    #[serde(default, deserialize_with = "lenient")]
    pub latest_message: Option<SeenMessage>,
    /// The Sales Navigator thread, where it is one.
    #[serde(default, deserialize_with = "lenient")]
    pub sales_nav_thread_id: Option<String>,
}

/// Somebody in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Profile id.
    #[serde(default, deserialize_with = "lenient")]
    pub profile_id: Option<String>,
    /// Address of the profile.
    #[serde(default, deserialize_with = "lenient")]
    pub profile_url: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
}

/// Which messages of a conversation are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagesAsked<'a> {
    /// The account that looks.
    pub account: Option<&'a str>,
    /// How many on a page.
    pub count: u32,
    /// None older than this, by the service's clock. The pages do not state the unit; milliseconds, as `sentAt` has them.
    pub since: Option<Moment>,
    /// The next page after one that had this cursor.
    pub cursor: Option<&'a str>,
}

impl Client {
    /// Whether `account` has a conversation with the profile of this id.
    pub async fn exists(&self, profile_id: &str, account: Option<&str>) -> Lookup<Existing> {
        let query: Vec<_> = account.map(|id| ("accountId", id)).into_iter().collect();
        self.get(&["conversations", "exists", profile_id], &query).await
    }

    /// Messages of the conversation with this URN, once the service has synchronised them.
    pub async fn messages(&self, conversation: &str, asked: &MessagesAsked<'_>) -> Lookup<MessagePage> {
        let count = asked.count.to_string();
        let since = asked.since.map(|moment| moment.as_millis().to_string());
        let told = [
            ("accountId", asked.account),
            ("count", Some(count.as_str())),
            ("since", since.as_deref()),
            ("cursor", asked.cursor),
            ("sync", Some("true")),
        ];
        let query: Vec<_> = told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get(&["conversations", conversation, "messages"], &query).await
    }

    /// The `count` most recent conversations of `account`, or the page at `cursor`.
    pub async fn conversations(&self, account: Option<&str>, count: u32, cursor: Option<&str>) -> Lookup<ConversationPage> {
        let count = count.to_string();
        let told = [("accountId", account), ("count", Some(count.as_str())), ("nextCursor", cursor)];
        let query: Vec<_> = told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get(&["conversations"], &query).await
    }
}
