//! `--require connected`.

use std::time::{Duration, Instant};

use rowcast::adapters::sandbox::{Relation, SandboxAccount, Settings};
use serde_json::json as object;

use super::{Asked, findings, reasons, somebody};
#[cfg(unix)]
use crate::harness::Signal;
use crate::harness::{Answer, Campaign, Server, html, json, status};

const CONNECTED: [&str; 2] = ["--require", "connected"];

fn relationship(connected: bool) -> Answer {
    let status = if connected { "CONNECTED" } else { "NOT_CONNECTED" };
    json(200, &object!({"connected": connected, "status": status}))
}

#[test]
fn who_is_not_connected_is_skipped_with_the_reason_and_nothing_reaches_the_send() {
    let strangers = [
        ("stranger", Relation::NotConnected, "NOT_CONNECTED"),
        ("invited", Relation::InvitationSent, "PENDING"),
        ("inviting", Relation::InvitationReceived, "PENDING"),
        ("gone", Relation::NoSuchProfile, "no such profile"),
    ];
    let people = strangers.map(|(name, relation, _)| somebody(name, relation));
    let asked = Asked::of(people.to_vec(), "");
    let campaign = Campaign::of(&["friend", "stranger", "invited", "inviting", "gone", "other-friend"]);
    let done = campaign
        .run_at(asked.base_url(), &[&CONNECTED[..], &["--format", "json"]].concat())
        .exits(0);
    assert_eq!((done.json()["sent"].as_u64(), done.json()["skipped"].as_u64()), (Some(2), Some(4)));
    let done = done.says("Left out by gates: 4 not connected.");
    assert!(done.stderr.contains("row 3: skipped: not connected"), "{}", done.stderr);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "skipped", "skipped", "skipped", "sent"]);
    assert_eq!(campaign.column("attempts"), ["1", "0", "0", "0", "0", "1"]);
    for (reason, (_, _, word)) in reasons(&campaign)[1..5].iter().zip(strangers) {
        assert!(reason.contains("not connected") && reason.contains(word), "{reason}");
    }
    let mut arrived = asked.arrived();
    arrived.sort_unstable();
    assert_eq!(arrived, ["friend", "other-friend"]);
    assert_eq!(asked.requests("/conversations/send").len(), 2);
    assert_eq!(asked.relationships().len(), 6, "one question for each row");
    // The results can be made again, with the same reasons, and a page tells them.
    let before = std::fs::read(campaign.path("people.results.csv")).expect("results");
    std::fs::remove_file(campaign.path("people.results.csv")).expect("results");
    campaign
        .rowcast(&["results", "people.csv", "-m", "message.txt", "--require", "connected"])
        .exits(0);
    assert_eq!(std::fs::read(campaign.path("people.results.csv")).expect("results"), before);
}

#[test]
fn what_was_found_is_not_asked_again_within_its_age_and_then_it_is() {
    let people = vec![somebody("stranger", Relation::NotConnected)];
    let asked = Asked::of(people, "friend=400");
    let campaign = Campaign::of(&["friend", "stranger"]);
    campaign.run_at(asked.base_url(), &CONNECTED).exits(1);
    assert_eq!(campaign.statuses(), ["failed", "skipped"]);
    assert_eq!(findings(&campaign.journal()).len(), 2);
    let again = |more: &[&str]| {
        campaign.run_at(asked.base_url(), &[&CONNECTED[..], more].concat()).exits(1);
        assert_eq!(campaign.statuses(), ["failed", "skipped"]);
        asked.relationships().len()
    };
    assert_eq!(again(&[]), 2, "neither of them is asked about again");
    assert_eq!(again(&["--gate-age", "0s"]), 4);
    assert_eq!(asked.requests("/conversations/send").len(), 3, "it failed each time");
    // Without the gate the row is sent: what was found holds nobody by itself.
    campaign.run_at(asked.base_url(), &[]).exits(1);
    assert_eq!(campaign.statuses(), ["failed", "sent"]);
}

