//! From what is known of somebody to what becomes of their row.

use std::time::Duration;

use super::{Decision, Gate, Gates, Own, Person, QUIET, Question, Resolve, Times};
use crate::model::finding::{Contact, Said};
use crate::model::findings::{Known, Told};
use crate::model::recipient::Recipient;
use crate::model::time::Moment;

/// What a finding lets one conclude.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Concludes {
    /// Something that is so.
    Presence,
    /// That nobody wrote so far.
    Absence,
    /// Nothing.
    Nothing,
}

impl Concludes {
    /// What a decision rests on, if a row that passes does so by `passing`.
    const fn of(decision: Option<&Decision>, passing: Self) -> Self {
        match decision {
            Some(Decision::Hold(..)) => Self::Presence,
            Some(Decision::Unclear(_)) => Self::Nothing,
            _ => passing,
        }
    }
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
            (true, Concludes::Absence | Concludes::Nothing) => QUIET,
            (false, Concludes::Presence) => self.age,
            (false, Concludes::Absence) => self.age.min(QUIET),
            (false, Concludes::Nothing) => return false,
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
        let Some((at, told)) = &known.relation else {
            return Some(Decision::Ask(Question::Relationship(name.text())));
        };
        let decision = match (told, &name) {
            (Told::Answer(relation), _) if relation.connected => None,
            (Told::Answer(relation), _) => {
                let account = person.account.map_or(String::new(), |account| format!(" to account {account}"));
                let status = relation.status.as_deref().filter(|status| !status.is_empty());
                let status = status.map_or(String::new(), |status| format!(": the service says {status}"));
                Some(Decision::Hold(
                    Gate::Unconnected,
                    format!("not connected{account}{status} ({flag})"),
                ))
            }
            (Told::Nobody(said), Name::Slug(_)) => {
                let text = format!("not connected: the service knows no such profile ({said}) ({flag})");
                Some(Decision::Hold(Gate::Unconnected, text))
            }
            (Told::Nobody(said), Name::Id(_)) => Some(unknown_id(said, flag)),
        };
        if self.counts(*at, times, Concludes::of(decision.as_ref(), Concludes::Presence)) {
            decision
        } else {
            Some(Decision::Ask(Question::Relationship(name.text())))
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
        let decision = match (told, &name) {
            (Told::Nobody(said), Name::Id(_)) => Some(unknown_id(said, flag)),
            // Nobody of this name can be in a conversation, and a send will say the same.
            (Told::Nobody(_), Name::Slug(_)) | (Told::Answer(Contact { exists: false, .. }), _) => None,
            (Told::Answer(_), _) if any && person.own == Own::Nothing => Some(in_conversation()),
            (Told::Answer(contact), _) => match &contact.conversation {
                Some(conversation) if self.counts(*at, times, Concludes::Presence) => {
                    return self.by_messages(conversation, person, known, times);
                }
                Some(_) => None,
                None => Some(Decision::Unclear(format!(
                    "cannot be judged: the service says that there is a conversation, and not which ({flag})"
                ))),
            },
        };
        if self.counts(*at, times, Concludes::of(decision.as_ref(), Concludes::Absence)) {
            decision
        } else {
            Some(Decision::Ask(Question::Conversation(name.text())))
        }
    }

    fn by_messages(&self, conversation: &str, person: Person<'_>, known: &Known, times: Times) -> Option<Decision> {
        let ask = || Some(Decision::Ask(Question::Messages(conversation.to_owned())));
        let Some((at, said)) = known.said.as_ref().filter(|(_, said)| said.conversation == conversation) else {
            return ask();
        };
        let decision = self.by_words(said, person);
        if self.counts(*at, times, Concludes::of(decision.as_ref(), Concludes::Absence)) {
            decision
        } else {
            ask()
        }
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
