//! The records of a sheet one after another, from blocks of the file.

use std::io;

use super::error::Fault;
use super::scan::{Dialect, Field, Rest, Scanned, line_breaks, scan};
use super::source::Source;

/// How much is read at once, in bytes.
pub(super) const BLOCK: usize = 128 * 1024;

/// The longest record, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// Where reading stands: before the record with number `row` + 1, on line `line` + 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) place: u64,
    pub(super) line: u64,
    pub(super) row: u32,
}

/// Why no record was read.
#[derive(Debug)]
pub(super) enum Stop {
    Io(io::Error),
    /// A fault, and its line.
    Fault(u64, Fault),
}

/// A reader of records that keeps its buffers.
pub(super) struct Records<'a> {
    source: &'a Source,
    dialect: &'a Dialect,
    buffer: Vec<u8>,
    /// The part of `buffer` that is read and not consumed, and where it starts in the file.
    from: usize,
    filled: usize,
    rest: Rest,
    /// What the last record was.
    length: usize,
    fields: Vec<Field>,
    /// Before the record that was read last, and after it.
    pub(super) before: Stand,
    pub(super) after: Stand,
}

impl<'a> Records<'a> {
    /// Reads on from `stand`, at first `block` bytes.
    pub(super) fn new(source: &'a Source, dialect: &'a Dialect, stand: Stand, block: usize) -> Self {
        Self {
            source,
            dialect,
            buffer: vec![0; block.max(16)],
            from: 0,
            filled: 0,
            rest: Rest::Maybe,
            length: 0,
            fields: Vec::new(),
            before: stand,
            after: stand,
        }
    }

    /// The bytes of the record that was read last.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.from..self.from + self.length).unwrap_or_default()
    }

    /// Where its cells are in [`Self::bytes`].
    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The record that was read last and what the buffer holds behind it.
    pub(super) fn bytes_and_beyond(&self) -> &[u8] {
        self.buffer.get(self.from..self.filled).unwrap_or_default()
    }

    /// The line of byte `place` in the record that was read last.
    pub(super) fn line_of(&self, place: usize) -> u64 {
        let ahead = self.bytes_and_beyond().get(..place).unwrap_or_default();
        self.before.line + 1 + line_breaks(ahead)
    }

    /// Reads the next record; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Stop> {
        self.from += self.length;
        self.length = 0;
        self.before = self.after;
        loop {
            if self.from >= self.filled && self.rest == Rest::Nothing {
                return Ok(false);
            }
            let bytes = self.buffer.get(self.from..self.filled).unwrap_or_default();
            let scanned = if bytes.is_empty() {
                Scanned::More { open: None }
            } else {
                scan(bytes, self.rest, self.dialect, &mut self.fields)
            };
            match scanned {
                Scanned::Record { length, lines } => {
                    self.length = length;
                    self.after.place += length as u64;
                    self.after.line += lines;
                    self.after.row = self
                        .after
                        .row
                        .checked_add(1)
                        .ok_or(Stop::Fault(self.before.line + 1, Fault::TooManyRows))?;
                    return Ok(true);
                }
                Scanned::Refused { place, fault } => return Err(Stop::Fault(self.line_of(place), fault)),
                Scanned::More { open } => {
                    if self.filled - self.from > LONGEST {
                        let fault = open.map_or(Fault::TooLong, |_| Fault::UnclosedQuote);
                        return Err(Stop::Fault(self.line_of(open.unwrap_or(0)), fault));
                    }
                    self.refill().map_err(Stop::Io)?;
                }
            }
        }
    }

    /// Moves what is not consumed to the front and reads behind it.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.from..self.filled, 0);
        self.filled -= self.from;
        self.from = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let place = self.before.place + self.filled as u64;
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let wanted = free.len();
        let count = self.source.read(free, place)?;
        self.filled += count;
        if count < wanted {
            self.rest = Rest::Nothing;
        }
        Ok(())
    }
}
