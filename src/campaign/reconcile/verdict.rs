//! What came of a reconciliation, and what is told of it while it goes on.

use std::time::Duration;

use super::doubts::Doubt;
use super::orders::Absent;
use super::reader::Looked;
use crate::engine::clock::wall_time;
use crate::model::event::Asked;
use crate::model::judgement::Evidence;
use crate::model::row::RowNumber;
use crate::model::status::{Counts, Status};
use crate::model::time::Moment;

/// An attempt must be this old before its absence proves anything.
pub const OLD_ENOUGH: Duration = Duration::from_hours(1);

/// One fact about a reconciliation that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A row is settled.
    Settled {
        /// The row; `None` where the sheet does not have it any more.
        row: Option<RowNumber>,
        /// Its key.
        key: String,
        /// What it is now.
        status: Status,
        /// What that rests on, in one line.
        why: String,
    },
    /// Some rows were not found yet; they are looked for again.
    Waiting {
        /// How many.
        rows: usize,
        /// When.
        until: Moment,
    },
}

/// Why the reading ended before all was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// A person or the system asked.
    Asked(Asked),
    /// The service refuses the key, or asks to be left alone.
    Service(String),
}

/// What came of a reconciliation.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// All rows of the sheet, by status, afterwards.
    pub counts: Counts,
    /// Unconfirmed rows that were to be settled.
    pub concerned: usize,
    /// Of these, sent.
    pub sent: usize,
    /// Of these, failed.
    pub failed: usize,
    /// Of these, still unconfirmed: the row, and what was looked at.
    pub left: Vec<(Option<RowNumber>, String)>,
    /// Why it ended early, if it did.
    pub halt: Option<Halt>,
}

pub(super) fn what_was_looked_at(doubt: &Doubt, looked: Option<&Looked>, absent: Absent) -> String {
    let at = looked.map_or("nothing", |looked| looked.at.as_str());
    match (doubt.span.map(|span| span.began), absent) {
        (None, _) => format!("{at}; the results do not say when it was attempted, so no message can be told to be it"),
        (Some(at_time), Absent::Accept) if wall_time().since(at_time) < OLD_ENOUGH => {
            format!("{at}; --accept-absent needs an attempt that is an hour old")
        }
        _ => at.to_owned(),
    }
}

pub(super) fn why(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Found(found) => format!("found, sent at {}", found.sent_at),
        Evidence::Absent(looked) => format!("not there: {looked}"),
        Evidence::Person(note) if note.is_empty() => "a person decided".to_owned(),
        Evidence::Person(note) => format!("a person decided: {note}"),
    }
}
