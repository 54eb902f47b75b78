//! What an account may do, as a person types it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::rate::{Ceiling, DailyLimit};
use super::time::Span;

/// The limits of one account. All hold at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLimits {
    /// Requests, spaced evenly.
    pub rate: Ceiling,
    /// Messages in any hour.
    pub hourly: DailyLimit,
    /// Messages in a day.
    pub daily: DailyLimit,
    /// What a day is, for messages and for new conversations.
    pub day: DayKind,
    /// Messages in a day that open a conversation.
    pub new_conversations: DailyLimit,
    /// A pause by chance between two messages.
    pub gap: Option<Gap>,
    /// How a new account begins.
    pub ramp: Option<Ramp>,
}

impl AccountLimits {
    /// No limits at all.
    pub const NONE: Self = Self {
        rate: Ceiling::Unlimited,
        hourly: DailyLimit::Unlimited,
        daily: DailyLimit::Unlimited,
        day: DayKind::Utc,
        new_conversations: DailyLimit::Unlimited,
        gap: None,
        ramp: None,
    };

    /// Whether anything is limited.
    #[must_use]
    pub fn hold_nothing(&self) -> bool {
        *self
            == Self {
                day: self.day,
                ..Self::NONE
            }
    }

    /// How far back earlier requests still use up these limits.
    #[must_use]
    pub fn memory(&self) -> Duration {
        let unlimited = DailyLimit::Unlimited;
        let of_days = self.daily != unlimited || self.new_conversations != unlimited || self.ramp.is_some();
        let day = if of_days { DAY + Duration::from_mins(1) } else { Duration::ZERO };
        let hour = if self.hourly == DailyLimit::Unlimited {
            Duration::ZERO
        } else {
            HOUR + Duration::from_mins(1)
        };
        let rate = self.rate.rate().map_or(Duration::ZERO, |rate| rate.period() + rate.spacing());
        let gap = self.gap.map_or(Duration::ZERO, |gap| gap.longest);
        day.max(hour).max(rate).max(gap)
    }
}

/// An hour.
pub const HOUR: Duration = Duration::from_hours(1);
/// A day.
pub const DAY: Duration = Duration::from_hours(24);

/// What a day is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DayKind {
    /// From midnight to midnight in UTC, as the service counts.
    #[default]
    Utc,
    /// Any 24 hours.
    Rolling,
}

/// The word is no kind of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of day; there are `utc` and `rolling`")]
pub struct DayKindError(String);

impl FromStr for DayKind {
    type Err = DayKindError;

    fn from_str(text: &str) -> Result<Self, DayKindError> {
        match text.trim() {
            "utc" => Ok(Self::Utc),
            "rolling" => Ok(Self::Rolling),
            _ => Err(DayKindError(text.to_owned())),
        }
    }
}

/// A pause between two messages of an account, drawn anew each time: `30s-90s`, or `45s` for the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Not shorter than this.
    pub shortest: Duration,
    /// Nor longer than this.
    pub longest: Duration,
}

/// The text is no pause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pause; write two spans of time, the shorter first, such as 30s-90s")]
pub struct GapError(String);

impl FromStr for Gap {
    type Err = GapError;

    fn from_str(text: &str) -> Result<Self, GapError> {
        let refused = || GapError(text.to_owned());
        let (shortest, longest) = text.split_once(['-', '–']).unwrap_or((text, text));
        let span = |text: &str| text.trim().parse::<Span>().map(|span| span.0).map_err(|_| refused());
        let (shortest, longest) = (span(shortest)?, span(longest)?);
        if shortest > longest || longest.is_zero() || longest > DAY {
            return Err(refused());
        }
        Ok(Self { shortest, longest })
    }
}

impl Gap {
    /// The pause that `lot` draws: evenly among all from the shortest to the longest.
    #[must_use]
    pub fn draw(self, lot: u64) -> Duration {
        let width = u64::try_from(self.longest.saturating_sub(self.shortest).as_millis()).unwrap_or(u64::MAX);
        self.shortest + Duration::from_millis(mixed(lot) % width.saturating_add(1))
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", Span(self.shortest), Span(self.longest))
    }
}

/// Mixes the bits of a number well (the finalizer of splitmix64), so that neighbours are drawn far apart.
#[must_use]
pub const fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How a new account begins: so many messages on its first day, and so many more on each further day: `10/day +5/day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ramp {
    /// Messages on the first day.
    pub first: u32,
    /// More on each further day.
    pub more: u32,
}

/// The text is no ramp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ramp; write what the first day may have and what each further day adds, such as `10/day +5/day`")]
pub struct RampError(String);

impl FromStr for Ramp {
    type Err = RampError;

    fn from_str(text: &str) -> Result<Self, RampError> {
        let refused = || RampError(text.to_owned());
        let (first, more) = text.split_once('+').ok_or_else(refused)?;
        let count = |text: &str| {
            text.trim()
                .trim_end_matches("/day")
                .trim_end()
                .parse::<u32>()
                .map_err(|_| refused())
        };
        let ramp = Self {
            first: count(first)?,
            more: count(more)?,
        };
        if ramp.first == 0 && ramp.more == 0 {
            Err(refused())
        } else {
            Ok(ramp)
        }
    }
}

impl Ramp {
    /// Messages on a day, counted from the account's first, which is day 0.
    #[must_use]
    pub fn on(self, day: i64) -> u32 {
        let days = u32::try_from(day.max(0)).unwrap_or(u32::MAX);
        self.first.saturating_add(self.more.saturating_mul(days))
    }
}

impl fmt::Display for Ramp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/day +{}/day", self.first, self.more)
    }
}

/// Whether a message opens a conversation, as far as the sheet tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opener {
    /// It may: nothing names a conversation that is there.
    #[default]
    New,
    /// It goes on with a conversation that the row names.
    Known,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_ramps_read_as_the_settings_write_them() {
        let gap: Gap = "30s-90s".parse().expect("a pause");
        assert_eq!((gap.shortest.as_secs(), gap.longest.as_secs()), (30, 90));
        assert_eq!("45s".parse::<Gap>().map(|gap| gap.draw(7).as_secs()), Ok(45));
        for text in ["", "90s-30s", "0s", "soon", "1s-2s-3s", "30s-3d"] {
            assert!(text.parse::<Gap>().is_err(), "{text}");
        }
        let ramp: Ramp = "10/day +5/day".parse().expect("a ramp");
        assert_eq!((ramp.on(0), ramp.on(1), ramp.on(4), ramp.on(-3)), (10, 15, 30, 10));
        for text in ["", "10/day", "+5/day", "0/day +0/day", "x/day +5/day", "-1 +5"] {
            assert!(text.parse::<Ramp>().is_err(), "{text}");
        }
    }

    #[test]
    fn pauses_are_spread_over_the_whole_range() {
        let gap: Gap = "30s-90s".parse().expect("a pause");
        let drawn: Vec<u64> = (0..1000).map(|lot| gap.draw(lot).as_secs()).collect();
        assert!(drawn.iter().all(|seconds| (30..=90).contains(seconds)));
        let mean = drawn.iter().sum::<u64>() / 1000;
        assert!((57..=62).contains(&mean), "{mean}");
        assert!(drawn.iter().any(|s| *s < 33) && drawn.iter().any(|s| *s > 87));
    }
}
