//! Results: one line for every row of the sheet, derived from journal and sheet, and replaceable.

mod judged;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

use super::address::Accounts;
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::memory::Memory;
use super::reading::Reading;
use super::settings::Settings;
use super::survey::{Depth, Survey};
use super::target::Target;
use crate::adapters::digest::sha256_hex;
use crate::adapters::journal;
use crate::adapters::results::{Line, Writer};
use crate::engine::TurnedAway;
use crate::model::entry::{Entry, Import, Intent, Outcome};
use crate::model::ledger::{KeyId, Ledger, Standing};
use crate::model::outcome::Answer;
use crate::model::plan::{Choice, Plan, Planned};
use crate::model::problem::{Problem, Severity};
use crate::model::row::{Meaning, Row, RowNumber};
use crate::model::status::{Counts, Status};

/// What results are made from.
pub struct Source<'a> {
    /// The sheet and its templates.
    pub reading: &'a Reading,
    /// What was planned for every row.
    pub plan: &'a Plan,
    /// What is known of every key.
    pub ledger: &'a Mutex<Ledger>,
    /// The words of outcomes; `None` where nothing was ever sent.
    pub journal: Option<&'a journal::Reader>,
    /// What the results said before, where the journal is gone and no new one was begun.
    pub imports: &'a [Import],
    /// Rows that were not sent although they were planned to be.
    pub turned_away: &'a [TurnedAway],
    /// The account of rows that name none.
    pub account: Option<&'a str>,
}

/// Writes results to `target`: those rows whose status is among `only`, or all. The file is whole at every instant.
///
/// # Errors
/// The sheet cannot be read any more, or the disk fails.
pub fn write(source: &Source<'_>, target: &Path, only: Option<&[Status]>) -> Result<Counts, CampaignError> {
    let writer = Writer::create(target, &source.reading.header().names)?;
    fill(source, writer, only)
}

fn fill(source: &Source<'_>, mut writer: Writer<'_>, only: Option<&[Status]>) -> Result<Counts, CampaignError> {
    let header = source.reading.header();
    let counts = each(source, |told, row| {
        if only.is_none_or(|only| only.contains(&told.status)) {
            writer.write(&told.line(), (0..header.names.len()).map(|column| row.raw(column)))?;
        }
        Ok(())
    })?;
    writer.finish()?;
    Ok(counts)
}

/// Tells of every row of the sheet what the results say of it.
///
/// # Errors
/// The sheet or the journal cannot be read any more, or `take` refuses.
pub fn each(source: &Source<'_>, mut take: impl FnMut(&Told, &Row) -> Result<(), CampaignError>) -> Result<Counts, CampaignError> {
    let mut accounts = Accounts::new(source.account.map(str::to_owned));
    let mut counts = Counts::default();
    let mut rows = source.reading.sheet().rows();
    let mut row = Row::new();
    let mut planned = source.plan.rows.iter();
    let away: HashMap<RowNumber, &TurnedAway> = source.turned_away.iter().map(|away| (away.row, away)).collect();
    while rows.next_into(&mut row)? {
        let Some(planned) = planned.next().filter(|planned| planned.number == row.number()) else {
            return Err(CampaignError::Settings(
                "the sheet was changed while it was read; type the same command again".to_owned(),
            ));
        };
        let told = tell(source, planned, &row, &mut accounts, away.get(&planned.number).copied())?;
        counts.add(told.status);
        take(&told, &row)?;
    }
    Ok(counts)
}

/// What the results say of one row.
pub struct Told {
    /// Its number.
    pub number: u32,
    /// Its status.
    pub status: Status,
    /// Requests made for it, over all runs.
    pub attempts: u32,
    /// The other columns.
    pub facts: Import,
}

