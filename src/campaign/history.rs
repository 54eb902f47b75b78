//! The contact history of the machine, as a campaign keeps it; and how it is made again from journals.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::connect::{SERVICE, is_service};
use super::contacts::heeds_history;
use super::error::CampaignError;
use super::settings::Settings;
use crate::adapters::database;
use crate::adapters::database::contacts::{self, Campaign, Contact, History, Settled};
use crate::adapters::journal::{Head, Journal};
use crate::engine::courtesy::contact;
use crate::model::entry::{Entry, Import, Intent, Position};
use crate::model::ledger::{KeySource, Ledger, StrayOutcome};
use crate::model::outcome::Verdict;
use crate::model::status::Status;
use crate::model::time::Moment;

/// Where the history of these settings is. `None` where nobody is to remember: in the sandbox, or without a data folder.
///
/// # Errors
/// The base URL may not be used.
pub fn place(settings: &Settings) -> Result<Option<(PathBuf, String)>, CampaignError> {
    let scope = super::connect::scope(settings)?;
    let file = settings.data_folder.as_deref().map(database::file_in);
    Ok(file.zip(scope))
}

/// Makes sure that the history can be written, before anything else is made. Returns a warning where it cannot and nothing
/// in it is to be heeded.
///
/// # Errors
/// It cannot be written, and it is to be heeded.
pub fn make_ready(settings: &Settings) -> Result<Option<String>, CampaignError> {
    let Some((path, _)) = place(settings)? else { return Ok(None) };
    match database::make(&path) {
        Ok(()) => Ok(None),
        Err(error) if heeds_history(settings) => Err(CampaignError::History(error)),
        Err(error) => Ok(Some(format!("What is sent now is not remembered for other campaigns: {error}"))),
    }
}

/// Opens the history for a campaign that sends, and settles by its ledger what it left in doubt.
///
/// # Errors
/// It cannot be written, and it is to be heeded.
pub fn open(settings: &Settings, journal: &str, ledger: &Ledger) -> Result<Option<History>, CampaignError> {
    let Some((path, scope)) = place(settings)? else { return Ok(None) };
    let campaign = Campaign {
        journal: journal.to_owned(),
        name: name_of(&settings.files.results),
        scope,
    };
    match History::open(&path, &campaign, |name| standing_of(ledger, name)) {
        Ok(history) => Ok(Some(history)),
        Err(error) if heeds_history(settings) => Err(CampaignError::History(error)),
        Err(_) => Ok(None),
    }
}

fn standing_of(ledger: &Ledger, name: &str) -> Option<Contact> {
    ledger.find_recipient(name).and_then(|id| contact(ledger.standing(id)))
}

/// What people call a campaign: the folder and the stem of its results, `spring-round/people`.
fn name_of(results: &Path) -> String {
    let whole = std::path::absolute(results).unwrap_or_else(|_| results.to_owned());
    let stem = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = [".results.csv", ".results.journal", ".csv", ".journal"]
        .iter()
        .find_map(|ending| stem.strip_suffix(ending))
        .unwrap_or(&stem);
    match whole.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{stem}", folder.to_string_lossy()),
        None => stem.to_owned(),
    }
}

/// What the history takes from one journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The journal.
    pub journal: PathBuf,
    /// How many contacts it has.
    pub contacts: usize,
}

/// Makes the history in `folder` again from these journals: what it had of their campaigns is replaced, all else stays.
///
/// # Errors
/// There is no data folder, a journal cannot be read, or the history cannot be written.
pub fn rebuild(folder: Option<&Path>, journals: &[PathBuf]) -> Result<Vec<Rebuilt>, CampaignError> {
    let folder = folder
        .ok_or_else(|| CampaignError::Settings("there is no folder for the contact history; name one in ROWCAST_DATA_DIR".to_owned()))?;
    let path = database::file_in(folder);
    let mut told = Vec::new();
    for journal in journals {
        let mut contacts = Contacts::default();
        let head = Journal::read(journal, |position, entry| contacts.apply(position, entry))?;
        let Some(head) = head else {
            return Err(CampaignError::Settings(format!("{}: there is no such journal", journal.display())));
        };
        let campaign = campaign_of(&head, journal);
        let contacts = contacts::rebuild(&path, &campaign, contacts.settled()).map_err(CampaignError::History)?;
        told.push(Rebuilt {
            journal: journal.clone(),
            contacts,
        });
    }
    Ok(told)
}

fn campaign_of(head: &Head, journal: &Path) -> Campaign {
    let endpoint = &head.terms.endpoint;
    Campaign {
        journal: head.campaign.clone(),
        name: name_of(journal),
        scope: if is_service(endpoint) {
            SERVICE.to_owned()
        } else {
            endpoint.clone()
        },
    }
}

/// Whom a journal says that its campaign wrote to.
struct Contacts {
    ledger: Ledger,
    intents: Vec<(Position, Intent)>,
    imports: Vec<Import>,
    /// Attempts that certainly did not arrive.
    in_vain: HashSet<Position>,
    /// URNs that answers told.
    urns: std::collections::HashMap<Position, String>,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            ledger: Ledger::new(KeySource::Column),
            intents: Vec::new(),
            imports: Vec::new(),
            in_vain: HashSet::new(),
            urns: std::collections::HashMap::new(),
        }
    }
}

impl Contacts {
    fn apply(&mut self, position: Position, entry: &Entry) -> Result<(), StrayOutcome> {
        self.ledger.apply(position, entry)?;
        match entry {
            Entry::Intent(intent) if !intent.test => self.intents.push((position, intent.clone())),
            Entry::Import(import) => self.imports.push(import.clone()),
            Entry::Outcome(outcome) => {
                if matches!(outcome.answer.verdict(), Verdict::Failed | Verdict::NotSent(_)) {
                    self.in_vain.insert(outcome.of);
                } else if let crate::model::outcome::Answer::Http(reply) = &outcome.answer
                    && let Some(urn) = &reply.recipient_urn
                {
                    self.urns.insert(outcome.of, urn.clone());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn settled(mut self) -> Vec<Settled> {
        let mut all = Vec::new();
        for (position, intent) in std::mem::take(&mut self.intents) {
            let standing = self.ledger.find_key(&intent.key).map(|id| self.ledger.standing(id));
            let Some(contact) = standing.and_then(contact).filter(|_| !self.in_vain.contains(&position)) else {
                continue;
            };
            let mut names = intent.to;
            names.extend(self.urns.remove(&position).filter(|urn| !names.contains(urn)));
            all.push(Settled {
                names,
                sha256: intent.sha256,
                at: intent.at,
                contact: Some(contact),
            });
        }
        for import in self.imports {
            let contact = match import.status {
                Status::Sent => Contact::Sent,
                Status::Unconfirmed => Contact::Unconfirmed,
                _ => continue,
            };
            let mut names = import.to;
            names.extend(Some(import.recipient_urn).filter(|urn| !urn.is_empty() && !names.contains(urn)));
            all.push(Settled {
                names,
                sha256: import.sha256,
                at: Moment::parse_iso(&import.sent_at).unwrap_or(Moment::from_millis(0)),
                contact: Some(contact),
            });
        }
        all
    }
}
