//! `POST /conversations/send`.

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::limit::Kind;
use super::script::{Arrival, Call};
use super::settings::{Attempt, Relation};
use super::visit::{Faults, Sandbox, Shared, Visit};
use super::wire::Fate;
use super::world::{Inbox, Letter, Posted, Trouble};
use super::{clock, urn};
use crate::model::draft::Channel;

/// More than any message: what is longer is answered with 413.
const LONGEST_BODY: u64 = 1024 * 1024;

/// A send.
pub(super) async fn send(state: State<Shared>, connection: ConnectInfo<Fate>, request: Request) -> Response {
    receive(state.0, connection.0, request, Faults::Scripted).await
}

/// A send that followed a redirect: it arrives, so that whoever follows redirects delivers twice and can be caught.
pub(super) async fn redirected(state: State<Shared>, connection: ConnectInfo<Fate>, request: Request) -> Response {
    receive(state.0, connection.0, request, Faults::Redirected).await
}

async fn receive(sandbox: Shared, fate: Fate, request: Request, faults: Faults) -> Response {
    let visit = Visit::begin(&sandbox, fate, Call::Send, faults, &request);
    let mut bytes = Vec::new();
    let read = visit.read(request.into_body(), LONGEST_BODY, |piece| bytes.extend_from_slice(piece));
    let mut visit = match read.await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    match letter(&mut visit, &bytes) {
        Ok(letter) => visit.carry_out(move |sandbox, arrival| post(sandbox, &letter, arrival)).await,
        Err(refusal) => visit.refuse(refusal),
    }
}

/// The body as text fields, each known to be a string where it is there.
struct Form(Map<String, Value>);

