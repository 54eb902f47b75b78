//! The journal folded into what is known of every key: the memory of a campaign while it runs.
//!
//! The ledger holds states and places, not texts: about 60 bytes a key. Whoever wants the words of an outcome reads
//! the journal at its position.

use std::collections::HashMap;

use super::entry::{Entry, Import, Intent, Outcome, Position};
use super::fingerprint::{Fingerprint, FingerprintMap};
use super::outcome::{Answer, NotSent, Verdict};
use super::recipient::Recipient;
use super::status::Status;

/// A key of the ledger, as a small number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// The number itself, from zero without gaps.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the journal says about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No attempt, or none that counts.
    Untried,
    /// Attempts were made, and each was certainly not accepted.
    NotSent,
    /// Delivered.
    Sent,
    /// Certainly not delivered.
    Failed,
    /// May or may not have been delivered.
    Unconfirmed,
}

impl Standing {
    /// The status of a row of which nothing else is known.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Untried | Self::NotSent => Status::Pending,
            Self::Sent => Status::Sent,
            Self::Failed => Status::Failed,
            Self::Unconfirmed => Status::Unconfirmed,
        }
    }
}

/// What is known of one key: 16 bytes.
#[derive(Debug, Clone, Copy)]
struct Account {
    /// The newest entry that tells the standing, or `NOWHERE`.
    position: u64,
    attempts: u32,
    standing: Standing,
}

const NOWHERE: u64 = u64::MAX;

/// Where keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The canonical recipient: a key is one of the names of a person.
    Recipient,
    /// The column of `--key`: keys and names are different things.
    Column,
}

/// What is known of every key that the journal names.
#[derive(Debug)]
pub struct Ledger {
    source: KeySource,
    /// Keys and recipients' names, to indices of `accounts`.
    ids: FingerprintMap,
    accounts: Vec<Account>,
    /// Intents whose outcome is not known yet.
    open: HashMap<Position, Option<KeyId>>,
}

/// An outcome whose intent the journal does not have, or an intent without a key: the journal is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an outcome speaks of an intent at byte {} that is not there or was settled before", .0.0)]
pub struct StrayOutcome(pub Position);

impl Ledger {
    /// A ledger that knows nothing.
    #[must_use]
    pub fn new(source: KeySource) -> Self {
        Self {
            source,
            ids: FingerprintMap::default(),
            accounts: Vec::new(),
            open: HashMap::new(),
        }
    }

    /// Where keys come from.
    #[must_use]
    pub const fn source(&self) -> KeySource {
        self.source
    }

    /// Folds one entry of the journal into the ledger.
    ///
    /// # Errors
    /// An outcome whose intent is not open.
    pub fn apply(&mut self, position: Position, entry: &Entry) -> Result<(), StrayOutcome> {
        match entry {
            Entry::Run(_) => Ok(()),
            Entry::Intent(intent) => {
                self.begin(position, intent);
                Ok(())
            }
            Entry::Outcome(outcome) => self.settle(position, outcome).map(drop),
            Entry::Import(import) => {
                self.import(position, import);
                Ok(())
            }
        }
    }

    /// An attempt begins: until its outcome is known, its key is unconfirmed.
    pub fn begin(&mut self, position: Position, intent: &Intent) {
        if intent.test {
            self.open.insert(position, None);
            return;
        }
        let id = self.id_of(&intent.key, &intent.to);
        let account = &mut self.accounts[id.0 as usize];
        account.attempts += 1;
        account.standing = Standing::Unconfirmed;
        account.position = position.0;
        self.open.insert(position, Some(id));
    }

