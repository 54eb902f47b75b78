//! The one thread that writes: it takes all that is queued, writes it at once, syncs once, and tells everybody.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::model::entry::{Entry, Position};

use super::error::JournalError;
use super::file::Locked;
use super::record::{LONGEST, append_entry};

/// A group is written in pieces of about this size, so that a flood of entries does not fill the memory.
const PIECE: usize = 1 << 20;

/// The most requests of one group.
const GROUP: usize = 4096;

/// Entries to be written together, and who waits for them.
#[derive(Debug)]
pub(super) struct Request {
    pub entries: Vec<Entry>,
    pub done: Done,
}

/// Hears where the entries of a request stand once they are on disk, or why they are not.
pub(super) struct Done(pub Box<dyn FnOnce(Result<Vec<Position>, JournalError>) + Send>);

impl Done {
    pub(super) fn tell(self, placed: Result<Vec<Position>, JournalError>) {
        (self.0)(placed);
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

/// A request whose entries have their places.
type Placed = (Done, Vec<Position>);

/// Why nothing more is written.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    verb: &'static str,
    path: Arc<Path>,
    source: Arc<io::Error>,
}

impl Failure {
    /// The writer is gone without having said why.
    pub(super) fn gone(path: Arc<Path>) -> Self {
        Self::new("write", path, io::Error::other("its writer has ended"))
    }

    fn new(verb: &'static str, path: Arc<Path>, source: io::Error) -> Self {
        Self {
            verb,
            path,
            source: Arc::new(source),
        }
    }

    pub(super) fn error(&self) -> JournalError {
        JournalError::Failed {
            verb: self.verb,
            path: self.path.to_path_buf(),
            source: Arc::clone(&self.source),
        }
    }
}

/// The end of the journal, and who owns it.
#[derive(Debug)]
pub(super) struct Writer {
    locked: Locked,
    path: Arc<Path>,
    /// How many records stand in the file or in `piece`.
    records: u64,
    /// Where the first byte of `piece` will stand.
    end: u64,
    /// Lines that are not written yet.
    piece: Vec<u8>,
}

impl Writer {
    /// A writer that goes on at byte `end` of the file, where its cursor must be, after so many records.
    pub(super) const fn new(locked: Locked, path: Arc<Path>, records: u64, end: u64) -> Self {
        Self {
            locked,
            path,
            records,
            end,
            piece: Vec::new(),
        }
    }

    /// Writes what comes until nobody can send more. After the first failure it only says no.
    pub(super) fn serve(mut self, requests: &Receiver<Request>) -> Result<(), Failure> {
        let mut group = VecDeque::new();
        let mut placed = Vec::new();
        while let Ok(first) = requests.recv() {
            group.push_back(first);
            group.extend(requests.try_iter().take(GROUP));
            let committed = self.commit(&mut group, &mut placed);
            if let Err(failure) = committed {
                refuse(&failure, placed, group, requests);
                return Err(failure);
            }
            for (done, positions) in placed.drain(..) {
                done.tell(Ok(positions));
            }
        }
        Ok(())
    }

    /// Everything in `group` is on disk afterwards, and stands in `placed`.
    fn commit(&mut self, group: &mut VecDeque<Request>, placed: &mut Vec<Placed>) -> Result<(), Failure> {
        while let Some(Request { entries, done }) = group.pop_front() {
            match self.put(&entries) {
                Ok(positions) => placed.push((done, positions)),
                Err(error) => done.tell(Err(error)),
            }
            if self.piece.len() >= PIECE {
                self.write()?;
            }
        }
        self.write()?;
        self.locked.file.sync_data().map_err(|source| self.failure("sync", source))
    }

    /// Adds all lines of a request, or none.
    fn put(&mut self, entries: &[Entry]) -> Result<Vec<Position>, JournalError> {
        let (start, records) = (self.piece.len(), self.records);
        let positions: Result<Vec<_>, _> = entries.iter().map(|entry| self.put_one(entry)).collect();
        if positions.is_err() {
            self.piece.truncate(start);
            self.records = records;
        }
        positions
    }

    fn put_one(&mut self, entry: &Entry) -> Result<Position, JournalError> {
        let start = self.piece.len();
        append_entry(&mut self.piece, self.records, entry).map_err(|error| JournalError::io("write", &self.path)(error.into()))?;
        let bytes = self.piece.len() - start;
        if bytes > LONGEST {
            return Err(JournalError::TooLong { bytes, limit: LONGEST });
        }
        self.records += 1;
        Ok(Position(self.end + start as u64))
    }

    fn write(&mut self) -> Result<(), Failure> {
        self.locked
            .file
            .write_all(&self.piece)
            .map_err(|source| self.failure("write", source))?;
        self.end += self.piece.len() as u64;
        self.piece.clear();
        self.piece.shrink_to(2 * PIECE);
        Ok(())
    }

    fn failure(&self, verb: &'static str, source: io::Error) -> Failure {
        Failure::new(verb, Arc::clone(&self.path), source)
    }
}

/// Tells everybody who waits, and everybody who comes later, that nothing more is written.
fn refuse(failure: &Failure, placed: Vec<Placed>, group: VecDeque<Request>, requests: &Receiver<Request>) {
    let waiting = placed.into_iter().map(|(done, _)| done);
    let queued = group.into_iter().map(|request| request.done);
    for done in waiting.chain(queued).chain(requests.iter().map(|request| request.done)) {
        done.tell(Err(failure.error()));
    }
}
