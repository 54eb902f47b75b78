//! When the next request of each account may leave, under all limits at once.

mod gate;

use std::collections::BTreeMap;
use std::time::Duration;

use self::gate::Gate;
pub use self::gate::Leave;
use super::inquiry::Budget;
use crate::model::calendar::Openings;
use crate::model::event::Wait;
use crate::model::limits::{AccountLimits, Opener};
use crate::model::rate::{Ceiling, Rate};
use crate::model::time::Moment;
use crate::model::window::{By, Counted, Opening, Past, Ticket};

/// The limits of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Ceiling of the whole run.
    pub rate: Ceiling,
    /// Ceilings of the key, for all campaigns together.
    pub key: Vec<Rate>,
    /// The limits of each account that has none of its own.
    pub account: AccountLimits,
    /// The limits of accounts that have some of their own, by id.
    pub own: BTreeMap<String, AccountLimits>,
}

impl Limits {
    /// Nothing is limited.
    pub const NONE: Self = Self {
        rate: Ceiling::Unlimited,
        key: Vec::new(),
        account: AccountLimits::NONE,
        own: BTreeMap::new(),
    };

    /// The limits of an account.
    #[must_use]
    pub fn of(&self, account: Option<&str>) -> &AccountLimits {
        account.and_then(|id| self.own.get(id)).unwrap_or(&self.account)
    }

    /// How far back earlier requests still use up these limits.
    #[must_use]
    pub fn memory(&self) -> Duration {
        let rates = self.rate.rate().into_iter().chain(self.key.iter().copied());
        let accounts = self.own.values().chain([&self.account]);
        rates
            .map(|rate| rate.period() + rate.spacing())
            .chain(accounts.map(AccountLimits::memory))
            .max()
            .unwrap_or_default()
    }
}

/// What a row's time depends on beside its account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Class {
    /// Its hours, as an index into the run's list.
    pub hours: u16,
    /// Whether its message opens a conversation.
    pub opener: Opener,
}

/// What a pace begins with.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The limits.
    pub limits: &'a Limits,
    /// The run's accounts, by index.
    pub accounts: &'a [Option<String>],
    /// Earlier requests that the limits still count, in the order of leaving.
    pub past: &'a [Past],
    /// The day in UTC of each account's first message, as far as it had one, by index.
    pub first_days: &'a [Option<i64>],
    /// The classes of rows, by index; where there are none, all rows are alike.
    pub classes: &'a [Class],
    /// The hours that classes name, by index; where there are none, always.
    pub hours: &'a [Openings],
    /// A limit that opens within this time is sat out: where its hours have ended by then, it is them that are waited for.
    pub patience: Duration,
    /// What pauses are drawn from: the same in every run of a campaign.
    pub seed: u64,
    /// How many milliseconds the service's clock is ahead of ours, as far as it told.
    pub ahead: i64,
}

/// All limits of a run. Knows no clock: the engine tells it the time.
#[derive(Debug, Clone)]
pub struct Pace {
    key: Gate,
    run: Gate,
    accounts: Vec<Gate>,
    classes: Vec<Class>,
    hours: Vec<Openings>,
    patience: Duration,
    /// How many milliseconds the service's clock is ahead of ours: its days are what limits of a day count.
    ahead: i64,
    next_ticket: u64,
}

impl Pace {
    /// The pace of a run that begins at `now`, after what earlier runs and other campaigns have used up.
    #[must_use]
    pub fn new(beginning: &Beginning<'_>, now: Moment) -> Self {
        let limits = beginning.limits;
        let origin = now - limits.memory();
        let account = |(index, id): (usize, &Option<String>)| {
            let first_day = beginning.first_days.get(index).copied().flatten();
            Gate::of_account(limits.of(id.as_deref()), first_day, beginning.seed ^ index as u64, origin)
        };
        let mut pace = Self {
            key: Gate::of_key(&limits.key),
            run: Gate::of_run(limits.rate, origin),
            accounts: beginning.accounts.iter().enumerate().map(account).collect(),
            classes: if beginning.classes.is_empty() {
                vec![Class::default()]
            } else {
                beginning.classes.to_vec()
            },
            hours: beginning.hours.to_vec(),
            patience: beginning.patience,
            ahead: beginning.ahead,
            next_ticket: 0,
        };
        for request in beginning.past {
            pace.remember(request, beginning.accounts, now);
        }
        pace
    }

