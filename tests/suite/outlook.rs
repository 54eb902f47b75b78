//! What is waited for, and when all will be done, is said while a run goes on and by `status`.

#[cfg(unix)]
use crate::harness::Signal;
use crate::harness::{Campaign, Server};

fn campaign() -> Campaign {
    let rows: String = (0..12)
        .flat_map(|row| [format!("anna-{row}"), format!(",acc_{}\n", row % 3)])
        .collect();
    Campaign::new(format!("LinkedIn,Account\n{rows}"), "Hello")
}

#[test]
fn status_says_what_each_account_waits_for_and_on_which_day_all_will_be_done() {
    let (server, campaign) = (Server::start(), campaign());
    campaign
        .run(&server, &["--daily-limit", "1", "--account-rate", "unlimited"])
        .exits(4);
    campaign.write(
        "campaign.toml",
        format!(
            "sheet = \"people.csv\"\nmessage = \"message.txt\"\nbase_url = \"{}\"\n[pace]\ndaily_limit = 1\n",
            server.base_url()
        ),
    );
    let status = campaign.rowcast(&["status", "campaign.toml"]).exits(0);
    for text in [
        "Waiting for the account's limit of the day (--daily-limit): acc_",
        "all would be done on",
    ] {
        assert!(status.stdout.contains(text), "{text}\n{}", status.stdout);
    }
    let json = campaign.rowcast(&["status", "campaign.toml", "--format", "json"]).exits(0).json();
    let waiting = json["waiting"].as_array().expect("a list");
    assert_eq!(waiting.len(), 3, "{json}");
    assert!(
        waiting.iter().all(|one| one["until"].is_string() && one["account"].is_string()),
        "{json}"
    );
    assert!(json["done"].is_string());
}

#[cfg(unix)]
#[test]
fn plain_lines_say_what_each_account_waits_for_and_the_day() {
    let (server, campaign) = (Server::start(), campaign());
    let run = campaign.start(&server, &["--account-rate", "1/min", "--daily-limit", "2"]);
    run.wait_for("the rate of the account (--account-rate): acc_");
    run.wait_for("done on ");
    run.wait_for("acc_2");
    run.signal(Signal::Kill);
    run.finish();
}
