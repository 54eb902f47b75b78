use std::time::{Duration, Instant};

use super::super::file_in;
use super::*;

fn campaign(journal: &str) -> Campaign {
    Campaign {
        journal: journal.to_owned(),
        name: format!("campaign {journal}"),
        scope: "service".to_owned(),
    }
}

fn claim(name: &str, sha256: &str, at: i64) -> Claim {
    Claim {
        names: vec![name.to_owned()],
        sha256: sha256.to_owned(),
        at: Moment::from_millis(at),
        same_text: SameText::Refuse,
        since: None,
    }
}

fn settled(name: &str, sha256: &str, contact: Option<Contact>) -> Settled {
    Settled {
        names: vec![name.to_owned(), "urn:li:fsd_profile:ACoAA1".to_owned()],
        sha256: sha256.to_owned(),
        at: Moment::from_millis(5),
        contact,
    }
}

fn open(path: &Path, journal: &str) -> History {
    History::open(path, &campaign(journal), |_| Some(Contact::Unconfirmed)).expect("a history")
}

fn ask(history: &History, claim: Claim) -> Option<Contact> {
    let (told, answer) = std::sync::mpsc::channel();
    history.claim(claim, move |found| told.send(found).expect("somebody who asked"));
    let found = answer.recv().expect("an answer").expect("a history that can be written");
    found.map(|earlier| earlier.contact)
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file_in(&folder.path().join("data"));
    (folder, path)
}

#[test]
fn the_same_text_goes_to_the_same_person_once_whatever_the_campaign() {
    let (_folder, path) = place();
    let (one, two) = (open(&path, "one"), open(&path, "two"));
    assert_eq!(ask(&one, claim("ann", "x", 1)), None);
    assert_eq!(
        ask(&two, claim("ann", "x", 2)),
        Some(Contact::Claimed),
        "of two at once one sees the other"
    );
    assert_eq!(ask(&one, claim("ann", "x", 3)), None, "what it did itself a campaign knows better");
    assert_eq!(ask(&two, claim("ann", "y", 4)), None, "another text may go");
    one.settle(settled("ann", "x", Some(Contact::Sent)));
    one.close().expect("closed");
    assert_eq!(ask(&two, claim("ann", "x", 6)), Some(Contact::Sent));
    assert_eq!(
        ask(&two, claim("urn:li:fsd_profile:ACoAA1", "x", 6)),
        Some(Contact::Sent),
        "under the URN that the answer told too"
    );
    let allowed = Claim {
        same_text: SameText::Allow,
        ..claim("ann", "x", 7)
    };
    assert_eq!(ask(&two, allowed), None);
}

#[test]
fn a_cooldown_keeps_any_second_message_away_for_so_long() {
    let (_folder, path) = place();
    let (one, two) = (open(&path, "one"), open(&path, "two"));
    assert_eq!(ask(&one, claim("ann", "x", 1000)), None);
    let later = |since| Claim {
        since: Some(Moment::from_millis(since)),
        ..claim("ann", "y", 2000)
    };
    assert_eq!(ask(&two, later(900)), Some(Contact::Claimed));
    assert_eq!(ask(&two, later(1001)), None);
}

#[test]
fn a_message_that_did_not_arrive_stands_in_nobodys_way() {
    let (_folder, path) = place();
    let (one, two) = (open(&path, "one"), open(&path, "two"));
    assert_eq!(ask(&one, claim("ann", "x", 1)), None);
    one.settle(settled("ann", "x", None));
    one.close().expect("closed");
    assert_eq!(ask(&two, claim("ann", "x", 2)), None);
}

#[test]
fn what_is_taken_back_takes_nothing_from_the_next_claim_of_the_same_person() {
    let (_folder, path) = place();
    let (one, two) = (open(&path, "one"), open(&path, "two"));
    assert_eq!(ask(&one, claim("ann", "x", 1)), None);
    one.settle(settled("ann", "x", None));
    assert_eq!(ask(&one, claim("ann", "x", 2)), None);
    one.close().expect("closed");
    assert_eq!(ask(&two, claim("ann", "x", 3)), Some(Contact::Claimed));
}

#[test]
fn what_became_of_claims_is_told_soon_whether_few_or_many_were_made() {
    let (_folder, path) = place();
    let (one, two) = (open(&path, "one"), open(&path, "two"));
    for name in (0..100).map(|number| format!("person-{number}")) {
        assert_eq!(ask(&one, claim(&name, "x", 1)), None);
        one.settle(settled(&name, "x", Some(Contact::Sent)));
    }
    // The first ones are many, and the last ones few that wait for more.
    let patience = Instant::now() + Duration::from_secs(20);
    for name in ["person-0", "person-99"] {
        while ask(&two, claim(name, "x", 2)) != Some(Contact::Sent) {
            assert!(Instant::now() < patience, "{name} stays claimed");
        }
    }
}

