//! The attempts that are in doubt, and what other attempts have a claim to, gathered from the journal.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use super::party::kinds_of;
use crate::adapters::journal::{Journal, JournalError};
use crate::model::entry::{Entry, Import, Intent, Outcome, Position};
use crate::model::fingerprint::Fingerprint;
use crate::model::judgement::{Evidence, Judgement, Ruling, TextDigests, claim_name};
use crate::model::ledger::{KeyId, Ledger};
use crate::model::outcome::{Answer, Verdict};
use crate::model::recognition::{Right, Sighting};
use crate::model::row::RowNumber;
use crate::model::skew::Skew;
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
    /// When it was under way. Results without a journal do not say it.
    pub span: Option<Lifetime>,
    /// What it said.
    pub text: TextDigests,
}

/// When an attempt was under way, by our clock.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// When it began.
    pub began: Moment,
    /// When it ended, or must have ended.
    pub ended: Moment,
    /// What the answers of its run told of the service's clock.
    pub skew: Option<Skew>,
}

/// Another attempt, which competes with those in doubt for the messages of its recipient.
#[derive(Debug, Clone)]
pub struct Rival {
    /// The sending account.
    pub account: Option<String>,
    to: Vec<Fingerprint>,
    /// Which kinds of names these are.
    kinds: u8,
    /// What it said.
    pub text: TextDigests,
    /// When it was under way.
    pub span: Lifetime,
    /// Whether it was sent, or may have been.
    pub right: Right,
}

impl Rival {
    fn may_be_of(&self, account: Option<&str>) -> bool {
        self.account.as_deref() == account || self.account.is_none() || account.is_none()
    }
}

/// The messages that belong to other attempts.
#[derive(Debug, Default)]
pub struct Claims {
    names: HashSet<Fingerprint>,
    /// Attempts whose messages are not known by name.
    rivals: Vec<Rival>,
    by_recipient: HashMap<Fingerprint, Vec<usize>>,
}

impl Claims {
    /// From here on the message of this name belongs to an attempt.
    pub fn take(&mut self, name: Option<&str>) {
        self.names.extend(name.map(Fingerprint::of_key));
    }

    /// Whether a message of this conversation is known by name to belong to an attempt.
    #[must_use]
    pub fn hold(&self, one: &Sighting, conversation: &str) -> bool {
        one.name(conversation)
            .is_some_and(|name| self.names.contains(&Fingerprint::of_key(&name)))
    }

    /// Attempts that are in doubt and not to be settled now still have a claim to their messages.
    pub fn leave(&mut self, doubts: impl Iterator<Item = Doubt>) {
        for doubt in doubts {
            if let Some(span) = doubt.span {
                self.compete(Rival {
                    account: doubt.account,
                    to: fingerprints(doubt.to.iter()),
                    kinds: kinds_of(&doubt.to),
                    text: doubt.text,
                    span,
                    right: Right::Doubtful,
                });
            }
        }
    }

    fn compete(&mut self, rival: Rival) {
        for name in &rival.to {
            self.by_recipient.entry(*name).or_default().push(self.rivals.len());
        }
        self.rivals.push(rival);
    }

    /// The attempts of `account` to somebody of one of these names, with the number of each. Where an account is not
    /// known, nobody knows that it was another one.
    #[must_use]
    pub fn rivals<'a>(&self, account: Option<&str>, names: impl IntoIterator<Item = &'a String>) -> BTreeMap<usize, &Rival> {
        let places = names
            .into_iter()
            .filter_map(|name| self.by_recipient.get(&Fingerprint::of_recipient(name)));
        let rivals = places.flatten().filter_map(|place| Some((*place, self.rivals.get(*place)?)));
        rivals.filter(|(_, rival)| rival.may_be_of(account)).collect()
    }

    /// The attempts of `account` of whom nobody knows whether they went to somebody of whom these kinds of names are known.
    pub fn elsewhere(&self, account: Option<&str>, kinds: u8) -> impl Iterator<Item = &Rival> {
        self.rivals
            .iter()
            .filter(move |rival| rival.kinds & kinds == 0 && rival.may_be_of(account))
    }
}

fn fingerprints<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Fingerprint> {
    names.map(|name| Fingerprint::of_recipient(name)).collect()
}

/// Reads the journal once more for what the ledger does not keep: the words of the doubts, and what others have a claim to.
///
/// # Errors
/// The journal cannot be read.
pub fn gather(path: &Path, ledger: &Ledger) -> Result<(Vec<Doubt>, Claims), JournalError> {
    let mut gathered = Gathered {
        ids: ledger.doubts().collect(),
        runs: vec![Run::default()],
        open: HashMap::new(),
        imported: Vec::new(),
        sent: Vec::new(),
        claims: Claims::default(),
    };
    Journal::read(path, |position, entry| {
        gathered.note(position, entry);
        Ok::<(), std::convert::Infallible>(())
    })?;
    Ok(gathered.finish())
}

/// What is known of one run.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// How long an attempt without an outcome may have gone on.
    timeout: Duration,
    skew: Option<Skew>,
}

/// An attempt whose message is not known by name, as far as the journal was read.
struct Open {
    intent: Intent,
    run: usize,
    ended: Option<Moment>,
    urn: Option<String>,
}

struct Gathered {
    ids: HashMap<Position, KeyId>,
    runs: Vec<Run>,
    open: HashMap<Position, Open>,
    imported: Vec<Doubt>,
    sent: Vec<Open>,
    claims: Claims,
}

