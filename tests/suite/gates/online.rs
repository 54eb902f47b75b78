//! `check --online` asks and sends nothing; plans and questions tell of gates and ask nothing.

use rowcast::adapters::sandbox::{Relation, SandboxAccount, Settings};
use serde_json::Value;

use super::{Asked, findings, somebody};
use crate::harness::{Campaign, Done, Server, status};

fn check(campaign: &Campaign, base_url: &str, more: &[&str]) -> Done {
    let fixed = ["check", "people.csv", "-m", "message.txt", "--online", "--base-url", base_url];
    campaign.rowcast(&[&fixed, more].concat())
}

/// The codes of the problems, and their rows.
fn problems(shown: &Value) -> Vec<(u64, String)> {
    let problems = shown["problems"].as_array().expect("a list");
    let one = |problem: &Value| {
        let code = problem["code"].as_str().expect("a code").to_owned();
        (problem["row"].as_u64().unwrap_or_default(), code)
    };
    problems.iter().map(one).collect()
}

fn strangers() -> Asked {
    let people = [("stranger", Relation::NotConnected), ("invited", Relation::InvitationSent)];
    Asked::of(people.map(|(name, relation)| somebody(name, relation)).to_vec(), "")
}

#[test]
fn check_online_says_what_a_run_would_leave_out_and_makes_no_campaign() {
    let asked = strangers();
    let campaign = Campaign::of(&["friend", "stranger", "invited", "other"]);
    let before = campaign.files();
    let shown = check(&campaign, asked.base_url(), &["--require", "connected", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!((shown["to_send"].as_u64(), shown["skipped"].as_u64()), (Some(2), Some(2)));
    assert_eq!(problems(&shown), [(3, "not-connected".to_owned()), (4, "not-connected".to_owned())]);
    assert_eq!(campaign.files(), before);
    assert!(asked.requests("/conversations/send").is_empty());
    assert_eq!(asked.relationships(), ["friend", "stranger", "invited", "other"]);
    check(
        &campaign,
        asked.base_url(),
        &["--require", "connected", "--rows", "3", "--gate-age", "0s"],
    )
    .exits(0)
    .says("Asking about 1 row")
    .says("not connected");
    assert_eq!(asked.relationships().len(), 5);
}

#[test]
fn what_check_online_finds_is_kept_where_there_is_a_campaign() {
    let asked = strangers();
    let campaign = Campaign::of(&["first"]);
    campaign.run_at(asked.base_url(), &[]).exits(0);
    campaign.write("people.csv", "LinkedIn\nfirst\nstranger\nfriend\n");
    check(&campaign, asked.base_url(), &["--require", "connected"])
        .exits(0)
        .says("1 sent, 1 skipped, 1 pending");
    assert_eq!(findings(&campaign.journal()).len(), 2);
    campaign.run_at(asked.base_url(), &["--require", "connected"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "sent"]);
    assert_eq!(
        asked.relationships(),
        ["stranger", "friend"],
        "the run asks about nobody whom the check asked about"
    );
    // While a run holds the campaign, a check asks all the same, and leaves the journal to the run.
    let server = Server::start();
    let campaign = Campaign::of(&["first", "second"]);
    server.answer("first", [crate::harness::sent().held()]);
    let running = campaign.start(&server, &["--account", "acc_1"]);
    server.wait_for_sends(2);
    let told = serde_json::json!({"connected": false, "status": "NOT_CONNECTED"});
    for name in ["first", "second", "third"] {
        server.answer_path(&format!("/relationship/acc_1/{name}"), crate::harness::json(200, &told));
    }
    campaign.write("people.csv", "LinkedIn\nfirst\nsecond\nthird\n");
    check(&campaign, &server.base_url(), &["--require", "connected", "--account", "acc_1"])
        .exits(0)
        .says("not connected");
    assert!(findings(&campaign.journal()).is_empty());
    server.open_gate();
    running.finish();
}

#[test]
fn accounts_that_the_sheet_names_by_name_are_asked_by_their_id() {
    let accounts = ["60d21b4667d0d8992e610001", "60d21b4667d0d8992e610002"];
    let named = |(id, name): (&str, &str)| SandboxAccount {
        first_name: name.to_owned(),
        ..SandboxAccount::with_id(id)
    };
    let asked = Asked::start(Settings {
        accounts: vec![named((accounts[0], "Anna")), named((accounts[1], "Bert"))],
        people: vec![somebody("stranger", Relation::NotConnected)],
        ..Settings::default()
    });
    let campaign = Campaign::new("LinkedIn,Account\nfriend,Anna\nstranger,Bert\n", "Hello");
    check(&campaign, asked.base_url(), &["--require", "connected"])
        .exits(0)
        .says(accounts[1])
        .says("1 skipped, 1 pending");
}

#[test]
fn where_nobody_can_be_judged_check_says_what_a_run_would_do() {
    for (silence, exit, asked) in [(status(405), 4, 1), (status(404), 4, 3), (status(403), 3, 1)] {
        let server = Server::start();
        for person in 2..7 {
            server.answer_path(&format!("/relationship/acc_1/person-{person}"), silence.clone());
        }
        let campaign = Campaign::with_rows(5);
        let done = check(&campaign, &server.base_url(), &["--require", "connected", "--account", "acc_1"]).exits(exit);
        assert_eq!(
            server.seen().iter().filter(|seen| seen.path.contains("/relationship/")).count(),
            asked,
            "{}",
            done.stderr
        );
    }
    let asked = Asked::of(Vec::new(), "person-3=500,on=relationship");
    let campaign = Campaign::with_rows(3);
    let arguments = ["--require", "connected", "--format", "json"];
    let shown = check(&campaign, asked.base_url(), &arguments).exits(0).json();
    assert_eq!(problems(&shown), [(3, "cannot-be-judged".to_owned())]);
    check(&campaign, asked.base_url(), &[&arguments[..], &["--strict"]].concat()).exits(3);
}

#[test]
fn without_a_gate_or_a_key_check_online_is_refused() {
    let asked = strangers();
    let campaign = Campaign::of(&["friend"]);
    check(&campaign, asked.base_url(), &[]).exits(3).says("nothing to ask");
    let campaign = campaign.without("CONNECTSAFELY_API_KEY");
    check(&campaign, asked.base_url(), &["--resolve"])
        .exits(3)
        .says("CONNECTSAFELY_API_KEY");
    campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--online", "--sandbox", "--resolve"])
        .exits(0);
    assert!(asked.requests("").is_empty());
}

#[test]
fn plans_previews_and_questions_tell_of_gates_and_ask_nothing() {
    let asked = strangers();
    let campaign = Campaign::of(&["friend", "stranger"]);
    campaign.write(
        "campaign.toml",
        format!(
            "sheet = \"people.csv\"\nmessage = \"message.txt\"\nbase_url = \"{}\"\nrequire = \"connected\"\nskip = \"replied\"\n",
            asked.base_url()
        ),
    );
    for command in ["check", "preview", "plan", "status"] {
        campaign.rowcast(&[command, "campaign.toml"]).exits(0);
    }
    let proposed = campaign
        .rowcast(&[
            "run",
            "campaign.toml",
            "-n",
            "--account-rate",
            "unlimited",
            "--rate",
            "unlimited",
            "--read-rate",
            "2/h",
        ])
        .exits(0);
    // Six questions, two an hour.
    proposed.says("--require connected, --skip replied").says("about 2h");
    assert!(asked.requests("").is_empty());
}
