//! When messages may leave by the clock on the wall: weekly hours, holidays, and the times that they make.

use std::fmt;
use std::str::FromStr;

use super::time::Moment;

/// Hours of some days of the week: `Mon-Fri 09:00-17:30`, `Sat,Sun 10:00-12:00`, or `08:00-20:00` for every day.
///
/// The end is exclusive. Hours that end before they begin go over midnight: `Fri 22:00-02:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekHours {
    /// Bit 0 is Monday.
    days: u8,
    /// The first minute of the day.
    pub from: u16,
    /// The first minute that is not in it any more; up to 1440.
    pub to: u16,
}

/// The text is no hours of a week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no window; write days and hours, such as `Mon-Fri 09:00-17:30`")]
pub struct WeekHoursError(String);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl WeekHours {
    /// All hours of all days.
    pub const ALL: Self = Self {
        days: 0b111_1111,
        from: 0,
        to: 1440,
    };

    /// Whether they begin on this day of the week; Monday is 0.
    #[must_use]
    pub const fn begin_on(self, weekday: u8) -> bool {
        self.days >> (weekday % 7) & 1 == 1
    }

    /// Whether they end on the next day.
    #[must_use]
    pub const fn go_over_midnight(self) -> bool {
        self.to <= self.from
    }
}

fn weekday(name: &str) -> Option<usize> {
    let name = name.trim().to_lowercase();
    (name.len() >= 2).then_some(())?;
    let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    full.iter().position(|day| day.starts_with(&name) && name.len() != 1)
}

fn days(text: &str) -> Option<u8> {
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        let mut day = first;
        loop {
            days |= 1 << day;
            if day == last {
                break;
            }
            day = (day + 1) % 7;
        }
    }
    Some(days)
}

impl FromStr for WeekHours {
    type Err = WeekHoursError;

    fn from_str(text: &str) -> Result<Self, WeekHoursError> {
        let refused = || WeekHoursError(text.to_owned());
        let trimmed = text.trim();
        let (named, hours) = match trimmed.rsplit_once(char::is_whitespace) {
            Some((named, hours)) => (days(named).ok_or_else(refused)?, hours),
            None => (0b111_1111, trimmed),
        };
        let (from, to) = hours.split_once(['-', '–']).ok_or_else(refused)?;
        let minute = |text: &str| text.parse::<TimeOfDay>().map_err(|_| refused());
        let (from, to) = (minute(from)?.0, minute(to)?.0);
        if from == to || from >= 1440 {
            return Err(refused());
        }
        Ok(Self { days: named, from, to })
    }
}

impl fmt::Display for WeekHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = DAYS.iter().enumerate().filter(|(day, _)| self.days >> day & 1 == 1);
        let named: Vec<&str> = named.map(|(_, name)| *name).collect();
        write!(f, "{} {}-{}", named.join(","), TimeOfDay(self.from), TimeOfDay(self.to))
    }
}

/// A time of day in minutes, as `17:30`; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub u16);

