//! The time that the permits of a service are dated by.
//!
//! It is that of the first clock that dated one, and goes on from there. The clock of the machine may be set; the service's
//! tells then how much time has passed. Where it has not told, the time of the permits is that of the clock which is furthest
//! ahead, so that it never goes back.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::Opening;
use crate::model::limits::DAY;
use crate::model::skew::{NOBODY_SET_IT, Skew};
use crate::model::time::Moment;

/// Permits older than this are forgotten: no limit reaches further back.
const KEPT: Duration = Duration::from_hours(32 * 24);
/// So are those of services that nobody sent to for so long.
const UNUSED: Duration = Duration::from_hours(64 * 24);
/// A clock is set back by a zone at most. What is dated further ahead was so by a clock that was plainly wrong.
const SET_BACK: Duration = Duration::from_hours(26);
/// What a wrong clock dated counts as if it had just been used.
const BRING: &str = "
    UPDATE permit
    SET until_at = CASE WHEN answered THEN ?1 ELSE ?1 + max(until_at - left_at, 0) END, left_at = min(left_at, ?1)
    WHERE account >= ?2 AND account < ?3 AND (left_at > ?1 OR (answered AND until_at > ?1))";
/// What was dated before a clock was set, by that clock as it is now; nothing is later than now.
const MOVE: &str = "
    UPDATE permit
    SET until_at = min(until_at + ?1, CASE WHEN answered THEN ?2 ELSE ?2 + max(until_at - left_at, 0) END),
        left_at = min(left_at + ?1, ?2)
    WHERE account >= ?3 AND account < ?4 AND id <= ?5";
/// What is known of how far the service's clock is ahead of the permits is noted anew when it is off by so much.
const ANEW: i64 = 10_000;

/// The time of the permits of one service, as one process tells it.
#[derive(Debug)]
pub(super) struct Time {
    service: String,
    /// How many milliseconds it is ahead of our clock.
    offset: i64,
    /// How many milliseconds the service's clock is ahead of it at most, as far as anybody was told.
    ahead: Option<i64>,
    /// What was there before we began.
    before: Before,
}

/// The permits that were there when a process began.
#[derive(Debug, Clone, Copy)]
enum Before {
    /// They were judged by the service's time.
    Judged,
    /// The service has not told its time yet: the last of them has this id, and left then.
    Untold(i64, Option<Moment>),
}

/// What the database knows of the time of a service's permits.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    ahead: Option<i64>,
    last: Option<Moment>,
}

