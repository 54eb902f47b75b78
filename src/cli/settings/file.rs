//! The campaign file: read, checked against the known keys, and kept with the line of every value.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::SettingsError;
use super::keys::{self, Kind, Setting};
use crate::cli::args::ColumnName;

/// A `campaign.toml` whose keys and types are known to be right.
#[derive(Debug)]
pub struct CampaignFile {
    path: PathBuf,
    values: Vec<Value>,
    columns: Vec<ColumnName>,
}

/// A value of the file.
#[derive(Debug)]
struct Value {
    /// The account in whose own section it stands.
    account: Option<String>,
    key: &'static str,
    line: usize,
    said: Vec<String>,
}

/// The file while it is read: what an error needs to name its place.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

/// Keys under which people write the API key itself.
const KEY_ITSELF: &[&str] = &[
    "api_key",
    "apikey",
    "api_token",
    "token",
    "secret",
    "connectsafely_api_key",
    "connectsafely_api_token",
];

impl CampaignFile {
    /// Reads `path`.
    ///
    /// # Errors
    /// Where the file cannot be read, is no TOML, or has a key or a type that rowcast does not know; with the line.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read(path).map_err(|source| SettingsError::Read {
            path: path.to_owned(),
            hint: "",
            source,
        })?;
        let text = String::from_utf8(text).map_err(|_| SettingsError::File {
            path: path.to_owned(),
            text: "not UTF-8; save the file as UTF-8".to_owned(),
        })?;
        Self::parse(path, text.trim_start_matches('\u{feff}'))
    }

    /// Reads `text`, which is what `path` holds.
    ///
    /// # Errors
    /// As for [`CampaignFile::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let reader = Reader { path, text };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.wrong(at, format!("no TOML: {}", error.message().lines().collect::<Vec<_>>().join("; ")))
        })?;
        let mut file = Self {
            path: path.to_owned(),
            values: Vec::new(),
            columns: Vec::new(),
        };
        for (name, value) in in_order(table.get_ref()) {
            let at = name.span().start;
            match (name.get_ref().as_ref(), value.get_ref().as_table()) {
                (keys::COLUMNS, Some(section)) => file.take_columns(&reader, section)?,
                (section, Some(keys)) if keys::SECTIONS.contains(&section) => file.take_section(&reader, section, keys)?,
                (section, Some(_)) if near_section(section).is_some() => return Err(reader.wrong(at, unknown_section(section))),
                (key, _) => file.take(&reader, "", key, at, value.get_ref())?,
            }
        }
        Ok(file)
    }

    fn take_section(&mut self, reader: &Reader<'_>, section: &str, table: &DeTable<'_>) -> Result<(), SettingsError> {
        for (name, value) in in_order(table) {
            self.take(reader, section, name.get_ref(), name.span().start, value.get_ref())?;
        }
        Ok(())
    }

    /// `[pace.accounts.ID]`: limits of one account.
    fn take_accounts(&mut self, reader: &Reader<'_>, accounts: &DeTable<'_>) -> Result<(), SettingsError> {
        for (id, own) in in_order(accounts) {
            let id = id.get_ref();
            let own = own.get_ref().as_table().ok_or_else(|| {
                let at = own.span().start;
                reader.wrong(at, format!("`{id}` is no section; write [pace.accounts.{id}] and its limits below"))
            })?;
            for (name, value) in in_order(own) {
                let (key, at) = (name.get_ref().as_ref(), name.span().start);
                let Some(setting) = keys::OF_ACCOUNT.iter().find(|setting| setting.key == key) else {
                    let here: Vec<&str> = keys::OF_ACCOUNT.iter().map(|setting| setting.key).collect();
                    let near = keys::nearest(key, here.iter().copied()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                    let text = format!("`{key}` is no limit of an account{near} There are {}", here.join(", "));
                    return Err(reader.wrong(at, text));
                };
                self.keep(reader, setting, Some(id), at, value.get_ref())?;
            }
        }
        Ok(())
    }

    fn take(&mut self, reader: &Reader<'_>, section: &str, key: &str, at: usize, value: &DeValue<'_>) -> Result<(), SettingsError> {
        if let ("pace", keys::ACCOUNTS, Some(accounts)) = (section, key, value.as_table()) {
            return self.take_accounts(reader, accounts);
        }
        let found = keys::ALL
            .iter()
            .find(|setting| setting.key == key && setting.section.holds(section));
        let Some(setting) = found else {
            return Err(reader.wrong(at, unknown_key(section, key)));
        };
        self.keep(reader, setting, None, at, value)
    }

    fn keep(
        &mut self,
        reader: &Reader<'_>,
        setting: &'static Setting,
        account: Option<&str>,
        at: usize,
        value: &DeValue<'_>,
    ) -> Result<(), SettingsError> {
        let key = setting.key;
        let said = said(setting.kind, value)
            .ok_or_else(|| reader.wrong(at, format!("`{key}` is {}; write {}", value.type_str(), setting.kind.wanted())))?;
        let line = reader.line(at);
        let twice = |value: &&Value| value.key == key && value.account.as_deref() == account;
        if let Some(earlier) = self.values.iter().find(twice) {
            return Err(reader.wrong(at, format!("`{key}` is said twice; line {} has it as well", earlier.line)));
        }
        self.values.push(Value {
            account: account.map(str::to_owned),
            key,
            line,
            said,
        });
        Ok(())
    }

    fn take_columns(&mut self, reader: &Reader<'_>, table: &DeTable<'_>) -> Result<(), SettingsError> {
        for (name, value) in in_order(table) {
            let at = name.span().start;
            let header = value.get_ref().as_str();
            let header = header.ok_or_else(|| {
                let meaning = name.get_ref();
                reader.wrong(
                    at,
                    format!("`{meaning}` is {}; write the column's name in quotes", value.get_ref().type_str()),
                )
            })?;
            let column = ColumnName::new(name.get_ref(), header).map_err(|error| reader.wrong(at, error.to_string()))?;
            if self.columns.iter().any(|earlier| earlier.meaning == column.meaning) {
                return Err(reader.wrong(at, format!("two columns for `{}`; leave one out", column.meaning.as_str())));
            }
            self.columns.push(column);
        }
        Ok(())
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that its paths are relative to.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The columns of `[columns]`.
    pub fn columns(&self) -> &[ColumnName] {
        &self.columns
    }

    /// What the file says for a setting, as text, and the line; a switch is `true` or `false`.
    pub fn said(&self, setting: &Setting) -> Option<(&[String], usize)> {
        self.said_of(None, setting)
    }

    /// What the file says for a limit of an account in that account's own section.
    pub fn said_of(&self, account: Option<&str>, setting: &Setting) -> Option<(&[String], usize)> {
        let of = |value: &&Value| value.key == setting.key && value.account.as_deref() == account;
        let value = self.values.iter().find(of)?;
        Some((&value.said, value.line))
    }

    /// The accounts that have limits of their own.
    pub fn accounts(&self) -> std::collections::BTreeSet<&str> {
        self.values.iter().filter_map(|value| value.account.as_deref()).collect()
    }

    /// An error at `line` of the file.
    pub fn wrong(&self, line: usize, text: String) -> SettingsError {
        SettingsError::Line {
            path: self.path.clone(),
            line,
            text,
        }
    }
}

impl Reader<'_> {
    /// The line of the byte `at`, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1
    }

    fn wrong(&self, at: usize, text: String) -> SettingsError {
        SettingsError::Line {
            path: self.path.to_owned(),
            line: self.line(at),
            text,
        }
    }
}

