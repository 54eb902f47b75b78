//! The permits that all campaigns of this machine share (rusqlite): who sent when, with which key, from which account.
//!
//! A permit is claimed inside one transaction that holds the database: it reads what was sent, decides, and writes, so
//! what is granted holds across processes. The file is a view on what journals know; losing it forgets no recipient.
//!
//! Permits of a service are dated by a time that never goes back, and that goes on as the service's clock does: whoever began
//! after the clock of the machine was set tells its own time by how far that is off.

mod hold;
mod time;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{DatabaseError, schema};
use crate::model::event::Wait;
use crate::model::limits::{AccountLimits, DAY, DayKind, HOUR, Opener};
use crate::model::rate::{DailyLimit, Rate};
use crate::model::skew::Skew;
use crate::model::time::Moment;
use crate::model::window::{By, Counted, MIDNIGHT_MARGIN, Past};

/// What the database knows a permit by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitId(i64);

/// The shared permits, open.
#[derive(Debug)]
pub struct Permits {
    connection: Connection,
    path: std::path::PathBuf,
    time: Time,
    /// Accounts that were refused of late without a time.
    stormy: BTreeSet<String>,
}

/// Who opens the permits, and when.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The service, whose permits have a time of their own. The names of its accounts begin with it and a space.
    pub service: &'a str,
    /// What our clock shows.
    pub now: Moment,
    /// How far the service's is ahead of it, as far as it told already.
    pub skew: Option<Skew>,
}

/// Who asks for a permit, and what it must keep to.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// What stands for the key: nothing that the key can be made from again.
    pub key: &'a str,
    /// What stands for the account, under the same key or another.
    pub account: &'a str,
    /// What stands for the campaign.
    pub campaign: &'a str,
    /// The ceilings of the key.
    pub key_rates: &'a [Rate],
    /// The limits of the account.
    pub limits: &'a AccountLimits,
}

/// One request that wants to leave.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// How many milliseconds the service's clock is ahead.
    pub ahead: i64,
    /// How long the request can be on its way at most.
    pub timeout: Duration,
    /// Whether it may open a conversation.
    pub opener: Opener,
}

/// A wish, and when it is heard.
#[derive(Debug, Clone, Copy)]
struct Heard {
    /// When, by the time of the permits.
    at: Moment,
    /// How many milliseconds the service's clock is ahead of that.
    ahead: i64,
    wish: Wish,
}

/// What became of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It may leave now.
    Granted(PermitId),
    /// It may not leave before this moment; the next try may learn that another request was answered earlier than feared.
    Later(Moment, Wait),
}

/// Moments are cut to the millisecond.
const GRAIN: Duration = Duration::from_millis(1);
/// How often to look whether a request of another campaign was answered.
const LOOK: Duration = Duration::from_millis(250);

impl Permits {
    /// Opens the database at `path`; makes it, and its folder, where it is not there.
    ///
    /// # Errors
    /// It cannot be made, or what is there is no such database.
    pub fn open(path: &Path, opening: Opening<'_>) -> Result<Self, DatabaseError> {
        let mut connection = schema::write(path)?;
        let time = Time::begin(&mut connection, opening).map_err(DatabaseError::sql("write", path))?;
        Ok(Self {
            time,
            stormy: BTreeSet::new(),
            connection,
            path: path.to_owned(),
        })
    }

    fn failed(&self, verb: &'static str) -> impl Fn(rusqlite::Error) -> DatabaseError + use<> {
        DatabaseError::sql(verb, &self.path)
    }

