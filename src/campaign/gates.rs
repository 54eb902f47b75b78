//! What a campaign remembers of people that it asked about, and what that means for their rows.

pub mod online;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::contacts::Aim;
use super::settings::Settings;
use crate::engine::clock::wall_time;
use crate::engine::gatekeeper::{Gatekeeper, OwnWords};
use crate::model::entry::{Entry, Import, Intent, Position};
use crate::model::findings::{Findings, Known};
use crate::model::fingerprint::Fingerprint;
use crate::model::gate::{Decision, Gate, Gates, Own, Person, Resolve, Times};
use crate::model::judgement::TextDigests;
use crate::model::outcome::Verdict;
use crate::model::problem::{Code, Problem};
use crate::model::rate::Rate;
use crate::model::recipient::Recipient;
use crate::model::status::Status;
use crate::model::time::Moment;

/// What was found out about people, and what may have been written to them.
#[derive(Debug)]
pub struct Remembered {
    findings: Findings,
    own: OwnWords,
    /// Attempts of which no outcome was met yet.
    open: HashMap<Position, Intent>,
    /// When which account asked of late, the oldest first.
    asked: Vec<(Option<String>, Moment)>,
    /// Nothing older is kept of that.
    since: Moment,
    /// The ids of accounts that the sheet or the settings name otherwise, or not at all.
    ids: BTreeMap<Option<String>, String>,
    /// What was found since counts although nothing older is to count.
    began: Moment,
}

impl Remembered {
    /// Nothing yet, for a campaign with these settings. `None` where it asks nothing.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        let period = settings.pace.read_rate.rate().map_or(Duration::ZERO, Rate::period);
        (!settings.gates.are_none()).then(|| Self {
            findings: Findings::default(),
            own: OwnWords::default(),
            open: HashMap::new(),
            asked: Vec::new(),
            since: wall_time() - period,
            ids: BTreeMap::new(),
            began: Moment::from_millis(i64::MAX),
        })
    }

    /// Folds an entry of the journal.
    pub fn apply(&mut self, position: Position, entry: &Entry) {
        match entry {
            Entry::Finding(finding) => {
                self.findings.note(finding);
                if finding.at >= self.since {
                    self.asked.push((finding.account.clone(), finding.at.min(wall_time())));
                }
            }
            Entry::Intent(intent) => {
                self.own.add(&intent.to, &text_of(intent));
                self.open.insert(position, intent.clone());
            }
            Entry::Outcome(outcome) => {
                if let Some(intent) = self.open.remove(&outcome.of) {
                    let delivered = outcome.answer.verdict() == Verdict::Sent && !intent.test;
                    let refused = matches!(outcome.answer.verdict(), Verdict::NotSent(_));
                    if delivered || refused {
                        // Nobody asks about whoever got the message, and what never left is in no conversation.
                        self.own.forget(&intent.to, &text_of(&intent));
                    }
                }
            }
            Entry::Import(import) => self.take_over(import),
            _ => {}
        }
    }

    /// Takes over what results without a journal said about a row.
    pub fn take_over(&mut self, import: &Import) {
        if matches!(import.status, Status::Unconfirmed | Status::Failed) {
            let text = TextDigests {
                exact: import.sha256.clone(),
                folded: None,
            };
            self.own.add(&import.to, &text);
        }
    }

    /// Takes over what was found out just now, and what accounts are called.
    pub fn take_in(&mut self, looked: &online::Looked) {
        looked.findings.iter().for_each(|finding| self.findings.note(finding));
        self.ids.clone_from(&looked.ids);
        self.began = looked.findings.iter().map(|finding| finding.at).min().unwrap_or(self.began);
    }

    /// What a run needs to judge by, and when its accounts asked of late; `ids` are the accounts by index.
    #[must_use]
    pub fn into_gatekeeper(self, gates: &Gates, ids: &[Option<String>], began: Moment) -> (Gatekeeper, Vec<(u16, Moment)>) {
        let index = |account: &Option<String>| ids.iter().position(|id| id == account).and_then(|index| u16::try_from(index).ok());
        let asked = self.asked.iter().filter_map(|(account, at)| Some((index(account)?, *at))).collect();
        (Gatekeeper::new(gates.clone(), self.findings, self.own, began), asked)
    }
}

