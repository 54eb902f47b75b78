//! What earlier runs of a campaign requested, by the clock of each, and when that was by today's.
//!
//! A run dates what it writes by the clock of the machine, which somebody may have set between two runs. The service's clock
//! tells: every answer names its time, so a run's clock is known by how far the service's is ahead of it.

use std::collections::VecDeque;
use std::time::Duration;

use super::skew::Skew;
use super::time::Moment;
use super::window::Past;

/// What is remembered longer than limits reach back, since a `Date` has whole seconds.
const SLACK: Duration = Duration::from_mins(1);

/// The requests of a campaign's earlier runs that limits may still count.
#[derive(Debug, Clone)]
pub struct Annals {
    /// How far back they are remembered.
    reach: Duration,
    /// What the clock showed when they were opened.
    now: Moment,
    runs: Vec<Run>,
    /// Each with its run, as an index, in the order of the journal.
    requests: VecDeque<(usize, Past)>,
    /// The latest time that the service is known to have had.
    latest: Option<Moment>,
}

/// One run and its clock.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// When it began, by its own clock.
    began: Moment,
    skew: Option<Skew>,
}

impl Annals {
    /// Annals without a run, which remember requests of the last `reach`.
    #[must_use]
    pub const fn new(reach: Duration, now: Moment) -> Self {
        Self {
            reach,
            now,
            runs: Vec::new(),
            requests: VecDeque::new(),
            latest: None,
        }
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub const fn remember_nothing(&self) -> bool {
        self.reach.is_zero()
    }

    /// A run began at `began` by its clock. What comes from here on is its own.
    pub fn run_began(&mut self, began: Moment) {
        self.runs.push(Run { began, skew: None });
    }

    /// A request of the last run was answered, or may have been on its way until then; `date` is the service's time in the answer.
    pub fn request(&mut self, past: Past, date: Option<Moment>) {
        if self.runs.is_empty() {
            // A journal begins with a run; what does not is dated by one that is not known.
            self.run_began(past.left);
        }
        let of = self.runs.len() - 1;
        let Some(run) = self.runs.last_mut() else { return };
        if let Some(told) = date.and_then(|date| Skew::told(date, past.left, past.answered)) {
            run.skew = Some(run.skew.map_or(told, |known| known.and(told)));
        }
        match run.skew {
            None if past.answered + self.reach < self.now => return,
            None => {}
            Some(skew) => self.latest = self.latest.max(Some(past.answered.shifted(skew.least()))),
        }
        self.requests.push_back((of, past));
        while self.first_is_spent() {
            self.requests.pop_front();
        }
    }

    /// Whether no limit counts the first request any more: by the service's time, which goes on whatever the clock was set to.
    fn first_is_spent(&self) -> bool {
        let (Some((of, past)), Some(latest)) = (self.requests.front(), self.latest) else {
            return false;
        };
        let skew = self.runs.get(*of).and_then(|run| run.skew);
        skew.is_some_and(|skew| past.answered.shifted(skew.most()) + self.reach + SLACK < latest.min(self.now))
    }

    /// The requests that limits may still count, in the order of leaving, by a clock of which the service's is ahead by `today`.
    /// Where that is not known, by the clock of the last run that knew.
    #[must_use]
    pub fn by_the_clock_of(&self, today: Option<Skew>) -> Vec<Past> {
        let today = today.or_else(|| self.runs.iter().rev().find_map(|run| run.skew));
        let moved: Vec<i64> = self
            .runs
            .iter()
            .map(|run| run.skew.zip(today).map_or(0, |(skew, today)| skew.moved_to(today)))
            .collect();
        let mut past: Vec<Past> = Vec::new();
        let mut last = None;
        for (of, request) in &self.requests {
            let moved_by = moved.get(*of).copied().unwrap_or(0);
            let latest = match last {
                Some((run, latest)) if run == *of => latest,
                _ => self.latest_of(*of, &moved),
            };
            last = Some((*of, latest));
            let on_time = |moment: Moment| moment.shifted(moved_by).min(latest);
            let request = Past {
                left: on_time(request.left),
                answered: on_time(request.answered),
                ..request.clone()
            };
            if request.answered + self.reach >= self.now {
                past.push(request);
            }
        }
        past.sort_by_key(|past| past.left);
        past
    }

    /// What stands in the journal before a run cannot be later than its beginning: where it seems to be, a clock was set back
    /// without the service telling.
    fn latest_of(&self, of: usize, moved: &[i64]) -> Moment {
        let is_known = |index: usize| self.runs.get(index).is_some_and(|run| run.skew.is_some());
        let later = self.runs.iter().zip(moved).enumerate().skip(of + 1);
        later
            .filter(|(index, _)| !(is_known(of) && is_known(*index)))
            .map(|(_, (run, moved))| run.began.shifted(*moved))
            .min()
            .unwrap_or(Moment::from_millis(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::limits::Opener;
    use super::super::window::{By, Counted};
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    fn request(left: i64) -> Past {
        Past {
            account: None,
            left: at(left),
            answered: at(left + 100),
            counted: Counted::Yes,
            opener: Opener::New,
            by: By::Us,
        }
    }

    /// What the service's clock shows, to the second, when ours shows this and is `off`.
    fn date(millis: i64, off: i64) -> Moment {
        at((millis - off).div_euclid(1000) * 1000)
    }

    fn left(past: &[Past]) -> Vec<i64> {
        past.iter().map(|past| past.left.as_millis()).collect()
    }

    proptest! {
        /// However the clock was set before each run: no request is taken for older than it is, and none for much younger.
        #[test]
        fn requests_are_where_they_were_however_the_clock_was_set(
            runs in prop::collection::vec((-200_000_000i64..200_000_000, prop::collection::vec(1000i64..400_000, 1..6)), 1..6),
            today in -200_000_000i64..200_000_000,
        ) {
            let total: i64 = runs.iter().flat_map(|(_, pauses)| pauses).sum();
            let now = total + 1000;
            let mut annals = Annals::new(HOUR, at(now + today));
            let (mut time, mut truly) = (0, Vec::new());
            for (off, pauses) in &runs {
                annals.run_began(at(time + off));
                for pause in pauses {
                    time += pause;
                    truly.push(time);
                    annals.request(request(time + off), Some(date(time + off + 50, *off)));
                }
            }
            let skew = Skew::told(date(now + today, today), at(now + today - 50), at(now + today));
            let past = left(&annals.by_the_clock_of(skew));
            let recent: Vec<i64> = truly.into_iter().filter(|at| now - at <= 3_600_000).collect();
            let told = past.len().checked_sub(recent.len());
            prop_assert!(told.is_some(), "{} of {}", past.len(), recent.len());
            // Clocks that differ by less than a minute are not told apart.
            for (truly, told) in recent.iter().zip(past.iter().skip(told.unwrap_or(0))) {
                let late = told - today - truly;
                prop_assert!((-62_000..=62_000).contains(&late), "{late}");
            }
        }
    }

    #[test]
    fn a_service_that_tells_no_time_leaves_what_stands_in_the_journal() {
        let mut annals = Annals::new(HOUR, at(10_000_000));
        annals.run_began(at(9_000_000));
        annals.request(request(1000), None);
        annals.request(request(9_500_000), None);
        // The clock was set back before this one.
        annals.run_began(at(9_200_000));
        annals.request(request(9_300_000), None);
        assert_eq!(left(&annals.by_the_clock_of(None)), [9_200_000, 9_300_000]);
    }

    #[test]
    fn a_long_journal_is_not_remembered_whole() {
        let mut annals = Annals::new(HOUR, at(i64::from(u32::MAX)));
        annals.run_began(at(0));
        for minute in 0..10_000 {
            let millis = minute * 60_000;
            annals.request(request(millis), Some(date(millis, 0)));
        }
        assert!(annals.requests.len() < 64, "{}", annals.requests.len());
    }
}
