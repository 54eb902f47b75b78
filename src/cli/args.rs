//! Arguments as they are typed. What they mean together with environment and campaign file is `settings`' affair.

mod campaign;
mod choice;
mod gates;
mod pace;
mod reconcile;

pub use campaign::{CampaignArgs, ColumnName};
pub use choice::{ChoiceArgs, ContactArgs, DeliveryArgs, FormatArgs, TemplateArgs};
pub use gates::GateArgs;
pub use pace::{AtLeastOne, Count, PaceArgs, PositiveSpan, ReadingArgs, SpanWithUnit};
pub use reconcile::ReconcileArgs;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use rowcast::campaign::preview::Order;
use rowcast::campaign::settings::{Color, Level};
use rowcast::model::status::Status;

use super::help;

/// Turns a spreadsheet into a LinkedIn campaign: renders a message for every row and sends each at most once
#[derive(Debug, Parser)]
#[command(
    name = "rowcast",
    version,
    after_help = help::TOP,
    after_long_help = help::top_long(),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    infer_long_args = false
)]
pub struct Arguments {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
    /// How much is shown.
    #[command(flatten)]
    pub show: ShowArgs,
}

/// How much is shown; the same for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct ShowArgs {
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Colours: auto, always or never [default: auto; NO_COLOR is heeded]
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<Color>,
}

impl ShowArgs {
    /// How much the flags ask for.
    pub const fn level(&self) -> Level {
        match (self.quiet, self.verbose) {
            (true, _) => Level::Quiet,
            (false, true) => Level::Verbose,
            (false, false) => Level::Normal,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a campaign: a folder with campaign.toml, a sheet and templates
    #[command(after_help = help::INIT)]
    Init(InitArgs),
    /// Read and render everything, send nothing, list every problem
    #[command(after_help = help::CHECK)]
    Check(Box<CheckArgs>),
    /// Show the rendered messages, send nothing
    #[command(after_help = help::PREVIEW)]
    Preview(Box<PreviewArgs>),
    /// Send what is still to be sent; run it again to resume
    #[command(after_help = help::RUN, after_long_help = help::run_long())]
    Run(Box<RunArgs>),
    /// Say which account will send how many and when, under all limits; send nothing
    #[command(after_help = help::PLAN)]
    Plan(Box<PlanArgs>),
    /// Say where the campaign stands: counts, what is next, when
    #[command(after_help = help::STATUS)]
    Status(Box<StatusArgs>),
    /// Write the results again, or some of them
    #[command(after_help = help::RESULTS)]
    Results(Box<ResultsArgs>),
    /// Write the run as a page
    #[command(after_help = help::REPORT)]
    Report(Box<ReportArgs>),
    /// Settle unconfirmed rows: read the conversations back, or say what became of them
    #[command(after_help = help::RECONCILE)]
    Reconcile(Box<ReconcileArgs>),
    /// The personal do-not-contact list, which holds for every campaign
    #[command(after_help = help::SUPPRESS)]
    Suppress(SuppressArgs),
    /// The contact history of this machine: make it again from journals
    #[command(after_help = help::HISTORY)]
    History(HistoryArgs),
    /// Show the sending accounts of the key, their state and quotas
    #[command(after_help = help::ACCOUNTS)]
    Accounts(AccountsArgs),
    /// Serve a local stand-in for the API, with scripted faults
    #[command(after_help = help::SANDBOX)]
    Sandbox(SandboxArgs),
    /// Print the completions of a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(after_help = help::MAN)]
    Man,
}

/// `rowcast init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder; made where it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

/// `rowcast check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// Through which inbox, and with which files.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// Which rows.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Who must not be written to.
    #[command(flatten)]
    pub contact: ContactArgs,
    /// Ask the service about the people of the rows, as --require, --skip and --resolve say; needs the key
    #[arg(long, help_heading = "Gates")]
    pub online: bool,
    /// How fast the service is asked.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// `rowcast preview`.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// Through which inbox, and with which files.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// Which rows.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Of the chosen rows the N that are most likely to go wrong, the worst first, and why
    #[arg(long, value_name = "N", help_heading = "Rows")]
    pub worst: Option<AtLeastOne>,
    /// Write the messages as a page there, - for stdout
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,
}

impl PreviewArgs {
    /// In which order rows are shown.
    pub fn order(&self) -> Order {
        self.worst.map_or(Order::Sheet, |most| {
            Order::WorstFirst(usize::try_from(most.0.get()).unwrap_or(usize::MAX))
        })
    }
}

/// `rowcast run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// Through which inbox, and with which files.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// Which rows.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Who must not be written to.
    #[command(flatten)]
    pub contact: ContactArgs,
    /// What is sent, and whether somebody is asked.
    #[command(flatten)]
    pub sending: SendingArgs,
    /// Do not look first for what an earlier run left unconfirmed
    #[arg(long, help_heading = "Sending")]
    pub no_reconcile: bool,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How fast the service is asked.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// `rowcast plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// Which rows.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Who must not be written to.
    #[command(flatten)]
    pub contact: ContactArgs,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// What `run` alone takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sending")]
pub struct SendingArgs {
    /// Also send rows whose fate is unknown: their people may get the message twice
    #[arg(long)]
    pub resend_unconfirmed: bool,
    /// Send the chosen rows' texts to RECIPIENT instead, marked as a test; counts for no row
    #[arg(long, value_name = "RECIPIENT")]
    pub test_to: Option<String>,
    /// Ask no question; required without a terminal
    #[arg(short, long)]
    pub yes: bool,
    /// Show the plan, send nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// `rowcast status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// `rowcast results`.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// Only rows of these statuses: sent, failed, unconfirmed, invalid, skipped, pending
    #[arg(long, value_name = "STATUS,…", value_delimiter = ',', requires = "output", help_heading = "Output")]
    pub status: Vec<Status>,
    /// Write there instead, - for stdout; the campaign's own results stay as they are
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// `rowcast report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Its templates; first, since the help shows what a campaign needs before what it may have.
    #[command(flatten)]
    pub templates: TemplateArgs,
    /// What defines the campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// Write the page there, - for stdout
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: PathBuf,
}

/// `rowcast suppress`.
#[derive(Debug, Args)]
pub struct SuppressArgs {
    /// What is to be done with the list.
    #[command(subcommand)]
    pub action: SuppressAction,
}

/// What can be done with the personal list.
#[derive(Debug, Subcommand)]
pub enum SuppressAction {
    /// Put somebody on the list: a profile in any form, a URN, a company, a key
    Add {
        /// Whom; in quotes where there are spaces
        #[arg(value_name = "ENTRY", required = true)]
        entries: Vec<String>,
    },
    /// Show the list
    List,
    /// Take over the entries of a file: one a line, or CSV with a header
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        list: PathBuf,
    },
}

