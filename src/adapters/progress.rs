//! Progress on stderr: a bar on a terminal (indicatif), plain lines every few seconds elsewhere.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::model::event::Wait;
use crate::model::time::{Moment, Span};

/// How often the bar is drawn again, so that a countdown moves.
const TICK: Duration = Duration::from_millis(200);
/// How often a plain line is written.
const LINE_PERIOD: Duration = Duration::from_secs(5);

/// What progress shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Rows sent in this run.
    pub sent: usize,
    /// Rows that failed in this run.
    pub failed: usize,
    /// Rows that stay unconfirmed after this run's attempt.
    pub unconfirmed: usize,
    /// Rows that are still to be sent.
    pub left: usize,
    /// Rows settled a minute, of late.
    pub per_minute: Option<f64>,
    /// The wait that is going on, if nothing can leave.
    pub waiting: Option<(Moment, Wait)>,
    /// What accounts wait for that have rows left and cannot send just now, in lines, where there are several accounts.
    pub waits: Vec<String>,
    /// The day on which everything will be done, where it is further off than a while.
    pub done_on: Option<String>,
    /// When everything will be done.
    pub done_at: Option<Moment>,
    /// What went wrong last.
    pub trouble: Option<String>,
}

impl View {
    /// What is told below the line of counts: nothing, or a line for each thing that accounts wait for.
    #[must_use]
    pub fn below(&self) -> String {
        self.waits.iter().flat_map(|wait| ["\n  ", wait]).collect()
    }

    /// The view as one line, at `now`.
    #[must_use]
    pub fn line(&self, now: Moment) -> String {
        let waiting = self.wait(now).map(|wait| format!(" · {wait}")).unwrap_or_default();
        format!("{}{waiting}{}", self.counts(), self.end(now))
    }

    /// The view behind a bar: what is waited for has a line of its own, since a terminal of 80 columns has no room for it in the first.
    #[must_use]
    pub fn lines(&self, now: Moment) -> String {
        let waiting = self.wait(now).map(|wait| format!("\n  {wait}")).unwrap_or_default();
        format!("{}{waiting}{}{}", self.counts(), self.end(now), self.below())
    }

    fn counts(&self) -> String {
        let mut line = format!("{} sent", self.sent);
        for (count, what) in [(self.failed, "failed"), (self.unconfirmed, "unconfirmed")] {
            if count > 0 {
                // Writing to a string cannot fail.
                let _ = write!(line, " · {count} {what}");
            }
        }
        let _ = write!(line, " · {} left", self.left);
        if let Some(rate) = self.per_minute {
            let _ = if rate >= 120.0 {
                write!(line, " · {:.0}/s", rate / 60.0)
            } else {
                write!(line, " · {rate:.0}/min")
            };
        }
        line
    }

    /// What is waited for, while it is.
    fn wait(&self, now: Moment) -> Option<String> {
        let (until, why) = self.waiting.filter(|(until, _)| *until > now)?;
        Some(format!("waiting {} for {why}", whole(until.since(now))))
    }

    /// When everything will be done, where that is known.
    fn end(&self, now: Moment) -> String {
        match (self.done_at.filter(|done| *done > now && self.left > 0), &self.done_on) {
            (Some(_), Some(day)) => format!(" · done on {day}"),
            (Some(done), None) => format!(" · done in {}", whole(done.since(now))),
            (None, _) => String::new(),
        }
    }
}

/// A span without its fraction of a second: nobody reads it.
fn whole(span: Duration) -> Span {
    Span(Duration::from_secs(span.as_secs() + u64::from(span.subsec_nanos() > 0)))
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A bar that moves.
    Bar,
    /// A line now and then.
    Lines,
    /// Not at all.
    Silent,
}

/// Progress that is being shown.
pub struct Progress {
    view: Arc<Mutex<View>>,
    bar: Option<ProgressBar>,
    lines: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to show progress towards `total` rows. `clock` tells the time.
    #[must_use]
    pub fn start(manner: Manner, total: usize, clock: fn() -> Moment) -> Self {
        let view = Arc::new(Mutex::new(View {
            left: total,
            ..View::default()
        }));
        let bar = (manner == Manner::Bar).then(|| bar(total, Arc::clone(&view), clock));
        let lines = (manner == Manner::Lines).then(|| lines(Arc::clone(&view), clock)).flatten();
        Self { view, bar, lines }
    }

    /// Changes what is shown.
    pub fn update(&self, change: impl FnOnce(&mut View)) {
        let mut view = lock(&self.view);
        change(&mut view);
        if let Some(bar) = &self.bar {
            let settled = bar.length().unwrap_or(0).saturating_sub(view.left as u64);
            drop(view);
            bar.set_position(settled);
        }
    }

    /// Says a line above the bar, or among the lines.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => {
                // Where nobody reads stderr any more, nothing is lost.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }

    /// Ends it, and leaves the screen clean.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        if let Some((stop, thread)) = self.lines {
            drop(stop);
            let _ = thread.join();
        }
    }
}

fn lock(view: &Mutex<View>) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bar(total: usize, view: Arc<Mutex<View>>, clock: fn() -> Moment) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    let told = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A bar that cannot be drawn is no reason to stop sending.
        let view = lock(&view);
        let _ = out.write_str(&view.lines(clock()));
    };
    let style = ProgressStyle::with_template("{bar:16.green/dim} {percent:>3}% {told}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.with_key("told", told).progress_chars("━━─"));
    bar.enable_steady_tick(TICK);
    bar
}

fn lines(view: Arc<Mutex<View>>, clock: fn() -> Moment) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = channel::<()>();
    let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
        while stopped.recv_timeout(LINE_PERIOD) == Err(RecvTimeoutError::Timeout) {
            let (line, below) = {
                let view = lock(&view);
                (view.line(clock()), view.below())
            };
            let _ = writeln!(std::io::stderr(), "{line}{below}");
        }
    });
    thread.ok().map(|thread| (stop, thread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_done_what_is_left_and_what_is_waited_for() {
        let view = View {
            sent: 128,
            failed: 3,
            left: 868,
            per_minute: Some(58.4),
            waiting: Some((Moment::from_millis(12_000), Wait::AccountRate)),
            done_at: Some(Moment::from_millis(7_200_000)),
            ..View::default()
        };
        let expected = "128 sent · 3 failed · 868 left · 58/min · waiting 12s for the rate of the account (--account-rate) · done in 2h";
        assert_eq!(view.line(Moment::from_millis(0)), expected);
        let behind_a_bar =
            "128 sent · 3 failed · 868 left · 58/min\n  waiting 12s for the rate of the account (--account-rate) · done in 2h";
        assert_eq!(view.lines(Moment::from_millis(0)), behind_a_bar);
        let idle = View {
            sent: 2,
            ..View::default()
        };
        assert_eq!(idle.line(Moment::from_millis(0)), "2 sent · 0 left");
    }
}
