//! Every prefix of a journal opens safely; damage before its end is refused and never guessed at.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rowcast::adapters::journal::{Journal, JournalError, KeyDefinition, Terms};
use rowcast::model::entry::Entry;
use rowcast::model::ledger::{KeySource, Ledger, Standing};
use serde_json::Value;

use crate::harness::{Campaign, Delivery, Dice, Server, broken, json, sent, status};

/// A campaign of two runs that met everything a service may answer, and its journal.
fn eventful(server: &Server) -> (Campaign, Vec<u8>) {
    let campaign = Campaign::with_rows(13);
    let failed = json(200, &serde_json::json!({"success": false, "error": "not connected"}));
    for (row, answer) in [
        (2, sent()),
        (3, failed),
        (4, status(400)),
        (5, status(500)),
        (6, broken(Delivery::Close)),
        (7, broken(Delivery::Cut(7))),
        (8, status(429).header("Retry-After", "1")),
        (9, status(409)),
        (10, status(408)),
        (11, status(200).body("<html>")),
    ] {
        server.answer(&format!("person-{row}"), [answer]);
    }
    server.answer("person-12", [status(400), status(422)]);
    campaign.run(server, &["--max-failures", "100", "--concurrency", "3"]).exits(5);
    campaign.run(server, &["--max-failures", "100"]).exits(5);
    let journal = fs::read(campaign.journal()).expect("a journal");
    (campaign, journal)
}

/// Where every record of a journal ends, its line end included.
fn ends(journal: &[u8]) -> Vec<usize> {
    let breaks = journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    breaks.map(|(at, _)| at + 1).collect()
}

/// What a prefix says of every key, by the contract's table and by nothing of rowcast's.
fn standings(prefix: &[u8]) -> BTreeMap<String, Standing> {
    let mut found = BTreeMap::new();
    let mut intents = BTreeMap::new();
    let mut at = 0;
    for line in prefix.split_inclusive(|byte| *byte == b'\n') {
        // What is no whole object was cut short; a whole one counts, also without its line end.
        let Ok(record) = serde_json::from_slice::<Value>(line) else { break };
        if let Some(key) = record["intent"]["key"].as_str() {
            intents.insert(at as u64, key.to_owned());
            found.insert(key.to_owned(), Standing::Unconfirmed);
        } else if let Some(of) = record["outcome"]["of"].as_u64() {
            found.insert(intents[&of].clone(), standing(&record["outcome"]["answer"]["http"]));
        }
        at += line.len();
    }
    found
}

fn standing(http: &Value) -> Standing {
    match (http["status"].as_u64(), http["body"].as_str()) {
        (Some(200..=299), Some("object")) => Standing::Sent,
        (Some(200..=299), Some("refusal")) | (Some(400 | 404 | 409 | 413 | 415 | 422), _) => Standing::Failed,
        (Some(429 | 421 | 425 | 401 | 403 | 407), _) => Standing::NotSent,
        _ => Standing::Unconfirmed,
    }
}

/// What rowcast reads from a file.
fn read(path: &Path) -> Result<(Vec<Entry>, Ledger), JournalError> {
    let (mut entries, mut ledger) = (Vec::new(), Ledger::new(KeySource::Recipient));
    Journal::read(path, |position, entry| {
        entries.push(entry.clone());
        ledger.apply(position, entry)
    })?;
    Ok((entries, ledger))
}

#[test]
fn every_byte_prefix_of_a_journal_reads_as_what_it_says_and_nobody_who_was_written_to_is_forgotten() {
    let server = Server::start();
    let (campaign, journal) = eventful(&server);
    let path = campaign.journal();
    let all = read(&path).expect("the whole journal").0;
    let everybody: Vec<String> = (2..15).map(|row| format!("person-{row}")).collect();
    // A byte at a time, since to write a file anew waits for the disk.
    let mut file = fs::File::create(&path).expect("an empty journal");
    for length in 0..=journal.len() {
        let prefix = &journal[..length];
        file.write_all(prefix.last_chunk::<1>().map_or(&[], |last| &last[..]))
            .expect("a byte");
        let (entries, ledger) = read(&path).unwrap_or_else(|error| panic!("{length} bytes: {error}"));
        assert!(all.starts_with(&entries), "{length} bytes");
        let said = standings(prefix);
        for key in &everybody {
            let known = ledger.find_key(key).map_or(Standing::Untried, |id| ledger.standing(id));
            assert_eq!(
                known,
                said.get(key).copied().unwrap_or(Standing::Untried),
                "{key} after {length} bytes"
            );
        }
    }
}

