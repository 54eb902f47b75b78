//! What a person sees before anything is sent: what columns were taken for, what changed, and what is most likely to go wrong.

use serde_json::{Value, json};

use crate::harness::{Campaign, Delivery, Server, broken};

fn check(campaign: &Campaign, arguments: &[&str]) -> String {
    let start = ["check", "people.csv", "-m", "message.txt"];
    campaign.rowcast(&[&start, arguments].concat()).exits(0).stdout
}

fn check_json(campaign: &Campaign, arguments: &[&str]) -> Value {
    let start = ["check", "people.csv", "-m", "message.txt", "--format", "json"];
    campaign.rowcast(&[&start, arguments].concat()).exits(0).json()
}

const SHEET: &str = "Member No,LinkedIn,First Name,Company,Account,Notes,Created at\n7,anna-a,Anna,Acme,acc_1,x,y\n";

#[test]
fn check_says_what_each_column_was_taken_for_and_which_templates_read_it() {
    let message = "{% if false %}{{ company }}{% endif %}Hi {{ row[\"First Name\"] }}{% include \"end.txt\" %}";
    let campaign = Campaign::new(SHEET, message).subject("For {{ first_name }}");
    campaign.write("end.txt", "{{ company }}");
    let arguments = ["-s", "subject.txt", "--key", "Member No"];
    let shown = check(&campaign, &arguments);
    let expected = "\
text, UTF-8, cells parted by ','
  recipient                LinkedIn
  account                  Account
  key                      Member No   identifies a row across runs
  company                  Company     for do-not-contact lists
  {{ row[\"First Name\"] }}  First Name  in message.txt
  {{ first_name }}         First Name  in subject.txt
  {{ company }}            Company     in message.txt, end.txt
  not used                 Notes, Created at
";
    assert!(shown.starts_with(expected), "{shown}");
    let found = check_json(&campaign, &arguments);
    let column = |name: &str| {
        let columns = found["columns"].as_array().expect("columns");
        columns.iter().find(|column| column["column"] == name).expect(name).clone()
    };
    assert_eq!(
        column("LinkedIn"),
        json!({"column": "LinkedIn", "meanings": ["recipient"], "variables": []})
    );
    assert_eq!(column("Member No")["meanings"], json!(["key"]));
    assert_eq!(
        column("First Name")["variables"],
        json!([{"written": "row[\"First Name\"]", "templates": ["message.txt"]}, {"written": "first_name", "templates": ["subject.txt"]}])
    );
    assert_eq!(
        (&found["unused"], &found["whole_row"]),
        (&json!(["Notes", "Created at"]), &json!([]))
    );
}

#[test]
fn columns_that_were_mapped_are_shown_under_their_meaning() {
    let sheet = "Profile link,Files,Inbox,Zone\nanna-a,,,\n";
    let campaign = Campaign::new(sheet, "Hi");
    let mapped = [
        "recipient=Profile link",
        "attachments=Files",
        "messaging_channel=Inbox",
        "timezone=Zone",
    ];
    let arguments: Vec<&str> = mapped.iter().flat_map(|one| ["--column", one]).collect();
    let shown = check(&campaign, &arguments);
    for line in [
        "  recipient          Profile link\n",
        "  attachments        Files\n",
        "  messaging_channel  Inbox\n",
        "  timezone           Zone\n",
    ] {
        assert!(shown.contains(line), "{line}{shown}");
    }
    assert!(!shown.contains("not used"), "{shown}");
}

#[test]
fn where_a_template_reads_the_row_as_a_whole_nothing_is_called_unused() {
    for message in [
        "{% set which = 'Notes' %}{{ row[which] }}",
        "{% for pair in row | pairs %}{{ pair | join(sep=': ') }} {% endfor %}",
    ] {
        let campaign = Campaign::new(SHEET, message);
        let shown = check(&campaign, &[]);
        assert!(shown.contains("  {{ row }}  any column  in message.txt line 1 column "), "{shown}");
        assert!(
            shown.contains("nothing can be called unused") && !shown.contains("not used"),
            "{shown}"
        );
        let found = check_json(&campaign, &[]);
        assert_eq!(found["unused"], Value::Null, "{found}");
        let place = found["whole_row"][0].as_str().expect("a place");
        assert!(place.starts_with("message.txt line 1 column "), "{place}");
    }
}

#[test]
fn headers_that_are_hostile_or_endless_steer_nothing_and_fill_no_screen() {
    let many: Vec<String> = (0..300).map(|number| format!("extra {number}")).collect();
    let long = "x".repeat(5000);
    let sheet = format!(
        "LinkedIn,\"\u{1b}[31mred\nline\",{long},{}\nanna-a\u{2c}{}\n",
        many.join(","),
        ",".repeat(301)
    );
    let campaign = Campaign::new(sheet, "Hi");
    let shown = check(&campaign, &[]);
    assert!(shown.contains("\\u{1b}[31mred\\nline"), "{shown}");
    assert!(shown.contains("and 262 more\n") && shown.len() < 2000, "{} {shown}", shown.len());
    assert_eq!(check_json(&campaign, &[])["unused"].as_array().expect("names").len(), 302);
}

const PEOPLE: &str = "LinkedIn,Name\nanna-a,Anna\nbert-b,Bert\ncara-c,Cara\ndora-d,Dora\n";

/// Four rows whose first two were sent.
fn half_sent(server: &Server) -> Campaign {
    let campaign = Campaign::new(PEOPLE, "Hello {{ name }}");
    campaign.run(server, &["--limit", "2"]).exits(0);
    campaign
}

/// The findings of `check` with this code, without those of rows.
fn findings(found: &Value, code: &str) -> Vec<Value> {
    let problems = found["problems"].as_array().expect("problems");
    problems.iter().filter(|problem| problem["code"] == code).cloned().collect()
}

#[test]
fn a_template_that_changed_is_a_warning_until_a_run_has_sent_the_new_text_and_is_said_ever_after() {
    let server = Server::start();
    let campaign = half_sent(&server);
    assert_eq!(check_json(&campaign, &[])["old_text"], 0);
    campaign.write("message.txt", "Dear {{ name }}");
    let old = "2 of 2 sent rows have another text than they would get now (rows 2, 3): the template was changed since the last run";
    let found = check_json(&campaign, &[]);
    let told = findings(&found, "text-changed");
    assert_eq!(
        (&found["old_text"], &found["warnings"], told.len()),
        (&json!(2), &json!(1), 1),
        "{found}"
    );
    assert_eq!((&told[0]["severity"], &told[0]["row"]), (&json!("warning"), &Value::Null));
    assert!(check(&campaign, &[]).contains(old));
    campaign.run(&server, &["--strict"]).exits(3).says(old);
    let standing = campaign.rowcast(&["status", "people.csv", "-m", "message.txt", "--format", "json"]);
    assert_eq!(standing.exits(0).json()["old_text"], 2);
    let sentence = "Of the rows that were sent, 2 have another text than would be sent now: the template or the sheet was changed since.";
    campaign
        .rowcast(&["status", "people.csv", "-m", "message.txt"])
        .exits(0)
        .says(sentence);
    assert_eq!(server.sends().len(), 2);
    campaign.run(&server, &["--limit", "1"]).exits(0).says(sentence);
    // A run sent the new text: from here on nobody has to be asked about it again.
    campaign.run(&server, &["--strict"]).exits(0).says(sentence).says("4 sent");
    let found = check_json(&campaign, &["--strict"]);
    let told = findings(&found, "text-changed");
    assert_eq!((&found["old_text"], &found["warnings"]), (&json!(2), &json!(0)));
    assert_eq!((&told[0]["severity"], server.sends().len()), (&json!("note"), 4));
    assert!(
        told[0]["text"].as_str().expect("a text").starts_with("2 of 4 sent rows"),
        "{told:?}"
    );
}

#[test]
fn cells_that_changed_since_their_row_was_sent_are_said_and_are_no_warning() {
    let server = Server::start();
    let campaign = half_sent(&server);
    // Sorted, with another form of the address, and Bert is called Robert now.
    campaign.write(
        "people.csv",
        "Name,LinkedIn\nDora,dora-d\nRobert,@Bert-B\nCara,cara-c\nAnna,anna-a\n",
    );
    let found = check_json(&campaign, &["--strict"]);
    let told = findings(&found, "text-changed");
    assert_eq!((&found["old_text"], &told[0]["severity"]), (&json!(1), &json!("note")), "{found}");
    let text = told[0]["text"].as_str().expect("a text");
    assert!(
        text.starts_with("1 of 2 sent rows have another text than they would get now (row 3): their cells"),
        "{text}"
    );
    campaign.run(&server, &["--strict"]).exits(0);
    assert_eq!(server.sends_to("bert-b"), 1);
}

#[test]
fn nothing_changed_where_the_sheet_was_sorted_and_the_template_moved() {
    let server = Server::start();
    let campaign = half_sent(&server);
    campaign.write(
        "people.csv",
        "Name,LinkedIn\nDora,dora-d\nBert,linkedin.com/in/bert-b/\nCara,cara-c\nAnna,Anna-A\n",
    );
    campaign.write("letters/new.txt", "Hello {{ name }}\n");
    let found = campaign
        .rowcast(&["check", "people.csv", "-m", "letters/new.txt", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&found["old_text"], findings(&found, "text-changed").len()),
        (&json!(0), 0),
        "{found}"
    );
}

#[test]
fn old_texts_are_known_from_results_alone_and_from_a_persons_verdict_and_tests_have_none() {
    let server = Server::start();
    let campaign = Campaign::new(PEOPLE, "Hello {{ name }}");
    server.answer_nth(1, broken(Delivery::Close));
    campaign.run(&server, &["--limit", "2", "--concurrency", "1"]).exits(5);
    campaign.write("message.txt", "Dear {{ name }}");
    // What may or may not have been delivered is nobody's text yet.
    assert_eq!(check_json(&campaign, &[])["old_text"], 1);
    let mark = [
        "reconcile",
        "people.csv",
        "--mark",
        "sent",
        "--rows",
        "2",
        "--base-url",
        &server.base_url(),
    ];
    campaign.rowcast(&mark).exits(0);
    campaign.run(&server, &["--test-to", "me", "--rows", "2,4"]).exits(0);
    assert_eq!(check_json(&campaign, &[])["old_text"], 2);
    campaign.rowcast(&["results", "people.csv", "-m", "message.txt"]).exits(0);
    std::fs::remove_file(campaign.journal()).expect("a journal");
    let found = check_json(&campaign, &[]);
    assert_eq!((&found["old_text"], &found["sent"]), (&json!(2), &json!(2)), "{found}");
    assert_eq!(findings(&found, "text-changed")[0]["severity"], "warning");
}

fn worst(campaign: &Campaign, arguments: &[&str]) -> Vec<Value> {
    let start = ["preview", "people.csv", "-m", "message.txt", "--format", "json", "--worst"];
    campaign.rowcast(&[&start, arguments].concat()).exits(0).json_lines()
}

fn numbers(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["row"].as_u64().expect("a number")).collect()
}

/// The codes of a row's problems, in their order.
fn codes(row: &Value) -> Vec<&str> {
    let problems = row["problems"].as_array().expect("problems");
    problems.iter().map(|problem| problem["code"].as_str().expect("a code")).collect()
}

const DOUBTFUL: &str = "LinkedIn,First Name,City,Notes
r-2,Anna,Rome,ok
r-3,BERT,Rome,ok
r-4,Cara,,ok
r-5,Dora,Rome,this note is longer than those of the others
r-6,,Rome,ok
r-7,EMIL,Rome,ok
r-8,Fay Ann,Rome,ok
not a person,Gus,Rome,ok
r-10,,Rome,ok
r-11,Al,Rome,
R-2,Anna,Rome,ok
";

fn doubtful() -> Campaign {
    let message = "Hello {{ first_name }} from {{ city | default(value=\"your city\") }}. {% if notes %}{{ notes }}{% endif %}";
    Campaign::new(DOUBTFUL, message)
}

#[test]
fn the_worst_rows_come_first_and_each_says_why_it_is_there() {
    let campaign = doubtful();
    let rows = worst(&campaign, &["100"]);
    // Blank names twice, an address once; names in capitals twice, several words, a duplicate; the longest, the shortest, a default.
    assert_eq!(numbers(&rows), [6, 9, 10, 3, 8, 12, 7, 5, 11, 4, 2]);
    let why: Vec<(u64, Vec<&str>)> = rows
        .iter()
        .map(|row| (row["row"].as_u64().expect("a number"), codes(row)))
        .collect();
    for (row, expected) in [
        (6, &["blank-cell"][..]),
        (3, &["name-capitals"]),
        (12, &["duplicate"]),
        (5, &["longest"]),
        (11, &["shortest"]),
        (4, &["default-used"]),
    ] {
        assert!(
            why.iter().any(|(number, codes)| (*number, codes.as_slice()) == (row, expected)),
            "{row}: {why:?}"
        );
    }
    let text = |row: usize, at: usize| rows[row]["problems"][at]["text"].as_str().expect("a text").to_owned();
    assert_eq!(text(7, 0), "the longest of 7 messages, with 66 characters");
    assert_eq!(text(8, 0), "the shortest of 7 messages, with 19 characters");
    assert_eq!(text(9, 0), "a default stands in, since column `City` is blank");
    for row in &rows {
        let keys: Vec<&String> = row.as_object().expect("an object").keys().collect();
        let promised = [
            "row",
            "key",
            "status",
            "account",
            "recipient",
            "subject",
            "message",
            "message_sha256",
            "problems",
        ];
        assert_eq!(keys, promised);
        for problem in row["problems"].as_array().expect("problems") {
            let keys: Vec<&String> = problem.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["severity", "code", "text"]);
        }
    }
    assert_eq!(numbers(&worst(&campaign, &["2"])), [6, 9]);
    let shown = campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--worst", "9"])
        .exits(0);
    let first = "── row 6 · r-6 · invalid\n! column `First Name` is blank";
    assert!(shown.stdout.starts_with(first), "{}", shown.stdout);
    shown.says("! the shortest of 7 messages, with 19 characters");
}

#[test]
fn the_worst_are_chosen_among_the_rows_that_preview_would_show() {
    let campaign = doubtful();
    let plain = |arguments: &[&str]| {
        let start = ["preview", "people.csv", "-m", "message.txt", "--format", "json"];
        let mut rows = numbers(&campaign.rowcast(&[&start, arguments].concat()).exits(0).json_lines());
        rows.sort_unstable();
        rows
    };
    for choice in [
        &["--rows", "2-5,7"][..],
        &["--limit", "4"],
        &["--sample", "5"],
        &["--rows", "4-", "--limit", "3"],
    ] {
        let mut rows = numbers(&worst(&campaign, &[&["100"], choice].concat()));
        rows.sort_unstable();
        assert_eq!(rows, plain(choice), "{choice:?}");
    }
    assert_eq!(numbers(&worst(&campaign, &["2", "--rows", "2-5"])), [3, 5]);
    campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--worst", "3", "--html", "page.html"])
        .exits(0)
        .says("3 messages are in page.html");
    let page = std::fs::read_to_string(campaign.path("page.html")).expect("a page");
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("r-6") < place("not a person") && place("not a person") < place("r-10"));
    assert!(page.contains("most likely to go wrong, the worst first"), "{page}");
    campaign.write("brief.pdf", "%PDF");
    let all = [
        "preview",
        "people.csv",
        "-m",
        "message.txt",
        "--attachments",
        "brief.pdf",
        "--rows",
        "2",
        "--html",
        "page.html",
    ];
    campaign.rowcast(&all).exits(0);
    let page = std::fs::read_to_string(campaign.path("page.html")).expect("a page");
    assert!(page.contains("Attached: brief.pdf") && !page.contains("the worst first"), "{page}");
    campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--worst", "0"])
        .exits(2);
}

