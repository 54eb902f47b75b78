//! rowcast turns a spreadsheet into a campaign: a message for every row, each sent at most once.
//!
//! Four floors, each naming only those below it: [`campaign`] has the use cases, [`engine`] sends, [`adapters`] hold one
//! foreign thing each, [`model`] has the words and the rules. What a person types and sees is the binary's floor, `cli`.

pub mod adapters;
pub mod campaign;
pub mod engine;
pub mod model;
