//! What becomes true while a run goes on counts: somebody comes onto a list, or another campaign writes to them first.
//!
//! The server holds an answer until the test has done its part, so each moment is certain.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::thread;

use serde_json::json as object;

use crate::harness::{Campaign, Running, Server, json, sent, status, urn_of};

/// How often two campaigns are let loose on one person.
const ROUNDS: usize = 8;

/// Anna comes first, and Bert of Acme after her.
fn campaign() -> Campaign {
    Campaign::new(
        "LinkedIn,Company\nanna-a,\nhttps://www.linkedin.com/in/Bert-B/,Acme\ncarl-c,\n",
        "Hello there",
    )
}

/// A server that keeps everybody waiting until its gate opens.
fn slow() -> Server {
    Server::answering(sent().held())
}

/// A run whose first request is on its way.
fn begun<'a>(campaign: &'a Campaign, server: &Server, arguments: &[&str]) -> Running<'a> {
    let run = campaign.start(server, &[arguments, &["--concurrency", "1"]].concat());
    server.wait_for_sends(1);
    run
}

fn append(campaign: &Campaign, name: &str, line: &str) {
    let file = OpenOptions::new().append(true).open(campaign.path(name));
    writeln!(file.expect("a list"), "{line}").expect("a line");
}

#[test]
fn a_line_that_is_added_to_a_list_during_a_run_counts() {
    for (line, arguments) in [
        ("@bert-b", &[][..]),
        ("https://de.linkedin.com/in/BERT-B?x", &[]),
        ("acme", &[]),
        ("Acme", &["--key", "Company", "--skip-invalid"]),
    ] {
        let (server, campaign) = (slow(), campaign());
        campaign.write("people.csv", "LinkedIn,Company\nanna-a,Ankh\nbert-b,Acme\ncarl-c,Corp\n");
        campaign.write("no.csv", "# nobody yet\n");
        let run = begun(&campaign, &server, &[arguments, &["--suppress", "no.csv"]].concat());
        append(&campaign, "no.csv", line);
        server.open_gate();
        run.finish().exits(0).says("2 sent, 1 skipped");
        assert_eq!(server.recipients(), ["anna-a", "carl-c"], "{line}");
        assert_eq!(campaign.statuses(), ["sent", "skipped", "sent"]);
        assert_eq!(campaign.column("error")[1], format!("do not contact: `{line}` in no.csv, line 2"));
    }
}

#[test]
fn a_list_that_is_replaced_during_a_run_counts() {
    let (server, campaign) = (slow(), campaign());
    campaign.write("no.csv", "@somebody\n");
    let run = begun(&campaign, &server, &["--suppress", "no.csv"]);
    // As programs save: written beside it, and put in its place. It is as long as before.
    campaign.write("new.csv", "bert-b\n# x");
    std::fs::rename(campaign.path("new.csv"), campaign.path("no.csv")).expect("in its place");
    server.open_gate();
    run.finish().exits(0);
    assert_eq!(server.recipients(), ["anna-a", "carl-c"]);
}

#[test]
fn whoever_is_put_on_the_personal_list_during_a_run_gets_nothing() {
    for earlier in [None, Some("somebody-else")] {
        let (server, campaign) = (slow(), campaign());
        if let Some(entry) = earlier {
            campaign.rowcast(&["suppress", "add", entry]).exits(0);
        }
        let run = begun(&campaign, &server, &[]);
        campaign
            .rowcast(&["suppress", "add", "https://www.linkedin.com/in/bert-b"])
            .exits(0);
        server.open_gate();
        run.finish().exits(0).says("2 sent, 1 skipped");
        assert_eq!(server.recipients(), ["anna-a", "carl-c"]);
        assert!(campaign.column("error")[1].starts_with("do not contact: `https://www.linkedin.com/in/bert-b` in "));
    }
}

#[test]
fn whoever_waits_for_another_try_and_comes_onto_a_list_gets_none() {
    let (server, campaign) = (Server::start(), campaign());
    campaign.write("no.csv", "");
    server.answer_by({
        let list = campaign.path("no.csv");
        move |seen| match seen.to.as_str() {
            "bert-b" => {
                std::fs::write(&list, "bert-b\n").expect("a list");
                status(429).header("Retry-After", "1")
            }
            _ => sent(),
        }
    });
    campaign.run(&server, &["--suppress", "no.csv", "--concurrency", "1"]).exits(0);
    assert_eq!((server.sends_to("bert-b"), server.sends_to("carl-c")), (1, 1));
    assert_eq!(campaign.statuses(), ["sent", "skipped", "sent"]);
}

#[test]
fn a_list_that_cannot_be_read_any_more_holds_everybody_back_until_it_can() {
    let spoil: [fn(&Campaign); 3] = [
        |campaign| append(campaign, "no.csv", "https://www.linkedin.com/sales/lead/ACwAAA,NAME"),
        |campaign| std::fs::remove_file(campaign.path("no.csv")).expect("a list"),
        |campaign| campaign.write("no.csv", b"bert-b\nZo\xeb\n"),
    ];
    for spoil in spoil {
        let (server, campaign) = (slow(), campaign());
        campaign.write("no.csv", "# nobody yet\n");
        let run = begun(&campaign, &server, &["--suppress", "no.csv"]);
        spoil(&campaign);
        server.open_gate();
        let done = run.finish();
        assert_eq!(server.recipients(), ["anna-a"], "{done:?}");
        assert_eq!(campaign.statuses(), ["sent", "pending", "pending"], "{done:?}");
        assert!(campaign.column("error")[1].contains("the do-not-contact list no.csv"), "{done:?}");
        done.exits(4);
        campaign.write("no.csv", "bert-b\n");
        campaign.run(&server, &["--suppress", "no.csv"]).exits(0);
        assert_eq!(server.recipients(), ["anna-a", "carl-c"]);
    }
}

