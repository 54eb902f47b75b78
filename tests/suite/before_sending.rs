//! What a person sees before anything is sent: what columns were taken for, what changed, and what is most likely to go wrong.

use serde_json::{Value, json};

use crate::harness::Campaign;

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
  recipient          LinkedIn
  account            Account
  key                Member No
  company            Company
  row[\"First Name\"]  First Name  in message.txt
  first_name         First Name  in subject.txt
  company            Company     in message.txt, end.txt
  not used           Notes, Created at
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
        assert!(shown.contains("  row        any column  in message.txt line 1 column "), "{shown}");
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
