//! The limits that this run shares with other campaigns of the machine.

use std::cell::RefCell;
use std::time::Duration;

use super::pace::{Limits, Pace};
use super::schedule::Slot;
use crate::adapters::database::DatabaseError;
use crate::adapters::database::permits::{Asker, Claim, PermitId, Permits, Wish};
use crate::model::draft::Draft;
use crate::model::event::Wait;
use crate::model::limits::{AccountLimits, Opener};
use crate::model::rate::{Ceiling, Rate};
use crate::model::skew::Skew;
use crate::model::time::Moment;
use crate::model::window::Counted;

/// The permits of this machine, and by what they know this run.
#[derive(Debug)]
pub struct Shared {
    permits: RefCell<Permits>,
    names: Names,
    limits: Limits,
    /// The limits of each account of the run are those of this id.
    accounts: Vec<Option<String>>,
    timeout: Duration,
    ahead: std::cell::Cell<i64>,
}

/// What stands for a run in the shared permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// For its key.
    pub key: String,
    /// For its campaign.
    pub campaign: String,
    /// For each of its accounts, by index.
    pub accounts: Vec<String>,
}

/// What became of asking for a permit.
#[derive(Debug)]
pub enum Claimed {
    /// The request may leave.
    Granted(PermitId),
    /// Not yet.
    Later(Later),
}

/// When to ask again, and what holds the request back until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    until: Moment,
    why: Wait,
}

impl Later {
    /// When to ask again.
    #[must_use]
    pub const fn until(self) -> Moment {
        self.until
    }

    /// What holds the request back until then.
    #[must_use]
    pub const fn why(self) -> Wait {
        self.why
    }

    /// Keeps whatever the limit is about from leaving until then.
    pub fn hold(self, pace: &mut Pace, account: u16) {
        match self.why {
            Wait::KeyRate => pace.hold_run(self.until, self.why),
            Wait::NewConversations => pace.hold_new_conversations(account, self.until),
            _ => pace.hold_account(account, self.until, self.why),
        }
    }
}

impl Shared {
    /// The shared permits for a run with these limits and accounts.
    #[must_use]
    pub fn new(permits: Permits, names: Names, limits: Limits, accounts: Vec<Option<String>>, timeout: Duration, ahead: i64) -> Self {
        Self {
            permits: RefCell::new(permits),
            names,
            limits,
            accounts,
            timeout,
            ahead: std::cell::Cell::new(ahead),
        }
    }

    /// Asks for a permit to send a draft, at the time that `now` tells when nobody else asks.
    ///
    /// # Errors
    /// The permits cannot be read or written.
    pub fn claim(&self, slot: Slot, draft: &Draft, now: impl FnOnce() -> Moment) -> Result<Claimed, DatabaseError> {
        let index = usize::from(slot.account);
        let id = self.accounts.get(index).and_then(Option::as_deref);
        let asker = Asker {
            key: &self.names.key,
            account: self.names.accounts.get(index).map_or("", String::as_str),
            campaign: &self.names.campaign,
            key_rates: &self.limits.key,
            limits: self.limits.of(id),
        };
        let wish = Wish {
            ahead: self.ahead.get(),
            timeout: self.timeout,
            opener: opener(draft),
        };
        Ok(match self.permits.borrow_mut().claim(asker, wish, now)? {
            Claim::Granted(id) => Claimed::Granted(id),
            Claim::Later(until, why) => Claimed::Later(Later { until, why }),
        })
    }

    /// The run holds its campaign from now on: what an earlier one of the same left on its way arrived by now, or never will.
    ///
    /// # Errors
    /// The permits cannot be written.
    pub fn take_over(&self, now: Moment) -> Result<(), DatabaseError> {
        self.permits.borrow().take_over(&self.names.campaign, now)
    }

    /// A request was answered, or given up. Where that cannot be written, the permit counts longer than it had to.
    pub fn answered(&self, id: PermitId, at: Moment, counted: Counted) {
        let _ = self.permits.borrow().answered(id, at, counted);
    }

    /// The service takes nothing from an account until then, and said so: other campaigns heed it as well. Where that cannot
    /// be written, they are told by an answer to a request of their own.
    pub fn hold(&self, account: u16, until: Moment, now: Moment) {
        if let Some(account) = self.names.accounts.get(usize::from(account)) {
            let _ = self.permits.borrow().hold(account, until, now);
        }
    }

