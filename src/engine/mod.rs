//! Sends what a plan says: pace, then intent, then request, then outcome. Tells events and prints nothing.

pub mod attempt;
pub mod clock;
pub mod courtesy;
pub mod lane;
pub mod pace;
pub mod upload;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedReceiver;

use self::attempt::{Attempt, Permit, Sender, lock};
use self::lane::{Acquaintance, Lane, Stopped, Turn};
use self::pace::{Leave, Pace};
use self::upload::Unready;
use crate::model::draft::Draft;
use crate::model::event::{Asked, Event, Stop, Wait};
use crate::model::ledger::Standing;
use crate::model::outcome::{Answer, NotSent, Reach, Verdict};
use crate::model::plan::{CONTACTED, Plan, Planned};
use crate::model::row::RowNumber;
use crate::model::status::Status;
use crate::model::time::Moment;
use crate::model::window::Opening;

/// What a run may do.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Rows that may fail or stay unconfirmed one after another before the run stops, per account.
    pub max_failures: usize,
    /// A longer wait than this ends the run.
    pub max_wait: Duration,
}

/// A row that was planned and not sent when its turn came, because something had changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// The row.
    pub row: RowNumber,
    /// What it is now.
    pub status: Status,
    /// Why, in one line.
    pub why: String,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Why it stopped early, if it did.
    pub stop: Option<Stop>,
    /// Accounts that stopped, and why.
    pub stopped_accounts: Vec<(u16, String)>,
    /// Rows that were not sent although they were planned to be.
    pub turned_away: Vec<TurnedAway>,
    /// Rows that were sent.
    pub sent: usize,
}

/// How long nothing leaves after a connection that did not come about; doubled with every try in vain.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// The longest time without a look at the clock: a machine that slept wakes into a new day.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Whether nothing is in flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Idle {
    Yes,
    No,
}

/// What can be done just now.
enum Next {
    /// Serve this lane.
    Serve(usize),
    /// Wait until then.
    Wait(Moment, Wait),
    /// Wait until a request in flight is answered.
    Answer,
    /// Every row had its turn.
    Nothing,
}

/// Attempts that are not over.
type InFlight<'a> = FuturesUnordered<LocalBoxFuture<'a, (Permit, Attempt)>>;

/// What has come of the attempts that are not over.
enum Advance {
    /// One of them is over.
    Ended(Permit, Attempt),
    /// One of them was answered: another request may leave.
    Answered,
}

/// Waits until an attempt is over, or leaves its slot because only its outcome is to be recorded. `None` where there is none.
async fn advance(in_flight: &mut InFlight<'_>, recording: &Cell<usize>) -> Option<Advance> {
    let before = recording.get();
    poll_fn(|task| match in_flight.poll_next_unpin(task) {
        Poll::Ready(ended) => Poll::Ready(ended.map(|(permit, attempt)| Advance::Ended(permit, attempt))),
        Poll::Pending if recording.get() > before => Poll::Ready(Some(Advance::Answered)),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Everything a run needs.
pub struct Run<'a> {
    /// What to do with every row.
    pub plan: &'a Plan,
    /// How many accounts the plan's rows name.
    pub accounts: u16,
    /// Sends one draft.
    pub sender: Sender<'a>,
    /// What the run may do.
    pub rules: Rules,
    /// When what may leave.
    pub pace: Pace,
    /// Renders a planned row again when its turn comes; an error says why it must not be sent after all.
    pub drafts: &'a mut dyn FnMut(&Planned) -> Result<Draft, TurnedAway>,
    /// Is told what happens.
    pub tell: &'a mut dyn FnMut(Event),
}

impl Run<'_> {
    /// Sends; returns when all is done or the run stopped. What `asked` says stops it: the first word lets requests in
    /// flight finish, the second does not wait for them.
    pub async fn send(self, mut asked: UnboundedReceiver<Asked>) -> Ended {
        let lanes: Vec<RefCell<Lane>> = (0..self.accounts).map(|account| RefCell::new(Lane::new(account))).collect();
        let pace = RefCell::new(self.pace);
        let (plan, sender, rules, drafts, tell) = (self.plan, self.sender, self.rules, self.drafts, self.tell);
        let mut dispatcher = Dispatcher {
            plan,
            sender,
            rules,
            pace: &pace,
            lanes: &lanes,
            drafts,
            tell,
            ended: Ended::default(),
            served: 0,
            flying: Vec::new(),
        };
        let mut in_flight = InFlight::new();
        loop {
            let pause = dispatcher.fill(&mut in_flight);
            if in_flight.is_empty() && pause.is_none() {
                return dispatcher.ended;
            }
            tokio::select! {
                biased;
                Some(who) = asked.recv() => {
                    if matches!(dispatcher.ended.stop, Some(Stop::Asked(_))) {
                        return dispatcher.quit();
                    }
                    dispatcher.stop(Stop::Asked(who));
                }
                Some(advance) = advance(&mut in_flight, sender.recording) => {
                    if let Advance::Ended(permit, attempt) = advance {
                        dispatcher.conclude(&permit, attempt);
                    }
                }
                () = tokio::time::sleep(pause.unwrap_or(LONGEST_SLEEP)), if pause.is_some() => {}
            }
        }
    }
}

/// A run that is going on.
struct Dispatcher<'a> {
    plan: &'a Plan,
    sender: Sender<'a>,
    rules: Rules,
    pace: &'a RefCell<Pace>,
    lanes: &'a [RefCell<Lane>],
    drafts: &'a mut dyn FnMut(&Planned) -> Result<Draft, TurnedAway>,
    tell: &'a mut dyn FnMut(Event),
    ended: Ended,
    served: u64,
    /// The permits of the requests in flight.
    flying: Vec<Permit>,
}

