//! Small stand-ins for long texts, for the memory of one process. None of them is ever written to a file.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};

/// 128 bits that stand for a name. Two names of one sheet share them with a chance of 1 in 10^26 at a million rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u32; 4]);

impl Fingerprint {
    /// The fingerprint of a row's key.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        Self::of(b'k', key)
    }

    /// The fingerprint of one of a recipient's names.
    #[must_use]
    pub fn of_recipient(name: &str) -> Self {
        Self::of(b'r', name)
    }

    fn of(space: u8, text: &str) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write(&[space, salt]);
            hasher.write(text.as_bytes());
            hasher.finish()
        };
        let (low, high) = (half(0), half(1));
        #[expect(clippy::cast_possible_truncation, reason = "each half is cut into its two words")]
        let words = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
        Self(words)
    }

    /// A number that orders rows by chance, the same in every run of one build.
    #[must_use]
    pub fn lot(self) -> u64 {
        u64::from(self.0[2]) << 32 | u64::from(self.0[3])
    }
}

impl std::hash::Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.0[0]) << 32 | u64::from(self.0[1]));
    }
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

/// A table from fingerprints to small numbers: 21 bytes a slot.
pub type FingerprintMap = HashMap<Fingerprint, u32, BuildHasherDefault<AsIs>>;

/// 32 bits that tell whether a draft read again is the one that was planned.
#[must_use]
pub fn check_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> u32 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part.as_bytes());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a check of 32 bits is wanted")]
    let check = hasher.finish() as u32;
    check
}
