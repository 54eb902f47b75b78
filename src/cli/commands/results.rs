//! `rowcast results`: written again, or some of them.

use std::path::Path;

use rowcast::campaign::results::rewrite;
use rowcast::campaign::settings::Settings;
use rowcast::model::status::Status;

use super::super::exit::Exit;
use super::super::terminal::{Screen, number, one_line};
use super::{in_words, refuse};

/// Writes the results to `output`, or where the campaign has them.
pub fn run(settings: &Settings, only: &[Status], output: Option<&Path>, screen: &mut Screen) -> Exit {
    let target = output.unwrap_or(&settings.files.results);
    match rewrite(settings, target, (!only.is_empty()).then_some(only)) {
        Ok(counts) => {
            let place = one_line(&target.display().to_string()).into_owned();
            screen.say(&format!(
                "{} rows: {}. Written to {place}.",
                number(counts.total()),
                in_words(&counts)
            ));
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}
