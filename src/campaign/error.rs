//! Why a use case could not do what was asked, typed up to the exit code.

use super::problems::Problems;
use crate::adapters::api::{ApiError, ApiKeyError, BaseUrlError};
use crate::adapters::calendar::ZoneError;
use crate::adapters::database::DatabaseError;
use crate::adapters::journal::JournalError;
use crate::adapters::pages::PageError;
use crate::adapters::results::ResultsError;
use crate::adapters::sheet::SheetError;
use crate::adapters::suppress::SuppressError;
use crate::adapters::template::TemplateErrors;

/// Why nothing was done, or not all.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The sheet cannot be read for certain.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The templates cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateErrors),
    /// The journal is held, damaged, of another campaign, or cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The results cannot be read back or written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A page cannot be made or written.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A do-not-contact list cannot be read for certain.
    #[error(transparent)]
    Suppress(#[from] SuppressError),
    /// The contact history cannot be asked or written.
    #[error("{0} (or send without it: --allow-repeat, and no --cooldown)")]
    History(DatabaseError),
    /// The base URL may not be used.
    #[error(transparent)]
    BaseUrl(#[from] BaseUrlError),
    /// The API key cannot be used.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyError),
    /// The client cannot be set up.
    #[error(transparent)]
    Client(#[from] ApiError),
    /// No key was given.
    #[error("no API key; set CONNECTSAFELY_API_KEY, or name a file with --api-key-file (or try --sandbox, which needs none)")]
    NoKey,
    /// No message template was given, and none is known from an earlier run.
    #[error("no message template; name one with --message FILE, or as `message` in campaign.toml")]
    NoMessage,
    /// Rows that cannot be rendered or addressed.
    #[error("{count} of {rows} rows cannot be sent; `rowcast check` lists them, and --skip-invalid sends the others")]
    InvalidRows {
        /// How many.
        count: usize,
        /// Rows of the sheet.
        rows: usize,
        /// What is wrong.
        problems: Problems,
    },
    /// The templates have what another tool would have filled in.
    #[error("the templates have {count} placeholders of another tool, which would be sent as they stand")]
    Placeholders {
        /// How many.
        count: usize,
        /// What is wrong.
        problems: Problems,
    },
    /// Warnings, and `--strict`.
    #[error("{count} warnings, and --strict makes them errors; `rowcast check` lists them")]
    Warnings {
        /// How many.
        count: usize,
        /// What is wrong.
        problems: Problems,
    },
    /// Several accounts, and nothing says which one sends.
    #[error("the key has several accounts ({0}); say which one sends: --account ID, or an `account` column")]
    SeveralAccounts(String),
    /// A name that is no account's, or several accounts'.
    #[error("account `{name}` is {what} of the key's accounts ({listed}); name it by its id, its public id or its full name")]
    AccountName {
        /// What the sheet or the setting says.
        name: String,
        /// How many it names.
        what: &'static str,
        /// The accounts that there are.
        listed: String,
    },
    /// The service refused the key when it was asked for the accounts.
    #[error("the service refuses the API key: {0}")]
    KeyRefused(String),
    /// There is neither journal nor results.
    #[error("nothing was sent yet, so there is nothing to reconcile")]
    NothingSent,
    /// None of the rows that were named is in doubt.
    #[error("none of the rows of --rows is unconfirmed; `rowcast results --status unconfirmed -o FILE` lists those that are")]
    NotUnconfirmed,
    /// Another run began this campaign between planning and sending.
    #[error("another run began this campaign meanwhile; nothing was sent; type the same command again")]
    Overtaken,
    /// The sandbox could not be started.
    #[error("the sandbox cannot be started: {0}")]
    Sandbox(String),
    /// The limits that campaigns share cannot be kept.
    #[error(transparent)]
    Permits(DatabaseError),
    /// No time zone has this name.
    #[error("{0} (--timezone)")]
    Zone(#[from] ZoneError),
    /// No account of the run can send.
    #[error("no account of this campaign can send: {0}")]
    Accounts(String),
    /// Settings that contradict one another.
    #[error("{0}")]
    Settings(String),
}

impl CampaignError {
    /// Whether the disk or rowcast itself failed, rather than something that a person can mend before anything is sent.
    #[must_use]
    pub fn is_breakage(&self) -> bool {
        match self {
            Self::Journal(JournalError::Failed { .. }) => true,
            Self::Journal(JournalError::Io { source, .. }) => is_disk(source),
            Self::Results(ResultsError::Io { source, .. }) => is_disk(source),
            Self::History(error) => error.is_disk(),
            _ => false,
        }
    }
}

/// Whether the disk itself failed, rather than a path or a right that a person can mend.
fn is_disk(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    !matches!(
        error.kind(),
        AlreadyExists | InvalidInput | IsADirectory | NotADirectory | NotFound | PermissionDenied | ReadOnlyFilesystem
    )
}
