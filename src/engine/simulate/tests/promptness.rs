//! Nothing leaves later than it may.

use super::*;

/// When limits and hours let one more of these leave, not before `now`, after these have come: reckoned anew from what the
/// limits mean, without a line of the schedule.
fn allowed(limits: &Limits, hours: &Openings, came: &[Arrival], (account, opener): (u16, Opener), now: Moment) -> Moment {
    let of_account = &limits.account;
    let own = |arrival: &&Arrival| arrival.account == account;
    let times = |keep: &dyn Fn(&&Arrival) -> bool| {
        let mut times: Vec<Moment> = came.iter().filter(keep).map(|arrival| arrival.at).collect();
        times.sort_unstable();
        times
    };
    let window = |times: &[Moment], count: u32, period: Duration| {
        let first = times.len().checked_sub(count as usize).and_then(|first| times.get(first));
        first.map_or(now, |at| *at + period)
    };
    let last_left = |keep: &dyn Fn(&&Arrival) -> bool| came.iter().filter(keep).map(|arrival| arrival.left).max();
    let any: &dyn Fn(&&Arrival) -> bool = &|_| true;
    let mut at = now;
    for rate in &limits.key {
        at = at.max(window(&times(any), rate.count(), rate.period()));
    }
    for (ceiling, keep) in [(limits.rate, any), (of_account.rate, &own)] {
        let Some(rate) = ceiling.rate() else { continue };
        at = at.max(window(&times(keep), rate.count(), rate.period()));
        at = at.max(last_left(keep).map_or(now, |left| left + rate.spacing()));
    }
    if let (Some(gap), Some(left)) = (of_account.gap, last_left(&own)) {
        at = at.max(left + gap.longest);
    }
    if let DailyLimit::At(count) = of_account.hourly {
        at = at.max(window(&times(&own), count, HOUR));
    }
    let new = |arrival: &&Arrival| own(arrival) && arrival.opener == Opener::New;
    for (limit, keep) in [
        (of_account.daily, &own as &dyn Fn(&&Arrival) -> bool),
        (of_account.new_conversations, &new),
    ] {
        let DailyLimit::At(count) = limit else { continue };
        if opener == Opener::Known && limit == of_account.new_conversations && limit != of_account.daily {
            continue;
        }
        match of_account.day {
            DayKind::Rolling => at = at.max(window(&times(keep), count, DAY)),
            DayKind::Utc => {
                // So close to midnight it counts for both days.
                let on = |day: i64| {
                    let days = |arrival: &Arrival| (arrival.left - MIDNIGHT_MARGIN).utc_day()..=(arrival.at + MIDNIGHT_MARGIN).utc_day();
                    came.iter().filter(keep).filter(|arrival| days(arrival).contains(&day)).count()
                };
                let days = |at: Moment| [(at - MIDNIGHT_MARGIN).utc_day(), (at + MIDNIGHT_MARGIN).utc_day()];
                while let Some(full) = days(at).into_iter().find(|day| on(*day) >= count as usize) {
                    at = Moment::start_of_utc_day(full + 1) + MIDNIGHT_MARGIN;
                }
            }
        }
    }
    hours.next(at).unwrap_or(NEVER)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever the limits, hours and latencies: no message leaves later than the first moment at which some row may, but for
    /// what answers take. So whatever the limits allow is used, where nothing else holds it.
    #[test]
    fn whatever_may_leave_leaves_at_once(
        limits in some_limits(), hours in some_hours(), accounts in 1u16..4, rows in 1usize..40, slowest in 0u64..2000, luck: u64,
    ) {
        let classes = [Class::default(), Class { opener: Opener::Known, hours: 0 }];
        let way = |index: usize| Way {
            account: u16::try_from(mixed(luck ^ index as u64) % u64::from(accounts)).expect("few accounts"),
            class: u16::from(index.is_multiple_of(3)),
        };
        let opener = |class: u16| if class == 1 { Opener::Known } else { Opener::New };
        let mut waiting: Vec<Way> = (0..rows).map(way).collect();
        let mut came: Vec<Arrival> = Vec::new();
        let mut late = None;
        let slack = Duration::from_millis(2 * slowest + 50);
        let schedule = schedule(&limits, accounts, &classes, std::slice::from_ref(&hours));
        let simulated = simulate(schedule, &plan(rows, way), world(1000), |account, row, left| {
            let after = Duration::from_millis(mixed(luck ^ left.as_millis().unsigned_abs() ^ row as u64) % (slowest + 1));
            let before = came.last().map_or(START, |arrival| arrival.left);
            let mut ways: Vec<(u16, Opener)> = waiting.iter().map(|way| (way.account, opener(way.class))).collect();
            ways.sort_unstable();
            ways.dedup();
            let first = ways.into_iter().map(|way| allowed(&limits, &hours, &came, way, before)).min().unwrap_or(before);
            if left > first.max(before) + slack {
                late = late.or(Some((row, left, first)));
            }
            let index = waiting.iter().position(|waiting| *waiting == way(row)).unwrap_or(0);
            waiting.swap_remove(index);
            came.push(Arrival { account, left, at: left + after, opener: opener(way(row).class), accepted: true });
            Reply { after, says: Says::Sent }
        });
        prop_assert!(matches!(simulated, Simulated::Done(Some(_))));
        prop_assert!(late.is_none(), "row {:?} left at the second moment and could at the third", late);
    }
}
