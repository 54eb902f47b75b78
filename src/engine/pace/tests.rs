use super::*;
use crate::model::rate::DailyLimit;

fn at(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

fn limits(rate: &str, account_rate: &str, daily: &str) -> Limits {
    Limits {
        rate: rate.parse().expect("a rate"),
        account: AccountLimits {
            rate: account_rate.parse().expect("a rate"),
            daily: daily.parse().expect("a limit"),
            ..AccountLimits::NONE
        },
        ..Limits::NONE
    }
}

fn pace(limits: &Limits, accounts: &[Option<String>], past: &[Past], now: Moment) -> Pace {
    let beginning = Beginning {
        limits,
        accounts,
        past,
        first_days: &[],
        classes: &[],
        hours: &[],
        patience: Duration::ZERO,
        seed: 1,
        ahead: 0,
    };
    Pace::new(&beginning, now)
}

fn past(left: i64, answered: i64) -> Past {
    Past {
        account: None,
        left: at(left),
        answered: at(answered),
        counted: Counted::Yes,
        opener: Opener::New,
        by: By::Us,
    }
}

fn opens(pace: &Pace, account: u16, now: Moment) -> Leave {
    pace.opens(account, 0, pace.opens_for_all(now), now)
}

#[test]
fn a_restart_forgets_nothing_that_was_used_up() {
    let now = at(1_000_000);
    let earlier: Vec<Past> = (0..3).map(|n| past(990_000 + n, 990_100 + n)).collect();
    let rated = pace(&limits("3/min", "unlimited", "unlimited"), &[None], &earlier, now);
    let expected = Leave {
        opens: Opening::At(at(1_050_101)),
        why: Wait::Rate,
    };
    assert_eq!(opens(&rated, 0, now), expected);
    let day = pace(&limits("unlimited", "unlimited", "3"), &[None], &earlier, now);
    let expected = Leave {
        opens: Opening::At(at(86_405_000)),
        why: Wait::DailyLimit,
    };
    assert_eq!(opens(&day, 0, now), expected);
}

#[test]
fn requests_from_a_future_clock_count_as_just_made() {
    let now = at(1_000_000);
    let pace = pace(
        &limits("1/min", "unlimited", "unlimited"),
        &[None],
        &[past(9_000_000, 9_000_100)],
        now,
    );
    assert_eq!(opens(&pace, 0, now).opens, Opening::At(at(1_060_001)));
}

#[test]
fn a_hold_shuts_its_account_and_no_other() {
    let now = at(5_000);
    let accounts = [Some("a".to_owned()), Some("b".to_owned())];
    let mut pace = pace(&Limits::NONE, &accounts, &[], now);
    pace.hold_account(0, at(9_000), Wait::Held);
    pace.hold_account(0, at(8_000), Wait::Gap);
    let expected = Leave {
        opens: Opening::At(at(9_000)),
        why: Wait::Held,
    };
    assert_eq!(opens(&pace, 0, now), expected);
    assert!(opens(&pace, 1, now).is_open(now));
}

#[test]
fn what_other_campaigns_sent_counts_for_key_and_account_and_not_for_the_run() {
    let now = at(1_000_000);
    let others: Vec<Past> = [None, Some("x".to_owned())]
        .into_iter()
        .map(|account| Past {
            account,
            by: By::Others,
            ..past(999_000, 999_500)
        })
        .collect();
    let mut own = limits("1/min", "1/h", "unlimited");
    let of_account = pace(&own, &[None], &others, now);
    assert_eq!(opens(&of_account, 0, now).why, Wait::AccountRate);
    own.account = AccountLimits::NONE;
    assert!(opens(&pace(&own, &[None], &others, now), 0, now).is_open(now));
    own.key = vec![Rate::new(2, Duration::from_mins(1)).expect("a rate")];
    let of_key = opens(&pace(&own, &[None], &others, now), 0, now);
    assert_eq!((of_key.opens, of_key.why), (Opening::At(at(1_059_501)), Wait::KeyRate));
}

#[test]
fn new_conversations_have_a_limit_of_their_own() {
    let now = at(43_200_000);
    let mut limits = Limits::NONE;
    limits.account.new_conversations = DailyLimit::At(1);
    let known = Class {
        opener: Opener::Known,
        hours: 0,
    };
    let beginning = Beginning {
        limits: &limits,
        accounts: &[None],
        past: &[past(43_100_000, 43_100_500)],
        first_days: &[],
        classes: &[Class::default(), known],
        hours: &[],
        patience: Duration::ZERO,
        seed: 1,
        ahead: 0,
    };
    let pace = Pace::new(&beginning, now);
    let all = pace.opens_for_all(now);
    assert_eq!(pace.opens(0, 0, all, now).why, Wait::NewConversations);
    assert!(pace.opens(0, 1, all, now).is_open(now));
}

#[test]
fn hours_hold_whatever_the_limits_would_let_leave() {
    let now = at(1000);
    let hours = [Openings::of(vec![(at(5000), at(6000)), (at(9000), at(9500))])];
    let limits = limits("unlimited", "1/s", "unlimited");
    let beginning = Beginning {
        limits: &limits,
        accounts: &[None],
        past: &[],
        first_days: &[],
        classes: &[],
        hours: &hours,
        patience: Duration::ZERO,
        seed: 1,
        ahead: 0,
    };
    let mut pace = Pace::new(&beginning, now);
    assert_eq!(
        opens(&pace, 0, now),
        Leave {
            opens: Opening::At(at(5000)),
            why: Wait::Window
        }
    );
    let ticket = pace.leave(0, 0, at(5500));
    pace.answered(0, ticket, at(5510), Counted::Yes);
    let late = opens(&pace, 0, at(5600));
    assert_eq!(
        (late.opens, late.why),
        (Opening::At(at(9000)), Wait::AccountRate),
        "it opens after the hours end"
    );
    assert_eq!(opens(&pace, 0, at(9600)).opens, Opening::At(NEVER));
    pace.patience = Duration::from_secs(2);
    let late = opens(&pace, 0, at(5600));
    assert_eq!(
        (late.opens, late.why),
        (Opening::At(at(9000)), Wait::Window),
        "a run would have sat out the second, and then its hours have ended"
    );
}

#[test]
fn the_service_s_clock_says_when_the_day_ends() {
    let midnight = 86_400_000;
    let limits = limits("unlimited", "unlimited", "1");
    let mut pace = pace(&limits, &[None], &[], at(midnight - 7_200_000));
    pace.set_ahead(3_600_000);
    let ticket = pace.leave(0, 0, at(midnight - 7_000_000));
    pace.answered(0, ticket, at(midnight - 6_999_000), Counted::Yes);
    assert_eq!(
        opens(&pace, 0, at(midnight - 6_000_000)).opens,
        Opening::At(at(midnight - 3_600_000 + 5000))
    );
}
