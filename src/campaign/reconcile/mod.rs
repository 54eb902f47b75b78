//! Settles unconfirmed rows: by reading the conversations back, or by a person's verdict.
//!
//! Every judgement goes into the journal with its evidence as soon as it is made, so whatever interrupts this, nothing
//! that was found is lost, and asking again finds the rest.

mod case;
mod doubts;
mod first;
mod judge;
mod look;
mod orders;
mod own;
mod party;
mod person;
mod places;
mod reader;
mod verdict;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::connect::connect;
use super::error::CampaignError;
use super::settings::{Secret, Settings};
use crate::model::event::Asked;
use crate::model::status::Counts;
use case::Case;
pub use first::FirstLook;
pub(super) use first::{ReadFirst, first_reading};
pub use orders::{Absent, Marked, Method, Orders};
use reader::Reader;
pub use verdict::{Halt, OLD_ENOUGH, Reconciled, Told};

/// A service that asks to be left alone for so long is waited for, whatever `--wait` says.
const SHORTEST_PATIENCE: Duration = Duration::from_mins(1);

/// Settles what can be settled, and brings the results up to date.
///
/// # Errors
/// The sheet or the journal cannot be read, another run holds the campaign, no row of those named is unconfirmed, no key
/// where one is needed, or the disk fails.
pub async fn reconcile(
    settings: &Settings,
    key: Option<&Secret>,
    orders: &Orders,
    mut asked: UnboundedReceiver<Asked>,
    mut tell: impl FnMut(&Told),
) -> Result<Reconciled, CampaignError> {
    let mut case = Case::open(settings, orders).await?;
    let mut verdict = Reconciled {
        counts: Counts::default(),
        concerned: case.keys(),
        sent: 0,
        failed: 0,
        left: Vec::new(),
        halt: None,
    };
    match &orders.method {
        Method::Mark { verdict: marked, note } => case.mark(*marked, note, &mut verdict, &mut tell).await?,
        Method::ReadBack { .. } if case.doubts.is_empty() => {}
        Method::ReadBack { wait, absent } => {
            let connection = connect(settings, key).await?;
            let mut reader = Reader::new(&connection, settings);
            reader.asker = reader.asker.patient_for(SHORTEST_PATIENCE.max(*wait));
            let read = case.read_back(&mut reader, *wait, *absent, &mut verdict, &mut tell);
            let halt = tokio::select! {
                biased;
                Some(who) = asked.recv() => Some(Halt::Asked(who)),
                read = read => read?.map(|silence| Halt::Service(silence.to_string())),
            };
            let blank = BTreeMap::new();
            if halt.is_some() {
                case.leave(&blank, &mut verdict);
            }
            verdict.halt = halt;
            connection.close().await;
        }
    }
    case.conclude(verdict).await
}
