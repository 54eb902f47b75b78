//! From the first record to names, variables and meanings.

use std::collections::{BTreeMap, HashMap};

use super::Options;
use super::error::{Fault, listed, nearest_of};
use crate::model::row::{Header, Meaning, squashed, trim, variable_name};

/// What a results file begins with.
const RESULTS: [&str; 4] = ["row", "key", "status", "success"];

/// The header whose cells are `names`.
pub(super) fn resolve(names: Vec<String>, options: &Options) -> Result<Header, Fault> {
    if names.len() >= RESULTS.len() && RESULTS.iter().zip(&names).all(|(expected, name)| expected == name) {
        return Err(Fault::ResultsFile);
    }
    let variables: Vec<String> = names.iter().map(|name| variable_name(name)).collect();
    distinct(&names, &variables)?;
    let mut header = Header {
        names,
        variables,
        ..Header::default()
    };
    header.meanings = meanings(&header.names, options)?;
    header.key = options.key.as_deref().map(|key| column(&header.names, key, "--key")).transpose()?;
    let addressed = [Meaning::Recipient, Meaning::ProfileUrn, Meaning::Conversation];
    if !addressed.iter().any(|meaning| header.meanings.contains_key(meaning)) {
        // A title above the table: one cell, and blanks below which the table's own names stand.
        if header.names.len() > 1 && header.names.iter().filter(|name| !name.is_empty()).count() == 1 {
            return Err(Fault::Preamble);
        }
        return Err(Fault::NoRecipient {
            known: listed(addressed.iter().flat_map(|meaning| meaning.names().iter().copied())),
            columns: listed(header.names.iter().map(String::as_str)),
        });
    }
    Ok(header)
}

/// No two columns may have one name or one variable.
fn distinct(names: &[String], variables: &[String]) -> Result<(), Fault> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = seen.insert(name, index) {
            return Err(Fault::SameName {
                first: first + 1,
                second: index + 1,
                name: name.clone(),
            });
        }
    }
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (name, variable) in names.iter().zip(variables).filter(|(_, variable)| !variable.is_empty()) {
        if let Some(first) = seen.insert(variable, name) {
            return Err(Fault::SameVariable {
                first: first.to_owned(),
                second: name.clone(),
                variable: variable.clone(),
            });
        }
    }
    Ok(())
}

/// The column of each meaning: as told, else as recognised by name.
fn meanings(names: &[String], options: &Options) -> Result<BTreeMap<Meaning, usize>, Fault> {
    let mut told: BTreeMap<Meaning, usize> = BTreeMap::new();
    for (word, name) in &options.columns {
        let meaning = meaning(word)?;
        let index = column(names, name, &format!("--column {}", super::error::shown(word)))?;
        if let Some(first) = told.insert(meaning, index).filter(|&first| first != index) {
            return Err(two(meaning, names, first, index));
        }
    }
    let mut found = told.clone();
    for (index, name) in names.iter().enumerate() {
        if told.values().any(|&column| column == index) {
            continue;
        }
        let Some(meaning) = recognised(name).filter(|meaning| !told.contains_key(meaning)) else {
            continue;
        };
        if let Some(first) = found.insert(meaning, index) {
            return Err(two(meaning, names, first, index));
        }
    }
    Ok(found)
}

fn two(meaning: Meaning, names: &[String], first: usize, second: usize) -> Fault {
    let name = |index: usize| names.get(index).cloned().unwrap_or_default();
    Fault::TwoForOneMeaning {
        meaning: meaning.as_str(),
        first: name(first),
        second: name(second),
    }
}

/// The meaning that a header name is recognised as.
fn recognised(name: &str) -> Option<Meaning> {
    let name = squashed(name);
    let same = |meaning: &Meaning| meaning.names().iter().any(|known| squashed(known) == name);
    Meaning::ALL.into_iter().find(same)
}

/// The meaning that a word of `--column` or `[columns]` stands for.
fn meaning(word: &str) -> Result<Meaning, Fault> {
    if squashed(word) == "channel" {
        return Ok(Meaning::Channel);
    }
    let by_word = || {
        Meaning::ALL
            .into_iter()
            .find(|meaning| squashed(meaning.as_str()) == squashed(word))
    };
    recognised(word).or_else(by_word).ok_or_else(|| {
        let words = || Meaning::ALL.into_iter().map(Meaning::as_str);
        Fault::UnknownMeaning {
            word: word.to_owned(),
            near: nearest_of(word, words()),
            known: listed(words()),
        }
    })
}

/// The column with a name: letter by letter, else the only one that differs in case and punctuation alone.
fn column(names: &[String], name: &str, flag: &str) -> Result<usize, Fault> {
    let name = trim(name);
    let exact = names.iter().position(|known| known == name && !name.is_empty());
    let folded = || {
        let wanted = squashed(name);
        let mut same = (0..names.len()).filter(|&index| names.get(index).is_some_and(|known| squashed(known) == wanted));
        let first = same.next().filter(|_| !wanted.is_empty());
        first.filter(|_| same.next().is_none())
    };
    exact.or_else(folded).ok_or_else(|| Fault::UnknownColumn {
        flag: flag.to_owned(),
        header: name.to_owned(),
        near: nearest_of(name, names.iter().map(String::as_str)),
        columns: listed(names.iter().map(String::as_str)),
    })
}
