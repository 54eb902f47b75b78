//! Cells and answers are somebody else's text: they reach no terminal as commands, no spreadsheet as formulas, no template as code,
//! and the key reaches nobody.

use serde_json::json as object;

use crate::harness::{Answer, Campaign, Done, KEY, Server, html, json, status};

/// What a terminal would obey or be fooled by: colours, a new title, a bell, text that overwrites or runs backwards, C1 controls.
const EVIL: &str = "\u{1b}[31mred\u{1b}]0;title\u{7}\u{8}\u{9b}2J\u{202e}desrever\u{2066}\u{200f}\u{85}\u{7f}end";

#[track_caller]
fn assert_tame(done: &Done) {
    for (stream, text) in [("stdout", &done.stdout), ("stderr", &done.stderr)] {
        let raw = text.chars().find(|c| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        });
        assert_eq!(raw, None, "{stream}: {text:?}");
    }
}

/// Every command that shows something of a campaign.
fn show_everything(campaign: &Campaign, server: &Server) -> Vec<Done> {
    let template = ["-m", "message.txt"];
    let mut all = Vec::new();
    for command in ["check", "preview", "status", "results"] {
        all.push(campaign.rowcast(&[&[command, "people.csv"][..], &template].concat()));
    }
    for command in ["check", "preview", "status"] {
        all.push(campaign.rowcast(&[&[command, "people.csv", "--format", "json"][..], &template].concat()));
    }
    all.push(campaign.run(server, &["-n"]));
    all.push(campaign.run(server, &["-n", "--format", "json"]));
    all
}

#[test]
fn escapes_in_cells_and_headers_never_reach_the_terminal() {
    let server = Server::start();
    let sheet = format!("LinkedIn,Name,H\u{1b}[31m\u{202e}x\nada-lovelace,\"{EVIL}\",1\nalan-turing{EVIL},\"{EVIL}\",2\n");
    let campaign = Campaign::new(&sheet, "Hi {{ name }}");
    for done in show_everything(&campaign, &server) {
        assert_tame(&done);
    }
    assert_tame(&campaign.run(&server, &[]).exits(3));
    assert_tame(&campaign.run(&server, &["--skip-invalid"]).exits(1));
    assert_tame(&campaign.run(&server, &["-v", "--skip-invalid"]).exits(1));
    for done in show_everything(&campaign, &server) {
        assert_tame(&done);
    }
    assert_eq!(
        server.sends()[0].message(),
        format!("Hi {EVIL}"),
        "what is sent is what was written"
    );
}

#[test]
fn escapes_in_what_refuses_a_campaign_never_reach_the_terminal() {
    let server = Server::start();
    for sheet in [
        format!("LinkedIn,N{EVIL},N{EVIL}\na,b,c\n"),
        format!("Who{EVIL},Name\nada-lovelace,x\n"),
        format!("LinkedIn,Name\nada-lovelace,x{EVIL}\"y\n"),
        format!("LinkedIn,Account\nada-lovelace,{EVIL}\n"),
    ] {
        let campaign = Campaign::new(&sheet, "Hi {{ name }}");
        assert_tame(&campaign.run(&server, &[]));
        assert_tame(&campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]));
    }
    let campaign = Campaign::with_rows(1);
    for template in [
        format!("{{{{ no{EVIL} }}}}"),
        format!("{EVIL} {{{{ nowhere }}}}"),
        format!("{{% include \"{EVIL}\" %}}"),
    ] {
        campaign.write("message.txt", template);
        assert_tame(&campaign.run(&server, &[]).exits(3));
    }
    campaign.write("message.txt", "Hi");
    for arguments in [
        ["--key", EVIL],
        ["--column", EVIL],
        ["--encoding", EVIL],
        ["--rate", EVIL],
        ["--base-url", EVIL],
        ["--results", EVIL],
    ] {
        assert_tame(&campaign.run(&server, &arguments));
    }
    campaign.write(
        "campaign.toml",
        format!(
            "sheet = \"people.csv\"\n\"{}\" = 1\n",
            EVIL.replace('\u{1b}', "\\u001b").replace(['\u{7}', '\u{8}', '\u{7f}'], "")
        ),
    );
    assert_tame(&campaign.rowcast(&["check", "campaign.toml"]).exits(3));
}

/// Answers whose texts want to be obeyed.
fn evil_answers() -> Vec<Answer> {
    vec![
        json(400, &object!({"error": EVIL})),
        json(
            400,
            &object!({"error": {"name": EVIL, "issues": [{"path": [EVIL], "message": EVIL}]}}),
        ),
        html(404, &format!("<html><title>{EVIL}</title></html>")),
        html(500, EVIL),
        json(
            200,
            &object!({"success": true, "threadId": EVIL, "recipientProfileUrn": EVIL, "sentMessage": {"messageUrn": EVIL}}),
        ),
        json(200, &object!({"success": false, "error": EVIL})),
        html(302, "x").header("Location", "http://x/%1b[31m\u{9b}2J"),
        json(401, &object!({"error": EVIL})),
        json(404, &object!({"error": format!("account {EVIL}")})),
        json(429, &object!({"error": EVIL, "holdUntil": EVIL})).header("Retry-After", "100000"),
    ]
}

