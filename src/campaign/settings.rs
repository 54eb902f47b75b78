//! What a use case needs to know: every setting resolved, whatever flag, variable or file it came from.
//!
//! Plain data. How it is put together from what a person typed and wrote down is the command line's affair.

mod pace;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub use self::pace::{End, Hours, Pace, Reassigned, Share, Sharing, Strategy};
use crate::adapters::sheet::Delimiter;
use crate::model::draft::Channel;
pub use crate::model::gate::{GATE_AGE, Gate, Gates, Requirement, Resolve, SkipWhen};
pub use crate::model::plan::{Only, Unconfirmed};
use crate::model::preflight::Lengths;
use crate::model::row::Meaning;
use crate::model::rowset::RowSet;

/// Everything that defines a campaign and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What was typed that the next command repeats: the campaign, then its flags, each a word or two.
    pub typed: Vec<String>,
    /// Which files it is made of.
    pub files: CampaignFiles,
    /// How the sheet is to be read.
    pub sheet: SheetOptions,
    /// Where messages go.
    pub endpoint: Endpoint,
    /// The sending account of rows that name none.
    pub account: Option<String>,
    /// How fast requests may leave, and when a run gives up.
    pub pace: Pace,
    /// The accounts that share the rows that name none.
    pub sharing: Sharing,
    /// Which rows, and what may be sent again.
    pub choice: Choice,
    /// Who must not be written to.
    pub contact: Contact,
    /// What is asked about people before they are written to.
    pub gates: Gates,
    /// Through which inbox and with which files, where the sheet does not say so.
    pub delivery: Delivery,
    /// What `run` does before it sends.
    pub sending: Sending,
    /// Whether `check` asks about people.
    pub online: Online,
    /// Whether `run` reads back what an earlier run left unconfirmed.
    pub first_reading: FirstReading,
    /// The longest texts that are sent.
    pub lengths: Lengths,
    /// The folder of what all campaigns of this user share; `None` where there is none.
    pub data_folder: Option<PathBuf>,
    /// What is shown, and how.
    pub show: Show,
}

/// The files of a campaign. Paths are ready to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignFiles {
    /// What was typed as CAMPAIGN: a `campaign.toml`, or the sheet itself. For the next command to type.
    pub campaign: PathBuf,
    /// The sheet.
    pub sheet: PathBuf,
    /// The message template; status, results and report need none.
    pub message: Option<PathBuf>,
    /// The subject template.
    pub subject: Option<PathBuf>,
    /// The results.
    pub results: PathBuf,
    /// The journal, beside the results.
    pub journal: PathBuf,
}

/// How the sheet is to be read, as far as somebody said so. What is not said is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetOptions {
    /// Header of the column that identifies a row; `None`: the canonical recipient does.
    pub key: Option<String>,
    /// Headers that mean something to rowcast, where their names do not say so.
    pub columns: BTreeMap<Meaning, String>,
    /// Name of the encoding, such as `windows-1252`, as it was typed.
    pub encoding: Option<String>,
    /// The sheet of a workbook.
    pub tab: Option<String>,
    /// What stands between cells.
    pub delimiter: Option<Delimiter>,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The service, or whatever answers at this address in its place.
    Service {
        /// As it was said; whether it is a URL that may be used is for the client to check.
        base_url: String,
        /// Where the key comes from.
        key: KeySource,
    },
    /// The stand-in inside this process: no key, no limits.
    Sandbox {
        /// Where it writes every request and every delivery, if anywhere.
        log: Option<PathBuf>,
    },
}

/// The base URL of the service. The `/linkedin` is part of it.
pub const SERVICE_URL: &str = "https://api.connectsafely.ai/linkedin";

