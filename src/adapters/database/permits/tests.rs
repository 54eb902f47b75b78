mod clocks;

use super::*;
use crate::model::rate::Ceiling;

fn at(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

const NOON: i64 = 43_200_000;

fn limits() -> AccountLimits {
    AccountLimits::NONE
}

fn hourly() -> AccountLimits {
    AccountLimits {
        hourly: DailyLimit::At(3),
        ..limits()
    }
}

fn rate(text: &str) -> Ceiling {
    text.parse().expect("a rate")
}

fn asker<'a>(key: &'a str, account: &'a str, key_rates: &'a [Rate], limits: &'a AccountLimits) -> Asker<'a> {
    Asker {
        key,
        account,
        campaign: "c",
        key_rates,
        limits,
    }
}

const WISH: Wish = Wish {
    ahead: 0,
    timeout: Duration::from_mins(1),
    opener: Opener::New,
};

fn opening(now: i64) -> Opening<'static> {
    Opening {
        service: "s",
        now: at(now),
        skew: None,
    }
}

/// What an answer at `now` tells by a service whose clock is `ahead` of ours.
fn told(now: i64, ahead: i64) -> Skew {
    let date = (now + ahead).div_euclid(1000) * 1000;
    Skew::told(at(date), at(now), at(now)).expect("told")
}

fn open() -> (tempfile::TempDir, Permits) {
    let folder = tempfile::tempdir().expect("a folder");
    let permits = Permits::open(&folder.path().join("deep").join("shared.db"), opening(0)).expect("a database");
    (folder, permits)
}

fn granted(claim: Claim) -> PermitId {
    match claim {
        Claim::Granted(id) => id,
        Claim::Later(..) => panic!("{claim:?}"),
    }
}

#[test]
fn what_one_process_claimed_another_cannot() {
    let (folder, mut ours) = open();
    let mut theirs = Permits::open(&folder.path().join("deep").join("shared.db"), opening(0)).expect("the same");
    let limits = AccountLimits {
        rate: rate("1/min"),
        ..limits()
    };
    let id = granted(ours.claim(asker("k", "s a", &[], &limits), WISH, || at(NOON)).expect("an answer"));
    let other = asker("k2", "s a", &[], &limits);
    assert_eq!(
        theirs.claim(other, WISH, || at(NOON + 10)).expect("an answer"),
        Claim::Later(at(NOON + 260), Wait::AccountRate),
        "the answer is outstanding: look again soon"
    );
    ours.answered(id, at(NOON + 20), Counted::Yes).expect("written");
    assert_eq!(
        theirs.claim(other, WISH, || at(NOON + 30)).expect("an answer"),
        Claim::Later(at(NOON + 60_021), Wait::AccountRate)
    );
    granted(
        theirs
            .claim(asker("k2", "s b", &[], &limits), WISH, || at(NOON + 30))
            .expect("an answer"),
    );
    granted(theirs.claim(other, WISH, || at(NOON + 60_021)).expect("an answer"));
}

#[test]
fn a_key_is_limited_whichever_account_sends() {
    let (_folder, mut permits) = open();
    let rates = [Rate::new(2, Duration::from_secs(10)).expect("a rate")];
    let limits = limits();
    for account in ["s a", "s b"] {
        let id = granted(
            permits
                .claim(asker("k", account, &rates, &limits), WISH, || at(NOON))
                .expect("an answer"),
        );
        permits.answered(id, at(NOON + 5), Counted::No).expect("written");
    }
    let third = permits
        .claim(asker("k", "s c", &rates, &limits), WISH, || at(NOON + 6))
        .expect("an answer");
    assert_eq!(third, Claim::Later(at(NOON + 10_006), Wait::KeyRate));
    granted(
        permits
            .claim(asker("k2", "s c", &rates, &limits), WISH, || at(NOON + 6))
            .expect("an answer"),
    );
}

