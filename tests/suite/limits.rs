//! No limit is ever exceeded as the server sees it, and what the limits allow is used: each alone and several together, with
//! two campaigns of one key and account at once, by the server's own log and with time sped up.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::fast_clock::FastClock;
use crate::harness::{Campaign, Dice, Seen, Server, Signal, sent, status};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// Every request with the key.
    OfTheKey,
    /// Every request of an account.
    Requests,
    /// What the service accepted from an account.
    Messages,
    /// Those of them that name no conversation.
    NewConversations,
}

/// In which span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Any span so long.
    Any(Duration),
    /// A day in UTC.
    UtcDay,
}

/// A limit, as rowcast is told it and as the server counts it.
#[derive(Debug, Clone, Copy)]
struct Limit {
    flags: &'static [&'static str],
    most: usize,
    counts: Counts,
    within: Within,
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

const KEY_MINUTE: Limit = Limit {
    flags: &["--key-rate", "20/min"],
    most: 20,
    counts: Counts::OfTheKey,
    within: Within::Any(Duration::from_mins(1)),
};
const KEY_10_SECONDS: Limit = Limit {
    flags: &["--key-rate", "30/10s"],
    most: 30,
    counts: Counts::OfTheKey,
    within: Within::Any(Duration::from_secs(10)),
};
const ACCOUNT_MINUTE: Limit = Limit {
    flags: &["--account-rate", "12/min"],
    most: 12,
    counts: Counts::Requests,
    within: Within::Any(Duration::from_mins(1)),
};
const ACCOUNT_HOUR: Limit = Limit {
    flags: &["--account-hourly", "10"],
    most: 10,
    counts: Counts::Messages,
    within: Within::Any(HOUR),
};
const ACCOUNT_HOUR_OF_6: Limit = Limit {
    flags: &["--account-hourly", "6"],
    most: 6,
    ..ACCOUNT_HOUR
};
const UTC_DAY: Limit = Limit {
    flags: &["--daily-limit", "10"],
    most: 10,
    counts: Counts::Messages,
    within: Within::UtcDay,
};
const ROLLING_DAY: Limit = Limit {
    flags: &["--daily-limit", "10", "--daily-window", "rolling"],
    most: 10,
    counts: Counts::Messages,
    within: Within::Any(DAY),
};
const NEW_CONVERSATIONS: Limit = Limit {
    flags: &["--new-conversations", "6"],
    most: 6,
    counts: Counts::NewConversations,
    within: Within::UtcDay,
};

const ACCOUNTS: [&str; 2] = ["acc_1", "acc_2"];

/// A send as the server saw it.
#[derive(Debug, Clone)]
struct Arrival {
    /// By the fast clock, in milliseconds.
    at: i64,
    account: String,
    is_new: bool,
    /// Until when its account was refused.
    refused: Option<Instant>,
}

/// A service that answers after a random time, in the fast clock's time, and now and then refuses an account for a while.
struct Service {
    server: Server,
    log: Arc<Mutex<Vec<(Instant, Arrival)>>>,
}

/// How the service behaves.
#[derive(Debug, Clone, Copy)]
struct Weather {
    /// Answers take up to so long by the fast clock.
    slowest: Duration,
    /// How many requests of a hundred begin a storm of 429.
    storms: u64,
}

/// Storms last up to so many seconds.
const LONGEST_STORM: u64 = 15;

