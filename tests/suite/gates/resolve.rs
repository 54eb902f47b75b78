//! `--resolve`: people by their URNs.

use serde_json::json as object;

use super::{Asked, reasons};
use crate::harness::{Answer, Campaign, Server, html, json, status};

const RESOLVE: [&str; 3] = ["--resolve", "--account", "acc_1"];
const JANE: &str = "urn:li:fsd_profile:ACoAAjane";

fn resolved(urn: &str) -> Answer {
    let answer = object!({"success": true, "hasConversation": false, "conversationUrn": null, "profileUrn": urn});
    json(200, &answer)
}

/// A server that knows the URNs of these profile ids.
fn server_of(people: &[(&str, &str)]) -> Server {
    let server = Server::start();
    for (slug, urn) in people {
        for account in ["acc_1", "acc_2"] {
            server.answer_path(&format!("/exists/{slug}?accountId={account}"), resolved(urn));
        }
    }
    server
}

fn asked(server: &Server) -> usize {
    server.seen().iter().filter(|seen| seen.path.contains("/exists/")).count()
}

#[test]
fn sends_name_the_urn_that_was_asked_for_once() {
    let server = server_of(&[("jane", JANE), ("bob", "urn:li:fsd_profile:ACoAAbob")]);
    server.answer("bob", [status(400)]);
    let campaign = Campaign::of(&["Jane", "bob"]);
    server.answer_path("/exists/Jane?accountId=acc_1", resolved(JANE));
    campaign.run(&server, &[&RESOLVE[..], &["--concurrency", "1"]].concat()).exits(1);
    let sends = server.sends();
    assert_eq!(sends[0].body["recipientProfileUrn"], JANE);
    assert_eq!(sends[0].body["recipientProfileId"], "Jane");
    assert_eq!(campaign.column("key"), ["jane", "bob"], "the key is what it was");
    // A later run names it as well, and asks nobody.
    campaign.run(&server, &RESOLVE).exits(0);
    assert_eq!(server.sends()[2].body["recipientProfileUrn"], "urn:li:fsd_profile:ACoAAbob");
    assert_eq!(asked(&server), 2);
}

#[test]
fn an_answer_that_tells_the_urn_by_the_way_spares_the_question() {
    let with_urn = Asked::of(Vec::new(), "");
    let campaign = Campaign::of(&["jane"]);
    campaign
        .run_at(with_urn.base_url(), &["--resolve", "--require", "connected"])
        .exits(0);
    assert!(with_urn.requests("/exists/").is_empty());
    assert!(campaign.column("recipient_urn")[0].starts_with("urn:li:fsd_profile:ACoAA"));
    // A row that has its URN needs nothing to be asked.
    let campaign = Campaign::of(&[JANE]);
    campaign.run_at(with_urn.base_url(), &["--resolve", "--allow-repeat"]).exits(0);
    assert!(with_urn.requests("/exists/").is_empty());
}

#[test]
fn where_no_urn_is_told_rows_go_out_by_their_profile_id_and_that_is_said_once() {
    let silences = [
        (status(404), 3),
        (status(405), 1),
        (status(501), 1),
        (html(200, "<p>hello</p>"), 1),
        (status(500), 8),
        (json(200, &object!({"hasConversation": false})), 4),
        (
            json(
                200,
                &object!({"hasConversation": false, "profileUrl": "https://www.linkedin.com/in/x"}),
            ),
            4,
        ),
    ];
    for (silence, questions) in silences {
        let server = Server::start();
        for person in 2..6 {
            server.answer_path(&format!("/exists/person-{person}?accountId=acc_1"), silence.clone());
        }
        let campaign = Campaign::with_rows(4);
        let done = campaign.run(&server, &[&RESOLVE[..], &["--retries", "1"]].concat()).exits(0);
        assert_eq!(done.stderr.matches("without a URN").count(), 1, "{}", done.stderr);
        assert_eq!(campaign.statuses(), ["sent"; 4]);
        assert!(server.sends().iter().all(|seen| seen.body.get("recipientProfileUrn").is_none()));
        assert_eq!(asked(&server), questions, "{silence:?}");
    }
}

