//! `rowcast report`: the run as a page.

use std::path::Path;

use rowcast::campaign::report::report;
use rowcast::campaign::settings::Settings;
use rowcast::campaign::target::Target;

use super::super::exit::Exit;
use super::super::terminal::{Screen, counted, is_stdout, one_line};
use super::{in_words, refuse};

/// Writes the page to `target`, where `-` is stdout.
pub fn run(settings: &Settings, target: &Path, screen: &mut Screen) -> Exit {
    let shown = is_stdout(target);
    let done = if shown {
        report(settings, Target::Stream(&mut screen.out()))
    } else {
        report(settings, Target::File(target))
    };
    match done {
        Ok(counts) => {
            let rows = format!("{}: {}.", counted(counts.total(), "row"), in_words(&counts));
            screen.say(&if shown {
                rows
            } else {
                format!("{rows} The report is in {}.", one_line(&target.display().to_string()))
            });
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}
