//! Where the sheet has the rows that are in doubt.

use std::collections::HashMap;

use crate::campaign::address::Accounts;
use crate::campaign::contacts::{Aim, Contacts};
use crate::campaign::error::CampaignError;
use crate::campaign::memory::Memory;
use crate::campaign::reading::Reading;
use crate::campaign::settings::Settings;
use crate::campaign::survey::{Depth, Survey};
use crate::model::ledger::KeyId;
use crate::model::plan::{Choice, Meeting, Plan};
use crate::model::row::RowNumber;
use crate::model::status::Status;

/// The plan of all rows, and which row has which key.
pub(super) fn plan(
    reading: &Reading,
    settings: &Settings,
    memory: &Memory,
    mut each: impl FnMut(KeyId, RowNumber),
) -> Result<Plan, CampaignError> {
    let ledger = &memory.ledger;
    let mut accounts = Accounts::new(settings.account.clone());
    let survey = Survey {
        reading,
        ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Tell)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Tell),
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
pub(super) fn rows(reading: &Reading, settings: &Settings, memory: &Memory) -> Result<HashMap<KeyId, RowNumber>, CampaignError> {
    let mut rows = HashMap::new();
    plan(reading, settings, memory, |id, row| {
        rows.entry(id).or_insert(row);
    })?;
    Ok(rows)
}
