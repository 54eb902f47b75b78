//! From what the engine tells to what progress shows.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rowcast::adapters::progress::{Progress, View};
use rowcast::campaign::run::Proposal;
use rowcast::campaign::settings::Level;
use rowcast::engine::clock::wall_time;
use rowcast::model::event::{Event, Stop, Wait};
use rowcast::model::status::Status;
use rowcast::model::time::{Moment, Span};

use super::terminal::{broken, one_line};

/// The rate is that of the last while, so that it shows what is going on now.
const RECENT: Duration = Duration::from_secs(30);
/// So many settled rows are enough to tell a rate by.
const RECENT_ROWS: usize = 4096;
/// How many troubles are told with their words; after that the counts tell them.
const TOLD: usize = 20;

/// Whoever waits longer wants to know the day.
pub const A_WHILE: Duration = Duration::from_hours(1);
/// A shorter sleep is no news.
const A_MINUTE: Duration = Duration::from_mins(1);
/// So many columns a line may have, so that it fits beside what a terminal needs.
const COLUMNS: usize = 76;

/// What accounts wait for: a line for each reason, with as many accounts as fit, those first whose wait ends first.
pub fn waits(waiting: &[(u16, Moment, Wait)], ids: &[Option<String>], now: Moment, when: &dyn Fn(Moment) -> String) -> Vec<String> {
    let mut waiting: Vec<_> = waiting.iter().filter(|(_, until, _)| *until > now).copied().collect();
    waiting.sort_by_key(|(_, until, _)| *until);
    let mut reasons: Vec<Wait> = Vec::new();
    for (_, _, why) in &waiting {
        if !reasons.contains(why) {
            reasons.push(*why);
        }
    }
    let line = |why: &Wait| {
        let of_it: Vec<String> = waiting
            .iter()
            .filter(|(_, _, own)| own == why)
            .map(|(account, until, _)| {
                let name = ids.get(usize::from(*account)).and_then(Option::as_deref).unwrap_or("(unnamed)");
                let wait = until.since(now);
                let until = if wait > A_WHILE {
                    when(*until)
                } else {
                    Span(Duration::from_secs(wait.as_secs() + 1)).to_string()
                };
                format!("{} {until}", one_line(name))
            })
            .collect();
        in_a_line(&why.to_string(), &of_it)
    };
    reasons.iter().map(line).collect()
}

/// `why: a 3s, b 5s, +7`.
fn in_a_line(why: &str, accounts: &[String]) -> String {
    let mut line = format!("{why}:");
    for (index, account) in accounts.iter().enumerate() {
        let behind = accounts.len() - index - 1;
        // The last one needs no room for a word about others.
        let room = if behind == 0 { COLUMNS } else { COLUMNS - ", +65535".len() };
        if index > 0 && line.chars().count() + account.chars().count() + 2 > room {
            let _ = write!(line, ", +{}", behind + 1);
            break;
        }
        line.push_str(if index == 0 { " " } else { ", " });
        line.push_str(account);
    }
    line
}

/// Follows a run.
pub struct Watch<'a> {
    progress: &'a Progress,
    level: Level,
    /// When all will be done under the limits, as the engine tells.
    outlook: Option<Moment>,
    settled: VecDeque<Instant>,
    told: usize,
    ids: Vec<Option<String>>,
    /// A moment as the campaign's clock shows it.
    when: Box<dyn Fn(Moment) -> String + 'a>,
    updated: Option<Instant>,
    /// Until when the run sleeps, as was said.
    sleeps: Option<Moment>,
    view: View,
}

impl<'a> Watch<'a> {
    /// Follows the run that is proposed.
    pub fn new(progress: &'a Progress, level: Level, proposal: &Proposal, when: impl Fn(Moment) -> String + 'a) -> Self {
        let view = View {
            left: proposal.to_send,
            ..View::default()
        };
        Self {
            progress,
            level,
            outlook: proposal.duration.map(|lasts| wall_time() + lasts),
            settled: VecDeque::new(),
            told: 0,
            ids: proposal.ids.clone(),
            when: Box::new(when),
            updated: None,
            sleeps: None,
            view,
        }
    }

