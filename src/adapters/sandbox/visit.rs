//! One request on its way through the sandbox: counted, held against limits and script, logged, answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answer::{self, Blame, Ground, Refusal};
use super::limit::{self, Kind, Leave, Limiter, Standing};
use super::log::Log;
use super::script::{Answer, Arrival, Asked, Call, Content, Ending, Extent, Fault, Rule, Turns, Who};
use super::settings::{Latency, Settings};
use super::wire::Fate;
use super::world::World;
use super::{clock, urn};

/// Everything that the requests of a sandbox share.
pub(super) struct Sandbox {
    pub(super) settings: Settings,
    pub(super) log: Log,
    pub(super) tally: Tally,
    world: Mutex<World>,
    limiter: Mutex<Limiter>,
    turns: Mutex<Turns>,
    stopped: watch::Receiver<bool>,
    started: Instant,
}

/// What was counted, as atomics.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) connections: Arc<AtomicU64>,
    pub(super) requests: AtomicU64,
    pub(super) sends: AtomicU64,
    pub(super) redirects_followed: AtomicU64,
    in_flight: AtomicU64,
    pub(super) most_in_flight: AtomicU64,
}

pub(super) type Shared = Arc<Sandbox>;

fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic of one request leaves the state as good as it was; the others go on.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sandbox {
    pub(super) fn new(settings: Settings, log: Log, stopped: watch::Receiver<bool>) -> Self {
        Self {
            world: Mutex::new(World::new(&settings, clock::now())),
            limiter: Mutex::new(Limiter::new(settings.limits.clone())),
            turns: Mutex::new(Turns::new(&settings.faults, settings.seed)),
            tally: Tally::default(),
            started: Instant::now(),
            settings,
            log,
            stopped,
        }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    pub(super) fn resets_connection(&self) -> bool {
        locked(&self.turns).resets_connection()
    }

    fn latency(&self, number: u64) -> Duration {
        match self.settings.latency {
            Latency::None => Duration::ZERO,
            Latency::Fixed(span) => span,
            Latency::Between(least, most) => {
                let width = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX - 1);
                least + Duration::from_nanos(urn::mix(self.settings.seed ^ number) % (width + 1))
            }
        }
    }

    /// Waits, or returns `None` as soon as the sandbox stops.
    async fn wait(&self, span: Duration) -> Option<()> {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            () = tokio::time::sleep(span) => Some(()),
            _ = stopped.wait_for(|stopped| *stopped) => None,
        }
    }

    async fn stop(&self) {
        // An error means that whoever stops it is gone, which is a stop as well.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }
}

/// One request.
pub(super) struct Visit {
    pub(super) sandbox: Shared,
    fate: Fate,
    call: Call,
    method: Method,
    /// As it was asked for, with the `/linkedin` that the router takes away.
    path: String,
    query: Option<String>,
    /// What the body says that it is.
    content_type: Option<String>,
    number: u64,
    faults: Faults,
    limit: Option<(Kind, Standing)>,
    /// The key that it came with; never logged.
    key: String,
    /// The sending account, as far as it is known.
    pub(super) account: String,
    /// Whom it is about, as the request has it.
    pub(super) recipient: Option<String>,
    /// Their profile URN.
    pub(super) person: Option<String>,
    /// The message of a send.
    pub(super) message: Option<String>,
    /// The body of a send.
    pub(super) body: Option<Value>,
}

