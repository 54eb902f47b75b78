//! A test: the chosen rows' texts to somebody who is to look at them. It counts for no row.

use super::super::contacts::Contacts;
use super::super::error::CampaignError;
use super::super::settings::{Endpoint, Settings};
use crate::engine::TurnedAway;
use crate::model::draft::Draft;
use crate::model::plan::Planned;
use crate::model::recipient::Recipient;
use crate::model::status::Status;

/// So many texts somebody reads.
const FEW: usize = 5;

/// Where the texts of a test go.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    recipient: Recipient,
}

impl Trial {
    /// The test that the settings ask for, if they do.
    ///
    /// # Errors
    /// Nobody can be written to by what `--test-to` says.
    pub(super) fn of(settings: &Settings) -> Result<Option<Self>, CampaignError> {
        let Some(said) = &settings.choice.test_to else { return Ok(None) };
        match Recipient::parse(said) {
            Ok(recipient) => Ok(Some(Self { recipient })),
            Err(error) => Err(CampaignError::Settings(format!("--test-to: {error}"))),
        }
    }

    /// Whom it goes to.
    pub(super) fn name(&self) -> String {
        self.recipient.canonical()
    }

    /// Hardly anybody wants the texts of a whole sheet: where no rows were chosen this is said.
    pub(super) fn of_all(&self, settings: &Settings, texts: usize) -> Option<String> {
        let choice = &settings.choice;
        let chosen = choice.rows.is_some() || choice.only.is_some() || choice.limit.is_some() || choice.sample.is_some();
        if chosen || texts <= FEW || matches!(settings.endpoint, Endpoint::Sandbox { .. }) {
            return None;
        }
        Some(format!(
            "A test: the texts of all {texts} rows go to {}, since no rows are chosen; --rows, --limit or --sample chooses some.",
            self.name()
        ))
    }

    /// A do-not-contact list holds for whoever is to get the tests, as for anybody. Those of the rows get nothing.
    ///
    /// # Errors
    /// A list names them.
    pub(super) fn permit(&self, contacts: &Contacts) -> Result<(), CampaignError> {
        match contacts.person_listed(&self.recipient) {
            Some(why) => Err(CampaignError::Settings(format!("--test-to {}: {why}", self.name()))),
            None => Ok(()),
        }
    }

    /// The same text to whoever is to look at it; asks the lists once more.
    ///
    /// # Errors
    /// A list names them now, or cannot be read just now.
    pub(super) fn redirect(&self, planned: &Planned, draft: Draft, contacts: &mut Contacts) -> Result<Draft, TurnedAway> {
        let away = |why: String| TurnedAway {
            row: planned.number,
            status: Status::Pending,
            why,
        };
        contacts.refresh().map_err(|error| away(error.to_string()))?;
        match contacts.person_listed(&self.recipient) {
            Some(why) => Err(away(why)),
            None => Ok(self.readdress(draft)),
        }
    }

    /// The same text to whoever is to look at it.
    pub(super) fn readdress(&self, draft: Draft) -> Draft {
        Draft {
            recipient: self.recipient.clone(),
            ..draft
        }
    }
}
