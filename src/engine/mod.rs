//! Sends what a plan says: pace, then intent, then request, then outcome. Tells events and prints nothing.

pub mod attempt;
pub mod clock;
pub mod courtesy;
pub mod inquiry;
pub mod lane;
pub mod pace;
pub mod schedule;
pub mod shared;
pub mod simulate;
pub mod upload;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedReceiver;

use self::attempt::{Attempt, Leaving, Sender, lock};
use self::inquiry::{Inquired, Inquiries};
use self::lane::{Acquaintance, Stopped, Turn};
use self::pace::{NEVER, Pace};
use self::schedule::{Next, Schedule, Slot};
use self::shared::{Claimed, Shared};
use self::simulate::{Reply, Simulated, World, simulate};
use self::upload::Unready;
use crate::model::draft::Draft;
use crate::model::event::{Asked, Event, Stop, Wait};
use crate::model::ledger::Standing;
use crate::model::outcome::{Answer, NotSent, Reach, Verdict};
use crate::model::plan::{CONTACTED, Plan, Planned};
use crate::model::row::RowNumber;
use crate::model::status::Status;
use crate::model::time::Moment;

/// What a run may do.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Rows that may fail or stay unconfirmed one after another before the run stops, per account.
    pub max_failures: usize,
    /// A longer wait than this ends the run.
    pub max_wait: Duration,
    /// The same for a wait until the hours at which messages may leave.
    pub hours_wait: Duration,
    /// Nothing new starts from this moment on.
    pub end: Option<Moment>,
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

/// How often the outlook is told.
const OUTLOOK_PERIOD: Duration = Duration::from_secs(3);

/// Whether nothing is in flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Idle {
    Yes,
    No,
}

/// Attempts that are not over.
type InFlight<'a> = FuturesUnordered<LocalBoxFuture<'a, (Leaving, Attempt)>>;

/// What has come of the attempts that are not over.
enum Advance {
    /// One of them is over.
    Ended(Leaving, Attempt),
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
    /// The permits that this machine's campaigns share, where anything is limited.
    pub shared: Option<&'a Shared>,
    /// What the service is asked while the run goes on.
    pub inquiries: Inquiries,
    /// Renders a planned row again when its turn comes; an error says why it must not be sent after all.
    pub drafts: &'a mut dyn FnMut(&Planned) -> Result<Draft, TurnedAway>,
    /// Is told what happens.
    pub tell: &'a mut dyn FnMut(Event),
}

