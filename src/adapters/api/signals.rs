//! What an answer tells about the pace: headers and `holdUntil`, whatever form they have.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::model::time::Moment;

use super::key::ApiKey;
use super::plain_text::one_line;

/// Moments further ahead than this are garbage and not waited for.
const FURTHEST: Duration = Duration::from_hours(31 * 24);

/// No window of the service is longer than a week: a reset further off is that of something else, such as the plan's month.
const LONGEST_WINDOW: Duration = Duration::from_hours(8 * 24);

/// A difference between the clocks below this cannot be told from the whole seconds of a `Date` header.
const DATE_RESOLUTION_MILLIS: i64 = 1000;

/// What an answer tells about the pace. All moments are by this machine's clock: the service's own are corrected by
/// its `Date`. What is missing, unreadable, past or more than 31 days ahead is `None`.
///
/// Sources: `X-RateLimit-*` on the endpoint pages (`-Reset` is ISO 8601 on most, Unix on one), `Retry-After` in
/// seconds, `holdUntil` in the body of a 429.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateSignals {
    /// Until when to be silent: `Retry-After` beside any status; beside 429, 421 and 425 the latest of it, `X-RateLimit-Reset`
    /// (which other answers carry too) and `holdUntil`. A reset more than a week off counts only where nothing else names a time.
    pub hold_until: Option<Moment>,
    /// `X-RateLimit-Remaining`: requests left in the window.
    pub remaining: Option<u32>,
    /// `X-RateLimit-Limit`: requests that the window allows.
    pub limit: Option<u32>,
    /// `X-RateLimit-Used`: requests spent in the window.
    pub used: Option<u32>,
    /// `X-RateLimit-Reset`: when the window starts anew.
    pub reset: Option<Moment>,
    /// `X-RateLimit-Action`: what is counted, such as `MESSAGE`.
    pub action: Option<String>,
    /// `Date`: the service's clock when it answered, to the second.
    pub server_now: Option<Moment>,
    /// What the client's own clock showed then: the one that all moments here are by. `None` where there was no answer.
    pub seen_at: Option<Moment>,
}

/// The statuses that refuse for the pace alone, before acting: the contract's table.
pub(super) const fn is_held(status: u16) -> bool {
    matches!(status, 429 | 421 | 425)
}

impl RateSignals {
    /// Reads the headers of an answer that came at `now`.
    pub(super) fn of_headers(status: u16, headers: &HeaderMap, now: Moment, key: &ApiKey) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let count = |name: &str| text(name).and_then(whole_number);
        let server_now = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(http_date);
        let clock = Clocks { now, server_now };
        let reset = text("x-ratelimit-reset").and_then(absolute).and_then(|moment| clock.ours(moment));
        let retry_after = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| clock.retry_after(text));
        let near = reset.filter(|reset| is_held(status) && reset.since(now) <= LONGEST_WINDOW);
        Self {
            hold_until: retry_after.max(near),
            remaining: count("x-ratelimit-remaining"),
            limit: count("x-ratelimit-limit"),
            used: count("x-ratelimit-used"),
            reset,
            action: text("x-ratelimit-action")
                .map(|text| one_line(text, key))
                .filter(|text| !text.is_empty()),
            server_now,
            seen_at: Some(now),
        }
    }

    /// Adds what the body of an answer that came at `now` tells: `holdUntil`, by the service's clock. Only where nothing else
    /// named a time, one in the error text (`… Resets at 2026-04-28T00:00:00Z`) counts, and then a reset that is far off.
    pub(super) fn and_body(&mut self, told: &BodyHold<'_>, now: Moment) {
        let clock = Clocks {
            now,
            server_now: self.server_now,
        };
        let told_apart = told.hold_until.and_then(absolute).and_then(|moment| clock.ours(moment));
        self.hold_until = self.hold_until.max(told_apart);
        if self.hold_until.is_none() {
            let words = told
                .text
                .split_whitespace()
                .map(|word| word.trim_matches(['.', ',', '(', ')', '"', '\'']));
            self.hold_until = words
                .filter(|word| word.contains('T'))
                .filter_map(Moment::parse_iso)
                .find_map(|moment| clock.ours(moment))
                .or(self.reset);
        }
    }

    /// Until when an answer asks for silence although it refuses nothing: `Retry-After`, or the end of a window of which nothing
    /// is left. Where that is not told, or cannot be believed, a moment is waited all the same.
    #[must_use]
    pub fn pause(&self) -> Option<Moment> {
        let now = self.seen_at?;
        let near = |until: &Moment| until.since(now) <= LONGEST_WINDOW;
        let spent = (self.remaining == Some(0)).then(|| self.reset.filter(near).unwrap_or(now + SHORTEST_PAUSE));
        spent.max(self.hold_until.filter(near))
    }
}

