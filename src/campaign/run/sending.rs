//! The second step of a run: it sends, and brings the results up to date.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::UnboundedReceiver;

use super::super::address::DEFAULT_ACCOUNT;
use super::super::contacts::same_text;
use super::super::error::CampaignError;
use super::super::history;
use super::super::memory::key_source;
use super::super::refresh::{Made, Refresher};
use super::super::settings::Reuse;
use super::super::summary::{Summary, Tally, Tests};
use super::{Prepared, hold};
use crate::adapters::api::Client;
use crate::adapters::database::contacts::History;
use crate::adapters::journal::{self, Journal};
use crate::adapters::results;
use crate::engine::attempt::{Sender, Sends};
use crate::engine::clock::{Clock, wall_time};
use crate::engine::courtesy::Courtesy;
use crate::engine::gatekeeper::Gatekeeper;
use crate::engine::inquiry::Inquiries;
use crate::engine::shared::Reads;
use crate::engine::upload::Uploads;
use crate::engine::{Ended, Gated, Run, TurnedAway};
use crate::model::entry::{Entry, RunStart};
use crate::model::event::{Asked, Event, Stop};
use crate::model::ledger::Ledger;
use crate::model::plan::Plan;
use crate::model::row::Row;
use crate::model::status::Counts;

/// What a run that sends has around it.
struct Scene<'a> {
    plan: &'a Plan,
    ledger: &'a Mutex<Ledger>,
    journal: &'a Journal,
    history: Option<&'a History>,
    client: &'a Client,
    /// The limits for questions that campaigns share, where anything is asked and limited.
    reads: Option<&'a Reads>,
}

impl Prepared {
    /// Sends, tells what happens, and brings the results up to date. `asked` stops it.
    ///
    /// # Errors
    /// Another run began meanwhile, the journal cannot be made, or the disk fails.
    pub async fn send(mut self, asked: UnboundedReceiver<Asked>, mut tell: impl FnMut(&Event)) -> Result<Summary, CampaignError> {
        if self.trial.is_some() {
            return self.send_tests(asked, tell).await;
        }
        let nothing_to_send = self.plan.to_send().next().is_none();
        if nothing_to_send && self.memory.imports.is_empty() {
            // The run that made a journal meanwhile may be why nothing is left, and the results are its own to write.
            if self.journal.is_none() && self.settings.files.journal.exists() {
                return Err(CampaignError::Overtaken);
            }
            return self.conclude().await;
        }
        let journal = self.begin().await?;
        if nothing_to_send {
            self.journal = Some(journal);
            return self.conclude().await;
        }
        let Some(connection) = self.connection.take() else {
            return Err(CampaignError::NoKey);
        };
        if let Some(shared) = &self.pacing.shared {
            shared.take_over(wall_time()).map_err(CampaignError::Permits)?;
        }
        let history = self.open_history()?;
        results::sweep(&self.settings.files.results);
        let (plan, ledger) = self.share();
        journal.append(Entry::Run(self.run_start())).await?;
        let refresher = Refresher::start(self.made(&plan, &ledger, Vec::new())?, &self.settings.files.results);
        let reads = self.memory.gates.as_ref().and_then(|_| connection.reads(&self.settings));
        let mut tally = Tally::new(&plan);
        let scene = Scene {
            plan: &plan,
            ledger: &ledger,
            journal: &journal,
            history: history.as_ref(),
            client: &connection.client,
            reads: reads.as_ref(),
        };
        let mut note = |event: Event| {
            tally.note(&event);
            tell(&event);
        };
        let ended = self.dispatch(&scene, asked, &mut note).await;
        refresher.stop();
        connection.close().await;
        let forgotten = history.and_then(|history| history.close().err());
        let (counts, concerned, gated) = (tally.counts, tally.concerned, tally.gated.clone());
        let made = self.made(&plan, &ledger, ended.turned_away.clone())?;
        let broken = matches!(ended.stop, Some(Stop::Journal(_)));
        let held = ended.held.clone();
        let mut summary = self.summary(counts, concerned, ended).gated(gated, &held);
        summary.forgotten = forgotten.map(|error| error.to_string());
        match made.write(&self.settings.files.results) {
            Ok((counts, written)) => {
                // A run that did not wait for its requests has rows of which only the journal knows.
                summary.counts = counts;
                if !broken {
                    journal.append(Entry::Written(written)).await?;
                    journal.close()?;
                }
            }
            // What was sent is in the journal, and the counts are known: they are told all the same.
            Err(error) => summary.unwritten = Some(error.to_string()),
        }
        Ok(summary)
    }

