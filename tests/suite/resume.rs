//! The same command again: whatever happened to the sheet, the journal and the results in between, nobody gets anything twice.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{Campaign, Line, Server, nobody, status, urn_of};

/// How many sends each recipient got.
fn sends(server: &Server) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for to in server.recipients() {
        *counts.entry(to).or_default() += 1;
    }
    counts
}

/// Fails the test unless these got exactly one.
#[track_caller]
fn assert_once(server: &Server, recipients: &[&str]) {
    let expected: BTreeMap<String, usize> = recipients.iter().map(|to| ((*to).to_owned(), 1)).collect();
    assert_eq!(sends(server), expected);
}

#[test]
fn failed_and_unreached_rows_are_sent_by_the_same_command() {
    let server = Server::start();
    let campaign = Campaign::with_rows(5);
    server.answer("person-3", [status(400)]);
    server.answer("person-4", [status(401)]);
    campaign.run(&server, &["--concurrency", "1"]).exits(4);
    assert_eq!(campaign.statuses(), ["sent", "failed", "pending", "pending", "pending"]);
    campaign.run(&server, &["--concurrency", "1"]).exits(0).says("Sent in this run: 4");
    assert_eq!(campaign.column("attempts"), ["1", "2", "2", "1", "1"]);
    assert_eq!(
        server.recipients(),
        ["person-2", "person-3", "person-4", "person-3", "person-4", "person-5", "person-6"]
    );
}

#[test]
fn a_sheet_that_was_sorted_extended_and_shortened_sends_to_the_new_people_only() {
    let server = Server::start();
    let campaign = Campaign::of(&["ada-lovelace", "alan-turing", "grace-hopper", "tim-lee"]);
    campaign.run(&server, &["--limit", "3"]).exits(0);
    campaign.write("people.csv", "LinkedIn\ntim-lee\nnew-person\ngrace-hopper\nada-lovelace\n");
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 2");
    assert_once(&server, &["ada-lovelace", "alan-turing", "grace-hopper", "new-person", "tim-lee"]);
    assert_eq!(campaign.column("key"), ["tim-lee", "new-person", "grace-hopper", "ada-lovelace"]);
    assert_eq!(campaign.column("row"), ["2", "3", "4", "5"]);
    campaign.write("people.csv", "LinkedIn\nalan-turing\n\nada-lovelace\n");
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 0");
    assert_eq!(campaign.statuses(), ["sent", "sent"]);
    assert_eq!(campaign.column("row"), ["2", "4"]);
}

