//! How fast, and when to give up.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use rowcast::model::calendar::{Holiday, TimeOfDay, WeekHours};
use rowcast::model::limits::{DayKind, Gap, Ramp};
use rowcast::model::rate::{Ceiling, DailyLimit};
use rowcast::model::time::Span;

/// How fast requests leave, and when a run gives up.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// Ceiling of the whole run, such as 2/s, 60/min, 500/h or unlimited [default: 60/min]
    #[arg(long, value_name = "RATE")]
    pub rate: Option<Ceiling>,
    /// Ceiling of each account [default: 2/min]
    #[arg(long, value_name = "RATE")]
    pub account_rate: Option<Ceiling>,
    /// Ceiling of the key, for all campaigns of this machine; may be given several times [default: 60/min and 100/10s]
    #[arg(long, value_name = "RATE")]
    pub key_rate: Vec<Ceiling>,
    /// Ceiling of each account in any hour: a number or unlimited [default: unlimited]
    #[arg(long, value_name = "N")]
    pub account_hourly: Option<DailyLimit>,
    /// Ceiling of each account in a UTC day: a number or unlimited [default: 100]
    #[arg(long, value_name = "N")]
    pub daily_limit: Option<DailyLimit>,
    /// What a day is: utc (from midnight to midnight) or rolling (any 24 hours) [default: utc]
    #[arg(long, value_name = "KIND")]
    pub daily_window: Option<DayKind>,
    /// Messages of each account in a day that open a conversation [default: unlimited]
    #[arg(long, value_name = "N")]
    pub new_conversations: Option<DailyLimit>,
    /// A pause by chance between two messages of an account, such as 30s-90s
    #[arg(long, value_name = "TIME-TIME")]
    pub gap: Option<Gap>,
    /// How a new account begins, such as "10/day +5/day"
    #[arg(long, value_name = "RAMP")]
    pub ramp: Option<Ramp>,
    /// When messages may leave, such as "Mon-Fri 09:00-17:30"; may be given several times [default: always]
    #[arg(long, value_name = "HOURS")]
    pub window: Vec<WeekHours>,
    /// Whose clock counts, such as Europe/Berlin [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// A day on which nothing leaves, such as 2026-12-25; may be given several times
    #[arg(long, value_name = "DATE")]
    pub holidays: Vec<Holiday>,
    /// Requests in flight [default: 8]
    #[arg(long, value_name = "N")]
    pub concurrency: Option<AtLeastOne>,
    /// How long one request may take [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<PositiveSpan>,
    /// Further tries of a request that certainly was not sent [default: 5]
    #[arg(long, value_name = "N")]
    pub retries: Option<Count>,
    /// Stop after so many failed or unconfirmed rows of an account one after another [default: 10]
    #[arg(long, value_name = "N")]
    pub max_failures: Option<AtLeastOne>,
    /// A longer wait ends the run and says when to come back [default: 15m]
    #[arg(long, value_name = "TIME")]
    pub max_wait: Option<Span>,
    /// Do not sleep until the hours at which messages may leave: end, and say when to come back
    #[arg(long)]
    pub no_wait: bool,
    /// Start nothing new from this time of day on, such as 17:30
    #[arg(long, value_name = "TIME")]
    pub until: Option<TimeOfDay>,
    /// Start nothing new after so much time, such as 2h
    #[arg(long = "for", value_name = "TIME")]
    pub run_for: Option<PositiveSpan>,
}

/// How fast the service is asked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pace")]
pub struct ReadingArgs {
    /// Ceiling of each account's questions: reading back and looking up [default: 30/min]
    #[arg(long, value_name = "RATE")]
    pub read_rate: Option<Ceiling>,
}

/// A whole number, which may be 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub u32);

/// The text is no whole number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no whole number from 0 to 4294967295")]
pub struct CountError(String);

impl FromStr for Count {
    type Err = CountError;

    fn from_str(text: &str) -> Result<Self, CountError> {
        text.trim().parse().map(Self).map_err(|_| CountError(text.to_owned()))
    }
}

/// A whole number of at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtLeastOne(pub NonZeroU32);

/// The text is no whole number of at least 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no whole number of at least 1")]
pub struct AtLeastOneError(String);

impl FromStr for AtLeastOne {
    type Err = AtLeastOneError;

    fn from_str(text: &str) -> Result<Self, AtLeastOneError> {
        text.trim().parse().map(Self).map_err(|_| AtLeastOneError(text.to_owned()))
    }
}

/// A span of time that is longer than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositiveSpan(Duration);

impl PositiveSpan {
    /// The span; never zero.
    pub const fn get(self) -> Duration {
        self.0
    }
}

/// The text is no span of time, or it is zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PositiveSpanError {
    /// No span at all.
    #[error(transparent)]
    Span(#[from] rowcast::model::time::SpanError),
    /// Zero.
    #[error("`{0}` is no time at all; write a longer one, such as 60s")]
    Zero(String),
}

impl FromStr for PositiveSpan {
    type Err = PositiveSpanError;

    fn from_str(text: &str) -> Result<Self, PositiveSpanError> {
        let Span(span) = text.parse()?;
        if span.is_zero() {
            Err(PositiveSpanError::Zero(text.to_owned()))
        } else {
            Ok(Self(span))
        }
    }
}

/// A span of time with its unit: whoever means days must not get seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanWithUnit(pub Duration);

/// The text is no span of time, or nobody can tell of what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanWithUnitError {
    /// No span, or none that is longer than nothing.
    #[error(transparent)]
    Span(#[from] PositiveSpanError),
    /// A number alone.
    #[error("`{0}` has no unit; write {0}d for days, {0}h for hours")]
    Bare(String),
}

impl FromStr for SpanWithUnit {
    type Err = SpanWithUnitError;

    fn from_str(text: &str) -> Result<Self, SpanWithUnitError> {
        let span: PositiveSpan = text.parse()?;
        match text.trim() {
            bare if bare.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => Err(SpanWithUnitError::Bare(bare.to_owned())),
            _ => Ok(Self(span.get())),
        }
    }
}

impl fmt::Display for PositiveSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}
