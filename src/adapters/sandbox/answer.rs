//! Answers, in the forms that the service's pages document and in those that a script asks for.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};

use super::clock;
use super::limit::{Kind, Standing};
use super::script::{Answer, Content, Extent, Hold, HoldForm};
use super::wire::Fate;
use crate::model::time::Moment;

/// A request that is turned away.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    headers: Box<HeaderMap>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Box::default(),
        }
    }

    /// 400 in the plain form.
    pub(super) fn bad(error: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, json!({ "error": error }))
    }

    /// 400 in the coded form.
    pub(super) fn invalid(message: &str) -> Self {
        let body = json!({ "success": false, "code": "validation_error", "message": message });
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    /// 400 in the form of the validation library.
    pub(super) fn zod(issues: &[Value]) -> Self {
        let body = json!({ "success": false, "error": { "name": "ZodError", "issues": issues } });
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, documented(401, ""))
    }

    pub(super) fn no_account() -> Self {
        Self::new(StatusCode::NOT_FOUND, json!({ "error": "Account not found" }))
    }

    pub(super) fn no_profile(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, documented(404, name))
    }

    /// 429, with the hold told in these forms.
    pub(super) fn limited(kind: Kind, standing: Standing, told: &[HoldForm], now: Moment) -> Self {
        let text = format!(
            "Rate limit exceeded for {}: {}/{} used. Resets at {}",
            kind.action(),
            standing.used,
            standing.limit,
            clock::iso(standing.reset)
        );
        let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, json!({ "success": false, "error": text }));
        for form in told {
            tell(*form, standing.reset, now, &mut refusal.headers, &mut refusal.body);
        }
        refusal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json_answer(self.status, &self.body);
        response.headers_mut().extend(*self.headers);
        response
    }
}

/// The body that the pages have for a status other than 2xx.
fn documented(status: u16, name: &str) -> Value {
    match status {
        400 => json!({ "error": "Bad request or send failed" }),
        401 => json!({ "error": "Unauthorized - Invalid credentials" }),
        403 => json!({ "success": false, "error": "Your trial has expired. Please subscribe to continue using this feature." }),
        404 => json!({ "error": format!("LinkedIn profile not found: {name}"), "success": false }),
        429 => json!({ "success": false, "error": "Rate limit exceeded for MESSAGE: 150/150 used." }),
        500 => json!({ "error": "Internal server error" }),
        _ => json!({ "error": reason(status) }),
    }
}

fn reason(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("Unknown error")
}

/// A JSON body under a status.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

/// What whoever asked for the base URL without its `/linkedin` gets, and any other path that is not there.
pub(super) fn not_here() -> Response {
    let page = "<!DOCTYPE html>\n<html><head><title>404</title></head><body><h1>Not Found</h1></body></html>\n";
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// How a limit stands, in the headers of an answer.
pub(super) fn standing_headers(kind: Kind, standing: Standing, reset: HoldForm, now: Moment) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-ratelimit-action", kind.action().to_owned());
    put("x-ratelimit-limit", standing.limit.to_string());
    put("x-ratelimit-used", standing.used.to_string());
    put("x-ratelimit-remaining", standing.remaining().to_string());
    tell(reset, standing.reset, now, &mut headers, &mut Value::Null);
    headers
}

/// Writes down until when to wait, in one form.
fn tell(form: HoldForm, until: Moment, now: Moment, headers: &mut HeaderMap, body: &mut Value) {
    // Seconds are rounded up: who waits as told is not too early.
    let whole_seconds = |millis: i64| (millis + 999).div_euclid(1000);
    let reset = HeaderName::from_static("x-ratelimit-reset");
    let (name, value) = match form {
        HoldForm::RetryAfter => {
            let wait = i64::try_from(until.since(now).as_millis()).unwrap_or(i64::MAX - 999);
            (RETRY_AFTER, whole_seconds(wait).to_string())
        }
        HoldForm::RetryAfterDate => {
            let whole = Moment::from_millis(whole_seconds(until.as_millis()) * 1000);
            (RETRY_AFTER, clock::http_date(whole))
        }
        HoldForm::ResetIso => (reset, clock::iso(until)),
        HoldForm::ResetSeconds => (reset, whole_seconds(until.as_millis()).to_string()),
        HoldForm::ResetMillis => (reset, until.as_millis().to_string()),
        HoldForm::HoldUntil => {
            if let Value::Object(fields) = body {
                fields.insert("holdUntil".to_owned(), clock::iso(until).into());
            }
            return;
        }
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(name, value);
    }
}