    /// Sends the texts of the plan's rows as tests. Nothing becomes of the rows, so their results are left as they are.
    async fn send_tests(mut self, asked: UnboundedReceiver<Asked>, mut tell: impl FnMut(&Event)) -> Result<Summary, CampaignError> {
        let counts = self.proposal.counts;
        let plan = std::mem::take(&mut self.plan);
        let mut tally = Tally::new(&plan);
        let mut ended = Ended::default();
        if plan.to_send().next().is_some() {
            let Some(connection) = self.connection.take() else {
                return Err(CampaignError::NoKey);
            };
            let journal = self.begin().await?;
            let (_, ledger) = self.share();
            journal.append(Entry::Run(self.run_start())).await?;
            let scene = Scene {
                plan: &plan,
                ledger: &ledger,
                journal: &journal,
                history: None,
                client: &connection.client,
                reads: None,
            };
            let mut note = |event: Event| {
                tally.note(&event);
                tell(&event);
            };
            ended = self.dispatch(&scene, asked, &mut note).await;
            connection.close().await;
            if !matches!(ended.stop, Some(Stop::Journal(_))) {
                journal.close()?;
            }
        }
        let tests = self.trial.as_ref().map(|trial| Tests {
            to: trial.name(),
            counts: tally.concerned,
        });
        ended.sent = 0;
        Ok(Summary {
            tests,
            ..self.summary(counts, tally.concerned, ended)
        })
    }

    /// Plan and ledger, for those who share them while the run goes on.
    fn share(&mut self) -> (Arc<Plan>, Arc<Mutex<Ledger>>) {
        let ledger = std::mem::replace(&mut self.memory.ledger, Ledger::new(key_source(&self.settings)));
        (Arc::new(std::mem::take(&mut self.plan)), Arc::new(Mutex::new(ledger)))
    }

    /// Lets the engine send.
    async fn dispatch(&mut self, scene: &Scene<'_>, asked: UnboundedReceiver<Asked>, tell: &mut dyn FnMut(Event)) -> Ended {
        let mut row = Row::new();
        let (reading, accounts, contacts, trial) = (&self.reading, &mut self.accounts, &mut self.contacts, self.trial.as_ref());
        // A clock that somebody set while the question stood is told anew.
        let clock = Clock::start().told(scene.client.skew().filter(|_| self.clock.was_left_alone()));
        let gates = self.memory.gates.take().filter(|_| trial.is_none());
        let gates = gates.map(|known| known.into_gatekeeper(&self.settings.gates, accounts.ids(), clock.now()));
        let gatekeeper = gates.as_ref().map(|(gatekeeper, _)| gatekeeper);
        let uploads = match self.settings.delivery.reuse {
            Reuse::Wanted => Uploads::of(&self.memory.uploads),
            Reuse::Spared => Uploads::default(),
        };
        let sender = Sender {
            sends: if trial.is_some() { Sends::Tests } else { Sends::Messages },
            uploads: &uploads,
            client: scene.client,
            journal: scene.journal,
            ledger: scene.ledger,
            clock: &clock,
            retries: self.settings.pace.retries,
            courtesy: scene.history.map(|history| Courtesy {
                history,
                same_text: same_text(&self.settings),
                cooldown: self.settings.contact.cooldown,
            }),
            recording: &Cell::new(0),
            stopped: &Cell::new(false),
        };
        let run = Run {
            plan: scene.plan,
            accounts: self.pacing.account_count(),
            sender,
            rules: self.pacing.rules(),
            pace: self.pacing.pace(clock.now()),
            shared: self.pacing.shared.as_ref(),
            gates: gates.as_ref().map(|(gatekeeper, past)| Gated {
                gatekeeper,
                rate: self.settings.pace.read_rate,
                past,
                reads: scene.reads,
            }),
            inquiries: Inquiries::about(std::mem::take(&mut self.health.counted)),
            drafts: &mut |planned| {
                let draft = reading.redraft(planned, &mut row, accounts)?;
                let draft = match gatekeeper {
                    Some(gatekeeper) => gatekeeper.named(draft, clock.now()),
                    None => draft,
                };
                if let Some(trial) = trial {
                    return trial.redirect(planned, draft, contacts);
                }
                let same_people = || gatekeeper.map(Gatekeeper::same_people).unwrap_or_default();
                contacts.allow(planned, &row, draft, same_people)
            },
            tell,
        };
        run.send(asked).await
    }

