use super::super::finding::{Contact, Finding, Nobody, Relation, Said, Seen, Topic};
use super::super::findings::Findings;
use super::*;
use proptest::prelude::*;

const NOW: Moment = Moment::from_millis(1_000_000_000_000);
const JANE: &str = "urn:li:fsd_profile:ACoAAjane";
const TALK: &str = "urn:li:msg_conversation:(x,2-a==)";

fn gates(held_by: &[Gate]) -> Gates {
    Gates {
        held_by: held_by.to_vec(),
        ..Gates::default()
    }
}

fn relation(connected: bool) -> Seen {
    Seen::Relationship(Relation {
        connected,
        status: Some("PENDING".to_owned()),
        urn: None,
    })
}

fn contact(exists: bool) -> Seen {
    Seen::Conversation(Contact {
        exists,
        conversation: exists.then(|| TALK.to_owned()),
        urn: Some(JANE.to_owned()),
    })
}

fn messages(read: u32, own: u32, theirs: u32, whole: bool) -> Seen {
    Seen::Messages(Said {
        conversation: TALK.to_owned(),
        read,
        own,
        theirs,
        last_theirs: (theirs > 0).then_some(NOW),
        whole,
    })
}

fn nobody(asked: Topic) -> Seen {
    Seen::Nobody(Nobody {
        asked,
        said: "HTTP 404".to_owned(),
    })
}

/// What becomes of somebody of whom all this was found so long ago.
fn decide(gates: &Gates, to: &str, own: Own, found: &[(Duration, Seen)]) -> Decision {
    let recipient: Recipient = to.parse().expect("a recipient");
    let mut findings = Findings::default();
    for (ago, seen) in found {
        findings.note(&Finding {
            at: NOW - *ago,
            account: None,
            key: to.to_owned(),
            to: recipient.identities().map(String::from).collect(),
            seen: seen.clone(),
        });
    }
    let person = Person {
        recipient: &recipient,
        account: None,
        own,
    };
    let times = Times {
        now: NOW,
        began: NOW - Duration::from_mins(1),
    };
    gates.decide(person, &findings.of(None, &recipient), times)
}

fn held(decision: &Decision) -> Option<Gate> {
    match decision {
        Decision::Hold(gate, _) => Some(*gate),
        _ => None,
    }
}

const AGO: Duration = Duration::from_secs(30);
const HOURS: Duration = Duration::from_hours(5);

#[test]
fn one_question_after_the_other_until_it_is_clear() {
    let all = Gates {
        resolve: Resolve::Wanted,
        ..gates(&[Gate::Unconnected, Gate::Replied])
    };
    let mut found = Vec::new();
    let asks = [
        (Question::Relationship("jane".to_owned()), relation(true)),
        (Question::Conversation("jane".to_owned()), contact(true)),
        (Question::Messages(TALK.to_owned()), messages(3, 0, 0, true)),
    ];
    for (question, answer) in asks {
        assert_eq!(decide(&all, "jane", Own::Nothing, &found), Decision::Ask(question));
        found.push((AGO, answer));
    }
    assert_eq!(decide(&all, "jane", Own::Nothing, &found), Decision::Pass);
    found[2].1 = messages(3, 0, 1, false);
    assert_eq!(held(&decide(&all, "jane", Own::Nothing, &found)), Some(Gate::Replied));
    found[0].1 = relation(false);
    assert_eq!(held(&decide(&all, "jane", Own::Nothing, &found)), Some(Gate::Unconnected));
}

#[test]
fn nothing_is_asked_that_was_not_asked_for() {
    assert_eq!(decide(&Gates::default(), "jane", Own::Nothing, &[]), Decision::Pass);
    let resolve = Gates {
        resolve: Resolve::Wanted,
        ..Gates::default()
    };
    assert_eq!(decide(&resolve, JANE, Own::Nothing, &[]), Decision::Pass);
    assert_eq!(decide(&resolve, TALK, Own::Nothing, &[]), Decision::Pass);
    // A relationship that tells the URN spares the other question.
    let told = Seen::Relationship(Relation {
        connected: true,
        status: None,
        urn: Some(JANE.to_owned()),
    });
    assert_eq!(decide(&resolve, "jane", Own::Nothing, &[(AGO, told)]), Decision::Pass);
}

