//! Looks at one batch of people after another; each account's list of conversations is asked for once a round.

use std::collections::HashMap;

use super::doubts::{Claims, Doubt};
use super::look::{self, Depth, Listed, Read};
use super::own::{own, suspects};
use super::party::Party;
use super::person::{PROFILE, Person};
use crate::campaign::asking::{Asker, Silence};
use crate::campaign::connect::Connection;
use crate::campaign::settings::Settings;
use crate::model::entry::Position;
use crate::model::judgement::Found;

/// What one look at somebody's conversations brought.
#[derive(Debug, Clone, Default)]
pub(super) struct Looked {
    /// What was looked at.
    pub at: String,
    /// Whether everything was answered that could show the message.
    pub thorough: bool,
}

impl Looked {
    /// Adds a later look at the same conversations. Both have to be thorough.
    pub(super) fn again(&mut self, later: &Self) {
        self.thorough &= later.thorough;
        if !self.at.contains(&later.at) {
            self.at = format!("{}; later: {}", self.at, later.at);
        }
    }
}

/// One attempt after a look.
pub(super) struct Glimpse {
    /// The attempt.
    pub doubt: Doubt,
    /// Its message, where it is there.
    pub found: Option<Found>,
    /// What was looked at.
    pub looked: Looked,
}

/// Looks.
pub(super) struct Reader<'a> {
    pub(super) asker: Asker<'a>,
    lists: HashMap<Option<String>, Result<Listed, Silence>>,
    /// What earlier looks learned of the people of each attempt.
    people: HashMap<Position, Person>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(connection: &'a Connection, settings: &Settings) -> Self {
        Self {
            asker: Asker::new(connection, settings),
            lists: HashMap::new(),
            people: HashMap::new(),
        }
    }

    /// Begins another round: what was listed before is old.
    pub(super) fn begin_round(&mut self) {
        self.lists.clear();
        self.asker.begin_anew();
    }

    /// Looks for the attempts of one batch among `all` the doubts there are.
    pub(super) async fn look(
        &mut self,
        batch: &[Party],
        all: &[Doubt],
        claims: &mut Claims,
        depth: Depth,
    ) -> Result<Vec<Glimpse>, Silence> {
        let mut read: Vec<(&Party, Read)> = Vec::with_capacity(batch.len());
        for party in batch {
            self.list(party, all).await;
            if let Some(listed) = self.lists.get(&party.account) {
                let known = party.doubts.iter().find_map(|doubt| self.people.get(&doubt.of));
                let person = known.map_or_else(|| Person::of(&party.doubts), |known| known.clone().again());
                let one = look::read(&mut self.asker, party, person, listed, claims, depth).await?;
                let learned = party.doubts.iter().map(|doubt| (doubt.of, one.person.clone()));
                self.people.extend(learned);
                read.push((party, one));
            }
        }
        self.tell_apart(&mut read, claims).await;
        let together = together(&read);
        let own = own(&together, claims, self.asker.client.skew());
        let mut glimpses = Vec::new();
        for ((party, read), found) in together.into_iter().zip(own) {
            let looked = Looked {
                at: read.looked_at(),
                thorough: read.is_thorough(),
            };
            glimpses.extend(party.doubts.iter().zip(found).map(|(doubt, found)| Glimpse {
                doubt: doubt.clone(),
                found,
                looked: looked.clone(),
            }));
        }
        Ok(glimpses)
    }

    /// Asks who the attempts went to whose message may be one that was read back, where they went by another kind of name.
    async fn tell_apart(&mut self, read: &mut [(&Party, Read)], claims: &mut Claims) {
        for (number, suspect) in suspects(&together(read), claims, self.asker.client.skew()) {
            let Some((account, name)) = claims.question(number) else { continue };
            let account = account.as_deref();
            let why = match self.asker.ask(account, async |client| client.exists(&name, account).await).await {
                Ok(existing) => {
                    let urn = existing.recipient_urn().filter(|urn| urn.starts_with(PROFILE)).map(str::to_owned);
                    let place = || suspect.place(existing.conversation_urn.as_deref()?);
                    let known = urn.or_else(place);
                    claims.learn(number, known.as_deref());
                    if known.is_some() {
                        continue;
                    }
                    "the service does not tell".to_owned()
                }
                Err(silence) => silence.to_string(),
            };
            let said = format!("`{name}` was told the same at about that time and may be the same person ({why})");
            for place in suspect.parties {
                if let Some((_, read)) = read.get_mut(place) {
                    read.person.said.push(said.clone());
                }
            }
        }
    }

    async fn list(&mut self, party: &Party, all: &[Doubt]) {
        if !self.lists.contains_key(&party.account) {
            let of_account = all.iter().filter(|doubt| doubt.account == party.account);
            let since = look::earliest(of_account);
            let listed = look::list(&mut self.asker, party.account.as_deref(), since).await;
            self.lists.insert(party.account.clone(), listed);
        }
    }
}

fn together<'a>(read: &'a [(&'a Party, Read)]) -> Vec<(&'a Party, &'a Read)> {
    read.iter().map(|(party, read)| (*party, read)).collect()
}