/// `rowcast history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// What is to be done with the history.
    #[command(subcommand)]
    pub action: HistoryAction,
}

/// What can be done with the contact history.
#[derive(Debug, Subcommand)]
pub enum HistoryAction {
    /// Take over what these journals say, in place of what the history had of their campaigns
    Rebuild {
        /// The journals, such as people.results.journal
        #[arg(value_name = "JOURNAL", required = true)]
        journals: Vec<PathBuf>,
    },
}

/// `rowcast accounts`.
#[derive(Debug, Args)]
pub struct AccountsArgs {
    /// Where the service is [default: https://api.connectsafely.ai/linkedin; environment: ROWCAST_BASE_URL]
    #[arg(long, value_name = "URL", help_heading = "Service")]
    pub base_url: Option<String>,
    /// The file with the API key [default: CONNECTSAFELY_API_KEY of the environment]
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    pub api_key_file: Option<PathBuf>,
    /// Ask a stand-in inside this program instead, which needs no key
    #[arg(long, conflicts_with_all = ["base_url", "api_key_file"], help_heading = "Service")]
    pub sandbox: bool,
    /// For whom the output is.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// `rowcast sandbox`. Faults and the like stay text here: the sandbox reads them.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", hide_default_value = true)]
    pub listen: String,
    /// A fault to answer with, such as jane-doe=lost or any=429,times=1; may be given several times
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
    /// Faults from a file, one a line
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Write every delivery there, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// How long every answer takes, such as 50ms [default: none]
    #[arg(long, value_name = "TIME")]
    pub latency: Option<rowcast::model::time::Span>,
    /// How many sending accounts the key has [default: 1]
    #[arg(long, value_name = "N", default_value = "1", hide_default_value = true)]
    pub accounts: AtLeastOne,
    /// The accounts have Sales Navigator: answers carry thread ids
    #[arg(long)]
    pub sales_navigator: bool,
    /// Refuse every key but the one in CONNECTSAFELY_API_KEY
    #[arg(long)]
    pub require_key: bool,
}

/// `rowcast completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests;
