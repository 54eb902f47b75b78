//! `rowcast run`: shows what will happen, asks, sends, and sums up.

mod proposal;

use rowcast::adapters::progress::{Manner, Progress};
use rowcast::campaign::error::CampaignError;
use rowcast::campaign::reconcile::FirstLook;
use rowcast::campaign::run::{Proposal, Purpose, prepare};
use rowcast::campaign::settings::{Endpoint, Format, Level, Sending, Settings};
use rowcast::campaign::summary::{Ending, Summary, Tests};
use rowcast::engine::clock::wall_time;
use rowcast::engine::pace::NEVER;
use rowcast::model::event::{Asked, Stop, Wait};
use rowcast::model::status::Status;
use rowcast::model::time::Span;
use serde_json::json;

use super::super::again as typed;
use super::super::exit::Exit;
use super::super::terminal::{Consent, Question, Screen, counted, json_line, number, one_line};
use super::super::watch::Watch;
use super::{again, in_words, old_texts, point_to_unconfirmed, refuse, session, signals, what_is_left};
use proposal::{announce, messages, propose};

/// Runs the campaign.
pub fn run(settings: &Settings, screen: &mut Screen) -> Exit {
    begin(settings, screen).unwrap_or_else(|exit| exit)
}

fn begin(settings: &Settings, screen: &mut Screen) -> Result<Exit, Exit> {
    // A dry run needs no key.
    let purpose = if settings.sending == Sending::DryRun {
        Purpose::Show
    } else {
        Purpose::Send(session::key_for(&settings.endpoint, screen)?)
    };
    // One thread for the wire, beside this one that decides: neither waits for the other's work.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1);
    let runtime = session::runtime(builder, screen)?;
    let conversed = runtime.block_on(converse(settings, purpose, screen));
    Ok(conversed.unwrap_or_else(|error| refuse(screen, &error)))
}

async fn converse(settings: &Settings, purpose: Purpose, screen: &mut Screen) -> Result<Exit, CampaignError> {
    let dry = purpose == Purpose::Show;
    let prepared = prepare(settings, purpose, |look| say_look(look, screen)).await?;
    for note in &prepared.proposal.notes {
        screen.warning(note);
    }
    let asking = needs_consent(settings) && prepared.proposal.to_send > 0;
    if dry || asking {
        propose(settings, &prepared.proposal, screen);
    }
    if dry {
        if settings.show.format == Format::Json {
            screen.line(&json_line(&plan_json(settings, &prepared.proposal)));
        }
        return Ok(Exit::Done);
    }
    if asking && !consent(&prepared.proposal, screen)? {
        screen.say("Nothing was sent.");
        return Ok(Exit::Refused);
    }
    if !asking && prepared.proposal.to_send > 0 {
        announce(settings, &prepared.proposal, screen);
    }
    let manner = match (screen.can_draw(), settings.show.level) {
        (_, Level::Quiet) => Manner::Silent,
        (true, _) => Manner::Bar,
        (false, _) => Manner::Lines,
    };
    let progress = Progress::start(manner, prepared.proposal.to_send, wall_time);
    let old = prepared.proposal.old_texts;
    let mut watch = Watch::new(&progress, settings.show.level, &prepared.proposal, |at| super::when(settings, at));
    let summary = Box::pin(prepared.send(signals::listen(), |event| watch.note(event))).await;
    drop(watch);
    progress.finish();
    let summary = summary?;
    conclude(settings, &summary, old, screen);
    Ok(exit(&summary))
}

/// Says that rows of an earlier run are looked for, and how far that has come.
fn say_look(look: &FirstLook, screen: &mut Screen) {
    let all = counted(look.all, "unconfirmed row");
    screen.say(&match look.done {
        0 => format!("Looking first for {all} of an earlier run, for {} at most.", Span(look.within)),
        done => format!("Looked for {} of {all}.", number(done)),
    });
}

/// Whether somebody has to agree before anything is sent.
fn needs_consent(settings: &Settings) -> bool {
    settings.sending == Sending::Ask && !matches!(settings.endpoint, Endpoint::Sandbox { .. })
}