impl Service {
    fn start(speed: u32, weather: Weather) -> Self {
        let server = Server::start();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut dice = Dice::new("weather");
        let mut storms: Vec<(String, Instant)> = Vec::new();
        let (noted, slowest) = (Arc::clone(&log), weather.slowest / speed);
        let second = Duration::from_secs(1) / speed;
        server.answer_by(move |seen: &Seen| {
            let account = seen.body["accountId"].as_str().unwrap_or_default().to_owned();
            storms.retain(|(_, end)| *end > seen.at);
            let mut refused = storms.iter().find(|(of, _)| *of == account).map(|(_, end)| *end);
            if refused.is_none() && dice.percent(weather.storms) {
                let end = seen.at + second * u32::try_from(1 + dice.below(LONGEST_STORM)).expect("short");
                storms.push((account.clone(), end));
                refused = Some(end);
            }
            let arrival = Arrival {
                at: 0,
                account,
                is_new: seen.body["conversationUrn"].is_null(),
                refused,
            };
            noted.lock().expect("a log").push((seen.at, arrival));
            let delay = slowest * u32::try_from(dice.below(1000)).expect("few") / 1000;
            let answer = match refused {
                None => sent(),
                Some(end) => {
                    let left = (end - seen.at).div_duration_f64(second).ceil();
                    status(429).header("Retry-After", &left.to_string())
                }
            };
            answer.after(delay)
        });
        Self { server, log }
    }

    /// Whether one of these limits was met, by what came by earlier clocks and by this one; `beyond` says by how many more than fit into one span.
    fn has_met(&self, limits: &[Limit], earlier: &[Arrival], beyond: usize) -> bool {
        let log = self.log.lock().expect("a log");
        let now = log.iter().map(|(_, arrival)| arrival);
        let arrivals: Vec<Arrival> = earlier.iter().chain(now).cloned().collect();
        limits.iter().any(|limit| limit.is_met(&arrivals, beyond))
    }

    /// The sends that came by this clock, in the order of their coming.
    fn arrivals(&self, clock: &FastClock) -> Vec<Arrival> {
        let mut log = std::mem::take(&mut *self.log.lock().expect("a log"));
        log.sort_by_key(|(at, _)| *at);
        let by_clock = |(real, arrival): (Instant, Arrival)| Arrival {
            at: clock.at(real),
            ..arrival
        };
        log.into_iter().map(by_clock).collect()
    }
}

impl Limit {
    /// Whether it counts what came from `account`, if that is accepted.
    fn concerns(self, is_new: bool) -> bool {
        self.counts != Counts::NewConversations || is_new
    }

    /// The times that this limit counts together with what `account` sends.
    fn counted(self, arrivals: &[Arrival], account: &str) -> Vec<i64> {
        let mine = |arrival: &&Arrival| match self.counts {
            Counts::OfTheKey => true,
            Counts::Requests => arrival.account == account,
            Counts::Messages | Counts::NewConversations => {
                arrival.account == account && arrival.refused.is_none() && self.concerns(arrival.is_new)
            }
        };
        arrivals.iter().filter(mine).map(|arrival| arrival.at).collect()
    }

    /// Whether so many more came, in all, than fit into one span.
    fn is_met(self, arrivals: &[Arrival], beyond: usize) -> bool {
        let counts = ACCOUNTS.iter().map(|account| self.counted(arrivals, account).len());
        counts.max() >= Some(self.most + beyond)
    }

    #[track_caller]
    fn assert_held(self, arrivals: &[Arrival]) {
        for times in ACCOUNTS.map(|account| self.counted(arrivals, account)) {
            for pair in times.windows(self.most + 1) {
                let (first, last) = (pair[0], pair[self.most]);
                let held = match self.within {
                    Within::Any(span) => last - first >= millis(span),
                    Within::UtcDay => day(last) > day(first),
                };
                assert!(held, "{self:?}: {} within {} ms, from {first} on", self.most + 1, last - first);
            }
        }
    }

    /// When it lets the next one leave, not before `now`, if all that came was answered at once.
    fn opens(self, came: &[Arrival], account: &str, now: i64) -> i64 {
        let times = self.counted(came, account);
        let spacing = match (self.within, self.counts, times.last()) {
            (Within::Any(span), Counts::Requests, Some(last)) => last + millis(span) / whole(self.most),
            _ => now,
        };
        let Some(first) = times.len().checked_sub(self.most).map(|first| times[first]) else {
            return now.max(spacing);
        };
        let opens = match self.within {
            Within::Any(span) => first + millis(span),
            Within::UtcDay if day(first) == day(now) => (day(now) + 1) * millis(DAY),
            Within::UtcDay => now,
        };
        now.max(spacing).max(opens)
    }
}

