//! Where in a list a fingerprint stands.

use crate::model::fingerprint::Fingerprint;

/// A table from fingerprints to their places in a list: open addressing, a quarter free, 4 bytes a slot. The list is kept
/// beside it, so that a slot need not repeat the fingerprint.
///
/// A table of 2^k slots has places below 2^k. The other bits of a slot are a mark from the fingerprint, so that those of others
/// are passed over without a look at the list, which is far away in memory.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<u32>);

/// A slot that no place is in. As many places as a table has slots are never in it, so that no place looks like this.
pub(super) const FREE: u32 = u32::MAX;

impl Places {
    /// The place of `wanted` in the list, whose fingerprints `at` gives; or the free slot where it belongs.
    pub(super) fn find(&self, wanted: Fingerprint, at: impl Fn(u32) -> Option<Fingerprint>) -> Result<u32, usize> {
        let mask = self.0.len().wrapping_sub(1);
        let (mut slot, mark) = self.ways_to(wanted);
        loop {
            match self.0.get(slot) {
                None | Some(&FREE) => return Err(slot),
                Some(&marked) => {
                    let place = marked ^ mark;
                    if place as usize <= mask && at(place) == Some(wanted) {
                        return Ok(place);
                    }
                    slot = (slot + 1) & mask;
                }
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
            // No two of the list are alike, so none need be looked at again.
            if let Some(fingerprint) = at(place)
                && let Err(slot) = self.find(fingerprint, |_| None)
            {
                self.put(slot, fingerprint, place);
            }
        }
    }

    /// Puts `place` into the free slot that [`Places::find`] gave for its fingerprint.
    pub(super) fn put(&mut self, slot: usize, fingerprint: Fingerprint, place: u32) {
        let (_, mark) = self.ways_to(fingerprint);
        if let Some(free) = self.0.get_mut(slot) {
            *free = place | mark;
        }
    }

    /// The first slot where a fingerprint may be, and its mark.
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a fingerprint will do")]
    fn ways_to(&self, fingerprint: Fingerprint) -> (usize, u32) {
        let mask = self.0.len().wrapping_sub(1);
        let half = fingerprint.half();
        (half as usize & mask, (half >> 32) as u32 & !(mask as u32))
    }
}
