//! A sheet in, messages out, results that resume.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{Campaign, Done, KEY, Line, Server, lines, sent, urn_of};

/// Everything that cells are known to break: quotes, line breaks, emoji, right-to-left text, braces, leading zeros, formulas.
const PEOPLE: &str = "\u{feff}Member No,First Name,LinkedIn URL,Company,Note,status\r\n\
    00417,Zoë,https://www.linkedin.com/in/zoe-dubois/,\"Dubois, \"\"Söhne\"\" & Co.\",\"two\r\nlines\",new\r\n\
    000000000000000000418,عمر,https://de.linkedin.com/in/Omar-Haddad?trk=x,حداد للطاقة ☀️,{{ first_name }} {% raw %},=SUM(A1:A9)\r\n\
    00419,Noam 👩‍🚀,noam-levi,לוי ובניו,{# not a comment #},@home\r\n\
    ,,,,,\r\n\
    00420,Tom,urn:li:fsd_profile:ACoAASample04,=1+2,-3,\"\t+4\"\r\n";

const MESSAGE: &str = "Hi {{ first_name }} ({{ member_no }}),\n\n{{ company }}: \"{{ note }}\" <b>&amp;</b>\n{% if status == \"new\" %}new{% else %}{{ row[\"status\"] }}{% endif %}\n\n";

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn campaign() -> Campaign {
    Campaign::new(PEOPLE, MESSAGE).subject("For {{ company }}\n")
}

fn preview(campaign: &Campaign) -> Vec<Value> {
    let done = campaign.rowcast(&[
        "preview",
        "people.csv",
        "-m",
        "message.txt",
        "-s",
        "subject.txt",
        "--format",
        "json",
    ]);
    done.exits(0).json_lines()
}

/// What is said of a row that was sent to `to` by the nth request.
fn line_of<'a>(lines: &'a [Line], row: &str) -> &'a Line {
    lines.iter().find(|line| line["row"] == row).expect("a line for the row")
}

#[test]
fn what_preview_shows_is_what_is_sent_to_the_byte() {
    let server = Server::start();
    let campaign = campaign();
    let shown = preview(&campaign);
    campaign.run(&server, &[]).exits(0);
    let sends: BTreeMap<String, _> = server.sends().into_iter().map(|seen| (seen.to.clone(), seen)).collect();
    assert_eq!((shown.len(), sends.len()), (4, 4));
    for row in &shown {
        let to = row["recipient"].as_str().expect("a recipient");
        let send = &sends[to];
        assert_eq!(row["message"], send.body["message"], "{to}");
        assert_eq!(row["subject"], send.body["subject"], "{to}");
        assert_eq!(row["message_sha256"], hash(send.message()), "{to}");
        assert_eq!(row["status"], "pending");
        let problems = row["problems"].as_array().expect("problems");
        assert!(problems.iter().all(|problem| problem["severity"] == "warning"), "{problems:?}");
    }
    let expected = "Hi عمر (000000000000000000418),\n\nحداد للطاقة ☀️: \"{{ first_name }} {% raw %}\" <b>&amp;</b>\n=SUM(A1:A9)";
    assert_eq!(sends["omar-haddad"].message(), expected);
    assert_eq!(
        sends["zoe-dubois"].message(),
        "Hi Zoë (00417),\n\nDubois, \"Söhne\" & Co.: \"two\r\nlines\" <b>&amp;</b>\nnew"
    );
    assert_eq!(
        sends["urn:li:fsd_profile:ACoAASample04"].body["recipientProfileUrn"],
        "urn:li:fsd_profile:ACoAASample04"
    );
}