/// How long nothing leaves where nothing is left of a window whose end is not known.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// Where the body of a 429 may name a time.
#[derive(Debug, Default)]
pub(super) struct BodyHold<'a> {
    /// The field `holdUntil`, as text.
    pub hold_until: Option<&'a str>,
    /// The error line.
    pub text: &'a str,
}

/// Our clock and the service's, at one answer.
struct Clocks {
    now: Moment,
    server_now: Option<Moment>,
}

impl Clocks {
    /// A moment of the service's clock on ours; `None` if it is past or absurdly far.
    fn ours(&self, theirs: Moment) -> Option<Moment> {
        let ahead = self
            .server_now
            .map_or(0, |server| self.now.as_millis().saturating_sub(server.as_millis()));
        // `Date` has whole seconds: a smaller difference is no evidence that the clocks disagree.
        let ahead = if (0..DATE_RESOLUTION_MILLIS).contains(&ahead) { 0 } else { ahead };
        self.sane(Moment::from_millis(theirs.as_millis().saturating_add(ahead)))
    }

    fn sane(&self, moment: Moment) -> Option<Moment> {
        (moment > self.now && moment.since(self.now) <= FURTHEST).then_some(moment)
    }

    /// `Retry-After`: seconds, also with a fraction, or an HTTP date.
    fn retry_after(&self, text: &str) -> Option<Moment> {
        match text.trim().parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|span| *span <= FURTHEST)
                // Zero is told as well: the engine has a shortest wait of its own.
                .map(|span| self.now + span),
            Err(_) => http_date(text)
                .or_else(|| Moment::parse_iso(text))
                .and_then(|moment| self.ours(moment)),
        }
    }
}

