//! Limits as the server sees them.
//!
//! A request reaches the server somewhere between leaving and being answered. So N in any window hold there if the
//! i-th leaves one period after the (i−N)-th was answered; and a day counts every request that left in it or was answered in it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::limits::{Opener, Ramp};
use super::rate::Rate;
use super::time::Moment;

/// A request, in the order of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// When something opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// At this moment, or before.
    At(Moment),
    /// Some time after a request in flight is answered.
    AfterAnswer,
}

impl Opening {
    /// The later of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(a), Self::At(b)) => Self::At(a.max(b)),
            _ => Self::AfterAnswer,
        }
    }
}

/// Moments are cut to the millisecond, so an answer came up to one later than its moment says.
const GRAIN: Duration = Duration::from_millis(1);

/// The beginning of time: what is open now was open then.
const ALWAYS: Moment = Moment::from_millis(i64::MIN);

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Every request that leaves.
    Requests,
    /// Requests that may have become a message.
    Messages,
}

/// A sliding window that holds at the server.
#[derive(Debug, Clone)]
pub struct Window {
    rate: Rate,
    counts: Counts,
    /// The departures that are not older than the period, the oldest first, and when each was answered: at most the last N of
    /// them, unless some may be taken back.
    departures: VecDeque<(Ticket, Option<Moment>)>,
}

impl Window {
    /// A window in which nothing has left yet.
    #[must_use]
    pub fn new(rate: Rate, counts: Counts) -> Self {
        Self {
            rate,
            counts,
            departures: VecDeque::new(),
        }
    }

    /// When the next request may leave.
    #[must_use]
    pub fn opens(&self) -> Opening {
        let Some(first) = self.departures.len().checked_sub(self.rate.count() as usize) else {
            return Opening::At(ALWAYS);
        };
        match self.departures.get(first) {
            Some((_, Some(at))) => Opening::At(*at + GRAIN + self.rate.period()),
            Some((_, None)) => Opening::AfterAnswer,
            None => Opening::At(ALWAYS),
        }
    }

    /// A request leaves. Tickets grow.
    pub fn leave(&mut self, ticket: Ticket, now: Moment) {
        while self.is_spent(now) {
            self.departures.pop_front();
        }
        self.departures.push_back((ticket, None));
    }

    /// Whether the oldest departure can be forgotten: it holds nothing back any more, or so many came after it that it never will.
    fn is_spent(&self, now: Moment) -> bool {
        let Some((_, answered)) = self.departures.front() else {
            return false;
        };
        let is_old = answered.is_some_and(|at| at + GRAIN + self.rate.period() <= now);
        is_old || self.counts == Counts::Requests && self.departures.len() >= self.rate.count() as usize
    }

    /// A request was answered, or given up.
    pub fn answered(&mut self, ticket: Ticket, at: Moment, counted: Counted) {
        let Ok(index) = self.departures.binary_search_by_key(&ticket, |(ticket, _)| *ticket) else {
            return;
        };
        if self.counts == Counts::Messages && counted == Counted::No {
            self.departures.remove(index);
        } else if let Some(departure) = self.departures.get_mut(index) {
            departure.1 = Some(at);
        }
    }
}

/// Whether a request may have become a message, and so counts for the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It may have.
    Yes,
    /// It was certainly refused before anything was done.
    No,
}

/// How many messages a day may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayLimit {
    /// The same each day.
    Each(u32),
    /// More from day to day, counted from the account's first; `None`: the day of the next message is the first.
    Growing(Ramp, Option<i64>),
}

impl DayLimit {
    fn on(self, day: i64) -> u32 {
        match self {
            Self::Each(limit) => limit,
            Self::Growing(ramp, first) => ramp.on(first.map_or(0, |first| day - first)),
        }
    }
}

/// How far the service's clock may be from ours without anybody knowing: before its first answer, by what its whole seconds
/// and the way of an answer leave open, and where several machines answer. So close to midnight a message counts for both days.
pub const MIDNIGHT_MARGIN: Duration = Duration::from_secs(5);

/// The messages of an account in a UTC day.
#[derive(Debug, Clone)]
pub struct Day {
    limit: DayLimit,
    /// Messages by the days to which they may count: where they left, where they were answered, and what lies between.
    used: BTreeMap<i64, u32>,
    /// When each unanswered request left.
    unanswered: BTreeMap<Ticket, Moment>,
}