#[test]
fn a_row_that_is_not_to_be_sent_any_more_cannot_go_wrong() {
    let server = Server::start();
    let campaign = half_sent(&server);
    assert_eq!(numbers(&worst(&campaign, &["9"])), [4, 5]);
    campaign.run(&server, &[]).exits(0);
    let none = campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--worst", "9"])
        .exits(0);
    assert_eq!(none.stdout, "");
    none.says("None of the chosen rows can go wrong: nothing of them is left to send.");
}

/// 62 rows: one that cannot be sent, one twice, some with names in capitals, one with a title.
fn crowd() -> Campaign {
    let name = |row: usize| match row {
        3 => "Bert",
        5 => "",
        7 => "Dr. Zoe",
        10 | 11 | 12 | 20 | 30 => "ANNA",
        _ => "Anna",
    };
    let person = |row| {
        if row == 63 {
            "@Person-2".to_owned()
        } else {
            format!("person-{row}")
        }
    };
    let rows: Vec<String> = (2..64).map(|row| format!("{},{}", person(row), name(row))).collect();
    Campaign::new(
        format!("LinkedIn,First Name\n{}\n", rows.join("\n")),
        "Dear {{ first_name }}, hello.",
    )
}

/// What is said of `crowd`, the worst first.
const OF_CROWD: [&str; 8] = [
    "error  blank-cell · 1 row",
    "  row 5: column `First Name` is blank, and message.txt line 1 column 9 prints it; fill the cell or write {{ first_name | default(value=\"…\") }}",
    "warning  name-capitals · 5 rows",
    "  rows 10-12, 20, 30: column `First Name` has `ANNA`, all in capitals; write it as the person does",
    "warning  name-title · 1 row",
    "  row 7: column `First Name` has `Dr. Zoe`, a name with a title, and the template greets by it; leave the title out",
    "warning  duplicate · 1 row",
    "  row 63: duplicate: row 2 has the same key or recipient, and the first counts",
];