/// When the last of these would have come if each had come as soon as all limits allow: a second opinion about pace, without
/// a line of rowcast's own.
fn soonest(limits: &[Limit], arrivals: &[Arrival]) -> i64 {
    let mut waiting = arrivals.to_vec();
    let mut came: Vec<Arrival> = Vec::new();
    let mut now = arrivals[0].at;
    while !waiting.is_empty() {
        let opens = |next: &Arrival| {
            let concerned = limits.iter().filter(|limit| limit.concerns(next.is_new));
            let later = |now, limit: &Limit| limit.opens(&came, &next.account, now);
            // A day that one limit waits for may be one in which another is used up.
            let once = concerned.clone().fold(now, later);
            concerned.fold(once, later)
        };
        let times = waiting.iter().map(opens).enumerate();
        let (index, at) = times.min_by_key(|(_, at)| *at).expect("some");
        now = at;
        came.push(Arrival {
            at,
            ..waiting.remove(index)
        });
    }
    now
}

/// What part of the limits was used: how long it had to take, of how long it took.
fn used(limits: &[Limit], arrivals: &[Arrival]) -> f64 {
    let (first, last) = (arrivals[0].at, arrivals[arrivals.len() - 1].at);
    seconds(soonest(limits, arrivals) - first) / seconds(last - first)
}

fn day(at: i64) -> i64 {
    at.div_euclid(millis(DAY))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).expect("a span")
}

fn seconds(millis: i64) -> f64 {
    number(usize::try_from(millis).expect("time goes on")) / 1000.0
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("few"))
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).expect("few")
}

/// Two sheets in one folder: two campaigns of one user, one key and the same two accounts. Every third row goes on with a conversation.
fn campaigns(rows: usize) -> Campaign {
    let sheet = |who: &str| {
        let line = |row: usize| {
            let conversation = if row % 3 == 2 {
                format!("urn:li:msg_conversation:{who}-{row}")
            } else {
                String::new()
            };
            format!("{who}-{row},{conversation},{}\n", ACCOUNTS[row / 3 % ACCOUNTS.len()])
        };
        format!("LinkedIn,Conversation URN,Account\n{}", (0..rows).map(line).collect::<String>())
    };
    let campaign = Campaign::new(sheet("anna"), "Hello");
    campaign.write("others.csv", sheet("bert"));
    campaign
}

const SHEETS: [&str; 2] = ["people.csv", "others.csv"];

/// A run that waits as long as it must.
fn arguments<'a>(sheet: &'a str, limits: &[Limit]) -> Vec<&'a str> {
    let patient = [
        "--max-wait",
        "5h",
        "--timeout",
        "3h",
        "--retries",
        "1000",
        "--concurrency",
        "4",
        "--quiet",
    ];
    let limits = limits.iter().flat_map(|limit| limit.flags.iter().copied());
    [sheet].into_iter().chain(patient).chain(limits).collect()
}

/// Runs to the end, or until the wait is a long one. The half minute for which a run waits for the database of the machine is
/// a few thousandths of a second by a fast clock, so that another run may hold it for longer: then it is run again.
#[track_caller]
fn finish(campaign: &Campaign, server: &Server, arguments: &[&str]) {
    loop {
        let done = campaign.run(server, arguments);
        if !done.stderr.contains("database is locked") {
            assert!(matches!(done.code, Some(0 | 4)), "{done:?}");
            return;
        }
    }
}

/// So often is tried whether the limits are used, with ever more time.
const TRIES: usize = 5;

