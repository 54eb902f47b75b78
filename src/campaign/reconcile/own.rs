//! Which of the messages that were read back is whose.

use std::collections::{BTreeMap, BTreeSet};

use super::doubts::{Claims, Rival};
use super::look::{Conversation, Read, attempted};
use super::party::Party;
use crate::model::judgement::Found;
use crate::model::recognition::{Attempted, Right, Sighting, recognise};
use crate::model::skew::Skew;

/// For each attempt of each party its message, if it is there. The parties that share a conversation share its messages
/// out among them and the attempts that are not in doubt.
pub(super) fn own(read: &[(&Party, &Read)], claims: &Claims, skew: Option<Skew>) -> Vec<Vec<Option<Found>>> {
    let mut found: Vec<Vec<Option<Found>>> = read.iter().map(|(party, _)| vec![None; party.doubts.len()]).collect();
    let mut served = BTreeSet::new();
    for (urn, parties) in conversations(read) {
        let own = |conversation: &&Conversation| conversation.urn == urn;
        let pages = parties
            .iter()
            .filter_map(|place| read.get(*place)?.1.conversations.iter().find(own));
        let thread_id = pages.clone().find_map(|conversation| conversation.thread_id.clone());
        let seen: Vec<Sighting> = pages.flat_map(|conversation| conversation.seen.iter().cloned()).collect();
        if seen.is_empty() {
            continue;
        }
        let (mut attempts, mut whose) = (Vec::new(), Vec::new());
        for place in &parties {
            let Some((party, _)) = read.get(*place) else { continue };
            for (index, doubt) in party.doubts.iter().enumerate() {
                let open = found.get(*place).and_then(|found| found.get(index)).is_some_and(Option::is_none);
                if let (Some(span), true) = (&doubt.span, open) {
                    attempts.push(attempted(span, &doubt.text, Right::Doubtful, skew));
                    whose.push(Whose::Doubt(*place, index));
                }
            }
        }
        for (index, rival) in rivals(read, &parties, urn, claims) {
            if !served.contains(&index) {
                attempts.push(of_rival(rival, skew));
                whose.push(Whose::Rival(index));
            }
        }
        for attempt in elsewhere(read, &parties, claims, skew) {
            if seen.iter().any(|one| attempt.may_have_sent(one)) {
                attempts.push(attempt);
                whose.push(Whose::Nobody);
            }
        }
        let recognised = recognise(&attempts, &seen, |one| claims.hold(one, urn));
        for (whose, place) in whose.into_iter().zip(recognised) {
            let Some(one) = place.and_then(|place| seen.get(place)) else {
                continue;
            };
            match whose {
                Whose::Rival(index) => {
                    served.insert(index);
                }
                Whose::Nobody => {}
                Whose::Doubt(party, index) => {
                    let slot = found.get_mut(party).and_then(|found| found.get_mut(index));
                    if let (Some(slot), Some(sent_at), Some((_, read))) = (slot, one.sent_at, read.get(party)) {
                        *slot = Some(Found {
                            conversation: urn.to_owned(),
                            message_urn: one.urn.clone(),
                            sent_at,
                            recipient_urn: read.person.urn.clone(),
                            thread_id: thread_id.clone(),
                        });
                    }
                }
            }
        }
    }
    found
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

/// The parties that read each conversation.
fn conversations<'a>(read: &[(&Party, &'a Read)]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut conversations: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, (_, read)) in read.iter().enumerate() {
        for conversation in &read.conversations {
            conversations.entry(&conversation.urn).or_default().push(place);
        }
    }
    conversations
}

/// The rivals that went to this conversation or to one of these persons.
fn rivals<'a>(read: &[(&Party, &Read)], parties: &[usize], urn: &str, claims: &'a Claims) -> BTreeMap<usize, &'a Rival> {
    let urn = urn.to_owned();
    let mut rivals = BTreeMap::new();
    for (party, read) in parties.iter().filter_map(|place| read.get(*place)) {
        let names = read.person.names().chain([&urn]);
        rivals.extend(claims.rivals(party.account.as_deref(), names));
    }
    rivals
}

/// The attempts that may have gone to one of these persons, or to somebody else.
fn elsewhere(read: &[(&Party, &Read)], parties: &[usize], claims: &Claims, skew: Option<Skew>) -> Vec<Attempted> {
    let read = parties.iter().filter_map(|place| read.get(*place));
    let kinds = read.clone().fold(0, |kinds, (_, read)| kinds | read.person.kinds());
    let Some((party, _)) = read.clone().next() else {
        return Vec::new();
    };
    let rivals = claims.elsewhere(party.account.as_deref(), kinds);
    let attempts = rivals.map(|rival| Attempted {
        right: Right::Elsewhere,
        ..of_rival(rival, skew)
    });
    attempts.collect()
}

fn of_rival(rival: &Rival, skew: Option<Skew>) -> Attempted {
    attempted(&rival.span, &rival.text, rival.right, skew)
}
