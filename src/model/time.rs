//! Moments and spans, without a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of wall time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day in UTC that this moment belongs to, as days since the Unix epoch.
    #[must_use]
    pub const fn utc_day(self) -> i64 {
        self.0.div_euclid(DAY_MILLIS)
    }

    /// The first moment of the day in UTC after this one.
    #[must_use]
    pub const fn next_utc_midnight(self) -> Self {
        Self::start_of_utc_day(self.utc_day() + 1)
    }

    /// The first moment of a day in UTC, given as days since the Unix epoch.
    #[must_use]
    pub const fn start_of_utc_day(day: i64) -> Self {
        Self(day.saturating_mul(DAY_MILLIS))
    }

    /// This moment, so many milliseconds later; earlier if the number is negative.
    #[must_use]
    pub const fn shifted(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

const DAY_MILLIS: i64 = 86_400_000;

impl Moment {
    /// The moment that an ISO 8601 or RFC 3339 text names: `2026-04-28T00:00:00Z`, with a fraction, with an offset
    /// (`+02:00`, `+0200`, `+02`), with a space for the `T`, or a date alone, which is its first moment.
    ///
    /// Without a zone UTC is meant. A fraction finer than a millisecond is rounded up, so that a moment to wait for is
    /// never early. `None` where the text is anything else, or names a day that no calendar has.
    #[must_use]
    pub fn parse_iso(text: &str) -> Option<Self> {
        let mut rest = text.trim().as_bytes();
        let (year, month, day) = (digits(&mut rest, 4)?, after(&mut rest, b"-", 2)?, after(&mut rest, b"-", 2)?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let mut millis = days_from_civil(year, month, day) * DAY_MILLIS;
        if rest.is_empty() {
            return Some(Self(millis));
        }
        let (hour, minute) = (after(&mut rest, b"Tt ", 2)?, after(&mut rest, b":", 2)?);
        let second = if rest.first() == Some(&b':') {
            after(&mut rest, b":", 2)?
        } else {
            0
        };
        // 60 is a leap second: it counts as the first of the next minute, as Unix time has it.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        millis += ((hour * 60 + minute) * 60 + second) * 1000 + fraction(&mut rest)?;
        Some(Self(millis - offset(rest)?))
    }
}

/// Takes exactly `count` digits from the front.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (number, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    number
        .iter()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Takes one of `marks` and then `count` digits from the front.
fn after(rest: &mut &[u8], marks: &[u8], count: usize) -> Option<i64> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    if marks.contains(first) { digits(rest, count) } else { None }
}

/// Takes a fraction of a second, if there is one, and returns it in milliseconds, rounded up.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some((b'.' | b',', tail)) = rest.split_first() else {
        return Some(0);
    };
    let length = tail.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(tail.len());
    let (fraction, tail) = tail.split_at(length);
    *rest = tail;
    if fraction.is_empty() {
        return None;
    }
    let whole = (0..3).fold(0, |sum, place| {
        sum * 10 + fraction.get(place).map_or(0, |byte| i64::from(byte - b'0'))
    });
    let finer = fraction.iter().skip(3).any(|byte| *byte != b'0');
    Some(whole + i64::from(finer))
}