    /// An attempt ends. Returns the key it was for; `None` for a test.
    ///
    /// # Errors
    /// The intent is not open.
    pub fn settle(&mut self, position: Position, outcome: &Outcome) -> Result<Option<KeyId>, StrayOutcome> {
        let id = self.open.remove(&outcome.of).ok_or(StrayOutcome(outcome.of))?;
        let Some(id) = id else { return Ok(None) };
        let account = &mut self.accounts[id.0 as usize];
        account.position = position.0;
        account.standing = match outcome.answer.verdict() {
            Verdict::Sent => Standing::Sent,
            Verdict::Failed => Standing::Failed,
            Verdict::Unconfirmed => Standing::Unconfirmed,
            Verdict::NotSent(NotSent::NeverConnected) if outcome.gave_up => Standing::Failed,
            Verdict::NotSent(_) => Standing::NotSent,
        };
        if let Answer::Http(reply) = &outcome.answer
            && let Some(urn) = &reply.recipient_urn
        {
            // From here on the URN is another name of this person.
            self.ids.entry(Fingerprint::of_recipient(urn)).or_insert(id.0);
        }
        Ok(Some(id))
    }

    fn import(&mut self, position: Position, import: &Import) {
        let id = self.id_of(&import.key, &import.to);
        self.accounts[id.0 as usize] = Account {
            position: position.0,
            attempts: import.attempts,
            standing: match import.status {
                Status::Sent => Standing::Sent,
                Status::Failed => Standing::Failed,
                Status::Unconfirmed => Standing::Unconfirmed,
                Status::Pending | Status::Invalid | Status::Skipped => Standing::NotSent,
            },
        };
    }

    /// The id of a key, known or new, with all names of its recipient.
    fn id_of(&mut self, key: &str, names: &[String]) -> KeyId {
        let next = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        let id = *self.ids.entry(self.fingerprint_of_key(key)).or_insert(next);
        if id == next {
            self.accounts.push(Account {
                position: NOWHERE,
                attempts: 0,
                standing: Standing::Untried,
            });
        }
        for name in names {
            self.ids.entry(Fingerprint::of_recipient(name)).or_insert(id);
        }
        KeyId(id)
    }

    /// The fingerprint of a key in this campaign.
    #[must_use]
    pub fn fingerprint_of_key(&self, key: &str) -> Fingerprint {
        match self.source {
            KeySource::Recipient => Fingerprint::of_recipient(key),
            KeySource::Column => Fingerprint::of_key(key),
        }
    }

    /// The id that a fingerprint of a key or of a name has.
    #[must_use]
    pub fn find_fingerprint(&self, name: Fingerprint) -> Option<KeyId> {
        self.ids.get(&name).copied().map(KeyId)
    }

    /// The id of a row: by its key; where keys are recipients, also by any other name of the recipient.
    #[must_use]
    pub fn find(&self, key: &str, recipient: Option<&Recipient>) -> Option<KeyId> {
        let by_key = self.find_fingerprint(self.fingerprint_of_key(key));
        match self.source {
            KeySource::Column => by_key,
            KeySource::Recipient => by_key.or_else(|| {
                recipient
                    .into_iter()
                    .flat_map(Recipient::identities)
                    .find_map(|name| self.find_recipient(&name))
            }),
        }
    }

    /// The key under which a recipient of this name was written to, or was to be.
    #[must_use]
    pub fn find_recipient(&self, name: &str) -> Option<KeyId> {
        self.find_fingerprint(Fingerprint::of_recipient(name))
    }

    /// Whether this recipient got a message, or may have got one, under another key than `own`.
    #[must_use]
    pub fn wrote_to(&self, recipient: &Recipient, own: Option<KeyId>) -> bool {
        recipient
            .identities()
            .filter_map(|name| self.find_recipient(&name))
            .any(|id| Some(id) != own && matches!(self.standing(id), Standing::Sent | Standing::Unconfirmed))
    }

    /// How `id` stands.
    #[must_use]
    pub fn standing(&self, id: KeyId) -> Standing {
        self.accounts[id.0 as usize].standing
    }

    /// Requests made for `id`, over all runs.
    #[must_use]
    pub fn attempts(&self, id: KeyId) -> u32 {
        self.accounts[id.0 as usize].attempts
    }

    /// Where the newest entry about `id` stands in the journal: an outcome, an import, or an intent without an outcome.
    #[must_use]
    pub fn position(&self, id: KeyId) -> Option<Position> {
        let position = self.accounts[id.0 as usize].position;
        (position != NOWHERE).then_some(Position(position))
    }
}