/// Where the API key comes from. Nothing here reads a file: a preview needs no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A variable of the environment or of `.env` held it.
    Variable {
        /// The variable, and for `.env` the file.
        name: String,
        /// Its value.
        key: Secret,
    },
    /// The first line of this file that is not blank.
    File(PathBuf),
    /// Nobody said one.
    Missing,
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which rows, and what may be sent again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// These rows of the sheet; `None`: all.
    pub rows: Option<RowSet>,
    /// Rows of an earlier run; `None`: all that are still to be sent.
    pub only: Option<Only>,
    /// At most so many sends.
    pub limit: Option<usize>,
    /// So many rows by chance, the same ones each time.
    pub sample: Option<usize>,
    /// Where the chosen rows' texts go as a test, as it was typed.
    pub test_to: Option<String>,
    /// What happens with unconfirmed rows.
    pub unconfirmed: Unconfirmed,
    /// What invalid rows do to a run.
    pub invalid: Invalid,
    /// What warnings do to a run.
    pub warnings: Warnings,
}

/// What invalid rows do to a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Invalid {
    /// They refuse it.
    #[default]
    Refuse,
    /// They are recorded, and the good rows are sent.
    Skip,
}

/// What warnings do to a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Warnings {
    /// They are shown.
    #[default]
    Show,
    /// They count as errors.
    Refuse,
}

/// Who must not be written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Do-not-contact lists: those of the flags and those of the campaign file together.
    pub suppress: Vec<PathBuf>,
    /// Nobody who got a message from here within this time.
    pub cooldown: Option<Duration>,
    /// Whether the same text may go to the same person again.
    pub repeats: Repeats,
}

/// Whether the same text may go to the same person again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repeats {
    /// Never.
    #[default]
    Refuse,
    /// It may.
    Allow,
}

/// Through which inbox messages go and what goes with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The inbox of rows that name none.
    pub channel: Option<Channel>,
    /// The files of rows that name none. Paths are ready to be opened.
    pub attachments: Vec<PathBuf>,
    /// The largest file that is attached, in bytes.
    pub max_attachment: u64,
    /// What becomes of uploads of earlier runs.
    pub reuse: Reuse,
}

/// 25 MB: no limit is published, and more is seldom meant.
pub const MAX_ATTACHMENT: u64 = 25 << 20;

/// What becomes of uploads of earlier runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reuse {
    /// They are referred to again.
    #[default]
    Wanted,
    /// Every run uploads anew.
    Spared,
}

/// What `run` does before it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sending {
    /// Asks, where there is a terminal.
    #[default]
    Ask,
    /// Sends: the answer was given on the command line.
    Agreed,
    /// Shows the plan and sends nothing.
    DryRun,
}

/// Whether `run` reads back what an earlier run left unconfirmed before it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FirstReading {
    /// It does.
    #[default]
    Wanted,
    /// A person said that it is not to.
    Spared,
}

/// Whether `check` asks the service about the people of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Online {
    /// It does not.
    #[default]
    Spared,
    /// It does.
    Wanted,
}

/// What is shown, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Show {
    /// For people or for programs.
    pub format: Format,
    /// How much is said.
    pub level: Level,
    /// Whether colours are used.
    pub color: Color,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How much is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors alone.
    Quiet,
    /// What a person needs.
    #[default]
    Normal,
    /// More than that.
    Verbose,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// Where there is a terminal that shows them.
    #[default]
    Auto,
    /// Also without one.
    Always,
    /// Nowhere.
    Never,
}

/// The word is none of those that a setting takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{said}` is none of {words}")]
pub struct WordError {
    said: String,
    words: &'static str,
}

impl FromStr for Format {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text.trim() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(WordError {
                said: text.to_owned(),
                words: "text, json",
            }),
        }
    }
}

impl FromStr for Color {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(WordError {
                said: text.to_owned(),
                words: "auto, always, never",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let endpoint = Endpoint::Service {
            base_url: SERVICE_URL.to_owned(),
            key: KeySource::Variable {
                name: "X".to_owned(),
                key: Secret::new("hush-hush"),
            },
        };
        assert!(!format!("{endpoint:?}").contains("hush"));
    }
}
