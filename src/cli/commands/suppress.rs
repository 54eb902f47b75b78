//! `rowcast suppress`: the personal do-not-contact list.

use std::path::Path;

use rowcast::adapters::suppress::{Added, Personal, SuppressError};

use super::super::args::{SuppressAction, SuppressArgs};
use super::super::exit::Exit;
use super::super::terminal::{Screen, number, one_line};

/// Adds to the list in `folder`, or shows it.
///
/// # Errors
/// The list cannot be read or written, or an entry finds nobody.
pub fn run(args: &SuppressArgs, folder: Option<&Path>, screen: &mut Screen) -> Result<Exit, SuppressError> {
    let personal = Personal::of(folder)?;
    match &args.action {
        SuppressAction::Add { entries } => {
            let added = personal.add(entries.iter().map(String::as_str))?;
            screen.say(&told(added, &personal));
        }
        SuppressAction::Import { list } => {
            let added = personal.import(list)?;
            screen.say(&told(added, &personal));
        }
        SuppressAction::List => {
            let entries = personal.entries()?;
            for entry in &entries {
                screen.line(&one_line(entry));
            }
            screen.say(&format!("{} on {}", number(entries.len()), place(&personal)));
        }
    }
    Ok(Exit::Done)
}

fn place(personal: &Personal) -> String {
    one_line(&personal.path().display().to_string()).into_owned()
}

fn told(added: Added, personal: &Personal) -> String {
    let known = match added.known {
        0 => String::new(),
        known => format!(" ({} were on it before)", number(known)),
    };
    format!("{} added to {}{known}", number(added.new), place(personal))
}
