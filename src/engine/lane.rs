//! The rows of one account, in the order of the sheet, and how the account fares.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::plan::{Plan, Step};
use crate::model::storm::Storm;
use crate::model::time::Moment;

/// A row whose turn it is, and how often it was tried in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The row, as an index into the plan.
    pub index: usize,
    /// Its class: the queue that it stands in.
    pub class: u16,
    /// Tries of this run that never connected.
    pub vain: u32,
}

/// One account's rows. A slow, held or dead account has a lane of its own, so that it slows no other.
#[derive(Debug, Clone)]
pub struct Lane {
    account: u16,
    /// The rows of each class: those of one can wait for their hours while those of another leave.
    queues: Vec<Queue>,
    /// When the lane was last served, so that lanes that are open take turns.
    pub served: u64,
    /// Requests of the lane that are not answered.
    pub in_flight: usize,
    stopped: bool,
    misses: usize,
    unknown: usize,
    storm: Storm,
}

/// The rows of one account and one class, in the order of the sheet.
#[derive(Debug, Clone, Default)]
struct Queue {
    /// Where in the plan to look for the next row that was not tried yet.
    cursor: usize,
    /// Rows to be tried again come before new ones.
    again: VecDeque<Turn>,
}

impl Queue {
    fn peek(&mut self, plan: &Plan, account: u16, class: u16) -> Option<Turn> {
        if let Some(turn) = self.again.front() {
            return Some(*turn);
        }
        while let Some(row) = plan.rows.get(self.cursor) {
            if row.step == Step::Send && row.account == account && row.class == class {
                let index = self.cursor;
                return Some(Turn { index, class, vain: 0 });
            }
            self.cursor += 1;
        }
        None
    }
}

/// The third 404 of an account in a row means the account, whatever the text says.
const UNKNOWN_IN_A_ROW: usize = 3;
/// No hold is shorter, so that `Retry-After: 0` is no invitation to hammer.
const SHORTEST_HOLD: Duration = Duration::from_secs(1);

impl Lane {
    /// The lane of `account`, at the start of a plan whose rows have so many classes.
    #[must_use]
    pub fn new(account: u16, classes: u16) -> Self {
        Self {
            account,
            queues: vec![Queue::default(); usize::from(classes)],
            served: 0,
            in_flight: 0,
            stopped: false,
            misses: 0,
            unknown: 0,
            storm: Storm::NONE,
        }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> u16 {
        self.account
    }

    /// The next row of each class that has one, if the lane still sends.
    pub fn peek(&mut self, plan: &Plan) -> impl Iterator<Item = Turn> {
        let (account, stopped) = (self.account, self.stopped);
        let queues = self.queues.iter_mut().zip(0u16..).filter(move |_| !stopped);
        queues.filter_map(move |(queue, class)| queue.peek(plan, account, class))
    }

    /// Takes a row that [`Lane::peek`] showed.
    pub fn take(&mut self, turn: Turn) {
        if let Some(queue) = self.queues.get_mut(usize::from(turn.class))
            && queue.again.pop_front().is_none()
        {
            queue.cursor = turn.index + 1;
        }
    }

    /// The row will be tried again, before others of its class.
    pub fn put_back(&mut self, turn: Turn) {
        if let Some(queue) = self.queues.get_mut(usize::from(turn.class)) {
            queue.again.push_front(turn);
        }
    }

    /// The lane sends nothing more in this run.
    pub fn stop(&mut self) -> Stopped {
        if std::mem::replace(&mut self.stopped, true) {
            Stopped::Before
        } else {
            Stopped::Now
        }
    }

    /// Whether it sends nothing more in this run.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// A row was sent: the account is in good health.
    pub fn note_sent(&mut self) {
        self.misses = 0;
        self.unknown = 0;
        self.storm = self.storm.over();
    }

    /// A row failed or stays unconfirmed. Returns how many did so one after another.
    pub fn note_miss(&mut self) -> usize {
        self.misses += 1;
        self.misses
    }

    /// Whether the answer was a 404, and with it, whether the account itself is unknown.
    pub fn note_status(&mut self, status: Option<u16>) -> Acquaintance {
        self.unknown = if status == Some(404) { self.unknown + 1 } else { 0 };
        if self.unknown >= UNKNOWN_IN_A_ROW {
            Acquaintance::Unknown
        } else {
            Acquaintance::Known
        }
    }

    /// The service refused a request of this account for now, which left at `left`. Returns until when the gate is shut.
    pub fn note_hold(&mut self, told: Option<Moment>, left: Moment, now: Moment) -> Moment {
        let until = told.unwrap_or_else(|| {
            self.storm = self.storm.after(left, now);
            self.storm.until()
        });
        until.max(now + SHORTEST_HOLD)
    }
}

/// When a lane stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// With this call.
    Now,
    /// Earlier.
    Before,
}

/// Whether the service knows an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquaintance {
    /// As far as its answers tell.
    Known,
    /// Three 404 in a row say that it does not.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_that_names_no_time_doubles_and_none_is_shorter_than_a_moment() {
        let at = |millis: i64| Moment::from_millis(millis);
        let mut lane = Lane::new(0, 1);
        assert_eq!(lane.note_hold(None, at(0), at(10)), at(60_010));
        assert_eq!(lane.note_hold(None, at(60_010), at(60_020)), at(180_020));
        lane.note_sent();
        assert_eq!(lane.note_hold(None, at(180_020), at(180_030)), at(240_030));
        assert_eq!(lane.note_hold(Some(at(5)), at(0), at(0)), at(1000));
    }

    #[test]
    fn only_the_third_404_in_a_row_means_the_account() {
        let mut lane = Lane::new(0, 1);
        let seen: Vec<_> = [404, 404, 400, 404, 404, 404]
            .into_iter()
            .map(|status| lane.note_status(Some(status)))
            .collect();
        assert_eq!(seen.iter().position(|met| *met == Acquaintance::Unknown), Some(5));
    }
}
