//! Settles unconfirmed rows: by reading the conversations back, or by a person's verdict.
//!
//! Every judgement goes into the journal with its evidence as soon as it is made, so whatever interrupts this, nothing
//! that was found is lost, and asking again finds the rest.

mod doubts;
mod look;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::address::Accounts;
use super::asking::{Asker, Silence};
use super::connect::{connect, endpoint};
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::memory::Memory;
use super::reading::Reading;
use super::refresh::Made;
use super::run::{Purpose, hold, remember};
use super::settings::{Secret, Settings};
use super::survey::{Depth, Survey};
use crate::adapters::api::Client;
use crate::adapters::journal::{self, Journal};
use crate::engine::clock::wall_time;
use crate::model::entry::Entry;
use crate::model::event::Asked;
use crate::model::judgement::{Evidence, Found, Judgement, Ruling, claim_name};
use crate::model::ledger::{KeyId, Ledger, Standing};
use crate::model::plan::{Choice, Meeting, Plan};
use crate::model::row::RowNumber;
use crate::model::rowset::RowSet;
use crate::model::status::{Counts, Status};
use crate::model::time::Moment;
use doubts::{Claims, Doubt, gather};

/// What somebody wants to be settled, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orders {
    /// These rows of the sheet; `None`: all that are unconfirmed.
    pub rows: Option<RowSet>,
    /// How.
    pub method: Method,
}

/// How unconfirmed rows are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// By reading back.
    ReadBack {
        /// How long to go on asking for what is not found.
        wait: Duration,
        /// What becomes of what is not found then.
        absent: Absent,
    },
    /// By a person's verdict.
    Mark {
        /// The verdict.
        verdict: Marked,
        /// The reason.
        note: String,
    },
}

/// What becomes of a message that is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Its row stays unconfirmed.
    Hold,
    /// Its row is failed, if the attempt is old enough and everything was looked at.
    Accept,
}

/// What a person knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It was delivered.
    Sent,
    /// It was not.
    Failed,
}

impl std::str::FromStr for Marked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "sent" => Ok(Self::Sent),
            "failed" => Ok(Self::Failed),
            _ => Err(format!("`{text}` is neither `sent` nor `failed`")),
        }
    }
}

/// An attempt must be this old before its absence proves anything.
pub const OLD_ENOUGH: Duration = Duration::from_hours(1);

/// The waits between two looks: the first is short, since most messages show at once.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One fact about a reconciliation that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A row is settled.
    Settled {
        /// The row; `None` where the sheet does not have it any more.
        row: Option<RowNumber>,
        /// Its key.
        key: String,
        /// What it is now.
        status: Status,
        /// What that rests on, in one line.
        why: String,
    },
    /// Some rows were not found yet; they are looked for again.
    Waiting {
        /// How many.
        rows: usize,
        /// When.
        until: Moment,
    },
}

/// Why the reading ended before all was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// A person or the system asked.
    Asked(Asked),
    /// The service refuses the key, or asks to be left alone.
    Service(String),
}

/// What came of a reconciliation.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// All rows of the sheet, by status, afterwards.
    pub counts: Counts,
    /// Unconfirmed rows that were to be settled.
    pub concerned: usize,
    /// Of these, sent.
    pub sent: usize,
    /// Of these, failed.
    pub failed: usize,
    /// Of these, still unconfirmed: the row, and what was looked at.
    pub left: Vec<(Option<RowNumber>, String)>,
    /// Why it ended early, if it did.
    pub halt: Option<Halt>,
}

/// The rows of a campaign that are in doubt, held.
struct Case<'a> {
    settings: &'a Settings,
    memory: Memory,
    journal: Journal,
    reading: Reading,
    doubts: Vec<Doubt>,
    claims: Claims,
}

/// Settles what can be settled, and brings the results up to date.
///
/// # Errors
/// The sheet or the journal cannot be read, another run holds the campaign, no row of those named is unconfirmed, no key
/// where one is needed, or the disk fails.
pub async fn reconcile(
    settings: &Settings,
    key: Option<&Secret>,
    orders: &Orders,
    mut asked: UnboundedReceiver<Asked>,
    mut tell: impl FnMut(&Told),
) -> Result<Reconciled, CampaignError> {
    let mut case = Case::open(settings, orders).await?;
    let mut verdict = Reconciled {
        counts: Counts::default(),
        concerned: case.keys(),
        sent: 0,
        failed: 0,
        left: Vec::new(),
        halt: None,
    };
    match &orders.method {
        Method::Mark { verdict: marked, note } => case.mark(*marked, note, &mut verdict, &mut tell).await?,
        Method::ReadBack { .. } if case.doubts.is_empty() => {}
        Method::ReadBack { wait, absent } => {
            let connection = connect(settings, key).await?;
            let mut reader = Reader::new(&connection.client, settings);
            let read = case.read_back(&mut reader, *wait, *absent, &mut verdict, &mut tell);
            let halt = tokio::select! {
                biased;
                Some(who) = asked.recv() => Some(Halt::Asked(who)),
                read = read => read?.map(|silence| Halt::Service(silence.to_string())),
            };
            let blank = BTreeMap::new();
            if halt.is_some() {
                case.leave(&blank, &mut verdict);
            }
            verdict.halt = halt;
            connection.close().await;
        }
    }
    case.conclude(verdict).await
}