#[test]
fn escapes_in_answers_reach_neither_the_terminal_nor_the_results() {
    for answer in evil_answers() {
        let what = format!("{answer:?}");
        let server = Server::answering(answer);
        let campaign = Campaign::with_rows(1);
        assert_tame(&campaign.run(&server, &[]));
        assert_tame(&campaign.run(&server, &["-v", "--format", "json"]));
        for done in show_everything(&campaign, &server) {
            assert_tame(&done);
        }
        let results = std::fs::read_to_string(campaign.path("people.results.csv")).expect("results");
        let raw = results.chars().find(|c| c.is_control() && !matches!(c, '\r' | '\n'));
        assert_eq!(raw, None, "{what}: {results:?}");
    }
}

#[test]
fn formulas_in_answers_are_no_formulas_in_the_results() {
    let formula = "=HYPERLINK(\"http://x\",\"y\")";
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    server.answer("person-2", [json(400, &object!({"error": formula}))]);
    server.answer(
        "person-3",
        [json(
            200,
            &object!({"success": true, "threadId": "=1+2", "recipientProfileUrn": "@x", "sentMessage": {"messageUrn": "+1"}}),
        )],
    );
    campaign.run(&server, &[]).exits(1);
    for line in campaign.results() {
        for (name, cell) in line {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {cell}");
        }
    }
    assert_eq!(campaign.column("error")[0], format!("'{formula}"));
}

#[test]
fn braces_in_cells_are_text() {
    let server = Server::start();
    let cells = [
        "{{ company }}",
        "{% include \"/etc/passwd\" %}",
        "{{ 7 * 7 }}",
        "{# gone #}",
        "{{ throw(message=1) }}",
        "${HOME} $(id) `id` %s",
    ];
    for cell in cells {
        let campaign = Campaign::new(
            format!("LinkedIn,Name,Company\nada-lovelace,\"{}\",X\n", cell.replace('"', "\"\"")),
            "Hi {{ name }}",
        )
        .subject("{{ name }}");
        campaign.run(&server, &[]).exits(0);
        let send = server.sends().pop().expect("a send");
        assert_eq!(
            (send.message(), send.body["subject"].as_str()),
            (format!("Hi {cell}").as_str(), Some(cell))
        );
    }
}

#[test]
fn an_answer_that_echoes_the_key_does_not_spread_it() {
    let authorization = format!("Authorization: Bearer {KEY}");
    let echoes = [
        json(400, &object!({"error": format!("bad request with {authorization}")})),
        json(400, &object!({"error": KEY})),
        json(400, &object!({"error": format!("upper {} and split {}", KEY.to_uppercase(), KEY)})),
        html(500, &format!("<pre>{authorization}</pre>")),
        html(502, &format!("<title>{KEY}</title>")),
        json(
            200,
            &object!({"success": true, "threadId": KEY, "sentMessage": {"messageUrn": KEY}, "recipientProfileUrn": format!("urn:li:fsd_profile:{KEY}")}),
        ),
        json(200, &object!({"success": false, "error": KEY})),
        html(302, "x").header("Location", &format!("https://elsewhere.example/?key={KEY}")),
        json(401, &object!({"error": format!("key {KEY} is unknown")})),
        json(404, &object!({"error": format!("account of {KEY} not found")})),
        status(429).header("Retry-After", "100000").header("X-RateLimit-Action", KEY),
    ];
    for echo in echoes {
        let server = Server::answering(echo);
        let campaign = Campaign::with_rows(1);
        // Every command that ends is looked through for the key, and so is every file.
        campaign.run(&server, &["-v"]);
        campaign.run(&server, &["--format", "json", "-v"]);
        show_everything(&campaign, &server);
        assert!(!server.sends().is_empty());
    }
    let server = Server::start();
    server.answer_accounts(json(401, &object!({"error": authorization})));
    Campaign::with_rows(1).run(&server, &["-v"]).exits(3);
    server.answer_accounts(json(200, &object!([{"id": "acc_1", "firstName": KEY}, {"id": KEY}])));
    Campaign::with_rows(1).run(&server, &["-v"]).exits(3);
}

#[test]
fn a_key_that_cannot_be_a_key_is_refused_and_not_shown() {
    let server = Server::start();
    for key in [
        format!("{KEY}\u{7}"),
        format!("{KEY} {KEY}"),
        format!("Bearer\t{KEY}"),
        format!("{KEY}é"),
    ] {
        let campaign = Campaign::with_rows(1).variable("CONNECTSAFELY_API_KEY", &key);
        campaign.run(&server, &[]).exits(3);
        campaign.run(&server, &["--api-key-file", KEY]).exits(3);
    }
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn a_giant_answer_is_not_read_to_its_end_nor_shown() {
    for code in [400, 500, 200, 404] {
        let server = Server::answering(json(code, &object!({"error": "x".repeat(8 << 20)})));
        let campaign = Campaign::with_rows(1);
        let done = campaign.run(&server, &[]);
        assert!(done.stderr.len() < 8 << 10, "{code}: {} bytes", done.stderr.len());
        assert!(campaign.column("error")[0].len() < 2 << 10, "{code}");
        let journal = std::fs::metadata(campaign.journal()).expect("a journal").len();
        assert!(journal < 16 << 10, "{code}: {journal} bytes");
    }
}

#[test]
fn a_file_name_with_escapes_is_shown_tame() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    let name = "p\u{1b}[31m\u{202e}.csv";
    campaign.write(name, "LinkedIn\nada-lovelace\n");
    assert_tame(&campaign.run(&server, &[name, "-m", "message.txt"]).exits(0));
    assert_tame(&campaign.rowcast(&["status", name]).exits(0));
    assert_tame(&campaign.rowcast(&["results", name]).exits(0));
    assert_tame(&campaign.rowcast(&["status", "no\u{1b}[31m.csv"]).exits(3));
}