#[test]
fn two_profile_ids_of_one_person_are_one_message_whatever_their_accounts() {
    for sheet in [
        "LinkedIn,Account\njane,acc_1\nbob,acc_1\njane-doe-2,acc_1\n",
        "LinkedIn,Account\njane,acc_1\nbob,acc_1\njane-doe-2,acc_2\n",
    ] {
        let server = server_of(&[("jane", JANE), ("jane-doe-2", JANE), ("bob", "urn:li:fsd_profile:ACoAAbob")]);
        let campaign = Campaign::new(sheet, "Hello {{ linkedin }}");
        campaign.run(&server, &["--resolve"]).exits(0);
        let mut statuses = campaign.statuses();
        assert_eq!(server.sends().len(), 2, "{statuses:?}");
        statuses.sort_unstable();
        assert_eq!(statuses, ["sent", "sent", "skipped"]);
        let held = reasons(&campaign).into_iter().find(|reason| !reason.is_empty()).expect("a reason");
        assert!(held.contains("same person") || held.contains("same recipient"), "{held}");
        campaign.run(&server, &["--resolve"]).exits(0);
        campaign
            .rowcast(&["status", "people.csv", "--resolve"])
            .exits(0)
            .says("2 sent, 1 skipped");
        assert_eq!(server.sends().len(), 2);
    }
}

#[test]
fn whoever_got_a_message_under_another_name_is_recognised_before_the_send() {
    let server = server_of(&[("jane", JANE), ("jane-new", JANE)]);
    let campaign = Campaign::of(&["jane"]);
    campaign.run(&server, &RESOLVE).exits(0);
    campaign.write("people.csv", "LinkedIn\njane-new\n");
    campaign.run(&server, &RESOLVE).exits(0);
    assert_eq!(campaign.statuses(), ["skipped"]);
    assert!(reasons(&campaign)[0].contains("already contacted"), "{:?}", reasons(&campaign));
    assert_eq!(server.sends().len(), 1);

    // By a key column as well, and by a row that has the URN in the sheet.
    let server = server_of(&[("jane", JANE)]);
    let campaign = Campaign::new(format!("Id,LinkedIn\n1,jane\n2,{JANE}\n"), "Hello {{ linkedin }}");
    campaign
        .run(&server, &[&RESOLVE[..], &["--key", "Id", "--concurrency", "1"]].concat())
        .exits(0);
    assert_eq!(campaign.statuses(), ["sent", "skipped"]);
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn where_the_first_name_of_a_person_fails_the_other_is_tried() {
    let server = server_of(&[("jane", JANE), ("jane-new", JANE)]);
    server.answer("jane", [status(400)]);
    let campaign = Campaign::of(&["jane", "jane-new"]);
    campaign.run(&server, &[&RESOLVE[..], &["--concurrency", "1"]].concat()).exits(1);
    assert_eq!(campaign.statuses(), ["failed", "sent"]);
    // And then the first is no reason to write again.
    campaign.run(&server, &RESOLVE).exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "sent"]);
    assert_eq!(server.sends().len(), 2);
}

#[test]
fn a_do_not_contact_list_and_the_contact_history_know_people_by_their_urns() {
    let server = server_of(&[("jane", JANE), ("bob", "urn:li:fsd_profile:ACoAAbob")]);
    let campaign = Campaign::of(&["jane", "bob"]);
    campaign.write("never.csv", format!("{JANE}\n"));
    campaign
        .run(&server, &[&RESOLVE[..], &["--suppress", "never.csv"]].concat())
        .exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "sent"]);
    assert_eq!(server.recipients(), ["bob"]);
    // The plan of the next run knows it before it asks anybody.
    campaign
        .rowcast(&[
            "check",
            "people.csv",
            "-m",
            "message.txt",
            "--resolve",
            "--account",
            "acc_1",
            "--suppress",
            "never.csv",
        ])
        .exits(0)
        .says("1 sent, 1 skipped");

    let other = "recipient\nurn:li:fsd_profile:ACoAAbob\n";
    campaign.write("other.csv", other);
    campaign.write("people.csv", "recipient\nbobby\n");
    server.answer_path("/exists/bobby?accountId=acc_1", resolved("urn:li:fsd_profile:ACoAAbob"));
    campaign.write("message.txt", "The same for all");
    campaign.run(&server, &["other.csv", "--account", "acc_1"]).exits(0);
    let before = server.sends().len();
    campaign
        .run(&server, &[&RESOLVE[..], &["--results", "second.results.csv"]].concat())
        .exits(0)
        .says("already contacted on");
    assert_eq!(server.sends().len(), before);
}
