//! The contact history: whom any campaign of this machine wrote to.
//!
//! A claim is made before the intent, in an immediate transaction, so that of two campaigns at once one sees the other's.
//! It is kept where the message arrived or may have, and taken back where it certainly did not. A claim whose program died
//! counts as one that may have arrived, until its campaign runs again and says what its journal knows. A send costs one
//! indexed look and two inserts in transactions that many sends share.
//!
//! What was sent to a stand-in on loopback counts for the same address alone.

mod names;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use crate::model::time::Moment;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{DatabaseError, schema};
use writer::Request;

/// How an earlier contact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// Its request is about to leave, or its program ended before it said more.
    Claimed,
    /// It arrived.
    Sent,
    /// It may have arrived.
    Unconfirmed,
}

impl Contact {
    const fn number(self) -> i64 {
        match self {
            Self::Claimed => 0,
            Self::Sent => 1,
            Self::Unconfirmed => 2,
        }
    }

    const fn of(number: i64) -> Self {
        match number {
            1 => Self::Sent,
            2 => Self::Unconfirmed,
            _ => Self::Claimed,
        }
    }
}

/// An earlier contact that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// When.
    pub at: Moment,
    /// How it stands.
    pub contact: Contact,
    /// The campaign, as a person knows it.
    pub campaign: String,
}

impl std::fmt::Display for Earlier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = self.at.to_string();
        let day = day.get(..10).unwrap_or(&day);
        let campaign = &self.campaign;
        match self.contact {
            Contact::Sent => write!(f, "already contacted on {day} by campaign {campaign}"),
            Contact::Unconfirmed => write!(
                f,
                "may have been contacted on {day} by campaign {campaign}, whose row is unconfirmed"
            ),
            Contact::Claimed => write!(
                f,
                "may have been contacted on {day} by campaign {campaign}, which is sending or ended without a word; run it again to know"
            ),
        }
    }
}

/// Whose history this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// The identity of its journal.
    pub journal: String,
    /// Its name for people.
    pub name: String,
    /// What its contacts count for: one name for the service, the address for a stand-in on loopback.
    pub scope: String,
}

/// What is asked of the history.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What the contacts must count for.
    pub scope: &'a str,
    /// The journal of the campaign that asks: what it did itself, it knows better.
    pub own: Option<&'a str>,
    /// All names of the recipient.
    pub names: &'a [String],
    /// SHA-256 of a message that must not have gone to them before; `None`: the same text may go again.
    pub sha256: Option<&'a str>,
    /// Nobody who was written to since.
    pub since: Option<Moment>,
}

/// The history, for whoever only asks.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens the history at `path`. `None` where there is none yet.
    ///
    /// # Errors
    /// It cannot be read, or a newer rowcast made it.
    pub fn open(path: &Path) -> Result<Option<Self>, DatabaseError> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = schema::read(path)?;
        let path = path.to_owned();
        Ok(Some(Self { connection, path }))
    }

    /// Whether anything in it counts for `scope`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn knows(&self, scope: &str) -> Result<bool, DatabaseError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM contact JOIN campaign ON campaign.id = contact.campaign WHERE scope = ?1)";
        self.connection
            .query_row(sql, [scope], |row| row.get(0))
            .map_err(DatabaseError::sql("read", &self.path))
    }

    /// Hands out every name that was written to within `scope`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn each_name(&self, scope: &str, mut take: impl FnMut(&str)) -> Result<(), DatabaseError> {
        let sql = "SELECT person FROM contact JOIN campaign ON campaign.id = contact.campaign WHERE scope = ?1";
        let mut each = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([scope])?;
            while let Some(row) = rows.next()? {
                take(row.get_ref(0)?.as_str()?);
            }
            Ok(())
        };
        each().map_err(DatabaseError::sql("read", &self.path))
    }

    /// The latest contact that stands in the way, if one does.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn find(&self, question: &Question<'_>) -> Result<Option<Earlier>, DatabaseError> {
        find(&self.connection, question).map_err(DatabaseError::sql("read", &self.path))
    }
}

/// All that is known of a name: a few contacts at the most, and none of most names.
const FIND: &str = "SELECT at, state, sha256, campaign FROM contact WHERE person = ?1";
/// Whose contact it is.
const WHOSE: &str = "SELECT name FROM campaign WHERE id = ?1 AND scope = ?2 AND journal <> ?3";

