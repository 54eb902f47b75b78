//! What cannot be read for certain is refused with its place, before anything is sent and before any file is made; what can is read as it is.

use crate::harness::{Campaign, Server};

/// A campaign that is refused, and what is said.
struct Refusal {
    sheet: Vec<u8>,
    message: &'static str,
    arguments: &'static [&'static str],
    says: &'static [&'static str],
}

fn sheet(sheet: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Refusal {
    Refusal {
        sheet: sheet.into(),
        message: "Hello",
        arguments: &[],
        says,
    }
}

fn message(message: &'static str, says: &'static [&'static str]) -> Refusal {
    let sheet = "LinkedIn,First Name,Company,Title\nada-lovelace,Ada,Engines,\nalan-turing,Alan,Bletchley,Dr\n";
    Refusal {
        message,
        ..self::sheet(sheet, says)
    }
}

impl Refusal {
    fn with(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }
}

#[track_caller]
fn assert_refused(refusals: Vec<Refusal>) {
    let server = Server::start();
    for Refusal {
        sheet,
        message,
        arguments,
        says,
    } in refusals
    {
        let campaign = Campaign::new(&sheet, message);
        let before = campaign.files();
        let checked = [&["check", "people.csv", "-m", "message.txt"], arguments].concat();
        for done in [campaign.rowcast(&checked), campaign.run(&server, arguments)] {
            let what = format!(
                "{:?} {message:?}\n{}{}",
                String::from_utf8_lossy(&sheet[..sheet.len().min(200)]),
                done.stdout,
                done.stderr
            );
            assert_eq!(done.code, Some(3), "{what}");
            for says in says {
                assert!(
                    done.stderr.contains(says) || done.stdout.contains(says),
                    "{says:?} is not said of {what}"
                );
            }
        }
        assert_eq!(campaign.files(), before, "a refusal makes no file");
    }
    assert!(server.seen().iter().all(|seen| !seen.is_send()));
}

#[test]
fn sheets_whose_cells_cannot_be_told_apart_are_refused() {
    assert_refused(vec![
        sheet(
            "LinkedIn,Name\nada-lovelace,Ada\nalan-turing\n",
            &["people.csv line 3", "1 cells where the header has 2"],
        ),
        sheet(
            "LinkedIn,Name\nada-lovelace,Ada,x\n",
            &["people.csv line 2", "3 cells where the header has 2"],
        ),
        sheet("LinkedIn,Note\nada-lovelace,\"a\nb\"\nalan-turing\n", &["line 4 (row 3)"]),
        sheet(
            "LinkedIn,Note\nada-lovelace,say \"hi\" to her\n",
            &["line 2", "a quote inside a cell"],
        ),
        sheet("LinkedIn,Note\nada-lovelace,\"hi\" there\n", &["line 2", "quote"]),
        sheet(
            "LinkedIn,Note\nada-lovelace,\"never closed\nalan-turing,x\n",
            &["line 2", "never closed"],
        ),
        sheet("LinkedIn,Note\nada-lovelace,a\0b\n", &["line 2", "NUL"]),
        sheet("LinkedIn,Note\nada-lovelace,a\rb\n", &["line 2", "carriage return"]),
        sheet("a,b;c\n1,2;3\n", &["--delimiter"]),
        sheet("sep=#\nLinkedIn#Name\n", &["first line names a delimiter"]),
        sheet("My export\nLinkedIn,Name\nada-lovelace,Ada\n", &["lines above the header"]),
    ]);
}

#[test]
fn sheets_in_an_encoding_that_nobody_named_are_refused() {
    assert_refused(vec![
        sheet(
            b"LinkedIn,Name\nada-lovelace,Zo\xeb\n".to_vec(),
            &["line 2", "not UTF-8", "--encoding windows-1252"],
        ),
        sheet(b"L\0i\0n\0k\0e\0d\0I\0n\0\n\0a\0".to_vec(), &["UTF-16", "--encoding utf-16le"]),
        sheet("LinkedIn,Name\nada-lovelace,Ada\n", &["'klingon' is no encoding"]).with(&["--encoding", "klingon"]),
        sheet(b"\xff\xfeL\0".to_vec(), &["byte-order mark", "leave --encoding out"]).with(&["--encoding", "windows-1252"]),
        sheet(b"\x89PNG\r\n\x1a\n\0\0".to_vec(), &["people.csv"]),
    ]);
}

#[test]
fn sheets_whose_header_is_in_doubt_are_refused() {
    assert_refused(vec![
        sheet("", &["empty"]),
        sheet("LinkedIn,Name\n", &["a header and no rows"]),
        sheet("LinkedIn,Name\n,\n\n", &["a header and no rows"]),
        sheet("LinkedIn,Name,Name\nada-lovelace,a,b\n", &["columns 2 and 3", "'Name'"]),
        sheet(
            "LinkedIn,First Name,first_name\nada-lovelace,a,b\n",
            &["'First Name' and 'first_name'", "{{ first_name }}"],
        ),
        sheet(
            "LinkedIn,Profile URL\nada-lovelace,alan-turing\n",
            &["'LinkedIn' and 'Profile URL'", "--column"],
        ),
        sheet(
            "Who,Name\nada-lovelace,Ada\n",
            &["no column says who", "linkedin_url", "'Who', 'Name'"],
        ),
        sheet("LinkedIn,,Name\nada-lovelace,x,Ada\n", &["column 2 has no name"]),
        sheet("LinkedIn,Name\nada-lovelace,Ada\nLinkedIn,Name\n", &["line 3", "the header again"]),
        sheet("LinkedIn,Name\nada-lovelace,Ada\n", &["no column 'Idd'", "--key"]).with(&["--key", "Idd"]),
        sheet("LinkedIn,Member Id\nada-lovelace,1\n", &["did you mean 'Member Id'"]).with(&["--key", "Member-Idd"]),
        sheet("LinkedIn,Profil\nada-lovelace,1\n", &["no column 'Profile'", "'Profil'"]).with(&["--column", "recipient=Profile"]),
        sheet("LinkedIn\nada-lovelace\n", &["a text file has no tabs"]).with(&["--tab", "One"]),
    ]);
}

#[test]
fn recipients_that_cannot_be_read_are_refused_with_what_was_expected() {
    for (cell, says) in [
        ("not a profile", "expected a profile URL"),
        ("https://www.linkedin.com/company/acme", "company"),
        ("https://example.com/in/ada", "example.com"),
        ("https://www.linkedin.com/in/", "profile"),
        ("https://www.linkedin.com/feed/", "profile"),
        ("https://www.linkedin.com/in/me/", "their own profile"),
        ("None", "'None' stands for nothing that is known"),
        ("nan", "'nan' stands for nothing that is known"),
        ("TRUE", "'TRUE' stands for nothing that is known"),
        ("ada@example.com", "e-mail"),
        ("urn:li:organization:12", "urn:li:organization"),
        ("urn:li:fsd_profile:", "urn:li:fsd_profile"),
        ("{{ name }}", "{{ name }}"),
        ("\"\"", "blank"),
    ] {
        let server = Server::start();
        let campaign = Campaign::new(format!("Name,LinkedIn\nAda,{cell}\nAlan,alan-turing\n"), "Hello {{ name }}");
        let done = campaign.run(&server, &[]).exits(3).says("row 2");
        assert!(done.stderr.to_lowercase().contains(&says.to_lowercase()), "{cell}: {}", done.stderr);
        assert_eq!((server.sends().len(), campaign.files().len()), (0, 2));
    }
}

/// The id of a thread has the shape of a profile id; sent as one, the message would go to whoever has it.
#[test]
fn what_is_no_urn_of_a_conversation_is_refused_in_the_column_of_conversations() {
    for cell in [
        "2-YWJj",
        "jane-doe",
        "https://www.linkedin.com/in/jane-doe",
        "urn:li:fsd_profile:ACoAAB",
    ] {
        let server = Server::start();
        let campaign = Campaign::new(format!("LinkedIn,Conversation URN\nada,{cell}\nalan,\n"), "Hello");
        let says = format!("column `Conversation URN`: '{cell}' is no URN of a conversation; expected 'urn:li:msg_conversation:(…)'");
        campaign.run(&server, &[]).exits(3).says(&says);
        campaign.run(&server, &["--skip-invalid"]).exits(1);
        assert_eq!(server.recipients(), ["alan"]);
    }
}

#[test]
fn templates_that_name_what_is_not_there_are_refused() {
    assert_refused(vec![
        message(
            "Hi {{ frist_name }}",
            &[
                "message.txt line 1 column 7",
                "`frist_name`",
                "did you mean `first_name`",
                "company",
            ],
        ),
        message(
            "Hi\n{% if title %}{{ compny }}{% endif %}",
            &["message.txt line 2", "`compny`", "`company`"],
        ),
        message("{% if false %}{{ nowhere }}{% endif %}", &["`nowhere`"]),
        message("{{ row[\"Frist Name\"] }}", &["row[\"Frist Name\"]", "First Name"]),
        message("{% for x in titel %}{{ x }}{% endfor %}", &["`titel`", "`title`"]),
        message("{{ nowhere | default(value=\"x\") }}", &["`nowhere`"]),
        message("{{ first_name | shout }}", &["shout"]),
        message("{{ first_name", &["message.txt line 1"]),
        message("{% if title %}x", &["message.txt line 1"]),
        message("{% include \"../secret.txt\" %}", &["../secret.txt", "folder"]),
        message("{% include \"/etc/passwd\" %}", &["/etc/passwd", "folder"]),
        message("{% include \"missing.txt\" %}", &["missing.txt"]),
        message("{% include \"message.txt\" %}", &["message.txt", "Circular include"]),
        message("{% extends \"message.txt\" %}", &["message.txt"]),
        message("{{ get_env(name=\"HOME\") }}", &["get_env"]),
    ]);
}

#[test]
fn rows_that_cannot_be_rendered_are_refused_with_their_row() {
    assert_refused(vec![
        message("Hi {{ title }}", &["row 2", "title", "default"]),
        message("Hi {{ first_name }}{% if company %}, {{ title }}{% endif %}", &["row 2", "title"]),
        message("Hi {{ title | upper }}", &["row 2", "title"]),
        message("{% if title %}Hello{% endif %}", &["row 2", "empty"]),
        message("Hi {{ first_name * 2 }}", &["rows 2, 3"]),
    ]);
}

#[test]
fn a_message_template_is_needed_and_has_to_be_there() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    campaign.run(&server, &["-m", "nowhere.txt"]).exits(3).says("nowhere.txt");
    campaign.run(&server, &["-s", "nowhere.txt"]).exits(3).says("nowhere.txt");
    campaign
        .rowcast(&["run", "people.csv", "--yes", "--base-url", &server.base_url()])
        .exits(3)
        .says("--message");
    campaign.run(&server, &["nobody.csv"]).exits(3).says("nobody.csv");
    campaign.write("latin.txt", b"Zo\xeb");
    campaign.run(&server, &["-m", "latin.txt"]).exits(3).says("latin.txt line 1");
    assert_eq!(server.seen().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_no_include() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret.txt"), "secret").expect("a file");
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), campaign.path("inside.txt")).expect("a link");
    campaign.write("message.txt", "{% include \"inside.txt\" %}");
    campaign.run(&server, &[]).exits(3).says("inside.txt");
    assert!(server.sends().is_empty());
}

