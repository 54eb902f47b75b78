//! What a row is, in the contract's six words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The status of a row of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The API said so. Never sent again.
    Sent,
    /// Certainly not delivered. Tried again by the next run.
    Failed,
    /// May or may not have been delivered. Held until somebody settles it.
    Unconfirmed,
    /// Could not be rendered or addressed.
    Invalid,
    /// Left out on purpose.
    Skipped,
    /// Not reached yet.
    Pending,
}

impl Status {
    /// All statuses, in the order in which summaries count them.
    pub const ALL: [Self; 6] = [
        Self::Sent,
        Self::Failed,
        Self::Unconfirmed,
        Self::Invalid,
        Self::Skipped,
        Self::Pending,
    ];

    /// The word that users see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::Invalid => "invalid",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
        }
    }

    /// The `success` column of the results: `true`, `false`, or empty where it is not known or not tried.
    #[must_use]
    pub const fn success(self) -> &'static str {
        match self {
            Self::Sent => "true",
            Self::Failed | Self::Invalid => "false",
            Self::Unconfirmed | Self::Skipped | Self::Pending => "",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The word names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no status; there are sent, failed, unconfirmed, invalid, skipped and pending")]
pub struct StatusError(String);

impl FromStr for Status {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text.trim())
            .ok_or_else(|| StatusError(text.to_owned()))
    }
}

/// How many rows have each status. Adds up to the rows of the sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([usize; 6]);

impl Counts {
    /// Counts one more row with `status`.
    pub fn add(&mut self, status: Status) {
        self.0[status as usize] += 1;
    }

    /// A row that was counted as `from` is `to` now.
    pub fn shift(&mut self, from: Status, to: Status) {
        self.0[from as usize] = self.0[from as usize].saturating_sub(1);
        self.0[to as usize] += 1;
    }

    /// Rows with `status`.
    #[must_use]
    pub const fn of(&self, status: Status) -> usize {
        self.0[status as usize]
    }

    /// All rows.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }
}
