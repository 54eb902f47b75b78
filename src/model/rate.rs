//! How many requests a period may hold.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// At most `count` requests in any window of `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    period: Duration,
}

impl Rate {
    /// `count` in every `period`; `None` if either is zero.
    #[must_use]
    pub fn new(count: u32, period: Duration) -> Option<Self> {
        let count = NonZeroU32::new(count)?;
        (!period.is_zero()).then_some(Self { count, period })
    }

    /// Requests that a window may hold.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count.get()
    }

    /// The length of the window.
    #[must_use]
    pub const fn period(self) -> Duration {
        self.period
    }

    /// The time between two requests when they are spaced evenly.
    #[must_use]
    pub fn spacing(self) -> Duration {
        self.period / self.count.get()
    }
}

/// A ceiling as a person types it: `60/min`, `2/s`, `500/h`, `1000/day`, `5/30s` or `unlimited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// No limit.
    Unlimited,
    /// At most this rate.
    At(Rate),
}

impl Ceiling {
    /// The rate, where there is one.
    #[must_use]
    pub const fn rate(self) -> Option<Rate> {
        match self {
            Self::Unlimited => None,
            Self::At(rate) => Some(rate),
        }
    }
}

/// The text is no ceiling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate; write a whole number of at least 1 and a period, such as 60/min, 2/s or 500/h, or `unlimited`")]
pub struct CeilingError(String);

impl FromStr for Ceiling {
    type Err = CeilingError;

    fn from_str(text: &str) -> Result<Self, CeilingError> {
        let refused = || CeilingError(text.to_owned());
        if text.trim().eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        let (count, period) = text.split_once('/').ok_or_else(refused)?;
        let count: u32 = count.trim().parse().map_err(|_| refused())?;
        let period = period.trim();
        let (many, unit) = period.split_at(period.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?);
        let many: u32 = if many.is_empty() { 1 } else { many.parse().map_err(|_| refused())? };
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            "d" | "day" => 86_400,
            _ => return Err(refused()),
        };
        let period = Duration::from_secs(seconds).checked_mul(many).ok_or_else(refused)?;
        Rate::new(count, period).map(Self::At).ok_or_else(refused)
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::At(rate) = self else { return f.write_str("unlimited") };
        match rate.period.as_secs() {
            1 => write!(f, "{}/s", rate.count),
            60 => write!(f, "{}/min", rate.count),
            3600 => write!(f, "{}/h", rate.count),
            86_400 => write!(f, "{}/day", rate.count),
            seconds => write!(f, "{}/{seconds}s", rate.count),
        }
    }
}

/// How many messages an account may send in a UTC day, as a person types it: a whole number or `unlimited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DailyLimit {
    /// No limit.
    Unlimited,
    /// At most this many; zero sends nothing.
    At(u32),
}

/// The text is no daily limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no daily limit; write a whole number or `unlimited`")]
pub struct DailyLimitError(String);

impl FromStr for DailyLimit {
    type Err = DailyLimitError;

    fn from_str(text: &str) -> Result<Self, DailyLimitError> {
        if text.trim().eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        text.trim().parse().map(Self::At).map_err(|_| DailyLimitError(text.to_owned()))
    }
}

impl fmt::Display for DailyLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("unlimited"),
            Self::At(count) => write!(f, "{count}/day"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_read_as_the_contract_writes_them() {
        for (text, shown) in [
            ("60/min", "60/min"),
            ("2/s", "2/s"),
            ("500/h", "500/h"),
            ("100/10s", "100/10s"),
            (" 5 / minute", "5/min"),
            ("unlimited", "unlimited"),
        ] {
            assert_eq!(text.parse::<Ceiling>().map(|c| c.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in ["0/s", "60", "60/", "/min", "x/min", "1.5/s", "5/fortnight", "-1/s", "5/0s"] {
            assert!(text.parse::<Ceiling>().is_err(), "{text}");
        }
    }

    #[test]
    fn spacing_divides_the_period() {
        let rate = Rate::new(60, Duration::from_mins(1)).expect("a rate");
        assert_eq!(rate.spacing(), Duration::from_secs(1));
    }
}