impl<'a> Dispatcher<'a> {
    /// Starts whatever may leave now. Returns how long to wait for the next that may, if time alone opens it.
    fn fill(&mut self, in_flight: &mut InFlight<'a>) -> Option<Duration> {
        while self.ended.stop.is_none() && in_flight.len() - self.sender.recording.get() < self.rules.concurrency.max(1) {
            match self.next() {
                Next::Serve(index) => {
                    if let Some((permit, draft)) = self.admit(index) {
                        self.flying.push(permit);
                        let (sender, pace, lane) = (self.sender, self.pace, &self.lanes[index]);
                        in_flight.push(Box::pin(async move {
                            let attempt = sender.attempt(&permit, draft, pace, lane).await;
                            (permit, attempt)
                        }));
                    }
                }
                Next::Wait(until, why) => {
                    let idle = if in_flight.is_empty() { Idle::Yes } else { Idle::No };
                    return self.wait(until, why, idle);
                }
                Next::Answer | Next::Nothing => return None,
            }
        }
        None
    }

    /// What can be done just now: the open lane that waited longest, else the moment at which the first one opens.
    fn next(&self) -> Next {
        let now = self.sender.clock.now();
        let pace = self.pace.borrow();
        let mut open: Option<(u64, usize)> = None;
        let mut earliest: Option<(Moment, Wait)> = None;
        let mut after_answer = false;
        for (index, lane) in self.lanes.iter().enumerate() {
            let mut lane = lane.borrow_mut();
            if lane.peek(self.plan).is_none() {
                continue;
            }
            let Leave { opens, why } = pace.opens(lane.account(), now);
            match opens {
                Opening::At(at) if at <= now => open = open.into_iter().chain([(lane.served, index)]).min(),
                Opening::At(at) => earliest = earliest.into_iter().chain([(at, why)]).min_by_key(|(at, _)| *at),
                Opening::AfterAnswer => after_answer = true,
            }
        }
        match (open, earliest) {
            (Some((_, index)), _) => Next::Serve(index),
            (None, Some((at, why))) => Next::Wait(at, why),
            (None, None) if after_answer => Next::Answer,
            (None, None) => Next::Nothing,
        }
    }

