use super::*;
use crate::model::rate::Ceiling;

fn at(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

const NOON: i64 = 43_200_000;

fn limits() -> AccountLimits {
    AccountLimits::NONE
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

fn wish(millis: i64) -> Wish {
    Wish {
        at: at(millis),
        ahead: 0,
        timeout: Duration::from_mins(1),
        opener: Opener::New,
    }
}

fn open() -> (tempfile::TempDir, Permits) {
    let folder = tempfile::tempdir().expect("a folder");
    let permits = Permits::open(&folder.path().join("deep").join("shared.db"), at(0)).expect("a database");
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
    let mut theirs = Permits::open(&folder.path().join("deep").join("shared.db"), at(0)).expect("the same");
    let limits = AccountLimits {
        rate: rate("1/min"),
        ..limits()
    };
    let id = granted(ours.claim(asker("k", "a", &[], &limits), wish(NOON)).expect("an answer"));
    let other = asker("k2", "a", &[], &limits);
    assert_eq!(
        theirs.claim(other, wish(NOON + 10)).expect("an answer"),
        Claim::Later(at(NOON + 260), Wait::AccountRate),
        "the answer is outstanding: look again soon"
    );
    ours.answered(id, at(NOON + 20), Counted::Yes).expect("written");
    assert_eq!(
        theirs.claim(other, wish(NOON + 30)).expect("an answer"),
        Claim::Later(at(NOON + 60_021), Wait::AccountRate)
    );
    granted(theirs.claim(asker("k2", "b", &[], &limits), wish(NOON + 30)).expect("an answer"));
    granted(theirs.claim(other, wish(NOON + 60_021)).expect("an answer"));
}

#[test]
fn a_key_is_limited_whichever_account_sends() {
    let (_folder, mut permits) = open();
    let rates = [Rate::new(2, Duration::from_secs(10)).expect("a rate")];
    let limits = limits();
    for account in ["a", "b"] {
        let id = granted(permits.claim(asker("k", account, &rates, &limits), wish(NOON)).expect("an answer"));
        permits.answered(id, at(NOON + 5), Counted::No).expect("written");
    }
    let third = permits.claim(asker("k", "c", &rates, &limits), wish(NOON + 6)).expect("an answer");
    assert_eq!(third, Claim::Later(at(NOON + 10_006), Wait::KeyRate));
    granted(permits.claim(asker("k2", "c", &rates, &limits), wish(NOON + 6)).expect("an answer"));
}

#[test]
fn a_day_is_shared_and_what_was_refused_uses_up_nothing_of_it() {
    let (_folder, mut permits) = open();
    let limits = AccountLimits {
        daily: DailyLimit::At(2),
        ..limits()
    };
    let asker = asker("k", "a", &[], &limits);
    for (index, counted) in (0i64..).zip([Counted::Yes, Counted::No, Counted::Yes]) {
        let id = granted(permits.claim(asker, wish(NOON + index)).expect("an answer"));
        permits.answered(id, at(NOON + 5), counted).expect("written");
    }
    let midnight = 86_400_000 + 2000;
    assert_eq!(
        permits.claim(asker, wish(NOON + 9)).expect("an answer"),
        Claim::Later(at(midnight), Wait::DailyLimit)
    );
    granted(permits.claim(asker, wish(midnight)).expect("an answer"));
    let rolling = AccountLimits {
        day: DayKind::Rolling,
        ..limits.clone()
    };
    let later = permits
        .claim(Asker { limits: &rolling, ..asker }, wish(midnight + 1))
        .expect("an answer");
    assert_eq!(later, Claim::Later(at(NOON + 5 + 86_400_001), Wait::DailyLimit));
}

#[test]
fn the_past_of_others_is_told_and_ours_is_not() {
    let (_folder, mut permits) = open();
    let limits = limits();
    for (key, account, campaign) in [("k", "a", "ours"), ("k", "a", "theirs"), ("k", "z", "theirs"), ("q", "z", "theirs")] {
        let asker = Asker {
            campaign,
            ..asker(key, account, &[], &limits)
        };
        granted(permits.claim(asker, wish(NOON)).expect("an answer"));
    }
    let name = |account: &str| {
        if account == "a" {
            Name::Ours(Some("A".to_owned()))
        } else {
            Name::Others
        }
    };
    let past = permits.past("k", "ours", at(0), name).expect("a past");
    assert_eq!(
        past.iter().map(|past| past.account.as_deref()).collect::<Vec<_>>(),
        [Some("A"), Some("z")]
    );
    assert_eq!(
        past[0].answered,
        at(NOON + 60_000),
        "an answer that nobody saw may have come as late as the time-out"
    );
    assert_eq!(permits.first_at("a").expect("an answer"), Some(at(NOON)));
    assert_eq!(permits.first_at("b").expect("an answer"), None);
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
    let error = Permits::open(&path, at(0)).expect_err("a refusal").to_string();
    assert!(error.contains("shared.db") && error.contains("ROWCAST_DATA_DIR"), "{error}");
}
