//! Reads the conversations of one person back and looks for the messages of attempts that are in doubt.

use std::collections::HashSet;
use std::time::Duration;

use super::doubts::{Claims, Doubt};
use crate::adapters::api::{ConversationInfo, MessagesAsked, Participant, SeenMessage};
use crate::adapters::digest::sha256_hex;
use crate::campaign::asking::{Asker, Silence};
use crate::model::judgement::{Doubtful, Found, Sender, Sighting, TextDigests, folded, recognise};
use crate::model::recipient::Recipient;
use crate::model::time::Moment;

/// What two clocks may differ by after the difference that the service's `Date` tells was allowed for. It tells whole
/// seconds, cut, and the answer took a while: both make an attempt look earlier than it was, never later.
pub const SLACK: Duration = Duration::from_millis(250);

/// The same where an answer had no date.
const SLACK_WITHOUT_DATE: Duration = Duration::from_secs(2);

/// How far beyond an attempt a list must reach so that nothing newer can be missing from it.
const MARGIN: Duration = Duration::from_mins(5);

const CONVERSATIONS_ON_A_PAGE: u32 = 100;
const MESSAGES_ON_A_PAGE: u32 = 50;
/// More pages than this are not read: whatever is there is older, or somebody else must look.
const PAGES: usize = 20;

/// How thoroughly a person's conversations are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Where the list of conversations reaches back far enough, only those in it.
    Listed,
    /// Every way there is.
    Every,
}

/// The recent conversations of an account.
#[derive(Debug)]
pub struct Listed {
    entries: Vec<ConversationInfo>,
    /// Whether every conversation in which something happened since is among them.
    whole: bool,
}

/// What one look at a person's conversations brought.
#[derive(Debug, Default)]
pub struct Looked {
    /// What was found, for each attempt.
    pub found: Vec<Option<Found>>,
    /// What was looked at.
    pub at: String,
    /// Whether everything was answered that could show the message.
    pub thorough: bool,
}

/// Lists the conversations of `account` in which something happened since `since`, by our clock.
///
/// # Errors
/// The service does not answer.
pub async fn list(asker: &mut Asker<'_>, account: Option<&str>, since: Moment) -> Result<Listed, Silence> {
    let mut listed = Listed {
        entries: Vec::new(),
        whole: false,
    };
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let from = cursor.as_deref();
        let page = asker
            .ask(account, async |client| {
                client.conversations(account, CONVERSATIONS_ON_A_PAGE, from).await
            })
            .await?;
        let oldest = page.conversations.iter().filter_map(last_activity).min();
        listed.entries.extend(page.conversations);
        cursor = page.next_cursor.filter(|_| page.has_more != Some(false));
        listed.whole = cursor.is_none() || oldest.is_some_and(|oldest| oldest < since - MARGIN);
        if listed.whole {
            break;
        }
    }
    Ok(listed)
}

fn last_activity(one: &ConversationInfo) -> Option<Moment> {
    let newest = one.latest_message.as_ref().and_then(|message| message.sent_at);
    one.last_activity_at.max(newest)
}

/// A conversation that may hold the message.
struct Candidate {
    urn: String,
    thread_id: Option<String>,
}

/// Everything that one person may be called, and where they may be talked to.
struct Person {
    names: HashSet<String>,
    urn: Option<String>,
    candidates: Vec<Candidate>,
    said: Vec<String>,
    thorough: bool,
}

const PROFILE: &str = "urn:li:fsd_profile:";
const SALES_THREAD: &str = "urn:li:salesNav_thread:";

impl Person {
    fn of(doubts: &[Doubt]) -> Self {
        let mut person = Self {
            names: HashSet::new(),
            urn: None,
            candidates: Vec::new(),
            said: Vec::new(),
            thorough: true,
        };
        for name in doubts.iter().flat_map(|doubt| &doubt.to) {
            if name.starts_with("urn:") && !name.starts_with(PROFILE) {
                person.candidate(name.clone(), None);
            } else {
                person.is_called(name);
            }
        }
        person
    }

    fn is_called(&mut self, name: &str) {
        if let Some(id) = name.strip_prefix(PROFILE) {
            self.names.insert(id.to_owned());
            self.urn = Some(name.to_owned());
        }
        self.names.insert(name.to_owned());
    }

    fn candidate(&mut self, urn: String, thread_id: Option<String>) {
        if self.candidates.iter().all(|known| known.urn != urn) {
            let thread_id = thread_id.or_else(|| urn.strip_prefix(SALES_THREAD).map(str::to_owned));
            self.candidates.push(Candidate { urn, thread_id });
        }
    }

