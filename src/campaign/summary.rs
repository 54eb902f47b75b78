//! The counts that a run ends with, and what its end means.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::event::{Event, Stop};
use crate::model::gate::Gate;
use crate::model::plan::{Plan, Skip, Step};
use crate::model::status::{Counts, Status};

/// How a campaign stands at the end of a run. The counts add up to the rows of the sheet.
#[derive(Debug, Clone)]
pub struct Summary {
    /// All rows, by status.
    pub counts: Counts,
    /// The rows that the run was for: all but those that `--rows`, `--only`, `--sample` or `--limit` left out.
    pub concerned: Counts,
    /// Rows sent in this run.
    pub sent_this_run: usize,
    /// The tests that were sent in place of messages, where the run was one of tests.
    pub tests: Option<Tests>,
    /// Where the results are.
    pub results: PathBuf,
    /// Why the results could not be written, if they could not: `rowcast results` makes them again.
    pub unwritten: Option<String>,
    /// Why the contact history could not be brought up to date, if it could not.
    pub forgotten: Option<String>,
    /// Why the run stopped early, if it did.
    pub stop: Option<Stop>,
    /// How many rows each gate leaves out.
    pub gated: BTreeMap<Gate, usize>,
    /// Rows that the gates could not judge, and that were not sent for that.
    pub unjudged: usize,
    /// Accounts that stopped, and why.
    pub stopped_accounts: Vec<(Option<String>, String)>,
}

/// What became of the tests of a run. They count for no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tests {
    /// Whom they went to.
    pub to: String,
    /// The texts by what became of them.
    pub counts: Counts,
}

/// What the end of a run means for its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything asked for is done.
    Done,
    /// Finished, and some rows are failed or invalid.
    SomeFailed,
    /// Finished, and some rows are unconfirmed.
    SomeUnconfirmed,
    /// Stopped early; run again later.
    StoppedEarly,
    /// The disk failed; what was sent is in the journal.
    Broken,
    /// A person or the system asked.
    Asked(crate::model::event::Asked),
}

/// Counts statuses while they change.
#[derive(Debug, Clone)]
pub struct Tally<'a> {
    plan: &'a Plan,
    /// All rows.
    pub counts: Counts,
    /// The rows that the run is for.
    pub concerned: Counts,
    /// How many rows each gate left out before the run, by what earlier ones found out.
    pub gated: BTreeMap<Gate, usize>,
}

impl<'a> Tally<'a> {
    /// The statuses before the run.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let mut concerned = Counts::default();
        for row in plan.rows.iter().filter(|row| row.step != Step::LeaveOut) {
            concerned.add(row.status);
        }
        let gates = plan.rows.iter().filter_map(|row| match row.skip {
            Some(Skip::Gate(gate, _)) => Some(gate),
            _ => None,
        });
        Self {
            plan,
            counts: plan.counts(),
            concerned,
            gated: count(gates),
        }
    }

    /// Takes note of what the engine tells.
    pub fn note(&mut self, event: &Event) {
        if let Event::Settled { row, before, status, .. } = event {
            self.counts.shift(*before, *status);
            if self.plan.row(*row).is_some_and(|row| row.step != Step::LeaveOut) {
                self.concerned.shift(*before, *status);
            }
        }
    }
}

/// How often each gate is among them.
fn count(gates: impl Iterator<Item = Gate>) -> BTreeMap<Gate, usize> {
    let mut counts = BTreeMap::new();
    for gate in gates {
        *counts.entry(gate).or_default() += 1;
    }
    counts
}

impl Summary {
    /// The same, with the rows that gates held in the run beside those that they left out before.
    #[must_use]
    pub fn gated(self, before: BTreeMap<Gate, usize>, held: &[Gate]) -> Self {
        let mut gated = before;
        for (gate, rows) in count(held.iter().copied()) {
            *gated.entry(gate).or_default() += rows;
        }
        Self { gated, ..self }
    }

    /// What the end means: interrupted before broken before stopped early before unconfirmed before failed.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match &self.stop {
            Some(Stop::Asked(asked)) => Ending::Asked(*asked),
            Some(Stop::Journal(_) | Stop::History(_) | Stop::Permits(_)) => Ending::Broken,
            _ if self.unwritten.is_some() => Ending::Broken,
            Some(_) => Ending::StoppedEarly,
            None if !self.stopped_accounts.is_empty() || self.concerned.of(Status::Pending) > 0 => Ending::StoppedEarly,
            None if self.concerned.of(Status::Unconfirmed) > 0 => Ending::SomeUnconfirmed,
            None if self.concerned.of(Status::Failed) + self.concerned.of(Status::Invalid) > 0 => Ending::SomeFailed,
            None => Ending::Done,
        }
    }
}
