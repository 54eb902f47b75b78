//! The rows of a campaign that are in doubt, held until they are settled as far as they can be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::doubts::{Claims, Doubt, gather};
use super::judge::judge;
use super::look::Depth;
use super::orders::{Absent, Marked, Orders};
use super::party::batches;
use super::places::{plan, rows};
use super::reader::{Looked, Reader};
use super::verdict::{Halt, OLD_ENOUGH, Reconciled, Told, what_was_looked_at, why};
use crate::adapters::journal::{self, Journal};
use crate::campaign::asking::Silence;
use crate::campaign::connect::endpoint;
use crate::campaign::error::CampaignError;
use crate::campaign::history;
use crate::campaign::memory::Memory;
use crate::campaign::reading::Reading;
use crate::campaign::refresh::Made;
use crate::campaign::run::{Purpose, hold, remember};
use crate::campaign::settings::Settings;
use crate::engine::clock::wall_time;
use crate::model::entry::Entry;
use crate::model::judgement::{Evidence, Ruling};
use crate::model::ledger::{KeyId, Standing};
use crate::model::status::Status;

/// The waits between two looks: the first is short, since most messages show at once.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The rows of a campaign that are in doubt, held.
pub(super) struct Case<'a> {
    settings: &'a Settings,
    memory: Memory,
    journal: Journal,
    reading: Reading,
    pub(super) doubts: Vec<Doubt>,
    claims: Claims,
}

impl<'a> Case<'a> {
    /// Holds the campaign and gathers what is in doubt among the rows that are meant.
    pub(super) async fn open(settings: &'a Settings, orders: &Orders) -> Result<Self, CampaignError> {
        let endpoint = endpoint(settings)?;
        let (mut memory, held) = remember(settings, &endpoint, &Purpose::Send(None))?;
        if held.is_none() && memory.imports.is_empty() {
            return Err(CampaignError::NothingSent);
        }
        let journal = hold(held, settings, &endpoint, &mut memory).await?;
        let reading = Reading::open_with(settings, memory.templates.clone())?;
        let (mut doubts, mut claims) = gather(&settings.files.journal, &memory.ledger)?;
        let rows = rows(&reading, settings, &memory)?;
        for doubt in &mut doubts {
            doubt.row = rows.get(&doubt.id).copied();
        }
        if let Some(wanted) = &orders.rows {
            let is_meant = |doubt: &Doubt| doubt.row.is_some_and(|row| wanted.contains(row));
            let (meant, others): (Vec<Doubt>, Vec<Doubt>) = doubts.into_iter().partition(is_meant);
            doubts = meant;
            claims.leave(others.into_iter());
            if doubts.is_empty() {
                return Err(CampaignError::NotUnconfirmed);
            }
        }
        Ok(Self {
            settings,
            memory,
            journal,
            reading,
            doubts,
            claims,
        })
    }

