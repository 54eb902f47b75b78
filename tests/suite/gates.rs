//! Gates: nobody is written to of whom something was to be known first, before it is known.

mod connected;
mod conversations;
mod odds;
mod online;
mod resolve;
mod same_person;
mod sharing;

use std::path::Path;

use rowcast::adapters::journal::Journal;
use rowcast::adapters::sandbox::{Relation, SandboxPerson, Settings};
use rowcast::model::entry::Entry;
use rowcast::model::finding::Finding;
use serde_json::Value;

use crate::harness::Campaign;
use crate::stand_in::{StandIn, faulty};

/// A stand-in that writes down what it was asked.
struct Asked {
    stand_in: StandIn,
    log: tempfile::NamedTempFile,
}

impl Asked {
    fn start(settings: Settings) -> Self {
        let log = tempfile::NamedTempFile::new().expect("a log");
        let stand_in = StandIn::start(Settings {
            log: Some(log.path().to_owned()),
            ..settings
        });
        Self { stand_in, log }
    }

    /// With these people, and these faults.
    fn of(people: Vec<SandboxPerson>, faults: &str) -> Self {
        Self::start(Settings { people, ..faulty(faults) })
    }

    fn base_url(&self) -> &str {
        self.stand_in.base_url()
    }

    /// The requests so far whose path has this, in order: the last part of each path.
    fn requests(&self, part: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.log.path()).expect("a log");
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record"));
        records
            .filter(|record| record["kind"] == "request")
            .filter_map(|record| record["path"].as_str().map(str::to_owned))
            .filter(|path| path.contains(part))
            .map(|path| path.rsplit('/').next().unwrap_or_default().to_owned())
            .collect()
    }

    /// The statuses that it answered with.
    fn statuses(&self) -> std::collections::BTreeSet<u64> {
        let text = std::fs::read_to_string(self.log.path()).expect("a log");
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record"));
        records.filter_map(|record| record["status"].as_u64()).collect()
    }

    /// Who was asked about.
    fn relationships(&self) -> Vec<String> {
        self.requests("/relationship/")
    }

    /// Who got a message, in order.
    fn arrived(&self) -> Vec<String> {
        self.stand_in.deliveries().into_iter().map(|delivery| delivery.recipient).collect()
    }
}

fn somebody(name: &str, relation: Relation) -> SandboxPerson {
    SandboxPerson {
        relation,
        ..SandboxPerson::named(name)
    }
}

fn findings(journal: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    Journal::read(journal, |_, entry| {
        if let Entry::Finding(finding) = entry {
            findings.push(finding.clone());
        }
        Ok::<(), std::convert::Infallible>(())
    })
    .expect("a journal");
    findings
}

/// The reasons of the results, from top to bottom.
fn reasons(campaign: &Campaign) -> Vec<String> {
    campaign.column("error")
}
