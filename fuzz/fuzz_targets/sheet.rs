//! Any bytes as a sheet: refused with a reason, or read to the end with as many cells as the header has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowcast::adapters::sheet::{Options, Sheet};
use rowcast::model::row::Row;

fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::with_suffix(".csv").expect("a file");
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
