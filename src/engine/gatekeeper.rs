//! Judges the people of rows right before they are written to, by what is known of them; and says what must be asked first.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::inquest::{Inquest, Needed, Partial};
use crate::model::draft::Draft;
use crate::model::finding::{Finding, Seen};
use crate::model::findings::{Findings, Known};
use crate::model::fingerprint::Fingerprint;
use crate::model::gate::{Decision, Gate, Gates, Own, Person, Question, Resolve, Times};
use crate::model::judgement::TextDigests;
use crate::model::recipient::Recipient;
use crate::model::row::RowNumber;
use crate::model::time::Moment;

/// What a campaign may have written to people, and is no conversation of theirs: attempts that are in doubt or failed, and tests.
#[derive(Debug, Default)]
pub struct OwnWords(HashMap<Fingerprint, Vec<TextDigests>>);

impl OwnWords {
    /// Adds what was written, or perhaps was, to somebody of these names.
    pub fn add(&mut self, names: &[String], text: &TextDigests) {
        for name in names {
            let known = self.0.entry(Fingerprint::of(name)).or_default();
            if !known.contains(text) {
                known.push(text.clone());
            }
        }
    }

    /// Takes back what was not written, or is known to have arrived.
    pub fn forget(&mut self, names: &[String], text: &TextDigests) {
        for name in names {
            let name = Fingerprint::of(name);
            if let Some(known) = self.0.get_mut(&name) {
                known.retain(|known| known != text);
                if known.is_empty() {
                    self.0.remove(&name);
                }
            }
        }
    }

    /// Whether anything may have been written to this recipient.
    #[must_use]
    pub fn has(&self, recipient: &Recipient) -> bool {
        recipient.identities().any(|name| self.0.contains_key(&Fingerprint::of(&name)))
    }

    fn to(&self, recipient: &Recipient) -> Vec<TextDigests> {
        let names = recipient.identities().map(|name| Fingerprint::of(&name));
        names.filter_map(|name| self.0.get(&name)).flatten().cloned().collect()
    }
}

/// What becomes of a row whose turn has come.
#[derive(Debug)]
pub enum Judged {
    /// It may be sent.
    Pass,
    /// It may be sent, and its recipient's URN was asked for in vain. The text says why.
    Unresolved(String),
    /// It is left out on purpose: by a gate, or as another row's duplicate.
    Held(Option<Gate>, String),
    /// It cannot be judged, so it is not sent.
    Unclear(String),
    /// First this must be asked.
    Ask(Box<Inquest>),
}

/// The row that may be sent to somebody.
#[derive(Debug, Clone, Copy)]
struct Met {
    row: RowNumber,
    stage: Stage,
}

/// How far a row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It passed, and may still turn out not to be sent.
    UnderWay,
    /// It was sent, or may have been.
    Over,
}

/// The gates of a run, and what is known of people.
#[derive(Debug)]
pub struct Gatekeeper {
    gates: Gates,
    began: Moment,
    own: OwnWords,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    findings: Findings,
    /// Conversations that were read in part.
    partial: HashMap<String, Partial>,
    /// The rows that may be sent to people of these URNs, and the other way round.
    met: HashMap<Fingerprint, Met>,
    rows: HashMap<RowNumber, Fingerprint>,
    /// Why the service tells no URNs.
    silence: Option<String>,
    /// Rows whose URN was asked for in vain, though the service tells those of others.
    in_vain: HashSet<RowNumber>,
}

impl Gatekeeper {
    /// The gates of a run that begins at `began`, with what earlier ones found out.
    #[must_use]
    pub fn new(gates: Gates, findings: Findings, own: OwnWords, began: Moment) -> Self {
        Self {
            gates,
            began,
            own,
            state: RefCell::new(State {
                findings,
                ..State::default()
            }),
        }
    }

    /// The gates.
    #[must_use]
    pub const fn gates(&self) -> &Gates {
        &self.gates
    }

    const fn times(&self, now: Moment) -> Times {
        Times { now, began: self.began }
    }

    /// The draft with the recipient's URN, where URNs are wanted and it is known.
    #[must_use]
    pub fn named(&self, draft: Draft, now: Moment) -> Draft {
        if self.gates.resolve == Resolve::Spared || draft.recipient.profile_urn().is_some() {
            return draft;
        }
        let known = self.state.borrow().findings.of(draft.account.as_deref(), &draft.recipient);
        match self.gates.urn(&known, self.times(now)) {
            Some(urn) => Draft {
                recipient: draft.recipient.and(Recipient::from_profile_urn(urn)),
                ..draft
            },
            None => draft,
        }
    }

