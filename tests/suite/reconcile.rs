//! Unconfirmed rows are settled by what is in the conversations, and by nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use rowcast::adapters::api::BaseUrl;
use rowcast::adapters::digest::sha256_hex;
use rowcast::adapters::journal::{Journal, KeyDefinition, Terms};
use rowcast::adapters::sandbox::{Plan, Relation, Said, SandboxAccount, SandboxPerson, Settings, Speaker, UrnForm};
use rowcast::model::entry::{Entry, Intent};
use rowcast::model::judgement::{Ruling, message_tail};
use rowcast::model::row::RowNumber;
use rowcast::model::time::Moment;

use crate::harness::inbox::{By, Inbox, Message};
use crate::harness::{Campaign, Done, Server, status};
#[cfg(unix)]
use crate::harness::{Dice, Signal};
use crate::stand_in::{StandIn, faulty};

/// Every way in which an answer can be lost, with and without the message: `NAME=EFFECT`, and whether it arrives.
const LOST: &[(&str, &str, bool)] = &[
    ("lost-yes", "lost", true),
    ("closed-no", "close", false),
    ("reset-no", "reset", false),
    ("reset-yes", "reset,delivered=yes", true),
    ("hang-no", "hang", false),
    ("hang-yes", "hang,delivered=yes", true),
    ("cut-yes", "cut", true),
    ("cut-reset-yes", "cut-reset", true),
    ("cut-no", "cut,delivered=no", false),
    ("garbage-yes", "garbage", true),
    ("garbage-no", "garbage,delivered=no", false),
    ("empty-yes", "empty", true),
    ("empty-no", "empty,delivered=no", false),
    ("huge-yes", "huge", true),
    ("timeout-408-yes", "408,delivered=yes", true),
    ("timeout-408-no", "408", false),
    ("error-500-yes", "500,delivered=yes", true),
    ("error-500-no", "500", false),
    ("error-502-html-yes", "502,delivered=yes,body=html", true),
    ("error-503-no", "503", false),
    ("error-504-yes", "504,delivered=yes", true),
];

fn campaign_of(names: &[&str]) -> Campaign {
    Campaign::of(names).variable("ROWCAST_RATE", "unlimited")
}

fn run(campaign: &Campaign, stand_in: &StandIn, more: &[&str]) -> Done {
    let arguments = [&["--timeout", "1s", "--max-failures", "1000", "--no-reconcile"], more].concat();
    campaign.run_at(stand_in.base_url(), &arguments)
}

fn reconcile(campaign: &Campaign, stand_in: &StandIn, more: &[&str]) -> Done {
    let fixed = [
        "reconcile",
        "people.csv",
        "--base-url",
        stand_in.base_url(),
        "--read-rate",
        "unlimited",
    ];
    campaign.rowcast(&[&fixed, more].concat())
}

fn by_name(campaign: &Campaign) -> BTreeMap<String, BTreeMap<String, String>> {
    campaign
        .results()
        .into_iter()
        .map(|line| (line["LinkedIn"].clone(), line))
        .collect()
}

