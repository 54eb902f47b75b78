//! Who must not be written to, as far as it is known when somebody asks: right before the plan, and right before a send.

use std::collections::HashSet;
use std::time::Duration;

use crate::adapters::database::contacts::{Question, Reader, SameText};
use crate::adapters::database::file_in;
use crate::adapters::digest::sha256_hex;
use crate::adapters::suppress::{Lists, Refreshed, SuppressError};
use crate::engine::TurnedAway;
use crate::engine::clock::wall_time;
use crate::model::draft::Draft;
use crate::model::fingerprint::Fingerprint;
use crate::model::ledger::Standing;
use crate::model::plan::Planned;
use crate::model::recipient::Recipient;
use crate::model::row::{Header, Row};
use crate::model::status::Status;
use crate::model::suppression::{Candidate, company_column};
use crate::model::time::Moment;

use super::connect::scope;
use super::error::CampaignError;
use super::settings::{Repeats, Settings};

/// From so many rows on, all names of the history are kept in memory, so that most rows cost no question to the database.
const MANY_ROWS: usize = 1000;

/// What the answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// To send, or to say what would be sent: a history that cannot be asked is refused.
    Send,
    /// To say how rows stand: a history that cannot be asked says nothing.
    Tell,
}

/// Who must not be written to.
#[derive(Debug)]
pub struct Contacts {
    lists: Lists,
    company: Option<usize>,
    history: Option<Asked>,
    names: Option<KnownNames>,
}

/// What the history knows of the names of people, whatever else of it is to be heeded.
#[derive(Debug)]
struct KnownNames {
    reader: Reader,
    scope: String,
}

/// The history, and what is asked of it.
#[derive(Debug)]
struct Asked {
    reader: Reader,
    scope: String,
    own: Option<String>,
    same_text: SameText,
    since: Option<Moment>,
    questions: usize,
    names: Option<HashSet<Fingerprint>>,
}

/// Whether the same text may go again, in the history's words.
#[must_use]
pub const fn same_text(settings: &Settings) -> SameText {
    match settings.contact.repeats {
        Repeats::Refuse => SameText::Refuse,
        Repeats::Allow => SameText::Allow,
    }
}

/// Whether anything in the history is to be heeded.
#[must_use]
pub const fn heeds_history(settings: &Settings) -> bool {
    matches!(same_text(settings), SameText::Refuse) || settings.contact.cooldown.is_some()
}

impl Contacts {
    /// Reads the do-not-contact lists, the personal one and those of the settings, and opens the history where it is to be
    /// heeded. `own` is the identity of the campaign's journal.
    ///
    /// # Errors
    /// A list that cannot be read for certain, or a history that cannot be asked.
    pub fn open(settings: &Settings, header: &Header, own: Option<&str>, aim: Aim) -> Result<Self, CampaignError> {
        let history = match (Asked::open(settings, own), aim) {
            (Err(_), Aim::Tell) => None,
            (asked, _) => asked?,
        };
        let mut contacts = Self {
            lists: Lists::open(settings.data_folder.as_deref(), &settings.contact.suppress)?,
            company: company_column(header),
            history,
            names: KnownNames::open(settings),
        };
        contacts.know_by_history();
        Ok(contacts)
    }

    /// These are names of the same people, two by two: a list that has one of them means the other as well.
    pub fn know(&mut self, same_people: impl IntoIterator<Item = (Fingerprint, Fingerprint)>) {
        let entries = self.lists.entries_mut();
        if !entries.names_nobody() {
            same_people.into_iter().for_each(|(one, other)| entries.are_one(one, other));
        }
    }

