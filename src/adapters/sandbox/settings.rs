//! What a sandbox is asked to be.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::script::{HoldForm, Script};
use crate::model::rate::{Ceiling, DailyLimit};

/// What a sandbox is asked to be. The default is what a newcomer needs: any key, one account, everybody there, no limits, no faults.
#[derive(Clone)]
pub struct Settings {
    /// The key that is good; `None` for any that is not empty.
    pub api_key: Option<String>,
    /// The accounts of the key; a request without `accountId` is for the one used last, else the first.
    pub accounts: Vec<SandboxAccount>,
    /// What becomes of an account that is not among them.
    pub unlisted: Unlisted,
    /// People of whom something is to be known; everybody else exists, is connected and never wrote.
    pub people: Vec<SandboxPerson>,
    /// What goes wrong.
    pub faults: Script,
    /// How much is let through.
    pub limits: Limits,
    /// The wait between the arrival of a message and the answer.
    pub latency: Latency,
    /// How long after its arrival a message can be read back.
    pub visibility: Duration,
    /// Which of the two forms of a message's URN reading back shows.
    pub message_urns: UrnForm,
    /// Whether delivered messages are kept.
    pub history: History,
    /// The largest file that can be uploaded, in bytes.
    pub max_upload: u64,
    /// Where to write a JSON line for every request and every delivery; added to what is there.
    pub log: Option<PathBuf>,
    /// What `message_sha256` in the log is made with; `None` leaves it out.
    pub digest: Option<fn(&str) -> String>,
    /// Who is told of every send before anything comes of it.
    pub witness: Option<Witness>,
    /// What chances and random waits are drawn with.
    pub seed: u64,
}

impl fmt::Debug for Settings {
    /// The key is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("accounts", &self.accounts)
            .field("people", &self.people)
            .field("faults", &self.faults)
            .field("limits", &self.limits)
            .field("latency", &self.latency)
            .field("log", &self.log)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_key: None,
            accounts: vec![SandboxAccount::default()],
            unlisted: Unlisted::Unknown,
            people: Vec::new(),
            faults: Script::default(),
            limits: Limits::default(),
            latency: Latency::None,
            visibility: Duration::ZERO,
            message_urns: UrnForm::Message,
            history: History::Kept,
            max_upload: 25 * 1024 * 1024,
            log: None,
            digest: None,
            witness: None,
            seed: 1,
        }
    }
}

/// A sending account of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxAccount {
    /// Its id; the service's have 24 hex digits.
    pub id: String,
    /// First name of its owner.
    pub first_name: String,
    /// Last name of its owner.
    pub last_name: String,
    /// Profile id of its owner.
    pub public_id: String,
    /// `AVAILABLE`, `IN_USE`, `WARMUP`, `FREE`, `ERROR` or any other word; `ERROR` cannot send.
    pub status: String,
    /// What can be done with it.
    pub access: Access,
    /// What is paid for it.
    pub plan: Plan,
    /// What `/account/{id}/quota` says of messages.
    pub quota: Quota,
}

impl Default for SandboxAccount {
    fn default() -> Self {
        Self::with_id("60d21b4667d0d8992e610c85")
    }
}

impl SandboxAccount {
    /// An ordinary account with this id, ready to send.
    #[must_use]
    pub fn with_id(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            public_id: format!("sandbox-{id}"),
            id,
            first_name: "Sandbox".to_owned(),
            last_name: "Sender".to_owned(),
            status: "AVAILABLE".to_owned(),
            access: Access::Open,
            plan: Plan::Free,
            quota: Quota { limit: 150, used: 0 },
        }
    }
}

/// What can be done with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Open,
    /// It is switched off: sends are answered with 404.
    Disabled,
    /// It was logged out: sends are answered with 400.
    WithoutTokens,
}

/// What is paid for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing.
    Free,
    /// Premium, without Sales Navigator.
    Premium,
    /// Sales Navigator: its sends go there unless told otherwise, and answer with a `threadId`.
    SalesNavigator,
}

/// What an account's messages of a UTC day are counted against. Only told; [`Limits::per_account_day`] refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Messages of a day.
    pub limit: u32,
    /// What others have used of it before the sandbox started.
    pub used: u32,
}

