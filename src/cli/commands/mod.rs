//! The commands of a campaign: each calls one use case and shows what came of it.

pub mod accounts;
pub mod check;
pub mod history;
pub mod plan;
pub mod preview;
pub mod problems;
pub mod reconcile;
pub mod report;
pub mod results;
pub mod run;
pub mod sandbox;
pub mod session;
pub mod signals;
pub mod status;
pub mod suppress;

use rowcast::campaign::error::CampaignError;
use rowcast::campaign::settings::Settings;
use rowcast::model::status::{Counts, Status};

use super::again as typed;
use super::exit::Exit;
use super::terminal::{Screen, counted, number};

/// Counts in words: `3 sent, 2 failed, 7 pending`; statuses that no row has are left out.
fn in_words(counts: &Counts) -> String {
    let of = |status: Status| (counts.of(status) > 0).then(|| format!("{} {status}", number(counts.of(status))));
    let words: Vec<String> = Status::ALL.into_iter().filter_map(of).collect();
    if words.is_empty() { "no rows".to_owned() } else { words.join(", ") }
}

/// A moment as the campaign's clock shows it.
fn when(settings: &Settings, moment: rowcast::model::time::Moment) -> String {
    rowcast::campaign::pacing::zone(settings).map_or_else(|_| moment.to_string(), |zone| zone.show(moment))
}

/// How a use case that could not do its work ends.
fn exit_of(error: &CampaignError) -> Exit {
    if error.is_breakage() { Exit::Defect } else { Exit::Refused }
}

/// How many texts of one kind a refusal shows.
const SHOWN: usize = 20;

/// Shows why nothing was done, with what is in the way.
fn refuse(screen: &mut Screen, error: &CampaignError) -> Exit {
    screen.error(error);
    if let CampaignError::InvalidRows { problems, .. }
    | CampaignError::Warnings { problems, .. }
    | CampaignError::Placeholders { problems, .. } = error
    {
        for line in problems::lines(problems, SHOWN, &|style, text| screen.on_err(style, text)) {
            screen.note(&line);
        }
    }
    exit_of(error)
}

/// `rowcast NAME` on the same campaign, to be typed as it stands.
fn again(name: &str, settings: &Settings) -> String {
    typed::command(name, &settings.typed)
}

/// `rowcast NAME` as [`again`] has it, for a command that needs a template where none was named.
fn again_with_template(name: &str, settings: &Settings) -> String {
    let mut words = settings.typed.clone();
    if settings.files.message.is_none() {
        words.push("-m FILE".to_owned());
    }
    typed::command(name, &words)
}

/// What the next run is for, if there is anything for it to do.
fn what_is_left(counts: &Counts) -> Option<String> {
    let left = |count| format!("To send to the {} left", counted(count, "row"));
    let again = |count| format!("try the {} again", counted(count, "failed row"));
    match (counts.of(Status::Pending), counts.of(Status::Failed)) {
        (0, 0) => None,
        (0, failed) => Some(format!("To {}:", again(failed))),
        (pending, 0) => Some(format!("{}:", left(pending))),
        (pending, failed) => Some(format!("{}, and {}:", left(pending), again(failed))),
    }
}

/// That rows were sent which would get another text now, if there are any.
fn old_texts(count: usize) -> Option<String> {
    (count > 0).then(|| {
        format!(
            "Of the rows that were sent, {} {} another text than would be sent now: the template or the sheet was changed since.",
            number(count),
            if count == 1 { "has" } else { "have" }
        )
    })
}

/// Shows how to find the conversations of the unconfirmed rows.
fn point_to_unconfirmed(settings: &Settings, count: usize, screen: &mut Screen) {
    if count > 0 {
        let why = format!(
            "To look for the {} in the conversations, and settle what is found:",
            counted(count, "unconfirmed row")
        );
        screen.commands(&why, &[again("reconcile", settings)]);
    }
}
