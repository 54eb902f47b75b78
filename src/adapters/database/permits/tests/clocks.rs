//! Permits while clocks are set, and what time they have.

use super::*;

#[test]
fn whoever_begins_after_the_clock_was_set_back_and_whoever_began_before_share_their_limits() {
    let (folder, mut before) = open();
    let limits = AccountLimits {
        rate: rate("2/min"),
        ..limits()
    };
    let asker = asker("k", "s a", &[], &limits);
    let hour = 3_600_000;
    let first = granted(before.claim(asker, WISH, || at(NOON + hour)).expect("an answer"));
    before.answered(first, at(NOON + hour + 100), Counted::Yes).expect("written");
    let path = folder.path().join("deep").join("shared.db");
    let mut after = Permits::open(&path, opening(NOON + 10_000)).expect("the same");
    let second = granted(after.claim(asker, WISH, || at(NOON + 10_000)).expect("an answer"));
    after.answered(second, at(NOON + 10_100), Counted::Yes).expect("written");
    // Both are at 13:00:00 by the time of the permits, and the minute is full for both.
    assert_eq!(
        after.claim(asker, WISH, || at(NOON + 10_200)).expect("an answer"),
        Claim::Later(at(NOON + 70_101), Wait::AccountRate)
    );
    assert_eq!(
        before.claim(asker, WISH, || at(NOON + hour + 10_200)).expect("an answer"),
        Claim::Later(at(NOON + hour + 60_101), Wait::AccountRate)
    );
    let third = granted(before.claim(asker, WISH, || at(NOON + hour + 61_000)).expect("an answer"));
    before.answered(third, at(NOON + hour + 61_100), Counted::Yes).expect("written");
    let fourth = granted(before.claim(asker, WISH, || at(NOON + hour + 61_200)).expect("an answer"));
    before.answered(fourth, at(NOON + hour + 61_300), Counted::Yes).expect("written");
    // 61.4 s after noon and an hour: the clock that was set back shows ten seconds more than noon and that.
    let later = after.claim(asker, WISH, || at(NOON + 71_400)).expect("an answer");
    assert_eq!(later, Claim::Later(at(NOON + 131_101), Wait::AccountRate));
    let past = after.past("k", "another", at(NOON), |_| Name::Ours(None)).expect("the past");
    assert_eq!(past.last().map(|past| past.left), Some(at(NOON + 71_200)));
}

#[test]
fn what_a_wrong_clock_left_days_ahead_counts_as_just_used_and_no_longer() {
    let (folder, mut permits) = open();
    let limits = AccountLimits {
        rate: rate("2/min"),
        gap: "10s".parse().ok(),
        ..limits()
    };
    let asker = asker("k", "s a", &[], &limits);
    let far = 400 * 86_400_000;
    let answered = granted(permits.claim(asker, WISH, || at(NOON + far)).expect("an answer"));
    permits.answered(answered, at(NOON + far + 100), Counted::Yes).expect("written");
    // The process of this one was killed.
    granted(permits.claim(asker, WISH, || at(NOON + far + 11_000)).expect("an answer"));
    permits
        .hold("s a", at(NOON + far + 3_600_000), at(NOON + far + 11_000))
        .expect("written");
    let held = permits.claim(asker, WISH, || at(NOON + far + 11_000)).expect("an answer");
    assert_eq!(held, Claim::Later(at(NOON + far + 3_600_000), Wait::Held));
    let path = folder.path().join("deep").join("shared.db");
    let mut permits = Permits::open(&path, opening(NOON)).expect("the same");
    assert_eq!(
        permits.claim(asker, WISH, || at(NOON)).expect("an answer"),
        Claim::Later(at(NOON + 60_001), Wait::AccountRate),
        "no burst"
    );
    let id = granted(permits.claim(asker, WISH, || at(NOON + 60_001)).expect("an answer"));
    permits.answered(id, at(NOON + 60_002), Counted::Yes).expect("written");
}

#[test]
fn the_day_is_the_service_s_whatever_time_the_permits_have() {
    let (folder, mut before) = open();
    let limits = AccountLimits {
        daily: DailyLimit::At(1),
        ..limits()
    };
    let asker = asker("k", "s a", &[], &limits);
    let (midnight, hour) = (86_400_000, 3_600_000);
    // 22:50, by a clock that is an hour ahead and does not know it; it is set right.
    let first = granted(before.claim(asker, WISH, || at(midnight - hour / 6)).expect("an answer"));
    before.answered(first, at(midnight - hour / 6), Counted::Yes).expect("written");
    let path = folder.path().join("deep").join("shared.db");
    let mut after = Permits::open(&path, opening(midnight - hour - hour / 6)).expect("the same");
    let later = after.claim(asker, WISH, || at(midnight - hour)).expect("an answer");
    assert_eq!(later, Claim::Later(at(midnight + 5000), Wait::DailyLimit));
    granted(after.claim(asker, WISH, || at(midnight + 5000)).expect("an answer"));
}

/// Three messages at noon, by a clock that the service calls right; then it is set by `set`, and 40 minutes later a process
/// begins that is told so, or not before its first answer.
fn begin_after_the_clock_was_set(set: i64, told_at_once: bool) -> (tempfile::TempDir, Permits, i64) {
    let (folder, mut before) = open();
    let path = folder.path().join("deep").join("shared.db");
    let limits = hourly();
    let asker = asker("k", "s a", &[], &limits);
    before.told(told(NOON, 0), at(NOON)).expect("written");
    for second in 0..3 {
        let id = granted(before.claim(asker, WISH, || at(NOON + second * 1000)).expect("an answer"));
        before.answered(id, at(NOON + second * 1000 + 10), Counted::Yes).expect("written");
    }
    let now = NOON + set + 2_400_000;
    let skew = told_at_once.then(|| told(now, -set));
    let after = Permits::open(&path, Opening { skew, ..opening(now) }).expect("the same");
    (folder, after, now)
}

