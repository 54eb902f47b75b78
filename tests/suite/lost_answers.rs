//! Two hundred rows whose answers are lost in every way there is, in conversations that make it as hard as they can to tell
//! what arrived. What the service itself delivered is the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rowcast::model::judgement::message_tail;
use rowcast::model::time::Moment;
use serde_json::json as object;

use crate::harness::inbox::{By, Inbox, Message};
use crate::harness::{Answer, Campaign, Delivery, Dice, Line, Server, broken, html, json, sent, status};

/// Rows that name a person by the profile id.
const PEOPLE: usize = 190;

/// Of these, so many are in the sheet a second time, by their URN and with the same text.
const TWICE: usize = 10;

/// The ways in which an answer is lost.
fn ways() -> Vec<Answer> {
    vec![
        broken(Delivery::Silence),
        broken(Delivery::Reset),
        broken(Delivery::Close),
        broken(Delivery::Cut(9)),
        broken(Delivery::Raw).body("HTTP/9 what is this\r\n"),
        sent().body("nonsense"),
        sent().body(""),
        sent().body("[1, 2]"),
        sent().body(" ".repeat(80 * 1024)),
        status(408),
        status(500),
        html(502, "<h1>Bad gateway</h1>"),
        status(503),
        status(504),
    ]
}

/// What becomes of a send.
#[derive(Clone)]
struct Fate {
    /// `None` for the service's word that it was sent.
    lost: Option<Answer>,
    /// Whether that word names the message.
    named: bool,
    arrives: bool,
    /// How long after the request the message is sent, and then until it shows, in milliseconds.
    late: [i64; 2],
    /// The recipient says the same at once.
    echo: bool,
    /// How many other messages follow at once.
    chatter: i64,
}

impl Fate {
    fn by(dice: &mut Dice, ways: &[Answer]) -> Self {
        let fine = dice.percent(15);
        Self {
            lost: (!fine).then(|| ways[dice.index(ways.len())].clone()),
            named: dice.percent(50),
            arrives: fine || dice.percent(60),
            late: [if dice.percent(15) { 300 } else { 0 }, if dice.percent(15) { 4500 } else { 0 }],
            echo: dice.percent(30),
            chatter: if dice.percent(25) {
                3 + i64::try_from(dice.below(25)).expect("few")
            } else {
                0
            },
        }
    }
}

/// What was delivered: for each person, the tails of the messages' URNs, and their times.
type Truth = Arc<Mutex<BTreeMap<String, BTreeSet<(String, String)>>>>;

fn account_of(person: usize) -> &'static str {
    if person.is_multiple_of(2) { "acc_1" } else { "acc_2" }
}

/// Many say the same to many.
fn name_of(person: usize) -> String {
    format!("friend {}", person % 12)
}

fn urn_of(person: usize) -> String {
    format!("urn:li:fsd_profile:ACoAAxX{person:03}-_y")
}

/// The URN of whoever a request or a row names.
fn person_of(name: &str) -> String {
    let number = name.to_lowercase().strip_prefix("person-").and_then(|number| number.parse().ok());
    number.map_or_else(|| name.to_owned(), urn_of)
}

fn sheet() -> String {
    let row = |recipient: &str, person: usize| format!("{recipient},{},{}\n", account_of(person), name_of(person));
    let by_id: String = (0..PEOPLE).map(|person| row(&format!("Person-{person}"), person)).collect();
    let by_urn: String = (0..TWICE).map(|person| row(&urn_of(person), person)).collect();
    format!("recipient,account,name\n{by_id}{by_urn}")
}

/// What was said before the campaign: some got the very same message already.
fn earlier(inbox: &Inbox, dice: &mut Dice) {
    for person in 0..PEOPLE {
        inbox.same_person(&format!("person-{person}"), &urn_of(person));
        for by in [By::Owner, By::Person] {
            if dice.percent(40) {
                let ago = 5_000 + i64::try_from(dice.below(7_200_000)).expect("some hours");
                let sent_at = inbox.now() - ago;
                let text = format!("Hello  {}", name_of(person));
                inbox.say(
                    account_of(person),
                    &urn_of(person),
                    Message {
                        text,
                        by,
                        sent_at,
                        shows_at: 0,
                    },
                );
            }
        }
    }
}

