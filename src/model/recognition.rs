//! Which message of a conversation is that of an attempt whose answer never came: pure.
//!
//! Nothing in the API names a send, so a message is recognised by four things together: the account's owner sent it, it
//! is no older than the attempt, it has the same text after folding white space, and no other attempt has claimed it. A
//! text alone proves nothing: an older identical message would count.
//!
//! Attempts of the same text to the same person compete for its messages, those too that are settled and whose message
//! is not known by name. Each message goes to the attempt that was under way when it was sent, and as many attempts get
//! one as there are messages. Rather nobody than the wrong one: an attempt of which nobody knows whether it went to the same
//! person takes its message before those in doubt do.

use std::time::Duration;

use super::judgement::{TextDigests, claim_name};
use super::time::Moment;

/// How long after its attempt a message that was acknowledged may be dated: the service may send it only then.
pub const LATE: Duration = Duration::from_mins(1);

/// The same where it is known for certain to have gone to this person, so that somewhere it must be.
pub const VERY_LATE: Duration = Duration::from_hours(1);

/// An attempt that may have left a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// The earliest moment at which its message can have been sent, by the service's clock.
    pub earliest: Moment,
    /// When it began most likely, by the service's clock.
    pub began: Moment,
    /// When it ended most likely, by the service's clock. Its message may have been sent later.
    pub ended: Moment,
    /// Its text.
    pub text: TextDigests,
    /// Whether it was sent.
    pub right: Right,
    /// Whether the name of its message is known.
    pub name: Name,
}

impl Attempted {
    /// Whether this message may be its own.
    #[must_use]
    pub fn may_have_sent(&self, one: &Sighting) -> bool {
        one.sent_at.is_some_and(|at| self.may_be_late(at)) && self.said(&one.text, one.urn.as_deref())
    }

    /// Whether a message that was sent then can be its own: not before it began, and not too long after it ended.
    fn may_be_late(&self, at: Moment) -> bool {
        self.earliest <= at && self.is_awaited_at(at)
    }

    /// Whether its message may still have been on its way then.
    #[must_use]
    pub fn is_awaited_at(&self, at: Moment) -> bool {
        match (self.right, self.name) {
            (Right::Doubtful, _) => true,
            (Right::Sent, Name::Unknown) => at <= self.latest() + VERY_LATE,
            (Right::Elsewhere, _) | (Right::Sent, Name::Unseen) => at <= self.latest() + LATE,
        }
    }

    fn said(&self, text: &TextDigests, urn: Option<&str>) -> bool {
        text.agree(&self.text) && (self.name == Name::Unknown || urn.is_none())
    }

    /// Whether it was under way then, as far as the clocks tell.
    fn about(&self, at: Moment) -> bool {
        self.earliest <= at && at <= self.latest()
    }

    fn latest(&self) -> Moment {
        self.ended + self.began.since(self.earliest)
    }
}

/// Whether the message of an attempt can be known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Nobody knows its name: it may be any message.
    Unknown,
    /// The service named it, and there is no message of this name: it may be one that is shown without a name.
    Unseen,
}

/// What is known of an attempt whose message is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// It was sent, only its message is not known by name: one of the messages is its own, so it chooses first.
    Sent,
    /// It was sent, or may have been, its message is not known by name, and nobody knows whether it went to the same person:
    /// what was sent while it was under way or within [`LATE`] of it may be its own, and is kept for it.
    Elsewhere,
    /// It may have been sent.
    Doubtful,
}

/// Who sent a message that was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The owner of the account.
    Owner,
    /// Somebody else, or nobody knows.
    Other,
}

/// A message that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its URN, in either form.
    pub urn: Option<String>,
    /// When it was sent, by the service's clock.
    pub sent_at: Option<Moment>,
    /// Who sent it.
    pub sender: Sender,
    /// Its text.
    pub text: TextDigests,
}

impl Sighting {
    /// The name under which an attempt claims the message, which was read back from this conversation.
    #[must_use]
    pub fn name(&self, conversation: &str) -> Option<String> {
        claim_name(self.urn.as_deref(), self.sent_at.map(|at| (conversation, at)))
    }

    /// The name of a message that was sent in this conversation at this time, whatever it is called.
    #[must_use]
    pub fn place(&self, conversation: &str) -> Option<String> {
        claim_name(None, self.sent_at.map(|at| (conversation, at)))
    }
}

