//! Serves one row after another while a run goes on: who leaves now, how long to wait, and when to stop.

mod again;
mod answers;
mod behind;
mod consequences;
mod second;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedReceiver;

use super::attempt::{Attempt, Leaving, Sender, lock};
use super::gatekeeper::Gatekeeper;
use super::inquest::Inquest;
use super::inquiry::{Inquired, Inquiries};
use super::pace::NEVER;
use super::schedule::{self, Next, Schedule, Slot};
use super::shared::{Claimed, Reads, Shared};
use super::simulate::{Reply, Simulated, World, simulate};
use super::{Drafts, Ended, Rules, TurnedAway};
use crate::adapters::database::permits::PermitId;
use crate::model::draft::Draft;
use crate::model::event::{Asked, Event, Stop, Wait};
use crate::model::plan::Plan;
use crate::model::time::Moment;
use again::Again;
use answers::Heard;
use behind::Behind;
use second::Second;

/// The longest time without a look at the clock: a machine that slept wakes into a new day.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How often the outlook is told.
const OUTLOOK_PERIOD: Duration = Duration::from_secs(3);

/// Of the slots, the part that is filled in one pass: what was admitted leaves before more is.
///
/// Requests that leave together are answered together, and all of them wait for the work on each; those of a full house
/// that leave one part after another are answered while others are under way.
const PARTS: usize = 16;

/// Whether nothing is in flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Idle {
    Yes,
    No,
}

/// Attempts and questions that are not over.
type InFlight<'a> = FuturesUnordered<LocalBoxFuture<'a, Over>>;

/// What is over.
enum Over {
    /// An attempt.
    Attempt(Leaving, Attempt),
    /// A question about the row of this slot.
    Question(Slot, Heard),
}

/// What is to be done with a row whose turn has come.
enum Admitted {
    /// It is sent.
    Leaves(Leaving, Box<Draft>),
    /// Something is asked about its recipient, with this place in what campaigns share.
    Asks(Box<Inquest>, Option<PermitId>),
    /// Nothing, now.
    Rests,
}

/// What has come of the requests that are not over.
enum Advance {
    /// One of them is over.
    Ended(Over),
    /// One of them was answered: another request may leave.
    Answered,
}

