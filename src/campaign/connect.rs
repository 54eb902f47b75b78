//! The way to the service: base URL, key, client; or the stand-in inside this process.

use super::error::CampaignError;
use super::pacing::reads;
use super::settings::{Endpoint, Secret, Settings};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::api::{self, ApiKey, BaseUrl, Client};
use crate::adapters::digest::sha256_hex;
use crate::adapters::sandbox;
use crate::engine::clock::wall_time;
use crate::engine::shared::Reads;

/// A connection to whatever answers.
pub struct Connection {
    /// Sends requests.
    pub client: Client,
    /// What the journal calls the endpoint.
    pub endpoint: String,
    /// What the service is asked with; none where the stand-in answers.
    key: Option<Secret>,
    /// The stand-in, where there is one: it answers as long as this lives.
    sandbox: Option<sandbox::Running>,
}

/// The longest that a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the journal calls the stand-in inside this process, whichever port it has this time.
const SANDBOX: &str = "sandbox";

/// What the journal calls the endpoint of these settings.
///
/// # Errors
/// The base URL may not be used.
pub fn endpoint(settings: &Settings) -> Result<String, CampaignError> {
    match &settings.endpoint {
        Endpoint::Sandbox { .. } => Ok(SANDBOX.to_owned()),
        Endpoint::Service { base_url, .. } => Ok(base_url.parse::<BaseUrl>()?.endpoint().to_owned()),
    }
}

/// What contacts of these settings count for in the history: the service, whatever leads to it; or the address of a stand-in on
/// loopback. `None` for the stand-in inside this process, which nobody remembers.
///
/// # Errors
/// The base URL may not be used.
pub fn scope(settings: &Settings) -> Result<Option<String>, CampaignError> {
    match &settings.endpoint {
        Endpoint::Sandbox { .. } => Ok(None),
        Endpoint::Service { base_url, .. } => {
            let base: BaseUrl = base_url.parse()?;
            let scope = if base.is_loopback() { base.endpoint() } else { SERVICE };
            Ok(Some(scope.to_owned()))
        }
    }
}

/// What contacts count for that were not made on loopback: the same people, whatever address leads to them.
pub const SERVICE: &str = "service";

/// Whether a journal's endpoint is that of the service, and not of a stand-in.
#[must_use]
pub fn is_service(endpoint: &str) -> bool {
    endpoint.parse::<BaseUrl>().is_ok_and(|base| !base.is_loopback())
}

/// A stand-in that knows every account that a sheet may name.
fn stand_in(log: Option<PathBuf>) -> sandbox::Settings {
    sandbox::Settings {
        digest: log.is_some().then_some(sha256_hex),
        log,
        unlisted: sandbox::Unlisted::Welcome,
        ..sandbox::Settings::default()
    }
}

/// Sets up the client, and the stand-in if that is what answers, which needs no key. Sends nothing yet.
///
/// # Errors
/// No key, a base URL that may not be used, or a client that cannot be set up.
pub async fn connect(settings: &Settings, key: Option<&Secret>) -> Result<Connection, CampaignError> {
    connect_to(&settings.endpoint, settings.pace.timeout, key).await
}

/// The same for an endpoint, where there is no campaign.
///
/// # Errors
/// As for [`connect`].
pub async fn connect_to(endpoint: &Endpoint, timeout: Duration, key: Option<&Secret>) -> Result<Connection, CampaignError> {
    let client_settings = api::Settings {
        timeout,
        connect_timeout: CONNECT_TIMEOUT,
        clock: Arc::new(wall_time),
    };
    match endpoint {
        Endpoint::Sandbox { log } => {
            let running = sandbox::start(([127, 0, 0, 1], 0).into(), stand_in(log.clone()))
                .await
                .map_err(|error| CampaignError::Sandbox(error.to_string()))?;
            let key = ApiKey::new(SANDBOX)?;
            let client = Client::new(&running.base_url().parse()?, &key, client_settings)?;
            Ok(Connection {
                client,
                endpoint: SANDBOX.to_owned(),
                key: None,
                sandbox: Some(running),
            })
        }
        Endpoint::Service { base_url, .. } => {
            let base: BaseUrl = base_url.parse()?;
            let key = key.ok_or(CampaignError::NoKey)?;
            let client = Client::new(&base, &ApiKey::new(key.expose())?, client_settings)?;
            Ok(Connection {
                client,
                endpoint: base.endpoint().to_owned(),
                key: Some(key.clone()),
                sandbox: None,
            })
        }
    }
}

impl Connection {
    /// The limits for questions that are shared with the campaigns of this machine, where any are.
    #[must_use]
    pub fn reads(&self, settings: &Settings) -> Option<Reads> {
        reads(settings, &self.endpoint, self.key.as_ref()?.expose(), self.client.skew())
    }

    /// Ends the stand-in, where there is one.
    pub async fn close(self) {
        if let Some(running) = self.sandbox {
            // Whether the stand-in could still write its log says nothing about the run.
            let _ = running.stop().await;
        }
    }
}
