//! Who must not be written to: people on lists, people whom a campaign of this machine wrote to, and nobody twice.
//!
//! All of these rows are skipped, each with the reason in the results; the server counts that nothing reaches it.

use std::fs;

use crate::harness::{Campaign, Delivery, Server, broken, sent, status, urn_of};

const MESSAGE: &str = "Hi {{ first_name }}, hello from us.\n";

/// Anna, Bert of Acme, and a number that the sheet gives each.
const SHEET: &str = "First Name,LinkedIn,Company,Id\nAnna,anna-a,,00417\nBert,https://www.linkedin.com/in/bert-b/,Acme & Co.,00418\n";

fn campaign() -> Campaign {
    Campaign::new(SHEET, MESSAGE)
}

/// Fails the test unless the run sends nothing at all, and says of these rows that they are left out for these reasons.
#[track_caller]
fn skips(campaign: &Campaign, server: &Server, arguments: &[&str], results: &str, reasons: &[(usize, &str)]) {
    let before = server.sends().len();
    let skipped = format!("{} skipped", reasons.len());
    campaign.run(server, arguments).exits(0).says(&skipped).says("Sent in this run: 0");
    assert_eq!(server.sends().len(), before, "{reasons:?}");
    let lines = crate::harness::lines(&campaign.path(results));
    for (row, reason) in reasons {
        let line = lines.iter().find(|line| line["row"] == row.to_string()).expect("a row");
        assert_eq!(line["status"], "skipped", "row {row}");
        assert!(is_like(&line["error"], reason), "row {row}: {}\n{reason}", line["error"]);
    }
}

/// Whether `text` is this pattern, in which `*` stands for anything: a day, a folder.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| text.char_indices().any(|(at, _)| is_like(&text[at..], rest))),
    }
}

const CONTACTED: &str = "already contacted on 20* by campaign */people";

/// The same for row 3, where row 2 is not chosen.
#[track_caller]
fn bert_is_skipped(campaign: &Campaign, arguments: &[&str], reason: &str) {
    let server = Server::start();
    skips(
        campaign,
        &server,
        &[arguments, &["--rows", "3"]].concat(),
        "people.results.csv",
        &[(3, reason)],
    );
    assert_eq!(server.seen().len(), 0, "{reason}");
}

/// Bert is on a list with this line, and the reason names the list and the line.
#[track_caller]
fn listed(line: &str, arguments: &[&str]) {
    let campaign = campaign();
    campaign.write("no.csv", format!("# who left\n{line}\n"));
    let reason = format!("do not contact: `{line}` in no.csv, line 2");
    bert_is_skipped(&campaign, &[arguments, &["--suppress", "no.csv"]].concat(), &reason);
}

#[test]
fn a_profile_url_of_another_country_on_a_list() {
    listed("https://de.linkedin.com/in/Bert-B/?trk=x", &[]);
}

#[test]
fn a_profile_id_on_a_list() {
    listed("BERT-B", &[]);
}

#[test]
fn a_profile_id_with_its_sign_on_a_list() {
    listed("@bert-b", &[]);
}

#[test]
fn a_company_on_a_list() {
    listed("ACME  & co.", &[]);
}

#[test]
fn a_key_on_a_list() {
    listed("00418", &["--key", "Id"]);
}

#[test]
fn a_urn_on_a_list() {
    let campaign = Campaign::new(
        "First Name,LinkedIn\nAnna,anna-a\nBert,https://www.linkedin.com/in/ACoAAB1/\n",
        MESSAGE,
    );
    campaign.write("no.txt", "urn:li:fs_miniProfile:ACoAAB1\n");
    let reason = "do not contact: `urn:li:fs_miniProfile:ACoAAB1` in no.txt, line 1";
    bert_is_skipped(&campaign, &["--suppress", "no.txt"], reason);
}

