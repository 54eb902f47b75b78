//! How fast requests leave, judged by the server's own log: never more than promised in any window, and not much less.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::harness::{Campaign, Dice, Seen, Server, record, sent, status};

/// A sheet of so many rows, dealt out to these accounts in turn.
fn campaign_of(rows: usize, accounts: &[&str]) -> Campaign {
    let lines: Vec<String> = (0..rows)
        .map(|row| format!("anna-{row},{}", accounts[row % accounts.len()]))
        .collect();
    Campaign::new(format!("LinkedIn,Account\n{}\n", lines.join("\n")), "Hello")
}

/// A server whose answers take up to so many milliseconds.
fn slow(most: u64) -> Server {
    let server = Server::start();
    let mut dice = Dice::new("latency");
    server.answer_by(move |_| sent().after(Duration::from_micros(dice.below(most * 1000 + 1))));
    server
}

fn arrivals(server: &Server, account: Option<&str>) -> Vec<Instant> {
    let wanted = |seen: &Seen| account.is_none_or(|account| seen.body["accountId"] == account);
    let mut at: Vec<Instant> = server.sends().into_iter().filter(wanted).map(|seen| seen.at).collect();
    at.sort_unstable();
    at
}

/// No window of this length holds more than so many, wherever it begins.
#[track_caller]
fn assert_at_most(count: usize, period: Duration, arrivals: &[Instant]) {
    for (first, window) in arrivals.windows(count + 1).enumerate() {
        let span = window[count] - window[0];
        assert!(
            span >= period,
            "{} requests from the {first}th on came within {span:?}, and {count} may in {period:?}",
            count + 1
        );
    }
}

/// Requests are let go at even distances, none saved up: by the times of the intents, since on a busy machine several that
/// were let go one by one reach the server together.
#[track_caller]
fn assert_even(spacing: Duration, campaign: &Campaign, account: Option<&str>) {
    let journal = std::fs::read(campaign.journal()).expect("a journal");
    let records = record::records(&journal).into_iter().map(|(_, record)| record);
    let intents = records.filter(|record| account.is_none_or(|account| record["intent"]["account"] == account));
    let at: Vec<u64> = intents.filter_map(|record| record["intent"]["at"].as_u64()).collect();
    // A request may be late by 20 ms without the next one being late too.
    let least = spacing.saturating_sub(Duration::from_millis(22));
    let gaps = at.windows(2).map(|pair| Duration::from_millis(pair[1].saturating_sub(pair[0])));
    let close = gaps.filter(|gap| *gap < least).count();
    // A busy machine may push some together. A burst is nearly all.
    assert!(
        at.len() > 10 && close * 5 < at.len(),
        "{close} of {} were let go less than {least:?} after another",
        at.len()
    );
}

/// What part of the rate was used between the first request and the last.
fn used(count: u32, period: Duration, arrivals: &[Instant]) -> f64 {
    let took = arrivals[arrivals.len() - 1] - arrivals[0];
    let gaps = u32::try_from(arrivals.len() - 1).expect("few requests");
    f64::from(gaps) * period.as_secs_f64() / (f64::from(count) * took.as_secs_f64())
}

