//! What stands below the options in the help of each command.

use std::fmt::Write;

use super::exit::Exit;

/// Below the list of commands.
pub const TOP: &str = "\
Examples:
  rowcast init spring                         start from a sheet and templates
  rowcast check spring/campaign.toml          what stands in the way?
  rowcast run spring/campaign.toml --sandbox  try it: nobody gets anything
  rowcast run spring/campaign.toml            send; type it again to resume

`rowcast --help` also lists the environment variables and exit statuses.";

/// Below the options of `init`.
pub const INIT: &str = "\
Examples:
  rowcast init                 in this folder
  rowcast init spring-round    in a new folder

Nothing that is already there is overwritten.";

/// Below the options of `check`.
pub const CHECK: &str = "\
Examples:
  rowcast check campaign.toml
  rowcast check people.csv -m message.txt --strict";

/// Below the options of `preview`.
pub const PREVIEW: &str = "\
Examples:
  rowcast preview campaign.toml --limit 3
  rowcast preview campaign.toml --worst 10    the rows most likely to go wrong
  rowcast preview people.csv -m message.txt --rows 2-5,9
  rowcast preview campaign.toml --format json | jq .message

What is previewed is what is sent, byte for byte.";

/// Below the options of `run`.
pub const RUN: &str = "\
Examples:
  rowcast run campaign.toml --sandbox          try it: nobody gets anything
  rowcast run campaign.toml --dry-run          the plan, nothing sent
  rowcast run campaign.toml --limit 5          five messages first
  rowcast run campaign.toml                    the rest; type it again to resume
  rowcast run people.csv -m message.txt --yes  without a terminal

A row that was sent is never sent again. A row whose answer never came is held as unconfirmed.";

/// Below the options of `plan`.
pub const PLAN: &str = "\
Examples:
  rowcast plan campaign.toml
  rowcast plan campaign.toml --account-rate 1/min --window \"Mon-Fri 09:00-17:30\"
  rowcast plan campaign.toml --format json

What is planned is what a run that begins now would do, if every answer came at once.";

/// Below the options of `status`.
pub const STATUS: &str = "\
Examples:
  rowcast status campaign.toml
  rowcast status people.csv --format json";

/// Below the options of `results`.
pub const RESULTS: &str = "\
Examples:
  rowcast results campaign.toml
  rowcast results campaign.toml --status failed,unconfirmed -o again.csv
  rowcast results campaign.toml --status failed -o - | less";

/// Below the options of `report`.
pub const REPORT: &str = "\
Examples:
  rowcast report campaign.toml --html report.html";

/// Below the options of `reconcile`.
pub const RECONCILE: &str = "\
Examples:
  rowcast reconcile campaign.toml    look for the messages, for two minutes
  rowcast reconcile campaign.toml --accept-absent
                                     what is not there after an hour is failed
  rowcast reconcile campaign.toml --mark sent --rows 7,12 --note 'seen it'

A row is sent if its message is in the conversation: sent by the account, not before the attempt, with the same text.";

/// Below the commands of `suppress`.
pub const SUPPRESS: &str = "\
Examples:
  rowcast suppress add https://www.linkedin.com/in/jane-doe
  rowcast suppress add \"Weiß, Söhne & Co.\"    everybody of this company
  rowcast suppress import left-the-company.csv

The list is in ROWCAST_DATA_DIR, else where the system keeps a user's data; `rowcast suppress list` says where.";

/// Below the commands of `history`.
pub const HISTORY: &str = "\
Examples:
  rowcast history rebuild people.results.journal spring/*.journal

Each run keeps the history by itself; it is made again where it was lost or damaged, or on a new machine.
Without it no row is ever sent twice either: it only tells campaigns of each other.";

/// Below the options of `accounts`.
pub const ACCOUNTS: &str = "\
Examples:
  rowcast accounts
  rowcast accounts --format json

A sheet and --account may name an account by its id, its public id or its full name.";

/// Below the options of `sandbox`.
pub const SANDBOX: &str = "\
The first line on stdout is the base URL, to be given as --base-url.

Examples:
  rowcast sandbox --listen 127.0.0.1:8080
  rowcast sandbox --latency 50ms --log deliveries.jsonl";

/// Below the options of `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  rowcast completions bash > ~/.local/share/bash-completion/completions/rowcast
  rowcast completions zsh > \"${fpath[1]}/_rowcast\"
  rowcast completions fish > ~/.config/fish/completions/rowcast.fish
  rowcast completions powershell >> $PROFILE";

/// Below the options of `man`.
pub const MAN: &str = "\
Examples:
  rowcast man > ~/.local/share/man/man1/rowcast.1";

const ENVIRONMENT: &str = "\
Environment (a flag beats it, it beats .env, .env beats campaign.toml):
  CONNECTSAFELY_API_KEY      the API key (else CONNECTSAFELY_API_TOKEN)
  CONNECTSAFELY_ACCOUNT_ID   the sending account of rows that name none
  ROWCAST_BASE_URL           --base-url
  ROWCAST_API_KEY_FILE       --api-key-file
  ROWCAST_SANDBOX_LOG        --sandbox-log
  ROWCAST_RATE, ROWCAST_ACCOUNT_RATE, ROWCAST_DAILY_LIMIT, ROWCAST_READ_RATE,
  ROWCAST_KEY_RATE, ROWCAST_CONCURRENCY, ROWCAST_TIMEOUT, ROWCAST_RETRIES,
  ROWCAST_MAX_FAILURES, ROWCAST_MAX_WAIT
                             as the flags of these names
  ROWCAST_DATA_DIR           the folder of what all campaigns of this machine
                             share: limits, contact history, do-not-contact list
  NO_COLOR                   no colours
A file .env in the current folder, else in the campaign's, may hold the same variables but the last two.";

fn exit_statuses() -> String {
    let mut text = "Exit status:".to_owned();
    for exit in Exit::ALL {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {:<4} {}", exit.status(), exit.meaning());
    }
    text
}

/// Below the list of commands, in the long help and the manual page.
pub fn top_long() -> String {
    let examples = TOP.split("\n\n").next().unwrap_or(TOP);
    format!("{examples}\n\n{ENVIRONMENT}\n\n{}", exit_statuses())
}

/// Below the options of `run`, in the long help.
pub fn run_long() -> String {
    format!("{RUN}\n\n{ENVIRONMENT}\n\n{}", exit_statuses())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_in_columns_fits_a_terminal_of_80_columns() {
        let (top, run) = (top_long(), run_long());
        let texts = [
            TOP,
            &top,
            INIT,
            CHECK,
            PREVIEW,
            &run,
            PLAN,
            STATUS,
            RESULTS,
            REPORT,
            RECONCILE,
            SUPPRESS,
            HISTORY,
            ACCOUNTS,
            SANDBOX,
            COMPLETIONS,
            MAN,
        ];
        // A line that begins with spaces cannot be broken without spoiling what stands below one another; others can.
        let set = texts.into_iter().flat_map(str::lines).filter(|line| line.starts_with("  "));
        let long: Vec<&str> = set.filter(|line| console::measure_text_width(line) > 80).collect();
        assert!(long.is_empty(), "{long:#?}");
    }

    #[test]
    fn the_long_help_lists_every_status_and_every_variable() {
        let help = top_long();
        for exit in Exit::ALL {
            assert!(help.contains(&format!("\n  {} ", exit.status())), "{exit:?}");
        }
        for setting in crate::cli::settings::keys::ALL {
            for variable in setting.variables {
                assert!(help.contains(variable), "{variable}");
            }
        }
    }
}
