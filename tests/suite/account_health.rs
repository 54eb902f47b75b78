//! What is wrong with an account is found before the first send, and what others spent of its quota counts.

use std::time::{Duration, Instant};

use rowcast::adapters::sandbox::{Access, Quota, SandboxAccount, Settings};
use serde_json::json as object;

use crate::harness::{Answer, Campaign, Server, html, json, sent, status};
use crate::stand_in::StandIn;

const WELL: &str = "60d21b4667d0d8992e610001";
const ILL: &str = "60d21b4667d0d8992e610002";

/// Rows 2 and 4 of one account, 3 and 5 of the other.
fn campaign_of(first: &str, second: &str) -> Campaign {
    let rows = format!("a,{first}\nb,{second}\nc,{first}\nd,{second}\n");
    Campaign::new(format!("LinkedIn,Account\n{rows}"), "Hello {{ linkedin }}")
}

fn state(state: &str) -> Answer {
    json(200, &object!({"id": "acc_1", "status": state, "enabled": true, "hasTokens": true}))
}

fn quota(remaining: u32, used: u32, reset_at: &str) -> Answer {
    let quota = object!({"feature": "MESSAGE", "window": "daily", "used": used, "remaining": remaining, "resetAt": reset_at});
    json(200, &object!({"accountId": "acc_1", "quotas": [quota]}))
}

/// A day from now, as the service writes it.
fn tomorrow() -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string()
}

#[test]
fn an_account_that_cannot_send_is_found_before_the_first_send_and_its_rows_are_named() {
    let disabled = SandboxAccount {
        access: Access::Disabled,
        ..SandboxAccount::with_id(ILL)
    };
    let logged_out = SandboxAccount {
        access: Access::WithoutTokens,
        ..SandboxAccount::with_id(ILL)
    };
    let in_error = SandboxAccount {
        status: "ERROR".to_owned(),
        ..SandboxAccount::with_id(ILL)
    };
    let cases = [
        (Some(disabled), "disabled"),
        (Some(logged_out), "without tokens"),
        (Some(in_error), "in ERROR"),
        (None, "does not know it"),
    ];
    for (ill, why) in cases {
        let accounts = [SandboxAccount::with_id(WELL)].into_iter().chain(ill).collect();
        let stand_in = StandIn::start(Settings {
            accounts,
            ..Settings::default()
        });
        let campaign = campaign_of(WELL, ILL);
        let done = campaign.run_at(stand_in.base_url(), &["--format", "json"]).exits(4).says(why);
        let stopped = done.json()["stopped"].as_str().unwrap_or_default().to_owned();
        assert!(
            stopped.contains(ILL) && stopped.contains("rows 3,5") && stopped.contains(why),
            "{stopped}"
        );
        assert_eq!(campaign.statuses(), ["sent", "pending", "sent", "pending"], "{why}");
        assert!(stand_in.deliveries().iter().all(|delivery| delivery.account == WELL));
        assert_eq!(campaign.column("attempts"), ["1", "0", "1", "0"]);
    }
}

#[test]
fn where_no_account_can_send_nothing_leaves_and_all_stays_pending() {
    let server = Server::start();
    server.answer_path("/account/acc_1/status", state("ERROR"));
    let campaign = campaign_of("acc_1", "acc_1");
    campaign.run(&server, &[]).exits(4).says("rows 2-5");
    assert!(server.sends().is_empty());
    assert_eq!(campaign.statuses(), ["pending"; 4]);
    server.answer_path("/account/acc_1/status", state("AVAILABLE"));
    campaign.run(&server, &[]).exits(0);
}

#[test]
fn healthy_accounts_send_and_a_word_that_nobody_knows_is_said_and_believed() {
    for word in ["AVAILABLE", "IN_USE", "WARMUP", "FREE", "ON_HOLIDAY"] {
        let server = Server::start();
        server.answer_path("/account/acc_1/status", state(word));
        let done = campaign_of("acc_1", "acc_1").run(&server, &[]).exits(0);
        assert_eq!(done.stderr.contains("does not know"), word == "ON_HOLIDAY", "{}", done.stderr);
    }
}

#[test]
fn where_the_service_does_not_answer_the_look_ups_the_run_goes_on_and_says_so_once() {
    let silences = [
        status(404),
        status(405),
        status(501),
        status(500),
        status(401),
        status(429).header("Retry-After", "60"),
        html(200, "<p>hello</p>"),
        json(200, &object!([])),
    ];
    for silence in silences {
        let server = Server::start();
        for end in [
            "/account/acc_1/status",
            "/account/acc_2/status",
            "/account/acc_1/quota",
            "/account/acc_2/quota",
        ] {
            server.answer_path(end, silence.clone());
        }
        let campaign = campaign_of("acc_1", "acc_2");
        let done = campaign.run(&server, &["--daily-limit", "50"]).exits(0);
        assert_eq!(done.stderr.matches("does not tell all").count(), 1, "{}", done.stderr);
        assert_eq!(campaign.statuses(), ["sent"; 4]);
    }
}

