//! A row rendered into what would be sent.

use std::path::PathBuf;
use std::str::FromStr;

use super::fingerprint::check_of;
use super::recipient::Recipient;
use super::row::RowNumber;

/// Which inbox a message goes through; the values of `messagingChannel` in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The service chooses. Its default.
    Auto,
    /// Sales Navigator; the API answers 400 where the account has none.
    SalesNavigator,
    /// The ordinary inbox.
    LinkedinInbox,
}

impl Channel {
    /// The word that the API takes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::SalesNavigator => "sales_navigator",
            Self::LinkedinInbox => "linkedin_inbox",
        }
    }

    /// The channel of this name, in any case and with `-` or spaces for `_`.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let folded = text.trim().to_lowercase().replace(['-', ' '], "_");
        [Self::Auto, Self::SalesNavigator, Self::LinkedinInbox]
            .into_iter()
            .find(|channel| channel.as_str() == folded)
    }
}

/// The word names no inbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of auto, sales_navigator, linkedin_inbox")]
pub struct ChannelError(String);

impl FromStr for Channel {
    type Err = ChannelError;

    fn from_str(text: &str) -> Result<Self, ChannelError> {
        Self::named(text).ok_or_else(|| ChannelError(text.to_owned()))
    }
}

/// A file that a row attaches, as it was when it was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// As the sheet or the setting names it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// When it was last changed, in nanoseconds since the Unix epoch.
    pub changed_ns: u64,
}

/// A row rendered into a message and a subject; nothing sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The row it comes from.
    pub row: RowNumber,
    /// What identifies the row across runs.
    pub key: String,
    /// Whom it goes to.
    pub recipient: Recipient,
    /// The sending account; `None` where the service is to use the only one it has.
    pub account: Option<String>,
    /// Which inbox; `None` leaves the field out.
    pub channel: Option<Channel>,
    /// The subject, trimmed at its end; `None` where there is no subject template or it rendered to nothing.
    pub subject: Option<String>,
    /// The message, trimmed at its end; never empty.
    pub message: String,
    /// Files to attach.
    pub attachments: Vec<AttachedFile>,
}

impl Draft {
    /// 32 bits that change when anything changes that would be sent, save the account, which the plan keeps itself.
    #[must_use]
    pub fn check(&self) -> u32 {
        let recipient = self.recipient.canonical();
        let fixed = [
            recipient.as_str(),
            self.recipient.conversation().unwrap_or_default(),
            self.channel.map_or("", Channel::as_str),
            self.subject.as_deref().unwrap_or_default(),
            &self.message,
        ];
        let files = self.attachments.iter();
        let files: Vec<String> = files
            .map(|file| format!("{}\0{}\0{}", file.name, file.length, file.changed_ns))
            .collect();
        check_of(fixed.into_iter().chain(files.iter().map(String::as_str)))
    }
}
