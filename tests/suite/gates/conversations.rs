//! `--skip in-conversation` and `--skip replied`.

use std::time::Duration;

use rowcast::adapters::sandbox::{Relation, Said, SandboxPerson, Speaker};
use serde_json::json as object;

use super::{Asked, findings, reasons, somebody};
use crate::harness::{Answer, Campaign, Server, json};

const IN_CONVERSATION: [&str; 2] = ["--skip", "in-conversation"];
const REPLIED: [&str; 2] = ["--skip", "replied"];

fn said(by: Speaker, hours_ago: u64, text: &str) -> Said {
    Said {
        ago: Duration::from_hours(hours_ago),
        by,
        text: text.to_owned(),
    }
}

fn with_history(name: &str, history: Vec<Said>) -> SandboxPerson {
    SandboxPerson {
        history,
        ..SandboxPerson::named(name)
    }
}

/// Somebody who was written to and never answered, somebody who did, and somebody who wrote of their own accord.
fn acquaintances() -> Vec<SandboxPerson> {
    vec![
        with_history("silent", vec![said(Speaker::Owner, 50, "Hello?")]),
        with_history("chatty", vec![said(Speaker::Owner, 50, "Hello?"), said(Speaker::Person, 49, "Hi!")]),
        with_history("forward", vec![said(Speaker::Person, 900, "Do you know me?")]),
    ]
}

#[test]
fn who_is_in_a_conversation_is_left_out_by_one_question() {
    let asked = Asked::of(acquaintances(), "");
    let campaign = Campaign::of(&["stranger", "silent", "chatty", "forward"]);
    campaign.run_at(asked.base_url(), &IN_CONVERSATION).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "skipped", "skipped"]);
    assert!(
        reasons(&campaign)[1].contains("already in a conversation"),
        "{:?}",
        reasons(&campaign)
    );
    assert_eq!(asked.arrived(), ["stranger"]);
    assert_eq!(asked.requests("/exists/").len(), 4);
    assert!(asked.requests("/messages").is_empty());
    // What it found is remembered, and the message that it sent itself holds nobody.
    campaign.run_at(asked.base_url(), &IN_CONVERSATION).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "skipped", "skipped"]);
    assert_eq!(asked.requests("/exists/").len(), 4);
}

#[test]
fn who_ever_wrote_is_left_out_with_the_day_and_who_never_did_is_written_to() {
    let asked = Asked::of(acquaintances(), "");
    let campaign = Campaign::of(&["stranger", "silent", "chatty", "forward"]);
    campaign.run_at(asked.base_url(), &REPLIED).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "sent", "skipped", "skipped"]);
    let day = |hours: i64| (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string()[..10].to_owned();
    for (row, hours) in [(2, 49), (3, 900)] {
        let reason = &reasons(&campaign)[row];
        assert!(reason.contains(&format!("replied on {}", day(hours))), "{reason}");
    }
    let mut arrived = asked.arrived();
    arrived.sort_unstable();
    assert_eq!(arrived, ["silent", "stranger"]);
    assert_eq!(
        asked.requests("/messages").len(),
        3,
        "where there is no conversation there are no messages to ask for"
    );
}

#[test]
fn both_can_be_asked_for_at_once_and_a_campaign_file_can_list_them() {
    let asked = Asked::of(acquaintances(), "");
    let campaign = Campaign::of(&["stranger", "silent", "chatty"]);
    campaign.write(
        "campaign.toml",
        "sheet = \"people.csv\"\nmessage = \"message.txt\"\nrequire = [\"connected\"]\nskip = [\"in-conversation\", \"replied\"]\n",
    );
    campaign.run_at(asked.base_url(), &["campaign.toml"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "skipped"]);
    let campaign = Campaign::of(&["stranger", "silent", "chatty"]);
    campaign
        .run_at(asked.base_url(), &["--allow-repeat", "--skip", "in-conversation,replied"])
        .exits(0);
    // The stranger is in a conversation by now: with the other campaign.
    assert_eq!(campaign.statuses(), ["skipped", "skipped", "skipped"]);
}

