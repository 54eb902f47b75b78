//! From what was typed, and what environment, `.env` and campaign file say, to what the program needs: one conversion.
//!
//! Flag beats environment beats `.env` beats campaign file beats default, for every setting; only do-not-contact lists
//! add up, since a list that was left out could not be taken back.

mod dotenv;
mod error;
mod file;
mod gates;
pub mod key;
pub mod keys;
mod layers;
mod pace;
mod paths;
mod typed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rowcast::campaign::settings::{
    CampaignFiles, Choice, Contact, Delivery, Endpoint, FirstReading, Format, Invalid, Level, MAX_ATTACHMENT, Online, Repeats, Reuse,
    SERVICE_URL, Sending, Settings, Share, Sharing, SheetOptions, Show, Unconfirmed, Warnings,
};
use rowcast::model::preflight::Lengths;
use rowcast::model::row::Meaning;
use rowcast::model::size::Size;

pub use error::SettingsError;
pub use layers::Surroundings;
pub use typed::Typed;

use crate::cli::args::{
    AccountsArgs, AtLeastOne, CampaignArgs, ChoiceArgs, ColumnName, ContactArgs, Count, DeliveryArgs, SendingArgs, SpanWithUnit,
};
use dotenv::DotEnv;
use file::CampaignFile;
use layers::{FilePace, Layers};
use paths::{CampaignKind, Stage};

/// Puts the settings together. Reads the campaign file and `.env`, and no other file: not the key's, not the sheet.
///
/// # Errors
/// Where one of the two cannot be read, says something that no setting takes, or the settings cannot be meant together.
pub fn resolve(typed: Typed, surroundings: &Surroundings) -> Result<Settings, SettingsError> {
    let Typed {
        campaign,
        templates,
        delivery,
        choice,
        contact,
        sending,
        first_reading,
        online,
        pace,
        reading,
        format,
        show,
        words: typed,
    } = typed;
    let mut layers = layers(&campaign.campaign, surroundings)?;
    let stage = stage(&campaign, &layers)?;
    if stage == Stage::Sandbox {
        layers.file_pace = FilePace::PassedOver;
    }
    let files = files(&campaign, templates.message, templates.subject, stage, &layers)?;
    paths::keep_apart(&files)?;
    let sharing = sharing(&campaign, &layers)?;
    Ok(Settings {
        typed,
        lengths: lengths(&campaign, &layers)?,
        sheet: sheet_options(&campaign, &layers)?,
        endpoint: endpoint(&campaign, stage, &layers)?,
        account: layers.pick_text(campaign.account, &keys::ACCOUNT)?,
        pace: pace::pace(&pace, &reading, stage, &layers)?,
        online: match online {
            Online::Wanted => Online::Wanted,
            Online::Spared => layers.switch(layers::Flag::Left, &keys::ONLINE, Online::Wanted)?,
        },
        first_reading: match first_reading {
            FirstReading::Spared => FirstReading::Spared,
            FirstReading::Wanted => layers.switch(layers::Flag::Left, &keys::NO_RECONCILE, FirstReading::Spared)?,
        },
        delivery: self::delivery(delivery, &layers)?,
        sharing,
        data_folder: data_folder(surroundings)?,
        gates: gates::gates(&campaign.gates, &layers)?,
        contact: self::contact(campaign.suppress, &contact, &layers)?,
        sending: self::sending(&sending, &layers)?,
        choice: self::choice(choice, sending, &layers)?,
        show: Show {
            format: layers.pick(format.format, &keys::FORMAT)?.unwrap_or_default(),
            level: level(&show, &layers)?,
            color: layers.pick(show.color, &keys::COLOR)?.unwrap_or_default(),
        },
        files,
    })
}

/// Who shares the rows that name no account. `--account` says that one account sends them all, so both cannot be meant.
fn sharing(campaign: &CampaignArgs, layers: &Layers<'_>) -> Result<Sharing, SettingsError> {
    let among: Vec<Share> = layers.pick_all(campaign.among.clone(), &keys::AMONG)?;
    let in_file = layers.file.as_ref().is_some_and(|file| file.said(&keys::ACCOUNT).is_some());
    if !among.is_empty() && (campaign.account.is_some() || in_file) {
        let text = "account and among: one says that one account sends the rows that name none, the other that several do; leave one out";
        return Err(SettingsError::Conflict(text.to_owned()));
    }
    if let Some(twice) = among
        .iter()
        .enumerate()
        .find(|(at, share)| among[..*at].iter().any(|earlier| earlier.id == share.id))
    {
        return Err(SettingsError::Conflict(format!("among: `{}` is named twice", twice.1.id)));
    }
    Ok(Sharing {
        strategy: layers.pick(campaign.strategy, &keys::STRATEGY)?.unwrap_or_default(),
        among,
        reassigned: layers.pick_all(campaign.reassign.clone(), &keys::REASSIGN)?,
    })
}

