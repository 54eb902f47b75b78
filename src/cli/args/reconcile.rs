//! What `rowcast reconcile` takes.

use clap::Args;
use rowcast::campaign::reconcile::{Absent, Marked, Method, Orders};
use rowcast::model::rowset::RowSet;
use rowcast::model::time::Span;

use super::{CampaignArgs, FormatArgs, ReadingArgs, TemplateArgs};

/// How long is looked for what does not show at once.
const WAIT: Span = Span(std::time::Duration::from_mins(2));

/// `rowcast reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// These rows of the sheet, such as 2-5,9 [default: all that are unconfirmed]
    #[arg(long, value_name = "ROWS", allow_hyphen_values = true, help_heading = "Rows")]
    pub rows: Option<RowSet>,
    /// How long to look for messages that do not show at once; 0 looks once [default: 2m]
    #[arg(long, value_name = "TIME", conflicts_with = "mark", help_heading = "Settling")]
    pub wait: Option<Span>,
    /// Rows whose message is not there an hour after the attempt are failed: the next run sends them again
    #[arg(long, conflicts_with = "mark", help_heading = "Settling")]
    pub accept_absent: bool,
    /// Do not look: say yourself what became of the rows, sent or failed
    #[arg(long, value_name = "STATUS", requires = "rows", help_heading = "Settling")]
    pub mark: Option<Marked>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", requires = "mark", help_heading = "Settling")]
    pub note: Option<String>,
    /// How fast the service is asked.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
}

impl ReconcileArgs {
    /// What is asked for.
    pub fn orders(&self) -> Orders {
        let method = match self.mark {
            Some(verdict) => Method::Mark {
                verdict,
                note: self.note.clone().unwrap_or_default(),
            },
            None => Method::ReadBack {
                wait: self.wait.unwrap_or(WAIT).0,
                absent: if self.accept_absent { Absent::Accept } else { Absent::Hold },
            },
        };
        Orders {
            rows: self.rows.clone(),
            method,
        }
    }
}
