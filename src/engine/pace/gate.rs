//! The limits that one thing has: the key, the run, or an account.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::inquiry::Budget;
use crate::adapters::pace::Spacing;
use crate::model::event::Wait;
use crate::model::limits::{AccountLimits, DAY, DayKind, Gap, HOUR, Opener, mixed};
use crate::model::rate::{Ceiling, DailyLimit, Rate};
use crate::model::time::Moment;
use crate::model::window::{Counted, Counts, Day, DayLimit, Opening, Ticket, Window};

/// When a request may leave, and what holds it back until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// When.
    pub opens: Opening,
    /// What holds it back, if it is not open yet.
    pub why: Wait,
}

impl Leave {
    /// The later of two.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
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

/// What measures one limit.
#[derive(Debug, Clone)]
enum Gauge {
    Window(Window),
    Spacing(Spacing),
    Day(Day),
    Pause(Pause),
    /// Nothing leaves at all.
    Shut,
}

/// Which requests a limit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    All,
    NewConversations,
}

/// One limit.
#[derive(Debug, Clone)]
struct Limit {
    gauge: Gauge,
    why: Wait,
    about: About,
}

/// Pauses by chance.
#[derive(Debug, Clone)]
struct Pause {
    gap: Gap,
    seed: u64,
    next: Option<Moment>,
}

/// All limits of one thing, and its hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate {
    limits: Vec<Limit>,
    held: Option<(Moment, Wait)>,
    /// Until when nothing leaves that opens a conversation.
    held_new: Option<Moment>,
    /// What the service says is left.
    allowances: Vec<Allowance>,
}

/// What is left of a quota of the service, less what has left since it told.
#[derive(Debug, Clone)]
struct Allowance {
    left: u32,
    until: Moment,
    unanswered: BTreeSet<Ticket>,
}

impl Gate {
    pub(super) fn of_key(rates: &[Rate]) -> Self {
        let mut gate = Self::default();
        for rate in rates {
            gate.push(Gauge::Window(Window::new(*rate, Counts::Requests)), Wait::KeyRate);
        }
        gate
    }

    pub(super) fn of_run(ceiling: Ceiling, origin: Moment) -> Self {
        let mut gate = Self::default();
        gate.push_ceiling(ceiling, origin, Wait::Rate);
        gate
    }

    pub(super) fn of_account(limits: &AccountLimits, first_day: Option<i64>, seed: u64, origin: Moment) -> Self {
        let mut gate = Self::default();
        gate.push_ceiling(limits.rate, origin, Wait::AccountRate);
        if let DailyLimit::At(count) = limits.hourly {
            gate.push(in_any(count, HOUR), Wait::Hourly);
        }
        for (limit, why, about) in [
            (limits.daily, Wait::DailyLimit, About::All),
            (limits.new_conversations, Wait::NewConversations, About::NewConversations),
        ] {
            let DailyLimit::At(count) = limit else { continue };
            let gauge = match limits.day {
                _ if count == 0 => Gauge::Shut,
                DayKind::Utc => Gauge::Day(Day::new(DayLimit::Each(count))),
                DayKind::Rolling => in_any(count, DAY),
            };
            gate.limits.push(Limit { gauge, why, about });
        }
        if let Some(ramp) = limits.ramp {
            gate.push(Gauge::Day(Day::new(DayLimit::Growing(ramp, first_day))), Wait::Ramp);
        }
        if let Some(gap) = limits.gap {
            gate.push(Gauge::Pause(Pause { gap, seed, next: None }), Wait::Gap);
        }
        gate
    }

    pub(super) fn is_free(&self, now: Moment) -> bool {
        self.limits.is_empty() && self.allowances.is_empty() && !self.is_held(now)
    }

    pub(super) fn is_held(&self, now: Moment) -> bool {
        self.held.is_some_and(|(until, _)| until > now)
    }

    fn push(&mut self, gauge: Gauge, why: Wait) {
        self.limits.push(Limit {
            gauge,
            why,
            about: About::All,
        });
    }

    fn push_ceiling(&mut self, ceiling: Ceiling, origin: Moment, why: Wait) {
        let Some(rate) = ceiling.rate() else { return };
        self.push(Gauge::Window(Window::new(rate, Counts::Requests)), why);
        if let Some(spacing) = Spacing::new(rate, origin) {
            self.push(Gauge::Spacing(spacing), why);
        }
    }