fn lengths(campaign: &CampaignArgs, layers: &Layers<'_>) -> Result<Lengths, SettingsError> {
    let default = Lengths::default();
    let most = |said: Option<AtLeastOne>, default| said.map_or(default, |most| usize::try_from(most.0.get()).unwrap_or(usize::MAX));
    Ok(Lengths {
        message: most(layers.pick(campaign.max_message, &keys::MAX_MESSAGE)?, default.message),
        subject: most(layers.pick(campaign.max_subject, &keys::MAX_SUBJECT)?, default.subject),
    })
}

/// The folder of what all campaigns share. A blank variable counts as none.
///
/// # Errors
/// Where the variable is no text.
pub fn data_folder(surroundings: &Surroundings) -> Result<Option<PathBuf>, SettingsError> {
    let said = surroundings.get(keys::DATA_FOLDER_VARIABLE)?;
    Ok(rowcast::adapters::data_folder::data_folder(said.map(Path::new)))
}

/// What a command needs that is about the service and no campaign.
pub struct Service {
    /// Where it is, and with which key.
    pub endpoint: Endpoint,
    /// For whom the output is.
    pub format: Format,
}

/// Puts together what a command needs that is about no campaign.
///
/// # Errors
/// As for [`resolve`].
pub fn resolve_service(args: &AccountsArgs, surroundings: &Surroundings) -> Result<Service, SettingsError> {
    let layers = Layers {
        surroundings,
        dotenv: DotEnv::of_first(&[&surroundings.folder])?,
        file: None,
        file_pace: FilePace::Holds,
    };
    let campaign = CampaignArgs {
        base_url: args.base_url.clone(),
        api_key_file: args.api_key_file.clone(),
        ..CampaignArgs::default()
    };
    Ok(Service {
        endpoint: endpoint(&campaign, if args.sandbox { Stage::Sandbox } else { Stage::Service }, &layers)?,
        format: args.format.format.unwrap_or_default(),
    })
}

fn layers<'a>(campaign: &Path, surroundings: &'a Surroundings) -> Result<Layers<'a>, SettingsError> {
    let file = match CampaignKind::of(campaign)? {
        CampaignKind::File => Some(CampaignFile::read(campaign)?),
        CampaignKind::Sheet => None,
    };
    let beside = campaign.parent().unwrap_or(Path::new(""));
    let dotenv = DotEnv::of_first(&[&surroundings.folder, beside])?;
    Ok(Layers {
        surroundings,
        dotenv,
        file,
        file_pace: FilePace::Holds,
    })
}

/// A flag that names a service outweighs a campaign file that says sandbox, as any flag outweighs the file.
fn stage(campaign: &CampaignArgs, layers: &Layers<'_>) -> Result<Stage, SettingsError> {
    let said = if campaign.sandbox {
        Some(true)
    } else {
        layers.pick(campaign.base_url.as_ref().map(|_| false), &keys::SANDBOX)?
    };
    Ok(if said == Some(true) { Stage::Sandbox } else { Stage::Service })
}

fn files(
    campaign: &CampaignArgs,
    message: Option<PathBuf>,
    subject: Option<PathBuf>,
    stage: Stage,
    layers: &Layers<'_>,
) -> Result<CampaignFiles, SettingsError> {
    let sheet = match &layers.file {
        None => campaign.campaign.clone(),
        Some(file) => layers.pick_path(None, &keys::SHEET)?.ok_or_else(|| SettingsError::File {
            path: file.path().to_owned(),
            text: "names no sheet; add a line such as sheet = \"people.csv\"".to_owned(),
        })?,
    };
    let results = match &campaign.results {
        Some(path) => path.clone(),
        // What the file of a real campaign calls its results is no place for a trial that a flag asked for.
        None if campaign.sandbox => paths::default_results(&sheet, stage),
        None => layers
            .pick_path(None, &keys::RESULTS)?
            .unwrap_or_else(|| paths::default_results(&sheet, stage)),
    };
    Ok(CampaignFiles {
        campaign: campaign.campaign.clone(),
        message: layers.pick_path(message, &keys::MESSAGE)?,
        subject: layers.pick_path(subject, &keys::SUBJECT)?,
        journal: paths::journal_of(&results),
        results,
        sheet,
    })
}

fn sheet_options(campaign: &CampaignArgs, layers: &Layers<'_>) -> Result<SheetOptions, SettingsError> {
    Ok(SheetOptions {
        key: layers.pick_text(campaign.key.clone(), &keys::KEY)?,
        columns: columns(&campaign.column, layers)?,
        encoding: layers.pick_text(campaign.encoding.clone(), &keys::ENCODING)?,
        tab: layers.pick_text(campaign.tab.clone(), &keys::TAB)?,
        delimiter: layers.pick(campaign.delimiter, &keys::DELIMITER)?,
    })
}

