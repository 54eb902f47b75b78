//! The rendered messages, as they would be sent.

mod suspects;

use super::address::Accounts;
use super::contacts::{Aim, Contacts};
use super::error::CampaignError;
use super::memory::Memory;
use super::reading::Reading;
use super::refresh::freshen;
use super::report::write;
use super::settings::Settings;
use super::survey::{Depth, Seen, Survey};
use super::target::Target;
use crate::adapters::digest::sha256_hex;
use crate::adapters::pages::{self, PreviewCard, PreviewPage};
use crate::model::plan::{Choice, Plan, Step};
use crate::model::problem::{Problem, Severity};
use crate::model::row::{Header, Meaning, RowNumber};
use crate::model::status::{Counts, Status};
use suspects::Suspects;

/// A row as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The row.
    pub row: RowNumber,
    /// What identifies it.
    pub key: String,
    /// What it is now.
    pub status: Status,
    /// The sending account; `None`: the only one of the key.
    pub account: Option<String>,
    /// Whom it goes to; what the cell says where that cannot be read.
    pub recipient: String,
    /// The subject, if there is one.
    pub subject: Option<String>,
    /// The message; `None` where it cannot be rendered.
    pub message: Option<String>,
    /// SHA-256 of the message.
    pub message_sha256: Option<String>,
    /// The files that go with it, as they are named.
    pub attachments: Vec<String>,
    /// What is wrong, or worth a look.
    pub problems: Vec<Problem>,
}

/// In which order rows are shown, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// All that are chosen, in the sheet's order.
    Sheet,
    /// So many of them, those that are most likely to go wrong first.
    WorstFirst(usize),
}

/// Renders the chosen rows and hands each to `show`. `--rows`, `--only`, `--sample` and `--limit` choose, and of the chosen rows `order`
/// shows all, or the worst; everything else is as a run would have it.
///
/// # Errors
/// The sheet or a template cannot be read.
pub fn preview(settings: &Settings, order: Order, mut show: impl FnMut(Preview)) -> Result<(), CampaignError> {
    let mut memory = Memory::read(settings)?;
    let reading = Reading::open(settings)?;
    if reading.templates().is_none() {
        return Err(CampaignError::NoMessage);
    }
    let mut accounts = Accounts::of(settings, settings.account.clone(), &mut memory);
    let mut left = settings.choice.limit.unwrap_or(usize::MAX);
    let header = reading.header().clone();
    let choice = Choice {
        unconfirmed: settings.choice.unconfirmed,
        ..Choice::everything()
    };
    let chosen = chosen(settings, &reading, &memory)?;
    let survey = Survey {
        reading: &reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, &header, memory.campaign.as_deref(), Aim::Send)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Send),
        depth: Depth::Everything,
    };
    let mut worst = match order {
        Order::Sheet => None,
        Order::WorstFirst(most) => Some(Suspects::new(most, &reading)),
    };
    let plan = survey.plan(choice, |seen| {
        let number = seen.row.number();
        let wanted = match &chosen {
            Some(plan) => plan.row(number).is_some_and(|row| row.step != Step::LeaveOut),
            None => settings.choice.rows.as_ref().is_none_or(|rows| rows.contains(number)),
        };
        if left == 0 || !wanted {
            return;
        }
        left -= 1;
        match &mut worst {
            None => show(Preview::of(seen, &header, settings.account.as_deref())),
            Some(worst) => worst.note(seen, || Preview::of(seen, &header, settings.account.as_deref())),
        }
    })?;
    worst.into_iter().flat_map(Suspects::finish).for_each(show);
    freshen(settings, reading, plan, memory)
}

impl Preview {
    fn of(seen: &Seen<'_>, header: &Header, default_account: Option<&str>) -> Self {
        let cell = |meaning| header.column(meaning).map_or("", |column| seen.row.cell(column)).to_owned();
        let account = seen
            .draft
            .and_then(|draft| draft.account.clone())
            .or_else(|| Some(cell(Meaning::Account)).filter(|cell| !cell.is_empty()))
            .or_else(|| default_account.map(str::to_owned));
        let recipient = seen
            .address
            .map_or_else(|| cell(Meaning::Recipient), |address| address.recipient.canonical());
        Self {
            row: seen.row.number(),
            key: seen.key.to_owned(),
            status: seen.status,
            account,
            recipient,
            subject: seen.draft.and_then(|draft| draft.subject.clone()),
            message: seen.draft.map(|draft| draft.message.clone()),
            message_sha256: seen.draft.map(|draft| sha256_hex(&draft.message)),
            attachments: seen
                .draft
                .map_or_else(Vec::new, |draft| draft.attachments.iter().map(|file| file.name.clone()).collect()),
            problems: seen.all_problems(),
        }
    }
}

/// The plan that says which rows are chosen, where that takes a look at all of them first: whom a sample takes, and what failed.
fn chosen(settings: &Settings, reading: &Reading, memory: &Memory) -> Result<Option<Plan>, CampaignError> {
    if settings.choice.only.is_none() && settings.choice.sample.is_none() {
        return Ok(None);
    }
    let choice = Choice {
        limit: None,
        ..super::check::choice(settings)
    };
    let mut accounts = Accounts::new(settings.account.clone());
    let survey = Survey {
        reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Send)?,
        accounts: &mut accounts,
        judge: memory.judge(settings, Aim::Send),
        depth: Depth::Everything,
    };
    survey.plan(choice, |_| {}).map(Some)
}

/// Renders the chosen rows and writes them to `target` as a page. Returns how many there are.
///
/// # Errors
/// As for [`preview`], or the page cannot be written.
pub fn write_page(settings: &Settings, order: Order, target: Target<'_>) -> Result<usize, CampaignError> {
    let (mut cards, mut counts) = (Vec::new(), Counts::default());
    preview(settings, order, |row| {
        counts.add(row.status);
        cards.push(card(row));
    })?;
    let title = settings.files.sheet.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let with_rows = Status::ALL.into_iter().filter(|status| counts.of(*status) > 0);
    let counts = with_rows.map(|status| (status.to_string(), counts.of(status))).collect();
    let page = PreviewPage {
        title,
        counts,
        worst_first: order != Order::Sheet,
        cards,
    };
    write(target, &pages::preview(&page)?)?;
    Ok(page.cards.len())
}

fn card(row: Preview) -> PreviewCard {
    let severity = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    PreviewCard {
        row: row.row.0,
        recipient: row.recipient,
        status: row.status.to_string(),
        account: row.account,
        subject: row.subject,
        message: row.message,
        attachments: row.attachments,
        problems: row
            .problems
            .into_iter()
            .map(|problem| (severity(problem.severity).to_owned(), problem.text))
            .collect(),
    }
}
