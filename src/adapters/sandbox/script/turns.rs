//! Which rule fires: the counting of turns and the drawing of lots.

use std::collections::HashMap;

use super::super::urn;
use super::{Call, Ending, Per, Rule, Script, Turn, Who};

/// What a request is, as far as rules look at it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Asked<'a> {
    /// The call.
    pub(in super::super) call: Call,
    /// The sending account.
    pub(in super::super) account: &'a str,
    /// The URN of the person it is about.
    pub(in super::super) person: Option<&'a str>,
}

/// A script with its counters.
#[derive(Debug)]
pub(in super::super) struct Turns {
    rules: Vec<Counted>,
    seed: u64,
}

#[derive(Debug)]
struct Counted {
    rule: Rule,
    /// The URN of the person that the rule names.
    person: Option<String>,
    reached: u64,
    by_person: HashMap<String, u64>,
}

impl Turns {
    pub(in super::super) fn new(script: &Script, seed: u64) -> Self {
        let counted = |rule: &Rule| Counted {
            person: match &rule.who {
                Who::Recipient(name) => Some(urn::profile(name)),
                Who::Any | Who::Account(_) => None,
            },
            rule: rule.clone(),
            reached: 0,
            by_person: HashMap::new(),
        };
        Self {
            rules: script.rules.iter().map(counted).collect(),
            seed,
        }
    }

    /// The rule that fires for this request, if one does. Every rule up to it counts the request.
    pub(in super::super) fn rule(&mut self, asked: Asked<'_>) -> Option<Rule> {
        let seed = self.seed;
        let mut rules = self.rules.iter_mut().enumerate();
        rules.find_map(|(index, counted)| {
            let early = counted.rule.fault.ending == Ending::ResetAtConnect;
            (!early && counted.is_about(asked) && counted.fires(asked, lot(seed, index))).then(|| counted.rule.clone())
        })
    }

    /// Whether the next connection is reset before anything is read from it.
    pub(in super::super) fn resets_connection(&mut self) -> bool {
        let seed = self.seed;
        let asked = Asked {
            call: Call::Send,
            account: "",
            person: None,
        };
        let mut rules = self.rules.iter_mut().enumerate();
        rules.any(|(index, counted)| counted.rule.fault.ending == Ending::ResetAtConnect && counted.fires(asked, lot(seed, index)))
    }
}

fn lot(seed: u64, index: usize) -> u64 {
    seed ^ urn::mix(index as u64 + 1)
}

impl Counted {
    fn is_about(&self, asked: Asked<'_>) -> bool {
        let call = self.rule.on == Call::All || self.rule.on == asked.call;
        call && match &self.rule.who {
            Who::Any => true,
            Who::Account(id) => id == asked.account,
            Who::Recipient(_) => self.person.as_deref() == asked.person,
        }
    }

    fn fires(&mut self, asked: Asked<'_>, lot: u64) -> bool {
        self.reached += 1;
        let number = match (self.rule.turn.per, asked.person) {
            (Per::Recipient, Some(person)) => {
                let count = self.by_person.entry(person.to_owned()).or_default();
                *count += 1;
                *count
            }
            _ => self.reached,
        };
        // The draw hangs on the seed, the rule and the number of the request, and on nothing that time changes.
        let drawn = urn::mix(lot.wrapping_add(self.reached)) % 1_000_000;
        has_turn(self.rule.turn, number) && drawn < u64::from(self.rule.chance.as_millionths())
    }
}

/// Whether the request with this number, counted from 1, is one of the turn's.
fn has_turn(turn: Turn, number: u64) -> bool {
    let every = u64::from(turn.every.get());
    let counted = number.saturating_sub(u64::from(turn.after));
    let due = counted > 0 && counted.is_multiple_of(every);
    due && turn.times.is_none_or(|times| counted / every <= u64::from(times))
}
