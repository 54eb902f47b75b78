//! How fast requests may leave, at which hours, from which accounts, and when a run gives up.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;
use std::time::Duration;

use super::WordError;
use crate::model::calendar::{Holiday, TimeOfDay, WeekHours};
use crate::model::limits::AccountLimits;
use crate::model::rate::{Ceiling, DailyLimit, Rate};

/// How fast requests may leave, and when a run gives up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Ceiling of the whole run.
    pub rate: Ceiling,
    /// Ceilings of the key, for all campaigns of this machine together.
    pub key_rates: Vec<Rate>,
    /// The limits of each account that has none of its own.
    pub account: AccountLimits,
    /// The limits of accounts that have some of their own, by id.
    pub own: BTreeMap<String, AccountLimits>,
    /// At which hours messages may leave.
    pub hours: Hours,
    /// Ceiling of the questions that each account asks: reading back and looking up.
    pub read_rate: Ceiling,
    /// Requests in flight.
    pub concurrency: NonZeroUsize,
    /// How long one request may take. Not zero.
    pub timeout: Duration,
    /// Further tries of a request that certainly was not sent.
    pub retries: u32,
    /// Rows that fail one after another, per account, before the run stops.
    pub max_failures: NonZeroU32,
    /// A longer wait ends the run.
    pub max_wait: Duration,
    /// The same for a wait until the hours at which messages may leave.
    pub hours_wait: Duration,
    /// When nothing new starts any more.
    pub end: End,
}

/// At which hours messages may leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// The windows; none: at all hours.
    pub windows: Vec<WeekHours>,
    /// Days on which nothing leaves.
    pub holidays: Vec<Holiday>,
    /// The name of the zone whose clock counts; `None`: that of this machine.
    pub timezone: Option<String>,
}

/// When a run starts nothing new any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// At this time of day.
    pub until: Option<TimeOfDay>,
    /// After so much time.
    pub after: Option<Duration>,
}

/// 60 a minute, and 100 in ten seconds: what the service allows a key.
#[must_use]
pub fn rates_of_key() -> Vec<Rate> {
    let rates = [Rate::new(60, Duration::from_mins(1)), Rate::new(100, Duration::from_secs(10))];
    rates.into_iter().flatten().collect()
}

impl Default for Pace {
    /// The gentle defaults of the contract.
    fn default() -> Self {
        let per_minute = |count| Rate::new(count, Duration::from_mins(1)).map_or(Ceiling::Unlimited, Ceiling::At);
        Self {
            rate: per_minute(60),
            key_rates: rates_of_key(),
            account: AccountLimits {
                rate: per_minute(2),
                daily: DailyLimit::At(100),
                ..AccountLimits::NONE
            },
            own: BTreeMap::new(),
            hours: Hours::default(),
            read_rate: per_minute(30),
            concurrency: NonZeroUsize::MIN.saturating_add(7),
            timeout: Duration::from_mins(1),
            retries: 5,
            max_failures: NonZeroU32::MIN.saturating_add(9),
            max_wait: Duration::from_mins(15),
            hours_wait: Duration::MAX,
            end: End::default(),
        }
    }
}

impl Pace {
    /// The defaults of a run against the sandbox: nothing is limited.
    #[must_use]
    pub fn of_sandbox() -> Self {
        Self {
            rate: Ceiling::Unlimited,
            key_rates: Vec::new(),
            account: AccountLimits::NONE,
            read_rate: Ceiling::Unlimited,
            ..Self::default()
        }
    }

    /// The ceilings of the key where nobody said any: those of the service, unless the run's own was said to be higher.
    #[must_use]
    pub fn key_rates_beside(rate: Ceiling) -> Vec<Rate> {
        let service = rates_of_key();
        match (rate.rate(), service.first()) {
            (None, _) => Vec::new(),
            (Some(own), Some(first)) if own.spacing() < first.spacing() => vec![own],
            _ => service,
        }
    }
}

/// The accounts that share the rows that name none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// How rows are shared.
    pub strategy: Strategy,
    /// The accounts, each with its weight; none: the rows are those of `--account`.
    pub among: Vec<Share>,
    /// Rows that are moved from one account to another.
    pub reassigned: Vec<Reassigned>,
}

/// How rows are shared among accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// All send side by side, by their weights; the same recipient has the same account in every run.
    #[default]
    RoundRobin,
    /// The first sends what its day allows, then the next.
    Fill,
}

impl FromStr for Strategy {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text.trim() {
            "round-robin" => Ok(Self::RoundRobin),
            "fill" => Ok(Self::Fill),
            _ => Err(WordError {
                said: text.to_owned(),
                words: "round-robin, fill",
            }),
        }
    }
}

/// An account that sends a part of the rows: `acc_1`, or with a weight `acc_1=3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The account.
    pub id: String,
    /// How many rows it sends for each one that an account of weight 1 sends.
    pub weight: NonZeroU32,
}

/// The text is no account with a weight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share; write an account's id, or with a whole number of at least 1 as its weight: acc_1=3")]
pub struct ShareError(String);

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let refused = || ShareError(text.to_owned());
        let (id, weight) = match text.split_once('=') {
            Some((id, weight)) => (id, weight.trim().parse().map_err(|_| refused())?),
            None => (text, NonZeroU32::MIN),
        };
        match id.trim() {
            "" => Err(refused()),
            id => Ok(Self { id: id.to_owned(), weight }),
        }
    }
}

/// Rows that one account was to send and another sends instead: `FROM=TO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassigned {
    /// The account that sends them no more.
    pub from: String,
    /// The account that does.
    pub to: String,
}

/// The text moves no rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` moves no rows; write two different accounts: FROM=TO")]
pub struct ReassignedError(String);

impl FromStr for Reassigned {
    type Err = ReassignedError;

    fn from_str(text: &str) -> Result<Self, ReassignedError> {
        let halves = text.split_once('=').map(|(from, to)| (from.trim(), to.trim()));
        match halves {
            Some((from, to)) if !from.is_empty() && !to.is_empty() && from != to => Ok(Self {
                from: from.to_owned(),
                to: to.to_owned(),
            }),
            _ => Err(ReassignedError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let pace = Pace::default();
        assert_eq!(
            (pace.rate.to_string(), pace.account.rate.to_string()),
            ("60/min".to_owned(), "2/min".to_owned())
        );
        assert_eq!(pace.account.daily, DailyLimit::At(100));
        assert_eq!((pace.concurrency.get(), pace.retries, pace.max_failures.get()), (8, 5, 10));
        assert_eq!((pace.timeout.as_secs(), pace.max_wait.as_secs()), (60, 900));
    }

    #[test]
    fn a_run_that_is_said_to_be_faster_than_the_service_allows_a_key_is_believed() {
        let beside = |rate: &str| Pace::key_rates_beside(rate.parse().expect("a rate")).len();
        assert_eq!(
            (beside("60/min"), beside("5/min"), beside("2/s"), beside("unlimited")),
            (2, 2, 1, 0)
        );
    }

    #[test]
    fn shares_and_moves_read_as_people_type_them() {
        assert_eq!(
            "acc_1=3".parse::<Share>().map(|share| (share.id, share.weight.get())),
            Ok(("acc_1".to_owned(), 3))
        );
        assert_eq!("acc_1".parse::<Share>().map(|share| share.weight.get()), Ok(1));
        for text in ["", "=3", "a=0", "a=x"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        for text in ["", "a", "a=", "=b", "a=a"] {
            assert!(text.parse::<Reassigned>().is_err(), "{text}");
        }
    }
}
