//! Which of the messages that were read back is whose.

use std::collections::{BTreeMap, BTreeSet};

use super::doubts::{Claims, Doubt, Rival};
use super::look::{Conversation, Read, attempted};
use super::party::Party;
use super::person::Person;
use crate::model::judgement::{Found, message_tail};
use crate::model::recognition::{Attempted, Right, Sighting, recognise};
use crate::model::skew::Skew;
use crate::model::time::Moment;

/// For each attempt of each party its message, if it is there. The parties that share a conversation share its messages
/// out among them and the attempts that are not in doubt.
pub(super) fn own(read: &[(&Party, &Read)], claims: &Claims, skew: Option<Skew>) -> Vec<Vec<Option<Found>>> {
    let mut found: Vec<Vec<Option<Found>>> = read.iter().map(|(party, _)| vec![None; party.doubts.len()]).collect();
    let mut served = BTreeSet::new();
    for shared in conversations(read) {
        let (mut attempts, mut whose) = (Vec::new(), Vec::new());
        for (place, index, doubt) in doubts(read, &shared.parties) {
            let open = found.get(place).and_then(|found| found.get(index)).is_some_and(Option::is_none);
            if let (Some(span), true) = (&doubt.span, open) {
                attempts.push(attempted(span, &doubt.text, Right::Doubtful, skew));
                whose.push(Whose::Doubt(place, index));
            }
        }
        for (index, rival) in rivals(read, &shared, claims) {
            if !served.contains(&index) && !shared.shows(rival) {
                attempts.push(of_rival(rival, skew));
                whose.push(Whose::Rival(index));
            }
        }
        for (_, attempt) in elsewhere(read, &shared, claims, skew) {
            attempts.push(attempt);
            whose.push(Whose::Nobody);
        }
        let recognised = recognise(&attempts, &shared.seen, |one| claims.hold(one, shared.urn));
        for (whose, place) in whose.into_iter().zip(recognised) {
            let Some(one) = place.and_then(|place| shared.seen.get(place)) else {
                continue;
            };
            match whose {
                Whose::Rival(index) => {
                    served.insert(index);
                }
                Whose::Nobody => {}
                Whose::Doubt(party, index) => {
                    let slot = found.get_mut(party).and_then(|found| found.get_mut(index));
                    if let (Some(slot), Some((_, read))) = (slot, read.get(party)) {
                        *slot = shared.found(one, read.person.urn.clone());
                    }
                }
            }
        }
    }
    found
}

/// Of the attempts that are not in doubt, those that may have gone to one of these persons or to somebody else, and may have
/// left a message that is taken for that of an attempt in doubt, by their numbers.
pub(super) fn suspects(read: &[(&Party, &Read)], claims: &Claims, skew: Option<Skew>) -> BTreeMap<usize, Suspect> {
    let mut suspects: BTreeMap<usize, Suspect> = BTreeMap::new();
    for mut shared in conversations(read) {
        let wanted: Vec<Attempted> = doubts(read, &shared.parties)
            .filter_map(|(_, _, doubt)| Some(attempted(doubt.span.as_ref()?, &doubt.text, Right::Doubtful, skew)))
            .collect();
        let urn = shared.urn;
        shared
            .seen
            .retain(|one| !claims.hold(one, urn) && wanted.iter().any(|attempt| attempt.may_have_sent(one)));
        for (number, _) in elsewhere(read, &shared, claims, skew) {
            let suspect = suspects.entry(number).or_default();
            suspect.parties.extend(&shared.parties);
            suspect.conversations.push(urn.to_owned());
        }
    }
    suspects
}

/// Where the message of an attempt may be that may have gone to somebody else.
#[derive(Debug, Default)]
pub(super) struct Suspect {
    /// The places of those whose it would be otherwise.
    pub parties: Vec<usize>,
    /// The conversations.
    pub conversations: Vec<String>,
}

impl Suspect {
    /// What is to be known of an attempt's recipient to whom the service has this conversation: that it is one of these, or
    /// that it is another. `None` where that cannot be told: a thread of Sales Navigator is beside the conversation with the
    /// same person.
    pub(super) fn place(&self, conversation: &str) -> Option<String> {
        let ordinary = |urn: &str| urn.starts_with("urn:li:msg_conversation:");
        let comparable = ordinary(conversation) && self.conversations.iter().all(|urn| ordinary(urn));
        let same = |urn: &&String| message_tail(urn) == message_tail(conversation);
        let own = self.conversations.iter().find(same).cloned();
        comparable.then(|| own.unwrap_or_else(|| conversation.to_owned()))
    }
}

