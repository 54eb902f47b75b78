//! Every row of the contract's table of answers, against a server that counts.

use std::time::{Duration, Instant, SystemTime};

use serde_json::json as object;

use crate::harness::{Answer, Campaign, Delivery, Server, accounts, broken, html, json, nobody, sent, status};

/// What the first of three rows is after its answer, and what a rerun does with it.
struct Case {
    name: &'static str,
    answer: Answer,
    status: &'static str,
    code: i32,
    /// Requests for the row: after the first run, and after the same command again.
    requests: (usize, usize),
}

fn case(name: &'static str, answer: Answer, status: &'static str) -> Case {
    let (code, requests) = match status {
        "sent" => (0, (1, 1)),
        "failed" => (1, (1, 2)),
        "unconfirmed" => (5, (1, 1)),
        other => panic!("{other}"),
    };
    Case {
        name,
        answer,
        status,
        code,
        requests,
    }
}

/// Answers that are about the row alone: the other rows are sent, and the run ends as it would.
fn answers_about_a_row() -> Vec<Case> {
    let mut cases = vec![
        case("success is missing", json(200, &object!({"message": "ok"})), "sent"),
        case("an empty object", json(200, &object!({})), "sent"),
        case("success is null", json(200, &object!({"success": null})), "sent"),
        case("201", status(201), "sent"),
        case(
            "202 without a content type",
            Answer {
                headers: vec![],
                ..status(202)
            },
            "sent",
        ),
        case(
            "success: false",
            json(200, &object!({"success": false, "error": "no seat"})),
            "failed",
        ),
        case("success: false and 201", json(201, &object!({"success": false})), "failed"),
        case("an empty body", sent().body(""), "unconfirmed"),
        case(
            "204",
            Answer {
                body: sent().body("").body,
                ..status(204)
            },
            "unconfirmed",
        ),
        case("a page", html(200, "<html><title>Welcome</title></html>"), "unconfirmed"),
        case("an array", json(200, &object!([{"success": true}])), "unconfirmed"),
        case("a text", json(200, &object!("sent")), "unconfirmed"),
        case(
            "an object with something after it",
            sent().body("{\"success\":true} ok"),
            "unconfirmed",
        ),
        case("a cut object", sent().body("{\"success\":tr"), "unconfirmed"),
        case("a body that breaks off", broken(Delivery::Cut(20)), "unconfirmed"),
        case(
            "a body of a megabyte",
            json(200, &object!({"success": true, "x": "y".repeat(1 << 20)})),
            "unconfirmed",
        ),
        case("a connection closed without an answer", broken(Delivery::Close), "unconfirmed"),
        case("a connection reset", broken(Delivery::Reset), "unconfirmed"),
        case(
            "no HTTP at all",
            Answer {
                delivery: Delivery::Raw,
                ..sent().body("SSH-2.0-OpenSSH_9.2\r\n")
            },
            "unconfirmed",
        ),
        case("an answer that never comes", broken(Delivery::Silence), "unconfirmed"),
        case(
            "a body that never comes",
            Answer {
                delivery: Delivery::Cut(0),
                ..html(503, "busy")
            },
            "unconfirmed",
        ),
    ];
    for code in [400, 404, 409, 413, 415, 422] {
        cases.push(case("refused", status(code), "failed"));
        cases.push(case("refused with a page", html(code, "<h1>Bad</h1>"), "failed"));
    }
    for code in [408, 500, 501, 502, 503, 504, 520, 599, 402, 405, 418, 451] {
        cases.push(case("no proof of anything", status(code), "unconfirmed"));
    }
    cases.push(case(
        "5xx that says success: false",
        json(500, &object!({"success": false, "error": "send failed"})),
        "unconfirmed",
    ));
    cases.push(case(
        "5xx that asks to come back",
        status(503).header("Retry-After", "1"),
        "unconfirmed",
    ));
    cases.push(case(
        "404 of a profile",
        json(404, &object!({"error": "LinkedIn profile not found for this account"})),
        "failed",
    ));
    cases
}