/// The one message that a sheet with one row of interest sends.
#[track_caller]
fn only_message(sheet: impl AsRef<[u8]>, template: &str, arguments: &[&str]) -> String {
    let server = Server::start();
    let campaign = Campaign::new(sheet, template);
    campaign.run(&server, &[arguments, &["--rows", "2"]].concat()).exits(0);
    let sends = server.sends();
    assert_eq!(sends.len(), 1);
    sends[0].message().to_owned()
}

#[test]
fn a_sheet_is_read_in_every_form_that_spreadsheet_programs_write() {
    let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let text = "LinkedIn,Name\r\nada-lovelace,Zoë 🚀\r\n".encode_utf16();
        [mark.to_vec(), text.flat_map(bytes).collect()].concat()
    };
    let forms: Vec<(Vec<u8>, &[&str])> = vec![
        ("LinkedIn,Name\nada-lovelace,Zoë 🚀".into(), &[]),
        ("\u{feff}LinkedIn;Name\r\nada-lovelace;Zoë 🚀\r\n".into(), &[]),
        ("LinkedIn\tName\rada-lovelace\tZoë 🚀\r".into(), &[]),
        ("LinkedIn|Name\nada-lovelace|Zoë 🚀\n".into(), &[]),
        (
            "\"LinkedIn\" , \"Name\"\n\"ada-lovelace\" , \" Zoë 🚀 \"\n"
                .replace(" , ", ",")
                .into(),
            &[],
        ),
        ("  LinkedIn ,Name\u{a0}\n ada-lovelace , Zoë 🚀 \n".into(), &[]),
        ("linkedin;name\nada-lovelace;Zoë 🚀\n".into(), &["--delimiter", ";"]),
        (utf16([0xff, 0xfe], u16::to_le_bytes), &[]),
        (utf16([0xfe, 0xff], u16::to_be_bytes), &[]),
    ];
    for (sheet, arguments) in forms {
        let message = only_message(&sheet, "Hi {{ name }}!", arguments);
        assert_eq!(message, "Hi Zoë 🚀!", "{}", String::from_utf8_lossy(&sheet));
    }
    let latin = b"LinkedIn;Name\r\nada-lovelace;Zo\xeb \x80\r\n";
    assert_eq!(only_message(latin, "Hi {{ name }}!", &["--encoding", "windows-1252"]), "Hi Zoë €!");
}

