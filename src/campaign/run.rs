//! Sends what is still to be sent, in two steps with a question between them: prepare, then send.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::accounts::pin;
use super::address::{Accounts, DEFAULT_ACCOUNT};
use super::check::choice;
use super::connect::{Connection, connect};
use super::contacts::{Aim, Contacts, same_text};
use super::error::CampaignError;
use super::memory::{Memory, Origin, key_source, terms};
use super::pacing::{Claiming, Pacing, limits};
use super::preflight::{Together, of_templates};
use super::reading::Reading;
use super::reconcile::first_reading;
use super::refresh::{Made, Refresher};
use super::settings::{FirstReading, Invalid, Reuse, Secret, Settings, Warnings};
use super::summary::{Summary, Tally};
use super::survey::{Depth, Survey};
use crate::adapters::history::History;
use crate::adapters::journal::{self, Journal};
use crate::engine::attempt::Sender;
use crate::engine::clock::{Clock, wall_time};
use crate::engine::courtesy::Courtesy;
use crate::engine::inquiry::Inquiries;
use crate::engine::upload::Uploads;
use crate::engine::{Ended, Run};
use crate::model::draft::Draft;
use crate::model::entry::{Entry, RunStart};
use crate::model::event::{Asked, Event, Stop};
use crate::model::ledger::Ledger;
use crate::model::plan::{Plan, Step};
use crate::model::problem::{RowProblem, Severity};
use crate::model::row::Row;
use crate::model::status::{Counts, Status};

/// What a run is about to do: what a person is asked about.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// All rows, by status, before the run.
    pub counts: Counts,
    /// How many rows will be sent.
    pub to_send: usize,
    /// From which accounts, and how many each; `None`: the only one of the key.
    pub accounts: Vec<(Option<String>, usize)>,
    /// How many rows each of the run's accounts sends, by index.
    pub by_account: Vec<usize>,
    /// The name of the only account, where the service told it.
    pub account_name: Option<String>,
    /// How long it takes under all limits, if answers come at once; `None` where it cannot be told, or never ends.
    pub duration: Option<Duration>,
    /// The first message.
    pub first: Option<Draft>,
    /// The first problems, errors before warnings.
    pub problems: Vec<RowProblem>,
    /// How many warnings there are in all.
    pub warnings: usize,
    /// What a person should know, in whole sentences.
    pub notes: Vec<String>,
}

/// How many rows of old results go into a new journal at once.
const IMPORTS_AT_ONCE: usize = 1000;

/// How many problems a proposal carries.
const SHOWN_PROBLEMS: usize = 20;

/// A run that is ready to send.
pub struct Prepared {
    settings: Settings,
    reading: Arc<Reading>,
    plan: Plan,
    memory: Memory,
    journal: Option<Journal>,
    accounts: Accounts,
    contacts: Contacts,
    pacing: Pacing,
    connection: Option<Connection>,
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

/// Reads everything, renders every row that may be sent, and makes the plan. Nothing is sent, and no file is made.
///
/// # Errors
/// Whatever refuses a run: sheet, templates, settings, key, invalid rows, or another run that holds the campaign.
pub async fn prepare(settings: &Settings, purpose: Purpose) -> Result<Prepared, CampaignError> {
    let endpoint = super::connect::endpoint(settings)?;
    let connection = match &purpose {
        Purpose::Send(key) => Some(connect(settings, key.as_ref()).await?),
        Purpose::Show => None,
    };
    let reading = Reading::open(settings)?;
    if reading.templates().is_none() {
        return Err(CampaignError::NoMessage);
    }
    let (mut memory, journal) = remember(settings, &endpoint, &purpose)?;
    let read_first = read_first(settings, connection.as_ref(), journal.as_ref(), &mut memory).await?;
    let mut accounts = Accounts::new(settings.account.clone());
    let placeholders = of_templates(&reading);
    if !placeholders.is_empty() {
        return Err(CampaignError::Placeholders(placeholders));
    }
    let mut look = Look {
        together: Some(Together::of(&reading)),
        ..Look::default()
    };
    let mut contacts = Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Send)?;
    let survey = Survey {
        reading: &reading,
        ledger: &memory.ledger,
        contacts: &mut contacts,
        accounts: &mut accounts,
        depth: Depth::Sendable,
    };
    let mut plan = survey.plan(choice(settings), |seen| look.note(seen))?;
    look.finish();
    refuse_invalid(settings, &plan, &look)?;
    let mut notes = notes(&memory, &plan, settings);
    notes.extend(read_first);
    if purpose != Purpose::Show && plan.to_send().next().is_some() {
        notes.extend(super::history::make_ready(settings)?);
    }
    let mut account_name = None;
    if let Some(connection) = &connection {
        let pinned = pin(settings, &connection.client, &mut accounts, &mut plan).await?;
        account_name = pinned.only;
        notes.extend(pinned.notes);
    }
    let now = wall_time();
    let claiming = match &purpose {
        Purpose::Send(key) => Claiming::With(key.as_ref().map_or("", Secret::expose)),
        Purpose::Show => Claiming::Not,
    };
    let pacing = Pacing::new(settings, &endpoint, &accounts, &memory, claiming, now)?;
    let done = pacing.done(&plan, now);
    let proposal = look.proposal(&plan, &accounts, account_name, notes, done.map(|done| done.since(now)));
    Ok(Prepared {
        settings: settings.clone(),
        reading: Arc::new(reading),
        plan,
        memory,
        journal,
        accounts,
        contacts,
        pacing,
        connection,
        endpoint,
        proposal,
    })
}