#[test]
fn look_ups_that_hang_are_waited_for_a_short_while_and_all_at_once() {
    let server = Server::start();
    for end in [
        "/account/acc_1/status",
        "/account/acc_2/status",
        "/account/acc_1/quota",
        "/account/acc_2/quota",
    ] {
        server.answer_path(end, state("AVAILABLE").after(Duration::from_secs(30)));
    }
    let began = Instant::now();
    campaign_of("acc_1", "acc_2")
        .run(&server, &["--daily-limit", "50"])
        .exits(0)
        .says("within 3s");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn where_nothing_is_limited_no_quota_is_asked_and_one_question_about_each_account_is_all() {
    let server = Server::start();
    campaign_of("acc_1", "acc_2").run(&server, &[]).exits(0);
    let asked: Vec<String> = server
        .seen()
        .into_iter()
        .filter(|seen| !seen.is_send())
        .map(|seen| seen.path)
        .collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.iter().all(|path| path.ends_with("/status")), "{asked:?}");
}

#[test]
fn a_quota_with_less_left_than_the_limits_lowers_what_the_account_may_send() {
    let server = Server::start();
    server.answer_path("/account/acc_1/quota", quota(2, 1, &tomorrow()));
    let campaign = Campaign::with_rows(5);
    let run = ["--account", "acc_1", "--daily-limit", "100", "--concurrency", "8"];
    campaign.run(&server, &run).exits(4).says("quota with the service");
    assert_eq!(server.sends().len(), 2);
    server.answer_path("/account/acc_1/quota", quota(50, 3, &tomorrow()));
    campaign.run(&server, &run).exits(0);
    assert_eq!(server.sends().len(), 5);
}

#[test]
fn what_other_tools_spent_counts_for_the_limit_of_the_day_and_a_quota_raises_nothing() {
    let server = Server::start();
    server.answer_path("/account/acc_1/quota", quota(1000, 7, &tomorrow()));
    let campaign = Campaign::with_rows(5);
    campaign
        .run(&server, &["--account", "acc_1", "--daily-limit", "10"])
        .exits(4)
        .says("--daily-limit");
    assert_eq!(server.sends().len(), 3);
}

#[test]
fn the_quota_of_one_account_holds_no_other() {
    let stand_in = StandIn::start(Settings {
        accounts: vec![
            SandboxAccount {
                quota: Quota { limit: 150, used: 150 },
                ..SandboxAccount::with_id(ILL)
            },
            SandboxAccount::with_id(WELL),
        ],
        ..Settings::default()
    });
    let campaign = campaign_of(WELL, ILL);
    campaign.run_at(stand_in.base_url(), &["--daily-limit", "200"]).exits(4);
    assert_eq!(campaign.statuses(), ["sent", "pending", "sent", "pending"]);
}

#[test]
fn a_quota_that_has_begun_anew_holds_nothing() {
    let server = Server::answering(sent());
    server.answer_path("/account/acc_1/quota", quota(0, 0, "2020-01-01T00:00:00Z"));
    Campaign::with_rows(3)
        .run(&server, &["--account", "acc_1", "--daily-limit", "100"])
        .exits(0);
}

#[test]
fn a_quota_counts_whether_its_numbers_are_text_and_its_reset_is_in_seconds_or_milliseconds() {
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    for reset in [
        object!(tomorrow.as_second()),
        object!(tomorrow.as_millisecond()),
        object!(tomorrow.as_second().to_string()),
        object!(tomorrow.to_string()),
    ] {
        let server = Server::start();
        let quota = object!({"feature": "MESSAGE", "window": "daily", "used": "98", "limit": "100", "remaining": "2", "resetAt": reset});
        server.answer_path(
            "/account/acc_1/quota",
            json(200, &object!({"accountId": "acc_1", "quotas": [quota]})),
        );
        let campaign = Campaign::with_rows(5);
        campaign
            .run(&server, &["--account", "acc_1", "--daily-limit", "1000"])
            .exits(4)
            .says("quota with the service");
        assert_eq!(server.sends().len(), 2, "{reset}");
    }
}

#[test]
fn a_quota_ends_by_the_service_s_clock() {
    let clock = crate::fast_clock::WallClock::right();
    clock.set("+2h");
    let server = Server::start();
    let now = jiff::Timestamp::now();
    let reset = (now + jiff::SignedDuration::from_hours(1)).to_string();
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    server.answer_path("/account/acc_1/quota", quota(2, 1, &reset).header("Date", &date));
    let campaign = clock.lend(Campaign::with_rows(5));
    let run = ["--account", "acc_1", "--daily-limit", "100"];
    campaign.run(&server, &run).exits(4).says("quota with the service");
    assert_eq!(server.sends().len(), 2);
}
