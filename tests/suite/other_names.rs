//! Two rows that say the same at the same time, one to a profile id and one to a URN: whether they went to one person or to two
//! decides whose message is there.

use std::time::Duration;

use serde_json::json as object;

use crate::harness::inbox::{By, Inbox, Message};
use crate::harness::{Answer, Campaign, Delivery, Seen, Server, broken, json, status};

const JANE: &str = "urn:li:fsd_profile:ACoAAjane-_y";
const BOB: &str = "urn:li:fsd_profile:ACoAAbob-_y";

/// Two rows of one text: the first is acknowledged by an answer that names neither message nor person, the second's answer is lost.
const SHEET: &str = "recipient,name\nsome-name,friend\nurn:li:fsd_profile:ACoAAjane-_y,friend\n";

/// Whether the message of the second row arrives.
#[derive(Clone, Copy, PartialEq)]
enum Lost {
    Answer,
    Request,
}

/// What the service says when it is asked who a profile id is.
#[derive(Clone, Copy)]
enum Told {
    Urn,
    Conversation,
    Nothing,
}

/// The account says what a request says. Returns the tail of the message's URN.
fn say(inbox: &Inbox, seen: &Seen, sent_at: i64) -> String {
    let message = Message {
        text: seen.message().to_owned(),
        by: By::Owner,
        sent_at,
        shows_at: 0,
    };
    inbox.say("acc_1", &seen.to, message)
}

/// A service where the first row's profile id is that of `who`; its message is dated after the send was acknowledged, as a
/// service does that acknowledges what it only then sends.
fn server(who: &'static str, lost: Lost, told: Told) -> Server {
    let (server, inbox) = (Server::start(), Inbox::ahead(0));
    inbox.same_person("some-name", who);
    inbox.same_person("jane", JANE);
    let asked = inbox.clone();
    server.answer_questions_by(move |seen| match told {
        Told::Nothing if seen.path.contains("/exists/") => Some(asked.dated(status(405))),
        Told::Conversation if seen.path.contains("/exists/some-name") => {
            let urn = asked.conversation("acc_1", "some-name");
            Some(asked.dated(json(
                200,
                &object!({"success": true, "hasConversation": true, "conversationUrn": urn}),
            )))
        }
        _ => asked.read(seen),
    });
    server.answer_by(move |seen| {
        let is_lost = seen.to.starts_with("urn:");
        let answer: Answer = if is_lost {
            broken(Delivery::Reset)
        } else {
            json(200, &object!({"success": true}))
        };
        if !is_lost {
            say(&inbox, seen, inbox.now() + 300);
        } else if lost == Lost::Answer {
            say(&inbox, seen, inbox.now());
        }
        inbox.dated(answer)
    });
    server
}

/// The campaign after a run and a look, with the exit code that the look is expected to have. Returns status and error of the
/// second row.
fn looked(server: &Server, code: i32) -> (String, String) {
    let campaign = Campaign::new(SHEET, "Hello {{ name }}").variable("ROWCAST_RATE", "unlimited");
    let now = ["--account", "acc_1", "--timeout", "5s", "--concurrency", "1"];
    campaign.run(server, &now).exits(5);
    let base_url = server.base_url();
    let look = [
        "reconcile",
        "people.csv",
        "--base-url",
        &base_url,
        "--read-rate",
        "unlimited",
        "--wait",
        "0s",
    ];
    campaign.rowcast(&look).exits(code);
    let results = campaign.results();
    assert_eq!(results[0]["status"], "sent");
    (results[1]["status"].clone(), results[1]["error"].clone())
}

#[test]
fn a_row_whose_message_never_arrived_does_not_take_the_late_one_of_the_same_person() {
    for told in [Told::Urn, Told::Conversation] {
        let (status, error) = looked(&server(JANE, Lost::Request, told), 5);
        assert_eq!(status, "unconfirmed");
        assert!(!error.contains("may be the same person"), "{error}");
    }
}

#[test]
fn a_row_does_not_take_what_may_be_the_message_of_the_same_person_where_the_service_does_not_say_who_it_is() {
    for (who, lost) in [(JANE, Lost::Request), (BOB, Lost::Answer)] {
        let (status, error) = looked(&server(who, lost, Told::Nothing), 5);
        assert_eq!(status, "unconfirmed");
        assert!(
            error.contains("`some-name` was told the same at about that time and may be the same person"),
            "{error}"
        );
    }
}

#[test]
fn what_was_told_to_somebody_else_at_the_same_time_leaves_a_row_its_message() {
    for told in [Told::Urn, Told::Conversation] {
        let server = server(BOB, Lost::Answer, told);
        assert_eq!(looked(&server, 0).0, "sent");
        let asked: Vec<String> = server.seen().iter().map(|seen| seen.path.clone()).collect();
        assert!(asked.iter().any(|path| path.contains("/exists/some-name")), "{asked:?}");
    }
}

#[test]
fn both_messages_of_one_person_are_found() {
    for told in [Told::Urn, Told::Conversation] {
        assert_eq!(looked(&server(JANE, Lost::Answer, told), 0).0, "sent");
    }
}

#[test]
fn a_message_that_was_named_once_and_is_shown_without_a_name_is_not_taken_for_another_rows() {
    let (server, inbox) = (Server::start(), Inbox::ahead(0));
    inbox.same_person("some-name", JANE);
    inbox.serve(&server);
    server.answer_by(move |seen| {
        if seen.to.starts_with("urn:") {
            return inbox.dated(broken(Delivery::Reset));
        }
        // The inbox leaves out the names of messages of such times.
        let sent_at = (inbox.now() + 300) / 9 * 9;
        let tail = say(&inbox, seen, sent_at);
        let named = object!({"messageUrn": format!("urn:li:messagingMessage:{tail}")});
        inbox.dated(json(200, &object!({"success": true, "sentMessage": named})))
    });
    assert_eq!(looked(&server, 5).0, "unconfirmed");
}

#[test]
fn a_long_talk_between_two_sends_hides_neither() {
    let (server, inbox) = (Server::start(), Inbox::ahead(0));
    inbox.same_person("some-name", JANE);
    inbox.serve(&server);
    server.answer_by(move |seen| {
        say(&inbox, seen, inbox.now());
        if seen.to.starts_with("urn:") {
            return inbox.dated(status(500));
        }
        for number in 1..15 {
            let message = Message {
                text: format!("by the way, {number}"),
                by: By::Person,
                sent_at: inbox.now() + 10 * number,
                shows_at: 0,
            };
            inbox.say("acc_1", &seen.to, message);
        }
        inbox.dated(json(200, &object!({"success": true}))).after(Duration::from_secs(3))
    });
    assert_eq!(looked(&server, 0).0, "sent");
}
