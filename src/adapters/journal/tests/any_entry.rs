//! Entries by chance, of every kind.

use proptest::prelude::*;

use crate::model::entry::{Entry, Import, Intent, Outcome, Position, RunStart, Templates};
use crate::model::finding::{Contact, Finding, Nobody, Relation, Said, Seen, Topic};
use crate::model::judgement::{Evidence, Found, Judgement, Ruling};
use crate::model::outcome::{Answer, Body, Reply};
use crate::model::row::RowNumber;
use crate::model::status::Status;
use crate::model::time::Moment;

fn moment() -> impl Strategy<Value = Moment> {
    any::<i64>().prop_map(Moment::from_millis)
}

fn answer() -> impl Strategy<Value = Answer> {
    let text = || proptest::option::of(any::<String>());
    let body = prop_oneof![Just(Body::Object), Just(Body::Refusal), Just(Body::Unreadable)];
    let reply = (any::<u16>(), body, text(), text(), text(), text(), proptest::option::of(moment()));
    prop_oneof![
        any::<String>().prop_map(Answer::NeverConnected),
        any::<String>().prop_map(Answer::Lost),
        reply.prop_map(|(status, body, error, recipient_urn, thread_id, message_urn, hold_until)| {
            Answer::Http(Reply {
                status,
                body,
                error,
                recipient_urn,
                thread_id,
                message_urn,
                hold_until,
            })
        }),
    ]
}

pub(super) fn entry() -> impl Strategy<Value = Entry> {
    let text = any::<String>;
    let run = (moment(), text(), any::<u64>(), text(), proptest::option::of(text()), any::<bool>()).prop_map(
        |(at, version, timeout_ms, message, subject, test)| {
            let files = vec![(message.clone(), "x\n".repeat(2000)), (version.clone(), message.clone())];
            Entry::Run(RunStart {
                at,
                version,
                timeout_ms,
                account: None,
                templates: Templates { message, subject, files },
                test,
            })
        },
    );
    let to = proptest::collection::vec(text(), 0..4);
    let intent = (
        moment(),
        any::<u32>(),
        text(),
        to,
        proptest::option::of(text()),
        text(),
        any::<bool>(),
    );
    let outcome = (moment(), any::<u64>(), answer(), any::<bool>());
    let import = (text(), any::<u32>(), proptest::sample::select(&Status::ALL[..]), text());
    prop_oneof![
        run,
        intent.prop_map(|(at, row, key, to, account, sha256, test)| Entry::Intent(Intent {
            at,
            row: RowNumber(row),
            key,
            to,
            account,
            folded_sha256: test.then(|| sha256.clone()),
            sha256,
            test
        })),
        judgement(),
        finding(),
        outcome.prop_map(|(at, of, answer, gave_up)| Entry::Outcome(Outcome {
            service_at: None,
            at,
            of: Position(of),
            answer,
            gave_up
        })),
        import.prop_map(|(key, attempts, status, error)| Entry::Import(Import {
            to: vec![key.clone()],
            key,
            status,
            attempts,
            recipient_urn: error.clone(),
            thread_id: String::new(),
            message_urn: error.clone(),
            error,
            http_status: "200".to_owned(),
            account: String::new(),
            sent_at: String::new(),
            sha256: String::new(),
        })),
    ]
}

fn finding() -> impl Strategy<Value = Entry> {
    let urn = || proptest::option::of("\\PC{0,12}");
    let relation =
        (any::<bool>(), urn(), urn()).prop_map(|(connected, status, urn)| Seen::Relationship(Relation { connected, status, urn }));
    let contact =
        (any::<bool>(), urn(), urn()).prop_map(|(exists, conversation, urn)| Seen::Conversation(Contact { exists, conversation, urn }));
    let said = ("\\PC{0,12}", any::<[u32; 3]>(), proptest::option::of(moment()), any::<bool>()).prop_map(
        |(conversation, count, last_theirs, whole)| {
            Seen::Messages(Said {
                conversation,
                read: count[0],
                own: count[1],
                theirs: count[2],
                last_theirs,
                whole,
            })
        },
    );
    let asked = proptest::sample::select(&[Topic::Relationship, Topic::Conversation][..]);
    let nobody = (asked, "\\PC{0,12}").prop_map(|(asked, said)| Seen::Nobody(Nobody { asked, said }));
    (moment(), urn(), "\\PC{0,12}", prop_oneof![relation, contact, said, nobody]).prop_map(|(at, account, key, seen)| {
        Entry::Finding(Finding {
            at,
            account,
            to: vec![key.clone()],
            key,
            seen,
        })
    })
}

fn judgement() -> impl Strategy<Value = Entry> {
    let found = ("\\PC{0,12}", proptest::option::of("\\PC{0,12}"), moment()).prop_map(|(conversation, message_urn, sent_at)| {
        Evidence::Found(Found {
            conversation,
            message_urn,
            sent_at,
            recipient_urn: None,
            thread_id: None,
        })
    });
    let evidence = prop_oneof![
        found,
        "\\PC{0,12}".prop_map(Evidence::Absent),
        "\\PC{0,12}".prop_map(Evidence::Person)
    ];
    let ruling = proptest::sample::select(&[Ruling::Sent, Ruling::Failed, Ruling::Open][..]);
    (moment(), any::<u64>(), ruling, evidence).prop_map(|(at, of, ruling, evidence)| {
        Entry::Judgement(Judgement {
            at,
            of: Position(of),
            was: Position(of),
            ruling,
            evidence,
        })
    })
}