#[test]
fn a_day_is_shared_and_what_was_refused_uses_up_nothing_of_it() {
    let (_folder, mut permits) = open();
    let limits = AccountLimits {
        daily: DailyLimit::At(2),
        ..limits()
    };
    let asker = asker("k", "s a", &[], &limits);
    for (index, counted) in (0i64..).zip([Counted::Yes, Counted::No, Counted::Yes]) {
        let id = granted(permits.claim(asker, WISH, || at(NOON + index)).expect("an answer"));
        permits.answered(id, at(NOON + 5), counted).expect("written");
    }
    let midnight = 86_400_000 + 5000;
    assert_eq!(
        permits.claim(asker, WISH, || at(NOON + 9)).expect("an answer"),
        Claim::Later(at(midnight), Wait::DailyLimit)
    );
    let id = granted(permits.claim(asker, WISH, || at(midnight)).expect("an answer"));
    permits.answered(id, at(midnight), Counted::Yes).expect("written");
    let rolling = AccountLimits {
        day: DayKind::Rolling,
        ..limits.clone()
    };
    let later = permits
        .claim(Asker { limits: &rolling, ..asker }, WISH, || at(midnight + 1))
        .expect("an answer");
    assert_eq!(later, Claim::Later(at(NOON + 5 + 86_400_001), Wait::DailyLimit));
}

#[test]
fn the_past_of_others_is_told_and_ours_is_not() {
    let (_folder, mut permits) = open();
    let limits = limits();
    for (key, account, campaign) in [
        ("k", "s a", "ours"),
        ("k", "s a", "theirs"),
        ("k", "s z", "theirs"),
        ("q", "s z", "theirs"),
    ] {
        let asker = Asker {
            campaign,
            ..asker(key, account, &[], &limits)
        };
        granted(permits.claim(asker, WISH, || at(NOON)).expect("an answer"));
    }
    let name = |account: &str| {
        if account == "s a" {
            Name::Ours(Some("A".to_owned()))
        } else {
            Name::Others
        }
    };
    let past = permits.past("k", "ours", at(0), name).expect("a past");
    assert_eq!(
        past.iter().map(|past| past.account.as_deref()).collect::<Vec<_>>(),
        [Some("A"), Some("s z")]
    );
    assert_eq!(
        past[0].answered,
        at(NOON + 60_000),
        "an answer that nobody saw may have come as late as the time-out"
    );
    assert_eq!(permits.first_at("s a").expect("an answer"), Some(at(NOON)));
    assert_eq!(permits.first_at("s b").expect("an answer"), None);
    assert_eq!(permits.salt().expect("a salt").len(), 64);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, _permits) = open();
    let mode = std::fs::metadata(folder.path().join("deep").join("shared.db"))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shared.db");
    std::fs::write(&path, "this is no database, though it is long enough to be read as one".repeat(20)).expect("written");
    let error = Permits::open(&path, opening(0)).expect_err("a refusal").to_string();
    assert!(error.contains("shared.db") && error.contains("ROWCAST_DATA_DIR"), "{error}");
}

#[test]
fn what_may_still_be_refused_is_looked_at_again_soon() {
    let (_folder, mut permits) = open();
    for day in [DayKind::Utc, DayKind::Rolling] {
        let limits = AccountLimits {
            daily: DailyLimit::At(2),
            day,
            ..limits()
        };
        let account = format!("s {day:?}");
        let asker = asker("k", &account, &[], &limits);
        let first = granted(permits.claim(asker, WISH, || at(NOON)).expect("an answer"));
        permits.answered(first, at(NOON + 5), Counted::Yes).expect("written");
        let second = granted(permits.claim(asker, WISH, || at(NOON + 10)).expect("an answer"));
        let later = permits.claim(asker, WISH, || at(NOON + 20)).expect("an answer");
        assert_eq!(later, Claim::Later(at(NOON + 270), Wait::DailyLimit));
        permits.answered(second, at(NOON + 30), Counted::No).expect("written");
        granted(permits.claim(asker, WISH, || at(NOON + 270)).expect("an answer"));
    }
}

#[test]
fn what_a_killed_run_left_on_its_way_arrived_before_the_next_run_of_its_campaign_began() {
    let (_folder, mut permits) = open();
    let limits = AccountLimits {
        rate: rate("1/min"),
        ..limits()
    };
    let asker = asker("k", "s a", &[], &limits);
    granted(permits.claim(asker, WISH, || at(NOON)).expect("an answer"));
    permits.take_over("another", at(NOON + 3000)).expect("written");
    let look = Claim::Later(at(NOON + 4250), Wait::AccountRate);
    assert_eq!(permits.claim(asker, WISH, || at(NOON + 4000)).expect("an answer"), look);
    permits.take_over("c", at(NOON + 5000)).expect("written");
    let later = Claim::Later(at(NOON + 65_001), Wait::AccountRate);
    assert_eq!(permits.claim(asker, WISH, || at(NOON + 6000)).expect("an answer"), later);
}

