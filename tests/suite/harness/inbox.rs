//! Conversations as the service keeps them, and the calls that read them back: no relation of the sandbox, so a second
//! opinion. It has the awkward sides that the service may have: a clock of its own, pages that are smaller than asked for,
//! messages that show late, with other white space or without a name, URNs in two forms and full of signs, lists that leave
//! out who takes part or come from a store, and an error now and then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json as object};

use super::answer::{Answer, json, status};
use super::openapi::decoded;
use super::server::{Seen, Server};

/// Conversations on a page, whatever is asked for.
const CONVERSATIONS: usize = 20;

/// Messages on a page, whatever is asked for.
const MESSAGES: usize = 10;

/// Every question of this number is answered with an error.
const FAILS: usize = 250;

/// Every list of this number comes from a store.
const STORED: usize = 43;

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Owner,
    Person,
}

/// A message in a conversation.
#[derive(Debug, Clone)]
pub struct Message {
    pub text: String,
    pub by: By,
    /// When it was sent, by the service's clock, in milliseconds.
    pub sent_at: i64,
    /// From when on it can be read back.
    pub shows_at: i64,
}

/// The conversations. Clones are the same ones.
#[derive(Clone)]
pub struct Inbox {
    kept: Arc<Mutex<Kept>>,
    /// How far the service's clock is ahead, in milliseconds. `None`: it is not, and its answers have no `Date`.
    ahead: Option<i64>,
}

#[derive(Default)]
struct Kept {
    /// From every name of a person to the one that their conversations are kept under.
    people: BTreeMap<String, String>,
    /// By account and person.
    conversations: BTreeMap<(String, String), Conversation>,
    messages: usize,
    questions: usize,
    lists: usize,
}

struct Conversation {
    urn: String,
    number: usize,
    /// Each with the tail of its URN.
    messages: Vec<(String, Message)>,
}

impl Conversation {
    fn visible(&self, now: i64) -> Vec<&(String, Message)> {
        let mut visible: Vec<_> = self.messages.iter().filter(|(_, message)| message.shows_at <= now).collect();
        // The newest first.
        visible.sort_by_key(|(_, message)| std::cmp::Reverse(message.sent_at));
        visible
    }
}

impl Inbox {
    /// One whose clock is so many milliseconds ahead of ours.
    pub fn ahead(ahead: i64) -> Self {
        Self {
            kept: Arc::default(),
            ahead: Some(ahead),
        }
    }

    /// One whose answers do not say what time it is.
    pub fn undated() -> Self {
        Self {
            kept: Arc::default(),
            ahead: None,
        }
    }

    /// Answers the questions of `server` from here on.
    pub fn serve(&self, server: &Server) {
        let inbox = self.clone();
        server.answer_questions_by(move |seen| inbox.read(seen));
    }

