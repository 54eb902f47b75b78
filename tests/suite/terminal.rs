//! In front of a terminal: the question before a real send, and the bar.
#![cfg(unix)]

use crate::harness::{AtTerminal, Campaign, Server, sent};

/// What a real terminal would obey beyond colours and the redrawing of a line.
const EVIL: &str = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}x";

fn ask<'a>(campaign: &'a Campaign, server: &Server, arguments: &[&str]) -> AtTerminal<'a> {
    let arguments = campaign.run_arguments(&server.base_url(), &[arguments, &["--ask"]].concat());
    AtTerminal::start(campaign, &arguments)
}

#[test]
fn a_person_sees_what_will_happen_and_says_yes() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3).subject("To {{ linkedin }}");
    let mut terminal = ask(&campaign, &server, &["--account-rate", "2/s"]);
    let screen = terminal.wait_for("[y/N] ");
    for part in ["3", "acc_1", "Anna Sender", "2/s", "Hello person-2", "To person-2"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(server.sends().is_empty(), "nothing is sent before the answer");
    terminal.types("y\n");
    let (code, screen) = terminal.finish();
    assert_eq!((code, server.sends().len()), (Some(0), 3), "{screen}");
    assert!(screen.contains("3 sent"), "{screen}");
}

#[test]
fn whatever_is_no_yes_sends_nothing_and_makes_no_file() {
    for answer in ["\n", "n\n", "no\n", "\u{4}", "what\nwhat\nwhat\n"] {
        let server = Server::start();
        let campaign = Campaign::with_rows(3);
        let before = campaign.files();
        let mut terminal = ask(&campaign, &server, &[]);
        terminal.wait_for("[y/N] ");
        terminal.types(answer);
        let (code, screen) = terminal.finish();
        assert_eq!((code, server.sends().len()), (Some(3), 0), "{answer:?}: {screen}");
        assert_eq!(campaign.files(), before, "{answer:?}");
    }
}

#[test]
fn for_more_than_fifty_the_number_is_typed() {
    let server = Server::start();
    let campaign = Campaign::with_rows(51);
    let mut terminal = ask(&campaign, &server, &[]);
    terminal.wait_for("Type 51");
    terminal.types("y\ny\ny\n");
    assert_eq!(terminal.finish().0, Some(3));
    assert!(server.sends().is_empty());
    let mut terminal = ask(&campaign, &server, &[]);
    terminal.wait_for("Type 51");
    terminal.types("51\n");
    assert_eq!(terminal.finish().0, Some(0));
    assert_eq!(server.sends().len(), 51);
}

#[test]
fn nobody_is_asked_about_nothing() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    campaign.run(&server, &[]).exits(0);
    let (code, screen) = ask(&campaign, &server, &[]).finish();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("[y/N]"), "{screen}");
}

#[test]
fn a_bar_is_drawn_while_a_run_goes_on_and_is_gone_when_it_ends() {
    let server = Server::start();
    let campaign = Campaign::with_rows(4);
    server.answer_nth(3, sent().held());
    let arguments = campaign.run_arguments(&server.base_url(), &["--concurrency", "1"]);
    let terminal = AtTerminal::start(&campaign, &arguments);
    let screen = terminal.wait_for("2 sent · 2 left");
    assert!(screen.contains('━') && screen.contains("50%"), "{screen}");
    server.open_gate();
    let (code, screen) = terminal.finish();
    assert_eq!(code, Some(0), "{screen}");
    let (_, after_the_bar) = screen.rsplit_once("\u{1b}[2K").expect("the bar's line is cleared");
    assert!(!after_the_bar.contains('━') && after_the_bar.contains("4 sent"), "{after_the_bar}");
}

/// The window of a terminal is closed: nothing new starts, and what was in flight is recorded.
#[test]
fn a_terminal_that_is_closed_asks_to_end() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    server.answer_nth(2, sent().held());
    let arguments = campaign.run_arguments(&server.base_url(), &["--concurrency", "1"]);
    let terminal = AtTerminal::start(&campaign, &arguments);
    server.wait_for_sends(2);
    terminal.hang_up();
    terminal.wait_for("stopping");
    server.open_gate();
    let (code, screen) = terminal.finish();
    assert_eq!(code, Some(143), "{screen}");
    assert_eq!(campaign.statuses(), ["sent", "sent", "pending"]);
}

#[test]
fn quiet_draws_nothing() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    let arguments = campaign.run_arguments(&server.base_url(), &["--quiet"]);
    assert_eq!(AtTerminal::start(&campaign, &arguments).finish(), (Some(0), String::new()));
}

#[test]
fn hostile_text_steers_no_terminal() {
    let server = Server::start();
    server.answer_nth(1, crate::harness::json(400, &serde_json::json!({"error": EVIL})));
    let campaign = Campaign::new(format!("LinkedIn,Name\nada-lovelace,\"{EVIL}\"\n"), "Hi {{ name }}").subject("{{ name }}");
    let mut terminal = ask(&campaign, &server, &["-v"]);
    terminal.wait_for("[y/N] ");
    terminal.types("y\n");
    let (code, screen) = terminal.finish();
    assert_eq!(code, Some(1), "{screen}");
    for raw in ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!screen.contains(raw), "{raw:?}: {screen:?}");
    }
    let preview = ["preview", "people.csv", "-m", "message.txt"].map(str::to_owned);
    let (_, screen) = AtTerminal::start(&campaign, &preview).finish();
    assert!(
        screen.contains("title") && !screen.contains("\u{1b}]") && !screen.contains('\u{202e}'),
        "{screen:?}"
    );
}