#[test]
fn many_who_open_claim_and_close_at_once_are_never_told_that_the_database_is_locked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shared.db");
    let limits = AccountLimits {
        daily: DailyLimit::At(70),
        ..limits()
    };
    let granted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    for round in 0..10 {
                        let mut permits = Permits::open(&path, opening(NOON)).expect("a database");
                        let claim = permits
                            .claim(asker("k", "s a", &[], &limits), WISH, || at(NOON + round))
                            .expect("an answer");
                        if let Claim::Granted(id) = claim {
                            permits.answered(id, at(NOON + round), Counted::Yes).expect("written");
                            count += 1;
                        }
                    }
                    count
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("an end")).sum()
    });
    assert_eq!(granted, 70);
}

#[test]
fn a_hold_without_a_time_is_everybody_s_and_grows_once_for_one_storm() {
    let limits = limits();
    let asker = asker("k", "s a", &[], &limits);
    let (folder, mut ours) = open();
    let mut theirs = Permits::open(&folder.path().join("deep").join("shared.db"), opening(0)).expect("the same");
    assert_eq!(
        ours.hold_untold("s a", at(NOON), at(NOON + 10)).expect("written"),
        at(NOON + 60_010)
    );
    assert_eq!(
        theirs.hold_untold("s a", at(NOON + 5), at(NOON + 15)).expect("written"),
        at(NOON + 60_010)
    );
    let later = Claim::Later(at(NOON + 60_010), Wait::Held);
    assert_eq!(theirs.claim(asker, WISH, || at(NOON + 20)).expect("an answer"), later);
    // Theirs is the first to try again.
    let again = NOON + 60_010;
    granted(theirs.claim(asker, WISH, || at(again)).expect("an answer"));
    assert_eq!(
        theirs.hold_untold("s a", at(again), at(again + 10)).expect("written"),
        at(again + 120_010)
    );
    assert_eq!(
        ours.hold_untold("s a", at(again), at(again + 15)).expect("written"),
        at(again + 120_010)
    );
    granted(ours.claim(asker, WISH, || at(again + 120_010)).expect("an answer"));
    ours.sent("s a").expect("written");
    let after = again + 120_020;
    assert_eq!(
        theirs.hold_untold("s a", at(after), at(after + 10)).expect("written"),
        at(after + 60_010)
    );
}

#[test]
fn permits_of_an_older_form_are_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shared.db");
    let limits = hourly();
    let asker = asker("k", "s a", &[], &limits);
    {
        let mut permits = Permits::open(&path, opening(NOON)).expect("a database");
        for _ in 0..3 {
            let id = granted(permits.claim(asker, WISH, || at(NOON)).expect("an answer"));
            permits.answered(id, at(NOON + 10), Counted::Yes).expect("written");
        }
        permits.hold("s b", at(NOON + 60_000), at(NOON)).expect("written");
    }
    let connection = Connection::open(&path).expect("a database");
    connection
        .execute_batch(
            "DROP TABLE clock; ALTER TABLE hold DROP COLUMN untold; ALTER TABLE hold DROP COLUMN began_at; PRAGMA user_version = 2;",
        )
        .expect("the older form");
    drop(connection);
    // The clock was set back by half an hour meanwhile: the last permit of the older form is gone on from.
    let mut permits = Permits::open(&path, opening(NOON - 1_800_000)).expect("the newest form");
    let later = permits.claim(asker, WISH, || at(NOON - 1_800_000)).expect("an answer");
    assert_eq!(later, Claim::Later(at(NOON + 1_800_001), Wait::Hourly));
    let held = permits
        .claim(Asker { account: "s b", ..asker }, WISH, || at(NOON - 1_800_000))
        .expect("an answer");
    assert_eq!(held, Claim::Later(at(NOON - 1_740_000), Wait::Held));
}