#[test]
fn what_a_dead_program_claimed_is_settled_by_its_journal() {
    let (_folder, path) = place();
    let dead = open(&path, "one");
    for name in ["ann", "bob", "cat"] {
        assert_eq!(ask(&dead, claim(name, "x", 1)), None);
    }
    drop(dead.close());
    let two = open(&path, "two");
    assert_eq!(
        ask(&two, claim("ann", "x", 2)),
        Some(Contact::Claimed),
        "until then it may have arrived"
    );
    let known = |name: &str| match name {
        "ann" => Some(Contact::Sent),
        "bob" => Some(Contact::Unconfirmed),
        _ => None,
    };
    drop(History::open(&path, &campaign("one"), known).expect("a history"));
    assert_eq!(ask(&two, claim("ann", "x", 3)), Some(Contact::Sent));
    assert_eq!(ask(&two, claim("bob", "x", 3)), Some(Contact::Unconfirmed));
    assert_eq!(ask(&two, claim("cat", "x", 3)), None);
}

#[test]
fn a_stand_in_counts_for_its_own_address_alone() {
    let (_folder, path) = place();
    let local = Campaign {
        scope: "http://127.0.0.1:1".to_owned(),
        ..campaign("one")
    };
    let trial = History::open(&path, &local, |_| None).expect("a history");
    assert_eq!(ask(&trial, claim("ann", "x", 1)), None);
    assert_eq!(ask(&open(&path, "two"), claim("ann", "x", 2)), None);
    let again = Campaign {
        journal: "three".to_owned(),
        ..local
    };
    let again = History::open(&path, &again, |_| None).expect("a history");
    assert_eq!(ask(&again, claim("ann", "x", 2)), Some(Contact::Claimed));
}

#[test]
fn a_journal_makes_it_again_also_from_a_damaged_file() {
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, "this is no database at all, but long enough to be taken for one".repeat(100)).expect("written");
    let error = Reader::open(&path).expect_err("damaged");
    assert!(matches!(error, DatabaseError::Damaged { .. }), "{error:?}");
    for _ in 0..2 {
        let count = rebuild(&path, &campaign("one"), [settled("ann", "x", Some(Contact::Sent))]).expect("made again");
        assert_eq!(count, 1);
    }
    let reader = Reader::open(&path).expect("readable").expect("there");
    assert!(reader.knows("service").expect("an answer"));
    assert!(!reader.knows("elsewhere").expect("an answer"));
    let names = ["ann".to_owned()];
    let question = Question {
        scope: "service",
        own: None,
        names: &names,
        sha256: Some("x"),
        since: None,
    };
    let found = reader.find(&question).expect("an answer").expect("a contact");
    assert_eq!(found.to_string(), "already contacted on 1970-01-01 by campaign campaign one");
    let own = Question {
        own: Some("one"),
        ..question
    };
    assert_eq!(reader.find(&own).expect("an answer"), None);
}

#[test]
fn a_newer_form_is_refused() {
    let (_folder, path) = place();
    drop(open(&path, "one"));
    let connection = Connection::open(&path).expect("a database");
    connection.pragma_update(None, "user_version", 99).expect("set");
    drop(connection);
    assert!(matches!(Reader::open(&path), Err(DatabaseError::Newer { found: 99, .. })));
}

#[test]
fn a_send_that_names_somebody_twice_says_that_both_names_are_of_one_person() {
    let (_folder, path) = place();
    let sent = |names: &[&str], at: i64| Settled {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        sha256: "x".to_owned(),
        at: Moment::from_millis(at),
        contact: Some(Contact::Sent),
    };
    let urn = |name: &str| format!("urn:li:fsd_profile:ACoAA{name}");
    let history = open(&path, "one");
    history.settle(sent(&["jane", &urn("jane"), "urn:li:msg_conversation:1"], 1));
    history.settle(sent(&["bob"], 2));
    // Two people in the same millisecond, with the same text.
    history.settle(sent(&["ann", &urn("ann")], 3));
    history.settle(sent(&["zoe", &urn("zoe")], 3));
    history.close().expect("written");
    let reader = Reader::open(&path).expect("readable").expect("there");
    let names = |scope: &str, wanted: &[&str]| reader.names_of(scope, |name| wanted.contains(&name)).expect("names");
    let jane = vec![("jane".to_owned(), urn("jane"))];
    assert_eq!(names("service", &["jane"]), jane);
    assert_eq!(names("service", &[&urn("jane")]), jane);
    assert_eq!(names("service", &["bob", "ann", "nobody"]), []);
    assert_eq!(names("http://127.0.0.1:1", &["jane"]), []);
}