/// Looks for what an earlier run left unconfirmed, before anything is planned. Returns what a person should know of it.
async fn read_first(
    settings: &Settings,
    connection: Option<&Connection>,
    journal: Option<&Journal>,
    memory: &mut Memory,
) -> Result<Option<String>, CampaignError> {
    let (Some(connection), Some(journal), FirstReading::Wanted) = (connection, journal, settings.first_reading) else {
        return Ok(None);
    };
    if memory.ledger.doubts().next().is_none() {
        return Ok(None);
    }
    let read = first_reading(settings, &connection.client, journal, &mut memory.ledger).await?;
    if read.sent > 0 {
        // The results do not know it yet.
        memory.written = None;
    }
    Ok((read.sent > 0).then(|| format!("{} unconfirmed rows were found in their conversations: they are sent.", read.sent)))
}

/// What is remembered of the campaign: held from here on if a journal is there, else none is made yet.
pub(super) fn remember(settings: &Settings, endpoint: &str, purpose: &Purpose) -> Result<(Memory, Option<Journal>), CampaignError> {
    if *purpose == Purpose::Show {
        let mut memory = Memory::read_back(settings, limits(settings).memory())?;
        memory.finish();
        return Ok((memory, None));
    }
    let mut memory = Memory::new(key_source(settings), limits(settings).memory());
    let path = &settings.files.journal;
    let held = if path.exists() {
        let opened = Journal::open(path, &terms(settings, endpoint), |position, entry| memory.apply(position, entry))?;
        if let journal::Origin::Replayed { .. } = opened.origin {
            memory.origin = Origin::Journal;
        }
        memory.campaign = Some(opened.head.campaign);
        Some(opened.journal)
    } else {
        None
    };
    // A journal in which no run began may have been left while it took over the results: it takes them over again.
    if memory.templates.is_none() {
        memory.import(&settings.files.results)?;
    }
    memory.finish();
    Ok((memory, held))
}

