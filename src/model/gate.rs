//! Gates: what must be true of somebody before they are written to, judged by what was found out about them.
//!
//! Pure: the same facts give the same decision, whether a run asks or a check does. Who decides asks the question that
//! is told, notes the answer, and decides again.

use std::str::FromStr;
use std::time::Duration;

use super::finding::{Contact, Said};
use super::findings::{Known, Told};
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

/// What a finding lets one conclude.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Concludes {
    /// Something that is so.
    Presence,
    /// That nobody wrote so far.
    Absence,
}

/// The name by which the service can be asked about somebody.
enum Name {
    /// A profile id, as the service's pages want it.
    Slug(String),
    /// The id of a URN. The pages do not say that it is understood, so that it knows nobody of this name says nothing.
    Id(String),
}

impl Name {
    fn of(recipient: &Recipient) -> Option<Self> {
        let id = recipient.profile_urn().and_then(|urn| urn.strip_prefix("urn:li:fsd_profile:"));
        recipient
            .profile_id()
            .map(|slug| Self::Slug(slug.to_owned()))
            .or_else(|| id.map(|id| Self::Id(id.to_owned())))
    }

    fn text(self) -> String {
        match self {
            Self::Slug(text) | Self::Id(text) => text,
        }
    }
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

    /// How they are asked for: `--require connected, --resolve`.
    #[must_use]
    pub fn words(&self) -> String {
        let resolve = (self.resolve == Resolve::Wanted).then_some("--resolve");
        let all: Vec<&str> = self.held_by.iter().map(|gate| gate.flag()).chain(resolve).collect();
        all.join(", ")
    }

    /// Judges a person by what is known of them.
    #[must_use]
    pub fn decide(&self, person: Person<'_>, known: &Known, times: Times) -> Decision {
        self.by_connection(person, known, times)
            .or_else(|| self.by_conversation(person, known, times))
            .or_else(|| self.by_name(person, known, times))
            .unwrap_or(Decision::Pass)
    }

    /// Why the newest findings hold somebody, however old they are.
    #[must_use]
    pub fn held(&self, person: Person<'_>, known: &Known) -> Option<(Gate, String)> {
        let ever = Self {
            age: Duration::MAX,
            ..self.clone()
        };
        let newest = [
            known.relation.as_ref().map(|(at, _)| *at),
            known.contact.as_ref().map(|(at, _)| *at),
            known.said.as_ref().map(|(at, _)| *at),
        ];
        let now = newest.into_iter().flatten().max()?;
        match ever.decide(person, known, Times { now, began: now }) {
            Decision::Hold(gate, why) => Some((gate, why)),
            _ => None,
        }
    }

