//! What the parts of an archive measure while they are unpacked to nowhere: what a part claims is not believed, and nothing in
//! it may grow without bounds in the memory of a parser that reads it later.

use std::io::{self, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Stop;
use crate::adapters::sheet::error::shown;

/// The most that one part, and all together, may unpack to, in bytes.
const LARGEST_PART: u64 = 1024 * 1024 * 1024;
pub(super) const LARGEST: u64 = 2 * LARGEST_PART;

/// The same for shared strings, which are held in memory, and for the parts that are small in every honest workbook.
const LARGEST_STRINGS: u64 = 160 * 1024 * 1024;
pub(super) const LARGEST_SMALL: u64 = 16 * 1024 * 1024;

/// What a shared string takes in memory beside its text, in bytes.
const STRING: u64 = 48;

/// From this size on a part may not be packed more tightly than this. Sheets are packed 10 to 50 times, bombs 1000 times.
const BOMB_SIZE: u64 = 8 * 1024 * 1024;
const BOMB_RATIO: u64 = 250;

/// The longest tag, text or comment, and the longest cell or shared string, in bytes: a parser holds each in memory.
const LONGEST: u64 = 16 * 1024 * 1024;

/// How deep elements may lie in one another, and how many there may be of those that a parser keeps.
const DEEPEST: usize = 256;
const MOST_STYLES: usize = 200_000;
const MOST_TABS: usize = 20_000;

/// What a part is for whoever parses the workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The strings that cells refer to.
    Strings,
    /// A list or the styles, which are small in every honest workbook.
    Small,
    /// The tabs of an `OpenDocument` spreadsheet.
    Tabs,
    /// A tab of an Excel workbook under whatever name, or a part that nobody reads.
    Other,
}

impl Role {
    const fn limit(self) -> u64 {
        match self {
            Self::Strings => LARGEST_STRINGS,
            Self::Small => LARGEST_SMALL,
            Self::Tabs | Self::Other => LARGEST_PART,
        }
    }
}

/// Whether a part of the workbook may say more of rows and cells than what is in them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Laid {
    /// Nothing is hidden and nothing merged.
    #[default]
    Plainly,
    /// Something is.
    Specially,
}

/// What was measured of a part.
pub(super) struct Measure {
    pub(super) size: u64,
    pub(super) laid: Laid,
}

/// Unpacks `part` to nowhere. `left` is what it may unpack to at the most, whatever it is.
pub(super) fn measure(part: impl Read, name: &str, packed: u64, role: Role, left: u64) -> Result<Measure, Stop> {
    let measured = Measured {
        part,
        name,
        packed,
        limit: role.limit().min(left),
        size: 0,
        since: 0,
        words: Words::default(),
        stop: None,
    };
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 * 1024, measured));
    let walked = Shape::new(role).walk(&mut xml);
    let mut measured = xml.into_inner().into_inner();
    measured.since = 0;
    // What follows upon a fault is no XML for anybody, and is only measured.
    if matches!(walked, Err(Walked::Fault(_)))
        && let Err(error) = measured.drain()
    {
        return Err(measured.stop.unwrap_or_else(|| Stop::broken(&error)));
    }
    match (walked, measured.stop.take()) {
        (_, Some(stop)) | (Err(Walked::Stop(stop)), None) => Err(stop),
        (Err(Walked::Fault(why)), None) if role != Role::Other || measured.words.cells == Cells::Some => Err(Stop::broken(&why)),
        _ => Ok(Measure {
            size: measured.size,
            laid: measured.words.laid,
        }),
    }
}

/// A part that is measured while it is read.
struct Measured<'a, R> {
    part: R,
    name: &'a str,
    packed: u64,
    limit: u64,
    size: u64,
    /// Bytes since the last tag or text ended.
    since: u64,
    words: Words,
    stop: Option<Stop>,
}