/// What a scripted answer is made from beside the script.
pub(super) struct Ground {
    /// The call's own answer.
    pub(super) usual: Value,
    /// The recipient, for texts that name one.
    pub(super) name: String,
    /// What a 404 says is not there.
    pub(super) blame: Blame,
    /// The path that redirects point to.
    pub(super) elsewhere: String,
    pub(super) now: Moment,
}

/// What a scripted 404 says is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    Profile,
    Account,
}

/// The answer that a script asks for.
pub(super) fn scripted(answer: &Answer, ground: &Ground, fate: &Fate) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    let (kind, bytes) = content(answer, ground, &mut headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if matches!(answer.status, 301 | 302 | 303 | 307 | 308)
        && let Ok(place) = HeaderValue::from_str(&ground.elsewhere)
    {
        headers.insert(LOCATION, place);
    }
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    let body = match answer.extent {
        Extent::Whole => Body::from(bytes),
        Extent::WholeThenClosed => {
            fate.be_last();
            Body::from(bytes)
        }
        Extent::Cut | Extent::CutReset => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len().max(2)));
            cut(&bytes, answer.extent, fate.clone())
        }
    };
    (status, headers, body).into_response()
}

fn content(answer: &Answer, ground: &Ground, headers: &mut HeaderMap) -> (&'static str, Bytes) {
    let text = reason(answer.status);
    let mut body = match &answer.content {
        Content::Documented if (200..300).contains(&answer.status) => ground.usual.clone(),
        Content::Documented if answer.status == 404 && ground.blame == Blame::Account => {
            json!({ "error": "Account not found" })
        }
        Content::Documented => documented(answer.status, &ground.name),
        Content::Zod => Refusal::zod(&[json!({ "code": "custom", "path": ["message"], "message": text })]).body,
        Content::Coded => Refusal::invalid(text).body,
        Content::Details => json!({ "success": false, "errorDetails": { "message": text } }),
        Content::Refusal => json!({ "success": false, "error": "LinkedIn rejected the message" }),
        Content::Huge => json!({ "success": true, "message": "x".repeat(1024 * 1024) }),
        Content::Plain | Content::Html | Content::Empty | Content::Garbage | Content::Text(_) => Value::Null,
    };
    for Hold { form, seconds } in &answer.holds {
        let until = ground.now + std::time::Duration::from_secs(u64::from(*seconds));
        tell(*form, until, ground.now, headers, &mut body);
    }
    match &answer.content {
        Content::Plain => ("text/plain; charset=utf-8", Bytes::from(format!("{} {text}\n", answer.status))),
        Content::Html => (
            "text/html; charset=utf-8",
            Bytes::from(format!(
                "<html><head><title>{0} {text}</title></head><body><h1>{0} {text}</h1></body></html>\n",
                answer.status
            )),
        ),
        Content::Empty => ("application/json", Bytes::new()),
        Content::Garbage => ("application/json", Bytes::from_static(b"{\"succ\xff\xfe\x00 not json at all")),
        Content::Text(text) => ("application/json", Bytes::from(text.clone())),
        _ => ("application/json; charset=utf-8", Bytes::from(body.to_string())),
    }
}

/// A body of which the first half arrives. The rest is promised by its length, and the connection ends instead.
fn cut(bytes: &Bytes, extent: Extent, fate: Fate) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    let steps = stream::unfold(Some(half), move |half| {
        let fate = fate.clone();
        async move {
            if let Some(half) = half {
                return Some((Ok(half), None));
            }
            // A pause in which hyper sends what it has: an error right behind the half would take the half with it.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            match extent {
                Extent::CutReset => fate.reset(),
                Extent::Cut | Extent::Whole | Extent::WholeThenClosed => fate.close(),
            }
            Some((Err(std::io::Error::other("the script cuts this answer")), None))
        }
    });
    Body::from_stream(steps)
}