fn text_of(intent: &Intent) -> TextDigests {
    TextDigests {
        exact: intent.sha256.clone(),
        folded: intent.folded_sha256.clone(),
    }
}

/// How long it takes to ask about the people of so many rows of each account, at the most.
#[must_use]
pub fn asking_takes(settings: &Settings, by_account: &[usize]) -> Duration {
    let (Some(rate), Some(rows)) = (settings.pace.read_rate.rate(), by_account.iter().max()) else {
        return Duration::ZERO;
    };
    let questions = u32::try_from(*rows).unwrap_or(u32::MAX).saturating_mul(settings.gates.questions());
    rate.period().saturating_mul(questions.saturating_sub(1) / rate.count())
}

/// Judges rows by what earlier runs found out, without asking.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    gates: &'a Gates,
    known: &'a Remembered,
    /// The account of rows that name none, as far as it is known.
    default: Option<&'a str>,
    aim: Aim,
    now: Moment,
}

impl<'a> Judge<'a> {
    /// Judges by what is remembered. To send, only findings count that are not too old; to tell how rows stand, the newest do.
    #[must_use]
    pub fn new(settings: &'a Settings, known: &'a Remembered, default: Option<&'a str>, aim: Aim) -> Self {
        Self {
            gates: &settings.gates,
            known,
            default: settings.account.as_deref().or(default),
            aim,
            now: wall_time(),
        }
    }

    /// Names of the same people, as far as the service told.
    #[must_use]
    pub fn same_people(&self) -> Vec<(Fingerprint, Fingerprint)> {
        self.known.findings.same_people()
    }

    const fn times(&self) -> Times {
        Times {
            now: self.now,
            began: self.known.began,
        }
    }

    /// The id of an account, as far as it is known.
    fn id(&self, account: Option<&'a str>) -> Option<&'a str> {
        let renamed = self.known.ids.get(&account.map(str::to_owned));
        renamed.map(String::as_str).or(account).or(self.default)
    }

    fn found(&self, recipient: &Recipient, account: Option<&str>) -> Known {
        let own = self.known.findings.of(self.id(account), recipient);
        match self.aim {
            Aim::Tell if own == Known::default() => self.known.findings.of_any(recipient),
            _ => own,
        }
    }

    /// Why a row is held, if it is.
    #[must_use]
    pub fn held(&self, recipient: &Recipient, account: Option<&str>) -> Option<(Gate, String)> {
        let known = self.found(recipient, account);
        let person = Person {
            recipient,
            account: self.id(account),
            own: if self.known.own.has(recipient) {
                Own::Perhaps
            } else {
                Own::Nothing
            },
        };
        match self.aim {
            Aim::Tell => self.gates.held(person, &known),
            Aim::Send => match self.gates.decide(person, &known, self.times()) {
                Decision::Hold(gate, why) => Some((gate, why)),
                _ => None,
            },
        }
    }

    /// That nobody could judge this recipient whatever the service says, if so.
    #[must_use]
    pub fn unaskable(&self, recipient: &Recipient) -> Option<Problem> {
        let person = Person {
            recipient,
            account: None,
            own: Own::Nothing,
        };
        match self.gates.decide(person, &Known::default(), self.times()) {
            Decision::Unclear(why) => Some(Problem::warning(Code::CannotBeJudged, why)),
            _ => None,
        }
    }

    /// The recipient with their URN, where it was asked for and is known.
    #[must_use]
    pub fn named(&self, recipient: &Recipient, account: Option<&str>) -> Recipient {
        let recipient = recipient.clone();
        if self.gates.resolve == Resolve::Spared || recipient.profile_urn().is_some() {
            return recipient;
        }
        let known = self.found(&recipient, account);
        match self.gates.urn(&known, self.times()) {
            Some(urn) => recipient.and(Recipient::from_profile_urn(urn)),
            None => recipient,
        }
    }
}
