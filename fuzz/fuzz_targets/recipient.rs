//! Any text as a recipient: what is read has a canonical form that is read as the same recipient again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowcast::model::recipient::Recipient;

fuzz_target!(|text: &str| {
    if let Ok(recipient) = text.parse::<Recipient>() {
        let canonical = recipient.canonical();
        let again: Recipient = canonical.parse().expect("the canonical form is one that is read");
        assert_eq!(again.canonical(), canonical);
    }
});
