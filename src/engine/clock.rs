//! The engine's time.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::skew::Skew;
use crate::model::time::Moment;

/// Tells the time of a run: wall time at its start, and from there on what a clock that cannot be set says.
///
/// So a change of the system's clock during a run neither lets a burst through nor stalls it. A clock that cannot be set
/// stands still while the machine sleeps: where the wall clock is ahead of it, the service's `Date` decides whether time
/// has passed or a clock was set.
pub struct Clock {
    steady: Box<dyn Fn() -> Duration>,
    wall: Box<dyn Fn() -> Moment>,
    wall_at_start: Moment,
    steady_at_start: Duration,
    /// Time that passed while the machine slept.
    slept: Cell<Duration>,
    /// How far the service's clock is ahead of ours, once it told.
    skew: Cell<Option<Skew>>,
}

/// Clocks that drift apart do so by less than this before the service tells its time again.
const DRIFT: i64 = 2500;
/// So often both clocks are looked at when a run begins.
const LOOKS: usize = 8;
/// The wall clock may run apart from the steady one by so much without anybody having slept: clocks are slewed.
const APART: Duration = Duration::from_secs(5);

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        let start = Instant::now();
        Self::of(move || start.elapsed(), wall_time)
    }

    /// The same, where it is known already how far the service's clock is ahead.
    #[must_use]
    pub fn told(self, skew: Option<Skew>) -> Self {
        self.skew.set(skew);
        self
    }

    /// A clock of these two: what never goes back and cannot be set, and what the wall shows.
    #[must_use]
    pub fn of(steady: impl Fn() -> Duration + 'static, wall: impl Fn() -> Moment + 'static) -> Self {
        // Whatever comes between the two looks sets this clock off from those of other runs: the closest pair counts.
        let looks = (0..LOOKS).map(|_| {
            let (before, wall_at_start) = (steady(), wall());
            (steady().saturating_sub(before), before, wall_at_start)
        });
        let closest = looks.min_by_key(|(apart, ..)| *apart);
        let (_, steady_at_start, wall_at_start) = closest.unwrap_or((Duration::ZERO, steady(), wall()));
        Self {
            wall_at_start,
            steady_at_start,
            steady: Box::new(steady),
            wall: Box::new(wall),
            slept: Cell::new(Duration::ZERO),
            skew: Cell::new(None),
        }
    }

    /// The time of the run.
    #[must_use]
    pub fn now(&self) -> Moment {
        let elapsed = (self.steady)().saturating_sub(self.steady_at_start) + self.slept.get();
        // Cut, not rounded up: a moment that has not come yet must not be told.
        self.wall_at_start.shifted(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }

    /// Whether the wall clock went on while this one stood still, so that the service should be asked for the time.
    #[must_use]
    pub fn agrees_with_the_wall(&self) -> Agreement {
        if (self.wall)().since(self.now()) > APART {
            Agreement::WallAhead
        } else {
            Agreement::Same
        }
    }

    /// Whether the wall clock shows what it would if nobody had set it and the machine had not slept.
    #[must_use]
    pub fn was_left_alone(&self) -> bool {
        let (wall, now) = ((self.wall)(), self.now());
        wall.since(now).max(now.since(wall)) <= APART
    }

    /// Takes note of what the service's clock showed in an answer that came just now, to a question that left at `asked` by
    /// this clock. Returns how many milliseconds it is ahead of this one, most likely.
    pub fn note_server(&self, server: Moment, asked: Moment) -> i64 {
        let told = Skew::told(server, asked.min(self.now()), self.now());
        let skew = match (self.skew.get(), told) {
            (Some(known), Some(told)) => Some(self.weigh(known, told)),
            (known, told) => known.or(told),
        };
        self.skew.set(skew);
        skew.map_or(0, Skew::likely)
    }

    /// How far the service's clock is ahead of this one, once it told.
    #[must_use]
    pub const fn skew(&self) -> Option<Skew> {
        self.skew.get()
    }

    /// What is to be believed after the service told something new.
    fn weigh(&self, known: Skew, told: Skew) -> Skew {
        if let Some(closer) = known.meeting(told) {
            return closer;
        }
        let passed = told.least().saturating_sub(known.most());
        let slept = Duration::from_millis(u64::try_from(passed).unwrap_or(0)).min((self.wall)().since(self.now()));
        if slept > APART {
            // Both the service and the wall say that time has passed.
            self.slept.set(self.slept.get() + slept);
            return known;
        }
        let apart = passed.max(known.least().saturating_sub(told.most()));
        // What is further off is another machine of the service, or a clock that was set there: days stay what they were.
        if apart <= DRIFT { told } else { known }
    }
}