impl Told {
    fn line(&self) -> Line<'_> {
        let facts = &self.facts;
        Line {
            row: RowNumber(self.number),
            key: &facts.key,
            status: self.status,
            recipient_urn: &facts.recipient_urn,
            thread_id: &facts.thread_id,
            message_urn: &facts.message_urn,
            error: &facts.error,
            http_status: &facts.http_status,
            attempts: self.attempts,
            account: &facts.account,
            sent_at: &facts.sent_at,
            message_sha256: &facts.sha256,
        }
    }
}

fn tell(
    source: &Source<'_>,
    planned: &Planned,
    row: &Row,
    accounts: &mut Accounts,
    away: Option<&TurnedAway>,
) -> Result<Told, CampaignError> {
    let address = source.reading.address(row, accounts);
    let key = match &address {
        Ok(address) => Cow::Borrowed(address.key.as_str()),
        Err(unaddressed) => unaddressed
            .key
            .clone()
            .map_or_else(|| Cow::Borrowed(recipient_cell(source, row)), Cow::Owned),
    };
    let recipient = address.as_ref().ok().map(|address| &address.recipient);
    let known = known(source, planned, &key, recipient);
    let (standing, attempts) = known.map_or((Standing::Untried, 0), |(_, standing, attempts)| (standing, attempts));
    let status = away.map_or_else(|| planned.status_now(standing), |away| away.status);
    let mut facts = match known {
        Some((id, ..)) => facts_of(source, id)?,
        None => blank(),
    };
    facts.key = key.into_owned();
    if facts.recipient_urn.is_empty()
        && let Some(urn) = recipient.and_then(|recipient| recipient.profile_urn())
    {
        urn.clone_into(&mut facts.recipient_urn);
    }
    if !matches!(status, Status::Sent | Status::Unconfirmed) {
        would_be(source, planned, row, address, accounts, &mut facts, status);
    }
    if let Some(away) = away {
        away.why.clone_into(&mut facts.error);
    }
    Ok(Told {
        number: planned.number.0,
        status,
        attempts,
        facts,
    })
}

/// The key's place in the ledger, unless the row is a duplicate: then what the ledger says is said of the first.
fn known(
    source: &Source<'_>,
    planned: &Planned,
    key: &str,
    recipient: Option<&crate::model::recipient::Recipient>,
) -> Option<(KeyId, Standing, u32)> {
    if planned.skip.is_some() || key.is_empty() {
        return None;
    }
    let ledger = source.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let id = ledger.find(key, recipient)?;
    Some((id, ledger.standing(id), ledger.attempts(id)))
}

fn blank() -> Import {
    Import {
        key: String::new(),
        to: Vec::new(),
        status: Status::Pending,
        attempts: 0,
        recipient_urn: String::new(),
        thread_id: String::new(),
        message_urn: String::new(),
        error: String::new(),
        http_status: String::new(),
        account: String::new(),
        sent_at: String::new(),
        sha256: String::new(),
    }
}

fn recipient_cell<'r>(source: &Source<'_>, row: &'r Row) -> &'r str {
    source
        .reading
        .header()
        .column(Meaning::Recipient)
        .map_or("", |column| row.cell(column))
}

/// What the journal says of a key, in the words of the results.
fn facts_of(source: &Source<'_>, id: KeyId) -> Result<Import, CampaignError> {
    let position = source.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner).position(id);
    let Some(position) = position else { return Ok(blank()) };
    let Some(journal) = source.journal else {
        let import = usize::try_from(position.0).ok().and_then(|index| source.imports.get(index));
        return Ok(import.cloned().unwrap_or_else(blank));
    };
    match journal.read_at(position)? {
        Entry::Import(import) => Ok(import),
        Entry::Intent(intent) => {
            let error = "the run ended before an answer came, so whether the message left is not known".to_owned();
            Ok(Import {
                error,
                ..facts_of_intent(intent)
            })
        }
        Entry::Outcome(outcome) => match journal.read_at(outcome.of)? {
            Entry::Intent(intent) => Ok(facts_of_outcome(outcome, intent)),
            _ => Ok(blank()),
        },
        Entry::Judgement(judgement) => judged::facts_of(journal, judgement),
        Entry::Run(_) | Entry::Written(_) | Entry::Upload(_) | Entry::Finding(_) => Ok(blank()),
    }
}

