//! `rowcast status`: where the campaign stands.

use rowcast::campaign::memory::Origin;
use rowcast::campaign::settings::{Format, Settings};
use rowcast::campaign::status::{Running, Standing, status};
use rowcast::engine::clock::wall_time;
use rowcast::model::event::Wait;
use rowcast::model::status::Status;
use rowcast::model::time::Moment;
use serde_json::json;

use super::super::exit::Exit;
use super::super::terminal::{Screen, counted, json_line, one_line};
use super::super::watch::waits;
use super::{again_with_template, in_words, old_texts, point_to_unconfirmed, refuse, what_is_left, when};

/// Reads the campaign and says where it stands.
pub fn run(settings: &Settings, screen: &mut Screen) -> Exit {
    let standing = match status(settings) {
        Ok(standing) => standing,
        Err(error) => return refuse(screen, &error),
    };
    match settings.show.format {
        Format::Json => screen.line(&json_line(&as_json(settings, &standing))),
        Format::Text => show(settings, &standing, screen),
    }
    if let Some(why) = &standing.unwritten {
        screen.error(&format!("{why}; the journal has everything"));
        return Exit::Defect;
    }
    Exit::Done
}

fn as_json(settings: &Settings, standing: &Standing) -> String {
    let count = |status| standing.counts.of(status);
    let waiting = |(account, until, why): &(u16, Moment, Wait)| {
        let id = standing.ids.get(usize::from(*account)).and_then(Option::as_deref);
        json!({"account": id, "until": until.to_string(), "why": why.to_string()})
    };
    json!({
        "rows": standing.counts.total(), "sent": count(Status::Sent), "failed": count(Status::Failed),
        "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "skipped": count(Status::Skipped),
        "pending": count(Status::Pending), "running": standing.running == Running::Yes, "next": standing.next(),
        "done": standing.done.filter(|_| standing.next() > 0).map(|done| done.to_string()),
        "waiting": standing.waiting.iter().map(waiting).collect::<Vec<_>>(),
        "old_text": standing.old_texts.count, "results": settings.files.results.to_string_lossy(),
    })
    .to_string()
}

fn show(settings: &Settings, standing: &Standing, screen: &mut Screen) {
    let rows = counted(standing.counts.total(), "row");
    screen.line(&format!("{rows}: {}", in_words(&standing.counts)));
    match standing.origin {
        Origin::Nothing => screen.line("Nothing was sent yet."),
        Origin::Journal => screen.line(&format!("Results: {}", one_line(&settings.files.results.display().to_string()))),
        Origin::Results => screen.prose("The journal is gone; the results alone say what was sent."),
    }
    if let Some(old) = old_texts(standing.old_texts.count) {
        screen.prose(&old);
    }
    match (standing.running, what_is_left(&standing.counts)) {
        (Running::Yes, _) => screen.line("A run is sending just now."),
        (Running::No, None) => screen.line("Nothing is left to send."),
        (Running::No, Some(why)) => screen.commands(&why, &[again_with_template("run", settings)]),
    }
    if let Some(done) = standing.done.filter(|_| standing.next() > 0) {
        screen.line(&format!("Sent from now on, all would be done on {}.", when(settings, done)));
    }
    for line in waits(&standing.waiting, &standing.ids, wall_time(), &|at| when(settings, at)) {
        screen.line(&format!("Waiting for {line}"));
    }
    let unconfirmed = standing.counts.of(Status::Unconfirmed);
    point_to_unconfirmed(settings, unconfirmed, screen);
    if unconfirmed > 0 {
        screen.say("Unconfirmed rows are held; --resend-unconfirmed sends them again.");
    }
}
