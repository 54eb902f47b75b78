//! What `plan` says is what a run does, day by day and account by account: with time sped up, over a change of the clocks.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::fast_clock::FastClock;
use crate::harness::{Campaign, Server};

/// What an account sends on a day: how many messages, and the first and the last of them.
#[derive(Debug, Clone, PartialEq)]
struct Day {
    messages: u64,
    first: Timestamp,
    last: Timestamp,
}

/// By day and account.
type Days = BTreeMap<(String, String), Day>;

/// Twenty minutes are 48 ms of the real clock here.
const TOLERANCE: Duration = Duration::from_mins(20);
const SPEED: u32 = 25_000;

fn campaign(server: &Server) -> Campaign {
    let rows = [("acc_1", 20), ("acc_2", 12), ("acc_3", 10)];
    let rows = rows
        .iter()
        .flat_map(|(account, count)| (0..*count).map(move |row| format!("{account}-{row},{account}\n")));
    let campaign = Campaign::new(format!("LinkedIn,Account\n{}", rows.collect::<String>()), "Hello");
    campaign.write(
        "campaign.toml",
        format!(
            r#"
sheet = "people.csv"
message = "message.txt"
base_url = "{}"
[pace]
account_rate = "unlimited"
daily_limit = 8
gap = "5m-8m"
window = ["Mon-Sun 09:00-12:00"]
timezone = "Europe/Berlin"
max_wait = "5d"
timeout = "10h"
retries = 1000
[pace.accounts.acc_2]
daily_limit = 5
[pace.accounts.acc_3]
ramp = "2/day +2/day"
"#,
            server.base_url()
        ),
    );
    campaign
}

fn planned(campaign: &Campaign) -> Days {
    let plan = campaign.rowcast(&["plan", "campaign.toml", "--format", "json"]).exits(0).json();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let time = |value: &serde_json::Value| text(value).parse::<Timestamp>().expect("a time");
    let days = plan["days"].as_array().expect("days").iter();
    days.map(|day| {
        let named = Day {
            messages: day["messages"].as_u64().expect("a count"),
            first: time(&day["first"]),
            last: time(&day["last"]),
        };
        ((text(&day["day"]), text(&day["account"])), named)
    })
    .collect()
}

fn seen(server: &Server, clock: &FastClock) -> Days {
    let mut days = Days::new();
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let mut sends = server.sends();
    sends.sort_by_key(|seen| seen.at);
    for seen in sends {
        let at = Timestamp::from_millisecond(clock.at(seen.at)).expect("a time");
        let day = Zoned::new(at, berlin.clone()).date().to_string();
        let account = seen.body["accountId"].as_str().expect("an account").to_owned();
        let first = Day {
            messages: 0,
            first: at,
            last: at,
        };
        let day = days.entry((day, account)).or_insert(first);
        day.messages += 1;
        day.last = at;
    }
    days
}

/// Whether the run did what was planned: as many messages of each account on each day, and the first and the last of them
/// no earlier, and later by no more than the tolerance.
fn follows(seen: &Days, planned: &Days) -> bool {
    let close = |seen: Timestamp, planned: Timestamp| {
        let late = seen.duration_since(planned);
        late >= -jiff::SignedDuration::from_mins(2) && late.unsigned_abs() <= TOLERANCE
    };
    // Gaps are drawn by chance, and a message that is late makes the next one late.
    seen.len() == planned.len()
        && seen.iter().zip(planned).all(|((which, seen), (wanted, planned))| {
            which == wanted && seen.messages == planned.messages && close(seen.first, planned.first) && close(seen.last, planned.last)
        })
}

#[test]
fn a_run_over_days_follows_its_plan_day_by_day_and_account_by_account() {
    let mut speed = SPEED;
    loop {
        let server = Server::start();
        // A Saturday; Berlin's clocks are set back in the night that follows.
        let clock = FastClock::start("2026-10-24 06:00:00", speed);
        let campaign = clock.lend(campaign(&server));
        let planned = planned(&campaign);
        let messages = |account: &str| -> Vec<u64> {
            let own = planned.iter().filter(|((_, of), _)| of == account);
            own.map(|(_, day)| day.messages).collect()
        };
        assert_eq!(messages("acc_1"), [8, 8, 4], "{planned:?}");
        assert_eq!(messages("acc_2"), [5, 5, 2], "{planned:?}");
        assert_eq!(messages("acc_3"), [2, 4, 4], "{planned:?}");
        let sunday = &planned[&("2026-10-25".to_owned(), "acc_1".to_owned())];
        assert!(sunday.first.to_string().starts_with("2026-10-25T08:00"), "{sunday:?}");
        campaign.rowcast(&["run", "campaign.toml", "--yes"]).exits(0);
        let seen = seen(&server, &clock);
        if follows(&seen, &planned) {
            return;
        }
        // A busy machine can make a run late, and only late; the slower its clock, the less of its time that is.
        speed /= 2;
        assert!(speed > SPEED / 16, "planned {planned:#?}\nseen {seen:#?}");
    }
}
