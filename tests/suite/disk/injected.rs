//! A write or a sync that fails at some moment, and all that come after it.

use std::time::Duration;

use super::full::{assert_everything_sent_is_known, assert_it_goes_on, counted};
use crate::harness::trace::{Call, Trace, trace};
use crate::harness::{Campaign, Dice, Server, sent};

/// Runs with this call on the journal failing from its nth time on. Returns what was asked for, how it ended and what it said.
fn run_with(campaign: &Campaign, server: &Server, inject: &str) -> (Vec<Call>, Option<i32>, String) {
    let folder = campaign.path("").canonicalize().expect("a folder");
    let journal = folder.join("people.results.journal").display().to_string();
    let arguments = campaign.run_arguments(&server.base_url(), &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Trace { output, calls } = trace(&campaign.command(&arguments), &["-P", &journal, "-e", inject]);
    assert!(
        calls.iter().any(|call| call.returned == Some(-1)),
        "{inject}: nothing was made to fail"
    );
    (calls, output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn after_a_write_that_failed_nothing_is_sent() {
    failing("write", "ENOSPC", "cannot write the journal");
}

#[test]
fn after_a_sync_that_failed_nothing_is_sent() {
    failing("fdatasync", "EIO", "cannot sync the journal");
}

fn failing(call: &str, error: &str, says: &str) {
    let mut dice = Dice::new(call);
    for _ in 0..6 {
        let server = Server::answering(sent().after(Duration::from_millis(2 + dice.below(8))));
        let campaign = Campaign::with_rows(40);
        // The first is that of the run's start; 40 rows of which 8 are in flight need more than ten.
        let from = 2 + dice.below(7);
        let (calls, code, said) = run_with(&campaign, &server, &format!("inject={call}:error={error}:when={from}+"));
        assert_eq!(code, Some(70), "{said}");
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        assert_everything_sent_is_known(&campaign, &server);
        assert_sent_only_what_was_synced(&calls, &server);
        let got = server.recipients().len();
        assert_eq!(
            counted(&said, "sent") + counted(&said, "unconfirmed"),
            got,
            "the summary knows it: {said}"
        );
        assert_it_goes_on(&campaign, &server);
    }
}

/// Nobody got a message whose intent was in a write or a sync that failed.
fn assert_sent_only_what_was_synced(calls: &[Call], server: &Server) {
    let synced = calls.iter().rposition(|call| call.is(&["fdatasync", "fsync"]) && call.went_well());
    let since = &calls[synced.expect("a sync that went well")..];
    let writes: String = since
        .iter()
        .filter(|call| call.is(&["write"]))
        .map(|call| call.arguments.as_str())
        .collect();
    for to in server.recipients() {
        assert!(
            !writes.contains(&format!("\\\"key\\\":\\\"{to}\\\"")),
            "{to} got a message, and the intent was not synced"
        );
    }
}