#[test]
fn a_first_line_that_names_the_delimiter_is_no_row() {
    let server = Server::start();
    let campaign = Campaign::new("sep=;\r\nLinkedIn;Name\r\nada-lovelace;a,b\r\n", "Hi {{ name }}");
    campaign.run(&server, &["--rows", "2"]).exits(0);
    assert_eq!(
        (server.sends()[0].message(), campaign.column("row")),
        ("Hi a,b", vec!["2".to_owned()])
    );
}

#[test]
fn cells_are_text_and_stay_as_they_were_typed() {
    for cell in [
        "007",
        "1e5",
        "12345678901234567890",
        "1.50",
        "TRUE",
        "NULL",
        "2024-01-02",
        "=1+1",
        "0x10",
    ] {
        assert_eq!(
            only_message(format!("LinkedIn,Value\nada-lovelace,{cell}\n"), "<{{ value }}>", &[]),
            format!("<{cell}>")
        );
    }
}

#[test]
fn a_column_is_recognised_in_each_of_its_names() {
    for name in [
        "recipient_profile_id",
        "Recipient Profile URN",
        "conversationUrn",
        "profile-id",
        "PROFILE_URN",
        "Profile URL",
        "LinkedIn URL",
        "linkedin",
        "Recipient",
    ] {
        let cell = if name.to_lowercase().contains("conversation") {
            "urn:li:msg_conversation:(a,2-b)"
        } else {
            "urn:li:fsd_profile:ACoAAx01"
        };
        assert_eq!(
            only_message(format!("Name;{name}\nAda;{cell}\n"), "Hi {{ name }}", &[]),
            "Hi Ada",
            "{name}"
        );
    }
}

