//! The journal folded into what is known of every key: the memory of a campaign while it runs.
//!
//! The ledger holds states and places, not texts: about 60 bytes a key whose recipient answered with a URN, 35 without.
//! Whoever wants the words of an outcome reads the journal at its position.
//!
//! Doubt is never forgotten: an attempt that may have been delivered keeps its key unconfirmed until a later one is known
//! to be delivered or this one is settled, and what was delivered stays delivered whatever comes after.

mod account;
mod kin;
mod places;

use account::Account;
use kin::Kin;
use places::{FREE, Places};

use super::entry::{Entry, Import, Intent, Outcome, Position};
use super::finding::Finding;
use super::fingerprint::{Fingerprint, QuickMap};
use super::judgement::{Evidence, Judgement, Ruling};
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

/// Where keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The canonical recipient: a key is one of the names of a person.
    Recipient,
    /// The column of `--key`: keys and names are different things.
    Column,
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

/// What is known of every key that the journal or the sheet names.
#[derive(Debug)]
pub struct Ledger {
    source: KeySource,
    /// Keys and accounts, by id.
    keys: Vec<Fingerprint>,
    accounts: Vec<Account>,
    key_places: Places,
    /// Names of recipients that are not the key itself, and the id each belongs to.
    names: Vec<(Fingerprint, u32)>,
    name_places: Places,
    /// Keys that turned out to be of one person.
    kin: Kin,
    /// Intents whose outcome is not known yet: their key, and how it stood before.
    open: QuickMap<Position, Option<(KeyId, Standing)>>,
    /// Intents, or imports, whose outcome is known to be in doubt, and their key.
    doubts: QuickMap<Position, KeyId>,
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
            keys: Vec::new(),
            accounts: Vec::new(),
            key_places: Places::default(),
            names: Vec::new(),
            name_places: Places::default(),
            kin: Kin::default(),
            open: QuickMap::default(),
            doubts: QuickMap::default(),
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
            Entry::Run(_) | Entry::Written(_) | Entry::Upload(_) => Ok(()),
            Entry::Intent(intent) => {
                self.begin(position, intent);
                Ok(())
            }
            Entry::Outcome(outcome) => self.settle(position, outcome).map(drop),
            Entry::Judgement(judgement) => self.judge(position, judgement),
            Entry::Finding(finding) => {
                self.learn(finding);
                Ok(())
            }
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
        let before = account.standing();
        account.set_attempts(account.attempts().saturating_add(1));
        account.set_standing(Standing::Unconfirmed);
        account.set_position(position);
        self.open.insert(position, Some((id, before)));
    }

    /// An attempt ends. Returns the key it was for; `None` for a test.
    ///
    /// # Errors
    /// The intent is not open.
    pub fn settle(&mut self, position: Position, outcome: &Outcome) -> Result<Option<KeyId>, StrayOutcome> {
        let open = self.open.remove(&outcome.of).ok_or(StrayOutcome(outcome.of))?;
        let Some((id, before)) = open else { return Ok(None) };
        let seen = match outcome.answer.verdict() {
            Verdict::Sent => Standing::Sent,
            Verdict::Failed => Standing::Failed,
            Verdict::Unconfirmed => Standing::Unconfirmed,
            Verdict::NotSent(NotSent::NeverConnected) if outcome.gave_up => Standing::Failed,
            Verdict::NotSent(_) => Standing::NotSent,
        };
        if seen == Standing::Unconfirmed {
            self.doubts.insert(outcome.of, id);
        }
        let account = &mut self.accounts[id.0 as usize];
        let held = match before {
            // That this attempt did not arrive says nothing about the one before it.
            Standing::Sent | Standing::Unconfirmed => before,
            _ => Standing::Untried,
        };
        let newest = account.position() == Some(outcome.of);
        let held = if newest { held } else { heavier(held, account.standing()) };
        if newest && held != Standing::Sent || seen == Standing::Sent {
            account.set_position(position);
        }
        account.set_standing(heavier(held, seen));
        if let Answer::Http(reply) = &outcome.answer
            && let Some(urn) = &reply.recipient_urn
        {
            // From here on the URN is another name of this person.
            self.name(id, urn);
        }
        Ok(Some(id))
    }

    /// The answer to the intent at `position` told its recipient's URN: another name of this person, also for whoever asks
    /// before the outcome is recorded.
    pub fn hear_urn(&mut self, position: Position, urn: &str) {
        if let Some(Some((id, _))) = self.open.get(&position).copied() {
            self.name(id, urn);
        }
    }

    /// What became known about an attempt that was in doubt. Its key stays unconfirmed as long as another attempt of it is.
    fn judge(&mut self, position: Position, judgement: &Judgement) -> Result<(), StrayOutcome> {
        let of = judgement.of;
        let id = match (self.doubts.get(&of), self.open.get(&of)) {
            (Some(id), _) | (None, Some(Some((id, _)))) => *id,
            _ => return Err(StrayOutcome(of)),
        };
        if judgement.ruling != Ruling::Open {
            self.doubts.remove(&of);
            self.open.remove(&of);
        }
        let doubted = judgement.ruling == Ruling::Open || self.doubted_keys().any(|(_, key)| key == id);
        let account = &mut self.accounts[id.0 as usize];
        if account.standing() == Standing::Unconfirmed {
            account.set_position(position);
            match judgement.ruling {
                Ruling::Sent => account.set_standing(Standing::Sent),
                Ruling::Failed if !doubted => account.set_standing(Standing::Failed),
                Ruling::Failed | Ruling::Open => {}
            }
        }
        if let Evidence::Found(found) = &judgement.evidence
            && let Some(urn) = &found.recipient_urn
        {
            self.name(id, urn);
        }
        Ok(())
    }

    fn doubted_keys(&self) -> impl Iterator<Item = (Position, KeyId)> + '_ {
        let open = self.open.iter().filter_map(|(position, of)| of.map(|(id, _)| (*position, id)));
        self.doubts.iter().map(|(position, id)| (*position, *id)).chain(open)
    }

    /// Attempts that may have been delivered, of keys that are unconfirmed: where their intents stand, or their imports.
    pub fn doubts(&self) -> impl Iterator<Item = (Position, KeyId)> + '_ {
        self.doubted_keys().filter(|(_, id)| self.standing(*id) == Standing::Unconfirmed)
    }

    /// Takes over what results said. A line can only add to what is known: of two lines with one key, the one that holds
    /// the row back more counts, so that a duplicate that was left out does not hide that the first was sent.
    fn import(&mut self, position: Position, import: &Import) {
        let id = self.id_of(&import.key, &import.to);
        if !import.recipient_urn.is_empty() {
            self.name(id, &import.recipient_urn);
        }
        let standing = match import.status {
            Status::Sent => Standing::Sent,
            Status::Failed => Standing::Failed,
            Status::Unconfirmed => Standing::Unconfirmed,
            Status::Pending | Status::Invalid | Status::Skipped => Standing::NotSent,
        };
        if standing == Standing::Unconfirmed {
            self.doubts.insert(position, id);
        }
        let account = &mut self.accounts[id.0 as usize];
        account.set_attempts(account.attempts().max(import.attempts));
        if heavier(account.standing(), standing) == standing {
            account.set_standing(standing);
            account.set_position(position);
        }
    }

    /// The key of the attempt that began at `position`, as long as its outcome is not known.
    #[must_use]
    pub fn under_way(&self, position: Position) -> Option<KeyId> {
        self.open.get(&position).copied().flatten().map(|(id, _)| id)
    }

    /// The id of a key, known or new, with all names of its recipient.
    fn id_of(&mut self, key: &str, names: &[String]) -> KeyId {
        let fingerprint = Fingerprint::of(key);
        let keys = &self.keys;
        let at = |place: u32| keys.get(place as usize).copied();
        self.key_places.reserve(keys.len(), at);
        let id = match self.key_places.find(fingerprint, at) {
            Ok(id) => KeyId(id),
            Err(slot) => {
                let id = u32::try_from(keys.len()).unwrap_or(FREE);
                self.key_places.put(slot, fingerprint, id);
                self.keys.push(fingerprint);
                self.accounts.push(Account::NEW);
                KeyId(id)
            }
        };
        for name in names {
            if name == key {
                self.name_itself(id, fingerprint);
            } else {
                self.name(id, name);
            }
        }
        id
    }

    /// The key is its recipient's name too, unless that name belongs to another key: a bit instead of an entry.
    fn name_itself(&mut self, id: KeyId, name: Fingerprint) {
        if !self.accounts[id.0 as usize].is_own_name() && self.find_given(name).is_err() {
            self.accounts[id.0 as usize].set_own_name();
        }
    }

    /// From here on `name` is a name of the recipient of `id`, unless it is somebody's already. That a key is this name
    /// itself need not be asked: [`Ledger::find_recipient`] prefers it.
    fn name(&mut self, id: KeyId, name: &str) {
        let fingerprint = Fingerprint::of(name);
        let names = &self.names;
        self.name_places
            .reserve(names.len(), |place| names.get(place as usize).map(|(fingerprint, _)| *fingerprint));
        if let Err(slot) = self.find_given(fingerprint) {
            let place = u32::try_from(self.names.len()).unwrap_or(FREE);
            self.name_places.put(slot, fingerprint, place);
            self.names.push((fingerprint, id.0));
        }
    }

    /// The id of a row: by its key; where keys are recipients, also by any other name of the recipient.
    #[must_use]
    pub fn find(&self, key: &str, recipient: Option<&Recipient>) -> Option<KeyId> {
        let known = self.find_key(key);
        match self.source {
            KeySource::Column => known,
            KeySource::Recipient => known.or_else(|| {
                let names = recipient.into_iter().flat_map(Recipient::identities);
                names.map(|name| Fingerprint::of(&name)).find_map(|name| self.find_named(name))
            }),
        }
    }

    /// Whether this recipient got a message, or may have got one, under another key than `own`.
    #[must_use]
    pub fn wrote_to(&self, recipient: &Recipient, own: Option<KeyId>) -> bool {
        let got = |id: &KeyId| Some(*id) != own && matches!(self.standing(*id), Standing::Sent | Standing::Unconfirmed);
        let named = recipient.identities().filter_map(|name| self.find_recipient(&name));
        named.chain(own).any(|id| got(&id) || self.kin.of(id).iter().any(got))
    }

    /// What was found out about somebody: from here on their URN is another name of theirs. Where it is a name of another key
    /// already, both keys are of one person.
    pub fn learn(&mut self, finding: &Finding) {
        let Some(urn) = finding.urn() else { return };
        let id = self.id_of(&finding.key, &finding.to);
        match self.find_recipient(urn) {
            Some(other) if other != id => self.kin.join(id, other),
            _ => self.name(id, urn),
        }
    }

    /// The key that stands for all keys of this one's person, where there are several.
    #[must_use]
    pub fn one_of_kin(&self, id: KeyId) -> Option<KeyId> {
        self.kin.of(id).first().copied()
    }

    /// The key that was given this name besides its own; or the free slot for the name.
    fn find_given(&self, name: Fingerprint) -> Result<KeyId, usize> {
        let at = |place: u32| self.names.get(place as usize).map(|(fingerprint, _)| *fingerprint);
        let place = self.name_places.find(name, at)?;
        self.names.get(place as usize).map(|(_, id)| KeyId(*id)).ok_or(0)
    }

    /// What the journal says about `key`.
    #[must_use]
    pub fn find_key(&self, key: &str) -> Option<KeyId> {
        self.find_keyed(Fingerprint::of(key))
    }

    /// [`Ledger::find_key`], for who has its fingerprint.
    #[must_use]
    pub fn find_keyed(&self, key: Fingerprint) -> Option<KeyId> {
        let at = |place: u32| self.keys.get(place as usize).copied();
        self.key_places.find(key, at).ok().map(KeyId)
    }

    /// The key under which a recipient of this name was written to, or was to be.
    #[must_use]
    pub fn find_recipient(&self, name: &str) -> Option<KeyId> {
        self.find_named(Fingerprint::of(name))
    }

    /// [`Ledger::find_recipient`], for who has the fingerprint of the name.
    #[must_use]
    pub fn find_named(&self, name: Fingerprint) -> Option<KeyId> {
        self.find_keyed(name)
            .filter(|id| self.accounts[id.0 as usize].is_own_name())
            .or_else(|| self.find_given(name).ok())
    }

    /// How `id` stands.
    #[must_use]
    pub fn standing(&self, id: KeyId) -> Standing {
        self.accounts[id.0 as usize].standing()
    }

    /// Requests made for `id`, over all runs.
    #[must_use]
    pub fn attempts(&self, id: KeyId) -> u32 {
        self.accounts[id.0 as usize].attempts()
    }

    /// Where the newest entry about `id` stands in the journal: an outcome, an import, or an intent without an outcome.
    #[must_use]
    pub fn position(&self, id: KeyId) -> Option<Position> {
        self.accounts[id.0 as usize].position()
    }
}

/// The one of two standings that holds a row back more.
const fn heavier(one: Standing, other: Standing) -> Standing {
    const fn weight(standing: Standing) -> u8 {
        match standing {
            Standing::Untried => 0,
            Standing::NotSent => 1,
            Standing::Failed => 2,
            Standing::Unconfirmed => 3,
            Standing::Sent => 4,
        }
    }
    if weight(one) > weight(other) { one } else { other }
}

#[cfg(test)]
mod tests;
