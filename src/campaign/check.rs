//! Reads and renders everything, sends nothing, and lists what is wrong.

use super::address::Accounts;
use super::columns::Columns;
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::gates::online::Looked;
use super::memory::Memory;
use super::preflight::{Together, of_templates};
use super::problems::Problems;
use super::reading::Reading;
use super::refresh::freshen;
use super::settings::{Invalid, Settings, Warnings};
use super::survey::{Depth, Survey};
use super::texts::{OldTexts, Outdated, Template};
use crate::model::plan::Choice;
use crate::model::problem::{RowProblem, Severity};
use crate::model::status::Counts;

/// How many problems are kept with their words; beyond that they are counted.
const LISTED: usize = 10_000;

/// What a check found.
#[derive(Debug, Clone)]
pub struct Check {
    /// All rows of the sheet, by status.
    pub counts: Counts,
    /// The problems, in the order of the sheet; the first 10,000 of them.
    pub problems: Vec<RowProblem>,
    /// All of them, grouped.
    pub grouped: Problems,
    /// What was recognised: format, encoding, columns.
    pub recognised: Vec<String>,
    /// What every column is for.
    pub columns: Columns,
    /// Rows that were sent and would get another text now.
    pub old_texts: OldTexts,
    /// How many rows a run would send.
    pub to_send: usize,
    /// Whether a run would be refused.
    pub refused: Refused,
}

/// Whether a run would be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It would.
    Yes,
    /// Nothing stands in its way.
    No,
}

/// Looks at every row of the sheet.
///
/// # Errors
/// The sheet, a template, or the journal cannot be read.
pub fn check(settings: &Settings) -> Result<Check, CampaignError> {
    check_with(settings, Looked::default())
}

/// The same, with what was found out about people just now.
///
/// # Errors
/// As for [`check`].
pub fn check_with(settings: &Settings, looked: Looked) -> Result<Check, CampaignError> {
    let mut memory = Memory::read(settings)?;
    memory.take_in(&looked);
    let reading = Reading::open(settings)?;
    if reading.templates().is_none() {
        return Err(CampaignError::NoMessage);
    }
    let mut accounts = Accounts::of(settings, settings.account.clone(), &mut memory);
    let choice = choice(settings);
    let mut together = Together::of(&reading);
    let mut found = Found::default();
    found.extend(of_templates(&reading));
    let survey = Survey {
        reading: &reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Send)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Send),
        depth: Depth::Everything,
    };
    let mut outdated = Outdated::among(&reading, &memory.ledger, &memory.texts);
    let plan = survey.plan(choice, |seen| {
        together.note(seen);
        outdated.note(seen);
        found.extend(seen.all_problems().into_iter().map(|problem| RowProblem {
            row: Some(seen.row.number()),
            problem,
        }));
    })?;
    found.extend(together.finish());
    found.extend(looked.unclear);
    let old_texts = outdated.finish();
    let template = Template::since(memory.templates.as_ref(), reading.templates());
    found.extend(old_texts.problem(template, plan.to_send().count()));
    let Found { problems, grouped } = found;
    let by_templates = problems
        .iter()
        .any(|problem| problem.row.is_none() && problem.problem.severity == Severity::Error);
    let by_errors = plan.invalid() > 0 && settings.choice.invalid == Invalid::Refuse || by_templates;
    let by_warnings = grouped.count(Severity::Warning) > 0 && settings.choice.warnings == Warnings::Refuse;
    let found = Check {
        counts: plan.counts(),
        problems,
        grouped,
        recognised: recognised(&reading),
        columns: Columns::of(&reading),
        old_texts,
        to_send: plan.to_send().count(),
        refused: if by_errors || by_warnings { Refused::Yes } else { Refused::No },
    };
    freshen(settings, reading, plan, memory)?;
    Ok(found)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    problems: Vec<RowProblem>,
    grouped: Problems,
}

impl Extend<RowProblem> for Found {
    fn extend<I: IntoIterator<Item = RowProblem>>(&mut self, found: I) {
        for one in found {
            self.grouped.add(&one);
            if self.problems.len() < LISTED {
                self.problems.push(one);
            }
        }
    }
}

/// What the settings choose.
#[must_use]
pub fn choice(settings: &Settings) -> Choice {
    Choice {
        rows: settings.choice.rows.clone(),
        only: settings.choice.only,
        limit: settings.choice.limit,
        sample: settings.choice.sample,
        unconfirmed: settings.choice.unconfirmed,
    }
}

/// What was taken for what, in lines to show.
fn recognised(reading: &Reading) -> Vec<String> {
    let header = reading.header();
    let mut lines = vec![reading.sheet().description().to_string()];
    for (meaning, column) in &header.meanings {
        lines.push(format!("{}: column `{}`", meaning.as_str(), header.name(*column)));
    }
    if let Some(key) = header.key {
        lines.push(format!("key: column `{}`", header.name(key)));
    }
    lines
}