#[test]
fn a_campaign_file_names_the_gate_and_a_word_that_is_none_is_refused() {
    let asked = Asked::of(vec![somebody("stranger", Relation::NotConnected)], "");
    let campaign = Campaign::of(&["stranger", "friend"]);
    let toml = |gate: &str| {
        let text = format!("sheet = \"people.csv\"\nmessage = \"message.txt\"\n{gate}\n");
        campaign.write("campaign.toml", text);
    };
    toml("require = \"conected\"");
    campaign.run_at(asked.base_url(), &["campaign.toml"]).exits(3).says("connected");
    toml("skip = [\"replied\", \"sleeping\"]");
    campaign
        .run_at(asked.base_url(), &["campaign.toml"])
        .exits(3)
        .says("in-conversation, replied");
    assert!(asked.arrived().is_empty());
    toml("require = \"connected\"\ngate_age = \"2h\"");
    campaign.run_at(asked.base_url(), &["campaign.toml"]).exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "sent"]);
    // Every command knows the gate from the file.
    campaign.rowcast(&["status", "campaign.toml"]).exits(0).says("1 skipped");
    let shown = campaign.rowcast(&["check", "campaign.toml", "--format", "json"]).exits(0).json();
    assert_eq!(shown["problems"][0]["code"], "not-connected", "{shown}");
}

#[test]
fn each_account_sees_for_itself() {
    let server = Server::start();
    for (account, connected) in [("acc_1", true), ("acc_2", false)] {
        server.answer_path(&format!("/relationship/{account}/jane"), relationship(connected));
        server.answer_path(&format!("/relationship/{account}/bob"), relationship(!connected));
    }
    let campaign = Campaign::new("LinkedIn,Account\njane,acc_2\nbob,acc_2\n", "Hello {{ linkedin }}");
    campaign.run(&server, &CONNECTED).exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "sent"]);
    campaign.write("people.csv", "LinkedIn,Account\njane,acc_1\nbob,acc_2\n");
    campaign.run(&server, &CONNECTED).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "sent"]);
    assert_eq!(server.recipients(), ["bob", "jane"], "one in each run");
}

#[test]
fn where_the_service_does_not_answer_nobody_is_sent_to_and_the_run_says_why() {
    let silences = [
        status(404),
        status(405),
        status(501),
        html(200, "<p>hello</p>"),
        json(200, &object!([])),
        json(200, &object!({"status": "CONNECTED"})),
        html(302, "elsewhere"),
    ];
    for silence in silences {
        let server = Server::start();
        for person in 2..7 {
            server.answer_path(&format!("/relationship/acc_1/person-{person}"), silence.clone());
        }
        let campaign = Campaign::with_rows(5);
        let done = campaign.run(&server, &[&CONNECTED[..], &["--format", "json"]].concat()).exits(4);
        let stopped = done.json()["stopped"].as_str().unwrap_or_default().to_owned();
        assert!(stopped.contains("--require connected"), "{stopped}");
        assert_eq!(campaign.statuses(), ["pending"; 5]);
        assert!(server.sends().is_empty());
        assert!(reasons(&campaign)[0].contains("cannot be judged"), "{:?}", reasons(&campaign));
        let asked = server.seen().iter().filter(|seen| seen.path.contains("/relationship/")).count();
        assert!(asked <= 3, "a question that the service does not know is not asked {asked} times");
    }
}

#[test]
fn a_row_that_cannot_be_judged_stays_pending_and_the_others_go_on() {
    for silence in [status(404), status(500), status(400)] {
        let server = Server::start();
        server.answer_path("/relationship/acc_1/person-2", silence);
        for person in 3..6 {
            server.answer_path(&format!("/relationship/acc_1/person-{person}"), relationship(true));
        }
        let campaign = Campaign::with_rows(4);
        let done = campaign.run(&server, &[&CONNECTED[..], &["--retries", "1"]].concat()).exits(4);
        done.says("row 2").says("1 row could not be judged");
        assert_eq!(campaign.statuses(), ["pending", "sent", "sent", "sent"]);
        server.answer_path("/relationship/acc_1/person-2", relationship(true));
        campaign.run(&server, &CONNECTED).exits(0);
        assert_eq!(campaign.statuses(), ["sent"; 4]);
    }
}

