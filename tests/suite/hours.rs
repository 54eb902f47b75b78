//! Messages leave at the hours at which they may, by the clock of whoever counts, and at no other: with the clock set.

use crate::fast_clock::FastClock;
use crate::harness::{Campaign, Done, Server, Signal, record};

const HOURS: [&str; 4] = ["--window", "Mon-Fri 09:00-17:30", "--timezone", "Europe/Berlin"];

/// Runs by a clock that shows this now, in UTC, and goes so many times as fast.
fn run_at(clock: (&str, u32), campaign: Campaign, server: &Server, arguments: &[&str]) -> (Campaign, Done) {
    let (start, speed) = clock;
    let clock = FastClock::start(start, speed);
    let campaign = clock.lend(campaign);
    let done = campaign.run(server, &[&HOURS[..], arguments].concat());
    (campaign, done)
}

/// When each message was let go, by the clock of the campaign.
fn intents(campaign: &Campaign) -> Vec<String> {
    let journal = std::fs::read(campaign.journal()).unwrap_or_default();
    let records = record::records(&journal).into_iter();
    let at = records.filter_map(|(_, record)| record["intent"]["at"].as_i64());
    at.map(|at| jiff::Timestamp::from_millisecond(at).expect("a time").to_string())
        .collect()
}

#[test]
fn outside_of_its_hours_a_run_that_may_not_wait_ends_with_4_and_the_time_to_come_back() {
    // When in UTC, and when the next message may leave; the days on which Berlin changes its clocks are among the nights.
    let cases = [
        // The end is exclusive.
        ("2026-10-23 15:30:00", "2026-10-26T08:00:00.000Z"),
        ("2026-10-21 22:00:00", "2026-10-22T07:00:00.000Z"),
        ("2026-10-24 12:00:00", "2026-10-26T08:00:00.000Z"),
        ("2027-03-26 17:00:00", "2027-03-29T07:00:00.000Z"),
        // A holiday.
        ("2026-12-24 20:00:00", "2026-12-28T08:00:00.000Z"),
    ];
    for (now, next) in cases {
        let server = Server::start();
        let arguments = ["--no-wait", "--holidays", "2026-12-25"];
        let (campaign, done) = run_at((now, 1), Campaign::with_rows(2), &server, &arguments);
        done.exits(4).says(next);
        assert!(server.sends().is_empty(), "{now}");
        assert_eq!(campaign.statuses(), ["pending"; 2]);
    }
}

#[test]
fn a_run_that_may_wait_says_until_when_it_sleeps_and_sends_at_that_minute() {
    let server = Server::start();
    let (campaign, done) = run_at(("2026-10-26 07:58:30", 20), Campaign::with_rows(2), &server, &[]);
    done.exits(0).says("may leave, until Mon 2026-10-26 09:00");
    let let_go = intents(&campaign);
    assert_eq!(let_go.len(), 2);
    for at in let_go {
        assert!(at.starts_with("2026-10-26T08:00:"), "{at}");
    }
}

#[test]
fn a_pause_that_reaches_past_the_end_of_the_hours_ends_no_run() {
    let server = Server::start();
    let clock = FastClock::start("2026-10-22 15:29:50", 4);
    let campaign = clock.lend(Campaign::with_rows(2));
    let run = campaign.start(&server, &[&HOURS[..], &["--gap", "5m"]].concat());
    server.wait_for_sends(1);
    run.wait_for("may leave, until Fri 2026-10-23 09:00");
    run.signal(Signal::Kill);
    run.finish();
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn nothing_leaves_when_the_hours_have_ended_and_the_next_day_goes_on() {
    let server = Server::start();
    let gap = ["--gap", "2s", "--no-wait"];
    let (campaign, done) = run_at(("2026-10-22 15:29:40", 5), Campaign::with_rows(30), &server, &gap);
    done.exits(4).says("2026-10-23T07:00:00.000Z");
    let let_go = intents(&campaign);
    assert!((3..=10).contains(&let_go.len()), "{let_go:?}");
    assert!(let_go.iter().all(|at| at.starts_with("2026-10-22T15:29:")), "{let_go:?}");
    let (campaign, done) = run_at(("2026-10-23 07:00:00", 20), campaign, &server, &gap);
    done.exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 30]);
    assert_eq!(server.sends().len(), 30);
}

#[test]
fn a_recipient_s_own_zone_counts_where_its_cell_names_one() {
    let server = Server::start();
    let rows = "LinkedIn,Zone\nanna,\nbob,America/New_York\ncho,Asia/Tokyo\n";
    let zone = ["--column", "timezone=Zone", "--no-wait"];
    // 10:00 in Berlin, 04:00 in New York, 17:00 in Tokyo.
    let (campaign, done) = run_at(("2026-10-22 08:00:00", 1), Campaign::new(rows, "Hello"), &server, &zone);
    done.exits(4).says("2026-10-22T13:00:00.000Z");
    assert_eq!(campaign.statuses(), ["sent", "pending", "sent"]);
    // 17:40 in Berlin, 11:40 in New York.
    let (campaign, done) = run_at(("2026-10-22 15:40:00", 1), campaign, &server, &zone);
    done.exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 3]);
}

#[test]
fn a_run_ends_at_the_time_of_day_or_after_the_span_that_it_was_given() {
    for end in [["--until", "10:00"], ["--for", "20s"]] {
        let server = Server::start();
        let arguments = [&["--gap", "4s"][..], &end].concat();
        let (campaign, done) = run_at(("2026-10-22 07:59:40", 5), Campaign::with_rows(30), &server, &arguments);
        done.exits(4).says("the time is up");
        let let_go = intents(&campaign);
        assert!((2..=5).contains(&let_go.len()), "{end:?}: {let_go:?}");
        assert!(
            let_go.iter().all(|at| at.as_str() < "2026-10-22T08:00:02") && let_go[0].starts_with("2026-10-22T07:59:"),
            "{let_go:?}"
        );
    }
}

#[test]
fn a_run_without_hours_is_ended_by_a_time_of_day_of_this_machine() {
    let server = Server::start();
    let clock = FastClock::start("2026-10-22 23:59:50", 4);
    let campaign = clock.lend(Campaign::with_rows(30)).variable("TZ", "UTC");
    campaign
        .run(&server, &["--until", "00:00", "--gap", "4s"])
        .exits(4)
        .says("2026-10-23T00:00");
    assert!((1..=3).contains(&server.sends().len()), "{}", server.sends().len());
}
