//! The thread that writes, and what it writes.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{Campaign, Claim, Contact, DatabaseError, Earlier, Question, SameText, Settled, find};

/// The most that one transaction takes: others wait for it.
const BATCH: usize = 256;

/// How long what became of claims waits for the next claim, to be written with it.
const SETTLED_WAITS: Duration = Duration::from_millis(200);

type Answer = oneshot::Sender<Result<Option<Earlier>, DatabaseError>>;

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
}

impl Writer {
    pub const fn new(connection: Connection, path: PathBuf, id: i64, campaign: Campaign) -> Self {
        Self {
            connection,
            path,
            id,
            campaign,
        }
    }

    /// Serves until nobody can ask any more. What has come together is written in one transaction.
    pub fn serve(mut self, queue: &Receiver<Request>) -> Result<(), DatabaseError> {
        let mut failed = Ok(());
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            batch.extend(queue.try_iter().take(BATCH - 1));
            // Nobody waits for what became of a claim, and until it is written the claim says enough.
            while batch.len() < BATCH && batch.iter().all(|request| matches!(request, Request::Settle(_))) {
                let Ok(next) = queue.recv_timeout(SETTLED_WAITS) else { break };
                batch.push(next);
                batch.extend(queue.try_iter().take(BATCH - batch.len()));
            }
            if let Err(error) = self.take(batch) {
                failed = Err(error);
            }
        }
        failed
    }

    /// Answers only after the commit, so that whoever sends is seen by all others.
    fn take(&mut self, batch: Vec<Request>) -> Result<(), DatabaseError> {
        let mut answers = Vec::with_capacity(batch.len());
        let written = self.write(batch, &mut answers);
        let sql = DatabaseError::sql("write", &self.path);
        let outcome = written.map_err(&sql);
        for (answer, found) in answers {
            let told = match (&outcome, found) {
                (Ok(()), found) => Ok(found),
                (Err(_), _) => Err(DatabaseError::Gone { path: self.path.clone() }),
            };
            // Whoever asked may have been stopped.
            let _ = answer.send(told);
        }
        outcome
    }

    fn write(&mut self, batch: Vec<Request>, answers: &mut Vec<(Answer, Option<Earlier>)>) -> rusqlite::Result<()> {
        let mut claims = Vec::new();
        let mut settled = Vec::new();
        for request in batch {
            match request {
                Request::Claim(claim, answer) => {
                    answers.push((answer, None));
                    claims.push(claim);
                }
                Request::Settle(one) => settled.push(one),
            }
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for one in &settled {
            settle(&transaction, self.id, one)?;
        }
        for (claim, (_, found)) in claims.iter().zip(answers.iter_mut()) {
            *found = take_claim(&transaction, self.id, &self.campaign, claim)?;
        }
        transaction.commit()
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
