mod promptness;

use std::time::Instant;

use proptest::prelude::*;

use super::super::pace::{Beginning, Class, Limits, Pace};
use super::*;
use crate::model::calendar::Openings;
use crate::model::limits::{AccountLimits, DAY, DayKind, Gap, HOUR, Opener, mixed};
use crate::model::plan::{Meeting, Planner, Rendering, Way};
use crate::model::rate::{Ceiling, DailyLimit, Rate};
use crate::model::row::{Place, RowNumber};
use crate::model::window::MIDNIGHT_MARGIN;

/// 2026-11-23T12:00:00Z.
const START: Moment = Moment::from_millis(1_795_435_200_000);

fn plan(rows: usize, way: impl Fn(usize) -> Way) -> Plan {
    let mut planner = Planner::new(crate::model::plan::Choice::everything());
    for index in 0..rows {
        let number = RowNumber(u32::try_from(index).expect("few rows") + 2);
        let meeting = Meeting::Open(crate::model::ledger::Standing::Untried);
        planner.push(number, Place(0), way(index), 0, meeting, Rendering::Draft(1));
    }
    planner.finish()
}

fn names(count: u16) -> Vec<Option<String>> {
    (0..count).map(|index| Some(format!("acc_{index}"))).collect()
}

fn schedule(limits: &Limits, accounts: u16, classes: &[Class], hours: &[Openings]) -> Schedule {
    let beginning = Beginning {
        limits,
        accounts: &names(accounts),
        past: &[],
        first_days: &[],
        classes,
        hours,
        patience: Duration::ZERO,
        seed: 7,
        ahead: 0,
    };
    Schedule::new(accounts, Pace::new(&beginning, START))
}

const fn world(concurrency: usize) -> World {
    World {
        start: START,
        concurrency,
        end: None,
    }
}

/// A request as the server sees it: it arrives somewhere between leaving and being answered.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    account: u16,
    left: Moment,
    at: Moment,
    opener: Opener,
    accepted: bool,
}

