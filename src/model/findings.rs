//! All that was found out about people, for whoever has to judge them now.

use std::collections::HashMap;

use super::finding::{Contact, Finding, Relation, Said, Seen, Topic};
use super::fingerprint::Fingerprint;
use super::recipient::Recipient;
use super::time::Moment;

/// What the service told about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// This.
    Answer(T),
    /// That it knows nobody of this name. The text is the service's.
    Nobody(String),
}

/// Something that was told, and when.
pub type Dated<T> = (Moment, T);

/// The newest that is known of one person, as an account sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    account: Option<String>,
    /// How they stand to the account.
    pub relation: Option<Dated<Told<Relation>>>,
    /// Whether there is a conversation.
    pub contact: Option<Dated<Told<Contact>>>,
    /// What was said in it.
    pub said: Option<Dated<Said>>,
    /// Their profile URN.
    pub urn: Option<Dated<String>>,
}

fn newer<T>(kept: &mut Option<Dated<T>>, other: Option<Dated<T>>) {
    if let Some((at, _)) = &other
        && kept.as_ref().is_none_or(|(known, _)| known <= at)
    {
        *kept = other;
    }
}

impl Known {
    fn note(&mut self, finding: &Finding) {
        let at = finding.at;
        newer(&mut self.urn, finding.urn().map(|urn| (at, urn.to_owned())));
        match &finding.seen {
            Seen::Relationship(relation) => newer(&mut self.relation, Some((at, Told::Answer(relation.clone())))),
            Seen::Conversation(contact) => newer(&mut self.contact, Some((at, Told::Answer(contact.clone())))),
            Seen::Messages(said) => newer(&mut self.said, Some((at, said.clone()))),
            Seen::Nobody(nobody) => match nobody.asked {
                Topic::Relationship => newer(&mut self.relation, Some((at, Told::Nobody(nobody.said.clone())))),
                Topic::Conversation => newer(&mut self.contact, Some((at, Told::Nobody(nobody.said.clone())))),
            },
        }
    }

    fn and(&mut self, other: Self) {
        newer(&mut self.relation, other.relation);
        newer(&mut self.contact, other.contact);
        newer(&mut self.said, other.said);
        newer(&mut self.urn, other.urn);
    }
}

/// Findings by the names of people.
#[derive(Debug, Default)]
pub struct Findings {
    known: Vec<Known>,
    /// Where the findings about somebody of this name are: one place for each account.
    places: HashMap<Fingerprint, Vec<u32>>,
}

impl Findings {
    /// Takes note of a finding.
    pub fn note(&mut self, finding: &Finding) {
        let names: Vec<Fingerprint> = finding.to.iter().map(|name| Fingerprint::of(name)).collect();
        let of_account = |place: &u32| {
            self.known
                .get(*place as usize)
                .is_some_and(|known| known.account == finding.account)
        };
        let places = names.iter().filter_map(|name| self.places.get(name)).flatten().copied();
        let place = places.into_iter().find(of_account).unwrap_or_else(|| {
            self.known.push(Known {
                account: finding.account.clone(),
                ..Known::default()
            });
            u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(known) = self.known.get_mut(place as usize) {
            known.note(finding);
        }
        for name in names {
            let places = self.places.entry(name).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// What `account` was told about a recipient.
    #[must_use]
    pub fn of(&self, account: Option<&str>, recipient: &Recipient) -> Known {
        self.gather(recipient, |known| known.account.as_deref() == account)
    }

    /// What any account was told about a recipient.
    #[must_use]
    pub fn of_any(&self, recipient: &Recipient) -> Known {
        self.gather(recipient, |_| true)
    }

    /// Each name of somebody whose URN is known, with that URN: two names of one person.
    #[must_use]
    pub fn same_people(&self) -> Vec<(Fingerprint, Fingerprint)> {
        let urn = |place: &u32| self.known.get(*place as usize)?.urn.as_ref().map(|(_, urn)| Fingerprint::of(urn));
        let of = |(name, places): (&Fingerprint, &Vec<u32>)| {
            let name = *name;
            let urns: Vec<Fingerprint> = places.iter().filter_map(urn).filter(|urn| *urn != name).collect();
            urns.into_iter().map(move |urn| (name, urn))
        };
        self.places.iter().flat_map(of).collect()
    }

    fn gather(&self, recipient: &Recipient, wanted: impl Fn(&Known) -> bool) -> Known {
        let mut all = Known::default();
        if self.known.is_empty() {
            return all;
        }
        let names = recipient.identities().map(|name| Fingerprint::of(&name));
        let places = names.filter_map(|name| self.places.get(&name)).flatten();
        for known in places
            .filter_map(|place| self.known.get(*place as usize))
            .filter(|known| wanted(known))
        {
            all.and(known.clone());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(at: i64, account: &str, to: &[&str], connected: bool) -> Finding {
        Finding {
            at: Moment::from_millis(at),
            account: Some(account.to_owned()),
            key: "any".to_owned(),
            to: to.iter().map(|name| (*name).to_owned()).collect(),
            seen: Seen::Relationship(Relation {
                connected,
                status: None,
                urn: None,
            }),
        }
    }

    fn connected(known: &Known) -> Option<bool> {
        match &known.relation {
            Some((_, Told::Answer(relation))) => Some(relation.connected),
            _ => None,
        }
    }

    #[test]
    fn the_newest_counts_by_whatever_name_and_each_account_sees_for_itself() {
        let urn = "urn:li:fsd_profile:ACoAAjane";
        let mut findings = Findings::default();
        findings.note(&finding(1, "a", &["jane"], false));
        findings.note(&finding(3, "a", &[urn, "jane"], true));
        findings.note(&finding(2, "a", &["jane"], false));
        findings.note(&finding(4, "b", &["jane"], false));
        let jane = Recipient::from_profile_id("Jane");
        assert_eq!(connected(&findings.of(Some("a"), &jane)), Some(true));
        assert_eq!(connected(&findings.of(Some("a"), &Recipient::from_profile_urn(urn))), Some(true));
        assert_eq!(connected(&findings.of(Some("b"), &jane)), Some(false));
        assert_eq!(connected(&findings.of_any(&jane)), Some(false));
        assert_eq!(connected(&findings.of(None, &jane)), None);
        assert_eq!(connected(&findings.of(Some("a"), &Recipient::from_profile_id("bob"))), None);
    }
}
