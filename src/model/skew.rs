//! How far the service's clock is ahead of ours, as far as its answers tell.

use super::time::Moment;

/// A `Date` names a whole second, cut.
const SECOND: i64 = 1000;

/// Two clocks that differ by less are what clocks are: nobody set one. It is more than an answer's way leaves open.
pub const NOBODY_SET_IT: i64 = 60_000;

/// Two bounds, in milliseconds: the service's clock is ahead of ours by no less than the one and no more than the other.
///
/// One answer tells it to a second and the time that the question took; the more answers, the closer the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    least: i64,
    most: i64,
}

impl Skew {
    /// What one answer tells that was dated `date` by the service, to a question that left at `asked` and was answered at
    /// `answered` by our clock. `None` where our clock went back meanwhile.
    #[must_use]
    pub const fn told(date: Moment, asked: Moment, answered: Moment) -> Option<Self> {
        let least = date.as_millis().saturating_sub(answered.as_millis());
        let most = date.as_millis().saturating_add(SECOND).saturating_sub(asked.as_millis());
        if least <= most { Some(Self { least, most }) } else { None }
    }

    /// What both tell together; `None` where both cannot be true, since a clock was set between them.
    #[must_use]
    pub fn meeting(self, other: Self) -> Option<Self> {
        let (least, most) = (self.least.max(other.least), self.most.min(other.most));
        (least <= most).then_some(Self { least, most })
    }

    /// What is certain whichever of the two is true: several machines may answer for one service.
    #[must_use]
    pub fn either(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// Adds what one more answer told.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.meeting(other).unwrap_or_else(|| self.either(other))
    }

    /// By how many milliseconds later a moment is called by a clock with the skew `today` that was called so by one with this
    /// skew: not at all where nobody set a clock between them, and else as late as may be, so that nothing is taken for older
    /// than it is.
    #[must_use]
    pub const fn moved_to(self, today: Self) -> i64 {
        let forward = self.least.saturating_sub(today.most);
        let back = today.least.saturating_sub(self.most);
        if forward > NOBODY_SET_IT || back > NOBODY_SET_IT {
            self.most.saturating_sub(today.least)
        } else {
            0
        }
    }

    /// The least that the service's clock is ahead, in milliseconds; below zero where it is behind.
    #[must_use]
    pub const fn least(self) -> i64 {
        self.least
    }

    /// The most that it is ahead, in milliseconds.
    #[must_use]
    pub const fn most(self) -> i64 {
        self.most
    }

    /// How far it is ahead most likely: not at all, if that may be, since most clocks are right; else the nearest to it.
    #[must_use]
    pub fn likely(self) -> i64 {
        0.clamp(self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn clocks_that_agree_are_taken_to_agree() {
        let skew = Skew::told(at(10_000), at(10_400), at(10_450)).expect("told");
        assert_eq!((skew.least(), skew.likely()), (-450, 0));
        assert_eq!(Skew::told(at(10_000), at(12_000), at(10_900)), None, "our clock went back");
    }

    #[test]
    fn answers_that_cannot_both_be_true_leave_what_either_tells() {
        let one = Skew::told(at(0), at(0), at(0)).expect("told");
        let other = Skew::told(at(5000), at(0), at(0)).expect("told");
        assert_eq!(one.meeting(other), None);
        assert_eq!(one.and(other).least(), 0);
    }

    #[test]
    fn only_a_clock_that_somebody_set_moves_what_was_dated_by_it() {
        let right = Skew::told(at(0), at(0), at(200)).expect("told");
        let slewed = Skew::told(at(40_000), at(0), at(200)).expect("told");
        assert_eq!((right.moved_to(slewed), slewed.moved_to(right)), (0, 0));
        let two_hours_ahead = Skew::told(at(0), at(7_200_000), at(7_200_200)).expect("told");
        assert_eq!(
            right.moved_to(two_hours_ahead),
            7_201_200,
            "what was at noon is at 14:00 by it, or a little later"
        );
        assert_eq!(two_hours_ahead.moved_to(right), -7_198_800);
    }

    proptest! {
        /// However the clock was set and whatever the ways of two answers: what one clock called a moment, the other calls no
        /// later than it is said to, and no more than the ways and two whole seconds earlier.
        #[test]
        fn what_another_clock_dated_is_never_taken_for_older(
            then in -90_000_000i64..90_000_000, today in -90_000_000i64..90_000_000,
            ways in prop::array::uniform4(0i64..1000), of_second in 0i64..1000,
        ) {
            let told = |ahead: i64, there: i64, back: i64| {
                let theirs = 1_000_000 + of_second + there;
                let date = theirs.div_euclid(1000) * 1000;
                Skew::told(at(date), at(theirs - there - ahead), at(theirs + back - ahead)).expect("told")
            };
            let moved = told(then, ways[0], ways[1]).moved_to(told(today, ways[2], ways[3]));
            let truly = then - today;
            if moved == 0 {
                prop_assert!(truly.abs() <= NOBODY_SET_IT + 6000);
            } else {
                prop_assert!(truly <= moved && moved <= truly + 6000, "{moved} for {truly}");
            }
        }

        /// Whatever the clocks and the ways: the truth stays within the bounds, and every answer brings them closer.
        #[test]
        fn the_true_skew_is_never_left_out(
            ahead in -3_000_000i64..3_000_000,
            answers in prop::collection::vec((0i64..5_000_000, 0i64..2000, 0i64..2000), 1..20),
        ) {
            let mut known: Option<Skew> = None;
            for (asked, there, back) in answers {
                let theirs = asked + there + ahead;
                let date = theirs.div_euclid(1000) * 1000;
                let told = Skew::told(at(date), at(asked), at(asked + there + back)).expect("told");
                let next = known.map_or(told, |known| known.and(told));
                prop_assert!(next.least <= ahead && ahead <= next.most);
                if let Some(known) = known {
                    prop_assert!(known.least <= next.least && next.most <= known.most);
                }
                prop_assert!(ahead.abs() >= next.likely().abs());
                known = Some(next);
            }
        }
    }
}