    /// Takes over the names that the history knows of those who are listed. Where it cannot be asked, the lists say what they say.
    fn know_by_history(&mut self) {
        let entries = self.lists.entries();
        let Some(names) = self.names.as_ref().filter(|_| !entries.names_nobody()) else {
            return;
        };
        let is_listed = |name: &str| entries.names_person(Fingerprint::of(name));
        let pairs = names.reader.names_of(&names.scope, is_listed).unwrap_or_default();
        self.know(pairs.iter().map(|(id, urn)| (Fingerprint::of(id), Fingerprint::of(urn))));
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

    /// Why a list holds this person back, whatever row it is about.
    #[must_use]
    pub fn person_listed(&self, recipient: &Recipient) -> Option<String> {
        let candidate = Candidate {
            recipient,
            key: "",
            company: "",
        };
        self.lists.entries().find(candidate).map(|hit| hit.to_string())
    }

    /// Reads the lists again, where one was changed.
    ///
    /// # Errors
    /// A list cannot be read just now.
    pub fn refresh(&mut self) -> Result<Refreshed, SuppressError> {
        let refreshed = self.lists.refresh()?;
        if refreshed == Refreshed::Anew {
            self.know_by_history();
        }
        Ok(refreshed)
    }

    /// Why nobody may write to this recipient just now, whatever the text: the cooldown.
    ///
    /// # Errors
    /// The history cannot be asked.
    pub fn written_to_lately(&mut self, recipient: &Recipient) -> Result<Option<String>, CampaignError> {
        match &mut self.history {
            Some(asked) if asked.since.is_some() => asked.ask(recipient, None, asked.since),
            _ => Ok(None),
        }
    }

    /// Why this recipient must not get this text: another campaign sent it.
    ///
    /// # Errors
    /// The history cannot be asked.
    pub fn has_text(&mut self, recipient: &Recipient, message: &str, standing: Standing) -> Result<Option<String>, CampaignError> {
        match &mut self.history {
            // A person said that a row whose fate is unknown is to be sent again.
            Some(asked) if asked.same_text == SameText::Refuse && standing != Standing::Unconfirmed => {
                asked.ask(recipient, Some(message), None)
            }
            _ => Ok(None),
        }
    }

    /// Asks the lists once more, right before the send: a line that was added since counts. `same_people` tells what the run
    /// has found out about names, where a list changed.
    ///
    /// # Errors
    /// A list names the row now; or a list cannot be read just now, and then nobody is written to.
    pub fn allow(
        &mut self,
        planned: &Planned,
        row: &Row,
        draft: Draft,
        same_people: impl FnOnce() -> Vec<(Fingerprint, Fingerprint)>,
    ) -> Result<Draft, TurnedAway> {
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
        let refreshed = self
            .refresh()
            .map_err(|error: SuppressError| away(Status::Pending, error.to_string()))?;
        if refreshed == Refreshed::Anew {
            self.know(same_people());
        }
        match self.suppressed(row, &draft.key, &draft.recipient) {
            Some(why) => Err(away(Status::Skipped, why)),
            None => Ok(draft),
        }
    }
}

impl KnownNames {
    fn open(settings: &Settings) -> Option<Self> {
        let (folder, scope) = (settings.data_folder.as_deref()?, scope(settings).ok()??);
        let reader = Reader::open(&file_in(folder)).ok()??;
        Some(Self { reader, scope })
    }
}

impl Asked {
    /// The history; `None` where nothing in it is to be heeded.
    fn open(settings: &Settings, own: Option<&str>) -> Result<Option<Self>, CampaignError> {
        let (Some(folder), Some(scope), true) = (&settings.data_folder, scope(settings)?, heeds_history(settings)) else {
            return Ok(None);
        };
        let Some(reader) = Reader::open(&file_in(folder)).map_err(CampaignError::History)? else {
            return Ok(None);
        };
        if !reader.knows(&scope).map_err(CampaignError::History)? {
            return Ok(None);
        }
        Ok(Some(Self {
            reader,
            scope,
            own: own.map(str::to_owned),
            same_text: same_text(settings),
            since: settings.contact.cooldown.map(|cooldown: Duration| wall_time() - cooldown),
            questions: 0,
            names: None,
        }))
    }

    fn ask(&mut self, recipient: &Recipient, message: Option<&str>, since: Option<Moment>) -> Result<Option<String>, CampaignError> {
        self.questions += 1;
        if self.questions == MANY_ROWS {
            let mut names = HashSet::new();
            let read = self.reader.each_name(&self.scope, |name| {
                names.insert(Fingerprint::of(name));
            });
            read.map_err(CampaignError::History)?;
            self.names = Some(names);
        }
        if let Some(names) = &self.names
            && !recipient.identities().any(|name| names.contains(&Fingerprint::of(&name)))
        {
            return Ok(None);
        }
        let names: Vec<String> = recipient.identities().map(String::from).collect();
        let sha256 = message.map(sha256_hex);
        let found = self.reader.find(&Question {
            scope: &self.scope,
            own: self.own.as_deref(),
            names: &names,
            sha256: sha256.as_deref(),
            since,
        });
        let found = found.map_err(CampaignError::History)?;
        Ok(found.map(|earlier| earlier.to_string()))
    }
}
