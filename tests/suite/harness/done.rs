//! What came of a command, and of a campaign.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Done {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Fails the test unless the command ended so.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless one of the two streams has this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let there = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(
            there,
            "nothing says {text:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// What stdout says as JSON, one value a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(read).collect()
    }

    /// The one JSON object of stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        let mut lines = self.json_lines();
        assert_eq!(lines.len(), 1, "{}{}", self.stdout, self.stderr);
        lines.remove(0)
    }
}

/// One line of the results, by column.
pub type Line = BTreeMap<String, String>;

/// Reads results as any program would that knows CSV.
#[track_caller]
pub fn lines(path: &Path) -> Vec<Line> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("a byte-order mark");
    let mut reader = csv::Reader::from_reader(text);
    let names = reader.headers().expect("a header").clone();
    let line = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect("a record");
        names.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    };
    reader.records().map(line).collect()
}