    /// Text that is mixed into what stands for a key, so that it says nothing to anybody else.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn salt(&self) -> Result<String, DatabaseError> {
        let read = self
            .connection
            .query_row("SELECT value FROM fact WHERE name = 'salt'", [], |row| row.get(0));
        read.map_err(self.failed("read"))
    }

    /// Asks for a permit. `now` is asked what time it is once nobody else may write: the wait for others would date it too early,
    /// and whoever came meanwhile would make our clock seem slow.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn claim(&mut self, asker: Asker<'_>, wish: Wish, now: impl FnOnce() -> Moment) -> Result<Claim, DatabaseError> {
        let failed = self.failed("write");
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(&failed)?;
        let now = now();
        self.time.go_on(&transaction, now).map_err(&failed)?;
        let offset = self.time.offset();
        let heard = Heard {
            at: now.shifted(offset),
            ahead: wish.ahead - offset,
            wish,
        };
        let hold = hold_of(&transaction, asker.account).map_err(&failed)?;
        if hold.storm.times() > 0 {
            self.stormy.insert(asker.account.to_owned());
        }
        if let Some((opens, why)) = holds_back(&transaction, asker, heard, hold.until).map_err(&failed)? {
            transaction.commit().map_err(&failed)?;
            return Ok(Claim::Later(opens.shifted(-offset), why));
        }
        transaction
            .prepare_cached(
                "INSERT INTO permit (key, account, campaign, left_at, until_at, answered, counted, fresh) VALUES (?, ?, ?, ?, ?, 0, 1, ?)",
            )
            .and_then(|mut insert| {
                let until = heard.at + heard.wish.timeout;
                let fresh = heard.wish.opener == Opener::New;
                insert.execute(params![
                    asker.key,
                    asker.account,
                    asker.campaign,
                    heard.at.as_millis(),
                    until.as_millis(),
                    fresh
                ])
            })
            .map_err(&failed)?;
        let id = transaction.last_insert_rowid();
        transaction
            .prepare_cached("INSERT OR IGNORE INTO account (account, first_at) VALUES (?, ?)")
            // Days are the service's.
            .and_then(|mut insert| insert.execute(params![asker.account, heard.at.shifted(heard.ahead).as_millis()]))
            .map_err(&failed)?;
        self.time.left(&transaction, heard.at).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(Claim::Granted(PermitId(id)))
    }

    /// The request with this permit was answered, or given up.
    ///
    /// # Errors
    /// The database cannot be written; the permit then counts as long as the request could have been on its way.
    pub fn answered(&self, id: PermitId, at: Moment, counted: Counted) -> Result<(), DatabaseError> {
        let at = at.shifted(self.time.offset());
        let update = "UPDATE permit SET until_at = ?, answered = 1, counted = ? WHERE id = ?";
        let written = self
            .connection
            .prepare_cached(update)
            .and_then(|mut update| update.execute(params![at.as_millis(), counted == Counted::Yes, id.0]));
        written.map(drop).map_err(self.failed("write"))
    }

    /// The service told its time: its clock is ahead by `skew` of ours, which shows `now`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn told(&mut self, skew: Skew, now: Moment) -> Result<(), DatabaseError> {
        let told = self.time.told(&mut self.connection, skew, now);
        told.map_err(DatabaseError::sql("write", &self.path))
    }

    /// No request of `campaign` is on its way any more at `now`: whoever made them is gone, and the caller holds the campaign.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn take_over(&self, campaign: &str, now: Moment) -> Result<(), DatabaseError> {
        let now = now.shifted(self.time.offset());
        let update = "UPDATE permit SET until_at = min(until_at, ?1), answered = 1 WHERE campaign = ?2 AND answered = 0";
        let written = self.connection.execute(update, params![now.as_millis(), campaign]);
        written.map(drop).map_err(self.failed("write"))
    }

    /// What other campaigns sent since `since` with this key or from these accounts, in the order of leaving. `name`
    /// gives the account's id for what stands for it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn past(&self, key: &str, campaign: &str, since: Moment, name: impl Fn(&str) -> Name) -> Result<Vec<Past>, DatabaseError> {
        let query = "SELECT key, account, left_at, until_at, counted, fresh FROM permit WHERE until_at >= ? AND campaign <> ? ORDER BY id";
        let read = || -> rusqlite::Result<Vec<Past>> {
            let mut statement = self.connection.prepare(query)?;
            let mut rows = statement.query(params![since.shifted(self.time.offset()).as_millis(), campaign])?;
            let ours = |millis: i64| Moment::from_millis(millis).shifted(-self.time.offset());
            let mut past = Vec::new();
            while let Some(row) = rows.next()? {
                let (of_key, account): (String, String) = (row.get(0)?, row.get(1)?);
                let account = match (name(&account), of_key == key) {
                    (Name::Ours(id), _) => id,
                    (Name::Others, true) => Some(account),
                    (Name::Others, false) => continue,
                };
                past.push(Past {
                    account,
                    left: ours(row.get(2)?),
                    answered: ours(row.get(3)?),
                    counted: if row.get(4)? { Counted::Yes } else { Counted::No },
                    opener: if row.get(5)? { Opener::New } else { Opener::Known },
                    by: By::Others,
                });
            }
            Ok(past)
        };
        read().map_err(self.failed("read"))
    }

    /// When an account first sent anything, by the service's clock, as far as that was known.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn first_at(&self, account: &str) -> Result<Option<Moment>, DatabaseError> {
        let query = "SELECT first_at FROM account WHERE account = ?";
        let read = self.connection.query_row(query, [account], |row| row.get(0)).optional();
        read.map(|at| at.map(Moment::from_millis)).map_err(self.failed("read"))
    }
}