/// The text is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time of day; write hours and minutes, such as 17:30")]
pub struct TimeOfDayError(String);

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let refused = || TimeOfDayError(text.to_owned());
        let (hours, minutes) = text.trim().split_once(':').ok_or_else(refused)?;
        let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
            let whole = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| whole).ok_or_else(refused)
        };
        let (hours, minutes) = (number(hours, 1..=2)?, number(minutes, 2..=2)?);
        if minutes > 59 || hours > 24 || (hours == 24 && minutes > 0) {
            return Err(refused());
        }
        Ok(Self(hours * 60 + minutes))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A day on which nothing leaves: `2026-12-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// Year.
    pub year: i16,
    /// Month, from 1.
    pub month: i8,
    /// Day of the month, from 1.
    pub day: i8,
}

/// The text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day; write year, month and day, such as 2026-12-25")]
pub struct HolidayError(String);

impl FromStr for Holiday {
    type Err = HolidayError;

    fn from_str(text: &str) -> Result<Self, HolidayError> {
        let refused = || HolidayError(text.to_owned());
        let trimmed = text.trim();
        if trimmed.len() != 10 || Moment::parse_iso(trimmed).is_none() {
            return Err(refused());
        }
        let mut parts = trimmed.split('-');
        let mut next = || parts.next().ok_or_else(refused);
        Ok(Self {
            year: next()?.parse().map_err(|_| refused())?,
            month: next()?.parse().map_err(|_| refused())?,
            day: next()?.parse().map_err(|_| refused())?,
        })
    }
}

/// The times at which messages may leave: from each first moment to before each second one, in order and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Openings {
    /// `None`: always.
    spans: Option<Vec<(Moment, Moment)>>,
}

impl Openings {
    /// Always open.
    pub const ALWAYS: Self = Self { spans: None };

    /// Open in these spans alone, which may overlap and be in any order. Beyond the last of them nothing opens.
    #[must_use]
    pub fn of(mut spans: Vec<(Moment, Moment)>) -> Self {
        spans.retain(|(from, to)| from < to);
        spans.sort_unstable();
        let mut apart: Vec<(Moment, Moment)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match apart.last_mut() {
                Some((_, end)) if from <= *end => *end = (*end).max(to),
                _ => apart.push((from, to)),
            }
        }
        Self { spans: Some(apart) }
    }

    /// The first moment, `at` or later, that is open; `None` if there is none.
    #[must_use]
    pub fn next(&self, at: Moment) -> Option<Moment> {
        let Some(spans) = &self.spans else { return Some(at) };
        let index = spans.partition_point(|(_, to)| *to <= at);
        spans.get(index).map(|(from, _)| at.max(*from))
    }

    /// Whether a moment is open.
    #[must_use]
    pub fn is_open(&self, at: Moment) -> bool {
        self.next(at) == Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_read_as_people_write_them() {
        let hours: WeekHours = "Mon-Fri 09:00-17:30".parse().expect("hours");
        assert_eq!((hours.from, hours.to), (540, 1050));
        assert_eq!(
            (0..7).map(|day| hours.begin_on(day)).collect::<Vec<_>>(),
            [true, true, true, true, true, false, false]
        );
        for (text, shown) in [
            ("sat,Sunday 9:00-24:00", "sat,sun 09:00-24:00"),
            ("fri-mon 22:00-02:00", "mon,fri,sat,sun 22:00-02:00"),
            ("08:00-20:00", "mon,tue,wed,thu,fri,sat,sun 08:00-20:00"),
        ] {
            assert_eq!(
                text.parse::<WeekHours>().map(|hours| hours.to_string()),
                Ok(shown.to_owned()),
                "{text}"
            );
        }
        for text in [
            "",
            "Mon",
            "Mon 9-17",
            "Mon 09:00-09:00",
            "Mon 09:60-10:00",
            "Foo 09:00-10:00",
            "m 09:00-10:00",
            "Mon 25:00-26:00",
            "Mon 24:00-08:00",
        ] {
            assert!(text.parse::<WeekHours>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_holiday_is_a_day_that_the_calendar_has() {
        let day: Holiday = "2026-12-25".parse().expect("a day");
        assert_eq!((day.year, day.month, day.day), (2026, 12, 25));
        for text in ["", "25.12.2026", "2026-02-30", "2026-12-25T00:00:00Z", "2026-1-1"] {
            assert!(text.parse::<Holiday>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_opening_ends_before_its_end() {
        let at = Moment::from_millis;
        let openings = Openings::of(vec![(at(30), at(40)), (at(10), at(20)), (at(15), at(25)), (at(5), at(5))]);
        for (moment, next) in [
            (0, Some(10)),
            (10, Some(10)),
            (24, Some(24)),
            (25, Some(30)),
            (39, Some(39)),
            (40, None),
        ] {
            assert_eq!(openings.next(at(moment)), next.map(at), "{moment}");
        }
        assert!(Openings::ALWAYS.is_open(at(-7)));
        assert_eq!(Openings::of(Vec::new()).next(at(0)), None);
    }
}