#[test]
fn a_refused_key_stops_the_run_and_an_unknown_account_stops_itself() {
    let asked = Asked::of(Vec::new(), "any=403,on=relationship");
    let campaign = Campaign::with_rows(3);
    campaign.run_at(asked.base_url(), &CONNECTED).exits(4).says("API key");
    assert_eq!(campaign.statuses(), ["pending"; 3]);
    assert_eq!(asked.relationships().len(), 1);

    let accounts = ["60d21b4667d0d8992e610001", "60d21b4667d0d8992e610002"];
    let unknown = format!("account:{}=404,on=relationship", accounts[1]);
    let asked = Asked::start(Settings {
        accounts: accounts.map(SandboxAccount::with_id).to_vec(),
        ..crate::stand_in::faulty(&unknown)
    });
    let [well, ill] = accounts;
    let campaign = Campaign::new(
        format!("LinkedIn,Account\na,{well}\nb,{ill}\nc,{well}\nd,{ill}\n"),
        "Hello {{ linkedin }}",
    );
    campaign.run_at(asked.base_url(), &CONNECTED).exits(4).says(ill);
    assert_eq!(campaign.statuses(), ["sent", "pending", "sent", "pending"]);
}

#[test]
fn a_429_holds_the_questions_as_told_and_fails_no_row() {
    let asked = Asked::of(Vec::new(), "any=429:retry-after=1,times=2,on=relationship");
    let campaign = Campaign::with_rows(2);
    let began = Instant::now();
    campaign
        .run_at(asked.base_url(), &[&CONNECTED[..], &["--retries", "0"]].concat())
        .exits(0);
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(asked.relationships().len(), 4);
    assert_eq!(campaign.column("attempts"), ["1", "1"]);

    let asked = Asked::of(Vec::new(), "any=429:retry-after=600,on=relationship");
    let campaign = Campaign::with_rows(2);
    campaign
        .run_at(asked.base_url(), &[&CONNECTED[..], &["--max-wait", "5s"]].concat())
        .exits(4)
        .says("--max-wait");
    assert_eq!(campaign.statuses(), ["pending"; 2]);
    assert_eq!(asked.relationships().len(), 1, "a hold is not hammered at");
}

#[test]
fn questions_leave_no_faster_than_an_account_may_read_and_not_for_each_run_anew() {
    let asked = Asked::of(Vec::new(), "");
    let campaign = Campaign::with_rows(5);
    let began = Instant::now();
    let limited = [&CONNECTED[..], &["--read-rate", "2/s"]].concat();
    campaign
        .run_at(asked.base_url(), &[&limited[..], &["--limit", "3"]].concat())
        .exits(0);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    let slow = [&CONNECTED[..], &["--read-rate", "3/h", "--max-wait", "5s"]].concat();
    campaign.run_at(asked.base_url(), &slow).exits(4).says("--read-rate");
    assert_eq!(asked.relationships().len(), 3, "what an earlier run asked counts");
    assert_eq!(campaign.statuses(), ["sent", "sent", "sent", "pending", "pending"]);
}

#[test]
fn a_row_that_is_held_uses_up_nothing_of_what_its_account_may_send() {
    let people = ["a", "b", "c"].map(|name| somebody(name, Relation::NotConnected));
    let asked = Asked::of(people.to_vec(), "");
    let campaign = Campaign::of(&["a", "b", "c", "friend"]);
    let slow = ["--account-rate", "1/h", "--daily-limit", "1", "--max-wait", "5s"];
    campaign.run_at(asked.base_url(), &[&CONNECTED[..], &slow].concat()).exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "skipped", "skipped", "sent"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_lets_a_question_be_answered_and_a_second_one_does_not_wait() {
    let asked = Asked::of(Vec::new(), "any=hang,on=relationship");
    let campaign = Campaign::with_rows(2);
    let running = campaign.start_at(asked.base_url(), &[&CONNECTED[..], &["--timeout", "1s"]].concat());
    while asked.relationships().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::Interrupt);
    running.finish().exits(130);
    assert_eq!(campaign.statuses(), ["pending", "pending"]);
    assert_eq!(asked.relationships().len(), 1);
    let running = campaign.start_at(asked.base_url(), &CONNECTED);
    while asked.relationships().len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::Interrupt);
    running.wait_for("stopping");
    running.signal(Signal::Interrupt);
    running.finish().exits(130);
    assert!(asked.arrived().is_empty());
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_asks_nobody_twice() {
    let people = ["a", "b", "c"].map(|name| somebody(name, Relation::NotConnected));
    let asked = Asked::of(people.to_vec(), "d=hang,on=relationship,times=1");
    let campaign = Campaign::of(&["a", "b", "c", "d", "e"]);
    let running = campaign.start_at(asked.base_url(), &CONNECTED);
    while asked.relationships().len() < 4 {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::Kill);
    assert_eq!(running.finish().code, None);
    campaign.run_at(asked.base_url(), &CONNECTED).exits(0);
    assert_eq!(campaign.statuses(), ["skipped", "skipped", "skipped", "sent", "sent"]);
    assert_eq!(asked.relationships(), ["a", "b", "c", "d", "d", "e"]);
    let mut arrived = asked.arrived();
    arrived.sort_unstable();
    assert_eq!(arrived, ["d", "e"]);
}

