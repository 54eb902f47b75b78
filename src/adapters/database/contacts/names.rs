//! Names of one person, as the history knows them: a send that names somebody in two ways says that both are the same.

use std::collections::HashMap;

use super::Reader;
use crate::adapters::database::DatabaseError;

/// What tells one send from another: its campaign, its text, and when it left.
type Send = (i64, String, i64);

/// The names that one send has, as far as they are of one person.
#[derive(Debug, Default)]
struct Names {
    id: Option<String>,
    urn: Option<String>,
    /// Two sends of one text left in the same millisecond: nobody can tell which name is whose.
    mixed: bool,
}

impl Names {
    fn add(&mut self, name: &str) {
        let place = if name.starts_with("urn:li:fsd_profile:") {
            &mut self.urn
        } else if name.starts_with("urn:") {
            return;
        } else {
            &mut self.id
        };
        self.mixed |= place.as_deref().is_some_and(|known| known != name);
        *place = Some(name.to_owned());
    }

    fn pair(self) -> Option<(String, String)> {
        Some((self.id?, self.urn?)).filter(|_| !self.mixed)
    }
}

impl Reader {
    /// The profile id and the URN of everybody whom `is_wanted` knows by one of the two and whom both are known of within
    /// `scope`. Costs two passes over the history where somebody is known, and one where nobody is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names_of(&self, scope: &str, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, String)>, DatabaseError> {
        let mut sends: HashMap<Send, Names> = HashMap::new();
        self.each_send(scope, |send, name| {
            if is_wanted(name) {
                sends.entry(send).or_default();
            }
        })?;
        if sends.is_empty() {
            return Ok(Vec::new());
        }
        self.each_send(scope, |send, name| {
            if let Some(names) = sends.get_mut(&send) {
                names.add(name);
            }
        })?;
        Ok(sends.into_values().filter_map(Names::pair).collect())
    }

    fn each_send(&self, scope: &str, mut take: impl FnMut(Send, &str)) -> Result<(), DatabaseError> {
        let sql =
            "SELECT person, contact.campaign, sha256, at FROM contact JOIN campaign ON campaign.id = contact.campaign WHERE scope = ?1";
        let mut each = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([scope])?;
            while let Some(row) = rows.next()? {
                let send = (row.get(1)?, row.get(2)?, row.get(3)?);
                take(send, row.get_ref(0)?.as_str()?);
            }
            Ok(())
        };
        each().map_err(DatabaseError::sql("read", &self.path))
    }
}
