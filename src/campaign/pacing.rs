//! From settings and memory to the engine's pace: limits, hours, what was used up, and what campaigns share.

use std::path::Path;
use std::time::Duration;

use super::address::Accounts;
use super::connect::endpoint;
use super::error::CampaignError;
use super::memory::Memory;
use super::settings::{Endpoint, Settings};
use crate::adapters::calendar::Zone;
use crate::adapters::database::permits::{Name, Opening, Permits};
use crate::adapters::database::{DatabaseError, file_in};
use crate::adapters::digest::sha256_hex;
use crate::engine::Rules;
use crate::engine::clock::wall_time;
use crate::engine::inquiry::Spent;
use crate::engine::pace::{Beginning, Class, Limits, Pace};
use crate::engine::schedule::Schedule;
use crate::engine::shared::{Names, ReadNames, Reads, Shared};
use crate::engine::simulate::{Reply, Simulated, World, simulate};
use crate::model::calendar::Openings;
use crate::model::event::Wait;
use crate::model::plan::Plan;
use crate::model::skew::Skew;
use crate::model::time::Moment;
use crate::model::window::Past;

/// Hours are worked out so far ahead; no campaign lasts longer.
const HORIZON: Duration = Duration::from_hours(2 * 366 * 24);

/// Everything that the engine's pace is made from.
#[derive(Debug)]
pub struct Pacing {
    limits: Limits,
    accounts: Vec<Option<String>>,
    past: Vec<Past>,
    first_days: Vec<Option<i64>>,
    classes: Vec<Class>,
    hours: Vec<Openings>,
    seed: u64,
    rules: Rules,
    /// How far the service's clock is ahead, as far as it told before the first send.
    skew: Option<Skew>,
    /// What accounts have spent by whatever program, as far as the service told.
    pub spent: Vec<(u16, Spent)>,
    /// The permits that campaigns share, where anything is limited; only for a run that sends.
    pub shared: Option<Shared>,
}

/// The time, as far as it was told.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// What our clock shows.
    pub now: Moment,
    /// How far the service's is ahead of it.
    pub skew: Option<Skew>,
}

/// Whether permits will be claimed.
#[derive(Debug, Clone, Copy)]
pub enum Claiming<'a> {
    /// They will, with this key.
    With(&'a str),
    /// Nothing is sent.
    Not,
}

/// The limits of a run.
#[must_use]
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        rate: settings.pace.rate,
        key: settings.pace.key_rates.clone(),
        account: settings.pace.account.clone(),
        own: settings.pace.own.clone(),
    }
}

/// The zone whose clock counts.
///
/// # Errors
/// There is none of this name.
pub fn zone(settings: &Settings) -> Result<Zone, CampaignError> {
    Ok(match &settings.pace.hours.timezone {
        Some(name) => Zone::named(name)?,
        None => Zone::of_system(),
    })
}

impl Pacing {
    /// What a run that began at `now` would need, for whoever only wants to know: nothing is claimed.
    ///
    /// # Errors
    /// As for [`Pacing::new`], or a base URL that may not be used.
    pub fn to_tell(settings: &Settings, accounts: &Accounts, memory: &Memory, now: Moment) -> Result<Self, CampaignError> {
        Self::new(
            settings,
            &endpoint(settings)?,
            accounts,
            memory,
            Claiming::Not,
            Told { now, skew: None },
        )
    }

    /// Puts together what a run that begins at `time` needs.
    ///
    /// # Errors
    /// A time zone that there is not, or permits that cannot be kept.
    pub fn new(
        settings: &Settings,
        endpoint: &str,
        accounts: &Accounts,
        memory: &Memory,
        claiming: Claiming<'_>,
        time: Told,
    ) -> Result<Self, CampaignError> {
        let now = time.now;
        let zone = zone(settings)?;
        let (classes, hours) = hours(settings, &zone, accounts, now)?;
        let mut pacing = Self {
            limits: limits(settings),
            accounts: accounts.ids().to_vec(),
            past: memory.annals.by_the_clock_of(time.skew),
            first_days: accounts.ids().iter().map(|id| memory.first_days.get(id).copied()).collect(),
            classes,
            hours,
            seed: seed(settings),
            rules: rules(settings, &zone, now),
            skew: time.skew,
            spent: Vec::new(),
            shared: None,
        };
        pacing.share(settings, endpoint, claiming, now)?;
        Ok(pacing)
    }