#[test]
fn of_every_kind_of_lost_answer_what_arrived_is_sent_and_what_did_not_stays_open() {
    let faults: Vec<String> = LOST.iter().map(|(name, effect, _)| format!("{name}={effect}")).collect();
    let stand_in = StandIn::with_faults(&faults.join("\n"));
    let names: Vec<&str> = LOST.iter().map(|(name, ..)| *name).chain(["fine"]).collect();
    let campaign = campaign_of(&names);
    run(&campaign, &stand_in, &[]).exits(5);
    let before = by_name(&campaign);
    let done = reconcile(&campaign, &stand_in, &["--wait", "0", "--format", "json"]).exits(5);
    let after = by_name(&campaign);
    let deliveries = stand_in.deliveries();
    for (name, effect, arrives) in LOST {
        let (was, is) = (&before[*name], &after[*name]);
        assert_eq!(was["status"], "unconfirmed", "{name} {effect}");
        let expected = if *arrives { "sent" } else { "unconfirmed" };
        assert_eq!(is["status"], expected, "{name} {effect}: {}", is["error"]);
        assert_eq!(stand_in.arrived(name), usize::from(*arrives), "{name}");
        if *arrives {
            let delivery = deliveries.iter().find(|delivery| delivery.recipient == *name).expect("it arrived");
            assert_eq!(message_tail(&is["message_urn"]), message_tail(&delivery.message_urn));
            assert_eq!(is["recipient_urn"], delivery.recipient_urn);
            assert_eq!(is["sent_at"], delivery.at.to_string());
            assert_eq!((is["success"].as_str(), is["error"].as_str()), ("true", ""));
        } else {
            assert!(is["error"].contains("no conversation"), "{}", is["error"]);
        }
        assert_eq!(is["http_status"], was["http_status"], "{name}");
    }
    let counts = done.json();
    let arrived = LOST.iter().filter(|(.., arrives)| *arrives).count();
    assert_eq!(counts["settled_sent"], arrived);
    assert_eq!(counts["left"], LOST.len() - arrived);
    assert_eq!(counts["rows"], names.len());
    run(&campaign, &stand_in, &[]).exits(5);
    assert_eq!(stand_in.deliveries().len(), deliveries.len(), "nothing is sent again");
    campaign.rowcast(&["results", "people.csv"]).exits(0);
    assert_eq!(by_name(&campaign), after, "the results can be made again");
}

#[test]
fn an_older_identical_message_is_not_taken_for_the_one_that_was_lost() {
    let person = |name: &str| SandboxPerson {
        history: vec![
            Said {
                ago: Duration::from_hours(2),
                by: Speaker::Owner,
                text: format!("Hello {name}"),
            },
            Said {
                ago: Duration::from_secs(10),
                by: Speaker::Owner,
                text: format!("  Hello\u{a0}{name}\r\n"),
            },
            Said {
                ago: Duration::from_secs(5),
                by: Speaker::Person,
                text: format!("Hello {name}"),
            },
        ],
        replies: Some(format!("Hello {name}")),
        ..SandboxPerson::named(name)
    };
    let stand_in = StandIn::start(Settings {
        people: vec![person("absent"), person("there")],
        ..faulty("absent=close\nthere=lost")
    });
    let campaign = campaign_of(&["absent", "there"]);
    run(&campaign, &stand_in, &[]).exits(5);
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(5);
    assert_eq!(campaign.statuses(), ["unconfirmed", "sent"]);
    let found = &campaign.results()[1]["message_urn"];
    assert_eq!(message_tail(found), message_tail(&stand_in.deliveries()[0].message_urn));
}

#[test]
fn what_the_other_one_said_at_the_same_time_is_no_message_of_ours() {
    let (server, inbox) = (Server::start(), Inbox::ahead(0));
    inbox.serve(&server);
    let (service, ours) = (inbox.clone(), Arc::new(Mutex::new(String::new())));
    let kept = Arc::clone(&ours);
    server.answer_by(move |seen| {
        let say = |by, later| {
            // Messages of every ninth millisecond are shown without their name.
            let sent_at = service.now() / 9 * 9 + 1 + later;
            let text = seen.message().to_owned();
            service.say(
                "acc_1",
                &seen.to,
                Message {
                    text,
                    by,
                    sent_at,
                    shows_at: 0,
                },
            )
        };
        say(By::Person, 0);
        if seen.to == "there" {
            *kept.lock().expect("unharmed") = say(By::Owner, 1);
        }
        service.dated(status(500))
    });
    let campaign = campaign_of(&["absent", "there"]);
    campaign.run(&server, &["--account", "acc_1"]).exits(5);
    let base_url = server.base_url();
    campaign
        .rowcast(&["reconcile", "people.csv", "--base-url", &base_url, "--wait", "0"])
        .exits(5);
    assert_eq!(campaign.statuses(), ["unconfirmed", "sent"]);
    assert!(campaign.results()[0]["error"].contains("1 message of"), "it was looked at");
    let found = &campaign.results()[1]["message_urn"];
    assert_eq!(message_tail(found), message_tail(&ours.lock().expect("unharmed")));
}

#[test]
fn a_message_that_shows_late_is_waited_for() {
    let stand_in = StandIn::start(Settings {
        visibility: Duration::from_secs(3),
        ..faulty("any=lost")
    });
    let campaign = campaign_of(&["late"]);
    run(&campaign, &stand_in, &[]).exits(5);
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(5);
    assert_eq!(campaign.statuses(), ["unconfirmed"]);
    reconcile(&campaign, &stand_in, &["--wait", "1m"]).exits(0).says("looking again");
    assert_eq!(campaign.statuses(), ["sent"]);
}

