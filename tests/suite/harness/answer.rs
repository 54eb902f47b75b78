//! What the server answers.

use std::time::Duration;

use serde_json::{Value, json as object};

/// One answer, as a test says it: `status(429).header("Retry-After", "1")`.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
    pub delivery: Delivery,
    /// It waits until the test opens the gate: [`super::Server::open_gate`].
    pub held: bool,
    /// How long it takes.
    pub delay: Duration,
}

/// What is in it.
#[derive(Debug, Clone)]
pub enum Body {
    /// The service's word that the message was sent, with the names of this recipient.
    Acknowledgement,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// How it reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it is.
    Whole,
    /// Only so many bytes of the body, then the connection is closed.
    Cut(usize),
    /// The body is all that is written: no status line, no headers.
    Raw,
    /// Nothing is written; the connection is closed.
    Close,
    /// Nothing is written; the connection is reset.
    Reset,
    /// Nothing is written, ever; the connection stays open.
    Silence,
}

/// The service's word that the message was sent.
pub fn sent() -> Answer {
    Answer {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: Body::Acknowledgement,
        delivery: Delivery::Whole,
        held: false,
        delay: Duration::ZERO,
    }
}

/// This status, with an error in the service's usual form where it is one.
pub fn status(status: u16) -> Answer {
    match status {
        200..=299 => Answer { status, ..sent() },
        _ => json(status, &object!({"success": false, "error": format!("scripted {status}")})),
    }
}

/// This status with this JSON.
pub fn json(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        ..sent().body(body.to_string())
    }
}

/// This status with a page for people.
pub fn html(status: u16, page: &str) -> Answer {
    Answer {
        status,
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        ..sent().body(page)
    }
}

/// No answer, or half of one.
pub fn broken(delivery: Delivery) -> Answer {
    Answer { delivery, ..sent() }
}

impl Answer {
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: Body::Bytes(body.into()),
            ..self
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits until the test opens the gate.
    pub fn held(self) -> Self {
        Self { held: true, ..self }
    }

    /// Takes so long.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The bytes on the wire for the `nth` request, which is for `to`.
    pub(super) fn bytes(&self, to: &str, nth: usize) -> Vec<u8> {
        let body = match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Acknowledgement => acknowledgement(to, nth).to_string().into_bytes(),
        };
        let headers: Vec<String> = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (status, length, headers) = (self.status, body.len(), headers.concat());
        let mut wire = format!("HTTP/1.1 {status} Scripted\r\nContent-Length: {length}\r\n{headers}\r\n").into_bytes();
        match self.delivery {
            Delivery::Whole => wire.extend(body),
            Delivery::Cut(length) => wire.extend(&body[..length.min(body.len())]),
            Delivery::Raw => wire = body,
            Delivery::Close | Delivery::Reset | Delivery::Silence => wire.clear(),
        }
        wire
    }
}

fn acknowledgement(to: &str, nth: usize) -> Value {
    object!({
        "success": true,
        "message": "Message sent successfully",
        "recipientProfileUrn": urn_of(to),
        "sentMessage": {"messageUrn": format!("urn:li:msg_message:(urn:li:fsd_profile:ACoAAme,2-{nth})")},
    })
}

/// The URN of a recipient: the same one each time.
pub fn urn_of(to: &str) -> String {
    if to.starts_with("urn:li:fsd_profile:") {
        return to.to_owned();
    }
    let id: Vec<String> = to.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:li:fsd_profile:ACoAA{}", id.concat())
}
