//! What every command begins with that talks to the service: the key, and a runtime.

use rowcast::campaign::settings::{Endpoint, Secret};
use tokio::runtime::{Builder, Runtime};

use super::super::exit::Exit;
use super::super::settings::key;
use super::super::terminal::Screen;

/// Reads the key of the service, and says what is to be said about it; `None` for the sandbox, which needs none.
///
/// # Errors
/// There is no key, and that was said.
pub fn key_for(endpoint: &Endpoint, screen: &mut Screen) -> Result<Option<Secret>, Exit> {
    let Endpoint::Service { key, .. } = endpoint else {
        return Ok(None);
    };
    let read = key::read(key).map_err(|error| {
        screen.error(&error);
        error.exit()
    })?;
    if let Some(warning) = read.warning {
        screen.warning(&warning);
    }
    Ok(Some(read.key))
}

/// Builds a runtime.
///
/// # Errors
/// The system gives none, and that was said.
pub fn runtime(mut builder: Builder, screen: &mut Screen) -> Result<Runtime, Exit> {
    builder.enable_all().build().map_err(|error| {
        screen.error(&format!("cannot start: {error}"));
        Exit::Defect
    })
}
