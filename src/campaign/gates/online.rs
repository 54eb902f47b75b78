//! Asks about the people of all rows that a run would send, and sends nothing.

use std::collections::BTreeMap;

use super::super::accounts::pin;
use super::super::address::{Accounts, DEFAULT_ACCOUNT};
use super::super::asking::{Asker, Silence};
use super::super::check::choice;
use super::super::connect::connect;
use super::super::contacts::{Aim, Contacts};
use super::super::error::CampaignError;
use super::super::memory::{Memory, terms};
use super::super::reading::Reading;
use super::super::settings::{Secret, Settings};
use super::super::survey::{Depth, Survey};
use crate::adapters::api::{Client, Denial};
use crate::adapters::journal::{Journal, JournalError};
use crate::engine::clock::wall_time;
use crate::engine::gatekeeper::{Gatekeeper, Judged};
use crate::engine::inquest::{Inquest, Learned, Needed, UNCLEAR_IN_A_ROW};
use crate::model::draft::Draft;
use crate::model::entry::Entry;
use crate::model::finding::Finding;
use crate::model::gate::Question;
use crate::model::plan::Plan;
use crate::model::problem::{Code, Problem, RowProblem};
use crate::model::row::Row;

/// What asking about everybody brought.
#[derive(Debug, Default)]
pub struct Looked {
    /// What was found out.
    pub findings: Vec<Finding>,
    /// Rows that nobody can judge, and that a run would leave as they are.
    pub unclear: Vec<RowProblem>,
    /// What a person should know, in whole sentences.
    pub notes: Vec<String>,
    /// Why not everybody was asked about, if so.
    pub halt: Option<String>,
    /// The ids of accounts that the sheet or the settings name otherwise, or not at all.
    pub ids: BTreeMap<Option<String>, String>,
}

/// Whoever is asked about people, and what is known of them.
struct Look<'a> {
    gatekeeper: Gatekeeper,
    asker: Asker<'a>,
    /// Where findings are kept; `None` where there is no campaign yet, or a run holds it.
    journal: Option<Journal>,
    looked: Looked,
    /// Rows of which the service does not tell anything, one after another.
    unclear: u32,
    told_unresolved: bool,
}

/// Whether the next row is asked about.
enum Next {
    Row,
    Halt,
}

/// Asks about everybody whom a run would write to now, within the limits for reading. `begin` is told how many rows that are.
/// What is found goes into the journal, where there is one that nobody holds.
///
/// # Errors
/// The sheet or the journal cannot be read, no key, a refused key, or accounts that nobody can tell apart.
pub async fn look(settings: &Settings, key: Option<&Secret>, begin: impl FnOnce(usize)) -> Result<Looked, CampaignError> {
    if settings.gates.are_none() {
        let text = "there is nothing to ask: name a gate with --require, --skip or --resolve, or in campaign.toml";
        return Err(CampaignError::Settings(text.to_owned()));
    }
    let connection = connect(settings, key).await?;
    let reading = Reading::open(settings)?;
    let mut memory = Memory::read(settings)?;
    let mut accounts = Accounts::of(settings, settings.account.clone(), &mut memory);
    let mut plan = plan(settings, &reading, &memory, &mut accounts)?;
    let before = accounts.ids().to_vec();
    let pinned = pin(settings, &connection.client, &mut accounts, &mut plan).await?;
    let Some(known) = memory.gates.take() else {
        return Ok(Looked::default());
    };
    let (gatekeeper, _) = known.into_gatekeeper(&settings.gates, accounts.ids(), wall_time());
    let mut look = Look {
        gatekeeper,
        asker: Asker::new(&connection, settings),
        journal: journal(settings, &connection.endpoint)?,
        looked: Looked {
            notes: pinned.notes,
            ids: renamed(&before, &accounts),
            ..Looked::default()
        },
        unclear: 0,
        told_unresolved: false,
    };
    begin(plan.to_send().count());
    let mut row = Row::new();
    for planned in plan.to_send() {
        let Ok(draft) = reading.redraft(planned, &mut row, &mut accounts) else {
            continue;
        };
        if let Next::Halt = look.row(&draft).await? {
            break;
        }
    }
    let Look { journal, looked, .. } = look;
    if let Some(journal) = journal {
        journal.close()?;
    }
    connection.close().await;
    Ok(looked)
}

fn plan(settings: &Settings, reading: &Reading, memory: &Memory, accounts: &mut Accounts) -> Result<Plan, CampaignError> {
    let survey = Survey {
        reading,
        ledger: &memory.ledger,
        contacts: &mut Contacts::open(settings, reading.header(), memory.campaign.as_deref(), Aim::Send)?,
        accounts,
        judge: memory.judge(settings, Aim::Send),
        depth: Depth::Sendable,
    };
    survey.plan(choice(settings), |_| {})
}

