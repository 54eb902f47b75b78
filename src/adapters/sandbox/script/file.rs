//! Scripts from TOML: rules on one line each, or a table for each.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::parse::{Draft, at};
use super::{Rule, Script, ScriptError};

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    fault: Vec<BTreeMap<String, Scalar>>,
}

/// A value of a table: whatever TOML type says it best.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Whole(i64),
    Part(f64),
    Flag(bool),
    Text(String),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Part(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Script {
    /// Reads a script from the text of a TOML file.
    ///
    /// `rules = ["jane-doe=500"]` holds rules as they are written on one line; after them come `[[fault]]` tables with
    /// `who`, `effect` and the options as keys, `-` written as `_`.
    ///
    /// # Errors
    /// Text that is no TOML of this form, and the first rule that cannot be read, with its place.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        let written: Written = toml::from_str(text).map_err(|error| ScriptError::Toml(error.to_string()))?;
        let lines = written.rules.iter().enumerate().map(|(index, line)| {
            line.parse::<Rule>()
                .map_err(|error| at(format!("entry {} of `rules`", index + 1), error))
        });
        let tables = written
            .fault
            .iter()
            .enumerate()
            .map(|(index, table)| rule_of(table).map_err(|error| at(format!("[[fault]] number {}", index + 1), error)));
        let rules = lines.chain(tables).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }
}

fn rule_of(table: &BTreeMap<String, Scalar>) -> Result<Rule, ScriptError> {
    let named = |key: &'static str| table.get(key).map(Scalar::text).ok_or(ScriptError::Missing(key));
    let mut draft = Draft::new(&named("who")?, &named("effect")?)?;
    for (key, value) in table.iter().filter(|(key, _)| !["who", "effect"].contains(&key.as_str())) {
        draft.take(&key.replace('_', "-"), value.text().trim())?;
    }
    draft.rule()
}
