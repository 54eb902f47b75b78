//! The database file: made, opened, and brought to the newest form.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::DatabaseError;

/// How long a transaction waits for those of other campaigns.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before asking again for what `SQLite` does not wait for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// All statements of both rooms stay prepared.
const STATEMENTS: usize = 32;

/// 32 MiB of pages of 4 KiB, which the file of the log has then.
const PAGES_BETWEEN_CHECKPOINTS: i64 = 8192;

/// What makes each form of the database from the one before. `user_version` counts those that were taken.
///
/// A contact is a person's name, the text and how it stands; the index by doubt finds what a campaign left open. A permit is
/// a request that left: limits look at the newest of a key or of an account, or count those of a day. A hold is until when the
/// service takes nothing from an account, by its word or, for the so many times in a row that it named no time, by ours. A clock
/// is how far that of a service is ahead of the time of its permits, and the last of these.
const STEPS: [&str; 3] = [
    "
    CREATE TABLE campaign (
        id INTEGER PRIMARY KEY,
        journal TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        scope TEXT NOT NULL
    );
    CREATE TABLE contact (
        person TEXT NOT NULL,
        campaign INTEGER NOT NULL REFERENCES campaign (id),
        sha256 TEXT NOT NULL,
        at INTEGER NOT NULL,
        state INTEGER NOT NULL,
        PRIMARY KEY (person, campaign, sha256)
    ) WITHOUT ROWID;
    CREATE INDEX contact_in_doubt ON contact (campaign) WHERE state <> 1;

    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO fact VALUES ('salt', lower(hex(randomblob(32))));
    CREATE TABLE permit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, account TEXT NOT NULL, campaign TEXT NOT NULL,
        left_at INTEGER NOT NULL, until_at INTEGER NOT NULL, answered INTEGER NOT NULL, counted INTEGER NOT NULL, fresh INTEGER NOT NULL
    );
    CREATE INDEX permit_of_key ON permit (key, id);
    CREATE INDEX permit_of_account ON permit (account, id);
    CREATE INDEX permit_of_day ON permit (account, until_at);
    CREATE TABLE account (account TEXT PRIMARY KEY, first_at INTEGER NOT NULL) WITHOUT ROWID;
",
    "CREATE TABLE hold (account TEXT PRIMARY KEY, until_at INTEGER NOT NULL) WITHOUT ROWID;",
    "
    CREATE TABLE clock (service TEXT PRIMARY KEY, ahead INTEGER, last_at INTEGER) WITHOUT ROWID;
    INSERT INTO clock (service, last_at)
        SELECT substr(account, 1, instr(account, ' ') - 1), max(left_at) FROM permit GROUP BY 1;
    ALTER TABLE hold ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE hold ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;
",
];

/// Opens for reading alone. Nothing is changed.
pub(super) fn read(path: &Path) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = DatabaseError::sql("read", path);
    let connection = Connection::open_with_flags(path, flags).map_err(&sql)?;
    connection.busy_timeout(PATIENCE).map_err(&sql)?;
    let version = match version(&connection) {
        // Whoever wrote it last was ended in the middle: what it left is put in order by somebody who may write.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) => {
            drop(connection);
            return write(path);
        }
        told => told.map_err(&sql)?,
    };
    judge(path, version)?;
    match usize::try_from(version) {
        Ok(taken) if taken == STEPS.len() => Ok(connection),
        // An older form, or one whose making was cut short, is brought up to date by whoever may write.
        _ => {
            drop(connection);
            write(path)
        }
    }
}

/// Opens for writing; makes what is not there: the folder (0700), the file (0600), the tables.
pub(super) fn write(path: &Path) -> Result<Connection, DatabaseError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(DatabaseError::io("make the folder of", path))?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(DatabaseError::io("write", path))?;
    let sql = DatabaseError::sql("write", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(&sql)?;
    connection.busy_timeout(PATIENCE).map_err(&sql)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    use_write_ahead_log(&connection).map_err(&sql)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(&sql)?;
    // A checkpoint waits for the disk, and claims wait for it: seldom, and mostly when the last campaign closes.
    connection
        .pragma_update(None, "wal_autocheckpoint", PAGES_BETWEEN_CHECKPOINTS)
        .map_err(&sql)?;
    judge(path, version(&connection).map_err(&sql)?)?;
    take_steps(&mut connection).map_err(&sql)?;
    Ok(connection)
}

/// Turns the write-ahead log on, which the file then remembers. `SQLite` does not wait by itself for others here: they may be
/// doing the same, or putting in order what a process left that was ended.
fn use_write_ahead_log(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) && began.elapsed() < PATIENCE => {
                std::thread::sleep(LOOK_AGAIN);
            }
            outcome => return outcome,
        }
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn judge(path: &Path, found: i64) -> Result<(), DatabaseError> {
    if usize::try_from(found).is_ok_and(|taken| taken <= STEPS.len()) {
        return Ok(());
    }
    Err(DatabaseError::Newer {
        path: path.to_owned(),
        found,
    })
}

fn take_steps(connection: &mut Connection) -> rusqlite::Result<()> {
    if usize::try_from(version(connection)?) == Ok(STEPS.len()) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another campaign may have taken them meanwhile.
    let taken = usize::try_from(version(&transaction)?).unwrap_or_default();
    for step in STEPS.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))?;
    transaction.commit()
}

/// Renames a damaged database and what belongs to it.
pub(super) fn lay_aside(path: &Path) -> Result<(), DatabaseError> {
    for part in ["", "-wal", "-shm"] {
        let from = beside(path, part);
        if from.exists() {
            let to = beside(path, &format!("{part}.damaged"));
            std::fs::rename(&from, to).map_err(DatabaseError::io("lay aside", path))?;
        }
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}
