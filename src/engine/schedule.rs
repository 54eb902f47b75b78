//! Which row next, or how long to wait: the engine's decisions, without a clock and without sending anything.
//!
//! A run asks with the time on the clock, `rowcast plan` with a simulated one: what is planned is what is done.

use std::time::Duration;

use super::lane::{Lane, Turn};
use super::pace::{Leave, NEVER, Pace};
use super::questions::{Pending, Questions};
use crate::model::event::Wait;
use crate::model::plan::Plan;
use crate::model::time::Moment;
use crate::model::window::{Counted, Opening, Ticket};

/// What can be done just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Serve this row of this lane.
    Serve(Slot),
    /// Wait until then.
    Wait(Moment, Wait),
    /// Wait until a request in flight is answered.
    Answer,
    /// Every row had its turn.
    Nothing,
}

/// The row that is next in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The lane's account.
    pub account: u16,
    /// The row.
    pub turn: Turn,
}

/// A permit to send one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// The sending account.
    pub account: u16,
    /// The row and its tries so far.
    pub turn: Turn,
    /// What the pace knows the request by.
    pub ticket: Ticket,
    /// When it left.
    pub left: Moment,
}

/// The rows of every account and the limits that they leave under.
#[derive(Debug, Clone)]
pub struct Schedule {
    lanes: Vec<Lane>,
    pace: Pace,
    served: u64,
    slots: Slots,
    /// What each account asks about the people of its rows; none where nothing is asked.
    questions: Vec<Questions>,
    /// What the last look at the lanes saw; kept for its room alone.
    looks: Vec<Look>,
}

/// The slots that lanes share.
#[derive(Debug, Clone, Copy)]
pub struct Slots {
    /// Requests in flight at once.
    pub count: usize,
    /// How long a request may keep its slot.
    pub patience: Duration,
}

impl Slots {
    /// As many as are wanted.
    pub const UNLIMITED: Self = Self {
        count: usize::MAX,
        patience: Duration::ZERO,
    };
}

/// What a look at a lane saw.
#[derive(Debug, Clone, Copy)]
struct Look {
    in_flight: usize,
    served: u64,
    open: Option<Slot>,
}

/// Whether a lane may take a slot: its share, or what the shares of all others leave.
///
/// A share is kept free for every lane that could send before a request that leaves now is sure to be over: a slow account
/// never holds the slots that another one needs. A lane that is held for longer has no share meanwhile.
fn may_take(look: &Look, looks: &[Look], slots: usize) -> bool {
    let share = (slots / looks.len().max(1)).max(1);
    if look.in_flight < share {
        return true;
    }
    let taken: usize = looks.iter().map(|look| look.in_flight).sum();
    let owed: usize = looks.iter().map(|look| share.saturating_sub(look.in_flight)).sum();
    slots.saturating_sub(taken) > owed
}

impl Schedule {
    /// The schedule of a plan whose rows name so many accounts.
    #[must_use]
    pub fn new(accounts: u16, pace: Pace) -> Self {
        let classes = pace.classes();
        Self {
            lanes: (0..accounts).map(|account| Lane::new(account, classes)).collect(),
            pace,
            served: 0,
            slots: Slots::UNLIMITED,
            questions: Vec::new(),
            looks: Vec::new(),
        }
    }

    /// The same, with slots that lanes have to share.
    #[must_use]
    pub fn sharing(self, slots: Slots) -> Self {
        Self { slots, ..self }
    }

    /// The same, with these questions, one for each account.
    #[must_use]
    pub fn asking(self, questions: Vec<Questions>) -> Self {
        Self { questions, ..self }
    }

    /// What can be done at `now`: the open lane that waited longest, else the moment at which the first one opens.
    pub fn next(&mut self, plan: &Plan, now: Moment) -> Next {
        let all = self.pace.opens_for_all(now);
        let mut earliest: Option<(Moment, Wait)> = None;
        let mut after_answer = false;
        self.looks.clear();
        for lane in &mut self.lanes {
            let (account, served, in_flight) = (lane.account(), lane.served, lane.in_flight);
            let mut open: Option<Slot> = None;
            let mut soon = in_flight > 0;
            match self
                .questions
                .get(usize::from(account))
                .map_or(Pending::None, |asked| asked.pending(now))
            {
                Pending::None => {}
                Pending::Answer => {
                    let in_flight = in_flight + 1;
                    self.looks.push(Look { in_flight, served, open });
                    after_answer = true;
                    continue;
                }
                Pending::Until(..) if lane.peek(plan).next().is_none() => continue,
                Pending::Until(at, why) => {
                    earliest = earliest.into_iter().chain([(at, why)]).min_by_key(|(at, _)| *at);
                    continue;
                }
            }
            for turn in lane.peek(plan) {
                let Leave { opens, why } = self.pace.opens(account, turn.class, all, now);
                soon |= matches!(opens, Opening::At(at) if at <= now + self.slots.patience) || opens == Opening::AfterAnswer;
                match opens {
                    Opening::At(at) if at <= now => {
                        if open.is_none_or(|slot| turn.index < slot.turn.index) {
                            open = Some(Slot { account, turn });
                        }
                    }
                    Opening::At(at) => earliest = earliest.into_iter().chain([(at, why)]).min_by_key(|(at, _)| *at),
                    Opening::AfterAnswer => after_answer = true,
                }
            }
            if soon {
                self.looks.push(Look { in_flight, served, open });
            }
        }
        let slots = self.slots.count;
        let first = self
            .looks
            .iter()
            .filter(|look| look.open.is_some() && may_take(look, &self.looks, slots))
            .min_by_key(|look| (look.served, look.open.map(|slot| slot.turn.index)));
        after_answer |= self.looks.iter().any(|look| look.open.is_some());
        match (first.and_then(|look| look.open), earliest) {
            (Some(slot), _) => Next::Serve(slot),
            (None, Some((at, why))) => Next::Wait(at, why),
            (None, None) if after_answer => Next::Answer,
            (None, None) => Next::Nothing,
        }
    }

