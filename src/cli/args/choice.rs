//! Which rows, with which texts, for whom.

use std::path::PathBuf;

use clap::Args;
use rowcast::campaign::settings::{Format, Only};
use rowcast::model::draft::Channel;
use rowcast::model::rowset::RowSet;
use rowcast::model::size::Size;

use super::{Count, SpanWithUnit};

/// The templates of a campaign.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Campaign")]
pub struct TemplateArgs {
    /// The Tera template of the message
    #[arg(short, long, value_name = "FILE")]
    pub message: Option<PathBuf>,
    /// The Tera template of the subject
    #[arg(short, long, value_name = "FILE")]
    pub subject: Option<PathBuf>,
}

/// Through which inbox, and with which files.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Campaign")]
pub struct DeliveryArgs {
    /// Attach this file to the rows that name none; may be given several times
    #[arg(long, value_name = "FILE")]
    pub attachments: Vec<PathBuf>,
    /// The largest file that is attached [default: 25MB]
    #[arg(long, value_name = "SIZE")]
    pub max_attachment: Option<Size>,
    /// Upload files again that an earlier run uploaded
    #[arg(long)]
    pub no_reuse_uploads: bool,
    /// The inbox of rows that name none: auto, sales_navigator or linkedin_inbox [default: the service chooses]
    #[arg(long, value_name = "CHANNEL")]
    pub messaging_channel: Option<Channel>,
}

/// Which rows.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rows")]
pub struct ChoiceArgs {
    /// These rows of the sheet, such as 2-5,9 or 7-; the header is row 1
    #[arg(long, value_name = "ROWS", allow_hyphen_values = true)]
    pub rows: Option<RowSet>,
    /// At most N rows
    #[arg(long, value_name = "N")]
    pub limit: Option<Count>,
    /// Rows of an earlier run: failed or pending
    #[arg(long, value_name = "STATUS")]
    pub only: Option<Only>,
    /// N rows by chance, the same ones next time
    #[arg(long, value_name = "N")]
    pub sample: Option<Count>,
    /// Go on with the good rows and record the others as invalid
    #[arg(long)]
    pub skip_invalid: bool,
    /// Warnings count as errors
    #[arg(long)]
    pub strict: bool,
}

/// Who must not be written to again.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rows")]
pub struct ContactArgs {
    /// Leave out who got a message from this machine within this time, such as 30d
    #[arg(long, value_name = "TIME")]
    pub cooldown: Option<SpanWithUnit>,
    /// The same text may go to the same person again
    #[arg(long)]
    pub allow_repeat: bool,
}

/// For whom the output is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct FormatArgs {
    /// What stdout gets: text for people, json for programs [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}