/// The keys and values of a table in the order of the file, so that the first error is the topmost.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

/// The value as text, where it is of the right kind.
fn said(kind: Kind, value: &DeValue<'_>) -> Option<Vec<String>> {
    let number = |value: &DeValue<'_>| match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        _ => None,
    };
    let text = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
    match (kind, value) {
        (Kind::Text, value) => text(value).map(|text| vec![text]),
        (Kind::Number, value) => number(value).map(|number| vec![number]),
        (Kind::Measure, DeValue::Float(number)) => Some(vec![number.as_str().replace('_', "")]),
        (Kind::Measure, value) => text(value).or_else(|| number(value)).map(|said| vec![said]),
        (Kind::Switch, DeValue::Boolean(on)) => Some(vec![on.to_string()]),
        (Kind::Switch, _) => None,
        (Kind::List, DeValue::Array(list)) => list.iter().map(|one| text(one.get_ref())).collect(),
        (Kind::List, value) => text(value).map(|text| vec![text]),
    }
}

/// The section that is meant by the name of one that is none.
fn near_section(name: &str) -> Option<&'static str> {
    keys::nearest(name, keys::SECTIONS.iter().copied().chain([keys::COLUMNS]))
}

/// What to say about a section that nobody knows, though a setting may have its name.
fn unknown_section(name: &str) -> String {
    let near = near_section(name).map_or(String::new(), |near| format!("; did you mean `[{near}]`?"));
    format!("unknown section `[{name}]`{near}")
}

/// What to say about a key that nobody knows in this section.
fn unknown_key(section: &str, key: &str) -> String {
    if KEY_ITSELF.contains(&key.to_lowercase().replace('-', "_").as_str()) {
        return format!(
            "`{key}`: the API key is never in a campaign file, which is copied and shared; take it out, and set CONNECTSAFELY_API_KEY or name a file with --api-key-file"
        );
    }
    if section.is_empty() && (key == keys::COLUMNS || keys::SECTIONS.contains(&key)) {
        return format!("`{key}` is a section; write [{key}] on a line of its own and its keys below");
    }
    if let Some(setting) = keys::ALL.iter().find(|setting| setting.key == key) {
        return match setting.section {
            keys::Section::In(name) | keys::Section::Either(name) => format!("`{key}` belongs in [{name}]"),
            keys::Section::Top => format!("`{key}` belongs before the first section, not in [{section}]"),
        };
    }
    let here = keys::ALL
        .iter()
        .filter(|setting| setting.section.holds(section))
        .map(|setting| setting.key);
    let sections = keys::SECTIONS.iter().copied().chain([keys::COLUMNS]).filter(|_| section.is_empty());
    let place = if section.is_empty() {
        String::new()
    } else {
        format!(" in [{section}]")
    };
    let elsewhere = || keys::nearest(key, keys::ALL.iter().map(|setting| setting.key));
    match keys::nearest(key, here.chain(sections)).or_else(elsewhere) {
        Some(near) => format!("unknown key `{key}`{place}; did you mean `{near}`?"),
        None => format!("unknown key `{key}`{place}; every long flag of `rowcast run --help` is a key, with `_` for `-`"),
    }
}

#[cfg(test)]
mod tests;
