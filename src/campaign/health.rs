//! How the accounts of a run fare, asked before the first send: which cannot send, and what others have spent of their quotas.
//!
//! Everything is asked at once and waited for a short while: no answer is no reason not to send, since the answer to the
//! send tells for certain. What is found is kept in memory alone: a minute later it may be otherwise.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;

use super::accounts::{Pinned, with_status};
use super::address::Accounts;
use super::settings::{Endpoint, Settings};
use crate::adapters::api::{AccountInfo, AccountStanding, Client, Lookup};
use crate::engine::inquiry::{Spent, spent};
use crate::model::plan::{Plan, Step};
use crate::model::row::RowNumber;
use crate::model::rowset::RowSet;

/// How long the look-ups before a run are waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Statuses that are known to be healthy; of others that are no error nothing is known.
const HEALTHY: [&str; 4] = ["AVAILABLE", "IN_USE", "WARMUP", "FREE"];

/// An account that cannot send, found before the first send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Its index in the run's list.
    pub account: u16,
    /// Why, and which rows stay where they are, in one line.
    pub why: String,
}

/// What was found about the accounts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Accounts that cannot send.
    pub unfit: Vec<Unfit>,
    /// What accounts have spent, as far as the service told.
    pub spent: Vec<(u16, Spent)>,
    /// Accounts whose quotas are to be looked up again while the run goes on.
    pub counted: Vec<(u16, String)>,
    /// What a person should know, in whole sentences.
    pub notes: Vec<String>,
}

/// What is asked about one account.
struct Question {
    account: u16,
    id: String,
    listed: Option<AccountInfo>,
    /// Whether a limit holds for it, so that what others spent matters and one more look-up slows nothing.
    limited: bool,
}

/// What came of it.
struct Found {
    question: Question,
    standing: Option<Lookup<AccountStanding>>,
    spent: Option<Result<Spent, String>>,
}

/// Asks about every account that a row is to be sent from, and takes the rows of those that cannot send out of the plan.
///
/// Of an account that is limited, state and quota are asked. Where nothing is limited, only the state is, and of an account
/// that the service has just listed nothing more: that run would rather begin.
pub async fn examine(settings: &Settings, client: &Client, accounts: &Accounts, pinned: &Pinned, plan: &mut Plan) -> Health {
    if matches!(settings.endpoint, Endpoint::Sandbox { .. }) {
        return Health::default();
    }
    let used: BTreeSet<u16> = plan.to_send().map(|row| row.account).collect();
    let questions = used.into_iter().filter_map(|account| {
        let id = accounts.id(account)?.to_owned();
        let limits = super::pacing::limits(settings);
        Some(Question {
            account,
            limited: !limits.of(Some(&id)).hold_nothing(),
            listed: pinned.listed.iter().find(|listed| listed.id == id).cloned(),
            id,
        })
    });
    let mut health = Health::default();
    let mut untold = Vec::new();
    let mut found = join_all(questions.map(|question| ask(client, question))).await;
    confirm(&mut found, client, &pinned.listed).await;
    for found in found {
        health.take(found, plan, &mut untold);
    }
    if let Some(first) = untold.first() {
        health.notes.push(format!(
            "The service does not tell all that is asked about accounts ({first}); what is not told is not counted, and the run goes on."
        ));
    }
    health
}

async fn ask(client: &Client, question: Question) -> Found {
    let state = async {
        if question.listed.is_some() && !question.limited {
            return None;
        }
        let told = tokio::time::timeout(PATIENCE, client.account_standing(&question.id)).await;
        Some(told.unwrap_or_else(|_| Lookup::Failed(late())))
    };
    let quota = async {
        if !question.limited {
            return None;
        }
        let told = tokio::time::timeout(PATIENCE, spent(client, &question.id)).await;
        Some(told.unwrap_or_else(|_| Err(late())))
    };
    let (standing, spent) = futures::join!(state, quota);
    Found { question, standing, spent }
}

