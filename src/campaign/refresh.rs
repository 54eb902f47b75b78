//! Results kept up to date while a run goes on, at a cost that stays a small share of the run.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::error::CampaignError;
use super::memory::{Memory, Origin};
use super::reading::Reading;
use super::results::{Source, write};
use super::settings::Settings;
use crate::adapters::digest::sha256_hex;
use crate::adapters::journal::{self, Journal};
use crate::engine::TurnedAway;
use crate::model::entry::{Import, Stamp, Written};
use crate::model::ledger::Ledger;
use crate::model::plan::Plan;
use crate::model::status::Counts;

/// The shortest time between two refreshes.
const PERIOD: Duration = Duration::from_secs(3);
/// A refresh may take this share of the time: the results of a million rows are written seldom, not a million times.
const SHARE: u32 = 20;

/// What results are made from, shared with the run that goes on.
pub struct Made {
    /// The sheet and its templates.
    pub reading: Arc<Reading>,
    /// What was planned for every row.
    pub plan: Arc<Plan>,
    /// What is known of every key.
    pub ledger: Arc<Mutex<Ledger>>,
    /// The words of outcomes.
    pub journal: Option<Arc<journal::Reader>>,
    /// What the results said before, where there is no journal.
    pub imports: Vec<Import>,
    /// Rows that were not sent although they were planned to be.
    pub turned_away: Vec<TurnedAway>,
    /// The account of rows that name none.
    pub account: Option<String>,
    /// The sheet's file.
    pub sheet: PathBuf,
}

impl Made {
    /// Writes the results. Returns the counts of what they say, and what was written from what.
    ///
    /// # Errors
    /// The sheet cannot be read any more, or the disk fails.
    pub fn write(&self, target: &Path) -> Result<(Counts, Written), CampaignError> {
        let source = Source {
            reading: &self.reading,
            plan: &self.plan,
            ledger: &self.ledger,
            journal: self.journal.as_deref(),
            imports: &self.imports,
            turned_away: &self.turned_away,
            account: self.account.as_deref(),
        };
        let counts = write(&source, target, None)?;
        let nothing = Stamp { length: 0, changed_ns: 0 };
        let (results, sheet) = (stamp(target).unwrap_or(nothing), stamp(&self.sheet).unwrap_or(nothing));
        let written = Written {
            results,
            sheet,
            made_from: self.made_from(),
        };
        Ok((counts, written))
    }

    /// What a note would say if the results had just been written and are what they are. `None` where there are none.
    #[must_use]
    pub fn would_write(&self, target: &Path) -> Option<Written> {
        Some(Written {
            results: stamp(target)?,
            sheet: stamp(&self.sheet)?,
            made_from: self.made_from(),
        })
    }

    fn made_from(&self) -> String {
        let header = self.reading.header();
        sha256_hex(&format!("{:?} {:?} {:?}", self.reading.templates(), header, self.account))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = path.metadata().ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Stamp {
        length: metadata.len(),
        changed_ns: u64::try_from(changed.as_nanos()).ok()?,
    })
}

/// Brings the results up to date for a command that sends nothing, where a run ended before it could: after a crash.
///
/// Does nothing while a run holds the campaign, since that run keeps them up to date, or where nothing was ever sent.
///
/// # Errors
/// The journal cannot be read, or the disk fails.
pub fn freshen(settings: &Settings, reading: Reading, plan: Plan, memory: Memory) -> Result<(), CampaignError> {
    let (results, journal) = (&settings.files.results, &settings.files.journal);
    if memory.origin != Origin::Journal || Journal::is_held(journal) {
        return Ok(());
    }
    if memory.written.is_some_and(|written| stamp(results) == Some(written.results)) {
        return Ok(());
    }
    let made = Made {
        reading: Arc::new(reading),
        plan: Arc::new(plan),
        ledger: Arc::new(Mutex::new(memory.ledger)),
        journal: Some(Arc::new(journal::Reader::open(journal)?)),
        imports: Vec::new(),
        turned_away: Vec::new(),
        account: settings.account.clone().or(memory.account),
        sheet: settings.files.sheet.clone(),
    };
    match made.write(results) {
        // Whoever only looks is not held up where results cannot be written, such as in a folder of somebody else.
        Err(error) if !error.is_breakage() => Ok(()),
        written => written.map(drop),
    }
}

/// A thread that writes the results now and then.
pub struct Refresher {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Refresher {
    /// Starts the thread.
    #[must_use]
    pub fn start(made: Made, target: &Path) -> Self {
        let (stop, stopped) = channel();
        let target = target.to_owned();
        let thread = std::thread::Builder::new()
            .name("results".to_owned())
            .spawn(move || refresh(&made, &target, &stopped))
            .ok();
        Self { stop, thread }
    }

    /// Stops the thread, after the refresh that it may be at.
    pub fn stop(self) {
        drop(self.stop);
        if let Some(thread) = self.thread {
            // A refresh that panicked leaves the results as they were; the last ones are written by the run itself.
            let _ = thread.join();
        }
    }
}

fn refresh(made: &Made, target: &Path, stopped: &Receiver<()>) {
    let mut pause = PERIOD;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let began = Instant::now();
        // What fails here is tried again, and fails aloud at the end of the run.
        let _ = made.write(target);
        pause = PERIOD.max(began.elapsed() * SHARE);
    }
}