#[test]
fn an_answer_about_a_row_decides_that_row_and_no_other() {
    for Case {
        name,
        answer,
        status,
        code,
        requests,
    } in answers_about_a_row()
    {
        let what = format!("{name}: {} {:?}", answer.status, answer.delivery);
        let server = Server::start();
        let campaign = Campaign::of(&["ada-lovelace", "alan-turing", "grace-hopper"]);
        server.answer("ada-lovelace", [answer]);
        let done = campaign.run(&server, &["--timeout", "1s"]);
        assert_eq!(done.code, Some(code), "{what}: {}", done.stderr);
        let line = &campaign.results()[0];
        assert_eq!(campaign.statuses(), [status, "sent", "sent"], "{what}");
        assert_eq!(server.sends_to("ada-lovelace"), requests.0, "{what}");
        assert_eq!(line["attempts"], "1", "{what}");
        assert_eq!(line["error"].is_empty(), status == "sent", "{what}: {line:?}");
        assert_eq!(line["sent_at"].is_empty(), status != "sent", "{what}: {line:?}");
        let success = match status {
            "sent" => "true",
            "failed" => "false",
            _ => "",
        };
        assert_eq!(line["success"], success, "{what}");

        let again = campaign.run(&server, &["--timeout", "1s"]);
        assert_eq!(server.sends_to("ada-lovelace"), requests.1, "{what}");
        assert_eq!(server.sends().len(), requests.1 + 2, "{what}: nobody else gets anything again");
        let expected = if status == "unconfirmed" { 5 } else { 0 };
        assert_eq!(again.code, Some(expected), "{what}: {}", again.stderr);
        assert_eq!(campaign.results()[0]["attempts"], requests.1.to_string(), "{what}");
    }
}

#[test]
fn the_error_of_a_row_is_the_services_word_in_one_line() {
    let bodies = [
        (object!({"error": "Send failed"}), "Send failed"),
        (object!({"success": false, "error": "Send failed"}), "Send failed"),
        (
            object!({"success": false, "code": "validation_error", "message": "message is required"}),
            "message is required",
        ),
        (
            object!({"success": false, "error": {"name": "ZodError", "issues": [{"path": ["subject"], "message": "too long"}]}}),
            "subject: too long",
        ),
        (object!({"errorDetails": {"message": "no seat\nfor this"}}), "no seat for this"),
    ];
    for (body, expected) in bodies {
        let server = Server::answering(json(400, &body));
        let campaign = Campaign::with_rows(1);
        campaign.run(&server, &[]).exits(1);
        let error = &campaign.column("error")[0];
        assert!(error.contains(expected) && !error.contains('\n'), "{body}: {error}");
    }
}

#[test]
fn a_row_without_a_connection_is_tried_again_and_then_failed() {
    let (base_url, _socket) = nobody();
    let campaign = Campaign::with_rows(2);
    let done = campaign
        .run_at(&base_url, &["--retries", "2", "--account", "acc_1", "--concurrency", "1"])
        .exits(1);
    assert!(done.stderr.contains("tried again"), "{}", done.stderr);
    assert_eq!(campaign.statuses(), ["failed", "failed"]);
    assert_eq!(campaign.column("attempts"), ["3", "3"]);
    campaign.run_at(&base_url, &["--retries", "0", "--account", "acc_1"]).exits(1);
    assert_eq!(campaign.column("attempts"), ["4", "4"]);
}

#[test]
fn a_host_that_nobody_knows_is_no_connection() {
    let campaign = Campaign::with_rows(1);
    campaign
        .run_at("https://rowcast.invalid/linkedin", &["--retries", "0", "--account", "acc_1"])
        .exits(1);
    assert_eq!(campaign.statuses(), ["failed"]);
}

#[test]
fn a_server_that_speaks_no_tls_gets_no_request() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    let base_url = server.base_url().replace("http:", "https:");
    campaign.run_at(&base_url, &["--retries", "0", "--account", "acc_1"]).exits(1);
    assert_eq!(campaign.statuses(), ["failed"]);
    assert!(server.connections() > 0 && server.sends().is_empty());
}

/// An answer that asks for silence, in each way there is, and until when it does: `Retry-After` counts from the answer on.
fn hold(form: usize) -> (Answer, Option<SystemTime>) {
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(4);
    let seconds = jiff::Timestamp::from_second(until.as_second()).expect("a moment");
    let reset = |text: &str| status(429).header("X-RateLimit-Reset", text);
    let (answer, until) = match form {
        0 => return (status(429).header("Retry-After", "1"), None),
        1 => return (status(421).header("Retry-After", "1"), None),
        2 => return (status(425).header("Retry-After", "1"), None),
        3 => (json(429, &object!({"error": "held", "holdUntil": seconds.to_string()})), seconds),
        4 => (reset(&seconds.to_string()), seconds),
        5 => (reset(&seconds.as_second().to_string()), seconds),
        _ => (reset(&until.as_millisecond().to_string()), until),
    };
    (
        answer,
        Some(SystemTime::UNIX_EPOCH + Duration::from_millis(until.as_millisecond().cast_unsigned())),
    )
}

