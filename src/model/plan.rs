//! What a run does with every row: pure, so that check, preview, status and run cannot disagree.
//!
//! A plan holds places and checks, not messages: 32 bytes a row. A draft is rendered when its turn comes.

use std::collections::HashMap;

use super::fingerprint::{Fingerprint, FingerprintMap};
use super::ledger::{KeyId, KeySource, Ledger, Standing};
use super::recipient::Recipient;
use super::row::{Place, RowNumber};
use super::rowset::RowSet;
use super::status::{Counts, Status};

/// Which rows of an earlier run a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Those that failed.
    Failed,
    /// Those that were not reached.
    Pending,
}

/// The word names no rows of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `failed` nor `pending`")]
pub struct OnlyError(String);

impl std::str::FromStr for Only {
    type Err = OnlyError;

    fn from_str(text: &str) -> Result<Self, OnlyError> {
        match text.trim() {
            "failed" => Ok(Self::Failed),
            "pending" => Ok(Self::Pending),
            _ => Err(OnlyError(text.to_owned())),
        }
    }
}

/// What happens to rows whose fate is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unconfirmed {
    /// They are held until somebody settles them.
    #[default]
    Hold,
    /// A person said that they are to be sent again.
    Resend,
}

/// Which rows a run is for, as a person chose them.
#[derive(Debug, Clone)]
pub struct Choice {
    /// `--rows`.
    pub rows: Option<RowSet>,
    /// `--only`.
    pub only: Option<Only>,
    /// `--limit`: at most so many sends.
    pub limit: Option<usize>,
    /// `--sample`: so many rows by chance.
    pub sample: Option<usize>,
    /// `--resend-unconfirmed`.
    pub unconfirmed: Unconfirmed,
}

impl Choice {
    /// All that is still to be sent.
    #[must_use]
    pub const fn everything() -> Self {
        Self {
            rows: None,
            only: None,
            limit: None,
            sample: None,
            unconfirmed: Unconfirmed::Hold,
        }
    }
}

/// Why a row is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// An earlier row has the same key or the same recipient.
    Duplicate(RowNumber),
    /// This campaign wrote to the same recipient under another key.
    Contacted,
    /// A do-not-contact list names the row.
    Suppressed(Reason),
    /// A campaign of this machine wrote to the same recipient.
    Before(Reason),
}

impl Skip {
    /// The stable name for scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Duplicate(_) => "duplicate",
            Self::Contacted | Self::Before(_) => "already-contacted",
            Self::Suppressed(_) => "do-not-contact",
        }
    }

    /// The reason in one line.
    #[must_use]
    pub fn words(self, reasons: &Reasons) -> String {
        match self {
            Self::Duplicate(first) => format!("duplicate: row {first} has the same key or recipient, and the first counts"),
            Self::Contacted => CONTACTED.to_owned(),
            Self::Suppressed(reason) | Self::Before(reason) => reasons.words(reason).to_owned(),
        }
    }
}

/// The words of [`Skip::Contacted`].
pub const CONTACTED: &str = "already contacted: this campaign wrote to the same recipient under another key";

/// A reason in words, kept by [`Reasons`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason(u32);

/// The words of reasons, each kept once: many rows share a few.
#[derive(Debug, Default)]
pub struct Reasons {
    words: Vec<Box<str>>,
    places: HashMap<Box<str>, u32>,
}

impl Reasons {
    /// Keeps `words`.
    pub fn keep(&mut self, words: &str) -> Reason {
        if let Some(place) = self.places.get(words) {
            return Reason(*place);
        }
        let place = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(words.into());
        self.places.insert(words.into(), place);
        Reason(place)
    }

    /// The words that were kept.
    #[must_use]
    pub fn words(&self, reason: Reason) -> &str {
        self.words.get(reason.0 as usize).map_or("left out", AsRef::as_ref)
    }
}

/// What a run does with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Sends it.
    Send,
    /// Nothing: it is sent, held, skipped or invalid.
    Rest,
    /// Nothing, because `--rows`, `--only`, `--sample` or `--limit` leave it out.
    LeaveOut,
}