/// The most that any window of this length holds, by when requests arrived.
fn most(arrivals: &[Moment], period: Duration) -> usize {
    let mut sorted = arrivals.to_vec();
    sorted.sort_unstable();
    let mut first = 0;
    let mut most = 0;
    for (last, at) in sorted.iter().enumerate() {
        while at.since(sorted[first]) >= period {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

fn most_a_day(arrivals: &[Moment]) -> usize {
    let mut days = std::collections::HashMap::new();
    for at in arrivals {
        *days.entry(at.utc_day()).or_insert(0usize) += 1;
    }
    days.into_values().max().unwrap_or(0)
}

fn some_limit() -> impl Strategy<Value = DailyLimit> {
    prop_oneof![Just(DailyLimit::Unlimited), (1u32..12).prop_map(DailyLimit::At)]
}

fn some_rate() -> impl Strategy<Value = Ceiling> {
    prop_oneof![
        Just(Ceiling::Unlimited),
        (1u32..8, 1u64..120)
            .prop_map(|(count, seconds)| Rate::new(count, Duration::from_secs(seconds)).map_or(Ceiling::Unlimited, Ceiling::At))
    ]
}

prop_compose! {
    fn some_limits()(
        rate in some_rate(), key in some_rate(), account in some_rate(), hourly in some_limit(), daily in some_limit(),
        rolling: bool, new in some_limit(), gap in prop::option::of((0u64..30, 1u64..60)),
    ) -> Limits {
        Limits {
            rate,
            key: key.rate().into_iter().collect(),
            account: AccountLimits {
                rate: account,
                hourly,
                daily,
                day: if rolling { DayKind::Rolling } else { DayKind::Utc },
                new_conversations: new,
                gap: gap.map(|(from, more)| Gap { shortest: Duration::from_secs(from), longest: Duration::from_secs(from + more) }),
                ramp: None,
            },
            ..Limits::NONE
        }
    }
}

/// Open for some hours now and then, for ever as far as a test goes.
fn some_hours() -> impl Strategy<Value = Openings> {
    prop_oneof![
        Just(Openings::ALWAYS),
        (0i64..20, 1i64..20).prop_map(|(from, long)| {
            let day = |day: i64| START.shifted(((day - 1) * 24 + from) * 3_600_000);
            Openings::of((0..200).map(|n| (day(n), day(n).shifted(long * 3_600_000))).collect())
        })
    ]
}

fn check(limits: &Limits, arrivals: &[Arrival], accounts: u16) -> Result<(), TestCaseError> {
    let times = |keep: &dyn Fn(&Arrival) -> bool| -> Vec<Moment> { arrivals.iter().filter(|a| keep(a)).map(|a| a.at).collect() };
    for rate in limits.rate.rate().into_iter().chain(limits.key.iter().copied()) {
        prop_assert!(most(&times(&|_| true), rate.period()) <= rate.count() as usize, "{rate:?}");
    }
    for account in 0..accounts {
        let of_account = &limits.account;
        if let Some(rate) = of_account.rate.rate() {
            prop_assert!(
                most(&times(&|a| a.account == account), rate.period()) <= rate.count() as usize,
                "{rate:?}"
            );
        }
        let accepted = times(&|a| a.account == account && a.accepted);
        let new = times(&|a| a.account == account && a.accepted && a.opener == Opener::New);
        if let DailyLimit::At(limit) = of_account.hourly {
            prop_assert!(most(&accepted, HOUR) <= limit as usize, "hourly {limit}");
        }
        for (limit, times) in [(of_account.daily, &accepted), (of_account.new_conversations, &new)] {
            let DailyLimit::At(limit) = limit else { continue };
            let held = match of_account.day {
                DayKind::Utc => most_a_day(times),
                DayKind::Rolling => most(times, DAY),
            };
            prop_assert!(held <= limit as usize, "{held} of {limit} in a day");
        }
        if let Some(gap) = of_account.gap {
            let mut left: Vec<Moment> = arrivals.iter().filter(|a| a.account == account).map(|a| a.left).collect();
            left.sort_unstable();
            prop_assert!(left.windows(2).all(|pair| pair[1].since(pair[0]) >= gap.shortest), "{gap}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Whatever the limits, hours, latencies and refusals, the server sees no window with more than its limit, and
    /// every row has its turn.
    #[test]
    fn no_limit_is_ever_exceeded_as_the_server_sees_it(
        limits in some_limits(), hours in some_hours(), accounts in 1u16..4, rows in 1usize..60, concurrency in 1usize..10,
        slowest in 0u64..20_000, refused in 0u64..4, luck: u64,
    ) {
        let classes = [Class::default(), Class { opener: Opener::Known, hours: 0 }];
        let plan = plan(rows, |index| Way {
            account: u16::try_from(mixed(luck ^ index as u64) % u64::from(accounts)).expect("few accounts"),
            class: u16::from(index % 3 == 0),
        });
        let mut arrivals = Vec::new();
        let mut sent = 0;
        let mut draws = luck;
        let schedule = schedule(&limits, accounts, &classes, std::slice::from_ref(&hours));
        let simulated = simulate(schedule, &plan, world(concurrency), |account, row, left| {
            draws = mixed(draws);
            let after = draws % (slowest + 1);
            let at = left.shifted(i64::try_from(mixed(draws ^ 1) % (after + 1)).expect("a short time"));
            let accepted = mixed(draws ^ 2) % 10 >= refused;
            sent += usize::from(accepted);
            let opener = if row % 3 == 0 { Opener::Known } else { Opener::New };
            arrivals.push(Arrival { account, left, at, opener, accepted });
            let after = Duration::from_millis(after);
            let says = if accepted { Says::Sent } else { Says::Held(Some(left + after + Duration::from_secs(draws % 90))) };
            Reply { after, says }
        });
        prop_assert!(matches!(simulated, Simulated::Done(Some(_))));
        prop_assert_eq!(sent, rows);
        for arrival in &arrivals {
            prop_assert!(hours.is_open(arrival.left));
        }
        check(&limits, &arrivals, accounts)?;
    }
}

/// How many of one account's rows leave within `span` under these limits, with answers that take up to a tenth of a second.
fn sent_within(limits: &Limits, span: Duration) -> usize {
    let plan = plan(5000, |_| Way::default());
    let mut sent = 0;
    let mut world = world(8);
    world.end = Some(START + span);
    simulate(schedule(limits, 1, &[], &[]), &plan, world, |_, row, _| {
        sent += 1;
        Reply {
            after: Duration::from_millis(mixed(row as u64) % 100),
            says: Says::Sent,
        }
    });
    sent
}

#[test]
fn a_limit_that_nothing_else_holds_is_used_to_95_percent() {
    let rate = |text: &str| -> Ceiling { text.parse().expect("a rate") };
    let of_account = |account: AccountLimits| Limits { account, ..Limits::NONE };
    let day = |kind| {
        of_account(AccountLimits {
            daily: DailyLimit::At(100),
            day: kind,
            ..AccountLimits::NONE
        })
    };
    let cases = [
        (
            "run",
            Limits {
                rate: rate("60/min"),
                ..Limits::NONE
            },
            HOUR,
            3600,
        ),
        (
            "key",
            Limits {
                key: rate("100/10s").rate().into_iter().collect(),
                ..Limits::NONE
            },
            Duration::from_mins(5),
            3000,
        ),
        (
            "account",
            of_account(AccountLimits {
                rate: rate("2/min"),
                ..AccountLimits::NONE
            }),
            HOUR * 10,
            1200,
        ),
        (
            "hour",
            of_account(AccountLimits {
                hourly: DailyLimit::At(20),
                ..AccountLimits::NONE
            }),
            DAY,
            480,
        ),
        ("day", day(DayKind::Utc), DAY * 4 + HOUR * 12, 500),
        ("rolling day", day(DayKind::Rolling), DAY * 4 + HOUR * 23, 500),
    ];
    for (name, limits, span, allowed) in cases {
        let sent = sent_within(&limits, span);
        assert!(sent * 100 >= allowed * 95, "{name}: {sent} of {allowed}");
    }
}

#[test]
fn a_campaign_of_10_000_rows_20_accounts_and_5_days_is_simulated_within_a_second() {
    let limits = Limits {
        rate: "60/min".parse().expect("a rate"),
        key: ["60/min", "100/10s"]
            .iter()
            .filter_map(|text| text.parse::<Ceiling>().ok()?.rate())
            .collect(),
        account: AccountLimits {
            rate: "2/min".parse().expect("a rate"),
            hourly: DailyLimit::At(20),
            daily: DailyLimit::At(100),
            gap: "30s-90s".parse().ok(),
            ..AccountLimits::NONE
        },
        ..Limits::NONE
    };
    let plan = plan(10_000, |index| Way {
        account: u16::try_from(index % 20).expect("few accounts"),
        class: 0,
    });
    let begun = Instant::now();
    let mut sent = 0;
    let simulated = simulate(schedule(&limits, 20, &[], &[]), &plan, world(8), |_, _, _| {
        sent += 1;
        Reply::AT_ONCE
    });
    let took = begun.elapsed();
    let Simulated::Done(Some(last)) = simulated else {
        panic!("{simulated:?}")
    };
    assert_eq!(sent, 10_000);
    assert_eq!(last.utc_day() - START.utc_day(), 4, "{last}");
    // Unoptimised, and beside other tests, it takes a few times as long.
    let allowed = if cfg!(debug_assertions) { 6 } else { 1 };
    assert!(took < Duration::from_secs(allowed), "{took:?}");
}

#[test]
fn a_slow_account_slows_no_other() {
    let mut limits = Limits::NONE;
    limits.own.insert(
        "acc_0".to_owned(),
        AccountLimits {
            daily: DailyLimit::At(1),
            ..AccountLimits::NONE
        },
    );
    let plan = plan(20, |index| Way {
        account: u16::from(index >= 10),
        class: 0,
    });
    let mut left = Vec::new();
    simulate(schedule(&limits, 2, &[], &[]), &plan, world(4), |account, _, at| {
        left.push((account, at));
        Reply::AT_ONCE
    });
    assert!(left.iter().filter(|(account, _)| *account == 1).all(|(_, at)| *at == START));
    let last = left.iter().map(|(_, at)| *at).max().expect("some");
    assert_eq!(last, Moment::start_of_utc_day(START.utc_day() + 9) + MIDNIGHT_MARGIN);
}

#[test]
fn rows_whose_hours_are_closed_hold_up_no_others_of_their_account() {
    let later = START + HOUR;
    let hours = [Openings::ALWAYS, Openings::of(vec![(later, later + HOUR)])];
    let classes = [
        Class::default(),
        Class {
            hours: 1,
            opener: Opener::New,
        },
    ];
    let plan = plan(6, |index| Way {
        account: 0,
        class: u16::from(index % 2 == 0),
    });
    let mut left = Vec::new();
    simulate(schedule(&Limits::NONE, 1, &classes, &hours), &plan, world(4), |_, row, at| {
        left.push((row, at));
        Reply::AT_ONCE
    });
    assert_eq!(left, [(1, START), (3, START), (5, START), (0, later), (2, later), (4, later)]);
}

/// When the first row of a run with these limits may leave.
fn opening(limits: &Limits) -> Moment {
    match schedule(limits, 1, &[], &[]).next(&plan(1, |_| Way::default()), START) {
        Next::Wait(until, _) => until,
        _ => START,
    }
}

#[test]
fn what_can_never_leave_is_told_and_not_waited_for() {
    let plan = plan(3, |_| Way::default());
    let mut limits = Limits::NONE;
    limits.account.daily = DailyLimit::At(0);
    assert_eq!(opening(&limits), NEVER, "no day is better than another");
    let nothing =
        |limits: &Limits, hours: &[Openings]| simulate(schedule(limits, 1, &[], hours), &plan, world(1), |_, _, _| Reply::AT_ONCE);
    assert_eq!(nothing(&limits, &[]), Simulated::Unfinished);
    assert_eq!(nothing(&Limits::NONE, &[Openings::of(Vec::new())]), Simulated::Unfinished);
}
