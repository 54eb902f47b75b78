//! `rowcast init`: a campaign folder to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The sample's campaign file; its templates lie one folder up, in a new campaign beside it.
const CAMPAIGN: &str = include_str!("../../samples/campaign.toml");

/// What a repository of somebody's already has, and which is theirs.
const IGNORED: &str = ".gitignore";

const FILES: [(&str, &str); 4] = [
    ("people.csv", include_str!("../../samples/people.csv")),
    ("templates/message.txt", include_str!("../../templates/message.txt")),
    ("templates/subject.txt", include_str!("../../templates/subject.txt")),
    (IGNORED, include_str!("../../samples/.gitignore")),
];

/// Why a campaign could not be started.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("{}: is there already, and nothing was written; name another folder: rowcast init DIR", .0.display())]
    Exists(PathBuf),
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
}

/// Name and text of every file of a new campaign.
fn files() -> impl Iterator<Item = (&'static str, String)> {
    let campaign = CAMPAIGN.replace("\"../templates/", "\"templates/");
    let others = FILES.map(|(name, text)| (name, text.to_owned()));
    [("campaign.toml", campaign)].into_iter().chain(others)
}

/// Writes a campaign into `folder`, which is made where it is not there. Returns the paths that were written.
///
/// # Errors
/// Where one of the files is there already: then none is written, but for a `.gitignore`, which is left as it is. Where something
/// cannot be written.
pub fn write(folder: &Path) -> Result<Vec<PathBuf>, InitError> {
    let folder = shown(folder);
    let is_there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
    if let Some((name, _)) = files().find(|(name, _)| *name != IGNORED && is_there(name)) {
        return Err(InitError::Exists(folder.join(name)));
    }
    let keeps_own = is_there(IGNORED);
    let templates = folder.join("templates");
    fs::create_dir_all(&templates).map_err(|source| InitError::Write { path: templates, source })?;
    files()
        .filter(|(name, _)| *name != IGNORED || !keeps_own)
        .map(|(name, text)| write_new(folder.join(name), &text))
        .collect()
}

/// What somebody should put into the `.gitignore` that was left as it is, if it was.
pub fn kept(written: &[PathBuf]) -> Option<String> {
    let own = !written.iter().any(|path| path.ends_with(IGNORED));
    own.then(|| format!("left {IGNORED} as it is; let it have .env, *.results.csv and *.results.journal"))
}

fn write_new(path: PathBuf, text: &str) -> Result<PathBuf, InitError> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(InitError::Exists(path)),
        Err(source) => Err(InitError::Write { path, source }),
    }
}

/// The folder without a leading dot, as a person would type what is in it.
fn shown(folder: &Path) -> &Path {
    folder.strip_prefix(".").unwrap_or(folder)
}

/// What to type next, for the campaign in `folder`.
pub fn next_steps(folder: &Path) -> String {
    let mut campaign = shown(folder).join("campaign.toml").display().to_string();
    if campaign.contains(char::is_whitespace) {
        campaign = format!("\"{campaign}\"");
    }
    format!(
        "Next:\n  rowcast preview {campaign} --limit 3   the first messages\n  rowcast run {campaign} --sandbox       \
         try it: nobody gets anything\nThen put your people into people.csv, and `rowcast check {campaign}`."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::CampaignArgs;
    use crate::cli::settings::{Surroundings, Typed, resolve};

    #[test]
    fn a_new_campaign_is_one_that_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("a/b");
        let written = write(&place).expect("written");
        assert_eq!(written.len(), 5);
        let campaign = CampaignArgs {
            campaign: place.join("campaign.toml"),
            ..CampaignArgs::default()
        };
        let surroundings = Surroundings {
            folder: place.clone(),
            ..Surroundings::default()
        };
        let settings = resolve(
            Typed {
                campaign,
                ..Typed::default()
            },
            &surroundings,
        )
        .expect("settings");
        assert_eq!(settings.files.message, Some(place.join("templates/message.txt")));
        assert_eq!(settings.files.subject, Some(place.join("templates/subject.txt")));
        for path in [Some(settings.files.sheet), settings.files.message, settings.files.subject]
            .into_iter()
            .flatten()
        {
            assert!(path.is_file(), "{}", path.display());
        }
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_else_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("people.csv"), "mine").expect("written");
        let error = write(folder.path()).expect_err("a refusal").to_string();
        assert!(error.contains("people.csv"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join("people.csv")).expect("readable"), "mine");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
    }

    #[test]
    fn a_gitignore_is_left_as_it_is_and_keeps_nobody_from_starting() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(".gitignore"), "target\n").expect("written");
        let written = write(folder.path()).expect("a campaign");
        assert!(kept(&written).expect("a word about it").contains("*.results.journal"));
        assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).expect("readable"), "target\n");
        assert_eq!(written.len(), 4);
        let fresh = write(&folder.path().join("fresh")).expect("a campaign");
        assert_eq!(kept(&fresh), None);
    }

    #[test]
    fn the_next_command_can_be_typed_as_it_stands() {
        assert!(next_steps(Path::new(".")).contains("rowcast check campaign.toml`"));
        assert!(next_steps(Path::new("my round")).contains("\"my round"));
    }
}
