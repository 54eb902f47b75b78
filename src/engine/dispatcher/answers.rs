//! Questions about people before they are written to, and what follows from their answers.

use super::super::gatekeeper::Judged;
use super::super::inquest::{Inquest, Learned, Needed, UNCLEAR_IN_A_ROW};
use super::super::lane::{self, Stopped};
use super::super::schedule::Slot;
use super::super::shared::Claimed;
use super::consequences::backoff;
use super::{Admitted, Dispatcher, InFlight, Over, TurnedAway, lock};
use crate::adapters::api::{Denial, Lookup};
use crate::adapters::database::permits::PermitId;
use crate::adapters::journal::JournalError;
use crate::model::entry::Entry;
use crate::model::event::{Event, Stop, Wait};
use crate::model::finding::Finding;
use crate::model::gate::Question;
use crate::model::plan::Planned;
use crate::model::status::Status;
use crate::model::time::Moment;
use crate::model::window::Opening;

/// What came of a question.
pub(super) struct Heard {
    inquest: Box<Inquest>,
    told: Told,
}

/// What was told.
enum Told {
    /// A fact, which is in the journal.
    Finding(Finding),
    /// Anything else.
    Other(Lookup<Learned>),
    /// A fact that the journal could not take.
    Unrecorded(JournalError),
}

impl<'a> Dispatcher<'a> {
    /// Judges the recipient of a row whose turn has come. `None`: it may be sent.
    pub(super) fn at_the_gate(&mut self, planned: &Planned, draft: &crate::model::draft::Draft, slot: Slot) -> Option<Admitted> {
        let gatekeeper = self.gatekeeper?;
        let now = self.sender.clock.now();
        match gatekeeper.judge(draft, now) {
            Judged::Pass => None,
            Judged::Unresolved(why) => {
                if !std::mem::replace(&mut self.told_unresolved, true) {
                    let row = planned.number;
                    (self.tell)(Event::Unresolved { row, why });
                }
                None
            }
            Judged::Held(gate, why) => {
                self.ended.held.extend(gate);
                Some(self.send_away(planned, away(planned, Status::Skipped, why)))
            }
            Judged::Unclear(why) => Some(self.leave_unjudged(planned, why)),
            Judged::Ask(inquest) => Some(self.may_ask(slot, inquest, now)),
        }
    }

    /// A question may leave now, or its row comes again when it may.
    fn may_ask(&mut self, slot: Slot, inquest: Box<Inquest>, now: Moment) -> Admitted {
        let mut schedule = self.schedule.borrow_mut();
        let leave = schedule.may_ask(slot.account, now);
        if !leave.is_open(now) {
            schedule.put_back(slot.account, slot.turn);
            if let (Opening::At(until), Some(questions)) = (leave.opens, schedule.questions(slot.account)) {
                questions.wait(until, leave.why);
            }
            return Admitted::Rests;
        }
        let claimed = self
            .reads
            .map(|reads| reads.claim(inquest.account.as_deref(), || self.sender.clock.now()));
        match claimed {
            None => Admitted::Asks(inquest, None),
            Some(Ok(Claimed::Granted(place))) => Admitted::Asks(inquest, Some(place)),
            Some(Ok(Claimed::Later(later))) => {
                schedule.put_back(slot.account, slot.turn);
                if later.why() == Wait::KeyRate {
                    later.hold(schedule.pace(), slot.account);
                } else if let Some(questions) = schedule.questions(slot.account) {
                    questions.wait(later.until(), later.why());
                }
                Admitted::Rests
            }
            Some(Err(error)) => {
                schedule.put_back(slot.account, slot.turn);
                drop(schedule);
                self.stop(Stop::Permits(error.to_string()));
                Admitted::Rests
            }
        }
    }

    /// Something that came up keeps the row from being sent.
    pub(super) fn send_away(&mut self, planned: &Planned, away: TurnedAway) -> Admitted {
        (self.tell)(Event::Settled {
            row: away.row,
            account: planned.account,
            before: planned.status,
            status: away.status,
            error: Some(away.why.clone()),
        });
        self.let_others_go_on(away.row, away.status);
        self.ended.turned_away.push(away);
        Admitted::Rests
    }

    /// The row was to be judged and cannot be: it is not sent.
    fn leave_unjudged(&mut self, planned: &Planned, why: String) -> Admitted {
        self.ended.unjudged += 1;
        self.send_away(planned, away(planned, Status::Pending, why))
    }

    /// Asks. Until the answer has come, the account sends and asks nothing new.
    pub(super) fn ask(&mut self, slot: Slot, inquest: Box<Inquest>, place: Option<PermitId>, in_flight: &mut InFlight<'a>) {
        let Some(gatekeeper) = self.gatekeeper else { return };
        let (sender, schedule, reads) = (self.sender, self.schedule, self.reads);
        schedule.borrow_mut().ask(slot.account, sender.clock.now());
        in_flight.push(Box::pin(async move {
            let told = inquest.ask(sender.client, gatekeeper.gates(), || sender.clock.now()).await;
            schedule.borrow_mut().asked(slot.account, sender.clock.now());
            if let (Some(reads), Some(place)) = (reads, place) {
                reads.answered(place, sender.clock.now(), sender.client.skew());
            }
            let told = match told {
                Lookup::Answered(Learned::Finding(finding)) => match sender.journal.append(Entry::Finding(finding.clone())).await {
                    Ok(_) => Told::Finding(finding),
                    Err(error) => Told::Unrecorded(error),
                },
                other => Told::Other(other),
            };
            Over::Question(slot, Heard { inquest, told })
        }));
    }

