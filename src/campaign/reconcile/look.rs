//! Reads back what was said between an account and one person.

use std::time::Duration;

use super::doubts::{Claims, Doubt, Lifetime};
use super::own::{own, since};
use super::party::Party;
use super::person::Person;
use crate::adapters::api::{ConversationInfo, MessagesAsked, SeenMessage};
use crate::adapters::digest::sha256_hex;
use crate::campaign::asking::{Asker, Silence};
use crate::model::judgement::{TextDigests, folded};
use crate::model::recognition::{Attempted, Name, Right, Sender, Sighting};
use crate::model::skew::Skew;
use crate::model::time::Moment;

/// What a message may be older than its attempt by the clocks after what is known of them was allowed for: the clock that
/// dates messages need not be the one that dates answers.
const SLACK: Duration = Duration::from_millis(250);

/// The same where no answer had a date.
const SLACK_WITHOUT_DATE: Duration = Duration::from_secs(2);

/// How far beyond an attempt a list must reach so that nothing newer can be missing from it.
const MARGIN: Duration = Duration::from_mins(5);

const CONVERSATIONS_ON_A_PAGE: u32 = 100;
const MESSAGES_ON_A_PAGE: u32 = 50;
/// More pages than this are not read: whatever is there is older, or somebody else must look.
const PAGES: usize = 20;

/// How thoroughly a person's conversations are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Where the list of conversations can be relied on, only those in it.
    Listed,
    /// Every way there is.
    Every,
}

/// The recent conversations of an account.
#[derive(Debug)]
pub(super) struct Listed {
    /// They themselves.
    pub entries: Vec<ConversationInfo>,
    /// Whether every conversation in which something happened since is among them.
    pub whole: bool,
    /// Whether the service said that it made the list from what it had stored.
    stored: bool,
    /// The attempts that it is wanted for began after this, by the service's clock.
    since: Moment,
}

impl Listed {
    /// Whether it shows all that there is, as of now.
    pub(super) const fn is_reliable(&self) -> bool {
        self.whole && !self.stored
    }

    /// Whether nothing happened in a conversation since the attempts.
    pub(super) fn is_quiet(&self, one: &ConversationInfo) -> bool {
        !self.stored && last_activity(one).is_some_and(|last| last < self.since)
    }
}

/// Lists the conversations of `account` in which something happened since `since`, by our clock.
///
/// # Errors
/// The service does not answer.
pub(super) async fn list(asker: &mut Asker<'_>, account: Option<&str>, since: Moment) -> Result<Listed, Silence> {
    let mut listed = Listed {
        entries: Vec::new(),
        whole: false,
        stored: false,
        since: since - MARGIN,
    };
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let from = cursor.as_deref();
        let page = asker
            .ask(account, async |client| {
                client.conversations(account, CONVERSATIONS_ON_A_PAGE, from).await
            })
            .await?;
        let ahead = asker.client.skew().map_or(0, Skew::likely);
        listed.since = since.shifted(ahead) - MARGIN;
        listed.stored |= page.from_cache == Some(true);
        let oldest = page.conversations.iter().filter_map(last_activity).min();
        listed.entries.extend(page.conversations);
        cursor = page.next_cursor.filter(|_| page.has_more != Some(false));
        let ended = cursor.is_none() && page.has_more != Some(true);
        listed.whole = ended || oldest.is_some_and(|oldest| oldest < listed.since);
        if listed.whole || cursor.is_none() {
            break;
        }
    }
    Ok(listed)
}

fn last_activity(one: &ConversationInfo) -> Option<Moment> {
    let newest = one.latest_message.as_ref().and_then(|message| message.sent_at);
    one.last_activity_at.max(newest)
}

/// What was read of one person's conversations.
pub(super) struct Read {
    /// The person.
    pub person: Person,
    /// What was said that may matter.
    pub conversations: Vec<Conversation>,
    /// Whether the list of conversations reached back far enough.
    listed: bool,
}

/// One conversation, as far as it was read.
pub(super) struct Conversation {
    /// Its URN.
    pub urn: String,
    /// The thread of Sales Navigator, where it is one.
    pub thread_id: Option<String>,
    /// What the owner of the account said there in the words of the attempts.
    pub seen: Vec<Sighting>,
}

impl Read {
    /// Whether everything was answered that could show the message.
    pub(super) const fn is_thorough(&self) -> bool {
        self.person.thorough && self.listed
    }

    /// What was looked at, in one line.
    pub(super) fn looked_at(&self) -> String {
        self.person.said.join("; ")
    }
}

