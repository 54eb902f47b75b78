//! The language of the tests: a campaign in a folder, a server that is told what to answer and counts, and what came of it.

mod answer;
mod campaign;
mod dice;
mod done;
mod heard;
pub mod inbox;
pub mod openapi;
#[cfg(unix)]
mod pty;
pub mod record;
pub mod sandbox_log;
mod server;
#[cfg(target_os = "linux")]
pub mod trace;
pub mod workbook;

pub use answer::{Answer, Delivery, broken, html, json, sent, status, urn_of};
#[cfg(unix)]
pub use campaign::Signal;
pub use campaign::{Campaign, Running};
pub use dice::Dice;
pub use done::{Done, Line, lines};
#[cfg(unix)]
pub use pty::AtTerminal;
pub use server::{Seen, Server, accounts, nobody};

/// The key of every test. It must be in no output and in no file.
pub const KEY: &str = "7d1f0c52-aaaa-4b1e-9c3d-5ec4e7000001";
