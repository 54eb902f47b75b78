//! The journal: the append-only file of what was intended and what became of it, and the truth about a campaign.
//!
//! A line is one record, `{"n":7,"intent":{…},"crc":"0a1b2c3d"}`: its number from 0, one member named after its kind, and
//! the CRC-32 of everything before `,"crc"`. Record 0 is the head. A lost, doubled or changed line is found by number
//! and checksum; the submodule `replay` says what counts as a tail that was cut short.
//!
//! Opening locks and replays, in this order: nobody holds a journal without having read it. One thread writes; an
//! entry that was appended is on disk, synced, before its future resolves.

mod error;
mod file;
mod lines;
mod reader;
mod record;
mod replay;
#[cfg(test)]
mod tests;
mod writer;

use std::error::Error;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use tokio::sync::oneshot;

use crate::model::entry::{Entry, Intent, Position};
use crate::model::time::Moment;

pub use error::JournalError;
pub use reader::Reader;
pub use record::{Head, KeyDefinition, Terms};

use file::{Locked, sync_folder};
use replay::{Past, Tail, replay};
use writer::{Done, Failure, Request, Writer};

/// A journal that this process holds: locked, replayed, and open for appending.
#[derive(Debug)]
pub struct Journal {
    path: Arc<Path>,
    /// `None` once it is closed.
    requests: Option<Sender<Request>>,
    writer: Option<JoinHandle<Result<(), Failure>>>,
}

/// What claims rows from whatever thread, on behalf of a journal that is open.
#[derive(Debug, Clone)]
pub struct Claimer {
    path: Arc<Path>,
    requests: Option<Sender<Request>>,
}

/// A journal that was opened, and what it had to tell besides its entries.
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// Its head: a new one, or the one that the file had.
    pub head: Head,
    /// Where the journal comes from.
    pub origin: Origin,
}

/// What a journal says to whoever is about to send a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The intent is on disk, and nobody else may send the row.
    Ours(Position),
    /// Somebody else holds the row: it must not be sent. A journal in a file is held whole, so it never says this; one
    /// that several machines share will.
    Elsewhere(String),
}

/// Where an opened journal comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There was none, or one whose creation was cut short.
    New,
    /// It was there, with so many entries. `torn` bytes of a record whose write was cut short were taken off its end.
    Replayed {
        /// Entries handed out, without the head.
        entries: u64,
        /// Bytes that were cut.
        torn: u64,
    },
}

impl Journal {
    /// Opens the journal at `path`, or creates it (0600) for these terms; hands every entry it has to `on_entry`, in order.
    ///
    /// The lock is taken first, so what `on_entry` saw is all there is. A tail that was cut short is taken off.
    ///
    /// # Errors
    /// Another run has it, it belongs to other terms, it is damaged or newer, `on_entry` refuses, or the system does.
    pub fn open<E: Into<Box<dyn Error + Send + Sync>>>(
        path: &Path,
        wanted: &Terms,
        on_entry: impl FnMut(Position, &Entry) -> Result<(), E>,
    ) -> Result<Opened, JournalError> {
        let mut locked = Locked::open_patiently(path)?;
        let past = replay(path, &locked.file, Some(wanted), on_entry)?;
        mend(path, &mut locked.file, &past)?;
        let (head, origin, records, end) = if let Some(head) = past.head {
            let torn = if let Tail::Torn(bytes) = past.tail { bytes } else { 0 };
            let end = past.end + u64::from(past.tail == Tail::Unended);
            let entries = past.records.saturating_sub(1);
            (head, Origin::Replayed { entries, torn }, past.records, end)
        } else {
            let (head, end) = begin(path, &mut locked.file, wanted)?;
            (head, Origin::New, 1, end)
        };
        let path: Arc<Path> = path.into();
        let journal = Self::start(Writer::new(locked, Arc::clone(&path), records, end), path)?;
        Ok(Opened { journal, head, origin })
    }

