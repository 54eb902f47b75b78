//! Every row leaves from the account that was meant, by its id, or does not leave.

use rowcast::adapters::sandbox::{Access, SandboxAccount, Settings};

use crate::harness::{Answer, Campaign, Delivery, Server, accounts, broken, json, status};
use crate::stand_in::{StandIn, faulty};

const ANN: &str = "60d21b4667d0d8992e610001";
const BOB: &str = "60d21b4667d0d8992e610002";

fn account(id: &str, first: &str, public_id: &str) -> SandboxAccount {
    SandboxAccount {
        first_name: first.to_owned(),
        last_name: "Lee".to_owned(),
        public_id: public_id.to_owned(),
        ..SandboxAccount::with_id(id)
    }
}

fn two() -> StandIn {
    StandIn::start(Settings {
        accounts: vec![account(ANN, "Ann", "ann-lee"), account(BOB, "Bob", "bob-the-sender")],
        ..Settings::default()
    })
}

#[test]
fn names_in_the_sheet_become_ids_and_one_account_has_one_pace() {
    let stand_in = two();
    let rows = format!("a,ANN-LEE\nb,Bob Lee\nc,{BOB}\nd,https://www.linkedin.com/in/bob-the-sender\ne,\n");
    let campaign = Campaign::new(format!("LinkedIn,Account\n{rows}"), "Hello {{ linkedin }}");
    campaign.run_at(stand_in.base_url(), &["--account", "ann lee"]).exits(0);
    assert_eq!(campaign.column("account"), [ANN, BOB, BOB, BOB, ANN]);
    let mut deliveries: Vec<(String, String)> = stand_in.deliveries().into_iter().map(|one| (one.recipient, one.account)).collect();
    deliveries.sort();
    let accounts: Vec<&str> = deliveries.iter().map(|(_, account)| account.as_str()).collect();
    assert_eq!(accounts, [ANN, BOB, BOB, BOB, ANN]);
}

#[test]
fn an_account_that_the_service_does_not_list_and_does_not_know_either_sends_nothing() {
    let stand_in = two();
    let campaign = Campaign::new("LinkedIn,Account\na,carol\n", "Hello {{ linkedin }}");
    let done = campaign.run_at(stand_in.base_url(), &[]).exits(4);
    assert!(
        done.stderr.contains("lists no account `carol`") && done.stderr.contains(ANN),
        "{done:?}"
    );
    assert!(done.stderr.contains("cannot send") && done.stderr.contains("row 2"), "{done:?}");
    assert_eq!(campaign.statuses(), ["pending"]);
}

#[test]
fn an_account_that_the_service_does_not_list_and_knows_all_the_same_sends() {
    let server = Server::start();
    let state = serde_json::json!({"id": "carol", "status": "AVAILABLE", "enabled": true, "hasTokens": true});
    server.answer_path("/account/carol/status", json(200, &state));
    let campaign = Campaign::new("LinkedIn,Account\na,carol\n", "Hello {{ linkedin }}");
    campaign.run(&server, &[]).exits(0).says("lists no account `carol`");
    assert_eq!(campaign.column("account"), ["carol"]);
}

#[test]
fn the_only_account_of_a_key_is_taken_and_said() {
    let stand_in = StandIn::start(Settings {
        accounts: vec![account(ANN, "Ann", "ann-lee")],
        ..Settings::default()
    });
    let campaign = Campaign::of(&["a", "b"]);
    campaign
        .run_at(stand_in.base_url(), &[])
        .exits(0)
        .says(&format!("Sending 2 messages from account {ANN} (Ann Lee)."));
    assert_eq!(campaign.column("account"), [ANN, ANN]);
    assert!(stand_in.deliveries().iter().all(|one| one.account == ANN));
}

#[test]
fn an_account_that_is_not_clear_refuses_the_run() {
    let stand_in = two();
    for (rows, arguments, says) in [("a,Lee\n", &[][..], "more than one"), ("a,\n", &[], "several accounts")] {
        let campaign = Campaign::new(format!("LinkedIn,Account\n{rows}"), "Hello {{ linkedin }}");
        campaign.run_at(stand_in.base_url(), arguments).exits(3).says(says).says(ANN);
        assert!(!campaign.journal().exists());
    }
    assert!(stand_in.deliveries().is_empty());
}

