//! Text in any encoding, as UTF-8.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use super::error::{At, Fault, SheetError, io_error};
use super::source::Source;
use crate::model::row::RowNumber;

/// Opens the text in `file` as UTF-8: the file itself, or a copy in a temporary file without a name.
pub(super) fn open(path: &Path, mut file: File, label: Option<&str>) -> Result<(Source, &'static str), SheetError> {
    // Reading by position moves the cursor on Windows, and clones of a file share it.
    file.seek(SeekFrom::Start(0)).map_err(io_error("read", path))?;
    let mut head = Vec::with_capacity(4);
    Read::by_ref(&mut file)
        .take(4)
        .read_to_end(&mut head)
        .map_err(io_error("read", path))?;
    file.seek(SeekFrom::Start(0)).map_err(io_error("read", path))?;
    let marked = Encoding::for_bom(&head);
    let named = label.map(|label| encoding(path, label)).transpose()?;
    if let (Some((mark, _)), Some(named)) = (marked, named) {
        // "utf-16" is a name of both byte orders, and the mark then says which.
        let either = mark != UTF_8 && label.is_some_and(|label| label.trim().eq_ignore_ascii_case("utf-16"));
        if mark != named && !either {
            let fault = Fault::MarkContradicts {
                mark: mark.name(),
                named: named.name(),
            };
            return Err(fault.of(path));
        }
    }
    let (encoding, mark) = marked.unwrap_or((named.unwrap_or(UTF_8), 0));
    if encoding == UTF_8 {
        return Ok((Source::new(file, mark as u64), UTF_8.name()));
    }
    file.seek(SeekFrom::Start(mark as u64)).map_err(io_error("read", path))?;
    let copy = decoded(path, file, encoding)?;
    Ok((Source::new(copy, 0), encoding.name()))
}

fn encoding(path: &Path, label: &str) -> Result<&'static Encoding, SheetError> {
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| Fault::UnknownEncoding(label.to_owned()).of(path))
}

/// A temporary file with the text of `file`, as UTF-8.
fn decoded(path: &Path, mut file: File, encoding: &'static Encoding) -> Result<File, SheetError> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut copy = BufWriter::new(spool(path)?);
    let mut bytes = vec![0; 64 * 1024];
    let mut text = vec![0; 256 * 1024];
    let mut line = 1;
    loop {
        let count = match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(io_error("read", path))?,
        };
        let mut rest = bytes.get(..count).unwrap_or_default();
        loop {
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut text, count == 0);
            let piece = text.get(..written).unwrap_or_default();
            // Bytes that an encoding leaves without a letter come out as control characters: that is no text of it.
            let controls = memchr::memchr_iter(0xC2, piece).find(|at| matches!(piece.get(at + 1), Some(0x80..=0x9F)));
            let sound = piece.get(..controls.unwrap_or(written)).unwrap_or_default();
            line += memchr::memchr_iter(b'\n', sound).count() as u64;
            if controls.is_some() || matches!(result, DecoderResult::Malformed(..)) {
                let row = RowNumber(u32::try_from(line).unwrap_or(u32::MAX));
                return Err(Fault::Undecodable(encoding.name()).at(path, At::Line(line, row)));
            }
            copy.write_all(piece).map_err(io_error("write a temporary copy of", path))?;
            rest = rest.get(read..).unwrap_or_default();
            if matches!(result, DecoderResult::InputEmpty) {
                break;
            }
        }
        if count == 0 {
            return finished(path, copy);
        }
    }
}

/// A temporary file without a name, which is gone when it is closed.
pub(super) fn spool(path: &Path) -> Result<File, SheetError> {
    tempfile::tempfile().map_err(io_error("make a temporary copy of", path))
}

/// The file behind `copy`, all written.
pub(super) fn finished(path: &Path, copy: BufWriter<File>) -> Result<File, SheetError> {
    let write = "write a temporary copy of";
    copy.into_inner().map_err(|error| io_error(write, path)(error.into_error()))
}
