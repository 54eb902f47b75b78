//! When the next request of each account may leave, under all limits at once.

use std::time::Duration;

use crate::adapters::pace::Spacing;
use crate::model::event::Wait;
use crate::model::rate::{Ceiling, DailyLimit};
use crate::model::time::Moment;
use crate::model::window::{Counted, Day, Opening, Past, Ticket, Window};

/// The limits of a run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Ceiling of the whole run.
    pub rate: Ceiling,
    /// Ceiling of each account.
    pub account_rate: Ceiling,
    /// Messages of each account in a UTC day.
    pub daily_limit: DailyLimit,
}

impl Limits {
    /// How far back earlier requests still use up these limits.
    #[must_use]
    pub fn memory(&self) -> Duration {
        let day = match self.daily_limit {
            DailyLimit::Unlimited => Duration::ZERO,
            DailyLimit::At(_) => Duration::from_hours(24),
        };
        let periods = [self.rate, self.account_rate].into_iter().filter_map(Ceiling::rate);
        periods
            .map(|rate| rate.period() + rate.spacing())
            .chain([day])
            .max()
            .unwrap_or_default()
    }
}

/// When a request may leave, and what holds it back until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// When.
    pub opens: Opening,
    /// What holds it back, if it is not open yet.
    pub why: Wait,
}

impl Leave {
    fn later(self, other: Self) -> Self {
        match (self.opens, other.opens) {
            (Opening::AfterAnswer, _) => self,
            (Opening::At(mine), Opening::At(others)) if mine >= others => self,
            _ => other,
        }
    }

    /// Whether the request may leave at `now`.
    #[must_use]
    pub fn is_open(&self, now: Moment) -> bool {
        matches!(self.opens, Opening::At(at) if at <= now)
    }
}

/// The limits that one thing has: the run, or an account.
#[derive(Debug)]
struct Gate {
    window: Option<Window>,
    spacing: Option<Spacing>,
    day: Option<Day>,
    held: Option<Moment>,
    /// What the window and the spacing are called, and what a hold is.
    names: (Wait, Wait),
}

impl Gate {
    fn new(ceiling: Ceiling, daily_limit: DailyLimit, origin: Moment, names: (Wait, Wait)) -> Self {
        let rate = ceiling.rate();
        Self {
            window: rate.map(Window::new),
            spacing: rate.and_then(|rate| Spacing::new(rate, origin)),
            day: Day::new(daily_limit),
            held: None,
            names,
        }
    }

    fn leave_at(&self, now: Moment) -> Leave {
        let (rate, hold) = self.names;
        let at = |opens, why| Leave { opens, why };
        let window = self.window.as_ref().map(|window| at(window.opens(), rate));
        let spacing = self.spacing.as_ref().map(|spacing| at(Opening::At(spacing.opens()), rate));
        let day = self.day.as_ref().map(|day| at(day.opens(now), Wait::DailyLimit));
        let held = self.held.map(|until| at(Opening::At(until), hold));
        [window, spacing, day, held]
            .into_iter()
            .flatten()
            .fold(at(Opening::At(now), rate), Leave::later)
    }

    fn leave(&mut self, ticket: Ticket, now: Moment) {
        if let Some(window) = &mut self.window {
            window.leave(ticket);
        }
        if let Some(spacing) = &mut self.spacing {
            spacing.leave(now);
        }
        if let Some(day) = &mut self.day {
            day.leave(ticket, now);
        }
    }

    fn answered(&mut self, ticket: Ticket, at: Moment, counted: Counted) {
        if let Some(window) = &mut self.window {
            window.answered(ticket, at);
        }
        if let Some(day) = &mut self.day {
            day.answered(ticket, at, counted);
        }
    }

    fn hold(&mut self, until: Moment) {
        self.held = Some(self.held.map_or(until, |held| held.max(until)));
    }
}

/// All limits of a run. Knows no clock: the engine tells it the time.
#[derive(Debug)]
pub struct Pace {
    run: Gate,
    accounts: Vec<Gate>,
    next_ticket: u64,
}

