//! What the results say of a row whose attempt was judged afterwards.

use super::{blank, facts_of_intent};
use crate::adapters::journal::{self, JournalError};
use crate::campaign::error::CampaignError;
use crate::model::entry::{Entry, Import};
use crate::model::judgement::{Evidence, Judgement, Ruling};

/// A row can be judged again and again before it is settled; more than this is not followed back.
const LONGEST_TRAIL: usize = 64;

/// What the journal says of an attempt, in the words of the results.
///
/// # Errors
/// The journal cannot be read.
pub fn facts_of(journal: &journal::Reader, judgement: Judgement) -> Result<Import, CampaignError> {
    let (attempted, mut facts) = match journal.read_at(judgement.of)? {
        Entry::Intent(intent) => (Some(intent.at), facts_of_intent(intent)),
        Entry::Import(import) => (None, import),
        _ => (None, blank()),
    };
    facts.http_status = http_status(journal, &judgement)?;
    facts.error = match judgement.ruling {
        Ruling::Sent => String::new(),
        Ruling::Failed | Ruling::Open => told(&judgement),
    };
    match (judgement.evidence, judgement.ruling) {
        (Evidence::Found(found), _) => {
            facts.recipient_urn = found.recipient_urn.unwrap_or(facts.recipient_urn);
            facts.message_urn = found.message_urn.unwrap_or_default();
            facts.thread_id = found.thread_id.unwrap_or_default();
            facts.sent_at = found.sent_at.to_string();
        }
        // A person does not say when; the attempt is the nearest that is known.
        (_, Ruling::Sent) => facts.sent_at = attempted.map(|at| at.to_string()).unwrap_or_default(),
        _ => {}
    }
    Ok(facts)
}

fn told(judgement: &Judgement) -> String {
    match (&judgement.evidence, judgement.ruling) {
        (Evidence::Person(note), _) if note.is_empty() => "a person decided that it was not delivered".to_owned(),
        (Evidence::Person(note), _) => format!("a person decided that it was not delivered: {note}"),
        (Evidence::Absent(looked), Ruling::Failed) => {
            format!("not delivered: it was looked for at {} and is not there; {looked}", judgement.at)
        }
        (Evidence::Absent(looked), _) => format!("still not known whether it was delivered; looked for at {}: {looked}", judgement.at),
        (Evidence::Found(_), _) => String::new(),
    }
}

/// The HTTP status of the row's last request, which stands before the judgements.
fn http_status(journal: &journal::Reader, judgement: &Judgement) -> Result<String, JournalError> {
    let mut at = judgement.was;
    for _ in 0..LONGEST_TRAIL {
        match journal.read_at(at)? {
            Entry::Judgement(earlier) => at = earlier.was,
            Entry::Outcome(outcome) => return Ok(outcome.answer.http_status().map(|status| status.to_string()).unwrap_or_default()),
            Entry::Import(import) => return Ok(import.http_status),
            _ => break,
        }
    }
    Ok(String::new())
}
