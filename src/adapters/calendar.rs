//! The clock on the wall in any time zone (jiff): when hours of a week are open, and how a moment reads there.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::model::calendar::{Holiday, Openings, TimeOfDay, WeekHours};
use crate::model::time::Moment;

/// A time zone with its rules.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

/// No time zone has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone; write a name such as Europe/Berlin, America/New_York or UTC")]
pub struct ZoneError(String);

impl Zone {
    /// The zone of a name of the IANA database, in any case.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        TimeZone::get(name.trim()).map(Self).map_err(|_| ZoneError(name.trim().to_owned()))
    }

    /// The zone of this machine; UTC where it has none.
    #[must_use]
    pub fn of_system() -> Self {
        Self(TimeZone::system())
    }

    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The name, as far as it has one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("the time zone of this machine")
    }

    /// When these hours are open, from `from` up to `to`. They begin on no holiday and go on into none.
    #[must_use]
    pub fn openings(&self, hours: &[WeekHours], holidays: &[Holiday], from: Moment, to: Moment) -> Openings {
        let holidays: Vec<Date> = holidays
            .iter()
            .filter_map(|day| Date::new(day.year, day.month, day.day).ok())
            .collect();
        // Two days earlier, since hours that go over midnight began the day before, wherever that is.
        let mut day = self.at(from).date().saturating_sub(2.days());
        let last = self.at(to).date().saturating_add(1.day());
        let mut spans = Vec::new();
        while day <= last {
            let next = day.saturating_add(1.day());
            let weekday = u8::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
            for hours in hours.iter().filter(|hours| hours.begin_on(weekday) && !holidays.contains(&day)) {
                let end = match (hours.go_over_midnight(), hours.to) {
                    (true, _) if holidays.contains(&next) => next.at(0, 0, 0, 0),
                    (true, to) => minute(next, to),
                    (false, 1440) => next.at(0, 0, 0, 0),
                    (false, to) => minute(day, to),
                };
                spans.extend(self.moment(minute(day, hours.from), Edge::First).zip(self.moment(end, Edge::End)));
            }
            if next == day {
                break;
            }
            day = next;
        }
        Openings::of(spans)
    }

    /// The next moment after `now` at which the clock shows this time.
    #[must_use]
    pub fn next(&self, time: TimeOfDay, now: Moment) -> Moment {
        let today = self.at(now).date();
        let days = [today, today.saturating_add(1.day()), today.saturating_add(2.days())];
        days.into_iter()
            .filter_map(|day| self.moment(minute(day, time.0), Edge::End))
            .find(|moment| *moment > now)
            .unwrap_or(now)
    }

    /// The date and the hour that the clock shows, such as `2026-11-26` and 14.
    #[must_use]
    pub fn date_and_hour(&self, moment: Moment) -> (String, u8) {
        let zoned = self.at(moment);
        (zoned.date().to_string(), u8::try_from(zoned.hour()).unwrap_or(0))
    }

    /// What the clock shows, such as `Thu 2026-11-26 14:20`.
    #[must_use]
    pub fn show(&self, moment: Moment) -> String {
        self.at(moment).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    /// A moment with the offset of the zone, such as `2026-11-26T14:20:00+01:00`.
    #[must_use]
    pub fn rfc_3339(&self, moment: Moment) -> String {
        self.at(moment).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn at(&self, moment: Moment) -> Zoned {
        let timestamp = Timestamp::from_millisecond(moment.as_millis()).unwrap_or(Timestamp::MAX);
        timestamp.to_zoned(self.0.clone())
    }

    /// The moment at which the clock shows `shown`. Where it shows that twice or never, the hours are rather too short: they
    /// begin with the second and end with the first, or both with the moment at which the clock jumps over it.
    fn moment(&self, shown: DateTime, edge: Edge) -> Option<Moment> {
        let ambiguous = self.0.to_ambiguous_timestamp(shown);
        let timestamp = match (ambiguous.offset(), edge) {
            (AmbiguousOffset::Gap { .. }, _) => {
                let after = ambiguous.later().ok()?;
                self.0.preceding(after).next().map(|jump| jump.timestamp()).or(Some(after))
            }
            (_, Edge::First) => ambiguous.later().ok(),
            (_, Edge::End) => ambiguous.earlier().ok(),
        };
        timestamp.map(|timestamp| Moment::from_millis(timestamp.as_millisecond()))
    }
}

/// Which end of hours a moment is.
#[derive(Clone, Copy)]
enum Edge {
    First,
    End,
}

fn minute(day: Date, minute: u16) -> DateTime {
    let part = |number: u16| i8::try_from(number).unwrap_or(0);
    if minute >= 1440 {
        return day.saturating_add(1.day()).at(0, 0, 0, 0);
    }
    day.at(part(minute / 60), part(minute % 60), 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse_iso(text).expect("a moment")
    }

    fn hours(text: &str) -> Vec<WeekHours> {
        text.split(';').map(|hours| hours.parse().expect("hours")).collect()
    }

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").expect("a zone")
    }

    fn next(zone: &Zone, windows: &str, holidays: &[&str], moment: &str) -> String {
        let holidays: Vec<Holiday> = holidays.iter().map(|day| day.parse().expect("a day")).collect();
        let from = at(moment);
        let openings = zone.openings(&hours(windows), &holidays, from, from + std::time::Duration::from_hours(24 * 20));
        openings.next(from).map_or("never".to_owned(), |moment| zone.rfc_3339(moment))
    }

    #[test]
    fn hours_open_by_the_clock_of_their_zone() {
        let office = "Mon-Fri 09:00-17:30";
        for (moment, opens) in [
            ("2026-11-23T07:59:59.999Z", "2026-11-23T09:00:00+01:00"),
            ("2026-11-23T08:00:00Z", "2026-11-23T09:00:00+01:00"),
            ("2026-11-23T16:29:59Z", "2026-11-23T17:29:59+01:00"),
            ("2026-11-23T16:30:00Z", "2026-11-24T09:00:00+01:00"),
            ("2026-11-27T16:30:00Z", "2026-11-30T09:00:00+01:00"),
            ("2026-07-06T07:00:00Z", "2026-07-06T09:00:00+02:00"),
        ] {
            assert_eq!(next(&berlin(), office, &[], moment), opens, "{moment}");
        }
        let tokyo = Zone::named("asia/tokyo").expect("a zone");
        assert_eq!(next(&tokyo, office, &[], "2026-11-22T23:00:00Z"), "2026-11-23T09:00:00+09:00");
    }

    #[test]
    fn nothing_begins_or_goes_on_into_a_holiday() {
        let eve = "2026-12-24T17:00:00Z";
        assert_eq!(
            next(&berlin(), "Mon-Fri 09:00-17:30", &["2026-12-25"], eve),
            "2026-12-28T09:00:00+01:00"
        );
        let night = "22:00-02:00";
        assert_eq!(
            next(&berlin(), night, &["2026-12-25"], "2026-12-24T22:59:00Z"),
            "2026-12-24T23:59:00+01:00"
        );
        assert_eq!(
            next(&berlin(), night, &["2026-12-25"], "2026-12-24T23:00:00Z"),
            "2026-12-26T22:00:00+01:00"
        );
    }

    #[test]
    fn daylight_saving_neither_opens_too_early_nor_closes_too_late() {
        // Berlin: on 2026-03-29 the clock jumps from 02:00 to 03:00, on 2026-10-25 back from 03:00 to 02:00.
        let spring = |windows: &str, moment: &str| next(&berlin(), windows, &[], moment);
        assert_eq!(spring("Sun 02:30-04:00", "2026-03-29T00:00:00Z"), "2026-03-29T03:00:00+02:00");
        assert_eq!(spring("Sun 01:00-02:30", "2026-03-29T00:59:59Z"), "2026-03-29T01:59:59+01:00");
        assert_eq!(spring("Sun 01:00-02:30", "2026-03-29T01:00:00Z"), "2026-04-05T01:00:00+02:00");
        assert_eq!(spring("Sun 01:00-02:30", "2026-10-25T00:29:59Z"), "2026-10-25T02:29:59+02:00");
        assert_eq!(spring("Sun 01:00-02:30", "2026-10-25T00:30:00Z"), "2026-11-01T01:00:00+01:00");
        assert_eq!(spring("Sun 02:15-05:00", "2026-10-25T00:16:00Z"), "2026-10-25T02:15:00+01:00");
        assert_eq!(spring("Mon 09:00-17:00", "2026-10-25T12:00:00Z"), "2026-10-26T09:00:00+01:00");
    }

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let time = "17:30".parse().expect("a time");
        assert_eq!(berlin().next(time, at("2026-11-23T16:29:59Z")), at("2026-11-23T16:30:00Z"));
        assert_eq!(berlin().next(time, at("2026-11-23T16:30:00Z")), at("2026-11-24T16:30:00Z"));
        assert_eq!(berlin().show(at("2026-11-26T13:20:00Z")), "Thu 2026-11-26 14:20");
        assert_eq!(berlin().date_and_hour(at("2026-11-26T23:20:00Z")), ("2026-11-27".to_owned(), 0));
    }

    #[test]
    fn a_name_that_no_zone_has_is_refused() {
        for name in ["", "Berlin", "CET+1", "Europe/Atlantis"] {
            assert!(Zone::named(name).is_err(), "{name}");
        }
        assert!(Zone::named(" utc ").is_ok());
    }
}