/// One row of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Where the sheet has the row.
    pub place: Place,
    /// The row's number.
    pub number: RowNumber,
    /// [`super::draft::Draft::check`] of the draft that was planned; zero where none was rendered.
    pub check: u32,
    /// The sending account, as an index into the run's list of accounts.
    pub account: u16,
    /// What the row's time depends on beside its account, as an index into the run's list of classes.
    pub class: u16,
    /// The status before the run.
    pub status: Status,
    /// What the run does.
    pub step: Step,
    /// Why it is skipped, where it is.
    pub skip: Option<Skip>,
}

impl Planned {
    /// The status of the row, given how its key stands now.
    #[must_use]
    pub fn status_now(&self, standing: Standing) -> Status {
        match (self.skip, standing, self.status) {
            (Some(_), _, _) => Status::Skipped,
            (None, Standing::Sent, _) => Status::Sent,
            (None, Standing::Unconfirmed, _) => Status::Unconfirmed,
            (None, _, Status::Invalid | Status::Skipped) => self.status,
            (None, standing, _) => standing.status(),
        }
    }
}

/// Who a row is for, if that could be read.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The row's key.
    pub key: &'a str,
    /// The row's recipient; `None` where the recipient could not be read and the key could.
    pub recipient: Option<&'a Recipient>,
}

/// Names that the sheet has shown so far, and the row that showed each first.
///
/// Names that the ledger knows are told apart by its id for them, so that all names of a person are one.
#[derive(Debug, Default)]
struct Seen {
    known: Vec<u32>,
    new: FingerprintMap,
}

impl Seen {
    /// Notes that row `number` shows `name`, which the ledger knows as `id`; returns the row that showed it before, if one did.
    fn see(&mut self, id: Option<KeyId>, name: Fingerprint, number: RowNumber) -> Option<RowNumber> {
        let first = match id {
            None => *self.new.entry(name).or_insert(number.0),
            Some(id) => {
                let index = id.index();
                if self.known.len() <= index {
                    self.known.resize(index + 1, 0);
                }
                if self.known[index] == 0 {
                    self.known[index] = number.0;
                }
                self.known[index]
            }
        };
        (first != number.0).then_some(RowNumber(first))
    }
}

/// What is known of a row before it is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Whatever it says, it is not sent: sent before, held, or skipped.
    Settled {
        /// Its status.
        status: Status,
        /// Why it is skipped, where it is.
        skip: Option<Skip>,
    },
    /// It is to be sent if it can be rendered.
    Open(Standing),
}

/// From where a row leaves, and what its time depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Way {
    /// The sending account, as an index into the run's list of accounts.
    pub account: u16,
    /// Its class, as an index into the run's list of classes.
    pub class: u16,
}

/// What became of rendering a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// There is a draft with this check.
    Draft(u32),
    /// It cannot be rendered or addressed.
    Invalid,
    /// It was not tried, since the row is settled.
    Spared,
}

/// Makes a plan row by row, in the sheet's order.
#[derive(Debug)]
pub struct Planner {
    choice: Choice,
    keys: Seen,
    people: Seen,
    rows: Vec<Planned>,
    /// The lots of `--sample`, one a row.
    lots: Vec<u64>,
    /// Why rows are skipped.
    pub reasons: Reasons,
}

impl Planner {
    /// Begins a plan.
    #[must_use]
    pub fn new(choice: Choice) -> Self {
        Self {
            choice,
            keys: Seen::default(),
            people: Seen::default(),
            rows: Vec::new(),
            lots: Vec::new(),
            reasons: Reasons::default(),
        }
    }

    /// Meets the next row: is it a duplicate, and what does the ledger say?
    pub fn meet(&mut self, ledger: &Ledger, number: RowNumber, who: Who<'_>) -> Meeting {
        let id = ledger.find(who.key, who.recipient);
        if let Some(first) = self.duplicate_of(ledger, number, who) {
            return Meeting::Settled {
                status: Status::Skipped,
                skip: Some(Skip::Duplicate(first)),
            };
        }
        let standing = id.map_or(Standing::Untried, |id| ledger.standing(id));
        match standing {
            Standing::Sent => {
                return Meeting::Settled {
                    status: Status::Sent,
                    skip: None,
                };
            }
            Standing::Unconfirmed if self.choice.unconfirmed == Unconfirmed::Hold => {
                return Meeting::Settled {
                    status: Status::Unconfirmed,
                    skip: None,
                };
            }
            _ => {}
        }
        if who.recipient.is_some_and(|recipient| ledger.wrote_to(recipient, id)) {
            return Meeting::Settled {
                status: Status::Skipped,
                skip: Some(Skip::Contacted),
            };
        }
        Meeting::Open(standing)
    }

