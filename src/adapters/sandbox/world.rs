//! Accounts, people and what was said between them: the state of a sandbox. Nothing here waits or answers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::settings::{Access, History, Plan, Relation, SandboxAccount, SandboxPerson, Settings, Speaker, Unlisted};
use super::urn;
use crate::model::time::Moment;

/// The state.
#[derive(Debug)]
pub(super) struct World {
    senders: Vec<Sender>,
    by_id: HashMap<String, usize>,
    unlisted: Unlisted,
    people: HashMap<String, SandboxPerson>,
    conversations: Vec<Conversation>,
    places: HashMap<Arc<str>, usize>,
    history: History,
    visibility: i64,
    sent: Vec<Sent>,
    delivered: u64,
    said: u64,
    assets: HashSet<String>,
    last_used: usize,
}

/// An account and what it did.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) account: SandboxAccount,
    /// The profile URN of its owner.
    pub(super) owner: String,
    pub(super) last_used: Option<Moment>,
    day: i64,
    today: u32,
}

impl Sender {
    /// Messages of its quota that are used today.
    pub(super) fn used(&self, now: Moment) -> u32 {
        let today = if self.day == now.utc_day() { self.today } else { 0 };
        self.account.quota.used.saturating_add(today)
    }

    pub(super) fn has_sales_navigator(&self) -> bool {
        self.account.plan == Plan::SalesNavigator
    }

    /// Why it cannot send, if it cannot.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match self.account.access {
            Access::Disabled => Some(Trouble::Disabled),
            Access::WithoutTokens => Some(Trouble::LoggedOut),
            Access::Open if self.account.status == "ERROR" => Some(Trouble::LoggedOut),
            Access::Open => None,
        }
    }
}

/// Why an account cannot send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Disabled,
    LoggedOut,
}

/// The inbox that a conversation is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inbox {
    Ordinary,
    SalesNavigator,
}

/// One conversation of one account with one person in one inbox.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) sender: usize,
    pub(super) person: String,
    /// The person as they were first addressed.
    pub(super) name: String,
    pub(super) inbox: Inbox,
    pub(super) thread: String,
    pub(super) urn: Arc<str>,
    /// The oldest first; no two at the same millisecond, so that a time is a place to go on from.
    pub(super) messages: Vec<Message>,
}

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) sent_at: i64,
    visible_at: i64,
    pub(super) number: u64,
    pub(super) by: Speaker,
    pub(super) text: Arc<str>,
}

impl Message {
    pub(super) fn tail(&self) -> String {
        urn::message_tail(self.sent_at, self.number)
    }

    pub(super) const fn is_visible(&self, now: Moment) -> bool {
        self.visible_at <= now.as_millis()
    }
}

/// A delivery, as small as it can be kept.
#[derive(Debug)]
struct Sent {
    conversation: usize,
    addressed: Box<str>,
    subject: Option<Box<str>>,
    attachments: Vec<String>,
    message: Message,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When.
    pub at: Moment,
    /// The sending account.
    pub account: String,
    /// The recipient as the request named them: profile id, profile URN or conversation URN.
    pub recipient: String,
    /// The recipient's profile URN.
    pub recipient_urn: String,
    /// The conversation it arrived in.
    pub conversation_urn: String,
    /// Its URN, as the answer to the send has it.
    pub message_urn: String,
    /// The subject, where one was sent.
    pub subject: Option<String>,
    /// The asset URNs of what was attached.
    pub attachments: Vec<String>,
    /// The exact text.
    pub message: String,
}

/// Something to deliver.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) sender: usize,
    pub(super) person: String,
    pub(super) addressed: String,
    pub(super) inbox: Inbox,
    pub(super) text: Arc<str>,
    pub(super) subject: Option<String>,
    pub(super) attachments: Vec<String>,
}

/// What a letter became, or would have become.
#[derive(Debug, Clone)]
pub(super) struct Posted {
    pub(super) delivery: Delivery,
    pub(super) thread: String,
}

