//! What rowcast promises, shown on the real binary: a file per promise. See `harness` for the words that the tests use.

mod harness;

mod account_health;
mod accounts;
mod answers;
mod attachments;
mod before_sending;
mod bombs;
#[cfg(target_os = "linux")]
mod clock_jumps;
mod disk;
mod edits;
mod embarrassing;
#[cfg(target_os = "linux")]
mod every_hour;
#[cfg(target_os = "linux")]
mod fast_clock;
mod gates;
mod hostile;
#[cfg(target_os = "linux")]
mod hours;
mod kill;
#[cfg(target_os = "linux")]
mod limits;
mod lost_answers;
mod main_job;
mod meanwhile;
mod order;
mod other_names;
mod outlook;
mod pace;
mod places;
#[cfg(target_os = "linux")]
mod plan_and_run;
mod prefixes;
mod recognition;
mod reconcile;
mod resume;
mod schema;
mod settings;
mod sharing;
mod side_by_side;
mod stand_in;
mod stopping;
mod templates_and_sheets;
mod terminal;
mod together;
mod trying;
mod workbooks;