#[test]
fn a_hold_is_waited_for_as_told_and_costs_the_row_nothing() {
    std::thread::scope(|scope| {
        for form in 0..7 {
            scope.spawn(move || {
                let server = Server::start();
                let campaign = Campaign::with_rows(3);
                let (answer, until) = hold(form);
                server.answer_nth(1, answer);
                let done = campaign.run(
                    &server,
                    &["--concurrency", "1", "--retries", "0", "--max-failures", "1", "--max-wait", "20s"],
                );
                assert_eq!(done.code, Some(0), "form {form}: {}", done.stderr);
                let sends = server.sends();
                assert_eq!(server.recipients(), ["person-2", "person-2", "person-3", "person-4"], "form {form}");
                let silence = sends[1].at - sends[0].at;
                assert!(silence >= Duration::from_millis(900), "form {form}: {silence:?}");
                assert!(until.is_none_or(|until| sends[1].wall >= until), "form {form}");
                assert_eq!(campaign.statuses(), ["sent", "sent", "sent"]);
                assert_eq!(campaign.column("attempts"), ["2", "1", "1"], "attempts counts requests");
            });
        }
    });
}

#[test]
fn a_hold_that_names_no_time_lasts_a_minute() {
    let server = Server::answering(status(429));
    let campaign = Campaign::with_rows(2);
    let started = Instant::now();
    let done = campaign.run(&server, &["--concurrency", "1", "--max-wait", "50s"]).exits(4);
    assert!(started.elapsed() < Duration::from_secs(30), "a longer wait ends the run at once");
    assert!(done.stderr.contains("in 1m") || done.stderr.contains("in 5"), "{}", done.stderr);
    assert_eq!(server.sends().len(), 1);
    assert_eq!(campaign.statuses(), ["pending", "pending"]);
    assert_eq!(campaign.column("attempts"), ["1", "0"]);
}

#[test]
fn a_hold_longer_than_max_wait_ends_the_run_with_the_time_to_come_back() {
    let server = Server::answering(status(429).header("Retry-After", "7200"));
    let campaign = Campaign::with_rows(2);
    let done = campaign.run(&server, &["--format", "json", "--concurrency", "1"]).exits(4);
    let stopped = done.json()["stopped"].as_str().expect("a reason").to_owned();
    assert!(
        stopped.contains("asked to wait") && stopped.contains("Z, in ") && stopped.contains("--max-wait"),
        "{stopped}"
    );
    server.answer_all(sent());
    assert_eq!(campaign.statuses(), ["pending", "pending"]);
}

#[test]
fn a_hold_shuts_its_account_alone() {
    let server = Server::start();
    let campaign = Campaign::new(
        "LinkedIn,Account\nada-lovelace,acc_1\nalan-turing,acc_2\ngrace-hopper,acc_1\ntim-lee,acc_2\n",
        "Hello {{ linkedin }}",
    );
    server.answer("ada-lovelace", [status(429).header("Retry-After", "2")]);
    campaign.run(&server, &["--concurrency", "1"]).exits(0);
    let order = server.recipients();
    assert_eq!(order, ["ada-lovelace", "alan-turing", "tim-lee", "ada-lovelace", "grace-hopper"]);
}

#[test]
fn a_refused_key_stops_the_run_and_costs_no_row_anything() {
    for code in [401, 403, 407] {
        let server = Server::answering(status(code));
        let campaign = Campaign::with_rows(3);
        let done = campaign.run(&server, &["--concurrency", "1"]).exits(4);
        assert!(
            done.stderr.contains("refuses the API key") && done.stderr.contains("scripted"),
            "{}",
            done.stderr
        );
        assert_eq!(server.sends().len(), 1, "{code}");
        assert_eq!(campaign.statuses(), ["pending", "pending", "pending"], "{code}");
        server.answer_all(sent());
        campaign.run(&server, &[]).exits(0).says("Sent in this run: 3");
    }
}

#[test]
fn a_key_that_is_refused_when_the_accounts_are_asked_for_sends_nothing() {
    let server = Server::start();
    server.answer_accounts(status(401));
    let campaign = Campaign::with_rows(2);
    let before = campaign.files();
    campaign.run(&server, &[]).exits(3).says("refuses the API key");
    assert_eq!((server.sends().len(), campaign.files()), (0, before));
}