#[test]
fn another_form_of_the_same_profile_is_the_same_person() {
    let server = Server::start();
    let campaign = Campaign::of(&["ada-lovelace"]);
    campaign.run(&server, &[]).exits(0);
    for form in [
        "Ada-Lovelace",
        "@ada-lovelace",
        "https://www.linkedin.com/in/ada-lovelace/",
        "http://de.linkedin.com/in/ADA-LOVELACE/en?trk=x#top",
        "linkedin.com/in/ada-lovelace",
        "www.linkedin.com/in/%61da-lovelace",
    ] {
        campaign.write("people.csv", format!("LinkedIn\n{form}\n"));
        campaign.run(&server, &[]).exits(0);
        assert_eq!(
            (campaign.column("status"), campaign.column("key")),
            (vec!["sent".to_owned()], vec!["ada-lovelace".to_owned()]),
            "{form}"
        );
    }
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn a_person_whose_urn_an_answer_told_is_known_by_it() {
    let server = Server::start();
    let campaign = Campaign::of(&["ada-lovelace"]);
    campaign.run(&server, &[]).exits(0);
    let urn = campaign.column("recipient_urn").remove(0);
    campaign.write("people.csv", format!("LinkedIn\n{urn}\n"));
    campaign.run(&server, &[]).exits(0);
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn urn_ids_are_compared_with_their_case() {
    let server = Server::start();
    let campaign = Campaign::of(&["urn:li:fsd_profile:ACoAAAbcDef01"]);
    campaign.run(&server, &[]).exits(0);
    campaign.write("people.csv", "LinkedIn\nurn:li:fsd_profile:ACoAAabcdef01\n");
    campaign.run(&server, &[]).exits(0);
    campaign.write("people.csv", "LinkedIn\nhttps://www.linkedin.com/in/ACoAAAbcDef01\n");
    campaign.run(&server, &[]).exits(0).says("Sent in this run: 0");
    assert_once(&server, &["urn:li:fsd_profile:ACoAAAbcDef01", "urn:li:fsd_profile:ACoAAabcdef01"]);
}

#[test]
fn a_changed_text_or_template_sends_nobody_a_second_message() {
    let server = Server::start();
    let campaign = Campaign::new("LinkedIn,Name\nada-lovelace,Ada\nalan-turing,Alan\n", "Hi {{ name }}");
    campaign.run(&server, &["--limit", "1"]).exits(0);
    campaign.write("people.csv", "LinkedIn,Name\nada-lovelace,Augusta\nalan-turing,Mathison\n");
    campaign.write("message.txt", "Good day {{ name }}");
    campaign.run(&server, &[]).exits(0);
    let messages: Vec<_> = server.sends().iter().map(|seen| seen.message().to_owned()).collect();
    assert_eq!(messages, ["Hi Ada", "Good day Mathison"]);
}

#[test]
fn a_key_column_identifies_the_row_and_a_recipient_is_written_to_once_all_the_same() {
    let server = Server::start();
    let campaign = Campaign::new("Id,LinkedIn\n007,ada-lovelace\n008,alan-turing\n", "Hello {{ linkedin }}");
    campaign.run(&server, &["--key", "Id", "--limit", "1"]).exits(0);
    assert_eq!(campaign.column("key"), ["007", "008"]);
    campaign.write("people.csv", "Id,LinkedIn\n007,ada-king\n009,ada-lovelace\n008,alan-turing\n");
    campaign.run(&server, &["--key", "Id"]).exits(0);
    assert_once(&server, &["ada-lovelace", "alan-turing"]);
    assert_eq!(campaign.statuses(), ["sent", "skipped", "sent"]);
    campaign.run(&server, &[]).exits(3).says("the same --key");
}

#[test]
fn two_rows_with_one_key_are_one_message_and_check_says_so() {
    let server = Server::start();
    let campaign = Campaign::of(&["ada-lovelace", "alan-turing", "https://linkedin.com/in/Ada-Lovelace"]);
    campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt"])
        .exits(0)
        .says("row 4")
        .says("row 2 has the same");
    campaign.run(&server, &[]).exits(0);
    assert_once(&server, &["ada-lovelace", "alan-turing"]);
    assert_eq!(campaign.statuses(), ["sent", "sent", "skipped"]);
    assert!(campaign.column("error")[2].contains("row 2"));
    campaign.write("people.csv", "LinkedIn\nhttps://linkedin.com/in/Ada-Lovelace\nada-lovelace\n");
    campaign.run(&server, &[]).exits(0);
    assert_eq!(
        (server.sends().len(), campaign.statuses()),
        (2, vec!["sent".to_owned(), "skipped".to_owned()])
    );
}

#[test]
fn two_keys_of_one_recipient_are_one_message() {
    // Where the contact history has no word in it, the journal has.
    for repeat in [&[][..], &["--allow-repeat"]] {
        let server = Server::start();
        let campaign = Campaign::new(
            "Id,LinkedIn\n1,ada-lovelace\n2,ada-lovelace\n1,alan-turing\n",
            "Hello {{ linkedin }}",
        );
        campaign.run(&server, &[&["--key", "Id"], repeat].concat()).exits(0);
        assert_once(&server, &["ada-lovelace"]);
        assert_eq!(campaign.statuses(), ["sent", "skipped", "skipped"]);
    }
}

#[test]
fn a_person_whose_urn_the_run_learned_gets_no_message_of_another_key() {
    // Where the contact history has no word in it, the journal has.
    for repeat in [&[][..], &["--allow-repeat"]] {
        let server = Server::start();
        let campaign = Campaign::new(
            format!("Id,Recipient\n1,ada-lovelace\n2,{}\n", urn_of("ada-lovelace")),
            "Hello {{ id }}",
        );
        let alone = ["--key", "Id", "--concurrency", "1"];
        campaign.run(&server, &[&alone, repeat].concat()).exits(0);
        assert_eq!(server.recipients(), ["ada-lovelace"]);
        assert_eq!(campaign.statuses(), ["sent", "skipped"]);
    }
}

#[test]
fn a_limit_counts_sends_and_the_next_run_takes_the_next_rows() {
    let server = Server::start();
    let campaign = Campaign::with_rows(5);
    for expected in [2, 4, 5] {
        campaign.run(&server, &["--limit", "2"]).exits(0);
        assert_eq!(server.sends().len(), expected);
    }
    assert_eq!(sends(&server).len(), 5);
    campaign.run(&server, &["--limit", "0"]).exits(0);
}

#[test]
fn chosen_rows_are_those_of_the_spreadsheet() {
    let server = Server::start();
    let campaign = Campaign::new("LinkedIn\nperson-2\n\n\"\"\nperson-5\nperson-6\nperson-7\n", "Hello {{ linkedin }}");
    campaign.run(&server, &["--rows", "2-5,7", "--concurrency", "1"]).exits(0);
    assert_eq!(server.recipients(), ["person-2", "person-5", "person-7"]);
    campaign.run(&server, &["--rows", "6-", "--concurrency", "1"]).exits(0);
    assert_eq!(server.recipients().len(), 4);
    assert_eq!(campaign.column("row"), ["2", "5", "6", "7"]);
}

#[test]
fn rows_below_the_end_of_the_sheet_are_told() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    let below = "is below the last row of the sheet, which is row 4";
    campaign.run(&server, &["--rows", "9"]).exits(0).says(&format!("--rows 9 {below}"));
    campaign
        .run(&server, &["--rows", "2,5-7,12-"])
        .exits(0)
        .says(&format!("--rows 5-7,12- {below}"));
    let inside = campaign.run(&server, &["--rows", "3-"]).exits(0);
    assert!(!inside.stderr.contains(below), "{}", inside.stderr);
    assert_once(&server, &["person-2", "person-3", "person-4"]);
}

#[test]
fn a_sample_is_the_same_rows_each_time() {
    let campaign = Campaign::with_rows(30);
    let server = Server::start();
    let shown = |campaign: &Campaign| {
        let done = campaign
            .rowcast(&["preview", "people.csv", "-m", "message.txt", "--sample", "4", "--format", "json"])
            .exits(0);
        let keys: Vec<_> = done
            .json_lines()
            .iter()
            .map(|row| row["key"].as_str().expect("a key").to_owned())
            .collect();
        keys
    };
    let first = shown(&campaign);
    assert_eq!(first.len(), 4);
    campaign.run(&server, &["--sample", "4", "--concurrency", "1"]).exits(0);
    assert_eq!(server.recipients(), first);
    campaign.run(&server, &["--sample", "4"]).exits(0).says("Sent in this run: 0");
    assert_eq!(shown(&campaign), first);
    assert_ne!(first, ["person-2", "person-3", "person-4", "person-5"], "not simply the first rows");
}

#[test]
fn only_failed_and_only_pending_take_those_alone() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    server.answer("person-2", [status(400), status(400)]);
    campaign.run(&server, &["--limit", "2", "--concurrency", "1"]).exits(1);
    let shown = campaign.rowcast(&["preview", "people.csv", "-m", "message.txt", "--only", "failed", "--format", "json"]);
    assert_eq!(shown.exits(0).json()["key"], "person-2");
    campaign.run(&server, &["--only", "failed"]).exits(1);
    assert_eq!(server.recipients(), ["person-2", "person-3", "person-2"]);
    campaign.run(&server, &["--only", "pending", "--concurrency", "1"]).exits(0);
    assert_eq!(server.recipients()[3..], ["person-4", "person-5"]);
    campaign.run(&server, &["--only", "failed"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "sent", "sent", "sent"]);
}