/// The journal, where there is one and no run holds it: a check makes no campaign.
fn journal(settings: &Settings, endpoint: &str) -> Result<Option<Journal>, CampaignError> {
    let path = &settings.files.journal;
    if !path.exists() {
        return Ok(None);
    }
    match Journal::open(path, &terms(settings, endpoint), |_, _| Ok::<(), std::convert::Infallible>(())) {
        Ok(opened) => Ok(Some(opened.journal)),
        Err(JournalError::Held { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What accounts are called now that were called otherwise before.
fn renamed(before: &[Option<String>], accounts: &Accounts) -> BTreeMap<Option<String>, String> {
    let ids = before.iter().zip(accounts.ids()).enumerate();
    ids.filter(|(index, (before, now))| before != now && (before.is_some() || *index == usize::from(DEFAULT_ACCOUNT)))
        .filter_map(|(_, (before, now))| Some((before.clone(), now.clone()?)))
        .collect()
}

impl Look<'_> {
    /// Asks about one row until it is clear what becomes of it.
    async fn row(&mut self, draft: &Draft) -> Result<Next, CampaignError> {
        let mut asked = false;
        loop {
            let now = wall_time();
            let draft = self.gatekeeper.named(draft.clone(), now);
            let inquest = match self.gatekeeper.judge(&draft, now) {
                Judged::Pass | Judged::Held(..) => return Ok(Next::Row),
                Judged::Unresolved(why) => {
                    if !std::mem::replace(&mut self.told_unresolved, true) {
                        let row = draft.row;
                        self.looked
                            .notes
                            .push(format!("Row {row} and perhaps others would go out without a URN: {why}."));
                    }
                    return Ok(Next::Row);
                }
                Judged::Unclear(why) => {
                    // Of a row about which nothing can be asked the check says so itself.
                    if asked {
                        self.leave(&draft, why);
                    }
                    return Ok(Next::Row);
                }
                Judged::Ask(inquest) => inquest,
            };
            asked = true;
            let gates = self.gatekeeper.gates();
            let question = async |client: &Client| inquest.ask(client, gates, wall_time).await;
            match self.asker.ask(draft.account.as_deref(), question).await {
                Ok(Learned::Finding(finding)) => self.learn(finding).await?,
                Ok(Learned::More(partial)) => {
                    if let Question::Messages(conversation) = &inquest.question {
                        self.gatekeeper.keep_partial(conversation, partial);
                    }
                }
                Err(silence) => {
                    if let Some(next) = self.silence(&draft, &inquest, silence)? {
                        return Ok(next);
                    }
                }
            }
        }
    }

    async fn learn(&mut self, finding: Finding) -> Result<(), CampaignError> {
        if let Some(journal) = &self.journal {
            journal.append(Entry::Finding(finding.clone())).await?;
        }
        self.unclear = 0;
        self.gatekeeper.note(&finding);
        self.looked.findings.push(finding);
        Ok(())
    }

    fn leave(&mut self, draft: &Draft, why: String) {
        self.looked.unclear.push(RowProblem {
            row: Some(draft.row),
            problem: Problem::warning(Code::CannotBeJudged, why),
        });
    }

    /// What it means that a question has no answer. `None`: the row is judged once more.
    fn silence(&mut self, draft: &Draft, inquest: &Inquest, silence: Silence) -> Result<Option<Next>, CampaignError> {
        let (why, unknown) = match silence {
            Silence::Refused(why) => return Err(CampaignError::KeyRefused(why)),
            Silence::Held(_) => {
                self.looked.halt = Some(silence.to_string());
                return Ok(Some(Next::Halt));
            }
            Silence::Failed(why) => {
                self.unclear += 1;
                (why, self.unclear >= UNCLEAR_IN_A_ROW)
            }
            Silence::NotOffered(why) => {
                self.unclear += 1;
                let unknown = Denial::of(&why) == Denial::Question || self.unclear >= UNCLEAR_IN_A_ROW;
                (why, unknown)
            }
        };
        if inquest.needed == Needed::ToResolve {
            if unknown {
                self.gatekeeper.tells_no_urns(why);
            }
            self.gatekeeper.asked_in_vain(draft.row);
            return Ok(None);
        }
        self.leave(draft, format!("cannot be judged: {why}"));
        if unknown {
            let flags = self.gatekeeper.gates().words();
            self.looked.halt = Some(format!("the service does not answer what is asked before a send ({flags}): {why}"));
            return Ok(Some(Next::Halt));
        }
        Ok(Some(Next::Row))
    }
}
