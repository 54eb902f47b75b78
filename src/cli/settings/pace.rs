//! How fast, when, and when to give up.

use std::num::NonZeroUsize;
use std::time::Duration;

use rowcast::campaign::settings::{End, Hours, Pace};
use rowcast::model::limits::AccountLimits;
use rowcast::model::rate::Ceiling;
use rowcast::model::time::Span;

use super::error::SettingsError;
use super::keys;
use super::layers::Layers;
use super::paths::Stage;
use crate::cli::args::{AtLeastOne, Count, PaceArgs, PositiveSpan, ReadingArgs};

/// Puts the pace together.
///
/// # Errors
/// Where a layer says something that is no such value.
pub fn pace(flags: &PaceArgs, reading: &ReadingArgs, stage: Stage, layers: &Layers<'_>) -> Result<Pace, SettingsError> {
    let default = match stage {
        Stage::Service => Pace::default(),
        Stage::Sandbox => Pace::of_sandbox(),
    };
    let rate = layers.pick(flags.rate, &keys::RATE)?.unwrap_or(default.rate);
    let account = of_accounts(flags, &default.account, layers)?;
    let mut own = std::collections::BTreeMap::new();
    for id in layers.limited_accounts() {
        let limits = of_account(&id, &account, layers)?;
        own.insert(id, limits);
    }
    let concurrency: Option<AtLeastOne> = layers.pick(flags.concurrency, &keys::CONCURRENCY)?;
    let timeout: Option<PositiveSpan> = layers.pick(flags.timeout, &keys::TIMEOUT)?;
    let max_failures: Option<AtLeastOne> = layers.pick(flags.max_failures, &keys::MAX_FAILURES)?;
    let max_wait: Option<Span> = layers.pick(flags.max_wait, &keys::MAX_WAIT)?;
    let no_wait = layers.switch(flags.no_wait.into(), &keys::NO_WAIT, Some(Duration::ZERO))?;
    Ok(Pace {
        key_rates: key_rates(flags, rate, layers)?,
        rate,
        account,
        own,
        hours: hours(flags, layers)?,
        read_rate: layers.pick(reading.read_rate, &keys::READ_RATE)?.unwrap_or(default.read_rate),
        concurrency: concurrency.map_or(default.concurrency, |many| {
            NonZeroUsize::try_from(many.0).unwrap_or(NonZeroUsize::MAX)
        }),
        timeout: timeout.map_or(default.timeout, PositiveSpan::get),
        retries: layers
            .pick(flags.retries, &keys::RETRIES)?
            .map_or(default.retries, |Count(retries)| retries),
        max_failures: max_failures.map_or(default.max_failures, |many| many.0),
        max_wait: max_wait.map_or(default.max_wait, |Span(wait)| wait),
        hours_wait: no_wait.or(max_wait.map(|Span(wait)| wait)).unwrap_or(default.hours_wait),
        end: end(flags, layers)?,
    })
}

/// The limits of every account that has none of its own.
fn of_accounts(flags: &PaceArgs, default: &AccountLimits, layers: &Layers<'_>) -> Result<AccountLimits, SettingsError> {
    Ok(AccountLimits {
        rate: layers.pick(flags.account_rate, &keys::ACCOUNT_RATE)?.unwrap_or(default.rate),
        hourly: layers.pick(flags.account_hourly, &keys::ACCOUNT_HOURLY)?.unwrap_or(default.hourly),
        daily: layers.pick(flags.daily_limit, &keys::DAILY_LIMIT)?.unwrap_or(default.daily),
        day: layers.pick(flags.daily_window, &keys::DAILY_WINDOW)?.unwrap_or(default.day),
        new_conversations: layers
            .pick(flags.new_conversations, &keys::NEW_CONVERSATIONS)?
            .unwrap_or(default.new_conversations),
        gap: layers.pick(flags.gap, &keys::GAP)?.or(default.gap),
        ramp: layers.pick(flags.ramp, &keys::RAMP)?.or(default.ramp),
    })
}

/// The limits of one account: its own where it has some, else those of all.
fn of_account(id: &str, all: &AccountLimits, layers: &Layers<'_>) -> Result<AccountLimits, SettingsError> {
    Ok(AccountLimits {
        rate: layers.pick_of_account(id, &keys::ACCOUNT_RATE)?.unwrap_or(all.rate),
        hourly: layers.pick_of_account(id, &keys::ACCOUNT_HOURLY)?.unwrap_or(all.hourly),
        daily: layers.pick_of_account(id, &keys::DAILY_LIMIT)?.unwrap_or(all.daily),
        day: layers.pick_of_account(id, &keys::DAILY_WINDOW)?.unwrap_or(all.day),
        new_conversations: layers
            .pick_of_account(id, &keys::NEW_CONVERSATIONS)?
            .unwrap_or(all.new_conversations),
        gap: layers.pick_of_account(id, &keys::GAP)?.or(all.gap),
        ramp: layers.pick_of_account(id, &keys::RAMP)?.or(all.ramp),
    })
}

/// The ceilings of the key: those that are said, else those of the service.
fn key_rates(flags: &PaceArgs, rate: Ceiling, layers: &Layers<'_>) -> Result<Vec<rowcast::model::rate::Rate>, SettingsError> {
    let said: Vec<Ceiling> = layers.pick_all(flags.key_rate.clone(), &keys::KEY_RATE)?;
    Ok(match said.as_slice() {
        [] => Pace::key_rates_beside(rate),
        said => said.iter().filter_map(|ceiling| ceiling.rate()).collect(),
    })
}

fn hours(flags: &PaceArgs, layers: &Layers<'_>) -> Result<Hours, SettingsError> {
    Ok(Hours {
        windows: layers.pick_all(flags.window.clone(), &keys::WINDOW)?,
        holidays: layers.pick_all(flags.holidays.clone(), &keys::HOLIDAYS)?,
        timezone: layers.pick_text(flags.timezone.clone(), &keys::TIMEZONE)?,
    })
}

fn end(flags: &PaceArgs, layers: &Layers<'_>) -> Result<End, SettingsError> {
    let after: Option<PositiveSpan> = layers.pick(flags.run_for, &keys::FOR)?;
    Ok(End {
        until: layers.pick(flags.until, &keys::UNTIL)?,
        after: after.map(PositiveSpan::get),
    })
}
