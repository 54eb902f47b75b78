//! A local stand-in for the `ConnectSafely` API, over real HTTP on loopback (axum).
//!
//! It answers every call that a campaign makes in the documented forms, keeps what it delivered so that it can be read
//! back, holds limits if asked to, and fails as its [`script`] says: also in ways that HTTP alone has no words for, such
//! as a connection that is reset in the middle of an answer. A request that has been read whole arrives, whatever
//! becomes of its sender meanwhile.
//!
//! It speaks only of what the service's public pages say; nothing in it was compared with the live service.

mod accounts;
mod answer;
mod clock;
mod limit;
mod log;
mod reads;
pub mod script;
mod send;
mod settings;
#[cfg(test)]
mod tests;
mod upload;
mod urn;
mod visit;
mod wire;
mod world;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use settings::{
    Access, Attempt, Beyond, History, Latency, Limits, Plan, Quota, Relation, Said, SandboxAccount, SandboxPerson, Settings, Speaker,
    Unlisted, UrnForm, Witness,
};
pub use world::Delivery;

use log::Log;
use script::Call;
use visit::{Faults, Sandbox, Shared, Visit};
use wire::{Fate, Gate};

/// A sandbox that cannot start, or whose log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address can be reached from other machines.
    #[error("a sandbox listens on loopback only, and {0} is not; write --listen 127.0.0.1:0")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}; choose another port with --listen, or port 0 for any that is free")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The log cannot be opened or written.
    #[error("cannot {verb} the sandbox log {}: {source}", path.display())]
    Log {
        /// What was tried.
        verb: &'static str,
        /// The log.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A sandbox that runs. It ends when this is dropped, or properly with [`Running::stop`].
pub struct Running {
    address: SocketAddr,
    shared: Shared,
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
}

/// What a sandbox counted since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Connections that came about.
    pub connections: u64,
    /// Requests whose head was read, sends included.
    pub requests: u64,
    /// Sends among them, whatever became of them.
    pub sends: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Requests to a path that only a redirect names.
    pub redirects_followed: u64,
    /// The most requests that were under way at once.
    pub most_in_flight: u64,
}

/// Starts a sandbox on the current tokio runtime, which must have IO and time switched on.
///
/// `listen` is a loopback address; port 0 takes any port that is free.
///
/// # Errors
/// An address that is not loopback or cannot be had, and a log that cannot be opened.
pub async fn start(listen: SocketAddr, settings: Settings) -> Result<Running, SandboxError> {
    if !listen.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(listen));
    }
    let refused = |source| SandboxError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let log = Log::open(settings.log.clone())?;
    let (stop, stopped) = watch::channel(false);
    let shared: Shared = Arc::new(Sandbox::new(settings, log, stopped.clone()));
    let resetting = Arc::clone(&shared);
    let gate = Gate {
        listener,
        resets: Arc::new(move || resetting.resets_connection()),
        connections: Arc::clone(&shared.tally.connections),
    };
    let service = routes(Arc::clone(&shared)).into_make_service_with_connect_info::<Fate>();
    let mut stopping = stopped;
    let serving = axum::serve(gate, service).with_graceful_shutdown(async move {
        // An error means that whoever stops it is gone, which is a stop as well.
        let _ = stopping.wait_for(|stopped| *stopped).await;
    });
    Ok(Running {
        address,
        shared,
        stop,
        serving: tokio::spawn(async move { serving.await }),
    })
}

fn routes(shared: Shared) -> Router {
    let api = Router::new()
        .route("/conversations/send", post(send::send))
        .route("/conversations/upload-attachment", post(upload::upload))
        .route("/conversations/exists/{slug}", get(reads::exists))
        .route("/conversations/{urn}/messages", get(reads::messages))
        .route("/conversations", get(reads::conversations))
        .route("/relationship/{slug}", get(reads::relationship))
        .route("/relationship/{account}/{slug}", get(reads::relationship_of))
        .route("/accounts", get(accounts::all))
        .route("/account/status", get(accounts::status))
        .route("/account/{id}/status", get(accounts::status_by_id))
        .route("/account/{id}/quota", get(accounts::quota))
        .route("/inmail/credits", get(accounts::credits))
        .route("/moved/{*path}", post(send::redirected).get(send::redirected_get));
    Router::new()
        .nest("/linkedin", api)
        .fallback(astray)
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

/// A path that is not there, as for whoever leaves `/linkedin` out of the base URL.
async fn astray(State(shared): State<Shared>, ConnectInfo(fate): ConnectInfo<Fate>, request: Request) -> Response {
    Visit::begin(&shared, fate, Call::All, Faults::Scripted, &request).astray(request.uri().path())
}

impl Running {
    /// What a client takes for `--base-url`: `http://127.0.0.1:PORT/linkedin`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/linkedin", self.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that was delivered, in order; nothing where [`Settings::history`] only counts.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.world().deliveries()
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let tally = &self.shared.tally;
        Counts {
            connections: tally.connections.load(Ordering::Relaxed),
            requests: tally.requests.load(Ordering::Relaxed),
            sends: tally.sends.load(Ordering::Relaxed),
            delivered: self.shared.world().delivered(),
            redirects_followed: tally.redirects_followed.load(Ordering::Relaxed),
            most_in_flight: tally.most_in_flight.load(Ordering::Relaxed),
        }
    }

    /// Takes no more connections, ends what waits, and returns when the answers under way have left, or after a second.
    ///
    /// # Errors
    /// A log that could not be written to its end.
    pub async fn stop(mut self) -> Result<(), SandboxError> {
        self.stop.send_replace(true);
        // A client that never finishes its request would hold the stop for ever.
        let _ = tokio::time::timeout(Duration::from_secs(1), &mut self.serving).await;
        self.shared.log.end()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.serving.abort();
    }
}