fn consent(proposal: &Proposal, screen: &mut Screen) -> Result<bool, CampaignError> {
    if !screen.can_ask() {
        return Err(CampaignError::Settings(
            "there is no terminal to ask at; say --yes to send, or -n to see the plan".to_owned(),
        ));
    }
    let answer = screen
        .ask(&Question::send(proposal.to_send, &messages(proposal.to_send, proposal)))
        .map_err(|error| CampaignError::Settings(format!("cannot read the answer: {error}")))?;
    Ok(answer == Consent::Given)
}

fn plan_json(settings: &Settings, proposal: &Proposal) -> String {
    let count = |status| proposal.counts.of(status);
    let mut object = json!({
        "rows": proposal.counts.total(), "sent": count(Status::Sent), "failed": count(Status::Failed),
        "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "skipped": count(Status::Skipped),
        "pending": count(Status::Pending), "sent_this_run": 0, "results": settings.files.results.to_string_lossy(),
        "stopped": null,
    });
    if let Some(to) = &proposal.test_to {
        object["test_to"] = json!(to);
    }
    object.to_string()
}

/// The last words of a run: counts that add up, where the results are, and what to type next.
fn conclude(settings: &Settings, summary: &Summary, old: usize, screen: &mut Screen) {
    for (account, why) in &summary.stopped_accounts {
        let name = account.as_deref().unwrap_or("(the only one of the key)");
        screen.warning(&format!("account {name} stopped: {why}"));
    }
    if let Some(stop) = &summary.stop {
        screen.warning(&stopped(stop));
    }
    if summary.unjudged > 0 {
        screen.warning(&unjudged(settings, summary));
    }
    if let Some(why) = &summary.forgotten {
        screen.warning(&format!("Other campaigns do not know all that was sent: {why}"));
    }
    if let Some(why) = &summary.unwritten {
        screen.error(&format!(
            "{why}; the journal has everything, and `rowcast results` writes them again"
        ));
    }
    if settings.show.format == Format::Json {
        screen.line(&json_line(&summary_json(settings, summary)));
    }
    let rows = counted(summary.counts.total(), "row");
    if let Some(tests) = &summary.tests {
        screen.say(&format!("Tests to {}: {}.", one_line(&tests.to), in_words(&tests.counts)));
        screen.say(&format!("They count for no row. {rows}: {}.", in_words(&summary.counts)));
        return next_after_tests(settings, tests, screen);
    }
    screen.say(&format!(
        "{rows}: {}. Sent in this run: {}.",
        in_words(&summary.counts),
        number(summary.sent_this_run)
    ));
    if !summary.gated.is_empty() {
        let gates = summary.gated.iter();
        let gates: Vec<String> = gates.map(|(gate, rows)| format!("{} {}", number(*rows), gate.words())).collect();
        screen.say(&format!("Left out by gates: {}.", gates.join(", ")));
    }
    if let Some(old) = old_texts(old) {
        screen.say(&old);
    }
    screen.say(&format!("Results: {}", one_line(&summary.results.display().to_string())));
    next(settings, summary, screen);
}

fn summary_json(settings: &Settings, summary: &Summary) -> String {
    let count = |status| summary.counts.of(status);
    let account = |(account, why): &(Option<String>, String)| format!("account {}: {why}", account.as_deref().unwrap_or("unnamed"));
    let reasons: Vec<String> = summary
        .stop
        .iter()
        .map(stopped)
        .chain(summary.stopped_accounts.iter().map(account))
        .chain((summary.unjudged > 0).then(|| unjudged(settings, summary)))
        .collect();
    let reasons = (!reasons.is_empty()).then(|| reasons.join("; "));
    let mut object = json!({
        "rows": summary.counts.total(), "sent": count(Status::Sent), "failed": count(Status::Failed),
        "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "skipped": count(Status::Skipped),
        "pending": count(Status::Pending), "sent_this_run": summary.sent_this_run,
        "results": summary.results.to_string_lossy(), "stopped": reasons,
    });
    if let Some(tests) = &summary.tests {
        let count = |status| tests.counts.of(status);
        object["tests"] = json!({
            "to": tests.to, "sent": count(Status::Sent), "failed": count(Status::Failed),
            "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "pending": count(Status::Pending),
        });
    }
    object.to_string()
}

