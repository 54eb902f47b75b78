//! The results: one CSV line for every row of the sheet, which people open, and which can be resumed from where the
//! journal is gone (csv, tempfile).

mod cell;
mod error;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use cell::{guarded, unguarded};
pub use error::ResultsError;
pub use read::{ReadLine, Results, read};
pub use write::{Line, Writer, sheet_columns, sweep};

/// The first columns of every results file, in their order.
pub const COLUMNS: [&str; 13] = [
    "row",
    "key",
    "status",
    "success",
    "recipient_urn",
    "thread_id",
    "message_urn",
    "error",
    "http_status",
    "attempts",
    "account",
    "sent_at",
    "message_sha256",
];

const BOM: &str = "\u{feff}";