/// Whether the wall clock and the clock of a run show the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// As near as clocks are.
    Same,
    /// The wall clock is ahead: the machine slept, or somebody set the clock.
    WallAhead,
}

/// What the system's clock says now.
#[must_use]
pub fn wall_time() -> Moment {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// A clock whose two sources are set by hand, in seconds.
    fn by_hand() -> (Clock, Rc<Cell<u64>>, Rc<Cell<i64>>) {
        let (steady, wall) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(10_000)));
        let (s, w) = (Rc::clone(&steady), Rc::clone(&wall));
        let clock = Clock::of(move || Duration::from_secs(s.get()), move || Moment::from_millis(w.get() * 1000));
        (clock, steady, wall)
    }

    fn seconds(clock: &Clock) -> i64 {
        clock.now().as_millis() / 1000
    }

    /// The service tells its time in an answer that came at once.
    fn told(clock: &Clock, millis: i64) -> i64 {
        clock.note_server(Moment::from_millis(millis), clock.now())
    }

    #[test]
    fn a_clock_that_is_set_by_an_hour_changes_nothing() {
        for jump in [3600, -3600] {
            let (clock, steady, wall) = by_hand();
            assert_eq!(told(&clock, 10_000_000), 0);
            steady.set(10);
            wall.set(10_010 + jump);
            assert_eq!(seconds(&clock), 10_010, "{jump}");
            assert_eq!(told(&clock, 10_010_000), 0);
            assert_eq!(seconds(&clock), 10_010, "the service says that no time has passed");
        }
    }

    #[test]
    fn time_slept_through_counts_once_the_service_says_so() {
        let (clock, steady, wall) = by_hand();
        told(&clock, 10_000_000);
        steady.set(5);
        wall.set(10_005 + 28_800);
        assert_eq!(clock.agrees_with_the_wall(), Agreement::WallAhead);
        assert_eq!(seconds(&clock), 10_005);
        told(&clock, (10_005 + 28_800) * 1000);
        // The whole seconds of two dates leave one in doubt; it does not count.
        assert_eq!(seconds(&clock), 38_804);
        assert_eq!(clock.agrees_with_the_wall(), Agreement::Same);
        steady.set(6);
        assert_eq!(seconds(&clock), 38_805);
    }

    #[test]
    fn a_service_whose_clock_is_wrong_moves_only_its_days() {
        let (clock, steady, wall) = by_hand();
        assert_eq!(told(&clock, 13_600_000), 3_600_000);
        steady.set(100);
        wall.set(10_100);
        assert_eq!(told(&clock, 14_900_000), 3_600_000, "another machine of it, perhaps");
        assert_eq!(seconds(&clock), 10_100);
    }

    #[test]
    fn an_answer_that_came_late_does_not_make_the_service_s_clock_slow() {
        let (clock, steady, wall) = by_hand();
        let asked = clock.now();
        steady.set(40);
        wall.set(10_040);
        // Dated when it was made, one second after it was asked for.
        assert_eq!(clock.note_server(Moment::from_millis(10_001_000), asked), 0);
        assert_eq!(told(&clock, 10_043_000), 3000, "the next one tells more");
    }

    #[test]
    fn a_clock_that_drifts_is_followed_and_takes_nobody_s_time_for_sleep() {
        let (clock, steady, wall) = by_hand();
        for hour in 0..24u8 {
            let now = 10_000 + 3600 * i64::from(hour);
            steady.set(3600 * u64::from(hour));
            wall.set(now);
            let drifted = 400 * i64::from(hour);
            let ahead = told(&clock, (now * 1000 + drifted) / 1000 * 1000);
            assert!((drifted - ahead).abs() <= 1000, "{hour}: {ahead} of {drifted}");
            assert_eq!(seconds(&clock), now);
        }
    }
}
