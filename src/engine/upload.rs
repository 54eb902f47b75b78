//! Uploads: each file once for each account, before the intent of the first send that needs it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::clock::{Clock, wall_time};
use super::schedule::Schedule;
use crate::adapters::api::{Attachment, Client, Lookup};
use crate::adapters::digest::sha256_hex_of;
use crate::adapters::files::{self, Opened, State};
use crate::adapters::journal::{Journal, JournalError};
use crate::model::draft::{AttachedFile, Draft};
use crate::model::entry::{Entry, Upload};
use crate::model::time::Moment;

/// What an upload is known by. The name counts, since the recipient sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    account: Option<String>,
    sha256: String,
    name: String,
}

/// What was uploaded, in this run or in earlier ones.
#[derive(Debug, Default)]
pub struct Uploads {
    known: Once<Key, Attachment>,
    /// Digests of files whose state did not change since, so that none is read for every row.
    digests: Once<(PathBuf, State), String>,
}

/// What is made once for each key: whoever wants the same waits for it, and others do not. What failed is tried again by
/// the next who wants it.
#[derive(Debug)]
struct Once<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V> Once<K, V> {
    fn of(known: impl Iterator<Item = (K, V)>) -> Self {
        let made = known.map(|(key, value)| (key, Arc::new(OnceCell::new_with(Some(value)))));
        Self(Mutex::new(made.collect()))
    }

    fn cell(&self, key: K) -> Arc<OnceCell<V>> {
        // The map is whole at every moment, whoever panicked meanwhile.
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(key).or_default())
    }
}

/// Why a row's files are not uploaded, so that nothing of the row was sent.
#[derive(Debug)]
pub enum Unready {
    /// A file is not the one that was planned any more, or cannot be read.
    Changed(String),
    /// The service asks to wait.
    Held(Option<Moment>),
    /// The credentials are refused.
    Refused(String),
    /// The upload failed; it may be tried again.
    Failed(String),
    /// The journal could not be written.
    Unrecorded(JournalError),
}

impl Uploads {
    /// Uploads that are known from earlier runs.
    #[must_use]
    pub fn of(earlier: &[Upload]) -> Self {
        let known = earlier.iter().map(|upload| {
            let key = Key {
                account: upload.account.clone(),
                sha256: upload.sha256.clone(),
                name: upload.name.clone(),
            };
            (key, upload.attachment.clone())
        });
        Self {
            known: Once::of(known),
            digests: Once::default(),
        }
    }
}

/// Counts uploads among what leaves with the key.
#[derive(Clone, Copy)]
pub struct Toll<'a> {
    /// Where it is counted.
    pub schedule: &'a RefCell<Schedule>,
    /// The time.
    pub clock: &'a Clock,
}

impl Toll<'_> {
    async fn pay<T>(self, upload: impl Future<Output = T>) -> T {
        let ticket = self.schedule.borrow_mut().pace().upload(self.clock.now());
        let told = upload.await;
        self.schedule.borrow_mut().pace().uploaded(ticket, self.clock.now());
        told
    }
}

/// What the files of `draft` became when they were uploaded; those that were not yet are uploaded now. Two rows of one
/// account that attach one file do not both upload it: the second waits. All others go on side by side.
///
/// # Errors
/// Not all could be uploaded. Nothing is lost: what was uploaded is remembered.
pub async fn ready(
    uploads: &Uploads,
    client: &Client,
    journal: &Journal,
    draft: &Draft,
    toll: Toll<'_>,
) -> Result<Vec<Attachment>, Unready> {
    let mut ready = Vec::with_capacity(draft.attachments.len());
    for file in &draft.attachments {
        let (opened, sha256) = digest(uploads, file).await?;
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let account = draft.account.clone();
        let key = Key { account, sha256, name };
        let uploaded = uploads.known.cell(key.clone());
        let attachment = uploaded.get_or_try_init(|| async {
            let attachment = toll.pay(upload(client, &key, opened, file)).await?;
            record(journal, &key, &attachment).await?;
            Ok(attachment)
        });
        ready.push(attachment.await?.clone());
    }
    Ok(ready)
}

/// Opens the file and tells its digest, if it is still the one that was planned.
async fn digest(uploads: &Uploads, file: &AttachedFile) -> Result<(Opened, String), Unready> {
    let opened = files::open(&file.path).map_err(|error| Unready::Changed(error.to_string()))?;
    let planned = State {
        length: file.length,
        changed_ns: file.changed_ns,
    };
    if opened.state != planned {
        return Err(changed(file));
    }
    let known = uploads.digests.cell((file.path.clone(), planned));
    let sha256 = known.get_or_try_init(|| read(file)).await?.clone();
    Ok((opened, sha256))
}

/// Reads the file for its digest, on a thread of its own: a large file must not stop the requests that are in flight.
async fn read(file: &AttachedFile) -> Result<String, Unready> {
    let path = file.path.clone();
    match tokio::task::spawn_blocking(move || std::fs::File::open(path).and_then(sha256_hex_of)).await {
        Ok(Ok(sha256)) => Ok(sha256),
        Ok(Err(error)) => Err(Unready::Changed(format!("cannot read {}: {error}", file.path.display()))),
        Err(_) => Err(Unready::Failed(format!("cannot read {}", file.path.display()))),
    }
}

fn changed(file: &AttachedFile) -> Unready {
    let name = &file.name;
    Unready::Changed(format!(
        "the attachment `{name}` was changed while the run went on; run again to send it as it is now"
    ))
}

async fn upload(client: &Client, key: &Key, opened: Opened, file: &AttachedFile) -> Result<Attachment, Unready> {
    let state = opened.state;
    let told = client
        .upload(key.account.as_deref(), &key.name, &opened.media_type, opened.file, state.length)
        .await;
    if files::inspect(&file.path).ok() != Some(state) {
        // What was read may be half of one content and half of another.
        return Err(changed(file));
    }
    let why = |why: String| format!("the attachment `{}` was not uploaded: {why}", file.name);
    match told {
        Lookup::Answered(attachment) => Ok(attachment),
        Lookup::Held(until) => Err(Unready::Held(until)),
        Lookup::Refused(text) => Err(Unready::Refused(text)),
        Lookup::NotOffered(text) | Lookup::Failed(text) => Err(Unready::Failed(why(text))),
    }
}

async fn record(journal: &Journal, key: &Key, attachment: &Attachment) -> Result<(), Unready> {
    let entry = Entry::Upload(Upload {
        at: wall_time(),
        account: key.account.clone(),
        sha256: key.sha256.clone(),
        name: key.name.clone(),
        attachment: attachment.clone(),
    });
    journal.append(entry).await.map(drop).map_err(Unready::Unrecorded)
}