#[test]
fn the_other_form_of_a_urn_and_a_thread_of_sales_navigator_are_found_too() {
    for (form, plan) in [(UrnForm::MessagingMessage, Plan::Free), (UrnForm::Message, Plan::SalesNavigator)] {
        let account = SandboxAccount {
            plan,
            ..SandboxAccount::default()
        };
        let stand_in = StandIn::start(Settings {
            message_urns: form,
            accounts: vec![account],
            ..faulty("any=lost")
        });
        let campaign = campaign_of(&["jane", "urn:li:fsd_profile:ACoAAbob-1_x", "Müller-é"]);
        run(&campaign, &stand_in, &[]).exits(5);
        reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(0);
        assert_eq!(campaign.statuses(), ["sent", "sent", "sent"], "{form:?} {plan:?}");
        for line in campaign.results() {
            assert_eq!(line["thread_id"].is_empty(), plan == Plan::Free, "{line:?}");
        }
    }
}

#[test]
fn a_message_far_down_in_a_long_conversation_is_found() {
    let stand_in = StandIn::with_faults("chatty=lost,times=1");
    let campaign = campaign_of(&["chatty"]);
    run(&campaign, &stand_in, &[]).exits(5);
    talk(&stand_in, "chatty", 130);
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(0).says("found");
    assert_eq!(campaign.statuses(), ["sent"]);
    let first = &stand_in.deliveries()[0];
    assert_eq!(
        message_tail(&campaign.results()[0]["message_urn"]),
        message_tail(&first.message_urn)
    );
}

/// Sends so many other messages to somebody, past rowcast.
fn talk(stand_in: &StandIn, to: &str, count: usize) {
    use rowcast::adapters::api::{ApiKey, Client, SendRequest, Settings};
    use rowcast::model::recipient::Recipient;
    let base: BaseUrl = stand_in.base_url().parse().expect("a base URL");
    let settings = Settings {
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        clock: std::sync::Arc::new(|| Moment::from_millis(0)),
    };
    let client = Client::new(&base, &ApiKey::new("key").expect("a key"), settings).expect("a client");
    let recipient = Recipient::from_profile_id(to);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for number in 0..count {
        let message = format!("another thing, number {number}");
        let request = SendRequest {
            recipient: &recipient,
            account: None,
            message: &message,
            subject: None,
            channel: None,
            attachments: &[],
        };
        runtime.block_on(client.send(&request));
    }
}

#[test]
fn a_run_looks_first_for_what_an_earlier_one_left_open() {
    let stand_in = StandIn::with_faults("a=lost\nb=close,times=1\nc=500,delivered=yes");
    let campaign = campaign_of(&["a", "b", "c"]);
    run(&campaign, &stand_in, &[]).exits(5);
    assert_eq!(campaign.statuses(), ["unconfirmed"; 3]);
    campaign
        .run_at(stand_in.base_url(), &[])
        .exits(5)
        .says("2 unconfirmed rows were found");
    assert_eq!(campaign.statuses(), ["sent", "unconfirmed", "sent"]);
    // Whoever sends again what is unconfirmed spares those that have arrived.
    campaign.run_at(stand_in.base_url(), &["--resend-unconfirmed"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 3]);
    assert!(["a", "b", "c"].iter().all(|name| stand_in.arrived(name) == 1));
}

