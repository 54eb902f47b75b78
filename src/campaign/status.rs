//! Where a campaign stands.

use super::address::Accounts;
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::memory::{Memory, Origin};
use super::pacing::{Pacing, limits};
use super::reading::Reading;
use super::refresh::freshen;
use super::settings::Settings;
use super::survey::{Depth, Survey};
use super::texts::{OldTexts, Outdated};
use crate::engine::clock::wall_time;
use crate::model::event::Wait;
use crate::model::plan::Choice;
use crate::model::status::{Counts, Status};
use crate::model::time::Moment;

/// Where a campaign stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// All rows of the sheet, by status.
    pub counts: Counts,
    /// Where that is known from.
    pub origin: Origin,
    /// Rows that were sent and would get another text now.
    pub old_texts: OldTexts,
    /// Whether a run is sending just now.
    pub running: Running,
    /// When the last row will have been sent if a run sends from now on; `None` where that cannot be told.
    pub done: Option<Moment>,
    /// Accounts that have rows left and could not send just now: until when, and why.
    pub waiting: Vec<(u16, Moment, Wait)>,
    /// The ids of the accounts, by index.
    pub ids: Vec<Option<String>>,
    /// Why the results could not be brought up to date, where they could not.
    pub unwritten: Option<String>,
}

/// Whether a run holds the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// One does.
    Yes,
    /// None does.
    No,
}

/// Reads sheet and journal and counts. Sends nothing and holds nothing.
///
/// # Errors
/// The sheet or the journal cannot be read.
pub fn status(settings: &Settings) -> Result<Standing, CampaignError> {
    let mut memory = Memory::read_back(settings, limits(settings).memory())?;
    memory.finish();
    let reading = Reading::open_with(settings, memory.templates.take())?;
    let mut accounts = Accounts::of(settings, settings.account.clone(), &mut memory);
    let survey = Survey {
        reading: &reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Tell)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Tell),
        depth: Depth::Sendable,
    };
    let mut outdated = Outdated::among(&reading, &memory.ledger, &memory.texts);
    let plan = survey.plan(Choice::everything(), |seen| outdated.note(seen))?;
    let old_texts = outdated.finish();
    let running = if crate::adapters::journal::Journal::is_held(&settings.files.journal) {
        Running::Yes
    } else {
        Running::No
    };
    let now = wall_time();
    let pacing = Pacing::to_tell(settings, &accounts, &memory, now)?;
    let mut standing = Standing {
        counts: plan.counts(),
        origin: memory.origin,
        old_texts,
        running,
        done: pacing.done(&plan, now),
        waiting: pacing.waiting(&plan, now),
        ids: accounts.ids().to_vec(),
        unwritten: None,
    };
    match freshen(settings, reading, plan, memory) {
        // Where the campaign stands is known all the same.
        Err(error @ CampaignError::Results(_)) => standing.unwritten = Some(error.to_string()),
        freshened => freshened?,
    }
    Ok(standing)
}

impl Standing {
    /// What the next run would try.
    #[must_use]
    pub fn next(&self) -> usize {
        self.counts.of(Status::Pending) + self.counts.of(Status::Failed)
    }
}
