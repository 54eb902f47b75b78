//! Tests before a campaign: `--test-to` sends texts to somebody else, and nothing of it counts for a row.

use serde_json::json;

use crate::harness::{Campaign, Delivery, Seen, Server, broken, status};
#[cfg(unix)]
use crate::harness::{Signal, urn_of};

const SHEET: &str = "LinkedIn,Name\nanna-a,Anna\nbert-b,Bert\ncara-c,Cara\n";

fn campaign() -> Campaign {
    Campaign::new(SHEET, "Hello {{ name }}")
}

fn texts(server: &Server) -> Vec<(String, String)> {
    let sends = server.sends();
    sends
        .iter()
        .map(|seen: &Seen| (seen.to.clone(), seen.message().to_owned()))
        .collect()
}

#[test]
fn a_test_sends_the_texts_of_the_chosen_rows_to_somebody_and_counts_for_none_of_them() {
    let server = Server::start();
    let campaign = campaign();
    for (choice, expected) in [
        (&["--rows", "3"][..], "Hello Bert"),
        (&["--limit", "1"], "Hello Anna"),
        // Any number of times.
        (&["--rows", "3"], "Hello Bert"),
    ] {
        let before = server.sends().len();
        campaign
            .run(
                &server,
                &[&["--test-to", "https://www.linkedin.com/in/Me-Myself/"], choice].concat(),
            )
            .exits(0)
            .says("Tests to me-myself: 1 sent.")
            .says("They count for no row. 3 rows: 3 pending.");
        assert_eq!(texts(&server)[before..], [("me-myself".to_owned(), expected.to_owned())]);
    }
    let sampled = campaign
        .run(&server, &["--test-to", "me", "--sample", "2", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&sampled["sent_this_run"], &sampled["pending"], &sampled["sent"]),
        (&json!(0), &json!(3), &json!(0))
    );
    assert_eq!(
        sampled["tests"],
        json!({"to": "me", "sent": 2, "failed": 0, "unconfirmed": 0, "invalid": 0, "pending": 0})
    );
    let journal = std::fs::read_to_string(campaign.journal()).expect("a journal");
    let intents = journal.lines().filter(|line| line.contains("\"intent\""));
    assert!(intents.into_iter().all(|line| line.contains("\"test\":true")), "{journal}");
    // The rows themselves are sent once, none was sent before, and no attempt was counted.
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 3");
    for to in ["anna-a", "bert-b", "cara-c"] {
        assert_eq!(server.sends_to(to), 1, "{to}");
    }
    assert_eq!(campaign.column("attempts"), ["1"; 3]);
    // A row that was sent can be tested again, and stays as it is.
    let results = std::fs::read(campaign.path("people.results.csv")).expect("results");
    campaign
        .run(&server, &["--test-to", "me", "--rows", "2"])
        .exits(0)
        .says("3 rows: 3 sent.");
    campaign.rowcast(&["results", "people.csv", "-m", "message.txt"]).exits(0);
    assert_eq!(std::fs::read(campaign.path("people.results.csv")).expect("results"), results);
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 0");
    assert_eq!(server.sends().len(), 9);
}

#[test]
fn a_test_is_in_no_contact_history_and_no_cooldown_holds_it() {
    let server = Server::start();
    let campaign = Campaign::new("LinkedIn,Name\nme,Anna\nbert-b,Bert\n", "Hello {{ name }}");
    campaign.run(&server, &["--test-to", "me", "--rows", "2"]).exits(0);
    // The very same text to the very same person, as a row's own.
    campaign.run(&server, &["--cooldown", "30d"]).exits(0).says("2 sent");
    campaign
        .run(&server, &["--test-to", "me", "--cooldown", "30d", "--rows", "2"])
        .exits(0);
    assert_eq!(server.sends_to("me"), 3);
    std::fs::copy(campaign.path("people.csv"), campaign.path("other.csv")).expect("a copy");
    campaign.write("new.txt", "Something else for {{ name }}");
    campaign
        .rowcast(&["history", "rebuild", "people.results.journal"])
        .exits(0)
        .says("2 contacts");
    campaign.run(&server, &["other.csv", "-m", "new.txt"]).exits(0).says("2 sent");
}

