//! Rows that wait for another row to the same person, since nobody knows yet whether that one is sent.

use std::collections::BTreeMap;

use super::Dispatcher;
use crate::engine::schedule::Slot;
use crate::model::row::RowNumber;
use crate::model::status::Status;

/// Who waits for which row.
#[derive(Debug, Default)]
pub(super) struct Behind(BTreeMap<RowNumber, Vec<Slot>>);

impl Behind {
    /// The row of this slot waits until it is known what becomes of `first`.
    pub(super) fn add(&mut self, first: RowNumber, slot: Slot) {
        self.0.entry(first).or_default().push(slot);
    }
}

impl Dispatcher<'_> {
    /// What becomes of a row is known. Those to the same person go on: one of them is sent if this one was not.
    pub(super) fn let_others_go_on(&mut self, row: RowNumber, status: Status) {
        let Some(gatekeeper) = self.gatekeeper else { return };
        if matches!(status, Status::Sent | Status::Unconfirmed) {
            gatekeeper.keep_from_others(row);
        } else {
            gatekeeper.release(row);
        }
        let waiting = self.behind.0.remove(&row).unwrap_or_default();
        let mut schedule = self.schedule.borrow_mut();
        for slot in waiting.into_iter().rev() {
            schedule.put_back(slot.account, slot.turn);
        }
    }

    /// Nothing is left but rows that wait for one whose account stopped: it is not tried any more, so one of them may be.
    /// Returns whether there is one.
    pub(super) fn wait_for_nobody(&mut self) -> bool {
        let Some(first) = self.behind.0.keys().next().copied() else {
            return false;
        };
        self.let_others_go_on(first, Status::Pending);
        true
    }
}
