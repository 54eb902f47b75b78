//! The flags of a command, in the groups that settings are made from; a group that the command does not take is blank.

use rowcast::campaign::settings::{FirstReading, Online};

use crate::cli::args::{
    CampaignArgs, CheckArgs, ChoiceArgs, ContactArgs, DeliveryArgs, FormatArgs, PaceArgs, PlanArgs, PreviewArgs, ReadingArgs,
    ReconcileArgs, ReportArgs, ResultsArgs, RunArgs, SendingArgs, ShowArgs, StatusArgs, TemplateArgs,
};

/// The flags of a command that is about a campaign.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// What defines the campaign.
    pub campaign: CampaignArgs,
    /// Its templates.
    pub templates: TemplateArgs,
    /// Through which inbox, and with which files.
    pub delivery: DeliveryArgs,
    /// Which rows.
    pub choice: ChoiceArgs,
    /// Who must not be written to.
    pub contact: ContactArgs,
    /// What is sent, and whether somebody is asked.
    pub sending: SendingArgs,
    /// Whether `run` is to look first for what is unconfirmed.
    pub first_reading: FirstReading,
    /// Whether `check` asks about people.
    pub online: Online,
    /// How fast.
    pub pace: PaceArgs,
    /// How fast the service is asked.
    pub reading: ReadingArgs,
    /// For whom the output is.
    pub format: FormatArgs,
    /// How much is shown.
    pub show: ShowArgs,
    /// The words that the next command repeats.
    pub words: Vec<String>,
}

impl Typed {
    /// The same, with what is shown, and what the next command repeats.
    #[must_use]
    pub fn with(self, show: ShowArgs, words: Vec<String>) -> Self {
        Self { show, words, ..self }
    }
}

impl From<RunArgs> for Typed {
    fn from(args: RunArgs) -> Self {
        let RunArgs {
            campaign,
            templates,
            delivery,
            choice,
            contact,
            sending,
            no_reconcile,
            pace,
            reading,
            format,
        } = args;
        Self {
            campaign,
            templates,
            delivery,
            choice,
            contact,
            sending,
            first_reading: if no_reconcile { FirstReading::Spared } else { FirstReading::Wanted },
            pace,
            reading,
            format,
            ..Self::default()
        }
    }
}

impl From<PlanArgs> for Typed {
    fn from(args: PlanArgs) -> Self {
        let PlanArgs {
            campaign,
            templates,
            choice,
            contact,
            pace,
            format,
        } = args;
        Self {
            campaign,
            templates,
            choice,
            contact,
            pace,
            format,
            ..Self::default()
        }
    }
}

impl From<CheckArgs> for Typed {
    fn from(args: CheckArgs) -> Self {
        let CheckArgs {
            campaign,
            templates,
            delivery,
            choice,
            contact,
            online,
            reading,
            format,
        } = args;
        Self {
            campaign,
            templates,
            delivery,
            choice,
            contact,
            online: if online { Online::Wanted } else { Online::Spared },
            reading,
            format,
            ..Self::default()
        }
    }
}

impl From<PreviewArgs> for Typed {
    fn from(args: PreviewArgs) -> Self {
        let PreviewArgs {
            campaign,
            templates,
            delivery,
            choice,
            format,
            html: _,
            worst: _,
        } = args;
        Self {
            campaign,
            templates,
            delivery,
            choice,
            format,
            ..Self::default()
        }
    }
}

impl From<StatusArgs> for Typed {
    fn from(args: StatusArgs) -> Self {
        let StatusArgs {
            campaign,
            templates,
            format,
        } = args;
        Self {
            campaign,
            templates,
            format,
            ..Self::default()
        }
    }
}

impl From<&ResultsArgs> for Typed {
    fn from(args: &ResultsArgs) -> Self {
        Self {
            campaign: args.campaign.clone(),
            templates: args.templates.clone(),
            ..Self::default()
        }
    }
}

impl From<&ReportArgs> for Typed {
    fn from(args: &ReportArgs) -> Self {
        Self {
            campaign: args.campaign.clone(),
            templates: args.templates.clone(),
            ..Self::default()
        }
    }
}

impl From<&ReconcileArgs> for Typed {
    fn from(args: &ReconcileArgs) -> Self {
        Self {
            campaign: args.campaign.clone(),
            templates: args.templates.clone(),
            reading: args.reading.clone(),
            format: args.format.clone(),
            ..Self::default()
        }
    }
}
