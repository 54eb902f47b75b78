//! The texts that rows got, and whether they would get another one now: a template or data that changed since.

use super::reading::Reading;
use super::survey::Seen;
use crate::adapters::digest::sha256_hex;
use crate::model::entry::{Entry, Position, Templates};
use crate::model::fingerprint::QuickMap;
use crate::model::judgement::Ruling;
use crate::model::ledger::{KeyId, Ledger};
use crate::model::outcome::Verdict;
use crate::model::problem::{Code, Problem, RowProblem};
use crate::model::row::RowNumber;
use crate::model::status::Status;

/// How many rows a finding names.
const NAMED: usize = 5;

/// A stand-in for a text, from its SHA-256. Two texts share one once in four billion times, and then a row is not told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark(u32);

impl Mark {
    /// Of a text with this SHA-256; `None` where that is not known.
    fn of(sha256: &str) -> Option<Self> {
        let start = sha256.get(..8).and_then(|start| u32::from_str_radix(start, 16).ok())?;
        Some(Self(start.max(1)))
    }
}

/// The text that each key got, as far as a journal or results say so: four bytes a key.
#[derive(Debug, Default)]
pub struct Texts {
    /// By key; zero where nothing is known.
    sent: Vec<u32>,
    /// Attempts that may still turn out to be sent.
    open: QuickMap<Position, (KeyId, Mark)>,
}

impl Texts {
    /// Takes note of an entry that `ledger` has folded.
    pub fn note(&mut self, position: Position, entry: &Entry, ledger: &Ledger) {
        match entry {
            Entry::Intent(intent) if !intent.test => self.begin(position, ledger.under_way(position), &intent.sha256),
            Entry::Outcome(outcome) => match outcome.answer.verdict() {
                Verdict::Sent => self.settle(outcome.of),
                Verdict::Failed | Verdict::NotSent(_) => drop(self.open.remove(&outcome.of)),
                Verdict::Unconfirmed => {}
            },
            Entry::Judgement(judgement) => match judgement.ruling {
                Ruling::Sent => self.settle(judgement.of),
                Ruling::Failed => drop(self.open.remove(&judgement.of)),
                Ruling::Open => {}
            },
            Entry::Import(import) if matches!(import.status, Status::Sent | Status::Unconfirmed) => {
                self.begin(position, ledger.find_key(&import.key), &import.sha256);
                if import.status == Status::Sent {
                    self.settle(position);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, position: Position, key: Option<KeyId>, sha256: &str) {
        if let (Some(id), Some(mark)) = (key, Mark::of(sha256)) {
            self.open.insert(position, (id, mark));
        }
    }

    fn settle(&mut self, of: Position) {
        let Some((id, mark)) = self.open.remove(&of) else { return };
        if self.sent.len() <= id.index() {
            self.sent.resize(id.index() + 1, 0);
        }
        if let Some(sent) = self.sent.get_mut(id.index()) {
            *sent = mark.0;
        }
    }

    fn of(&self, id: KeyId) -> Option<Mark> {
        self.sent.get(id.index()).filter(|mark| **mark != 0).map(|mark| Mark(*mark))
    }
}

/// Gathers the rows that were sent and would get another text now.
pub struct Outdated<'a> {
    reading: &'a Reading,
    ledger: &'a Ledger,
    texts: &'a Texts,
    sent: usize,
    count: usize,
    first: Vec<RowNumber>,
}

impl<'a> Outdated<'a> {
    /// Of the rows that `ledger` knows, and that got these texts.
    #[must_use]
    pub const fn among(reading: &'a Reading, ledger: &'a Ledger, texts: &'a Texts) -> Self {
        Self {
            reading,
            ledger,
            texts,
            sent: 0,
            count: 0,
            first: Vec::new(),
        }
    }

    /// Takes note of a row.
    pub fn note(&mut self, seen: &Seen<'_>) {
        let (Status::Sent, Some(address)) = (seen.status, seen.address) else {
            return;
        };
        self.sent += 1;
        let got = self
            .ledger
            .find(seen.key, Some(&address.recipient))
            .and_then(|id| self.texts.of(id));
        let Some(got) = got else { return };
        // A row that cannot be rendered now has no text that could be another one.
        let now = match seen.draft {
            Some(draft) => Mark::of(&sha256_hex(&draft.message)),
            None => self.reading.message(seen.row).and_then(|message| Mark::of(&sha256_hex(&message))),
        };
        if now.is_some_and(|now| now != got) {
            self.count += 1;
            if self.first.len() < NAMED {
                self.first.push(seen.row.number());
            }
        }
    }

    /// How many rows there are, and which are the first.
    #[must_use]
    pub fn finish(self) -> OldTexts {
        OldTexts {
            count: self.count,
            sent: self.sent,
            first: self.first,
        }
    }
}

/// Rows that were sent and would get another text now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OldTexts {
    /// How many.
    pub count: usize,
    /// How many rows were sent in all.
    pub sent: usize,
    /// The first of them.
    pub first: Vec<RowNumber>,
}

impl OldTexts {
    /// The problem, if there are such rows. It is a warning before the first run that would send the text of a template that was
    /// changed; once a run has sent it, or where nothing is left to send, it is only said.
    #[must_use]
    pub fn problem(&self, template: Template, to_send: usize) -> Option<RowProblem> {
        const CODE: Code = Code::TextChanged;
        if self.count == 0 {
            return None;
        }
        let (count, sent) = (self.count, self.sent);
        let rows: Vec<String> = self.first.iter().map(ToString::to_string).collect();
        let more = if count > rows.len() { ", …" } else { "" };
        let rows = format!("{} {}{more}", if count == 1 { "row" } else { "rows" }, rows.join(", "));
        let old = format!("{count} of {sent} sent rows have another text than they would get now ({rows})");
        let problem = match template {
            Template::Changed if to_send > 0 => {
                let why = "the template was changed since the last run, and the rows that are left get the new text; those that were sent keep theirs";
                Problem::warning(CODE, format!("{old}: {why}"))
            }
            Template::Changed => Problem::note(CODE, format!("{old}: the template was changed since; they keep theirs")),
            Template::Same => Problem::note(
                CODE,
                format!("{old}: their cells, or the template, were changed since; they keep theirs"),
            ),
        };
        Some(RowProblem { row: None, problem })
    }
}

/// Whether the templates are those of the last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// They say the same.
    Same,
    /// They do not, or it is not known what the last ones said.
    Changed,
}

impl Template {
    /// Whether `now` says what the templates of the last run did, by whatever paths they are named.
    #[must_use]
    pub fn since(last: Option<&Templates>, now: Option<&Templates>) -> Self {
        match (last, now) {
            (Some(last), Some(now)) if said(last) == said(now) => Self::Same,
            _ => Self::Changed,
        }
    }
}

/// The texts of templates without their names: message, subject, and all of them in order.
fn said(templates: &Templates) -> (Option<&str>, Option<&str>, Vec<&str>) {
    let text = |name: &str| templates.files.iter().find(|file| file.0 == name).map(|file| file.1.as_str());
    let mut all: Vec<&str> = templates.files.iter().map(|file| file.1.as_str()).collect();
    all.sort_unstable();
    (text(&templates.message), templates.subject.as_deref().and_then(text), all)
}
