//! Several accounts share the rows that name none, and nobody is moved from one to another unasked.

use std::collections::BTreeMap;

use crate::harness::{Campaign, Server, accounts, sent, status};

/// Who was written to from where, by the server's log.
fn senders(server: &Server) -> BTreeMap<String, String> {
    let sends = server.sends().into_iter();
    sends
        .map(|seen| (seen.to.clone(), seen.body["accountId"].as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn of(senders: &BTreeMap<String, String>, account: &str) -> usize {
    senders.values().filter(|sender| *sender == account).count()
}

const AMONG: [&str; 4] = ["--among", "acc_1=3", "--among", "acc_2"];

#[test]
fn weights_hold_and_edits_of_the_sheet_move_nobody() {
    let first = Server::start();
    Campaign::with_rows(200).run(&first, &AMONG).exits(0);
    let before = senders(&first);
    assert_eq!(before.len(), 200);
    assert!((130..=170).contains(&of(&before, "acc_1")), "{}", of(&before, "acc_1"));
    let people: Vec<String> = (2..260).rev().map(|number| format!("person-{number}")).collect();
    let second = Server::start();
    let campaign = Campaign::of(&people.iter().map(String::as_str).collect::<Vec<_>>());
    campaign.run(&second, &[&AMONG[..], &["--limit", "100"]].concat()).exits(0);
    campaign.run(&second, &AMONG).exits(0);
    let after = senders(&second);
    assert!(before.iter().all(|(person, account)| after[person] == *account));
}

#[test]
fn whoever_was_tried_from_an_account_keeps_it_and_a_cell_wins() {
    let server = Server::start();
    server.answer_all(status(400));
    let campaign = Campaign::new("LinkedIn,Account\na,\nb,\nc,\nd,acc_9\ne,\nf,\n", "Hello {{ linkedin }}");
    campaign.run(&server, &["--among", "acc_1"]).exits(1);
    server.answer_all(sent());
    campaign.run(&server, &["--among", "acc_2", "--among", "acc_3"]).exits(0);
    let senders = senders(&server);
    assert_eq!((of(&senders, "acc_1"), of(&senders, "acc_9")), (5, 1), "{senders:?}");
}

#[test]
fn the_campaign_file_names_them_and_fill_takes_the_next_when_the_day_of_one_is_used_up() {
    let server = Server::start();
    server.answer_accounts(accounts(&["acc_1", "acc_2"]));
    let campaign = Campaign::with_rows(6);
    let base_url = server.base_url();
    let head = format!("sheet = \"people.csv\"\nmessage = \"message.txt\"\nbase_url = \"{base_url}\"\nyes = true\n");
    campaign.write(
        "campaign.toml",
        format!(
            "{head}[pace]\ndaily_limit = 4\naccount_rate = \"unlimited\"\n[accounts]\nstrategy = \"fill\"\namong = [\"acc_1\", \"acc_2\"]\n"
        ),
    );
    campaign.rowcast(&["run", "campaign.toml", "--rate", "unlimited"]).exits(0);
    assert_eq!(campaign.column("account"), ["acc_1", "acc_1", "acc_1", "acc_1", "acc_2", "acc_2"]);
    campaign.write(
        "campaign.toml",
        format!("account = \"acc_1\"\n{head}[accounts]\namong = \"acc_2\"\n"),
    );
    campaign.rowcast(&["check", "campaign.toml"]).exits(3).says("leave one out");
}

#[test]
fn rows_of_a_dead_account_go_elsewhere_when_asked_and_those_in_doubt_stay() {
    let server = Server::start();
    let campaign = Campaign::new("LinkedIn,Account\na,acc_1\nb,acc_1\nc,acc_1\nd,acc_2\n", "Hello {{ linkedin }}");
    server.answer("a", [status(500)]);
    server.answer("b", [status(400)]);
    campaign
        .run(&server, &["--limit", "2", "--concurrency", "1", "--no-reconcile"])
        .exits(5);
    let moved = ["--reassign", "acc_1=acc_3", "--no-reconcile", "--resend-unconfirmed"];
    campaign.run(&server, &moved).exits(0);
    assert_eq!(campaign.column("account"), ["acc_1", "acc_3", "acc_3", "acc_2"]);
    assert_eq!(server.sends_to("a"), 2);
    campaign.run(&server, &moved).exits(0);
    assert_eq!(server.sends().len(), 6);
}