#[test]
fn the_first_look_of_a_run_goes_no_further_than_the_read_limits_let_it() {
    let names: Vec<String> = (0..60).map(|number| format!("somebody-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let stand_in = StandIn::with_faults("any=lost");
    let campaign = campaign_of(&names);
    run(&campaign, &stand_in, &["--concurrency", "60"]).exits(5);
    let began = Instant::now();
    // One question for the list, and one for each row.
    campaign
        .run_at(stand_in.base_url(), &["--read-rate", "30/min"])
        .exits(5)
        .says("Looking first for 60 unconfirmed rows of an earlier run, for 30s at most.")
        .says("29 unconfirmed rows were found in their conversations")
        .says("31 unconfirmed rows were not looked for");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let count = |status: &str| campaign.statuses().iter().filter(|known| *known == status).count();
    assert_eq!((count("sent"), count("unconfirmed")), (29, 31));
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(0);
    assert_eq!(count("sent"), 60);
}

#[test]
fn the_first_look_of_a_run_does_not_wait_for_a_slow_service() {
    let server = Server::answering(status(500));
    let campaign = campaign_of(&["a", "b"]);
    campaign.run(&server, &["--account", "acc_1"]).exits(5);
    server.answer_questions_by(|seen| seen.path.contains("/conversations").then(|| status(200).held()));
    let began = Instant::now();
    campaign
        .run(&server, &["--account", "acc_1", "--max-wait", "1s"])
        .exits(5)
        .says("2 unconfirmed rows were not looked for, since a run waits 1s for that at most");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(server.sends().len(), 2, "what is unconfirmed is held");
}

#[test]
fn a_person_can_say_what_became_of_a_row() {
    let stand_in = StandIn::with_faults("any=close,times=2");
    let campaign = campaign_of(&["a", "b", "c"]);
    run(&campaign, &stand_in, &["--concurrency", "1"]).exits(5);
    let mark = |verdict: &str, rows: &str| {
        campaign.rowcast(&[
            "reconcile",
            "people.csv",
            "--base-url",
            stand_in.base_url(),
            "--mark",
            verdict,
            "--rows",
            rows,
            "--note",
            "seen by Ann",
        ])
    };
    mark("sent", "4").exits(3).says("unconfirmed");
    mark("sent", "2").exits(0);
    mark("failed", "3-4").exits(0);
    assert_eq!(campaign.statuses(), ["sent", "failed", "sent"]);
    assert!(campaign.column("error")[1].contains("seen by Ann"));
    run(&campaign, &stand_in, &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"; 3]);
    assert_eq!((stand_in.arrived("a"), stand_in.arrived("b")), (0, 1));
    campaign.rowcast(&["reconcile", "people.csv", "--mark", "sent"]).exits(2);
}

/// A journal with one attempt for each of these, so long ago, of which no answer came.
fn old_attempts(path: &Path, base_url: &str, names: &[&str], ago: Duration) {
    let base: BaseUrl = base_url.parse().expect("a base URL");
    let terms = Terms {
        endpoint: base.endpoint().to_owned(),
        key: KeyDefinition::Recipient,
    };
    let opened = Journal::open(path, &terms, |_, _| Ok::<(), std::convert::Infallible>(())).expect("a journal");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let at = Moment::from_millis(i64::try_from(now.saturating_sub(ago).as_millis()).expect("a time"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (row, name) in (2..).zip(names) {
        let intent = Intent {
            at,
            row: RowNumber(row),
            key: (*name).to_owned(),
            to: vec![(*name).to_owned()],
            account: None,
            sha256: sha256_hex(&format!("Hello {name}")),
            folded_sha256: Some(sha256_hex(&format!("Hello {name}"))),
            test: false,
        };
        runtime.block_on(opened.journal.append(Entry::Intent(intent))).expect("an entry");
    }
    opened.journal.close().expect("written");
}

#[test]
fn what_is_not_there_fails_only_where_a_person_accepts_that_and_an_hour_has_passed() {
    let gone = SandboxPerson {
        relation: Relation::NoSuchProfile,
        ..SandboxPerson::named("gone")
    };
    let stand_in = StandIn::start(Settings {
        people: vec![gone],
        ..Settings::default()
    });
    for (minutes, arguments, code, statuses) in [
        (90, &["--wait", "0"][..], 5, ["unconfirmed", "unconfirmed"]),
        (50, &["--wait", "0", "--accept-absent"], 5, ["unconfirmed", "unconfirmed"]),
        // Of somebody who cannot be looked up nothing is known.
        (90, &["--wait", "0", "--accept-absent"], 5, ["failed", "unconfirmed"]),
    ] {
        let campaign = campaign_of(&["a", "gone"]);
        old_attempts(
            &campaign.journal(),
            stand_in.base_url(),
            &["a", "gone"],
            Duration::from_mins(minutes),
        );
        reconcile(&campaign, &stand_in, arguments).exits(code);
        assert_eq!(campaign.statuses(), statuses, "{minutes} {arguments:?}");
    }
}

#[test]
fn a_service_that_does_not_answer_settles_nothing() {
    for (fault, code) in [
        ("any=401,on=conversations", 4),
        ("any=404,on=conversations\nany=405,on=exists", 5),
        ("any=garbage,on=conversations\nany=garbage,on=exists", 5),
        (
            "any=200,on=messages,text={\"success\":true,\"messages\":[{\"text\":\"Hello a\",\"isSentByOwner\":true}]}",
            5,
        ),
        (
            "any=200,on=messages,text={\"success\":true,\"messages\":[{\"text\":\"Hello a\",\"sentAt\":99999999999999}]}",
            5,
        ),
        ("any=200,on=messages,text={\"success\":true,\"messages\":[null,7,{}]}", 5),
    ] {
        let stand_in = StandIn::with_faults(&format!("any=lost\n{fault}"));
        let campaign = campaign_of(&["a"]);
        run(&campaign, &stand_in, &[]).exits(5);
        reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(code);
        assert_eq!(campaign.statuses(), ["unconfirmed"], "{fault}");
    }
}

#[test]
fn asking_too_often_is_waited_out() {
    let stand_in = StandIn::with_faults(
        "any=lost\nany=429:retry-after=1,on=exists,times=1\nany=429:retry-after=1,on=messages,times=1\nany=503,on=conversations,times=1",
    );
    let campaign = campaign_of(&["a"]);
    run(&campaign, &stand_in, &[]).exits(5);
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"]);
}

#[test]
fn a_service_that_asks_for_more_patience_than_was_given_ends_it_at_once_and_says_until_when() {
    let stand_in = StandIn::with_faults("any=lost\nany=429:retry-after=300,on=conversations");
    let campaign = campaign_of(&["a", "b"]);
    run(&campaign, &stand_in, &[]).exits(5);
    let began = Instant::now();
    reconcile(&campaign, &stand_in, &[]).exits(4).says("asks to wait until");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert_eq!(campaign.statuses(), ["unconfirmed"; 2]);
}

#[test]
fn a_service_that_answers_nothing_is_not_asked_about_everybody() {
    let log = tempfile::NamedTempFile::new().expect("a log");
    let stand_in = StandIn::start(Settings {
        log: Some(log.path().to_owned()),
        ..faulty("any=close\nany=500,on=conversations\nany=500,on=exists")
    });
    let names: Vec<String> = (0..8).map(|number| format!("somebody-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let campaign = campaign_of(&names);
    run(&campaign, &stand_in, &[]).exits(5);
    reconcile(&campaign, &stand_in, &["--wait", "0"])
        .exits(5)
        .says("8 still unconfirmed");
    let log = std::fs::read_to_string(log.path()).expect("a log");
    let asked = log
        .lines()
        .filter(|line| line.contains("\"GET\"") && line.contains("/conversations"))
        .count();
    assert_eq!(asked, 9, "three questions, three times each");
}

#[test]
fn hundreds_of_lost_answers_are_settled_as_they_are() {
    let names: Vec<String> = (0..300).map(|number| format!("somebody-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let stand_in = StandIn::with_faults("any=lost,chance=0.3\nany=close,chance=0.3\nany=502,chance=0.3\nany=cut-reset,chance=0.5");
    let campaign = campaign_of(&names);
    run(&campaign, &stand_in, &["--concurrency", "32"]).exits(5);
    let open: Vec<String> = by_name(&campaign)
        .into_iter()
        .filter(|(_, line)| line["status"] == "unconfirmed")
        .map(|(name, _)| name)
        .collect();
    assert!(open.len() > 150);
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(5);
    let after = by_name(&campaign);
    for name in open {
        let expected = if stand_in.arrived(&name) == 1 { "sent" } else { "unconfirmed" };
        assert_eq!(after[&name]["status"], expected, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_reconciliation_that_is_killed_loses_nothing() {
    let names: Vec<String> = (0..40).map(|number| format!("somebody-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let stand_in = StandIn::start(Settings {
        latency: rowcast::adapters::sandbox::Latency::Fixed(Duration::from_millis(20)),
        ..faulty("any=lost")
    });
    let campaign = campaign_of(&names);
    run(&campaign, &stand_in, &["--concurrency", "40"]).exits(5);
    let mut settled = 0;
    for _ in 0..3 {
        let running = campaign.begin(&[
            "reconcile",
            "people.csv",
            "--base-url",
            stand_in.base_url(),
            "--read-rate",
            "unlimited",
            "--wait",
            "0",
        ]);
        // Killed as soon as there is something to lose.
        while judged(&campaign.journal()).len() < settled + 3 {
            std::thread::yield_now();
        }
        running.signal(Signal::Kill);
        assert_eq!(running.finish().code, None);
        settled = judged(&campaign.journal()).len();
    }
    assert!(settled < names.len(), "it was killed before the end");
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(0);
    assert!(campaign.statuses().iter().all(|status| status == "sent"));
    let mut judged = judged(&campaign.journal());
    assert_eq!(judged.len(), names.len());
    judged.dedup();
    assert_eq!(judged.len(), names.len(), "nothing is judged twice");
    run(&campaign, &stand_in, &[]).exits(0);
    assert_eq!(stand_in.deliveries().len(), names.len());
}

#[cfg(unix)]
#[test]
fn whenever_a_reconciliation_is_killed_its_judgements_are_true_and_each_is_made_once() {
    let mut dice = Dice::new("killed while it reads back");
    let names: Vec<String> = (0..60).map(|number| format!("somebody-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // Nothing of every third arrives.
    let lost: Vec<String> = (0..60).step_by(3).map(|number| format!("somebody-{number}=close")).collect();
    let stand_in = StandIn::start(Settings {
        latency: rowcast::adapters::sandbox::Latency::Fixed(Duration::from_millis(3)),
        ..faulty(&format!("{}\nany=lost", lost.join("\n")))
    });
    let campaign = campaign_of(&names);
    run(&campaign, &stand_in, &["--concurrency", "60"]).exits(5);
    let base_url = stand_in.base_url();
    let command = [
        "reconcile",
        "people.csv",
        "--base-url",
        base_url,
        "--read-rate",
        "unlimited",
        "--wait",
        "1s",
    ];
    let mut settled = Vec::new();
    for _ in 0..8 {
        let running = campaign.begin(&command);
        std::thread::sleep(Duration::from_millis(20 + dice.below(300)));
        running.signal(Signal::Kill);
        running.finish();
        let now = judged(&campaign.journal());
        assert!(settled.iter().all(|of| now.contains(of)), "what was judged stays judged");
        settled = now;
    }
    reconcile(&campaign, &stand_in, &["--wait", "0"]).exits(5);
    let mut judged = judged(&campaign.journal());
    assert_eq!(judged.len(), 40);
    judged.dedup();
    assert_eq!(judged.len(), 40, "nothing is judged twice");
    for (name, line) in by_name(&campaign) {
        let expected = if stand_in.arrived(&name) == 1 { "sent" } else { "unconfirmed" };
        assert_eq!(line["status"], expected, "{name}");
    }
    run(&campaign, &stand_in, &[]).exits(5);
    assert_eq!(stand_in.deliveries().len(), 40, "nobody gets it twice");
}

/// The attempts that the journal says were judged to be sent, in order.
#[cfg(unix)]
fn judged(journal: &Path) -> Vec<u64> {
    let mut judged = Vec::new();
    Journal::read(journal, |_, entry| {
        if let Entry::Judgement(judgement) = entry
            && judgement.ruling == Ruling::Sent
        {
            judged.push(judgement.of.0);
        }
        Ok::<(), std::convert::Infallible>(())
    })
    .expect("a journal");
    judged.sort_unstable();
    judged
}

#[test]
fn where_nothing_is_open_nothing_is_asked() {
    let stand_in = StandIn::with_faults("any=401,on=conversations");
    let campaign = campaign_of(&["a"]);
    reconcile(&campaign, &stand_in, &[]).exits(0).says("Nothing was sent yet");
    assert!(!campaign.journal().exists());
    run(&campaign, &stand_in, &[]).exits(0);
    reconcile(&campaign, &stand_in, &[]).exits(0);
    reconcile(&campaign, &stand_in, &["--rows", "2"]).exits(3);
}