    fn remember(&mut self, request: &Past, accounts: &[Option<String>], now: Moment) {
        // A clock that was set back makes earlier requests look like later ones: they count as if they had just been.
        let (left, answered) = (request.left.min(now), request.answered.min(now));
        let (ticket, ahead) = (self.ticket(), self.ahead);
        let own = accounts.iter().position(|account| *account == request.account);
        let run = (request.by == By::Us).then_some(&mut self.run);
        let account = own.and_then(|index| self.accounts.get_mut(index));
        for gate in [Some(&mut self.key), run, account].into_iter().flatten() {
            gate.leave(ticket, left, ahead, request.opener);
            gate.answered(ticket, answered, ahead, request.counted);
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// Whether nothing is limited, at any time from `now` on.
    #[must_use]
    pub fn is_free(&self, now: Moment) -> bool {
        let gates = self.accounts.iter().chain([&self.key, &self.run]);
        gates.into_iter().all(|gate| gate.is_free(now)) && self.hours.iter().all(|hours| *hours == Openings::ALWAYS)
    }

    /// How many classes of rows there are.
    #[must_use]
    pub fn classes(&self) -> u16 {
        u16::try_from(self.classes.len()).unwrap_or(u16::MAX)
    }

    /// When the next request of any account may leave, as far as the run and its key decide.
    #[must_use]
    pub fn opens_for_all(&self, now: Moment) -> Leave {
        self.run
            .leave_at(now, self.ahead, Opener::Known)
            .later(self.key.leave_at(now, self.ahead, Opener::Known))
    }

    /// When the next request of `account` may leave for a row of `class`; `all` is what [`Pace::opens_for_all`] says.
    #[must_use]
    pub fn opens(&self, account: u16, class: u16, all: Leave, now: Moment) -> Leave {
        let class = self.classes.get(usize::from(class)).copied().unwrap_or_default();
        let own = self.accounts.get(usize::from(account));
        let leave = own.map_or(all, |gate| all.later(gate.leave_at(now, self.ahead, class.opener)));
        let (Some(hours), Opening::At(at)) = (self.hours.get(usize::from(class.hours)), leave.opens) else {
            return leave;
        };
        let at = at.max(now);
        let open = hours.next(at).unwrap_or(NEVER);
        if open <= at {
            return leave;
        }
        // Closed now, or as soon as a run may go on, is one thing; a limit for which no run waits so long is another.
        let by_hours = !hours.is_open(now) || at.since(now) <= self.patience;
        Leave {
            opens: Opening::At(open),
            why: if by_hours { Wait::Window } else { leave.why },
        }
    }

    /// Whether nothing may leave at `now` from `account` for a row of `class`, however little was used up: something holds it, or
    /// its hours are closed.
    #[must_use]
    pub fn is_shut(&self, account: u16, class: u16, now: Moment) -> bool {
        let class = self.classes.get(usize::from(class)).copied().unwrap_or_default();
        let own = self.accounts.get(usize::from(account));
        let held = own.into_iter().chain([&self.run]).any(|gate| gate.is_held(now));
        held || self.hours.get(usize::from(class.hours)).is_some_and(|hours| !hours.is_open(now))
    }

    /// A request of `account` leaves at `now` for a row of `class`.
    pub fn leave(&mut self, account: u16, class: u16, now: Moment) -> Ticket {
        let ticket = self.ticket();
        let opener = self.classes.get(usize::from(class)).copied().unwrap_or_default().opener;
        let ahead = self.ahead;
        self.each(account, |gate| gate.leave(ticket, now, ahead, opener));
        ticket
    }

    /// A request was answered, or given up.
    pub fn answered(&mut self, account: u16, ticket: Ticket, at: Moment, counted: Counted) {
        let ahead = self.ahead;
        self.each(account, |gate| gate.answered(ticket, at, ahead, counted));
    }

    /// A question leaves at `now`. It is no message: it counts for the run and its key alone.
    pub fn ask(&mut self, now: Moment) -> Ticket {
        let (ticket, ahead) = (self.ticket(), self.ahead);
        for gate in [&mut self.key, &mut self.run] {
            gate.leave(ticket, now, ahead, Opener::Known);
        }
        ticket
    }

    /// A question was answered, or given up.
    pub fn asked(&mut self, ticket: Ticket, at: Moment) {
        let ahead = self.ahead;
        for gate in [&mut self.key, &mut self.run] {
            gate.answered(ticket, at, ahead, Counted::Yes);
        }
    }

    /// The upload of a file leaves at `now`. It is no message and counts for the key alone. It goes with a row that has its
    /// permit, so it does not wait: what comes after it does.
    pub fn upload(&mut self, now: Moment) -> Ticket {
        let ticket = self.ticket();
        self.key.leave(ticket, now, self.ahead, Opener::Known);
        ticket
    }

    /// The upload was answered, or given up.
    pub fn uploaded(&mut self, ticket: Ticket, at: Moment) {
        self.key.answered(ticket, at, self.ahead, Counted::Yes);
    }

    fn each(&mut self, account: u16, mut act: impl FnMut(&mut Gate)) {
        act(&mut self.key);
        act(&mut self.run);
        self.accounts.get_mut(usize::from(account)).into_iter().for_each(act);
    }

    /// Nothing leaves from `account` until then.
    pub fn hold_account(&mut self, account: u16, until: Moment, why: Wait) {
        if let Some(gate) = self.accounts.get_mut(usize::from(account)) {
            gate.hold(until, why);
        }
    }

    /// Nothing that opens a conversation leaves from `account` until then.
    pub fn hold_new_conversations(&mut self, account: u16, until: Moment) {
        if let Some(gate) = self.accounts.get_mut(usize::from(account)) {
            gate.hold_new(until);
        }
    }

    /// Nothing leaves until then, from any account.
    pub fn hold_run(&mut self, until: Moment, why: Wait) {
        self.run.hold(until, why);
    }

    /// The service says that an account has used so many messages of its day.
    pub fn told_used(&mut self, account: u16, used: u32, now: Moment) {
        if let Some(gate) = self.accounts.get_mut(usize::from(account)) {
            gate.told_used(used, now.shifted(self.ahead));
        }
    }

    /// The service says how many messages of an account are left.
    pub fn told_left(&mut self, account: u16, budget: Budget) {
        if let Some(gate) = self.accounts.get_mut(usize::from(account)) {
            gate.told_left(budget);
        }
    }

    /// The service's clock is so many milliseconds ahead of ours; behind it, if the number is negative.
    pub fn set_ahead(&mut self, millis: i64) {
        self.ahead = millis;
    }
}

/// Further off than any run waits.
pub const NEVER: Moment = Moment::from_millis(i64::MAX / 4);

#[cfg(test)]
mod tests;
