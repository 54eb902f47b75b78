//! `rowcast report`: the run as a page.

use std::path::Path;

use rowcast::campaign::report::report;
use rowcast::campaign::settings::Settings;

use super::super::exit::Exit;
use super::super::terminal::{Screen, number, one_line};
use super::{in_words, refuse};

/// Writes the page to `target`.
pub fn run(settings: &Settings, target: &Path, screen: &mut Screen) -> Exit {
    match report(settings, target) {
        Ok(counts) => {
            let place = one_line(&target.display().to_string()).into_owned();
            screen.say(&format!(
                "{} rows: {}. The report is in {place}.",
                number(counts.total()),
                in_words(&counts)
            ));
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}
