//! Who must not be written to, as far as it is known when somebody asks: right before the plan, and right before a send.

use crate::adapters::suppress::{Lists, SuppressError};
use crate::model::draft::Draft;
use crate::model::plan::Planned;
use crate::model::recipient::Recipient;
use crate::model::row::{Header, Row};
use crate::model::status::Status;
use crate::model::suppression::{Candidate, company_column};

use super::error::CampaignError;
use super::settings::Settings;
use crate::engine::TurnedAway;

/// Who must not be written to.
#[derive(Debug)]
pub struct Contacts {
    lists: Lists,
    company: Option<usize>,
}

impl Contacts {
    /// Reads the do-not-contact lists: the personal one and those of the settings.
    ///
    /// # Errors
    /// A list that cannot be read for certain.
    pub fn open(settings: &Settings, header: &Header) -> Result<Self, CampaignError> {
        Ok(Self {
            lists: Lists::open(settings.data_folder.as_deref(), &settings.contact.suppress)?,
            company: company_column(header),
        })
    }

    /// Why a list holds the row back, if one does.
    #[must_use]
    pub fn suppressed(&self, row: &Row, key: &str, recipient: &Recipient) -> Option<String> {
        if self.lists.entries().is_empty() {
            return None;
        }
        let company = self.company.map_or("", |column| row.cell(column));
        let candidate = Candidate { recipient, key, company };
        self.lists.entries().find(candidate).map(|hit| hit.to_string())
    }

    /// Asks the lists once more, right before the send: a line that was added since counts.
    ///
    /// # Errors
    /// A list names the row now; or a list cannot be read just now, and then nobody is written to.
    pub fn allow(&mut self, planned: &Planned, row: &Row, draft: Draft) -> Result<Draft, TurnedAway> {
        let away = |status, why: String| TurnedAway {
            row: planned.number,
            // An earlier attempt whose fate is unknown stays what it is.
            status: if planned.status == Status::Unconfirmed {
                planned.status
            } else {
                status
            },
            why,
        };
        self.lists
            .refresh()
            .map_err(|error: SuppressError| away(Status::Pending, error.to_string()))?;
        match self.suppressed(row, &draft.key, &draft.recipient) {
            Some(why) => Err(away(Status::Skipped, why)),
            None => Ok(draft),
        }
    }
}
