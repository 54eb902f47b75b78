//! Everything that one person may be called, and where they may be talked to.

use std::collections::BTreeSet;

use super::doubts::Doubt;
use super::look::{Depth, Listed};
use super::party::{CONVERSATION, kinds_of};
use crate::adapters::api::{ConversationInfo, Participant};
use crate::campaign::asking::{Asker, Silence};
use crate::model::recipient::Recipient;

/// A conversation that may hold the message.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its URN.
    pub urn: String,
    /// The thread of Sales Navigator, where it is one.
    pub thread_id: Option<String>,
}

/// One person, as far as they are known.
#[derive(Debug, Clone)]
pub(super) struct Person {
    names: BTreeSet<String>,
    /// What their conversations call who takes part: them, and perhaps the owner of the account.
    aliases: BTreeSet<String>,
    /// Their URN.
    pub urn: Option<String>,
    /// Where they may be talked to.
    pub candidates: Vec<Candidate>,
    /// Where an earlier look found that they are talked to.
    familiar: Vec<Candidate>,
    /// What was looked at.
    pub said: Vec<String>,
    /// Whether everything was answered that could show the message.
    pub thorough: bool,
}

/// Whether somebody is a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meeting {
    /// They are.
    Same,
    /// They are somebody else.
    Other,
    /// They have no name that can be compared.
    Unclear,
}

/// Names of one kind can be compared: two different ones are two people's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The id that does not change, bare or in a URN.
    Urn,
    /// The one of the profile's address.
    ProfileId,
}

impl Kind {
    fn of(name: &str) -> Self {
        if name.starts_with("urn:") || name.starts_with("ACo") {
            Self::Urn
        } else {
            Self::ProfileId
        }
    }
}

/// What the URN of a profile begins with.
pub(super) const PROFILE: &str = "urn:li:fsd_profile:";
const SALES_THREAD: &str = "urn:li:salesNav_thread:";

impl Person {
    /// The recipient of these attempts.
    pub(super) fn of(doubts: &[Doubt]) -> Self {
        let mut person = Self {
            names: BTreeSet::new(),
            aliases: BTreeSet::new(),
            urn: None,
            candidates: Vec::new(),
            familiar: Vec::new(),
            said: Vec::new(),
            thorough: true,
        };
        for name in doubts.iter().flat_map(|doubt| &doubt.to) {
            if name.starts_with("urn:") && !name.starts_with(PROFILE) {
                person.candidate(name.clone(), None);
            } else {
                person.is_called(name);
            }
        }
        person
    }

    /// The same person when they are looked for again: what was learned of them is kept.
    pub(super) fn again(self) -> Self {
        Self {
            familiar: self.candidates.into_iter().chain(self.familiar).collect(),
            candidates: Vec::new(),
            said: Vec::new(),
            thorough: true,
            ..self
        }
    }

