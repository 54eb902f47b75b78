//! The order of system calls: write, sync, and only then a request; or a file in its place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::trace::{Call, Trace, trace};
use crate::harness::{Campaign, Server, sent};

const WRITES: [&str; 3] = ["write", "writev", "pwrite64"];
const SENDS: [&str; 4] = ["write", "writev", "sendto", "sendmsg"];
const SYNCS: [&str; 2] = ["fdatasync", "fsync"];

/// The file as the system names it: without links in its path.
fn real(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok()).expect("a folder");
    folder.join(path.file_name().expect("a name"))
}

fn traced(campaign: &Campaign, server: &Server, arguments: &[&str], strace: &[&str]) -> Trace {
    let arguments = campaign.run_arguments(&server.base_url(), arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    trace(&campaign.command(&arguments), strace)
}

/// When each recipient's record of this kind was written to the journal: the first line of the trace after the write.
fn written(calls: &[Call], journal: &Path, to: &str) -> Option<usize> {
    // A quote inside a string of the trace is escaped.
    let intent = format!("\\\"to\\\":[\\\"{to}\\\"");
    let write = calls
        .iter()
        .find(|call| call.is(&WRITES) && call.is_on(journal) && call.arguments.contains(&intent))?;
    assert!(write.went_well(), "{write:?}");
    Some(write.done)
}

/// When the first byte of the request for this recipient began to leave.
fn left(calls: &[Call], to: &str) -> Option<usize> {
    let body = format!("\\\"recipientProfileId\\\":\\\"{to}\\\"");
    let mut began: HashMap<&str, usize> = HashMap::new();
    for call in calls {
        if call.is(&["close"]) {
            began.remove(call.first.as_str());
        } else if call.is(&SENDS) && call.is_on_socket() {
            let first = *began.entry(&call.first).or_insert(call.asked);
            if call.arguments.contains(&body) {
                return Some(first);
            }
        }
    }
    None
}

/// Whether a sync of this file was asked for after `from`, went well and was done before `until`.
fn synced(calls: &[Call], file: &Path, from: usize, until: usize) -> bool {
    calls
        .iter()
        .any(|call| call.is(&SYNCS) && call.is_on(file) && call.went_well() && call.asked > from && call.done < until)
}

#[test]
fn between_the_write_of_an_intent_and_its_request_there_is_a_completed_sync() {
    let server = Server::answering(sent().after(Duration::from_millis(3)));
    let campaign = Campaign::with_rows(40);
    let journal = real(&campaign.journal());
    // Syncs that take their time: who does not wait for them is found out.
    let Trace { output, calls } = traced(&campaign, &server, &[], &["-e", "inject=fdatasync:delay_enter=8000"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for to in server.recipients() {
        let written = written(&calls, &journal, &to).unwrap_or_else(|| panic!("{to}: no intent was written"));
        let left = left(&calls, &to).unwrap_or_else(|| panic!("{to}: the request was not traced"));
        assert!(written < left, "{to}: the request left before its intent was written");
        assert!(
            synced(&calls, &journal, written, left),
            "{to}: the request left before its intent was synced"
        );
    }
    assert_eq!(server.sends().len(), 40);
}

#[test]
fn what_was_answered_is_synced_before_the_run_ends() {
    let server = Server::start();
    let campaign = Campaign::with_rows(5);
    let journal = real(&campaign.journal());
    let Trace { calls, .. } = traced(&campaign, &server, &[], &[]);
    let mut outcomes = calls
        .iter()
        .filter(|call| call.is(&WRITES) && call.is_on(&journal) && call.arguments.contains("\\\"outcome\\\""));
    let last = outcomes.next_back().expect("outcomes").done;
    assert!(synced(&calls, &journal, last, usize::MAX));
}

#[test]
fn a_new_journal_is_synced_with_its_folder_before_anything_else_is_written() {
    let server = Server::start();
    let campaign = Campaign::of(&["anna"]);
    let journal = real(&campaign.journal());
    let folder = journal.parent().expect("a folder").to_owned();
    let Trace { calls, .. } = traced(&campaign, &server, &[], &[]);
    let created = calls
        .iter()
        .find(|call| call.is(&["open", "openat"]) && call.arguments.contains("O_CREAT") && call.arguments.contains(".journal"));
    let created = created.expect("the journal is created");
    assert!(created.arguments.contains("0600"), "{created:?}");
    let mut writes = calls.iter().filter(|call| call.is(&WRITES) && call.is_on(&journal));
    let (head, next) = (writes.next().expect("its head"), writes.next().expect("the first entry"));
    assert!(synced(&calls, &journal, head.done, next.asked), "the journal");
    assert!(synced(&calls, &folder, created.done, next.asked), "its folder");
    assert!(next.done < left(&calls, "anna").expect("a request"));
}

#[test]
fn results_are_synced_before_they_take_their_place() {
    let server = Server::start();
    let campaign = Campaign::of(&["anna"]);
    let folder = real(&campaign.journal()).parent().expect("a folder").to_owned();
    let Trace { calls, .. } = traced(&campaign, &server, &[], &[]);
    let renamed = calls
        .iter()
        .rfind(|call| call.name.starts_with("rename") && call.arguments.contains("people.results.csv"));
    let renamed = renamed.expect("results take their place");
    let written = calls
        .iter()
        .rfind(|call| call.is(&WRITES) && call.first.contains(".rowcast-") && call.asked < renamed.asked)
        .expect("results are written beside their place");
    let file = calls.iter().any(|call| {
        call.is(&SYNCS) && call.first == written.first && call.went_well() && call.asked > written.done && call.done < renamed.asked
    });
    assert!(file, "the file");
    assert!(synced(&calls, &folder, renamed.done, usize::MAX), "its folder");
}
