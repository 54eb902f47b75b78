//! The sandbox on a thread of its own, with its ledger of what really arrived: the truth that a test compares with.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use rowcast::adapters::sandbox::{Delivery, Settings, start};

use crate::harness::{openapi, sandbox_log};

/// A sandbox that runs until it is dropped. Then the test fails if any request was not as the service documents it.
pub struct StandIn {
    base_url: String,
    log: PathBuf,
    /// The log's file where the test did not name one.
    _kept: Option<tempfile::NamedTempFile>,
    asks: tokio::sync::mpsc::UnboundedSender<mpsc::Sender<Vec<Delivery>>>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    pub fn start(mut settings: Settings) -> Self {
        let kept = settings.log.is_none().then(|| tempfile::NamedTempFile::new().expect("a log"));
        let log = settings
            .log
            .get_or_insert_with(|| kept.as_ref().expect("a log").path().to_owned())
            .clone();
        let (tell, told) = mpsc::channel();
        let (asks, mut asked) = tokio::sync::mpsc::unbounded_channel::<mpsc::Sender<Vec<Delivery>>>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let running = start(([127, 0, 0, 1], 0).into(), settings).await.expect("a sandbox");
                tell.send(running.base_url()).expect("the test waits");
                while let Some(answer) = asked.recv().await {
                    let _ = answer.send(running.deliveries());
                }
            });
        });
        Self {
            base_url: told.recv().expect("a sandbox"),
            log,
            _kept: kept,
            asks,
            thread: Some(thread),
        }
    }

    /// With these faults, one rule a line.
    pub fn with_faults(faults: &str) -> Self {
        Self::start(faulty(faults))
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What arrived, in order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let (tell, told) = mpsc::channel();
        self.asks.send(tell).expect("the sandbox runs");
        told.recv().expect("the sandbox runs")
    }

    /// How many messages of ours this person got.
    pub fn arrived(&self, person: &str) -> usize {
        self.deliveries().iter().filter(|delivery| delivery.recipient == person).count()
    }
}

/// The default with these faults.
pub fn faulty(faults: &str) -> Settings {
    Settings {
        faults: faults.parse().expect("a script"),
        ..Settings::default()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let (gone, _) = tokio::sync::mpsc::unbounded_channel();
        // Without anybody who may ask, the thread ends.
        drop(std::mem::replace(&mut self.asks, gone));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        openapi::assert_none(&sandbox_log::violations(&self.log));
    }
}
