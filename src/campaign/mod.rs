//! The use cases: check, preview, run, status, results.

pub mod accounts;
pub mod address;
pub mod asking;
pub mod attachments;
pub mod check;
pub mod connect;
pub mod contacts;
pub mod error;
pub mod health;
pub mod history;
pub mod memory;
pub mod pacing;
pub mod plan;
pub mod preflight;
pub mod preview;
pub mod reading;
pub mod reconcile;
pub mod refresh;
pub mod report;
pub mod results;
pub mod run;
pub mod settings;
pub mod sharing;
pub mod status;
pub mod summary;
pub mod survey;
