//! The send: one POST, and what was seen of its answer.

use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Method, Request, Response};
use serde::Serialize;

use crate::model::draft::{Channel, Draft};
use crate::model::outcome::{Answer, Body, Reply};
use crate::model::recipient::Recipient;

use super::acknowledgement::Acknowledgement;
use super::answer_body::{AnswerBody, SEND_LIMIT};
use super::client::Client;
use super::error_line::{error_line, hold_until};
use super::plain_text::one_line;
use super::signals::{BodyHold, RateSignals, is_held};
use super::upload::Attachment;

/// What is sent. Blank parts are left out.
#[derive(Debug, Clone, Copy)]
pub struct SendRequest<'a> {
    /// Whom it goes to: every form that is known is sent.
    pub recipient: &'a Recipient,
    /// The sending account.
    pub account: Option<&'a str>,
    /// The message.
    pub message: &'a str,
    /// The subject.
    pub subject: Option<&'a str>,
    /// Which inbox.
    pub channel: Option<Channel>,
    /// What was uploaded for it.
    pub attachments: &'a [Attachment],
}

impl<'a> SendRequest<'a> {
    /// What `draft` asks to be sent, with what its attachments became when they were uploaded.
    #[must_use]
    pub fn of(draft: &'a Draft, attachments: &'a [Attachment]) -> Self {
        Self {
            recipient: &draft.recipient,
            account: draft.account.as_deref(),
            message: &draft.message,
            subject: draft.subject.as_deref(),
            channel: draft.channel,
            attachments,
        }
    }

    /// The JSON of the request: the documented fields, and no other.
    pub(super) fn to_json(self) -> Vec<u8> {
        fn told(text: Option<&str>) -> Option<&str> {
            text.filter(|text| !text.trim().is_empty())
        }
        let wire = Wire {
            account_id: told(self.account),
            recipient_profile_id: told(self.recipient.profile_id()),
            recipient_profile_urn: told(self.recipient.profile_urn()),
            conversation_urn: told(self.recipient.conversation()),
            message: self.message,
            subject: told(self.subject),
            attachments: self.attachments.iter().map(|file| File { file }).collect(),
            messaging_channel: self.channel.map(Channel::as_str),
        };
        let mut json = Vec::with_capacity(self.message.len() + 256);
        // Strings and numbers into memory: there is nothing that could fail, and an empty body would be refused.
        let _ = serde_json::to_writer(&mut json, &wire);
        json
    }
}

/// `SendMessageRequest` of the API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_profile_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_profile_urn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_urn: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_channel: Option<&'static str>,
}

/// The wrapper around each attachment, `{"file": {…}}`.
#[derive(Serialize)]
struct File<'a> {
    file: &'a Attachment,
}

/// What was seen of a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The facts for the journal.
    pub answer: Answer,
    /// What the answer tells about the pace, whatever its status.
    pub signals: RateSignals,
}

impl Sent {
    fn without_answer(answer: Answer) -> Self {
        Self {
            answer,
            signals: RateSignals::default(),
        }
    }
}

impl Client {
    /// Makes one request and says what was seen. Never makes a second one.
    ///
    /// [`Answer::NeverConnected`] is told only where the connection itself failed, by name look-up, refusal, TLS or its
    /// own time-out, so that no byte of the request can have left; every doubt is [`Answer::Lost`].
    pub async fn send(&self, request: &SendRequest<'_>) -> Sent {
        let mut post = Request::new(Method::POST, self.send_url.clone());
        post.headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *post.body_mut() = Some(request.to_json().into());
        let client = self.clone();
        // On its own, so that where there is a thread for it, the wire keeps nobody else from working.
        let exchange = tokio::spawn(async move { client.exchange(post).await });
        exchange.await.unwrap_or_else(|broken| match broken.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => Sent::without_answer(Answer::Lost(cancelled.to_string())),
        })
    }

    async fn exchange(self, post: Request) -> Sent {
        match self.http.execute(post).await {
            Ok(response) => self.seen(response).await,
            Err(error) if error.is_connect() => Sent::without_answer(Answer::NeverConnected(self.never_connected(&error))),
            Err(error) => Sent::without_answer(Answer::Lost(self.lost(&error))),
        }
    }

    async fn seen(&self, response: Response) -> Sent {
        let status = response.status().as_u16();
        let now = self.now();
        let mut signals = RateSignals::of_headers(status, response.headers(), now, &self.key);
        let location = response
            .headers()
            .get(LOCATION)
            .map(|to| one_line(&String::from_utf8_lossy(to.as_bytes()), &self.key));
        let body = AnswerBody::read(response, SEND_LIMIT, &self.key).await;
        let mut reply = Reply {
            status,
            body: Body::Unreadable,
            error: None,
            recipient_urn: None,
            thread_id: None,
            message_urn: None,
            hold_until: None,
        };
        self.judge_body(&mut reply, &body);
        match status {
            200..=299 if reply.body == Body::Object => {}
            200..=299 if reply.body == Body::Unreadable => reply.error = self.unreadable(&body),
            300..=399 => reply.error = location.map(|to| format!("redirected to {to}; the base url is wrong")),
            _ => reply.error = error_line(body.bytes(), &self.key),
        }
        if is_held(status) {
            let told = hold_until(body.bytes());
            let told = BodyHold {
                hold_until: told.as_deref(),
                text: reply.error.as_deref().unwrap_or_default(),
            };
            signals.and_body(&told, now);
            reply.hold_until = signals.hold_until;
        }
        Sent {
            answer: Answer::Http(reply),
            signals,
        }
    }

    fn judge_body(&self, reply: &mut Reply, body: &AnswerBody) {
        let AnswerBody::Whole(bytes) = body else { return };
        let told = Acknowledgement::of(bytes, &self.key);
        reply.body = told.body;
        if reply.body == Body::Object && (200..=299).contains(&reply.status) {
            reply.recipient_urn = told.recipient_urn;
            reply.thread_id = told.thread_id;
            reply.message_urn = told.message_urn;
        }
    }

    /// Why the body of a 2xx answer cannot be believed.
    fn unreadable(&self, body: &AnswerBody) -> Option<String> {
        let why = body.fault().or_else(|| match error_line(body.bytes(), &self.key) {
            None if body.bytes().trim_ascii().is_empty() => Some("the answer is empty".to_owned()),
            None => Some("the answer is not what the service documents".to_owned()),
            Some(line) => Some(one_line(
                &format!("the answer is not what the service documents: {line}"),
                &self.key,
            )),
        });
        why.map(|why| format!("{why}; whether the message left is not known"))
    }
}
