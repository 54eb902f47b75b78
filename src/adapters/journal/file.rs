//! The file itself: opened for its owner alone, locked, and known to its folder.

use std::fs::{File, OpenOptions, TryLockError};
#[cfg(unix)]
use std::io;
use std::path::Path;
use std::time::Duration;

use super::error::JournalError;

/// A journal file that no other run can have. Dropping it gives it free.
#[derive(Debug)]
pub(super) struct Locked {
    pub file: File,
    /// On Windows a lock shuts out readers too, so there another file carries it.
    _lock: Option<File>,
}

/// How often a lock is tried for, and the time between two tries.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(15);

impl Locked {
    /// As [`Locked::open`], and does not give up at once: whoever only asks whether the journal is held holds it for a blink.
    pub(super) fn open_patiently(path: &Path) -> Result<Self, JournalError> {
        for _ in 1..TRIES {
            match Self::open(path) {
                Err(JournalError::Held { .. }) => std::thread::sleep(PAUSE),
                opened => return opened,
            }
        }
        Self::open(path)
    }

    /// Opens the file, creating it if need be, and locks it before anybody looks into it.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = private().open(path).map_err(JournalError::io("open", path))?;
        let lock = lock(path, &file)?;
        let metadata = file.metadata().map_err(JournalError::io("look at", path))?;
        if !metadata.is_file() {
            return Err(JournalError::NotAJournal { path: path.to_owned() });
        }
        keep_private(&file, &metadata);
        Ok(Self { file, _lock: lock })
    }

    /// A file that a test hands in.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) const fn unlocked(file: File) -> Self {
        Self { file, _lock: None }
    }
}

#[cfg(not(windows))]
fn lock(path: &Path, file: &File) -> Result<Option<File>, JournalError> {
    try_lock(path, file).map(|()| None)
}

#[cfg(windows)]
fn lock(path: &Path, _file: &File) -> Result<Option<File>, JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let sidecar = private().open(&name).map_err(JournalError::io("open the lock of", path))?;
    try_lock(path, &sidecar)?;
    Ok(Some(sidecar))
}

fn try_lock(path: &Path, file: &File) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => JournalError::Held { path: path.to_owned() },
        TryLockError::Error(source) => JournalError::io("lock", path)(source),
    })
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the rights of others away. A file system that knows no rights refuses this, and has nothing to take.
#[cfg(unix)]
fn keep_private(file: &File, metadata: &std::fs::Metadata) {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o077 != 0 {
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
    }
}

/// A file below a user's own folders is the user's alone on Windows.
#[cfg(not(unix))]
fn keep_private(_file: &File, _metadata: &std::fs::Metadata) {}

/// Makes the folder remember that it has the file. Folders that cannot be synced (some network file systems) keep
/// their entries by themselves.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> Result<(), JournalError> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(JournalError::io("sync the folder of", path)(error))
        }
        _ => Ok(()),
    }
}

/// Windows writes a new folder entry with the file's own sync.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the counterpart on unix can fail")]
pub(super) fn sync_folder(_path: &Path) -> Result<(), JournalError> {
    Ok(())
}
