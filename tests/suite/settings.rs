//! Where a setting may be said, who beats whom, and what is refused before anything happens.

use std::net::TcpListener;

use crate::harness::{Campaign, KEY, Server, status};

/// What the one send of this campaign names as its account.
#[track_caller]
fn account_of(campaign: &Campaign, arguments: &[&str]) -> String {
    let server = Server::start();
    campaign.write("campaign.toml", campaign_file(&server, "account = \"of-toml\""));
    campaign.run_at("", &[&["campaign.toml"][..], arguments].concat()).exits(0);
    let sends = server.sends();
    assert_eq!(sends.len(), 1);
    sends[0].body["accountId"].as_str().expect("an account").to_owned()
}

/// A campaign file that sends `people.csv` to `server`, with this line in it.
fn campaign_file(server: &Server, line: &str) -> String {
    format!(
        "sheet = \"people.csv\"\nmessage = \"message.txt\"\nbase_url = \"{}\"\n{line}\n",
        server.base_url()
    )
}

#[test]
fn a_flag_beats_the_environment_beats_dotenv_beats_the_campaign_file() {
    let campaign = || Campaign::of(&["ada-lovelace"]);
    assert_eq!(account_of(&campaign(), &[]), "of-toml");
    let with_dotenv = campaign();
    with_dotenv.write(".env", "CONNECTSAFELY_ACCOUNT_ID=of-dotenv\n");
    assert_eq!(account_of(&with_dotenv, &[]), "of-dotenv");
    let with_all = campaign().variable("CONNECTSAFELY_ACCOUNT_ID", "of-environment");
    with_all.write(".env", "CONNECTSAFELY_ACCOUNT_ID=of-dotenv\n");
    assert_eq!(account_of(&with_all, &["--results", "a.csv"]), "of-environment");
    assert_eq!(account_of(&with_all, &["--results", "b.csv", "--account", "of-flag"]), "of-flag");
}

#[test]
fn the_key_comes_from_the_flags_file_else_the_environment_else_dotenv() {
    let key_sent = |campaign: &Campaign, arguments: &[&str]| {
        let server = Server::start();
        campaign.run(&server, arguments).exits(0);
        server.sends()[0].header("authorization").map(str::to_owned)
    };
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let campaign = Campaign::of(&["ada-lovelace"]);
    campaign.write("api.key", format!("\n  {KEY}-file \n"));
    campaign.write(".env", format!("CONNECTSAFELY_API_KEY={KEY}-dotenv\n"));
    assert_eq!(key_sent(&campaign, &["--results", "a.csv"]), bearer(KEY));
    assert_eq!(
        key_sent(&campaign, &["--results", "b.csv", "--api-key-file", "api.key"]),
        bearer(&format!("{KEY}-file"))
    );
    let campaign = campaign.without("CONNECTSAFELY_API_KEY");
    assert_eq!(key_sent(&campaign, &["--results", "c.csv"]), bearer(&format!("{KEY}-dotenv")));
    let campaign = campaign.variable("CONNECTSAFELY_API_TOKEN", "token-of-the-environment");
    assert_eq!(key_sent(&campaign, &["--results", "d.csv"]), bearer("token-of-the-environment"));
}