impl<R: Read> Measured<'_, R> {
    fn drain(&mut self) -> io::Result<()> {
        let mut block = vec![0; 64 * 1024];
        while self.read(&mut block)? > 0 {
            self.since = 0;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Stop> {
        if self.size > self.limit {
            let (name, limit) = (shown(self.name), self.limit);
            return Err(Stop::hostile(format!("its part '{name}' unpacks to more than {limit} bytes")));
        }
        if self.size > BOMB_SIZE && self.size > self.packed.saturating_mul(BOMB_RATIO) {
            return Err(Stop::hostile("it is packed as tightly as only a zip bomb is"));
        }
        if self.since > LONGEST {
            return Err(Stop::hostile("a part has more than 16 MiB of text without a tag"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Measured<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.part.read(buffer)?;
        self.size += count as u64;
        self.since += count as u64;
        self.words.take(buffer.get(..count).unwrap_or_default());
        if self.stop.is_none()
            && let Err(stop) = self.check()
        {
            self.stop = Some(stop);
        }
        match self.stop {
            None => Ok(count),
            Some(_) => Err(io::Error::other("refused")),
        }
    }
}

/// Whether a part has cells of a tab.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Cells {
    #[default]
    None,
    Some,
}

/// The words that a part has, whatever they stand in.
#[derive(Default)]
struct Words {
    laid: Laid,
    cells: Cells,
    /// The end of what was seen, for words that lie across two blocks.
    tail: Vec<u8>,
}

impl Words {
    fn take(&mut self, block: &[u8]) {
        const REACH: usize = 16;
        if self.laid == Laid::Specially && self.cells == Cells::Some {
            return;
        }
        self.tail.extend_from_slice(block);
        let has = |word: &[u8]| memchr::memmem::find(&self.tail, word).is_some();
        if self.laid == Laid::Plainly && (has(b"hidden=") || has(b"mergeCell")) {
            self.laid = Laid::Specially;
        }
        if self.cells == Cells::None && has(b"sheetData") {
            self.cells = Cells::Some;
        }
        let keep = self.tail.len().saturating_sub(REACH);
        self.tail.drain(..keep);
    }
}

/// Why a walk through a part ended early.
enum Walked {
    /// It is refused.
    Stop(Stop),
    /// It is no XML.
    Fault(String),
}

/// The elements of a part.
struct Shape {
    role: Role,
    depth: usize,
    /// The depth of the outermost cell or shared string that is open, and where it begins.
    unit: Option<(usize, u64)>,
    strings: u64,
    /// How many strings the part claims to have; a parser reserves memory for them.
    claimed: u64,
    styles: usize,
    tabs: usize,
}

impl Shape {
    const fn new(role: Role) -> Self {
        Self {
            role,
            depth: 0,
            unit: None,
            strings: 0,
            claimed: 0,
            styles: 0,
            tabs: 0,
        }
    }

    fn walk<R: Read>(mut self, xml: &mut Reader<BufReader<Measured<'_, R>>>) -> Result<(), Walked> {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = xml.read_event_into(&mut buffer).map_err(|error| match error {
                quick_xml::Error::Io(_) => Walked::Stop(Stop::broken(&error)),
                _ => Walked::Fault(error.to_string()),
            })?;
            let noted = match event {
                Event::Start(element) => {
                    self.depth += 1;
                    let begins = xml.buffer_position();
                    let noted = self.note(&element);
                    if self.unit.is_none() && matches!(element.local_name().as_ref(), "c" | "si") {
                        self.unit = Some((self.depth, begins));
                    }
                    noted
                }
                Event::Empty(element) => self.note(&element),
                Event::End(_) => {
                    self.unit = self.unit.filter(|(depth, _)| *depth != self.depth);
                    self.depth = self.depth.saturating_sub(1);
                    Ok(())
                }
                Event::Eof if self.depth == 0 => return Ok(()),
                Event::Eof => return Err(Walked::Fault("it ends too early".to_owned())),
                _ => Ok(()),
            };
            let at = xml.buffer_position();
            let measured = xml.get_mut().get_mut();
            measured.since = 0;
            noted.and_then(|()| self.check(at, measured.size)).map_err(Walked::Stop)?;
        }
    }

    /// Takes note of an element.
    fn note(&mut self, element: &BytesStart<'_>) -> Result<(), Stop> {
        match element.local_name().as_ref() {
            "si" => self.strings += 1,
            "xf" => self.styles += 1,
            "sheet" | "definedName" | "table" | "table-properties" => self.tabs += 1,
            "sst" => {
                let mut attributes = element.attributes();
                attributes.with_checks(false);
                let claims = attributes.flatten().filter(|found| found.key.as_ref() == "uniqueCount");
                let claimed = claims.map(|claim| claim.value.trim().parse().unwrap_or(u64::MAX)).max();
                self.claimed = self.claimed.max(claimed.unwrap_or(0));
            }
            _ => {}
        }
        if self.claimed > LARGEST_STRINGS / STRING {
            return Err(Stop::hostile(format!("it claims {} strings and does not hold them", self.claimed)));
        }
        Ok(())
    }

    fn check(&self, at: u64, size: u64) -> Result<(), Stop> {
        if self.depth > DEEPEST {
            return Err(Stop::hostile("its elements lie too deep in one another"));
        }
        if self.unit.is_some_and(|(_, begins)| at - begins > LONGEST) {
            return Err(Stop::hostile("a cell of more than 16 MiB"));
        }
        if self.styles > MOST_STYLES || self.tabs > MOST_TABS {
            return Err(Stop::hostile("it has more tabs, names or styles than a spreadsheet has"));
        }
        if self.role == Role::Strings && size + self.strings.saturating_mul(STRING) > LARGEST_STRINGS {
            return Err(Stop::hostile("it has more strings than can be held in memory"));
        }
        Ok(())
    }
}
