//! What can be read back and looked up: `exists`, a conversation's messages, the conversations, relationships.

use std::collections::HashMap;

use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::limit::Kind;
use super::script::Call;
use super::settings::{Relation, Speaker, UrnForm};
use super::visit::{Faults, Sandbox, Shared, Visit};
use super::wire::Fate;
use super::world::{Conversation, Inbox, Message, World};
use super::{clock, urn};
use crate::model::time::Moment;

type Asked = Query<HashMap<String, String>>;

fn number(query: &HashMap<String, String>, name: &str) -> Result<Option<i64>, Refusal> {
    let parsed = query.get(name).map(|text| {
        let whole = text.parse::<f64>().ok().filter(|number| number.is_finite());
        #[expect(clippy::cast_possible_truncation, reason = "a count or a time in milliseconds, saturated")]
        whole
            .map(|number| number as i64)
            .ok_or_else(|| Refusal::invalid(&format!("{name} must be a number")))
    });
    parsed.transpose()
}

fn count(query: &HashMap<String, String>, usual: usize) -> Result<usize, Refusal> {
    match number(query, "count")? {
        None => Ok(usual),
        Some(count) => usize::try_from(count)
            .ok()
            .filter(|count| (1..=100).contains(count))
            .ok_or_else(|| Refusal::invalid("count must be from 1 to 100")),
    }
}

/// Somebody by the last part of a path; 404 where there is nobody.
fn look_up(visit: &mut Visit, name: &str) -> Result<String, Refusal> {
    let person = urn::profile(name);
    visit.recipient = Some(name.to_owned());
    visit.person = Some(person.clone());
    match visit.sandbox.world().relation(&person) {
        Relation::NoSuchProfile => Err(Refusal::no_profile(name)),
        _ => Ok(person),
    }
}

/// `GET /conversations/exists/{slug}`. `profileUrl` holds the URN, as the page shows it. Sees the ordinary inbox alone; whether the service sees more is not documented.
pub(super) async fn exists(
    state: State<Shared>,
    connection: ConnectInfo<Fate>,
    Path(name): Path<String>,
    query: Asked,
    request: Request,
) -> Response {
    let mut visit = Visit::begin(&state.0, connection.0, Call::Exists, Faults::Scripted, &request);
    let known = (|| {
        visit.check_key()?;
        let sender = visit.sender(query.0.get("accountId").map(String::as_str), Kind::Read)?;
        Ok((sender, look_up(&mut visit, &name)?))
    })();
    let (sender, person) = match known {
        Ok(known) => known,
        Err(refusal) => return visit.refuse(refusal),
    };
    let account = visit.account.clone();
    let look = move |sandbox: &Sandbox| {
        let world = sandbox.world();
        let between = world.between(sender, &person, Inbox::Ordinary);
        let conversation = between.filter(|conversation| last_visible(conversation, clock::now()).is_some());
        json!({
            "success": true,
            "hasConversation": conversation.is_some(),
            "conversationUrn": conversation.map(|conversation| conversation.urn.as_ref()),
            "profileUrl": person,
            "accountId": account,
        })
    };
    visit.carry_out(move |sandbox, _| look(sandbox)).await
}

fn last_visible(conversation: &Conversation, now: Moment) -> Option<&Message> {
    conversation.messages.iter().rev().find(|message| message.is_visible(now))
}

/// `GET /conversations/{urn}/messages`: the newest first, `cursor` being the time of the last one of a page.
pub(super) async fn messages(
    state: State<Shared>,
    connection: ConnectInfo<Fate>,
    Path(urn): Path<String>,
    query: Asked,
    request: Request,
) -> Response {
    let mut visit = Visit::begin(&state.0, connection.0, Call::Messages, Faults::Scripted, &request);
    let page = (|| {
        visit.check_key()?;
        let sender = visit.sender(query.0.get("accountId").map(String::as_str), Kind::Read)?;
        let page = Page {
            count: count(&query.0, 50)?,
            before: number(&query.0, "cursor")?.unwrap_or(i64::MAX),
            since: number(&query.0, "since")?.unwrap_or(i64::MIN),
        };
        let world = visit.sandbox.world();
        let conversation = world.conversation(&urn).filter(|conversation| conversation.sender == sender);
        let Some(conversation) = conversation else {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                json!({ "success": false, "error": "Conversation not found" }),
            ));
        };
        Ok((page, conversation.name.clone(), conversation.person.clone()))
    })();
    let (page, name, person) = match page {
        Ok(page) => page,
        Err(refusal) => return visit.refuse(refusal),
    };
    visit.recipient = Some(name);
    visit.person = Some(person);
    visit.carry_out(move |sandbox, _| page.of(sandbox, &urn)).await
}

