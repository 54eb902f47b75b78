//! Which delimiter and line end a sheet has, by rule.

use std::io;

use super::error::{Fault, io_error};
use super::records::{Records, Stand};
use super::scan::{Dialect, Ending};
use super::source::Source;
use super::{Delimiter, Named, Options, SheetError};

/// How much of the file is looked at for the header, in bytes.
const HEAD: usize = 1024 * 1024;

/// How many records are compared where the header alone does not tell.
const COMPARED: usize = 100;

/// What the beginning of a sheet tells.
pub(super) struct Recognised {
    pub(super) dialect: Dialect,
    /// Where its first record stands, behind a `sep=` line.
    pub(super) stand: Stand,
}

/// Recognises the dialect of the text in `source`.
pub(super) fn recognise(named: &Named, source: &Source, options: &Options) -> Result<Recognised, SheetError> {
    let head = read_head(source).map_err(io_error("read", &named.path))?;
    let mut stand = Stand {
        place: source.start,
        line: 0,
        row: 0,
    };
    let mut body: &[u8] = &head;
    let mut told = None;
    if let Some((delimiter, length)) = sep_line(&head).map_err(|fault| fault.of(&named.path))? {
        told = Some(delimiter);
        stand.place += length as u64;
        stand.line = 1;
        body = head.get(length..).unwrap_or_default();
    }
    if let (Some(line), Some(named_one)) = (told, options.delimiter)
        && line != named_one
    {
        let fault = Fault::SepContradicts { line, named: named_one };
        return Err(fault.of(&named.path));
    }
    let header = HeaderBytes::find(body);
    let dialect = |delimiter| Dialect::new(delimiter, header.ending);
    if let Some(delimiter) = told.or(options.delimiter) {
        return Ok(Recognised {
            dialect: dialect(delimiter),
            stand,
        });
    }
    let delimiter = choose(source, stand, &header).map_err(|fault| fault.of(&named.path))?;
    Ok(Recognised {
        dialect: dialect(delimiter),
        stand,
    })
}

fn read_head(source: &Source) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let count = source.read(&mut head, source.start)?;
    head.truncate(count);
    Ok(head)
}

/// The delimiter that a first line `sep=;` tells, and the length of that line.
fn sep_line(head: &[u8]) -> Result<Option<(Delimiter, usize)>, Fault> {
    let quoted = head.first() == Some(&b'"');
    let text = if quoted { head.get(1..).unwrap_or_default() } else { head };
    if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"sep=")) {
        return Ok(None);
    }
    let end = memchr::memchr2(b'\n', b'\r', head).unwrap_or(head.len());
    let length = match head.get(end..end + 2) {
        Some(b"\r\n") => end + 2,
        _ => (end + 1).min(head.len()),
    };
    let told = head.get(if quoted { 5 } else { 4 }..end).unwrap_or_default();
    let told = if quoted { told.strip_suffix(b"\"").unwrap_or(told) } else { told };
    match told {
        [byte] => match Delimiter::ALL.into_iter().find(|delimiter| delimiter.byte() == *byte) {
            Some(delimiter) => Ok(Some((delimiter, length))),
            None => Err(Fault::UnknownSep),
        },
        _ => Err(Fault::UnknownSep),
    }
}

/// The header record as bytes, before its delimiter is known.
struct HeaderBytes {
    /// Which delimiters occur in it outside quotes.
    occurring: Vec<Delimiter>,
    ending: Ending,
}

impl HeaderBytes {
    /// Looks at the first line that has more than blanks and delimiters. Without the delimiter, every quote opens or closes.
    fn find(head: &[u8]) -> Self {
        let mut quoted = false;
        let mut filled = false;
        let mut occurring = Vec::new();
        let mut ending = None;
        for (at, &byte) in head.iter().enumerate() {
            match byte {
                b'"' => quoted = !quoted,
                _ if quoted => filled = true,
                b'\r' | b'\n' => {
                    let alone = byte == b'\r' && head.get(at + 1) != Some(&b'\n');
                    ending.get_or_insert(if alone { Ending::Return } else { Ending::Feed });
                    if filled {
                        break;
                    }
                    occurring.clear();
                }
                _ => match Delimiter::ALL.into_iter().find(|delimiter| delimiter.byte() == byte) {
                    Some(delimiter) if !occurring.contains(&delimiter) => occurring.push(delimiter),
                    Some(_) => {}
                    None => filled |= !byte.is_ascii_whitespace(),
                },
            }
        }
        Self {
            occurring,
            ending: ending.unwrap_or(Ending::Feed),
        }
    }
}

/// The delimiter by rule: the only one in the header; else the only one for which the first records have one width.
fn choose(source: &Source, stand: Stand, header: &HeaderBytes) -> Result<Delimiter, Fault> {
    let even = |candidates: &[Delimiter]| -> Vec<Delimiter> {
        let width = |&delimiter: &Delimiter| is_even(source, stand, &Dialect::new(delimiter, header.ending));
        candidates.iter().copied().filter(width).collect()
    };
    match header.occurring.as_slice() {
        [only] => Ok(*only),
        [] => {
            if splits_below_header(source, stand, header.ending) {
                return Err(Fault::Preamble);
            }
            // One column: whichever delimiter is taken, a row that has it is refused as ragged.
            Ok(Delimiter::Comma)
        }
        several => match even(several).as_slice() {
            [only] => Ok(*only),
            _ => Err(Fault::AmbiguousDelimiter {
                candidates: several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
            }),
        },
    }
}

/// The widths of the first records that are not blank, or nothing if one cannot be read.
fn widths(source: &Source, stand: Stand, dialect: &Dialect) -> Option<Vec<usize>> {
    let mut records = Records::new(source, dialect, stand, 64 * 1024);
    let mut widths = Vec::new();
    while widths.len() < COMPARED && records.advance().ok()? {
        let delimiter = dialect.delimiter.byte();
        let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == delimiter;
        if !records.bytes().iter().all(blank) {
            widths.push(records.fields().len());
        }
    }
    Some(widths)
}

fn is_even(source: &Source, stand: Stand, dialect: &Dialect) -> bool {
    widths(source, stand, dialect).is_some_and(|widths| {
        widths
            .first()
            .is_some_and(|first| *first > 1 && widths.iter().all(|width| width == first))
    })
}

/// Whether the records below a first line of one cell all have several, with one of the delimiters.
fn splits_below_header(source: &Source, stand: Stand, ending: Ending) -> bool {
    Delimiter::ALL.into_iter().any(|delimiter| {
        widths(source, stand, &Dialect::new(delimiter, ending)).is_some_and(|widths| match widths.as_slice() {
            [_, first, others @ ..] => *first > 1 && others.iter().all(|width| width == first),
            _ => false,
        })
    })
}
