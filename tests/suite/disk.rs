//! A disk that fails: nothing more is sent, what was sent is known, and with space again the campaign goes on.

use std::collections::BTreeMap;

use crate::harness::{Campaign, Server, sent};

/// Files that may not grow any more, as a shell can order it.
#[cfg(unix)]
mod full;
/// Errors that strace puts in the system's place.
#[cfg(target_os = "linux")]
mod injected;

/// How many messages each recipient got.
fn deliveries(server: &Server) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for to in server.recipients() {
        *found.entry(to).or_default() += 1;
    }
    found
}

#[test]
fn results_that_cannot_take_their_place_lose_nothing() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    // A folder comes to lie where the results belong, while the run goes on.
    let place = campaign.path("people.results.csv");
    server.answer_by({
        let place = place.clone();
        move |_| {
            std::fs::create_dir_all(place.join("in the way")).expect("a folder");
            sent()
        }
    });
    campaign.run(&server, &[]).exits(70).says("people.results.csv");
    assert_eq!(server.sends().len(), 3);
    std::fs::remove_dir_all(&place).expect("out of the way");
    campaign.run(&server, &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 3]);
    assert_eq!(server.sends().len(), 3);
}

#[test]
fn a_journal_that_cannot_be_made_sends_nothing() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    std::fs::create_dir(campaign.journal()).expect("a folder in its place");
    campaign.run(&server, &[]).exits(3).says("people.results.journal");
    campaign.run(&server, &["--results", "nowhere/people.csv"]).exits(3).says("nowhere");
    assert_eq!(server.sends().len(), 0);
}

/// Saves `edited` over the sheet while the first of four rows is under way: who gets something gets what was planned, and
/// the next run sends the rest, so that all of `rows` have one message.
fn nobody_gets_a_wrong_or_second_message_where_the_sheet_becomes(edited: &str, rows: usize) {
    let server = Server::answering(sent().held());
    let campaign = Campaign::new("LinkedIn,Name\nanna,Anna\nbea,Bea\ncleo,Cleo\ndora,Dora\n", "Hello {{ name }}");
    let run = campaign.start(&server, &["--concurrency", "1"]);
    server.wait_for_sends(1);
    // In place, as some programs save.
    campaign.write("people.csv", edited);
    server.open_gate();
    let done = run.finish();
    assert_ne!(done.code, Some(3), "something was sent: {done:?}");
    for seen in server.sends() {
        let planned = [
            ("anna", "Hello Anna"),
            ("bea", "Hello Bea"),
            ("cleo", "Hello Cleo"),
            ("dora", "Hello Dora"),
        ];
        assert!(
            planned.contains(&(seen.to.as_str(), seen.message())),
            "{} got {:?}",
            seen.to,
            seen.message()
        );
    }
    campaign.run(&server, &[]).exits(0);
    assert_eq!(campaign.statuses(), vec!["sent"; rows]);
    let got = deliveries(&server);
    assert!(got.values().all(|count| *count == 1), "{got:?}");
}

#[test]
fn a_sheet_that_is_changed_while_a_run_goes_on_sends_nobody_a_wrong_or_second_message() {
    // Other lengths, another order, one row less and two more.
    nobody_gets_a_wrong_or_second_message_where_the_sheet_becomes(
        "LinkedIn,Name\ndora,Dorothea\neve,Eve\nanna,Annabelle\nbea,Beatrice\nfay,Fay\n",
        5,
    );
}

#[test]
fn a_sheet_that_is_changed_and_keeps_the_place_of_every_row_sends_nobody_a_wrong_or_second_message() {
    // Each line is as long as it was, so that only what a row says tells that it is another one.
    nobody_gets_a_wrong_or_second_message_where_the_sheet_becomes("LinkedIn,Name\nanna,Anne\nbea,Bee\ndora,Doro\ncleo,Clio\n", 4);
}
