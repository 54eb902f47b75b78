//! What was typed, so that the next command that is shown can be typed as it stands.

use std::ffi::OsStr;

use clap::{Arg, ArgMatches, CommandFactory, parser::ValueSource};

use super::args::Arguments;
use super::terminal::one_line;

/// Flags for one time: repeating them would not go on with the campaign.
const ONCE: &[&str] = &[
    "rows",
    "limit",
    "only",
    "sample",
    "worst",
    "test_to",
    "resend_unconfirmed",
    "dry_run",
    "format",
    "quiet",
    "verbose",
    "color",
    "status",
    "output",
    "html",
    "wait",
    "accept_absent",
    "mark",
    "note",
];

/// The campaign and the flags that a next command repeats, each with its value and quoted for a shell. The campaign comes first.
pub fn words(matches: &ArgMatches) -> Vec<String> {
    let Some((name, matches)) = matches.subcommand() else {
        return Vec::new();
    };
    let command = Arguments::command();
    let arguments = command.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments);
    let typed = arguments.filter(|argument| {
        let id = argument.get_id().as_str();
        !ONCE.contains(&id) && matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    let mut words: Vec<(bool, String)> = typed
        .flat_map(|argument| of(argument, matches).map(|word| (!argument.is_positional(), word)))
        .collect();
    words.sort_by_key(|(is_flag, _)| *is_flag);
    words.into_iter().map(|(_, word)| word).collect()
}

/// One flag as it was typed, once for each of its values.
fn of<'a>(argument: &'a Arg, matches: &'a ArgMatches) -> Box<dyn Iterator<Item = String> + 'a> {
    let flag = match (argument.get_short(), argument.get_long()) {
        (Some(short), _) => format!("-{short}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => String::new(),
    };
    if !argument.get_action().takes_values() {
        return Box::new(std::iter::once(flag));
    }
    let values = matches.get_raw(argument.get_id().as_str()).into_iter().flatten();
    Box::new(values.map(move |value| format!("{flag} {}", quoted(value)).trim_start().to_owned()))
}

/// `rowcast NAME` on the same campaign, with those of `words` that it takes.
pub fn command(name: &str, words: &[String]) -> String {
    let command = Arguments::command();
    let taken = |word: &&String| {
        let flag = word.split(' ').next().unwrap_or_default();
        let is_this = |argument: &Arg| {
            argument.get_long().is_some_and(|long| flag.strip_prefix("--") == Some(long))
                || argument.get_short().is_some_and(|short| flag == format!("-{short}"))
        };
        !flag.starts_with('-')
            || command
                .find_subcommand(name)
                .is_some_and(|command| command.get_arguments().any(is_this))
    };
    let words: Vec<&str> = words.iter().filter(taken).map(String::as_str).collect();
    format!("rowcast {name} {}", words.join(" "))
}

/// Text as a shell takes it for one word.
pub fn quoted(text: &OsStr) -> String {
    let text = one_line(&text.to_string_lossy()).into_owned();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:+,@%=".contains(c) || (cfg!(windows) && c == '\\');
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text,
        false if cfg!(windows) => format!("\"{text}\""),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(line: &str) -> Vec<String> {
        let typed = line.split(' ').map(|word| word.replace('~', " "));
        words(&Arguments::command().try_get_matches_from(typed).expect("a command line"))
    }

    #[test]
    fn the_next_command_repeats_what_defines_the_campaign_and_its_pace() {
        let words = words_of("rowcast run -m text.txt people.csv --rate 5/min --sandbox --limit 3 -y --column recipient=Her~link");
        assert_eq!(
            command("run", &words),
            "rowcast run people.csv -m text.txt --column 'recipient=Her link' --sandbox -y --rate 5/min"
        );
        assert_eq!(
            command("status", &words),
            "rowcast status people.csv -m text.txt --column 'recipient=Her link' --sandbox"
        );
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        for name in ["people.csv", "my people.csv", "it's $HOME.csv", "ümlaut.csv"] {
            let typed = ["rowcast", "check", name, "-m", name, "--suppress", name, "--suppress", "two"];
            let words = words(&Arguments::command().try_get_matches_from(typed).expect("a command line"));
            assert_eq!(words.len(), 4);
            assert!(words[0] == name || words[0].starts_with('\''), "{words:?}");
        }
        assert_eq!(quoted(OsStr::new("it's")), "'it'\\''s'");
    }

    #[test]
    fn every_flag_for_one_time_is_a_flag() {
        let command = Arguments::command();
        for id in ONCE {
            let knows = |command: &clap::Command| command.get_arguments().any(|argument| argument.get_id() == id);
            assert!(knows(&command) || command.get_subcommands().any(knows), "{id}");
        }
    }
}
