//! How much is let through: exact sliding windows and days, as the server counts them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::settings::{Beyond, Limits};
use crate::model::rate::{Ceiling, DailyLimit, Rate};
use crate::model::time::Moment;

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A send into a conversation that is there.
    Message,
    /// A send that opens a conversation.
    FirstMessage,
    /// An upload.
    Upload,
    /// A look at people or conversations.
    Read,
    /// A call on an account.
    Account,
}

impl Kind {
    /// The word in `X-RateLimit-Action`; `MESSAGE` is the documented one.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Message | Self::FirstMessage => "MESSAGE",
            Self::Upload => "UPLOAD",
            Self::Read => "READ",
            Self::Account => "ACCOUNT",
        }
    }
}

/// How a window stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) used: u32,
    /// When the next one is let through, if there is none left; else when the oldest leaves the window.
    pub(super) reset: Moment,
}

impl Standing {
    pub(super) const fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

/// What the limits say to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// Let through; how the tightest window stands, if there is one.
    Granted(Option<Standing>),
    /// One too many: how the window that says so stands.
    Refused(Standing),
}

/// The windows of all keys and accounts.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    windows: HashMap<(Gauge, String), Window>,
}

/// What one window measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Gauge {
    Key,
    KeyBurst,
    Writes,
    Reads,
    Calls,
    Messages,
    NewConversations,
}

#[derive(Debug)]
enum Window {
    Sliding { rate: Rate, times: VecDeque<Duration> },
    Day { limit: u32, day: i64, used: u32 },
}

/// Now, by the clock that only goes forward (since the start) and by the one on the wall.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instant {
    pub(super) since_start: Duration,
    pub(super) wall: Moment,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            windows: HashMap::new(),
        }
    }

    /// Counts a request in every window that it falls into, or in none if one of them is full.
    pub(super) fn ask(&mut self, key: &str, account: &str, kind: Kind, now: Instant) -> Leave {
        let mut tightest: Option<Standing> = None;
        let gauges = self.gauges(key, account, kind);
        for gauge in &gauges {
            let Some(window) = self.window(gauge) else { continue };
            let standing = window.standing(now);
            if standing.remaining() == 0 && self.limits.beyond == Beyond::Refused {
                return Leave::Refused(standing);
            }
        }
        for gauge in &gauges {
            let Some(window) = self.window(gauge) else { continue };
            window.count(now);
            let standing = window.standing(now);
            if tightest.is_none_or(|known| standing.remaining() < known.remaining()) {
                tightest = Some(standing);
            }
        }
        Leave::Granted(tightest)
    }

    fn gauges(&self, key: &str, account: &str, kind: Kind) -> Vec<(Gauge, String)> {
        if self.limits == Limits::default() {
            return Vec::new();
        }
        let mine: &[Gauge] = match kind {
            Kind::Message => &[Gauge::Writes, Gauge::Messages],
            Kind::FirstMessage => &[Gauge::Writes, Gauge::Messages, Gauge::NewConversations],
            Kind::Upload => &[Gauge::Writes],
            Kind::Read => &[Gauge::Reads],
            Kind::Account => &[Gauge::Calls],
        };
        let of_key = [Gauge::Key, Gauge::KeyBurst].into_iter().map(|gauge| (gauge, key.to_owned()));
        of_key.chain(mine.iter().map(|gauge| (*gauge, account.to_owned()))).collect()
    }

    fn window(&mut self, gauge: &(Gauge, String)) -> Option<&mut Window> {
        let limits = &self.limits;
        let new = match gauge.0 {
            Gauge::Key => sliding(limits.per_key),
            Gauge::KeyBurst => sliding(limits.key_burst),
            Gauge::Writes => sliding(limits.account_writes),
            Gauge::Reads => sliding(limits.account_reads),
            Gauge::Calls => sliding(limits.account_calls),
            Gauge::Messages => daily(limits.per_account_day),
            Gauge::NewConversations => daily(limits.new_conversations),
        }?;
        Some(self.windows.entry(gauge.clone()).or_insert(new))
    }
}

fn sliding(ceiling: Ceiling) -> Option<Window> {
    ceiling.rate().map(|rate| Window::Sliding {
        rate,
        times: VecDeque::new(),
    })
}

const fn daily(limit: DailyLimit) -> Option<Window> {
    match limit {
        DailyLimit::Unlimited => None,
        DailyLimit::At(limit) => Some(Window::Day {
            limit,
            day: i64::MIN,
            used: 0,
        }),
    }
}

impl Window {
    fn standing(&mut self, now: Instant) -> Standing {
        match self {
            Self::Sliding { rate, times } => {
                while times.front().is_some_and(|time| now.since_start >= *time + rate.period()) {
                    times.pop_front();
                }
                let wait = times
                    .front()
                    .map_or(Duration::ZERO, |time| (*time + rate.period()).saturating_sub(now.since_start));
                Standing {
                    limit: rate.count(),
                    used: u32::try_from(times.len()).unwrap_or(u32::MAX),
                    reset: now.wall + wait,
                }
            }
            Self::Day { limit, day, used } => {
                if *day != now.wall.utc_day() {
                    (*day, *used) = (now.wall.utc_day(), 0);
                }
                Standing {
                    limit: *limit,
                    used: *used,
                    reset: now.wall.next_utc_midnight(),
                }
            }
        }
    }

    fn count(&mut self, now: Instant) {
        match self {
            Self::Sliding { times, .. } => times.push_back(now.since_start),
            Self::Day { used, .. } => *used += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant {
            since_start: Duration::from_millis(millis),
            wall: Moment::from_millis(i64::try_from(millis).expect("small")),
        }
    }

    fn granted(limiter: &mut Limiter, account: &str, kind: Kind, millis: u64) -> bool {
        matches!(limiter.ask("key", account, kind, at(millis)), Leave::Granted(_))
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_and_none_refuses_without_need(steps in proptest::collection::vec(0u64..400, 1..200)) {
            let limits = Limits { account_writes: "5/s".parse().expect("a rate"), ..Limits::default() };
            let mut limiter = Limiter::new(limits);
            let (mut now, mut passed) = (0, Vec::new());
            for step in steps {
                now += step;
                let in_window = passed.iter().filter(|time| now - **time < 1000).count();
                let let_through = granted(&mut limiter, "a", Kind::Message, now);
                prop_assert_eq!(let_through, in_window < 5);
                if let_through {
                    passed.push(now);
                }
            }
        }
    }

    #[test]
    fn a_refused_request_counts_nowhere() {
        let limits = Limits {
            per_key: "2/s".parse().expect("a rate"),
            account_writes: "1/s".parse().expect("a rate"),
            ..Limits::default()
        };
        let mut limiter = Limiter::new(limits);
        assert!(granted(&mut limiter, "a", Kind::Message, 0));
        assert!(!granted(&mut limiter, "a", Kind::Message, 1), "the account is full");
        assert!(granted(&mut limiter, "b", Kind::Message, 2), "the key still has one");
        assert!(!granted(&mut limiter, "c", Kind::Message, 3), "the key is full");
    }

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let limits = Limits {
            new_conversations: DailyLimit::At(1),
            ..Limits::default()
        };
        let mut limiter = Limiter::new(limits);
        assert!(granted(&mut limiter, "a", Kind::FirstMessage, 86_399_998));
        assert!(!granted(&mut limiter, "a", Kind::FirstMessage, 86_399_999));
        assert!(granted(&mut limiter, "a", Kind::Message, 86_399_999), "replies are free");
        assert!(granted(&mut limiter, "a", Kind::FirstMessage, 86_400_000));
    }
}
