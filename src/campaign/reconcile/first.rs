//! The first look of a run: for what an earlier one left unconfirmed.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::doubts::gather;
use super::judge::judge;
use super::look::Depth;
use super::party::batches;
use super::reader::Reader;
use crate::adapters::journal::Journal;
use crate::campaign::asking::Silence;
use crate::campaign::connect::Connection;
use crate::campaign::error::CampaignError;
use crate::campaign::settings::Settings;
use crate::model::judgement::{Evidence, Ruling};
use crate::model::ledger::{KeyId, Ledger, Standing};

/// For how long a run looks back before it goes on at most; for `--max-wait` where that is shorter.
const LONGEST: Duration = Duration::from_secs(30);

/// How often it is told how far the look has come.
const A_WHILE: Duration = Duration::from_secs(5);

/// How far the first look has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstLook {
    /// Unconfirmed rows that were looked for.
    pub done: usize,
    /// All that are unconfirmed.
    pub all: usize,
    /// How long it takes at most.
    pub within: Duration,
}

/// What a first reading before a run brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadFirst {
    /// Rows that turned out to be sent.
    pub sent: usize,
    /// Rows that were not looked for, since that would have taken too long.
    pub unseen: usize,
    /// How long it took at most.
    pub within: Duration,
}

/// Looks once, before a run, for what an earlier run left unconfirmed; for half a minute at most, and no longer than the
/// limits for reading let questions through at once. What is found is in journal and ledger afterwards.
///
/// # Errors
/// The journal cannot be read or written. That the service does not answer is no error: the rows stay as they are.
pub(in crate::campaign) async fn first_reading(
    settings: &Settings,
    connection: &Connection,
    journal: &Journal,
    ledger: &mut Ledger,
    tell: &mut dyn FnMut(&FirstLook),
) -> Result<ReadFirst, CampaignError> {
    let (doubts, mut claims) = gather(&settings.files.journal, ledger)?;
    let ids: BTreeSet<KeyId> = doubts.iter().map(|doubt| doubt.id).collect();
    let within = LONGEST.min(settings.pace.max_wait);
    let mut look = FirstLook {
        done: 0,
        all: ids.len(),
        within,
    };
    tell(&look);
    let (mut seen, mut sent) = (BTreeSet::new(), 0);
    let began = Instant::now();
    let mut told = began;
    let mut reader = Reader::new(connection, settings);
    reader.asker = reader.asker.once().for_at_most(within);
    for batch in batches(&doubts) {
        let looked = timeout_at(began + within, reader.look(&batch, &doubts, &mut claims, Depth::Listed)).await;
        let glimpses = match looked {
            Ok(Ok(glimpses)) => glimpses,
            // This account has to wait; another may not.
            Ok(Err(Silence::Held(_))) => continue,
            Ok(Err(_)) | Err(_) => break,
        };
        for glimpse in glimpses {
            let doubt = &glimpse.doubt;
            seen.insert(doubt.id);
            if let Some(found) = glimpse.found {
                sent += usize::from(ledger.standing(doubt.id) == Standing::Unconfirmed);
                judge(journal, ledger, &mut claims, doubt, Ruling::Sent, Evidence::Found(found)).await?;
            }
        }
        look.done = seen.len();
        if told.elapsed() >= A_WHILE {
            told = Instant::now();
            tell(&look);
        }
    }
    Ok(ReadFirst {
        sent,
        unseen: look.all - look.done,
        within,
    })
}
