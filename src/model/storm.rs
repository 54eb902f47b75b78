//! How long nothing leaves from an account that the service refuses for now without saying until when.

use std::time::Duration;

use super::time::Moment;

/// How long it is at first; doubled each time, up to an hour.
const FIRST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(1);

/// Refusals one after another that named no time. Those of requests that were under way together are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storm {
    times: u32,
    /// When the last of them came.
    began: Moment,
    until: Moment,
}

impl Storm {
    /// Nothing was refused.
    pub const NONE: Self = Self::of(0, Moment::from_millis(i64::MIN), Moment::from_millis(i64::MIN));

    /// So many, the last of which came at `began` and holds `until`.
    #[must_use]
    pub const fn of(times: u32, began: Moment, until: Moment) -> Self {
        Self { times, began, until }
    }

    /// One more at `now`, of a request that left at `left`. It makes nothing longer if it was under way when the last one came.
    #[must_use]
    pub fn after(self, left: Moment, now: Moment) -> Self {
        if left <= self.began {
            return self;
        }
        let doubled = FIRST.saturating_mul(1 << self.times.min(16));
        Self {
            times: self.times.saturating_add(1),
            began: now,
            until: now + doubled.min(LONGEST),
        }
    }

    /// Something was accepted: the next refusal is a first one again.
    #[must_use]
    pub const fn over(self) -> Self {
        Self { times: 0, ..self }
    }

    /// How many in a row.
    #[must_use]
    pub const fn times(self) -> u32 {
        self.times
    }

    /// When the last one came.
    #[must_use]
    pub const fn began(self) -> Moment {
        self.began
    }

    /// Until when nothing leaves.
    #[must_use]
    pub const fn until(self) -> Moment {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Moment {
        Moment::from_millis(minutes * 60_000)
    }

    #[test]
    fn each_refusal_holds_twice_as_long_as_the_one_before_up_to_an_hour() {
        let (mut storm, mut now) = (Storm::NONE, at(0));
        let mut waits = Vec::new();
        for _ in 0..8 {
            storm = storm.after(now, now);
            waits.push(storm.until().since(now).as_secs() / 60);
            now = storm.until();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(storm.over().after(now, now).until().since(now), FIRST);
    }

    #[test]
    fn those_of_requests_that_were_under_way_together_are_one() {
        let first = Storm::NONE.after(at(10), at(11));
        assert_eq!(first.after(at(10), at(12)), first);
        assert_eq!(
            first.over().after(at(11), at(12)).until(),
            first.until(),
            "it holds though another was accepted meanwhile"
        );
        assert_eq!(first.after(at(12), at(12)).times(), 2);
    }
}
