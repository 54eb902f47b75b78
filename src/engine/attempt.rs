//! One attempt: the intent on disk, then the request, then the outcome on disk.

use std::cell::{Cell, RefCell};
use std::sync::Mutex;

use super::clock::{Clock, wall_time};
use super::courtesy::Courtesy;
use super::lane::{Lane, Turn};
use super::pace::Pace;
use super::upload::{Unready, Uploads, ready};
use crate::adapters::api::{Client, SendRequest};
use crate::adapters::digest::sha256_hex;
use crate::adapters::history::{Earlier, HistoryError};
use crate::adapters::journal::{Claim, Journal, JournalError};
use crate::model::draft::Draft;
use crate::model::entry::{Entry, Intent, Outcome, Position};
use crate::model::judgement::folded;
use crate::model::ledger::Ledger;
use crate::model::outcome::{Answer, NotSent, Verdict};
use crate::model::status::Status;
use crate::model::window::{Counted, Ticket};

/// A permit to send one row.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    /// The row and its tries so far.
    pub turn: Turn,
    /// The sending account.
    pub account: u16,
    /// What the pace knows the request by.
    pub ticket: Ticket,
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
    /// Somebody else holds the row; nothing left.
    HeldElsewhere(String),
    /// The intent could not be written, so nothing left.
    Unclaimed(JournalError),
    /// Another campaign of this machine wrote to the same recipient; nothing left.
    WrittenBefore(Earlier),
    /// The contact history could not be asked; nothing left.
    Unasked(HistoryError),
    /// The request left, and what came of it could not be written: the journal has its intent alone.
    Unrecorded(JournalError),
}

/// What an attempt needs.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Sends the request.
    pub client: &'a Client,
    /// What was uploaded.
    pub uploads: &'a tokio::sync::Mutex<Uploads>,
    /// Keeps intent and outcome.
    pub journal: &'a Journal,
    /// What is known of every key.
    pub ledger: &'a Mutex<Ledger>,
    /// The time.
    pub clock: Clock,
    /// Tries that may fail to connect before a row is given up, after the first.
    pub retries: u32,
    /// What the run owes to other campaigns; `None` where nobody else is concerned.
    pub courtesy: Option<Courtesy<'a>>,
    /// How many attempts were answered well and only wait for their outcome to be on disk: none is in flight any more.
    ///
    /// The next intent may be queued while they wait. It stands behind their outcomes in the journal, so that no prefix of
    /// it has more open intents than requests may be in flight, and one sync does for both.
    pub recording: &'a Cell<usize>,
}

impl Sender<'_> {
    /// Sends `draft` once.
    pub async fn attempt(self, permit: &Permit, draft: Draft, pace: &RefCell<Pace>, lane: &RefCell<Lane>) -> Attempt {
        let attachments = match ready(self.uploads, self.client, self.journal, &draft).await {
            Ok(attachments) => attachments,
            Err(unready) => {
                self.close(permit, pace, Counted::No);
                return Attempt::NotUploaded(unready);
            }
        };
        let intent = Intent {
            at: wall_time(),
            row: draft.row,
            key: draft.key.clone(),
            to: draft.recipient.identities().collect(),
            account: draft.account.clone(),
            sha256: sha256_hex(&draft.message),
            folded_sha256: Some(sha256_hex(&folded(&draft.message))),
            test: false,
        };
        if let Some(courtesy) = self.courtesy {
            let refused = match courtesy.claim(&intent, permit.before).await {
                Ok(None) => None,
                Ok(Some(earlier)) => Some(Attempt::WrittenBefore(earlier)),
                Err(error) => Some(Attempt::Unasked(error)),
            };
            if let Some(refused) = refused {
                self.close(permit, pace, Counted::No);
                return refused;
            }
        }
        let of = match self.journal.claim(intent.clone()).await {
            Ok(Claim::Ours(position)) => position,
            Ok(Claim::Elsewhere(who)) => {
                self.close(permit, pace, Counted::No);
                return Attempt::HeldElsewhere(who);
            }
            Err(error) => return Attempt::Unclaimed(error),
        };
        lock(self.ledger).begin(of, &intent);
        let answer = self.client.send(&SendRequest::of(&draft, &attachments)).await.answer;
        let verdict = answer.verdict();
        self.close(permit, pace, counted(verdict));
        if verdict == Verdict::NotSent(NotSent::Held) {
            // Before anything else happens, so that not one more request leaves.
            let told = if let Answer::Http(reply) = &answer {
                reply.hold_until
            } else {
                None
            };
            let until = lane.borrow_mut().note_hold(told, self.clock.now());
            pace.borrow_mut().hold_account(permit.account, until);
        }
        let gave_up = verdict == Verdict::NotSent(NotSent::NeverConnected) && permit.turn.vain >= self.retries;
        let outcome = Outcome {
            at: wall_time(),
            of,
            answer,
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

    fn close(self, permit: &Permit, pace: &RefCell<Pace>, counted: Counted) {
        pace.borrow_mut().answered(permit.account, permit.ticket, self.clock.now(), counted);
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