    /// Takes up what other campaigns of this machine have used, and opens the permits if some will be claimed.
    fn share(&mut self, settings: &Settings, endpoint: &str, claiming: Claiming<'_>, now: Moment) -> Result<(), CampaignError> {
        let own = self.limits.own.values().chain([&self.limits.account]);
        let nothing_is_shared = self.limits.key.is_empty() && own.into_iter().all(crate::model::limits::AccountLimits::hold_nothing);
        if nothing_is_shared || matches!(settings.endpoint, Endpoint::Sandbox { .. }) {
            return Ok(());
        }
        let path = match (&settings.data_folder, claiming) {
            (Some(folder), _) => file_in(folder),
            (None, Claiming::With(_)) => return Err(CampaignError::Permits(DatabaseError::NoFolder)),
            (None, Claiming::Not) => return Ok(()),
        };
        if matches!(claiming, Claiming::Not) && !path.exists() {
            return Ok(());
        }
        let opening = Opening {
            service: endpoint,
            now,
            skew: self.skew,
        };
        let permits = Permits::open(&path, opening).map_err(CampaignError::Permits)?;
        let names = self.names(
            &permits.salt().map_err(CampaignError::Permits)?,
            endpoint,
            claiming,
            &settings.files.journal,
        );
        let since = now - self.limits.memory();
        let name = |account: &str| match names.accounts.iter().position(|ours| ours == account) {
            Some(index) => Name::Ours(self.accounts.get(index).cloned().flatten()),
            None => Name::Others,
        };
        let others = permits
            .past(&names.key, &names.campaign, since, name)
            .map_err(CampaignError::Permits)?;
        self.past.extend(others);
        self.past.sort_by_key(|past| past.left);
        for (account, first) in names.accounts.iter().zip(&mut self.first_days) {
            let known = permits.first_at(account).map_err(CampaignError::Permits)?.map(Moment::utc_day);
            *first = (*first).into_iter().chain(known).min();
        }
        if let Claiming::With(_) = claiming {
            let (limits, accounts) = (self.limits.clone(), self.accounts.clone());
            self.shared = Some(Shared::new(permits, names, limits, accounts, settings.pace.timeout, self.ahead()));
        }
        Ok(())
    }

    fn names(&self, salt: &str, endpoint: &str, claiming: Claiming<'_>, journal: &Path) -> Names {
        let key = match claiming {
            Claiming::With(key) => key_name(salt, endpoint, key),
            Claiming::Not => String::new(),
        };
        let account = |id: &Option<String>| match id {
            Some(id) => format!("{endpoint} {id}"),
            None => format!("{endpoint} the only account of {key}"),
        };
        Names {
            accounts: self.accounts.iter().map(account).collect(),
            campaign: campaign_name(salt, journal),
            key,
        }
    }

    /// The pace of a run that begins at `now`.
    #[must_use]
    pub fn pace(&self, now: Moment) -> Pace {
        let beginning = Beginning {
            limits: &self.limits,
            accounts: &self.accounts,
            past: &self.past,
            first_days: &self.first_days,
            classes: &self.classes,
            hours: &self.hours,
            patience: self.rules.max_wait,
            seed: self.seed,
            ahead: self.ahead(),
        };
        let mut pace = Pace::new(&beginning, now);
        for (account, spent) in &self.spent {
            spent.apply(&mut pace, *account, now);
        }
        pace
    }

    fn ahead(&self) -> i64 {
        self.skew.map_or(0, Skew::likely)
    }

    /// What the run may do.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// How many accounts the run has.
    #[must_use]
    pub fn account_count(&self) -> u16 {
        u16::try_from(self.accounts.len()).unwrap_or(u16::MAX)
    }

    /// Simulates the run; `each` is told every message: the account, the row as an index into the plan, and when.
    pub fn simulate(&self, plan: &Plan, now: Moment, mut each: impl FnMut(u16, usize, Moment)) -> Simulated {
        let world = World {
            start: now,
            concurrency: self.rules.concurrency,
            end: None,
        };
        simulate(
            Schedule::new(self.account_count(), self.pace(now)),
            plan,
            world,
            |account, row, at| {
                each(account, row, at);
                Reply::AT_ONCE
            },
        )
    }

