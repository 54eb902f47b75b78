//! The file `.env`: read, never put into the environment of the process.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::error::SettingsError;
use super::keys;

/// What a `.env` says for the variables that rowcast reads; the others are passed over.
pub struct DotEnv {
    path: PathBuf,
    variables: BTreeMap<String, String>,
}

impl DotEnv {
    /// The `.env` of the first of these folders that has one.
    ///
    /// # Errors
    /// Where it is there and cannot be read. The error has nothing of its text, which may be the key.
    pub fn of_first(folders: &[&Path]) -> Result<Option<Self>, SettingsError> {
        for folder in folders {
            let path = folder.join(".env");
            match std::fs::read(&path) {
                Ok(bytes) => return Self::parse(path, &bytes).map(Some),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(SettingsError::Read { path, hint: "", source }),
            }
        }
        Ok(None)
    }

    fn parse(path: PathBuf, bytes: &[u8]) -> Result<Self, SettingsError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        let mut variables = BTreeMap::new();
        for line in dotenvy::from_read_iter(bytes) {
            let (name, value) = match line {
                Ok(read) => read,
                Err(dotenvy::Error::LineParse(part, _)) if is_foreign(&part, &text) => continue,
                Err(_) => {
                    let text = "a line is not NAME=value; put quotes around a value with spaces or special characters".to_owned();
                    return Err(SettingsError::File { path, text });
                }
            };
            if keys::is_variable(&name) {
                variables.insert(name, value);
            }
        }
        Ok(Self { path, variables })
    }

    /// The value of a variable, where the file has one that is not blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether what cannot be read sets somebody else's variable: other tools write what this reading does not take. `part` is a line, or
/// what follows its `=`; a quote that is never closed has taken in all lines below, which may be ours.
fn is_foreign(part: &str, text: &str) -> bool {
    let first = part.lines().next().unwrap_or_default();
    let mut lines = text.lines().filter(|line| line.contains(first)).chain(part.lines().skip(1));
    let is_ours = |line: &str| keys::variables().any(|name| line.contains(name));
    lines.clone().any(|line| line.contains('=')) && !lines.any(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_rowcast_are_read_and_the_others_are_not() {
        let text =
            b"\xef\xbb\xbf# a comment\r\nCONNECTSAFELY_API_KEY=\"abc def\"\r\nexport ROWCAST_RATE=2/s\nHOME=/nowhere\nROWCAST_TIMEOUT=\n";
        let file = DotEnv::parse(PathBuf::from(".env"), text).expect("a .env");
        assert_eq!(file.get("CONNECTSAFELY_API_KEY"), Some("abc def"));
        assert_eq!(file.get("ROWCAST_RATE"), Some("2/s"));
        assert_eq!(file.get("HOME"), None);
        assert_eq!(file.get("ROWCAST_TIMEOUT"), None);
    }

    #[test]
    fn a_broken_line_is_an_error_that_names_the_file_and_not_the_line() {
        for text in ["CONNECTSAFELY_API_KEY=\"hush-hush", "hush-hush", "CONNECTSAFELY_API_KEY=hush 'hush"] {
            let error = DotEnv::parse(PathBuf::from("x/.env"), text.as_bytes())
                .err()
                .expect(text)
                .to_string();
            assert!(error.starts_with("x/.env: ") && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn lines_of_other_tools_are_passed_over() {
        let text = "DESCRIPTION=My great app\nJSON={\"a\": 1}\nROWCAST_RATE=2/s\nHOME DIR=x y\nROWCAST_TIMEOUT=5s\n";
        let file = DotEnv::parse(PathBuf::from(".env"), text.as_bytes()).expect("a .env");
        assert_eq!(file.get("ROWCAST_RATE"), Some("2/s"));
        assert_eq!(file.get("ROWCAST_TIMEOUT"), Some("5s"));
        for text in ["NAME='never closed\nROWCAST_RATE=2/s\n", "ROWCAST_RATE=2 per second\n"] {
            assert!(DotEnv::parse(PathBuf::from(".env"), text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_folder_that_has_one_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir(&first).expect("a folder");
        std::fs::create_dir(&second).expect("a folder");
        std::fs::write(second.join(".env"), "ROWCAST_RATE=2/s\n").expect("written");
        let found = DotEnv::of_first(&[&first, &second]).expect("readable").expect("found");
        assert_eq!(found.path(), second.join(".env"));
        std::fs::write(first.join(".env"), "ROWCAST_RATE=1/s\n").expect("written");
        let found = DotEnv::of_first(&[&first, &second]).expect("readable").expect("found");
        assert_eq!(found.get("ROWCAST_RATE"), Some("1/s"));
    }
}