    /// How many keys are in doubt.
    pub(super) fn keys(&self) -> usize {
        let mut ids: Vec<KeyId> = self.doubts.iter().map(|doubt| doubt.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    pub(super) async fn mark(
        &mut self,
        marked: Marked,
        note: &str,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(), CampaignError> {
        let ruling = match marked {
            Marked::Sent => Ruling::Sent,
            Marked::Failed => Ruling::Failed,
        };
        for doubt in std::mem::take(&mut self.doubts) {
            let evidence = Evidence::Person(note.to_owned());
            self.settle(&doubt, ruling, evidence, verdict, tell).await?;
        }
        Ok(())
    }

    /// Judges one attempt; tells of the row if that settles it.
    async fn settle(
        &mut self,
        doubt: &Doubt,
        ruling: Ruling,
        evidence: Evidence,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(), CampaignError> {
        let ledger = &mut self.memory.ledger;
        if ledger.standing(doubt.id) != Standing::Unconfirmed {
            return Ok(());
        }
        let why = why(&evidence);
        judge(&self.journal, ledger, &mut self.claims, doubt, ruling, evidence).await?;
        let status = ledger.standing(doubt.id).status();
        match status {
            Status::Sent => verdict.sent += 1,
            Status::Failed => verdict.failed += 1,
            _ => return Ok(()),
        }
        tell(&Told::Settled {
            row: doubt.row,
            key: doubt.key.clone(),
            status,
            why,
        });
        Ok(())
    }

    /// Looks for what is in doubt until everything is found or the time is up. Returns why nothing more can be asked, if so.
    pub(super) async fn read_back(
        &mut self,
        reader: &mut Reader<'_>,
        wait: Duration,
        absent: Absent,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<Option<Silence>, CampaignError> {
        let mut looks = BTreeMap::new();
        let mut ends = wall_time() + wait;
        let (mut pause, mut depth) = (FIRST_PAUSE, Depth::Every);
        loop {
            let halt = self.round(reader, depth, &mut looks, verdict, tell).await?;
            let now = wall_time();
            if depth == Depth::Every && !wait.is_zero() {
                // However long the first look took: what it did not find is asked for again.
                ends = ends.max(now + pause);
            }
            if halt.is_some() || self.doubts.is_empty() || now >= ends {
                if halt.is_none() {
                    self.give_up(&looks, absent, verdict, tell).await?;
                }
                return Ok(halt);
            }
            let until = (now + pause).min(ends);
            tell(&Told::Waiting { rows: self.keys(), until });
            tokio::time::sleep(until.since(now)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            depth = Depth::Listed;
        }
    }

    /// Looks once for everything that is in doubt, and adds what was looked at for each key. Returns why nothing more can be
    /// asked, if so.
    async fn round(
        &mut self,
        reader: &mut Reader<'_>,
        depth: Depth,
        looks: &mut BTreeMap<KeyId, Looked>,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<Option<Silence>, CampaignError> {
        reader.begin_round();
        for batch in batches(&self.doubts) {
            let glimpses = match reader.look(&batch, &self.doubts, &mut self.claims, depth).await {
                Ok(glimpses) => glimpses,
                Err(silence) => return Ok(Some(silence)),
            };
            for glimpse in glimpses {
                if let Some(found) = glimpse.found {
                    self.settle(&glimpse.doubt, Ruling::Sent, Evidence::Found(found), verdict, tell)
                        .await?;
                }
                let looked = looks.entry(glimpse.doubt.id).or_insert_with(|| glimpse.looked.clone());
                looked.again(&glimpse.looked);
            }
            let ledger = &self.memory.ledger;
            self.doubts.retain(|doubt| ledger.standing(doubt.id) == Standing::Unconfirmed);
        }
        Ok(None)
    }

    /// Says of what was not found what was looked at; or accepts that it is not there.
    async fn give_up(
        &mut self,
        looks: &BTreeMap<KeyId, Looked>,
        absent: Absent,
        verdict: &mut Reconciled,
        tell: &mut impl FnMut(&Told),
    ) -> Result<(), CampaignError> {
        for doubt in self.doubts.clone() {
            let looked = looks.get(&doubt.id);
            let old = doubt.span.is_some_and(|span| wall_time().since(span.began) >= OLD_ENOUGH);
            let proven = absent == Absent::Accept && old && looked.is_some_and(|looked| looked.thorough);
            let ruling = if proven { Ruling::Failed } else { Ruling::Open };
            let evidence = Evidence::Absent(what_was_looked_at(&doubt, looked, absent));
            self.settle(&doubt, ruling, evidence, verdict, tell).await?;
        }
        self.leave(looks, verdict);
        Ok(())
    }

    /// Notes what is still in doubt.
    pub(super) fn leave(&mut self, looks: &BTreeMap<KeyId, Looked>, verdict: &mut Reconciled) {
        let ledger = &self.memory.ledger;
        self.doubts.retain(|doubt| ledger.standing(doubt.id) == Standing::Unconfirmed);
        let mut seen = Vec::new();
        for doubt in &self.doubts {
            if !seen.contains(&doubt.id) {
                seen.push(doubt.id);
                let why = looks.get(&doubt.id).map(|looked| looked.at.clone()).unwrap_or_default();
                verdict.left.push((doubt.row, why));
            }
        }
    }

    /// Brings the results up to date and gives the campaign free.
    pub(super) async fn conclude(self, mut verdict: Reconciled) -> Result<Reconciled, CampaignError> {
        let Self {
            settings,
            memory,
            journal,
            reading,
            ..
        } = self;
        // What other campaigns of this machine know of these people follows from what is known now.
        if let Some(campaign) = &memory.campaign
            && let Some(history) = history::open(settings, campaign, &memory.ledger)?
        {
            history.close().map_err(CampaignError::History)?;
        }
        let plan = plan(&reading, settings, &memory, |_, _| {})?;
        let made = Made {
            reading: Arc::new(reading),
            plan: Arc::new(plan),
            ledger: Arc::new(Mutex::new(memory.ledger)),
            journal: Some(Arc::new(journal::Reader::open(&settings.files.journal)?)),
            imports: Vec::new(),
            turned_away: Vec::new(),
            account: settings.account.clone(),
            sheet: settings.files.sheet.clone(),
        };
        let (counts, written) = made.write(&settings.files.results)?;
        verdict.counts = counts;
        // Where somebody stopped it, a judgement may be on its way to the disk that these results do not know yet.
        if !matches!(verdict.halt, Some(Halt::Asked(_))) {
            journal.append(Entry::Written(written)).await?;
        }
        journal.close()?;
        Ok(verdict)
    }
}
