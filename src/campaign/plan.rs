//! When each account will send how many: the engine's own schedule on a simulated clock.

use std::collections::BTreeMap;

use super::address::Accounts;
use super::check::choice;
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::memory::Memory;
use super::pacing::{Pacing, limits, zone};
use super::reading::Reading;
use super::settings::Settings;
use super::survey::{Depth, Survey};
use crate::engine::clock::wall_time;
use crate::engine::simulate::Simulated;
use crate::model::time::Moment;

/// What will be sent when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// When it begins.
    pub start: Moment,
    /// The zone whose days and hours are shown.
    pub zone: String,
    /// The messages, by account and day.
    pub days: Vec<AccountDay>,
    /// How many rows are to be sent.
    pub to_send: usize,
    /// How many of them the timetable has. The others can never leave, or not within two years.
    pub planned: usize,
    /// When the last one leaves; `None` if none does.
    pub done: Option<Moment>,
}

/// What an account sends on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDay {
    /// The day, such as `2026-11-26`.
    pub day: String,
    /// The account; `None`: the only one of the key.
    pub account: Option<String>,
    /// Messages.
    pub messages: usize,
    /// The first one leaves.
    pub first: Moment,
    /// The last one leaves.
    pub last: Moment,
    /// Messages in each hour of the day that has some.
    pub hours: BTreeMap<u8, usize>,
}

/// Reads the campaign, and simulates a run that begins now. Sends nothing, asks the service nothing.
///
/// # Errors
/// Sheet, templates, settings or journal cannot be read.
pub fn timetable(settings: &Settings) -> Result<Timetable, CampaignError> {
    let mut memory = Memory::read_back(settings, limits(settings).memory())?;
    memory.finish();
    let reading = Reading::open_with(settings, memory.templates.take())?;
    let mut accounts = Accounts::of(settings, settings.account.clone().or_else(|| memory.account.take()), &mut memory);
    let survey = Survey {
        reading: &reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Tell)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Send),
        depth: Depth::Sendable,
    };
    let plan = survey.plan(choice(settings), |_| {})?;
    let now = wall_time();
    let pacing = Pacing::to_tell(settings, &accounts, &memory, now)?;
    let zone = zone(settings)?;
    let mut days: BTreeMap<(String, u16), AccountDay> = BTreeMap::new();
    let mut planned = 0;
    let mut done = None;
    let simulated = pacing.simulate(&plan, now, |account, _, at| {
        planned += 1;
        done = Some(at);
        let (day, hour) = zone.date_and_hour(at);
        let entry = days.entry((day.clone(), account)).or_insert_with(|| AccountDay {
            day,
            account: accounts.id(account).map(str::to_owned),
            messages: 0,
            first: at,
            last: at,
            hours: BTreeMap::new(),
        });
        entry.messages += 1;
        entry.last = at;
        *entry.hours.entry(hour).or_insert(0) += 1;
    });
    if simulated == Simulated::Unfinished {
        done = None;
    }
    Ok(Timetable {
        start: now,
        zone: zone.name().to_owned(),
        days: days.into_values().collect(),
        to_send: plan.to_send().count(),
        planned,
        done,
    })
}
