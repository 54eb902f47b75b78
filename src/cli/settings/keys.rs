//! Every setting by its three names: the flag and key, and the variables of the environment.

/// A setting that can be said in several places.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in a `campaign.toml`; the flag is the same with `-` for `_`.
    pub key: &'static str,
    /// Its variables in the environment and in `.env`; an earlier one beats a later one.
    pub variables: &'static [&'static str],
    /// Where in a `campaign.toml` it may stand.
    pub section: Section,
    /// What its value must be there.
    pub kind: Kind,
}

/// Where in a `campaign.toml` a setting may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Before the first section.
    Top,
    /// In this section, and before the first one as well.
    Either(&'static str),
    /// In this section alone.
    In(&'static str),
}

impl Section {
    /// Whether a setting with this place may stand in `section`; the blank name is what stands before the first section.
    pub fn holds(self, section: &str) -> bool {
        match self {
            Self::Top => section.is_empty(),
            Self::Either(name) => section.is_empty() || section == name,
            Self::In(name) => section == name,
        }
    }
}

/// What a value in a `campaign.toml` must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// Text or a number: `"60/min"`, `"unlimited"`, `100`.
    Measure,
    /// `true` or `false`.
    Switch,
    /// Text, or a list of texts.
    List,
}

impl Kind {
    /// What to write, for an error.
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Number => "a whole number",
            Self::Measure => "a number, or text in quotes",
            Self::Switch => "true or false",
            Self::List => "text in quotes, or a list of such",
        }
    }
}

const fn top(key: &'static str, kind: Kind) -> Setting {
    Setting {
        key,
        variables: &[],
        section: Section::Top,
        kind,
    }
}