#[test]
fn a_campaigns_own_messages_are_no_conversation() {
    let gate = gates(&[Gate::InConversation]);
    let found = |said| [(AGO, contact(true)), (AGO, said)];
    let first = [(AGO, contact(true))];
    assert_eq!(held(&decide(&gate, "jane", Own::Nothing, &first)), Some(Gate::InConversation));
    let ask = Decision::Ask(Question::Messages(TALK.to_owned()));
    assert_eq!(decide(&gate, "jane", Own::Perhaps, &first), ask);
    assert_eq!(decide(&gate, "jane", Own::Perhaps, &found(messages(2, 2, 0, true))), Decision::Pass);
    for said in [messages(2, 1, 0, true), messages(1, 0, 1, true), messages(50, 49, 0, false)] {
        assert_eq!(held(&decide(&gate, "jane", Own::Perhaps, &found(said))), Some(Gate::InConversation));
    }
    let unclear = decide(&gate, "jane", Own::Perhaps, &found(messages(50, 50, 0, false)));
    assert!(matches!(unclear, Decision::Unclear(_)), "{unclear:?}");
}

#[test]
fn what_lets_nobody_judge_holds_nobody_and_sends_to_nobody() {
    let slug = |gate, seen| decide(&gates(&[gate]), "jane", Own::Nothing, &[(AGO, seen)]);
    let id = |gate, seen| decide(&gates(&[gate]), JANE, Own::Nothing, &[(AGO, seen)]);
    let gone = nobody(Topic::Relationship);
    assert_eq!(held(&slug(Gate::Unconnected, gone.clone())), Some(Gate::Unconnected));
    assert!(matches!(id(Gate::Unconnected, gone), Decision::Unclear(_)));
    let gone = nobody(Topic::Conversation);
    assert_eq!(slug(Gate::InConversation, gone.clone()), Decision::Pass);
    assert!(matches!(id(Gate::Replied, gone), Decision::Unclear(_)));
    let nameless = Seen::Conversation(Contact {
        exists: true,
        conversation: None,
        urn: None,
    });
    assert!(matches!(slug(Gate::Replied, nameless), Decision::Unclear(_)));
}

#[test]
fn of_a_row_that_names_a_conversation_alone_only_its_messages_can_be_asked() {
    let conversation = |gate, found: &[(Duration, Seen)]| decide(&gates(&[gate]), TALK, Own::Nothing, found);
    assert_eq!(held(&conversation(Gate::InConversation, &[])), Some(Gate::InConversation));
    assert!(matches!(conversation(Gate::Unconnected, &[]), Decision::Unclear(_)));
    assert_eq!(conversation(Gate::Replied, &[]), Decision::Ask(Question::Messages(TALK.to_owned())));
    let said = [(AGO, messages(1, 0, 1, true))];
    assert_eq!(held(&conversation(Gate::Replied, &said)), Some(Gate::Replied));
}

#[test]
fn that_nobody_wrote_counts_for_a_quarter_of_an_hour_and_what_is_so_as_long_as_it_is_told() {
    let (silent, spoken) = (contact(false), contact(true));
    let gate = gates(&[Gate::InConversation]);
    let ask = Decision::Ask(Question::Conversation("jane".to_owned()));
    let at = |ago, seen: &Seen| decide(&gate, "jane", Own::Nothing, &[(ago, seen.clone())]);
    assert_eq!(at(Duration::from_mins(14), &silent), Decision::Pass);
    assert_eq!(at(Duration::from_mins(16), &silent), ask);
    assert_eq!(held(&at(HOURS, &spoken)), Some(Gate::InConversation));
    assert_eq!(at(Duration::from_hours(25), &spoken), ask);
    let never = Gates {
        age: Duration::ZERO,
        ..gate
    };
    let at = |ago, seen: &Seen| decide(&never, "jane", Own::Nothing, &[(ago, seen.clone())]);
    // What was found by the same run counts whatever is said: else it would ask for ever.
    assert_eq!(at(AGO, &silent), Decision::Pass);
    assert_eq!(at(Duration::from_secs(90), &silent), ask);
}