#[test]
fn a_reply_far_back_in_a_long_conversation_is_found_page_by_page() {
    let mut history = vec![said(Speaker::Person, 1000, "Long ago")];
    history.extend((0..120).map(|number| said(Speaker::Owner, 500 - number, "And again")));
    let unanswered = history[1..].to_vec();
    let asked = Asked::of(vec![with_history("patient", history), with_history("deaf", unanswered)], "");
    let campaign = Campaign::of(&["patient", "deaf"]);
    campaign.run_at(asked.base_url(), &REPLIED).exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "sent"]);
    assert_eq!(asked.requests("/messages").len(), 6);
    assert_eq!(findings(&campaign.journal()).len(), 4);
}

#[test]
fn a_conversation_is_read_on_where_a_wait_or_an_error_came_between() {
    let history: Vec<Said> = (0..120).map(|number| said(Speaker::Owner, 500 - number, "And again")).collect();
    let faults = "any=500,on=messages,after=1,times=1";
    let asked = Asked::of(vec![with_history("deaf", history)], faults);
    let campaign = Campaign::of(&["deaf"]);
    campaign
        .run_at(asked.base_url(), &[&REPLIED[..], &["--read-rate", "2/s"]].concat())
        .exits(0);
    assert_eq!(campaign.statuses(), ["sent"]);
    assert_eq!(asked.requests("/messages").len(), 4, "three pages, one of them twice");
}

#[test]
fn a_message_of_this_campaign_is_no_conversation_when_its_row_is_sent_again() {
    let asked = Asked::of(
        vec![SandboxPerson {
            replies: Some("Who are you?".to_owned()),
            ..SandboxPerson::named("quick")
        }],
        "lost=lost,times=1\nquick=lost,times=1\nbusy=lost,times=1",
    );
    let campaign = Campaign::of(&["lost", "quick"]);
    campaign.run_at(asked.base_url(), &["--no-reconcile"]).exits(5);
    assert_eq!(campaign.statuses(), ["unconfirmed", "unconfirmed"]);
    let again = ["--no-reconcile", "--resend-unconfirmed"];
    campaign.run_at(asked.base_url(), &[&IN_CONVERSATION[..], &again].concat()).exits(5);
    // Only its own words are in the one conversation, and a person said that they may go again; in the other is an answer.
    assert_eq!(campaign.statuses(), ["sent", "unconfirmed"]);
    let mut arrived = asked.arrived();
    arrived.sort_unstable();
    assert_eq!(arrived, ["lost", "lost", "quick"]);
}

#[test]
fn a_test_is_no_conversation_with_whoever_got_it() {
    let asked = Asked::of(Vec::new(), "");
    let campaign = Campaign::of(&["me-myself", "other"]);
    campaign
        .run_at(asked.base_url(), &["--test-to", "me-myself", "--rows", "3"])
        .exits(0);
    campaign.run_at(asked.base_url(), &IN_CONVERSATION).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "sent"]);
}

#[test]
fn of_a_row_that_names_its_conversation_only_the_messages_are_asked() {
    let asked = Asked::of(acquaintances(), "");
    // The sandbox tells the URNs of its conversations, so they are asked for first.
    let scout = Campaign::of(&["silent", "chatty"]);
    scout.run_at(asked.base_url(), &REPLIED).exits(0);
    let conversations: Vec<String> = findings(&scout.journal())
        .into_iter()
        .filter_map(|finding| match finding.seen {
            rowcast::model::finding::Seen::Messages(said) => Some(said.conversation),
            _ => None,
        })
        .collect();
    let before = asked.requests("/exists/").len();
    let campaign = Campaign::new(
        format!("conversation_urn\n\"{}\"\n\"{}\"\n", conversations[0], conversations[1]),
        "Hello again",
    );
    campaign.run_at(asked.base_url(), &REPLIED).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "skipped"]);
    campaign.write("people.csv", format!("conversation_urn\n\"{}\"\n", conversations[1]));
    campaign.run_at(asked.base_url(), &IN_CONVERSATION).exits(0);
    assert_eq!(campaign.statuses(), ["skipped"]);
    assert!(reasons(&campaign)[0].contains("which the row names"), "{:?}", reasons(&campaign));
    assert_eq!(
        asked.requests("/exists/").len(),
        before,
        "nobody is looked up whose conversation is named"
    );
}