#[test]
fn a_request_has_the_documented_fields_and_the_key_and_nothing_else() {
    let server = Server::start();
    Campaign::of(&["ada-lovelace"]).run(&server, &[]).exits(0);
    let seen = server.seen();
    let asked: Vec<_> = seen.iter().map(|seen| (seen.method.as_str(), seen.path.as_str())).collect();
    assert_eq!(asked, [("GET", "/linkedin/accounts"), ("POST", "/linkedin/conversations/send")]);
    let send = &server.sends()[0];
    let expected = serde_json::json!({"accountId": "acc_1", "recipientProfileId": "ada-lovelace", "message": "Hello ada-lovelace"});
    assert_eq!(send.body, expected);
    assert_eq!(send.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(send.header("content-type"), Some("application/json"));
    assert_eq!(send.header("accept-encoding"), None);
}

#[test]
fn results_tell_of_every_row_and_keep_the_sheets_own_columns() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &["--concurrency", "1"]).exits(0);
    let text = std::fs::read_to_string(campaign.path("people.results.csv")).expect("results");
    let header = "\u{feff}row,key,status,success,recipient_urn,thread_id,message_urn,error,http_status,attempts,account,sent_at,\
                  message_sha256,Member No,First Name,LinkedIn URL,Company,Note,input_status\r\n";
    assert!(text.starts_with(header), "{}", text.lines().next().unwrap_or_default());
    let results = campaign.results();
    let rows: Vec<_> = results.iter().map(|line| line["row"].as_str()).collect();
    assert_eq!(rows, ["2", "3", "4", "6"]);
    let omar = line_of(&results, "3");
    let said = [
        "key",
        "status",
        "success",
        "http_status",
        "attempts",
        "account",
        "error",
        "thread_id",
    ]
    .map(|name| omar[name].as_str());
    assert_eq!(said, ["omar-haddad", "sent", "true", "200", "1", "acc_1", "", ""]);
    assert_eq!(omar["recipient_urn"], urn_of("omar-haddad"));
    assert_eq!(omar["message_urn"], "urn:li:msg_message:(urn:li:fsd_profile:ACoAAme,2-2)");
    assert_eq!(omar["message_sha256"], hash(server.sends()[1].message()));
    let at = omar["sent_at"].as_str();
    assert!(at.ends_with('Z') && at.contains('T') && at.len() >= 20, "{at}");
    assert_eq!(
        [&omar["Member No"], &omar["Company"], &omar["Note"]],
        ["000000000000000000418", "حداد للطاقة ☀️", "{{ first_name }} {% raw %}"]
    );
    assert_eq!(line_of(&results, "2")["Note"], "two\r\nlines");
    assert_eq!(line_of(&results, "2")["LinkedIn URL"], "https://www.linkedin.com/in/zoe-dubois/");
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_guarded_in_the_results() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &[]).exits(0);
    let results = campaign.results();
    assert_eq!(line_of(&results, "3")["input_status"], "'=SUM(A1:A9)");
    assert_eq!(line_of(&results, "4")["input_status"], "'@home");
    assert_eq!(line_of(&results, "6")["Company"], "'=1+2");
    assert_eq!(line_of(&results, "6")["Note"], "'-3");
    assert_eq!(line_of(&results, "6")["input_status"], "'\t+4");
}

#[test]
fn the_same_command_again_sends_nothing_and_says_so() {
    let server = Server::start();
    let campaign = campaign();
    server.watch(&campaign.journal());
    campaign.run(&server, &[]).exits(0).says("4 sent").says("Sent in this run: 4");
    assert!(server.sends().iter().all(|seen| seen.intent_on_disk == Some(true)));
    let before = std::fs::read(campaign.path("people.results.csv")).expect("results");
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 0");
    assert_eq!(server.sends().len(), 4);
    assert_eq!(std::fs::read(campaign.path("people.results.csv")).expect("results"), before);
    let shown = preview(&campaign);
    assert!(shown.iter().all(|row| row["status"] == "sent"), "{shown:?}");
}

#[test]
fn the_summary_adds_up_and_says_what_to_do_next() {
    let server = Server::start();
    let campaign = Campaign::with_rows(5);
    server.answer("person-3", [crate::harness::status(400)]);
    server.answer("person-4", [crate::harness::status(500)]);
    let done = campaign
        .run(&server, &["--limit", "4", "--concurrency", "1", "--format", "json"])
        .exits(5);
    let summary = done.json();
    let keys: Vec<_> = summary.as_object().expect("an object").keys().map(String::as_str).collect();
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
    assert_eq!(keys, promised);
    let counts: Vec<_> = promised[..8].iter().map(|name| summary[name].as_u64().expect("a count")).collect();
    assert_eq!(counts, [5, 2, 1, 1, 0, 0, 1, 2]);
    assert_eq!(summary["stopped"], Value::Null);
    assert!(Path::new(summary["results"].as_str().expect("a path")).ends_with("people.results.csv"));
    assert!(
        done.stderr.contains("people.results.csv") && done.stderr.contains("rowcast run people.csv"),
        "{}",
        done.stderr
    );
}

#[test]
fn status_tells_the_same_counts_without_templates_and_without_a_key() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    campaign.run(&server, &["--limit", "2"]).exits(0);
    let campaign = campaign.without("CONNECTSAFELY_API_KEY");
    std::fs::remove_file(campaign.path("message.txt")).expect("the template");
    let status: Done = campaign.rowcast(&["status", "people.csv", "--format", "json"]).exits(0);
    let status = status.json();
    assert_eq!(
        (&status["sent"], &status["pending"], &status["rows"]),
        (&Value::from(2), &Value::from(1), &Value::from(3))
    );
    campaign
        .rowcast(&["status", "people.csv"])
        .exits(0)
        .says("2 sent")
        .says("1 pending");
    assert_eq!(server.sends().len(), 2);
}

