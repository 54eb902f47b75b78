//! Who must not be written to: the entries of do-not-contact lists, and how a row is recognised among them.
//!
//! An entry is taken in every way in which it can be meant: a message that was held back for nothing can be sent later,
//! one that was sent for nothing cannot be taken back.

use std::borrow::Cow;

use super::fingerprint::{Fingerprint, FingerprintMap};
use super::recipient::{Recipient, RecipientError};
use super::row::{Header, squashed, trim};

/// What an entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Whatever it can name: a person, a company, a key.
    Anything,
    /// A person, by profile or URN.
    Person,
    /// A company: everybody whose row has it.
    Company,
    /// A row's key.
    Key,
}

/// A list among those of a [`Suppression`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListId(u32);

/// An entry that names a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The list, as a person knows it.
    pub list: &'a str,
    /// The line of the list.
    pub line: u32,
    /// The entry as it stands there.
    pub entry: &'a str,
}

impl std::fmt::Display for Hit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "do not contact: `{}` in {}, line {}", self.entry, self.list, self.line)
    }
}

/// What a row shows of itself to the lists.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Whom it is for.
    pub recipient: &'a Recipient,
    /// Its key.
    pub key: &'a str,
    /// Its company, where the sheet has such a column.
    pub company: &'a str,
}

#[derive(Debug)]
struct Entry {
    list: u32,
    line: u32,
    text: Box<str>,
}

/// The entries of all lists.
#[derive(Debug, Default)]
pub struct Suppression {
    lists: Vec<String>,
    entries: Vec<Entry>,
    people: FingerprintMap,
    companies: FingerprintMap,
    keys: FingerprintMap,
}