fn start(campaign: &Campaign, server: &Server, arguments: &[&str]) -> Child {
    let arguments = campaign.run_arguments(&server.base_url(), arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = campaign.command(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary")
}

#[test]
fn no_window_holds_more_than_the_rate_whatever_the_latency() {
    let (server, campaign) = (slow(60), campaign_of(90, &["acc_1"]));
    campaign.run(&server, &["--rate", "20/s"]).exits(0);
    let arrivals = arrivals(&server, None);
    assert_eq!(arrivals.len(), 90);
    assert_at_most(20, Duration::from_secs(1), &arrivals);
    assert_even(Duration::from_millis(50), &campaign, None);
}

#[test]
fn no_window_holds_more_than_the_rate_where_requests_arrive_late() {
    let (server, campaign) = (Server::start(), campaign_of(60, &["acc_1"]));
    // What leaves within one second is late, and what leaves within the next one is not: both would arrive together.
    let began = Instant::now();
    server.hear_late(move || Duration::from_millis(if began.elapsed().as_secs().is_multiple_of(2) { 900 } else { 0 }));
    // The key's own limit would hold it as well.
    let rates = ["--rate", "20/s", "--key-rate", "unlimited", "--concurrency", "64"];
    campaign.run(&server, &rates).exits(0);
    let arrivals = arrivals(&server, None);
    assert_eq!(arrivals.len(), 60);
    assert_at_most(20, Duration::from_secs(1), &arrivals);
}

#[test]
fn each_account_has_a_window_of_its_own_and_they_go_side_by_side() {
    let (server, campaign) = (slow(60), campaign_of(80, &["acc_1", "acc_2"]));
    campaign.run(&server, &["--account-rate", "10/s"]).exits(0);
    for account in ["acc_1", "acc_2"] {
        let arrivals = arrivals(&server, Some(account));
        assert_eq!(arrivals.len(), 40);
        assert_at_most(10, Duration::from_secs(1), &arrivals);
        assert_even(Duration::from_millis(100), &campaign, Some(account));
    }
    let all = arrivals(&server, None);
    assert!(
        all[79] - all[0] < Duration::from_secs(6),
        "side by side, not one after the other: {:?}",
        all[79] - all[0]
    );
}

#[test]
fn run_and_accounts_are_held_at_once() {
    let (server, campaign) = (slow(30), campaign_of(48, &["acc_1", "acc_2"]));
    campaign.run(&server, &["--rate", "12/s", "--account-rate", "7/s"]).exits(0);
    assert_at_most(12, Duration::from_secs(1), &arrivals(&server, None));
    for account in ["acc_1", "acc_2"] {
        assert_at_most(7, Duration::from_secs(1), &arrivals(&server, Some(account)));
    }
}

#[test]
fn odd_rates_are_kept_and_used_to_their_full() {
    for (rate, count, period, rows) in [("7/2s", 7, 2, 22), ("40/2s", 40, 2, 121)] {
        let period = Duration::from_secs(period);
        let mut shares = Vec::new();
        // A busy machine can make a run late, and only late: one of four has to be in time.
        while shares.len() < 4 && shares.last().is_none_or(|share| *share < 0.95) {
            let (server, campaign) = (slow(4), campaign_of(rows, &["acc_1"]));
            campaign.run(&server, &["--rate", rate]).exits(0);
            let arrivals = arrivals(&server, None);
            assert_eq!(arrivals.len(), rows);
            assert_at_most(count, period, &arrivals);
            assert_even(period / u32::try_from(count).expect("few"), &campaign, None);
            shares.push(used(u32::try_from(count).expect("few"), period, &arrivals));
        }
        assert!(shares.last().is_some_and(|share| *share >= 0.95), "{rate}: used {shares:?}");
    }
}

#[test]
fn a_kill_and_a_restart_within_the_period_forget_nothing() {
    let (server, mut campaign) = (slow(20), campaign_of(60, &["acc_1", "acc_2"]));
    let mut dice = Dice::new("restarts");
    let pace = ["--rate", "10/2s", "--account-rate", "6/2s"];
    // More than two windows full, or there would be nothing to forget.
    while server.sends().len() < 22 {
        // What the campaigns of a machine share is lost each time: the journal alone remembers.
        let data = campaign.path(&format!("data-{}", dice.below(u64::MAX)));
        campaign = campaign.variable("ROWCAST_DATA_DIR", &data.to_string_lossy());
        let mut run = start(&campaign, &server, &pace);
        thread::sleep(Duration::from_millis(200 + dice.below(900)));
        run.kill().expect("killed");
        run.wait().expect("its end");
    }
    let arrived = arrivals(&server, None);
    assert_at_most(10, Duration::from_secs(2), &arrived);
    for account in ["acc_1", "acc_2"] {
        assert_at_most(6, Duration::from_secs(2), &arrivals(&server, Some(account)));
    }
}

/// How many whole days have passed in UTC.
fn utc_day() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 86_400
}

#[test]
fn the_limit_of_a_day_holds_across_runs_and_says_when_the_next_day_begins() {
    loop {
        let today = utc_day();
        let (server, campaign) = (slow(2), campaign_of(20, &["acc_1", "acc_2"]));
        server.answer("anna-0", [status(429).header("Retry-After", "1")]);
        let flags = |limit| ["--daily-limit", limit, "--max-wait", "5s"];
        let first = campaign.run(&server, &flags("4"));
        let second = campaign.run(&server, &flags("4"));
        let sends = [("acc_1", 5), ("acc_2", 4)].map(|(account, _)| arrivals(&server, Some(account)).len());
        let mut killed = start(&campaign, &server, &flags("6"));
        server.wait_for_sends(11);
        killed.kill().expect("killed");
        killed.wait().expect("its end");
        let third = campaign.run(&server, &flags("6"));
        if utc_day() != today {
            continue;
        }
        // The 429 was refused before anything was done, so it used up nothing of the day.
        assert_eq!(sends, [5, 4]);
        for done in [first, second, third] {
            let midnight = (today + 1) * 86_400;
            let midnight = jiff::Timestamp::from_second(i64::try_from(midnight).expect("a time"))
                .expect("a time")
                .to_string();
            done.exits(4).says(&midnight[..16]).says("--daily-limit");
        }
        for account in ["acc_1", "acc_2"] {
            let arrived = arrivals(&server, Some(account)).len() - usize::from(account == "acc_1");
            assert!(arrived <= 6, "{account}: {arrived}");
        }
        return;
    }
}

#[test]
fn a_429_shuts_the_gate_of_its_account_for_all_requests_while_the_other_account_goes_on() {
    let (server, campaign) = (slow(30), campaign_of(160, &["acc_1", "acc_2"]));
    server.answer("anna-20", [status(429).header("Retry-After", "2")]);
    campaign.run(&server, &["--account-rate", "30/s", "--concurrency", "4"]).exits(0);
    let sends = server.sends();
    let refused = sends.iter().find(|seen| seen.to == "anna-20").expect("a refused request").at;
    let during = |account: &str| {
        let within = refused..refused + Duration::from_secs(2);
        sends
            .iter()
            .filter(|seen| seen.body["accountId"] == account && seen.at > within.start && within.contains(&seen.at))
            .count()
    };
    assert!(
        during("acc_1") < 4,
        "{} came after the refusal, and 3 were in flight",
        during("acc_1")
    );
    assert!(during("acc_2") > 20, "{} of the other account", during("acc_2"));
    assert_eq!(campaign.statuses(), ["sent"; 160]);
    assert_eq!(sends.iter().filter(|seen| seen.to == "anna-20").count(), 2);
}

#[test]
fn a_hold_longer_than_a_run_may_wait_is_asked_about_once_a_run() {
    let server = Server::answering(status(429).header("Retry-After", "3600"));
    let campaign = campaign_of(5, &["acc_1"]);
    let began = Instant::now();
    campaign.run(&server, &["--concurrency", "1"]).exits(4).says("--max-wait");
    campaign.run(&server, &["--concurrency", "1"]).exits(4).says("--max-wait");
    assert!(began.elapsed() < Duration::from_secs(20));
    // Each run may ask once; it does not hammer.
    assert!(server.sends().len() <= 2, "{}", server.sends().len());
    assert_eq!(campaign.statuses(), ["pending"; 5]);
}

#[test]
fn a_wait_that_is_too_long_ends_the_run_with_the_time_to_come_back() {
    let (server, campaign) = (slow(2), campaign_of(6, &["acc_1", "acc_2"]));
    let pace = ["--account-rate", "1/h", "--max-wait", "2s"];
    let done = campaign.run(&server, &pace).exits(4).says("--account-rate").says("--max-wait");
    let back = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(59);
    let hour = &back.to_string()[..13];
    let later = (back + jiff::SignedDuration::from_mins(2)).to_string();
    assert!(done.stderr.contains(hour) || done.stderr.contains(&later[..13]), "{hour}: {done:?}");
    assert_eq!(server.sends().len(), 2);
    let done = campaign.run(&server, &pace).exits(4);
    assert_eq!(server.sends().len(), 2, "{done:?}");
    campaign.run(&server, &["--account-rate", "1/s", "--max-wait", "5s"]).exits(0);
    assert_eq!(server.sends().len(), 6);
}