const fn pace(key: &'static str, variables: &'static [&'static str], kind: Kind) -> Setting {
    Setting {
        key,
        variables,
        section: Section::Either("pace"),
        kind,
    }
}

const fn of_accounts(key: &'static str, kind: Kind) -> Setting {
    Setting {
        section: Section::Either(ACCOUNTS),
        ..top(key, kind)
    }
}

pub const SHEET: Setting = top("sheet", Kind::Text);
pub const MESSAGE: Setting = top("message", Kind::Text);
pub const SUBJECT: Setting = top("subject", Kind::Text);
pub const RESULTS: Setting = top("results", Kind::Text);
pub const KEY: Setting = top("key", Kind::Text);
pub const ACCOUNT: Setting = Setting {
    variables: &["CONNECTSAFELY_ACCOUNT_ID"],
    ..top("account", Kind::Text)
};
pub const AMONG: Setting = of_accounts("among", Kind::List);
pub const STRATEGY: Setting = of_accounts("strategy", Kind::Text);
pub const REASSIGN: Setting = of_accounts("reassign", Kind::List);
pub const COLUMN: Setting = top("column", Kind::List);
pub const DELIMITER: Setting = top("delimiter", Kind::Text);
pub const ENCODING: Setting = top("encoding", Kind::Text);
pub const TAB: Setting = top("tab", Kind::Text);
pub const SUPPRESS: Setting = top("suppress", Kind::List);
pub const SUPPRESS_FILES: Setting = Setting {
    section: Section::In("suppress"),
    ..top("files", Kind::List)
};
pub const COOLDOWN: Setting = Setting {
    section: Section::Either("suppress"),
    ..top("cooldown", Kind::Measure)
};
pub const ALLOW_REPEAT: Setting = top("allow_repeat", Kind::Switch);
pub const MAX_MESSAGE: Setting = top("max_message", Kind::Number);
pub const MAX_SUBJECT: Setting = top("max_subject", Kind::Number);
pub const BASE_URL: Setting = Setting {
    variables: &["ROWCAST_BASE_URL"],
    ..top("base_url", Kind::Text)
};
pub const API_KEY_FILE: Setting = Setting {
    variables: &["ROWCAST_API_KEY_FILE"],
    ..top("api_key_file", Kind::Text)
};
pub const SANDBOX: Setting = top("sandbox", Kind::Switch);
pub const SANDBOX_LOG: Setting = Setting {
    variables: &["ROWCAST_SANDBOX_LOG"],
    ..top("sandbox_log", Kind::Text)
};
pub const ATTACHMENTS: Setting = top("attachments", Kind::List);
pub const MAX_ATTACHMENT: Setting = top("max_attachment", Kind::Measure);
pub const REUSE: Setting = top("reuse", Kind::Switch);
pub const NO_REUSE_UPLOADS: Setting = top("no_reuse_uploads", Kind::Switch);
pub const MESSAGING_CHANNEL: Setting = top("messaging_channel", Kind::Text);
pub const REQUIRE: Setting = top("require", Kind::List);
pub const SKIP: Setting = top("skip", Kind::List);
pub const RESOLVE: Setting = top("resolve", Kind::Switch);
pub const GATE_AGE: Setting = top("gate_age", Kind::Measure);
pub const ROWS: Setting = top("rows", Kind::Measure);
pub const LIMIT: Setting = top("limit", Kind::Number);
pub const ONLY: Setting = top("only", Kind::Text);
pub const SAMPLE: Setting = top("sample", Kind::Number);
pub const TEST_TO: Setting = top("test_to", Kind::Text);
pub const RESEND_UNCONFIRMED: Setting = top("resend_unconfirmed", Kind::Switch);
pub const SKIP_INVALID: Setting = top("skip_invalid", Kind::Switch);
pub const STRICT: Setting = top("strict", Kind::Switch);
pub const YES: Setting = top("yes", Kind::Switch);
pub const DRY_RUN: Setting = top("dry_run", Kind::Switch);
pub const NO_RECONCILE: Setting = top("no_reconcile", Kind::Switch);
pub const ONLINE: Setting = top("online", Kind::Switch);
pub const FORMAT: Setting = top("format", Kind::Text);
pub const QUIET: Setting = top("quiet", Kind::Switch);
pub const VERBOSE: Setting = top("verbose", Kind::Switch);
pub const COLOR: Setting = top("color", Kind::Text);
pub const RATE: Setting = pace("rate", &["ROWCAST_RATE"], Kind::Text);
pub const ACCOUNT_RATE: Setting = pace("account_rate", &["ROWCAST_ACCOUNT_RATE"], Kind::Text);
pub const KEY_RATE: Setting = pace("key_rate", &["ROWCAST_KEY_RATE"], Kind::List);
pub const ACCOUNT_HOURLY: Setting = pace("account_hourly", &[], Kind::Measure);
pub const DAILY_WINDOW: Setting = pace("daily_window", &[], Kind::Text);
pub const NEW_CONVERSATIONS: Setting = pace("new_conversations", &[], Kind::Measure);
pub const GAP: Setting = pace("gap", &[], Kind::Text);
pub const RAMP: Setting = pace("ramp", &[], Kind::Text);
pub const WINDOW: Setting = pace("window", &[], Kind::List);
pub const TIMEZONE: Setting = pace("timezone", &[], Kind::Text);
pub const HOLIDAYS: Setting = pace("holidays", &[], Kind::List);
pub const NO_WAIT: Setting = pace("no_wait", &[], Kind::Switch);
pub const UNTIL: Setting = pace("until", &[], Kind::Text);
pub const FOR: Setting = pace("for", &[], Kind::Measure);
pub const DAILY_LIMIT: Setting = pace("daily_limit", &["ROWCAST_DAILY_LIMIT"], Kind::Measure);
pub const READ_RATE: Setting = pace("read_rate", &["ROWCAST_READ_RATE"], Kind::Text);
pub const CONCURRENCY: Setting = pace("concurrency", &["ROWCAST_CONCURRENCY"], Kind::Number);
pub const TIMEOUT: Setting = pace("timeout", &["ROWCAST_TIMEOUT"], Kind::Measure);
pub const RETRIES: Setting = pace("retries", &["ROWCAST_RETRIES"], Kind::Number);
pub const MAX_FAILURES: Setting = pace("max_failures", &["ROWCAST_MAX_FAILURES"], Kind::Number);
pub const MAX_WAIT: Setting = pace("max_wait", &["ROWCAST_MAX_WAIT"], Kind::Measure);

/// All settings.
pub const ALL: &[&Setting] = &[
    &SHEET,
    &MESSAGE,
    &SUBJECT,
    &RESULTS,
    &KEY,
    &ACCOUNT,
    &AMONG,
    &STRATEGY,
    &REASSIGN,
    &COLUMN,
    &DELIMITER,
    &ENCODING,
    &TAB,
    &SUPPRESS,
    &SUPPRESS_FILES,
    &COOLDOWN,
    &ALLOW_REPEAT,
    &MAX_MESSAGE,
    &MAX_SUBJECT,
    &BASE_URL,
    &API_KEY_FILE,
    &SANDBOX_LOG,
    &SANDBOX,
    &ATTACHMENTS,
    &MAX_ATTACHMENT,
    &REUSE,
    &NO_REUSE_UPLOADS,
    &MESSAGING_CHANNEL,
    &REQUIRE,
    &SKIP,
    &RESOLVE,
    &GATE_AGE,
    &ROWS,
    &LIMIT,
    &ONLY,
    &SAMPLE,
    &TEST_TO,
    &RESEND_UNCONFIRMED,
    &SKIP_INVALID,
    &STRICT,
    &YES,
    &DRY_RUN,
    &NO_RECONCILE,
    &ONLINE,
    &FORMAT,
    &QUIET,
    &VERBOSE,
    &COLOR,
    &RATE,
    &ACCOUNT_RATE,
    &DAILY_LIMIT,
    &READ_RATE,
    &CONCURRENCY,
    &TIMEOUT,
    &RETRIES,
    &MAX_FAILURES,
    &MAX_WAIT,
    &KEY_RATE,
    &ACCOUNT_HOURLY,
    &DAILY_WINDOW,
    &NEW_CONVERSATIONS,
    &GAP,
    &RAMP,
    &WINDOW,
    &TIMEZONE,
    &HOLIDAYS,
    &NO_WAIT,
    &UNTIL,
    &FOR,
];

/// The keys that an account can have of its own, in `[pace.accounts.ID]`.
pub const OF_ACCOUNT: &[&Setting] = &[
    &ACCOUNT_RATE,
    &ACCOUNT_HOURLY,
    &DAILY_LIMIT,
    &DAILY_WINDOW,
    &NEW_CONVERSATIONS,
    &GAP,
    &RAMP,
];

/// The table of `[pace]` whose keys are accounts, and the section that says which of them share rows.
pub const ACCOUNTS: &str = "accounts";

/// The sections of a `campaign.toml`, but `[columns]`, whose keys are meanings.
pub const SECTIONS: &[&str] = &["pace", "suppress", ACCOUNTS];

/// The section whose keys are meanings of columns.
pub const COLUMNS: &str = "columns";

/// The variables that hold the key itself; an earlier one beats a later one.
pub const KEY_VARIABLES: &[&str] = &["CONNECTSAFELY_API_KEY", "CONNECTSAFELY_API_TOKEN"];

/// The variable that names the folder of what all campaigns share.
pub const DATA_FOLDER_VARIABLE: &str = "ROWCAST_DATA_DIR";

/// Whether rowcast reads a variable of this name.
pub fn is_variable(name: &str) -> bool {
    variables().any(|known| known == name)
}

/// All variables that rowcast reads.
pub fn variables() -> impl Iterator<Item = &'static str> {
    let of_settings = ALL.iter().flat_map(|setting| setting.variables.iter().copied());
    KEY_VARIABLES.iter().copied().chain(of_settings).chain([DATA_FOLDER_VARIABLE])
}