#[test]
fn nobody_of_a_name_is_in_no_conversation_and_the_send_says_the_rest() {
    let asked = Asked::of(vec![somebody("gone", Relation::NoSuchProfile)], "");
    let campaign = Campaign::of(&["gone"]);
    campaign.run_at(asked.base_url(), &REPLIED).exits(1);
    assert_eq!(campaign.statuses(), ["failed"]);
    assert!(reasons(&campaign)[0].contains("profile not found"), "{:?}", reasons(&campaign));
}

#[test]
fn where_the_messages_cannot_be_read_nobody_is_written_to() {
    for (fault, stops) in [
        ("any=405,on=messages", true),
        ("any=garbage,on=messages", true),
        ("any=404:text={},on=messages", false),
        ("any=500,on=messages", false),
        ("any=lost,on=messages", false),
        ("any=405,on=exists", true),
    ] {
        let fault = fault.replace("404:text={},on=messages", "404,on=messages,text={}");
        let asked = Asked::of(acquaintances(), &fault);
        let campaign = Campaign::of(&["silent", "stranger"]);
        campaign
            .run_at(asked.base_url(), &[&REPLIED[..], &["--retries", "1"]].concat())
            .exits(4)
            .says("--skip replied");
        let stranger = if stops { "pending" } else { "sent" };
        assert_eq!(campaign.statuses(), ["pending", stranger], "{fault}");
        assert_eq!(asked.arrived().len(), usize::from(!stops), "{fault}");
    }
}

fn exists(urn: Option<&str>) -> Answer {
    json(200, &object!({"success": true, "hasConversation": true, "conversationUrn": urn}))
}

#[test]
fn an_answer_that_leaves_the_question_open_passes_nobody() {
    let server = Server::start();
    server.answer_path("/exists/person-2?accountId=acc_1", exists(None));
    let campaign = Campaign::with_rows(1);
    let run = [&REPLIED[..], &["--account", "acc_1"]].concat();
    campaign.run(&server, &run).exits(4).says("not which");
    assert_eq!(campaign.statuses(), ["pending"]);

    // Who wrote is what is asked, so a message without an author is no answer.
    server.answer_path("/exists/person-2?accountId=acc_1", exists(Some("urn:li:msg_conversation:x")));
    let path = "/urn%3Ali%3Amsg_conversation%3Ax/messages?accountId=acc_1&count=50&sync=true";
    let message = object!({"messageUrn": "urn:li:messagingMessage:2-a", "text": "Hi", "sentAt": 1_760_773_310_429_i64});
    server.answer_path(path, json(200, &object!({"messages": [message], "hasMore": false})));
    campaign
        .run(&server, &[&run[..], &["--gate-age", "0s"]].concat())
        .exits(4)
        .says("who wrote");
    assert_eq!(campaign.statuses(), ["pending"]);

    // More messages than are shown, and no way to ask for them.
    let message = object!({"messageUrn": "urn:li:messagingMessage:2-a", "text": "Hi", "isSentByOwner": true});
    server.answer_path(path, json(200, &object!({"messages": [message], "hasMore": true})));
    campaign.run(&server, &run).exits(4).says("only the newest");
    assert!(server.sends().is_empty());
    server.answer_path(path, json(200, &object!({"messages": [message], "hasMore": false})));
    campaign.run(&server, &[&run[..], &["--gate-age", "0s"]].concat()).exits(0);
    assert_eq!(campaign.statuses(), ["sent"]);
}

#[test]
fn a_429_on_messages_is_waited_for_and_the_conversation_is_not_looked_up_again() {
    let asked = Asked::of(acquaintances(), "any=429:retry-after=1,times=1,on=messages");
    let campaign = Campaign::of(&["silent"]);
    campaign.run_at(asked.base_url(), &REPLIED).exits(0);
    assert_eq!((asked.requests("/exists/").len(), asked.requests("/messages").len()), (1, 2));
}
