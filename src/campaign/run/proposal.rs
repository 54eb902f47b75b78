//! What a run is about to do: what a person is shown before it does.

use std::time::Duration;

use super::super::address::Accounts;
use super::super::preflight::{Together, of_templates};
use super::super::problems::Problems;
use super::super::reading::Reading;
use super::super::survey::Seen;
use super::super::texts::{OldTexts, Template};
use super::trial::Trial;
use crate::model::draft::Draft;
use crate::model::plan::Plan;
use crate::model::problem::RowProblem;
use crate::model::status::Counts;

/// What a run is about to do: what a person is asked about.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// All rows, by status, before the run.
    pub counts: Counts,
    /// How many rows will be sent.
    pub to_send: usize,
    /// From which accounts, and how many each; `None`: the only one of the key.
    pub accounts: Vec<(Option<String>, usize)>,
    /// The ids of the run's accounts, by index.
    pub ids: Vec<Option<String>>,
    /// How many rows each of the run's accounts sends, by index.
    pub by_account: Vec<usize>,
    /// The name of the only account, where the service told it.
    pub account_name: Option<String>,
    /// How long it takes under all limits, if answers come at once; `None` where it cannot be told, or never ends.
    pub duration: Option<Duration>,
    /// Whom the texts go to as tests, where they do.
    pub test_to: Option<String>,
    /// The first message.
    pub first: Option<Draft>,
    /// What is wrong with rows that are left out, and what is worth a look in the others.
    pub problems: Problems,
    /// How many rows were sent and would get another text now.
    pub old_texts: usize,
    /// What a person should know, in whole sentences.
    pub notes: Vec<String>,
}

/// What is gathered for the proposal while every row is looked at.
#[derive(Default)]
pub(super) struct Look {
    pub(super) problems: Problems,
    /// How many placeholders of other tools the templates have.
    pub(super) placeholders: usize,
    together: Option<Together>,
    counts: Counts,
    old_texts: usize,
}

impl Look {
    /// A look at the rows of a sheet and its templates.
    pub(super) fn at(reading: &Reading) -> Self {
        let placeholders = of_templates(reading);
        Self {
            problems: placeholders.iter().collect(),
            placeholders: placeholders.len(),
            together: Some(Together::of(reading)),
            ..Self::default()
        }
    }

    /// Ends the look at the rows: what they show together is added.
    pub(super) fn finish(&mut self, old_texts: &OldTexts, template: Template, to_send: usize) {
        let together = self.together.take().map(Together::finish).unwrap_or_default();
        self.old_texts = old_texts.count;
        self.problems.extend(&together);
        self.problems.extend(&old_texts.problem(template, to_send));
    }

    pub(super) fn note(&mut self, seen: &Seen<'_>) {
        self.counts.add(seen.status);
        if let Some(together) = &mut self.together {
            together.note(seen);
        }
        for problem in seen.all_problems() {
            self.problems.add(&RowProblem {
                row: Some(seen.row.number()),
                problem,
            });
        }
    }

    /// What is known of the run before the first message, accounts, notes and duration are.
    pub(super) fn proposal(self, plan: &Plan, accounts: &Accounts, trial: Option<&Trial>) -> Proposal {
        let mut by_account = vec![0usize; accounts.ids().len()];
        for row in plan.to_send() {
            by_account[usize::from(row.account)] += 1;
        }
        Proposal {
            counts: self.counts,
            to_send: plan.to_send().count(),
            duration: None,
            test_to: trial.map(Trial::name),
            accounts: accounts
                .ids()
                .iter()
                .cloned()
                .zip(by_account.iter().copied())
                .filter(|(_, rows)| *rows > 0)
                .collect(),
            ids: accounts.ids().to_vec(),
            by_account,
            account_name: None,
            first: None,
            problems: self.problems,
            old_texts: self.old_texts,
            notes: Vec::new(),
        }
    }
}
