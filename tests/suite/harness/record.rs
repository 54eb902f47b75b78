//! What a journal says, read by nothing but its lines: a second opinion about every fact.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The whole records of a journal, with the byte at which each begins. What stands after the last line end is not whole.
pub fn records(bytes: &[u8]) -> Vec<(usize, Value)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(line) = line.strip_suffix(b"\n") {
            let record = serde_json::from_slice(line).unwrap_or_else(|error| panic!("byte {at} of the journal: {error}"));
            found.push((at, record));
        }
        at += line.len();
    }
    found
}

/// What a journal knows of one key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Requests that were meant to leave.
    pub intents: usize,
    /// Of these, how many have no outcome.
    pub open: usize,
    /// The HTTP status of every answer; `None` for one that was lost or never came about.
    pub answers: Vec<Option<u64>>,
}

/// Every key of a journal, by its name.
pub fn known(bytes: &[u8]) -> BTreeMap<String, Known> {
    let mut keys: BTreeMap<String, Known> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for (at, record) in records(bytes) {
        if let Some(key) = record["intent"]["key"].as_str() {
            places.insert(at as u64, key.to_owned());
            let known = keys.entry(key.to_owned()).or_default();
            known.intents += 1;
            known.open += 1;
        }
        if let Some(of) = record["outcome"]["of"].as_u64() {
            let known = keys.get_mut(&places[&of]).expect("a key");
            known.open -= 1;
            known.answers.push(record["outcome"]["answer"]["http"]["status"].as_u64());
        }
    }
    keys
}

/// [`known`] of a file; nothing where there is none.
pub fn known_at(journal: &Path) -> BTreeMap<String, Known> {
    known(&std::fs::read(journal).unwrap_or_default())
}
