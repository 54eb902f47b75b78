//! A clock that is set, while a run goes on or between two of them, makes neither a burst nor a stall: by the server's log.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::fast_clock::WallClock;
use crate::harness::{Campaign, Server, sent, status};

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
    // A service that does not tell the time leaves them what the permits tell.
    for server in [dated(), Server::start()] {
        let clock = WallClock::right();
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
}

/// A service at its own time, which passes as a test says, and a machine whose clock may be wrong.
struct World {
    server: Server,
    clock: WallClock,
    /// How many minutes have passed since noon for the service, whatever the clock of the test shows.
    passed: Arc<AtomicI64>,
    /// When the sends came, in minutes after noon.
    arrivals: Arc<Mutex<Vec<i64>>>,
}

const NOON: i64 = 1_795_780_800;

/// What answers to look-ups tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lookups {
    Dated,
    Undated,
}

impl World {
    fn start(lookups: Lookups) -> Self {
        let (server, clock) = (Server::start(), WallClock::right());
        let (passed, arrivals) = (Arc::new(AtomicI64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let began = Instant::now();
        let date = move |passed: i64| {
            let now = NOON + passed * 60 + i64::try_from(began.elapsed().as_secs()).expect("soon");
            let now = jiff::Timestamp::from_second(now).expect("a moment");
            now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        };
        let (minutes, noted) = (Arc::clone(&passed), Arc::clone(&arrivals));
        server.answer_by(move |_| {
            let minutes = minutes.load(Ordering::SeqCst);
            noted.lock().expect("unbroken").push(minutes);
            sent().header("Date", &date(minutes))
        });
        let minutes = Arc::clone(&passed);
        server.answer_questions_by(move |_| {
            let answer = status(404);
            Some(match lookups {
                Lookups::Dated => answer.header("Date", &date(minutes.load(Ordering::SeqCst))),
                Lookups::Undated => answer,
            })
        });
        Self {
            server,
            clock,
            passed,
            arrivals,
        }
    }

    /// `passed` minutes after noon, where the clock of the machine is wrong by `off` minutes, a campaign runs that must not wait.
    /// Returns how many messages came.
    fn run(&self, campaign: &Campaign, (passed, off): (i64, i64), arguments: &[&str]) -> usize {
        self.passed.store(passed, Ordering::SeqCst);
        let now = jiff::Timestamp::now().as_second();
        self.clock.set(&format!("{:+}", NOON + (passed + off) * 60 - now));
        let before = self.arrivals.lock().expect("unbroken").len();
        let flags = ["--account", "acc_1", "--max-wait", "0s", "--concurrency", "1"];
        let done = campaign.run(&self.server, &[arguments, &flags].concat());
        assert!([Some(0), Some(4)].contains(&done.code), "{}", done.stderr);
        self.arrivals.lock().expect("unbroken").len() - before
    }

    /// A campaign of 12 rows in each of two sheets, on this machine.
    fn campaign(&self) -> Campaign {
        let campaign = self.clock.lend(Campaign::with_rows(12)).variable("TZ", "UTC");
        let others: Vec<String> = (0..12).map(|row| format!("bert-{row}")).collect();
        campaign.write("others.csv", format!("LinkedIn\n{}\n", others.join("\n")));
        campaign
    }
}

/// Runs one after another, at so many minutes after noon by clocks that are off by so many minutes, and how many messages may
/// leave in each where an hour may have three.
type Runs = &'static [((i64, i64), usize)];

const CLOCKS: [Runs; 5] = [
    // Set forward by two hours, by a day, by a year.
    &[((0, 0), 3), ((10, 120), 0), ((61, 120), 3)],
    &[((0, 0), 3), ((10, 1440), 0), ((61, 1440), 3)],
    &[((0, 0), 3), ((10, 525_600), 0), ((61, 525_600), 3)],
    // Wrong by two hours, and set right.
    &[((0, 120), 3), ((10, 0), 0), ((61, 0), 3), ((100, 120), 0), ((122, 0), 3)],
    // Without power it begins in 1970.
    &[((0, 0), 3), ((10, -29_929_680), 0), ((61, -29_929_680), 3)],
];

#[test]
fn a_clock_that_was_set_between_two_runs_opens_no_window_anew_and_shuts_none() {
    let hourly = ["--account-hourly", "3"];
    for runs in CLOCKS {
        let world = World::start(Lookups::Dated);
        let data = tempfile::tempdir().expect("a folder");
        let campaign = world.campaign().variable("ROWCAST_DATA_DIR", &data.path().display().to_string());
        let run = |((when, _), index): (&((i64, i64), usize), usize)| {
            // What the campaigns of the machine share may be lost; the journal alone knows as well.
            if index % 2 == 1 {
                std::fs::remove_file(data.path().join("shared.db")).expect("it was there");
            }
            world.run(&campaign, *when, &hourly)
        };
        let sent: Vec<usize> = runs.iter().zip(0..).map(run).collect();
        let expected: Vec<usize> = runs.iter().map(|(_, count)| *count).collect();
        assert_eq!(sent, expected, "{runs:?}");
    }
}

#[test]
fn a_clock_that_was_set_between_two_campaigns_opens_no_window_anew_and_shuts_none() {
    for runs in CLOCKS {
        let world = World::start(Lookups::Dated);
        let campaign = world.campaign();
        let sheets = ["people.csv", "others.csv"].into_iter().cycle();
        let sent: Vec<usize> = runs
            .iter()
            .zip(sheets)
            .map(|((when, _), sheet)| world.run(&campaign, *when, &[sheet, "--account-hourly", "3"]))
            .collect();
        let expected: Vec<usize> = runs.iter().map(|(_, count)| *count).collect();
        assert_eq!(sent, expected, "{runs:?}");
    }
}

#[test]
fn where_no_look_up_is_dated_the_first_answer_tells_that_a_clock_was_set() {
    for second in ["people.csv", "others.csv"] {
        let world = World::start(Lookups::Undated);
        let campaign = world.campaign();
        let hourly = |sheet| [sheet, "--account-hourly", "3"];
        assert_eq!(world.run(&campaign, (0, 0), &hourly("people.csv")), 3);
        assert_eq!(world.run(&campaign, (10, 120), &hourly(second)), 1, "{second}");
        assert_eq!(world.run(&campaign, (61, 120), &hourly("people.csv")), 2, "{second}");
    }
}

#[test]
fn the_day_is_the_service_s_whatever_the_clock_of_the_machine_was_set_to() {
    let daily = ["--daily-limit", "3"];
    for (off, runs) in [(1440, [3, 0, 3]), (-1440, [3, 0, 3]), (720, [3, 0, 3])] {
        let world = World::start(Lookups::Dated);
        let campaign = world.campaign();
        // Noon, a quarter to midnight, and a quarter past.
        let sent = [(0, 0), (705, off), (735, off)].map(|when| world.run(&campaign, when, &daily));
        assert_eq!(sent, runs, "{off}");
    }
}