/// When the hour opens, in seconds after a right clock shows noon.
fn opens(claim: &Claim, set: i64) -> i64 {
    match claim {
        Claim::Later(at, Wait::Hourly) => (at.as_millis() - set - NOON).div_euclid(1000),
        _ => panic!("{claim:?}"),
    }
}

#[test]
fn a_clock_that_was_set_between_two_processes_opens_no_window_and_shuts_none() {
    let limits = hourly();
    let asker = asker("k", "s a", &[], &limits);
    for set in [7_200_000, -7_200_000, 86_400_000, -40 * 86_400_000, 400 * 86_400_000] {
        let (_folder, mut after, now) = begin_after_the_clock_was_set(set, true);
        let later = after.claim(asker, WISH, || at(now)).expect("an answer");
        assert!((3600..=3603).contains(&opens(&later, set)), "{set}: {later:?}");
        let past = after
            .past("k", "another", at(now - 3_600_000), |_| Name::Ours(None))
            .expect("the past");
        let left = (past[0].left.as_millis() - set - NOON).div_euclid(1000);
        assert!((0..=3).contains(&left) && past.len() == 3, "{set}: {past:?}");
        granted(after.claim(asker, WISH, || at(now + 1_203_000)).expect("an answer"));
    }
}

#[test]
fn the_first_answer_tells_what_no_look_up_told() {
    let limits = hourly();
    let asker = asker("k", "s a", &[], &limits);
    for set in [7_200_000, 86_400_000] {
        let (_folder, mut after, now) = begin_after_the_clock_was_set(set, false);
        let first = granted(after.claim(asker, WISH, || at(now)).expect("an answer"));
        after.answered(first, at(now + 10), Counted::No).expect("written");
        after.told(told(now + 10, -set), at(now + 10)).expect("written");
        let later = after.claim(asker, WISH, || at(now + 20)).expect("an answer");
        assert!((3600..=3603).contains(&opens(&later, set)), "{set}: {later:?}");
        granted(after.claim(asker, WISH, || at(now + 1_203_000)).expect("an answer"));
    }
}

#[test]
fn a_service_whose_machines_disagree_makes_nobody_s_permits_older() {
    let (folder, mut one) = open();
    let path = folder.path().join("deep").join("shared.db");
    let limits = hourly();
    let asker = asker("k", "s a", &[], &limits);
    one.told(told(NOON, 0), at(NOON)).expect("written");
    for second in 0..3 {
        let id = granted(one.claim(asker, WISH, || at(NOON + second * 1000)).expect("an answer"));
        one.answered(id, at(NOON + second * 1000 + 10), Counted::Yes).expect("written");
    }
    let skew = Some(told(NOON + 5000, -7_200_000));
    let mut other = Permits::open(
        &path,
        Opening {
            skew,
            ..opening(NOON + 5000)
        },
    )
    .expect("the same");
    let later = other.claim(asker, WISH, || at(NOON + 5000)).expect("an answer");
    assert_eq!(
        opens(&later, 0),
        3600,
        "what would be in the future by the service's word is not dated by it"
    );
}

#[test]
fn holds_go_on_as_the_service_s_clock_does() {
    let limits = hourly();
    let asker = asker("k", "s a", &[], &limits);
    let (folder, mut before) = open();
    before.told(told(NOON, 0), at(NOON)).expect("written");
    before.hold("s a", at(NOON + 3_600_000), at(NOON)).expect("written");
    let now = NOON + 7_200_000 + 60_000;
    let skew = Some(told(now, -7_200_000));
    let path = folder.path().join("deep").join("shared.db");
    let mut after = Permits::open(&path, Opening { skew, ..opening(now) }).expect("the same");
    let held = after.claim(asker, WISH, || at(now)).expect("an answer");
    assert!(
        matches!(held, Claim::Later(until, Wait::Held) if until > at(NOON + 10_800_000)),
        "{held:?}"
    );
}

#[test]
fn what_nobody_can_count_any_more_is_forgotten_by_the_last_permit_and_not_by_a_clock() {
    let (folder, mut permits) = open();
    let limits = limits();
    let asker = asker("k", "s a", &[], &limits);
    let day = 86_400_000;
    granted(permits.claim(asker, WISH, || at(NOON)).expect("an answer"));
    granted(permits.claim(asker, WISH, || at(NOON + 40 * day)).expect("an answer"));
    let path = folder.path().join("deep").join("shared.db");
    let permits = Permits::open(&path, opening(NOON + 400 * day)).expect("the same");
    let past = permits.past("k", "another", at(0), |_| Name::Others).expect("a past");
    assert_eq!(past.iter().map(|past| past.left).collect::<Vec<_>>(), [at(NOON + 40 * day)]);
}

#[test]
fn the_time_of_a_permit_is_asked_for_once_nobody_else_may_write() {
    let (folder, mut permits) = open();
    let other = Connection::open(folder.path().join("deep").join("shared.db")).expect("the same");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let (released, asked) = std::thread::scope(|scope| {
        let claiming = scope.spawn(|| {
            let mut asked = None;
            let limits = limits();
            let now = || {
                asked = Some(std::time::Instant::now());
                at(NOON)
            };
            granted(permits.claim(asker("k", "s a", &[], &limits), WISH, now).expect("an answer"));
            asked.expect("the time was asked for")
        });
        std::thread::sleep(Duration::from_millis(50));
        let released = std::time::Instant::now();
        other.execute_batch("COMMIT").expect("others may write");
        (released, claiming.join().expect("an end"))
    });
    assert!(asked >= released, "it was asked for {:?} too early", released - asked);
}
