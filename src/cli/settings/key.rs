//! The API key: where it comes from, and how it is read.

use std::path::Path;

use rowcast::campaign::settings::{KeySource, Secret};

use super::error::SettingsError;
use super::keys;
use super::layers::{Layers, Surroundings};

/// A key that was read, and what is to be said about where it lay.
pub struct ReadKey {
    /// The key.
    pub key: Secret,
    /// A warning: other users of this machine can read the file.
    pub warning: Option<String>,
}

/// Where the key comes from: the flag's file; else the environment's key, then its file; else the same of `.env`; else the campaign file's.
///
/// # Errors
/// Where a variable is no text.
pub fn source(flag: Option<&Path>, layers: &Layers<'_>) -> Result<KeySource, SettingsError> {
    if let Some(path) = flag {
        return Ok(KeySource::File(path.to_owned()));
    }
    if let Some(source) = of_environment(layers.surroundings)? {
        return Ok(source);
    }
    if let Some(file) = &layers.dotenv {
        let said = keys::KEY_VARIABLES.iter().find_map(|name| file.get(name).map(|key| (*name, key)));
        if let Some((name, key)) = said {
            let name = format!("{name} of {}", file.path().display());
            return Ok(KeySource::Variable {
                name,
                key: Secret::new(key),
            });
        }
    }
    // What is left is .env's or the campaign file's ROWCAST_API_KEY_FILE, since the environment's was looked at above.
    let path = layers.pick_path(None, &keys::API_KEY_FILE)?;
    Ok(path.map_or(KeySource::Missing, KeySource::File))
}

fn of_environment(surroundings: &Surroundings) -> Result<Option<KeySource>, SettingsError> {
    for name in keys::KEY_VARIABLES {
        if let Some(key) = surroundings.get(name)? {
            return Ok(Some(KeySource::Variable {
                name: (*name).to_owned(),
                key: Secret::new(key),
            }));
        }
    }
    for name in keys::API_KEY_FILE.variables {
        if let Some(path) = surroundings.get(name)? {
            return Ok(Some(KeySource::File(path.into())));
        }
    }
    Ok(None)
}

/// Reads the key.
///
/// # Errors
/// Where there is none, its file cannot be read, or what is there cannot be a key. The error never has the key.
pub fn read(source: &KeySource) -> Result<ReadKey, SettingsError> {
    match source {
        KeySource::Missing => Err(SettingsError::Conflict(
            "no API key: set CONNECTSAFELY_API_KEY, in the environment or in .env, or name a file with --api-key-file; or try the campaign with --sandbox".to_owned(),
        )),
        KeySource::Variable { name, key } => checked(key.expose(), name).map(|key| ReadKey { key, warning: None }),
        KeySource::File(path) => read_file(path),
    }
}

fn read_file(path: &Path) -> Result<ReadKey, SettingsError> {
    if looks_like_a_key(path) {
        let text = "--api-key-file: this looks like the key itself; put it into a file and name the file, or set CONNECTSAFELY_API_KEY";
        return Err(SettingsError::Conflict(text.to_owned()));
    }
    let hint = "; --api-key-file names the file with the API key";
    let text = std::fs::read(path).map_err(|source| SettingsError::Read {
        path: path.to_owned(),
        hint,
        source,
    })?;
    let text = String::from_utf8_lossy(&text);
    let line = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let line = line.ok_or_else(|| SettingsError::File {
        path: path.to_owned(),
        text: "no key in it; --api-key-file names a file whose first line is the API key".to_owned(),
    })?;
    let key = checked(line, &path.display().to_string())?;
    Ok(ReadKey {
        key,
        warning: readable_by_others(path),
    })
}

/// Whether somebody gave the key where its file was asked for: 32 hexadecimal digits, with or without hyphens, and no such file.
fn looks_like_a_key(path: &Path) -> bool {
    let text = path.file_name().unwrap_or_default().to_string_lossy();
    let digits = text.chars().filter(char::is_ascii_hexdigit).count();
    digits == 32 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') && !path.exists()
}

fn checked(key: &str, place: &str) -> Result<Secret, SettingsError> {
    if key.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(Secret::new(key));
    }
    Err(SettingsError::Conflict(format!(
        "{place}: the API key has spaces or characters that no key has; copy it again"
    )))
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let text = || format!("{} can be read by other users of this machine; `chmod 600` it", path.display());
    (mode & 0o044 != 0).then(text)
}

/// Files of a Windows account are its own unless somebody shares them, and the standard library cannot tell.
#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(source: &KeySource) -> String {
        read(source).err().expect("a refusal").to_string()
    }

    #[test]
    fn the_first_line_that_is_not_blank_is_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        std::fs::write(&path, "\u{feff}\r\n  abc-123 \r\nmore\r\n").expect("written");
        let read = read(&KeySource::File(path)).expect("a key");
        assert_eq!(read.key.expose(), "abc-123");
        assert_eq!(read.warning.is_some(), cfg!(unix));
    }

    #[test]
    fn a_key_that_cannot_be_one_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        for text in ["hush hush", "hush\u{7}", "hushé"] {
            std::fs::write(&path, text).expect("written");
            let refusal = refusal(&KeySource::File(path.clone()));
            assert!(!refusal.contains("hush"), "{refusal}");
        }
        std::fs::write(&path, "\n\n").expect("written");
        assert!(refusal(&KeySource::File(path)).contains("no key in it"));
        assert!(refusal(&KeySource::Missing).contains("CONNECTSAFELY_API_KEY"));
    }

    #[test]
    fn the_key_itself_in_place_of_its_file_is_not_repeated() {
        let refusal = refusal(&KeySource::File("0123abcd-0000-1111-2222-333344445555".into()));
        assert!(!refusal.contains("0123abcd"), "{refusal}");
    }
}
