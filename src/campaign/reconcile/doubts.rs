//! The attempts that are in doubt, and which messages other attempts have claimed, gathered from the journal.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::adapters::journal::{Journal, JournalError};
use crate::model::entry::{Entry, Intent, Outcome, Position};
use crate::model::fingerprint::Fingerprint;
use crate::model::judgement::{Evidence, Sighting, TextDigests, claim_name};
use crate::model::ledger::{KeyId, Ledger};
use crate::model::outcome::{Answer, Verdict};
use crate::model::row::RowNumber;
use crate::model::time::Moment;

/// An attempt whose message may or may not have arrived.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// Where its intent stands, or its import.
    pub of: Position,
    /// Its key, as the ledger knows it.
    pub id: KeyId,
    /// Its key.
    pub key: String,
    /// Its row: where the sheet has it now, else where it was; `None` where neither is known.
    pub row: Option<RowNumber>,
    /// The sending account.
    pub account: Option<String>,
    /// Every name of the recipient.
    pub to: Vec<String>,
    /// When it began, by our clock. Results without a journal do not say it.
    pub at: Option<Moment>,
    /// What it said.
    pub text: TextDigests,
}

/// The messages that belong to other attempts.
#[derive(Debug, Default)]
pub struct Claims {
    names: HashSet<Fingerprint>,
    unnamed: Vec<Unnamed>,
}

/// A message that was sent for certain and whose answer did not name it: known by whom it went to, what it said and when.
#[derive(Debug)]
struct Unnamed {
    to: Fingerprint,
    text: Fingerprint,
    from: Moment,
    until: Moment,
}

impl Claims {
    /// From here on the message of this name belongs to an attempt.
    pub fn take(&mut self, name: Option<&str>) {
        self.names.extend(name.map(Fingerprint::of_key));
    }

    /// Whether a message in the conversation with somebody of these names belongs to an attempt. `ahead` is how far the
    /// service's clock is ahead of ours.
    #[must_use]
    pub fn hold(&self, one: &Sighting, names: &HashSet<String>, ahead_millis: i64) -> bool {
        if one.name().is_some_and(|name| self.names.contains(&Fingerprint::of_key(&name))) {
            return true;
        }
        let (Some(at), Some(text)) = (one.sent_at, &one.text.folded) else {
            return false;
        };
        let at = Moment::from_millis(at.as_millis().saturating_sub(ahead_millis));
        let text = Fingerprint::of_key(text);
        self.unnamed.iter().any(|unnamed| {
            let while_it_was_sent = unnamed.from <= at && at <= unnamed.until;
            while_it_was_sent && unnamed.text == text && names.iter().any(|name| Fingerprint::of_recipient(name) == unnamed.to)
        })
    }
}

/// Reads the journal once more for what the ledger does not keep: the words of the doubts, and what is claimed.
///
/// # Errors
/// The journal cannot be read.
pub fn gather(path: &Path, ledger: &Ledger) -> Result<(Vec<Doubt>, Claims), JournalError> {
    let ids: HashMap<Position, KeyId> = ledger.doubts().collect();
    let (mut doubts, mut claims) = (Vec::new(), Claims::default());
    let mut open: HashMap<Position, Intent> = HashMap::new();
    Journal::read(path, |position, entry| {
        match entry {
            Entry::Intent(intent) => {
                if let Some(id) = ids.get(&position) {
                    doubts.push(of_intent(position, *id, intent));
                }
                open.insert(position, intent.clone());
            }
            Entry::Outcome(outcome) => {
                if let Some(intent) = open.remove(&outcome.of) {
                    claims.note(&intent, outcome);
                }
            }
            Entry::Judgement(judgement) => {
                if let Evidence::Found(found) = &judgement.evidence {
                    claims.take(claim_name(found.message_urn.as_deref(), Some(found.sent_at)).as_deref());
                }
            }
            Entry::Import(import) => {
                claims.take(claim_name(Some(&import.message_urn), None).as_deref());
                if let Some(id) = ids.get(&position) {
                    doubts.push(Doubt {
                        of: position,
                        id: *id,
                        key: import.key.clone(),
                        row: None,
                        account: Some(import.account.clone()).filter(|account| !account.is_empty()),
                        to: import.to.clone(),
                        at: None,
                        text: TextDigests {
                            exact: import.sha256.clone(),
                            folded: None,
                        },
                    });
                }
            }
            _ => {}
        }
        Ok::<(), std::convert::Infallible>(())
    })?;
    Ok((doubts, claims))
}

fn of_intent(of: Position, id: KeyId, intent: &Intent) -> Doubt {
    Doubt {
        of,
        id,
        key: intent.key.clone(),
        row: Some(intent.row),
        account: intent.account.clone(),
        to: intent.to.clone(),
        at: Some(intent.at),
        text: TextDigests {
            exact: intent.sha256.clone(),
            folded: intent.folded_sha256.clone(),
        },
    }
}

impl Claims {
    /// What an answered attempt claims: the message that its answer named, else the one that left meanwhile.
    fn note(&mut self, intent: &Intent, outcome: &Outcome) {
        let (Verdict::Sent, Answer::Http(reply)) = (outcome.answer.verdict(), &outcome.answer) else {
            return;
        };
        if reply.message_urn.is_some() {
            self.take(claim_name(reply.message_urn.as_deref(), None).as_deref());
            return;
        }
        let text = intent.folded_sha256.as_deref().unwrap_or(&intent.sha256);
        for to in reply.recipient_urn.iter().chain(&intent.to) {
            self.unnamed.push(Unnamed {
                to: Fingerprint::of_recipient(to),
                text: Fingerprint::of_key(text),
                from: intent.at - super::look::SLACK,
                until: outcome.at + super::look::SLACK,
            });
        }
    }
}
