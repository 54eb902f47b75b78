//! A run that is asked to stop lets what is under way finish, and everything is recorded.
#![cfg(unix)]

use std::thread;

use crate::harness::{Campaign, Delivery, Running, Server, Signal, broken, sent, status};

/// A run of six rows, two at once, whose first two answers wait until the gate is opened.
fn two_in_flight<'a>(server: &Server, campaign: &'a Campaign) -> Running<'a> {
    server.answer_nth(1, sent().held());
    server.answer_nth(2, sent().held());
    let running = campaign.start(server, &["--concurrency", "2"]);
    server.wait_for_sends(2);
    running
}

#[test]
fn requests_in_flight_are_let_finish_and_nothing_new_starts() {
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
        let server = Server::start();
        let campaign = Campaign::with_rows(6);
        let running = two_in_flight(&server, &campaign);
        running.signal(signal);
        running.wait_for("stopping");
        server.open_gate();
        running.finish().exits(code).says("2 sent").says("4 pending");
        assert_eq!(server.sends().len(), 2);
        assert_eq!(campaign.statuses(), ["sent", "sent", "pending", "pending", "pending", "pending"]);
        campaign.run(&server, &[]).exits(0).says("Sent in this run: 4");
        assert_eq!(server.sends().len(), 6);
    }
}

#[test]
fn what_came_of_the_requests_in_flight_is_told_as_it_was() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    server.answer_nth(1, status(400).held());
    server.answer_nth(2, status(500).held());
    let running = campaign.start(&server, &["--concurrency", "2", "--format", "json"]);
    server.wait_for_sends(2);
    running.signal(Signal::Interrupt);
    running.wait_for("stopping");
    server.open_gate();
    let summary = running.finish().exits(130).json();
    let counts = ["sent", "failed", "unconfirmed", "pending"].map(|name| summary[name].as_u64().expect("a count"));
    assert_eq!((counts, summary["stopped"].as_str()), ([0, 1, 1, 2], Some("interrupted")));
}

#[test]
fn a_second_signal_quits_at_once_and_those_rows_are_unconfirmed() {
    for (first, second, code) in [
        (Signal::Interrupt, Signal::Interrupt, 130),
        (Signal::Terminate, Signal::Terminate, 143),
        (Signal::Terminate, Signal::Interrupt, 143),
    ] {
        let server = Server::answering(broken(Delivery::Silence));
        let campaign = Campaign::with_rows(4);
        // Whoever waited for the answers would wait for longer than the test.
        let running = campaign.start(&server, &["--concurrency", "2", "--timeout", "1h"]);
        server.wait_for_sends(2);
        running.signal(first);
        running.wait_for("stopping");
        running.signal(second);
        running.finish().exits(code).says("2 unconfirmed").says("2 pending");
        assert_eq!(campaign.statuses(), ["unconfirmed", "unconfirmed", "pending", "pending"]);
        server.answer_all(sent());
        campaign.run(&server, &[]).exits(5).says("Sent in this run: 2");
        assert_eq!(server.sends().len(), 4);
    }
}

#[test]
fn a_run_that_waits_for_its_pace_stops_at_once() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    let running = campaign.start(&server, &["--rate", "1/h", "--max-wait", "2h"]);
    server.wait_for_sends(1);
    running.signal(Signal::Interrupt);
    running.finish().exits(130).says("1 sent").says("2 pending");
    assert_eq!(campaign.statuses(), ["sent", "pending", "pending"]);
}

#[test]
fn results_are_brought_up_to_date_while_a_run_goes_on_and_are_always_whole() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    server.answer_nth(4, sent().held());
    let running = campaign.start(&server, &["--concurrency", "1"]);
    server.wait_for_sends(4);
    let three = ["sent", "sent", "sent"];
    while !campaign.path("people.results.csv").exists() || campaign.statuses()[..3] != three {
        thread::yield_now();
    }
    assert_eq!(campaign.statuses().len(), 4);
    assert_ne!(campaign.statuses()[3], "sent");
    server.open_gate();
    running.finish().exits(0);
    assert_eq!(campaign.statuses()[3], "sent");
}

#[test]
fn a_reader_that_goes_away_stops_no_run() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    let arguments = campaign.run_arguments(&server.base_url(), &["--format", "json"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut child = campaign
        .command(&arguments)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary");
    drop((child.stdout.take(), child.stderr.take()));
    child.wait().expect("its end");
    assert_eq!(server.sends().len(), 3);
    assert_eq!(campaign.statuses(), ["sent", "sent", "sent"]);
}
