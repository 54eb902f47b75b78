//! Even spacing: one request every so often, none saved up (governor, with a burst of one).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::model::rate::Rate;
use crate::model::time::Moment;

/// How late a request may be, for want of a finer timer, without the next one being late too.
const SLACK: Duration = Duration::from_millis(20);

/// A clock that stands where it is set, so that the spacing follows the engine's time and no other.
#[derive(Debug, Clone, Default)]
struct SetClock(Arc<AtomicU64>);

impl Clock for SetClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Relaxed).into()
    }
}

/// Requests at even distances.
#[derive(Debug)]
pub struct Spacing {
    limiter: RateLimiter<NotKeyed, InMemoryState, SetClock, NoOpMiddleware<Nanos>>,
    quota: Quota,
    clock: SetClock,
    /// Where the clock's zero is.
    origin: Moment,
    next: Duration,
}

impl Clone for Spacing {
    /// The copy begins where this one's next request is due: all that its future depends on.
    fn clone(&self) -> Self {
        Self::of_quota(self.quota, self.opens())
    }
}

impl Spacing {
    /// Spaces requests by the rate's period over its count, from `origin` on. `None` where that is no time at all.
    #[must_use]
    pub fn new(rate: Rate, origin: Moment) -> Option<Self> {
        let quota = Quota::with_period(rate.spacing())?.allow_burst(NonZeroU32::MIN);
        Some(Self::of_quota(quota, origin))
    }

    fn of_quota(quota: Quota, origin: Moment) -> Self {
        let clock = SetClock::default();
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            quota,
            clock,
            origin,
            next: Duration::ZERO,
        }
    }

    /// When the next request may leave.
    #[must_use]
    pub fn opens(&self) -> Moment {
        self.origin + self.next
    }

    /// A request leaves at `now`, which is not before [`Spacing::opens`].
    pub fn leave(&mut self, now: Moment) {
        let elapsed = now.since(self.origin);
        // Counted from when it was due, if that is not long ago: timers are late, never early, and lateness must not add up.
        let due = self.next.max(elapsed.saturating_sub(SLACK));
        self.clock
            .0
            .store(u64::try_from(due.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if self.limiter.check().is_ok()
            && let Err(not_until) = self.limiter.check()
        {
            self.next = not_until.earliest_possible().into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spacing(count: u32, period: Duration) -> Spacing {
        Spacing::new(Rate::new(count, period).expect("a rate"), Moment::from_millis(1000)).expect("a spacing")
    }

    #[test]
    fn the_first_request_leaves_at_once_and_the_others_one_step_apart() {
        let mut spacing = spacing(60, Duration::from_mins(1));
        let mut now = Moment::from_millis(1000);
        for step in 1..=100i64 {
            assert!(spacing.opens() <= now);
            spacing.leave(now);
            assert_eq!(spacing.opens().as_millis(), 1000 + step * 1000);
            now = spacing.opens();
        }
    }

    #[test]
    fn nothing_is_saved_up_in_a_pause() {
        let mut spacing = spacing(10, Duration::from_secs(1));
        spacing.leave(Moment::from_millis(1000));
        spacing.leave(Moment::from_millis(60_000));
        assert!(spacing.opens().as_millis() >= 60_080);
    }

    #[test]
    fn a_late_timer_does_not_slow_the_rate() {
        let mut spacing = spacing(100, Duration::from_secs(1));
        let mut now = Moment::from_millis(1000);
        for _ in 0..1000 {
            now = now.max(spacing.opens()) + Duration::from_millis(1);
            spacing.leave(now);
        }
        let took = now.as_millis() - 1000;
        assert!((9_980..=10_010).contains(&took), "{took} ms");
    }
}
