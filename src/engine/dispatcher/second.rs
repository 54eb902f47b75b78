//! A second look at a row whose files were uploaded: that may have taken its time.

use std::cell::RefCell;

use crate::engine::Drafts;
use crate::engine::attempt::{Attempt, Leaving, Sender};
use crate::engine::schedule::Schedule;
use crate::model::plan::Plan;
use crate::model::time::Moment;

/// What a row is looked at again with.
#[derive(Clone, Copy)]
pub(super) struct Second<'a> {
    pub plan: &'a Plan,
    pub drafts: &'a RefCell<&'a mut Drafts<'a>>,
    /// When the run starts nothing new any more.
    pub end: Option<Moment>,
}

impl Second<'_> {
    /// What becomes of a row that must not be sent after all: meanwhile its account was held or stopped, its hours ended, or the
    /// run, or its recipient came onto a list. `None`: it may be sent.
    pub(super) fn look(self, sender: Sender<'_>, leaving: &Leaving, schedule: &RefCell<Schedule>) -> Option<Attempt> {
        let now = sender.clock.now();
        let over = sender.stopped.get() || self.end.is_some_and(|end| now >= end);
        if over || schedule.borrow().is_shut(&leaving.permit, now) {
            return Some(Attempt::TooLate);
        }
        let planned = self.plan.rows.get(leaving.permit.turn.index)?;
        let draft = (self.drafts.borrow_mut())(planned);
        let draft = draft.and_then(|draft| sender.still_wanted(planned, draft));
        draft.err().map(Attempt::TurnedAway)
    }
}