/// That rows were not sent because nobody could judge their people.
fn unjudged(settings: &Settings, summary: &Summary) -> String {
    let rows = counted(summary.unjudged, "row");
    format!("{rows} could not be judged and not sent ({})", settings.gates.words())
}

/// Why a run stopped, in one sentence.
fn stopped(stop: &Stop) -> String {
    match stop {
        Stop::Asked(Asked::Interrupt) => "interrupted".to_owned(),
        Stop::Asked(Asked::Terminate) => "asked to end".to_owned(),
        Stop::Credentials(why) => format!("the service refuses the API key: {why}"),
        Stop::Redirected(why) => format!("the base URL is wrong: {why}"),
        Stop::TooManyFailures(rows) => format!("{rows} rows failed or stayed unconfirmed one after another (--max-failures)"),
        Stop::LongWait { until, why } if *until >= NEVER => format!("no further message may ever leave: {why}"),
        Stop::LongWait {
            until,
            why: why @ Wait::Window,
        } => format!(
            "the next message may leave at {until}, in {}: {why}",
            Span(until.since(wall_time()))
        ),
        Stop::LongWait { until, why } => {
            let wait = Span(until.since(wall_time()));
            format!("the next message may leave at {until}, in {wait}: {why} (--max-wait)")
        }
        Stop::Time { until: None } => "the time is up (--until, --for)".to_owned(),
        Stop::Time { until: Some(until) } => format!("the time is up before the next message may leave, at {until} (--until, --for)"),
        Stop::Gates(why) | Stop::Journal(why) | Stop::History(why) | Stop::Permits(why) => why.clone(),
    }
}

/// The next command to type after a test.
fn next_after_tests(settings: &Settings, tests: &Tests, screen: &mut Screen) {
    if tests.counts.of(Status::Sent) > 0 {
        screen.commands("If they read well, to send to the rows themselves:", &[again("run", settings)]);
    }
}

/// The next command to type.
fn next(settings: &Settings, summary: &Summary, screen: &mut Screen) {
    let count = |status| summary.counts.of(status);
    let run = again("run", settings);
    let goes_on = matches!(summary.ending(), Ending::StoppedEarly | Ending::Asked(_) | Ending::Broken);
    let trying = if goes_on {
        Some("To go on where this run stopped:".to_owned())
    } else {
        what_is_left(&summary.counts)
    };
    if let Some(trying) = &trying {
        screen.commands(trying, &[run]);
    }
    point_to_unconfirmed(settings, count(Status::Unconfirmed), screen);
    if count(Status::Invalid) > 0 {
        let why = format!("To see what is wrong with the {}:", counted(count(Status::Invalid), "invalid row"));
        screen.commands(&why, &[again("check", settings)]);
    }
    if trying.is_none() && count(Status::Unconfirmed) + count(Status::Invalid) == 0 {
        done(settings, screen);
    }
}

/// The next command where nothing is left to send.
fn done(settings: &Settings, screen: &mut Screen) {
    let (trial, real): (Vec<String>, Vec<String>) = settings.typed.iter().cloned().partition(|word| word == "--sandbox");
    if trial.is_empty() {
        screen.commands(
            "Nothing is left to send. To see where the campaign stands:",
            &[again("status", settings)],
        );
    } else {
        let why = "That was the sandbox: nobody got anything. To send for real, with the key in CONNECTSAFELY_API_KEY:";
        screen.commands(why, &[typed::command("run", &real)]);
    }
}

fn exit(summary: &Summary) -> Exit {
    match summary.ending() {
        Ending::Done => Exit::Done,
        Ending::SomeFailed => Exit::RowsFailed,
        Ending::SomeUnconfirmed => Exit::Unconfirmed,
        Ending::StoppedEarly => Exit::Stopped,
        Ending::Broken => Exit::Defect,
        Ending::Asked(Asked::Interrupt) => Exit::Interrupted,
        Ending::Asked(Asked::Terminate) => Exit::Terminated,
    }
}