/// The lines of a text that are findings.
fn said(text: &str) -> Vec<&str> {
    let lines = text.lines().skip_while(|line| !line.starts_with("error  "));
    lines.take(OF_CROWD.len()).collect()
}

#[test]
fn a_refused_run_lists_the_problems_as_check_does_grouped_and_the_worst_first() {
    let server = Server::start();
    let campaign = crowd();
    let check = campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(3);
    assert_eq!(said(&check.stdout), OF_CROWD);
    let run = campaign.run(&server, &[]).exits(3).says("error: 1 of 62 rows cannot be sent");
    assert_eq!(said(&run.stderr), OF_CROWD);
    let strict = campaign
        .run(&server, &["--skip-invalid", "--strict"])
        .exits(3)
        .says("error: 7 warnings, and --strict");
    assert_eq!(said(&strict.stderr), OF_CROWD);
    let found = campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--format", "json"])
        .exits(3)
        .json();
    let kind = |severity: &str, code: &str, count| json!({"severity": severity, "code": code, "count": count, "rows": count});
    let kinds = [
        kind("error", "blank-cell", 1),
        kind("warning", "name-capitals", 5),
        kind("warning", "name-title", 1),
        kind("warning", "duplicate", 1),
    ];
    assert_eq!(found["kinds"], json!(kinds));
    assert!(server.seen().is_empty());
}

