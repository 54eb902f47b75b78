//! Uploads: each file once for each account, before the intent of the first send that needs it.

use std::collections::HashMap;
use std::path::PathBuf;

use tokio::sync::Mutex;

use super::clock::wall_time;
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
    known: HashMap<Key, Attachment>,
    /// Digests of files whose state did not change since, so that none is read for every row.
    digests: HashMap<(PathBuf, State), String>,
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
            known: known.collect(),
            digests: HashMap::new(),
        }
    }
}

/// What the files of `draft` became when they were uploaded; those that were not yet are uploaded now. One upload goes on
/// at a time, so that two rows that attach one file do not both upload it.
///
/// # Errors
/// Not all could be uploaded. Nothing is lost: what was uploaded is remembered.
pub async fn ready(uploads: &Mutex<Uploads>, client: &Client, journal: &Journal, draft: &Draft) -> Result<Vec<Attachment>, Unready> {
    let mut ready = Vec::with_capacity(draft.attachments.len());
    for file in &draft.attachments {
        let mut uploads = uploads.lock().await;
        let (opened, sha256) = digest(&mut uploads, file).await?;
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let account = draft.account.clone();
        let key = Key { account, sha256, name };
        if let Some(known) = uploads.known.get(&key) {
            ready.push(known.clone());
            continue;
        }
        let attachment = upload(client, &key, opened, file).await?;
        record(journal, &key, &attachment).await?;
        uploads.known.insert(key, attachment.clone());
        ready.push(attachment);
    }
    Ok(ready)
}

/// Opens the file and tells its digest, if it is still the one that was planned.
async fn digest(uploads: &mut Uploads, file: &AttachedFile) -> Result<(Opened, String), Unready> {
    let opened = files::open(&file.path).map_err(|error| Unready::Changed(error.to_string()))?;
    let planned = State {
        length: file.length,
        changed_ns: file.changed_ns,
    };
    if opened.state != planned {
        return Err(changed(file));
    }
    let known = (file.path.clone(), planned);
    if let Some(digest) = uploads.digests.get(&known) {
        return Ok((opened, digest.clone()));
    }
    let path = file.path.clone();
    // Reading a large file must not stop the requests that are in flight.
    let read = tokio::task::spawn_blocking(move || std::fs::File::open(path).and_then(sha256_hex_of)).await;
    match read {
        Ok(Ok(sha256)) => {
            uploads.digests.insert(known, sha256.clone());
            Ok((opened, sha256))
        }
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
