//! What a case is: a campaign that somebody would regret, and what is said of it.

use serde_json::Value;

use crate::harness::{Campaign, Done, Server};

/// One test for each line: a name, what somebody has, and what is said of it.
macro_rules! cases {
    ($(fn $name:ident(): $case:expr, $said:expr;)*) => {
        $(#[test]
        fn $name() {
            $case.is(&$said);
        })*
    };
}

/// What somebody has before the first message.
pub struct Case {
    sheet: Vec<u8>,
    message: String,
    subject: Option<String>,
    arguments: Vec<String>,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// A sheet, and a message that greets by first name.
pub fn sheet(sheet: impl Into<Vec<u8>>) -> Case {
    Case {
        sheet: sheet.into(),
        message: "Hi {{ first_name }}, hello from us.\n".to_owned(),
        subject: None,
        arguments: Vec::new(),
        files: Vec::new(),
    }
}

/// A sheet whose row 3 has this first name; row 2 is as it should be.
pub fn named(name: &str) -> Case {
    let name = name.replace('"', "\"\"");
    sheet(format!("First Name,LinkedIn\nAnna,anna-a\n\"{name}\",bert-b\n"))
}

/// A good sheet with this message.
pub fn message(text: &str) -> Case {
    named("Bert").message(text)
}

impl Case {
    pub fn message(self, text: &str) -> Self {
        Self {
            message: text.to_owned(),
            ..self
        }
    }

    pub fn subject(self, text: &str) -> Self {
        Self {
            subject: Some(text.to_owned()),
            ..self
        }
    }

    pub fn with(self, arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            ..self
        }
    }

    /// With this file beside the sheet.
    pub fn file(mut self, name: &'static str, text: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    fn campaign(&self) -> Campaign {
        let campaign = Campaign::new(&self.sheet, &self.message);
        for (name, text) in &self.files {
            campaign.write(name, text);
        }
        match &self.subject {
            Some(subject) => campaign.subject(subject),
            None => campaign,
        }
    }

    /// Fails the test unless this is said of the case, and nothing reaches the server.
    pub fn is(&self, said: &Said) {
        let campaign = self.campaign();
        said.of(&campaign, &self.arguments);
    }
}

/// What is said of a case.
pub enum Said {
    /// The run is refused with this line.
    Refused(String),
    /// `check` lists this, and the run is refused with it: an error at once, a warning where `--strict` is given.
    Problem(Problem),
}

pub struct Problem {
    severity: &'static str,
    code: &'static str,
    row: Option<u64>,
    column: Option<&'static str>,
    text: String,
}

/// The sheet or a template cannot be used, and the error says so.
pub fn refused(line: &str) -> Said {
    Said::Refused(format!("error: {line}"))
}

/// The same, in a line below the error.
pub fn refused_below(line: &str) -> Said {
    Said::Refused(format!("  campaign: {line}"))
}

/// An error of a row.
pub fn error(code: &'static str, row: u64, text: impl Into<String>) -> Said {
    problem("error", code, Some(row), text)
}

/// An error of the campaign as a whole.
pub fn error_of_all(code: &'static str, text: impl Into<String>) -> Said {
    problem("error", code, None, text)
}

/// A warning about a row.
pub fn warning(code: &'static str, row: u64, text: impl Into<String>) -> Said {
    problem("warning", code, Some(row), text)
}

/// A warning about all rows together.
pub fn warning_of_all(code: &'static str, text: impl Into<String>) -> Said {
    problem("warning", code, None, text)
}

fn problem(severity: &'static str, code: &'static str, row: Option<u64>, text: impl Into<String>) -> Said {
    Said::Problem(Problem {
        severity,
        code,
        row,
        column: None,
        text: text.into(),
    })
}

impl Said {
    /// And the column is named for scripts.
    pub fn in_column(self, column: &'static str) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(Problem {
                column: Some(column),
                ..problem
            }),
            refused @ Self::Refused(_) => refused,
        }
    }

    pub fn of(&self, campaign: &Campaign, arguments: &[String]) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let before = campaign.files();
        match self {
            Self::Refused(line) => {
                refuses(campaign, &arguments, |said| said == line, line);
                let check = check(campaign, &arguments).exits(3);
                assert!(check.stderr.lines().any(|said| said == line), "check: {line}\n{}", check.stderr);
            }
            Self::Problem(problem) => problem.of(campaign, &arguments),
        }
        assert_eq!(campaign.files(), before, "a refusal makes no file");
    }
}

impl Problem {
    fn of(&self, campaign: &Campaign, arguments: &[&str]) {
        let is_error = self.severity == "error";
        let strict = [arguments, if is_error { &[] } else { &["--strict"] }].concat();
        let place = self.row.map(|row| format!("row {row}"));
        let line = |said: &str| said.contains(&self.text) && place.as_ref().is_none_or(|place| said.contains(place));
        refuses(campaign, &strict, line, &self.text);
        // What scripts see, and whether it stands in the way without --strict.
        let json = [arguments, &["--format", "json"]].concat();
        let found = check(campaign, &json).exits(if is_error { 3 } else { 0 }).json();
        let problems = found["problems"].as_array().expect("a list");
        assert!(
            problems.iter().any(|problem| self.is(problem)),
            "{:?} {:?}: {found}",
            self.code,
            self.text
        );
        // And a person.
        let text = check(campaign, arguments).exits(if is_error { 3 } else { 0 });
        assert!(text.stdout.lines().any(line), "check: {}\n{}", self.text, text.stdout);
    }

    fn is(&self, problem: &Value) -> bool {
        problem["severity"] == self.severity
            && problem["code"] == self.code
            && problem["row"].as_u64() == self.row
            && problem["text"] == *self.text
            && (self.column.is_none() || problem["column"].as_str() == self.column)
    }
}

/// Fails the test unless the run is refused, says such a line, and asks the server for nothing at all.
fn refuses(campaign: &Campaign, arguments: &[&str], line: impl Fn(&str) -> bool, words: &str) {
    let server = Server::start();
    let done = campaign.run(&server, arguments).exits(3);
    assert!(done.stderr.lines().any(line), "nothing says\n{words}\nbut\n{}", done.stderr);
    assert_eq!(server.seen().len(), 0, "{words}");
}

fn check(campaign: &Campaign, arguments: &[&str]) -> Done {
    let subject: &[&str] = if campaign.path("subject.txt").exists() {
        &["-s", "subject.txt"]
    } else {
        &[]
    };
    campaign.rowcast(&[&["check", "people.csv", "-m", "message.txt"], subject, arguments].concat())
}
