//! The engine's time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::time::Moment;

/// Tells the time of a run: wall time at its start, and from there on what a clock that cannot be set says.
///
/// So a change of the system's clock during a run neither lets a burst through nor stalls it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall_at_start: Moment,
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            wall_at_start: wall_time(),
            start: Instant::now(),
        }
    }

    /// The time of the run.
    #[must_use]
    pub fn now(&self) -> Moment {
        // Cut, not rounded up: a moment that has not come yet must not be told.
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.wall_at_start + Duration::from_millis(elapsed)
    }
}

/// What the system's clock says now.
#[must_use]
pub fn wall_time() -> Moment {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
