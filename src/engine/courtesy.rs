//! What a run owes to the other campaigns of its machine: it says whom it is about to write to, and heeds what they said.

use std::time::Duration;

use crate::adapters::database::DatabaseError;
use crate::adapters::database::contacts::{Claim, Contact, Earlier, History, SameText, Settled};
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

impl Courtesy<'_> {
    /// Claims the recipient of an intent for a row with this status. `None`: it may be sent.
    ///
    /// # Errors
    /// The history cannot be written, and something in it is to be heeded.
    pub async fn claim(self, intent: &Intent, before: Status) -> Result<Option<Earlier>, DatabaseError> {
        // A person said that a row whose fate is unknown is to be sent again.
        let same_text = if before == Status::Unconfirmed {
            SameText::Allow
        } else {
            self.same_text
        };
        let claim = Claim {
            names: intent.to.clone(),
            sha256: intent.sha256.clone(),
            at: intent.at,
            same_text,
            since: self.cooldown.map(|cooldown| intent.at - cooldown),
        };
        match self.history.claim(claim).await {
            Err(_) if self.same_text == SameText::Allow && self.cooldown.is_none() => Ok(None),
            answer => answer,
        }
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
