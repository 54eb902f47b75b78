//! Which rows a run is for, as a person chose them.

use crate::model::row::RowNumber;
use crate::model::rowset::RowSet;
use crate::model::status::Status;

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

    /// Whether `--rows` and `--only` are for this row.
    #[must_use]
    pub fn takes(&self, number: RowNumber, status: Status) -> bool {
        let by_number = self.rows.as_ref().is_none_or(|rows| rows.contains(number));
        by_number
            && match self.only {
                None => true,
                Some(Only::Failed) => status == Status::Failed,
                Some(Only::Pending) => status == Status::Pending,
            }
    }
}
