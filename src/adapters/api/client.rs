//! The HTTP client, set up so that one call is one request at most.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONNECTION, HeaderMap, HeaderValue};

use crate::model::skew::Skew;
use crate::model::time::Moment;

use super::base_url::BaseUrl;
use super::key::{ApiKey, ApiKeyError};
use super::plain_text::one_line;

/// What tells the time. The client asks it when the head of an answer is there.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// How the client waits, and whose time it uses.
#[derive(Clone)]
pub struct Settings {
    /// The longest that a request may take, from the look-up of the host to the last byte of the answer.
    pub timeout: Duration,
    /// The longest of it that the connection may take, TLS included. Kept under three quarters of `timeout`, so that a
    /// connection that never came about is known as such.
    pub connect_timeout: Duration,
    /// What tells the time.
    pub clock: Clock,
}

/// The client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The key does not fit into a header.
    #[error(transparent)]
    Key(#[from] ApiKeyError),
    /// The base URL cannot be built upon.
    #[error("no address can be made from --base-url {0}; write it like https://api.connectsafely.ai/linkedin")]
    Address(String),
    /// TLS cannot be set up, most often because the machine has no root certificates.
    #[error("secure connections cannot be set up: {0}; install the root certificates of the system (package ca-certificates)")]
    Tls(String),
}

/// Whose certificates are believed.
#[derive(Clone, Copy)]
pub(super) enum Trust {
    /// Those that the system believes.
    System,
    /// Nobody's: for plain http, which then does not pay for reading the system's.
    Nobody,
}

/// A client of the service at one base URL, with one key. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base: BaseUrl,
    pub(super) send_url: Url,
    pub(super) key: ApiKey,
    pub(super) settings: Settings,
    skew: Arc<Mutex<Option<Skew>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.endpoint())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Sets up a client. Connects to nothing yet.
    ///
    /// # Errors
    /// No root certificates on this system, where the base URL is https.
    pub fn new(base: &BaseUrl, key: &ApiKey, settings: Settings) -> Result<Self, ApiError> {
        let trust = if base.is_plain() { Trust::Nobody } else { Trust::System };
        Self::trusting(trust, base, key, settings)
    }

    pub(super) fn trusting(trust: Trust, base: &BaseUrl, key: &ApiKey, settings: Settings) -> Result<Self, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, key.bearer()?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // The connection is used once. Said aloud, the server closes it, and its end has the port to keep.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let builder = reqwest::Client::builder()
            .user_agent(concat!("rowcast/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // One call, one request: nothing is repeated, redirected, or put on a connection that may have gone stale.
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_max_idle_per_host(0)
            .no_proxy()
            .tcp_nodelay(true)
            // A connection lives for one answer, and the time-out watches it: probes would only cost system calls.
            .tcp_keepalive(None)
            .tcp_keepalive_interval(None)
            .tcp_keepalive_retries(None)
            .timeout(settings.timeout)
            // Where this fires, no connection was there yet; where the one above does, there may have been one.
            .connect_timeout(settings.connect_timeout.min(settings.timeout / 4 * 3));
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let builder = builder.tcp_user_timeout(None);
        let builder = match trust {
            Trust::System => builder,
            Trust::Nobody => builder.tls_certs_only([]),
        };
        Ok(Self {
            http: builder.build().map_err(|error| ApiError::Tls(chain(&error, key)))?,
            send_url: base
                .below(&["conversations", "send"], &[])
                .ok_or_else(|| ApiError::Address(base.to_string()))?,
            base: base.clone(),
            key: key.clone(),
            settings,
            skew: Arc::default(),
        })
    }

    /// How long a request may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// How far the service's clock is ahead of ours, as far as the answers to look-ups told so far.
    #[must_use]
    pub fn skew(&self) -> Option<Skew> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what one answer told of the service's clock.
    pub(super) fn note_skew(&self, told: Option<Skew>) {
        let Some(told) = told else { return };
        let mut known = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(told, |known| known.and(told)));
    }

    /// The moment now, by the clock of the settings.
    pub(super) fn now(&self) -> Moment {
        (self.settings.clock)()
    }

    /// Why no connection came about, with the place.
    pub(super) fn never_connected(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            format!("no connection to {} came about in time", self.base.place())
        } else {
            format!("no connection to {}: {}", self.base.place(), chain(error, &self.key))
        }
    }

    /// Why no answer came though the request began to leave.
    pub(super) fn lost(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            let timeout = crate::model::time::Span(self.settings.timeout);
            format!("no answer from {} within {timeout}", self.base.place())
        } else {
            format!(
                "the connection to {} was lost before the answer: {}",
                self.base.place(),
                chain(error, &self.key)
            )
        }
    }
}

/// What lies at the bottom of an error, as one readable line without the URL and the key.
///
/// The outer layers of reqwest and hyper say only "error sending request" and "client error"; what helps is beneath.
pub(super) fn chain(error: &reqwest::Error, key: &ApiKey) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        source = inner.source();
        let shell = text.starts_with("client error (") || text.starts_with("error ");
        let told = said.iter().any(|earlier| earlier.contains(&text));
        if !(told || shell && source.is_some()) {
            said.push(text);
        }
    }
    if said.is_empty() {
        said.push("the cause is not known".to_owned());
    }
    one_line(&said.join(": "), key)
}