/// How far back the messages of a conversation with this person matter: to the first attempt in doubt, and to those before
/// it whose message may be that late.
pub(super) fn since(party: &Party, person: &Person, urn: &String, claims: &Claims, skew: Option<Skew>) -> Option<Moment> {
    let account = party.account.as_deref();
    let spans = party.doubts.iter().filter_map(|doubt| Some((doubt.span.as_ref()?, &doubt.text)));
    let began = spans.map(|(span, text)| attempted(span, text, Right::Doubtful, skew).earliest);
    let first = began.min()?;
    let own = claims.rivals(account, person.names().chain([urn])).into_values();
    let own = own.filter(|rival| rival.right == Right::Sent).map(|rival| of_rival(rival, skew));
    let others = claims.elsewhere(account, person.kinds()).map(|(_, rival)| of_stranger(rival, skew));
    let awaited = own.chain(others).filter(|attempt| attempt.is_awaited_at(first));
    awaited.map(|attempt| attempt.earliest).chain([first]).min()
}

/// Whose attempt it is.
enum Whose {
    /// That of a doubt: its party, and its place there.
    Doubt(usize, usize),
    /// That of a rival.
    Rival(usize),
    /// That of somebody who may be another person.
    Nobody,
}

/// One conversation, and what those who read it saw there.
struct Shared<'a> {
    urn: &'a str,
    thread_id: Option<&'a String>,
    /// Who read it.
    parties: Vec<usize>,
    seen: Vec<Sighting>,
}

impl Shared<'_> {
    /// Whether the message of an attempt is there by its name.
    fn shows(&self, rival: &Rival) -> bool {
        self.seen.iter().any(|one| rival.is_named_by(one))
    }

    fn found(&self, one: &Sighting, recipient_urn: Option<String>) -> Option<Found> {
        Some(Found {
            conversation: self.urn.to_owned(),
            message_urn: one.urn.clone(),
            sent_at: one.sent_at?,
            recipient_urn,
            thread_id: self.thread_id.cloned(),
        })
    }
}

/// The conversations in which something was seen.
fn conversations<'a>(read: &[(&Party, &'a Read)]) -> Vec<Shared<'a>> {
    let mut conversations: BTreeMap<&str, Shared<'a>> = BTreeMap::new();
    for (place, (_, read)) in read.iter().enumerate() {
        for Conversation { urn, thread_id, seen } in &read.conversations {
            let shared = conversations.entry(urn).or_insert_with(|| Shared {
                urn,
                thread_id: None,
                parties: Vec::new(),
                seen: Vec::new(),
            });
            shared.thread_id = shared.thread_id.or(thread_id.as_ref());
            shared.parties.push(place);
            shared.seen.extend(seen.iter().cloned());
        }
    }
    conversations.into_values().filter(|shared| !shared.seen.is_empty()).collect()
}

/// The attempts in doubt of these parties, each with the place of its party and its own there.
fn doubts<'a>(read: &'a [(&Party, &Read)], parties: &'a [usize]) -> impl Iterator<Item = (usize, usize, &'a Doubt)> {
    let parties = parties.iter().filter_map(|place| Some((*place, read.get(*place)?.0)));
    parties.flat_map(|(place, party)| party.doubts.iter().enumerate().map(move |(index, doubt)| (place, index, doubt)))
}

/// The rivals that went to this conversation or to one of the persons who read it.
fn rivals<'a>(read: &[(&Party, &Read)], shared: &Shared<'_>, claims: &'a Claims) -> BTreeMap<usize, &'a Rival> {
    let urn = shared.urn.to_owned();
    let mut rivals = BTreeMap::new();
    for (party, read) in shared.parties.iter().filter_map(|place| read.get(*place)) {
        let names = read.person.names().chain([&urn]);
        rivals.extend(claims.rivals(party.account.as_deref(), names));
    }
    rivals
}

/// The attempts that may have gone to one of the persons who read this conversation, or to somebody else, and may have left
/// one of the messages there.
fn elsewhere(read: &[(&Party, &Read)], shared: &Shared<'_>, claims: &Claims, skew: Option<Skew>) -> Vec<(usize, Attempted)> {
    let read = shared.parties.iter().filter_map(|place| read.get(*place));
    let kinds = read.clone().fold(0, |kinds, (_, read)| kinds | read.person.kinds());
    let Some((party, _)) = read.clone().next() else {
        return Vec::new();
    };
    let rivals = claims.elsewhere(party.account.as_deref(), kinds);
    let rivals = rivals.filter(|(_, rival)| !shared.shows(rival));
    let attempts = rivals.map(|(number, rival)| (number, of_stranger(rival, skew)));
    let fits = |attempt: &Attempted| shared.seen.iter().any(|one| attempt.may_have_sent(one));
    attempts.filter(|(_, attempt)| fits(attempt)).collect()
}

fn of_stranger(rival: &Rival, skew: Option<Skew>) -> Attempted {
    Attempted {
        right: Right::Elsewhere,
        ..of_rival(rival, skew)
    }
}

fn of_rival(rival: &Rival, skew: Option<Skew>) -> Attempted {
    Attempted {
        name: rival.name(),
        ..attempted(&rival.span, &rival.text, rival.right, skew)
    }
}