impl Gathered {
    fn note(&mut self, position: Position, entry: &Entry) {
        match entry {
            Entry::Run(run) => self.runs.push(Run {
                timeout: Duration::from_millis(run.timeout_ms),
                skew: None,
            }),
            Entry::Intent(intent) => {
                let open = Open {
                    intent: intent.clone(),
                    run: self.runs.len() - 1,
                    ended: None,
                    urn: None,
                };
                self.open.insert(position, open);
            }
            Entry::Outcome(outcome) => self.end(outcome),
            Entry::Judgement(judgement) => self.judged(judgement),
            Entry::Import(import) => self.import(position, import),
            Entry::Upload(_) | Entry::Finding(_) | Entry::Written(_) => {}
        }
    }

    fn end(&mut self, outcome: &Outcome) {
        let Some(mut attempt) = self.open.remove(&outcome.of) else { return };
        attempt.ended = Some(outcome.at);
        let told = outcome.service_at.and_then(|date| Skew::told(date, attempt.intent.at, outcome.at));
        if let (Some(told), Some(run)) = (told, self.runs.get_mut(attempt.run)) {
            run.skew = Some(run.skew.map_or(told, |known| known.and(told)));
        }
        match (outcome.answer.verdict(), &outcome.answer) {
            (Verdict::Sent, Answer::Http(reply)) if reply.message_urn.is_some() => {
                self.claims.take(claim_name(reply.message_urn.as_deref(), None).as_deref());
            }
            (Verdict::Sent, answer) => {
                if let Answer::Http(reply) = answer {
                    attempt.urn.clone_from(&reply.recipient_urn);
                }
                self.sent.push(attempt);
            }
            (Verdict::Unconfirmed, _) => {
                self.open.insert(outcome.of, attempt);
            }
            (Verdict::Failed | Verdict::NotSent(_), _) => {}
        }
    }

    fn judged(&mut self, judgement: &Judgement) {
        match (judgement.ruling, &judgement.evidence) {
            (Ruling::Open, _) => {}
            (_, Evidence::Found(found)) => {
                self.open.remove(&judgement.of);
                self.claims.take(found.claim().as_deref());
            }
            // A person does not say which message it is.
            (Ruling::Sent, _) => self.sent.extend(self.open.remove(&judgement.of)),
            (Ruling::Failed, _) => {
                self.open.remove(&judgement.of);
            }
        }
    }

    fn import(&mut self, position: Position, import: &Import) {
        self.claims.take(claim_name(Some(&import.message_urn), None).as_deref());
        if let Some(id) = self.ids.get(&position) {
            self.imported.push(Doubt {
                of: position,
                id: *id,
                key: import.key.clone(),
                row: None,
                account: Some(import.account.clone()).filter(|account| !account.is_empty()),
                to: import.to.clone(),
                span: None,
                text: TextDigests {
                    exact: import.sha256.clone(),
                    folded: None,
                },
            });
        }
    }

    fn lifetime(&self, attempt: &Open) -> Lifetime {
        let run = self.runs.get(attempt.run).copied().unwrap_or_default();
        Lifetime {
            began: attempt.intent.at,
            ended: attempt.ended.unwrap_or(attempt.intent.at + run.timeout),
            skew: run.skew,
        }
    }

    fn finish(mut self) -> (Vec<Doubt>, Claims) {
        let mut open: Vec<(Position, Open)> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_unstable_by_key(|(position, _)| *position);
        let mut doubts = std::mem::take(&mut self.imported);
        let mut rivals: Vec<Rival> = Vec::new();
        for (position, attempt) in open {
            let span = self.lifetime(&attempt);
            match self.ids.get(&position) {
                Some(id) => doubts.push(of_intent(position, *id, attempt.intent, span)),
                None => rivals.push(rival(attempt, span, Right::Doubtful)),
            }
        }
        for attempt in std::mem::take(&mut self.sent) {
            let span = self.lifetime(&attempt);
            rivals.push(rival(attempt, span, Right::Sent));
        }
        // Only those that said the same can be taken for one another.
        let exact: HashSet<&str> = doubts.iter().map(|doubt| doubt.text.exact.as_str()).collect();
        let folded: HashSet<&str> = doubts.iter().filter_map(|doubt| doubt.text.folded.as_deref()).collect();
        rivals.retain(|rival| {
            let same = rival.text.folded.as_deref().is_some_and(|text| folded.contains(text));
            same || exact.contains(rival.text.exact.as_str())
        });
        for rival in rivals {
            self.claims.compete(rival);
        }
        (doubts, self.claims)
    }
}

fn rival(attempt: Open, span: Lifetime, right: Right) -> Rival {
    Rival {
        to: fingerprints(attempt.intent.to.iter().chain(&attempt.urn)),
        kinds: kinds_of(attempt.intent.to.iter().chain(&attempt.urn)),
        text: text_of(&attempt.intent),
        account: attempt.intent.account,
        span,
        right,
    }
}

fn text_of(intent: &Intent) -> TextDigests {
    TextDigests {
        exact: intent.sha256.clone(),
        folded: intent.folded_sha256.clone(),
    }
}

fn of_intent(of: Position, id: KeyId, intent: Intent, span: Lifetime) -> Doubt {
    Doubt {
        of,
        id,
        text: text_of(&intent),
        row: Some(intent.row),
        key: intent.key,
        account: intent.account,
        to: intent.to,
        span: Some(span),
    }
}
