//! Gates: what must be true of somebody before they are written to, judged by what was found out about them.
//!
//! Pure: the same facts give the same decision, whether a run asks or a check does. Who decides asks the question that
//! is told, notes the answer, and decides again.

mod judging;

use std::str::FromStr;
use std::time::Duration;

use super::problem::Code;
use super::recipient::Recipient;
use super::time::Moment;

/// Why somebody is not written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// They are not connected to the account.
    Unconnected,
    /// There is a conversation with them already.
    InConversation,
    /// They wrote to the account.
    Replied,
}

impl Gate {
    /// The stable name for scripts.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Unconnected => Code::NotConnected,
            Self::InConversation => Code::InConversation,
            Self::Replied => Code::Replied,
        }
    }

    /// What is said of those whom it holds.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unconnected => "not connected",
            Self::InConversation => "in a conversation",
            Self::Replied => "replied",
        }
    }

    /// How it is asked for.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Unconnected => "--require connected",
            Self::InConversation => "--skip in-conversation",
            Self::Replied => "--skip replied",
        }
    }
}

/// What `--require` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Connected in the first degree.
    Connected,
}

/// What `--skip` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipWhen {
    /// There is a conversation already.
    InConversation,
    /// They wrote.
    Replied,
}

/// The word names no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{said}` is none of {words}")]
pub struct GateError {
    said: String,
    words: &'static str,
}

impl FromStr for Requirement {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        match text.trim() {
            "connected" => Ok(Self::Connected),
            said => Err(GateError {
                said: said.to_owned(),
                words: "connected",
            }),
        }
    }
}

impl FromStr for SkipWhen {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        match text.trim() {
            "in-conversation" | "in_conversation" => Ok(Self::InConversation),
            "replied" => Ok(Self::Replied),
            said => Err(GateError {
                said: said.to_owned(),
                words: "in-conversation, replied",
            }),
        }
    }
}

/// Whether profile ids are made URNs before a send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Resolve {
    /// They are not.
    #[default]
    Spared,
    /// They are, where the service tells.
    Wanted,
}

/// A day: people are not connected or unconnected from one hour to the next.
pub const GATE_AGE: Duration = Duration::from_hours(24);

/// How long it counts at most that somebody has not written: they may do so at any moment.
pub const QUIET: Duration = Duration::from_mins(15);

/// The gates of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gates {
    /// What holds a row.
    pub held_by: Vec<Gate>,
    /// Whether profile ids are made URNs.
    pub resolve: Resolve,
    /// How long a finding of an earlier run counts.
    pub age: Duration,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            held_by: Vec::new(),
            resolve: Resolve::Spared,
            age: GATE_AGE,
        }
    }
}

/// Who is judged.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// The recipient, with all names that are known.
    pub recipient: &'a Recipient,
    /// The account that would write to them.
    pub account: Option<&'a str>,
    /// Whether this campaign may have written to them.
    pub own: Own,
}

/// Whether a campaign may have written to somebody: an attempt in doubt, one that failed, or a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// It has not.
    Nothing,
    /// It may have: its own messages are no conversation.
    Perhaps,
}

/// When it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Now.
    pub now: Moment,
    /// When whoever decides began: what was found since counts although nothing older is to count.
    pub began: Moment,
}

/// A question to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// How the account stands to the profile of this id.
    Relationship(String),
    /// Whether there is a conversation with the profile of this id, and which URN it has.
    Conversation(String),
    /// What was said in this conversation.
    Messages(String),
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may be sent.
    Pass,
    /// It is left out, for this reason.
    Hold(Gate, String),
    /// First this must be asked.
    Ask(Question),
    /// It cannot be judged, so it is not sent. The text says why.
    Unclear(String),
}

impl Gates {
    /// Whether nothing is asked.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.held_by.is_empty() && self.resolve == Resolve::Spared
    }

    /// Whether this gate is asked for.
    #[must_use]
    pub fn has(&self, gate: Gate) -> bool {
        self.held_by.contains(&gate)
    }

    /// How many questions one row takes, where its conversation has one page.
    #[must_use]
    pub fn questions(&self) -> u32 {
        let connected = u32::from(self.has(Gate::Unconnected));
        let replied = u32::from(self.has(Gate::Replied));
        let conversation = replied > 0 || self.has(Gate::InConversation);
        // Whoever tells how people stand to each other usually tells their URNs.
        let named = self.resolve == Resolve::Wanted && connected == 0;
        connected + replied + u32::from(conversation || named)
    }

    /// How they are asked for: `--require connected, --resolve`.
    #[must_use]
    pub fn words(&self) -> String {
        let resolve = (self.resolve == Resolve::Wanted).then_some("--resolve");
        let all: Vec<&str> = self.held_by.iter().map(|gate| gate.flag()).chain(resolve).collect();
        all.join(", ")
    }
}

#[cfg(test)]
mod tests;