    /// The accounts that have rows and cannot send at `now`, until when and why.
    pub fn waiting(&mut self, plan: &Plan, now: Moment) -> Vec<(u16, Moment, Wait)> {
        let all = self.pace.opens_for_all(now);
        let mut waiting = Vec::new();
        for lane in &mut self.lanes {
            let account = lane.account();
            let leaves = lane.peek(plan).map(|turn| self.pace.opens(account, turn.class, all, now));
            let first = leaves
                .filter_map(|leave| match leave.opens {
                    Opening::At(at) => Some((at, leave.why)),
                    Opening::AfterAnswer => None,
                })
                .min_by_key(|(at, _)| *at);
            if let Some((at, why)) = first
                && at > now
                && at < NEVER
            {
                waiting.push((account, at, why));
            }
        }
        waiting
    }

    /// Takes the row out of its lane.
    pub fn take(&mut self, slot: Slot) {
        self.on_lane(slot.account, |lane| lane.take(slot.turn));
    }

    /// Puts a row back, to be tried again before others.
    pub fn put_back(&mut self, account: u16, turn: Turn) {
        self.on_lane(account, |lane| lane.put_back(turn));
    }

    /// The row that was taken leaves at `now`.
    pub fn leave(&mut self, slot: Slot, now: Moment) -> Permit {
        self.served += 1;
        let served = self.served;
        self.on_lane(slot.account, |lane| {
            lane.served = served;
            lane.in_flight += 1;
        });
        Permit {
            account: slot.account,
            turn: slot.turn,
            ticket: self.pace.leave(slot.account, slot.turn.class, now),
            left: now,
        }
    }

    /// Whether a row that has its permit must not leave at `now` after all: while it was made ready its account was held or
    /// stopped, or its hours ended.
    #[must_use]
    pub fn is_shut(&self, permit: &Permit, now: Moment) -> bool {
        let lane = self.lanes.get(usize::from(permit.account));
        lane.is_some_and(Lane::is_stopped) || self.pace.is_shut(permit.account, permit.turn.class, now)
    }

    /// The request was answered, or given up.
    pub fn answered(&mut self, permit: &Permit, at: Moment, counted: Counted) {
        self.on_lane(permit.account, |lane| lane.in_flight = lane.in_flight.saturating_sub(1));
        self.pace.answered(permit.account, permit.ticket, at, counted);
    }

    /// The service refused this request for now; `told` is until when, if somebody knows.
    pub fn held(&mut self, permit: &Permit, told: Option<Moment>, now: Moment) -> Moment {
        let until = self
            .on_lane(permit.account, |lane| lane.note_hold(told, permit.left, now))
            .unwrap_or(now);
        self.pace.hold_account(permit.account, until, Wait::Held);
        until
    }

    /// When a question of the account may leave.
    #[must_use]
    pub fn may_ask(&self, account: u16, now: Moment) -> Leave {
        let all = self.pace.opens_for_all(now);
        let own = self.questions.get(usize::from(account));
        own.map_or(all, |questions| questions.opens(now).later(all))
    }

    /// A question of the account leaves at `now`.
    pub fn ask(&mut self, account: u16, now: Moment) {
        self.served += 1;
        let served = self.served;
        self.on_lane(account, |lane| lane.served = served);
        let ticket = self.pace.ask(now);
        if let Some(questions) = self.questions(account) {
            questions.leave(ticket, now);
        }
    }

    /// The question of the account was answered, or given up.
    pub fn asked(&mut self, account: u16, at: Moment) {
        if let Some(ticket) = self.questions(account).and_then(|questions| questions.answered(at)) {
            self.pace.asked(ticket, at);
        }
    }

    /// The questions of an account, where it asks any.
    pub fn questions(&mut self, account: u16) -> Option<&mut Questions> {
        self.questions.get_mut(usize::from(account))
    }

    /// How long the account has to wait from `now` on, if nothing else is held.
    #[must_use]
    pub fn wait_of(&self, account: u16, class: u16, now: Moment) -> Duration {
        match self.pace.opens(account, class, self.pace.opens_for_all(now), now).opens {
            Opening::At(at) => at.since(now),
            Opening::AfterAnswer => Duration::ZERO,
        }
    }

    /// The limits.
    pub fn pace(&mut self) -> &mut Pace {
        &mut self.pace
    }

    /// Does something with the lane of an account, where there is one.
    pub fn on_lane<T>(&mut self, account: u16, act: impl FnOnce(&mut Lane) -> T) -> Option<T> {
        self.lanes.get_mut(usize::from(account)).map(act)
    }
}