/// Both campaigns at once, until all is sent: no window holds more, and at least 95 % of what the limits allow is used. Where
/// the clock begins several times, nothing happens between one time and the next.
fn used_by_two(limits: &[Limit], rows: usize, speed: u32, slowest: Duration, starts: &[&str]) {
    let mut shares = Vec::new();
    let mut speed = speed;
    // A busy machine can make a run late, and only late; the slower its clock, the less of its time that is.
    while shares.len() < TRIES && shares.last().is_none_or(|share| *share < 0.95) {
        let service = Service::start(speed, Weather { slowest, storms: 0 });
        let mut campaign = campaigns(rows);
        let mut arrivals = Vec::new();
        for start in starts {
            let clock = FastClock::start(start, speed);
            campaign = clock.lend(campaign);
            thread::scope(|scope| {
                for sheet in SHEETS {
                    scope.spawn(|| finish(&campaign, &service.server, &arguments(sheet, limits)));
                    service.server.wait_for_sends(1);
                }
            });
            arrivals.extend(service.arrivals(&clock));
        }
        assert_eq!(arrivals.len(), 2 * rows);
        for limit in limits {
            limit.assert_held(&arrivals);
        }
        shares.push(used(limits, &arrivals));
        speed = (speed / 2).max(1);
    }
    assert!(shares.last().is_some_and(|share| *share >= 0.95), "{limits:?}: used {shares:?}");
}

#[test]
fn two_campaigns_use_the_minute_of_their_key_and_no_more() {
    used_by_two(&[KEY_MINUTE], 30, 30, Duration::from_millis(400), &["2026-11-26 12:00:00"]);
}

#[test]
fn two_campaigns_use_ten_seconds_of_their_key_and_no_more() {
    used_by_two(&[KEY_10_SECONDS], 45, 6, Duration::from_millis(60), &["2026-11-26 12:00:00"]);
}

#[test]
fn two_campaigns_use_the_minute_of_each_account_and_no_more() {
    used_by_two(&[ACCOUNT_MINUTE], 36, 40, Duration::from_millis(400), &["2026-11-26 12:00:00"]);
}

#[test]
fn two_campaigns_use_the_hour_of_each_account_and_no_more() {
    used_by_two(&[ACCOUNT_HOUR], 24, 1200, Duration::from_secs(20), &["2026-11-26 12:00:00"]);
}

#[test]
fn two_campaigns_use_the_day_of_each_account_and_no_more() {
    used_by_two(&[UTC_DAY], 18, 1200, Duration::from_secs(20), &["2026-11-26 23:00:00"]);
}

#[test]
fn two_campaigns_use_any_24_hours_of_each_account_and_no_more() {
    used_by_two(
        &[ROLLING_DAY],
        18,
        1200,
        Duration::from_secs(20),
        &["2026-11-26 12:00:00", "2026-11-27 11:30:00"],
    );
}

#[test]
fn two_campaigns_begin_as_many_conversations_of_each_account_as_they_may_and_no_more() {
    used_by_two(&[NEW_CONVERSATIONS], 18, 1200, Duration::from_secs(20), &["2026-11-26 23:00:00"]);
}

#[test]
fn several_limits_together_are_held_and_used_by_two_campaigns() {
    used_by_two(
        &[KEY_MINUTE, ACCOUNT_MINUTE, ACCOUNT_HOUR_OF_6, UTC_DAY, NEW_CONVERSATIONS],
        18,
        1200,
        Duration::from_secs(5),
        &["2026-11-26 22:45:00"],
    );
}

/// Where no limit was met until then, by the real clock, a part is over nevertheless.
const MET_BY: Duration = Duration::from_secs(40);

