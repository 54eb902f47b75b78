//! No space left, as a limit of the shell gives it: writes go through in part, and then not at all.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::deliveries;
use crate::harness::{Campaign, Dice, Done, Server, record, sent};

/// `rowcast run` with files that may not grow beyond so many blocks of 512 bytes. `before` is what the shell does first.
fn run_in_little_space(campaign: &Campaign, server: &Server, blocks: u64, before: &str) -> Done {
    // The contact history, which would want space as well, is not heeded: these are about the journal.
    let arguments = campaign.run_arguments(&server.base_url(), &["--allow-repeat"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    in_little_space(campaign, &arguments, blocks, before)
}

fn in_little_space(campaign: &Campaign, arguments: &[&str], blocks: u64, before: &str) -> Done {
    let rowcast = campaign.command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before} ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(rowcast.get_program()).args(rowcast.get_args());
    in_place_of(&mut shell, &rowcast)
}

/// Runs `command` where and as `rowcast` would have been.
fn in_place_of(command: &mut Command, rowcast: &Command) -> Done {
    command
        .current_dir(rowcast.get_current_dir().expect("a folder"))
        .stdin(Stdio::null());
    for (name, value) in rowcast.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().expect("a shell");
    Done {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Everybody who got a message is in the journal with an intent that is whole, and the results say so.
pub fn assert_everything_sent_is_known(campaign: &Campaign, server: &Server) {
    let known = record::known_at(&campaign.journal());
    for (to, count) in deliveries(server) {
        assert_eq!(count, 1, "{to}");
        assert!(known.contains_key(&to), "{to} got a message, and the journal does not know");
    }
}

/// How many rows the summary says have this status.
pub fn counted(said: &str, status: &str) -> usize {
    let summary = said.lines().find(|line| line.contains(" rows: "));
    let summary = summary.unwrap_or_else(|| panic!("no summary: {said}"));
    let words: Vec<&str> = summary.split([' ', ',', '.']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == status)
        .map_or(0, |pair| pair[0].parse().expect("a count"))
}

/// With space again: everybody gets one message, unless their row is in doubt.
pub fn assert_it_goes_on(campaign: &Campaign, server: &Server) {
    let done = campaign.run(server, &[]);
    assert!(matches!(done.code, Some(0 | 5)), "{done:?}");
    let got = deliveries(server);
    for line in campaign.results() {
        let count = got.get(&line["key"]).copied().unwrap_or(0);
        match line["status"].as_str() {
            "sent" => assert_eq!(count, 1, "{line:?}"),
            "unconfirmed" => assert!(count <= 1, "{line:?}"),
            _ => panic!("{line:?}"),
        }
    }
}

#[test]
fn a_disk_that_is_full_stops_the_run_and_what_was_sent_is_known() {
    let mut dice = Dice::new("full disk");
    for _ in 0..12 {
        let server = Server::answering(sent().after(Duration::from_millis(dice.below(8))));
        let campaign = Campaign::with_rows(40);
        let blocks = 1 + dice.below(30);
        let done = run_in_little_space(&campaign, &server, blocks, "trap '' XFSZ;");
        assert_eq!(done.code, Some(70), "{blocks} blocks: {done:?}");
        assert!(done.stderr.contains("cannot write the journal"), "{done:?}");
        assert_everything_sent_is_known(&campaign, &server);
        let got = server.sends().len();
        assert!(got < 40, "{done:?}");
        assert_eq!(
            counted(&done.stderr, "sent") + counted(&done.stderr, "unconfirmed"),
            got,
            "{done:?}"
        );
        assert_it_goes_on(&campaign, &server);
    }
}

#[test]
fn a_run_that_the_system_ends_for_want_of_space_loses_nothing() {
    let mut dice = Dice::new("no space, and no mercy");
    for _ in 0..6 {
        let server = Server::answering(sent().after(Duration::from_millis(dice.below(8))));
        let campaign = Campaign::with_rows(40);
        let done = run_in_little_space(&campaign, &server, 1 + dice.below(30), "");
        assert!(matches!(done.code, None | Some(153)), "a signal ends it: {done:?}");
        assert_everything_sent_is_known(&campaign, &server);
        assert_it_goes_on(&campaign, &server);
    }
}

/// The results are older than the journal, as after a crash, and cannot be brought up to date.
#[test]
fn where_the_disk_is_full_status_tells_all_the_same() {
    let server = Server::start();
    // Their results want more space than what the campaigns of a machine share, which is only looked at.
    let campaign = Campaign::with_rows(1000);
    campaign.run(&server, &["--limit", "2"]).exits(0);
    std::fs::remove_file(campaign.path("people.results.csv")).expect("results");
    in_little_space(&campaign, &["status", "people.csv"], 100, "trap '' XFSZ;")
        .exits(70)
        .says("1,000 rows: 2 sent, 998 pending")
        .says("cannot write the results people.results.csv")
        .says("the journal has everything");
}

#[test]
fn a_disk_without_any_space_sends_nothing() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    let done = run_in_little_space(&campaign, &server, 0, "trap '' XFSZ;");
    assert_eq!(done.code, Some(70), "{done:?}");
    assert_eq!(server.sends().len(), 0);
    campaign.run(&server, &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 3]);
}

#[test]
fn a_contact_history_that_finds_no_space_stops_the_run_before_the_next_message() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    let arguments = campaign.run_arguments(&server.base_url(), &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let rowcast = campaign.command(&arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
    shell.arg(rowcast.get_program()).args(rowcast.get_args());
    let done = in_place_of(&mut shell, &rowcast);
    assert_eq!(done.code, Some(70), "{done:?}");
    assert!(
        done.stderr.contains(", the contact history and the limits that campaigns share"),
        "{done:?}"
    );
    assert_eq!(server.sends().len(), 0);
    campaign.run(&server, &[]).exits(0);
}
