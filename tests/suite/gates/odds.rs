//! Gates under load, by chance, and across kills.

#[cfg(unix)]
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

#[cfg(unix)]
use rowcast::adapters::sandbox::Relation;
use rowcast::adapters::sandbox::{Limits, Said, SandboxAccount, SandboxPerson, Settings, Speaker};
use rowcast::model::rate::{Ceiling, Rate};

use super::Asked;
#[cfg(unix)]
use super::somebody;
use crate::harness::Campaign;
#[cfg(unix)]
use crate::harness::{Dice, Signal};
#[cfg(unix)]
use crate::stand_in::faulty;

/// Somebody who was written to and never answered.
fn silent(name: &str) -> SandboxPerson {
    SandboxPerson {
        history: vec![Said {
            ago: Duration::from_hours(9),
            by: Speaker::Owner,
            text: "Hello?".to_owned(),
        }],
        ..SandboxPerson::named(name)
    }
}

#[test]
fn of_one_row_after_the_other_all_is_asked_and_an_account_asks_one_thing_at_a_time() {
    let names: Vec<String> = (0..25).map(|number| format!("silent-{number}")).collect();
    let asked = Asked::of(names.iter().map(|name| silent(name)).collect(), "");
    let campaign = Campaign::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    campaign
        .run_at(asked.base_url(), &["--skip", "replied", "--read-rate", "unlimited"])
        .exits(0);
    let mut questions = asked.requests("/conversations/");
    questions.retain(|last| last != "send");
    let expected: Vec<String> = names.iter().flat_map(|name| [name.clone(), "messages".to_owned()]).collect();
    assert_eq!(questions, expected);
}

#[test]
fn no_limit_for_reading_is_overrun_whatever_the_accounts() {
    let accounts = ["60d21b4667d0d8992e610001", "60d21b4667d0d8992e610002"];
    let per_second = |count| Rate::new(count, Duration::from_secs(1)).map_or(Ceiling::Unlimited, Ceiling::At);
    let asked = Asked::start(Settings {
        accounts: accounts.map(SandboxAccount::with_id).to_vec(),
        limits: Limits {
            account_reads: per_second(4),
            per_key: per_second(20),
            ..Limits::default()
        },
        ..Settings::default()
    });
    let rows: Vec<String> = (0..14).map(|row| format!("person-{row},{}", accounts[row % 2])).collect();
    let campaign = Campaign::new(format!("LinkedIn,Account\n{}\n", rows.join("\n")), "Hello {{ linkedin }}");
    let limited = ["--require", "connected", "--read-rate", "4/s", "--rate", "20/s"];
    campaign.run_at(asked.base_url(), &limited).exits(0);
    assert_eq!(asked.statuses(), BTreeSet::from([200]));
    assert_eq!(asked.relationships().len(), 14);
}

/// Whatever fails and whenever it is killed: a message goes to nobody who was not to get one, and to nobody twice.
#[cfg(unix)]
#[test]
fn by_chance_and_across_kills_nobody_gets_a_message_whom_a_gate_would_hold() {
    let mut dice = Dice::new("gates by chance");
    let people: Vec<SandboxPerson> = (0..30)
        .map(|number| {
            let name = format!("person-{number}");
            match number % 5 {
                0 => somebody(&name, Relation::NotConnected),
                1 => SandboxPerson {
                    history: vec![Said {
                        ago: Duration::from_hours(9),
                        by: Speaker::Person,
                        text: "Hi".to_owned(),
                    }],
                    ..SandboxPerson::named(name)
                },
                2 => silent(&name),
                _ => SandboxPerson::named(name),
            }
        })
        .collect();
    let welcome: BTreeSet<String> = people
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 5 > 1)
        .map(|(_, person)| person.name.clone())
        .collect();
    let faults = "any=500,on=relationship,chance=0.1\nany=lost,on=exists,chance=0.1\nany=garbage,on=messages,chance=0.05\n\
                  any=404,on=relationship,chance=0.03\nany=400,chance=0.1";
    let asked = Asked::start(Settings {
        people: people.clone(),
        seed: dice.below(1 << 20),
        ..faulty(faults)
    });
    let campaign = Campaign::of(&people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>());
    let gates = [
        "--require",
        "connected",
        "--skip",
        "replied",
        "--retries",
        "0",
        "--max-failures",
        "100",
        "--no-reconcile",
        "--read-rate",
        "unlimited",
    ];
    for _ in 0..12 {
        let running = campaign.start_at(asked.base_url(), &gates);
        if dice.below(2) == 0 {
            std::thread::sleep(Duration::from_millis(dice.below(120)));
            running.signal(Signal::Kill);
        }
        running.finish();
    }
    let mut got: BTreeMap<String, usize> = BTreeMap::new();
    for name in asked.arrived() {
        *got.entry(name).or_default() += 1;
    }
    for (name, times) in &got {
        assert!(welcome.contains(name), "{name} was not to get a message");
        assert_eq!(*times, 1, "{name}");
    }
    assert!(got.len() > 5, "{got:?}");
}
