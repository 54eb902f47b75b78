//! A sheet and its templates, open: what turns a row into a draft.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::adapters::sheet::{self, Sheet};
use crate::adapters::template::{self, Compiled, TemplateErrors};
use crate::model::draft::{AttachedFile, Channel, Draft};
use crate::model::entry::Templates;
use crate::model::plan::Planned;
use crate::model::preflight::Rules;
use crate::model::problem::{Problem, Severity};
use crate::model::row::{Header, Meaning, Row};
use crate::model::status::Status;

use super::address::{Accounts, Address, Unaddressed, address};
use super::attachments::Shelf;
use super::error::CampaignError;
use super::preflight::{foreign_placeholders, placeholders_in_the_way};
use super::settings::Settings;
use crate::engine::TurnedAway;

/// A sheet and the templates that its rows are rendered with.
pub struct Reading {
    sheet: Sheet,
    /// Rendering reuses its buffers, so one thread renders at a time.
    templates: Option<(Templates, Mutex<Compiled>)>,
    /// The files that rows attach.
    shelf: Shelf,
    /// The inbox of rows that name none.
    channel: Option<Channel>,
    /// What would embarrass the sender of a row.
    rules: Option<Rules>,
}

/// Why templates cannot be used. What another tool would fill in may be no template at all, as `{{{first_name}}}` is.
fn no_template(error: TemplateErrors, templates: &Templates, header: &Header) -> CampaignError {
    let found = template::placeholders(templates, header);
    if found.iter().any(|one| one.found.starts_with("{{{")) {
        return placeholders_in_the_way(&foreign_placeholders(templates, header));
    }
    error.into()
}

/// A row that was rendered, and what is worth a look in it.
#[derive(Debug)]
pub struct Judged {
    /// The draft, or why there is none.
    pub draft: Result<Draft, Vec<Problem>>,
    /// What stops nothing.
    pub warnings: Vec<Problem>,
    /// How often a default stood in for something missing.
    pub defaults: u32,
}

impl Reading {
    /// Opens the sheet, and the templates that the settings name.
    ///
    /// # Errors
    /// What cannot be read for certain: the sheet, a template, or a variable that no column has.
    pub fn open(settings: &Settings) -> Result<Self, CampaignError> {
        let sheet = open_sheet(settings)?;
        let templates = match &settings.files.message {
            Some(message) => Some(template::load(message, settings.files.subject.as_deref())?),
            None => None,
        };
        Self::with(settings, sheet, templates)
    }

    /// Opens the sheet with the templates of an earlier run, unless the settings name some that can be used.
    ///
    /// # Errors
    /// The sheet cannot be read for certain.
    pub fn open_with(settings: &Settings, recorded: Option<Templates>) -> Result<Self, CampaignError> {
        if let Some(message) = &settings.files.message
            && let Ok(templates) = template::load(message, settings.files.subject.as_deref())
            && let Ok(reading) = Self::with(settings, open_sheet(settings)?, Some(templates))
        {
            return Ok(reading);
        }
        if let Ok(reading) = Self::with(settings, open_sheet(settings)?, recorded) {
            return Ok(reading);
        }
        Self::with(settings, open_sheet(settings)?, None)
    }

    fn with(settings: &Settings, sheet: Sheet, templates: Option<Templates>) -> Result<Self, CampaignError> {
        let mut rules = None;
        let templates = match templates {
            None => None,
            Some(templates) => {
                let compiled = Compiled::new(&templates, sheet.header()).map_err(|error| no_template(error, &templates, sheet.header()))?;
                rules = Some(Rules::new(sheet.header(), &compiled.used_columns(), settings.lengths));
                Some((templates, Mutex::new(compiled)))
            }
        };
        Ok(Self {
            sheet,
            templates,
            shelf: Shelf::of(settings),
            channel: settings.delivery.channel,
            rules,
        })
    }

