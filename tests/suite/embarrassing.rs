//! Messages that their sender would regret: none of them reaches the server, and each refusal says where and what to do.
//!
//! One case is one test, so that each is named. `cases` has the language of the tables, `cells`, `texts` and `people` have the tables.

#[macro_use]
mod cases;
mod cells;
mod people;
mod texts;
