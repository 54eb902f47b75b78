//! From what the engine tells to what progress shows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rowcast::adapters::progress::{Progress, View};
use rowcast::campaign::run::Proposal;
use rowcast::campaign::settings::Level;
use rowcast::engine::clock::wall_time;
use rowcast::model::event::{Event, Stop};
use rowcast::model::status::Status;
use rowcast::model::time::Moment;

use super::terminal::{broken, one_line};

/// The rate is that of the last while, so that it shows what is going on now.
const RECENT: Duration = Duration::from_secs(30);
/// So many settled rows are enough to tell a rate by.
const RECENT_ROWS: usize = 4096;
/// How many troubles are told with their words; after that the counts tell them.
const TOLD: usize = 20;

/// Follows a run.
pub struct Watch<'a> {
    progress: &'a Progress,
    level: Level,
    /// When all will be done under the limits, as the engine tells.
    outlook: Option<Moment>,
    settled: VecDeque<Instant>,
    told: usize,
    updated: Option<Instant>,
    view: View,
}

impl<'a> Watch<'a> {
    /// Follows the run that is proposed.
    pub fn new(progress: &'a Progress, level: Level, proposal: &Proposal) -> Self {
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
            updated: None,
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
                self.view.accounts_waiting = waiting.len();
            }
            Event::Waiting { until, why } => self.view.waiting = Some((*until, *why)),
            Event::Left { row, .. } => {
                self.view.waiting = None;
                if self.level == Level::Verbose {
                    self.progress.say(&format!("row {row}: leaves"));
                }
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
        if soon && !matches!(event, Event::Waiting { .. }) && self.view.left > 0 {
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