    fn is(&self, somebody: &Participant) -> bool {
        let id = somebody.profile_id.as_deref().unwrap_or_default();
        if self.names.contains(id) || self.names.contains(&id.to_lowercase()) {
            return true;
        }
        let by_url = somebody.profile_url.as_deref().and_then(|url| Recipient::parse(url).ok());
        by_url.is_some_and(|recipient| recipient.identities().any(|name| self.names.contains(&name)))
    }

    /// Adds the conversations of the list that are with this person. Returns whether there are any.
    fn look_up(&mut self, listed: &Listed) -> bool {
        let own = listed
            .entries
            .iter()
            .filter(|entry| entry.participants.iter().any(|somebody| self.is(somebody)));
        let own: Vec<_> = own
            .map(|entry| (entry.conversation_urn.clone(), entry.sales_nav_thread_id.clone()))
            .collect();
        let any = !own.is_empty();
        for (urn, thread_id) in own {
            self.candidate(urn, thread_id);
        }
        any
    }

    /// Asks whether there is a conversation.
    async fn ask(&mut self, asker: &mut Asker<'_>, account: Option<&str>) -> Result<(), Silence> {
        let slug = self.names.iter().find(|name| !name.starts_with("urn:") && !name.starts_with("ACo"));
        let Some(name) = slug.or_else(|| self.names.iter().find(|name| !name.starts_with("urn:"))).cloned() else {
            return Ok(());
        };
        match asker.ask(account, async |client| client.exists(&name, account).await).await {
            Ok(existing) => {
                if let Some(urn) = existing.recipient_urn() {
                    self.is_called(urn);
                }
                match existing.conversation_urn.filter(|_| existing.has_conversation) {
                    Some(urn) => self.candidate(urn, None),
                    None => self.said.push(format!("no conversation with {name}")),
                }
                Ok(())
            }
            Err(silence) => self.note("the question whether there is a conversation", silence),
        }
    }

    fn note(&mut self, what: &str, silence: Silence) -> Result<(), Silence> {
        if silence.ends_everything() {
            return Err(silence);
        }
        self.thorough = false;
        self.said.push(format!("{what} was not answered: {silence}"));
        Ok(())
    }
}

/// Looks for the messages of `doubts`, which are attempts of one account for one key.
///
/// # Errors
/// Nothing more should be asked for now.
pub async fn look(
    asker: &mut Asker<'_>,
    doubts: &[Doubt],
    listed: &Result<Listed, Silence>,
    claims: &Claims,
    depth: Depth,
) -> Result<Looked, Silence> {
    let account = doubts.first().and_then(|doubt| doubt.account.clone());
    let account = account.as_deref();
    let mut person = Person::of(doubts);
    let mut found = vec![None; doubts.len()];
    let mut listed_whole = false;
    match listed {
        Ok(listed) => {
            listed_whole = listed.whole;
            if !person.look_up(listed) && listed.whole {
                person.said.push("not among the recent conversations".to_owned());
            }
        }
        Err(silence) => person.note("the list of conversations", silence.clone())?,
    }
    let mut read = 0;
    read_all(asker, account, doubts, &mut person, &mut read, &mut found, claims).await?;
    let enough = found.iter().all(Option::is_some) || depth == Depth::Listed && listed_whole;
    if !enough {
        person.ask(asker, account).await?;
        if let Ok(listed) = listed {
            // By the URN that was just learned, a thread of Sales Navigator may be known now.
            person.look_up(listed);
        }
        read_all(asker, account, doubts, &mut person, &mut read, &mut found, claims).await?;
    }
    if depth == Depth::Every && person.urn.is_none() && found.iter().any(Option::is_some) {
        // Only this tells the recipient's URN; what was found stays found without it.
        let _ = person.ask(asker, account).await;
        for one in found.iter_mut().flatten() {
            one.recipient_urn.clone_from(&person.urn);
        }
    }
    if read == 0 && person.said.is_empty() {
        person.said.push("no conversation is known".to_owned());
        person.thorough = false;
    }
    Ok(Looked {
        found,
        at: person.said.join("; "),
        thorough: person.thorough && listed_whole,
    })
}