fn refuse_invalid(settings: &Settings, plan: &Plan, look: &Look) -> Result<(), CampaignError> {
    if plan.invalid() > 0 && settings.choice.invalid == Invalid::Refuse {
        return Err(CampaignError::InvalidRows {
            count: plan.invalid(),
            rows: plan.rows.len(),
            problems: look.problems.clone(),
        });
    }
    if look.warnings > 0 && settings.choice.warnings == Warnings::Refuse {
        return Err(CampaignError::Warnings {
            count: look.warnings,
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
    let held = plan
        .rows
        .iter()
        .filter(|row| row.step == Step::Rest && row.status == Status::Unconfirmed)
        .count();
    if held > 0 {
        notes.push(format!(
            "{held} unconfirmed rows are held: `rowcast reconcile` looks for them and settles them; --resend-unconfirmed sends them again."
        ));
    }
    notes
}

/// Makes the journal or goes on with the one that is held, and writes into it what the results alone knew.
///
/// # Errors
/// The journal cannot be made or written, or another run made one meanwhile.
pub(super) async fn hold(
    held: Option<Journal>,
    settings: &Settings,
    endpoint: &str,
    memory: &mut Memory,
) -> Result<Journal, CampaignError> {
    let journal = match held {
        Some(journal) => journal,
        None => create(settings, endpoint, memory)?,
    };
    if memory.imports.is_empty() {
        return Ok(journal);
    }
    for imports in memory.imports.chunks(IMPORTS_AT_ONCE) {
        journal.append_all(imports.iter().cloned().map(Entry::Import).collect()).await?;
    }
    // From here on the ledger speaks of places in the journal, not of lines of the results.
    let mut ledger = Ledger::new(key_source(settings));
    Journal::read(&settings.files.journal, |position, entry| ledger.apply(position, entry))?;
    memory.ledger = ledger;
    memory.imports.clear();
    Ok(journal)
}

/// Makes the journal. If another run made one since this one looked, its rows are not planned for.
fn create(settings: &Settings, endpoint: &str, memory: &mut Memory) -> Result<Journal, CampaignError> {
    let terms = terms(settings, endpoint);
    let opened = Journal::open(&settings.files.journal, &terms, |_, _| Ok::<(), std::convert::Infallible>(()))?;
    match opened.origin {
        journal::Origin::New => {
            memory.campaign = Some(opened.head.campaign);
            Ok(opened.journal)
        }
        journal::Origin::Replayed { .. } => Err(CampaignError::Overtaken),
    }
}

/// What is gathered for the proposal while every row is looked at.
#[derive(Default)]
struct Look {
    first: Vec<Draft>,
    problems: Vec<RowProblem>,
    warnings: usize,
    together: Option<Together>,
}

impl Look {
    /// Ends the look at the rows: what they show together is added.
    fn finish(&mut self) {
        let together = self.together.take().map(Together::finish).unwrap_or_default();
        self.warnings += together.len();
        let room = SHOWN_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(together.into_iter().take(room));
    }

    fn note(&mut self, seen: &super::survey::Seen<'_>) {
        if let (Some(draft), true) = (seen.draft, self.first.len() < SHOWN_PROBLEMS) {
            self.first.push(draft.clone());
        }
        if let Some(together) = &mut self.together {
            together.note(seen);
        }
        for problem in seen.findings() {
            if problem.severity == Severity::Warning {
                self.warnings += 1;
            }
            if self.problems.len() < SHOWN_PROBLEMS {
                self.problems.push(RowProblem {
                    row: Some(seen.row.number()),
                    problem,
                });
            }
        }
    }

    fn proposal(
        self,
        plan: &Plan,
        accounts: &Accounts,
        account_name: Option<String>,
        notes: Vec<String>,
        duration: Option<Duration>,
    ) -> Proposal {
        let mut by_account = vec![0usize; accounts.ids().len()];
        for row in plan.to_send() {
            by_account[usize::from(row.account)] += 1;
        }
        let first_row = plan.to_send().next().map(|row| row.number);
        Proposal {
            counts: plan.counts(),
            to_send: plan.to_send().count(),
            duration,
            accounts: accounts
                .ids()
                .iter()
                .cloned()
                .zip(by_account.iter().copied())
                .filter(|(_, rows)| *rows > 0)
                .collect(),
            by_account,
            account_name,
            first: self.first.into_iter().find(|draft| Some(draft.row) == first_row),
            problems: self.problems,
            warnings: self.warnings,
            notes,
        }
    }
}

impl Prepared {
    /// Sends, tells what happens, and brings the results up to date. `asked` stops it.
    ///
    /// # Errors
    /// Another run began meanwhile, the journal cannot be made, or the disk fails.
    pub async fn send(mut self, asked: UnboundedReceiver<Asked>, mut tell: impl FnMut(&Event)) -> Result<Summary, CampaignError> {
        let nothing_to_send = self.plan.to_send().next().is_none();
        if nothing_to_send && self.memory.imports.is_empty() {
            // The run that made a journal meanwhile may be why nothing is left, and the results are its own to write.
            if self.journal.is_none() && self.settings.files.journal.exists() {
                return Err(CampaignError::Overtaken);
            }
            return self.conclude().await;
        }
        let journal = self.begin().await?;
        if nothing_to_send {
            self.journal = Some(journal);
            return self.conclude().await;
        }
        let Some(connection) = self.connection.take() else {
            return Err(CampaignError::NoKey);
        };
        let history = self.open_history()?;
        let ledger = Arc::new(Mutex::new(std::mem::replace(
            &mut self.memory.ledger,
            Ledger::new(key_source(&self.settings)),
        )));
        let plan = Arc::new(std::mem::take(&mut self.plan));
        journal.append(Entry::Run(self.run_start())).await?;
        let refresher = Refresher::start(self.made(&plan, &ledger, Vec::new())?, &self.settings.files.results);
        let mut tally = Tally::new(&plan);
        let ended = {
            let mut row = Row::new();
            let (reading, accounts, contacts) = (&self.reading, &mut self.accounts, &mut self.contacts);
            let clock = Clock::start();
            let uploads = tokio::sync::Mutex::new(match self.settings.delivery.reuse {
                Reuse::Wanted => Uploads::of(&self.memory.uploads),
                Reuse::Spared => Uploads::default(),
            });
            let sender = Sender {
                uploads: &uploads,
                client: &connection.client,
                journal: &journal,
                ledger: &ledger,
                clock: &clock,
                retries: self.settings.pace.retries,
                courtesy: history.as_ref().map(|history| Courtesy {
                    history,
                    same_text: same_text(&self.settings),
                    cooldown: self.settings.contact.cooldown,
                }),
                recording: &Cell::new(0),
            };
            let run = Run {
                plan: &plan,
                accounts: self.pacing.account_count(),
                sender,
                rules: self.pacing.rules(),
                pace: self.pacing.pace(clock.now()),
                shared: self.pacing.shared.as_ref(),
                inquiries: Inquiries::default(),
                drafts: &mut |planned| {
                    let draft = reading.redraft(planned, &mut row, accounts)?;
                    contacts.allow(planned, &row, draft)
                },
                tell: &mut |event| {
                    tally.note(&event);
                    tell(&event);
                },
            };
            run.send(asked).await
        };
        refresher.stop();
        connection.close().await;
        let forgotten = history.and_then(|history| history.close().err());
        let (counts, concerned) = (tally.counts, tally.concerned);
        let made = self.made(&plan, &ledger, ended.turned_away.clone())?;
        let broken = matches!(ended.stop, Some(Stop::Journal(_)));
        let mut summary = self.summary(counts, concerned, ended);
        summary.forgotten = forgotten.map(|error| error.to_string());
        match made.write(&self.settings.files.results) {
            Ok((counts, written)) => {
                // A run that did not wait for its requests has rows of which only the journal knows.
                summary.counts = counts;
                if !broken {
                    journal.append(Entry::Written(written)).await?;
                    journal.close()?;
                }
            }
            // What was sent is in the journal, and the counts are known: they are told all the same.
            Err(error) => summary.unwritten = Some(error.to_string()),
        }
        Ok(summary)
    }

    /// The contact history, where there is one for this campaign; what it left in doubt is settled.
    fn open_history(&self) -> Result<Option<History>, CampaignError> {
        match &self.memory.campaign {
            Some(campaign) => super::history::open(&self.settings, campaign, &self.memory.ledger),
            None => Ok(None),
        }
    }

    /// Makes the journal or goes on with the one that is held, and writes into it what the results alone knew.
    async fn begin(&mut self) -> Result<Journal, CampaignError> {
        hold(self.journal.take(), &self.settings, &self.endpoint, &mut self.memory).await
    }

    fn run_start(&self) -> RunStart {
        RunStart {
            at: wall_time(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            timeout_ms: u64::try_from(self.settings.pace.timeout.as_millis()).unwrap_or(u64::MAX),
            account: self.accounts.id(DEFAULT_ACCOUNT).map(str::to_owned),
            templates: self.reading.templates().cloned().unwrap_or_default(),
        }
    }

    /// What results are made from.
    fn made(
        &self,
        plan: &Arc<Plan>,
        ledger: &Arc<Mutex<Ledger>>,
        turned_away: Vec<crate::engine::TurnedAway>,
    ) -> Result<Made, CampaignError> {
        let path = &self.settings.files.journal;
        let journal = if path.exists() {
            Some(Arc::new(journal::Reader::open(path)?))
        } else {
            None
        };
        Ok(Made {
            reading: Arc::clone(&self.reading),
            plan: Arc::clone(plan),
            ledger: Arc::clone(ledger),
            journal,
            imports: self.memory.imports.clone(),
            turned_away,
            account: self
                .accounts
                .id(DEFAULT_ACCOUNT)
                .or(self.memory.account.as_deref())
                .map(str::to_owned),
            sheet: self.settings.files.sheet.clone(),
        })
    }

    /// A run with nothing to send: the results are brought up to date if they are not.
    async fn conclude(mut self) -> Result<Summary, CampaignError> {
        if let (Some(_), Ok(Some((path, _)))) = (&self.journal, super::history::place(&self.settings))
            && path.exists()
        {
            // What was settled since by reading back or by a person is told to other campaigns; if not now, by the next run.
            drop(self.open_history());
        }
        let plan = Arc::new(std::mem::take(&mut self.plan));
        let ledger = Arc::new(Mutex::new(std::mem::replace(
            &mut self.memory.ledger,
            Ledger::new(key_source(&self.settings)),
        )));
        let made = self.made(&plan, &ledger, Vec::new())?;
        let results = &self.settings.files.results;
        if self.memory.written.is_none() || self.memory.written != made.would_write(results) {
            let (_, written) = made.write(results)?;
            if let Some(journal) = self.journal.take() {
                journal.append(Entry::Written(written)).await?;
                journal.close()?;
            }
        }
        let tally = Tally::new(&plan);
        Ok(self.summary(tally.counts, tally.concerned, Ended::default()))
    }

    fn summary(&self, counts: Counts, concerned: Counts, ended: Ended) -> Summary {
        let name = |(account, why): (u16, String)| (self.accounts.id(account).map(str::to_owned), why);
        Summary {
            counts,
            concerned,
            sent_this_run: ended.sent,
            results: self.settings.files.results.clone(),
            unwritten: None,
            forgotten: None,
            stop: ended.stop,
            stopped_accounts: ended.stopped_accounts.into_iter().map(name).collect(),
        }
    }
}