    /// Takes note of an event.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Settled { row, status, error, .. } => {
                self.settle(*status);
                if error.is_none() && self.level == Level::Verbose {
                    self.progress.say(&format!("row {row}: {status}"));
                }
                if let Some(error) = error {
                    self.tell(&format!("row {row}: {status}: {}", one_line(error)));
                }
            }
            Event::Retrying { row, why, .. } => self.tell(&format!("row {row}: not sent, will be tried again: {}", one_line(why))),
            Event::Outlook { done, waiting } => {
                self.outlook = *done;
                let several = self.ids.iter().flatten().count() > 1;
                self.view.waits = if several {
                    waits(waiting, &self.ids, wall_time(), &self.when)
                } else {
                    Vec::new()
                };
            }
            Event::Waiting { until, why } => {
                self.view.waiting = Some((*until, *why));
                self.tell_sleep(*until, *why);
            }
            Event::Left { row, .. } => {
                self.view.waiting = None;
                if self.level == Level::Verbose {
                    self.progress.say(&format!("row {row}: leaves"));
                }
            }
            Event::Unresolved { row, why } => {
                let line = format!("row {row} and perhaps others go out without a URN: {}", one_line(why));
                self.progress.say(&broken(&line));
            }
            Event::AccountStopped { why, .. } => self.progress.say(&format!("an account stopped: {}", one_line(why))),
            Event::Stopping(Stop::Asked(_)) => {
                self.progress
                    .say("stopping: requests in flight are let finish; once more stops at once, and those rows are unconfirmed");
            }
            Event::Stopping(_) => {}
        }
        self.show(event);
    }

    /// Says once until when a run sleeps outside of its hours: nobody should have to reckon it from a span.
    fn tell_sleep(&mut self, until: Moment, why: Wait) {
        let is_long = until.since(wall_time()) > A_MINUTE;
        let is_news = self.level != Level::Quiet && self.sleeps != Some(until);
        if why == Wait::Window && is_long && is_news {
            self.sleeps = Some(until);
            let when = (self.when)(until);
            self.progress
                .say(&format!("outside of the hours at which messages may leave, until {when}"));
        }
    }

    fn settle(&mut self, status: Status) {
        match status {
            Status::Sent => self.view.sent += 1,
            Status::Failed => self.view.failed += 1,
            Status::Unconfirmed => self.view.unconfirmed += 1,
            Status::Invalid | Status::Skipped | Status::Pending => {}
        }
        self.view.left = self.view.left.saturating_sub(1);
        self.settled.push_back(Instant::now());
        if self.settled.len() > RECENT_ROWS {
            self.settled.pop_front();
        }
    }

    fn tell(&mut self, line: &str) {
        self.told += 1;
        match self.told {
            _ if self.level == Level::Verbose => self.progress.say(line),
            ..=TOLD => self.progress.say(&broken(line)),
            n if n == TOLD + 1 => self.progress.say("… and more; the results have them all"),
            _ => {}
        }
    }

    /// Shows what changed: the counts at once, since the next event may be a long time off, and what is reckoned from them a few
    /// times a second at most.
    fn show(&mut self, event: &Event) {
        let now = Instant::now();
        let soon = self.updated.is_some_and(|at| now.duration_since(at) < Duration::from_millis(100));
        if soon && !matches!(event, Event::Waiting { .. } | Event::Outlook { .. }) && self.view.left > 0 {
            let view = &self.view;
            self.progress.update(|shown| {
                (shown.sent, shown.failed, shown.unconfirmed) = (view.sent, view.failed, view.unconfirmed);
                (shown.left, shown.waiting) = (view.left, view.waiting);
            });
            return;
        }
        self.updated = Some(now);
        while self.settled.front().is_some_and(|at| now.duration_since(*at) > RECENT) {
            self.settled.pop_front();
        }
        self.view.per_minute = self.per_minute(now);
        #[expect(clippy::cast_precision_loss, reason = "a count of rows for an estimate")]
        let by_rate = self
            .view
            .per_minute
            .map(|rate| Duration::try_from_secs_f64(self.view.left as f64 / rate * 60.0).unwrap_or_default());
        // The limits say when it can be done at the earliest, and what went on of late, how fast answers come.
        self.view.done_at = self.outlook.map(|done| done.max(wall_time() + by_rate.unwrap_or_default()));
        let far = self.view.done_at.filter(|done| done.since(wall_time()) > A_WHILE);
        self.view.done_on = far.map(|done| (self.when)(done));
        let view = self.view.clone();
        self.progress.update(|shown| *shown = view);
    }

    fn per_minute(&self, now: Instant) -> Option<f64> {
        let since = now.duration_since(*self.settled.front()?).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a count of rows for a rate")]
        let rate = (self.settled.len() - 1) as f64 / since * 60.0;
        (self.settled.len() > 2 && since > 0.5).then_some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    #[test]
    fn what_accounts_wait_for_fits_a_terminal_of_80_columns_whether_they_are_three_or_twenty() {
        let when = |_: Moment| "Mon 2026-11-30 09:00".to_owned();
        let ids: Vec<Option<String>> = (0..20).map(|n| Some(format!("60d21b4667d0d8992e6100{n:02}"))).collect();
        let three = [
            (0, at(12), Wait::AccountRate),
            (1, at(5), Wait::AccountRate),
            (2, at(90_000), Wait::DailyLimit),
        ];
        let lines = waits(&three, &ids, at(0), &when);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].starts_with("the rate of the account (--account-rate): 60d21b4667d0d8992e610001 6s"),
            "{lines:?}"
        );
        assert!(lines[1].ends_with("60d21b4667d0d8992e610002 Mon 2026-11-30 09:00"), "{lines:?}");
        let twenty: Vec<_> = (0..20).map(|n| (n, at(i64::from(n) + 1), Wait::Gap)).collect();
        let lines = waits(&twenty, &ids, at(0), &when);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with(", +19") && lines[0].chars().count() <= COLUMNS, "{lines:?}");
    }
}