#[test]
fn a_dry_run_of_a_test_says_what_it_would_send_and_sends_nothing() {
    let server = Server::start();
    let campaign = campaign();
    campaign
        .run(&server, &["--test-to", "me", "--rows", "4", "-n"])
        .exits(0)
        .says("A test: all to me, and none of it counts for a row.")
        .says("The first message, to me (row 4):");
    let plan = campaign
        .run(&server, &["--test-to", "me", "--rows", "4", "-n", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!((&plan["test_to"], &plan["pending"]), (&json!("me"), &json!(3)));
    assert!(server.sends().is_empty());
    assert!(!campaign.journal().exists());
}

#[test]
fn a_test_whose_answer_is_lost_is_no_rows_doubt() {
    let server = Server::start();
    let campaign = campaign();
    server.answer_nth(1, broken(Delivery::Close));
    campaign
        .run(&server, &["--test-to", "me", "--rows", "2"])
        .exits(5)
        .says("Tests to me: 1 unconfirmed.")
        .says("3 rows: 3 pending.");
    server.answer_nth(2, status(400));
    campaign
        .run(&server, &["--test-to", "me", "--rows", "2"])
        .exits(1)
        .says("Tests to me: 1 failed.");
    let standing = campaign.rowcast(&["status", "people.csv", "--format", "json"]).exits(0).json();
    assert_eq!((&standing["unconfirmed"], &standing["pending"]), (&json!(0), &json!(3)));
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 3");
    assert_eq!(campaign.column("attempts"), ["1"; 3]);
}

#[test]
#[cfg(unix)]
fn a_test_that_is_killed_leaves_every_row_as_it_was() {
    let server = Server::start();
    let campaign = campaign();
    server.answer_nth(1, crate::harness::sent().held());
    let run = campaign.start(&server, &["--test-to", "me"]);
    server.wait_for_sends(1);
    run.signal(Signal::Kill);
    assert_eq!(run.finish().code, None);
    server.open_gate();
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 3");
    assert_eq!(campaign.statuses(), ["sent"; 3]);
    assert_eq!(campaign.column("recipient_urn")[0], urn_of("anna-a"));
    assert_eq!(campaign.column("attempts"), ["1"; 3]);
}

#[test]
fn a_test_of_all_rows_is_said() {
    let server = Server::start();
    let few = Campaign::with_rows(6);
    few.run(&server, &["--test-to", "me"])
        .exits(0)
        .says("the texts of all 6 rows go to me, since no rows are chosen")
        .says("Tests to me: 6 sent.");
    let many = Campaign::with_rows(51);
    many.run(&server, &["--test-to", "me", "-n"])
        .exits(0)
        .says("the texts of all 51 rows go to me");
    let chosen = many.run(&server, &["--test-to", "me", "--rows", "2-52", "--limit", "2"]).exits(0);
    assert!(!chosen.stderr.contains("no rows are chosen"), "{}", chosen.stderr);
    assert_eq!(server.sends().len(), 8);
    many.run(&server, &["--test-to", "me"])
        .exits(0)
        .says("the texts of all 51 rows go to me, since no rows are chosen; --rows, --limit or --sample chooses some")
        .says("Tests to me: 51 sent.");
}

#[test]
fn tests_count_for_the_limits_of_their_account() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &["--test-to", "me", "--limit", "2"]).exits(0);
    let limit = ["--daily-limit", "3", "--max-wait", "0s"];
    campaign.run(&server, &limit).exits(4).says("Sent in this run: 1");
    campaign
        .run(&server, &[&["--test-to", "me", "--limit", "1"], &limit[..]].concat())
        .exits(4)
        .says("Tests to me: 1 pending.");
    assert_eq!(server.sends().len(), 3);
}

#[test]
fn nobody_on_a_list_gets_a_test_and_rows_on_a_list_can_be_tested() {
    let server = Server::start();
    let campaign = campaign();
    campaign.rowcast(&["suppress", "add", "@bert-b"]).exits(0);
    campaign
        .run(&server, &["--test-to", "linkedin.com/in/Bert-B", "--rows", "2"])
        .exits(3)
        .says("error: --test-to bert-b: do not contact: `@bert-b` in");
    assert!(server.sends().is_empty());
    campaign
        .run(&server, &["--test-to", "me", "--rows", "3"])
        .exits(0)
        .says("3 rows: 1 skipped, 2 pending.");
    assert_eq!(texts(&server), [("me".to_owned(), "Hello Bert".to_owned())]);
}

#[test]
fn a_test_that_cannot_be_meant_is_refused() {
    let server = Server::start();
    let campaign = campaign();
    campaign
        .run(&server, &["--test-to", "me@example.com", "--rows", "2"])
        .exits(3)
        .says("error: --test-to: 'me@example.com' is an e-mail address");
    campaign.write("people.csv", "LinkedIn,Name\nanna-a,\nbert-b,Bert\n");
    campaign
        .run(&server, &["--test-to", "me", "--rows", "2"])
        .exits(3)
        .says("column `Name` is blank");
    assert!(server.sends().is_empty());
    campaign.run(&server, &["--test-to", "me", "--rows", "3"]).exits(0);
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn the_sandbox_takes_tests() {
    let campaign = campaign();
    campaign
        .rowcast(&[
            "run",
            "people.csv",
            "-m",
            "message.txt",
            "--sandbox",
            "--test-to",
            "me",
            "--rows",
            "2",
        ])
        .exits(0)
        .says("Tests to me: 1 sent.");
}