/// For each attempt, which of the messages of its conversation is its own, as an index into `seen`.
///
/// `is_claimed` tells of messages that belong to another attempt already. No message is given out twice, also where it
/// was read back twice.
#[must_use]
pub fn recognise(attempts: &[Attempted], seen: &[Sighting], is_claimed: impl Fn(&Sighting) -> bool) -> Vec<Option<usize>> {
    let mut table = Table {
        attempts,
        free: free(seen, is_claimed),
        own: vec![None; attempts.len()],
        taken: Vec::new(),
    };
    table.taken = vec![None; table.free.len()];
    for right in [Right::Sent, Right::Elsewhere, Right::Doubtful] {
        table.give(right, |attempt, at| attempt.began <= at && at <= attempt.ended);
        table.give(right, Attempted::about);
        table.give_late(right);
    }
    let places = table.own.iter().map(|own| own.and_then(|place| table.free.get(place)));
    places.map(|message| message.map(|message| message.index)).collect()
}

/// A message that nobody has claimed.
struct Free<'a> {
    at: Moment,
    index: usize,
    text: &'a TextDigests,
    urn: Option<&'a str>,
}

/// The messages that the owner sent and nobody has claimed, each once, the oldest first.
fn free(seen: &[Sighting], is_claimed: impl Fn(&Sighting) -> bool) -> Vec<Free<'_>> {
    let mut names = std::collections::HashSet::new();
    let mut free: Vec<Free<'_>> = seen
        .iter()
        .enumerate()
        .filter(|(_, sighting)| sighting.sender == Sender::Owner && !is_claimed(sighting))
        .filter_map(|(index, sighting)| {
            let (at, text, urn) = (sighting.sent_at?, &sighting.text, sighting.urn.as_deref());
            // The same message may be read back from two lists of the conversation, which all of them are from.
            names.insert(sighting.name("")).then_some(Free { at, index, text, urn })
        })
        .collect();
    free.sort_by_key(|message| (message.at, message.index));
    free
}

/// Which attempt has which message.
struct Table<'a> {
    attempts: &'a [Attempted],
    free: Vec<Free<'a>>,
    /// For each attempt, the place of its message in `free`.
    own: Vec<Option<usize>>,
    /// For each message of `free`, its attempt.
    taken: Vec<Option<usize>>,
}

impl Table<'_> {
    /// Gives every message to the attempt that was under way nearest to it, and ended soonest, of those which have none yet
    /// and, as `fits` says, sent it.
    fn give(&mut self, right: Right, fits: impl Fn(&Attempted, Moment) -> bool) {
        for place in 0..self.free.len() {
            let (Some(message), Some(None)) = (self.free.get(place), self.taken.get(place)) else {
                continue;
            };
            let waiting = self.attempts.iter().enumerate().filter(|(index, attempt)| {
                let has_none = self.own.get(*index).is_some_and(Option::is_none);
                has_none && attempt.right == right && fits(attempt, message.at) && attempt.said(message.text, message.urn)
            });
            let nearest = waiting.min_by_key(|(_, attempt)| {
                let away = attempt.began.since(message.at).max(message.at.since(attempt.ended));
                (away, attempt.ended, std::cmp::Reverse(attempt.began))
            });
            if let Some((index, _)) = nearest {
                self.pair(index, place);
            }
        }
    }

    /// Gives what is left to those that have none yet: the latest attempt chooses first, since what is late enough for it
    /// is late enough for the earlier ones too. Others change theirs where that leaves nobody without.
    fn give_late(&mut self, right: Right) {
        let mut order: Vec<usize> = (0..self.attempts.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(self.attempts.get(*index).map(|attempt| attempt.earliest)));
        for index in order {
            let wanting = self.attempts.get(index).is_some_and(|attempt| attempt.right == right);
            if wanting && self.own.get(index).is_some_and(Option::is_none) {
                let mut tried = vec![false; self.free.len()];
                self.make_room(index, &mut tried);
            }
        }
    }

    /// Finds a message for an attempt; attempts in its way take another. Returns whether there is one.
    fn make_room(&mut self, index: usize, tried: &mut [bool]) -> bool {
        let Some(attempt) = self.attempts.get(index) else { return false };
        let fits = |message: &Free<'_>| attempt.may_be_late(message.at) && attempt.said(message.text, message.urn);
        let fitting: Vec<usize> = (0..self.free.len())
            .filter(|place| self.free.get(*place).is_some_and(fits))
            .collect();
        let is_free = |place: &&usize| self.taken.get(**place) == Some(&None);
        if let Some(place) = fitting.iter().find(is_free).copied() {
            self.pair(index, place);
            return true;
        }
        for place in fitting {
            if std::mem::replace(&mut tried[place], true) {
                continue;
            }
            let Some(Some(holder)) = self.taken.get(place).copied() else {
                continue;
            };
            if self.make_room(holder, tried) {
                self.pair(index, place);
                return true;
            }
        }
        false
    }

    fn pair(&mut self, index: usize, place: usize) {
        self.own[index] = Some(place);
        self.taken[place] = Some(index);
    }
}

#[cfg(test)]
mod tests;