    /// The profile URN that is known of somebody.
    #[must_use]
    pub fn urn<'a>(&self, known: &'a Known, times: Times) -> Option<&'a str> {
        let urn = known.urn.as_ref().filter(|(at, _)| self.counts(*at, times, Concludes::Presence));
        urn.map(|(_, urn)| urn.as_str())
    }

    /// Whether what was found at `at` counts.
    fn counts(&self, at: Moment, times: Times, concludes: Concludes) -> bool {
        let age = match (at >= times.began, concludes) {
            (true, Concludes::Presence) => self.age.max(QUIET),
            (true, Concludes::Absence) => QUIET,
            (false, Concludes::Presence) => self.age,
            (false, Concludes::Absence) => self.age.min(QUIET),
        };
        // A finding from the future was made before a clock was set back: nobody knows how old it is.
        at.since(times.now) <= Duration::from_mins(1) && times.now.since(at) <= age
    }

    fn by_connection(&self, person: Person<'_>, known: &Known, times: Times) -> Option<Decision> {
        if !self.has(Gate::Unconnected) {
            return None;
        }
        let flag = Gate::Unconnected.flag();
        let Some(name) = Name::of(person.recipient) else {
            let text = format!("cannot be judged: the row names no profile that the service could be asked about ({flag})");
            return Some(Decision::Unclear(text));
        };
        let told = known
            .relation
            .as_ref()
            .filter(|(at, _)| self.counts(*at, times, Concludes::Presence));
        match (told, name) {
            (None, name) => Some(Decision::Ask(Question::Relationship(name.text()))),
            (Some((_, Told::Answer(relation))), _) if relation.connected => None,
            (Some((_, Told::Answer(relation))), _) => {
                let account = person.account.map_or(String::new(), |account| format!(" to account {account}"));
                let status = relation.status.as_deref().filter(|status| !status.is_empty());
                let status = status.map_or(String::new(), |status| format!(": the service says {status}"));
                Some(Decision::Hold(
                    Gate::Unconnected,
                    format!("not connected{account}{status} ({flag})"),
                ))
            }
            (Some((_, Told::Nobody(said))), Name::Slug(_)) => {
                let text = format!("not connected: the service knows no such profile ({said}) ({flag})");
                Some(Decision::Hold(Gate::Unconnected, text))
            }
            (Some((_, Told::Nobody(said))), Name::Id(_)) => Some(unknown_id(said, flag)),
        }
    }

    fn by_conversation(&self, person: Person<'_>, known: &Known, times: Times) -> Option<Decision> {
        let (any, replied) = (self.has(Gate::InConversation), self.has(Gate::Replied));
        if !any && !replied {
            return None;
        }
        let flag = if any { Gate::InConversation.flag() } else { Gate::Replied.flag() };
        if let Some(conversation) = person.recipient.conversation() {
            if any {
                let text = format!("already in a conversation, which the row names ({flag})");
                return Some(Decision::Hold(Gate::InConversation, text));
            }
            return self.by_messages(conversation, person, known, times);
        }
        let Some(name) = Name::of(person.recipient) else {
            let text = format!("cannot be judged: the row names no profile that the service could be asked about ({flag})");
            return Some(Decision::Unclear(text));
        };
        let Some((at, told)) = &known.contact else {
            return Some(Decision::Ask(Question::Conversation(name.text())));
        };
        let concludes = match told {
            Told::Answer(Contact { exists: true, .. }) => Concludes::Presence,
            Told::Answer(_) | Told::Nobody(_) => Concludes::Absence,
        };
        if !self.counts(*at, times, concludes) {
            return Some(Decision::Ask(Question::Conversation(name.text())));
        }
        match (told, name) {
            (Told::Nobody(said), Name::Id(_)) => Some(unknown_id(said, flag)),
            // Nobody of this name can be in a conversation, and a send will say the same.
            (Told::Nobody(_), Name::Slug(_)) | (Told::Answer(Contact { exists: false, .. }), _) => None,
            (Told::Answer(_), _) if any && person.own == Own::Nothing => Some(in_conversation()),
            (Told::Answer(contact), _) => match &contact.conversation {
                Some(conversation) => self.by_messages(conversation, person, known, times),
                None => Some(Decision::Unclear(format!(
                    "cannot be judged: the service says that there is a conversation, and not which ({flag})"
                ))),
            },
        }
    }

    fn by_messages(&self, conversation: &str, person: Person<'_>, known: &Known, times: Times) -> Option<Decision> {
        let ask = || Some(Decision::Ask(Question::Messages(conversation.to_owned())));
        let Some((at, said)) = known.said.as_ref().filter(|(_, said)| said.conversation == conversation) else {
            return ask();
        };
        let decision = self.by_words(said, person);
        let concludes = match &decision {
            Some(Decision::Hold(..)) => Concludes::Presence,
            _ => Concludes::Absence,
        };
        if self.counts(*at, times, concludes) { decision } else { ask() }
    }

    /// What the messages of a conversation mean.
    fn by_words(&self, said: &Said, person: Person<'_>) -> Option<Decision> {
        let any = self.has(Gate::InConversation) && person.recipient.conversation().is_none();
        let replied = self.has(Gate::Replied);
        if any && said.read > said.own {
            return Some(in_conversation());
        }
        if replied && said.theirs > 0 {
            let day = said.last_theirs.map(|at| at.to_string()).unwrap_or_default();
            let day = day.get(..10).map_or(String::new(), |day| format!(" on {day}"));
            let flag = Gate::Replied.flag();
            return Some(Decision::Hold(Gate::Replied, format!("replied{day} ({flag})")));
        }
        let flag = if replied {
            Gate::Replied.flag()
        } else {
            Gate::InConversation.flag()
        };
        (!said.whole).then(|| {
            let read = said.read;
            Decision::Unclear(format!(
                "cannot be judged: the service shows only the newest {read} messages of the conversation ({flag})"
            ))
        })
    }

    /// What else has to be asked so that the send can name the person by their URN.
    fn by_name(&self, person: Person<'_>, known: &Known, times: Times) -> Option<Decision> {
        let slug = person.recipient.profile_id()?;
        if self.resolve == Resolve::Spared || person.recipient.profile_urn().is_some() {
            return None;
        }
        let counts = |at: Moment| self.counts(at, times, Concludes::Presence);
        let resolved = self.urn(known, times).is_some();
        let asked = known.contact.as_ref().is_some_and(|(at, _)| counts(*at));
        (!resolved && !asked).then(|| Decision::Ask(Question::Conversation(slug.to_owned())))
    }
}

fn in_conversation() -> Decision {
    let flag = Gate::InConversation.flag();
    Decision::Hold(Gate::InConversation, format!("already in a conversation ({flag})"))
}

fn unknown_id(said: &str, flag: &str) -> Decision {
    Decision::Unclear(format!(
        "cannot be judged: the service can be asked about profile ids alone, and does not know the id of this URN ({said}); name the profile id as well ({flag})"
    ))
}

#[cfg(test)]
mod tests;
