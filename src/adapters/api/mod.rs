//! The service: the one place that speaks HTTP (reqwest).
//!
//! It sends, looks up, and tells what it saw as facts; what they mean for a row is [`crate::model::outcome`]'s to say.
//! It never tries anything a second time, follows no redirect, keeps no connection, and lets nothing out that holds the key.

mod accounts;
mod acknowledgement;
mod answer_body;
mod base_url;
mod client;
mod conversations;
mod denial;
mod error_line;
mod key;
mod lenient_json;
mod lookup;
mod plain_text;
mod send;
mod signals;
mod upload;

#[cfg(test)]
mod lookup_tests;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod wire_tests;

pub use accounts::{AccountInfo, AccountStanding, Plan, Quota, Relationship};
pub use base_url::{BaseUrl, BaseUrlError};
pub use client::{ApiError, Client, Clock, Settings};
pub use conversations::{ConversationInfo, ConversationPage, Existing, MessagePage, MessagesAsked, Participant, SeenMessage};
pub use denial::Denial;
pub use key::{ApiKey, ApiKeyError};
pub use lookup::Lookup;
pub use send::{SendRequest, Sent};
pub use signals::RateSignals;
pub use upload::Attachment;