impl World {
    pub(super) fn new(settings: &Settings, now: Moment) -> Self {
        let mut world = Self {
            senders: Vec::new(),
            by_id: HashMap::new(),
            unlisted: settings.unlisted,
            people: HashMap::new(),
            conversations: Vec::new(),
            places: HashMap::new(),
            history: settings.history,
            visibility: i64::try_from(settings.visibility.as_millis()).unwrap_or(i64::MAX / 2),
            sent: Vec::new(),
            delivered: 0,
            said: 0,
            assets: HashSet::new(),
            last_used: 0,
        };
        for account in &settings.accounts {
            world.open_account(account.clone());
        }
        for person in &settings.people {
            world.meet(person, now);
        }
        world
    }

    fn open_account(&mut self, account: SandboxAccount) -> usize {
        let place = self.senders.len();
        self.by_id.insert(account.id.clone(), place);
        self.senders.push(Sender {
            owner: urn::profile(&account.public_id),
            account,
            last_used: None,
            day: i64::MIN,
            today: 0,
        });
        place
    }

    fn meet(&mut self, person: &SandboxPerson, now: Moment) {
        let urn = urn::profile(&person.name);
        if !person.history.is_empty() && !self.senders.is_empty() {
            let place = self.conversation_with(0, &urn, &person.name, Inbox::Ordinary);
            for said in &person.history {
                self.say(place, now - said.ago, 0, said.by, said.text.as_str().into());
            }
        }
        self.people.insert(urn, person.clone());
    }

    /// The account of this id, or without one the account used last, else the first.
    pub(super) fn account(&mut self, id: Option<&str>) -> Option<usize> {
        match id {
            None => (self.last_used < self.senders.len()).then_some(self.last_used),
            Some(id) => match (self.by_id.get(id), self.unlisted) {
                (Some(place), _) => Some(*place),
                (None, Unlisted::Welcome) => Some(self.open_account(SandboxAccount::with_id(id))),
                (None, Unlisted::Unknown) => None,
            },
        }
    }

    pub(super) fn sender(&self, place: usize) -> Option<&Sender> {
        self.senders.get(place)
    }

    pub(super) fn senders(&self) -> &[Sender] {
        &self.senders
    }

    /// How the person with this URN stands to the accounts.
    pub(super) fn relation(&self, person: &str) -> Relation {
        self.people.get(person).map_or(Relation::Connected, |person| person.relation)
    }

    /// The conversation that this URN names, ordinary or of Sales Navigator.
    pub(super) fn conversation(&self, urn: &str) -> Option<&Conversation> {
        self.places.get(urn).and_then(|place| self.conversations.get(*place))
    }

    pub(super) fn conversations(&self) -> &[Conversation] {
        &self.conversations
    }

    /// The conversation between an account and a person, if there is one.
    pub(super) fn between(&self, sender: usize, person: &str, inbox: Inbox) -> Option<&Conversation> {
        let owner = &self.senders.get(sender)?.owner;
        self.conversation(&conversation_urn(owner, person, inbox).0)
    }

    fn conversation_with(&mut self, sender: usize, person: &str, name: &str, inbox: Inbox) -> usize {
        let owner = self.senders.get(sender).map(|sender| sender.owner.clone()).unwrap_or_default();
        let (urn, thread) = conversation_urn(&owner, person, inbox);
        if let Some(place) = self.places.get(urn.as_str()) {
            return *place;
        }
        let place = self.conversations.len();
        let urn: Arc<str> = urn.into();
        self.places.insert(Arc::clone(&urn), place);
        self.conversations.push(Conversation {
            sender,
            person: person.to_owned(),
            name: name.to_owned(),
            inbox,
            thread,
            urn,
            // Most campaigns say one thing to a person.
            messages: Vec::with_capacity(1),
        });
        place
    }

    /// Adds a message to a conversation, at this time or as soon after as no other message is.
    fn say(&mut self, place: usize, at: Moment, visibility: i64, by: Speaker, text: Arc<str>) -> Option<Message> {
        let messages = &mut self.conversations.get_mut(place)?.messages;
        let after_last = messages.last().map_or(i64::MIN, |last| last.sent_at + 1);
        self.said += 1;
        let message = Message {
            sent_at: at.as_millis().max(after_last),
            visible_at: at.as_millis().saturating_add(visibility),
            number: self.said,
            by,
            text,
        };
        messages.push(message.clone());
        Some(message)
    }