/// A page of a conversation.
#[derive(Debug, Clone, Copy)]
struct Page {
    count: usize,
    /// Only what was sent before, in milliseconds.
    before: i64,
    /// Only what was sent after, in milliseconds.
    since: i64,
}

impl Page {
    fn of(self, sandbox: &Sandbox, urn: &str) -> Value {
        let (world, now) = (sandbox.world(), clock::now());
        let Some(conversation) = world.conversation(urn) else {
            return Value::Null;
        };
        let mut wanted = conversation
            .messages
            .iter()
            .rev()
            .filter(|message| message.is_visible(now) && message.sent_at < self.before && message.sent_at > self.since)
            .peekable();
        let shown: Vec<&Message> = wanted.by_ref().take(self.count).collect();
        let more = wanted.peek().is_some();
        let cursor = shown.last().filter(|_| more).map(|message| message.sent_at.to_string());
        let form = sandbox.settings.message_urns;
        let shown: Vec<Value> = shown
            .into_iter()
            .map(|message| written(&world, conversation, message, form))
            .collect();
        json!({
            "success": true,
            "messages": shown,
            "participants": [{
                "profileId": conversation.name, "name": conversation.name, "headline": null, "profilePicture": null
            }],
            "hasMore": more,
            "cursor": cursor,
        })
    }
}

fn written(world: &World, conversation: &Conversation, message: &Message, form: UrnForm) -> Value {
    let sender = world.sender(conversation.sender);
    let owner = sender.map(|sender| sender.owner.as_str()).unwrap_or_default();
    let tail = message.tail();
    let (profile, name) = match message.by {
        Speaker::Owner => (owner, sender.map(full_name).unwrap_or_default()),
        Speaker::Person => (conversation.person.as_str(), conversation.name.clone()),
    };
    json!({
        "messageUrn": match form {
            UrnForm::Message => urn::message(owner, &tail),
            UrnForm::MessagingMessage => urn::messaging_message(&tail),
        },
        "text": message.text.as_ref(),
        "sentAt": message.sent_at,
        "senderProfileId": urn::profile_id(profile),
        "senderName": name,
        "senderPhoto": null,
        "isSentByOwner": message.by == Speaker::Owner,
        "hasAttachment": false,
        "attachments": null,
    })
}

fn full_name(sender: &super::world::Sender) -> String {
    format!("{} {}", sender.account.first_name, sender.account.last_name)
}

/// `GET /conversations`: those with the newest messages first.
pub(super) async fn conversations(state: State<Shared>, connection: ConnectInfo<Fate>, query: Asked, request: Request) -> Response {
    let mut visit = Visit::begin(&state.0, connection.0, Call::Conversations, Faults::Scripted, &request);
    let wanted = (|| {
        visit.check_key()?;
        let several = query.0.get("linkedinAccountIds").into_iter().flat_map(|ids| ids.split(','));
        let mut senders = Vec::new();
        for id in several.chain(query.0.get("accountId").map(String::as_str)) {
            senders.push(visit.sandbox.world().account(Some(id)).ok_or_else(Refusal::no_account)?);
        }
        let first = visit.sender(query.0.get("accountId").map(String::as_str), Kind::Read)?;
        if senders.is_empty() {
            senders.push(first);
        }
        Ok((senders, count(&query.0, 20)?, cursor(query.0.get("nextCursor"))?))
    })();
    match wanted {
        Ok((senders, count, after)) => visit.carry_out(move |sandbox, _| list(sandbox, &senders, count, after)).await,
        Err(refusal) => visit.refuse(refusal),
    }
}

/// Where a list goes on: behind the conversation with this last message and place.
fn cursor(text: Option<&String>) -> Result<(i64, usize), Refusal> {
    let Some(text) = text else { return Ok((i64::MAX, usize::MAX)) };
    let parts = text.strip_prefix("linkedin:").and_then(|rest| rest.split_once(':'));
    parts
        .and_then(|(at, place)| Some((at.parse().ok()?, place.parse().ok()?)))
        .ok_or_else(|| Refusal::invalid("nextCursor is not valid"))
}

