use std::ffi::OsString;

use clap::Parser;
use rowcast::campaign::settings::{Color, Format, KeySource, Only};
use rowcast::model::rate::DailyLimit;

use super::*;
use crate::cli::args::{Arguments, Command};

/// A folder with a campaign file and a `.env`, and what somebody typed in it.
struct Place {
    folder: tempfile::TempDir,
    surroundings: Surroundings,
}

impl Place {
    fn new(toml: &str, dotenv: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("campaign.toml"), toml).expect("written");
        if !dotenv.is_empty() {
            std::fs::write(folder.path().join(".env"), dotenv).expect("written");
        }
        let variables = environment.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value)));
        let surroundings = Surroundings {
            folder: folder.path().join("elsewhere"),
            variables: variables.collect(),
        };
        Self { folder, surroundings }
    }

    fn run_on(&self, campaign: &str, flags: &str) -> Result<Settings, SettingsError> {
        let path = self.folder.path().join(campaign);
        let start = ["rowcast", "run"].map(OsString::from).into_iter().chain([path.into_os_string()]);
        let line = start.chain(flags.split_whitespace().map(OsString::from));
        let Arguments {
            command: Command::Run(args),
            show,
        } = Arguments::try_parse_from(line).expect("arguments")
        else {
            panic!("run")
        };
        resolve(Typed::from(*args).with(show, Vec::new()), &self.surroundings)
    }

    fn run(&self, flags: &str) -> Settings {
        self.run_on("campaign.toml", flags).expect("settings")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

const SHEET: &str = "sheet = \"people.csv\"\n";

/// A setting with its flag, variable and file line, and how it is seen.
struct Case {
    flag: &'static str,
    variable: &'static str,
    line: &'static str,
    /// The values of flag, environment, `.env` and file, in that order.
    values: [&'static str; 4],
    default: &'static str,
    seen: fn(&Settings) -> String,
}

const CASES: &[Case] = &[
    Case {
        flag: "--rate",
        variable: "ROWCAST_RATE",
        line: "rate = \"{}\"",
        values: ["1/s", "2/s", "3/s", "4/s"],
        default: "60/min",
        seen: |s| s.pace.rate.to_string(),
    },
    Case {
        flag: "--account-rate",
        variable: "ROWCAST_ACCOUNT_RATE",
        line: "[pace]\naccount_rate = \"{}\"",
        values: ["1/s", "2/s", "unlimited", "4/s"],
        default: "2/min",
        seen: |s| s.pace.account.rate.to_string(),
    },
    Case {
        flag: "--daily-limit",
        variable: "ROWCAST_DAILY_LIMIT",
        line: "[pace]\ndaily_limit = {}",
        values: ["1", "2", "3", "4"],
        default: "100/day",
        seen: |s| match s.pace.account.daily {
            DailyLimit::At(n) if n < 9 => n.to_string(),
            limit => limit.to_string(),
        },
    },
    Case {
        flag: "--concurrency",
        variable: "ROWCAST_CONCURRENCY",
        line: "concurrency = {}",
        values: ["1", "2", "3", "4"],
        default: "8",
        seen: |s| s.pace.concurrency.to_string(),
    },
    Case {
        flag: "--timeout",
        variable: "ROWCAST_TIMEOUT",
        line: "timeout = {}",
        values: ["1", "2", "3", "4"],
        default: "60",
        seen: |s| s.pace.timeout.as_secs().to_string(),
    },
    Case {
        flag: "--retries",
        variable: "ROWCAST_RETRIES",
        line: "retries = {}",
        values: ["0", "2", "3", "4"],
        default: "5",
        seen: |s| s.pace.retries.to_string(),
    },
    Case {
        flag: "--max-failures",
        variable: "ROWCAST_MAX_FAILURES",
        line: "max_failures = {}",
        values: ["1", "2", "3", "4"],
        default: "10",
        seen: |s| s.pace.max_failures.to_string(),
    },
    Case {
        flag: "--max-wait",
        variable: "ROWCAST_MAX_WAIT",
        line: "max_wait = \"{}s\"",
        values: ["0", "2", "3", "4"],
        default: "900",
        seen: |s| s.pace.max_wait.as_secs().to_string(),
    },
    Case {
        flag: "--account",
        variable: "CONNECTSAFELY_ACCOUNT_ID",
        line: "account = \"{}\"",
        values: ["a", "b", "c", "d"],
        default: "",
        seen: |s| s.account.clone().unwrap_or_default(),
    },
    Case {
        flag: "--base-url",
        variable: "ROWCAST_BASE_URL",
        line: "base_url = \"{}\"",
        values: ["http://a", "http://b", "http://c", "http://d"],
        default: "https://api.connectsafely.ai/linkedin",
        seen: |s| match &s.endpoint {
            Endpoint::Service { base_url, .. } => base_url.clone(),
            Endpoint::Sandbox { .. } => String::new(),
        },
    },
    Case {
        flag: "--format",
        variable: "",
        line: "format = \"{}\"",
        values: ["text", "", "", "json"],
        default: "text",
        seen: |s| if s.show.format == Format::Json { "json" } else { "text" }.to_owned(),
    },
    Case {
        flag: "--color",
        variable: "",
        line: "color = \"{}\"",
        values: ["always", "", "", "never"],
        default: "auto",
        seen: |s| {
            match s.show.color {
                Color::Always => "always",
                Color::Never => "never",
                Color::Auto => "auto",
            }
            .to_owned()
        },
    },
    Case {
        flag: "--only",
        variable: "",
        line: "only = \"{}\"",
        values: ["failed", "", "", "pending"],
        default: "",
        seen: |s| {
            s.choice
                .only
                .map_or("", |only| if only == Only::Failed { "failed" } else { "pending" })
                .to_owned()
        },
    },
    Case {
        flag: "--rows",
        variable: "",
        line: "rows = \"{}\"",
        values: ["2-3", "", "", "7-"],
        default: "",
        seen: |s| s.choice.rows.as_ref().map(ToString::to_string).unwrap_or_default(),
    },
    Case {
        flag: "--limit",
        variable: "",
        line: "limit = {}",
        values: ["1", "", "", "4"],
        default: "",
        seen: |s| s.choice.limit.map(|n| n.to_string()).unwrap_or_default(),
    },
    Case {
        flag: "--key",
        variable: "",
        line: "key = \"{}\"",
        values: ["A", "", "", "D"],
        default: "",
        seen: |s| s.sheet.key.clone().unwrap_or_default(),
    },
];

#[test]
fn flag_beats_environment_beats_dotenv_beats_campaign_file_beats_default() {
    for case in CASES {
        // Each round takes the strongest layer away.
        for from in 0..=4 {
            if case.variable.is_empty() && (from == 1 || from == 2) {
                continue;
            }
            let flag = if from == 0 {
                format!("{} {}", case.flag, case.values[0])
            } else {
                String::new()
            };
            let variable = if from <= 1 && !case.variable.is_empty() {
                vec![(case.variable, case.values[1])]
            } else {
                Vec::new()
            };
            let dotenv = if from <= 2 && !case.variable.is_empty() {
                format!("{}={}\n", case.variable, case.values[2])
            } else {
                String::new()
            };
            let toml = if from <= 3 {
                format!("{SHEET}{}\n", case.line.replace("{}", case.values[3]))
            } else {
                SHEET.to_owned()
            };
            let settings = Place::new(&toml, &dotenv, &variable).run(&flag);
            let expected = case.values.get(from).unwrap_or(&case.default);
            assert_eq!((case.seen)(&settings), *expected, "{} without {from} layers", case.flag);
        }
    }
}

#[test]
fn paths_of_the_campaign_file_are_relative_to_it_and_those_of_flags_to_the_current_folder() {
    let place = Place::new(
        &format!("{SHEET}message = \"t/m.txt\"\nsubject = \"s.txt\"\n[suppress]\nfiles = [\"dnc.csv\"]\n"),
        "",
        &[],
    );
    let settings = place.run("-m other.txt --suppress mine.csv");
    assert_eq!(settings.files.message, Some(PathBuf::from("other.txt")));
    assert_eq!(settings.files.subject, Some(place.path("s.txt")));
    assert_eq!(settings.files.sheet, place.path("people.csv"));
    assert_eq!(settings.files.results, place.path("people.results.csv"));
    assert_eq!(settings.files.journal, place.path("people.results.journal"));
    assert_eq!(settings.contact.suppress, [PathBuf::from("mine.csv"), place.path("dnc.csv")]);
}

#[test]
fn a_sheet_is_a_campaign_by_itself() {
    let place = Place::new("no toml at all", "", &[]);
    let settings = place.run_on("People.XLSX", "--results r/out.csv").expect("settings");
    assert_eq!(settings.files.sheet, place.path("People.XLSX"));
    assert_eq!(settings.files.results, Path::new("r/out.csv"));
    assert_eq!(settings.pace, rowcast::campaign::settings::Pace::default());
}

#[test]
fn the_sandbox_has_no_key_no_limits_and_results_of_its_own() {
    let toml = format!("{SHEET}results = \"real.csv\"\nbase_url = \"https://x\"\n[pace]\nrate = \"1/h\"\nconcurrency = 1\n");
    let place = Place::new(&toml, "", &[("CONNECTSAFELY_API_KEY", "k"), ("ROWCAST_DAILY_LIMIT", "7")]);
    let settings = place.run("--sandbox --account-rate 3/s");
    assert_eq!(settings.endpoint, Endpoint::Sandbox { log: None });
    assert_eq!(settings.files.results, place.path("people.sandbox.results.csv"));
    assert_eq!(settings.pace.rate.to_string(), "unlimited");
    assert_eq!(settings.pace.account.rate.to_string(), "3/s");
    assert_eq!(settings.pace.account.daily, DailyLimit::At(7));
    assert_eq!(settings.pace.concurrency.get(), 8);
}

#[test]
fn a_flag_that_names_a_service_outweighs_a_file_that_says_sandbox() {
    let place = Place::new(&format!("{SHEET}sandbox = true\n"), "", &[]);
    assert_eq!(place.run("").endpoint, Endpoint::Sandbox { log: None });
    assert!(matches!(
        place.run("--base-url http://127.0.0.1:1").endpoint,
        Endpoint::Service { .. }
    ));
}

#[test]
fn the_key_comes_from_the_strongest_layer() {
    let source = |toml: &str, dotenv: &str, environment: &[(&str, &str)], flags: &str| {
        let place = Place::new(&format!("{SHEET}{toml}"), dotenv, environment);
        let Endpoint::Service { key, .. } = place.run(flags).endpoint else {
            panic!("a service")
        };
        match key {
            KeySource::Variable { key, .. } => key.expose().to_owned(),
            KeySource::File(path) => path.file_name().expect("a name").to_string_lossy().into_owned(),
            KeySource::Missing => "missing".to_owned(),
        }
    };
    let (toml, dotenv) = ("api_key_file = \"toml.key\"\n", "CONNECTSAFELY_API_TOKEN=dotenv-key\n");
    let (key, token) = (("CONNECTSAFELY_API_KEY", "env-key"), ("CONNECTSAFELY_API_TOKEN", "env-token"));
    assert_eq!(source(toml, dotenv, &[key, token], "--api-key-file flag.key"), "flag.key");
    assert_eq!(source(toml, dotenv, &[key, token], ""), "env-key");
    assert_eq!(source(toml, dotenv, &[("CONNECTSAFELY_API_KEY", ""), token], ""), "env-token");
    assert_eq!(source(toml, dotenv, &[("ROWCAST_API_KEY_FILE", "env.key")], ""), "env.key");
    assert_eq!(source(toml, dotenv, &[], ""), "dotenv-key");
    assert_eq!(source(toml, "", &[], ""), "toml.key");
    assert_eq!(source("", "", &[], ""), "missing");
}

#[test]
fn columns_of_flags_and_file_add_up_by_meaning() {
    let place = Place::new(&format!("{SHEET}[columns]\nrecipient = \"Link\"\naccount = \"From\"\n"), "", &[]);
    let columns = place.run("--column profile_url=Profile").sheet.columns;
    assert_eq!(columns.get(&Meaning::Recipient).map(String::as_str), Some("Profile"));
    assert_eq!(columns.get(&Meaning::Account).map(String::as_str), Some("From"));
    assert!(place.run_on("people.csv", "--column recipient=A --column profile_url=B").is_err());
}

#[test]
fn switches_hold_from_flag_or_file() {
    let place = Place::new(
        &format!("{SHEET}strict = true\nskip_invalid = false\nyes = true\nquiet = true\n"),
        "",
        &[],
    );
    let settings = place.run("");
    assert_eq!(
        (settings.choice.warnings, settings.choice.invalid),
        (Warnings::Refuse, Invalid::Refuse)
    );
    assert_eq!((settings.sending, settings.show.level), (Sending::Agreed, Level::Quiet));
    let settings = place.run("--skip-invalid -n -v --resend-unconfirmed");
    assert_eq!((settings.sending, settings.show.level), (Sending::DryRun, Level::Verbose));
    assert_eq!(
        (settings.choice.invalid, settings.choice.unconfirmed),
        (Invalid::Skip, Unconfirmed::Resend)
    );
}

#[test]
fn a_value_that_its_setting_does_not_take_is_refused_with_its_place() {
    let refusal = |toml: &str, dotenv: &str, environment: &[(&str, &str)]| {
        Place::new(&format!("{SHEET}{toml}"), dotenv, environment)
            .run_on("campaign.toml", "")
            .expect_err("a refusal")
            .to_string()
    };
    assert!(refusal("[pace]\nrate = \"fast\"\n", "", &[]).contains("campaign.toml:3: rate: `fast` is no rate"));
    assert!(refusal("rows = \"1-3\"\n", "", &[]).contains("campaign.toml:2: rows: `1-3` names the header"));
    assert!(refusal("message = \" \"\n", "", &[]).contains("campaign.toml:2: message: is blank"));
    assert!(refusal("", "ROWCAST_TIMEOUT=soon\n", &[]).contains(".env: ROWCAST_TIMEOUT: `soon`"));
    assert!(refusal("", "", &[("ROWCAST_CONCURRENCY", "0")]).contains("environment variable ROWCAST_CONCURRENCY: `0`"));
    assert!(refusal("results = \"people.csv\"\n", "", &[]).contains("--results"));
}

#[test]
fn a_campaign_file_without_a_sheet_is_refused() {
    let error = Place::new("message = \"m.txt\"\n", "", &[])
        .run_on("campaign.toml", "")
        .expect_err("a refusal");
    assert!(error.to_string().contains("sheet = \"people.csv\""), "{error}");
    assert_eq!(error.exit().status(), 3);
}

#[test]
fn what_is_no_campaign_is_a_usage_error() {
    let error = Place::new("", "", &[]).run_on("people.json", "").expect_err("a refusal");
    assert_eq!(error.exit().status(), 2);
}
