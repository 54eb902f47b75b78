//! Which attempts may have gone to the same person, so that they are looked at together.

use std::collections::{BTreeMap, HashMap};

use super::doubts::Doubt;

/// Attempts of one account to one person.
#[derive(Debug, Clone)]
pub(super) struct Party {
    /// The sending account.
    pub account: Option<String>,
    /// The attempts.
    pub doubts: Vec<Doubt>,
}

/// Sets of small numbers that are put together as it turns out that they belong together.
struct Union(Vec<usize>);

impl Union {
    fn of(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn find(&mut self, mut one: usize) -> usize {
        while self.0[one] != one {
            self.0[one] = self.0[self.0[one]];
            one = self.0[one];
        }
        one
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0[one.max(other)] = one.min(other);
    }
}

/// The attempts by person, and the persons in batches: those that said the same and may be one person under different
/// names are in one batch, and what is read of one of them is given out when all of them are read.
pub(super) fn batches(doubts: &[Doubt]) -> Vec<Vec<Party>> {
    let parties = parties(doubts);
    let mut union = Union::of(parties.len());
    let mut by_text: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, party) in parties.iter().enumerate() {
        for doubt in &party.doubts {
            let text = doubt.text.folded.as_ref().unwrap_or(&doubt.text.exact);
            by_text.entry(text).or_default().push(place);
        }
    }
    for alike in by_text.into_values() {
        // One of each kind stands for all of its kind: those that have a kind of name in common and are not one party
        // are different people, however many there are.
        let mut kinds: BTreeMap<(Option<&str>, u8), Vec<usize>> = BTreeMap::new();
        for place in alike {
            let kind = parties[place].doubts.iter().fold(0, |kinds, doubt| kinds | kinds_of(&doubt.to));
            kinds.entry((parties[place].account.as_deref(), kind)).or_default().push(place);
        }
        let groups: Vec<_> = kinds.into_iter().collect();
        for (index, ((account, kind), places)) in groups.iter().enumerate() {
            for ((other_account, other_kind), others) in &groups[index + 1..] {
                let one_account = account == other_account && kind & other_kind == 0;
                // Without an account nobody knows which one it was.
                let unknown = account != other_account && (account.is_none() || other_account.is_none());
                if one_account || unknown {
                    let first = places[0];
                    places.iter().chain(others).for_each(|place| union.join(first, *place));
                }
            }
        }
    }
    let mut batches: BTreeMap<usize, Vec<Party>> = BTreeMap::new();
    for (place, party) in parties.into_iter().enumerate() {
        batches.entry(union.find(place)).or_default().push(party);
    }
    batches.into_values().collect()
}

/// The attempts of each account that have a name of the recipient in common, in the order of the first of each.
fn parties(doubts: &[Doubt]) -> Vec<Party> {
    let mut union = Union::of(doubts.len());
    let mut by_name: HashMap<(Option<&str>, &str), usize> = HashMap::new();
    for (place, doubt) in doubts.iter().enumerate() {
        for name in &doubt.to {
            let first = *by_name.entry((doubt.account.as_deref(), name)).or_insert(place);
            union.join(first, place);
        }
    }
    let mut parties: BTreeMap<usize, Party> = BTreeMap::new();
    for (place, doubt) in doubts.iter().enumerate() {
        let party = parties.entry(union.find(place)).or_insert_with(|| Party {
            account: doubt.account.clone(),
            doubts: Vec::new(),
        });
        party.doubts.push(doubt.clone());
    }
    parties.into_values().collect()
}

/// The kind of name that a conversation is.
pub(super) const CONVERSATION: u8 = 2;

/// The kind of name that a profile id is.
pub(super) const PROFILE_ID: u8 = 4;

/// Which kinds of names of a recipient these are, as bits. Of two people whose names have a kind in common it is known
/// whether they are one.
pub(super) fn kinds_of<'a>(names: impl IntoIterator<Item = &'a String>) -> u8 {
    let kind = |name: &String| match name.as_str() {
        name if name.starts_with("urn:li:fsd_profile:") || name.starts_with("ACo") => 1,
        name if name.starts_with("urn:") => CONVERSATION,
        _ => PROFILE_ID,
    };
    names.into_iter().map(kind).fold(0, |kinds, kind| kinds | kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::{Intent, Position};
    use crate::model::judgement::TextDigests;
    use crate::model::ledger::{KeyId, KeySource, Ledger};
    use crate::model::row::RowNumber;
    use crate::model::time::Moment;

    fn any_key() -> KeyId {
        let mut ledger = Ledger::new(KeySource::Column);
        let intent = Intent {
            at: Moment::from_millis(0),
            row: RowNumber(2),
            key: "any".to_owned(),
            to: Vec::new(),
            account: None,
            sha256: String::new(),
            folded_sha256: None,
            test: false,
        };
        ledger.begin(Position(0), &intent);
        ledger.find_key("any").expect("a key")
    }

    fn doubt(account: &str, to: &[&str], text: &str) -> Doubt {
        Doubt {
            of: Position(0),
            id: any_key(),
            key: to.concat(),
            row: None,
            account: Some(account.to_owned()).filter(|account| !account.is_empty()),
            to: to.iter().map(|name| (*name).to_owned()).collect(),
            span: None,
            text: TextDigests {
                exact: text.to_owned(),
                folded: Some(text.to_owned()),
            },
        }
    }

    /// The recipients of each batch, party by party.
    fn shape(doubts: &[Doubt]) -> Vec<Vec<Vec<String>>> {
        let keys = |party: &Party| party.doubts.iter().map(|doubt| doubt.key.clone()).collect();
        batches(doubts).iter().map(|batch| batch.iter().map(keys).collect()).collect()
    }

    const JANE: &str = "urn:li:fsd_profile:ACoAAjane";

    #[test]
    fn attempts_with_a_name_in_common_are_one_party() {
        let doubts = [
            doubt("1", &["jane"], "a"),
            doubt("1", &[JANE, "jane"], "b"),
            doubt("1", &[JANE], "c"),
            doubt("2", &["jane"], "a"),
        ];
        assert_eq!(shape(&doubts).len(), 2);
        assert_eq!(shape(&doubts)[0][0].len(), 3);
    }

    #[test]
    fn only_those_that_said_the_same_and_may_be_one_person_wait_for_each_other() {
        // Two slugs are two people; a URN may be either of them.
        let two = [doubt("1", &["jane"], "a"), doubt("1", &["bob"], "a")];
        assert_eq!(shape(&two).len(), 2);
        let mut three = two.to_vec();
        three.push(doubt("1", &[JANE], "a"));
        assert_eq!(shape(&three).len(), 1);
        let other_text = [doubt("1", &["jane"], "a"), doubt("1", &[JANE], "b")];
        assert_eq!(shape(&other_text).len(), 2);
        let other_account = [doubt("1", &["jane"], "a"), doubt("2", &[JANE], "a")];
        assert_eq!(shape(&other_account).len(), 2);
        let unknown_account = [doubt("", &["jane"], "a"), doubt("2", &["jane"], "a")];
        assert_eq!(shape(&unknown_account).len(), 1);
    }
}