fn facts_of_intent(intent: Intent) -> Import {
    Import {
        account: intent.account.unwrap_or_default(),
        sha256: intent.sha256,
        ..blank()
    }
}

fn facts_of_outcome(outcome: Outcome, intent: Intent) -> Import {
    let mut facts = facts_of_intent(intent);
    facts.error = outcome.answer.error().unwrap_or_default();
    facts.http_status = outcome.answer.http_status().map(|status| status.to_string()).unwrap_or_default();
    let sent = outcome.answer.verdict() == crate::model::outcome::Verdict::Sent;
    if let Answer::Http(reply) = outcome.answer {
        facts.recipient_urn = reply.recipient_urn.unwrap_or_default();
        facts.thread_id = reply.thread_id.unwrap_or_default();
        facts.message_urn = reply.message_urn.unwrap_or_default();
    }
    if sent {
        facts.sent_at = outcome.at.to_string();
    }
    facts
}

/// What would be sent now, for a row that was not: its account, its text's digest, and what stands in its way.
fn would_be(
    source: &Source<'_>,
    planned: &Planned,
    row: &Row,
    address: Result<super::address::Address, super::address::Unaddressed>,
    accounts: &Accounts,
    facts: &mut Import,
    status: Status,
) {
    let drafted = match address {
        Err(unaddressed) => Some(Err(unaddressed.problems)),
        Ok(address) => {
            if facts.account.is_empty() {
                accounts.id(address.account).unwrap_or_default().clone_into(&mut facts.account);
            }
            source.reading.draft(row, &address, accounts)
        }
    };
    facts.sha256.clear();
    let problems = match drafted {
        Some(Ok(draft)) => {
            facts.sha256 = sha256_hex(&draft.message);
            Vec::new()
        }
        Some(Err(problems)) => problems,
        None => Vec::new(),
    };
    match (status, planned.skip) {
        (Status::Invalid, _) => facts.error = in_one_line(&problems),
        (_, Some(skip)) => facts.error = skip.words(&source.plan.reasons),
        _ => {}
    }
}

fn in_one_line(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// `rowcast results`: writes them again, or some of them, wherever it is asked to.
///
/// # Errors
/// The sheet or the journal cannot be read, or the disk fails.
pub fn rewrite(settings: &Settings, target: Target<'_>, only: Option<&[Status]>) -> Result<Counts, CampaignError> {
    with_source(settings, |source| match target {
        Target::File(path) => write(source, path, only),
        Target::Stream(stream) => {
            let writer = Writer::along(stream, Path::new("-"), &source.reading.header().names)?;
            fill(source, writer, only)
        }
    })
}

/// Reads everything that results are made from, and hands it on.
///
/// # Errors
/// The sheet or the journal cannot be read, or `make` fails.
pub fn with_source<T>(settings: &Settings, make: impl FnOnce(&Source<'_>) -> Result<T, CampaignError>) -> Result<T, CampaignError> {
    let mut memory = Memory::read(settings)?;
    let reading = Reading::open_with(settings, memory.templates.take())?;
    let account = settings.account.clone().or_else(|| memory.account.take());
    let mut accounts = Accounts::of(settings, account.clone(), &mut memory);
    let survey = Survey {
        reading: &reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Tell)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Tell),
        depth: Depth::Sendable,
    };
    let plan = survey.plan(Choice::everything(), |_| {})?;
    let journal = match memory.origin {
        super::memory::Origin::Journal => Some(journal::Reader::open(&settings.files.journal)?),
        _ => None,
    };
    let ledger = Mutex::new(memory.ledger);
    let source = Source {
        reading: &reading,
        plan: &plan,
        ledger: &ledger,
        journal: journal.as_ref(),
        imports: &memory.imports,
        turned_away: &[],
        account: account.as_deref(),
    };
    make(&source)
}