#[test]
fn a_redirect_is_not_followed_and_stops_the_run() {
    for code in [300, 301, 302, 303, 304, 305, 307, 308] {
        let target = Server::start();
        let server = Server::start();
        let place = format!("{}/conversations/send", target.base_url());
        server.answer_all(html(code, "moved").header("Location", &place));
        let campaign = Campaign::with_rows(3);
        campaign.run(&server, &["--concurrency", "1"]).exits(4).says("base URL is wrong");
        assert_eq!((server.sends().len(), target.connections()), (1, 0), "{code}");
        assert_eq!(campaign.statuses(), ["unconfirmed", "pending", "pending"], "{code}");
    }
}

#[test]
fn a_redirect_to_the_same_server_is_not_followed_either() {
    let server = Server::start();
    server.answer_nth(1, status(307).header("Location", "/linkedin/conversations/send"));
    let campaign = Campaign::with_rows(1);
    campaign.run(&server, &[]).exits(4);
    assert_eq!(server.sends().len(), 1);
    campaign.run(&server, &[]).exits(5);
    assert_eq!(server.sends().len(), 1, "an unconfirmed row is held");
}

/// Two accounts with four rows each, in turn.
fn two_accounts() -> Campaign {
    let rows: Vec<String> = (2..10).map(|row| format!("person-{row},acc_{}\n", row % 2 + 1)).collect();
    Campaign::new(format!("LinkedIn,Account\n{}", rows.concat()), "Hello {{ linkedin }}")
}

fn sends_from(server: &Server, account: &str) -> usize {
    server.sends().iter().filter(|seen| seen.body["accountId"] == account).count()
}

#[test]
fn a_404_that_speaks_of_the_account_stops_that_account_and_no_other() {
    let server = Server::start();
    for row in [2, 4, 6, 8] {
        server.answer(&format!("person-{row}"), [json(404, &object!({"error": "Account not found"}))]);
    }
    let campaign = two_accounts();
    let done = campaign.run(&server, &["--concurrency", "1"]).exits(4);
    assert!(done.stderr.contains("acc_1 stopped: Account not found"), "{}", done.stderr);
    assert_eq!((sends_from(&server, "acc_1"), sends_from(&server, "acc_2")), (1, 4));
    let expected = ["failed", "sent", "pending", "sent", "pending", "sent", "pending", "sent"];
    assert_eq!(campaign.statuses(), expected);
}

#[test]
fn the_third_404_of_an_account_in_a_row_stops_that_account_and_no_other() {
    let server = Server::start();
    for row in [2, 4, 6, 8] {
        server.answer(&format!("person-{row}"), [json(404, &object!({"error": "not found"}))]);
    }
    let campaign = two_accounts();
    campaign.run(&server, &["--concurrency", "1"]).exits(4);
    assert_eq!((sends_from(&server, "acc_1"), sends_from(&server, "acc_2")), (3, 4));
    let expected = ["failed", "sent", "failed", "sent", "failed", "sent", "pending", "sent"];
    assert_eq!(campaign.statuses(), expected);
}

#[test]
fn a_404_after_a_message_that_was_sent_is_only_about_its_row() {
    let server = Server::start();
    let campaign = Campaign::with_rows(7);
    for row in [2, 3, 5, 6, 8] {
        server.answer(&format!("person-{row}"), [status(404)]);
    }
    campaign.run(&server, &["--concurrency", "1"]).exits(1);
    assert_eq!(
        campaign.statuses(),
        ["failed", "failed", "sent", "failed", "failed", "sent", "failed"]
    );
}

#[test]
fn rows_that_go_wrong_one_after_another_stop_the_run() {
    for (answer, status_word) in [(status(500), "unconfirmed"), (status(400), "failed")] {
        let server = Server::answering(answer);
        let campaign = Campaign::with_rows(5);
        campaign
            .run(&server, &["--concurrency", "1", "--max-failures", "2"])
            .exits(4)
            .says("--max-failures");
        assert_eq!(server.sends().len(), 2);
        assert_eq!(campaign.statuses(), [status_word, status_word, "pending", "pending", "pending"]);
    }
}

#[test]
fn ten_rows_may_go_wrong_one_after_another_by_default() {
    let server = Server::answering(status(400));
    let campaign = Campaign::with_rows(12);
    campaign.run(&server, &["--concurrency", "1"]).exits(4);
    assert_eq!(server.sends().len(), 10);
}

#[test]
fn a_message_that_was_sent_ends_a_row_of_failures() {
    let server = Server::answering(status(400));
    for row in [4, 7] {
        server.answer(&format!("person-{row}"), [sent()]);
    }
    let campaign = Campaign::with_rows(8);
    campaign.run(&server, &["--concurrency", "1", "--max-failures", "3"]).exits(1);
    assert_eq!(server.sends().len(), 8);
}

