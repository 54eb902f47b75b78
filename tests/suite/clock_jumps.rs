//! A clock that is set by an hour while a run goes on makes neither a burst nor a stall: by the server's log.

use std::time::{Duration, Instant};

use crate::fast_clock::WallClock;
use crate::harness::{Campaign, Server, sent};

const SECOND: Duration = Duration::from_secs(1);

/// A server that says what time it is, and takes up to 5 ms.
fn dated() -> Server {
    let server = Server::start();
    server.answer_by(|seen| {
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        sent()
            .header("Date", &date)
            .after(Duration::from_millis(seen.connection as u64 % 6))
    });
    server
}

/// All arrivals in order; no span so long had more than so many.
#[track_caller]
fn at_most(count: usize, span: Duration, server: &Server) -> Vec<Instant> {
    let mut at: Vec<Instant> = server.sends().into_iter().map(|seen| seen.at).collect();
    at.sort_unstable();
    for pair in at.windows(count + 1) {
        assert!(pair[count] - pair[0] >= span, "{} within {:?}", count + 1, pair[count] - pair[0]);
    }
    at
}

#[test]
fn a_clock_that_is_set_by_an_hour_either_way_makes_neither_a_burst_nor_a_stall() {
    for jumps in [["+1h", "+0"], ["-1h", "+0"], ["+1h", "-1h"]] {
        let (server, clock) = (dated(), WallClock::right());
        let campaign = clock.lend(Campaign::with_rows(36));
        let run = campaign.start(&server, &["--account-rate", "12/s", "--gap", "10ms", "--daily-limit", "50"]);
        for (jump, sends) in jumps.into_iter().zip([12, 24]) {
            server.wait_for_sends(sends);
            clock.set(jump);
        }
        run.finish().exits(0);
        let at = at_most(12, SECOND, &server);
        assert_eq!(at.len(), 36);
        let took = at[35] - at[0];
        assert!(took < 12 * SECOND, "{jumps:?}: {took:?} for three seconds' worth");
        assert_eq!(campaign.statuses(), ["sent"; 36]);
    }
}

#[test]
fn campaigns_that_began_before_and_after_the_clock_was_set_back_share_their_limits() {
    let (server, clock) = (dated(), WallClock::right());
    let campaign = clock.lend(Campaign::with_rows(24));
    let others: Vec<String> = (0..24).map(|row| format!("bert-{row}")).collect();
    campaign.write("others.csv", format!("LinkedIn\n{}\n", others.join("\n")));
    let pace = ["--account-rate", "12/s", "--account", "acc_1"];
    let first = campaign.start(&server, &pace);
    server.wait_for_sends(6);
    clock.set("-1h");
    let second = campaign.start(&server, &[&["others.csv"][..], &pace].concat());
    first.finish().exits(0);
    second.finish().exits(0);
    // The one that began later goes on from the last permit, and cannot know how long ago that was given: a little less than
    // one twelfth of a second here.
    let at = at_most(12, SECOND * 11 / 12, &server);
    assert_eq!(at.len(), 48);
    assert!(at[47] - at[0] < 15 * SECOND, "{:?}", at[47] - at[0]);
}