/// Each meaning is a setting of its own: a flag for one leaves the campaign file's others as they are.
fn columns(flags: &[ColumnName], layers: &Layers<'_>) -> Result<BTreeMap<Meaning, String>, SettingsError> {
    let listed: Vec<ColumnName> = layers.pick_all(Vec::new(), &keys::COLUMN)?;
    let of_file = layers.file.as_ref().map_or(&[][..], CampaignFile::columns);
    let mut columns = BTreeMap::new();
    for (place, layer) in [("[columns]", of_file), ("column", &listed), ("--column", flags)] {
        let mut said = BTreeMap::new();
        for column in layer {
            if said.insert(column.meaning, column.header.clone()).is_some() {
                let text = format!("{place}: two columns for `{}`; leave one out", column.meaning.as_str());
                return Err(SettingsError::Conflict(text));
            }
        }
        columns.append(&mut said);
    }
    Ok(columns)
}

fn endpoint(campaign: &CampaignArgs, stage: Stage, layers: &Layers<'_>) -> Result<Endpoint, SettingsError> {
    if stage == Stage::Sandbox {
        return Ok(Endpoint::Sandbox {
            log: layers.pick_path(campaign.sandbox_log.clone(), &keys::SANDBOX_LOG)?,
        });
    }
    let said = layers.pick_text(campaign.base_url.clone(), &keys::BASE_URL)?;
    Ok(Endpoint::Service {
        base_url: said.unwrap_or_else(|| SERVICE_URL.to_owned()),
        key: key::source(campaign.api_key_file.as_deref(), layers)?,
    })
}

fn delivery(flags: DeliveryArgs, layers: &Layers<'_>) -> Result<Delivery, SettingsError> {
    let attachments = if flags.attachments.is_empty() {
        layers.paths_of_layers(&keys::ATTACHMENTS)?
    } else {
        flags.attachments
    };
    let limit: Option<Size> = layers.pick(flags.max_attachment, &keys::MAX_ATTACHMENT)?;
    let reuse = layers.switch(flags.no_reuse_uploads.into(), &keys::NO_REUSE_UPLOADS, Reuse::Spared)?;
    let denied = layers.pick::<bool>(None, &keys::REUSE)? == Some(false);
    Ok(Delivery {
        channel: layers.pick(flags.messaging_channel, &keys::MESSAGING_CHANNEL)?,
        attachments,
        max_attachment: limit.map_or(MAX_ATTACHMENT, |limit| limit.0),
        reuse: if denied { Reuse::Spared } else { reuse },
    })
}

fn contact(mut suppress: Vec<PathBuf>, flags: &ContactArgs, layers: &Layers<'_>) -> Result<Contact, SettingsError> {
    suppress.extend(layers.paths_of_layers(&keys::SUPPRESS)?);
    suppress.extend(layers.paths_of_layers(&keys::SUPPRESS_FILES)?);
    let cooldown: Option<SpanWithUnit> = layers.pick(flags.cooldown, &keys::COOLDOWN)?;
    Ok(Contact {
        suppress,
        cooldown: cooldown.map(|span| span.0),
        repeats: layers.switch(flags.allow_repeat.into(), &keys::ALLOW_REPEAT, Repeats::Allow)?,
    })
}

/// A dry run outweighs an answer given beforehand: nothing is sent that could have been left alone.
fn sending(flags: &SendingArgs, layers: &Layers<'_>) -> Result<Sending, SettingsError> {
    let agreed = layers.switch(flags.yes.into(), &keys::YES, Sending::Agreed)?;
    match layers.switch(flags.dry_run.into(), &keys::DRY_RUN, Sending::DryRun)? {
        Sending::DryRun => Ok(Sending::DryRun),
        Sending::Ask | Sending::Agreed => Ok(agreed),
    }
}

fn choice(flags: ChoiceArgs, sending: SendingArgs, layers: &Layers<'_>) -> Result<Choice, SettingsError> {
    Ok(Choice {
        rows: layers.pick(flags.rows, &keys::ROWS)?,
        only: layers.pick(flags.only, &keys::ONLY)?,
        limit: count(layers.pick(flags.limit, &keys::LIMIT)?),
        sample: count(layers.pick(flags.sample, &keys::SAMPLE)?),
        test_to: layers.pick_text(sending.test_to, &keys::TEST_TO)?,
        unconfirmed: layers.switch(sending.resend_unconfirmed.into(), &keys::RESEND_UNCONFIRMED, Unconfirmed::Resend)?,
        invalid: layers.switch(flags.skip_invalid.into(), &keys::SKIP_INVALID, Invalid::Skip)?,
        warnings: layers.switch(flags.strict.into(), &keys::STRICT, Warnings::Refuse)?,
    })
}

fn count(said: Option<Count>) -> Option<usize> {
    said.map(|Count(count)| usize::try_from(count).unwrap_or(usize::MAX))
}

fn level(flags: &crate::cli::args::ShowArgs, layers: &Layers<'_>) -> Result<Level, SettingsError> {
    if flags.quiet || flags.verbose {
        return Ok(flags.level());
    }
    match layers.switch(layers::Flag::Left, &keys::QUIET, Level::Quiet)? {
        // `Level`'s default is not `Quiet`, so this arm means that the file says so.
        Level::Quiet => Ok(Level::Quiet),
        _ => layers.switch(layers::Flag::Left, &keys::VERBOSE, Level::Verbose),
    }
}

#[cfg(test)]
mod tests;