#[test]
fn a_campaign_file_with_an_unknown_key_names_the_nearest_and_its_line() {
    let server = Server::start();
    for (line, says) in [
        ("mesage = \"x\"", "`message`"),
        ("daily-limit = 3", "`daily_limit`"),
        ("[pace]\nrat = \"1/s\"", "`rate`"),
        ("[pase]", "`[pace]`"),
        ("[column]", "`[columns]`"),
        ("[columns]\nrecipent = \"LinkedIn\"", "did you mean `recipient`?"),
        ("[suppress]\nfile = [\"x.csv\"]", "`files`"),
        ("api_key = \"abc\"", "CONNECTSAFELY_API_KEY"),
    ] {
        let campaign = Campaign::with_rows(1);
        campaign.write("campaign.toml", campaign_file(&server, line));
        let done = campaign.rowcast(&["run", "campaign.toml", "--yes"]).exits(3);
        let place = format!("campaign.toml:{}", 3 + line.lines().count());
        assert!(done.stderr.contains(&place), "{line}: {}", done.stderr);
        assert!(done.stderr.contains(says), "{line}: {}", done.stderr);
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_value_that_cannot_be_is_refused_where_it_was_said() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    for line in [
        "rate = \"fast\"",
        "concurrency = 0",
        "limit = \"many\"",
        "limit = -1",
        "retries = -1",
        "yes = \"no\"",
        "sheet = \"twice.csv\"",
        "rate = ",
    ] {
        campaign.write("campaign.toml", campaign_file(&server, line));
        let done = campaign.rowcast(&["run", "campaign.toml"]).exits(3);
        assert!(done.stderr.contains("campaign.toml:4"), "{line}: {}", done.stderr);
    }
    let with_variable = Campaign::with_rows(1).variable("ROWCAST_CONCURRENCY", "lots");
    with_variable.run(&server, &[]).exits(3).says("ROWCAST_CONCURRENCY");
    let with_dotenv = Campaign::with_rows(1);
    with_dotenv.write(".env", "ROWCAST_TIMEOUT=soon\n");
    with_dotenv.run(&server, &[]).exits(3).says(".env").says("ROWCAST_TIMEOUT");
    assert!(server.seen().is_empty());
}

/// Whoever means days must not get seconds.
#[test]
fn a_cooldown_without_a_unit_is_refused() {
    let campaign = Campaign::with_rows(1);
    campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--cooldown", "30"])
        .exits(2)
        .says("`30` has no unit; write 30d for days");
    campaign.write(
        "campaign.toml",
        "sheet = \"people.csv\"\nmessage = \"message.txt\"\n[suppress]\ncooldown = 30\n",
    );
    campaign
        .rowcast(&["check", "campaign.toml"])
        .exits(3)
        .says("campaign.toml:4")
        .says("`30` has no unit");
    campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--cooldown", "1d 12h"])
        .exits(0);
}

#[test]
fn plain_http_is_refused_except_to_loopback() {
    for (base_url, says) in [
        ("http://api.connectsafely.ai/linkedin", "https"),
        ("http://10.0.0.1/linkedin", "https"),
        ("http://localhost.example.com/", "https"),
        ("http://127.0.0.1.example.com/", "https"),
        ("ftp://127.0.0.1/", "ftp"),
        ("not a url", "is no url"),
        ("https://user:secret@example.com/", "user"),
        ("https://example.com/linkedin?x=1", "?"),
    ] {
        let campaign = Campaign::with_rows(1);
        let before = campaign.files();
        let done = campaign.run_at(base_url, &[]).exits(3);
        assert!(
            done.stderr.contains(says) && !done.stderr.contains("secret"),
            "{base_url}: {}",
            done.stderr
        );
        assert_eq!(campaign.files(), before);
    }
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    let by_name = server.base_url().replace("127.0.0.1", "localhost");
    campaign.run_at(&by_name, &["--results", "a.csv"]).exits(0);
    campaign
        .run_at(&format!("{}/", server.base_url()), &["--results", "b.csv"])
        .exits(0);
    assert_eq!(server.sends().len(), 2);
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    proxy.set_nonblocking(true).expect("a listener");
    let place = format!("http://{}", proxy.local_addr().expect("an address"));
    let server = Server::start();
    let mut campaign = Campaign::with_rows(1);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        campaign = campaign.variable(name, &place);
    }
    campaign.run(&server, &[]).exits(0);
    campaign
        .run_at(
            "https://rowcast.invalid/linkedin",
            &["--results", "b.csv", "--retries", "0", "--account", "a"],
        )
        .exits(1);
    assert_eq!(server.sends().len(), 1);
    assert!(proxy.accept().is_err(), "nobody connected to the proxy");
}

#[test]
fn a_wrong_command_line_is_2_and_touches_nothing() {
    let campaign = Campaign::with_rows(1);
    let before = campaign.files();
    for line in [
        "",
        "send people.csv",
        "run",
        "run people.csv --rate fast",
        "run people.csv --rows 0",
        "run people.csv --only sent",
        "run people.csv --api-key abc",
        "run people.csv --concurrency 0",
        "run people.csv --sandbox --base-url http://127.0.0.1:1",
        "run people.csv -q -v",
        "run people.csv --column Link",
        "results people.csv --status done -o x.csv",
        "status people.csv --format yaml",
    ] {
        let arguments: Vec<_> = line.split_whitespace().collect();
        let done = campaign.rowcast(&arguments).exits(2);
        assert!(!done.stderr.is_empty() && done.stdout.is_empty(), "{line}");
    }
    campaign.rowcast(&["--version"]).exits(0).says(env!("CARGO_PKG_VERSION"));
    campaign.rowcast(&["run", "--help"]).exits(0).says("--resend-unconfirmed");
    assert_eq!(campaign.files(), before);
}

