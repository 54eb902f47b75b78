//! The words of the contract as types: rows, recipients, drafts, outcomes, the ledger, the plan.
//!
//! This floor knows std, serde and thiserror. It does no IO, reads no clock and runs no futures, so
//! every rule in it can be tested as a function.

pub mod annals;
pub mod calendar;
pub mod contained;
pub mod draft;
pub mod entry;
pub mod event;
pub mod finding;
pub mod findings;
pub mod fingerprint;
pub mod gate;
pub mod judgement;
pub mod ledger;
pub mod limits;
pub mod outcome;
pub mod plan;
pub mod preflight;
pub mod problem;
pub mod rate;
pub mod recipient;
pub mod recognition;
pub mod row;
pub mod rowset;
pub mod size;
pub mod skew;
pub mod status;
pub mod storm;
pub mod suppression;
pub mod time;
pub mod window;
pub mod worst;