#[test]
fn a_list_with_columns() {
    let campaign = campaign();
    campaign.write(
        "no.csv",
        "Since;Profile URL;Why\n2024;linkedin.com/in/carl-c;x\n2025;linkedin.com/in/bert-b;y\n",
    );
    let reason = "do not contact: `linkedin.com/in/bert-b` in no.csv, line 3";
    bert_is_skipped(&campaign, &["--suppress", "no.csv"], reason);
}

#[test]
fn a_list_of_the_campaign_file() {
    let campaign = campaign();
    campaign.write("lists/no.csv", "bert-b\n");
    campaign.write(
        "campaign.toml",
        "sheet = \"people.csv\"\nmessage = \"message.txt\"\n[suppress]\nfiles = [\"lists/no.csv\"]\n",
    );
    let server = Server::start();
    let reason = "do not contact: `bert-b` in lists/no.csv, line 1";
    skips(
        &campaign,
        &server,
        &["campaign.toml", "--rows", "3"],
        "people.results.csv",
        &[(3, reason)],
    );
}

#[test]
fn the_personal_list_always_applies() {
    let campaign = campaign();
    campaign
        .rowcast(&["suppress", "add", "https://www.linkedin.com/in/Bert-B"])
        .exits(0);
    let server = Server::start();
    campaign.run(&server, &["--rows", "3"]).exits(0).says("1 skipped");
    assert_eq!(server.seen().len(), 0);
    let reason = &campaign.column("error")[1];
    let expected = "do not contact: `https://www.linkedin.com/in/Bert-B` in */do-not-contact.csv, line 2";
    assert!(is_like(reason, expected), "{reason}");
}

#[test]
fn a_list_that_was_imported() {
    let campaign = campaign();
    campaign.write("left.csv", "LinkedIn URL\nhttps://www.linkedin.com/in/bert-b\n");
    campaign.rowcast(&["suppress", "import", "left.csv"]).exits(0);
    let server = Server::start();
    campaign.run(&server, &["--rows", "3"]).exits(0).says("1 skipped");
    assert_eq!(server.seen().len(), 0);
}

/// A list that cannot hold anybody back for certain refuses the run, with these words.
#[track_caller]
fn no_list(text: Option<&[u8]>, words: &str) {
    let (server, campaign) = (Server::start(), campaign());
    if let Some(text) = text {
        campaign.write("no.csv", text);
    }
    let done = campaign.run(&server, &["--suppress", "no.csv"]).exits(3);
    assert!(done.stderr.lines().any(|line| line == words), "{words}\n{}", done.stderr);
    assert_eq!(server.seen().len(), 0, "{words}");
}

#[test]
fn a_list_that_is_not_there() {
    no_list(
        None,
        "error: cannot read the do-not-contact list no.csv: No such file or directory (os error 2); nobody may be written to while it cannot be read",
    );
}

#[test]
fn a_list_with_somebody_who_cannot_be_found() {
    no_list(
        Some(b"bert-b\nhttps://www.linkedin.com/sales/lead/ACwAAA,NAME\n"),
        "error: the do-not-contact list no.csv, line 2: 'https://www.linkedin.com/sales/lead/ACwAAA' is a Sales Navigator link, whose id \
         the API cannot address: open the lead, choose 'View LinkedIn profile' (or 'Copy LinkedIn.com URL') and paste that; expected a \
         profile URL such as 'https://www.linkedin.com/in/jane-doe', or the profile id 'jane-doe'",
    );
}

#[test]
fn a_list_in_an_old_encoding() {
    no_list(
        Some(b"bert-b\nZo\xeb\n"),
        "error: the do-not-contact list no.csv, line 2: is not UTF-8; save the list as UTF-8 text or CSV",
    );
}

/// A campaign that was sent, and its sheet under another name.
fn sent_before(server: &Server) -> Campaign {
    let campaign = campaign();
    campaign.run(server, &[]).exits(0);
    fs::copy(campaign.path("people.csv"), campaign.path("other.csv")).expect("a copy");
    campaign.write("new.txt", "Hi {{ first_name }}, one more thing.\n");
    campaign
}