/// An absolute moment as ISO 8601, an HTTP date, or seconds or milliseconds of Unix time.
pub(super) fn absolute(text: &str) -> Option<Moment> {
    let Ok(number) = text.trim().parse::<f64>() else {
        return Moment::parse_iso(text).or_else(|| http_date(text));
    };
    // Seconds of Unix time are ten digits until the year 2286, milliseconds thirteen.
    let millis = match number {
        1e9..1e11 => number * 1000.0,
        1e12..1e14 => number,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the ranges above fit")]
    let millis = millis.ceil() as i64;
    Some(Moment::from_millis(millis))
}

fn http_date(text: &str) -> Option<Moment> {
    let time = httpdate::parse_http_date(text.trim()).ok()?;
    let millis = time.duration_since(UNIX_EPOCH).ok()?.as_millis();
    i64::try_from(millis).ok().map(Moment::from_millis)
}

/// A count, also written as `12.0`. Garbage is `None`.
pub(super) fn whole_number(text: &str) -> Option<u32> {
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-04-27T12:00:00Z, a Monday.
    const NOW: Moment = Moment::from_millis(1_777_291_200_000);

    fn read(status: u16, pairs: &[(&'static str, &str)]) -> RateSignals {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        RateSignals::of_headers(status, &headers, NOW, &ApiKey::new("key-0000").unwrap())
    }

    fn hold_seconds(pairs: &[(&'static str, &str)]) -> Option<i64> {
        read(429, pairs)
            .hold_until
            .map(|moment| (moment.as_millis() - NOW.as_millis()) / 1000)
    }

    #[test]
    fn a_hold_is_understood_in_every_form() {
        for (name, value, seconds) in [
            ("retry-after", "30", Some(30)),
            ("retry-after", " 1.5 ", Some(1)),
            ("retry-after", "Mon, 27 Apr 2026 12:01:00 GMT", Some(60)),
            ("retry-after", "Monday, 27-Apr-26 12:01:00 GMT", Some(60)),
            ("retry-after", "2026-04-27T12:01:00Z", Some(60)),
            ("x-ratelimit-reset", "2026-04-27T12:02:00Z", Some(120)),
            ("x-ratelimit-reset", "1777291320", Some(120)),
            ("x-ratelimit-reset", "1777291320000", Some(120)),
            ("x-ratelimit-reset", "1777291320.0", Some(120)),
            ("retry-after", "0", Some(0)),
            ("retry-after", "-5", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "1e300", None),
            ("retry-after", "soon", None),
            ("retry-after", "Mon, 27 Apr 2020 12:01:00 GMT", None),
            ("retry-after", "9999999", None),
            ("x-ratelimit-reset", "42", None),
            ("x-ratelimit-reset", "2026-04-27T11:59:59Z", None),
            ("x-ratelimit-reset", "2027-04-27T12:00:00Z", None),
            ("x-ratelimit-reset", "99999999999999999999", None),
            ("x-ratelimit-reset", "null", None),
        ] {
            assert_eq!(hold_seconds(&[(name, value)]), seconds, "{name}: {value}");
        }
    }

    #[test]
    fn of_several_times_the_latest_counts() {
        assert_eq!(
            hold_seconds(&[("retry-after", "30"), ("x-ratelimit-reset", "1777291320")]),
            Some(120)
        );
        assert_eq!(
            hold_seconds(&[("retry-after", "300"), ("x-ratelimit-reset", "1777291320")]),
            Some(300)
        );
        assert_eq!(
            hold_seconds(&[("retry-after", "30"), ("x-ratelimit-reset", "2026-05-17T12:00:00Z")]),
            Some(30),
            "the end of a month is no reason to overhear what is said beside it"
        );
        let mut signals = read(429, &[("retry-after", "30")]);
        signals.and_body(
            &BodyHold {
                hold_until: Some("2026-04-27T12:10:00Z"),
                text: "Resets at 2026-04-28T00:00:00Z",
            },
            NOW,
        );
        assert_eq!(signals.hold_until, Some(NOW + Duration::from_mins(10)));
    }

    #[test]
    fn the_error_text_tells_the_time_where_nothing_else_does() {
        let mut signals = read(429, &[]);
        let text = "Rate limit exceeded for MESSAGE: 150/150 used. Resets at 2026-04-28T00:00:00Z.";
        signals.and_body(
            &BodyHold {
                hold_until: Some("later"),
                text,
            },
            NOW,
        );
        assert_eq!(signals.hold_until, Moment::parse_iso("2026-04-28T00:00:00Z"));
    }

    #[test]
    fn a_reset_that_is_far_off_counts_where_nothing_else_names_a_time() {
        let far = "2026-05-17T12:00:00Z";
        for (hold_until, expected) in [(None, far), (Some("2026-04-27T12:10:00Z"), "2026-04-27T12:10:00Z")] {
            let mut signals = read(429, &[("x-ratelimit-reset", far)]);
            signals.and_body(&BodyHold { hold_until, text: "" }, NOW);
            assert_eq!(signals.hold_until, Moment::parse_iso(expected), "{hold_until:?}");
        }
    }

    #[test]
    fn where_nothing_is_left_a_pause_is_made_whatever_the_reset_says() {
        let pause = |pairs: &[(&'static str, &str)]| read(200, pairs).pause().map(|until| until.since(NOW).as_secs());
        let none_left = ("x-ratelimit-remaining", "0");
        for (reset, seconds) in [
            ("1777291320", 120),
            ("2026-04-27T12:02:00Z", 120),
            ("2026-04-27T11:00:00Z", 1),
            ("2026-05-17T12:00:00Z", 1),
            ("2036-05-17T12:00:00Z", 1),
            ("soon", 1),
            ("42", 1),
            ("", 1),
        ] {
            assert_eq!(pause(&[none_left, ("x-ratelimit-reset", reset)]), Some(seconds), "{reset}");
        }
        assert_eq!(pause(&[none_left]), Some(1));
        assert_eq!(pause(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1777291320")]), None);
        let far = ("x-ratelimit-reset", "2026-05-17T12:00:00Z");
        assert_eq!(pause(&[none_left, far, ("retry-after", "30")]), Some(30));
        assert_eq!(RateSignals::default().pause(), None);
    }

    #[test]
    fn the_service_s_clock_is_translated_into_ours() {
        // Their clock is an hour behind: 11:02 there is 12:02 here.
        let date = ("date", "Mon, 27 Apr 2026 11:00:00 GMT");
        assert_eq!(hold_seconds(&[date, ("x-ratelimit-reset", "2026-04-27T11:02:00Z")]), Some(120));
        assert_eq!(hold_seconds(&[date, ("retry-after", "30")]), Some(30));
        let ahead = ("date", "Mon, 27 Apr 2026 13:00:00 GMT");
        assert_eq!(hold_seconds(&[ahead, ("x-ratelimit-reset", "2026-04-27T12:30:00Z")]), None);
        assert_eq!(hold_seconds(&[ahead, ("x-ratelimit-reset", "2026-04-27T13:00:30Z")]), Some(30));
    }

    #[test]
    fn the_rest_of_the_second_in_a_date_is_no_difference_of_clocks() {
        let clocks = Clocks {
            now: NOW + Duration::from_millis(999),
            server_now: Some(NOW),
        };
        let told = NOW + Duration::from_secs(5);
        assert_eq!(clocks.ours(told), Some(told));
    }

    #[test]
    fn counts_are_read_and_garbage_is_nothing() {
        let signals = read(
            200,
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-limit", "150.0"),
                ("x-ratelimit-used", "many"),
                ("x-ratelimit-action", "MESSAGE"),
                ("x-ratelimit-reset", "1777291320"),
            ],
        );
        assert_eq!((signals.remaining, signals.limit, signals.used), (Some(0), Some(150), None));
        assert_eq!(signals.action.as_deref(), Some("MESSAGE"));
        assert_eq!(signals.reset, Some(NOW + Duration::from_mins(2)));
        assert_eq!(signals.hold_until, None, "a reset beside a 200 asks for no silence");
    }
}
