//! Rules to text: what is printed reads as the same rule again.

use std::fmt;

use super::{Answer, Arrival, Call, Chance, Content, Ending, Extent, HoldForm, Per, Rule, Script, Who};

const CALLS: [(Call, &str); 8] = [
    (Call::Send, "send"),
    (Call::Upload, "upload"),
    (Call::Exists, "exists"),
    (Call::Messages, "messages"),
    (Call::Conversations, "conversations"),
    (Call::Relationship, "relationship"),
    (Call::Account, "account"),
    (Call::All, "all"),
];

const FORMS: [(HoldForm, &str); 6] = [
    (HoldForm::RetryAfter, "retry-after"),
    (HoldForm::RetryAfterDate, "retry-after-date"),
    (HoldForm::HoldUntil, "hold-until"),
    (HoldForm::ResetIso, "reset-iso"),
    (HoldForm::ResetSeconds, "reset-s"),
    (HoldForm::ResetMillis, "reset-ms"),
];

const CONTENTS: [(Content, &str); 10] = [
    (Content::Documented, "json"),
    (Content::Zod, "zod"),
    (Content::Coded, "coded"),
    (Content::Details, "details"),
    (Content::Plain, "plain"),
    (Content::Html, "html"),
    (Content::Empty, "empty"),
    (Content::Garbage, "garbage"),
    (Content::Huge, "huge"),
    (Content::Refusal, "refusal"),
];

const EXTENTS: [(Extent, &str); 3] = [
    (Extent::Cut, "cut"),
    (Extent::CutReset, "reset"),
    (Extent::WholeThenClosed, "close"),
];

fn name_of<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> Option<&'static str> {
    table.iter().find(|(known, _)| known == value).map(|(_, name)| *name)
}

fn value_of<T: Clone>(table: &[(T, &'static str)], name: &str) -> Option<T> {
    table.iter().find(|(_, known)| *known == name).map(|(value, _)| value.clone())
}

impl Call {
    /// The call of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        value_of(&CALLS, name)
    }

    /// The name of the call in a script and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name_of(&CALLS, &self).unwrap_or("all")
    }
}

impl HoldForm {
    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        value_of(&FORMS, name)
    }
}

impl Content {
    /// The body of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        value_of(&CONTENTS, name)
    }
}

impl Extent {
    /// The extent of this name; the whole has none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        value_of(&EXTENTS, name)
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Recipient(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Ending {
    /// The effect's word alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer) => write!(f, "{}", answer.status),
            Self::Hang => f.write_str("hang"),
            Self::Close => f.write_str("close"),
            Self::Reset => f.write_str("reset"),
            Self::ResetAtConnect => f.write_str("reset-at-connect"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.who, self.fault.ending)?;
        if self.on != Call::Send {
            write!(f, ",on={}", self.on.as_str())?;
        }
        if self.turn.after > 0 {
            write!(f, ",after={}", self.turn.after)?;
        }
        if self.turn.every.get() > 1 {
            write!(f, ",every={}", self.turn.every)?;
        }
        if let Some(times) = self.turn.times {
            write!(f, ",times={times}")?;
        }
        if self.turn.per == Per::Recipient {
            f.write_str(",per=recipient")?;
        }
        if self.chance != Chance::ALWAYS {
            let millionths = self.chance.as_millionths();
            write!(f, ",chance={}.{:06}", millionths / 1_000_000, millionths % 1_000_000)?;
        }
        for (name, span) in [("delay", self.fault.delay), ("late", self.fault.late)] {
            if !span.is_zero() {
                write!(f, ",{name}={}ms", span.as_millis())?;
            }
        }
        if self.fault.arrival != self.fault.ending.usual_arrival() {
            f.write_str(match self.fault.arrival {
                Arrival::Delivered => ",delivered=yes",
                Arrival::Absent => ",delivered=no",
            })?;
        }
        match &self.fault.ending {
            Ending::Answer(answer) => print_answer(answer, f),
            _ => Ok(()),
        }
    }
}

fn print_answer(answer: &Answer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for hold in &answer.holds {
        write!(f, ",{}={}", name_of(&FORMS, &hold.form).unwrap_or_default(), hold.seconds)?;
    }
    for (name, value) in &answer.headers {
        write!(f, ",header={name}:{value}")?;
    }
    if let Some(extent) = name_of(&EXTENTS, &answer.extent) {
        write!(f, ",end={extent}")?;
    }
    match &answer.content {
        Content::Documented => Ok(()),
        Content::Text(text) => write!(f, ",text={text}"),
        named => write!(f, ",body={}", name_of(&CONTENTS, named).unwrap_or_default()),
    }
}