    /// The service takes nothing from an account for now and named no time, in an answer to a request that left at `left`.
    /// Returns until when all campaigns wait; `None` where that cannot be written.
    pub fn hold_untold(&self, account: u16, left: Moment, now: Moment) -> Option<Moment> {
        let account = self.names.accounts.get(usize::from(account))?;
        self.permits.borrow_mut().hold_untold(account, left, now).ok()
    }

    /// A message of an account was sent. Where that cannot be written, a hold without a time lasts longer than it had to.
    pub fn sent(&self, account: u16) {
        if let Some(account) = self.names.accounts.get(usize::from(account)) {
            let _ = self.permits.borrow_mut().sent(account);
        }
    }

    /// The service's clock is ahead by `skew` of ours, which shows `now`. Where that cannot be written, earlier permits stay dated
    /// as they are.
    pub fn told(&self, skew: Skew, now: Moment) {
        self.ahead.set(skew.likely());
        let _ = self.permits.borrow_mut().told(skew, now);
    }
}

/// The limits for questions that the campaigns of this machine share: those of the key, and of each account's reading.
///
/// A question is a permit like that of a message, under a name of its own for the account's reading.
#[derive(Debug)]
pub struct Reads {
    permits: RefCell<Permits>,
    names: ReadNames,
    key_rates: Vec<Rate>,
    limits: AccountLimits,
    timeout: Duration,
}

/// What stands for whoever asks in the shared permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadNames {
    /// For its key.
    pub key: String,
    /// For its campaign.
    pub campaign: String,
    /// For the endpoint, before the id of an account.
    pub endpoint: String,
}

impl Reads {
    /// The shared limits of whoever asks at most at these rates.
    #[must_use]
    pub fn new(permits: Permits, names: ReadNames, key_rates: Vec<Rate>, read_rate: Ceiling, timeout: Duration) -> Self {
        Self {
            permits: RefCell::new(permits),
            names,
            key_rates,
            limits: AccountLimits {
                rate: read_rate,
                ..AccountLimits::NONE
            },
            timeout,
        }
    }

    fn reading_of(&self, account: Option<&str>) -> String {
        let ReadNames { key, endpoint, .. } = &self.names;
        match account {
            Some(id) => format!("{endpoint} {id} reads"),
            None => format!("{endpoint} the only account of {key} reads"),
        }
    }

    /// Asks for a permit to ask something for `account`, at the time that `now` tells when nobody else asks.
    ///
    /// # Errors
    /// The permits cannot be read or written.
    pub fn claim(&self, account: Option<&str>, now: impl FnOnce() -> Moment) -> Result<Claimed, DatabaseError> {
        let asker = Asker {
            key: &self.names.key,
            account: &self.reading_of(account),
            campaign: &self.names.campaign,
            key_rates: &self.key_rates,
            limits: &self.limits,
        };
        let wish = Wish {
            ahead: 0,
            timeout: self.timeout,
            opener: Opener::Known,
        };
        Ok(match self.permits.borrow_mut().claim(asker, wish, now)? {
            Claim::Granted(id) => Claimed::Granted(id),
            Claim::Later(until, Wait::AccountRate) => Claimed::Later(Later {
                until,
                why: Wait::ReadRate,
            }),
            Claim::Later(until, why) => Claimed::Later(Later { until, why }),
        })
    }

    /// A question was answered, or given up; the service's clock is ahead of ours by `skew`, as far as it told. Where that cannot
    /// be written, the permit counts longer than it had to.
    pub fn answered(&self, id: PermitId, at: Moment, skew: Option<Skew>) {
        let mut permits = self.permits.borrow_mut();
        let _ = permits.answered(id, at, Counted::No);
        if let Some(skew) = skew {
            let _ = permits.told(skew, at);
        }
    }

    /// The service answers no questions for an account until then, and said so: other campaigns heed it as well.
    pub fn hold(&self, account: Option<&str>, until: Moment, now: Moment) {
        let _ = self.permits.borrow().hold(&self.reading_of(account), until, now);
    }
}

/// Whether a message may open a conversation: only a row that names one is known not to.
#[must_use]
pub fn opener(draft: &Draft) -> Opener {
    if draft.recipient.conversation().is_some() {
        Opener::Known
    } else {
        Opener::New
    }
}