    /// What the letter would become; nothing arrives.
    pub(super) fn pretend(&mut self, letter: &Letter, now: Moment) -> Posted {
        self.said += 1;
        let message = Message {
            sent_at: now.as_millis(),
            visible_at: i64::MAX,
            number: self.said,
            by: Speaker::Owner,
            text: Arc::clone(&letter.text),
        };
        self.posted(letter, &message)
    }

    /// Delivers the letter.
    pub(super) fn deliver(&mut self, letter: &Letter, now: Moment) -> Posted {
        self.delivered += 1;
        self.last_used = letter.sender;
        if let Some(sender) = self.senders.get_mut(letter.sender) {
            sender.last_used = Some(now);
            if sender.day != now.utc_day() {
                (sender.day, sender.today) = (now.utc_day(), 0);
            }
            sender.today += 1;
        }
        if self.history == History::Counted {
            return self.pretend(letter, now);
        }
        let place = self.conversation_with(letter.sender, &letter.person, &letter.addressed, letter.inbox);
        let Some(message) = self.say(place, now, self.visibility, Speaker::Owner, Arc::clone(&letter.text)) else {
            return self.pretend(letter, now);
        };
        let reply = self.people.get(&letter.person).and_then(|person| person.replies.clone());
        if let Some(reply) = reply {
            self.say(place, now, self.visibility, Speaker::Person, reply.into());
        }
        let posted = self.posted(letter, &message);
        self.sent.push(Sent {
            conversation: place,
            addressed: letter.addressed.as_str().into(),
            subject: letter.subject.as_deref().map(Into::into),
            attachments: letter.attachments.clone(),
            message,
        });
        posted
    }

    fn posted(&self, letter: &Letter, message: &Message) -> Posted {
        let (id, owner) = self
            .senders
            .get(letter.sender)
            .map(|sender| (sender.account.id.clone(), sender.owner.as_str()))
            .unwrap_or_default();
        let (conversation_urn, thread) = conversation_urn(owner, &letter.person, letter.inbox);
        Posted {
            delivery: Delivery {
                at: Moment::from_millis(message.sent_at),
                account: id,
                recipient: letter.addressed.clone(),
                recipient_urn: letter.person.clone(),
                conversation_urn,
                message_urn: urn::message(owner, &message.tail()),
                subject: letter.subject.clone(),
                attachments: letter.attachments.clone(),
                message: message.text.as_ref().to_owned(),
            },
            thread,
        }
    }

    /// Everything that was delivered, in order; empty where history is only counted.
    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        let delivery = |sent: &Sent| {
            let conversation = self.conversations.get(sent.conversation)?;
            let letter = Letter {
                sender: conversation.sender,
                person: conversation.person.clone(),
                addressed: sent.addressed.as_ref().to_owned(),
                inbox: conversation.inbox,
                text: Arc::clone(&sent.message.text),
                subject: sent.subject.as_deref().map(str::to_owned),
                attachments: sent.attachments.clone(),
            };
            Some(self.posted(&letter, &sent.message).delivery)
        };
        self.sent.iter().filter_map(delivery).collect()
    }

    /// How many messages were delivered.
    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Remembers an uploaded file and gives its URN.
    pub(super) fn keep_asset(&mut self, content: u64) -> String {
        let urn = urn::asset(content, self.assets.len() as u64);
        self.assets.insert(urn.clone());
        urn
    }

    pub(super) fn has_asset(&self, urn: &str) -> bool {
        self.assets.contains(urn)
    }
}

fn conversation_urn(owner: &str, person: &str, inbox: Inbox) -> (String, String) {
    let thread = urn::thread(owner, person);
    let urn = match inbox {
        Inbox::Ordinary => urn::conversation(owner, &thread),
        Inbox::SalesNavigator => urn::sales_thread(&thread),
    };
    (urn, thread)
}