    /// The sheet.
    #[must_use]
    pub const fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// The header of the sheet.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.sheet.header()
    }

    /// The templates, if there are any.
    #[must_use]
    pub fn templates(&self) -> Option<&Templates> {
        self.templates.as_ref().map(|(templates, _)| templates)
    }

    /// The compiled templates, if there are any.
    #[must_use]
    pub fn compiled(&self) -> Option<MutexGuard<'_, Compiled>> {
        self.templates
            .as_ref()
            .map(|(_, compiled)| compiled.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whom a row goes to.
    ///
    /// # Errors
    /// The row cannot be addressed.
    pub fn address(&self, row: &Row, accounts: &mut Accounts) -> Result<Address, Unaddressed> {
        address(self.header(), row, accounts)
    }

    /// The rules that rows are judged by, where there are templates.
    #[must_use]
    pub const fn rules(&self) -> Option<&Rules> {
        self.rules.as_ref()
    }

    /// What the message of a row says, whoever gets it; `None` where there is no template, or it cannot be rendered.
    #[must_use]
    pub fn message(&self, row: &Row) -> Option<String> {
        self.compiled()?.render(row).ok().map(|rendered| rendered.message)
    }

    /// Renders a row that has an address. `None` where there is no template.
    ///
    /// # Errors
    /// The row cannot be rendered, or must not be sent as it is.
    pub fn draft(&self, row: &Row, address: &Address, accounts: &Accounts) -> Option<Result<Draft, Vec<Problem>>> {
        self.judged(row, address, accounts).map(|judged| judged.draft)
    }

    /// [`Reading::draft`], with what is worth a look.
    #[must_use]
    pub fn judged(&self, row: &Row, address: &Address, accounts: &Accounts) -> Option<Judged> {
        let rendered = self.compiled()?.render(row);
        let defaults = rendered.as_ref().map_or(0, |rendered| rendered.defaults);
        let mut found = Vec::new();
        if let Some(rules) = &self.rules {
            rules.judge_cells(self.header(), row, &mut found);
            if let Ok(rendered) = &rendered {
                rules.judge_texts(&rendered.message, rendered.subject.as_deref(), &mut found);
            }
        }
        let (errors, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|problem| problem.severity == Severity::Error);
        let judged = |draft| {
            Some(Judged {
                draft,
                warnings: others,
                defaults,
            })
        };
        let rendered = match rendered {
            Err(mut problems) => {
                problems.extend(errors);
                Err(problems)
            }
            Ok(_) if !errors.is_empty() => Err(errors),
            Ok(rendered) => Ok(rendered),
        };
        let files = self.files(&address.attachments);
        let (rendered, files) = match (rendered, files) {
            (Ok(rendered), Ok(files)) => (rendered, files),
            (Ok(_), Err(problems)) | (Err(problems), Ok(_)) => return judged(Err(problems)),
            (Err(mut problems), Err(more)) => {
                problems.extend(more);
                return judged(Err(problems));
            }
        };
        judged(Ok(Draft {
            row: row.number(),
            key: address.key.clone(),
            recipient: address.recipient.clone(),
            account: accounts.id(address.account).map(str::to_owned),
            channel: address.channel.or(self.channel),
            subject: rendered.subject,
            message: rendered.message,
            attachments: files,
        }))
    }

    /// The files that a row attaches. What is wrong with those of a cell is in its column.
    fn files(&self, named: &[String]) -> Result<Vec<AttachedFile>, Vec<Problem>> {
        let column = self.header().column(Meaning::Attachments).filter(|_| !named.is_empty());
        let placed = |problem: Problem| match column {
            Some(column) => problem.in_column(self.header().name(column)),
            None => problem,
        };
        let taken = self.shelf.take(named);
        taken.map_err(|problems| problems.into_iter().map(placed).collect())
    }

    /// Renders a planned row again when its turn comes. What is sent is what was planned, or nothing.
    ///
    /// # Errors
    /// The sheet was changed while the run went on, so that this is not the row that was planned any more.
    pub fn redraft(&self, planned: &Planned, row: &mut Row, accounts: &mut Accounts) -> Result<Draft, TurnedAway> {
        let away = |why: &str| TurnedAway {
            row: planned.number,
            status: Status::Pending,
            why: format!("{why} while the run went on; run again to send what it says now"),
        };
        let changed = || away("the sheet was changed");
        self.sheet.reread(planned.place, planned.number, row).map_err(|_| changed())?;
        let address = self.address(row, accounts).map_err(|_| changed())?;
        let files = !address.attachments.is_empty() || self.shelf.has_usual();
        let changed = || {
            if files {
                away("the sheet or an attached file was changed")
            } else {
                changed()
            }
        };
        let mut draft = self.draft(row, &address, accounts).and_then(Result::ok).ok_or_else(changed)?;
        if draft.check() != planned.check {
            return Err(changed());
        }
        draft.account = accounts.id(planned.account).map(str::to_owned);
        Ok(draft)
    }
}

fn open_sheet(settings: &Settings) -> Result<Sheet, CampaignError> {
    let options = sheet::Options {
        encoding: settings.sheet.encoding.clone(),
        tab: settings.sheet.tab.clone(),
        delimiter: settings.sheet.delimiter,
        columns: settings
            .sheet
            .columns
            .iter()
            .map(|(meaning, header)| (meaning.as_str().to_owned(), header.clone()))
            .collect(),
        key: settings.sheet.key.clone(),
    };
    Ok(Sheet::open(&settings.files.sheet, &options)?)
}
