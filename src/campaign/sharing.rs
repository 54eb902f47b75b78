//! Which account sends a row that names none, where several share them: the same one for the same person in every run.
//!
//! Nothing is written down for it. Whom an account was given to write to is computed from the two names alone, so that
//! neither edits of the sheet nor added rows move anybody; and who was written to keeps the account that the journal names.

use std::collections::HashMap;

use super::settings::{Reassigned, Share, Sharing, Strategy};
use crate::model::ledger::KeyId;
use crate::model::limits::mixed;
use crate::model::rate::DailyLimit;

/// Accounts that rows of the journal were sent from, or were to be.
#[derive(Debug, Default)]
pub struct Given {
    names: Vec<String>,
    of: HashMap<KeyId, u16>,
}

impl Given {
    /// A row was to be sent from `account`. The last word counts.
    pub fn note(&mut self, key: KeyId, account: &str) {
        let known = self.names.iter().position(|name| name == account);
        let index = known.unwrap_or_else(|| {
            self.names.push(account.to_owned());
            self.names.len() - 1
        });
        if let Ok(index) = u16::try_from(index) {
            self.of.insert(key, index);
        }
    }

    fn account(&self, key: KeyId) -> Option<&str> {
        self.names.get(usize::from(*self.of.get(&key)?)).map(String::as_str)
    }
}

/// Shares rows among accounts.
#[derive(Debug, Default)]
pub struct Sharer {
    strategy: Strategy,
    among: Vec<Share>,
    moves: Vec<Reassigned>,
    given: Given,
    /// How many more messages each account may send today, and in any later day, for `fill`.
    rooms: Vec<(u32, u32)>,
}

impl Sharer {
    /// Shares by these settings. `limit` says how many messages an account may send in a day, and `used` how many it sent today.
    #[must_use]
    pub fn new(sharing: &Sharing, given: Given, limit: impl Fn(&str) -> DailyLimit, used: impl Fn(&str) -> u32) -> Self {
        let room = |share: &Share| match limit(&share.id) {
            DailyLimit::Unlimited => (u32::MAX, u32::MAX),
            DailyLimit::At(most) => (most.saturating_sub(used(&share.id)), most),
        };
        Self {
            strategy: sharing.strategy,
            among: sharing.among.clone(),
            moves: sharing.reassigned.clone(),
            given,
            rooms: sharing.among.iter().map(room).collect(),
        }
    }

    /// The account of a row that names none; `None` where nothing is shared.
    pub fn account_of(&mut self, person: &str, key: Option<KeyId>) -> Option<&str> {
        if self.among.is_empty() {
            return None;
        }
        if let Some(key) = key
            && self.given.account(key).is_some()
        {
            return self.given.account(key);
        }
        let index = match self.strategy {
            Strategy::RoundRobin => drawn(person, &self.among)?,
            Strategy::Fill => self.filled(),
        };
        self.among.get(index).map(|share| share.id.as_str())
    }

    /// The first account that has room; when no day has any left, the next day begins.
    fn filled(&mut self) -> usize {
        if self.rooms.iter().all(|(left, _)| *left == 0) {
            self.rooms.iter_mut().for_each(|(left, most)| *left = *most);
        }
        // Where nobody may ever send, the first one has the rows and says why they wait.
        let index = self.rooms.iter().position(|(left, _)| *left > 0).unwrap_or(0);
        if let Some((left, most)) = self.rooms.get_mut(index)
            && *most < u32::MAX
        {
            *left = left.saturating_sub(1);
        }
        index
    }

    /// The account that sends instead of `account`, where a person said so. Where several do, each person has one of them.
    #[must_use]
    pub fn instead_of(&self, account: Option<&str>, person: &str) -> Option<&str> {
        let shares = self
            .moves
            .iter()
            .filter(|moved| Some(moved.from.as_str()) == account)
            .map(|moved| Share {
                id: moved.to.clone(),
                weight: std::num::NonZeroU32::MIN,
            });
        let shares: Vec<Share> = shares.collect();
        let chosen = shares.get(drawn(person, &shares)?)?;
        self.moves.iter().map(|moved| moved.to.as_str()).find(|to| *to == chosen.id)
    }

