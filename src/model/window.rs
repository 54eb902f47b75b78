//! Limits as the server sees them.
//!
//! A request reaches the server somewhere between leaving and being answered. So N in any window hold there if the
//! i-th leaves one period after the (i−N)-th was answered; and a day counts every request that left in it or was answered in it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::rate::{DailyLimit, Rate};
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

/// A sliding window that holds at the server.
#[derive(Debug)]
pub struct Window {
    rate: Rate,
    /// The last N departures, the oldest first, and when each was answered.
    departures: VecDeque<(Ticket, Option<Moment>)>,
}

impl Window {
    /// A window in which nothing has left yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            departures: VecDeque::new(),
        }
    }

    /// When the next request may leave.
    #[must_use]
    pub fn opens(&self) -> Opening {
        match self.departures.front() {
            Some((_, answered)) if self.departures.len() >= self.rate.count() as usize => match answered {
                Some(at) => Opening::At(*at + GRAIN + self.rate.period()),
                None => Opening::AfterAnswer,
            },
            _ => Opening::At(ALWAYS),
        }
    }

    /// A request leaves. Tickets grow.
    pub fn leave(&mut self, ticket: Ticket) {
        if self.departures.len() >= self.rate.count() as usize {
            self.departures.pop_front();
        }
        self.departures.push_back((ticket, None));
    }

    /// A request was answered, or given up.
    pub fn answered(&mut self, ticket: Ticket, at: Moment) {
        if let Ok(index) = self.departures.binary_search_by_key(&ticket, |(ticket, _)| *ticket) {
            self.departures[index].1 = Some(at);
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

/// The messages of an account in a UTC day.
#[derive(Debug)]
pub struct Day {
    limit: u32,
    /// Messages by the day in which they left or were answered.
    used: BTreeMap<i64, u32>,
    /// The day in which each unanswered request left.
    unanswered: BTreeMap<Ticket, i64>,
}

impl Day {
    /// A day without messages; `None` where there is no limit.
    #[must_use]
    pub fn new(limit: DailyLimit) -> Option<Self> {
        match limit {
            DailyLimit::Unlimited => None,
            DailyLimit::At(limit) => Some(Self {
                limit,
                used: BTreeMap::new(),
                unanswered: BTreeMap::new(),
            }),
        }
    }

    /// When the next request may leave, if nothing else happens.
    #[must_use]
    pub fn opens(&self, now: Moment) -> Opening {
        let today = now.utc_day();
        let used = self.used.get(&today).copied().unwrap_or(0) as usize;
        let from_yesterday = self.unanswered.values().filter(|day| **day < today).count();
        if used + from_yesterday < self.limit as usize {
            Opening::At(ALWAYS)
        } else {
            Opening::At(now.next_utc_midnight())
        }
    }

    /// A request leaves.
    pub fn leave(&mut self, ticket: Ticket, at: Moment) {
        let today = at.utc_day();
        *self.used.entry(today).or_insert(0) += 1;
        self.unanswered.insert(ticket, today);
        while self.used.len() > 3 {
            self.used.pop_first();
        }
    }

    /// A request was answered, or given up.
    pub fn answered(&mut self, ticket: Ticket, at: Moment, counted: Counted) {
        let Some(left) = self.unanswered.remove(&ticket) else { return };
        match counted {
            Counted::No => {
                if let Some(used) = self.used.get_mut(&left) {
                    *used = used.saturating_sub(1);
                }
            }
            Counted::Yes if at.utc_day() != left => *self.used.entry(at.utc_day()).or_insert(0) += 1,
            Counted::Yes => {}
        }
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
        fn no_window_at_the_server_holds_more_than_the_rate(count in 1u32..6, latencies in prop::collection::vec((0i64..400, 0.0f64..=1.0), 1..80)) {
            let period = Duration::from_millis(100);
            let mut window = Window::new(Rate::new(count, period).expect("a rate"));
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
                        window.answered(ticket, at(answered));
                    }
                }
                let ticket = Ticket(index as u64);
                window.leave(ticket);
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
    fn a_day_counts_what_left_in_it_and_what_was_answered_in_it() {
        let midnight = 86_400_000;
        let mut day = Day::new(DailyLimit::At(2)).expect("a limit");
        day.leave(Ticket(0), at(midnight - 10));
        assert_eq!(day.opens(at(midnight - 5)), Opening::At(ALWAYS));
        day.leave(Ticket(1), at(midnight - 5));
        assert_eq!(day.opens(at(midnight - 1)), Opening::At(at(midnight)));
        assert_eq!(
            day.opens(at(midnight)),
            Opening::At(at(2 * midnight)),
            "both may still arrive today"
        );
        day.answered(Ticket(0), at(midnight - 1), Counted::Yes);
        day.answered(Ticket(1), at(midnight + 3), Counted::Yes);
        day.leave(Ticket(2), at(midnight + 4));
        assert_eq!(day.opens(at(midnight + 5)), Opening::At(at(2 * midnight)));
    }

    #[test]
    fn a_refused_request_uses_up_nothing_of_the_day() {
        let mut day = Day::new(DailyLimit::At(1)).expect("a limit");
        day.leave(Ticket(0), at(5));
        day.answered(Ticket(0), at(6), Counted::No);
        assert_eq!(day.opens(at(7)), Opening::At(ALWAYS));
        assert!(Day::new(DailyLimit::Unlimited).is_none());
    }
}