/// Waits until an attempt is over, or leaves its slot because only its outcome is to be recorded. `None` where there is none.
async fn advance(in_flight: &mut InFlight<'_>, recording: &Cell<usize>) -> Option<Advance> {
    let before = recording.get();
    poll_fn(|task| match in_flight.poll_next_unpin(task) {
        Poll::Ready(over) => Poll::Ready(over.map(Advance::Ended)),
        Poll::Pending if recording.get() > before => Poll::Ready(Some(Advance::Answered)),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// A run that is going on.
pub(super) struct Dispatcher<'a> {
    plan: &'a Plan,
    sender: Sender<'a>,
    rules: Rules,
    schedule: &'a RefCell<Schedule>,
    shared: Option<&'a Shared>,
    drafts: &'a RefCell<&'a mut Drafts<'a>>,
    tell: &'a mut dyn FnMut(Event),
    /// Judges people before they are written to, where something is asked about them.
    pub(super) gatekeeper: Option<&'a Gatekeeper>,
    /// The limits for questions that campaigns share, where there are any.
    pub(super) reads: Option<&'a Reads>,
    /// Rows that wait until it is known what becomes of another one to the same person.
    behind: Behind,
    /// Whether it was said that URNs are not told.
    told_unresolved: bool,
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
        self.told.is_none_or(|told| told.elapsed() > self.period())
    }

    fn period(&self) -> Duration {
        OUTLOOK_PERIOD.max(self.cost * 50)
    }

    /// How long a run that waits may sleep before it is to tell again.
    fn sleep(&self) -> Duration {
        let left = |told: Instant| self.period().saturating_sub(told.elapsed()) + Duration::from_millis(1);
        self.told.map_or(LONGEST_SLEEP, left)
    }
}

impl<'a> Dispatcher<'a> {
    /// A run that has not begun.
    pub(super) fn new(
        plan: &'a Plan,
        sender: Sender<'a>,
        rules: Rules,
        schedule: &'a RefCell<Schedule>,
        shared: Option<&'a Shared>,
        drafts: &'a RefCell<&'a mut Drafts<'a>>,
        tell: &'a mut dyn FnMut(Event),
    ) -> Self {
        Self {
            plan,
            sender,
            rules,
            schedule,
            shared,
            drafts,
            tell,
            gatekeeper: None,
            reads: None,
            behind: Behind::default(),
            told_unresolved: false,
            ended: Ended::default(),
            flying: Vec::new(),
            outlook: Outlook::default(),
        }
    }

    /// Serves until all is done, or the run stopped and its requests were answered.
    pub(super) async fn dispatch(mut self, mut inquiries: Inquiries, mut asked: UnboundedReceiver<Asked>) -> Ended {
        let sender = self.sender;
        let mut in_flight = InFlight::new();
        loop {
            let again = self.fill(&mut in_flight);
            if in_flight.is_empty() && matches!(again, Again::OnAnswer) {
                if self.ended.stop.is_none() && self.wait_for_nobody() {
                    continue;
                }
                return self.ended;
            }
            self.tell_outlook();
            let longest = self.outlook.sleep();
            tokio::select! {
                biased;
                Some(who) = asked.recv() => {
                    if matches!(self.ended.stop, Some(Stop::Asked(_))) {
                        return self.quit();
                    }
                    self.stop(Stop::Asked(who));
                }
                Some(advance) = advance(&mut in_flight, sender.recording) => {
                    match advance {
                        Advance::Ended(Over::Attempt(leaving, attempt)) => self.conclude(&leaving, attempt),
                        Advance::Ended(Over::Question(slot, heard)) => self.hear(slot, heard),
                        Advance::Answered => {}
                    }
                }
                told = inquiries.next(sender.client, sender.clock) => self.learn(told),
                () = again.wait(longest) => {}
            }
        }
    }

    /// Starts what may leave now, at most a part of the slots. Returns when to look again.
    fn fill(&mut self, in_flight: &mut InFlight<'a>) -> Again {
        let slots = self.rules.concurrency.max(1);
        let mut part = slots.div_ceil(PARTS);
        while self.ended.stop.is_none() && in_flight.len() - self.sender.recording.get() < slots {
            if part == 0 {
                return Again::AtOnce;
            }
            part -= 1;
            let now = self.sender.clock.now();
            let next = self.schedule.borrow_mut().next(self.plan, now);
            match next {
                Next::Serve(_) if self.rules.end.is_some_and(|end| now >= end) => self.stop(Stop::Time { until: None }),
                Next::Serve(slot) => match self.admit(slot) {
                    Admitted::Leaves(leaving, draft) => {
                        self.flying.push(leaving.permit);
                        let (sender, schedule, shared) = (self.sender, self.schedule, self.shared);
                        let again = Second {
                            plan: self.plan,
                            drafts: self.drafts,
                            end: self.rules.end,
                        };
                        in_flight.push(Box::pin(async move {
                            let instead = || again.look(sender, &leaving, schedule);
                            let attempt = sender.attempt(&leaving, *draft, instead, schedule, shared).await;
                            Over::Attempt(leaving, attempt)
                        }));
                    }
                    Admitted::Asks(inquest, place) => self.ask(slot, inquest, place, in_flight),
                    Admitted::Rests => {}
                },
                Next::Wait(until, why) => {
                    let idle = if in_flight.is_empty() { Idle::Yes } else { Idle::No };
                    return self.wait(until, why, idle).map_or(Again::OnAnswer, Again::After);
                }
                Next::Answer | Next::Nothing => return Again::OnAnswer,
            }
        }
        Again::OnAnswer
    }

    /// Renders the lane's next row and gets it its permit. A row that must not be sent after all needs none.
    fn admit(&mut self, slot: Slot) -> Admitted {
        self.schedule.borrow_mut().take(slot);
        let Some(planned) = self.plan.rows.get(slot.turn.index) else {
            return Admitted::Rests;
        };
        let draft = match (self.drafts.borrow_mut())(planned) {
            Ok(draft) => draft,
            Err(away) => return self.send_away(planned, away),
        };
        if let Some(first) = self.gatekeeper.and_then(|gatekeeper| gatekeeper.under_way(&draft)) {
            self.behind.add(first, slot);
            return Admitted::Rests;
        }
        let draft = match self.sender.still_wanted(planned, draft) {
            Ok(draft) => draft,
            Err(away) => return self.send_away(planned, away),
        };
        if let Some(instead) = self.at_the_gate(planned, &draft, slot) {
            return instead;
        }
        let clock = self.sender.clock;
        let claimed = self.shared.map(|shared| shared.claim(slot, &draft, || clock.now()));
        let shared = match claimed {
            None => None,
            Some(Ok(Claimed::Granted(id))) => Some(id),
            Some(Ok(Claimed::Later(later))) => {
                let mut schedule = self.schedule.borrow_mut();
                schedule.put_back(slot.account, slot.turn);
                later.hold(schedule.pace(), slot.account);
                return Admitted::Rests;
            }
            Some(Err(error)) => {
                self.schedule.borrow_mut().put_back(slot.account, slot.turn);
                self.stop(Stop::Permits(error.to_string()));
                return Admitted::Rests;
            }
        };
        let permit = self.schedule.borrow_mut().leave(slot, clock.now());
        (self.tell)(Event::Left {
            row: planned.number,
            account: slot.account,
        });
        let before = planned.status;
        Admitted::Leaves(Leaving { permit, shared, before }, Box::new(draft))
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
        if self.schedule.borrow_mut().pace().is_free(now) {
            return;
        }
        let mut schedule = self.schedule.borrow().clone().asking(Vec::new());
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
            Inquired::Time { asked, server } => {
                if let Some(server) = server {
                    pace.set_ahead(self.sender.clock.note_server(server, asked));
                    self.sender.tell_time(self.shared);
                }
            }
            Inquired::Quota { account, spent } => {
                if let Some(spent) = spent {
                    spent.apply(pace, account, now);
                }
            }
        }
    }

    /// Nothing new starts. Of several reasons the weightiest stays.
    fn stop(&mut self, stop: Stop) {
        if self.ended.stop.as_ref().is_none_or(|known| known.weight() < stop.weight()) {
            (self.tell)(Event::Stopping(stop.clone()));
            self.ended.stop = Some(stop);
            self.sender.stopped.set(true);
        }
    }

    /// Ends at once: what is in flight stays in doubt.
    fn quit(mut self) -> Ended {
        for permit in std::mem::take(&mut self.flying) {
            self.leave_in_doubt(&permit);
        }
        self.ended
    }
}