#[test]
fn without_a_terminal_a_run_needs_yes() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    let before = campaign.files();
    campaign.run(&server, &["--ask"]).exits(3).says("--yes");
    assert_eq!((server.sends().len(), campaign.files()), (0, before));
    campaign.run(&server, &["--yes"]).exits(0);
    campaign.run(&server, &["--ask"]).exits(0).says("Sent in this run: 0");
}

#[test]
fn a_dry_run_needs_no_key_sends_nothing_and_shows_the_plan() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3).without("CONNECTSAFELY_API_KEY");
    let before = campaign.files();
    campaign.run(&server, &["-n"]).exits(0).says("3").says("Hello person-2");
    let plan = campaign.run(&server, &["-n", "--format", "json"]).exits(0).json();
    assert_eq!((plan["pending"].as_u64(), plan["sent_this_run"].as_u64()), (Some(3), Some(0)));
    let promised = [
        "rows",
        "sent",
        "failed",
        "unconfirmed",
        "invalid",
        "skipped",
        "pending",
        "sent_this_run",
        "results",
        "stopped",
    ];
    assert!(plan.as_object().is_some_and(|plan| plan.keys().eq(promised)), "{plan}");
    campaign
        .run(&server, &["-n", "--account-rate", "2/min", "--account", "acc_1"])
        .exits(0)
        .says("about 1m");
    assert_eq!((server.connections(), campaign.files()), (0, before));
    campaign.run(&server, &[]).exits(3).says("CONNECTSAFELY_API_KEY");
    assert_eq!(server.connections(), 0);
}

#[test]
fn of_several_ends_the_gravest_is_told() {
    let end_of = |answers: &[(&str, u16)], arguments: &[&str]| {
        let server = Server::start();
        for (to, code) in answers {
            server.answer(to, [status(*code)]);
        }
        let sheet = "LinkedIn,Name\nperson-2,A\nperson-3,B\nperson-4,C\nnot a profile,D\n";
        let campaign = Campaign::new(sheet, "Hi {{ name }}");
        campaign
            .run(&server, &[&["--skip-invalid", "--concurrency", "1"], arguments].concat())
            .code
    };
    assert_eq!(end_of(&[], &[]), Some(1), "invalid");
    assert_eq!(end_of(&[], &["--rows", "2-4"]), Some(0), "the invalid row is left out");
    assert_eq!(end_of(&[("person-2", 400)], &[]), Some(1));
    assert_eq!(end_of(&[("person-2", 400), ("person-3", 500)], &[]), Some(5));
    assert_eq!(end_of(&[("person-2", 400), ("person-3", 500), ("person-4", 401)], &[]), Some(4));
    assert_eq!(end_of(&[("person-2", 400), ("person-3", 500)], &["--max-failures", "2"]), Some(4));
}

#[test]
fn warnings_count_as_errors_only_where_somebody_says_so() {
    let server = Server::start();
    let campaign = Campaign::of(&["ada-lovelace", "ada-lovelace"]);
    campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(0);
    campaign.rowcast(&["check", "people.csv", "-m", "message.txt", "--strict"]).exits(3);
    campaign.run(&server, &["--strict"]).exits(3).says("--strict");
    assert!(server.sends().is_empty());
}

#[test]
fn a_setting_that_this_version_cannot_keep_is_refused_rather_than_passed_over() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    campaign.write("people.csv", "LinkedIn,Attachments\nada-lovelace,plan.pdf\n");
    let done = campaign.run(&server, &[]);
    assert!(
        done.code == Some(3) || server.sends().iter().all(|send| send.body.get("attachments").is_some()),
        "{}",
        done.stderr
    );
}

#[test]
fn data_goes_to_stdout_and_words_to_stderr() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    let done = campaign.run(&server, &[]).exits(0);
    assert!(done.stdout.is_empty(), "{}", done.stdout);
    let done = campaign
        .run(&server, &["--results", "a.csv", "--allow-repeat", "--format", "json"])
        .exits(0);
    assert_eq!(done.json()["sent"], 2);
    let done = campaign.run(&server, &["--results", "b.csv", "--quiet"]).exits(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    let done = campaign.run(&server, &["-m", "nowhere.txt", "--quiet"]).exits(3);
    assert!(done.stdout.is_empty() && !done.stderr.is_empty());
}
