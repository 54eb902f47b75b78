//! One line of the journal: a JSON object that carries its number first and its checksum last.

use std::fmt;
use std::io::Write as _;

use serde::{Deserialize, Serialize};

use crate::model::entry::Entry;
use crate::model::time::Moment;

/// The most that a line may have, without its line end: what a reader keeps in memory at once.
pub(super) const LONGEST: usize = 8 << 20;

/// What the head calls the format.
const FORMAT: &str = "rowcast journal";

/// The version of the format that this rowcast writes, and the only one that it reads.
const VERSION: u32 = 1;

/// How every journal begins.
pub(super) const OPENING: &[u8] = br#"{"n":0,"head":{"format":"rowcast journal""#;

/// How the checksum begins. Quotes inside JSON strings are escaped, so it stands nowhere else in a line.
pub(super) const SEAL: &[u8] = br#","crc":""#;

/// The length of the seal, eight hexadecimal digits and the closing `"}`.
pub(super) const SEAL_LENGTH: usize = SEAL.len() + 8 + 2;

/// What the keys of a campaign are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyDefinition {
    /// The canonical recipient.
    Recipient,
    /// The column with this header.
    Column(String),
}

impl fmt::Display for KeyDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipient => f.write_str("their recipient"),
            Self::Column(header) => write!(f, "the column \"{header}\""),
        }
    }
}

/// What a journal is bound to: it is refused under any other terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The base URL that is sent to.
    pub endpoint: String,
    /// What the keys are.
    pub key: KeyDefinition,
}

/// The first record of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    format: String,
    version: u32,
    /// The campaign's identity: 32 hexadecimal digits, drawn when the journal was created.
    pub campaign: String,
    /// What the journal is bound to.
    #[serde(flatten)]
    pub terms: Terms,
    /// When the journal was created.
    pub created: Moment,
}

impl Head {
    /// The head of a new journal.
    pub(super) fn new(campaign: String, terms: Terms, created: Moment) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            campaign,
            terms,
            created,
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not what was written.
    Damage(String),
    /// What was written, and not by this version.
    Newer(String),
}

/// A line whose checksum is right.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// How many records stand before it.
    pub number: u64,
    kind: &'a str,
    value: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record of a line without its line end.
    pub(super) fn of(line: &'a [u8]) -> Result<Self, Flaw> {
        let body = sealed(line).ok_or_else(|| Flaw::Damage("its checksum is wrong".to_owned()))?;
        split(body).ok_or_else(|| Flaw::Newer("the shape of a record is not known".to_owned()))
    }

    /// The entry that the record holds.
    pub(super) fn entry(&self) -> Result<Entry, Flaw> {
        match self.kind {
            "run" => self.read().map(Entry::Run),
            "intent" => self.read().map(Entry::Intent),
            "outcome" => self.read().map(Entry::Outcome),
            "judgement" => self.read().map(Entry::Judgement),
            "upload" => self.read().map(Entry::Upload),
            "finding" => self.read().map(Entry::Finding),
            "import" => self.read().map(Entry::Import),
            "written" => self.read().map(Entry::Written),
            kind => Err(Flaw::Newer(format!("records of the kind `{}`", kind.escape_debug()))),
        }
    }

    /// The head that the record holds.
    pub(super) fn head(&self) -> Result<Head, Flaw> {
        #[derive(Deserialize)]
        struct Format {
            format: String,
            version: u32,
        }
        let format: Format = self.read()?;
        if self.kind != "head" || format.format != FORMAT {
            return Err(Flaw::Damage("it does not begin with its head".to_owned()));
        }
        if format.version != VERSION {
            return Err(Flaw::Newer(format!("format version {}, this one knows {VERSION}", format.version)));
        }
        self.read()
    }

    fn read<T: Deserialize<'a>>(&self) -> Result<T, Flaw> {
        // Looked through once as a whole, so that no string of it need be.
        let value = std::str::from_utf8(self.value).map_err(|error| Flaw::Newer(error.to_string()))?;
        serde_json::from_str(value).map_err(|error| Flaw::Newer(error.to_string()))
    }
}

/// The line without its checksum and closing brace, if the checksum is right.
fn sealed(line: &[u8]) -> Option<&[u8]> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL_LENGTH)?)?;
    let digits = seal.strip_prefix(SEAL)?.strip_suffix(b"\"}")?;
    (digits == hex(crc32fast::hash(body))).then_some(body)
}

/// What [`append`] put together, taken apart again.
fn split(body: &[u8]) -> Option<Record<'_>> {
    let rest = body.strip_prefix(br#"{"n":"#)?;
    let comma = rest.iter().position(|byte| *byte == b',')?;
    let number = std::str::from_utf8(rest.get(..comma)?).ok()?.parse().ok()?;
    let rest = rest.get(comma..)?.strip_prefix(b",\"")?;
    let quote = rest.iter().position(|byte| *byte == b'"')?;
    let kind = std::str::from_utf8(rest.get(..quote)?).ok()?;
    let value = rest.get(quote..)?.strip_prefix(b"\":")?;
    Some(Record { number, kind, value })
}

/// What a record is made of.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum First<'a> {
    Head(&'a Head),
}

/// Adds the line of a head, with its line end.
pub(super) fn append_head(lines: &mut Vec<u8>, head: &Head) -> serde_json::Result<()> {
    append(lines, 0, &First::Head(head))
}

/// Adds the line of an entry, with its line end. `number` is how many records stand before it.
pub(super) fn append_entry(lines: &mut Vec<u8>, number: u64, entry: &Entry) -> serde_json::Result<()> {
    append(lines, number, entry)
}

/// `tagged` is an object with one member, whose name is the kind: the number goes before it and the checksum after it.
fn append(lines: &mut Vec<u8>, number: u64, tagged: &impl Serialize) -> serde_json::Result<()> {
    let start = lines.len();
    // Writing to memory cannot fail.
    let _ = write!(lines, "{{\"n\":{number}");
    let brace = lines.len();
    serde_json::to_writer(&mut *lines, tagged)?;
    if let Some(first) = lines.get_mut(brace) {
        *first = b',';
    }
    lines.pop();
    let crc = crc32fast::hash(lines.get(start..).unwrap_or_default());
    lines.extend_from_slice(SEAL);
    lines.extend_from_slice(&hex(crc));
    lines.extend_from_slice(b"\"}\n");
    Ok(())
}

/// Eight digits in lower case.
fn hex(number: u32) -> [u8; 8] {
    let mut digits = [0; 8];
    for (index, digit) in digits.iter_mut().enumerate() {
        let nibble = (number >> (28 - 4 * index)) as usize & 15;
        *digit = b"0123456789abcdef"[nibble];
    }
    digits
}