#[test]
fn where_the_service_lists_no_accounts_names_are_taken_as_they_are() {
    for fault in [
        "any=404,on=account",
        "any=405,on=account",
        "any=501,on=account",
        "any=garbage,on=account",
    ] {
        let stand_in = StandIn::start(Settings {
            accounts: vec![SandboxAccount::with_id("my-own")],
            ..faulty(fault)
        });
        let campaign = Campaign::new("LinkedIn,Account\na,my-own\n", "Hello {{ linkedin }}");
        campaign
            .run_at(stand_in.base_url(), &[])
            .exits(0)
            .says("does not say which accounts");
        assert_eq!(campaign.column("account"), ["my-own"], "{fault}");
    }
}

#[test]
fn the_accounts_of_the_sandbox_are_shown_without_a_key() {
    let campaign = Campaign::with_rows(1).without("CONNECTSAFELY_API_KEY");
    campaign.rowcast(&["accounts"]).exits(3).says("no API key");
    let shown = campaign.rowcast(&["accounts", "--sandbox", "--format", "json"]).exits(0).json();
    assert_eq!(shown["accounts"][0]["can_send"], true, "{shown}");
    campaign
        .rowcast(&["accounts", "--sandbox", "--base-url", "http://127.0.0.1:1"])
        .exits(2);
}

#[test]
fn the_accounts_of_a_key_are_shown_with_their_state_and_quotas() {
    let out = SandboxAccount {
        access: Access::WithoutTokens,
        ..account(BOB, "Bob", "bob")
    };
    let stand_in = StandIn::start(Settings {
        accounts: vec![account(ANN, "Ann", "ann"), out],
        ..Settings::default()
    });
    let campaign = Campaign::with_rows(1);
    let shown = campaign.rowcast(&["accounts", "--base-url", stand_in.base_url()]).exits(0).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    let cells = |line: &str| -> Vec<String> {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let head = ["ACCOUNT", "NAME", "STATE", "PLAN", "QUOTA", "USED", "LIMIT", "BEGINS ANEW"];
    assert_eq!(cells(lines[0]), head, "{shown}");
    let ann = cells(lines[1]);
    assert_eq!(ann[..3], [ANN, "Ann Lee", "ready (AVAILABLE)"], "{shown}");
    assert_eq!(ann[4..7], ["MESSAGE daily", "0", "150"], "{shown}");
    assert!(ann[7].ends_with("T00:00:00.000Z"), "{shown}");
    let bob = lines.iter().position(|line| line.contains(BOB)).expect("a line");
    assert!(cells(lines[bob])[2].starts_with("cannot send"), "{shown}");
    // Every column begins below its head.
    for (title, cell) in [("STATE", "ready"), ("QUOTA", "MESSAGE"), ("LIMIT", "150")] {
        assert_eq!(lines[0].find(title), lines[1].find(cell), "{title}\n{shown}");
    }
    let why = format!("{BOB}: it is logged out (without tokens); connect it again");
    assert!(lines.contains(&why.as_str()), "{shown}");
    let json = campaign
        .rowcast(&["accounts", "--base-url", stand_in.base_url(), "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["accounts"][1]["tokens"], false);
    assert_eq!(json["accounts"][0]["can_send"], true);
    assert_eq!(json["accounts"][1]["can_send"], false);
    assert_eq!(json["accounts"][0]["quotas"][0]["limit"], 150);
    let refusing = StandIn::with_faults("any=401,on=account");
    campaign.rowcast(&["accounts", "--base-url", refusing.base_url()]).exits(3);
    let silent = StandIn::with_faults("any=404,on=account");
    campaign.rowcast(&["accounts", "--base-url", silent.base_url()]).exits(3);
}

/// A server that answers the first question about its two accounts so.
fn stumbling(first: Answer) -> Server {
    let server = Server::start();
    let mut first = Some(first);
    server.answer_questions_by(move |seen| {
        let listed = || accounts(&["acc_1", "acc_2"]);
        seen.path.ends_with("/accounts").then(|| first.take().unwrap_or_else(listed))
    });
    server
}

#[test]
fn an_error_at_the_first_look_does_not_leave_the_choice_of_the_account_to_the_service() {
    let held = || status(429).header("Retry-After", "1");
    for first in [status(500), status(502), broken(Delivery::Close), held()] {
        let server = stumbling(first.clone());
        let campaign = Campaign::with_rows(1);
        campaign.run(&server, &[]).exits(3).says("acc_2").says("--account");
        assert!(server.sends().is_empty(), "{first:?}");
    }
}
