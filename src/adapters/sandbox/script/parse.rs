//! Rules from text.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::{Answer, Arrival, Call, Chance, Content, Ending, Extent, Fault, Hold, HoldForm, Per, Rule, Script, Turn, Who};
use crate::model::time::Span;

/// A script that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// A line of a script, or a rule of a file.
    #[error("{place} of the fault script: {source}")]
    At {
        /// Which line or rule.
        place: String,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// There is no `=`.
    #[error("`{0}` is no fault rule; write WHO=EFFECT, such as jane-doe=500 or any=lost,chance=0.05")]
    NoEffect(String),
    /// Nobody is named.
    #[error("the fault rule names nobody; write `any`, `account:ID`, a profile id or a profile URN before the `=`")]
    NoBody,
    /// The effect has no such name.
    #[error("`{0}` is no effect; write a status from 200 to 599, or one of {EFFECTS}")]
    Effect(String),
    /// The option has no such name.
    #[error("a fault rule has no option `{0}`; there are {OPTIONS}")]
    Option(String),
    /// The option cannot be had with this effect.
    #[error("`{option}` says how an answer looks, and `{effect}` gives none; take it out")]
    Unanswered {
        /// The option.
        option: String,
        /// The effect.
        effect: String,
    },
    /// The value of an option.
    #[error("`{value}` is no value for `{option}`; write {expected}")]
    Value {
        /// The option.
        option: String,
        /// What stands there.
        value: String,
        /// What could.
        expected: &'static str,
    },
    /// A reset at connect cannot know who sends.
    #[error("`reset-at-connect` happens before anybody is known; write it for `any`, on no call and per no recipient")]
    TooEarly,
    /// The file is no TOML.
    #[error("the fault script is no TOML that can be read: {0}; write `rules = [\"jane-doe=500\"]` or `[[fault]]` tables")]
    Toml(String),
    /// A table of the file lacks a key.
    #[error("the table has no `{0}`; every `[[fault]]` has `who` and `effect`")]
    Missing(&'static str),
}

const EFFECTS: &str = "ok, refused, garbage, empty, huge, cut, cut-reset, lost, close, reset, hang, reset-at-connect";
const OPTIONS: &str = "times, after, every, per, chance, on, delivered, delay, late, body, retry-after, retry-after-date, hold-until, \
                       reset-iso, reset-s, reset-ms, header, end, text";

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            rules.push(line.parse().map_err(|error| at(format!("line {}", index + 1), error))?);
        }
        Ok(Self { rules })
    }
}

pub(super) fn at(place: String, error: ScriptError) -> ScriptError {
    ScriptError::At {
        place,
        source: Box::new(error),
    }
}

impl FromStr for Rule {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let (who, rest) = text.split_once('=').ok_or_else(|| ScriptError::NoEffect(text.to_owned()))?;
        let (effect, mut rest) = match rest.find([',', ':']) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, ""),
        };
        let mut draft = Draft::new(who, effect)?;
        while !rest.trim().is_empty() {
            // The text of a body takes the rest of the line, commas too.
            let end = if rest.trim_start().starts_with("text=") {
                None
            } else {
                rest.find(',')
            };
            let option = end.map_or(rest, |end| &rest[..end]);
            rest = end.map_or("", |end| &rest[end + 1..]);
            let (name, value) = option
                .split_once('=')
                .ok_or_else(|| ScriptError::Option(option.trim().to_owned()))?;
            draft.take(name.trim(), value.trim())?;
        }
        draft.rule()
    }
}

/// A rule while its options are read.
pub(super) struct Draft {
    rule: Rule,
    arrival: Option<Arrival>,
    effect: String,
}