/// Reads what was said to `person`, whom the attempts of `party` are for.
///
/// # Errors
/// Nothing more should be asked for now.
pub(super) async fn read(
    asker: &mut Asker<'_>,
    party: &Party,
    person: Person,
    listed: &Result<Listed, Silence>,
    claims: &Claims,
    depth: Depth,
) -> Result<Read, Silence> {
    let account = party.account.as_deref();
    let mut read = Read {
        person,
        conversations: Vec::new(),
        listed: false,
    };
    let mut reliable = false;
    match listed {
        Ok(listed) => {
            read.listed = listed.whole;
            read.person.look_up(listed, depth);
            reliable = listed.is_reliable() && read.person.is_told_by(listed);
        }
        // A service that has no such list has other ways to show a message.
        Err(Silence::NotOffered(why)) => {
            read.listed = true;
            read.person.recall();
            read.person.said.push(format!("the service lists no conversations ({why})"));
        }
        Err(silence) => {
            read.person.recall();
            read.person.note("the list of conversations", silence.clone())?;
        }
    }
    let mut done = 0;
    read_all(asker, party, &mut read, &mut done, claims).await?;
    let enough = all_found(party, &read, claims, asker.client.skew()) || depth == Depth::Listed && reliable;
    if !enough {
        read.person.ask(asker, account).await?;
        if let Ok(listed) = listed {
            // By the URN that was just learned, a thread of Sales Navigator may be known now.
            read.person.look_up(listed, depth);
        }
        read_all(asker, party, &mut read, &mut done, claims).await?;
    }
    if depth == Depth::Every && read.person.urn.is_none() && any_found(party, &read, claims, asker.client.skew()) {
        // Only this tells the recipient's URN; what was found stays found without it.
        let thorough = read.person.thorough;
        let _ = read.person.ask(asker, account).await;
        read.person.thorough = thorough;
    }
    if done == 0 && read.person.said.is_empty() {
        read.person.said.push("no conversation is known".to_owned());
        read.person.thorough = false;
    }
    Ok(read)
}

fn all_found(party: &Party, read: &Read, claims: &Claims, skew: Option<Skew>) -> bool {
    own(&[(party, read)], claims, skew)
        .into_iter()
        .flatten()
        .all(|found| found.is_some())
}

fn any_found(party: &Party, read: &Read, claims: &Claims, skew: Option<Skew>) -> bool {
    own(&[(party, read)], claims, skew)
        .into_iter()
        .flatten()
        .any(|found| found.is_some())
}

/// Reads the candidates that were not read yet, until every attempt has its message.
async fn read_all(asker: &mut Asker<'_>, party: &Party, read: &mut Read, done: &mut usize, claims: &Claims) -> Result<(), Silence> {
    while let Some(candidate) = read.person.candidates.get(*done) {
        let (urn, thread_id) = (candidate.urn.clone(), candidate.thread_id.clone());
        *done += 1;
        if all_found(party, read, claims, asker.client.skew()) {
            continue;
        }
        match messages(asker, party, &urn, read, claims).await {
            Ok(seen) => read.conversations.push(Conversation { urn, thread_id, seen }),
            Err(silence) => read.person.note(&format!("the conversation {urn}"), silence)?,
        }
    }
    Ok(())
}

/// Reads the messages of a conversation, as far back as they matter.
async fn messages(asker: &mut Asker<'_>, party: &Party, urn: &String, read: &mut Read, claims: &Claims) -> Result<Vec<Sighting>, Silence> {
    let account = party.account.as_deref();
    let (mut seen, mut count, mut whole) = (Vec::new(), 0, false);
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
        let skew = asker.client.skew();
        let oldest = page.messages.iter().filter_map(|message| message.sent_at).min();
        count += page.messages.len();
        page.participants.iter().for_each(|somebody| read.person.takes_part_as(somebody));
        seen.extend(page.messages.into_iter().filter_map(|message| sighting(message, party)));
        cursor = page.cursor.filter(|_| page.has_more != Some(false));
        let ended = cursor.is_none() && page.has_more != Some(true);
        let since = since(party, &read.person, urn, claims, skew);
        whole = ended || oldest.is_some_and(|oldest| since.is_none_or(|since| oldest < since));
        if whole || cursor.is_none() {
            break;
        }
    }
    read.person.thorough &= whole;
    let messages = if count == 1 { "message" } else { "messages" };
    read.person.said.push(format!("{count} {messages} of {urn}"));
    Ok(seen)
}

/// The message as it is recognised, if its owner said it in the words of one of the attempts.
fn sighting(message: SeenMessage, party: &Party) -> Option<Sighting> {
    if message.is_sent_by_owner != Some(true) {
        return None;
    }
    let text = message.text.unwrap_or_default();
    let text = TextDigests {
        exact: sha256_hex(&text),
        folded: Some(sha256_hex(&folded(&text))),
    };
    party.doubts.iter().any(|doubt| doubt.text.agree(&text)).then_some(Sighting {
        urn: message.message_urn,
        sent_at: message.sent_at,
        sender: Sender::Owner,
        text,
    })
}

/// When the first of the attempts began, by our clock.
pub(super) fn earliest<'a>(doubts: impl Iterator<Item = &'a Doubt>) -> Moment {
    let began = doubts.filter_map(|doubt| doubt.span.map(|span| span.began));
    began.min().unwrap_or(Moment::from_millis(0))
}

/// An attempt by the service's clock, of which `now` tells.
pub(super) fn attempted(span: &Lifetime, text: &TextDigests, right: Right, now: Option<Skew>) -> Attempted {
    let skew = match (span.skew, now) {
        // Where both cannot be true, our clock was set meanwhile, and that of the attempt counts.
        (Some(then), Some(now)) => Some(then.meeting(now).unwrap_or(then)),
        (then, now) => then.or(now),
    };
    let slack = if skew.is_some() { SLACK } else { SLACK_WITHOUT_DATE };
    let (least, likely) = skew.map_or((0, 0), |skew| (skew.least(), skew.likely()));
    Attempted {
        earliest: span.began.shifted(least) - slack,
        began: span.began.shifted(likely),
        ended: span.ended.shifted(likely),
        text: text.clone(),
        right,
        name: Name::Unknown,
    }
}
