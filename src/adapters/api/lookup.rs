//! Look-ups: questions that change nothing, and need not be answered.

use std::borrow::Cow;

use reqwest::{Method, Request, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::skew::Skew;
use crate::model::time::Moment;

use super::answer_body::{AnswerBody, LOOKUP_LIMIT};
use super::client::Client;
use super::error_line::{error_line, hold_until};
use super::key::ApiKey;
use super::lenient_json::value_of;
use super::plain_text::one_line;
use super::signals::{BodyHold, RateSignals, is_held};

/// What became of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The service answered.
    Answered(T),
    /// The service does not answer this question: 404, 405, 501, a redirect, or a 2xx that makes no sense. The text says
    /// how. Beware of a 404 where the question names somebody: it may mean that there is nobody of that name.
    NotOffered(String),
    /// The credentials are refused (401, 403, 407). The text says why.
    Refused(String),
    /// Asked too often (429, 421, 425): until when to be silent, where the service told.
    Held(Option<Moment>),
    /// No answer, or an error of the service. The text says why; asking again may help.
    Failed(String),
}

impl<T> Lookup<T> {
    /// The answer changed by `make`.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Answered(told) => Lookup::Answered(make(told)),
            Self::NotOffered(why) => Lookup::NotOffered(why),
            Self::Refused(why) => Lookup::Refused(why),
            Self::Held(until) => Lookup::Held(until),
            Self::Failed(why) => Lookup::Failed(why),
        }
    }

    /// A name in the question cannot be part of an address.
    pub(super) fn no_address() -> Self {
        Self::Failed("the name is empty or made of dots, so no question can be asked about it".to_owned())
    }
}

impl Client {
    /// Asks with GET at the address of these segments and this query.
    pub(super) async fn get<T: DeserializeOwned>(&self, segments: &[&str], query: &[(&str, &str)]) -> Lookup<T> {
        match self.base.below(segments, query) {
            None => Lookup::no_address(),
            Some(url) => self.look_up(Request::new(Method::GET, url)).await,
        }
    }

    /// Makes the request and reads its answer as a `T`. A 2xx object with `success: false` has failed.
    pub(super) async fn look_up<T: DeserializeOwned>(&self, request: Request) -> Lookup<T> {
        let asked = self.now();
        match self.http.execute(request).await {
            Ok(response) => {
                let now = self.now();
                let signals = RateSignals::of_headers(response.status().as_u16(), response.headers(), now, &self.key);
                self.note_skew(signals.server_now.and_then(|date| Skew::told(date, asked, now)));
                self.told(response, signals, now).await
            }
            Err(error) if error.is_connect() => Lookup::Failed(self.never_connected(&error)),
            Err(error) => Lookup::Failed(self.lost(&error)),
        }
    }

    /// What the service's clock shows, whatever it says otherwise. `None` where it does not answer, or does not say.
    pub async fn server_time(&self) -> Option<Moment> {
        let url = self.base.below(&["accounts"], &[])?;
        let response = self.http.execute(Request::new(Method::GET, url)).await.ok()?;
        let signals = RateSignals::of_headers(response.status().as_u16(), response.headers(), self.now(), &self.key);
        signals.server_now
    }

    async fn told<T: DeserializeOwned>(&self, response: Response, mut signals: RateSignals, now: Moment) -> Lookup<T> {
        let status = response.status().as_u16();
        let body = AnswerBody::read(response, LOOKUP_LIMIT, &self.key).await;
        let said = || match error_line(body.bytes(), &self.key) {
            None => format!("HTTP {status}"),
            Some(line) => format!("HTTP {status}: {line}"),
        };
        match status {
            200..=299 => match body.fault() {
                Some(fault) => Lookup::Failed(fault),
                None => read(body.bytes(), said, &self.key),
            },
            401 | 403 | 407 => Lookup::Refused(said()),
            404 | 405 | 501 | 300..=399 => Lookup::NotOffered(said()),
            _ if is_held(status) => {
                let line = error_line(body.bytes(), &self.key).unwrap_or_default();
                signals.and_body(
                    &BodyHold {
                        hold_until: hold_until(body.bytes()).as_deref(),
                        text: &line,
                    },
                    now,
                );
                Lookup::Held(signals.hold_until)
            }
            _ => Lookup::Failed(said()),
        }
    }
}

/// Takes the key out of every text of an answer: a service that echoes it in a name must not have it shown or recorded.
fn redact(value: &mut Value, key: &ApiKey) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(redacted) = key.redact(text) {
                *text = redacted;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redact(value, key)),
        Value::Object(fields) => fields.values_mut().for_each(|value| redact(value, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The answer in a whole 2xx body.
fn read<T: DeserializeOwned>(body: &[u8], said: impl Fn() -> String, key: &ApiKey) -> Lookup<T> {
    let Some(mut value) = value_of(body) else {
        return Lookup::NotOffered(format!("{} (no JSON)", said()));
    };
    if value.get("success") == Some(&Value::Bool(false)) {
        return Lookup::Failed(said());
    }
    redact(&mut value, key);
    T::deserialize(value).map_or_else(
        |error| Lookup::NotOffered(one_line(&format!("the answer has another form than documented: {error}"), key)),
        Lookup::Answered,
    )
}