impl Draft {
    pub(super) fn new(who: &str, effect: &str) -> Result<Self, ScriptError> {
        let who = match who.trim() {
            "" => return Err(ScriptError::NoBody),
            "any" => Who::Any,
            name => match name.strip_prefix("account:").map(str::trim) {
                Some("") => return Err(ScriptError::NoBody),
                Some(id) => Who::Account(id.to_owned()),
                None => Who::Recipient(name.to_owned()),
            },
        };
        let effect = effect.trim();
        let (ending, arrival) = effect_named(effect).ok_or_else(|| ScriptError::Effect(effect.to_owned()))?;
        Ok(Self {
            rule: Rule {
                who,
                on: Call::Send,
                turn: Turn::default(),
                chance: Chance::ALWAYS,
                fault: Fault {
                    delay: Duration::ZERO,
                    late: Duration::ZERO,
                    arrival: ending.usual_arrival(),
                    ending,
                },
            },
            arrival,
            effect: effect.to_owned(),
        })
    }

    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<(), ScriptError> {
        let bad = |expected| ScriptError::Value {
            option: name.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let count = || value.parse::<u32>().map_err(|_| bad("a whole number"));
        let span = || {
            value
                .parse::<Span>()
                .map(|span| span.0)
                .map_err(|_| bad("a span such as 500ms or 2s"))
        };
        let rule = &mut self.rule;
        match name {
            "times" => rule.turn.times = Some(count()?),
            "after" => rule.turn.after = count()?,
            "every" => rule.turn.every = NonZeroU32::new(count()?).ok_or_else(|| bad("a whole number of at least 1"))?,
            "per" if value == "recipient" => rule.turn.per = Per::Recipient,
            "per" => return Err(bad("recipient")),
            "chance" => rule.chance = chance(value).ok_or_else(|| bad("a number from 0 to 1"))?,
            "on" => {
                rule.on =
                    Call::named(value).ok_or_else(|| bad("send, upload, exists, messages, conversations, relationship, account or all"))?;
            }
            "delivered" => self.arrival = Some(arrival(value).ok_or_else(|| bad("yes or no"))?),
            "delay" => rule.fault.delay = span()?,
            "late" => rule.fault.late = span()?,
            _ => return self.take_answer(name, value),
        }
        Ok(())
    }

    /// The options that say how an answer looks.
    fn take_answer(&mut self, name: &str, value: &str) -> Result<(), ScriptError> {
        let bad = |expected| ScriptError::Value {
            option: name.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let form = HoldForm::named(name);
        if form.is_none() && !["body", "header", "end", "text"].contains(&name) {
            return Err(ScriptError::Option(name.to_owned()));
        }
        let Ending::Answer(answer) = &mut self.rule.fault.ending else {
            return Err(ScriptError::Unanswered {
                option: name.to_owned(),
                effect: self.effect.clone(),
            });
        };
        match (name, form) {
            (_, Some(form)) => {
                let seconds = value.strip_suffix('s').unwrap_or(value).parse();
                let seconds = seconds.map_err(|_| bad("a whole number of seconds"))?;
                answer.holds.push(Hold { form, seconds });
            }
            ("body", _) => {
                answer.content =
                    Content::named(value).ok_or_else(|| bad("json, zod, coded, details, plain, html, empty, garbage, huge or refusal"))?;
            }
            ("header", _) => answer
                .headers
                .push(header(value).ok_or_else(|| bad("NAME:VALUE in visible ASCII"))?),
            ("end", _) => answer.extent = Extent::named(value).ok_or_else(|| bad("cut, reset or close"))?,
            _ if value.contains(['\n', '\r']) => return Err(bad("a text on one line")),
            _ => answer.content = Content::Text(value.to_owned()),
        }
        Ok(())
    }

    pub(super) fn rule(mut self) -> Result<Rule, ScriptError> {
        let rule = &mut self.rule;
        let known_early = rule.who == Who::Any && rule.on == Call::Send && rule.turn.per == Per::Rule;
        if rule.fault.ending == Ending::ResetAtConnect && !known_early {
            return Err(ScriptError::TooEarly);
        }
        rule.fault.arrival = self.arrival.unwrap_or_else(|| rule.fault.ending.usual_arrival());
        Ok(self.rule)
    }
}

fn effect_named(word: &str) -> Option<(Ending, Option<Arrival>)> {
    let answer = |status, content, extent| {
        let answer = Answer {
            status,
            content,
            headers: Vec::new(),
            holds: Vec::new(),
            extent,
        };
        Some((Ending::Answer(answer), None))
    };
    match word {
        "ok" => answer(200, Content::Documented, Extent::Whole),
        "refused" => answer(200, Content::Refusal, Extent::Whole),
        "garbage" => answer(200, Content::Garbage, Extent::Whole),
        "empty" => answer(200, Content::Empty, Extent::Whole),
        "huge" => answer(200, Content::Huge, Extent::Whole),
        "cut" => answer(200, Content::Documented, Extent::Cut),
        "cut-reset" => answer(200, Content::Documented, Extent::CutReset),
        "lost" => Some((Ending::Close, Some(Arrival::Delivered))),
        "close" => Some((Ending::Close, None)),
        "reset" => Some((Ending::Reset, None)),
        "hang" => Some((Ending::Hang, None)),
        "reset-at-connect" => Some((Ending::ResetAtConnect, None)),
        _ => match word.parse() {
            Ok(status @ 200..=599) => answer(status, Content::Documented, Extent::Whole),
            _ => None,
        },
    }
}

fn chance(value: &str) -> Option<Chance> {
    let part: f64 = value.parse().ok()?;
    if !(0.0..=1.0).contains(&part) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to a million, by the line above"
    )]
    let millionths = (part * 1_000_000.0).round() as u32;
    Some(Chance::millionths(millionths))
}

fn arrival(value: &str) -> Option<Arrival> {
    match value {
        "yes" | "true" => Some(Arrival::Delivered),
        "no" | "false" => Some(Arrival::Absent),
        _ => None,
    }
}

fn header(value: &str) -> Option<(String, String)> {
    let (name, value) = value.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let nameable = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let sayable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (nameable && sayable).then(|| (name.to_owned(), value.to_owned()))
}