impl Run<'_> {
    /// Sends; returns when all is done or the run stopped. What `asked` says stops it: the first word lets requests in
    /// flight finish, the second does not wait for them.
    pub async fn send(self, mut asked: UnboundedReceiver<Asked>) -> Ended {
        let schedule = RefCell::new(Schedule::new(self.accounts, self.pace));
        let mut dispatcher = Dispatcher {
            plan: self.plan,
            sender: self.sender,
            rules: self.rules,
            schedule: &schedule,
            shared: self.shared,
            drafts: self.drafts,
            tell: self.tell,
            ended: Ended::default(),
            flying: Vec::new(),
            outlook: Outlook::default(),
        };
        let mut inquiries = self.inquiries;
        let mut in_flight = InFlight::new();
        loop {
            let pause = dispatcher.fill(&mut in_flight);
            if in_flight.is_empty() && pause.is_none() {
                return dispatcher.ended;
            }
            dispatcher.tell_outlook();
            let clock = dispatcher.sender.clock;
            tokio::select! {
                biased;
                Some(who) = asked.recv() => {
                    if matches!(dispatcher.ended.stop, Some(Stop::Asked(_))) {
                        return dispatcher.quit();
                    }
                    dispatcher.stop(Stop::Asked(who));
                }
                Some(advance) = advance(&mut in_flight, self.sender.recording) => {
                    if let Advance::Ended(leaving, attempt) = advance {
                        dispatcher.conclude(&leaving, attempt);
                    }
                }
                told = inquiries.next(self.sender.client, clock) => dispatcher.learn(told),
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
    schedule: &'a RefCell<Schedule>,
    shared: Option<&'a Shared>,
    drafts: &'a mut dyn FnMut(&Planned) -> Result<Draft, TurnedAway>,
    tell: &'a mut dyn FnMut(Event),
    ended: Ended,
    /// The permits of the requests in flight.
    flying: Vec<schedule::Permit>,
    outlook: Outlook,
}

/// When the outlook was told, and what it cost to find.
#[derive(Default)]
struct Outlook {
    told: Option<Instant>,
    cost: Duration,
}

impl Outlook {
    /// Told every few seconds, and so that its cost stays a small part of a run's.
    fn is_due(&self) -> bool {
        self.told.is_none_or(|told| told.elapsed() > OUTLOOK_PERIOD.max(self.cost * 50))
    }
}

impl<'a> Dispatcher<'a> {
    /// Starts whatever may leave now. Returns how long to wait for the next that may, if time alone opens it.
    fn fill(&mut self, in_flight: &mut InFlight<'a>) -> Option<Duration> {
        while self.ended.stop.is_none() && in_flight.len() - self.sender.recording.get() < self.rules.concurrency.max(1) {
            let now = self.sender.clock.now();
            let next = self.schedule.borrow_mut().next(self.plan, now);
            match next {
                Next::Serve(_) if self.rules.end.is_some_and(|end| now >= end) => self.stop(Stop::Time { until: None }),
                Next::Serve(slot) => {
                    if let Some((leaving, draft)) = self.admit(slot) {
                        self.flying.push(leaving.permit);
                        let (sender, schedule, shared) = (self.sender, self.schedule, self.shared);
                        in_flight.push(Box::pin(async move {
                            let attempt = sender.attempt(&leaving, draft, schedule, shared).await;
                            (leaving, attempt)
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

    /// Renders the lane's next row and gets it its permit. A row that must not be sent after all needs none.
    fn admit(&mut self, slot: Slot) -> Option<(Leaving, Draft)> {
        self.schedule.borrow_mut().take(slot);
        let planned = self.plan.rows.get(slot.turn.index)?;
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
        let now = self.sender.clock.now();
        let claimed = self.shared.map(|shared| shared.claim(slot, &draft, now));
        let shared = match claimed {
            None => None,
            Some(Ok(Claimed::Granted(id))) => Some(id),
            Some(Ok(Claimed::Later(later))) => {
                let mut schedule = self.schedule.borrow_mut();
                schedule.put_back(slot.account, slot.turn);
                later.hold(schedule.pace(), slot.account);
                return None;
            }
            Some(Err(error)) => {
                self.schedule.borrow_mut().put_back(slot.account, slot.turn);
                self.stop(Stop::Permits(error.to_string()));
                return None;
            }
        };
        let permit = self.schedule.borrow_mut().leave(slot, now);
        (self.tell)(Event::Left {
            row: planned.number,
            account: slot.account,
        });
        let before = planned.status;
        Some((Leaving { permit, shared, before }, draft))
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
        let longest = if why == Wait::Window {
            self.rules.hours_wait
        } else {
            self.rules.max_wait
        };
        if idle == Idle::Yes && self.rules.end.is_some_and(|end| until >= end) {
            self.stop(Stop::Time { until: Some(until) });
            return None;
        }
        if idle == Idle::Yes && (wait > longest || until >= NEVER) {
            self.stop(Stop::LongWait { until, why });
            return None;
        }
        (self.tell)(Event::Waiting { until, why });
        Some(wait.clamp(Duration::from_millis(1), LONGEST_SLEEP))
    }

    /// Tells when all will be done, by the schedule itself on a simulated clock.
    fn tell_outlook(&mut self) {
        if !self.outlook.is_due() {
            return;
        }
        let begun = Instant::now();
        let now = self.sender.clock.now();
        let mut schedule = self.schedule.borrow().clone();
        if schedule.pace().is_free(now) {
            return;
        }
        let waiting = schedule.waiting(self.plan, now);
        let world = World {
            start: now,
            concurrency: self.rules.concurrency,
            end: None,
        };
        let done = match simulate(schedule, self.plan, world, |_, _, _| Reply::AT_ONCE) {
            Simulated::Done(last) => last.or(Some(now)),
            Simulated::Unfinished => None,
        };
        (self.tell)(Event::Outlook { done, waiting });
        self.outlook = Outlook {
            told: Some(Instant::now()),
            cost: begun.elapsed(),
        };
    }

    /// Takes note of what the service was asked beside the sending.
    fn learn(&mut self, told: Inquired) {
        let now = self.sender.clock.now();
        let mut schedule = self.schedule.borrow_mut();
        let pace = schedule.pace();
        match told {
            Inquired::Time(server) => {
                if let Some(server) = server {
                    let ahead = self.sender.clock.note_server(server);
                    pace.set_ahead(ahead);
                    if let Some(shared) = self.shared {
                        shared.set_ahead(ahead);
                    }
                }
            }
            Inquired::Quota { account, spent } => spent.apply(pace, account, now),
        }
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
    fn conclude(&mut self, leaving: &Leaving, attempt: Attempt) {
        let permit = &leaving.permit;
        self.flying.retain(|flying| flying.ticket != permit.ticket);
        match attempt {
            Attempt::Ended { answer, gave_up } => {
                self.conclude_answer(permit, &answer, gave_up);
                self.draw_reach(permit, &answer);
            }
            Attempt::NotUploaded(unready) => self.conclude_upload(leaving, unready),
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
    fn leave_in_doubt(&mut self, permit: &schedule::Permit) {
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
                schedule.held(account, told, now);
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
                let backoff = FIRST_BACKOFF.saturating_mul(1 << permit.turn.vain.min(16)).min(LONGEST_BACKOFF);
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
    fn conclude_answer(&mut self, permit: &schedule::Permit, answer: &Answer, gave_up: bool) {
        let error = answer.error();
        match answer.verdict() {
            Verdict::Sent => {
                self.schedule.borrow_mut().on_lane(permit.account, lane::Lane::note_sent);
                self.ended.sent += 1;
                self.settle(permit, Status::Sent, None);
            }
            Verdict::Failed => self.miss(permit, Status::Failed, error),
            Verdict::Unconfirmed => self.miss(permit, Status::Unconfirmed, error),
            Verdict::NotSent(NotSent::NeverConnected) if gave_up => self.miss(permit, Status::Failed, error),
            Verdict::NotSent(NotSent::NeverConnected) => {
                let backoff = FIRST_BACKOFF.saturating_mul(1 << permit.turn.vain.min(16)).min(LONGEST_BACKOFF);
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
    fn draw_reach(&mut self, permit: &schedule::Permit, answer: &Answer) {
        let status = answer.http_status();
        let acquaintance = self.schedule.borrow_mut().on_lane(permit.account, |lane| lane.note_status(status));
        let why = || answer.error().unwrap_or_default();
        match (answer.reach(), acquaintance, answer.verdict()) {
            (Reach::Run, _, Verdict::NotSent(_)) => self.stop(Stop::Credentials(why())),
            (Reach::Run, _, _) => self.stop(Stop::Redirected(why())),
            (Reach::Account, _, _) | (Reach::Row, Some(Acquaintance::Unknown), _) => {
                let stopped = self.schedule.borrow_mut().on_lane(permit.account, lane::Lane::stop);
                if stopped == Some(Stopped::Now) {
                    (self.tell)(Event::AccountStopped {
                        account: permit.account,
                        why: why(),
                    });
                    self.ended.stopped_accounts.push((permit.account, why()));
                }
            }
            (Reach::Row, _, _) => {}
        }
    }

    /// A row failed or stays unconfirmed; too many of them one after another stop the run.
    fn miss(&mut self, permit: &schedule::Permit, status: Status, error: Option<String>) {
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

    fn settle(&mut self, permit: &schedule::Permit, status: Status, error: Option<String>) {
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

    fn retrying(&mut self, permit: &schedule::Permit, error: Option<String>, wait: Duration) {
        if let Some(row) = self.plan.rows.get(permit.turn.index) {
            (self.tell)(Event::Retrying {
                row: row.number,
                why: error.unwrap_or_default(),
                wait,
            });
        }
    }
}