impl Pace {
    /// The pace of a run that begins at `now`, after what earlier runs have used up.
    ///
    /// `past` is in the order of leaving; `accounts` are the run's accounts, by index.
    #[must_use]
    pub fn new(limits: Limits, accounts: &[Option<String>], past: &[Past], now: Moment) -> Self {
        let origin = now - limits.memory();
        let run = Gate::new(limits.rate, DailyLimit::Unlimited, origin, (Wait::Rate, Wait::Unreachable));
        let account = |_| Gate::new(limits.account_rate, limits.daily_limit, origin, (Wait::AccountRate, Wait::Held));
        let mut pace = Self {
            run,
            accounts: accounts.iter().map(account).collect(),
            next_ticket: 0,
        };
        for request in past {
            // A clock that was set back makes earlier requests look like later ones: they count as if they had just been.
            let (left, answered) = (request.left.min(now), request.answered.min(now));
            let ticket = pace.ticket();
            pace.run.leave(ticket, left);
            pace.run.answered(ticket, answered, request.counted);
            if let Some(index) = accounts.iter().position(|account| *account == request.account) {
                pace.accounts[index].leave(ticket, left);
                pace.accounts[index].answered(ticket, answered, request.counted);
            }
        }
        pace
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// When the next request of `account` may leave.
    #[must_use]
    pub fn opens(&self, account: u16, now: Moment) -> Leave {
        self.run.leave_at(now).later(self.accounts[usize::from(account)].leave_at(now))
    }

    /// A request of `account` leaves at `now`.
    pub fn leave(&mut self, account: u16, now: Moment) -> Ticket {
        let ticket = self.ticket();
        self.run.leave(ticket, now);
        self.accounts[usize::from(account)].leave(ticket, now);
        ticket
    }

    /// A request was answered, or given up.
    pub fn answered(&mut self, account: u16, ticket: Ticket, at: Moment, counted: Counted) {
        self.run.answered(ticket, at, counted);
        self.accounts[usize::from(account)].answered(ticket, at, counted);
    }

    /// The service asked for silence from `account`.
    pub fn hold_account(&mut self, account: u16, until: Moment) {
        self.accounts[usize::from(account)].hold(until);
    }

    /// Nothing leaves until then, from any account.
    pub fn hold_run(&mut self, until: Moment) {
        self.run.hold(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    fn limits(rate: &str, account_rate: &str, daily: &str) -> Limits {
        Limits {
            rate: rate.parse().expect("a rate"),
            account_rate: account_rate.parse().expect("a rate"),
            daily_limit: daily.parse().expect("a limit"),
        }
    }

    #[test]
    fn a_restart_forgets_nothing_that_was_used_up() {
        let now = at(1_000_000);
        let past: Vec<Past> = (0..3)
            .map(|n| Past {
                account: None,
                left: at(990_000 + n),
                answered: at(990_100 + n),
                counted: Counted::Yes,
            })
            .collect();
        let pace = Pace::new(limits("3/min", "unlimited", "unlimited"), &[None], &past, now);
        assert_eq!(
            pace.opens(0, now),
            Leave {
                opens: Opening::At(at(1_050_101)),
                why: Wait::Rate
            }
        );
        let day = Pace::new(limits("unlimited", "unlimited", "3"), &[None], &past, now);
        assert_eq!(
            day.opens(0, now),
            Leave {
                opens: Opening::At(at(86_400_000)),
                why: Wait::DailyLimit
            }
        );
    }

    #[test]
    fn requests_from_a_future_clock_count_as_just_made() {
        let now = at(1_000_000);
        let past = [Past {
            account: None,
            left: at(9_000_000),
            answered: at(9_000_100),
            counted: Counted::Yes,
        }];
        let pace = Pace::new(limits("1/min", "unlimited", "unlimited"), &[None], &past, now);
        assert_eq!(pace.opens(0, now).opens, Opening::At(at(1_060_001)));
    }

    #[test]
    fn a_hold_shuts_its_account_and_no_other() {
        let now = at(5_000);
        let accounts = [Some("a".to_owned()), Some("b".to_owned())];
        let mut pace = Pace::new(limits("unlimited", "unlimited", "unlimited"), &accounts, &[], now);
        pace.hold_account(0, at(9_000));
        pace.hold_account(0, at(8_000));
        assert_eq!(
            pace.opens(0, now),
            Leave {
                opens: Opening::At(at(9_000)),
                why: Wait::Held
            }
        );
        assert!(pace.opens(1, now).is_open(now));
    }
}
