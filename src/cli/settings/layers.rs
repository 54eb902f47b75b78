//! Flag beats environment beats `.env` beats campaign file: the one place that knows.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::dotenv::DotEnv;
use super::error::SettingsError;
use super::file::CampaignFile;
use super::keys::{self, Section, Setting};
use super::paths;

/// What surrounds the process: its folder and its environment.
#[derive(Default)]
pub struct Surroundings {
    /// The current folder; blank for the process' own.
    pub folder: PathBuf,
    /// The variables that rowcast reads.
    pub variables: BTreeMap<String, OsString>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let named = std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)));
        Self {
            folder: PathBuf::new(),
            variables: named.filter(|(name, _)| keys::is_variable(name)).collect(),
        }
    }

    /// A variable that is there and not blank.
    ///
    /// # Errors
    /// Where its value is no text.
    pub fn get(&self, name: &str) -> Result<Option<&str>, SettingsError> {
        let Some(value) = self.variables.get(name) else { return Ok(None) };
        let value = value.to_str().ok_or_else(|| SettingsError::Variable {
            name: name.to_owned(),
            text: "its value is not UTF-8".to_owned(),
        })?;
        Ok(Some(value.trim()).filter(|value| !value.is_empty()))
    }
}

/// Whether the pace of the campaign file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePace {
    /// It does.
    Holds,
    /// It is for the service, and this run goes to the sandbox.
    PassedOver,
}

/// All places that can say a setting, but the flags.
pub struct Layers<'a> {
    /// The environment.
    pub surroundings: &'a Surroundings,
    /// The `.env`, where there is one.
    pub dotenv: Option<DotEnv>,
    /// The campaign file, where CAMPAIGN is one.
    pub file: Option<CampaignFile>,
    /// Whether the pace of the campaign file holds.
    pub file_pace: FilePace,
}

/// What the strongest layer says for a setting.
struct Said<'a> {
    texts: Vec<&'a str>,
    origin: Origin<'a>,
}

/// Who said it.
enum Origin<'a> {
    Environment(&'static str),
    DotEnv(&'a DotEnv, &'static str),
    File(&'a CampaignFile, usize),
}

impl Origin<'_> {
    fn wrong(&self, key: &str, error: &impl Display) -> SettingsError {
        match self {
            Self::Environment(name) => SettingsError::Variable {
                name: (*name).to_owned(),
                text: error.to_string(),
            },
            Self::DotEnv(file, name) => SettingsError::File {
                path: file.path().to_owned(),
                text: format!("{name}: {error}"),
            },
            Self::File(file, line) => file.wrong(*line, format!("{key}: {error}")),
        }
    }

    /// The folder that paths of this origin are relative to; blank for the current one.
    fn folder(&self) -> &Path {
        match self {
            Self::Environment(_) => Path::new(""),
            Self::DotEnv(file, _) => file.path().parent().unwrap_or(Path::new("")),
            Self::File(file, _) => file.folder(),
        }
    }
}