    /// Every name that an attempt to them may have in the journal, but for those of their conversations.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.iter().chain(&self.aliases)
    }

    /// Which kinds of names are known of them. In which conversation something was said is always known.
    pub(super) fn kinds(&self) -> u8 {
        kinds_of(&self.names) | CONVERSATION
    }

    fn is_called(&mut self, name: &str) {
        if let Some(id) = name.strip_prefix(PROFILE) {
            self.names.insert(id.to_owned());
            self.urn = Some(name.to_owned());
        }
        self.names.insert(name.to_owned());
    }

    /// Adds what a conversation of theirs calls who takes part in it.
    pub(super) fn takes_part_as(&mut self, somebody: &Participant) {
        let id = somebody.profile_id.as_deref().unwrap_or_default();
        let named = [Some(id), somebody.profile_url.as_deref()].into_iter().flatten();
        let recipients = named.filter_map(|name| Recipient::parse(name).ok());
        self.aliases
            .extend(recipients.flat_map(|recipient| recipient.identities().map(String::from).collect::<Vec<_>>()));
    }

    fn candidate(&mut self, urn: String, thread_id: Option<String>) {
        if self.candidates.iter().all(|known| known.urn != urn) {
            let thread_id = thread_id.or_else(|| urn.strip_prefix(SALES_THREAD).map(str::to_owned));
            self.candidates.push(Candidate { urn, thread_id });
        }
    }

    /// Whether somebody who takes part in a conversation is this person, as far as their names tell.
    fn meets(&self, somebody: &Participant) -> Meeting {
        let id = somebody.profile_id.clone().filter(|id| !id.is_empty());
        let by_url = somebody.profile_url.as_deref().and_then(|url| Recipient::parse(url).ok());
        let by_url = by_url.iter().flat_map(Recipient::identities).map(String::from);
        let names: Vec<String> = id.into_iter().chain(by_url).collect();
        let is_own = |name: &String| self.names.contains(name) || self.names.contains(&name.to_lowercase());
        let compares = |name: &String| self.names.iter().any(|own| Kind::of(own) == Kind::of(name));
        if names.iter().any(is_own) {
            Meeting::Same
        } else if names.iter().any(compares) {
            Meeting::Other
        } else {
            Meeting::Unclear
        }
    }

    /// Whether the list tells of every conversation in which something happened if it is with this person. It does not
    /// where it leaves out who takes part, or calls them by a kind of name that is not known of the person.
    pub(super) fn is_told_by(&self, listed: &Listed) -> bool {
        listed.entries.iter().filter(|entry| !listed.is_quiet(entry)).all(|entry| {
            let known = self.is_familiar(&entry.conversation_urn);
            let mut meetings = entry.participants.iter().map(|somebody| self.meets(somebody));
            let named = !entry.participants.is_empty() && meetings.clone().all(|meeting| meeting != Meeting::Unclear);
            known || named || meetings.any(|meeting| meeting == Meeting::Same)
        })
    }

    fn is_familiar(&self, urn: &str) -> bool {
        self.familiar.iter().any(|known| known.urn == urn)
    }

    /// Adds the conversations of an earlier look, where there is no list that tells of them.
    pub(super) fn recall(&mut self) {
        for known in self.familiar.clone() {
            self.candidate(known.urn, known.thread_id);
        }
    }

    /// Adds the conversations of the list that are with this person; where the list is relied on, only those in which
    /// something happened since the attempts.
    pub(super) fn look_up(&mut self, listed: &Listed, depth: Depth) {
        let is_own = |entry: &&ConversationInfo| {
            let takes_part = || entry.participants.iter().any(|somebody| self.meets(somebody) == Meeting::Same);
            self.is_familiar(&entry.conversation_urn) || takes_part()
        };
        let own = listed.entries.iter().filter(is_own).map(|entry| {
            let thread_id = entry.sales_nav_thread_id.clone();
            (entry.conversation_urn.clone(), thread_id, listed.is_quiet(entry))
        });
        let own: Vec<_> = own.collect();
        if own.is_empty() && listed.whole {
            let told = "not among the recent conversations".to_owned();
            if !self.said.contains(&told) {
                self.said.push(told);
            }
        }
        for (urn, thread_id, quiet) in own {
            if quiet && depth == Depth::Listed {
                self.said.push(format!("nothing new in {urn}"));
            } else {
                self.candidate(urn, thread_id);
            }
        }
        if depth == Depth::Every || !listed.is_reliable() {
            self.recall();
        }
    }

    /// Asks whether there is a conversation.
    pub(super) async fn ask(&mut self, asker: &mut Asker<'_>, account: Option<&str>) -> Result<(), Silence> {
        let slug = self.names.iter().find(|name| !name.starts_with("urn:") && !name.starts_with("ACo"));
        let Some(name) = slug.or_else(|| self.names.iter().find(|name| !name.starts_with("urn:"))).cloned() else {
            return Ok(());
        };
        match asker.ask(account, async |client| client.exists(&name, account).await).await {
            Ok(existing) => {
                if let Some(urn) = existing.recipient_urn() {
                    self.is_called(urn);
                }
                match existing.conversation_urn.filter(|_| existing.has_conversation) {
                    Some(urn) => self.candidate(urn, None),
                    None => self.said.push(format!("no conversation with {name}")),
                }
                Ok(())
            }
            Err(silence) => self.note("the question whether there is a conversation", silence),
        }
    }

    /// Notes that something was not answered.
    ///
    /// # Errors
    /// The silence itself, where nothing else should be asked for now.
    pub(super) fn note(&mut self, what: &str, silence: Silence) -> Result<(), Silence> {
        if silence.ends_everything() {
            return Err(silence);
        }
        self.thorough = false;
        self.said.push(format!("{what} was not answered: {silence}"));
        Ok(())
    }
}
