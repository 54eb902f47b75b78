//! Any bytes as a journal: refused with a reason, or replayed.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use rowcast::adapters::journal::Journal;

fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    let mut last = 0;
    let read = Journal::read(file.path(), |position, _| {
        assert!(position.0 > last, "positions grow");
        last = position.0;
        Ok::<(), Infallible>(())
    });
    if let Err(error) = read {
        assert!(!error.to_string().is_empty());
    }
});
