//! Chance that can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

/// The same seed throws the same numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// New ones each time; the seed is printed, and `ROWCAST_TEST_SEED` throws the same again.
    pub fn new(test: &str) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs() * 1000 + u64::from(since.subsec_millis()));
        Self::with_seed(test, now)
    }

    /// The same ones each time, unless `ROWCAST_TEST_SEED` says others; the seed is printed.
    #[expect(clippy::print_stdout, reason = "shown where the test fails")]
    pub fn with_seed(test: &str, seed: u64) -> Self {
        let said = std::env::var("ROWCAST_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = said.unwrap_or(seed);
        println!("{test}: ROWCAST_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// An index into something so long.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("an index")
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// In any order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.index(last + 1));
        }
    }
}
