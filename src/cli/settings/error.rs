//! Why settings could not be put together.

use std::io;
use std::path::PathBuf;

use crate::cli::exit::Exit;

/// Why settings could not be put together. None of the texts has the key, or the text of a file that may hold it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// CAMPAIGN is neither a campaign file nor a sheet.
    #[error("{}: neither a campaign.toml nor a sheet; CAMPAIGN is a .toml file, or a sheet: .csv .tsv .txt .xlsx .ods{hint}", .path.display())]
    NoCampaign {
        /// As it was typed.
        path: PathBuf,
        /// What may have been meant.
        hint: String,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}{}", .path.display(), .hint)]
    Read {
        /// The file.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Something is wrong at a line of the campaign file or of `.env`.
    #[error("{}:{line}: {text}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, and what to do.
        text: String,
    },
    /// Something is wrong with a file as a whole.
    #[error("{}: {text}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        text: String,
    },
    /// A variable of the environment holds what its setting does not take.
    #[error("environment variable {name}: {text}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong, and what to do.
        text: String,
    },
    /// Settings that cannot be meant together.
    #[error("{0}")]
    Conflict(String),
}

impl SettingsError {
    /// The status to end with.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NoCampaign { .. } => Exit::Usage,
            _ => Exit::Refused,
        }
    }
}
