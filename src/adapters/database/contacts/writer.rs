//! The thread that writes, and what it writes.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{Campaign, Claim, Contact, DatabaseError, Earlier, Question, SameText, Settled, find};

/// The most that one transaction takes: others wait for it.
const BATCH: usize = 256;

/// How long what became of claims waits to be written with a claim, if it does not come to [`TOGETHER`] before.
const SETTLED_WAITS: Duration = Duration::from_millis(200);

/// So many are written at once: neighbours in the file cost little more than one of them.
const TOGETHER: usize = 64;

/// Hears what stands in the way of a claim.
pub(super) type Answer = Box<dyn FnOnce(Result<Option<Earlier>, DatabaseError>) + Send>;

/// What the thread is asked for.
pub(super) enum Request {
    Claim(Claim, Answer),
    Settle(Settled),
}

pub(super) struct Writer {
    connection: Connection,
    path: PathBuf,
    id: i64,
    campaign: Campaign,
    /// What became of claims and is not written yet. Nobody waits for it, and until it is written the claim says enough.
    settled: Vec<Settled>,
    /// When it is written at the latest.
    due: Option<Instant>,
}

impl Writer {
    pub const fn new(connection: Connection, path: PathBuf, id: i64, campaign: Campaign) -> Self {
        Self {
            connection,
            path,
            id,
            campaign,
            settled: Vec::new(),
            due: None,
        }
    }

    /// Serves until nobody can ask any more. What has come together is written in one transaction.
    pub fn serve(mut self, queue: &Receiver<Request>) -> Result<(), DatabaseError> {
        let mut failed = Ok(());
        loop {
            let first = match self.due {
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => queue.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            let over = matches!(first, Err(RecvTimeoutError::Disconnected));
            let mut claims = Vec::new();
            for request in first.into_iter().chain(queue.try_iter().take(BATCH - 1)) {
                match request {
                    Request::Claim(claim, answer) => claims.push((claim, answer)),
                    Request::Settle(one) => self.keep(one),
                }
            }
            let due = over || self.settled.len() >= TOGETHER || self.due.is_some_and(|due| due <= Instant::now());
            // A claim that is taken back makes room for the next one of the same person, so it goes first.
            let back = !claims.is_empty() && self.settled.iter().any(|one| one.contact != Some(Contact::Sent));
            let settled = if due || back { self.take_settled() } else { Vec::new() };
            if (!settled.is_empty() || !claims.is_empty())
                && let Err(error) = self.take(&settled, claims)
            {
                failed = Err(error);
            }
            if over {
                return failed;
            }
        }
    }

    fn keep(&mut self, one: Settled) {
        self.settled.push(one);
        self.due.get_or_insert_with(|| Instant::now() + SETTLED_WAITS);
    }

    fn take_settled(&mut self) -> Vec<Settled> {
        self.due = None;
        std::mem::take(&mut self.settled)
    }

    /// Answers only after the commit, so that whoever sends is seen by all others.
    fn take(&mut self, settled: &[Settled], claims: Vec<(Claim, Answer)>) -> Result<(), DatabaseError> {
        let (claims, answers): (Vec<Claim>, Vec<Answer>) = claims.into_iter().unzip();
        let written = self.write(settled, &claims).map_err(DatabaseError::sql("write", &self.path));
        let (found, outcome) = match written {
            Ok(found) => (found.into_iter().map(Ok).collect(), Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        let gone = || Err(DatabaseError::Gone { path: self.path.clone() });
        let told = found.into_iter().chain(std::iter::repeat_with(gone));
        for (answer, told) in answers.into_iter().zip(told) {
            answer(told);
        }
        outcome
    }

    /// Returns what stands in the way of each claim.
    fn write(&mut self, settled: &[Settled], claims: &[Claim]) -> rusqlite::Result<Vec<Option<Earlier>>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for one in settled {
            settle(&transaction, self.id, one)?;
        }
        let take = |claim| take_claim(&transaction, self.id, &self.campaign, claim);
        let found = claims.iter().map(take).collect::<rusqlite::Result<Vec<_>>>()?;
        transaction.commit()?;
        Ok(found)
    }
}

fn take_claim(transaction: &Transaction<'_>, id: i64, campaign: &Campaign, claim: &Claim) -> rusqlite::Result<Option<Earlier>> {
    let question = Question {
        scope: &campaign.scope,
        own: Some(&campaign.journal),
        names: &claim.names,
        sha256: (claim.same_text == SameText::Refuse).then_some(claim.sha256.as_str()),
        since: claim.since,
    };
    let found = find(transaction, &question)?;
    if found.is_none() {
        for name in &claim.names {
            put(transaction, id, name, &claim.sha256, claim.at.as_millis(), Contact::Claimed)?;
        }
    }
    Ok(found)
}

fn put(connection: &Connection, id: i64, name: &str, sha256: &str, at: i64, contact: Contact) -> rusqlite::Result<()> {
    let sql = "INSERT INTO contact (person, campaign, sha256, at, state) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (person, campaign, sha256) DO UPDATE SET at = excluded.at, state = excluded.state";
    let values = params![name, id, sha256, at, contact.number()];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

fn settle(connection: &Connection, id: i64, settled: &Settled) -> rusqlite::Result<()> {
    for name in &settled.names {
        if let Some(contact) = settled.contact {
            put(connection, id, name, &settled.sha256, settled.at.as_millis(), contact)?;
        } else {
            let sql = "DELETE FROM contact WHERE person = ?1 AND campaign = ?2 AND sha256 = ?3";
            connection.prepare_cached(sql)?.execute(params![name, id, settled.sha256])?;
        }
    }
    Ok(())
}

/// The number of a campaign, known or new. Its name is what it is called now.
pub(super) fn register(connection: &Connection, campaign: &Campaign) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO campaign (journal, name, scope) VALUES (?1, ?2, ?3)
        ON CONFLICT (journal) DO UPDATE SET name = excluded.name, scope = excluded.scope RETURNING id";
    let values = params![campaign.journal, campaign.name, campaign.scope];
    connection.query_row(sql, values, |row| row.get(0))
}

/// Settles what is in doubt by what the campaign's journal knows of each name.
pub(super) fn align(connection: &mut Connection, id: i64, mut known: impl FnMut(&str) -> Option<Contact>) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let names: Vec<String> = {
        let mut statement = transaction.prepare("SELECT DISTINCT person FROM contact WHERE campaign = ?1 AND state <> 1")?;
        let rows = statement.query_map([id], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for name in names {
        if let Some(contact) = known(&name) {
            let sql = "UPDATE contact SET state = ?3 WHERE person = ?1 AND campaign = ?2 AND state <> 1";
            transaction.prepare_cached(sql)?.execute(params![name, id, contact.number()])?;
        } else {
            let sql = "DELETE FROM contact WHERE person = ?1 AND campaign = ?2 AND state <> 1";
            transaction.prepare_cached(sql)?.execute(params![name, id])?;
        }
    }
    transaction.commit()
}

/// Puts these contacts in place of all that the campaign had.
pub(super) fn replace(
    connection: &mut Connection,
    campaign: &Campaign,
    contacts: impl IntoIterator<Item = Settled>,
) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = register(&transaction, campaign)?;
    transaction.execute("DELETE FROM contact WHERE campaign = ?1", [id])?;
    let mut count = 0;
    for contact in contacts {
        settle(&transaction, id, &contact)?;
        count += 1;
    }
    transaction.commit()?;
    Ok(count)
}
