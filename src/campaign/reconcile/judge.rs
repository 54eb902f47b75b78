//! A judgement: written down, and its consequences drawn.

use super::doubts::{Claims, Doubt};
use crate::adapters::journal::Journal;
use crate::campaign::error::CampaignError;
use crate::engine::clock::wall_time;
use crate::model::entry::Entry;
use crate::model::judgement::{Evidence, Judgement, Ruling};
use crate::model::ledger::Ledger;

/// Writes a judgement down, and draws its consequences.
pub(super) async fn judge(
    journal: &Journal,
    ledger: &mut Ledger,
    claims: &mut Claims,
    doubt: &Doubt,
    ruling: Ruling,
    evidence: Evidence,
) -> Result<(), CampaignError> {
    if let Evidence::Found(found) = &evidence {
        claims.take(&found.claim());
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