/// Whose account a permit is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// One of this run's, with this id; `None` is the only account of the key.
    Ours(Option<String>),
    /// Another.
    Others,
}

/// A moment that some limit opens at, and what the limit is called.
type HeldBack = Option<(Moment, Wait)>;

/// What holds the request back, if anything does: the limit that opens last.
fn holds_back(db: &Transaction<'_>, asker: Asker<'_>, heard: Heard, hold: Option<Moment>) -> rusqlite::Result<HeldBack> {
    let limits = asker.limits;
    let mut held: HeldBack = None;
    let mut note = |found: HeldBack| {
        if let Some((at, _)) = found
            && at > heard.at
            && held.is_none_or(|(known, _)| known < at)
        {
            held = found;
        }
    };
    for rate in asker.key_rates {
        note(window(
            db,
            Which::Key,
            asker.key,
            rate.count(),
            rate.period(),
            heard,
            Wait::KeyRate,
        )?);
    }
    if let Some(rate) = limits.rate.rate() {
        note(window(
            db,
            Which::Account,
            asker.account,
            rate.count(),
            rate.period(),
            heard,
            Wait::AccountRate,
        )?);
    }
    if let DailyLimit::At(count) = limits.hourly {
        note(window(db, Which::Messages, asker.account, count, HOUR, heard, Wait::Hourly)?);
    }
    for (limit, which, why) in [
        (limits.daily, Which::Messages, Wait::DailyLimit),
        (limits.new_conversations, Which::NewConversations, Wait::NewConversations),
    ] {
        let DailyLimit::At(count) = limit else { continue };
        if which == Which::NewConversations && heard.wish.opener == Opener::Known {
            continue;
        }
        note(match limits.day {
            DayKind::Rolling => window(db, which, asker.account, count, DAY, heard, why)?,
            DayKind::Utc => day(db, which, asker.account, count, heard, why)?,
        });
    }
    if let Some(ramp) = limits.ramp {
        let first: Option<i64> = db
            .query_row("SELECT first_at FROM account WHERE account = ?", [asker.account], |row| row.get(0))
            .optional()?;
        let today = heard.at.shifted(heard.ahead).utc_day();
        let first = first.map_or(today, |at| Moment::from_millis(at).utc_day());
        note(day(db, Which::Messages, asker.account, ramp.on(today - first), heard, Wait::Ramp)?);
    }
    note(hold.map(|until| (until, Wait::Held)));
    if let Some(gap) = limits.gap {
        let last: Option<i64> = db
            .prepare_cached("SELECT left_at FROM permit WHERE account = ? ORDER BY id DESC LIMIT 1")?
            .query_row([asker.account], |row| row.get(0))
            .optional()?;
        note(last.map(|at| (Moment::from_millis(at).min(heard.at) + gap.shortest, Wait::Gap)));
    }
    Ok(held)
}

