//! The attempts that are in doubt, and what other attempts have a claim to, gathered from the journal.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use super::party::{PROFILE_ID, kinds_of};
use crate::adapters::journal::{Journal, JournalError, Reader};
use crate::model::entry::{Entry, Import, Intent, Outcome, Position};
use crate::model::fingerprint::Fingerprint;
use crate::model::judgement::{Claim, Evidence, Judgement, Ruling, TextDigests, claim_name};
use crate::model::ledger::{KeyId, Ledger};
use crate::model::outcome::{Answer, Verdict};
use crate::model::recognition::{Name, Right, Sighting};
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
    /// The profile id by which the service can be asked who it is, as long as that was not asked.
    unasked: Option<String>,
    /// What it said.
    pub text: TextDigests,
    /// When it was under way.
    pub span: Lifetime,
    /// Whether it was sent, or may have been.
    pub right: Right,
    /// The name of its message, where the service told it.
    named: Option<Fingerprint>,
}

impl Rival {
    /// What is known of its message's name, where no message is shown by it.
    #[must_use]
    pub fn name(&self) -> Name {
        self.named.map_or(Name::Unknown, |_| Name::Unseen)
    }

    /// Whether its message is known to be this one.
    #[must_use]
    pub fn is_named_by(&self, one: &Sighting) -> bool {
        let name = one.urn.as_deref().and_then(|urn| claim_name(Some(urn), None));
        self.named.is_some() && name.as_deref().map(Fingerprint::of) == self.named
    }

    fn may_be_of(&self, account: Option<&str>) -> bool {
        self.account.as_deref() == account || self.account.is_none() || account.is_none()
    }
}

/// The messages that belong to other attempts.
#[derive(Debug, Default)]
pub struct Claims {
    names: HashSet<Fingerprint>,
    /// Where and when those were sent that had a name when they were found: one that is shown there without is the same.
    places: HashSet<Fingerprint>,
    /// Attempts whose messages are not known by name, or may be shown without it.
    rivals: Vec<Rival>,
    by_recipient: HashMap<Fingerprint, Vec<usize>>,
}

impl Claims {
    /// From here on this message belongs to an attempt.
    pub fn take(&mut self, claim: &Claim) {
        let place = claim.place.as_deref().map(Fingerprint::of);
        if let Some(tail) = claim.tail.as_deref() {
            self.names.insert(Fingerprint::of(tail));
            self.places.extend(place);
        } else {
            self.names.extend(place);
        }
    }

    /// Whether a message of this conversation is known to belong to an attempt.
    #[must_use]
    pub fn hold(&self, one: &Sighting, conversation: &str) -> bool {
        let [name, place] = [one.name(conversation), one.place(conversation)].map(|name| name.as_deref().map(Fingerprint::of));
        let is_named = name.is_some_and(|name| self.names.contains(&name));
        let is_there = place.is_some_and(|place| self.names.contains(&place) || one.urn.is_none() && self.places.contains(&place));
        is_named || is_there
    }