#[test]
fn of_many_findings_some_are_shown_and_all_are_counted() {
    let names: Vec<String> = (0..30).map(|row| format!("p-{row},{}", "A".repeat(4 + row % 25))).collect();
    let campaign = Campaign::new(format!("LinkedIn,First Name\n{}\n", names.join("\n")), "Dear {{ first_name }}");
    let shown = check(&campaign, &[]);
    assert!(shown.contains("warning  name-capitals · 30 rows\n  rows 2, 27: "), "{shown}");
    // Twenty texts, of which the first five are two rows each.
    assert!(shown.contains("  … and 5 more like these\n"), "{shown}");
}

#[test]
fn what_is_said_is_about_the_rows_that_are_chosen() {
    let server = Server::start();
    let campaign = crowd();
    campaign.run(&server, &["--rows", "2-4", "--strict"]).exits(0).says("3 sent");
    let found = campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--rows", "2-12", "--format", "json"])
        .exits(3)
        .json();
    assert_eq!((&found["errors"], &found["warnings"]), (&json!(1), &json!(4)));
}

#[test]
fn a_few_people_of_one_name_are_no_worry_and_a_sheet_with_one_name_alone_is() {
    let of = |count: usize| {
        let rows: Vec<String> = (0..count).map(|row| format!("p-{row},Anna")).collect();
        Campaign::new(format!("LinkedIn,First Name\n{}\n", rows.join("\n")), "Dear {{ first_name }}")
    };
    check(&of(4), &["--strict"]);
    let found = check_json(&of(5), &[]);
    let text = "all 5 messages are the same, though the template reads names; is one name in all rows of the sheet?";
    assert_eq!(found["problems"][0]["text"], text, "{found}");
}