#[test]
fn the_same_text_from_another_sheet() {
    let server = Server::start();
    let campaign = sent_before(&server);
    skips(
        &campaign,
        &server,
        &["other.csv"],
        "other.results.csv",
        &[(2, CONTACTED), (3, CONTACTED)],
    );
    // And only where a person says so.
    campaign
        .run(&server, &["other.csv", "--allow-repeat"])
        .exits(0)
        .says("Sent in this run: 2");
    assert_eq!(server.sends().len(), 4);
}

#[test]
fn the_same_text_to_the_same_person_in_another_form() {
    let server = Server::start();
    let campaign = sent_before(&server);
    campaign.write("other.csv", format!("First Name;Profile\nBert;{}\n", urn_of("bert-b")));
    let column = ["other.csv", "--column", "recipient=Profile"];
    skips(&campaign, &server, &column, "other.results.csv", &[(2, CONTACTED)]);
}

#[test]
fn whoever_is_listed_by_one_name_and_was_written_to_by_both() {
    for (listed, sheet) in [("in-both", urn_of("in-both")), (urn_of("in-both").as_str(), "in-both".to_owned())] {
        let server = Server::start();
        let campaign = Campaign::new("LinkedIn\nin-both\n", "Hello there");
        campaign.run(&server, &[]).exits(0);
        campaign.rowcast(&["suppress", "add", listed]).exits(0);
        campaign.write("other.csv", format!("LinkedIn\n{sheet}\nsomebody\n"));
        campaign.write("new.txt", "Another text");
        campaign
            .run(&server, &["other.csv", "-m", "new.txt", "--allow-repeat"])
            .exits(0)
            .says("1 sent, 1 skipped");
        assert_eq!(server.recipients(), ["in-both", "somebody"]);
    }
}

#[test]
fn another_text_within_the_cooldown() {
    let server = Server::start();
    let campaign = sent_before(&server);
    let flags = ["other.csv", "-m", "new.txt", "--cooldown", "1d"];
    skips(&campaign, &server, &flags, "other.results.csv", &[(2, CONTACTED), (3, CONTACTED)]);
    campaign
        .run(&server, &["other.csv", "-m", "new.txt"])
        .exits(0)
        .says("Sent in this run: 2");
}

#[test]
fn the_cooldown_of_the_campaign_file() {
    let server = Server::start();
    let campaign = sent_before(&server);
    campaign.write(
        "campaign.toml",
        "sheet = \"other.csv\"\nmessage = \"new.txt\"\n[suppress]\ncooldown = \"30d\"\n",
    );
    skips(
        &campaign,
        &server,
        &["campaign.toml"],
        "other.results.csv",
        &[(2, CONTACTED), (3, CONTACTED)],
    );
}

#[test]
fn a_text_whose_answer_another_campaign_never_got() {
    let server = Server::start();
    let campaign = campaign();
    server.answer("bert-b", [broken(Delivery::Close)]);
    campaign.run(&server, &["--rows", "3"]).exits(5);
    fs::copy(campaign.path("people.csv"), campaign.path("other.csv")).expect("a copy");
    let doubt = "may have been contacted on 20* by campaign */people, whose row is unconfirmed";
    skips(
        &campaign,
        &server,
        &["other.csv", "--rows", "3"],
        "other.results.csv",
        &[(3, doubt)],
    );
}

#[test]
fn a_message_that_certainly_did_not_arrive_is_no_contact() {
    let server = Server::start();
    let campaign = campaign();
    server.answer("bert-b", [status(400), sent()]);
    campaign.run(&server, &["--rows", "3"]).exits(1);
    fs::copy(campaign.path("people.csv"), campaign.path("other.csv")).expect("a copy");
    campaign
        .run(&server, &["other.csv", "--rows", "3", "--cooldown", "30d"])
        .exits(0)
        .says("Sent in this run: 1");
}

