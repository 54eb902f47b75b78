//! A slow, held or dead account never slows the others: by the server's log.

use std::time::{Duration, Instant};

use crate::harness::{Answer, Campaign, Server, sent, status};

/// So many rows of each of these accounts, in turn; those of the first come first.
fn campaign_of(rows: usize, accounts: &[&str]) -> Campaign {
    let lines: Vec<String> = (0..rows * accounts.len())
        .map(|row| format!("anna-{row},{}", accounts[row % accounts.len()]))
        .collect();
    Campaign::new(format!("LinkedIn,Account\n{}\n", lines.join("\n")), "Hello")
}

/// When the sends of an account came, after the first of all.
fn of_account(server: &Server, account: &str) -> Vec<Duration> {
    let sends = server.sends();
    let first = sends.iter().map(|seen| seen.at).min().unwrap_or_else(Instant::now);
    let own = sends.iter().filter(|seen| seen.body["accountId"] == account);
    own.map(|seen| seen.at - first).collect()
}

/// A server that gives every send of `acc_slow` this answer, and others what all get, after 10 ms.
fn but_for_one(answer: Answer) -> Server {
    let server = Server::start();
    server.answer_by(move |seen| {
        if seen.body["accountId"] == "acc_slow" {
            answer.clone()
        } else {
            sent().after(Duration::from_millis(10))
        }
    });
    server
}

#[cfg(unix)]
#[test]
fn an_account_that_answers_slowly_slows_no_other() {
    let server = but_for_one(sent().after(Duration::from_secs(5)));
    let campaign = campaign_of(30, &["acc_slow", "acc_1", "acc_2"]);
    let run = campaign.start(&server, &["--concurrency", "6"]);
    server.wait_for_sends(62);
    run.signal(crate::harness::Signal::Kill);
    run.finish();
    let mut all_busy = Duration::MAX;
    for account in ["acc_1", "acc_2"] {
        let own = of_account(&server, account);
        assert_eq!(own.len(), 30, "{account}");
        let last = *own.iter().max().expect("some");
        assert!(last < Duration::from_secs(3), "{account}: the last one came after {last:?}");
        all_busy = all_busy.min(last);
    }
    // Whose rows are all on their way needs no share any more, and leaves it to the others.
    let slow = of_account(&server, "acc_slow");
    assert!(
        slow.iter().filter(|at| **at < all_busy).count() <= 2,
        "no more than its share: {slow:?}"
    );
}

#[cfg(unix)]
#[test]
fn more_accounts_than_slots_share_them_and_a_slow_one_keeps_one() {
    let server = but_for_one(sent().after(Duration::from_secs(5)));
    let campaign = campaign_of(6, &["acc_slow", "acc_1", "acc_2", "acc_3", "acc_4"]);
    let run = campaign.start(&server, &["--concurrency", "3"]);
    server.wait_for_sends(25);
    run.signal(crate::harness::Signal::Kill);
    run.finish();
    for account in ["acc_1", "acc_2", "acc_3", "acc_4"] {
        let last = of_account(&server, account).into_iter().max().expect("some");
        assert!(last < Duration::from_secs(3), "{account}: the last one came after {last:?}");
    }
    // On a busy machine its first one may be answered before all others are sent.
    let slow = of_account(&server, "acc_slow");
    assert!(
        slow.windows(2).all(|pair| pair[1] >= pair[0] + Duration::from_secs(5)),
        "one after the other: {slow:?}"
    );
}

#[test]
fn an_account_that_is_held_for_long_slows_no_other_and_leaves_it_all_slots() {
    let server = but_for_one(status(429).header("Retry-After", "3600"));
    let campaign = campaign_of(40, &["acc_slow", "acc_1"]);
    let began = Instant::now();
    campaign.run(&server, &["--concurrency", "4"]).exits(4).says("--max-wait");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(of_account(&server, "acc_1").len(), 40);
    assert!(of_account(&server, "acc_slow").len() <= 2, "at most its share was in flight");
}