/// The offset from UTC that is all that is left of a text, in milliseconds.
fn offset(rest: &[u8]) -> Option<i64> {
    let (sign, mut rest) = match rest.split_first() {
        None | Some((b'Z' | b'z', [])) => return Some(0),
        Some((b'+', tail)) => (1, tail),
        Some((b'-', tail)) => (-1, tail),
        Some(_) => return None,
    };
    let hours = digits(&mut rest, 2)?;
    let minutes = match rest {
        [] => 0,
        [b':', tail @ ..] | tail => {
            rest = tail;
            digits(&mut rest, 2)?
        }
    };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar. Years start in March here, so that the leap day
/// comes last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The day that is `days` days after 1970-01-01: year, month, day of the month.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Moment {
    /// RFC 3339 in UTC with milliseconds: `2026-11-23T01:30:00.123Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.utc_day());
        let millis = self.0.rem_euclid(DAY_MILLIS);
        let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        let millis = millis % 1000;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    /// Rounds up to a whole millisecond: a moment to wait for is never early.
    fn add(self, span: Duration) -> Self {
        let millis = span.as_nanos().div_ceil(1_000_000);
        Self(self.0.saturating_add(i64::try_from(millis).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

/// A span of time as a person types it: `60s`, `15m`, `2h`, `30d`, `500ms`, `1h 30m`; a bare number means seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// The text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no span of time; write a number and a unit, such as 500ms, 60s, 15m, 2h or 30d")]
pub struct SpanError(String);

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let refused = || SpanError(text.to_owned());
        let (mut seconds, mut rest, mut smallest) = (0.0, text.trim(), f64::INFINITY);
        while !rest.is_empty() {
            let unit_at = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            let (number, after) = rest.split_at(unit_at);
            let after = after.trim_start();
            let (unit, after) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
            let number: f64 = number.parse().map_err(|_| refused())?;
            let unit = match unit {
                "ms" => 0.001,
                // Only a number that stands alone needs no unit.
                "" if smallest.is_infinite() && after.is_empty() => 1.0,
                "s" | "sec" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                "d" | "day" | "days" => 86_400.0,
                "w" | "week" | "weeks" => 604_800.0,
                _ => return Err(refused()),
            };
            // `30s 1m` is more likely a slip than meant.
            if unit >= smallest {
                return Err(refused());
            }
            (seconds, rest, smallest) = (seconds + number * unit, after.trim_start(), unit);
        }
        if smallest.is_infinite() {
            return Err(refused());
        }
        Duration::try_from_secs_f64(seconds).map(Span).map_err(|_| refused())
    }
}

impl fmt::Display for Span {
    /// The two largest units that say something: `45s`, `3m 20s`, `2h 5m`, `5d 3h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds == 0 && self.0.subsec_millis() > 0 {
            return write!(f, "{}ms", self.0.subsec_millis());
        }
        let parts = [
            (seconds / 86_400, "d"),
            (seconds / 3600 % 24, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
        ];
        let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
        write!(f, "{}{}", parts[first].0, parts[first].1)?;
        match parts.get(first + 1) {
            Some((n, unit)) if *n > 0 => write!(f, " {n}{unit}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_type_them() {
        for (text, millis) in [
            ("500ms", 500),
            ("60s", 60_000),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
            ("1.5m", 90_000),
            ("7", 7000),
            ("1h30m", 5_400_000),
            ("1d 2h 3m", 93_780_000),
            ("30 days", 2_592_000_000),
            ("2w", 1_209_600_000),
        ] {
            assert_eq!(text.parse::<Span>().map(|s| s.0.as_millis()), Ok(millis), "{text}");
        }
        for text in [
            "", " ", "m", "5 months", "-3s", "1e9999d", "nan", "1h30", "30 1h", "30m1h", "1h1h", "1h,30m",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        for (seconds, shown) in [
            (0, "0s"),
            (45, "45s"),
            (200, "3m 20s"),
            (7500, "2h 5m"),
            (7200, "2h"),
            (442_800, "5d 3h"),
        ] {
            assert_eq!(Span(Duration::from_secs(seconds)).to_string(), shown);
        }
        assert_eq!(Span(Duration::from_millis(250)).to_string(), "250ms");
    }

    #[test]
    fn moments_read_in_every_iso_form() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-04-28T00:00:00Z", 1_777_334_400_000),
            ("2026-04-28", 1_777_334_400_000),
            ("2026-04-28 00:00", 1_777_334_400_000),
            (" 2026-04-28t00:00:00.000z ", 1_777_334_400_000),
            ("2026-04-28T02:00:00+02:00", 1_777_334_400_000),
            ("2026-04-28T02:00:00+0200", 1_777_334_400_000),
            ("2026-04-27T19:00:00-05", 1_777_334_400_000),
            ("2026-04-28T00:00:00,5", 1_777_334_400_500),
            ("2026-04-28T00:00:00.1230001Z", 1_777_334_400_124),
            ("2024-02-29T23:59:60Z", 1_709_251_200_000),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(Moment::parse_iso(text), Some(Moment::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-04-31",
            "2026-04-28T",
            "2026-04-28T24:00:00Z",
            "2026-04-28T00:60:00Z",
            "2026-04-28T00:00:00.Z",
            "2026-04-28T00:00:00ZZ",
            "2026-04-28T00:00:00+2",
            "2026-04-28T00:00:00+02:0x",
            "+026-04-28T00:00:00Z",
            "2026-04-28T00:00:00Z extra",
            "２026-04-28",
        ] {
            assert_eq!(Moment::parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_shows_as_rfc_3339_with_milliseconds() {
        assert_eq!(Moment::from_millis(1_795_397_400_123).to_string(), "2026-11-23T01:30:00.123Z");
        assert_eq!(Moment::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    proptest::proptest! {
        #[test]
        fn a_moment_shown_and_read_is_the_same_moment(millis in -62_135_596_800_000_i64..253_402_300_800_000) {
            let moment = Moment::from_millis(millis);
            proptest::prop_assert_eq!(Moment::parse_iso(&moment.to_string()), Some(moment));
        }

        #[test]
        fn no_text_at_all_upsets_the_reader(text in ".{0,40}") {
            let _ = Moment::parse_iso(&text);
        }
    }

    #[test]
    fn a_wait_is_never_rounded_to_an_earlier_moment() {
        assert_eq!((Moment::from_millis(0) + Duration::from_micros(1)).as_millis(), 1);
        assert_eq!(Moment::from_millis(-1).utc_day(), -1);
        assert_eq!(Moment::from_millis(0).next_utc_midnight().as_millis(), 86_400_000);
    }
}