/// Believes that an account is not there only where the list of accounts is there and has it not: a service that answers
/// no such questions may say so in the same words.
async fn confirm(found: &mut [Found], client: &Client, listed: &[AccountInfo]) {
    let denied = |found: &Found| matches!(found.standing, Some(Lookup::Answered(AccountStanding::Unknown(_))));
    if !found.iter().any(denied) {
        return;
    }
    let mut ids: Vec<String> = listed.iter().map(|account| account.id.clone()).collect();
    if ids.is_empty()
        && let Ok(Lookup::Answered(listed)) = tokio::time::timeout(PATIENCE, client.accounts()).await
    {
        ids.extend(listed.into_iter().map(|account| account.id));
    }
    for one in found.iter_mut().filter(|one| denied(one)) {
        if (ids.is_empty() || ids.contains(&one.question.id))
            && let Some(Lookup::Answered(AccountStanding::Unknown(why))) = one.standing.take()
        {
            one.standing = Some(Lookup::NotOffered(why));
        }
    }
}

fn late() -> String {
    format!("no answer within {}", crate::model::time::Span(PATIENCE))
}

impl Health {
    fn take(&mut self, found: Found, plan: &mut Plan, untold: &mut Vec<String>) {
        let Question { account, id, listed, .. } = found.question;
        let ill = match (found.standing, listed) {
            (Some(Lookup::Answered(AccountStanding::Unknown(why))), None) => Some(format!("the service does not know it ({why})")),
            (Some(Lookup::Answered(AccountStanding::Told(state))), Some(listed)) => self.judge(&with_status(listed, *state)),
            (Some(Lookup::Answered(AccountStanding::Told(state))), None) => self.judge(&state),
            (told, listed) => {
                match told {
                    None | Some(Lookup::Answered(_)) => {}
                    Some(Lookup::NotOffered(why) | Lookup::Failed(why) | Lookup::Refused(why)) => {
                        untold.push(format!("the state of {id}: {why}"));
                    }
                    Some(Lookup::Held(_)) => untold.push(format!("the state of {id}: it asks to wait")),
                }
                listed.and_then(|listed| self.judge(&listed))
            }
        };
        if let Some(why) = ill {
            let rows = hold_back(plan, account);
            let why = format!("{why}; not sent from it: {}", named(&rows));
            self.unfit.push(Unfit { account, why });
            return;
        }
        match found.spent {
            None => {}
            Some(Ok(spent)) => {
                self.spent.push((account, spent));
                self.counted.push((account, id));
            }
            Some(Err(why)) => untold.push(format!("the quotas of {id}: {why}")),
        }
    }

    /// Why an account in this state cannot send; a word that nobody knows is noted and believed.
    fn judge(&mut self, state: &AccountInfo) -> Option<String> {
        match fitness(state) {
            Fitness::Unfit(why) => return Some(why.to_owned()),
            Fitness::Unknown(word) => self.notes.push(format!(
                "Account {} is in the state {word}, which rowcast does not know; it is taken for healthy.",
                state.id
            )),
            Fitness::Fit | Fitness::Untold => {}
        }
        None
    }
}

/// Whether an account can send, as far as its state tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fitness {
    /// It can.
    Fit,
    /// It cannot, and why.
    Unfit(&'static str),
    /// Its state is a word that nobody knows; it is taken for one that can.
    Unknown(String),
    /// Nothing tells.
    Untold,
}

/// Judges an account by its state.
#[must_use]
pub fn fitness(state: &AccountInfo) -> Fitness {
    let status = state.status.as_deref().unwrap_or_default().trim().to_uppercase();
    if state.enabled == Some(false) {
        return Fitness::Unfit("it is disabled");
    }
    if state.has_tokens == Some(false) {
        return Fitness::Unfit("it is logged out (without tokens); connect it again");
    }
    match status.as_str() {
        "ERROR" => Fitness::Unfit("it is in ERROR and needs a person"),
        "" if state.enabled.is_none() && state.has_tokens.is_none() => Fitness::Untold,
        "" => Fitness::Fit,
        healthy if HEALTHY.contains(&healthy) => Fitness::Fit,
        _ => Fitness::Unknown(status),
    }
}

/// Takes the rows of an account out of the plan; they stay what they are.
fn hold_back(plan: &mut Plan, account: u16) -> Vec<RowNumber> {
    let mut rows = Vec::new();
    for row in plan.rows.iter_mut().filter(|row| row.step == Step::Send && row.account == account) {
        row.step = Step::Rest;
        rows.push(row.number);
    }
    rows
}

fn named(rows: &[RowNumber]) -> String {
    let word = if rows.len() == 1 { "row" } else { "rows" };
    match RowSet::of(rows.iter().copied()) {
        Some(set) => format!("{word} {set}"),
        None => format!("no {word}"),
    }
}
