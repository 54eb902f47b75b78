//! Until when the service takes nothing from an account, which all campaigns of the machine heed.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::{DatabaseError, Permits};
use crate::model::limits::DAY;
use crate::model::storm::Storm;
use crate::model::time::Moment;

impl Permits {
    /// The service takes nothing from `account` until then, by its own word. A word about more than a day counts for a day:
    /// one that was misread must not stop an account for good.
    ///
    /// # Errors
    /// The database cannot be written; other campaigns then have to be told by the service themselves.
    pub fn hold(&self, account: &str, until: Moment, now: Moment) -> Result<(), DatabaseError> {
        let until = until.min(now + DAY).shifted(self.time.offset());
        let insert = "INSERT INTO hold (account, until_at) VALUES (?1, ?2)
            ON CONFLICT (account) DO UPDATE SET until_at = max(until_at, excluded.until_at)";
        let written = self
            .connection
            .prepare_cached(insert)
            .and_then(|mut insert| insert.execute(params![account, until.as_millis()]));
        written.map(drop).map_err(self.failed("write"))
    }

    /// The service takes nothing from `account` for now and named no time, in an answer to a request that left at `left`. Returns
    /// until when to wait: longer each time, but once for one storm, whichever campaign it meets.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn hold_untold(&mut self, account: &str, left: Moment, now: Moment) -> Result<Moment, DatabaseError> {
        let failed = self.failed("write");
        let offset = self.time.offset();
        let (left, now) = (left.shifted(offset), now.shifted(offset));
        let db = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let db = db.map_err(&failed)?;
        let known = hold_of(&db, account).map_err(&failed)?;
        let storm = known.storm.after(left, now);
        let insert = "INSERT INTO hold (account, until_at, untold, began_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (account) DO UPDATE
            SET until_at = max(until_at, excluded.until_at), untold = excluded.untold, began_at = excluded.began_at";
        let (began, until) = (storm.began().as_millis(), storm.until().as_millis());
        db.execute(insert, params![account, until, storm.times(), began]).map_err(&failed)?;
        db.commit().map_err(&failed)?;
        self.stormy.insert(account.to_owned());
        Ok(storm.until().shifted(-offset))
    }

    /// A message of `account` was sent: the next time that the service names no time is a first one again.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn sent(&mut self, account: &str) -> Result<(), DatabaseError> {
        if !self.stormy.remove(account) {
            return Ok(());
        }
        let update = "UPDATE hold SET untold = 0 WHERE account = ?";
        let written = self.connection.execute(update, [account]);
        written.map(drop).map_err(self.failed("write"))
    }
}

/// What the service's refusals for now mean for an account.
pub(super) struct Hold {
    /// Until when nothing leaves.
    pub(super) until: Option<Moment>,
    /// Those that named no time.
    pub(super) storm: Storm,
}

pub(super) fn hold_of(db: &Connection, account: &str) -> rusqlite::Result<Hold> {
    let found = db
        .prepare_cached("SELECT until_at, untold, began_at FROM hold WHERE account = ?")?
        .query_row([account], |row| {
            let (until, began) = (Moment::from_millis(row.get(0)?), Moment::from_millis(row.get(2)?));
            Ok(Hold {
                until: Some(until),
                storm: Storm::of(row.get(1)?, began, until),
            })
        })
        .optional()?;
    Ok(found.unwrap_or(Hold {
        until: None,
        storm: Storm::NONE,
    }))
}