#[test]
fn results_can_be_written_in_part_elsewhere() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    server.answer("person-3", [crate::harness::status(400)]);
    campaign.run(&server, &[]).exits(1);
    let before = std::fs::read(campaign.path("people.results.csv")).expect("results");
    campaign
        .rowcast(&["results", "people.csv", "--status", "failed,unconfirmed", "-o", "trouble.csv"])
        .exits(0);
    let trouble = lines(&campaign.path("trouble.csv"));
    assert_eq!(trouble.len(), 1);
    assert_eq!(
        (trouble[0]["key"].as_str(), trouble[0]["error"].as_str()),
        ("person-3", "scripted 400")
    );
    assert_eq!(std::fs::read(campaign.path("people.results.csv")).expect("results"), before);
}

#[test]
fn the_sandbox_needs_no_key_no_question_and_leaves_the_real_campaign_alone() {
    let server = Server::start();
    let campaign = campaign().without("CONNECTSAFELY_API_KEY");
    let arguments = ["run", "people.csv", "-m", "message.txt", "-s", "subject.txt", "--sandbox"];
    campaign.rowcast(&arguments).exits(0).says("4 sent");
    assert!(campaign.path("people.sandbox.results.csv").exists() && campaign.path("people.sandbox.results.journal").exists());
    assert!(!campaign.path("people.results.csv").exists() && !campaign.journal().exists());
    campaign.rowcast(&arguments).exits(0).says("Sent in this run: 0");
    let campaign = campaign.variable("CONNECTSAFELY_API_KEY", KEY);
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 4");
}

#[test]
fn the_sandbox_writes_down_what_it_delivered_where_it_is_asked_to() {
    let campaign = campaign().without("ROWCAST_SANDBOX_LOG");
    campaign.write(
        "campaign.toml",
        "sheet = \"people.csv\"\nmessage = \"message.txt\"\nsandbox_log = \"of-file.log\"\n",
    );
    for (log, more) in [("of-file.log", &[][..]), ("of-flag.log", &["--sandbox-log", "of-flag.log"])] {
        let campaign_file = ["run", "campaign.toml", "--sandbox", "--results", "again.csv"];
        campaign.rowcast(&[&campaign_file[..], more].concat()).exits(0);
        let text = std::fs::read_to_string(campaign.path(log)).expect("a log");
        let records = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        let delivered: Vec<_> = records
            .filter(|record| record["kind"] == "delivery")
            .map(|record| record["message_sha256"].as_str().expect("a digest").to_owned())
            .collect();
        let sent: Vec<String> = lines(&campaign.path("again.csv"))
            .iter()
            .map(|line| line["message_sha256"].clone())
            .collect();
        assert_eq!(BTreeSet::from_iter(&delivered), BTreeSet::from_iter(&sent));
        assert_eq!((delivered.len(), text.contains(KEY)), (4, false));
        std::fs::remove_file(campaign.path("again.csv")).expect("results");
        std::fs::remove_file(campaign.path("again.journal")).expect("a journal");
    }
}

#[test]
fn a_campaign_file_and_flags_send_the_same() {
    let by_flags = Server::start();
    let flags = Campaign::new("Who;Name\nada-lovelace;Ada\nalan-turing;Alan\n", "Hi {{ name }}").subject("S {{ name }}");
    flags
        .run(
            &by_flags,
            &["--column", "recipient=Who", "--account", "acc_7", "--concurrency", "1"],
        )
        .exits(0);

    let by_file = Server::start();
    let file = Campaign::new("", "");
    file.write("lists/people.csv", "Who;Name\nada-lovelace;Ada\nalan-turing;Alan\n");
    file.write("texts/m.txt", "Hi {{ name }}");
    file.write("texts/s.txt", "S {{ name }}");
    let toml = format!(
        "sheet = \"lists/people.csv\"\nmessage = \"texts/m.txt\"\nsubject = \"texts/s.txt\"\naccount = \"acc_7\"\nbase_url = \"{}\"\n\
         [columns]\nrecipient = \"Who\"\n[pace]\nrate = \"unlimited\"\naccount_rate = \"unlimited\"\ndaily_limit = \"unlimited\"\nconcurrency = 1\n",
        by_file.base_url()
    );
    file.write("campaign.toml", toml);
    file.rowcast(&["run", "campaign.toml", "--yes"]).exits(0);

    let bodies = |server: &Server| server.sends().into_iter().map(|seen| seen.body).collect::<Vec<_>>();
    assert_eq!(bodies(&by_flags), bodies(&by_file));
    assert_eq!(bodies(&by_file).len(), 2);
    assert_eq!(by_file.sends()[0].body["accountId"], "acc_7");
    assert!(file.path("lists/people.results.csv").exists());
}

#[test]
fn the_journal_and_the_results_are_readable_by_their_owner_alone() {
    let server = Server::answering(sent());
    let campaign = Campaign::with_rows(1);
    campaign.run(&server, &[]).exits(0);
    #[cfg(unix)]
    for path in [campaign.journal(), campaign.path("people.results.csv")] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(campaign.files().len(), 4, "{:?}", campaign.files());
}