/// What a first reading before a run brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadFirst {
    /// Rows that turned out to be sent.
    pub sent: usize,
    /// Rows that are still unconfirmed.
    pub left: usize,
}

/// Looks once, before a run, for what an earlier run left unconfirmed. What is found is in journal and ledger afterwards.
///
/// # Errors
/// The journal cannot be read or written. That the service does not answer is no error: the rows stay as they are.
pub(super) async fn first_reading(
    settings: &Settings,
    client: &Client,
    journal: &Journal,
    ledger: &mut Ledger,
) -> Result<ReadFirst, CampaignError> {
    let (mut doubts, mut claims) = gather(&settings.files.journal, ledger)?;
    let mut sent = 0;
    let mut reader = Reader::new(client, settings);
    reader.asker = reader.asker.once();
    for group in groups(&doubts) {
        let Ok(looked) = reader.look(&group, &doubts, &claims, look::Depth::Listed).await else {
            break;
        };
        for (doubt, found) in group.iter().zip(looked.found) {
            if let Some(found) = found {
                sent += usize::from(ledger.standing(doubt.id) == Standing::Unconfirmed);
                judge(journal, ledger, &mut claims, doubt, Ruling::Sent, Evidence::Found(found)).await?;
            }
        }
    }
    doubts.retain(|doubt| ledger.standing(doubt.id) == Standing::Unconfirmed);
    Ok(ReadFirst {
        sent,
        left: groups(&doubts).len(),
    })
}

/// The attempts of one account for one key.
fn groups(doubts: &[Doubt]) -> Vec<Vec<Doubt>> {
    let mut groups: BTreeMap<(Option<&str>, KeyId), Vec<Doubt>> = BTreeMap::new();
    for doubt in doubts {
        groups.entry((doubt.account.as_deref(), doubt.id)).or_default().push(doubt.clone());
    }
    groups.into_values().collect()
}

/// Looks at one group after another; each account's list of conversations is asked for once a round.
struct Reader<'a> {
    asker: Asker<'a>,
    lists: HashMap<Option<String>, Result<look::Listed, Silence>>,
}

impl<'a> Reader<'a> {
    fn new(client: &'a Client, settings: &Settings) -> Self {
        Self {
            asker: Asker::new(client, settings),
            lists: HashMap::new(),
        }
    }

    /// Looks for one group of `all` the doubts there are.
    async fn look(&mut self, group: &[Doubt], all: &[Doubt], claims: &Claims, depth: look::Depth) -> Result<look::Looked, Silence> {
        let account = group.first().and_then(|doubt| doubt.account.clone());
        if !self.lists.contains_key(&account) {
            let of_account: Vec<Doubt> = all.iter().filter(|doubt| doubt.account == account).cloned().collect();
            let listed = look::list(&mut self.asker, account.as_deref(), look::earliest(&of_account)).await;
            self.lists.insert(account.clone(), listed);
        }
        match self.lists.get(&account) {
            Some(listed) => look::look(&mut self.asker, group, listed, claims, depth).await,
            None => Ok(look::Looked::default()),
        }
    }
}

/// Writes a judgement down, and draws its consequences.
async fn judge(
    journal: &Journal,
    ledger: &mut Ledger,
    claims: &mut Claims,
    doubt: &Doubt,
    ruling: Ruling,
    evidence: Evidence,
) -> Result<(), CampaignError> {
    if let Evidence::Found(Found { message_urn, sent_at, .. }) = &evidence {
        claims.take(claim_name(message_urn.as_deref(), Some(*sent_at)).as_deref());
    }
    let entry = Entry::Judgement(Judgement {
        at: wall_time(),
        of: doubt.of,
        was: ledger.position(doubt.id).unwrap_or(doubt.of),
        ruling,
        evidence,
    });
    let position = journal.append(entry.clone()).await?;
    // The attempt is in doubt, or it would not be judged.
    let _ = ledger.apply(position, &entry);
    Ok(())
}

