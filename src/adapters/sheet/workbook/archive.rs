//! The archive around a workbook, unpacked once to nowhere before anything parses it: what it claims is not believed.

use std::fs::File;
use std::io::{BufReader, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Stop;
use crate::adapters::sheet::describe::Format;
use crate::adapters::sheet::error::Fault;

/// An archive that is read.
pub(super) type Archive = ZipArchive<BufReader<File>>;

/// The most parts of an archive.
const MOST_PARTS: usize = 20_000;

/// The most that one part, and all together, may unpack to, in bytes.
const LARGEST_PART: u64 = 1024 * 1024 * 1024;
const LARGEST: u64 = 2 * LARGEST_PART;

/// The same for shared strings, which are held in memory, and for the parts that are small in every honest workbook.
const LARGEST_STRINGS: u64 = 160 * 1024 * 1024;
const LARGEST_SMALL: u64 = 16 * 1024 * 1024;

/// From this size on a part may not be packed more tightly than this. Sheets are packed 10 to 50 times, bombs 1000 times.
const BOMB_SIZE: u64 = 8 * 1024 * 1024;
const BOMB_RATIO: u64 = 250;

/// The longest stretch of a part without a tag, in bytes: a parser holds it in memory.
const LONGEST_TEXT: usize = 16 * 1024 * 1024;

/// An archive that was looked through.
pub(super) struct Checked {
    pub(super) format: Format,
    pub(super) archive: Archive,
    pub(super) layout: Laid,
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

/// Opens the archive and says which kind of workbook it is.
pub(super) fn checked(file: File) -> Result<Checked, Stop> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(Stop::hostile(format!("it has {} parts", archive.len())));
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let format = if has("mimetype") && has("content.xml") {
        Format::Ods
    } else if has("xl/workbook.bin") {
        return Err(Stop::Fault(Fault::Format("this is an .xlsb workbook")));
    } else if has("[Content_Types].xml") && has("_rels/.rels") && !has("word/document.xml") && !has("ppt/presentation.xml") {
        Format::Xlsx
    } else {
        return Err(Stop::Fault(Fault::Format("this is an archive, but no .xlsx or .ods workbook")));
    };
    let (mut total, mut layout) = (0, Laid::Plainly);
    for index in 0..archive.len() {
        let gauge = unpack(&mut archive, index, LARGEST - total)?;
        total += gauge.size;
        if gauge.laid == Laid::Specially {
            layout = Laid::Specially;
        }
    }
    if format == Format::Ods {
        check_ods(&mut archive)?;
    }
    Ok(Checked { format, archive, layout })
}

/// An error of the archive.
pub(super) fn zip_error(error: &ZipError) -> Stop {
    match error {
        ZipError::UnsupportedArchive(text) if text.to_lowercase().contains("password") => Stop::Fault(Fault::Password),
        other => Stop::broken(other),
    }
}

/// Unpacks a part that a parser may read, and says what it measured.
fn unpack(archive: &mut Archive, index: usize, left: u64) -> Result<Gauge, Stop> {
    let mut part = archive.by_index(index).map_err(|error| zip_error(&error))?;
    let name = part.name().map_err(|error| zip_error(&error))?.to_lowercase();
    let parsed = [".xml", ".rels"].iter().any(|end| name.ends_with(end));
    if !parsed {
        return Ok(Gauge::default());
    }
    let limit = limit_of(&name).min(left);
    let packed = part.compressed_size();
    let mut gauge = Gauge::default();
    let mut block = vec![0; 64 * 1024];
    loop {
        let count = part.read(&mut block).map_err(|error| Stop::broken(&error))?;
        if count == 0 {
            break;
        }
        gauge.take(block.get(..count).unwrap_or_default())?;
        if gauge.size > limit {
            return Err(Stop::hostile(format!(
                "its part '{}' unpacks to more than {limit} bytes",
                crate::adapters::sheet::error::shown(&name)
            )));
        }
        if gauge.size > BOMB_SIZE && gauge.size > packed.saturating_mul(BOMB_RATIO) {
            return Err(Stop::hostile("it is packed as tightly as only a zip bomb is"));
        }
    }
    if gauge.claimed > gauge.size {
        return Err(Stop::hostile(format!("it claims {} strings and does not hold them", gauge.claimed)));
    }
    Ok(gauge)
}

fn limit_of(name: &str) -> u64 {
    match name.rsplit('/').next().unwrap_or_default() {
        "sharedstrings.xml" => LARGEST_STRINGS,
        "styles.xml" | "theme1.xml" | "workbook.xml" | "manifest.xml" | "meta.xml" | "[content_types].xml" => LARGEST_SMALL,
        base if base.rsplit('.').next() == Some("rels") => LARGEST_SMALL,
        _ => LARGEST_PART,
    }
}

/// What is measured of a part while it is unpacked.
#[derive(Default)]
struct Gauge {
    size: u64,
    /// Bytes since the last tag.
    text: usize,
    /// The largest number that the part claims as its count of unique strings; a parser reserves memory for it.
    claimed: u64,
    /// Whether it has words of hidden rows or merged cells.
    laid: Laid,
    /// The end of what was seen, for words that lie across two blocks.
    tail: Vec<u8>,
}

impl Gauge {
    fn take(&mut self, block: &[u8]) -> Result<(), Stop> {
        const WORD: &[u8] = b"uniqueCount";
        const REACH: usize = 128;
        self.size += block.len() as u64;
        match (memchr::memchr(b'<', block), memchr::memrchr(b'<', block)) {
            (Some(first), Some(last)) => {
                self.text += first;
                self.check_text()?;
                self.text = block.len() - last;
            }
            _ => self.text += block.len(),
        }
        self.check_text()?;
        self.tail.extend_from_slice(block);
        for found in memchr::memmem::find_iter(&self.tail, WORD) {
            let rest = self.tail.get(found + WORD.len()..).unwrap_or_default();
            let between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\'');
            let digits = rest
                .iter()
                .skip_while(|byte| between(byte))
                .take_while(|byte| byte.is_ascii_digit());
            let count = digits.fold(0_u64, |count, digit| {
                count.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
            });
            if rest.iter().take(REACH / 2).all(between) && rest.len() > REACH / 2 {
                return Err(Stop::hostile("an attribute is blown up with white space"));
            }
            self.claimed = self.claimed.max(count);
        }
        if self.laid == Laid::Plainly
            && [&b"hidden="[..], b"mergeCell"]
                .iter()
                .any(|word| memchr::memmem::find(&self.tail, word).is_some())
        {
            self.laid = Laid::Specially;
        }
        let keep = self.tail.len().saturating_sub(REACH);
        self.tail.drain(..keep);
        Ok(())
    }

    fn check_text(&self) -> Result<(), Stop> {
        if self.text > LONGEST_TEXT {
            return Err(Stop::hostile("a part has more than 16 MiB of text without a tag"));
        }
        Ok(())
    }
}

/// Whether the archive says it is a spreadsheet, and without a password.
fn check_ods(archive: &mut Archive) -> Result<(), Stop> {
    let mut text = |name: &str| -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        match archive.by_name(name) {
            Ok(part) => part
                .take(LARGEST_SMALL)
                .read_to_end(&mut bytes)
                .map_err(|error| Stop::broken(&error))?,
            Err(ZipError::FileNotFound) => 0,
            Err(error) => return Err(zip_error(&error)),
        };
        Ok(bytes)
    };
    if !text("mimetype")?.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
        return Err(Stop::Fault(Fault::Format("this is an OpenDocument file, but no spreadsheet")));
    }
    if memchr::memmem::find(&text("META-INF/manifest.xml")?, b"encryption-data").is_some() {
        return Err(Stop::Fault(Fault::Password));
    }
    Ok(())
}