    /// Renders the lane's next row and gives it its permit. A row that must not be sent after all needs none.
    fn admit(&mut self, index: usize) -> Option<(Permit, Draft)> {
        let mut lane = self.lanes[index].borrow_mut();
        let turn = lane.peek(self.plan)?;
        lane.take();
        let planned = self.plan.rows.get(turn.index)?;
        let draft = (self.drafts)(planned).and_then(|draft| self.still_wanted(planned, draft));
        let draft = match draft {
            Ok(draft) => draft,
            Err(away) => {
                (self.tell)(Event::Settled {
                    row: away.row,
                    account: planned.account,
                    before: planned.status,
                    status: away.status,
                    error: Some(away.why.clone()),
                });
                self.ended.turned_away.push(away);
                return None;
            }
        };
        self.served += 1;
        lane.served = self.served;
        let account = lane.account();
        let ticket = self.pace.borrow_mut().leave(account, self.sender.clock.now());
        (self.tell)(Event::Left {
            row: planned.number,
            account,
        });
        let before = planned.status;
        let permit = Permit {
            turn,
            account,
            ticket,
            before,
        };
        Some((permit, draft))
    }

    /// Asks the ledger once more, right before the send: what was learned since the plan was made counts.
    fn still_wanted(&self, planned: &Planned, draft: Draft) -> Result<Draft, TurnedAway> {
        let ledger = lock(self.sender.ledger);
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

    /// Waits for a moment, unless that is longer than a run may wait and nothing is going on meanwhile.
    fn wait(&mut self, until: Moment, why: Wait, idle: Idle) -> Option<Duration> {
        let wait = until.since(self.sender.clock.now());
        if idle == Idle::Yes && wait > self.rules.max_wait {
            self.stop(Stop::LongWait { until, why });
            return None;
        }
        (self.tell)(Event::Waiting { until, why });
        Some(wait.clamp(Duration::from_millis(1), LONGEST_SLEEP))
    }

    /// Nothing new starts. Of several reasons the weightiest stays.
    fn stop(&mut self, stop: Stop) {
        if self.ended.stop.as_ref().is_none_or(|known| known.weight() < stop.weight()) {
            (self.tell)(Event::Stopping(stop.clone()));
            self.ended.stop = Some(stop);
        }
    }

    /// Ends at once: what is in flight stays in doubt.
    fn quit(mut self) -> Ended {
        for permit in std::mem::take(&mut self.flying) {
            self.leave_in_doubt(&permit);
        }
        self.ended
    }

    /// Draws the consequences of an attempt.
    fn conclude(&mut self, permit: &Permit, attempt: Attempt) {
        self.flying.retain(|flying| flying.ticket != permit.ticket);
        match attempt {
            Attempt::Ended { answer, gave_up } => {
                self.conclude_answer(permit, &answer, gave_up);
                self.draw_reach(permit, &answer);
            }
            Attempt::NotUploaded(unready) => self.conclude_upload(permit, unready),
            Attempt::HeldElsewhere(who) => self.settle(permit, Status::Pending, Some(format!("held by {who}"))),
            Attempt::WrittenBefore(earlier) => self.turn_away(permit, Status::Skipped, earlier.to_string()),
            Attempt::Unasked(error) => self.stop(Stop::History(error.to_string())),
            Attempt::Unclaimed(error) => self.stop(Stop::Journal(error.to_string())),
            Attempt::Unrecorded(error) => {
                self.leave_in_doubt(permit);
                self.stop(Stop::Journal(error.to_string()));
            }
        }
    }

    /// The journal has the row's intent and will have no outcome: from here on the row is unconfirmed.
    fn leave_in_doubt(&mut self, permit: &Permit) {
        self.settle(
            permit,
            Status::Unconfirmed,
            Some("what came of the request is not recorded".to_owned()),
        );
    }

    /// Something that came up after the plan was made keeps the row from being sent.
    fn turn_away(&mut self, permit: &Permit, status: Status, why: String) {
        // An earlier attempt whose fate is unknown stays what it is.
        let status = if permit.before == Status::Unconfirmed {
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
    fn conclude_upload(&mut self, permit: &Permit, unready: Unready) {
        let lane = &self.lanes[usize::from(permit.account)];
        let now = self.sender.clock.now();
        match unready {
            Unready::Unrecorded(error) => self.stop(Stop::Journal(error.to_string())),
            Unready::Changed(why) => self.turn_away(permit, Status::Pending, why),
            Unready::Refused(why) => {
                lane.borrow_mut().put_back(permit.turn);
                self.stop(Stop::Credentials(why));
            }
            Unready::Held(told) => {
                let until = lane.borrow_mut().note_hold(told, now);
                lane.borrow_mut().put_back(permit.turn);
                self.pace.borrow_mut().hold_account(permit.account, until);
                self.retrying(permit, Some("the service asks to wait with uploads".to_owned()), until.since(now));
            }
            Unready::Failed(why) if permit.turn.vain >= self.sender.retries => {
                let misses = lane.borrow_mut().note_miss();
                self.turn_away(permit, Status::Pending, why);
                if misses >= self.rules.max_failures {
                    self.stop(Stop::TooManyFailures(misses));
                }
            }
            Unready::Failed(why) => {
                let backoff = FIRST_BACKOFF.saturating_mul(1 << permit.turn.vain.min(16)).min(LONGEST_BACKOFF);
                self.pace.borrow_mut().hold_account(permit.account, now + backoff);
                lane.borrow_mut().put_back(Turn {
                    vain: permit.turn.vain + 1,
                    ..permit.turn
                });
                self.retrying(permit, Some(why), backoff);
            }
        }
    }

    /// What the answer means for the row.
    fn conclude_answer(&mut self, permit: &Permit, answer: &Answer, gave_up: bool) {
        let lane = &self.lanes[usize::from(permit.account)];
        let error = answer.error();
        match answer.verdict() {
            Verdict::Sent => {
                lane.borrow_mut().note_sent();
                self.ended.sent += 1;
                self.settle(permit, Status::Sent, None);
            }
            Verdict::Failed => self.miss(permit, Status::Failed, error),
            Verdict::Unconfirmed => self.miss(permit, Status::Unconfirmed, error),
            Verdict::NotSent(NotSent::NeverConnected) if gave_up => self.miss(permit, Status::Failed, error),
            Verdict::NotSent(NotSent::NeverConnected) => {
                let backoff = FIRST_BACKOFF.saturating_mul(1 << permit.turn.vain.min(16)).min(LONGEST_BACKOFF);
                self.pace.borrow_mut().hold_run(self.sender.clock.now() + backoff);
                lane.borrow_mut().put_back(Turn {
                    vain: permit.turn.vain + 1,
                    ..permit.turn
                });
                self.retrying(permit, error, backoff);
            }
            Verdict::NotSent(NotSent::Held) => {
                lane.borrow_mut().put_back(permit.turn);
                let now = self.sender.clock.now();
                let wait = match self.pace.borrow().opens(permit.account, now).opens {
                    Opening::At(at) => at.since(now),
                    Opening::AfterAnswer => Duration::ZERO,
                };
                self.retrying(permit, error, wait);
            }
            Verdict::NotSent(NotSent::Refused) => lane.borrow_mut().put_back(permit.turn),
        }
    }

    /// What the answer means for the account and the run.
    fn draw_reach(&mut self, permit: &Permit, answer: &Answer) {
        let lane = &self.lanes[usize::from(permit.account)];
        let acquaintance = lane.borrow_mut().note_status(answer.http_status());
        let why = || answer.error().unwrap_or_default();
        match (answer.reach(), acquaintance, answer.verdict()) {
            (Reach::Run, _, Verdict::NotSent(_)) => self.stop(Stop::Credentials(why())),
            (Reach::Run, _, _) => self.stop(Stop::Redirected(why())),
            (Reach::Account, _, _) | (Reach::Row, Acquaintance::Unknown, _) => {
                if lane.borrow_mut().stop() == Stopped::Now {
                    (self.tell)(Event::AccountStopped {
                        account: permit.account,
                        why: why(),
                    });
                    self.ended.stopped_accounts.push((permit.account, why()));
                }
            }
            (Reach::Row, Acquaintance::Known, _) => {}
        }
    }

    /// A row failed or stays unconfirmed; too many of them one after another stop the run.
    fn miss(&mut self, permit: &Permit, status: Status, error: Option<String>) {
        let misses = self.lanes[usize::from(permit.account)].borrow_mut().note_miss();
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