impl<'a> Case<'a> {
    /// Holds the campaign and gathers what is in doubt among the rows that are meant.
    async fn open(settings: &'a Settings, orders: &Orders) -> Result<Self, CampaignError> {
        let endpoint = endpoint(settings)?;
        let (mut memory, held) = remember(settings, &endpoint, &Purpose::Send(None))?;
        if held.is_none() && memory.imports.is_empty() {
            return Err(CampaignError::NothingSent);
        }
        let journal = hold(held, settings, &endpoint, &mut memory).await?;
        let reading = Reading::open_with(settings, memory.templates.clone())?;
        let (mut doubts, claims) = gather(&settings.files.journal, &memory.ledger)?;
        let rows = rows(&reading, settings, &memory)?;
        for doubt in &mut doubts {
            doubt.row = rows.get(&doubt.id).copied();
        }
        if let Some(wanted) = &orders.rows {
            doubts.retain(|doubt| doubt.row.is_some_and(|row| wanted.contains(row)));
            if doubts.is_empty() {
                return Err(CampaignError::NotUnconfirmed);
            }
        }
        Ok(Self {
            settings,
            memory,
            journal,
            reading,
            doubts,
            claims,
        })
    }

    /// How many keys are in doubt.
    fn keys(&self) -> usize {
        let mut ids: Vec<KeyId> = self.doubts.iter().map(|doubt| doubt.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    async fn mark(
        &mut self,
        marked: Marked,
        note: &str,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(), CampaignError> {
        let ruling = match marked {
            Marked::Sent => Ruling::Sent,
            Marked::Failed => Ruling::Failed,
        };
        for doubt in std::mem::take(&mut self.doubts) {
            let evidence = Evidence::Person(note.to_owned());
            self.settle(&doubt, ruling, evidence, verdict, tell).await?;
        }
        Ok(())
    }

    /// Judges one attempt; tells of the row if that settles it.
    async fn settle(
        &mut self,
        doubt: &Doubt,
        ruling: Ruling,
        evidence: Evidence,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(), CampaignError> {
        let ledger = &mut self.memory.ledger;
        if ledger.standing(doubt.id) != Standing::Unconfirmed {
            return Ok(());
        }
        let why = why(&evidence);
        judge(&self.journal, ledger, &mut self.claims, doubt, ruling, evidence).await?;
        let status = ledger.standing(doubt.id).status();
        match status {
            Status::Sent => verdict.sent += 1,
            Status::Failed => verdict.failed += 1,
            _ => return Ok(()),
        }
        tell(&Told::Settled {
            row: doubt.row,
            key: doubt.key.clone(),
            status,
            why,
        });
        Ok(())
    }

    /// Looks for what is in doubt until everything is found or the time is up. Returns why nothing more can be asked, if so.
    async fn read_back(
        &mut self,
        reader: &mut Reader<'_>,
        wait: Duration,
        absent: Absent,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<Option<Silence>, CampaignError> {
        let ends = wall_time() + wait;
        let mut pause = FIRST_PAUSE;
        loop {
            let (looked, halt) = self.round(reader, verdict, tell).await?;
            let now = wall_time();
            if halt.is_some() || self.doubts.is_empty() || now >= ends {
                if halt.is_none() {
                    self.give_up(&looked, absent, verdict, tell).await?;
                }
                return Ok(halt);
            }
            let until = (now + pause).min(ends);
            tell(&Told::Waiting { rows: self.keys(), until });
            tokio::time::sleep(until.since(now)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Looks once for everything that is in doubt. Returns what was looked at for each key.
    async fn round(
        &mut self,
        reader: &mut Reader<'_>,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(BTreeMap<KeyId, look::Looked>, Option<Silence>), CampaignError> {
        reader.lists.clear();
        let mut looks = BTreeMap::new();
        for group in groups(&self.doubts) {
            let mut looked = match reader.look(&group, &self.doubts, &self.claims, look::Depth::Every).await {
                Ok(looked) => looked,
                Err(silence) => return Ok((looks, Some(silence))),
            };
            for (doubt, found) in group.iter().zip(std::mem::take(&mut looked.found)) {
                if let Some(found) = found {
                    self.settle(doubt, Ruling::Sent, Evidence::Found(found), verdict, tell).await?;
                }
            }
            if let Some(first) = group.first() {
                looks.insert(first.id, looked);
            }
            let ledger = &self.memory.ledger;
            self.doubts.retain(|doubt| ledger.standing(doubt.id) == Standing::Unconfirmed);
        }
        Ok((looks, None))
    }

    /// Says of what was not found what was looked at; or accepts that it is not there.
    async fn give_up(
        &mut self,
        looks: &BTreeMap<KeyId, look::Looked>,
        absent: Absent,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(), CampaignError> {
        for doubt in self.doubts.clone() {
            let looked = looks.get(&doubt.id);
            let old = doubt.at.is_some_and(|at| wall_time().since(at) >= OLD_ENOUGH);
            let proven = absent == Absent::Accept && old && looked.is_some_and(|looked| looked.thorough);
            let ruling = if proven { Ruling::Failed } else { Ruling::Open };
            let evidence = Evidence::Absent(what_was_looked_at(&doubt, looked, absent));
            self.settle(&doubt, ruling, evidence, verdict, tell).await?;
        }
        self.leave(looks, verdict);
        Ok(())
    }

    /// Notes what is still in doubt.
    fn leave(&mut self, looks: &BTreeMap<KeyId, look::Looked>, verdict: &mut Reconciled) {
        let ledger = &self.memory.ledger;
        self.doubts.retain(|doubt| ledger.standing(doubt.id) == Standing::Unconfirmed);
        let mut seen = Vec::new();
        for doubt in &self.doubts {
            if !seen.contains(&doubt.id) {
                seen.push(doubt.id);
                let why = looks.get(&doubt.id).map(|looked| looked.at.clone()).unwrap_or_default();
                verdict.left.push((doubt.row, why));
            }
        }
    }

    /// Brings the results up to date and gives the campaign free.
    async fn conclude(self, mut verdict: Reconciled) -> Result<Reconciled, CampaignError> {
        let Self {
            settings,
            memory,
            journal,
            reading,
            ..
        } = self;
        // What other campaigns of this machine know of these people follows from what is known now.
        if let Some(campaign) = &memory.campaign
            && let Some(history) = super::history::open(settings, campaign, &memory.ledger)?
        {
            history.close().map_err(CampaignError::History)?;
        }
        let plan = plan(&reading, settings, &memory, |_, _| {})?;
        let made = Made {
            reading: Arc::new(reading),
            plan: Arc::new(plan),
            ledger: Arc::new(Mutex::new(memory.ledger)),
            journal: Some(Arc::new(journal::Reader::open(&settings.files.journal)?)),
            imports: Vec::new(),
            turned_away: Vec::new(),
            account: settings.account.clone(),
            sheet: settings.files.sheet.clone(),
        };
        let (counts, written) = made.write(&settings.files.results)?;
        verdict.counts = counts;
        // Where somebody stopped it, a judgement may be on its way to the disk that these results do not know yet.
        if !matches!(verdict.halt, Some(Halt::Asked(_))) {
            journal.append(Entry::Written(written)).await?;
        }
        journal.close()?;
        Ok(verdict)
    }
}

fn what_was_looked_at(doubt: &Doubt, looked: Option<&look::Looked>, absent: Absent) -> String {
    let at = looked.map_or("nothing", |looked| looked.at.as_str());
    match (doubt.at, absent) {
        (None, _) => format!("{at}; the results do not say when it was attempted, so no message can be told to be it"),
        (Some(at_time), Absent::Accept) if wall_time().since(at_time) < OLD_ENOUGH => {
            format!("{at}; --accept-absent needs an attempt that is an hour old")
        }
        _ => at.to_owned(),
    }
}

fn why(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Found(found) => format!("found, sent at {}", found.sent_at),
        Evidence::Absent(looked) => format!("not there: {looked}"),
        Evidence::Person(note) if note.is_empty() => "a person decided".to_owned(),
        Evidence::Person(note) => format!("a person decided: {note}"),
    }
}

/// The plan of all rows, and which row has which key.
fn plan(reading: &Reading, settings: &Settings, memory: &Memory, mut each: impl FnMut(KeyId, RowNumber)) -> Result<Plan, CampaignError> {
    let ledger = &memory.ledger;
    let mut accounts = Accounts::new(settings.account.clone());
    let survey = Survey {
        reading,
        ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Tell)?,
        accounts: &mut accounts,
        depth: Depth::Sendable,
    };
    survey.plan(Choice::everything(), |seen| {
        let own = matches!(
            seen.meeting,
            Meeting::Settled {
                status: Status::Unconfirmed,
                skip: None
            }
        );
        if own && let Some(id) = ledger.find(seen.key, seen.address.map(|address| &address.recipient)) {
            each(id, seen.row.number());
        }
    })
}

/// Where the sheet has the keys that are in doubt.
fn rows(reading: &Reading, settings: &Settings, memory: &Memory) -> Result<HashMap<KeyId, RowNumber>, CampaignError> {
    let mut rows = HashMap::new();
    plan(reading, settings, memory, |id, row| {
        rows.entry(id).or_insert(row);
    })?;
    Ok(rows)
}
