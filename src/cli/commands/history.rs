//! `rowcast history`: the contact history made again from journals.

use std::path::Path;

use rowcast::campaign::history::rebuild;

use super::super::args::{HistoryAction, HistoryArgs};
use super::super::exit::Exit;
use super::super::terminal::{Screen, number, one_line};
use super::refuse;

/// Makes the history in `folder` again.
pub fn run(args: &HistoryArgs, folder: Option<&Path>, screen: &mut Screen) -> Exit {
    let HistoryAction::Rebuild { journals } = &args.action;
    match rebuild(folder, journals) {
        Ok(told) => {
            for one in told {
                let place = one.journal.display().to_string();
                screen.say(&format!("{} contacts from {}", number(one.contacts), one_line(&place)));
            }
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}
