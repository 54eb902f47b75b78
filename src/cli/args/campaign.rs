//! The flags that define a campaign: the same for every command that is about one.

use std::path::PathBuf;
use std::str::FromStr;

use super::{AtLeastOne, GateArgs};
use clap::Args;
use rowcast::adapters::sheet::Delimiter;
use rowcast::campaign::settings::{Reassigned, Share, Strategy};
use rowcast::model::row::{Meaning, squashed, trim};

use crate::cli::settings::keys::nearest;

/// What defines a campaign.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Campaign")]
pub struct CampaignArgs {
    /// A campaign.toml, or the sheet itself: .csv .tsv .txt .xlsx .ods
    #[arg(value_name = "CAMPAIGN", help_heading = None::<&str>)]
    pub campaign: PathBuf,
    /// Where the results go; the journal is beside them [default: SHEET_STEM.results.csv beside the sheet]
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    /// The column that identifies a row across runs [default: the recipient does]
    #[arg(long, value_name = "COLUMN")]
    pub key: Option<String>,
    /// The sending account of rows that name none [environment: CONNECTSAFELY_ACCOUNT_ID]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// An account that shares the rows that name none, with its weight; may be given several times
    #[arg(long, value_name = "ID[=WEIGHT]", conflicts_with = "account")]
    pub among: Vec<Share>,
    /// How they share: round-robin (side by side) or fill (one day after the other's is used up) [default: round-robin]
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<Strategy>,
    /// Send the rows of account FROM from TO instead; may be given several times
    #[arg(long, value_name = "FROM=TO")]
    pub reassign: Vec<Reassigned>,
    /// Which column means what, such as recipient="Profile"; may be given several times
    #[arg(long, value_name = "MEANING=HEADER")]
    pub column: Vec<ColumnName>,
    /// What stands between cells: `,` `;` `|` or tab [default: recognised]
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<Delimiter>,
    /// The sheet's encoding, such as windows-1252 [default: UTF-8, or UTF-16 with its mark]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The sheet of a workbook
    #[arg(long, value_name = "NAME")]
    pub tab: Option<String>,
    /// Do not contact whom this file lists; may be given several times
    #[arg(long, value_name = "FILE")]
    pub suppress: Vec<PathBuf>,
    /// The longest message that is sent, in characters [default: 8000]
    #[arg(long, value_name = "N")]
    pub max_message: Option<AtLeastOne>,
    /// The longest subject that is sent, in characters [default: 200]
    #[arg(long, value_name = "N")]
    pub max_subject: Option<AtLeastOne>,
    /// What is asked about people first.
    #[command(flatten)]
    pub gates: GateArgs,
    /// Where the service is [default: https://api.connectsafely.ai/linkedin; environment: ROWCAST_BASE_URL]
    #[arg(long, value_name = "URL", help_heading = "Service")]
    pub base_url: Option<String>,
    /// The file with the API key [default: CONNECTSAFELY_API_KEY of the environment]
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    pub api_key_file: Option<PathBuf>,
    /// Send to a stand-in inside this program: no key, no limits, nobody gets anything
    #[arg(long, conflicts_with_all = ["base_url", "api_key_file"], help_heading = "Service")]
    pub sandbox: bool,
    /// Write every request and every delivery of the sandbox there, one JSON object a line [environment: ROWCAST_SANDBOX_LOG]
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    pub sandbox_log: Option<PathBuf>,
}

/// Which column means what, as somebody said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// What it means to rowcast.
    pub meaning: Meaning,
    /// The header of the sheet.
    pub header: String,
}

/// The text names no column for no meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnNameError {
    /// No `=`.
    #[error("`{0}` says no column; write MEANING=HEADER, such as recipient=\"Profile link\"")]
    Form(String),
    /// No such meaning.
    #[error("`{said}` is no meaning that a column can have{near}; there are {}", meanings())]
    Meaning {
        /// What was said.
        said: String,
        /// The nearest meaning, as a question, where one is near.
        near: String,
    },
    /// No header.
    #[error("the header for `{0}` is blank; write the column's name as the sheet has it")]
    BlankHeader(&'static str),
}

fn meanings() -> String {
    Meaning::ALL.map(Meaning::as_str).join(", ")
}

impl ColumnName {
    /// The column `header` for the meaning of this name; the name may be any that is recognised in a sheet.
    ///
    /// # Errors
    /// Where the name is no meaning, or the header is blank.
    pub fn new(meaning: &str, header: &str) -> Result<Self, ColumnNameError> {
        let folded = squashed(meaning);
        let known = |meaning: &Meaning| squashed(meaning.as_str()) == folded || meaning.names().iter().any(|name| squashed(name) == folded);
        let Some(meaning) = Meaning::ALL.into_iter().find(known) else {
            let said = trim(meaning).to_owned();
            let near =
                nearest(&said, Meaning::ALL.map(Meaning::as_str)).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(ColumnNameError::Meaning { said, near });
        };
        match trim(header) {
            "" => Err(ColumnNameError::BlankHeader(meaning.as_str())),
            header => Ok(Self {
                meaning,
                header: header.to_owned(),
            }),
        }
    }
}

impl FromStr for ColumnName {
    type Err = ColumnNameError;

    fn from_str(text: &str) -> Result<Self, ColumnNameError> {
        let (meaning, header) = text.split_once('=').ok_or_else(|| ColumnNameError::Form(text.to_owned()))?;
        Self::new(meaning, header)
    }
}
