//! Keys that turned out to be of one person: few, since most people have one key.

use std::collections::HashMap;

use super::KeyId;

/// Groups of keys.
#[derive(Debug, Default)]
pub(super) struct Kin {
    groups: Vec<Vec<KeyId>>,
    places: HashMap<KeyId, usize>,
}

impl Kin {
    /// All keys of the person of `id`, the smallest first; none where `id` is the only one.
    pub(super) fn of(&self, id: KeyId) -> &[KeyId] {
        let place = self.places.get(&id);
        place.and_then(|place| self.groups.get(*place)).map_or(&[], Vec::as_slice)
    }

    /// From here on both are of one person.
    pub(super) fn join(&mut self, one: KeyId, other: KeyId) {
        let mut group: Vec<KeyId> = [one, other]
            .into_iter()
            .chain(self.of(one).iter().chain(self.of(other)).copied())
            .collect();
        group.sort_unstable();
        group.dedup();
        let place = self.groups.len();
        for id in &group {
            if let Some(old) = self.places.insert(*id, place) {
                self.groups[old].clear();
            }
        }
        self.groups.push(group);
    }
}
