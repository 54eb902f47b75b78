//! Why rows are left out on purpose, in few bytes a row.

use std::collections::HashMap;

use crate::model::gate::Gate;
use crate::model::problem::Code;
use crate::model::row::RowNumber;

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
    /// What was found out about the recipient.
    Gate(Gate, Reason),
}

impl Skip {
    /// The stable name for scripts.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Duplicate(_) => Code::Duplicate,
            Self::Contacted | Self::Before(_) => Code::AlreadyContacted,
            Self::Suppressed(_) => Code::DoNotContact,
            Self::Gate(gate, _) => gate.code(),
        }
    }

    /// The reason in one line.
    #[must_use]
    pub fn words(self, reasons: &Reasons) -> String {
        match self {
            Self::Duplicate(first) => format!("duplicate: row {first} has the same key or recipient, and the first counts"),
            Self::Contacted => CONTACTED.to_owned(),
            Self::Suppressed(reason) | Self::Before(reason) | Self::Gate(_, reason) => reasons.words(reason).to_owned(),
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
