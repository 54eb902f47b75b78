//! `rowcast results`: written again, or some of them.

use std::path::Path;

use rowcast::campaign::results::rewrite;
use rowcast::campaign::settings::Settings;
use rowcast::campaign::target::Target;
use rowcast::model::status::Status;

use super::super::exit::Exit;
use super::super::terminal::{Screen, counted, is_stdout, one_line};
use super::{in_words, refuse};

/// Writes the results to `output`, where `-` is stdout, or where the campaign has them.
pub fn run(settings: &Settings, only: &[Status], output: Option<&Path>, screen: &mut Screen) -> Exit {
    let target = output.unwrap_or(&settings.files.results);
    let only = (!only.is_empty()).then_some(only);
    let shown = output.is_some_and(is_stdout);
    let done = if shown {
        rewrite(settings, Target::Stream(&mut screen.out()), only)
    } else {
        rewrite(settings, Target::File(target), only)
    };
    match done {
        Ok(counts) => {
            let rows = format!("{}: {}.", counted(counts.total(), "row"), in_words(&counts));
            screen.say(&if shown {
                rows
            } else {
                format!("{rows} Written to {}.", one_line(&target.display().to_string()))
            });
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}