fn find(connection: &Connection, question: &Question<'_>) -> rusqlite::Result<Option<Earlier>> {
    if question.sha256.is_none() && question.since.is_none() {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(FIND)?;
    let mut latest: Option<Earlier> = None;
    for name in question.names {
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            let at = Moment::from_millis(row.get(0)?);
            let same_text = question
                .sha256
                .is_some_and(|sha256| row.get_ref(2).is_ok_and(|text| text.as_str() == Ok(sha256)));
            let lately = question.since.is_some_and(|since| at >= since);
            if !(same_text || lately) || latest.as_ref().is_some_and(|known| known.at >= at) {
                continue;
            }
            let whose = params![row.get::<_, i64>(3)?, question.scope, question.own.unwrap_or_default()];
            let campaign = connection.prepare_cached(WHOSE)?.query_row(whose, |row| row.get(0)).optional()?;
            if let Some(campaign) = campaign {
                let contact = Contact::of(row.get(1)?);
                latest = Some(Earlier { at, contact, campaign });
            }
        }
    }
    Ok(latest)
}

/// What a campaign wants to send, before it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// All names of the recipient.
    pub names: Vec<String>,
    /// SHA-256 of the message.
    pub sha256: String,
    /// When.
    pub at: Moment,
    /// Whether the same text may go to somebody again.
    pub same_text: SameText,
    /// Nobody who was written to since.
    pub since: Option<Moment>,
}

/// Whether the same text may go to the same person again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameText {
    /// It may not.
    Refuse,
    /// Somebody said that it may.
    Allow,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// All names of the recipient as they were claimed, and the URN that an answer told.
    pub names: Vec<String>,
    /// SHA-256 of the message.
    pub sha256: String,
    /// When the request left.
    pub at: Moment,
    /// How it stands; `None`: it certainly did not arrive.
    pub contact: Option<Contact>,
}

/// The history, held open by a campaign that sends. One thread writes; sends that wait share its transactions.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<Result<(), DatabaseError>>>,
}

impl History {
    /// Opens the history at `path`, or makes it (0600). What it holds of this campaign in doubt is settled first by
    /// `known`, which says how a name stands by the campaign's own journal; `None` there takes the contact back.
    ///
    /// # Errors
    /// It cannot be read or written, or a newer rowcast made it.
    pub fn open(path: &Path, campaign: &Campaign, known: impl FnMut(&str) -> Option<Contact>) -> Result<Self, DatabaseError> {
        let mut connection = schema::write(path)?;
        let id = writer::register(&connection, campaign)
            .and_then(|id| writer::align(&mut connection, id, known).map(|()| id))
            .map_err(DatabaseError::sql("write", path))?;
        let (requests, queue) = mpsc::channel();
        let writer = writer::Writer::new(connection, path.to_owned(), id, campaign.clone());
        let thread = std::thread::Builder::new()
            .name("contact history".to_owned())
            .spawn(move || writer.serve(&queue))
            .map_err(DatabaseError::io("start the writer of", path))?;
        Ok(Self {
            path: path.to_owned(),
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// Asks to write to somebody. `told` hears `None` once the claim is there, else what stands in the way, or that it cannot be
    /// written: nothing may be sent then by whoever relies on it. It is called on the history's thread, and must be quick.
    pub fn claim(&self, claim: Claim, told: impl FnOnce(Result<Option<Earlier>, DatabaseError>) + Send + 'static) {
        if let Some(Request::Claim(_, told)) = self.ask(Request::Claim(claim, Box::new(told))) {
            told(Err(self.gone()));
        }
    }

    /// Why a claim was never answered.
    #[must_use]
    pub fn gone(&self) -> DatabaseError {
        DatabaseError::Gone { path: self.path.clone() }
    }

    /// Says what became of a claim. Is written soon; nobody waits for it.
    pub fn settle(&self, settled: Settled) {
        // That a writer is gone is told when it is closed.
        drop(self.ask(Request::Settle(settled)));
    }

    /// Hands a request to the writer. Returns it where the writer is gone.
    fn ask(&self, request: Request) -> Option<Request> {
        match &self.requests {
            Some(requests) => requests.send(request).err().map(|unsent| unsent.0),
            None => Some(request),
        }
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Something could not be written.
    pub fn close(mut self) -> Result<(), DatabaseError> {
        drop(self.requests.take());
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(_panic)) => Err(DatabaseError::Gone { path: self.path.clone() }),
        }
    }
}

/// Puts what a journal says in place of all that the history had of its campaign. Returns how many contacts that are.
///
/// A history that is damaged is laid aside first, under its name with `.damaged`.
///
/// # Errors
/// It cannot be written.
pub fn rebuild(path: &Path, campaign: &Campaign, contacts: impl IntoIterator<Item = Settled>) -> Result<usize, DatabaseError> {
    let mut connection = match schema::write(path) {
        Err(DatabaseError::Damaged { .. }) => {
            schema::lay_aside(path)?;
            schema::write(path)?
        }
        opened => opened?,
    };
    writer::replace(&mut connection, campaign, contacts).map_err(DatabaseError::sql("write", path))
}
