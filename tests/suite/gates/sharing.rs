//! What campaigns of one machine ask counts together.

use std::time::{Duration, Instant};

use rowcast::adapters::sandbox::{SandboxAccount, Settings};

use super::Asked;
use crate::harness::Campaign;

const CONNECTED: [&str; 2] = ["--require", "connected"];

/// Two sheets of different people, in one folder and on one machine.
fn two_campaigns() -> Campaign {
    let campaign = Campaign::of(&["a", "b"]);
    campaign.write("other.csv", "LinkedIn\nc\nd\n");
    campaign
}

#[test]
fn what_another_campaign_asked_for_an_account_counts_and_what_it_asked_for_another_does_not() {
    let accounts = ["60d21b4667d0d8992e610001", "60d21b4667d0d8992e610002"];
    let asked = Asked::start(Settings {
        accounts: accounts.map(SandboxAccount::with_id).to_vec(),
        ..Settings::default()
    });
    let campaign = two_campaigns();
    let limited = [&CONNECTED[..], &["--read-rate", "3/h", "--max-wait", "5s"]].concat();
    let slow = [&limited[..], &["--account", accounts[0]]].concat();
    campaign.run_at(asked.base_url(), &slow).exits(0);
    let other = [&["other.csv"], &slow[..]].concat();
    campaign.run_at(asked.base_url(), &other).exits(4).says("--read-rate");
    assert_eq!(asked.relationships(), ["a", "b", "c"], "three an hour, whoever asks");
    let elsewhere = [&["other.csv", "--account", accounts[1]], &limited[..]].concat();
    campaign.run_at(asked.base_url(), &elsewhere).exits(0);
    assert_eq!(asked.relationships().len(), 4);
}

#[test]
fn what_a_run_asked_counts_for_a_check_right_after_it_and_for_reading_back() {
    let asked = Asked::of(Vec::new(), "b=lost");
    let campaign = two_campaigns();
    let began = Instant::now();
    let limited = [&CONNECTED[..], &["--read-rate", "2/3s"]].concat();
    campaign.run_at(asked.base_url(), &limited).exits(5);
    let base_url = asked.base_url();
    let of = [
        "other.csv",
        "-m",
        "message.txt",
        "--base-url",
        base_url,
        "--rows",
        "2",
        "--read-rate",
        "2/3s",
    ];
    campaign.rowcast(&[&["check", "--online"], &CONNECTED[..], &of].concat()).exits(0);
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
    let reconcile = [
        "reconcile",
        "people.csv",
        "--base-url",
        base_url,
        "--wait",
        "0s",
        "--read-rate",
        "2/3s",
    ];
    campaign.rowcast(&reconcile).exits(0);
    assert!(began.elapsed() >= Duration::from_secs(6), "{:?}", began.elapsed());
}

#[test]
fn a_hold_of_one_campaigns_questions_is_heeded_by_another() {
    let asked = Asked::of(Vec::new(), "any=429:retry-after=600,on=relationship,times=1");
    let campaign = two_campaigns();
    let short = [&CONNECTED[..], &["--max-wait", "5s"]].concat();
    campaign.run_at(asked.base_url(), &short).exits(4);
    campaign.run_at(asked.base_url(), &[&["other.csv"], &short[..]].concat()).exits(4);
    assert_eq!(asked.relationships(), ["a"]);
}