/// The days that something between these two moments may count to.
fn days(from: Moment, to: Moment) -> std::ops::RangeInclusive<i64> {
    (from - MIDNIGHT_MARGIN).utc_day()..=(to + MIDNIGHT_MARGIN).utc_day()
}

impl Day {
    /// A day without messages.
    #[must_use]
    pub fn new(limit: DayLimit) -> Self {
        Self {
            limit,
            used: BTreeMap::new(),
            unanswered: BTreeMap::new(),
        }
    }

    fn used(&self, day: i64) -> u32 {
        self.used.get(&day).copied().unwrap_or(0)
    }

    /// When the next request may leave, if nothing else happens.
    #[must_use]
    pub fn opens(&self, now: Moment) -> Opening {
        let full = |day: i64| {
            let still = self.unanswered.values().filter(|left| *days(**left, **left).end() < day).count();
            self.used(day).saturating_add(u32::try_from(still).unwrap_or(u32::MAX)) >= self.limit.on(day)
        };
        match days(now, now).filter(|day| full(*day)).max() {
            Some(day) => Opening::At(Moment::start_of_utc_day(day + 1) + MIDNIGHT_MARGIN),
            None => Opening::At(ALWAYS),
        }
    }

    /// A request leaves.
    pub fn leave(&mut self, ticket: Ticket, at: Moment) {
        if let DayLimit::Growing(_, first @ None) = &mut self.limit {
            *first = Some(at.utc_day());
        }
        for day in days(at, at) {
            *self.used.entry(day).or_insert(0) += 1;
        }
        self.unanswered.insert(ticket, at);
        while self.used.len() > 4 {
            self.used.pop_first();
        }
    }

    /// A request was answered, or given up.
    pub fn answered(&mut self, ticket: Ticket, at: Moment, counted: Counted) {
        let Some(left) = self.unanswered.remove(&ticket) else { return };
        match counted {
            Counted::No => {
                for day in days(left, left) {
                    if let Some(used) = self.used.get_mut(&day) {
                        *used = used.saturating_sub(1);
                    }
                }
            }
            Counted::Yes => {
                let known = *days(left, left).end();
                for day in days(left, at.max(left)).filter(|day| *day > known) {
                    *self.used.entry(day).or_insert(0) += 1;
                }
            }
        }
    }

    /// The service says that the account has used so many today, by whatever program.
    pub fn told(&mut self, used: u32, now: Moment) {
        let today = now.utc_day();
        let in_flight = u32::try_from(self.unanswered.len()).unwrap_or(u32::MAX);
        let known = self.used.entry(today).or_insert(0);
        *known = (*known).max(used.saturating_add(in_flight));
    }
}

/// A request of an earlier run: what its limits have used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The account, where one was named.
    pub account: Option<String>,
    /// When it left.
    pub left: Moment,
    /// When it was answered, or at the latest could have been.
    pub answered: Moment,
    /// Whether it counts for the day.
    pub counted: Counted,
    /// Whether it may have opened a conversation.
    pub opener: Opener,
    /// Which campaign made it.
    pub by: By,
}