/// A server that loses answers, and what it delivered.
fn server(inbox: &Inbox, dice: &mut Dice) -> (Server, Truth) {
    let (server, truth) = (Server::start(), Truth::default());
    inbox.serve(&server);
    let ways = ways();
    let names = (0..PEOPLE).map(|person| format!("person-{person}")).chain((0..TWICE).map(urn_of));
    let fates: BTreeMap<String, Fate> = names.map(|name| (name, Fate::by(dice, &ways))).collect();
    let (inbox, kept) = (inbox.clone(), Arc::clone(&truth));
    server.answer_by(move |seen| {
        let fate = &fates[&seen.to];
        let account = seen.body["accountId"].as_str().expect("an account");
        let now = inbox.now();
        let say = |text: &str, by: By, sent_at: i64, shows_at: i64| {
            inbox.say(
                account,
                &seen.to,
                Message {
                    text: text.to_owned(),
                    by,
                    sent_at,
                    shows_at,
                },
            )
        };
        if fate.echo {
            say(seen.message(), By::Person, now + 1, 0);
        }
        let mut sent_message = object!({});
        if fate.arrives {
            let tail = say(seen.message(), By::Owner, now + fate.late[0], now + fate.late.iter().sum::<i64>());
            if fate.named {
                sent_message = object!({"messageUrn": format!("urn:li:messagingMessage:{tail}")});
            }
            let at = Moment::from_millis(now + fate.late[0]).to_string();
            let mut truth = kept.lock().expect("unharmed");
            truth
                .entry(person_of(&seen.to))
                .or_default()
                .insert((message_tail(&tail).to_owned(), at));
        }
        for number in 1..=fate.chatter {
            let by = if number % 2 == 0 { By::Owner } else { By::Person };
            say(&format!("by the way, {number}"), by, now + 10 * number, 0);
        }
        let acknowledged = || json(200, &object!({"success": true, "sentMessage": sent_message}));
        inbox.dated(fate.lost.clone().unwrap_or_else(acknowledged))
    });
    (server, truth)
}

/// Fails unless as many rows of a person are called sent as messages of ours reached them at most, every message that was
/// found is one of these and no other row's, and nearly all that was sent is known.
fn compare(before: &[Line], after: &[Line], truth: &Truth) {
    let mut truth = truth.lock().expect("unharmed").clone();
    let delivered: usize = truth.values().map(BTreeSet::len).sum();
    let (mut sent, mut found, mut left) = (BTreeMap::<String, usize>::new(), 0, Vec::new());
    for (was, is) in before.iter().zip(after) {
        let person = person_of(&is["recipient"]);
        let own = truth.entry(person.clone()).or_default();
        match (was["status"].as_str(), is["status"].as_str()) {
            ("sent", "sent") => *sent.entry(person).or_default() += 1,
            ("unconfirmed", "sent") => {
                // A message without a name is known by its time.
                let found_urn = message_tail(&is["message_urn"]);
                let name = own
                    .iter()
                    .find(|(tail, at)| *tail == found_urn || found_urn.is_empty() && *at == is["sent_at"]);
                let name = name.cloned();
                assert!(name.is_some_and(|name| own.remove(&name)), "{own:?}: {was:?} {is:?}");
                found += 1;
            }
            ("unconfirmed", "unconfirmed") => left.extend((!own.is_empty()).then(|| is["error"].clone())),
            _ => panic!("{own:?}: {was:?} {is:?}"),
        }
    }
    for (person, own) in &truth {
        let sent = sent.get(person).copied().unwrap_or_default();
        assert!(sent <= own.len(), "{person}: {own:?}");
    }
    let known = found + sent.values().sum::<usize>();
    assert!(delivered > 100 && found > 80, "{delivered} {found}");
    assert!(known * 100 >= delivered * 99, "{known} of {delivered}; not found: {left:#?}");
}

/// One campaign by these dice, against this service.
fn settles(seed: u64, inbox: &Inbox) {
    let mut dice = Dice::with_seed("lost answers", seed);
    earlier(inbox, &mut dice);
    let (server, truth) = server(inbox, &mut dice);
    let campaign = Campaign::new(sheet(), "Hello {{ name }}").variable("ROWCAST_RATE", "unlimited");
    let many = ["--timeout", "1s", "--max-failures", "1000", "--concurrency", "32"];
    campaign.run(&server, &many).exits(5);
    assert_eq!(server.sends().len(), PEOPLE + TWICE);
    let before = campaign.results();
    let base_url = server.base_url();
    let look = ["reconcile", "people.csv", "--base-url", &base_url, "--read-rate", "unlimited"];
    campaign.rowcast(&[&look[..], &["--wait", "5s"]].concat()).exits(5);
    compare(&before, &campaign.results(), &truth);
}

#[test]
fn of_two_hundred_lost_answers_none_is_called_sent_wrongly_and_what_arrived_is_found() {
    // Side by side, since most of the time they wait.
    std::thread::scope(|scope| {
        scope.spawn(|| settles(1, &Inbox::ahead(0)));
        scope.spawn(|| settles(2, &Inbox::ahead(87_300)));
        scope.spawn(|| settles(3, &Inbox::ahead(-3_661_500)));
        scope.spawn(|| settles(4, &Inbox::undated()));
    });
}
