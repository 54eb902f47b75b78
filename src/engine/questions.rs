//! When an account may ask about the people of its rows: one question at a time, no faster than accounts may read.

use std::time::Duration;

use super::pace::Leave;
use crate::model::event::Wait;
use crate::model::rate::Ceiling;
use crate::model::time::Moment;
use crate::model::window::{Counted, Counts, Opening, Ticket, Window};

/// How long a 429 that names no time holds an account's questions at first; doubled each time, up to an hour.
const FIRST_UNTOLD_HOLD: Duration = Duration::from_mins(1);
const LONGEST_UNTOLD_HOLD: Duration = Duration::from_hours(1);
/// No hold is shorter.
const SHORTEST_HOLD: Duration = Duration::from_secs(1);

/// The questions of one account.
#[derive(Debug, Clone)]
pub struct Questions {
    window: Option<Window>,
    /// What the window knows the newest question by.
    newest: Ticket,
    held: Option<Moment>,
    way: Way,
    untold_holds: u32,
    /// Why the account's next row waits, and until when.
    wait: Option<(Moment, Wait)>,
    /// Questions about one row that were answered with errors, one after another.
    pub failed: u32,
    /// Rows that the service does not want to know, one after another.
    pub unclear: u32,
}

/// Where the newest question is.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Nowhere: there is none, or its answer was heard.
    Nowhere,
    /// On its way; the pace knows it by this ticket.
    Out(Ticket),
    /// Answered, and what follows is not known yet.
    Back,
}

/// What an account's questions mean for its next row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// Nothing.
    None,
    /// One is on its way.
    Answer,
    /// The next may leave then.
    Until(Moment, Wait),
}

impl Questions {
    /// The questions of an account that asked at these moments of late, the oldest first.
    #[must_use]
    pub fn new(rate: Ceiling, past: impl Iterator<Item = Moment>) -> Self {
        let mut questions = Self {
            window: rate.rate().map(|rate| Window::new(rate, Counts::Requests)),
            newest: Ticket(0),
            held: None,
            way: Way::Nowhere,
            untold_holds: 0,
            wait: None,
            failed: 0,
            unclear: 0,
        };
        for at in past {
            questions.leave(Ticket(0), at);
            questions.answered(at);
            questions.heard();
        }
        questions
    }

    /// When the next question may leave, as far as the account decides.
    #[must_use]
    pub fn opens(&self, now: Moment) -> Leave {
        let own = self.window.as_ref().map_or(Opening::At(now), Window::opens);
        let rate = Leave {
            opens: own.max(Opening::At(now)),
            why: Wait::ReadRate,
        };
        let held = self.held.filter(|until| *until > now).map(|until| Leave {
            opens: Opening::At(until),
            why: Wait::Held,
        });
        held.map_or(rate, |held| held.later(rate))
    }

    /// What the account's next row has to wait for at `now`.
    #[must_use]
    pub fn pending(&self, now: Moment) -> Pending {
        match (self.way, self.wait) {
            (Way::Out(_) | Way::Back, _) => Pending::Answer,
            (Way::Nowhere, Some((until, why))) if until > now => Pending::Until(until, why),
            (Way::Nowhere, _) => Pending::None,
        }
    }

    /// The account's next row waits until then.
    pub fn wait(&mut self, until: Moment, why: Wait) {
        self.wait = Some((until, why));
    }

    /// A question leaves, which the pace knows by this ticket.
    pub fn leave(&mut self, ticket: Ticket, now: Moment) {
        self.way = Way::Out(ticket);
        self.wait = None;
        self.newest.0 += 1;
        if let Some(window) = &mut self.window {
            window.leave(self.newest, now);
        }
    }

    /// It was answered, or given up. Returns its ticket. The account's rows wait until what follows is known.
    pub fn answered(&mut self, now: Moment) -> Option<Ticket> {
        let Way::Out(ticket) = self.way else { return None };
        self.way = Way::Back;
        if let Some(window) = &mut self.window {
            window.answered(self.newest, now, Counted::Yes);
        }
        Some(ticket)
    }

    /// What follows from the answer is known.
    pub fn heard(&mut self) {
        self.way = Way::Nowhere;
    }

    /// There was an answer that tells something.
    pub fn learned(&mut self) {
        (self.failed, self.unclear, self.untold_holds) = (0, 0, 0);
    }

    /// The service refused a question for now. Returns until when none leaves.
    pub fn hold(&mut self, told: Option<Moment>, now: Moment) -> Moment {
        let until = told.unwrap_or_else(|| {
            let doubled = FIRST_UNTOLD_HOLD.saturating_mul(1 << self.untold_holds.min(16));
            self.untold_holds += 1;
            now + doubled.min(LONGEST_UNTOLD_HOLD)
        });
        let until = until.max(now + SHORTEST_HOLD);
        self.held = Some(until);
        self.wait(until, Wait::Held);
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rate::Rate;

    #[test]
    fn an_account_asks_one_thing_at_a_time_and_no_faster_than_it_may_read() {
        let at = Moment::from_millis;
        let rate = Rate::new(2, Duration::from_secs(10)).map_or(Ceiling::Unlimited, Ceiling::At);
        let mut questions = Questions::new(rate, [at(1000)].into_iter());
        assert!(questions.opens(at(2000)).is_open(at(2000)));
        questions.leave(Ticket(9), at(2000));
        assert_eq!(questions.pending(at(2000)), Pending::Answer);
        assert_eq!(questions.answered(at(2500)), Some(Ticket(9)));
        assert_eq!(questions.pending(at(2500)), Pending::Answer, "until it is heard");
        questions.heard();
        assert_eq!(questions.pending(at(2500)), Pending::None);
        assert_eq!(questions.opens(at(2500)).opens, Opening::At(at(11_001)));
        assert_eq!(questions.opens(at(2500)).why, Wait::ReadRate);
    }

    #[test]
    fn a_hold_that_names_no_time_doubles_and_one_that_does_is_heeded() {
        let now = Moment::from_millis(0);
        let mut questions = Questions::new(Ceiling::Unlimited, std::iter::empty());
        let waits: Vec<i64> = (0..8).map(|_| questions.hold(None, now).as_millis() / 60_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        questions.learned();
        assert_eq!(questions.hold(None, now).as_millis(), 60_000);
        assert_eq!(questions.hold(Some(Moment::from_millis(5)), now).as_millis(), 1000);
        assert_eq!(questions.pending(now), Pending::Until(Moment::from_millis(1000), Wait::Held));
        assert_eq!(questions.pending(Moment::from_millis(1000)), Pending::None);
    }
}
