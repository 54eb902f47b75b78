//! What a campaign remembers: its journal, folded; or, where the journal is gone, its results.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::contacts::Aim;
use super::error::CampaignError;
use super::gates::online::Looked;
use super::gates::{Judge, Remembered};
use super::settings::Settings;
use super::sharing::Given;
use super::texts::Texts;
use crate::adapters::journal::{Journal, JournalError, KeyDefinition, Terms};
use crate::adapters::results;
use crate::engine::attempt::counted;
use crate::engine::clock::wall_time;
use crate::model::annals::Annals;
use crate::model::entry::{Entry, Import, Position, Templates, Upload, Written};
use crate::model::fingerprint::QuickMap;
use crate::model::ledger::{KeySource, Ledger, StrayOutcome};
use crate::model::limits::Opener;
use crate::model::time::Moment;
use crate::model::window::{By, Counted, Past};

/// Where a memory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was sent yet.
    Nothing,
    /// The journal.
    Journal,
    /// The results alone: the journal is gone.
    Results,
}

/// What a campaign remembers.
#[derive(Debug)]
pub struct Memory {
    /// What is known of every key.
    pub ledger: Ledger,
    /// Requests that its limits may still count.
    pub annals: Annals,
    /// The account of rows that name none, as its last run had it.
    pub account: Option<String>,
    /// The templates of its last run.
    pub templates: Option<Templates>,
    /// The texts that rows got.
    pub texts: Texts,
    /// How many runs began.
    pub runs: usize,
    /// The last note that results were written, if nothing was added after it.
    pub written: Option<Written>,
    /// What the results said, where the journal is gone: to be written into the new journal first.
    pub imports: Vec<Import>,
    /// The identity of its journal, where there is one.
    pub campaign: Option<String>,
    /// Files that were uploaded.
    pub uploads: Vec<Upload>,
    /// What was found out about people; `None` where nobody asks.
    pub gates: Option<Remembered>,
    /// Where all this comes from.
    pub origin: Origin,
    timeout: Duration,
    /// Requests whose answer was not met yet.
    open: QuickMap<Position, Open>,
    /// The day of each account's first message.
    pub first_days: BTreeMap<Option<String>, i64>,
    /// Which account each row was to be sent from; `None` where nobody will ask.
    pub given: Option<Given>,
}

/// A request that has no answer yet.
#[derive(Debug)]
struct Open {
    account: Option<String>,
    left: Moment,
    opener: Opener,
}

/// Where the keys of this campaign come from.
#[must_use]
pub const fn key_source(settings: &Settings) -> KeySource {
    if settings.sheet.key.is_some() {
        KeySource::Column
    } else {
        KeySource::Recipient
    }
}

impl Memory {
    /// A memory without anything in it. `reach` is how far back requests are remembered for the limits.
    #[must_use]
    pub fn new(source: KeySource, reach: Duration) -> Self {
        Self {
            ledger: Ledger::new(source),
            annals: Annals::new(reach, wall_time()),
            account: None,
            templates: None,
            texts: Texts::default(),
            runs: 0,
            written: None,
            imports: Vec::new(),
            campaign: None,
            uploads: Vec::new(),
            gates: None,
            origin: Origin::Nothing,
            timeout: Duration::from_mins(1),
            open: QuickMap::default(),
            first_days: BTreeMap::new(),
            given: None,
        }
    }

    /// A memory without anything in it, for a campaign with these settings.
    #[must_use]
    pub fn of(settings: &Settings, reach: Duration) -> Self {
        Self {
            given: (!settings.sharing.among.is_empty()).then(Given::default),
            gates: Remembered::of(settings),
            ..Self::new(key_source(settings), reach)
        }
    }

    /// Reads what is there, without holding it: for whoever sends nothing.
    ///
    /// # Errors
    /// The journal is damaged, or of another campaign; or there is no journal and the results cannot be read back.
    pub fn read(settings: &Settings) -> Result<Self, CampaignError> {
        Self::read_back(settings, Duration::ZERO)
    }

    /// The same, with the requests of the last while: for whoever says when what will be sent.
    ///
    /// # Errors
    /// As for [`Memory::read`].
    pub fn read_back(settings: &Settings, reach: Duration) -> Result<Self, CampaignError> {
        let mut memory = Self::of(settings, reach);
        let path = &settings.files.journal;
        match Journal::read(path, |position, entry| memory.apply(position, entry))? {
            None => memory.import(&settings.files.results)?,
            Some(head) if head.terms.key == key_definition(settings) => {
                memory.origin = Origin::Journal;
                memory.campaign = Some(head.campaign);
            }
            Some(head) => {
                let wanted = key_definition(settings);
                return Err(JournalError::OtherKey {
                    path: path.clone(),
                    journal: head.terms.key,
                    wanted,
                }
                .into());
            }
        }
        Ok(memory)
    }

