//! What somebody wants to be settled, and how.

use std::time::Duration;

use crate::model::rowset::RowSet;

/// What somebody wants to be settled, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orders {
    /// These rows of the sheet; `None`: all that are unconfirmed.
    pub rows: Option<RowSet>,
    /// How.
    pub method: Method,
}

/// How unconfirmed rows are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// By reading back.
    ReadBack {
        /// How long to go on asking for what is not found.
        wait: Duration,
        /// What becomes of what is not found then.
        absent: Absent,
    },
    /// By a person's verdict.
    Mark {
        /// The verdict.
        verdict: Marked,
        /// The reason.
        note: String,
    },
}

/// What becomes of a message that is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Its row stays unconfirmed.
    Hold,
    /// Its row is failed, if the attempt is old enough and everything was looked at.
    Accept,
}

/// What a person knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It was delivered.
    Sent,
    /// It was not.
    Failed,
}

impl std::str::FromStr for Marked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "sent" => Ok(Self::Sent),
            "failed" => Ok(Self::Failed),
            _ => Err(format!("`{text}` is neither `sent` nor `failed`")),
        }
    }
}
