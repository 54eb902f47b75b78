//! `rowcast sandbox`: serves the stand-in until it is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;

use rowcast::adapters::digest::sha256_hex;
use rowcast::adapters::sandbox::script::{Script, ScriptError};
use rowcast::adapters::sandbox::{Latency, Plan, SandboxAccount, SandboxError, Settings, start};

use super::super::args::SandboxArgs;
use super::super::exit::Exit;
use super::super::terminal::Screen;
use super::signals;

/// Why the sandbox could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is none.
    #[error("--listen {0}: an address is a loopback host and a port, such as 127.0.0.1:0")]
    Address(String),
    /// A fault cannot be read.
    #[error("--fault {spec}: {source}")]
    Fault {
        /// What was typed.
        spec: String,
        /// Why.
        source: ScriptError,
    },
    /// The script cannot be read.
    #[error("{}: {source}", path.display())]
    Script {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ScriptError,
    },
    /// The script's file cannot be read.
    #[error("cannot read the script {}: {source}", path.display())]
    ScriptFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `--require-key`, and no key.
    #[error("--require-key: set the key in CONNECTSAFELY_API_KEY")]
    NoKey,
    /// It cannot start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The runtime cannot start.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

/// Serves until Ctrl-C or SIGTERM. The base URL is the first line on stdout.
///
/// # Errors
/// What was typed cannot be served.
pub fn run(args: &SandboxArgs, screen: &mut Screen) -> Result<Exit, ServeError> {
    let address: SocketAddr = args.listen.parse().map_err(|_| ServeError::Address(args.listen.clone()))?;
    let settings = settings(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?;
    runtime.block_on(async {
        let mut asked = signals::listen();
        let running = start(address, settings).await?;
        screen.line(&running.base_url());
        screen.flush();
        screen.say("The sandbox answers like the API; nothing leaves this machine. Stop it with Ctrl-C.");
        asked.recv().await;
        running.stop().await?;
        Ok(Exit::Done)
    })
}

fn settings(args: &SandboxArgs) -> Result<Settings, ServeError> {
    let api_key = match (args.require_key, std::env::var("CONNECTSAFELY_API_KEY")) {
        (false, _) => None,
        (true, Ok(key)) if !key.trim().is_empty() => Some(key.trim().to_owned()),
        (true, _) => return Err(ServeError::NoKey),
    };
    let plan = if args.sales_navigator { Plan::SalesNavigator } else { Plan::Free };
    let first = SandboxAccount {
        plan,
        ..SandboxAccount::default()
    };
    let account = |number: u32| match number {
        0 => first.clone(),
        // The service's ids have 24 hex digits.
        _ => SandboxAccount {
            plan,
            ..SandboxAccount::with_id(format!("60d21b4667d0d8992e61{:04x}", 0x0c85 + number))
        },
    };
    Ok(Settings {
        api_key,
        accounts: (0..args.accounts.0.get()).map(account).collect(),
        faults: script(args)?,
        latency: args.latency.map_or(Latency::None, |span| Latency::Fixed(span.0)),
        log: args.log.clone(),
        digest: Some(sha256_hex),
        ..Settings::default()
    })
}

/// The rules of the flags, then those of the file: the first that fires decides.
fn script(args: &SandboxArgs) -> Result<Script, ServeError> {
    let mut rules = Vec::new();
    for spec in &args.fault {
        let script: Script = spec.parse().map_err(|source| ServeError::Fault {
            spec: spec.clone(),
            source,
        })?;
        rules.extend(script.rules);
    }
    if let Some(path) = &args.script {
        let text = std::fs::read_to_string(path).map_err(|source| ServeError::ScriptFile {
            path: path.clone(),
            source,
        })?;
        let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        let read = if is_toml { Script::from_toml(&text) } else { text.parse() };
        rules.extend(
            read.map_err(|source| ServeError::Script {
                path: path.clone(),
                source,
            })?
            .rules,
        );
    }
    Ok(Script { rules })
}
