use super::*;
use crate::model::entry::{Entry, Intent, Outcome, Position};
use crate::model::outcome::{Answer, Body, Reply};
use crate::model::time::Moment;

/// The journal of a campaign in which each of these got an answer.
fn ledger(source: KeySource, past: &[(&str, &str, Answer)]) -> Ledger {
    let mut ledger = Ledger::new(source);
    for (index, (key, to, answer)) in past.iter().enumerate() {
        let at = Moment::from_millis(0);
        let of = Position(index as u64 * 2);
        let intent = Intent {
            at,
            row: RowNumber(2),
            key: (*key).into(),
            to: vec![(*to).into()],
            account: None,
            sha256: String::new(),
            folded_sha256: None,
            test: false,
        };
        ledger.apply(of, &Entry::Intent(intent)).expect("an intent");
        let outcome = Outcome {
            at,
            of,
            answer: answer.clone(),
            service_at: None,
            gave_up: false,
        };
        ledger.apply(Position(of.0 + 1), &Entry::Outcome(outcome)).expect("an outcome");
    }
    ledger
}

fn http(status: u16, urn: Option<&str>) -> Answer {
    Answer::Http(Reply {
        status,
        body: Body::Object,
        error: None,
        recipient_urn: urn.map(str::to_owned),
        thread_id: None,
        message_urn: None,
        hold_until: None,
    })
}

fn plan(ledger: &Ledger, choice: Choice, rows: &[(&str, &str)]) -> Plan {
    let mut planner = Planner::new(choice);
    for (index, (key, id)) in rows.iter().enumerate() {
        let number = RowNumber(u32::try_from(index).expect("few rows") + 2);
        let recipient = if id.starts_with("urn:") {
            Recipient::from_profile_urn(*id)
        } else {
            Recipient::from_profile_id(*id)
        };
        let meeting = planner.meet(
            ledger,
            number,
            Who {
                key,
                recipient: Some(&recipient),
            },
        );
        planner.push(number, Place(0), Way::default(), lot_of(key), meeting, Rendering::Draft(1));
    }
    planner.finish()
}

fn statuses(plan: &Plan) -> Vec<(Status, Step)> {
    plan.rows.iter().map(|row| (row.status, row.step)).collect()
}

#[test]
fn each_standing_is_met_as_the_contract_says() {
    let past = [
        ("a", "a", http(200, None)),
        ("b", "b", http(400, None)),
        ("c", "c", http(500, None)),
        ("d", "d", http(429, None)),
    ];
    let ledger = ledger(KeySource::Recipient, &past);
    let rows = [("a", "a"), ("b", "B"), ("c", "c"), ("d", "d"), ("e", "e")];
    let expected = [
        (Status::Sent, Step::Rest),
        (Status::Failed, Step::Send),
        (Status::Unconfirmed, Step::Rest),
        (Status::Pending, Step::Send),
        (Status::Pending, Step::Send),
    ];
    assert_eq!(statuses(&plan(&ledger, Choice::everything(), &rows)), expected);
    let resend = Choice {
        unconfirmed: Unconfirmed::Resend,
        ..Choice::everything()
    };
    assert_eq!(plan(&ledger, resend, &rows).rows[2].step, Step::Send);
    let failed = Choice {
        only: Some(Only::Failed),
        ..Choice::everything()
    };
    assert_eq!(
        plan(&ledger, failed, &rows).to_send().map(|row| row.number.0).collect::<Vec<_>>(),
        [3]
    );
}

#[test]
fn a_urn_learned_from_an_answer_is_the_same_person() {
    let ledger = ledger(KeySource::Recipient, &[("jane", "jane", http(200, Some("urn:li:fsd_profile:X")))]);
    let both = plan(
        &ledger,
        Choice::everything(),
        &[("urn:li:fsd_profile:X", "urn:li:fsd_profile:X"), ("jane", "jane")],
    );
    assert_eq!(statuses(&both), [(Status::Sent, Step::Rest), (Status::Skipped, Step::Rest)]);
}

#[test]
fn keys_dealt_out_anew_send_nobody_a_second_message() {
    let ledger = ledger(KeySource::Column, &[("1", "jane", http(200, None))]);
    let renumbered = plan(&ledger, Choice::everything(), &[("1", "bob"), ("2", "jane")]);
    assert_eq!(statuses(&renumbered), [(Status::Sent, Step::Rest), (Status::Skipped, Step::Rest)]);
    assert_eq!(renumbered.rows[1].skip, Some(Skip::Contacted));
}

#[test]
fn the_first_row_of_a_key_or_recipient_counts() {
    let fresh = Ledger::new(KeySource::Column);
    let rows = plan(
        &fresh,
        Choice::everything(),
        &[("1", "jane"), ("2", "Jane"), ("1", "bob"), ("3", "eve")],
    );
    let skips: Vec<_> = rows.rows.iter().map(|row| row.skip).collect();
    assert_eq!(
        skips,
        [None, Some(Skip::Duplicate(RowNumber(2))), Some(Skip::Duplicate(RowNumber(2))), None]
    );
}

#[test]
fn a_sample_is_the_same_next_time_and_a_limit_counts_sends_only() {
    let names: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    let rows: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
    let sample = Choice {
        sample: Some(7),
        ..Choice::everything()
    };
    let fresh = Ledger::new(KeySource::Recipient);
    let drawn = |ledger: &Ledger| -> Vec<RowNumber> {
        let plan = plan(ledger, sample.clone(), &rows);
        plan.rows
            .iter()
            .filter(|row| row.step != Step::LeaveOut)
            .map(|row| row.number)
            .collect()
    };
    let first = drawn(&fresh);
    assert_eq!(first.len(), 7);
    assert_eq!(drawn(&ledger(KeySource::Recipient, &[("p3", "p3", http(200, None))])), first);
    let limited = Choice {
        limit: Some(2),
        ..Choice::everything()
    };
    let sent = ledger(KeySource::Recipient, &[("p0", "p0", http(200, None))]);
    assert_eq!(
        plan(&sent, limited, &rows).to_send().map(|row| row.number.0).collect::<Vec<_>>(),
        [3, 4]
    );
}

#[test]
fn two_rows_that_turned_out_to_be_one_person_are_one_message() {
    use crate::model::finding::{Contact, Finding, Seen};
    let mut ledger = ledger(KeySource::Recipient, &[]);
    for key in ["ann-old", "ann"] {
        let finding = Finding {
            at: Moment::from_millis(0),
            account: None,
            key: key.to_owned(),
            to: vec![key.to_owned()],
            seen: Seen::Conversation(Contact {
                exists: false,
                conversation: None,
                urn: Some("urn:li:fsd_profile:ACoAAann".to_owned()),
            }),
        };
        ledger.apply(Position(0), &Entry::Finding(finding)).expect("a finding");
    }
    let plan = plan(
        &ledger,
        Choice::everything(),
        &[("ann-old", "ann-old"), ("bob", "bob"), ("ann", "ann")],
    );
    let skips: Vec<_> = plan.rows.iter().map(|row| row.skip).collect();
    assert_eq!(skips, [None, None, Some(Skip::Duplicate(RowNumber(2)))]);
}
