//! One attempt: the intent on disk, then the request, then the outcome on disk.

use super::TurnedAway;
use super::clock::Clock;
use super::courtesy::{Claimed, Courtesy};
use super::schedule::{Permit, Schedule};
use super::shared::Shared;
use super::upload::{Toll, Unready, Uploads, ready};
use crate::adapters::api::{Client, RateSignals, SendRequest};
use crate::adapters::database::DatabaseError;
use crate::adapters::database::contacts::Earlier;
use crate::adapters::database::permits::PermitId;
use crate::adapters::digest::sha256_hex;
use crate::adapters::journal::{Claim, Journal, JournalError};
use crate::model::draft::Draft;
use crate::model::entry::{Entry, Intent, Outcome, Position};
use crate::model::event::Wait;
use crate::model::judgement::folded;
use crate::model::ledger::{Ledger, Standing};
use crate::model::outcome::{Answer, NotSent, Verdict};
use crate::model::plan::{CONTACTED, Planned};
use crate::model::status::Status;
use crate::model::time::Moment;
use crate::model::window::Counted;
use std::cell::{Cell, RefCell};
use std::sync::Mutex;

/// A row that leaves: its permit, and its place in what campaigns share.
#[derive(Debug, Clone, Copy)]
pub struct Leaving {
    /// What the schedule knows it by.
    pub permit: Permit,
    /// What the campaigns of this machine know it by.
    pub shared: Option<PermitId>,
    /// The row's status before the run.
    pub before: Status,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Attempt {
    /// There is an outcome, and it is on disk.
    Ended {
        /// What was seen.
        answer: Answer,
        /// Whether the row is given up although it never connected.
        gave_up: bool,
    },
    /// Its files are not uploaded; nothing left.
    NotUploaded(Unready),
    /// While its files were uploaded something came up; nothing left.
    TurnedAway(TurnedAway),
    /// While its files were uploaded its account was held or stopped, its hours ended, or the run; nothing left.
    TooLate,
    /// Somebody else holds the row; nothing left.
    HeldElsewhere(String),
    /// The intent could not be written, so nothing left.
    Unclaimed(JournalError),
    /// Another campaign of this machine wrote to the same recipient; nothing left.
    WrittenBefore(Earlier),
    /// The contact history could not be asked; nothing left.
    Unasked(DatabaseError),
    /// The request left, and what came of it could not be written: the journal has its intent alone.
    Unrecorded(JournalError),
}

/// What the sends of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// Messages to the recipients of their rows.
    Messages,
    /// Tests: the rows' texts to somebody else, who may get them any number of times. They count for no row.
    Tests,
}

/// What an attempt needs.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// What it sends.
    pub sends: Sends,
    /// Sends the request.
    pub client: &'a Client,
    /// What was uploaded.
    pub uploads: &'a Uploads,
    /// Keeps intent and outcome.
    pub journal: &'a Journal,
    /// What is known of every key.
    pub ledger: &'a Mutex<Ledger>,
    /// The time.
    pub clock: &'a Clock,
    /// Tries that may fail to connect before a row is given up, after the first.
    pub retries: u32,
    /// What the run owes to other campaigns; `None` where nobody else is concerned.
    pub courtesy: Option<Courtesy<'a>>,
    /// How many attempts were answered well and only wait for their outcome to be on disk: none is in flight any more.
    ///
    /// The next intent may be queued while they wait. It stands behind their outcomes in the journal, so that no prefix of
    /// it has more open intents than requests may be in flight, and one sync does for both.
    pub recording: &'a Cell<usize>,
    /// Whether the run starts nothing new any more.
    pub stopped: &'a Cell<bool>,
}

