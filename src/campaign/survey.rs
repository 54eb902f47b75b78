//! One look at every row: who it is for, how it stands, what it says, and what is wrong with it.

use crate::model::draft::Draft;
use crate::model::fingerprint::Fingerprint;
use crate::model::ledger::{Ledger, Standing};
use crate::model::plan::{Choice, Meeting, Plan, Planner, Rendering, Who};
use crate::model::problem::{Problem, Severity};
use crate::model::row::Row;

use super::address::{Accounts, Address, Unaddressed};
use super::error::CampaignError;
use super::reading::Reading;

/// Which rows are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Those that may be sent.
    Sendable,
    /// All.
    Everything,
}

/// A row that was looked at.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The row.
    pub row: &'a Row,
    /// Its key, where it has one.
    pub key: &'a str,
    /// Its recipient's canonical name, or what the cell says where it cannot be read.
    pub address: Option<&'a Address>,
    /// The draft, where there is one.
    pub draft: Option<&'a Draft>,
    /// What is wrong with it.
    pub problems: &'a [Problem],
    /// What it is, as the plan has it.
    pub meeting: Meeting,
}

/// Looks at every row and makes the plan. `each` sees every row in the sheet's order.
///
/// # Errors
/// A row that cannot be read for certain.
pub fn survey(
    reading: &Reading,
    ledger: &Ledger,
    choice: Choice,
    depth: Depth,
    accounts: &mut Accounts,
    mut each: impl FnMut(&Seen<'_>),
) -> Result<Plan, CampaignError> {
    let mut planner = Planner::new(choice);
    let mut rows = reading.sheet().rows();
    let mut row = Row::new();
    while rows.next_into(&mut row)? {
        look(reading, ledger, depth, accounts, &mut planner, &row, &mut each);
    }
    Ok(planner.finish())
}

fn look(
    reading: &Reading,
    ledger: &Ledger,
    depth: Depth,
    accounts: &mut Accounts,
    planner: &mut Planner,
    row: &Row,
    each: &mut impl FnMut(&Seen<'_>),
) {
    let number = row.number();
    match reading.address(row, accounts) {
        Ok(address) => {
            let who = Who {
                key: &address.key,
                recipient: Some(&address.recipient),
            };
            let meeting = planner.meet(ledger, number, who);
            let lot = Fingerprint::of_recipient(&address.key).lot();
            let wanted = depth == Depth::Everything || matches!(meeting, Meeting::Open(_));
            let drafted = if wanted {
                reading.draft(row, address.clone(), accounts)
            } else {
                None
            };
            let (draft, problems) = match drafted {
                None => (None, Vec::new()),
                Some(Ok(draft)) => (Some(draft), Vec::new()),
                Some(Err(problems)) => (None, problems),
            };
            let invalid = problems.iter().any(|problem| problem.severity == Severity::Error);
            let rendering = match &draft {
                Some(draft) => Rendering::Draft(draft.check()),
                None if invalid => Rendering::Invalid,
                None => Rendering::Spared,
            };
            each(&Seen {
                row,
                key: &address.key,
                address: Some(&address),
                draft: draft.as_ref(),
                problems: &problems,
                meeting,
            });
            planner.push(number, row.place(), address.account, lot, meeting, rendering);
        }
        Err(Unaddressed { key, problems }) => {
            let key = key.as_deref();
            let meeting = key.map_or(Meeting::Open(Standing::Untried), |key| {
                planner.meet(ledger, number, Who { key, recipient: None })
            });
            let lot = key.map_or_else(|| u64::from(number.0), |key| Fingerprint::of_recipient(key).lot());
            each(&Seen {
                row,
                key: key.unwrap_or_default(),
                address: None,
                draft: None,
                problems: &problems,
                meeting,
            });
            planner.push(number, row.place(), 0, lot, meeting, Rendering::Invalid);
        }
    }
}
