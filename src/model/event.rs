//! What the engine tells while it works: facts, not words for a screen.

use std::time::Duration;

use super::row::RowNumber;
use super::status::Status;
use super::time::Moment;

/// One fact about a run that is going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request begins to leave.
    Left {
        /// The row it is for.
        row: RowNumber,
        /// The sending account, as an index into the run's list of accounts.
        account: u16,
    },
    /// An attempt was certainly not accepted; the row will be tried again.
    Retrying {
        /// The row.
        row: RowNumber,
        /// Why, in one line.
        why: String,
        /// The earliest time of the next try.
        wait: Duration,
    },
    /// A row is done with for this run. Told once a row.
    Settled {
        /// The row.
        row: RowNumber,
        /// The sending account, as an index into the run's list of accounts.
        account: u16,
        /// What it was before.
        before: Status,
        /// What it is now.
        status: Status,
        /// One line that says what went wrong, where something did.
        error: Option<String>,
    },
    /// Nothing can leave until then.
    Waiting {
        /// Until when.
        until: Moment,
        /// What is waited for.
        why: Wait,
    },
    /// How the run will go on, as far as can be told now. Told every few seconds.
    Outlook {
        /// When the last row will have been sent; `None` where that is too far off to tell.
        done: Option<Moment>,
        /// Accounts that have rows left and cannot send just now: until when, and why.
        waiting: Vec<(u16, Moment, Wait)>,
    },
    /// Recipients are named as the sheet has them although their URNs were asked for. Told once.
    Unresolved {
        /// The first of them.
        row: RowNumber,
        /// Why, in one line.
        why: String,
    },
    /// An account takes no further rows in this run.
    AccountStopped {
        /// The account.
        account: u16,
        /// Why, in one line.
        why: String,
    },
    /// Nothing new starts; requests in flight are let finish.
    Stopping(Stop),
}

/// What holds the next request back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The ceiling of the whole run.
    Rate,
    /// The ceiling of the key, which all campaigns of this machine share.
    KeyRate,
    /// The ceiling of the account.
    AccountRate,
    /// The account's limit of the hour.
    Hourly,
    /// The account's limit of the day.
    DailyLimit,
    /// The account's limit of new conversations a day.
    NewConversations,
    /// The account is new, and its limit grows from day to day.
    Ramp,
    /// The pause between two messages of an account.
    Gap,
    /// The hours at which messages may leave.
    Window,
    /// The service asked for silence.
    Held,
    /// The account's quota with the service is used up, by whatever program.
    Quota,
    /// The service cannot be reached just now.
    Unreachable,
    /// The ceiling of the account's questions.
    ReadRate,
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rate => "the rate of the run (--rate)",
            Self::KeyRate => "the rate of the key (--key-rate)",
            Self::AccountRate => "the rate of the account (--account-rate)",
            Self::Hourly => "the account's limit of the hour (--account-hourly)",
            Self::DailyLimit => "the account's limit of the day (--daily-limit)",
            Self::NewConversations => "the account's limit of new conversations a day (--new-conversations)",
            Self::Ramp => "the account's ramp (--ramp)",
            Self::Gap => "the pause between two messages (--gap)",
            Self::Window => "the hours at which messages may leave (--window)",
            Self::Held => "the service asked to wait",
            Self::Quota => "the account's quota with the service",
            Self::Unreachable => "the service cannot be reached",
            Self::ReadRate => "the rate of the account's questions (--read-rate)",
        })
    }
}

/// Why a run stops before everything is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A person or the system asked.
    Asked(Asked),
    /// 401, 403, 407: the key is refused.
    Credentials(String),
    /// A redirect: the base URL is wrong.
    Redirected(String),
    /// So many rows failed or stayed unconfirmed one after another.
    TooManyFailures(usize),
    /// The next request may leave only after a longer wait than `--max-wait`.
    LongWait {
        /// When to come back.
        until: Moment,
        /// What would be waited for.
        why: Wait,
    },
    /// `--until` or `--for` has come, or comes before anything else can leave.
    Time {
        /// When the next message may leave.
        until: Option<Moment>,
    },
    /// The service does not answer what the gates ask, so nobody can be judged.
    Gates(String),
    /// The journal could not be written: nothing more is sent.
    Journal(String),
    /// The contact history could not be asked: nothing more is sent.
    History(String),
    /// The permits that campaigns share could not be kept: nothing more is sent.
    Permits(String),
}

impl Stop {
    /// Which of two reasons is told: a person's word, then a broken journal, then the rest.
    #[must_use]
    pub const fn weight(&self) -> u8 {
        match self {
            Self::Asked(_) => 2,
            Self::Journal(_) | Self::History(_) | Self::Permits(_) => 1,
            Self::Credentials(_)
            | Self::Redirected(_)
            | Self::TooManyFailures(_)
            | Self::LongWait { .. }
            | Self::Time { .. }
            | Self::Gates(_) => 0,
        }
    }
}

/// Who asked a run to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or the console closing.
    Terminate,
}