/// The name nearest to `said` among `names`, where one is near enough to be meant.
pub fn nearest<'a>(said: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let said = said.to_lowercase().replace('-', "_");
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&said, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Arguments;

    #[test]
    fn every_flag_of_a_campaign_is_a_key() {
        let command = Arguments::command();
        for name in ["run", "check", "preview", "plan"] {
            let run = command.find_subcommand(name).expect("a command");
            // Where a command writes its page, and what it shows first, belongs to the command, not to the campaign.
            let own = |flag: &&str| ["html", "worst"].contains(flag);
            for flag in run.get_arguments().filter_map(clap::Arg::get_long).filter(|flag| !own(flag)) {
                let key = flag.replace('-', "_");
                assert!(
                    ALL.iter().any(|setting| setting.key == key && setting.section.holds("")),
                    "--{flag}"
                );
            }
        }
    }

    #[test]
    fn the_readme_has_a_line_for_every_setting_with_its_variables_and_its_section() {
        for setting in ALL {
            let key = format!("`{}`", setting.key);
            let tells = |line: &&str| {
                let cells: Vec<&str> = line.split(" | ").collect();
                let section = match setting.section {
                    Section::Top => true,
                    Section::Either(name) | Section::In(name) => line.contains(&format!("`[{name}]`")),
                };
                cells.get(1).is_some_and(|cell| cell.contains(&key)) && setting.variables.iter().all(|name| line.contains(name)) && section
            };
            let readme = include_str!("../../../README.md");
            assert!(readme.lines().find(tells).is_some(), "{key}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        let keys = || ALL.iter().map(|setting| setting.key);
        for (said, meant) in [
            ("mesage", "message"),
            ("daily-limit", "daily_limit"),
            ("acount", "account"),
            ("Rate", "rate"),
            ("maxwait", "max_wait"),
        ] {
            assert_eq!(nearest(said, keys()), Some(meant), "{said}");
        }
        assert_eq!(nearest("zzz", keys()), None);
    }
}
