//! Messages that their sender would regret: none of them reaches the server, and each refusal says what to do.

use crate::harness::{Campaign, Server};

const URL: &str = "https://www.linkedin.com/in/";

/// A sheet of two rows whose second one is `cells`, and a message that names both columns.
fn with_name(name: &str) -> Campaign {
    let sheet = format!("First Name,LinkedIn\nAnna,{URL}anna-a\n\"{name}\",{URL}bert-b\n");
    Campaign::new(sheet, "Hi {{ first_name }}, hello from us.\n")
}

/// Fails the test unless the run is refused with these words and nothing reached the server.
#[track_caller]
fn refused(campaign: &Campaign, arguments: &[&str], words: &str) {
    let server = Server::start();
    campaign.run(&server, arguments).exits(3).says(words);
    assert_eq!(server.sends().len(), 0, "{words}");
}

#[test]
fn error_values_and_blanks_are_refused() {
    for (cell, words) in [
        ("#N/A", "`#N/A`, a spreadsheet's error value"),
        ("#REF!", "`#REF!`, a spreadsheet's error value"),
        ("#VALUE!", "error value"),
        ("#DIV/0!", "error value"),
        ("#NAME?", "error value"),
        ("#NV", "error value"),
        ("#BEZUG!", "error value"),
        ("Err:502", "error value"),
        ("", "column `First Name` is blank"),
        ("  ", "column `First Name` is blank"),
    ] {
        refused(&with_name(cell), &[], words);
    }
}

#[test]
fn what_is_odd_is_refused_where_warnings_are_errors() {
    for (cell, words) in [
        ("null", "has `null`, which would be in the message"),
        ("n/a", "has `n/a`"),
        ("undefined", "has `undefined`"),
        ("-", "has `-`"),
        ("TBD", "has `TBD`"),
        ("test", "has `test`"),
        ("ZoÃ«", "read in a wrong encoding"),
        ("JosÃ©", "read in a wrong encoding"),
        ("O&#39;Neill", "has HTML in it"),
        ("Smith &amp; Co", "has HTML in it"),
        ("BERT", "all in capitals"),
        ("Dr. Bert", "a name with a title"),
        ("Bert Peter", "several words"),
    ] {
        refused(&with_name(cell), &["--strict"], words);
    }
}

#[test]
fn placeholders_of_other_tools_are_refused() {
    for form in [
        "{first_name}",
        "[First Name]",
        "%FIRST_NAME%",
        "<<first name>>",
        "${first_name}",
        "*|FIRST_NAME|*",
        "«First Name»",
    ] {
        let campaign = with_name("Bert");
        campaign.write("message.txt", format!("Hi {form},\n"));
        refused(&campaign, &[], "is a placeholder of another tool");
    }
}

#[test]
fn templates_and_texts_that_cannot_be_meant_are_refused() {
    for (message, subject, words) in [
        ("Hi {{ frist_name }}", "Hello", "first_name"),
        ("{% if first_name == 'x' %}{{ nobody }}{% endif %}hello", "Hello", "nobody"),
        ("{% if false %}x{% endif %}", "Hello", "the message is empty"),
        ("Hi", "{{ first_name }}\nmore", "line break"),
    ] {
        let campaign = with_name("Bert").subject(subject);
        campaign.write("message.txt", message);
        refused(&campaign, &[], words);
    }
    refused(&with_name("Bert"), &["--max-message", "10"], "more than the 10 of --max-message");
    let long = with_name("Bert").subject("Hello {{ first_name }}");
    refused(&long, &["--max-subject", "4"], "more than the 4 of --max-subject");
}

#[test]
fn recipients_that_cannot_be_addressed_are_refused() {
    for (recipient, words) in [
        ("", "is blank"),
        ("https://www.linkedin.com/sales/lead/ACwAAA,NAME_SEARCH", "Sales Navigator link"),
        ("https://www.linkedin.com/company/acme", "the page of a company"),
        ("jane@example.com", "is an e-mail address"),
        ("Jane Doe", "has spaces in it"),
        ("https://lnkd.in/abc", "is a short link"),
    ] {
        let sheet = format!("First Name,LinkedIn\nAnna,anna-a\nBert,\"{recipient}\"\n");
        refused(&Campaign::new(sheet, "Hi {{ first_name }}"), &[], words);
    }
}

#[test]
fn all_rows_together_can_be_embarrassing_too() {
    let same = Campaign::new("First Name,LinkedIn\nAnna,anna-a\nBert,bert-b\n", "Hi there");
    refused(&same, &["--strict"], "all 2 messages are the same");
    let greeting = "Hi {{ first_name | default(value=\"there\") }}";
    let unnamed = Campaign::new("First Name,LinkedIn\nAnna,anna-a\n,bert-b\n", greeting);
    refused(&unnamed, &["--strict"], "1 of 2 messages greet without a name");
    let twice = Campaign::new("First Name,LinkedIn\nAnna,anna-a\nAnna,@Anna-A\n", "Hi {{ first_name }}");
    refused(&twice, &["--strict"], "duplicate: row 2");
}

#[test]
fn nobody_on_a_list_is_written_to() {
    let server = Server::start();
    let campaign = with_name("Bert");
    campaign.write("no.csv", "# left\nhttps://de.linkedin.com/in/Bert-B/\n");
    campaign.rowcast(&["suppress", "add", "@anna-a"]).exits(0);
    campaign.run(&server, &["--suppress", "no.csv"]).exits(0).says("2 skipped");
    assert_eq!(server.sends().len(), 0);
    assert!(campaign.column("error").iter().all(|error| error.starts_with("do not contact: ")));
    refused(&campaign, &["--suppress", "gone.csv"], "gone.csv");
}

#[test]
fn no_text_goes_twice_to_a_person_whatever_the_sheet_is_called() {
    let server = Server::start();
    let campaign = with_name("Bert");
    campaign.run(&server, &[]).exits(0);
    std::fs::copy(campaign.path("people.csv"), campaign.path("other.csv")).expect("a copy");
    let flags = ["other.csv", "-m", "message.txt"];
    campaign.run(&server, &flags).exits(0).says("2 skipped");
    assert_eq!(server.sends().len(), 2);
    campaign.write("again.txt", "Hi {{ first_name }}, one more thing.\n");
    campaign
        .run(&server, &["other.csv", "-m", "again.txt", "--cooldown", "1d"])
        .exits(0)
        .says("2 skipped");
    assert_eq!(server.sends().len(), 2);
    campaign
        .run(&server, &["other.csv", "-m", "message.txt", "--allow-repeat"])
        .exits(0)
        .says("2 sent");
    assert_eq!(server.sends().len(), 4);
}
