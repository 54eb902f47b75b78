use proptest::prelude::*;

use super::*;

fn text(name: u8) -> TextDigests {
    TextDigests {
        exact: format!("exact {name}"),
        folded: Some(format!("folded {name}")),
    }
}

fn at(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

/// An attempt of the text 1 that went on from `began` to `ended`, by clocks that may differ by 10.
fn attempt(began: i64, ended: i64) -> Attempted {
    Attempted {
        earliest: at(began - 10),
        began: at(began),
        ended: at(ended),
        text: text(1),
        right: Right::Doubtful,
        name: Name::Unknown,
    }
}

fn sighting(urn: &str, millis: i64, sender: Sender, name: u8) -> Sighting {
    Sighting {
        urn: Some(urn.to_owned()),
        sent_at: Some(at(millis)),
        sender,
        text: text(name),
    }
}

fn own(urn: &str, millis: i64) -> Sighting {
    sighting(urn, millis, Sender::Owner, 1)
}

#[test]
fn an_older_identical_message_and_an_echo_prove_nothing() {
    let attempt = [attempt(1010, 1500)];
    let seen = [
        own("2-a", 999),
        sighting("2-b", 1001, Sender::Other, 1),
        sighting("2-c", 1002, Sender::Owner, 2),
    ];
    assert_eq!(recognise(&attempt, &seen, |_| false), [None]);
    let mut more = seen.to_vec();
    more.push(own("2-d", 1000));
    assert_eq!(recognise(&attempt, &more, |_| false), [Some(3)]);
    assert_eq!(recognise(&attempt, &more, |one| one.name("c").as_deref() == Some("2-d")), [None]);
}

#[test]
fn one_message_read_back_in_both_forms_settles_one_attempt() {
    let seen = [
        own("urn:li:msg_message:(urn:li:fsd_profile:A,2-x==)", 5),
        own("urn:li:messagingMessage:2-x==", 5),
    ];
    let found = recognise(&[attempt(0, 10), attempt(0, 10)], &seen, |_| false);
    assert_eq!(found.iter().flatten().count(), 1);
}

#[test]
fn a_message_goes_to_the_attempt_that_was_under_way_when_it_was_sent() {
    // The second began before the clocks can tell them apart; the first one's message is no proof of it, nor the other way.
    let two = [attempt(100, 104), attempt(106, 120)];
    assert_eq!(recognise(&two, &[own("2-a", 102)], |_| false), [Some(0), None]);
    assert_eq!(recognise(&two, &[own("2-a", 108)], |_| false), [None, Some(0)]);
    // What comes a little late is nearest to the one that ended last before it, although the first may have sent it too.
    assert_eq!(recognise(&two, &[own("2-a", 121)], |_| false), [None, Some(0)]);
    let before = [attempt(100, 104), attempt(106, 108)];
    assert_eq!(recognise(&before, &[own("2-a", 112)], |_| false), [None, Some(0)]);
    // What comes late is nearest to the last.
    assert_eq!(recognise(&two, &[own("2-a", 500)], |_| false), [None, Some(0)]);
    // Where both have one, the order does not matter to how many are found.
    assert_eq!(recognise(&two, &[own("2-a", 500), own("2-b", 97)], |_| false), [Some(1), Some(0)]);
}

#[test]
fn what_was_sent_for_certain_takes_its_message_before_what_is_in_doubt() {
    let sent = Attempted {
        right: Right::Sent,
        ..attempt(100, 120)
    };
    let both = [attempt(100, 120), sent];
    assert_eq!(recognise(&both, &[own("2-a", 110)], |_| false), [None, Some(0)]);
    assert_eq!(recognise(&both, &[own("2-a", 110), own("2-b", 111)], |_| false), [Some(1), Some(0)]);
}

#[test]
fn what_may_have_gone_to_somebody_else_keeps_what_was_sent_meanwhile_or_shortly_after() {
    let elsewhere = Attempted {
        right: Right::Elsewhere,
        ..attempt(100, 120)
    };
    // Its message may be late; that of the attempt in doubt was sent while it was under way, and proves nothing.
    let both = [attempt(200, 220), elsewhere.clone()];
    assert_eq!(recognise(&both, &[own("2-a", 110)], |_| false), [None, Some(0)]);
    assert_eq!(recognise(&both, &[own("2-a", 210)], |_| false), [None, Some(0)]);
    assert_eq!(recognise(&both, &[own("2-a", 115), own("2-b", 210)], |_| false), [Some(1), Some(0)]);
    let late = i64::try_from(LATE.as_millis()).expect("a minute");
    assert_eq!(recognise(&both, &[own("2-a", 130 + late)], |_| false), [None, Some(0)]);
    assert_eq!(recognise(&both, &[own("2-a", 131 + late)], |_| false), [Some(0), None]);
    // What is older than it is not its own.
    let both = [attempt(50, 60), elsewhere.clone()];
    assert_eq!(recognise(&both, &[own("2-a", 55)], |_| false), [Some(0), None]);
    // At the same time nobody can tell.
    let both = [attempt(110, 115), elsewhere];
    assert_eq!(recognise(&both, &[own("2-a", 112)], |_| false), [None, Some(0)]);
    assert_eq!(recognise(&both, &[own("2-a", 112), own("2-b", 114)], |_| false), [Some(1), Some(0)]);
}

#[test]
fn a_message_that_was_named_and_is_not_there_by_that_name_may_be_one_without() {
    let named = Attempted {
        right: Right::Sent,
        name: Name::Unseen,
        ..attempt(100, 120)
    };
    let both = [attempt(100, 120), named];
    let nameless = Sighting { urn: None, ..own("", 110) };
    assert_eq!(recognise(&both, std::slice::from_ref(&nameless), |_| false), [None, Some(0)]);
    assert_eq!(recognise(&both, &[own("2-other", 110)], |_| false), [Some(0), None]);
    let late = Sighting {
        sent_at: Some(at(200_000)),
        ..nameless
    };
    assert_eq!(recognise(&both, &[late], |_| false), [Some(0), None]);
}

#[test]
fn an_attempt_changes_its_message_where_another_would_have_none() {
    // The first could have either; the second only the later one, and the first ended sooner.
    let two = [attempt(20, 50), attempt(45, 100)];
    assert_eq!(recognise(&two, &[own("2-a", 12), own("2-b", 47)], |_| false), [Some(0), Some(1)]);
}

#[derive(Debug, Clone)]
struct Story {
    at: i64,
    lasts: i64,
    text: u8,
    /// How long after the attempt its message was sent, if it was.
    arrives: Option<i64>,
}

fn stories() -> impl Strategy<Value = Vec<Story>> {
    let story =
        (0i64..50, 0i64..30, 0u8..2, prop::option::of(0i64..40)).prop_map(|(at, lasts, text, arrives)| Story { at, lasts, text, arrives });
    prop::collection::vec(story, 0..8)
}

proptest! {
    /// Whatever else is in the conversation: what is recognised is ours, late enough, of the same text, unclaimed and
    /// given out once; and of each text as many attempts are settled as have arrived.
    #[test]
    fn nothing_is_called_sent_that_was_not_and_all_that_arrived_is_found(
        stories in stories(),
        noise in prop::collection::vec((0i64..70, any::<bool>(), 0u8..3), 0..8),
    ) {
        let attempts: Vec<Attempted> = stories
            .iter()
            .map(|story| Attempted { text: text(story.text), ..attempt(story.at, story.at + story.lasts) })
            .collect();
        let mut seen = Vec::new();
        for (number, story) in stories.iter().enumerate() {
            if let Some(after) = story.arrives {
                let urn = format!("urn:li:messagingMessage:2-own{number}");
                seen.push(sighting(&urn, story.at + after, Sender::Owner, story.text));
            }
        }
        for (number, (when, owner, name)) in noise.iter().enumerate() {
            // What the owner said otherwise is claimed by other attempts or is another text.
            let (sender, urn) = if *owner { (Sender::Owner, format!("2-claimed{number}")) } else { (Sender::Other, format!("2-echo{number}")) };
            seen.push(sighting(&urn, *when, sender, *name));
        }
        let claimed = |one: &Sighting| one.name("c").is_some_and(|name| name.starts_with("2-claimed"));
        let own = recognise(&attempts, &seen, claimed);
        let mut given: Vec<usize> = own.iter().flatten().copied().collect();
        given.sort_unstable();
        given.dedup();
        prop_assert_eq!(given.len(), own.iter().flatten().count());
        for (attempt, place) in attempts.iter().zip(&own) {
            if let Some(place) = place {
                let one = &seen[*place];
                prop_assert!(one.sender == Sender::Owner && !claimed(one) && one.text.agree(&attempt.text));
                prop_assert!(one.sent_at >= Some(attempt.earliest));
            }
        }
        for name in 0..2u8 {
            let arrived = stories.iter().filter(|story| story.text == name && story.arrives.is_some()).count();
            let settled = own.iter().zip(&stories).filter(|(place, story)| place.is_some() && story.text == name).count();
            prop_assert_eq!(settled, arrived);
        }
    }

    /// Attempts one after another, each answered after its message was sent: each gets its own, and who has none gets none.
    #[test]
    fn attempts_one_after_another_are_told_apart(stories in prop::collection::vec((0i64..5, 0i64..5, any::<bool>()), 1..8)) {
        let (mut attempts, mut seen, mut expected, mut now) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (pause, lasts, arrives) in stories {
            now += pause + 1;
            attempts.push(attempt(now, now + lasts));
            expected.push(arrives.then_some(seen.len()));
            if arrives {
                seen.push(own(&format!("2-{now}"), now + lasts / 2));
            }
            now += lasts;
        }
        prop_assert_eq!(recognise(&attempts, &seen, |_| false), expected);
    }
}