#[test]
fn failures_are_counted_by_account() {
    let server = Server::start();
    for row in [2, 4, 6] {
        server.answer(&format!("person-{row}"), [status(400)]);
    }
    let campaign = two_accounts();
    campaign.run(&server, &["--concurrency", "1", "--max-failures", "3"]).exits(4);
    assert!(
        sends_from(&server, "acc_2") >= 2,
        "its messages between do not hide the other account's failures"
    );
}

#[test]
fn unconfirmed_rows_are_sent_again_only_when_a_person_says_so() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    server.answer("person-3", [status(500)]);
    campaign.run(&server, &[]).exits(5);
    campaign.run(&server, &[]).exits(5).says("--resend-unconfirmed");
    campaign.run(&server, &["--only", "failed"]).exits(0);
    campaign.run(&server, &["--only", "pending"]).exits(0);
    assert_eq!(server.sends_to("person-3"), 1);
    campaign.run(&server, &["--resend-unconfirmed"]).exits(0);
    assert_eq!((server.sends_to("person-3"), server.sends().len()), (2, 4));
    assert_eq!(campaign.column("attempts"), ["1", "2", "1"]);
}

#[test]
fn what_may_have_been_delivered_stays_in_doubt_when_a_second_attempt_is_refused() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    server.answer_nth(1, status(500));
    server.answer_nth(2, status(400));
    campaign.run(&server, &[]).exits(5);
    campaign.run(&server, &["--resend-unconfirmed"]).exits(5).says("1 unconfirmed");
    assert_eq!(campaign.statuses(), ["unconfirmed"]);
    campaign.run(&server, &[]).exits(5);
    assert_eq!(server.sends().len(), 2);
}

#[test]
fn every_message_has_a_connection_of_its_own() {
    let server = Server::start();
    Campaign::with_rows(6).run(&server, &["--account", "acc_1"]).exits(0);
    // One more asked how the account fares.
    assert_eq!(server.connections(), 7);
    let used: std::collections::BTreeSet<_> = server.sends().iter().map(|seen| seen.connection).collect();
    assert_eq!(used.len(), 6);
}

#[test]
fn the_account_is_the_cells_else_the_flags_else_the_variables_else_the_only_one() {
    let sheet = "LinkedIn,Account\nada-lovelace,acc_cell\nalan-turing,\n";
    let account = |campaign: Campaign, arguments: &[&str]| {
        let server = Server::start();
        campaign.run(&server, arguments).exits(0);
        let of = |to: &str| {
            server
                .sends()
                .into_iter()
                .find(|seen| seen.to == to)
                .map(|seen| seen.body["accountId"].clone())
        };
        assert_eq!(of("ada-lovelace"), Some(object!("acc_cell")));
        of("alan-turing").expect("a send")
    };
    let campaign = || Campaign::new(sheet, "Hello {{ linkedin }}");
    assert_eq!(account(campaign(), &[]), "acc_1");
    let with_variable = || campaign().variable("CONNECTSAFELY_ACCOUNT_ID", "acc_env");
    assert_eq!(account(with_variable(), &[]), "acc_env");
    assert_eq!(account(with_variable(), &["--account", "acc_flag"]), "acc_flag");
}

#[test]
fn several_accounts_and_no_word_which_is_refused() {
    let server = Server::start();
    server.answer_accounts(accounts(&["acc_1", "acc_2"]));
    let campaign = Campaign::with_rows(2);
    let before = campaign.files();
    campaign.run(&server, &[]).exits(3).says("acc_2").says("--account");
    assert_eq!((server.sends().len(), campaign.files()), (0, before));
    campaign.run(&server, &["--account", "acc_2"]).exits(0);
    assert_eq!(sends_from(&server, "acc_2"), 2);
}

#[test]
fn an_account_look_up_without_an_answer_leaves_the_field_out_and_says_so() {
    for answer in [
        status(404),
        status(405),
        status(501),
        status(500),
        broken(Delivery::Close),
        html(200, "<p>hello</p>"),
        json(200, &object!({"accounts": 7})),
    ] {
        let server = Server::start();
        server.answer_accounts(answer);
        let campaign = Campaign::with_rows(1);
        campaign.run(&server, &[]).exits(0).says("accountId is left out");
        assert_eq!(server.sends()[0].body.get("accountId"), None);
        assert_eq!(campaign.column("account"), [""]);
    }
}