    /// Attempts that are in doubt and not to be settled now still have a claim to their messages.
    pub fn leave(&mut self, doubts: impl Iterator<Item = Doubt>) {
        for doubt in doubts {
            if let Some(span) = doubt.span {
                self.compete(Rival {
                    account: doubt.account,
                    to: fingerprints(doubt.to.iter()),
                    kinds: kinds_of(&doubt.to),
                    unasked: profile_id(&doubt.to),
                    text: doubt.text,
                    span,
                    right: Right::Doubtful,
                    named: None,
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
        let places = names.into_iter().filter_map(|name| self.by_recipient.get(&Fingerprint::of(name)));
        let rivals = places.flatten().filter_map(|place| Some((*place, self.rivals.get(*place)?)));
        rivals.filter(|(_, rival)| rival.may_be_of(account)).collect()
    }

    /// The attempts of `account` of whom nobody knows whether they went to somebody of whom these kinds of names are known,
    /// with the number of each.
    pub fn elsewhere(&self, account: Option<&str>, kinds: u8) -> impl Iterator<Item = (usize, &Rival)> {
        self.rivals
            .iter()
            .enumerate()
            .filter(move |(_, rival)| rival.kinds & kinds == 0 && rival.may_be_of(account))
    }

    /// The account of an attempt, and the profile id by which the service can be asked who it went to, where it was not asked.
    #[must_use]
    pub fn question(&self, number: usize) -> Option<(Option<String>, String)> {
        let rival = self.rivals.get(number)?;
        Some((rival.account.clone(), rival.unasked.clone()?))
    }

    /// Notes the URN of whoever an attempt went to, or that of the conversation; `None` where the service tells neither.
    pub fn learn(&mut self, number: usize, urn: Option<&str>) {
        let Some(rival) = self.rivals.get_mut(number) else { return };
        rival.unasked = None;
        if let Some(urn) = urn.map(str::to_owned) {
            rival.kinds |= kinds_of([&urn]);
            let name = Fingerprint::of(&urn);
            rival.to.push(name);
            self.by_recipient.entry(name).or_default().push(number);
        }
    }
}

/// The profile id among these names, where it is all that is known.
fn profile_id(names: &[String]) -> Option<String> {
    let only = (kinds_of(names) == PROFILE_ID).then(|| names.first());
    only.flatten().cloned()
}

fn fingerprints<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Fingerprint> {
    names.map(|name| Fingerprint::of(name)).collect()
}

/// Reads the journal once more for what the ledger does not keep: the words of the doubts, and what others have a claim to.
///
/// # Errors
/// The journal cannot be read.
pub fn gather(path: &Path, ledger: &Ledger) -> Result<(Vec<Doubt>, Claims), JournalError> {
    let mut gathered = Gathered {
        ids: ledger.doubts().collect(),
        runs: vec![Run::default()],
        ..Gathered::default()
    };
    if gathered.ids.is_empty() {
        return Ok((Vec::new(), Claims::default()));
    }
    let reader = Reader::open(path)?;
    for position in gathered.ids.keys() {
        match reader.read_at(*position)? {
            Entry::Intent(intent) => gathered.texts.add(intent.sha256, intent.folded_sha256),
            Entry::Import(import) => gathered.texts.add(import.sha256, None),
            _ => {}
        }
    }
    Journal::read(path, |position, entry| {
        gathered.note(position, entry);
        Ok::<(), std::convert::Infallible>(())
    })?;
    Ok(gathered.finish())
}

/// What the attempts in doubt said: only those that said the same can be taken for one another.
#[derive(Default)]
struct Texts {
    exact: HashSet<String>,
    folded: HashSet<String>,
}

impl Texts {
    fn add(&mut self, exact: String, folded: Option<String>) {
        self.exact.insert(exact);
        self.folded.extend(folded);
    }

    fn have(&self, intent: &Intent) -> bool {
        let folded = intent.folded_sha256.as_ref().is_some_and(|text| self.folded.contains(text));
        folded || self.exact.contains(&intent.sha256)
    }
}

/// What is known of one run.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// How long an attempt without an outcome may have gone on.
    timeout: Duration,
    skew: Option<Skew>,
}

/// An attempt whose message may be looked for, as far as the journal was read.
struct Open {
    intent: Intent,
    run: usize,
    ended: Option<Moment>,
    urn: Option<String>,
    named: Option<String>,
}

/// The claim to a message of which only the name is known, if any.
const fn named(tail: Option<String>) -> Claim {
    Claim { tail, place: None }
}

#[derive(Default)]
struct Gathered {
    ids: HashMap<Position, KeyId>,
    texts: Texts,
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
                    named: None,
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
            (Verdict::Sent, answer) if self.texts.have(&attempt.intent) => {
                if let Answer::Http(reply) = answer {
                    attempt.urn.clone_from(&reply.recipient_urn);
                    attempt.named = claim_name(reply.message_urn.as_deref(), None);
                    self.claims.take(&named(attempt.named.clone()));
                }
                self.sent.push(attempt);
            }
            (Verdict::Unconfirmed, _) => {
                self.open.insert(outcome.of, attempt);
            }
            (Verdict::Sent | Verdict::Failed | Verdict::NotSent(_), _) => {}
        }
    }

    fn judged(&mut self, judgement: &Judgement) {
        match (judgement.ruling, &judgement.evidence) {
            (Ruling::Open, _) => {}
            (_, Evidence::Found(found)) => {
                self.open.remove(&judgement.of);
                self.claims.take(&found.claim());
            }
            // A person does not say which message it is.
            (Ruling::Sent, _) => {
                let attempt = self.open.remove(&judgement.of);
                self.sent.extend(attempt.filter(|attempt| self.texts.have(&attempt.intent)));
            }
            (Ruling::Failed, _) => {
                self.open.remove(&judgement.of);
            }
        }
    }

    fn import(&mut self, position: Position, import: &Import) {
        self.claims.take(&named(claim_name(Some(&import.message_urn), None)));
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
                None if self.texts.have(&attempt.intent) => rivals.push(rival(attempt, span, Right::Doubtful)),
                None => {}
            }
        }
        for attempt in std::mem::take(&mut self.sent) {
            let span = self.lifetime(&attempt);
            rivals.push(rival(attempt, span, Right::Sent));
        }
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
        unasked: profile_id(&attempt.intent.to).filter(|_| attempt.urn.is_none()),
        text: text_of(&attempt.intent),
        account: attempt.intent.account,
        span,
        right,
        named: attempt.named.as_deref().map(Fingerprint::of),
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
