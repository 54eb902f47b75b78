//! Writes the journal of a campaign that is finished: every row sent.
//!
//! `finished_journal JOURNAL ENDPOINT ACCOUNT ROWS` names the rows as compare.py does in its sheets. To send a million
//! messages for one figure would take minutes; the journal that it makes is one that a run could have left.

use std::convert::Infallible;
use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rowcast::adapters::journal::{Journal, KeyDefinition, Terms};
use rowcast::model::entry::{Entry, Intent, Outcome, RunStart, Templates};
use rowcast::model::outcome::{Answer, Body, Reply};
use rowcast::model::row::RowNumber;
use rowcast::model::time::Moment;

/// Rows that are appended, and synced, together.
const AT_ONCE: u32 = 4096;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let [path, endpoint, account, rows] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "four arguments")?;
    let rows: u32 = rows.parse()?;
    let terms = Terms {
        endpoint,
        key: KeyDefinition::Recipient,
    };
    let journal = Journal::open(Path::new(&path), &terms, |_, _| Ok::<_, Infallible>(()))?.journal;
    let at = now()?;
    let start = RunStart {
        at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        timeout_ms: 60_000,
        account: None,
        templates: Templates::default(),
        test: false,
    };
    journal.append(Entry::Run(start)).await?;
    for first in (0..rows).step_by(AT_ONCE as usize) {
        let numbers = first..rows.min(first + AT_ONCE);
        let intents = numbers.clone().map(|number| Entry::Intent(intent(number, at, &account))).collect();
        let positions = journal.append_all(intents).await?;
        let outcomes = numbers.zip(positions).map(|(number, of)| {
            Entry::Outcome(Outcome {
                at,
                of,
                answer: Answer::Http(reply(number)),
                service_at: None,
                gave_up: false,
            })
        });
        journal.append_all(outcomes.collect()).await?;
    }
    Ok(journal.close()?)
}

fn now() -> Result<Moment, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Moment::from_millis(i64::try_from(since.as_millis())?))
}

fn intent(number: u32, at: Moment, account: &str) -> Intent {
    let key = format!("person-{number:07}");
    Intent {
        at,
        row: RowNumber(number + 2),
        to: vec![key.clone()],
        key,
        account: Some(account.to_owned()),
        folded_sha256: None,
        sha256: format!("{number:064x}"),
        test: false,
    }
}

fn reply(number: u32) -> Reply {
    Reply {
        status: 200,
        body: Body::Object,
        error: None,
        recipient_urn: Some(format!("urn:li:fsd_profile:ACoAAB{number:08}kQ9xYz7LmNoPqRsTuVwXyZaBcDe")),
        thread_id: None,
        message_urn: Some(format!("urn:li:messagingMessage:2-MTc2MzI4MDAwMDAwMGI0NTY3OC0{number:030}")),
        hold_until: None,
    }
}