#[test]
fn of_a_row_without_a_profile_id_is_asked_what_can_be_asked() {
    let conversation = "urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-abc==)";
    let urn = |id: &str| format!("urn:li:fsd_profile:{id}");
    let people = vec![
        somebody(&urn("ACoAAstranger"), Relation::NotConnected),
        somebody(&urn("ACoAAunknown"), Relation::NoSuchProfile),
    ];
    let asked = Asked::of(people, "");
    let sheet = format!(
        "recipient\n{}\n{}\n{}\n\"{conversation}\"\n",
        urn("ACoAAfriend"),
        urn("ACoAAstranger"),
        urn("ACoAAunknown")
    );
    let campaign = Campaign::new(sheet, "Hello");
    campaign
        .run_at(asked.base_url(), &[&CONNECTED[..], &["--allow-repeat"]].concat())
        .exits(4);
    // Of an id that the service does not know nobody can say that it is nobody: the pages speak of profile ids alone.
    assert_eq!(campaign.statuses(), ["sent", "skipped", "pending", "pending"]);
    let reasons = reasons(&campaign);
    assert!(reasons[2].contains("profile id"), "{reasons:?}");
    assert!(reasons[3].contains("names no profile"), "{reasons:?}");
    assert_eq!(asked.relationships().len(), 3);
    // That nothing can be asked about a row is known before anything is asked.
    let check = [
        "check",
        "people.csv",
        "-m",
        "message.txt",
        "--require",
        "connected",
        "--allow-repeat",
        "--format",
        "json",
    ];
    let shown = campaign.rowcast(&check).exits(0).json();
    let unclear: Vec<_> = shown["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["code"] == "cannot-be-judged")
        .collect();
    assert_eq!((unclear.len(), unclear[0]["row"].as_u64()), (1, Some(5)));
    let online = ["--online", "--base-url", asked.base_url()];
    let shown = campaign.rowcast(&[&check[..], &online].concat()).exits(0).json();
    let unclear = shown["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["code"] == "cannot-be-judged");
    assert_eq!(unclear.count(), 2);
}

#[test]
fn tests_are_sent_whoever_the_rows_are_to() {
    let asked = Asked::of(vec![somebody("stranger", Relation::NotConnected)], "");
    let campaign = Campaign::of(&["stranger"]);
    campaign
        .run_at(asked.base_url(), &[&CONNECTED[..], &["--test-to", "me-myself"]].concat())
        .exits(0);
    assert_eq!(asked.arrived(), ["me-myself"]);
    assert!(asked.relationships().is_empty());
}

#[test]
fn an_unconfirmed_row_that_is_held_stays_unconfirmed() {
    let asked = Asked::of(vec![somebody("stranger", Relation::NotConnected)], "stranger=500,times=1");
    let campaign = Campaign::of(&["stranger"]);
    campaign.run_at(asked.base_url(), &["--no-reconcile"]).exits(5);
    campaign
        .run_at(
            asked.base_url(),
            &[&CONNECTED[..], &["--no-reconcile", "--resend-unconfirmed"]].concat(),
        )
        .exits(5);
    assert_eq!(campaign.statuses(), ["unconfirmed"]);
    assert_eq!(asked.requests("/conversations/send").len(), 1);
}