/// Which permits a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Key,
    Account,
    Messages,
    NewConversations,
}

impl Which {
    const fn condition(self) -> &'static str {
        match self {
            Self::Key => "key = ?1",
            Self::Account => "account = ?1",
            Self::Messages => "account = ?1 AND counted = 1",
            Self::NewConversations => "account = ?1 AND counted = 1 AND fresh = 1",
        }
    }
}

/// When a sliding window opens: one period after the N-th last request was answered.
fn window(
    db: &Transaction<'_>,
    which: Which,
    of: &str,
    count: u32,
    period: Duration,
    heard: Heard,
    why: Wait,
) -> rusqlite::Result<HeldBack> {
    let Some(skipped) = count.checked_sub(1) else {
        return Ok(Some((heard.at + DAY, why)));
    };
    let query = format!(
        "SELECT id, until_at, answered FROM permit WHERE {} ORDER BY id DESC LIMIT 1 OFFSET ?2",
        which.condition()
    );
    let found: Option<(i64, i64, bool)> = db
        .prepare_cached(&query)?
        .query_row(params![of, skipped], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((id, until, answered)) = found else { return Ok(None) };
    let until = Moment::from_millis(until);
    // The clock of another process may be a little ahead of ours.
    let until = if answered { until.min(heard.at) } else { until };
    let opens = until + GRAIN + period;
    let may_change = match which {
        Which::Key | Which::Account => !answered && until >= heard.at,
        // A message that is refused gives its place back, whichever of them it is.
        Which::Messages | Which::NewConversations => on_their_way(db, which, of, id, heard.at)?,
    };
    Ok(Some(if may_change {
        (opens.min(heard.at + LOOK), why)
    } else {
        (opens, why)
    }))
}

/// Whether an answer is outstanding to a permit of this kind from the one with `id` on.
fn on_their_way(db: &Transaction<'_>, which: Which, of: &str, id: i64, now: Moment) -> rusqlite::Result<bool> {
    let query = format!(
        "SELECT EXISTS (SELECT 1 FROM permit WHERE {} AND id >= ?2 AND answered = 0 AND until_at >= ?3)",
        which.condition()
    );
    db.prepare_cached(&query)?
        .query_row(params![of, id, now.as_millis()], |row| row.get(0))
}

/// When a UTC day opens: at once, or when the next one begins.
fn day(db: &Transaction<'_>, which: Which, of: &str, limit: u32, heard: Heard, why: Wait) -> rusqlite::Result<HeldBack> {
    let now = heard.at.shifted(heard.ahead);
    let query = format!(
        "SELECT COUNT(*), COALESCE(SUM(answered = 0 AND until_at >= ?4), 0) FROM permit WHERE {} AND until_at >= ?2 AND left_at < ?3",
        which.condition()
    );
    let mut statement = db.prepare_cached(&query)?;
    for today in ((now - MIDNIGHT_MARGIN).utc_day()..=(now + MIDNIGHT_MARGIN).utc_day()).rev() {
        let (first, next) = (Moment::start_of_utc_day(today), Moment::start_of_utc_day(today + 1));
        let from = (first - MIDNIGHT_MARGIN).shifted(-heard.ahead).as_millis();
        let to = (next + MIDNIGHT_MARGIN).shifted(-heard.ahead).as_millis();
        let (used, outstanding): (u32, u32) =
            statement.query_row(params![of, from, to, heard.at.as_millis()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if used >= limit {
            let opens = (next + MIDNIGHT_MARGIN).shifted(-heard.ahead);
            // A message that is refused gives its place back.
            let may_change = used - outstanding < limit;
            return Ok(Some((if may_change { opens.min(heard.at + LOOK) } else { opens }, why)));
        }
    }
    Ok(None)
}

use hold::hold_of;
use time::Time;

#[cfg(test)]
mod tests;