    /// Folds an entry of the journal.
    ///
    /// # Errors
    /// An outcome without its intent.
    pub fn apply(&mut self, position: Position, entry: &Entry) -> Result<(), StrayOutcome> {
        self.ledger.apply(position, entry)?;
        self.texts.note(position, entry, &self.ledger);
        self.written = None;
        self.note_given(entry);
        if let Some(gates) = &mut self.gates {
            gates.apply(position, entry);
        }
        match entry {
            Entry::Run(run) => {
                self.runs += 1;
                if !run.test {
                    self.templates = Some(run.templates.clone());
                    self.account.clone_from(&run.account);
                }
                self.end_run();
                self.timeout = Duration::from_millis(run.timeout_ms);
                self.annals.run_began(run.at);
            }
            Entry::Written(written) => self.written = Some(written.clone()),
            Entry::Upload(upload) => self.uploads.push(upload.clone()),
            _ if self.annals.remember_nothing() => {}
            Entry::Intent(intent) => {
                let open = Open {
                    account: intent.account.clone(),
                    left: intent.at,
                    opener: if intent.to.iter().any(|name| name.contains("onversation:")) {
                        Opener::Known
                    } else {
                        Opener::New
                    },
                };
                self.open.insert(position, open);
            }
            Entry::Outcome(outcome) => {
                if let Some(open) = self.open.remove(&outcome.of) {
                    self.remember(open, outcome.at, counted(outcome.answer.verdict()), outcome.service_at);
                }
            }
            Entry::Import(_) | Entry::Judgement(_) | Entry::Finding(_) => {}
        }
        Ok(())
    }

    /// Judges rows by what was found out about people; `None` where nobody asks.
    #[must_use]
    pub fn judge<'a>(&'a self, settings: &'a Settings, aim: Aim) -> Option<Judge<'a>> {
        let known = self.gates.as_ref()?;
        Some(Judge::new(settings, known, self.account.as_deref(), aim))
    }

    /// Takes over what was found out about people just now.
    pub fn take_in(&mut self, looked: &Looked) {
        looked.findings.iter().for_each(|finding| self.ledger.learn(finding));
        if let Some(gates) = &mut self.gates {
            gates.take_in(looked);
        }
    }

    fn note_given(&mut self, entry: &Entry) {
        let Some(given) = &mut self.given else { return };
        let (key, account) = match entry {
            Entry::Intent(intent) if !intent.test => (&intent.key, intent.account.as_deref().unwrap_or_default()),
            Entry::Import(import) if import.attempts > 0 => (&import.key, import.account.as_str()),
            _ => return,
        };
        if let Some(key) = self.ledger.find_key(key).filter(|_| !account.is_empty()) {
            given.note(key, account);
        }
    }

    /// Takes note of a request; `date` is the service's time in its answer.
    fn remember(&mut self, open: Open, answered: Moment, counted: Counted, date: Option<Moment>) {
        let Open { account, left, opener } = open;
        if counted == Counted::Yes {
            let day = date.unwrap_or(left).utc_day();
            match self.first_days.get_mut(&account) {
                Some(first) => *first = day.min(*first),
                None => drop(self.first_days.insert(account.clone(), day)),
            }
        }
        let past = Past {
            account,
            left,
            answered,
            counted,
            opener,
            by: By::Us,
        };
        self.annals.request(past, date);
    }

    /// Attempts without an outcome may have gone on until their time-out: the run that made them is over.
    fn end_run(&mut self) {
        let mut open: Vec<Open> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_by_key(|open| open.left);
        for open in open {
            let latest = open.left + self.timeout;
            self.remember(open, latest, Counted::Yes, None);
        }
    }

    /// Ends the replay.
    pub fn finish(&mut self) {
        self.end_run();
    }

    /// Takes over what the results say, where the journal is gone.
    ///
    /// # Errors
    /// There are results, and they cannot be read back.
    pub fn import(&mut self, path: &Path) -> Result<(), CampaignError> {
        if !path.exists() {
            return Ok(());
        }
        let mut named = BTreeSet::new();
        for line in results::read(path)? {
            let line = line?;
            // Two of them tell what it needs to know: that there is not only one.
            if named.len() < 2 && !line.import.account.is_empty() {
                named.insert(line.import.account.clone());
            }
            let Some(mut import) = line.into_import() else { continue };
            if self.ledger.source() == KeySource::Recipient {
                import.to.push(import.key.clone());
            }
            // Positions only tell imports apart until the new journal gives them places of their own.
            let position = Position(self.imports.len() as u64);
            // An import has no intent that could be missing.
            let entry = Entry::Import(import.clone());
            let _ = self.ledger.apply(position, &entry);
            self.texts.note(position, &entry, &self.ledger);
            self.note_given(&entry);
            if let Some(gates) = &mut self.gates {
                gates.take_over(&import);
            }
            self.imports.push(import);
        }
        // The only account that the results name sent, or was to send, the rows that name none.
        self.account = named.pop_first().filter(|_| named.is_empty());
        // Results of rows of which none was tried remember nothing, and no journal is missing.
        if !self.imports.is_empty() {
            self.origin = Origin::Results;
        }
        Ok(())
    }
}

/// What a journal must be to belong to this campaign.
#[must_use]
pub fn terms(settings: &Settings, endpoint: &str) -> Terms {
    Terms {
        endpoint: endpoint.to_owned(),
        key: key_definition(settings),
    }
}

fn key_definition(settings: &Settings) -> KeyDefinition {
    settings.sheet.key.clone().map_or(KeyDefinition::Recipient, KeyDefinition::Column)
}