    /// What time it is for the service, in milliseconds.
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        i64::try_from(since.as_millis()).expect("a time") + self.ahead.unwrap_or(0)
    }

    /// A profile id and a URN of one person.
    pub fn same_person(&self, profile_id: &str, urn: &str) {
        let mut kept = self.kept();
        kept.people.insert(profile_id.to_lowercase(), urn.to_owned());
        let bare = urn.rsplit(':').next().unwrap_or_default();
        kept.people.insert(bare.to_owned(), urn.to_owned());
    }

    /// Something is said between an account and a person. Returns the tail of the message's URN.
    pub fn say(&self, account: &str, person: &str, message: Message) -> String {
        let mut kept = self.kept();
        kept.messages += 1;
        let tail = format!("2-{}/+{}==", kept.messages * 7919, kept.messages);
        let (person, number) = (kept.name(person), kept.conversations.len());
        let own = kept
            .conversations
            .entry((account.to_owned(), person))
            .or_insert_with(|| Conversation {
                urn: format!("urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-{number}+/%28x%29==)"),
                number,
                messages: Vec::new(),
            });
        own.messages.push((tail.clone(), message));
        tail
    }

    /// The URN of the conversation between an account and a person.
    pub fn conversation(&self, account: &str, person: &str) -> Option<String> {
        let kept = self.kept();
        let own = kept.conversations.get(&(account.to_owned(), kept.name(person)));
        own.map(|conversation| conversation.urn.clone())
    }

    /// `answer` with the service's time in its `Date`.
    pub fn dated(&self, answer: Answer) -> Answer {
        if self.ahead.is_none() {
            return answer;
        }
        let now = jiff::Timestamp::from_millisecond(self.now()).expect("a time");
        answer.header("Date", &now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a question, if it is one about conversations.
    pub fn read(&self, seen: &Seen) -> Option<Answer> {
        let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
        let asked: BTreeMap<&str, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, decoded(value).expect("percent-encoded")))
            .collect();
        let account = asked.get("accountId").cloned().unwrap_or_default();
        let from = |name: &str| {
            asked
                .get(name)
                .and_then(|cursor| cursor.strip_prefix("from:")?.parse().ok())
                .unwrap_or(0)
        };
        let segments: Vec<String> = path.split('/').skip(2).filter_map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if self.is_to_fail() {
            return Some(self.dated(status(503)));
        }
        let answer = match segments[..] {
            ["conversations"] => self.list(&account, from("nextCursor")),
            ["conversations", "exists", name] => self.exists(&account, name),
            ["conversations", urn, "messages"] => self.messages(&account, urn, from("cursor")),
            _ => return None,
        };
        Some(self.dated(answer))
    }

    fn is_to_fail(&self) -> bool {
        let mut kept = self.kept();
        kept.questions += 1;
        kept.questions.is_multiple_of(FAILS)
    }

    fn list(&self, account: &str, from: usize) -> Answer {
        let (mut kept, now) = (self.kept(), self.now());
        kept.lists += 1;
        let stored = kept.lists.is_multiple_of(STORED);
        let mut own: Vec<(i64, Value)> = kept
            .conversations
            .iter()
            .filter(|((of, _), _)| of == account)
            .filter_map(|((_, person), conversation)| entry(person, conversation, now))
            .collect();
        own.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
        let more = own.len() > from + CONVERSATIONS;
        let page: Vec<Value> = own.into_iter().skip(from).take(CONVERSATIONS).map(|(_, entry)| entry).collect();
        json(
            200,
            &object!({
                "success": true,
                "conversations": page,
                "hasMore": more,
                "nextCursor": more.then(|| format!("from:{}", from + CONVERSATIONS)),
                "fromCache": stored,
            }),
        )
    }

    fn exists(&self, account: &str, name: &str) -> Answer {
        let (kept, now) = (self.kept(), self.now());
        let person = kept.name(name);
        let own = kept.conversations.get(&(account.to_owned(), person.clone()));
        let urn = own.filter(|one| !one.visible(now).is_empty()).map(|one| &one.urn);
        json(
            200,
            &object!({"success": true, "hasConversation": urn.is_some(), "conversationUrn": urn, "profileUrl": person}),
        )
    }

    fn messages(&self, account: &str, urn: &str, from: usize) -> Answer {
        let (kept, now) = (self.kept(), self.now());
        let mut own = kept.conversations.iter().filter(|((of, _), _)| of == account);
        let Some((_, conversation)) = own.find(|(_, conversation)| conversation.urn == urn) else {
            return status(404);
        };
        let visible = conversation.visible(now);
        let more = visible.len() > from + MESSAGES;
        let page: Vec<Value> = visible.into_iter().skip(from).take(MESSAGES).map(shown).collect();
        json(
            200,
            &object!({
                "success": true,
                "messages": page,
                "hasMore": more,
                "cursor": more.then(|| format!("from:{}", from + MESSAGES)),
            }),
        )
    }
}

impl Kept {
    fn name(&self, person: &str) -> String {
        let known = self.people.get(person).or_else(|| self.people.get(&person.to_lowercase()));
        known.map_or_else(|| person.to_owned(), Clone::clone)
    }
}

/// A conversation of the list, with the time of what was last said in it.
fn entry(person: &str, conversation: &Conversation, now: i64) -> Option<(i64, Value)> {
    let (_, last) = conversation.visible(now).first().copied()?;
    // Sometimes the list says who takes part by their URN, sometimes by the bare id, and sometimes not at all.
    let participants = match conversation.number % 3 {
        0 => object!([{"profileId": "ACoAAme"}, {"profileId": person.rsplit(':').next()}]),
        1 => object!([{"profileId": person}]),
        _ => object!([]),
    };
    let entry = object!({
        "conversationUrn": conversation.urn,
        "lastActivityAt": jiff::Timestamp::from_millisecond(last.sent_at).expect("a time").to_string(),
        "participants": participants,
        "latestMessage": {"text": last.text, "sentAt": last.sent_at},
    });
    Some((last.sent_at, entry))
}

/// A message as it is read back: its URN in either form or none, and its text with the white space of a page.
fn shown((tail, message): &(String, Message)) -> Value {
    let urn = match message.sent_at % 9 {
        0 => None,
        odd if odd % 2 == 1 => Some(format!("urn:li:messagingMessage:{tail}")),
        _ => Some(format!("urn:li:msg_message:(urn:li:fsd_profile:ACoAAme,{tail})")),
    };
    let text = match message.sent_at % 5 {
        0 => format!(" {}\r\n", message.text.replace(' ', "\u{a0} ")),
        _ => message.text.clone(),
    };
    object!({
        "messageUrn": urn,
        "text": text,
        "sentAt": message.sent_at,
        "isSentByOwner": message.by == By::Owner,
    })
}
