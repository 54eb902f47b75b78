//! Any text as the parts of a workbook: refused with a reason, or read to the end with as many cells as the header has.
//!
//! Parts end at NUL: one alone is the content of an ods, several are worksheet, shared strings and styles of an xlsx.
#![no_main]

use std::io::{Cursor, Write as _};
use std::sync::Once;

use libfuzzer_sys::fuzz_target;
use rowcast::adapters::sheet::{Options, Sheet};
use rowcast::model::contained::is_contained;
use rowcast::model::row::Row;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, stored).expect("a part");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

fn ods(content: &str) -> Vec<u8> {
    archive(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", content)])
}

fn xlsx(sheet: &str, strings: &str, styles: &str) -> Vec<u8> {
    let root = format!("<Relationships><Relationship Id=\"a\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    let relations = format!("<Relationships><Relationship Id=\"b\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/s.xml\"/></Relationships>");
    let workbook = format!("<workbook xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"b\"/></sheets></workbook>");
    archive(&[
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", &root),
        ("xl/workbook.xml", &workbook),
        ("xl/_rels/workbook.xml.rels", &relations),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
        ("xl/worksheets/s.xml", sheet),
    ])
}

/// The parser may give up on a workbook, and that is told as a broken workbook: no defect, so nothing for the fuzzer to stop at.
fn forgive_what_is_contained() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !is_contained() {
            hook(info);
        }
    }));
}

static FORGIVEN: Once = Once::new();

fuzz_target!(|text: &str| {
    FORGIVEN.call_once(forgive_what_is_contained);
    let mut parts = text.splitn(3, '\0');
    let first = parts.next().unwrap_or_default();
    let bytes = match parts.next() {
        None => ods(first),
        Some(strings) => xlsx(first, strings, parts.next().unwrap_or("<styleSheet/>")),
    };
    let file = tempfile::NamedTempFile::with_suffix(".xlsx").expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    let Ok(sheet) = Sheet::open(file.path(), &Options::default()) else {
        return;
    };
    let columns = sheet.header().names.len();
    let mut row = Row::new();
    let mut rows = sheet.rows();
    while let Ok(true) = rows.next_into(&mut row) {
        assert!(row.len() >= columns);
    }
});
