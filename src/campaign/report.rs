//! The run as a page: how it stands, who sent what and when, and which rows somebody should look at.

use std::collections::BTreeMap;

use super::error::CampaignError;
use super::results::{Told, each, with_source};
use super::settings::Settings;
use super::target::Target;
use crate::adapters::pages::{self, ReportPage, ReportRow};
use crate::model::status::{Counts, Status};

/// How many rows to look at a report names; the results have them all.
const NAMED: usize = 500;

/// What is gathered while every row is told of.
#[derive(Default)]
struct Gathered {
    accounts: BTreeMap<String, usize>,
    days: BTreeMap<String, usize>,
    attention: Vec<ReportRow>,
    more: usize,
}

/// Writes the report to `target`. A file is whole at every instant and readable by its owner alone.
///
/// # Errors
/// The sheet or the journal cannot be read, or the disk fails.
pub fn report(settings: &Settings, target: Target<'_>) -> Result<Counts, CampaignError> {
    let mut gathered = Gathered::default();
    let counts = with_source(settings, |source| {
        each(source, |told, _| {
            gathered.take(told);
            Ok(())
        })
    })?;
    let title = settings.files.sheet.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let html = pages::report(&gathered.page(title, &counts))?;
    write(target, &html)?;
    Ok(counts)
}

/// Writes a page to where somebody wants it.
pub(super) fn write(target: Target<'_>, html: &str) -> Result<(), CampaignError> {
    match target {
        Target::File(path) => pages::write(path, html)?,
        Target::Stream(stream) => pages::show(stream, html)?,
    }
    Ok(())
}

impl Gathered {
    fn take(&mut self, told: &Told) {
        match told.status {
            Status::Sent => {
                let account = if told.facts.account.is_empty() {
                    "the only one of the key"
                } else {
                    &told.facts.account
                };
                *self.accounts.entry(account.to_owned()).or_default() += 1;
                let day = told.facts.sent_at.get(..10).unwrap_or("not known");
                *self.days.entry(day.to_owned()).or_default() += 1;
            }
            Status::Failed | Status::Unconfirmed | Status::Invalid if self.attention.len() < NAMED => self.attention.push(ReportRow {
                row: told.number,
                key: told.facts.key.clone(),
                status: told.status.to_string(),
                error: told.facts.error.clone(),
                attempts: told.attempts,
            }),
            Status::Failed | Status::Unconfirmed | Status::Invalid => self.more += 1,
            Status::Skipped | Status::Pending => {}
        }
    }

    fn page(self, title: String, counts: &Counts) -> ReportPage {
        let share = |part: usize, whole: usize| u32::try_from(part * 100 / whole.max(1)).unwrap_or(100);
        let busiest = self.days.values().copied().max().unwrap_or(1);
        let with_rows = Status::ALL.into_iter().filter(|status| counts.of(*status) > 0);
        ReportPage {
            title,
            rows: counts.total(),
            counts: with_rows
                .map(|status| (status.to_string(), counts.of(status), share(counts.of(status), counts.total())))
                .collect(),
            accounts: self.accounts.into_iter().collect(),
            days: self.days.into_iter().map(|(day, sent)| (day, sent, share(sent, busiest))).collect(),
            attention: self.attention,
            more: self.more,
        }
    }
}
