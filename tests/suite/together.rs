//! Several at once: one run sends, the others are refused, and whoever only looks disturbs nobody.

use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Campaign, Server, sent};

/// How often four runs are started at once.
const ROUNDS: usize = 20;

/// How long something may take that must happen.
const PATIENCE: Duration = Duration::from_mins(1);

fn start(campaign: &Campaign, arguments: &[String]) -> Child {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = campaign.command(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary")
}

/// Waits until so many have ended, and leaves the others alone.
fn wait_for(count: usize, runs: &mut [Child]) {
    let began = Instant::now();
    while runs.iter_mut().filter_map(|run| run.try_wait().expect("a process")).count() < count {
        assert!(began.elapsed() < PATIENCE, "not enough of them end");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn of_four_runs_at_once_one_sends_and_three_are_refused() {
    for round in 0..ROUNDS {
        // Nobody gets an answer before three have ended, so the one that sends holds the campaign all the while.
        let server = Server::answering(sent().held());
        let campaign = Campaign::with_rows(6);
        // Every other time there is a journal already.
        let earlier = round % 2;
        if earlier == 1 {
            server.answer_nth(1, sent());
            campaign.run(&server, &["--limit", "1"]).exits(0);
        }
        let arguments = campaign.run_arguments(&server.base_url(), &[]);
        let mut runs: Vec<_> = (0..4).map(|_| start(&campaign, &arguments)).collect();
        wait_for(3, &mut runs);
        server.open_gate();
        let outputs: Vec<Output> = runs.into_iter().map(|run| run.wait_with_output().expect("its end")).collect();
        let mut codes: Vec<_> = outputs.iter().map(|output| output.status.code()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(3), Some(3), Some(3)], "round {round}: {outputs:?}");
        for refused in outputs.iter().filter(|output| output.status.code() == Some(3)) {
            let said = String::from_utf8_lossy(&refused.stderr);
            assert!(said.contains("another run"), "{said}");
        }
        let mut got = server.recipients();
        got.sort();
        assert_eq!(
            got,
            ["person-2", "person-3", "person-4", "person-5", "person-6", "person-7"],
            "round {round}"
        );
        assert_eq!(campaign.statuses(), ["sent"; 6]);
    }
}

#[test]
fn who_only_looks_while_a_run_sends_sees_a_whole_campaign_and_disturbs_nothing() {
    let server = Server::answering(sent().held());
    server.answer("person-2", [sent()]);
    let campaign = Campaign::with_rows(5);
    let run = campaign.start(&server, &["--concurrency", "2"]);
    server.wait_for_sends(3);
    let status = campaign.rowcast(&["status", "people.csv", "--format", "json"]).exits(0).json();
    assert_eq!(status["running"], true, "{status}");
    assert_eq!(status["rows"], 5, "{status}");
    assert_eq!(
        (&status["sent"], &status["unconfirmed"], &status["pending"]),
        (&1.into(), &2.into(), &2.into()),
        "{status}"
    );
    campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--limit", "1"])
        .exits(0);
    campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(0);
    campaign.rowcast(&["results", "people.csv"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "unconfirmed", "unconfirmed", "pending", "pending"]);
    campaign.run(&server, &["-n"]).exits(0);
    server.open_gate();
    run.finish().exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 5]);
    assert_eq!(server.sends().len(), 5);
    let status = campaign.rowcast(&["status", "people.csv", "--format", "json"]).exits(0).json();
    assert_eq!(status["running"], false, "{status}");
}

#[test]
fn a_look_at_the_very_moment_at_which_a_run_starts_does_not_turn_it_away() {
    let server = Server::start();
    let campaign = Campaign::with_rows(40);
    campaign.run(&server, &["--limit", "1"]).exits(0);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    campaign.rowcast(&["status", "people.csv"]).exits(0);
                }
            });
        }
        let runs: Vec<_> = (0..25).map(|_| campaign.run(&server, &["--limit", "1"])).collect();
        over.store(true, Ordering::SeqCst);
        for run in runs {
            run.exits(0);
        }
    });
}
