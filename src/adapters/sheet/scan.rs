//! RFC 4180 to the letter: where the cells of one record are. Knows bytes, not files.

use super::Delimiter;
use super::error::{Fault, shown_bytes};

/// How the lines of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// LF, with or without CR before it.
    Feed,
    /// CR alone, as old Macintosh programs wrote it.
    Return,
}

/// What parts cells and records.
#[derive(Clone)]
pub(super) struct Dialect {
    pub(super) delimiter: Delimiter,
    pub(super) ending: Ending,
    /// Which bytes end a plain stretch of an unquoted cell.
    stops: [bool; 256],
}

impl Dialect {
    pub(super) fn new(delimiter: Delimiter, ending: Ending) -> Self {
        let mut stops = [false; 256];
        for stop in [delimiter.byte(), b'\n', b'\r', b'"', 0] {
            stops[usize::from(stop)] = true;
        }
        Self { delimiter, ending, stops }
    }
}

/// Where the text of a cell is in its record, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quotes: Quotes,
}

/// Whether quotes in the cell are written twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Doubled,
}

/// What a scan found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// A whole record: its length with its line end, and how many lines it takes.
    Record { length: usize, lines: u64 },
    /// The bytes end before the record does; a quote may be open since that place.
    More { open: Option<usize> },
    /// The record cannot be read for certain, because of what is at this place.
    Refused { place: usize, fault: Fault },
}

/// What more of the file there is behind the bytes of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Maybe,
    Nothing,
}

/// Finds the cells of the record that `bytes` starts with. `fields` is emptied first.
pub(super) fn scan(bytes: &[u8], rest: Rest, dialect: &Dialect, fields: &mut Vec<Field>) -> Scanned {
    fields.clear();
    let mut lines = 1;
    let mut at = 0;
    loop {
        let stop = if bytes.get(at) == Some(&b'"') {
            match quoted(bytes, at, rest) {
                Ok((field, breaks)) => {
                    fields.push(field);
                    lines += breaks;
                    field.end + 1
                }
                Err(scanned) => return scanned,
            }
        } else {
            let tail = bytes.get(at..).unwrap_or_default();
            let end = at + tail.iter().position(|&byte| dialect.stops[usize::from(byte)]).unwrap_or(tail.len());
            fields.push(Field {
                start: at,
                end,
                quotes: Quotes::None,
            });
            end
        };
        match bytes.get(stop) {
            Some(&byte) if byte == dialect.delimiter.byte() => at = stop + 1,
            Some(b'\n' | b'\r') => return line_end(bytes, stop, rest, dialect.ending, lines),
            None if rest == Rest::Nothing => return Scanned::Record { length: stop, lines },
            None => return Scanned::More { open: None },
            Some(0) => {
                return Scanned::Refused {
                    place: stop,
                    fault: Fault::Nul,
                };
            }
            Some(_) => return stray(bytes, stop),
        }
    }
}

/// The quoted cell whose opening quote is at `open`, and how many line breaks it has.
fn quoted(bytes: &[u8], open: usize, rest: Rest) -> Result<(Field, u64), Scanned> {
    let start = open + 1;
    let mut quotes = Quotes::None;
    let mut at = start;
    let end = loop {
        match memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
            Some(found) if bytes.get(at + found + 1) == Some(&b'"') => {
                quotes = Quotes::Doubled;
                at += found + 2;
            }
            // The quote may be the first of two.
            Some(found) if at + found + 1 == bytes.len() && rest == Rest::Maybe => {
                return Err(Scanned::More { open: Some(open) });
            }
            Some(found) => break at + found,
            None if rest == Rest::Maybe => return Err(Scanned::More { open: Some(open) }),
            None => {
                return Err(Scanned::Refused {
                    place: open,
                    fault: Fault::UnclosedQuote,
                });
            }
        }
    };
    let text = bytes.get(start..end).unwrap_or_default();
    if let Some(nul) = memchr::memchr(0, text) {
        return Err(Scanned::Refused {
            place: start + nul,
            fault: Fault::Nul,
        });
    }
    Ok((Field { start, end, quotes }, line_breaks(text)))
}

/// How many line breaks of any kind `bytes` has.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    let returns = memchr::memchr_iter(b'\r', bytes)
        .filter(|at| bytes.get(at + 1) != Some(&b'\n'))
        .count();
    (feeds + returns) as u64
}

/// The end of a record at `stop`, where a CR or LF is.
fn line_end(bytes: &[u8], stop: usize, rest: Rest, ending: Ending, lines: u64) -> Scanned {
    let fault = match (ending, bytes.get(stop), bytes.get(stop + 1)) {
        (Ending::Feed, Some(b'\n'), _) | (Ending::Return, Some(b'\r'), _) => return Scanned::Record { length: stop + 1, lines },
        (Ending::Feed, _, Some(b'\n')) => return Scanned::Record { length: stop + 2, lines },
        (Ending::Feed, _, None) if rest == Rest::Maybe => return Scanned::More { open: None },
        (Ending::Feed, ..) => Fault::LoneReturn,
        (Ending::Return, ..) => Fault::LoneFeed,
    };
    Scanned::Refused { place: stop, fault }
}

fn stray(bytes: &[u8], place: usize) -> Scanned {
    let from = place.saturating_sub(12);
    let near = bytes.get(from..bytes.len().min(place + 8)).unwrap_or_default();
    let line = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let near = near.split(line).find(|part| part.contains(&b'"')).unwrap_or(near);
    Scanned::Refused {
        place,
        fault: Fault::StrayQuote(shown_bytes(near)),
    }
}
