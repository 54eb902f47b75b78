//! Any bytes as results to resume from: refused with a reason, or read to the end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::with_suffix(".csv").expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    if let Ok(results) = rowcast::adapters::results::read(file.path()) {
        for line in results {
            let _ = line;
        }
    }
});
