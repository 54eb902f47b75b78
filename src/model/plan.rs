//! What a run does with every row: pure, so that check, preview, status and run cannot disagree.
//!
//! A plan holds places and checks, not messages: 32 bytes a row. A draft is rendered when its turn comes.

mod choice;
mod skip;

pub use choice::{Choice, Only, OnlyError, Unconfirmed};
pub use skip::{CONTACTED, Reason, Reasons, Skip};

use super::fingerprint::{Fingerprint, FingerprintMap, lot_of};
use super::ledger::{KeyId, KeySource, Ledger, Standing};
use super::recipient::Recipient;
use super::row::{Place, RowNumber};
use super::status::{Counts, Status};

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

impl Meeting {
    /// The row's status before a run, given what became of rendering it.
    #[must_use]
    pub const fn status(self, rendering: Rendering) -> Status {
        match (self, rendering) {
            (Self::Settled { status, .. }, _) => status,
            (Self::Open(Standing::Unconfirmed), Rendering::Invalid) => Status::Unconfirmed,
            (Self::Open(_), Rendering::Invalid) => Status::Invalid,
            (Self::Open(standing), _) => standing.status(),
        }
    }
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

impl Rendering {
    const fn check(self) -> u32 {
        match self {
            Self::Draft(check) => check,
            Self::Invalid | Self::Spared => 0,
        }
    }
}

/// Makes a plan row by row, in the sheet's order.
#[derive(Debug)]
pub struct Planner {
    choice: Choice,
    keys: Seen,
    people: Seen,
    /// People of whom the ledger knows several keys.
    kin: Seen,
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
            kin: Seen::default(),
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
        let kin = id.and_then(|id| ledger.one_of_kin(id));
        let first_of_kin = kin.and_then(|one| self.kin.see(Some(one), Fingerprint::of(who.key), number));
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
        if let Some(first) = first_of_kin {
            return Meeting::Settled {
                status: Status::Skipped,
                skip: Some(Skip::Duplicate(first)),
            };
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
            KeySource::Column => {
                let key = Fingerprint::of(who.key);
                self.keys.see(ledger.find_keyed(key), key, number)
            }
            // The key is one of the recipient's names, which come below.
            KeySource::Recipient => None,
        };
        for name in who.recipient.into_iter().flat_map(Recipient::identities) {
            let name = Fingerprint::of(&name);
            let seen = self.people.see(ledger.find_named(name), name, number);
            first = first.into_iter().chain(seen).min();
        }
        first
    }

    /// The lot of a row of this name in the choice by chance; zero where there is none to make.
    #[must_use]
    pub fn lot(&self, name: &str) -> u64 {
        if self.choice.sample.is_some() { lot_of(name) } else { 0 }
    }

    /// Adds the row that was met.
    pub fn push(&mut self, number: RowNumber, place: Place, way: Way, lot: u64, meeting: Meeting, rendering: Rendering) {
        let status = meeting.status(rendering);
        let skip = match meeting {
            Meeting::Settled { skip, .. } => skip,
            Meeting::Open(_) => None,
        };
        let sendable = matches!(meeting, Meeting::Open(_)) && rendering != Rendering::Invalid;
        let step = match (self.chosen(number, status), sendable) {
            (false, _) => Step::LeaveOut,
            (true, true) => Step::Send,
            (true, false) => Step::Rest,
        };
        let planned = Planned {
            place,
            number,
            check: rendering.check(),
            account: way.account,
            class: way.class,
            status,
            step,
            skip,
        };
        self.add(planned, lot);
    }

    /// Adds a row whose text may go to somebody else as a test: whatever its `status` is, it is sent if it can be rendered.
    pub fn push_test(&mut self, number: RowNumber, place: Place, way: Way, lot: u64, status: Status, rendering: Rendering) {
        let (status, step) = match (self.chosen(number, status), rendering) {
            (false, _) => (status, Step::LeaveOut),
            (true, Rendering::Draft(_)) => (Status::Pending, Step::Send),
            (true, Rendering::Invalid | Rendering::Spared) => (Status::Invalid, Step::Rest),
        };
        let planned = Planned {
            place,
            number,
            check: rendering.check(),
            account: way.account,
            class: way.class,
            status,
            step,
            skip: None,
        };
        self.add(planned, lot);
    }

    fn add(&mut self, planned: Planned, lot: u64) {
        self.rows.push(planned);
        if self.choice.sample.is_some() {
            self.lots.push(lot);
        }
    }

    /// Whether `--rows` and `--only` are for this row.
    #[must_use]
    pub fn chosen(&self, number: RowNumber, status: Status) -> bool {
        self.choice.takes(number, status)
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