    /// Whether a row can have another account than the sheet and `--account` say.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.among.is_empty() && self.moves.is_empty()
    }
}

/// Draws one of the shares for a person, in proportion to the weights: the highest lot of those that person and account
/// draw together. So an account that joins takes its part of each other's, and one that goes leaves only its own people.
fn drawn(person: &str, shares: &[Share]) -> Option<usize> {
    let person = lot(person);
    let score = |share: &Share| {
        let drawn = mixed(person ^ lot(&share.id)) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let chance = (drawn as f64 + 0.5) / (1u64 << 53) as f64;
        f64::from(share.weight.get()) / -chance.ln()
    };
    let scores = shares.iter().map(score).enumerate();
    scores.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

/// A number that stands for a text, the same in every version of this program.
fn lot(text: &str) -> u64 {
    text.bytes().fold(text.len() as u64, |lot, byte| mixed(lot ^ u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert, proptest};

    use super::*;

    fn shares(of: &[&str]) -> Vec<Share> {
        of.iter().map(|text| text.parse().expect("a share")).collect()
    }

    fn part(of: &[&str], index: usize) -> f64 {
        let shares = shares(of);
        let hits = (0..20_000u32)
            .filter(|n| drawn(&format!("person-{n}"), &shares) == Some(index))
            .count();
        f64::from(u32::try_from(hits).expect("few")) / 20_000.0
    }

    #[test]
    fn weights_hold_within_a_few_percent() {
        for (of, expected) in [
            (&["a", "b"][..], &[0.5, 0.5][..]),
            (&["acc_1=3", "acc_2"], &[0.75, 0.25]),
            (&["x=1", "y=2", "z=7"], &[0.1, 0.2, 0.7]),
        ] {
            for (index, expected) in expected.iter().enumerate() {
                let part = part(of, index);
                assert!((part - expected).abs() < 0.015, "{of:?} {index}: {part}");
            }
        }
    }

    #[test]
    fn fill_gives_the_first_what_its_day_allows_and_then_the_next() {
        let sharing = Sharing {
            strategy: Strategy::Fill,
            among: shares(&["a", "b"]),
            reassigned: Vec::new(),
        };
        let mut sharer = Sharer::new(&sharing, Given::default(), |_| DailyLimit::At(3), |id| u32::from(id == "a"));
        let given: Vec<String> = (0..8).filter_map(|_| sharer.account_of("p", None).map(str::to_owned)).collect();
        assert_eq!(given.concat(), "aabbbaaa");
        let mut sharer = Sharer::new(&sharing, Given::default(), |_| DailyLimit::Unlimited, |_| 9);
        assert!((0..5).all(|_| sharer.account_of("p", None) == Some("a")));
    }

    proptest! {
        /// An account that goes moves nobody but its own people, and one that joins takes people only to itself.
        #[test]
        fn nobody_moves_but_to_or_from_the_account_that_came_or_went(people in prop::collection::vec("[a-z0-9-]{1,20}", 1..60), weights in prop::collection::vec(1u32..9, 2..7)) {
            let all: Vec<String> = weights.iter().enumerate().map(|(n, weight)| format!("acc_{n}={weight}")).collect();
            let all = shares(&all.iter().map(String::as_str).collect::<Vec<_>>());
            let (gone, left) = all.split_first().expect("some");
            for person in people {
                let before = drawn(&person, &all).and_then(|index| all.get(index)).expect("one");
                let after = drawn(&person, left).and_then(|index| left.get(index)).expect("one");
                prop_assert!(before.id == after.id || before.id == gone.id);
            }
        }
    }
}