fn list(sandbox: &Sandbox, senders: &[usize], count: usize, after: (i64, usize)) -> Value {
    let (world, now) = (sandbox.world(), clock::now());
    let mut found: Vec<(i64, usize, &Conversation, &Message)> = world
        .conversations()
        .iter()
        .enumerate()
        .filter(|(_, conversation)| senders.contains(&conversation.sender))
        .filter_map(|(place, conversation)| last_visible(conversation, now).map(|last| (last.sent_at, place, conversation, last)))
        .filter(|(at, place, ..)| (*at, *place) < after)
        .collect();
    found.sort_by_key(|(at, place, ..)| std::cmp::Reverse((*at, *place)));
    let more = found.len() > count;
    found.truncate(count);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(at, place, ..)| format!("linkedin:{at}:{place}"));
    let accounts: Vec<Value> = senders
        .iter()
        .filter_map(|place| world.sender(*place))
        .map(|sender| json!({ "id": sender.account.id, "name": full_name(sender) }))
        .collect();
    let shown: Vec<Value> = found
        .iter()
        .map(|(_, _, conversation, last)| entry(&world, conversation, last))
        .collect();
    json!({
        "success": true,
        "conversations": shown,
        "accounts": accounts,
        "nextCursor": next,
        "hasMore": more,
        "fromCache": false,
    })
}

fn entry(world: &World, conversation: &Conversation, last: &Message) -> Value {
    let name = match last.by {
        Speaker::Owner => world.sender(conversation.sender).map(full_name).unwrap_or_default(),
        Speaker::Person => conversation.name.clone(),
    };
    let sales = conversation.inbox == Inbox::SalesNavigator;
    json!({
        "conversationUrn": conversation.urn.as_ref(),
        "conversationId": conversation.thread,
        "lastActivityAt": clock::iso(Moment::from_millis(last.sent_at)),
        "unreadCount": 0,
        "participants": [{
            "profileId": conversation.name, "name": conversation.name, "headline": null,
            "profileUrl": null, "profilePicture": null, "distance": "DISTANCE_1"
        }],
        "latestMessage": {
            "text": last.text.as_ref(), "sentAt": last.sent_at, "senderName": name, "hasAttachment": false
        },
        "source": sales.then_some("sales_navigator"),
        "salesNavThreadId": sales.then_some(conversation.thread.as_str()),
    })
}

/// `GET /relationship/{slug}`, for the account used last.
pub(super) async fn relationship(
    state: State<Shared>,
    connection: ConnectInfo<Fate>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    relation(state.0, connection.0, None, name, request).await
}

/// `GET /relationship/{accountId}/{slug}`.
pub(super) async fn relationship_of(
    state: State<Shared>,
    connection: ConnectInfo<Fate>,
    Path((account, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    relation(state.0, connection.0, Some(account), name, request).await
}

async fn relation(sandbox: Shared, fate: Fate, account: Option<String>, name: String, request: Request) -> Response {
    let mut visit = Visit::begin(&sandbox, fate, Call::Relationship, Faults::Scripted, &request);
    let person = (|| {
        visit.check_key()?;
        visit.sender(account.as_deref(), Kind::Read)?;
        look_up(&mut visit, &name)
    })();
    let person = match person {
        Ok(person) => person,
        Err(refusal) => return visit.refuse(refusal),
    };
    let account = visit.account.clone();
    let answer = move |sandbox: &Sandbox| {
        let relation = sandbox.world().relation(&person);
        json!({
            "connected": relation == Relation::Connected,
            "invitationSent": relation == Relation::InvitationSent,
            "invitationReceived": relation == Relation::InvitationReceived,
            "status": match relation {
                Relation::Connected => "CONNECTED",
                Relation::InvitationSent | Relation::InvitationReceived => "PENDING",
                Relation::NotConnected | Relation::NoSuchProfile => "NOT_CONNECTED",
            },
            "profileUrn": person,
            "accountId": account,
        })
    };
    visit.carry_out(move |sandbox, _| answer(sandbox)).await
}