#[test]
fn where_nobody_is_asked_warnings_are_said_in_a_line() {
    let server = Server::start();
    let campaign = crowd();
    campaign
        .run(&server, &["--rows", "6-12"])
        .exits(0)
        .says("warning: 4 warnings about rows; `rowcast check people.csv -m message.txt");
    campaign.write("message.txt", "Hello.");
    campaign
        .run(&server, &["--rows", "6-14"])
        .exits(0)
        .says("warning: all 2 messages are the same")
        .says("warning: 7 of 7 sent rows have another text than they would get now (rows 6, 7, 8, 9, 10, …)");
}

#[cfg(unix)]
mod at_a_terminal {
    use super::{Campaign, OF_CROWD, Server, crowd};
    use crate::harness::AtTerminal;

    fn ask<'a>(campaign: &'a Campaign, server: &Server) -> AtTerminal<'a> {
        AtTerminal::start(campaign, &campaign.run_arguments(&server.base_url(), &["--ask", "--skip-invalid"]))
    }

    /// What a terminal shows, without its colours, and with its broken lines as one.
    fn plain(screen: &str) -> String {
        let mut text = String::new();
        let mut pieces = screen.split('\u{1b}');
        text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            text.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest));
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_question_shows_number_account_duration_what_is_odd_and_the_first_message() {
        let server = Server::start();
        let campaign = crowd();
        let mut terminal = ask(&campaign, &server);
        let screen = plain(&terminal.wait_for("Type 60"));
        let mut rest = screen.as_str();
        let start = [
            "62 rows: 1 invalid, 1 skipped, 60 pending",
            "60 messages from account acc_1 (Anna Sender)",
            "as fast as answers come",
        ];
        let end = ["The first message, to person-2 (row 2):", "Dear Anna, hello.", "Type 60"];
        for part in start.into_iter().chain(OF_CROWD).chain(end) {
            let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, after) = rest
                .split_once(&part)
                .unwrap_or_else(|| panic!("{part} is not there, or not in its place: {screen}"));
            rest = after;
        }
        assert!(server.sends().is_empty());
        terminal.types("60\n");
        let (code, screen) = terminal.finish();
        assert_eq!((code, server.sends().len()), (Some(1), 60), "{screen}");
    }

    #[test]
    fn whatever_is_not_the_number_sends_nothing() {
        for answer in ["\n", "yes\nyes\nyes\n", "59\n61\n60 messages\n", "n\n", "\u{4}"] {
            let server = Server::start();
            let campaign = crowd();
            let before = campaign.files();
            let mut terminal = ask(&campaign, &server);
            terminal.wait_for("Type 60");
            terminal.types(answer);
            let (code, screen) = terminal.finish();
            assert_eq!((code, server.sends().len()), (Some(3), 0), "{answer:?}: {screen}");
            assert!(screen.contains("Nothing was sent."), "{screen}");
            assert_eq!(campaign.files(), before, "{answer:?}");
        }
    }
}

#[test]
fn check_points_to_all_of_a_few_messages_and_to_the_worst_of_many() {
    let point = |campaign: &Campaign| campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(0).stderr;
    let few = point(&Campaign::with_rows(10));
    assert!(
        few.contains("\n  rowcast preview people.csv -m message.txt\n  rowcast run "),
        "{few}"
    );
    let many = Campaign::with_rows(11);
    let said = point(&many);
    let line = said.lines().find(|line| line.contains("preview")).expect("a command");
    assert_eq!(line, "  rowcast preview people.csv -m message.txt --worst 10");
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    many.rowcast(&words).exits(0).says("── row 2 · person-2");
}