#[test]
fn the_same_person_under_another_key() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &["--key", "Id"]).exits(0);
    campaign.write("people.csv", SHEET.replace("00418", "00999").replace("bert-b/", "BERT-B/?x=1"));
    campaign.write("new.txt", "Hi {{ first_name }}, one more thing.\n");
    let reason = "already contacted: this campaign wrote to the same recipient under another key";
    skips(
        &campaign,
        &server,
        &["-m", "new.txt", "--key", "Id"],
        "people.results.csv",
        &[(3, reason)],
    );
}

#[test]
fn a_person_whose_urn_an_answer_told() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &["--rows", "3"]).exits(0);
    let urn = urn_of("bert-b");
    let token = urn.rsplit(':').next().expect("an id");
    // The same campaign, whose sheet has the URN now, in each of its forms and with another text.
    campaign.write("new.txt", "Hi {{ first_name }}, one more thing.\n");
    for form in [
        urn.clone(),
        format!("https://www.linkedin.com/in/{token}"),
        format!("urn:li:person:{token}"),
    ] {
        campaign.write("people.csv", format!("First Name,LinkedIn\nBert,{form}\n"));
        campaign
            .run(&server, &["-m", "new.txt"])
            .exits(0)
            .says("1 row: 1 sent. Sent in this run: 0.");
        assert_eq!(campaign.statuses(), ["sent"]);
    }
    // And another campaign, with the same text.
    campaign.write("other.csv", format!("First Name,LinkedIn\nBert,{urn}\n"));
    skips(&campaign, &server, &["other.csv"], "other.results.csv", &[(2, CONTACTED)]);
    assert_eq!(server.sends().len(), 1);
}

#[test]
fn of_two_rows_for_one_person_the_first_counts() {
    let server = Server::start();
    let campaign = Campaign::new("First Name,LinkedIn\nAnna,anna-a\nAnnie,@Anna-A\n", MESSAGE);
    campaign.run(&server, &[]).exits(0).says("1 sent, 1 skipped");
    assert_eq!(server.sends().len(), 1);
    assert_eq!(server.sends()[0].message(), "Hi Anna, hello from us.");
    assert_eq!(
        campaign.column("error")[1],
        "duplicate: row 2 has the same key or recipient, and the first counts"
    );
}

#[test]
fn results_that_rowcast_wrote_are_no_sheet() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &[]).exits(0);
    fs::copy(campaign.path("people.results.csv"), campaign.path("again.csv")).expect("a copy");
    for name in ["people.results.csv", "again.csv"] {
        let words = format!("error: {name} line 1: this is a results file that rowcast wrote; name the sheet that it was made from");
        let done = campaign.run(&server, &[name]).exits(3);
        assert!(done.stderr.lines().any(|line| line == words), "{}", done.stderr);
    }
    assert_eq!(server.sends().len(), 2);
}

#[test]
fn a_template_that_was_changed_when_half_of_the_rows_were_sent() {
    let server = Server::start();
    let campaign = campaign();
    campaign.run(&server, &["--limit", "1"]).exits(0);
    campaign.write("message.txt", "Hello {{ first_name }}, it is us again.\n");
    let words = "1 of 1 sent rows have another text than they would get now (row 2): the template was changed since the last run, and the rows \
        that are left get the new text; those that were sent keep theirs";
    let done = campaign.run(&server, &["--strict"]).exits(3);
    assert!(done.stderr.lines().any(|line| line.contains(words)), "{words}\n{}", done.stderr);
    assert_eq!(server.sends().len(), 1);
    let check = campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--format", "json"])
        .exits(0);
    let found = check.json();
    let problem = found["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|problem| problem["code"] == "text-changed");
    let problem = problem.expect("it is found");
    assert_eq!(
        (problem["severity"].as_str(), problem["text"].as_str()),
        (Some("warning"), Some(words))
    );
}
