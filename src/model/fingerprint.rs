//! Small stand-ins for long texts, for the memory of one process. None of them is ever written to a file.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Drawn when the process begins, so that nobody can write a sheet whose names fall together.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// 128 bits that stand for a name. Two names of one sheet share them with a chance of 1 in 10^26 at a million rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u32; 4]);

impl Fingerprint {
    /// The fingerprint of a key, or of one of a recipient's names. Another process has another one for the same text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut hasher = SEED.build_hasher();
        hasher.write(text.as_bytes());
        let low = hasher.finish();
        // The state has 256 bits, so that what is drawn from it again says something new, at no second look at the text.
        hasher.write_u8(u8::MAX);
        let high = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "each half is cut into its two words")]
        let words = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
        Self(words)
    }

    /// Half of it, for a table to find it by.
    #[must_use]
    pub fn half(self) -> u64 {
        u64::from(self.0[2]) << 32 | u64::from(self.0[3])
    }
}

impl std::hash::Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.0[0]) << 32 | u64::from(self.0[1]));
    }
}

/// A number that orders rows by chance, the same in every run of one build.
#[must_use]
pub fn lot_of(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(&[b'r', 1]);
    hasher.write(name.as_bytes());
    hasher.finish().rotate_left(32)
}

/// A fingerprint is a hash already: its own bits place it in the table.
#[derive(Debug, Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// A table from fingerprints to what they stand for.
pub type ByFingerprint<V> = HashMap<Fingerprint, V, BuildHasherDefault<AsIs>>;

/// A table from fingerprints to small numbers: 21 bytes a slot.
pub type FingerprintMap = ByFingerprint<u32>;

/// A quick hash for what nobody chooses in order to do harm, such as places in a file, and for telling two texts apart.
#[derive(Debug, Clone, Default)]
pub struct Quick(u64);

/// Its bits are those of the fraction of pi: any odd number without a pattern will do.
const MULTIPLIER: u64 = 0x243F_6A88_85A3_08D3;

impl Quick {
    /// Both halves of a product, so that every bit that comes in moves every bit that goes out.
    #[expect(clippy::cast_possible_truncation, reason = "the product is cut into its two halves")]
    fn fold(&mut self, number: u64) {
        let product = u128::from(self.0.rotate_left(29) ^ number ^ 1) * u128::from(MULTIPLIER);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.fold(u64::from_le_bytes(last));
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }
}

/// A table from what nobody chooses in order to do harm.
pub type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// 32 bits that tell whether a draft read again is the one that was planned.
#[must_use]
pub fn check_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> u32 {
    let mut hasher = Quick::default();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part.as_bytes());
    }
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_check_changes_with_every_byte_and_with_where_its_parts_end() {
        let text = "Hi Antonia, I came across Example Works while I was reading.";
        let whole = check_of([text]);
        for at in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[at] ^= 1;
            assert_ne!(check_of([std::str::from_utf8(&other).expect("ASCII")]), whole, "byte {at}");
            assert_ne!(check_of([&text[..at], &text[at..]]), whole, "cut at {at}");
        }
    }

    #[test]
    fn the_lots_of_a_sample_are_those_of_every_other_run() {
        assert_eq!(
            [lot_of("person-1"), lot_of("person-2")],
            [10_238_415_898_623_938_536, 7_583_623_130_417_887_238]
        );
    }

    proptest! {
        #[test]
        fn two_texts_have_two_fingerprints(one in ".{0,40}", other in ".{0,40}") {
            prop_assert_eq!(Fingerprint::of(&one) == Fingerprint::of(&other), one == other);
            prop_assert_eq!(Fingerprint::of(&one).half() == Fingerprint::of(&other).half(), one == other);
        }
    }
}
