//! The faults that a sandbox is asked to make: who meets them, when, and what happens.
//!
//! A script is a list of rules; the first rule that fires decides. Written on one line, a rule is
//! `WHO=EFFECT` with options behind it, each after a comma (the first may stand after a colon):
//!
//! ```text
//! jane-doe=500                              every send to jane-doe is answered with 500
//! jane-doe=429:retry-after=2,times=1        the first one with 429 and `Retry-After: 2`
//! any=lost,chance=0.05                      one in twenty arrives, and its answer never does
//! bob=hang                                  never answered
//! account:acc_1=404                         as if the account were not there
//! any=503,every=10,delivered=yes            every tenth: arrives, and is answered with 503
//! any=429,times=1,per=recipient             everybody's first try is held
//! ```
//!
//! WHO is `any`, `account:ID`, a profile id, or a profile URN.
//!
//! | effect | what the client meets | the message arrives |
//! | --- | --- | --- |
//! | a status, `200` to `599` | that answer; 301, 302, 303, 307 and 308 point to a path of the sandbox | with 2xx |
//! | `ok` | the usual answer, for `delay` and the like | yes |
//! | `refused` | 200 with `success: false` | no |
//! | `garbage`, `empty`, `huge` | 200 with a body that is no JSON, none, or one of a megabyte | yes |
//! | `cut`, `cut-reset` | 200, half of the body, then the connection is closed or reset | yes |
//! | `lost` | the connection is closed without an answer | yes |
//! | `close`, `reset` | the same without the message; `reset` with a TCP reset | no |
//! | `hang` | no answer, ever | no |
//! | `reset-at-connect` | a TCP reset before a byte is read; only for `any` | no |
//!
//! | option | meaning |
//! | --- | --- |
//! | `times=N`, `after=N`, `every=N`, `per=recipient` | only N times; not the first N; every Nth; counted for each recipient |
//! | `chance=0.05` | only with this chance, drawn with the seed of the sandbox |
//! | `on=send` | which call: `send` (default), `upload`, `exists`, `messages`, `conversations`, `relationship`, `account`, `all` |
//! | `delivered=yes`, `delivered=no` | whether the message arrives, whatever the answer says |
//! | `delay=2s`, `late=2s` | wait before the message arrives; wait between that and the answer |
//! | `body=FORM` | `json` (as documented), `zod`, `coded`, `details`, `plain`, `html`, `empty`, `garbage`, `huge`, `refusal` |
//! | `retry-after=2`, `retry-after-date=2`, `hold-until=2`, `reset-iso=2`, `reset-s=2`, `reset-ms=2` | how a hold is told: in so many seconds from now |
//! | `header=NAME:VALUE` | one more header; may be given again |
//! | `end=cut`, `end=reset` | any answer, cut in the middle of its body |
//! | `end=close` | the whole answer, and then the connection is closed though nothing in the answer says so |
//! | `text=ANYTHING` | this body; the last option, since it takes the rest of the line |

mod file;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod turns;

use std::num::NonZeroU32;
use std::time::Duration;

pub use parse::ScriptError;
pub(super) use turns::{Asked, Turns};

/// What goes wrong, rule by rule. Read from text by `FromStr` (one rule a line, `#` begins a comment) or [`Script::from_toml`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The first rule that fires decides.
    pub rules: Vec<Rule>,
}

/// One rule: who meets which fault, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whose requests.
    pub who: Who,
    /// Which call.
    pub on: Call,
    /// Which of the requests that reach the rule.
    pub turn: Turn,
    /// How likely it fires when its turn has come.
    pub chance: Chance,
    /// What happens.
    pub fault: Fault,
}

/// Whose requests a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Everybody's.
    Any,
    /// Those that this account sends.
    Account(String),
    /// Those about this person: a profile id in any case, or a profile URN.
    Recipient(String),
}

/// The calls that a rule can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `POST /conversations/send`.
    Send,
    /// `POST /conversations/upload-attachment`.
    Upload,
    /// `GET /conversations/exists/{slug}`.
    Exists,
    /// `GET /conversations/{urn}/messages`.
    Messages,
    /// `GET /conversations`.
    Conversations,
    /// `GET /relationship/…`.
    Relationship,
    /// `GET /accounts`, `/account/…` and `/inmail/credits`.
    Account,
    /// All of them.
    All,
}