impl Layers<'_> {
    /// What the environment, else `.env`, else the campaign file says.
    fn said(&self, setting: &Setting) -> Result<Option<Said<'_>>, SettingsError> {
        for name in setting.variables {
            if let Some(value) = self.surroundings.get(name)? {
                return Ok(Some(Said {
                    texts: vec![value],
                    origin: Origin::Environment(name),
                }));
            }
        }
        if let Some(file) = &self.dotenv {
            for name in setting.variables {
                if let Some(value) = file.get(name) {
                    return Ok(Some(Said {
                        texts: vec![value],
                        origin: Origin::DotEnv(file, name),
                    }));
                }
            }
        }
        if self.file_pace == FilePace::PassedOver && setting.section == Section::Either("pace") {
            return Ok(None);
        }
        let said = self.file.as_ref().and_then(|file| file.said(setting).map(|said| (file, said)));
        Ok(said.map(|(file, (texts, line))| Said {
            texts: texts.iter().map(String::as_str).collect(),
            origin: Origin::File(file, line),
        }))
    }

    /// The setting's value: the flag's, else that of the strongest layer.
    ///
    /// # Errors
    /// Where that layer's text is no such value; names the layer and its line.
    pub fn pick<T>(&self, flag: Option<T>, setting: &Setting) -> Result<Option<T>, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        if flag.is_some() {
            return Ok(flag);
        }
        self.pick_all(Vec::new(), setting).map(|all| all.into_iter().next())
    }

    /// The values of a setting that can be given several times.
    ///
    /// # Errors
    /// As for [`Layers::pick`].
    pub fn pick_all<T>(&self, flags: Vec<T>, setting: &Setting) -> Result<Vec<T>, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        if !flags.is_empty() {
            return Ok(flags);
        }
        let Some(said) = self.said(setting)? else { return Ok(Vec::new()) };
        let parse = |text: &&str| text.parse().map_err(|error: T::Err| said.origin.wrong(setting.key, &error));
        said.texts.iter().map(parse).collect()
    }

    /// The value that an account's own section of the campaign file gives a limit.
    ///
    /// # Errors
    /// Where the text is no such value; names the line.
    pub fn pick_of_account<T>(&self, account: &str, setting: &Setting) -> Result<Option<T>, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        let Some(file) = &self.file else { return Ok(None) };
        let Some((texts, line)) = file.said_of(Some(account), setting) else {
            return Ok(None);
        };
        let wrong = |error: T::Err| file.wrong(line, format!("{}: {error}", setting.key));
        texts.first().map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// The accounts that have limits of their own in the campaign file.
    pub fn limited_accounts(&self) -> Vec<String> {
        let file = self.file.as_ref().filter(|_| self.file_pace == FilePace::Holds);
        file.into_iter().flat_map(|file| file.accounts()).map(str::to_owned).collect()
    }

    /// Text that is not blank.
    ///
    /// # Errors
    /// Where it is said, and blank.
    pub fn pick_text(&self, flag: Option<String>, setting: &Setting) -> Result<Option<String>, SettingsError> {
        match flag {
            Some(text) if text.trim().is_empty() => Err(SettingsError::Conflict(format!("--{} is blank", setting.key.replace('_', "-")))),
            Some(text) => Ok(Some(text)),
            None => self.pick::<Solid>(None, setting).map(|text| text.map(|solid| solid.0)),
        }
    }

    /// A path, ready to be opened: a flag's is relative to the current folder, a file's to the folder of that file.
    ///
    /// # Errors
    /// As for [`Layers::pick_text`].
    pub fn pick_path(&self, flag: Option<PathBuf>, setting: &Setting) -> Result<Option<PathBuf>, SettingsError> {
        if flag.is_some() {
            return Ok(flag);
        }
        Ok(self.paths_of_layers(setting)?.into_iter().next())
    }

    /// The paths that the strongest layer names, without those of the flag.
    ///
    /// # Errors
    /// As for [`Layers::pick_text`].
    pub fn paths_of_layers(&self, setting: &Setting) -> Result<Vec<PathBuf>, SettingsError> {
        let Some(said) = self.said(setting)? else { return Ok(Vec::new()) };
        let path = |text: &&str| match text.parse::<Solid>() {
            Ok(solid) => Ok(paths::plain(said.origin.folder().join(solid.0))),
            Err(blank) => Err(said.origin.wrong(setting.key, &blank)),
        };
        said.texts.iter().map(path).collect()
    }

    /// `on` where the flag is given or the strongest layer says `true`, else the default of the type.
    ///
    /// # Errors
    /// As for [`Layers::pick`].
    pub fn switch<T: Default>(&self, flag: Flag, setting: &Setting, on: T) -> Result<T, SettingsError> {
        let given = flag == Flag::Given || self.pick(None, setting)?.unwrap_or(false);
        Ok(if given { on } else { T::default() })
    }
}

/// A flag without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// It stands on the command line.
    Given,
    /// It does not.
    Left,
}

impl From<bool> for Flag {
    fn from(given: bool) -> Self {
        if given { Self::Given } else { Self::Left }
    }
}

/// Text that is not blank.
struct Solid(String);

impl FromStr for Solid {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.trim().is_empty() {
            return Err("is blank; write a value, or leave it out");
        }
        Ok(Self(text.to_owned()))
    }
}