impl Form {
    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

fn letter(visit: &mut Visit, bytes: &[u8]) -> Result<Letter, Refusal> {
    visit.check_key()?;
    let form = form(visit, bytes)?;
    let message = form.text("message").unwrap_or_default().to_owned();
    let named = ["recipientProfileUrn", "recipientProfileId", "conversationUrn"];
    let recipient = named.into_iter().find_map(|field| form.text(field)).map(str::to_owned);
    let account = form.text("accountId");
    account.unwrap_or_default().clone_into(&mut visit.account);
    visit.recipient.clone_from(&recipient);
    visit.message = Some(message.clone());
    if let Some(witness) = &visit.sandbox.settings.witness {
        (witness.0)(Attempt {
            account: &visit.account,
            recipient: recipient.as_deref().unwrap_or_default(),
            message: &message,
        });
    }
    let sender = visit.sandbox.world().account(account);
    let person = recipient.as_deref().map(|_| person(&visit.sandbox, &form)).transpose()?;
    visit.person.clone_from(&person);
    let inbox = admit(visit, &form, sender, person.as_deref())?;
    let (Some(sender), Some(person), Some(addressed)) = (sender, person, recipient) else {
        return Err(Refusal::no_account());
    };
    Ok(Letter {
        sender,
        person,
        addressed,
        inbox,
        text: message.into(),
        subject: form.text("subject").map(str::to_owned),
        attachments: attachments(&visit.sandbox, &form)?,
    })
}

/// The limits, and then everything for which the service itself refuses a send.
fn admit(visit: &mut Visit, form: &Form, sender: Option<usize>, person: Option<&str>) -> Result<Inbox, Refusal> {
    let (trouble, sales, known) = {
        let world = visit.sandbox.world();
        let account = sender.and_then(|place| world.sender(place));
        if let Some(account) = account {
            visit.account.clone_from(&account.account.id);
        }
        let inbox = |inbox| sender.zip(person).and_then(|(sender, person)| world.between(sender, person, inbox));
        let known = inbox(Inbox::Ordinary).or_else(|| inbox(Inbox::SalesNavigator)).is_some();
        let sales = account.is_some_and(super::world::Sender::has_sales_navigator);
        (account.and_then(super::world::Sender::trouble), sales, known)
    };
    visit.check_limits(if known { Kind::Message } else { Kind::FirstMessage })?;
    if form.text("message").is_none() {
        return Err(Refusal::bad("message is required"));
    }
    if person.is_none() {
        return Err(Refusal::bad("Either recipientProfileId or recipientProfileUrn is required"));
    }
    match trouble {
        None => {}
        Some(Trouble::Disabled) => return Err(Refusal::no_account()),
        Some(Trouble::LoggedOut) => return Err(Refusal::bad("Account has no valid LinkedIn session, please reconnect it")),
    }
    if sender.is_none() {
        return Err(Refusal::no_account());
    }
    inbox_of(form.text("messagingChannel").and_then(Channel::named), sales)
}

fn inbox_of(channel: Option<Channel>, sales: bool) -> Result<Inbox, Refusal> {
    match channel {
        Some(Channel::SalesNavigator) if !sales => Err(Refusal::bad("Account does not have Sales Navigator")),
        Some(Channel::LinkedinInbox) => Ok(Inbox::Ordinary),
        Some(Channel::SalesNavigator) => Ok(Inbox::SalesNavigator),
        Some(Channel::Auto) | None if sales => Ok(Inbox::SalesNavigator),
        Some(Channel::Auto) | None => Ok(Inbox::Ordinary),
    }
}

/// The body as an object whose documented fields have their types, kept for the log.
fn form(visit: &mut Visit, bytes: &[u8]) -> Result<Form, Refusal> {
    let body: Value = serde_json::from_slice(bytes).map_err(|_| Refusal::invalid("Request body is not valid JSON"))?;
    visit.body = Some(body.clone());
    let Value::Object(fields) = body else {
        return Err(Refusal::zod(&[mistyped("object", &body, &json!([]))]));
    };
    let texts = [
        "accountId",
        "recipientProfileId",
        "recipientProfileUrn",
        "conversationUrn",
        "subject",
        "messagingChannel",
    ];
    let mut issues: Vec<Value> = texts
        .into_iter()
        .filter_map(|field| fields.get(field).map(|value| (field, value)))
        .filter(|(_, value)| !value.is_string())
        .map(|(field, value)| mistyped("string", value, &json!([field])))
        .collect();
    match fields.get("message") {
        Some(Value::String(_)) => {}
        Some(other) => issues.push(mistyped("string", other, &json!(["message"]))),
        None => issues.push(json!({
            "code": "invalid_type", "expected": "string", "received": "undefined", "path": ["message"], "message": "Required"
        })),
    }
    if let Some(channel) = fields.get("messagingChannel").and_then(Value::as_str)
        && !["auto", "sales_navigator", "linkedin_inbox"].contains(&channel)
    {
        issues.push(json!({
            "code": "invalid_enum_value", "received": channel, "options": ["auto", "sales_navigator", "linkedin_inbox"],
            "path": ["messagingChannel"], "message": format!("Invalid enum value. Received '{channel}'")
        }));
    }
    if let Some(other) = fields.get("attachments").filter(|value| !value.is_array()) {
        issues.push(mistyped("array", other, &json!(["attachments"])));
    }
    if issues.is_empty() {
        Ok(Form(fields))
    } else {
        Err(Refusal::zod(&issues))
    }
}

fn mistyped(expected: &str, value: &Value, path: &Value) -> Value {
    let received = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    json!({
        "code": "invalid_type", "expected": expected, "received": received, "path": path,
        "message": format!("Expected {expected}, received {received}")
    })
}

/// The profile URN of whom the form addresses.
///
/// Whether a conversation may stand alone is not documented; here it may, also one that this sandbox has not seen, since a
/// sheet may hold conversations from elsewhere.
fn person(sandbox: &Sandbox, form: &Form) -> Result<String, Refusal> {
    let world = sandbox.world();
    let name = match (
        form.text("recipientProfileUrn"),
        form.text("recipientProfileId"),
        form.text("conversationUrn"),
    ) {
        (Some(urn), ..) if !urn.starts_with("urn:li:") => return Err(Refusal::bad("Invalid recipientProfileUrn")),
        (Some(name), ..) | (None, Some(name), _) => name.to_owned(),
        (None, None, conversation) => {
            let urn = conversation.unwrap_or_default();
            match world.conversation(urn) {
                Some(known) => known.person.clone(),
                None if urn.starts_with("urn:li:") => format!("of {urn}"),
                None => return Err(Refusal::bad("Invalid conversationUrn")),
            }
        }
    };
    let urn = urn::profile(&name);
    if world.relation(&urn) == Relation::NoSuchProfile {
        return Err(Refusal::no_profile(&name));
    }
    Ok(urn)
}

/// The asset URNs of what is attached: each must have been uploaded here.
fn attachments(sandbox: &Sandbox, form: &Form) -> Result<Vec<String>, Refusal> {
    let Some(list) = form.0.get("attachments").and_then(Value::as_array) else {
        return Ok(Vec::new());
    };
    let urn_of = |(index, entry): (usize, &Value)| {
        let field = |name| entry.get("file").and_then(|file| file.get(name));
        let whole = field("byteSize").is_some_and(Value::is_number) && field("mediaType").is_some() && field("name").is_some();
        match field("assetUrn").and_then(Value::as_str) {
            Some(urn) if whole && sandbox.world().has_asset(urn) => Ok(urn.to_owned()),
            Some(urn) if whole => Err(Refusal::bad(&format!("Unknown attachment: {urn}"))),
            _ => Err(Refusal::zod(&[json!({
                "code": "invalid_type", "expected": "object", "received": "undefined",
                "path": ["attachments", index, "file"], "message": "Required"
            })])),
        }
    };
    list.iter().enumerate().map(urn_of).collect()
}

/// Delivers the letter, or pretends to, and gives the answer.
fn post(sandbox: &Sandbox, letter: &Letter, arrival: Arrival) -> Value {
    let now = clock::now();
    let posted = match arrival {
        Arrival::Delivered => sandbox.world().deliver(letter, now),
        Arrival::Absent => sandbox.world().pretend(letter, now),
    };
    if arrival == Arrival::Delivered {
        record(sandbox, &posted);
    }
    answer(sandbox, letter, &posted)
}

fn answer(sandbox: &Sandbox, letter: &Letter, posted: &Posted) -> Value {
    let delivery = &posted.delivery;
    let mut answer = json!({
        "success": true,
        "message": "Message sent successfully",
        "recipientProfileUrn": delivery.recipient_urn,
    });
    let world = sandbox.world();
    if let (Value::Object(fields), Some(sender)) = (&mut answer, world.sender(letter.sender)) {
        let sent = json!({
            "messageUrn": delivery.message_urn,
            "text": delivery.message,
            "sentAt": delivery.at.as_millis(),
            "senderProfileId": urn::profile_id(&sender.owner),
            "senderName": format!("{} {}", sender.account.first_name, sender.account.last_name),
            "senderPhoto": null,
            "isSentByOwner": true,
        });
        fields.insert("sentMessage".to_owned(), sent);
        if letter.inbox == Inbox::SalesNavigator {
            fields.insert("threadId".to_owned(), posted.thread.clone().into());
        }
    }
    answer
}

fn record(sandbox: &Sandbox, posted: &Posted) {
    sandbox.log.line(|| {
        let delivery = &posted.delivery;
        let mut record = json!({
            "kind": "delivery",
            "at": clock::iso(delivery.at),
            "account": delivery.account,
            "recipient": delivery.recipient,
            "recipient_urn": delivery.recipient_urn,
            "conversation_urn": delivery.conversation_urn,
            "message_urn": delivery.message_urn,
            "subject": delivery.subject,
            "attachments": delivery.attachments,
            "message": delivery.message,
        });
        if let (Value::Object(fields), Some(digest)) = (&mut record, sandbox.settings.digest) {
            fields.insert("message_sha256".to_owned(), digest(&delivery.message).into());
        }
        record
    });
}

/// A `GET` that followed a redirect of a send, as clients make of 301, 302 and 303. Nothing arrives; it looks like success.
pub(super) async fn redirected_get(state: State<Shared>, connection: ConnectInfo<Fate>, request: Request) -> Response {
    let visit = Visit::begin(&state.0, connection.0, Call::All, Faults::Redirected, &request);
    if request.method() == axum::http::Method::HEAD {
        return visit.refuse(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            json!({ "error": "Method not allowed" }),
        ));
    }
    visit.carry_out(|_, _| json!({ "success": true })).await
}
