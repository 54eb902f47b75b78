//! Sends what is still to be sent, in two steps with a question between them: prepare, then send.

mod held;
mod proposal;
mod sending;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use super::accounts::pin;
use super::address::Accounts;
use super::check::choice;
use super::connect::{Connection, connect};
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::gates::asking_takes;
use super::health::{Health, examine};
use super::memory::{Memory, Origin};
use super::pacing::{Claiming, Pacing, Told};
use super::reading::Reading;
use super::reconcile::{FirstLook, ReadFirst, first_reading};
use super::settings::{FirstReading, Invalid, Secret, Settings, Warnings};
use super::survey::{Depth, Survey};
use super::texts::{Outdated, Template, Texts};
use crate::adapters::journal::Journal;
use crate::engine::clock::{Clock, wall_time};
use crate::model::plan::{Plan, Step};
use crate::model::problem::Severity;
use crate::model::row::Row;
use crate::model::status::Status;
use crate::model::time::Span;

pub(super) use held::{hold, remember};
use proposal::Look;
pub use proposal::Proposal;
use trial::Trial;

/// A run that is ready to send.
pub struct Prepared {
    settings: Settings,
    reading: Arc<Reading>,
    plan: Plan,
    memory: Memory,
    journal: Option<Journal>,
    accounts: Accounts,
    contacts: Contacts,
    /// Where texts go, if they are sent as tests.
    trial: Option<Trial>,
    pacing: Pacing,
    health: Health,
    connection: Option<Connection>,
    /// It started before anything was asked.
    clock: Clock,
    endpoint: String,
    /// What will happen.
    pub proposal: Proposal,
}

/// Whether a run will send, or only say what it would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// It will send, with this key (the sandbox needs none), and holds the campaign from here on.
    Send(Option<Secret>),
    /// It only says what it would do.
    Show,
}

/// Reads everything, renders every row that may be sent, and makes the plan. Nothing is sent, and no file is made. Where an
/// earlier run left rows unconfirmed it looks for them first, and tells how far it has come.
///
/// # Errors
/// Whatever refuses a run: sheet, templates, settings, key, invalid rows, or another run that holds the campaign.
pub async fn prepare(settings: &Settings, purpose: Purpose, mut tell: impl FnMut(&FirstLook)) -> Result<Prepared, CampaignError> {
    let endpoint = super::connect::endpoint(settings)?;
    let trial = Trial::of(settings)?;
    let clock = Clock::start();
    let connection = match &purpose {
        Purpose::Send(key) => Some(connect(settings, key.as_ref()).await?),
        Purpose::Show => None,
    };
    let reading = Reading::open(settings)?;
    if reading.templates().is_none() {
        return Err(CampaignError::NoMessage);
    }
    let (mut memory, journal) = remember(settings, &endpoint, &purpose)?;
    let read_first = match &trial {
        None => read_first(settings, connection.as_ref(), journal.as_ref(), &mut memory, &mut tell).await?,
        Some(_) => Vec::new(),
    };
    let mut accounts = Accounts::of(settings, settings.account.clone(), &mut memory);
    let aim = trial.as_ref().map_or(Aim::Send, |_| Aim::Tell);
    let mut contacts = Contacts::open(settings, reading.header(), memory.campaign.as_deref(), aim)?;
    trial.as_ref().map_or(Ok(()), |trial| trial.permit(&contacts))?;
    let (mut plan, look) = look(settings, &reading, &memory, (&mut accounts, &mut contacts), trial.as_ref())?;
    // While the run goes on nobody asks.
    memory.texts = Texts::default();
    refuse_invalid(settings, &plan, &look)?;
    let mut notes = notes(&memory, &plan, settings);
    if let Some(trial) = &trial {
        notes.extend(trial.of_all(settings, plan.to_send().count()));
    }
    notes.extend(read_first);
    if trial.is_none() && purpose != Purpose::Show && plan.to_send().next().is_some() {
        notes.extend(super::history::make_ready(settings)?);
    }
    let mut account_name = None;
    let mut health = Health::default();
    if let Some(connection) = &connection {
        let pinned = pin(settings, &connection.client, &mut accounts, &mut plan).await?;
        health = examine(settings, &connection.client, &accounts, &pinned, &mut plan).await;
        notes.append(&mut health.notes);
        account_name = pinned.only;
        notes.extend(pinned.notes);
        notes.extend(health.unfit.iter().map(|unfit| {
            let name = accounts.id(unfit.account).unwrap_or("(unnamed)");
            format!("Account {name} cannot send: {}.", unfit.why)
        }));
    }
    let now = wall_time();
    let claiming = match &purpose {
        Purpose::Send(key) => Claiming::With(key.as_ref().map_or("", Secret::expose)),
        Purpose::Show => Claiming::Not,
    };
    let skew = connection.as_ref().and_then(|connection| connection.client.skew());
    let mut pacing = Pacing::new(settings, &endpoint, &accounts, &memory, claiming, Told { now, skew })?;
    pacing.spent = std::mem::take(&mut health.spent);
    let done = pacing.done(&plan, now);
    let first = plan
        .to_send()
        .next()
        .and_then(|planned| reading.redraft(planned, &mut Row::new(), &mut accounts).ok());
    let proposal = look.proposal(&plan, &accounts, trial.as_ref());
    let asking = match &trial {
        None => asking_takes(settings, &proposal.by_account),
        Some(_) => Duration::ZERO,
    };
    let proposal = Proposal {
        first: match (&trial, first) {
            (Some(trial), Some(first)) => Some(trial.readdress(first)),
            (_, first) => first,
        },
        account_name,
        notes,
        duration: done.map(|done| done.since(now).max(asking)),
        ..proposal
    };
    Ok(Prepared {
        settings: settings.clone(),
        reading: Arc::new(reading),
        plan,
        memory,
        journal,
        accounts,
        contacts,
        trial,
        pacing,
        health,
        connection,
        clock,
        endpoint,
        proposal,
    })
}

