use super::super::finding::{Contact, Seen};
use super::super::outcome::{Body, Reply};
use super::super::row::RowNumber;
use super::super::time::Moment;
use super::*;

fn intent(key: &str, to: &[&str]) -> Entry {
    Entry::Intent(Intent {
        at: Moment::from_millis(0),
        row: RowNumber(2),
        key: key.to_owned(),
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        account: None,
        sha256: String::new(),
        folded_sha256: None,
        test: false,
    })
}

fn outcome(of: u64, status: u16, urn: Option<&str>) -> Entry {
    Entry::Outcome(Outcome {
        at: Moment::from_millis(1),
        of: Position(of),
        answer: Answer::Http(Reply {
            status,
            body: Body::Object,
            error: None,
            recipient_urn: urn.map(str::to_owned),
            thread_id: None,
            message_urn: None,
            hold_until: None,
        }),
        service_at: None,
        gave_up: false,
    })
}

fn judged(of: u64, ruling: Ruling) -> Entry {
    Entry::Judgement(Judgement {
        at: Moment::from_millis(2),
        of: Position(of),
        was: Position(of),
        ruling,
        evidence: Evidence::Person(String::new()),
    })
}

#[test]
fn a_judgement_settles_the_attempt_it_is_about_and_no_other() {
    let (ann, lost) = (|| intent("ann", &["ann"]), |of| outcome(of, 500, None));
    for (entries, expected, doubts) in [
        (vec![ann(), lost(0), judged(0, Ruling::Sent)], Standing::Sent, 0),
        (vec![ann(), lost(0), judged(0, Ruling::Failed)], Standing::Failed, 0),
        (vec![ann(), lost(0), judged(0, Ruling::Open)], Standing::Unconfirmed, 1),
        (vec![ann(), judged(0, Ruling::Sent)], Standing::Sent, 0),
        (vec![ann(), judged(0, Ruling::Failed)], Standing::Failed, 0),
        (
            vec![ann(), lost(0), ann(), lost(2), judged(0, Ruling::Failed)],
            Standing::Unconfirmed,
            1,
        ),
        (vec![ann(), lost(0), ann(), judged(0, Ruling::Failed)], Standing::Unconfirmed, 1),
        (
            vec![ann(), lost(0), ann(), lost(2), judged(0, Ruling::Failed), judged(2, Ruling::Failed)],
            Standing::Failed,
            0,
        ),
        (
            vec![ann(), lost(0), ann(), outcome(2, 400, None), judged(0, Ruling::Failed)],
            Standing::Failed,
            0,
        ),
        (
            vec![ann(), lost(0), judged(0, Ruling::Sent), ann(), outcome(3, 400, None)],
            Standing::Sent,
            0,
        ),
        (
            vec![ann(), lost(0), judged(0, Ruling::Failed), ann(), lost(3)],
            Standing::Unconfirmed,
            1,
        ),
        (
            vec![import("ann", Status::Unconfirmed, 1), judged(0, Ruling::Sent)],
            Standing::Sent,
            0,
        ),
    ] {
        let shown = format!("{entries:?}");
        let ledger = folded(entries);
        assert_eq!(standing(&ledger, "ann"), Some(expected), "{shown}");
        assert_eq!(ledger.doubts().count(), doubts, "{shown}");
    }
}

#[test]
fn a_judgement_about_nothing_in_doubt_is_refused() {
    let mut ledger = folded([intent("ann", &["ann"]), outcome(0, 200, None)]);
    assert_eq!(
        ledger.apply(Position(2), &judged(0, Ruling::Failed)),
        Err(StrayOutcome(Position(0)))
    );
}

fn import(key: &str, status: Status, attempts: u32) -> Entry {
    Entry::Import(Import {
        key: key.to_owned(),
        to: vec![key.to_owned()],
        status,
        attempts,
        recipient_urn: format!("urn:{key}"),
        thread_id: String::new(),
        message_urn: String::new(),
        error: String::new(),
        http_status: String::new(),
        account: String::new(),
        sent_at: String::new(),
        sha256: String::new(),
    })
}

fn folded(entries: impl IntoIterator<Item = Entry>) -> Ledger {
    let mut ledger = Ledger::new(KeySource::Recipient);
    for (position, entry) in entries.into_iter().enumerate() {
        ledger.apply(Position(position as u64), &entry).unwrap();
    }
    ledger
}

