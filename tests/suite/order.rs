//! Intent before wire: no request leaves before its intent is on the disk.

use std::time::Duration;

use crate::harness::{Campaign, Delivery, Server, broken, sent, status};

/// What the system was asked for, by strace, which knows Linux alone.
#[cfg(target_os = "linux")]
mod traced;

#[test]
fn a_server_that_looks_into_the_journal_finds_the_intent_of_every_request() {
    let server = Server::start();
    server.answer_by({
        let mut count = 0;
        move |_| {
            count += 1;
            let answer = match count % 7 {
                _ if count == 50 => status(429).header("Retry-After", "1"),
                1 => status(400),
                2 => status(500),
                3 => broken(Delivery::Close),
                _ => sent(),
            };
            answer.after(Duration::from_millis(count % 5))
        }
    });
    let campaign = Campaign::with_rows(60);
    server.watch(&campaign.journal());
    for _ in 0..3 {
        campaign.run(&server, &["--max-failures", "1000"]);
    }
    let sends = server.sends();
    assert!(sends.len() > 65, "first tries and later ones: {}", sends.len());
    for seen in sends {
        assert_eq!(seen.intent_on_disk, Some(true), "{}", seen.to);
    }
}