/// What becomes of a request for an account that is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlisted {
    /// 404, `Account not found`.
    Unknown,
    /// It is an ordinary account from then on.
    Welcome,
}

/// Somebody of whom something is to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxPerson {
    /// Profile id or profile URN.
    pub name: String,
    /// How they stand to every account.
    pub relation: Relation,
    /// What was said before the sandbox started, the oldest first, in the ordinary inbox of the first account.
    pub history: Vec<Said>,
    /// What they answer to every message, at once.
    pub replies: Option<String>,
}

impl SandboxPerson {
    /// Somebody who is connected and never wrote.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            relation: Relation::Connected,
            history: Vec::new(),
            replies: None,
        }
    }
}

/// How a person stands to the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// First degree.
    Connected,
    /// No connection.
    NotConnected,
    /// The account has invited them.
    InvitationSent,
    /// They have invited the account.
    InvitationReceived,
    /// There is no such profile: 404 everywhere.
    NoSuchProfile,
}

/// One message of an older conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How long before the start of the sandbox.
    pub ago: Duration,
    /// Who wrote it.
    pub by: Speaker,
    /// Its text.
    pub text: String,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The owner of the account.
    Owner,
    /// The other person.
    Person,
}

/// How much is let through, counted exactly in sliding windows at the moment a request has been read. All off by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests of a key; the service: 60/min.
    pub per_key: Ceiling,
    /// A second window for a key; the service: 100/10s.
    pub key_burst: Ceiling,
    /// Sends and uploads of an account; the service: 15/min.
    pub account_writes: Ceiling,
    /// Reads of an account; the service: 30/min.
    pub account_reads: Ceiling,
    /// Calls on `/account/…`; the service: 10/min.
    pub account_calls: Ceiling,
    /// Messages of an account in a UTC day; the service: 100 or 150.
    pub per_account_day: DailyLimit,
    /// New conversations of an account in a UTC day; the service: 150, by one page.
    pub new_conversations: DailyLimit,
    /// What happens beyond.
    pub beyond: Beyond,
    /// How a 429 tells to wait; the reset header is always there as [`Limits::reset`] says.
    pub told: Vec<HoldForm>,
    /// The form of `X-RateLimit-Reset`: [`HoldForm::ResetIso`], `ResetSeconds` or `ResetMillis`.
    pub reset: HoldForm,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_key: Ceiling::Unlimited,
            key_burst: Ceiling::Unlimited,
            account_writes: Ceiling::Unlimited,
            account_reads: Ceiling::Unlimited,
            account_calls: Ceiling::Unlimited,
            per_account_day: DailyLimit::Unlimited,
            new_conversations: DailyLimit::Unlimited,
            beyond: Beyond::Refused,
            told: vec![HoldForm::RetryAfter],
            reset: HoldForm::ResetIso,
        }
    }
}

/// What happens to a request beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// 429, before anything else is done.
    Refused,
    /// Nothing; the headers alone tell.
    Told,
}

/// The wait between the arrival of a message and the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// None.
    None,
    /// Always the same.
    Fixed(Duration),
    /// Evenly drawn from the first to the second.
    Between(Duration, Duration),
}

/// Which form of a message's URN reading back shows. Both end in the same `2-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrnForm {
    /// `urn:li:msg_message:(…,2-X)`, as the answer to a send has it.
    Message,
    /// `urn:li:messagingMessage:2-X`
    MessagingMessage,
}

/// Whether delivered messages are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Kept: reading back finds them.
    Kept,
    /// Counted only, for runs of millions; nothing can be read back.
    Counted,
}

/// A send as it reached the sandbox, before anything has come of it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The sending account.
    pub account: &'a str,
    /// The recipient as the request names it.
    pub recipient: &'a str,
    /// The message.
    pub message: &'a str,
}

/// Somebody who is told of every send before anything comes of it, on the sandbox's own thread.
#[derive(Clone)]
pub struct Witness(pub Arc<dyn Fn(Attempt<'_>) + Send + Sync>);

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}