#[test]
fn invalid_rows_refuse_the_run_or_are_recorded_and_sent_once_they_are_mended() {
    let server = Server::start();
    let campaign = Campaign::new(
        "LinkedIn,Name\nada-lovelace,Ada\nalan-turing,\nnot a profile,Grace\n",
        "Hi {{ name }}",
    );
    let before = campaign.files();
    campaign.run(&server, &[]).exits(3).says("2 of 3 rows").says("--skip-invalid");
    assert_eq!((server.sends().len(), campaign.files()), (0, before));
    campaign.run(&server, &["--skip-invalid"]).exits(1);
    assert_eq!(campaign.statuses(), ["sent", "invalid", "invalid"]);
    assert_eq!(campaign.column("success"), ["true", "false", "false"]);
    assert_eq!(campaign.column("attempts"), ["1", "0", "0"]);
    let errors = campaign.column("error");
    assert!(errors[1].contains("name") && errors[2].contains("not a profile"), "{errors:?}");
    campaign.write(
        "people.csv",
        "LinkedIn,Name\nada-lovelace,Ada\nalan-turing,Alan\ngrace-hopper,Grace\n",
    );
    campaign.run(&server, &[]).exits(0);
    assert_once(&server, &["ada-lovelace", "alan-turing", "grace-hopper"]);
}

