//! What a run owes to the other campaigns of its machine: it says whom it is about to write to, and heeds what they said.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::adapters::database::DatabaseError;
use crate::adapters::database::contacts::{self, Contact, Earlier, History, SameText, Settled};
use crate::adapters::journal::{Claim, Claimer, JournalError};
use crate::model::entry::Intent;
use crate::model::ledger::Standing;
use crate::model::status::Status;

/// The history that a run tells, and what it heeds.
#[derive(Debug, Clone, Copy)]
pub struct Courtesy<'a> {
    /// The history.
    pub history: &'a History,
    /// Whether the same text may go to the same person again.
    pub same_text: SameText,
    /// Nobody who was written to within this time.
    pub cooldown: Option<Duration>,
}

/// What became of a claim of a person and of a row.
#[derive(Debug)]
pub enum Claimed {
    /// Nothing stands in the way of the person; this is what the journal says of the row.
    Asked(Result<Claim, JournalError>),
    /// Another campaign wrote to the person.
    WrittenBefore(Earlier),
    /// The history cannot be written, and something in it is to be heeded.
    Unasked(DatabaseError),
}

impl Courtesy<'_> {
    /// Claims the recipient of an intent for a row with this status, and then the row itself: the intent goes from the one thread
    /// to the other, without a way around by whoever waits for both.
    pub async fn claim(self, intent: &Intent, before: Status, claimer: Claimer) -> Claimed {
        // A person said that a row whose fate is unknown is to be sent again.
        let same_text = if before == Status::Unconfirmed {
            SameText::Allow
        } else {
            self.same_text
        };
        let claim = contacts::Claim {
            names: intent.to.clone(),
            sha256: intent.sha256.clone(),
            at: intent.at,
            same_text,
            since: self.cooldown.map(|cooldown| intent.at - cooldown),
        };
        let heeds = self.same_text == SameText::Refuse || self.cooldown.is_some();
        let (tell, told) = oneshot::channel();
        let intent = intent.clone();
        // Where nobody listens any more, the run is over.
        let tell = move |claimed| drop(tell.send(claimed));
        self.history.claim(claim, move |found| match found {
            Ok(Some(earlier)) => tell(Claimed::WrittenBefore(earlier)),
            Err(error) if heeds => tell(Claimed::Unasked(error)),
            Ok(None) | Err(_) => claimer.claim(intent, move |claimed| tell(Claimed::Asked(claimed))),
        });
        told.await.unwrap_or_else(|_| Claimed::Unasked(self.history.gone()))
    }

    /// Says how an attempt ended, by how its row stands now.
    pub fn settle(self, intent: Intent, urn: Option<&str>, standing: Standing) {
        let mut names = intent.to;
        if let Some(urn) = urn.filter(|urn| !names.iter().any(|name| name == urn)) {
            names.push(urn.to_owned());
        }
        self.history.settle(Settled {
            names,
            sha256: intent.sha256,
            at: intent.at,
            contact: contact(standing),
        });
    }
}

/// How a contact stands whose row stands so; `None`: it certainly did not arrive.
#[must_use]
pub const fn contact(standing: Standing) -> Option<Contact> {
    match standing {
        Standing::Sent => Some(Contact::Sent),
        Standing::Unconfirmed => Some(Contact::Unconfirmed),
        Standing::Untried | Standing::NotSent | Standing::Failed => None,
    }
}