    /// The contact history, where there is one for this campaign; what it left in doubt is settled.
    fn open_history(&self) -> Result<Option<History>, CampaignError> {
        match &self.memory.campaign {
            Some(campaign) => history::open(&self.settings, campaign, &self.memory.ledger),
            None => Ok(None),
        }
    }

    /// Makes the journal or goes on with the one that is held, and writes into it what the results alone knew.
    async fn begin(&mut self) -> Result<Journal, CampaignError> {
        hold(self.journal.take(), &self.settings, &self.endpoint, &mut self.memory).await
    }

    fn run_start(&self) -> RunStart {
        RunStart {
            at: wall_time(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            timeout_ms: u64::try_from(self.settings.pace.timeout.as_millis()).unwrap_or(u64::MAX),
            account: self.accounts.id(DEFAULT_ACCOUNT).map(str::to_owned),
            templates: self.reading.templates().cloned().unwrap_or_default(),
            test: self.trial.is_some(),
        }
    }

    /// What results are made from.
    fn made(&self, plan: &Arc<Plan>, ledger: &Arc<Mutex<Ledger>>, turned_away: Vec<TurnedAway>) -> Result<Made, CampaignError> {
        let path = &self.settings.files.journal;
        let journal = if path.exists() {
            Some(Arc::new(journal::Reader::open(path)?))
        } else {
            None
        };
        Ok(Made {
            reading: Arc::clone(&self.reading),
            plan: Arc::clone(plan),
            ledger: Arc::clone(ledger),
            journal,
            imports: self.memory.imports.clone(),
            turned_away,
            account: self
                .accounts
                .id(DEFAULT_ACCOUNT)
                .or(self.memory.account.as_deref())
                .map(str::to_owned),
            sheet: self.settings.files.sheet.clone(),
        })
    }

    /// A run with nothing to send: the results are brought up to date if they are not.
    async fn conclude(mut self) -> Result<Summary, CampaignError> {
        if let (Some(_), Ok(Some((path, _)))) = (&self.journal, history::place(&self.settings))
            && path.exists()
        {
            // What was settled since by reading back or by a person is told to other campaigns; if not now, by the next run.
            drop(self.open_history());
        }
        let (plan, ledger) = self.share();
        let made = self.made(&plan, &ledger, Vec::new())?;
        let results = &self.settings.files.results;
        // What gates know of people can change the status of rows although nothing was added: a finding is too old by now.
        if self.memory.gates.is_some() || self.memory.written.is_none() || self.memory.written != made.would_write(results) {
            let (_, written) = made.write(results)?;
            if let Some(journal) = self.journal.take() {
                journal.append(Entry::Written(written)).await?;
                journal.close()?;
            }
        }
        let tally = Tally::new(&plan);
        let summary = self.summary(tally.counts, tally.concerned, Ended::default());
        Ok(summary.gated(tally.gated.clone(), &[]))
    }

    fn summary(&self, counts: Counts, concerned: Counts, ended: Ended) -> Summary {
        let name = |(account, why): (u16, String)| (self.accounts.id(account).map(str::to_owned), why);
        let unfit = self.health.unfit.iter().map(|unfit| (unfit.account, unfit.why.clone()));
        Summary {
            counts,
            concerned,
            tests: None,
            sent_this_run: ended.sent,
            results: self.settings.files.results.clone(),
            unwritten: None,
            forgotten: None,
            stop: ended.stop,
            gated: BTreeMap::new(),
            unjudged: ended.unjudged,
            stopped_accounts: unfit.chain(ended.stopped_accounts).map(name).collect(),
        }
    }
}