#[test]
fn whoever_gets_tests_and_comes_onto_a_list_gets_no_more_of_them() {
    let (server, campaign) = (slow(), campaign());
    let run = begun(&campaign, &server, &["--test-to", "me"]);
    campaign.rowcast(&["suppress", "add", "@ME"]).exits(0);
    server.open_gate();
    run.finish().exits(4).says("Tests to me: 1 sent, 2 pending.");
    assert_eq!(server.recipients(), ["me"]);
}

/// Two sheets of one folder with one person in common, each with somebody else before them.
fn two_campaigns() -> Campaign {
    let campaign = Campaign::new("LinkedIn\nanna-a\nin-both\n", "Hello there");
    campaign.write(
        "other.csv",
        "Profile URL;Name\nlinkedin.com/in/otto-o;Otto\nhttps://www.linkedin.com/in/In-Both/;Ida\n",
    );
    campaign.write("new.txt", "Another text");
    campaign
}

/// What became of the last row of a sheet: its status and why.
fn last_of(campaign: &Campaign, results: &str) -> (String, String) {
    let mut lines = crate::harness::lines(&campaign.path(results));
    let last = lines.pop().expect("a row");
    (last["status"].clone(), last["error"].clone())
}

#[test]
fn what_another_campaign_sent_meanwhile_is_not_sent_again() {
    for (own, others) in [
        (&[][..], &["other.csv"][..]),
        // Another text, and nobody who was written to of late.
        (&["--cooldown", "30d"], &["other.csv", "-m", "new.txt"]),
    ] {
        let (server, campaign) = (Server::start(), two_campaigns());
        server.answer("anna-a", [sent().held()]);
        let run = begun(&campaign, &server, own);
        campaign.run(&server, others).exits(0).says("Sent in this run: 2");
        server.open_gate();
        run.finish().exits(0).says("1 sent, 1 skipped");
        assert_eq!(server.sends_to("in-both"), 1);
        let (status, why) = last_of(&campaign, "people.results.csv");
        assert_eq!(status, "skipped");
        assert!(why.starts_with("already contacted on 20") && why.ends_with("/other"), "{why}");
    }
}

#[test]
fn of_two_campaigns_that_come_to_one_person_at_once_one_writes() {
    for round in 0..ROUNDS {
        let (server, campaign) = (slow(), two_campaigns());
        let runs = ["people.csv", "other.csv"].map(|sheet| campaign.start(&server, &[sheet, "--concurrency", "1"]));
        // Both have their plan, with the person in it, and both wait for the answer before.
        server.wait_for_sends(2);
        server.open_gate();
        let ends = thread::scope(|scope| runs.map(|run| scope.spawn(|| run.finish())).map(|end| end.join().expect("an end")));
        for end in ends {
            end.exits(0);
        }
        assert_eq!(server.sends_to("in-both"), 1, "round {round}");
        let mut statuses = ["people", "other"].map(|name| last_of(&campaign, &format!("{name}.results.csv")).0);
        statuses.sort();
        assert_eq!(statuses, ["sent", "skipped"], "round {round}");
        // And it stays so.
        for sheet in ["people.csv", "other.csv"] {
            campaign.run(&server, &[sheet]).exits(0).says("Sent in this run: 0");
        }
        assert_eq!(server.sends_to("in-both"), 1, "round {round}");
    }
}

#[test]
fn what_another_campaign_could_not_send_is_sent() {
    let (server, campaign) = (Server::start(), two_campaigns());
    server.answer("anna-a", [sent().held()]);
    server.answer("in-both", [status(400), sent()]);
    let run = begun(&campaign, &server, &[]);
    campaign.run(&server, &["other.csv"]).exits(1);
    server.open_gate();
    run.finish().exits(0).says("2 sent");
    assert_eq!(server.sends_to("in-both"), 2);
}

#[test]
fn an_urn_that_an_answer_told_is_the_same_person_in_another_campaign() {
    let (server, campaign) = (Server::start(), two_campaigns());
    campaign.write(
        "other.csv",
        format!("Profile URN\nurn:li:fsd_profile:ACoAAotto\n{}\n", urn_of("in-both")),
    );
    server.answer("urn:li:fsd_profile:ACoAAotto", [sent().held()]);
    let run = begun(&campaign, &server, &["other.csv"]);
    campaign.run(&server, &[]).exits(0).says("2 sent");
    server.open_gate();
    run.finish().exits(0).says("1 sent, 1 skipped");
    assert_eq!((server.sends_to("in-both"), server.sends_to(&urn_of("in-both"))), (1, 0));
}

#[test]
fn whoever_comes_onto_a_list_while_files_are_uploaded_gets_nothing() {
    let (server, campaign) = (Server::start(), campaign());
    server.answer_questions_by(|seen| {
        let asset = object!({"assetUrn": "urn:li:digitalmediaAsset:1", "byteSize": 9, "mediaType": "text/plain", "name": "one.txt"});
        let uploaded = object!({"success": true, "attachment": asset});
        seen.is_upload().then(|| json(200, &uploaded).held())
    });
    campaign.write("people.csv", "LinkedIn,Attachments\nanna-a,one.txt\nbert-b,one.txt\ncarl-c,\n");
    campaign.write("one.txt", "some text");
    campaign.write("no.csv", "# nobody yet\n");
    let run = campaign.start(&server, &["--suppress", "no.csv"]);
    server.wait_for_sends(1);
    append(&campaign, "no.csv", "bert-b");
    server.open_gate();
    run.finish().exits(0).says("2 sent, 1 skipped");
    let mut got = server.recipients();
    got.sort();
    assert_eq!(got, ["anna-a", "carl-c"]);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "sent"]);
}
