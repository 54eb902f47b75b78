//! `rowcast reconcile`: settles unconfirmed rows and says what is left.

use rowcast::campaign::error::CampaignError;
use rowcast::campaign::reconcile::{Halt, Method, Orders, Reconciled, Told, reconcile};
use rowcast::campaign::settings::{Format, Settings};
use rowcast::engine::clock::wall_time;
use rowcast::model::event::Asked;
use rowcast::model::row::RowNumber;
use rowcast::model::status::Status;
use rowcast::model::time::Span;
use serde_json::json;

use super::super::exit::Exit;
use super::super::terminal::{Screen, counted, json_line, number, one_line};
use super::{again, again_with_template, in_words, refuse, session, signals, what_is_left};

/// How many rows that are still unconfirmed are shown.
const SHOWN: usize = 20;

/// Settles what can be settled.
pub fn run(settings: &Settings, orders: &Orders, screen: &mut Screen) -> Exit {
    begin(settings, orders, screen).unwrap_or_else(|exit| exit)
}

fn begin(settings: &Settings, orders: &Orders, screen: &mut Screen) -> Result<Exit, Exit> {
    // A person's verdict needs no key.
    let key = match orders.method {
        Method::ReadBack { .. } => session::key_for(&settings.endpoint, screen)?,
        Method::Mark { .. } => None,
    };
    let runtime = session::runtime(tokio::runtime::Builder::new_current_thread(), screen)?;
    let done = runtime.block_on(async {
        Box::pin(reconcile(settings, key.as_ref(), orders, signals::listen(), |told| {
            say(told, screen);
        }))
        .await
    });
    Ok(match done {
        Ok(reconciled) => {
            conclude(settings, &reconciled, screen);
            exit(&reconciled)
        }
        Err(CampaignError::NothingSent) => {
            screen.say("Nothing was sent yet, so nothing is unconfirmed.");
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    })
}

fn say(told: &Told, screen: &mut Screen) {
    match told {
        Told::Settled { row, key, status, why } => {
            let name = name_of(*row, key);
            screen.say(&format!("{name}: {status}: {}", one_line(why)));
        }
        Told::Waiting { rows, until } => {
            let wait = Span(until.since(wall_time()));
            screen.say(&format!("{} not found yet; looking again in {wait}", counted(*rows, "row")));
        }
    }
}

fn name_of(row: Option<RowNumber>, key: &str) -> String {
    match row {
        Some(row) => format!("row {row}"),
        None => format!("`{}`, which the sheet does not have any more", one_line(key)),
    }
}

fn conclude(settings: &Settings, reconciled: &Reconciled, screen: &mut Screen) {
    match &reconciled.halt {
        None => {}
        Some(Halt::Asked(Asked::Interrupt)) => screen.warning(&"interrupted"),
        Some(Halt::Asked(Asked::Terminate)) => screen.warning(&"asked to end"),
        Some(Halt::Service(why)) => screen.warning(why),
    }
    if settings.show.format == Format::Json {
        screen.line(&json_line(&as_json(settings, reconciled)));
    }
    for (row, looked) in reconciled.left.iter().take(SHOWN) {
        let name = row.map_or_else(
            || "a row that the sheet does not have any more".to_owned(),
            |row| format!("row {row}"),
        );
        let looked = if looked.is_empty() { "not looked at" } else { looked };
        screen.say(&format!("{name}: still unconfirmed: {}", one_line(looked)));
    }
    if let Some(more) = reconciled.left.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        screen.say(&format!("… and {} more; the results have them all", number(more)));
    }
    let concerned = counted(reconciled.concerned, "unconfirmed row");
    let [sent, failed, left] = [reconciled.sent, reconciled.failed, reconciled.left.len()].map(number);
    screen.say(&match reconciled.concerned {
        0 => "No row is unconfirmed.".to_owned(),
        _ => format!("{concerned}: {sent} sent, {failed} failed, {left} still unconfirmed."),
    });
    let rows = counted(reconciled.counts.total(), "row");
    screen.say(&format!("{rows}: {}.", in_words(&reconciled.counts)));
    screen.say(&format!("Results: {}", one_line(&settings.files.results.display().to_string())));
    next(settings, reconciled, screen);
}

/// The next command to type.
fn next(settings: &Settings, reconciled: &Reconciled, screen: &mut Screen) {
    let to_try = reconciled.counts.of(Status::Failed) + reconciled.counts.of(Status::Pending);
    if !reconciled.left.is_empty() {
        let command = again("reconcile", settings);
        let verdicts = ["sent", "failed"].map(|verdict| format!("{command} --mark {verdict} --rows ROWS"));
        screen.commands("To say yourself what you see in the conversations:", &verdicts);
    }
    if to_try > 0 {
        let why = what_is_left(&reconciled.counts).unwrap_or_default();
        screen.commands(&why, &[again_with_template("run", settings)]);
    }
    if reconciled.left.is_empty() && to_try == 0 {
        screen.commands("To see where the campaign stands:", &[again("status", settings)]);
    }
}

fn as_json(settings: &Settings, reconciled: &Reconciled) -> String {
    let count = |status| reconciled.counts.of(status);
    let stopped = match &reconciled.halt {
        None => None,
        Some(Halt::Asked(_)) => Some("interrupted".to_owned()),
        Some(Halt::Service(why)) => Some(why.clone()),
    };
    json!({
        "rows": reconciled.counts.total(), "sent": count(Status::Sent), "failed": count(Status::Failed),
        "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "skipped": count(Status::Skipped),
        "pending": count(Status::Pending), "examined": reconciled.concerned, "settled_sent": reconciled.sent,
        "settled_failed": reconciled.failed, "left": reconciled.left.len(),
        "results": settings.files.results.to_string_lossy(), "stopped": stopped,
    })
    .to_string()
}

fn exit(reconciled: &Reconciled) -> Exit {
    match &reconciled.halt {
        Some(Halt::Asked(Asked::Interrupt)) => Exit::Interrupted,
        Some(Halt::Asked(Asked::Terminate)) => Exit::Terminated,
        Some(Halt::Service(_)) => Exit::Stopped,
        None if reconciled.left.is_empty() => Exit::Done,
        None => Exit::Unconfirmed,
    }
}