impl Suppression {
    /// A further list, under the name by which a person knows it.
    pub fn list(&mut self, name: impl Into<String>) -> ListId {
        self.lists.push(name.into());
        ListId(u32::try_from(self.lists.len() - 1).unwrap_or(u32::MAX))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry. A blank one adds nothing.
    ///
    /// # Errors
    /// A person that cannot be found by what is written, as a link of Sales Navigator: it would hold nobody back.
    pub fn add(&mut self, list: ListId, line: u32, text: &str, names: Names) -> Result<(), RecipientError> {
        let text = trim(text);
        if text.is_empty() {
            return Ok(());
        }
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let person = match names {
            Names::Person => Some(text.parse::<Recipient>()?),
            Names::Anything if is_address(text) => Some(text.parse::<Recipient>()?),
            Names::Anything => text.parse().ok(),
            Names::Company | Names::Key => None,
        };
        for name in person.iter().flat_map(Recipient::identities) {
            self.people.entry(Fingerprint::of(&name)).or_insert(index);
        }
        let word = Fingerprint::of(&folded(text));
        if matches!(names, Names::Anything | Names::Company) {
            self.companies.entry(word).or_insert(index);
        }
        if matches!(names, Names::Anything | Names::Key) {
            self.keys.entry(word).or_insert(index);
        }
        self.entries.push(Entry {
            list: list.0,
            line,
            text: text.into(),
        });
        Ok(())
    }

    /// Whether no entry names a person.
    #[must_use]
    pub fn names_nobody(&self) -> bool {
        self.people.is_empty()
    }

    /// Whether an entry names somebody so.
    #[must_use]
    pub fn names_person(&self, name: Fingerprint) -> bool {
        self.people.contains_key(&name)
    }

    /// Two names are of one person: an entry that names somebody by one of them names them by the other as well.
    pub fn are_one(&mut self, one: Fingerprint, other: Fingerprint) {
        for (known, new) in [(one, other), (other, one)] {
            if let Some(index) = self.people.get(&known).copied() {
                self.people.entry(new).or_insert(index);
            }
        }
    }

    /// The first entry that names this row by one of its recipient's names, its key, or its company.
    #[must_use]
    pub fn find(&self, row: Candidate<'_>) -> Option<Hit<'_>> {
        if self.entries.is_empty() {
            return None;
        }
        let people = row.recipient.identities().map(|name| Fingerprint::of(&name));
        let by_person = people.filter_map(|name| self.people.get(&name)).min();
        let by_word = |words: &FingerprintMap, word: &str| {
            if words.is_empty() || word.is_empty() {
                return None;
            }
            words.get(&Fingerprint::of(&folded(word))).copied()
        };
        let first = by_person
            .copied()
            .into_iter()
            .chain(by_word(&self.keys, row.key))
            .chain(by_word(&self.companies, row.company))
            .min()?;
        let entry = self.entries.get(first as usize)?;
        Some(Hit {
            list: self.lists.get(entry.list as usize).map_or("", String::as_str),
            line: entry.line,
            entry: &entry.text,
        })
    }
}

/// Whether `text` is meant as somebody's address, so that one that cannot be read must not be taken for a mere word.
fn is_address(text: &str) -> bool {
    let lower = text.get(..text.len().min(64)).unwrap_or(text).to_lowercase();
    lower.starts_with("urn:") || lower.starts_with('@') || lower.contains("://") || lower.contains("linkedin.") || lower.contains("lnkd.in")
}

/// Case and runs of white space do not tell two companies apart.
fn folded(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase() && byte != b' ';
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}

/// The column of a sheet that has the recipient's company, recognised by name.
#[must_use]
pub fn company_column(header: &Header) -> Option<usize> {
    header.names.iter().position(|name| is_company(name))
}

/// Whether a header names a company.
#[must_use]
pub fn is_company(header: &str) -> bool {
    const NAMES: [&str; 12] = [
        "company",
        "companyname",
        "currentcompany",
        "organization",
        "organisation",
        "organizationname",
        "employer",
        "firm",
        "firma",
        "unternehmen",
        "entreprise",
        "empresa",
    ];
    NAMES.contains(&squashed(header).as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lists(entries: &[(&str, Names)]) -> Suppression {
        let mut all = Suppression::default();
        let list = all.list("no.csv");
        for (index, (text, names)) in entries.iter().enumerate() {
            all.add(list, u32::try_from(index).expect("few") + 1, text, *names)
                .expect("an entry");
        }
        all
    }

    fn line_of(all: &Suppression, recipient: &str, key: &str, company: &str) -> Option<u32> {
        let recipient: Recipient = recipient.parse().expect("a recipient");
        let row = Candidate {
            recipient: &recipient,
            key,
            company,
        };
        all.find(row).map(|hit| hit.line)
    }

    #[test]
    fn a_person_is_recognised_in_any_form() {
        let all = lists(&[
            ("https://de.linkedin.com/in/Jane-Doe/?trk=x", Names::Anything),
            ("urn:li:fsd_profile:ACoAAB", Names::Anything),
        ]);
        for form in ["jane-doe", "@JANE-DOE", "linkedin.com/in/jane-doe"] {
            assert_eq!(line_of(&all, form, "", ""), Some(1), "{form}");
        }
        assert_eq!(line_of(&all, "https://www.linkedin.com/in/ACoAAB", "", ""), Some(2));
        assert_eq!(line_of(&all, "jane-doe-2", "", ""), None);
    }

    #[test]
    fn whoever_is_listed_by_one_name_is_recognised_by_another_that_is_known_of_them() {
        let mut all = lists(&[("jane", Names::Anything), ("urn:li:fsd_profile:ACoAAbob", Names::Person)]);
        let name = Fingerprint::of;
        all.are_one(name("jane"), name("urn:li:fsd_profile:ACoAAjane"));
        all.are_one(name("bob"), name("urn:li:fsd_profile:ACoAAbob"));
        all.are_one(name("ann"), name("urn:li:fsd_profile:ACoAAann"));
        assert_eq!(line_of(&all, "urn:li:fsd_profile:ACoAAjane", "", ""), Some(1));
        assert_eq!(line_of(&all, "Bob", "", ""), Some(2));
        assert_eq!(line_of(&all, "ann", "", ""), None);
    }

    #[test]
    fn companies_and_keys_are_compared_without_case_and_spaces() {
        let all = lists(&[
            ("Weiß,  Söhne & Co.", Names::Anything),
            ("00417", Names::Key),
            ("acme", Names::Company),
        ]);
        assert_eq!(line_of(&all, "somebody", "", "weiß, söhne & CO."), Some(1));
        assert_eq!(line_of(&all, "somebody", "00417", ""), Some(2));
        assert_eq!(line_of(&all, "somebody", "417", ""), None);
        assert_eq!(line_of(&all, "somebody", "", "ACME"), Some(3));
        assert_eq!(line_of(&all, "acme", "acme", ""), None);
    }

    #[test]
    fn an_address_that_finds_nobody_is_refused() {
        let mut all = Suppression::default();
        let list = all.list("no.csv");
        for text in [
            "https://www.linkedin.com/sales/lead/ACwAAA,NAME",
            "urn:li:company:12",
            "https://example.com/jane",
            "@",
        ] {
            assert!(all.add(list, 1, text, Names::Anything).is_err(), "{text}");
        }
        assert!(all.add(list, 1, "Jane Doe", Names::Person).is_err());
        assert!(all.add(list, 1, "jane@example.com", Names::Anything).is_ok());
        assert_eq!(all.len(), 1);
    }

    proptest! {
        #[test]
        fn whoever_is_listed_is_found(slug in "[a-z][a-z0-9-]{3,20}", others in proptest::collection::vec("[a-z]{3,8}", 0..20)) {
            let mut entries: Vec<(&str, Names)> = others.iter().map(|other| (other.as_str(), Names::Anything)).collect();
            entries.push((slug.as_str(), Names::Anything));
            prop_assert!(line_of(&lists(&entries), &slug.to_uppercase(), "", "").is_some());
        }
    }
}