    /// When the next request may leave. `ahead` is how many milliseconds the service's clock is ahead.
    pub(super) fn leave_at(&self, now: Moment, ahead: i64, opener: Opener) -> Leave {
        let held = self.held.map(|(until, why)| Leave {
            opens: Opening::At(until),
            why,
        });
        let held_new = self.held_new.filter(|_| opener == Opener::New).map(|until| Leave {
            opens: Opening::At(until),
            why: Wait::NewConversations,
        });
        let open = Leave {
            opens: Opening::At(now),
            why: Wait::Rate,
        };
        let limits = self.limits.iter().filter(|limit| limit.concerns(opener));
        limits
            .map(|limit| Leave {
                opens: limit.gauge.opens(now, ahead),
                why: limit.why,
            })
            .chain(held)
            .chain(held_new)
            .chain(self.allowances.iter().filter_map(|allowance| allowance.leave_at(now)))
            .fold(open, Leave::later)
    }

    pub(super) fn leave(&mut self, ticket: Ticket, now: Moment, ahead: i64, opener: Opener) {
        self.allowances.retain(|allowance| allowance.until > now);
        for allowance in &mut self.allowances {
            allowance.left = allowance.left.saturating_sub(1);
            allowance.unanswered.insert(ticket);
        }
        for limit in self.limits.iter_mut().filter(|limit| limit.concerns(opener)) {
            match &mut limit.gauge {
                Gauge::Window(window) => window.leave(ticket, now),
                Gauge::Spacing(spacing) => spacing.leave(now),
                Gauge::Day(day) => day.leave(ticket, now.shifted(ahead)),
                Gauge::Pause(pause) => pause.leave(now),
                Gauge::Shut => {}
            }
        }
    }

    pub(super) fn answered(&mut self, ticket: Ticket, at: Moment, ahead: i64, counted: Counted) {
        for allowance in &mut self.allowances {
            if allowance.unanswered.remove(&ticket) && counted == Counted::No {
                allowance.left += 1;
            }
        }
        for limit in &mut self.limits {
            match &mut limit.gauge {
                Gauge::Window(window) => window.answered(ticket, at, counted),
                Gauge::Day(day) => day.answered(ticket, at.shifted(ahead), counted),
                Gauge::Spacing(_) | Gauge::Pause(_) | Gauge::Shut => {}
            }
        }
    }

    pub(super) fn hold(&mut self, until: Moment, why: Wait) {
        if self.held.is_none_or(|(held, _)| held < until) {
            self.held = Some((until, why));
        }
    }

    pub(super) fn hold_new(&mut self, until: Moment) {
        self.held_new = self.held_new.max(Some(until));
    }

    /// What was told of the same quota before is not raised: what left since then is not in an answer that was on its way.
    pub(super) fn told_left(&mut self, budget: Budget) {
        match self.allowances.iter_mut().find(|allowance| allowance.until == budget.until) {
            Some(known) => {
                let in_flight = u32::try_from(known.unanswered.len()).unwrap_or(u32::MAX);
                known.left = known.left.min(budget.left.saturating_sub(in_flight));
            }
            None => self.allowances.push(Allowance {
                left: budget.left,
                until: budget.until,
                unanswered: BTreeSet::new(),
            }),
        }
    }

    pub(super) fn told_used(&mut self, used: u32, server_now: Moment) {
        for limit in self.limits.iter_mut().filter(|limit| limit.about == About::All) {
            if let Gauge::Day(day) = &mut limit.gauge {
                day.told(used, server_now);
            }
        }
    }
}

impl Allowance {
    /// When the next message may leave, if nothing is left now.
    fn leave_at(&self, now: Moment) -> Option<Leave> {
        (self.left == 0 && self.until > now).then_some(Leave {
            opens: Opening::At(self.until),
            why: Wait::Quota,
        })
    }
}

/// A limit of so many messages in any such span.
fn in_any(count: u32, period: Duration) -> Gauge {
    Rate::new(count, period).map_or(Gauge::Shut, |rate| Gauge::Window(Window::new(rate, Counts::Messages)))
}

impl Limit {
    fn concerns(&self, opener: Opener) -> bool {
        self.about == About::All || opener == Opener::New
    }
}

impl Gauge {
    fn opens(&self, now: Moment, ahead: i64) -> Opening {
        match self {
            Self::Window(window) => window.opens(),
            Self::Spacing(spacing) => Opening::At(spacing.opens()),
            Self::Day(day) => match day.opens(now.shifted(ahead)) {
                Opening::At(at) => Opening::At(at.shifted(-ahead)),
                Opening::AfterAnswer => Opening::AfterAnswer,
            },
            Self::Pause(pause) => Opening::At(pause.next.unwrap_or(now)),
            Self::Shut => Opening::At(super::NEVER),
        }
    }
}

impl Pause {
    fn leave(&mut self, now: Moment) {
        self.seed = mixed(self.seed);
        self.next = Some(now + self.gap.draw(self.seed));
    }
}
