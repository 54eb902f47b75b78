//! What follows from an attempt, for its row, its account and the run.

use std::time::Duration;

use super::super::TurnedAway;
use super::super::attempt::{Attempt, Leaving};
use super::super::lane::{self, Acquaintance, Turn};
use super::super::schedule::Permit;
use super::super::upload::Unready;
use super::Dispatcher;
use crate::model::event::{Event, Stop, Wait};
use crate::model::outcome::{Answer, NotSent, Reach, Verdict};
use crate::model::status::Status;

/// How long nothing leaves after a connection that did not come about; doubled with every try in vain.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// How long nothing leaves after so many tries in vain.
pub(super) fn backoff(vain: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(1 << vain.min(16)).min(LONGEST_BACKOFF)
}

impl Dispatcher<'_> {
    /// Draws the consequences of an attempt.
    pub(super) fn conclude(&mut self, leaving: &Leaving, attempt: Attempt) {
        let permit = &leaving.permit;
        self.flying.retain(|flying| flying.ticket != permit.ticket);
        match attempt {
            Attempt::Ended { answer, gave_up } => {
                self.conclude_answer(permit, &answer, gave_up);
                self.draw_reach(permit, &answer);
            }
            Attempt::NotUploaded(unready) => self.conclude_upload(leaving, unready),
            Attempt::TooLate => self.schedule.borrow_mut().put_back(permit.account, permit.turn),
            Attempt::TurnedAway(away) => self.turn_away(leaving, away.status, away.why),
            Attempt::HeldElsewhere(who) => self.settle(permit, Status::Pending, Some(format!("held by {who}"))),
            Attempt::WrittenBefore(earlier) => self.turn_away(leaving, Status::Skipped, earlier.to_string()),
            Attempt::Unasked(error) => self.stop(Stop::History(error.to_string())),
            Attempt::Unclaimed(error) => self.stop(Stop::Journal(error.to_string())),
            Attempt::Unrecorded(error) => {
                self.leave_in_doubt(permit);
                self.stop(Stop::Journal(error.to_string()));
            }
        }
    }

    /// The journal has the row's intent and will have no outcome: from here on the row is unconfirmed.
    pub(super) fn leave_in_doubt(&mut self, permit: &Permit) {
        self.settle(
            permit,
            Status::Unconfirmed,
            Some("what came of the request is not recorded".to_owned()),
        );
    }

    /// Something that came up after the plan was made keeps the row from being sent.
    fn turn_away(&mut self, leaving: &Leaving, status: Status, why: String) {
        let permit = &leaving.permit;
        // An earlier attempt whose fate is unknown stays what it is.
        let status = if leaving.before == Status::Unconfirmed {
            Status::Unconfirmed
        } else {
            status
        };
        self.settle(permit, status, Some(why.clone()));
        if let Some(row) = self.plan.rows.get(permit.turn.index) {
            let row = row.number;
            self.ended.turned_away.push(TurnedAway { row, status, why });
        }
    }

    /// A row whose files are not uploaded was not sent: it is tried again, now or by another run.
    fn conclude_upload(&mut self, leaving: &Leaving, unready: Unready) {
        let permit = &leaving.permit;
        let account = permit.account;
        let now = self.sender.clock.now();
        match unready {
            Unready::Unrecorded(error) => self.stop(Stop::Journal(error.to_string())),
            Unready::Changed(why) => self.turn_away(leaving, Status::Pending, why),
            Unready::Refused(why) => {
                self.schedule.borrow_mut().put_back(account, permit.turn);
                self.stop(Stop::Credentials(why));
            }
            Unready::Held(told) => {
                let mut schedule = self.schedule.borrow_mut();
                self.sender.hold(permit, told, &mut schedule, self.shared);
                schedule.put_back(account, permit.turn);
                let wait = schedule.wait_of(account, permit.turn.class, now);
                drop(schedule);
                self.retrying(permit, Some("the service asks to wait with uploads".to_owned()), wait);
            }
            Unready::Failed(why) if permit.turn.vain >= self.sender.retries => {
                let misses = self.schedule.borrow_mut().on_lane(account, lane::Lane::note_miss).unwrap_or(0);
                self.turn_away(leaving, Status::Pending, why);
                if misses >= self.rules.max_failures {
                    self.stop(Stop::TooManyFailures(misses));
                }
            }
            Unready::Failed(why) => {
                let backoff = backoff(permit.turn.vain);
                let again = Turn {
                    vain: permit.turn.vain + 1,
                    ..permit.turn
                };
                let mut schedule = self.schedule.borrow_mut();
                schedule.pace().hold_account(account, now + backoff, Wait::Unreachable);
                schedule.put_back(account, again);
                drop(schedule);
                self.retrying(permit, Some(why), backoff);
            }
        }
    }

    /// What the answer means for the row.
    fn conclude_answer(&mut self, permit: &Permit, answer: &Answer, gave_up: bool) {
        let error = answer.error();
        match answer.verdict() {
            Verdict::Sent => {
                self.schedule.borrow_mut().on_lane(permit.account, lane::Lane::note_sent);
                if let Some(shared) = self.shared {
                    shared.sent(permit.account);
                }
                self.ended.sent += 1;
                self.settle(permit, Status::Sent, None);
            }
            Verdict::Failed => self.miss(permit, Status::Failed, error),
            Verdict::Unconfirmed => self.miss(permit, Status::Unconfirmed, error),
            Verdict::NotSent(NotSent::NeverConnected) if gave_up => self.miss(permit, Status::Failed, error),
            Verdict::NotSent(NotSent::NeverConnected) => {
                let backoff = backoff(permit.turn.vain);
                let again = Turn {
                    vain: permit.turn.vain + 1,
                    ..permit.turn
                };
                let until = self.sender.clock.now() + backoff;
                let mut schedule = self.schedule.borrow_mut();
                schedule.pace().hold_run(until, Wait::Unreachable);
                schedule.put_back(permit.account, again);
                drop(schedule);
                self.retrying(permit, error, backoff);
            }
            Verdict::NotSent(NotSent::Held) => {
                let now = self.sender.clock.now();
                let mut schedule = self.schedule.borrow_mut();
                schedule.put_back(permit.account, permit.turn);
                let wait = schedule.wait_of(permit.account, permit.turn.class, now);
                drop(schedule);
                self.retrying(permit, error, wait);
            }
            Verdict::NotSent(NotSent::Refused) => self.schedule.borrow_mut().put_back(permit.account, permit.turn),
        }
    }

    /// What the answer means for the account and the run.
    fn draw_reach(&mut self, permit: &Permit, answer: &Answer) {
        let status = answer.http_status();
        let acquaintance = self.schedule.borrow_mut().on_lane(permit.account, |lane| lane.note_status(status));
        let why = || answer.error().unwrap_or_default();
        match (answer.reach(), acquaintance, answer.verdict()) {
            (Reach::Run, _, Verdict::NotSent(_)) => self.stop(Stop::Credentials(why())),
            (Reach::Run, _, _) => self.stop(Stop::Redirected(why())),
            (Reach::Account, _, _) | (Reach::Row, Some(Acquaintance::Unknown), _) => {
                self.stop_account(permit.account, &why());
            }
            (Reach::Row, _, _) => {}
        }
    }

    /// A row failed or stays unconfirmed; too many of them one after another stop the run.
    fn miss(&mut self, permit: &Permit, status: Status, error: Option<String>) {
        let misses = self
            .schedule
            .borrow_mut()
            .on_lane(permit.account, lane::Lane::note_miss)
            .unwrap_or(0);
        // An earlier attempt that is in doubt stays so, whatever became of this one.
        let doubted = self
            .plan
            .rows
            .get(permit.turn.index)
            .is_some_and(|row| row.status == Status::Unconfirmed);
        self.settle(permit, if doubted { Status::Unconfirmed } else { status }, error);
        if misses >= self.rules.max_failures {
            self.stop(Stop::TooManyFailures(misses));
        }
    }

    fn settle(&mut self, permit: &Permit, status: Status, error: Option<String>) {
        if let Some(row) = self.plan.rows.get(permit.turn.index) {
            self.let_others_go_on(row.number, status);
            (self.tell)(Event::Settled {
                row: row.number,
                account: row.account,
                before: row.status,
                status,
                error,
            });
        }
    }

    fn retrying(&mut self, permit: &Permit, error: Option<String>, wait: Duration) {
        if let Some(row) = self.plan.rows.get(permit.turn.index) {
            (self.tell)(Event::Retrying {
                row: row.number,
                why: error.unwrap_or_default(),
                wait,
            });
        }
    }
}
