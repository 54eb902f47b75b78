//! The engine's schedule on a simulated clock: when what would leave, without sending.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use super::pace::NEVER;
use super::schedule::{Next, Permit, Schedule};
use crate::model::plan::Plan;
use crate::model::time::Moment;
use crate::model::window::Counted;

/// What a simulation assumes of the world.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// When it begins.
    pub start: Moment,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Nothing leaves from this moment on.
    pub end: Option<Moment>,
}

/// How a simulation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulated {
    /// The last message left then; `None` if there was none.
    Done(Option<Moment>),
    /// Rows are left that can never leave, or only after `end`, or further off than can be told.
    Unfinished,
}

/// What the service answers to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// How long after it left.
    pub after: Duration,
    /// What it says.
    pub says: Says,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The message was sent.
    Sent,
    /// It was not, and nothing may leave until then; no moment is named where there is `None`.
    Held(Option<Moment>),
}

impl Reply {
    /// What plans assume.
    pub const AT_ONCE: Self = Self {
        after: Duration::ZERO,
        says: Says::Sent,
    };
}

/// Further ahead than this nothing is simulated.
const HORIZON: Duration = Duration::from_hours(2 * 366 * 24);

/// Simulates a run. `each` is told every request: the account, the row as an index into the plan, and when it leaves;
/// it says what is answered.
pub fn simulate(mut schedule: Schedule, plan: &Plan, world: World, mut each: impl FnMut(u16, usize, Moment) -> Reply) -> Simulated {
    let horizon = world.start + HORIZON;
    let mut now = world.start;
    let mut in_flight: BinaryHeap<Reverse<(Moment, u64)>> = BinaryHeap::new();
    let mut permits: HashMap<u64, (Permit, Says)> = HashMap::new();
    let mut last = None;
    loop {
        while let Some(Reverse((answered, ticket))) = in_flight.peek().copied()
            && answered <= now
        {
            in_flight.pop();
            match permits.remove(&ticket) {
                Some((permit, Says::Sent)) => schedule.answered(&permit, answered, Counted::Yes),
                Some((permit, Says::Held(told))) => {
                    schedule.answered(&permit, answered, Counted::No);
                    schedule.held(&permit, told, answered);
                    schedule.put_back(permit.account, permit.turn);
                }
                None => {}
            }
        }
        let answer = in_flight.peek().map(|Reverse((at, _))| *at);
        let full = in_flight.len() >= world.concurrency.max(1);
        let next = if full { Next::Answer } else { schedule.next(plan, now) };
        let until = match (next, answer) {
            (Next::Serve(slot), _) if world.end.is_none_or(|end| now < end) => {
                schedule.take(slot);
                let permit = schedule.leave(slot, now);
                let reply = each(slot.account, slot.turn.index, now);
                last = Some(now);
                permits.insert(permit.ticket.0, (permit, reply.says));
                in_flight.push(Reverse((now + reply.after, permit.ticket.0)));
                continue;
            }
            (Next::Wait(at, _), Some(answer)) => at.min(answer),
            (Next::Wait(at, _), None) if at < NEVER => at,
            (Next::Answer, Some(answer)) => answer,
            // What was held back comes again.
            (Next::Nothing, Some(answer)) => answer,
            (Next::Nothing, None) => return Simulated::Done(last),
            (Next::Serve(_) | Next::Wait(..) | Next::Answer, _) => return Simulated::Unfinished,
        };
        if world.end.is_some_and(|end| until >= end) || until > horizon {
            return Simulated::Unfinished;
        }
        now = until.max(now);
    }
}

#[cfg(test)]
mod tests;