/// Whether the script applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Faults {
    /// It does.
    Scripted,
    /// The client followed a redirect, which says enough.
    Redirected,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.sandbox.tally.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Visit {
    pub(super) fn begin(sandbox: &Shared, fate: Fate, call: Call, faults: Faults, request: &Request) -> Self {
        let tally = &sandbox.tally;
        let in_flight = tally.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        tally.most_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        if call == Call::Send {
            tally.sends.fetch_add(1, Ordering::Relaxed);
        }
        if faults == Faults::Redirected {
            tally.redirects_followed.fetch_add(1, Ordering::Relaxed);
        }
        Self {
            number: tally.requests.fetch_add(1, Ordering::Relaxed) + 1,
            sandbox: Arc::clone(sandbox),
            fate,
            call,
            method: request.method().clone(),
            path: format!("/linkedin{}", request.uri().path()),
            query: request.uri().query().map(str::to_owned),
            content_type: header(request.headers(), &CONTENT_TYPE).map(str::to_owned),
            faults,
            limit: None,
            key: bearer(request.headers()).unwrap_or_default().to_owned(),
            account: String::new(),
            recipient: None,
            person: None,
            message: None,
            body: None,
        }
    }

    /// Whether the key is good.
    pub(super) fn check_key(&self) -> Result<(), Refusal> {
        let good = match &self.sandbox.settings.api_key {
            Some(key) => *key == self.key,
            None => !self.key.is_empty(),
        };
        if good { Ok(()) } else { Err(Refusal::unauthorized()) }
    }

    /// Whether the limits let it through; counts it if they do.
    pub(super) fn check_limits(&mut self, kind: Kind) -> Result<(), Refusal> {
        let now = limit::Instant {
            since_start: self.sandbox.started.elapsed(),
            wall: clock::now(),
        };
        match locked(&self.sandbox.limiter).ask(&self.key, &self.account, kind, now) {
            Leave::Granted(standing) => {
                self.limit = standing.map(|standing| (kind, standing));
                Ok(())
            }
            Leave::Refused(standing) => {
                self.limit = Some((kind, standing));
                Err(Refusal::limited(kind, standing, &self.sandbox.settings.limits.told, now.wall))
            }
        }
    }

    /// Finds the account and holds the request against the limits.
    pub(super) fn sender(&mut self, id: Option<&str>, kind: Kind) -> Result<usize, Refusal> {
        id.unwrap_or_default().clone_into(&mut self.account);
        let place = self.sandbox.world().account(id);
        if let Some(sender) = place.and_then(|place| self.sandbox.world().sender(place).map(|sender| sender.account.id.clone())) {
            self.account = sender;
        }
        self.check_limits(kind)?;
        place.ok_or_else(Refusal::no_account)
    }

    /// There is nothing at this path; the router has taken nothing away from it.
    pub(super) fn astray(mut self, path: &str) -> Response {
        path.clone_into(&mut self.path);
        self.record(Some(404), "no such path", Arrival::Absent);
        answer::not_here()
    }

    /// Turns it away.
    pub(super) fn refuse(self, refusal: Refusal) -> Response {
        self.record(Some(refusal.status.as_u16()), "refused", Arrival::Absent);
        self.with_limits(refusal.into_response())
    }

    /// The body of the request, passed on piece by piece: at most `most` bytes. An error is the answer to give instead.
    pub(super) async fn read(self, body: Body, most: u64, mut take: impl FnMut(&[u8])) -> Result<Self, Response> {
        // A client hears of a body that is too large only when it has sent it: so more is read than is taken.
        let enough = most.saturating_mul(4);
        let (mut size, mut pieces) = (0u64, body.into_data_stream());
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else { return Err(self.give_up()) };
            size += piece.len() as u64;
            if size > enough {
                break;
            }
            if size <= most {
                take(&piece);
            }
        }
        if size > most {
            let body = json!({ "error": "Request body is too large" });
            return Err(self.refuse(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, body)));
        }
        Ok(self)
    }

    /// The body never came whole: nobody is there to answer.
    fn give_up(self) -> Response {
        self.record(None, "incomplete", Arrival::Absent);
        self.fate.close();
        StatusCode::BAD_REQUEST.into_response()
    }

    /// Does what was asked, as the script has it, and answers. `act` does it or pretends to, and gives the usual answer.
    pub(super) async fn carry_out(self, act: impl FnOnce(&Sandbox, Arrival) -> Value + Send + 'static) -> Response {
        let rule = self.rule();
        self.record_plan(rule.as_ref().map(|rule| &rule.fault));
        let blame = match (&self.recipient, rule.as_ref().map(|rule| &rule.who)) {
            (None, _) | (_, Some(Who::Account(_))) => Blame::Account,
            _ => Blame::Profile,
        };
        let fault = rule.map_or_else(usual, |rule| rule.fault);
        let sandbox = Arc::clone(&self.sandbox);
        let arrival = fault.arrival;
        let done = if fault.delay.is_zero() {
            Some(act(&sandbox, arrival))
        } else {
            // On its own, so that the message arrives as well when its sender has gone: the request has been read.
            let delay = fault.delay;
            let later = tokio::spawn(async move { sandbox.wait(delay).await.map(|()| act(&sandbox, arrival)) });
            later.await.ok().flatten()
        };
        let wait = fault.late + self.sandbox.latency(self.number);
        let waited = wait.is_zero() || self.sandbox.wait(wait).await.is_some();
        match (done, waited) {
            (Some(usual), true) => self.end(&fault.ending, usual, blame).await,
            _ => self.hang_up(Fate::close),
        }
    }

    fn rule(&self) -> Option<Rule> {
        if self.faults == Faults::Redirected {
            return None;
        }
        locked(&self.sandbox.turns).rule(Asked {
            call: self.call,
            account: &self.account,
            person: self.person.as_deref(),
        })
    }

    async fn end(&self, ending: &Ending, usual: Value, blame: Blame) -> Response {
        match ending {
            Ending::Answer(answer) => {
                let ground = Ground {
                    usual,
                    name: self.recipient.clone().unwrap_or_default(),
                    blame,
                    elsewhere: self.path.replacen("/linkedin", "/linkedin/moved", 1),
                    now: clock::now(),
                };
                let response = answer::scripted(answer, &ground, &self.fate);
                self.with_limits(response)
            }
            Ending::Hang => {
                self.sandbox.stop().await;
                self.hang_up(Fate::close)
            }
            Ending::Close => self.hang_up(Fate::close),
            Ending::Reset | Ending::ResetAtConnect => self.hang_up(Fate::reset),
        }
    }

    /// Ends the connection; the answer is never written.
    fn hang_up(&self, how: fn(&Fate)) -> Response {
        how(&self.fate);
        StatusCode::NO_CONTENT.into_response()
    }

    fn with_limits(&self, mut response: Response) -> Response {
        if let Some((kind, standing)) = self.limit {
            let told = answer::standing_headers(kind, standing, self.sandbox.settings.limits.reset, clock::now());
            for (name, value) in &told {
                // What a script says goes before what is so.
                response.headers_mut().entry(name).or_insert_with(|| value.clone());
            }
        }
        response
    }

    fn record_plan(&self, fault: Option<&Fault>) {
        let (status, effect) = match (fault.map(|fault| &fault.ending), self.faults) {
            (None, Faults::Scripted) => (Some(200), "usual".to_owned()),
            (None, Faults::Redirected) => (Some(200), "redirect followed".to_owned()),
            (Some(Ending::Answer(answer)), _) => (Some(answer.status), format!("scripted {}", answer.status)),
            (Some(ending), _) => (None, format!("scripted {ending}")),
        };
        self.record(status, &effect, fault.map_or(Arrival::Delivered, |fault| fault.arrival));
    }

    fn record(&self, status: Option<u16>, effect: &str, arrival: Arrival) {
        self.sandbox.log.line(|| {
            let delivered = self.call == Call::Send && arrival == Arrival::Delivered;
            let mut record = json!({
                "kind": "request",
                "at": clock::iso(clock::now()),
                "number": self.number,
                "method": self.method.as_str(),
                "path": self.path,
                "query": self.query,
                "content_type": self.content_type,
                "account": self.account,
                "recipient": self.recipient,
                "recipient_urn": self.person,
                "status": status,
                "effect": effect,
                "delivered": delivered,
            });
            if let Value::Object(fields) = &mut record {
                if let Some(message) = &self.message {
                    if let Some(digest) = self.sandbox.settings.digest {
                        fields.insert("message_sha256".to_owned(), digest(message).into());
                    }
                    fields.insert("message".to_owned(), message.clone().into());
                }
                if let Some(body) = &self.body {
                    fields.insert("body".to_owned(), body.clone());
                }
            }
            record
        });
    }
}

/// What happens without a fault.
fn usual() -> Fault {
    Fault {
        delay: Duration::ZERO,
        late: Duration::ZERO,
        arrival: Arrival::Delivered,
        ending: Ending::Answer(Answer {
            status: 200,
            content: Content::Documented,
            headers: Vec::new(),
            holds: Vec::new(),
            extent: Extent::Whole,
        }),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = header(headers, &AUTHORIZATION)?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