fn standing(ledger: &Ledger, key: &str) -> Option<Standing> {
    ledger.find_key(key).map(|id| ledger.standing(id))
}

#[test]
fn doubt_stays_until_it_is_settled_and_delivered_stays_delivered() {
    for (statuses, expected) in [
        (&[(0, 200)][..], Standing::Sent),
        (&[(0, 400)], Standing::Failed),
        (&[(0, 429)], Standing::NotSent),
        (&[(0, 500)], Standing::Unconfirmed),
        (&[(0, 429), (2, 400)], Standing::Failed),
        (&[(0, 400), (2, 200)], Standing::Sent),
        (&[(0, 500), (2, 200)], Standing::Sent),
        (&[(0, 500), (2, 400)], Standing::Unconfirmed),
        (&[(0, 500), (2, 429), (4, 400)], Standing::Unconfirmed),
        (&[(0, 200), (2, 400)], Standing::Sent),
        (&[(0, 200), (2, 500)], Standing::Sent),
    ] {
        let pairs = statuses
            .iter()
            .flat_map(|(of, status)| [intent("ann", &["ann"]), outcome(*of, *status, None)]);
        assert_eq!(standing(&folded(pairs), "ann"), Some(expected), "{statuses:?}");
    }
    let crashed = [intent("ann", &["ann"]), intent("ann", &["ann"]), outcome(1, 400, None)];
    assert_eq!(standing(&folded(crashed), "ann"), Some(Standing::Unconfirmed));
    let older = [
        intent("ann", &["ann"]),
        intent("ann", &["ann"]),
        outcome(1, 500, None),
        outcome(0, 400, None),
    ];
    assert_eq!(standing(&folded(older), "ann"), Some(Standing::Unconfirmed));
    let late = [
        intent("ann", &["ann"]),
        intent("ann", &["ann"]),
        outcome(1, 200, None),
        outcome(0, 400, None),
    ];
    let ledger = folded(late);
    assert_eq!(standing(&ledger, "ann"), Some(Standing::Sent));
    assert_eq!(ledger.find_key("ann").and_then(|id| ledger.position(id)), Some(Position(2)));
}

#[test]
fn of_two_imported_lines_with_one_key_the_one_that_holds_back_counts() {
    for status in Status::ALL {
        let ledger = folded([import("ann", Status::Sent, 2), import("ann", status, 0)]);
        assert_eq!(standing(&ledger, "ann"), Some(Standing::Sent), "{status}");
        assert_eq!(ledger.find_key("ann").map(|id| ledger.attempts(id)), Some(2));
    }
    let ledger = folded([import("ann", Status::Skipped, 0), import("ann", Status::Unconfirmed, 1)]);
    assert_eq!(standing(&ledger, "ann"), Some(Standing::Unconfirmed));
    assert_eq!(ledger.find_recipient("urn:ann"), ledger.find_key("ann"));
}

#[test]
fn a_person_is_found_by_every_name_and_a_name_is_no_key() {
    let ledger = folded([
        intent("7", &["ann", "urn:1"]),
        intent("bob", &["bob"]),
        outcome(1, 200, Some("urn:2")),
        intent("ann", &["ann"]),
    ]);
    let (seven, bob) = (ledger.find_key("7"), ledger.find_key("bob"));
    assert!(seven.is_some() && bob.is_some());
    assert_eq!(ledger.find_recipient("ann"), seven, "the first key that has a name keeps it");
    assert_eq!(ledger.find_recipient("urn:1"), seven);
    assert_eq!(ledger.find_recipient("bob"), bob);
    assert_eq!(ledger.find_recipient("urn:2"), bob);
    assert_ne!(ledger.find_key("ann"), seven);
    for stranger in ["7", "urn:3", ""] {
        assert_eq!(ledger.find_recipient(stranger), None, "{stranger}");
    }
    assert_eq!(ledger.find_key("urn:1"), None);
}

