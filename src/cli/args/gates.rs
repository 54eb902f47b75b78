//! What is asked about people before they are written to.

use clap::Args;
use rowcast::campaign::settings::{Requirement, SkipWhen};
use rowcast::model::time::Span;

/// What is asked about people before they are written to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Gates")]
pub struct GateArgs {
    /// Leave out who is not connected to the account: connected
    #[arg(long, value_name = "WHAT")]
    pub require: Vec<Requirement>,
    /// Leave out who is in a conversation with the account, or wrote to it: in-conversation, replied
    #[arg(long, value_name = "WHEN", value_delimiter = ',')]
    pub skip: Vec<SkipWhen>,
    /// Ask for the URNs of profile ids: people are recognised by them, and sends name them
    #[arg(long)]
    pub resolve: bool,
    /// How long what was found out counts in later runs [default: 1d]
    #[arg(long, value_name = "TIME")]
    pub gate_age: Option<Span>,
}