    /// The accounts that have rows and cannot send at `now`, until when and why.
    #[must_use]
    pub fn waiting(&self, plan: &Plan, now: Moment) -> Vec<(u16, Moment, Wait)> {
        Schedule::new(self.account_count(), self.pace(now)).waiting(plan, now)
    }

    /// When the last row will have been sent; `None` where that cannot be told.
    #[must_use]
    pub fn done(&self, plan: &Plan, now: Moment) -> Option<Moment> {
        if self.pace(now).is_free(now) {
            return Some(now);
        }
        match self.simulate(plan, now, |_, _, _| {}) {
            Simulated::Done(last) => Some(last.unwrap_or(now)),
            Simulated::Unfinished => None,
        }
    }
}

/// What stands for a key in what campaigns share: nothing that the key can be made from again.
fn key_name(salt: &str, endpoint: &str, key: &str) -> String {
    sha256_hex(&format!("{salt}\n{endpoint}\n{key}"))
}

/// What stands for the campaign of a journal.
fn campaign_name(salt: &str, journal: &Path) -> String {
    let journal = std::path::absolute(journal).unwrap_or_else(|_| journal.to_owned());
    sha256_hex(&format!("{salt}\n{}", journal.display()))
}

/// The limits for questions that whoever asks with `key` shares with the campaigns of this machine. `None` where nothing is
/// limited, or nothing can be shared: then each asks by its own limits alone. The service's clock is ahead by `skew`, if it told.
#[must_use]
pub fn reads(settings: &Settings, endpoint: &str, key: &str, skew: Option<Skew>) -> Option<Reads> {
    let pace = &settings.pace;
    if pace.key_rates.is_empty() && pace.read_rate.rate().is_none() {
        return None;
    }
    let opening = Opening {
        service: endpoint,
        now: wall_time(),
        skew,
    };
    let permits = Permits::open(&file_in(settings.data_folder.as_deref()?), opening).ok()?;
    let salt = permits.salt().ok()?;
    let names = ReadNames {
        key: key_name(&salt, endpoint, key),
        campaign: campaign_name(&salt, &settings.files.journal),
        endpoint: endpoint.to_owned(),
    };
    Some(Reads::new(permits, names, pace.key_rates.clone(), pace.read_rate, pace.timeout))
}

/// What pauses are drawn from: the same in every run of a campaign.
fn seed(settings: &Settings) -> u64 {
    let name = settings.files.results.file_name().unwrap_or_default().to_string_lossy();
    sha256_hex(&name)
        .get(..16)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .unwrap_or(0)
}

/// The classes of rows, and the hours that they name.
fn hours(settings: &Settings, zone: &Zone, accounts: &Accounts, now: Moment) -> Result<(Vec<Class>, Vec<Openings>), CampaignError> {
    let said = &settings.pace.hours;
    let windows = match said.windows.as_slice() {
        [] if said.holidays.is_empty() => &[][..],
        [] => EVERY_HOUR,
        windows => windows,
    };
    let mut zones: Vec<Option<&str>> = vec![None];
    let mut classes = Vec::new();
    for class in accounts.classes() {
        let name = class.zone.as_deref().filter(|_| !windows.is_empty());
        let index = zones.iter().position(|known| *known == name).unwrap_or_else(|| {
            zones.push(name);
            zones.len() - 1
        });
        classes.push(Class {
            hours: u16::try_from(index).unwrap_or(0),
            opener: class.opener,
        });
    }
    let mut hours = Vec::new();
    for name in zones {
        let zone = match name {
            Some(name) => Zone::named(name)?,
            None => zone.clone(),
        };
        hours.push(if windows.is_empty() {
            Openings::ALWAYS
        } else {
            zone.openings(windows, &said.holidays, now, now + HORIZON)
        });
    }
    Ok((classes, hours))
}

/// What a run may do.
fn rules(settings: &Settings, zone: &Zone, now: Moment) -> Rules {
    let pace = &settings.pace;
    let until = pace.end.until.map(|time| zone.next(time, now));
    let after = pace.end.after.map(|span| now + span);
    Rules {
        concurrency: pace.concurrency.get(),
        max_failures: pace.max_failures.get() as usize,
        max_wait: pace.max_wait,
        hours_wait: pace.hours_wait,
        end: until.into_iter().chain(after).min(),
    }
}

const EVERY_HOUR: &[crate::model::calendar::WeekHours] = &[crate::model::calendar::WeekHours::ALL];