#[test]
fn opening_a_prefix_cuts_the_torn_record_and_nothing_else() {
    let server = Server::start();
    let (campaign, journal) = eventful(&server);
    let path = campaign.journal();
    let terms = Terms {
        endpoint: read_endpoint(&journal),
        key: KeyDefinition::Recipient,
    };
    let ends = ends(&journal);
    let lengths = ends
        .iter()
        .flat_map(|end| [end - 90, end - 12, end - 2, end - 1, *end, end + 1, end + 25]);
    for length in lengths.filter(|length| *length <= journal.len()) {
        fs::write(&path, &journal[..length]).expect("a prefix");
        let opened = Journal::open(&path, &terms, |_, _| Ok::<_, Infallible>(()));
        let opened = opened.unwrap_or_else(|error| panic!("{length} bytes: {error}"));
        opened.journal.close().expect("closed");
        // A record that lacks only its line end is whole, and gets it back.
        let whole = ends.iter().rfind(|end| **end <= length + 1).copied().unwrap_or(0);
        let left = fs::read(&path).expect("a journal");
        if whole == 0 {
            assert!(left.ends_with(b"\n") && left.len() == ends[0], "a new head after {length} bytes");
        } else {
            assert_eq!(left, journal[..whole], "{length} bytes");
        }
    }
}

fn read_endpoint(journal: &[u8]) -> String {
    let head: Value = serde_json::from_slice(&journal[..ends(journal)[0]]).expect("a head");
    head["head"]["endpoint"].as_str().expect("an endpoint").to_owned()
}

#[test]
fn a_run_after_a_power_cut_sends_to_those_of_whom_the_journal_says_that_they_got_nothing_and_to_no_other() {
    let server = Server::start();
    let (campaign, journal) = eventful(&server);
    let mut dice = Dice::new("prefixes");
    let ends = ends(&journal);
    for end in ends.iter().step_by(2) {
        let length = end - if dice.percent(50) { 0 } else { dice.index(80) };
        let zeros = if dice.percent(20) { dice.index(3000) } else { 0 };
        fs::write(campaign.journal(), [&journal[..length], &vec![0; zeros]].concat()).expect("a prefix");
        drop(fs::remove_file(campaign.path("people.results.csv")));
        let before = server.sends().len();
        // What this is about is the journal; the contact history would hold people back who got the text from another prefix.
        let done = campaign.run(&server, &["--allow-repeat"]);
        let mut got = server.recipients().split_off(before);
        got.sort();
        let said = standings(&journal[..length]);
        let mut due: Vec<String> = (2..15).map(|row| format!("person-{row}")).collect();
        due.retain(|key| !matches!(said.get(key), Some(Standing::Sent | Standing::Unconfirmed)));
        due.sort();
        assert_eq!(got, due, "after {length} of {} bytes: {done:?}", journal.len());
        let doubtful = said.values().any(|standing| *standing == Standing::Unconfirmed);
        assert_eq!(done.code, Some(if doubtful { 5 } else { 0 }), "{done:?}");
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let server = Server::start();
    let (campaign, journal) = eventful(&server);
    let mut dice = Dice::new("flips");
    let path = campaign.journal();
    let mut file = fs::OpenOptions::new().write(true).open(&path).expect("the journal");
    let mut put = |at: usize, byte: u8| {
        file.seek(SeekFrom::Start(at as u64)).expect("the place");
        file.write_all(&[byte]).expect("a byte");
    };
    for (at, byte) in journal.iter().enumerate() {
        let flipped = byte ^ 1 << dice.below(8);
        put(at, flipped);
        assert!(read(&path).is_err(), "byte {at}: {byte} became {flipped}");
        put(at, *byte);
    }
    assert!(read(&path).is_ok());
}

#[test]
fn a_damaged_journal_is_refused_with_its_line_and_nothing_is_sent() {
    let server = Server::start();
    let (campaign, journal) = eventful(&server);
    let mut dice = Dice::new("damage");
    let sends = server.sends().len();
    let results = fs::read(campaign.path("people.results.csv")).expect("results");
    let ends = ends(&journal);
    campaign.write("people.csv", "LinkedIn\nsomebody-new\n");
    for line in [2, ends.len() / 2, ends.len() - 1, ends.len()] {
        let (start, end) = (ends[line - 2], ends[line - 1]);
        let mut flipped = journal.clone();
        flipped[start + dice.index(end - start - 1)] ^= 4;
        let cut_out = [&journal[..start], &journal[end..]].concat();
        let twice = [&journal[..end], &journal[start..]].concat();
        let mut damages = vec![(flipped, line), (twice, line + 1)];
        if end < journal.len() {
            damages.push((cut_out, line));
        }
        for (damaged, line) in damages {
            fs::write(campaign.journal(), &damaged).expect("a journal");
            campaign.run(&server, &[]).exits(3).says(&format!("line {line}"));
            for command in ["status", "results"] {
                campaign.rowcast(&[command, "people.csv"]).exits(3).says(&format!("line {line}"));
            }
            assert_eq!(fs::read(campaign.journal()).expect("a journal"), damaged, "it is left as it is");
        }
    }
    assert_eq!(server.sends().len(), sends);
    assert_eq!(fs::read(campaign.path("people.results.csv")).expect("results"), results);
}