/// Which campaign made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// This one.
    Us,
    /// Another one of this machine, with the same key or the same account.
    Others,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    proptest! {
        /// Whatever the latencies, no window at the server holds more than N, wherever between leaving and answer a request arrives.
        #[test]
        fn no_window_at_the_server_holds_more_than_the_rate(count in 1u32..6, messages: bool, latencies in prop::collection::vec((0i64..400, 0.0f64..=1.0), 1..80)) {
            let period = Duration::from_millis(100);
            let counts = if messages { Counts::Messages } else { Counts::Requests };
            let mut window = Window::new(Rate::new(count, period).expect("a rate"), counts);
            let mut now = 0i64;
            let mut arrivals = Vec::new();
            let mut in_flight: Vec<(i64, Ticket)> = Vec::new();
            for (index, (latency, share)) in latencies.iter().enumerate() {
                loop {
                    in_flight.sort_unstable();
                    match window.opens() {
                        Opening::At(open) if open <= at(now) => break,
                        Opening::At(open) => now = open.as_millis(),
                        Opening::AfterAnswer => now = now.max(in_flight[0].0),
                    }
                    for (answered, ticket) in in_flight.extract_if(.., |(answered, _)| *answered <= now) {
                        window.answered(ticket, at(answered), Counted::Yes);
                    }
                }
                let ticket = Ticket(index as u64);
                window.leave(ticket, at(now));
                in_flight.push((now + latency, ticket));
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                arrivals.push(now as f64 + *latency as f64 * share);
            }
            arrivals.sort_by(f64::total_cmp);
            for pair in arrivals.windows(count as usize + 1) {
                prop_assert!(pair[count as usize] - pair[0] >= 100.0, "{pair:?}");
            }
        }
    }

    #[test]
    fn a_message_that_was_refused_gives_its_place_back() {
        let mut window = Window::new(Rate::new(2, Duration::from_secs(10)).expect("a rate"), Counts::Messages);
        for ticket in 0..3 {
            assert_eq!(window.opens(), Opening::At(ALWAYS));
            window.leave(Ticket(ticket), at(0));
            window.answered(Ticket(ticket), at(5), if ticket == 1 { Counted::No } else { Counted::Yes });
        }
        assert_eq!(window.opens(), Opening::At(at(10_006)));
    }

    #[test]
    fn a_window_that_is_never_full_remembers_no_more_than_its_period_holds() {
        let mut window = Window::new(Rate::new(u32::MAX, Duration::from_secs(1)).expect("a rate"), Counts::Requests);
        for ticket in 0..100_000u64 {
            let now = at(i64::try_from(ticket).expect("a time") * 10);
            window.leave(Ticket(ticket), now);
            window.answered(Ticket(ticket), now, Counted::Yes);
        }
        assert!(window.departures.len() <= 102, "{}", window.departures.len());
    }

    #[test]
    fn a_day_counts_what_left_in_it_and_what_was_answered_in_it() {
        let midnight = 86_400_000;
        let mut day = Day::new(DayLimit::Each(2));
        day.leave(Ticket(0), at(midnight - 9000));
        assert_eq!(day.opens(at(midnight - 8000)), Opening::At(ALWAYS));
        day.leave(Ticket(1), at(midnight - 8000));
        assert_eq!(day.opens(at(midnight - 7000)), Opening::At(at(midnight + 5000)));
        assert_eq!(
            day.opens(at(midnight + 5000)),
            Opening::At(at(2 * midnight + 5000)),
            "both may still arrive today"
        );
        day.answered(Ticket(0), at(midnight - 5001), Counted::Yes);
        day.answered(Ticket(1), at(midnight + 3), Counted::Yes);
        day.leave(Ticket(2), at(midnight + 8000));
        assert_eq!(day.opens(at(midnight + 8000)), Opening::At(at(2 * midnight + 5000)));
    }

    #[test]
    fn close_to_midnight_a_message_counts_for_both_days() {
        let midnight = 86_400_000;
        let mut day = Day::new(DayLimit::Each(1));
        day.leave(Ticket(0), at(midnight - 4500));
        day.answered(Ticket(0), at(midnight - 4400), Counted::Yes);
        assert_eq!(day.opens(at(midnight + 8000)), Opening::At(at(2 * midnight + 5000)));
        let mut day = Day::new(DayLimit::Each(1));
        day.leave(Ticket(0), at(midnight + 4500));
        day.answered(Ticket(0), at(midnight + 4600), Counted::No);
        assert_eq!(day.opens(at(midnight - 60_000)), Opening::At(ALWAYS));
    }

    #[test]
    fn a_refused_request_uses_up_nothing_of_the_day() {
        let noon = 43_200_000;
        let mut day = Day::new(DayLimit::Each(1));
        day.leave(Ticket(0), at(noon));
        day.answered(Ticket(0), at(noon + 1), Counted::No);
        assert_eq!(day.opens(at(noon + 2)), Opening::At(ALWAYS));
    }

    #[test]
    fn a_ramp_grows_from_the_first_day_and_what_others_spent_counts() {
        let noon = |day: i64| at(day * 86_400_000 + 43_200_000);
        let ramp = "1/day +1/day".parse().expect("a ramp");
        let mut day = Day::new(DayLimit::Growing(ramp, None));
        day.leave(Ticket(0), noon(3));
        day.answered(Ticket(0), noon(3), Counted::Yes);
        assert_ne!(day.opens(noon(3)), Opening::At(ALWAYS));
        day.leave(Ticket(1), noon(4));
        day.answered(Ticket(1), noon(4), Counted::Yes);
        assert_eq!(day.opens(noon(4)), Opening::At(ALWAYS), "two on the second day");
        day.told(2, noon(4));
        assert_ne!(day.opens(noon(4)), Opening::At(ALWAYS));
    }
}
