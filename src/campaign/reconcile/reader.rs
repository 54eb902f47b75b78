//! Looks at the people of one account after another.

use std::collections::{BTreeMap, HashMap};

use super::doubts::{Claims, Doubt};
use super::look;
use crate::adapters::api::Client;
use crate::campaign::asking::{Asker, Silence};
use crate::campaign::settings::Settings;
use crate::model::ledger::KeyId;

/// The attempts of one account for one key.
pub(super) fn groups(doubts: &[Doubt]) -> Vec<Vec<Doubt>> {
    let mut groups: BTreeMap<(Option<&str>, KeyId), Vec<Doubt>> = BTreeMap::new();
    for doubt in doubts {
        groups.entry((doubt.account.as_deref(), doubt.id)).or_default().push(doubt.clone());
    }
    groups.into_values().collect()
}

/// Looks at one group after another; each account's list of conversations is asked for once a round.
pub(super) struct Reader<'a> {
    pub(super) asker: Asker<'a>,
    pub(super) lists: HashMap<Option<String>, Result<look::Listed, Silence>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: &'a Client, settings: &Settings) -> Self {
        Self {
            asker: Asker::new(client, settings),
            lists: HashMap::new(),
        }
    }

    /// Looks for one group of `all` the doubts there are.
    pub(super) async fn look(
        &mut self,
        group: &[Doubt],
        all: &[Doubt],
        claims: &Claims,
        depth: look::Depth,
    ) -> Result<look::Looked, Silence> {
        let account = group.first().and_then(|doubt| doubt.account.clone());
        if !self.lists.contains_key(&account) {
            let of_account: Vec<Doubt> = all.iter().filter(|doubt| doubt.account == account).cloned().collect();
            let listed = look::list(&mut self.asker, account.as_deref(), look::earliest(&of_account)).await;
            self.lists.insert(account.clone(), listed);
        }
        match self.lists.get(&account) {
            Some(listed) => look::look(&mut self.asker, group, listed, claims, depth).await,
            None => Ok(look::Looked::default()),
        }
    }
}
