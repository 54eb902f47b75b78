//! The form of the database, and how it is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::error::PermitsError;
use crate::model::time::Moment;

/// The form that this version reads and writes.
const FORMAT: i64 = 1;
/// How long to wait for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(10);
/// Permits older than this are forgotten: no limit reaches further back.
const KEPT: Duration = Duration::from_hours(32 * 24);

const TABLES: &str = "
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO facts VALUES ('salt', lower(hex(randomblob(32))));
    CREATE TABLE permits (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, account TEXT NOT NULL, campaign TEXT NOT NULL,
        left_at INTEGER NOT NULL, until_at INTEGER NOT NULL, answered INTEGER NOT NULL, counted INTEGER NOT NULL, fresh INTEGER NOT NULL
    );
    CREATE INDEX permits_of_key ON permits (key, id);
    CREATE INDEX permits_of_account ON permits (account, id);
    CREATE INDEX permits_of_day ON permits (account, until_at);
    CREATE TABLE accounts (account TEXT PRIMARY KEY, first_at INTEGER NOT NULL) WITHOUT ROWID;
";

/// Opens the database; makes it where it is not there.
pub(super) fn open(path: &Path, now: Moment) -> Result<Connection, PermitsError> {
    make_private(path).map_err(|(path, source)| PermitsError::Make { path, source })?;
    let failed = |source| PermitsError::Database {
        verb: "open",
        path: path.to_owned(),
        source,
    };
    let connection = Connection::open(path).map_err(failed)?;
    match prepare(&connection, now).map_err(failed)? {
        FORMAT => Ok(connection),
        format => Err(PermitsError::Later {
            path: path.to_owned(),
            format,
        }),
    }
}

/// Returns the form that the database has.
fn prepare(connection: &Connection, now: Moment) -> rusqlite::Result<i64> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format == 0 {
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
    }
    if format <= FORMAT {
        connection.execute("DELETE FROM permits WHERE until_at < ?", [(now - KEPT).as_millis()])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(if format == 0 { FORMAT } else { format })
}

/// Makes folder and file, readable by their owner alone.
fn make_private(path: &Path) -> Result<(), (std::path::PathBuf, std::io::Error)> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| (folder.to_owned(), source))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    // On Windows the folder of a user's data is that user's own.
    options.open(path).map(drop).map_err(|source| (path.to_owned(), source))
}