    /// The first row with the same key, the same recipient, or another name of the same person.
    fn duplicate_of(&mut self, ledger: &Ledger, number: RowNumber, who: Who<'_>) -> Option<RowNumber> {
        let mut first = match ledger.source() {
            KeySource::Column => self.keys.see(ledger.find_key(who.key), Fingerprint::of_key(who.key), number),
            // The key is one of the recipient's names, which come below.
            KeySource::Recipient => None,
        };
        for name in who.recipient.into_iter().flat_map(Recipient::identities) {
            let seen = self
                .people
                .see(ledger.find_recipient(&name), Fingerprint::of_recipient(&name), number);
            first = first.into_iter().chain(seen).min();
        }
        first
    }

    /// Adds the row that was met.
    pub fn push(&mut self, number: RowNumber, place: Place, way: Way, lot: u64, meeting: Meeting, rendering: Rendering) {
        let (status, skip) = match (meeting, rendering) {
            (Meeting::Settled { status, skip }, _) => (status, skip),
            (Meeting::Open(Standing::Unconfirmed), Rendering::Invalid) => (Status::Unconfirmed, None),
            (Meeting::Open(_), Rendering::Invalid) => (Status::Invalid, None),
            (Meeting::Open(standing), _) => (standing.status(), None),
        };
        let sendable = matches!(meeting, Meeting::Open(_)) && rendering != Rendering::Invalid;
        let step = match (self.chosen(number, status), sendable) {
            (false, _) => Step::LeaveOut,
            (true, true) => Step::Send,
            (true, false) => Step::Rest,
        };
        let check = if let Rendering::Draft(check) = rendering { check } else { 0 };
        self.rows.push(Planned {
            place,
            number,
            check,
            account: way.account,
            class: way.class,
            status,
            step,
            skip,
        });
        if self.choice.sample.is_some() {
            self.lots.push(lot);
        }
    }

    /// Whether `--rows` and `--only` are for this row.
    #[must_use]
    pub fn chosen(&self, number: RowNumber, status: Status) -> bool {
        let by_number = self.choice.rows.as_ref().is_none_or(|rows| rows.contains(number));
        by_number
            && match self.choice.only {
                None => true,
                Some(Only::Failed) => status == Status::Failed,
                Some(Only::Pending) => status == Status::Pending,
            }
    }

    /// Ends the plan: `--sample` and `--limit` are applied, in this order.
    #[must_use]
    pub fn finish(mut self) -> Plan {
        if let Some(size) = self.choice.sample {
            let mut order: Vec<usize> = (0..self.rows.len()).collect();
            order.sort_by_key(|&index| (self.lots[index], index));
            for &index in order.iter().skip(size) {
                self.rows[index].step = Step::LeaveOut;
            }
        }
        let mut left = self.choice.limit.unwrap_or(usize::MAX);
        for row in self.rows.iter_mut().filter(|row| row.step == Step::Send) {
            match left.checked_sub(1) {
                Some(less) => left = less,
                None => row.step = Step::LeaveOut,
            }
        }
        Plan {
            rows: self.rows,
            reasons: self.reasons,
        }
    }
}

/// What a run does with every row, in the sheet's order.
#[derive(Debug, Default)]
pub struct Plan {
    /// The rows.
    pub rows: Vec<Planned>,
    /// Why rows are skipped.
    pub reasons: Reasons,
}

impl Plan {
    /// The rows that will be sent.
    pub fn to_send(&self) -> impl Iterator<Item = &Planned> {
        self.rows.iter().filter(|row| row.step == Step::Send)
    }

    /// Rows that the run is for and that cannot be rendered or addressed: they refuse it.
    #[must_use]
    pub fn invalid(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.step == Step::Rest && row.status == Status::Invalid)
            .count()
    }

    /// The statuses of all rows before the run.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            counts.add(row.status);
        }
        counts
    }

    /// The row with this number.
    #[must_use]
    pub fn row(&self, number: RowNumber) -> Option<&Planned> {
        self.rows
            .binary_search_by_key(&number, |row| row.number)
            .ok()
            .map(|index| &self.rows[index])
    }
}

#[cfg(test)]
mod tests;