/// Reads the candidates that were not read yet.
async fn read_all(
    asker: &mut Asker<'_>,
    account: Option<&str>,
    doubts: &[Doubt],
    person: &mut Person,
    read: &mut usize,
    found: &mut [Option<Found>],
    claims: &Claims,
) -> Result<(), Silence> {
    while let Some(urn) = person.candidates.get(*read).map(|candidate| candidate.urn.clone()) {
        let place = std::mem::replace(read, *read + 1);
        if found.iter().all(Option::is_some) {
            continue;
        }
        let pages = match messages(asker, account, &urn, earliest(doubts)).await {
            Ok(pages) => pages,
            Err(silence) => {
                person.note(&format!("the conversation {urn}"), silence)?;
                continue;
            }
        };
        person.thorough &= pages.whole;
        person.said.push(format!("{} messages of {urn}", pages.seen.len()));
        let Some(candidate) = person.candidates.get(place) else { continue };
        assign(doubts, &pages, candidate, person, found, claims);
    }
    Ok(())
}

/// When the first of the attempts began, by our clock.
pub fn earliest(doubts: &[Doubt]) -> Moment {
    doubts.iter().filter_map(|doubt| doubt.at).min().unwrap_or(Moment::from_millis(0))
}

/// The messages of a conversation, as far back as they matter.
struct Pages {
    seen: Vec<Sighting>,
    ahead_millis: i64,
    slack: Duration,
    whole: bool,
}

impl Pages {
    /// A moment of our clock, by the service's, no later than it can have been.
    fn theirs(&self, ours: Moment) -> Moment {
        Moment::from_millis(ours.as_millis().saturating_add(self.ahead_millis)) - self.slack
    }
}

async fn messages(asker: &mut Asker<'_>, account: Option<&str>, urn: &str, since: Moment) -> Result<Pages, Silence> {
    let mut pages = Pages {
        seen: Vec::new(),
        ahead_millis: 0,
        slack: SLACK_WITHOUT_DATE,
        whole: false,
    };
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        // `since` of the API is left out: its unit is not documented, and a wrong one would hide the message.
        let asked = MessagesAsked {
            account,
            count: MESSAGES_ON_A_PAGE,
            since: None,
            cursor: cursor.as_deref(),
        };
        let page = asker.ask(account, async |client| client.messages(urn, &asked).await).await?;
        if let Some(ahead) = page.clock_ahead_millis {
            (pages.ahead_millis, pages.slack) = (ahead, SLACK);
        }
        let oldest = page.messages.iter().filter_map(|message| message.sent_at).min();
        pages.seen.extend(page.messages.into_iter().map(sighting));
        cursor = page.cursor.filter(|_| page.has_more != Some(false));
        pages.whole = cursor.is_none() || oldest.is_some_and(|oldest| oldest < pages.theirs(since));
        if pages.whole {
            break;
        }
    }
    Ok(pages)
}

fn sighting(message: SeenMessage) -> Sighting {
    let text = message.text.unwrap_or_default();
    Sighting {
        urn: message.message_urn,
        sent_at: message.sent_at,
        sender: if message.is_sent_by_owner == Some(true) {
            Sender::Owner
        } else {
            Sender::Other
        },
        text: TextDigests {
            exact: sha256_hex(&text),
            folded: Some(sha256_hex(&folded(&text))),
        },
    }
}

/// Gives the messages of one conversation to the attempts that have none yet.
fn assign(doubts: &[Doubt], pages: &Pages, candidate: &Candidate, person: &Person, found: &mut [Option<Found>], claims: &Claims) {
    let open: Vec<(usize, Doubtful)> = doubts
        .iter()
        .enumerate()
        .filter(|(index, _)| found.get(*index).is_some_and(Option::is_none))
        .filter_map(|(index, doubt)| {
            let earliest = pages.theirs(doubt.at?);
            let text = doubt.text.clone();
            Some((index, Doubtful { earliest, text }))
        })
        .collect();
    let attempts: Vec<Doubtful> = open.iter().map(|(_, attempt)| attempt.clone()).collect();
    let own = recognise(&attempts, &pages.seen, |one| claims.hold(one, &person.names, pages.ahead_millis));
    for ((index, _), place) in open.iter().zip(own) {
        let sighting = place.and_then(|place| pages.seen.get(place));
        if let (Some(one), Some(slot)) = (sighting, found.get_mut(*index))
            && let Some(sent_at) = one.sent_at
        {
            *slot = Some(Found {
                conversation: candidate.urn.clone(),
                message_urn: one.urn.clone(),
                sent_at,
                recipient_urn: person.urn.clone(),
                thread_id: candidate.thread_id.clone(),
            });
        }
    }
}