#[test]
fn a_row_that_is_sent_needs_no_message_any_more() {
    let server = Server::start();
    let campaign = Campaign::new("LinkedIn,Name\nada-lovelace,Ada\n", "Hi {{ name }}");
    campaign.run(&server, &[]).exits(0);
    campaign.write("people.csv", "LinkedIn,Name\nada-lovelace,\nalan-turing,Alan\n");
    campaign.run(&server, &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "sent"]);
}

#[test]
fn without_the_journal_the_results_alone_are_resumed_from() {
    let server = Server::start();
    let campaign = Campaign::of(&["ada-lovelace", "alan-turing", "grace-hopper", "tim-lee", "=formula"]);
    campaign.write(
        "people.csv",
        "Id,LinkedIn\n1,ada-lovelace\n2,alan-turing\n3,grace-hopper\n4,tim-lee\n=5,mary-shelley\n",
    );
    server.answer("alan-turing", [status(400)]);
    server.answer("grace-hopper", [status(500)]);
    campaign
        .run(&server, &["--key", "Id", "--rows", "2-4,6", "--concurrency", "1"])
        .exits(5);
    let lines = campaign.results();
    assert_eq!(campaign.column("key")[4], "'=5");
    fs::remove_file(campaign.journal()).expect("the journal");
    campaign
        .run(&server, &["--key", "Id", "--rows", "2"])
        .exits(0)
        .says("journal is gone");
    let known = |lines: Vec<Line>| lines.into_iter().filter(|line| line["attempts"] != "0").collect::<Vec<_>>();
    assert_eq!(known(campaign.results()), known(lines), "what was known is known");
    fs::remove_file(campaign.journal()).expect("the journal");
    campaign.run(&server, &["--key", "Id", "--concurrency", "1"]).exits(5);
    let order = [
        "ada-lovelace",
        "alan-turing",
        "grace-hopper",
        "mary-shelley",
        "alan-turing",
        "tim-lee",
    ];
    assert_eq!(server.recipients(), order);
    assert_eq!(campaign.column("attempts"), ["1", "2", "1", "1", "1"]);
    assert_eq!(campaign.statuses(), ["sent", "sent", "unconfirmed", "sent", "sent"]);
}

#[test]
fn a_spreadsheet_program_may_have_saved_the_results_before_the_journal_was_lost() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    campaign.run(&server, &["--limit", "2"]).exits(0);
    let text = fs::read_to_string(campaign.path("people.results.csv")).expect("results");
    let saved = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    campaign.write("people.results.csv", saved);
    fs::remove_file(campaign.journal()).expect("the journal");
    campaign.run(&server, &[]).exits(0);
    assert_once(&server, &["person-2", "person-3", "person-4"]);
}

#[test]
fn results_without_a_journal_that_cannot_be_read_back_send_nothing() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    campaign.run(&server, &["--limit", "1"]).exits(0);
    fs::remove_file(campaign.journal()).expect("the journal");
    let text = fs::read_to_string(campaign.path("people.results.csv")).expect("results");
    campaign.write("people.results.csv", text.replace(",sent,", ",snet,"));
    campaign.run(&server, &[]).exits(3).says("snet");
    campaign.write("people.results.csv", "a,b\n1,2\n");
    campaign.run(&server, &[]).exits(3).says("no results file");
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn results_that_were_deleted_are_written_again_with_the_same_bytes() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    server.answer("person-3", [status(400)]);
    server.answer("person-4", [status(500)]);
    campaign.run(&server, &["--rows", "2-4"]).exits(5);
    let path = campaign.path("people.results.csv");
    let before = fs::read(&path).expect("results");
    for command in [vec!["results", "people.csv"], vec!["results", "people.csv", "-m", "message.txt"]] {
        fs::remove_file(&path).expect("results");
        campaign.rowcast(&command).exits(0);
        assert_eq!(fs::read(&path).expect("results"), before, "{command:?}");
    }
    fs::remove_file(&path).expect("results");
    campaign.run(&server, &["--rows", "2"]).exits(0);
    assert_eq!(fs::read(&path).expect("results"), before);
    assert_eq!(server.sends().len(), 3);
}

