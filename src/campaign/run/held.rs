//! The memory of a campaign that a run holds, from its journal or from results whose journal is gone.

use super::super::error::CampaignError;
use super::super::memory::{Memory, Origin, key_source, terms};
use super::super::pacing::limits;
use super::super::settings::Settings;
use super::Purpose;
use crate::adapters::journal::{self, Journal};
use crate::model::entry::Entry;
use crate::model::ledger::Ledger;

/// How many rows of old results go into a new journal at once.
const IMPORTS_AT_ONCE: usize = 1000;

/// What is remembered of the campaign: held from here on if a journal is there, else none is made yet.
pub(in crate::campaign) fn remember(
    settings: &Settings,
    endpoint: &str,
    purpose: &Purpose,
) -> Result<(Memory, Option<Journal>), CampaignError> {
    if *purpose == Purpose::Show {
        let mut memory = Memory::read_back(settings, limits(settings).memory())?;
        memory.finish();
        return Ok((memory, None));
    }
    let mut memory = Memory::of(settings, limits(settings).memory());
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
    if memory.runs == 0 {
        memory.import(&settings.files.results)?;
    }
    memory.finish();
    Ok((memory, held))
}

/// Makes the journal or goes on with the one that is held, and writes into it what the results alone knew.
///
/// # Errors
/// The journal cannot be made or written, or another run made one meanwhile.
pub(in crate::campaign) async fn hold(
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