/// A part of a test: where its clock begins, and how long it lasts by the real one, if a limit was met by then.
struct Part(&'static str, Duration);

/// Both campaigns at once, each killed and started again and again, while the service refuses accounts for a while now and
/// then: no window holds more. Between two parts nothing happens.
fn held_through_storms_and_kills(limits: &[Limit], rows: usize, speed: u32, slowest: Duration, parts: &[Part]) {
    let service = Service::start(speed, Weather { slowest, storms: 4 });
    let mut campaign = campaigns(rows);
    let mut arrivals = Vec::new();
    for (index, Part(start, lasts)) in parts.iter().enumerate() {
        // The first part fills a span, the last one goes on where it has ended.
        let beyond = usize::from(index + 1 == parts.len());
        let clock = FastClock::start(start, speed);
        campaign = clock.lend(campaign);
        let (end, latest) = (Instant::now() + *lasts, Instant::now() + MET_BY);
        thread::scope(|scope| {
            for sheet in SHEETS {
                let mut dice = Dice::new(sheet);
                let (campaign, service, arrivals) = (&campaign, &service, &arrivals);
                let goes_on = move || Instant::now() < end || Instant::now() < latest && !service.has_met(limits, arrivals, beyond);
                scope.spawn(move || {
                    while goes_on() {
                        let run = campaign.start(&service.server, &arguments(sheet, limits));
                        thread::sleep(Duration::from_millis(250 + dice.below(700)));
                        run.signal(Signal::Kill);
                        run.finish();
                        // What it had on its way has come to the server by now, and has been written down.
                        thread::sleep(Duration::from_millis(20));
                    }
                });
            }
        });
        arrivals.extend(service.arrivals(&clock));
    }
    for limit in limits {
        limit.assert_held(&arrivals);
    }
    assert!(limits.iter().any(|limit| limit.is_met(&arrivals, 1)), "no limit was met");
}

const THREE_SECONDS: Duration = Duration::from_secs(3);
const NOON: Part = Part("2026-11-26 12:00:00", THREE_SECONDS);
/// Midnight is a second away by the real clock.
const LATE: Part = Part("2026-11-26 23:40:00", THREE_SECONDS);

#[test]
fn storms_and_kills_make_no_minute_of_the_key_fuller() {
    held_through_storms_and_kills(&[KEY_MINUTE], 60, 40, Duration::from_millis(400), &[NOON]);
}

#[test]
fn storms_and_kills_make_no_ten_seconds_of_the_key_fuller() {
    held_through_storms_and_kills(&[KEY_10_SECONDS], 90, 6, Duration::from_millis(60), &[NOON]);
}

#[test]
fn storms_and_kills_make_no_minute_of_an_account_fuller() {
    held_through_storms_and_kills(&[ACCOUNT_MINUTE], 60, 40, Duration::from_millis(400), &[NOON]);
}

#[test]
fn storms_and_kills_make_no_hour_of_an_account_fuller() {
    held_through_storms_and_kills(&[ACCOUNT_HOUR], 60, 1200, Duration::from_secs(20), &[NOON]);
}

#[test]
fn storms_and_kills_make_no_day_of_an_account_fuller() {
    held_through_storms_and_kills(&[UTC_DAY], 60, 1200, Duration::from_secs(20), &[LATE]);
}

#[test]
fn storms_and_kills_make_no_24_hours_of_an_account_fuller() {
    held_through_storms_and_kills(
        &[ROLLING_DAY],
        60,
        1200,
        Duration::from_secs(20),
        &[
            Part("2026-11-26 12:00:00", Duration::from_secs(2)),
            Part("2026-11-27 11:40:00", Duration::from_secs(3)),
        ],
    );
}

#[test]
fn storms_and_kills_begin_no_more_conversations_than_a_day_may() {
    held_through_storms_and_kills(&[NEW_CONVERSATIONS], 60, 1200, Duration::from_secs(20), &[LATE]);
}

#[test]
fn storms_and_kills_break_none_of_several_limits() {
    held_through_storms_and_kills(
        &[KEY_MINUTE, ACCOUNT_MINUTE, ACCOUNT_HOUR_OF_6, UTC_DAY, NEW_CONVERSATIONS],
        60,
        1200,
        Duration::from_secs(20),
        &[LATE],
    );
}

#[test]
fn after_a_429_no_more_arrive_than_were_in_flight_until_the_time_that_it_names() {
    let clock = FastClock::start("2026-11-26 12:00:00", 20);
    let weather = Weather {
        slowest: Duration::from_millis(500),
        storms: 25,
    };
    let service = Service::start(20, weather);
    let campaign = clock.lend(campaigns(60));
    finish(&campaign, &service.server, &arguments("people.csv", &[]));
    let arrivals = service.arrivals(&clock);
    let refused: Vec<_> = arrivals
        .iter()
        .filter_map(|arrival| Some((&arrival.account, arrival.refused?)))
        .collect();
    assert!(!refused.is_empty());
    for storm in &refused {
        let came = refused.iter().filter(|other| *other == storm).count();
        assert!(came <= 4, "{came} came, and 4 may be in flight");
    }
    assert_eq!(campaign.statuses(), ["sent"; 60], "a 429 costs nobody a row");
}

#[test]
fn what_the_service_named_to_one_campaign_holds_the_account_for_others_too() {
    let reset = (jiff::Timestamp::now() + Duration::from_mins(10)).as_second().to_string();
    for told in [
        status(429).header("Retry-After", "600"),
        sent().header("X-RateLimit-Remaining", "0").header("X-RateLimit-Reset", &reset),
    ] {
        let server = Server::start();
        server.answer_all(told);
        let campaign = campaigns(4);
        let pace = ["--account-rate", "100/s", "--concurrency", "1", "--max-wait", "0s"];
        campaign.run(&server, &[&SHEETS[..1], &pace].concat()).exits(4);
        assert_eq!(server.sends().len(), 2, "one from each account");
        campaign.run(&server, &[&SHEETS[1..], &pace].concat()).exits(4);
        assert_eq!(server.sends().len(), 2, "the other campaign was told without asking");
    }
}

#[test]
fn a_refusal_that_names_no_time_holds_the_account_for_other_campaigns_too() {
    let server = Server::answering(status(429));
    let campaign = campaigns(4);
    let pace = ["--account-rate", "100/s", "--concurrency", "1", "--max-wait", "0s"];
    campaign.run(&server, &[&SHEETS[..1], &pace].concat()).exits(4);
    assert_eq!(server.sends().len(), 2, "one from each account");
    campaign.run(&server, &[&SHEETS[1..], &pace].concat()).exits(4);
    assert_eq!(server.sends().len(), 2, "the other campaign need not be told");
}

#[test]
fn requests_that_were_refused_together_without_a_time_hold_their_account_for_a_minute_and_no_longer() {
    for limit in [&["--daily-limit", "100"][..], &[]] {
        let clock = FastClock::start("2026-11-26 12:00:00", 60);
        let server = Server::start();
        let mut came = 0;
        server.answer_by(move |_| {
            // All four are under way when the first is refused.
            came += 1;
            let answer = if came <= 4 { status(429) } else { sent() };
            answer.after(Duration::from_millis(150))
        });
        server.answer_questions_by(|_| Some(status(404)));
        let rows: Vec<String> = (0..4).map(|row| format!("anna-{row},acc_1")).collect();
        let campaign = clock.lend(Campaign::new(format!("LinkedIn,Account\n{}\n", rows.join("\n")), "Hi"));
        campaign.run(&server, &[&["--concurrency", "64"], limit].concat()).exits(0);
        let at: Vec<i64> = server.sends().iter().map(|seen| clock.at(seen.at)).collect();
        let pause = at[4] - at[3];
        assert!(
            (60_000..110_000).contains(&pause),
            "{pause} ms until they were tried again: {limit:?}"
        );
        assert_eq!(at.len(), 8, "each once more");
    }
}