    /// Reads a journal that somebody else may be appending to: no lock, nothing is changed, a tail that is not whole is
    /// passed over. `None` where there is no journal yet.
    ///
    /// # Errors
    /// It is damaged or newer, `on_entry` refuses, or the system does.
    pub fn read<E: Into<Box<dyn Error + Send + Sync>>>(
        path: &Path,
        on_entry: impl FnMut(Position, &Entry) -> Result<(), E>,
    ) -> Result<Option<Head>, JournalError> {
        match File::open(path) {
            Ok(file) => Ok(replay(path, &file, None, on_entry)?.head),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::io("open", path)(error)),
        }
    }

    /// Appends an entry. It is queued at once, also if the future is never polled, so calls keep their order; the future
    /// resolves to its position once it is written and synced.
    ///
    /// # Errors
    /// A write or a sync failed, this one or an earlier one; or the entry is too long for a line.
    pub fn append(&self, entry: Entry) -> impl Future<Output = Result<Position, JournalError>> + Send + use<> {
        let path = Arc::clone(&self.path);
        let all = self.append_all(vec![entry]);
        async move { all.await?.pop().ok_or_else(|| Failure::gone(path).error()) }
    }

    /// Asks to send a row: resolves once its intent is on disk, or the row is somebody else's.
    ///
    /// # Errors
    /// As for [`Journal::append`]. Nothing may be sent then.
    pub fn claim(&self, intent: Intent) -> impl Future<Output = Result<Claim, JournalError>> + Send + use<> {
        let position = self.append(Entry::Intent(intent));
        async move { position.await.map(Claim::Ours) }
    }

    /// What asks in its place where something else is done first on another thread. The journal is closed only when all of these
    /// are gone.
    #[must_use]
    pub fn claimer(&self) -> Claimer {
        Claimer {
            path: Arc::clone(&self.path),
            requests: self.requests.clone(),
        }
    }

    /// Whether some process holds the journal at `path` just now.
    #[must_use]
    pub fn is_held(path: &Path) -> bool {
        path.exists() && matches!(Locked::open(path), Err(JournalError::Held { .. }))
    }

    /// Appends entries that nobody else's come between, as [`Journal::append`] does; all of them or, where one is too
    /// long, none. They are held in memory as lines: hand in some thousands at a time.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    pub fn append_all(&self, entries: Vec<Entry>) -> impl Future<Output = Result<Vec<Position>, JournalError>> + Send + use<> {
        let (done, answer) = oneshot::channel();
        if let Some(requests) = &self.requests {
            // A writer that is gone drops the request, which the future then sees.
            let _ = requests.send(Request {
                entries,
                // Whoever has stopped waiting does not want to know.
                done: Done(Box::new(|placed| drop(done.send(placed)))),
            });
        }
        let path = Arc::clone(&self.path);
        async move { answer.await.unwrap_or_else(|_| Err(Failure::gone(path).error())) }
    }

    /// Waits until everything queued is on disk, and gives the journal free. Blocks for about one sync.
    ///
    /// # Errors
    /// A write or a sync failed at some time.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.stop()
    }

    fn start(writer: Writer, path: Arc<Path>) -> Result<Self, JournalError> {
        let (requests, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.serve(&queue))
            .map_err(JournalError::io("start the writer of", &path))?;
        Ok(Self {
            path,
            requests: Some(requests),
            writer: Some(thread),
        })
    }

    fn stop(&mut self) -> Result<(), JournalError> {
        drop(self.requests.take());
        match self.writer.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(failure))) => Err(failure.error()),
            Some(Err(_panic)) => Err(Failure::gone(Arc::clone(&self.path)).error()),
        }
    }
}

impl Claimer {
    /// As [`Journal::claim`]: `told` hears of it on the journal's thread, and must be quick.
    pub fn claim(self, intent: Intent, told: impl FnOnce(Result<Claim, JournalError>) + Send + 'static) {
        let path = Arc::clone(&self.path);
        let done = move |placed: Result<Vec<Position>, JournalError>| {
            let position = placed.and_then(|mut placed| placed.pop().ok_or_else(|| Failure::gone(path).error()));
            told(position.map(Claim::Ours));
        };
        let request = Request {
            entries: vec![Entry::Intent(intent)],
            done: Done(Box::new(done)),
        };
        let unsent = match &self.requests {
            Some(requests) => requests.send(request).err().map(|unsent| unsent.0),
            None => Some(request),
        };
        if let Some(request) = unsent {
            request.done.tell(Err(Failure::gone(self.path).error()));
        }
    }
}

impl Drop for Journal {
    /// As [`Journal::close`], without a word: whoever needed an entry has awaited it.
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Leaves the file at the end of a whole line, with the cursor there.
fn mend(path: &Path, file: &mut File, past: &Past) -> Result<(), JournalError> {
    if let Tail::Torn(_) = past.tail {
        file.set_len(past.end)
            .and_then(|()| file.sync_all())
            .map_err(JournalError::io("cut the torn end of", path))?;
    }
    file.seek(SeekFrom::Start(past.end)).map_err(JournalError::io("read", path))?;
    if past.tail == Tail::Unended {
        // Zeros that a power cut left would be a line of their own.
        file.set_len(past.end)
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .map_err(JournalError::io("end the last line of", path))?;
    }
    Ok(())
}

/// Writes the head of a new journal; file and folder know of it before anybody may append.
fn begin(path: &Path, file: &mut File, terms: &Terms) -> Result<(Head, u64), JournalError> {
    let head = Head::new(random_name(), terms.clone(), now());
    let mut line = Vec::new();
    record::append_head(&mut line, &head).map_err(|error| JournalError::io("write", path)(error.into()))?;
    file.write_all(&line).map_err(JournalError::io("write", path))?;
    file.sync_all().map_err(JournalError::io("sync", path))?;
    sync_folder(path)?;
    Ok((head, line.len() as u64))
}

/// 32 hexadecimal digits that no other campaign has: the standard library's hash keys come from the system's randomness.
fn random_name() -> String {
    let draw = |salt: u8| RandomState::new().hash_one((salt, SystemTime::now(), std::process::id()));
    format!("{:016x}{:016x}", draw(0), draw(1))
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