    /// Judges the recipient of a draft.
    #[must_use]
    pub fn judge(&self, draft: &Draft, now: Moment) -> Judged {
        let mut state = self.state.borrow_mut();
        let known = state.findings.of(draft.account.as_deref(), &draft.recipient);
        let own = self.own.to(&draft.recipient);
        let person = Person {
            recipient: &draft.recipient,
            account: draft.account.as_deref(),
            own: if own.is_empty() { Own::Nothing } else { Own::Perhaps },
        };
        let question = match self.gates.decide(person, &known, self.times(now)) {
            Decision::Pass => return state.pass(draft, &self.gates),
            Decision::Hold(gate, why) => return Judged::Held(Some(gate), why),
            Decision::Unclear(why) => return Judged::Unclear(why),
            Decision::Ask(question) => question,
        };
        let needed = self.needed(person, &known, now);
        if needed == Needed::ToResolve && (state.silence.is_some() || state.in_vain.contains(&draft.row)) {
            return state.pass(draft, &self.gates);
        }
        let partial = match &question {
            // It stays until the conversation is known: the question may have to wait, or fail, and be asked again.
            Question::Messages(conversation) => state.partial.get(conversation).cloned(),
            _ => None,
        };
        Judged::Ask(Box::new(Inquest {
            question,
            needed,
            account: draft.account.clone(),
            key: draft.key.clone(),
            recipient: draft.recipient.clone(),
            own,
            partial,
        }))
    }

    /// Whether only the URN is missing.
    fn needed(&self, person: Person<'_>, known: &Known, now: Moment) -> Needed {
        let nameless = Gates {
            resolve: Resolve::Spared,
            ..self.gates.clone()
        };
        match nameless.decide(person, known, self.times(now)) {
            Decision::Pass => Needed::ToResolve,
            _ => Needed::ToJudge,
        }
    }

    /// Names of the same people, as far as the service told.
    #[must_use]
    pub fn same_people(&self) -> Vec<(Fingerprint, Fingerprint)> {
        self.state.borrow().findings.same_people()
    }

    /// Takes note of a finding.
    pub fn note(&self, finding: &Finding) {
        let mut state = self.state.borrow_mut();
        state.findings.note(finding);
        if let Seen::Messages(said) = &finding.seen {
            state.partial.remove(&said.conversation);
        }
    }

    /// Takes note of a conversation that was read in part.
    pub fn keep_partial(&self, conversation: &str, partial: Partial) {
        self.state.borrow_mut().partial.insert(conversation.to_owned(), partial);
    }

    /// The service tells no URNs: nobody's is asked for any more.
    pub fn tells_no_urns(&self, why: String) {
        self.state.borrow_mut().silence.get_or_insert(why);
    }

    /// The URN of the recipient of this row was asked for in vain.
    pub fn asked_in_vain(&self, row: RowNumber) {
        self.state.borrow_mut().in_vain.insert(row);
    }

    /// Another row to the same person of which it is not known yet whether it is sent: until then nobody can tell what
    /// becomes of this one.
    #[must_use]
    pub fn under_way(&self, draft: &Draft) -> Option<RowNumber> {
        let urn = Fingerprint::of(draft.recipient.profile_urn()?);
        let met = self.state.borrow().met.get(&urn).copied()?;
        (met.row != draft.row && met.stage == Stage::UnderWay).then_some(met.row)
    }

    /// The row was sent, or may have been: no other one to the same person is.
    pub fn keep_from_others(&self, row: RowNumber) {
        let mut state = self.state.borrow_mut();
        if let Some(urn) = state.rows.get(&row).copied()
            && let Some(met) = state.met.get_mut(&urn)
        {
            met.stage = Stage::Over;
        }
    }

    /// The row is not sent after all: another one to the same person may be.
    pub fn release(&self, row: RowNumber) {
        let mut state = self.state.borrow_mut();
        if let Some(urn) = state.rows.remove(&row) {
            state.met.remove(&urn);
        }
    }
}

impl State {
    /// A row may be sent, unless another one to the same person may be.
    fn pass(&mut self, draft: &Draft, gates: &Gates) -> Judged {
        if let Some(urn) = draft.recipient.profile_urn() {
            let urn = Fingerprint::of(urn);
            let met = Met {
                row: draft.row,
                stage: Stage::UnderWay,
            };
            let first = self.met.entry(urn).or_insert(met).row;
            if first != draft.row {
                return Judged::Held(
                    None,
                    format!("duplicate: row {first} is to the same person, whose URN is known now"),
                );
            }
            self.rows.insert(draft.row, urn);
        } else if gates.resolve == Resolve::Wanted && draft.recipient.profile_id().is_some() {
            let why = self.silence.clone();
            return Judged::Unresolved(why.unwrap_or_else(|| "the service does not tell it".to_owned()));
        }
        Judged::Pass
    }
}
