//! Which files a campaign is made of, by name.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use rowcast::campaign::settings::CampaignFiles;

use super::error::SettingsError;

/// What CAMPAIGN can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignKind {
    /// A `campaign.toml`.
    File,
    /// The sheet itself.
    Sheet,
}

const SHEETS: &[&str] = &["csv", "tsv", "txt", "xlsx", "ods"];

impl CampaignKind {
    /// What `path` is by its name, in any case.
    ///
    /// # Errors
    /// Where the name is neither that of a campaign file nor that of a sheet.
    pub fn of(path: &Path) -> Result<Self, SettingsError> {
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default()
            .to_lowercase();
        match extension.as_str() {
            "toml" => Ok(Self::File),
            sheet if SHEETS.contains(&sheet) => Ok(Self::Sheet),
            _ => Err(SettingsError::NoCampaign {
                path: path.to_owned(),
                hint: hint(path, &extension),
            }),
        }
    }
}

fn hint(path: &Path, extension: &str) -> String {
    let inside = path.join("campaign.toml");
    match extension {
        _ if inside.is_file() => format!("; did you mean {}?", inside.display()),
        "xls" | "xlsm" | "xlsb" | "numbers" => "; save it as .xlsx or .csv".to_owned(),
        "journal" => "; this is a journal, which belongs to a campaign and is none".to_owned(),
        _ => String::new(),
    }
}

/// Where results go that nobody placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `SHEET_STEM.results.csv`
    Service,
    /// `SHEET_STEM.sandbox.results.csv`
    Sandbox,
}

/// The results beside the sheet.
pub fn default_results(sheet: &Path, stage: Stage) -> PathBuf {
    let mut name = sheet.file_stem().map_or_else(OsString::new, OsString::from);
    name.push(match stage {
        Stage::Service => ".results.csv",
        Stage::Sandbox => ".sandbox.results.csv",
    });
    sheet.with_file_name(name)
}

/// The journal beside the results: their name with `.journal` for `.csv`.
pub fn journal_of(results: &Path) -> PathBuf {
    let is_csv = results.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if is_csv {
        return results.with_extension("journal");
    }
    let mut name = results.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".journal");
    results.with_file_name(name)
}

/// Refuses results and journals that would overwrite what the campaign is made from.
///
/// # Errors
/// Where one of the files written is one of the files read.
pub fn keep_apart(files: &CampaignFiles) -> Result<(), SettingsError> {
    let read = [
        ("the sheet", Some(&files.sheet)),
        ("the message template", files.message.as_ref()),
        ("the subject template", files.subject.as_ref()),
        ("the campaign file", Some(&files.campaign)),
    ];
    if files.results.file_name().is_none() {
        let text = format!("--results {}: names no file", files.results.display());
        return Err(SettingsError::Conflict(text));
    }
    if let Some(why) = no_results(&files.results) {
        let text = format!("--results {}: {why}", files.results.display());
        return Err(SettingsError::Conflict(text));
    }
    for (written, what) in [(&files.results, "results"), (&files.journal, "journal")] {
        let place = place(written);
        for (name, path) in read {
            if path.is_some_and(|path| self::place(path) == place) {
                let text = format!(
                    "{}: {name} cannot be the {what} as well; name another file with --results",
                    written.display()
                );
                return Err(SettingsError::Conflict(text));
            }
        }
    }
    Ok(())
}

/// The path without `name/..`, where that is the same file: a link may lead elsewhere, and then back up to another folder.
pub fn plain(path: PathBuf) -> PathBuf {
    let mut folded = PathBuf::new();
    for part in path.components() {
        match (part, folded.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => drop(folded.pop()),
            (part, _) => folded.push(part),
        }
    }
    if place(&folded) == place(&path) { folded } else { path }
}

/// Why results are not written under this name, although they could be.
fn no_results(path: &Path) -> Option<&'static str> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_lowercase().as_str() {
        _ if path == Path::new("-") => Some("results are kept in a file, from which a run goes on; `rowcast results -o -` shows them"),
        "xlsx" | "xlsm" | "xls" | "ods" => Some("results are CSV, which no program opens under this name; call them .csv"),
        _ => None,
    }
}

/// One name for one file, as far as it can be known: links followed where the file is there, dots folded where it is not.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = path.canonicalize() {
        return place;
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if let (Ok(folder), Some(name)) = (folder.canonicalize(), path.file_name()) {
        return folder.join(name);
    }
    let mut folded = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => {
                folded.pop();
            }
            Component::CurDir => {}
            part => folded.push(part),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_told_by_its_name_in_any_case() {
        for (name, kind) in [
            ("campaign.toml", CampaignKind::File),
            ("A.TOML", CampaignKind::File),
            ("people.CSV", CampaignKind::Sheet),
            ("x/p.q.ods", CampaignKind::Sheet),
        ] {
            assert_eq!(CampaignKind::of(Path::new(name)).ok(), Some(kind), "{name}");
        }
        for name in ["people", "people.json", "people.xls", "people.results.journal", ".csv", ""] {
            assert!(CampaignKind::of(Path::new(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn a_folder_is_refused_with_the_campaign_that_is_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("campaign.toml"), "").expect("written");
        let error = CampaignKind::of(folder.path()).expect_err("a folder").to_string();
        assert!(error.ends_with("campaign.toml?"), "{error}");
    }

    #[test]
    fn results_lie_beside_the_sheet_and_the_journal_beside_the_results() {
        for (sheet, results, journal) in [
            ("people.csv", "people.results.csv", "people.results.journal"),
            ("a/people.2024.xlsx", "a/people.2024.results.csv", "a/people.2024.results.journal"),
        ] {
            assert_eq!(default_results(Path::new(sheet), Stage::Service), Path::new(results));
            assert_eq!(journal_of(Path::new(results)), Path::new(journal));
        }
        let sandbox = default_results(Path::new("a/people.csv"), Stage::Sandbox);
        assert_eq!(sandbox, Path::new("a/people.sandbox.results.csv"));
        assert_eq!(journal_of(Path::new("a/out.CSV")), Path::new("a/out.journal"));
        assert_eq!(journal_of(Path::new("a/out.txt")), Path::new("a/out.txt.journal"));
        assert_eq!(journal_of(Path::new("a/out")), Path::new("a/out.journal"));
    }

    #[test]
    fn results_never_overwrite_what_the_campaign_is_made_from() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("people.csv"), "").expect("written");
        let files = |results: PathBuf| CampaignFiles {
            campaign: path("campaign.toml"),
            sheet: path("people.csv"),
            message: Some(path("m.txt")),
            subject: Some(path("notes.journal")),
            journal: journal_of(&results),
            results,
        };
        assert!(keep_apart(&files(path("out.csv"))).is_ok());
        for name in ["people.csv", "./people.csv", "x/../m.txt", "campaign.toml", "notes.csv", ".."] {
            assert!(keep_apart(&files(path(name))).is_err(), "{name}");
        }
    }
}