/// Which of the requests that reach a rule it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Not the first so many.
    pub after: u32,
    /// Of the rest, every so many.
    pub every: NonZeroU32,
    /// Of these, the first so many; `None` for all.
    pub times: Option<u32>,
    /// What is counted together.
    pub per: Per,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            after: 0,
            every: NonZeroU32::MIN,
            times: None,
            per: Per::Rule,
        }
    }
}

/// What a turn counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// All requests that reach the rule.
    Rule,
    /// The requests of each recipient for themselves.
    Recipient,
}

/// A chance in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance(u32);

impl Chance {
    /// It fires whenever its turn has come.
    pub const ALWAYS: Self = Self(1_000_000);

    /// So many in a million; more than a million is a million.
    #[must_use]
    pub fn millionths(count: u32) -> Self {
        Self(count.min(1_000_000))
    }

    /// The chance in millionths.
    #[must_use]
    pub const fn as_millionths(self) -> u32 {
        self.0
    }
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The wait before the message arrives or does not.
    pub delay: Duration,
    /// The wait between that and the answer.
    pub late: Duration,
    /// Whether the message arrives.
    pub arrival: Arrival,
    /// What the client meets.
    pub ending: Ending,
}

/// Whether the message of a request reaches its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is delivered.
    Delivered,
    /// It is not.
    Absent,
}

/// What the client meets after its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// An answer.
    Answer(Answer),
    /// Nothing, as long as the sandbox runs.
    Hang,
    /// The connection is closed without an answer.
    Close,
    /// The connection is reset without an answer.
    Reset,
    /// The connection is reset as soon as it is there.
    ResetAtConnect,
}

impl Ending {
    /// Whether the message arrives where the rule does not say it.
    #[must_use]
    pub const fn usual_arrival(&self) -> Arrival {
        match self {
            Self::Answer(Answer {
                content: Content::Refusal, ..
            }) => Arrival::Absent,
            Self::Answer(Answer { status: 200..=299, .. }) => Arrival::Delivered,
            _ => Arrival::Absent,
        }
    }
}

/// An answer that a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// The body.
    pub content: Content,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// How it tells to wait.
    pub holds: Vec<Hold>,
    /// How much of it arrives.
    pub extent: Extent,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// What the documentation has for the status: the call's own answer with 2xx, `{"error": …}` otherwise.
    Documented,
    /// `{"success": false, "error": {"name": "ZodError", "issues": […]}}`
    Zod,
    /// `{"success": false, "code": …, "message": …}`
    Coded,
    /// `{"errorDetails": {"message": …}}`
    Details,
    /// Plain text.
    Plain,
    /// A page of a proxy.
    Html,
    /// No byte.
    Empty,
    /// Bytes that are no JSON and no UTF-8, called JSON.
    Garbage,
    /// A JSON object of a megabyte.
    Huge,
    /// `{"success": false, "error": …}`
    Refusal,
    /// This text, on one line, called JSON.
    Text(String),
}

/// One way of telling a client to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Where and how it is written.
    pub form: HoldForm,
    /// How long from now, in seconds.
    pub seconds: u32,
}

/// Where and how a hold is written. The service's pages use all of these but the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldForm {
    /// `Retry-After` in seconds.
    RetryAfter,
    /// `Retry-After` as an HTTP date.
    RetryAfterDate,
    /// `holdUntil` in the body, ISO 8601.
    HoldUntil,
    /// `X-RateLimit-Reset`, ISO 8601.
    ResetIso,
    /// `X-RateLimit-Reset` in seconds since the epoch.
    ResetSeconds,
    /// `X-RateLimit-Reset` in milliseconds since the epoch.
    ResetMillis,
}

/// How much of an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Half of the body, then the connection is closed.
    Cut,
    /// Half of the body, then the connection is reset.
    CutReset,
    /// All of it, then the connection is closed without notice: the trap of clients that keep connections.
    WholeThenClosed,
}