impl Sender<'_> {
    /// Sends `draft` once. `instead` says what becomes of it where it must not be sent after all, since its files were seen to
    /// first.
    pub async fn attempt(
        self,
        leaving: &Leaving,
        draft: Draft,
        instead: impl FnOnce() -> Option<Attempt>,
        schedule: &RefCell<Schedule>,
        shared: Option<&Shared>,
    ) -> Attempt {
        let toll = Toll {
            schedule,
            clock: self.clock,
        };
        let attachments = match ready(self.uploads, self.client, self.journal, &draft, toll).await {
            Ok(attachments) => attachments,
            Err(unready) => {
                self.close(leaving, schedule, shared, Counted::No);
                return Attempt::NotUploaded(unready);
            }
        };
        // An upload may take its time, in which somebody can come onto a list, or the account be held.
        if !attachments.is_empty()
            && let Some(instead) = instead()
        {
            self.close(leaving, schedule, shared, Counted::No);
            return instead;
        }
        let intent = Intent {
            at: self.clock.now(),
            row: draft.row,
            key: draft.key.clone(),
            to: draft.recipient.identities().map(String::from).collect(),
            account: draft.account.clone(),
            sha256: sha256_hex(&draft.message),
            folded_sha256: Some(sha256_hex(&folded(&draft.message))),
            test: self.sends == Sends::Tests,
        };
        let close = |counted| self.close(leaving, schedule, shared, counted);
        let claimed = match self.courtesy {
            Some(courtesy) => courtesy.claim(&intent, leaving.before, self.journal.claimer()).await,
            None => Claimed::Asked(self.journal.claim(intent.clone()).await),
        };
        let refused = match claimed {
            Claimed::Asked(Ok(Claim::Ours(position))) => Ok(position),
            Claimed::Asked(Ok(Claim::Elsewhere(who))) => Err(Attempt::HeldElsewhere(who)),
            Claimed::Asked(Err(error)) => return Attempt::Unclaimed(error),
            Claimed::WrittenBefore(earlier) => Err(Attempt::WrittenBefore(earlier)),
            Claimed::Unasked(error) => Err(Attempt::Unasked(error)),
        };
        let of = match refused {
            Ok(position) => position,
            Err(refused) => {
                close(Counted::No);
                return refused;
            }
        };
        lock(self.ledger).begin(of, &intent);
        let sent = self.client.send(&SendRequest::of(&draft, &attachments)).await;
        let (answer, verdict) = (sent.answer.clone(), sent.answer.verdict());
        close(counted(verdict));
        if let Answer::Http(reply) = &answer
            && let Some(urn) = &reply.recipient_urn
        {
            // The next row may be judged while the outcome is still on its way to the disk.
            lock(self.ledger).hear_urn(of, urn);
        }
        // Before anything else happens, so that not one more request leaves.
        self.heed(leaving, &answer, (&sent.signals, intent.at), &mut schedule.borrow_mut(), shared);
        let gave_up = verdict == Verdict::NotSent(NotSent::NeverConnected) && leaving.permit.turn.vain >= self.retries;
        let outcome = Outcome {
            at: self.clock.now(),
            of,
            answer,
            service_at: sent.signals.server_now,
            gave_up,
        };
        // Queued here, so that whatever is queued later stands behind it.
        let recorded = self.journal.append(Entry::Outcome(outcome.clone()));
        let recorded = if verdict == Verdict::Sent {
            self.recording.update(|count| count + 1);
            let recorded = recorded.await;
            self.recording.update(|count| count - 1);
            recorded
        } else {
            // What else an answer means for others is known only when the attempt is over, so it keeps its slot until then.
            recorded.await
        };
        match recorded {
            Ok(position) => {
                self.settle(intent, position, &outcome);
                Attempt::Ended {
                    answer: outcome.answer,
                    gave_up,
                }
            }
            Err(error) => Attempt::Unrecorded(error),
        }
    }

    /// Asks the ledger once more, right before the send: what was learned since the plan was made counts.
    ///
    /// # Errors
    /// Somebody of these names was written to meanwhile, or may have been.
    pub fn still_wanted(self, planned: &Planned, draft: Draft) -> Result<Draft, TurnedAway> {
        if self.sends == Sends::Tests {
            return Ok(draft);
        }
        let ledger = lock(self.ledger);
        let own = ledger.find(&draft.key, Some(&draft.recipient));
        let away = |status, why: String| {
            Err(TurnedAway {
                row: planned.number,
                status,
                why,
            })
        };
        match own.map(|id| ledger.standing(id)) {
            Some(Standing::Sent) => return away(Status::Skipped, CONTACTED.to_owned()),
            Some(Standing::Unconfirmed) if planned.status != Status::Unconfirmed => {
                return away(Status::Skipped, "the same recipient may have got a message in this run".to_owned());
            }
            _ => {}
        }
        if ledger.wrote_to(&draft.recipient, own) {
            return away(Status::Skipped, CONTACTED.to_owned());
        }
        Ok(draft)
    }

    /// The request was answered, or never left.
    fn close(self, leaving: &Leaving, schedule: &RefCell<Schedule>, shared: Option<&Shared>, counted: Counted) {
        let now = self.clock.now();
        schedule.borrow_mut().answered(&leaving.permit, now, counted);
        if let (Some(shared), Some(id)) = (shared, leaving.shared) {
            shared.answered(id, now, counted);
        }
    }

    /// The outcome is known to the ledger, and to other campaigns.
    fn settle(self, intent: Intent, position: Position, outcome: &Outcome) {
        let mut ledger = lock(self.ledger);
        // The intent was begun before, so its outcome cannot be a stray.
        let settled = ledger.settle(position, outcome).ok().flatten();
        if let (Some(courtesy), Some(id)) = (self.courtesy, settled) {
            let urn = if let Answer::Http(reply) = &outcome.answer {
                reply.recipient_urn.as_deref()
            } else {
                None
            };
            courtesy.settle(intent, urn, ledger.standing(id));
        }
    }

    /// Does what an answer says about the pace, whatever its status, and tells other campaigns what the service named. The
    /// signals are those of a request that left no earlier than the moment beside them.
    fn heed(
        self,
        leaving: &Leaving,
        answer: &Answer,
        (signals, asked): (&RateSignals, Moment),
        schedule: &mut Schedule,
        shared: Option<&Shared>,
    ) {
        let account = leaving.permit.account;
        if let Some(server) = signals.server_now {
            schedule.pace().set_ahead(self.clock.note_server(server, asked));
            self.tell_time(shared);
        }
        let now = self.clock.now();
        // What the client read is by the clock on the wall, which somebody may have set since the run began.
        let ours = |until: Moment| signals.seen_at.map_or(until, |seen| now + until.since(seen));
        if answer.verdict() == Verdict::NotSent(NotSent::Held) {
            let told = if let Answer::Http(reply) = answer { reply.hold_until } else { None };
            self.hold(&leaving.permit, told.map(ours), schedule, shared);
        }
        if let Some(until) = signals.pause().map(ours) {
            schedule.pace().hold_account(account, until, Wait::Held);
            if let Some(shared) = shared {
                shared.hold(account, until, now);
            }
        }
    }

    /// The service refused a request for now; `named` is until when, if it said so. Other campaigns wait as well.
    pub(super) fn hold(self, permit: &Permit, named: Option<Moment>, schedule: &mut Schedule, shared: Option<&Shared>) {
        let now = self.clock.now();
        let Some(shared) = shared else {
            schedule.held(permit, named, now);
            return;
        };
        let until = named.or_else(|| shared.hold_untold(permit.account, permit.left, now));
        let until = schedule.held(permit, until, now);
        if named.is_some() {
            shared.hold(permit.account, until, now);
        }
    }

    /// What is known of the service's clock, to the permits that campaigns share.
    pub(super) fn tell_time(self, shared: Option<&Shared>) {
        if let (Some(shared), Some(skew)) = (shared, self.clock.skew()) {
            shared.told(skew, self.clock.now());
        }
    }
}

/// Whether a request with this verdict may have become a message.
#[must_use]
pub const fn counted(verdict: Verdict) -> Counted {
    match verdict {
        Verdict::NotSent(_) => Counted::No,
        Verdict::Sent | Verdict::Failed | Verdict::Unconfirmed => Counted::Yes,
    }
}

/// Locks, also after a panic elsewhere: the ledger is consistent between any two of its calls.
pub(super) fn lock(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