    /// Draws the consequences of an answer. The row comes again, and is judged by what is known then, unless it cannot be.
    pub(super) fn hear(&mut self, slot: Slot, heard: Heard) {
        let Heard { inquest, told } = heard;
        if let Some(questions) = self.schedule.borrow_mut().questions(slot.account) {
            questions.heard();
        }
        let (Some(planned), Some(gatekeeper)) = (self.plan.rows.get(slot.turn.index), self.gatekeeper) else {
            return;
        };
        match told {
            Told::Unrecorded(error) => self.stop(Stop::Journal(error.to_string())),
            Told::Finding(finding) => {
                gatekeeper.note(&finding);
                lock(self.sender.ledger).learn(&finding);
                self.again(slot);
            }
            Told::Other(Lookup::Answered(Learned::Finding(_))) => {}
            Told::Other(Lookup::Answered(Learned::More(partial))) => {
                if let Question::Messages(conversation) = &inquest.question {
                    gatekeeper.keep_partial(conversation, partial);
                }
                self.again(slot);
            }
            Told::Other(Lookup::Held(told)) => {
                let now = self.sender.clock.now();
                if let (Some(reads), Some(until)) = (self.reads, told) {
                    reads.hold(inquest.account.as_deref(), until, now);
                }
                let mut schedule = self.schedule.borrow_mut();
                let until = schedule.questions(slot.account).map_or(now, |questions| questions.hold(told, now));
                schedule.put_back(slot.account, slot.turn);
                drop(schedule);
                (self.tell)(Event::Retrying {
                    row: planned.number,
                    why: "the service asks to wait with questions".to_owned(),
                    wait: until.since(now),
                });
            }
            Told::Other(Lookup::Refused(why)) => {
                self.schedule.borrow_mut().put_back(slot.account, slot.turn);
                self.stop(Stop::Credentials(why));
            }
            Told::Other(Lookup::NotOffered(why)) => self.denied(planned, slot, &inquest, &why),
            Told::Other(Lookup::Failed(why)) => self.failed(planned, slot, &inquest, why),
        }
    }

    /// The row comes again at once: something is known now.
    fn again(&mut self, slot: Slot) {
        let mut schedule = self.schedule.borrow_mut();
        if let Some(questions) = schedule.questions(slot.account) {
            questions.learned();
        }
        schedule.put_back(slot.account, slot.turn);
    }

    /// The service does not answer the question.
    fn denied(&mut self, planned: &Planned, slot: Slot, inquest: &Inquest, why: &str) {
        let denial = Denial::of(why);
        if denial == Denial::Account {
            self.schedule.borrow_mut().put_back(slot.account, slot.turn);
            return self.stop_account(slot.account, why);
        }
        let unclear = self.schedule.borrow_mut().questions(slot.account).map_or(0, |questions| {
            questions.unclear += 1;
            questions.unclear
        });
        let unknown = denial == Denial::Question || unclear >= UNCLEAR_IN_A_ROW;
        if inquest.needed == Needed::ToResolve {
            if unknown && let Some(gatekeeper) = self.gatekeeper {
                gatekeeper.tells_no_urns(why.to_owned());
            }
            return self.in_vain(planned, slot);
        }
        self.leave_unjudged(planned, format!("cannot be judged: {why}"));
        if unknown && let Some(gatekeeper) = self.gatekeeper {
            let flags = gatekeeper.gates().words();
            self.stop(Stop::Gates(format!(
                "the service does not answer what is asked before a send ({flags}): {why}; without these gates the rows would be sent unasked"
            )));
        }
    }

    /// No answer, or an error: asked again after a while, as often as a send.
    fn failed(&mut self, planned: &Planned, slot: Slot, inquest: &Inquest, why: String) {
        let mut schedule = self.schedule.borrow_mut();
        let Some(questions) = schedule.questions(slot.account) else {
            return;
        };
        if questions.failed < self.sender.retries {
            let wait = backoff(questions.failed);
            questions.failed += 1;
            questions.wait(self.sender.clock.now() + wait, Wait::Unreachable);
            schedule.put_back(slot.account, slot.turn);
            drop(schedule);
            let row = planned.number;
            return (self.tell)(Event::Retrying { row, why, wait });
        }
        questions.failed = 0;
        drop(schedule);
        if inquest.needed == Needed::ToResolve {
            return self.in_vain(planned, slot);
        }
        self.leave_unjudged(planned, format!("cannot be judged: {why}"));
        let misses = self.schedule.borrow_mut().on_lane(slot.account, lane::Lane::note_miss).unwrap_or(0);
        if misses >= self.rules.max_failures {
            self.stop(Stop::TooManyFailures(misses));
        }
    }

    /// The row goes on without its recipient's URN.
    fn in_vain(&mut self, planned: &Planned, slot: Slot) {
        if let Some(gatekeeper) = self.gatekeeper {
            gatekeeper.asked_in_vain(planned.number);
        }
        self.schedule.borrow_mut().put_back(slot.account, slot.turn);
    }

    /// The account sends nothing more in this run.
    pub(super) fn stop_account(&mut self, account: u16, why: &str) {
        let stopped = self.schedule.borrow_mut().on_lane(account, lane::Lane::stop);
        if stopped == Some(Stopped::Now) {
            let why = why.to_owned();
            (self.tell)(Event::AccountStopped { account, why: why.clone() });
            self.ended.stopped_accounts.push((account, why));
        }
    }
}

/// A row that is not sent after all. One whose fate is unknown stays so.
fn away(planned: &Planned, status: Status, why: String) -> TurnedAway {
    let status = if planned.status == Status::Unconfirmed {
        planned.status
    } else {
        status
    };
    TurnedAway {
        row: planned.number,
        status,
        why,
    }
}