#[test]
fn many_keys_keep_their_ids_while_the_tables_grow() {
    let count = 5000u64;
    let pairs = (0..count).flat_map(|n| {
        let key = format!("person-{n}");
        [intent(&key, &[&key]), outcome(2 * n, 200, Some(&format!("urn:{n}")))]
    });
    let ledger = folded(pairs);
    for n in 0..count {
        let id = ledger.find_key(&format!("person-{n}")).unwrap();
        assert_eq!(ledger.find_recipient(&format!("person-{n}")), Some(id));
        assert_eq!(ledger.find_recipient(&format!("urn:{n}")), Some(id));
        assert_eq!((ledger.standing(id), ledger.attempts(id)), (Standing::Sent, 1));
        assert_eq!(ledger.position(id), Some(Position(2 * n + 1)));
    }
    assert_eq!(ledger.find_key("person-5000"), None);
}

#[test]
fn an_account_keeps_its_parts_apart() {
    let mut account = Account::NEW;
    assert_eq!(
        (account.position(), account.attempts(), account.standing()),
        (None, 0, Standing::Untried)
    );
    account.set_own_name();
    account.set_attempts(u32::MAX);
    account.set_position(Position(1 << 43));
    account.set_standing(Standing::Unconfirmed);
    assert!(account.is_own_name());
    assert_eq!((account.position(), account.attempts()), (Some(Position(1 << 43)), 65_535));
    account.set_attempts(3);
    account.set_standing(Standing::NotSent);
    assert!(account.is_own_name());
    assert_eq!((account.attempts(), account.standing()), (3, Standing::NotSent));
}

#[test]
fn an_outcome_without_its_intent_is_refused() {
    let mut ledger = folded([intent("ann", &[]), outcome(0, 200, None)]);
    assert_eq!(ledger.apply(Position(2), &outcome(0, 200, None)), Err(StrayOutcome(Position(0))));
    assert!(ledger.apply(Position(2), &outcome(9, 200, None)).is_err());
}

fn found(key: &str, to: &[&str], urn: &str) -> Entry {
    Entry::Finding(Finding {
        at: Moment::from_millis(0),
        account: None,
        key: key.to_owned(),
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        seen: Seen::Conversation(Contact {
            exists: false,
            conversation: None,
            urn: Some(urn.to_owned()),
        }),
    })
}

#[test]
fn two_slugs_of_one_urn_are_one_person_in_whatever_order_it_becomes_known() {
    let urn = "urn:li:fsd_profile:ACoAAann";
    let (old, new) = (Recipient::from_profile_id("ann-old"), Recipient::from_profile_id("ann"));
    let sent = |at| [intent("ann-old", &["ann-old"]), outcome(at, 200, None)];
    let (first, second) = (found("ann-old", &["ann-old"], urn), found("ann", &["ann"], urn));
    let orders = [
        [vec![first.clone()], vec![second.clone()], sent(2).to_vec()].concat(),
        [vec![second.clone()], vec![first.clone()], sent(2).to_vec()].concat(),
        [sent(0).to_vec(), vec![second.clone()], vec![first.clone()]].concat(),
        [vec![second.clone()], sent(1).to_vec(), vec![first.clone()]].concat(),
    ];
    for (index, order) in orders.iter().enumerate() {
        for source in [KeySource::Recipient, KeySource::Column] {
            let mut ledger = Ledger::new(source);
            for (at, entry) in order.iter().enumerate() {
                ledger.apply(Position(at as u64), entry).expect("no stray");
            }
            let own = ledger.find("ann", Some(&new));
            assert!(ledger.wrote_to(&new, own), "{index} {source:?}");
            let own = ledger.find("ann-old", Some(&old));
            assert!(
                !ledger.wrote_to(&old, own),
                "{index} {source:?}: what it got itself is no other message"
            );
            assert!(!ledger.wrote_to(&Recipient::from_profile_id("bob"), None));
        }
    }
}

#[test]
fn a_finding_tries_nothing() {
    let mut ledger = Ledger::new(KeySource::Recipient);
    let finding = found("ann", &["ann"], "urn:li:fsd_profile:ACoAAann");
    ledger.apply(Position(0), &finding).expect("a finding");
    let id = ledger.find_key("ann").expect("a key");
    assert_eq!(
        (ledger.standing(id), ledger.attempts(id), ledger.position(id)),
        (Standing::Untried, 0, None)
    );
    assert_eq!(ledger.find_recipient("urn:li:fsd_profile:ACoAAann"), Some(id));
    assert_eq!(ledger.doubts().count(), 0);
}