fn known(db: &Connection, service: &str) -> rusqlite::Result<Known> {
    let found = db
        .prepare_cached("SELECT ahead, last_at FROM clock WHERE service = ?")?
        .query_row([service], |row| {
            Ok(Known {
                ahead: row.get(0)?,
                last: row.get::<_, Option<i64>>(1)?.map(Moment::from_millis),
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

impl Time {
    /// The time that `opening` finds, and keeps to.
    pub(super) fn begin(db: &mut Connection, opening: Opening<'_>) -> rusqlite::Result<Self> {
        let now = opening.now;
        let db = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = known(&db, opening.service)?;
        let last_id: Option<i64> = db.query_row("SELECT max(id) FROM permit", [], |row| row.get(0))?;
        let mut time = Self {
            service: opening.service.to_owned(),
            offset: 0,
            ahead: known.ahead,
            before: Before::Untold(last_id.unwrap_or(0), known.last),
        };
        if let Some(skew) = opening.skew {
            time.before = Before::Judged;
            // Not where permits would be later than now by it: then it is the service's clock that was set, not ours.
            let set = time.set_by(skew).filter(|set| is_past(known.last, now.shifted(*set)));
            time.offset = set.unwrap_or(0);
        }
        time.go_on(&db, now)?;
        if let Some(skew) = opening.skew {
            time.note(&db, skew)?;
        }
        time.forget(&db, now)?;
        db.commit()?;
        Ok(time)
    }

    pub(super) const fn offset(&self) -> i64 {
        self.offset
    }

    /// By how much the time of the permits is ahead of a clock that somebody set; `None` where nobody did. Rather too little
    /// than too much, so that no permit is taken for older than it is.
    fn set_by(&self, skew: Skew) -> Option<i64> {
        let ahead = self.ahead?;
        let (least, most) = (skew.least() - ahead, skew.most() - ahead);
        (least > NOBODY_SET_IT || most < -NOBODY_SET_IT).then_some(least)
    }

    /// Goes on from the last permit: the time never goes back. Permits that a clock dated which was plainly wrong are brought
    /// to it, and its holds are forgotten.
    pub(super) fn go_on(&mut self, db: &Connection, now: Moment) -> rusqlite::Result<()> {
        let Some(last) = known(db, &self.service)?.last else {
            return Ok(());
        };
        let ahead = self.offset.max(last.as_millis() - now.as_millis());
        if Duration::from_millis(u64::try_from(ahead - self.offset).unwrap_or(0)) <= SET_BACK {
            self.offset = ahead;
            return Ok(());
        }
        let now = now.shifted(self.offset);
        let (from, to) = self.accounts();
        db.execute(BRING, params![now.as_millis(), from, to])?;
        let forget = "DELETE FROM hold WHERE until_at > ?1 AND account >= ?2 AND account < ?3";
        db.execute(forget, params![(now + DAY).as_millis(), from, to])?;
        db.execute(
            "UPDATE clock SET last_at = ? WHERE service = ?",
            params![now.as_millis(), self.service],
        )?;
        Ok(())
    }

    /// A permit was given at this moment of its time.
    pub(super) fn left(&self, db: &Connection, at: Moment) -> rusqlite::Result<()> {
        let note = "INSERT INTO clock (service, last_at) VALUES (?1, ?2)
            ON CONFLICT (service) DO UPDATE SET last_at = max(coalesce(last_at, ?2), ?2)";
        let mut note = db.prepare_cached(note)?;
        note.execute(params![self.service, at.as_millis()]).map(drop)
    }

    /// The service's clock is ahead of ours by `skew`. Where that is the first word of it, and says that somebody set our clock since
    /// earlier permits were dated, they are dated anew: what we dated meanwhile stays.
    pub(super) fn told(&mut self, db: &mut Connection, skew: Skew, now: Moment) -> rusqlite::Result<()> {
        let before = std::mem::replace(&mut self.before, Before::Judged);
        if let (Before::Untold(id, last), Some(set)) = (before, self.set_by(skew))
            && is_past(last, now.shifted(set))
        {
            let db = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let (from, to) = self.accounts();
            let later = self.offset - set;
            let now = now.shifted(self.offset).as_millis();
            db.execute(MOVE, params![later, now, from, to, id])?;
            let holds = "UPDATE hold SET until_at = until_at + ?1, began_at = began_at + ?1 WHERE account >= ?2 AND account < ?3";
            db.execute(holds, params![later, from, to])?;
            self.note(&db, skew)?;
            return db.commit();
        }
        self.note(db, skew)
    }

    /// Notes how far the service's clock is ahead of the permits, if that is new.
    fn note(&mut self, db: &Connection, skew: Skew) -> rusqlite::Result<()> {
        let ahead = skew.most() - self.offset;
        if self.ahead.is_some_and(|known| (known - ahead).abs() <= ANEW) {
            return Ok(());
        }
        self.ahead = Some(ahead);
        let note = "INSERT INTO clock (service, ahead) VALUES (?1, ?2) ON CONFLICT (service) DO UPDATE SET ahead = excluded.ahead";
        db.execute(note, params![self.service, ahead]).map(drop)
    }

    /// Forgets what no limit reaches back to.
    fn forget(&self, db: &Connection, now: Moment) -> rusqlite::Result<()> {
        let Some(last) = known(db, &self.service)?.last else {
            return Ok(());
        };
        let (from, to) = self.accounts();
        // By the last permit and not by a clock, which may be wrong.
        let old = "DELETE FROM permit WHERE account >= ?1 AND account < ?2 AND until_at < ?3";
        db.execute(old, params![from, to, (last - KEPT).as_millis()])?;
        let unused: Vec<String> = db
            .prepare("SELECT service FROM clock WHERE service <> ? AND last_at < ?")?
            .query_map(params![self.service, (now - UNUSED).as_millis()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for service in unused {
            let (from, to) = accounts_of(&service);
            db.execute("DELETE FROM permit WHERE account >= ? AND account < ?", [&from, &to])?;
            db.execute("DELETE FROM clock WHERE service = ?", [&service])?;
        }
        Ok(())
    }

    fn accounts(&self) -> (String, String) {
        accounts_of(&self.service)
    }
}

/// The names of a service's accounts are from the first of these up to the second.
fn accounts_of(service: &str) -> (String, String) {
    (format!("{service} "), format!("{service}!"))
}

/// Whether the last permit, if there is one, is no later than `now`, or by no more than clocks are off.
fn is_past(last: Option<Moment>, now: Moment) -> bool {
    last.is_none_or(|last| last.as_millis() <= now.as_millis().saturating_add(NOBODY_SET_IT))
}
