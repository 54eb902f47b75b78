//! The first look of a run: for what an earlier one left unconfirmed.

use std::collections::BTreeSet;

use super::doubts::gather;
use super::judge::judge;
use super::look::Depth;
use super::party::batches;
use super::reader::Reader;
use crate::adapters::api::Client;
use crate::adapters::journal::Journal;
use crate::campaign::error::CampaignError;
use crate::campaign::settings::Settings;
use crate::model::judgement::{Evidence, Ruling};
use crate::model::ledger::{KeyId, Ledger, Standing};

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
pub(in crate::campaign) async fn first_reading(
    settings: &Settings,
    client: &Client,
    journal: &Journal,
    ledger: &mut Ledger,
) -> Result<ReadFirst, CampaignError> {
    let (mut doubts, mut claims) = gather(&settings.files.journal, ledger)?;
    let mut sent = 0;
    let mut reader = Reader::new(client, settings);
    reader.asker = reader.asker.once();
    for batch in batches(&doubts) {
        let Ok(glimpses) = reader.look(&batch, &doubts, &claims, Depth::Listed).await else {
            break;
        };
        for glimpse in glimpses {
            if let Some(found) = glimpse.found {
                let doubt = &glimpse.doubt;
                sent += usize::from(ledger.standing(doubt.id) == Standing::Unconfirmed);
                judge(journal, ledger, &mut claims, doubt, Ruling::Sent, Evidence::Found(found)).await?;
            }
        }
    }
    doubts.retain(|doubt| ledger.standing(doubt.id) == Standing::Unconfirmed);
    let left: BTreeSet<KeyId> = doubts.iter().map(|doubt| doubt.id).collect();
    Ok(ReadFirst { sent, left: left.len() })
}