#[test]
fn results_that_somebody_holds_open_or_wrote_into_are_replaced_whole() {
    use std::io::Read as _;
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    campaign.run(&server, &["--limit", "1"]).exits(0);
    let path = campaign.path("people.results.csv");
    let before = fs::read(&path).expect("results");
    let mut open = fs::File::open(&path).expect("results");
    campaign.run(&server, &[]).exits(0);
    let mut seen = Vec::new();
    open.read_to_end(&mut seen).expect("the old file");
    // Elsewhere a file that is open may be taken away from whoever reads it.
    if cfg!(unix) {
        assert_eq!(seen, before, "who had it open sees the old file, whole");
    }
    campaign.write("people.results.csv", "row,key,status\n2,person-2,pending\n");
    campaign.run(&server, &[]).exits(0);
    assert_eq!(
        (campaign.statuses().len(), server.sends().len()),
        (3, 3),
        "the journal is the truth"
    );
}

#[test]
fn a_journal_belongs_to_one_endpoint() {
    let (first, second) = (Server::start(), Server::start());
    let campaign = Campaign::with_rows(2);
    campaign.run(&first, &["--limit", "1"]).exits(0);
    let before = fs::read(campaign.journal()).expect("a journal");
    campaign.run(&second, &[]).exits(3).says("--base-url").says("--results");
    assert_eq!(second.sends().len(), 0);
    assert_eq!(fs::read(campaign.journal()).expect("a journal"), before);
    campaign.run(&second, &["--results", "other.csv"]).exits(0);
    assert_eq!(second.sends().len(), 2);
}

#[test]
fn one_results_name_is_one_campaign() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    campaign.write("others.csv", "LinkedIn\nperson-2\nperson-9\n");
    campaign.run(&server, &["--results", "all.csv"]).exits(0);
    campaign
        .run(&server, &["others.csv", "-m", "message.txt", "--results", "all.csv"])
        .exits(0);
    assert_once(&server, &["person-2", "person-3", "person-9"]);
    assert!(campaign.path("all.journal").exists());
}

#[test]
fn a_results_file_is_no_sheet() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    campaign.run(&server, &["--limit", "1"]).exits(0);
    campaign
        .run(&server, &["people.results.csv", "-m", "message.txt"])
        .exits(3)
        .says("results file");
    fs::copy(campaign.path("people.results.csv"), campaign.path("copy.csv")).expect("a copy");
    campaign
        .run(&server, &["copy.csv", "-m", "message.txt"])
        .exits(3)
        .says("results file");
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn a_damaged_journal_is_refused_with_its_line_and_a_torn_tail_is_cut() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    campaign.run(&server, &["--limit", "2", "--concurrency", "1"]).exits(0);
    let whole = fs::read_to_string(campaign.journal()).expect("a journal");
    campaign.write("people.results.journal", whole.replacen("person-2", "person-9", 1));
    campaign.run(&server, &[]).exits(3).says("line ").says("damaged");
    campaign.rowcast(&["status", "people.csv"]).exits(3);
    assert_eq!(server.sends().len(), 2);
    campaign.write("people.results.journal", format!("{whole}{{\"n\":99,\"intent\":{{\"at\""));
    campaign.run(&server, &[]).exits(0);
    assert_once(&server, &["person-2", "person-3", "person-4", "person-5"]);
}

#[test]
fn a_row_whose_intent_is_the_last_word_of_the_journal_is_unconfirmed() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    campaign.run(&server, &["--concurrency", "1"]).exits(0);
    let whole = fs::read_to_string(campaign.journal()).expect("a journal");
    let lines: Vec<_> = whole.lines().collect();
    let last_intent = lines.iter().rposition(|line| line.contains("\"intent\":")).expect("an intent");
    campaign.write("people.results.journal", lines[..=last_intent].join("\n") + "\n");
    campaign.rowcast(&["status", "people.csv"]).exits(0).says("1 unconfirmed");
    campaign.run(&server, &[]).exits(5);
    assert_eq!(campaign.statuses(), ["sent", "unconfirmed"]);
    assert_eq!(server.sends().len(), 2);
}

#[test]
fn rows_that_never_connected_are_sent_once_the_service_is_back() {
    let campaign = Campaign::with_rows(3);
    let (base_url, socket) = nobody();
    campaign.run_at(&base_url, &["--retries", "0", "--account", "acc_1"]).exits(1);
    assert_eq!(campaign.statuses(), ["failed", "failed", "failed"]);
    let server = Server::start_on(socket);
    campaign.run(&server, &[]).exits(0);
    assert_once(&server, &["person-2", "person-3", "person-4"]);
}