#[test]
fn what_templates_may_do_with_blank_and_filled_cells() {
    let sheet = "LinkedIn,First Name,Title,Company\nada-lovelace,Ada,,\"R&D <\"\"x\"\">\"\n";
    for (template, expected) in [
        ("Hi {{ title | default(value=\"friend\") }}", "Hi friend"),
        ("{% if title %}Dr{% else %}Hi{% endif %}", "Hi"),
        ("{% if not title %}none{% endif %}", "none"),
        ("{% if title and title == \"x\" %}a{% else %}b{% endif %}", "b"),
        ("{{ first_name | upper }}", "ADA"),
        ("{{ row[\"First Name\"] }} {{ row.Company }}", "Ada R&D <\"x\">"),
        ("{{ company }}  \n\n \n", "R&D <\"x\">"),
        ("  lead", "  lead"),
        ("{# a comment #}Hi", "Hi"),
        ("{% set who = first_name %}Hi {{ who }}", "Hi Ada"),
        ("{% if first_name == \"Ada\" %}{{ first_name ~ \"!\" }}{% endif %}", "Ada!"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ] {
        assert_eq!(only_message(sheet, template, &[]), expected, "{template}");
    }
}

#[test]
fn an_include_of_the_same_folder_is_rendered_with_the_row() {
    let server = Server::start();
    let campaign = Campaign::new("LinkedIn,Name\nada-lovelace,Ada\n", "{% include \"parts/hello.txt\" %}, bye");
    campaign.write("parts/hello.txt", "Hello {{ name }}");
    campaign.run(&server, &[]).exits(0);
    assert_eq!(server.sends()[0].message(), "Hello Ada, bye");
    let other = Campaign::new("LinkedIn,Name\nada-lovelace,Ada\n", "{% include \"parts/hello.txt\" %}");
    other.write("parts/hello.txt", "Hello\n{{ nmae }}");
    other.run(&server, &[]).exits(3).says("hello.txt line 2").says("`name`");
}

#[test]
fn check_lists_every_problem_and_makes_no_file() {
    let campaign = Campaign::new("LinkedIn,Name\nada-lovelace,\nnot a profile,Alan\n,Grace\n", "Hi {{ name }}");
    let before = campaign.files();
    let done = campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt", "--format", "json"])
        .exits(3);
    let found = done.json();
    let rows: Vec<_> = found["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| problem["row"].as_u64())
        .collect();
    assert_eq!(rows, [Some(2), Some(3), Some(4)]);
    assert_eq!((found["rows"].as_u64(), found["invalid"].as_u64()), (Some(3), Some(3)));
    campaign
        .rowcast(&["check", "people.csv", "-m", "message.txt"])
        .exits(3)
        .says("row 2")
        .says("row 3")
        .says("row 4");
    assert_eq!(campaign.files(), before);
}

#[test]
fn a_good_campaign_passes_check_without_a_key_and_makes_no_file() {
    let campaign = Campaign::with_rows(3).without("CONNECTSAFELY_API_KEY");
    let before = campaign.files();
    campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(0).says("3");
    campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--limit", "1"])
        .exits(0)
        .says("Hello person-2");
    campaign.rowcast(&["status", "people.csv"]).exits(0).says("3 pending");
    assert_eq!(campaign.files(), before);
}
