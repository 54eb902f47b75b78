//! Where in a list a fingerprint stands.

use crate::model::fingerprint::Fingerprint;

/// A table from fingerprints to their places in a list: open addressing, a quarter free, 4 bytes a slot. The list is kept
/// beside it, so that a slot need not repeat the fingerprint.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<u32>);

/// A slot that no place is in.
pub(super) const FREE: u32 = u32::MAX;

impl Places {
    /// The place of `wanted` in the list, whose fingerprints `at` gives; or the free slot where it belongs.
    pub(super) fn find(&self, wanted: Fingerprint, at: impl Fn(u32) -> Option<Fingerprint>) -> Result<u32, usize> {
        let mask = self.0.len().wrapping_sub(1);
        let mut slot = Self::first_slot(wanted) & mask;
        loop {
            match self.0.get(slot) {
                None | Some(&FREE) => return Err(slot),
                Some(&place) if at(place) == Some(wanted) => return Ok(place),
                Some(_) => slot = (slot + 1) & mask,
            }
        }
    }

    /// Makes room for one more than the `held` that are in the list.
    pub(super) fn reserve(&mut self, held: usize, at: impl Fn(u32) -> Option<Fingerprint>) {
        if (held + 1) * 4 <= self.0.len() * 3 {
            return;
        }
        let size = (self.0.len() * 2).max(16);
        // The old table is given back before the new one is taken: the list alone can fill it again.
        self.0 = Vec::new();
        self.0.resize(size, FREE);
        for place in 0..u32::try_from(held).unwrap_or(FREE) {
            if let Some(fingerprint) = at(place)
                && let Err(slot) = self.find(fingerprint, &at)
            {
                self.put(slot, place);
            }
        }
    }

    pub(super) fn put(&mut self, slot: usize, place: u32) {
        if let Some(free) = self.0.get_mut(slot) {
            *free = place;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of a fingerprint will do")]
    fn first_slot(fingerprint: Fingerprint) -> usize {
        fingerprint.lot() as usize
    }
}