/// Looks at every row: what the run does with it, and what a person should know before it does.
fn look(
    settings: &Settings,
    reading: &Reading,
    memory: &Memory,
    (accounts, contacts): (&mut Accounts, &mut Contacts),
    trial: Option<&Trial>,
) -> Result<(Plan, Look), CampaignError> {
    let mut look = Look::at(reading);
    let mut outdated = Outdated::among(reading, &memory.ledger, &memory.texts);
    let survey = Survey {
        reading,
        ledger: &memory.ledger,
        contacts,
        accounts,
        judge: memory.judge(settings, Aim::Send).filter(|_| trial.is_none()),
        depth: trial.map_or(Depth::Sendable, |_| Depth::Tests),
    };
    let plan = survey.plan(choice(settings), |seen| {
        look.note(seen);
        if trial.is_none() {
            outdated.note(seen);
        }
    })?;
    let template = Template::since(memory.templates.as_ref(), reading.templates());
    look.finish(&outdated.finish(), template, plan.to_send().count());
    Ok((plan, look))
}

/// Looks for what an earlier run left unconfirmed, before anything is planned. Returns what a person should know of it.
async fn read_first(
    settings: &Settings,
    connection: Option<&Connection>,
    journal: Option<&Journal>,
    memory: &mut Memory,
    tell: &mut dyn FnMut(&FirstLook),
) -> Result<Vec<String>, CampaignError> {
    let (Some(connection), Some(journal), FirstReading::Wanted) = (connection, journal, settings.first_reading) else {
        return Ok(Vec::new());
    };
    if memory.ledger.doubts().next().is_none() {
        return Ok(Vec::new());
    }
    let read = first_reading(settings, connection, journal, &mut memory.ledger, tell).await?;
    if read.sent > 0 {
        // The results do not know it yet.
        memory.written = None;
    }
    Ok(what_was_found(&read))
}

/// What a person should know of a first look.
fn what_was_found(read: &ReadFirst) -> Vec<String> {
    let found = match read.sent {
        0 => None,
        1 => Some("1 unconfirmed row was found in its conversation: it is sent.".to_owned()),
        sent => Some(format!("{sent} unconfirmed rows were found in their conversations: they are sent.")),
    };
    let unseen = match read.unseen {
        0 => None,
        unseen => Some(format!(
            "{unseen} unconfirmed row{} not looked for, since a run waits {} for that at most; `rowcast reconcile` takes its time.",
            if unseen == 1 { " was" } else { "s were" },
            Span(read.within)
        )),
    };
    found.into_iter().chain(unseen).collect()
}

fn refuse_invalid(settings: &Settings, plan: &Plan, look: &Look) -> Result<(), CampaignError> {
    if look.placeholders > 0 {
        return Err(CampaignError::Placeholders {
            count: look.placeholders,
            problems: look.problems.clone(),
        });
    }
    if plan.invalid() > 0 && settings.choice.invalid == Invalid::Refuse {
        return Err(CampaignError::InvalidRows {
            count: plan.invalid(),
            rows: plan.rows.len(),
            problems: look.problems.clone(),
        });
    }
    let warnings = look.problems.count(Severity::Warning);
    if warnings > 0 && settings.choice.warnings == Warnings::Refuse {
        return Err(CampaignError::Warnings {
            count: warnings,
            problems: look.problems.clone(),
        });
    }
    Ok(())
}

fn notes(memory: &Memory, plan: &Plan, settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    if memory.origin == Origin::Results {
        let name = settings.files.results.display();
        notes.push(format!(
            "The journal is gone; {name} alone says what was sent. A row that was sent after it was last written is not known."
        ));
    }
    let last = plan.rows.last().map(|row| row.number);
    let below = settings
        .choice
        .rows
        .as_ref()
        .zip(last)
        .and_then(|(rows, last)| rows.below(last).zip(Some(last)));
    if let Some((below, last)) = below {
        notes.push(format!("--rows {below} is below the last row of the sheet, which is row {last}."));
    }
    let held = plan
        .rows
        .iter()
        .filter(|row| row.step == Step::Rest && row.status == Status::Unconfirmed)
        .count();
    if held > 0 {
        let rows = if held == 1 { "row is" } else { "rows are" };
        notes.push(format!(
            "{held} unconfirmed {rows} held: `rowcast reconcile` looks for them and settles them; --resend-unconfirmed sends them again."
        ));
    }
    notes
}