#[test]
fn what_left_a_question_open_is_asked_anew_by_the_next_run() {
    let nameless = Seen::Conversation(Contact {
        exists: true,
        conversation: None,
        urn: None,
    });
    let unread = messages(50, 0, 0, false);
    let cases = [
        (JANE, Gate::Unconnected, vec![nobody(Topic::Relationship)]),
        (JANE, Gate::Replied, vec![nobody(Topic::Conversation)]),
        ("jane", Gate::Replied, vec![nameless]),
        ("jane", Gate::Replied, vec![contact(true), unread]),
    ];
    for (to, gate, found) in cases {
        let at = |ago| {
            let found: Vec<_> = found.iter().map(|seen| (ago, seen.clone())).collect();
            decide(&gates(&[gate]), to, Own::Nothing, &found)
        };
        assert!(matches!(at(AGO), Decision::Unclear(_)), "{found:?}");
        assert!(matches!(at(Duration::from_mins(2)), Decision::Ask(_)), "{found:?}");
    }
}

#[test]
fn a_finding_from_the_future_does_not_count() {
    let gate = gates(&[Gate::Unconnected]);
    let recipient = Recipient::from_profile_id("jane");
    let mut findings = Findings::default();
    findings.note(&Finding {
        at: NOW + Duration::from_hours(2),
        account: None,
        key: "jane".to_owned(),
        to: vec!["jane".to_owned()],
        seen: relation(true),
    });
    let person = Person {
        recipient: &recipient,
        account: None,
        own: Own::Nothing,
    };
    let times = Times { now: NOW, began: NOW };
    let decision = gate.decide(person, &findings.of(None, &recipient), times);
    assert_eq!(decision, Decision::Ask(Question::Relationship("jane".to_owned())));
}

fn any_seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        any::<bool>().prop_map(relation),
        any::<bool>().prop_map(contact),
        (0..5u32, 0..5u32, 0..3u32, any::<bool>()).prop_map(|(own, others, theirs, whole)| messages(
            own + others + theirs,
            own,
            theirs,
            whole
        )),
        any::<bool>().prop_map(|relation| nobody(if relation { Topic::Relationship } else { Topic::Conversation })),
    ]
}

proptest! {
    /// Whoever asks what is told and notes what is answered comes to an end, and a row passes only on a fact for each gate.
    #[test]
    fn asking_comes_to_an_end_and_no_gate_is_passed_unasked(
        answers in proptest::collection::vec(any_seen(), 12),
        mask in 1..8u8,
        resolve in any::<bool>(),
        to in prop_oneof![Just("jane"), Just(JANE), Just(TALK)],
        own in any::<bool>(),
    ) {
        let wanted = [Gate::Unconnected, Gate::InConversation, Gate::Replied];
        let held_by: Vec<Gate> = wanted.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, gate)| gate).collect();
        let gates = Gates { resolve: if resolve { Resolve::Wanted } else { Resolve::Spared }, ..gates(&held_by) };
        let own = if own { Own::Perhaps } else { Own::Nothing };
        let (mut found, mut asked) = (Vec::new(), Vec::new());
        let decision = loop {
            match decide(&gates, to, own, &found) {
                Decision::Ask(question) => {
                    prop_assert!(!asked.contains(&question), "asked twice: {question:?}");
                    let fits = |seen: &&Seen| matches!(
                        (&question, seen),
                        (Question::Relationship(_), Seen::Relationship(_) | Seen::Nobody(Nobody { asked: Topic::Relationship, .. }))
                            | (Question::Conversation(_), Seen::Conversation(_) | Seen::Nobody(Nobody { asked: Topic::Conversation, .. }))
                            | (Question::Messages(_), Seen::Messages(_))
                    );
                    let Some(answer) = answers.iter().find(fits) else { return Ok(()) };
                    found.push((AGO, answer.clone()));
                    asked.push(question);
                }
                decision => break decision,
            }
        };
        if decision == Decision::Pass {
            let has = |wanted: fn(&Seen) -> bool| found.iter().any(|(_, seen)| wanted(seen));
            if gates.has(Gate::Unconnected) {
                let connected = |seen: &Seen| matches!(seen, Seen::Relationship(Relation { connected: true, .. }));
                prop_assert!(has(connected));
            }
            if gates.has(Gate::InConversation) || gates.has(Gate::Replied) {
                let asked = |seen: &Seen| !matches!(seen, Seen::Relationship(_));
                prop_assert!(has(asked));
                let replied = |seen: &Seen| matches!(seen, Seen::Messages(Said { theirs: 1.., .. }));
                prop_assert!(!gates.has(Gate::Replied) || !has(replied));
            }
        }
    }
}
