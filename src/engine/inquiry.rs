//! What the service is asked while a run goes on: what its accounts have spent, and what time it is.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;

use super::clock::{Agreement, Clock};
use super::pace::Pace;
use crate::adapters::api::{Client, Lookup, Quota};
use crate::model::event::Wait;
use crate::model::time::Moment;

/// How often an account's quota is looked up; the service allows ten such calls a minute for each account.
const QUOTA_PERIOD: Duration = Duration::from_mins(10);
/// How often the time is asked for while the clocks disagree.
const TIME_PERIOD: Duration = Duration::from_secs(30);
/// No quota of the service lasts longer than a week.
const LONGEST_PAUSE: Duration = Duration::from_hours(8 * 24);

/// What came of asking.
#[derive(Debug, Clone, Copy)]
pub enum Inquired {
    /// The service's clock, if it told.
    Time(Option<Moment>),
    /// What an account has spent.
    Quota {
        /// The account.
        account: u16,
        /// As far as the service told.
        spent: Spent,
    },
}

/// What an account has spent, by whatever program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Messages of this day.
    pub today: Option<u32>,
    /// Nothing is left until then.
    pub empty_until: Option<Moment>,
    /// Whether the service answers such questions.
    pub offered: Offered,
}

/// Whether the service answers a question at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Offered {
    /// It does, or may another time.
    #[default]
    Yes,
    /// It does not.
    No,
}

impl Spent {
    /// What the quotas of an account say about messages.
    #[must_use]
    pub fn of(quotas: &[Quota]) -> Self {
        let about_messages = |quota: &&Quota| {
            let feature = quota.feature.to_ascii_uppercase();
            feature.contains("MESSAGE") && !feature.contains("INMAIL")
        };
        let mut spent = Self::default();
        for quota in quotas.iter().filter(about_messages) {
            let is_daily = quota.window.as_deref().is_none_or(|window| window.eq_ignore_ascii_case("daily"));
            if is_daily {
                spent.today = spent.today.max(quota.used);
            }
            if quota.remaining == Some(0) || quota.limit_reached == Some(true) {
                spent.empty_until = spent.empty_until.max(quota.reset_at);
            }
        }
        spent
    }

    /// Makes it count.
    pub fn apply(self, pace: &mut Pace, account: u16, now: Moment) {
        if let Some(used) = self.today {
            pace.told_used(account, used, now);
        }
        if let Some(until) = self.empty_until.filter(|until| until.since(now) <= LONGEST_PAUSE) {
            pace.hold_account(account, until, Wait::Held);
        }
    }
}

/// Asks what an account has spent.
pub async fn spent(client: &Client, id: &str) -> Spent {
    match client.account_quota(id).await {
        Lookup::Answered(quotas) => Spent::of(&quotas),
        Lookup::NotOffered(_) => Spent {
            offered: Offered::No,
            ..Spent::default()
        },
        Lookup::Refused(_) | Lookup::Held(_) | Lookup::Failed(_) => Spent::default(),
    }
}

/// What is asked, and when it was last asked.
#[derive(Default)]
pub struct Inquiries {
    /// The accounts whose quotas are looked up.
    accounts: Vec<(u16, String)>,
    quotas_asked: Option<Instant>,
    time_asked: Option<Instant>,
    pending: FuturesUnordered<LocalBoxFuture<'static, Inquired>>,
}

impl Inquiries {
    /// Asks about these accounts now and then. They have just been asked about.
    #[must_use]
    pub fn about(accounts: Vec<(u16, String)>) -> Self {
        Self {
            accounts,
            quotas_asked: Some(Instant::now()),
            ..Self::default()
        }
    }

    /// The next answer. Asks when it is time to; may be dropped and called again.
    pub async fn next(&mut self, client: &Client, clock: &Clock) -> Inquired {
        loop {
            self.ask(client, clock);
            let nap = tokio::time::sleep(TIME_PERIOD);
            tokio::select! {
                Some(told) = self.pending.next() => {
                    if let Inquired::Quota { spent: Spent { offered: Offered::No, .. }, .. } = told {
                        self.accounts.clear();
                    }
                    return told;
                }
                () = nap => {}
            }
        }
    }

    fn ask(&mut self, client: &Client, clock: &Clock) {
        if !self.pending.is_empty() {
            return;
        }
        let is_due = |asked: Option<Instant>, period| asked.is_none_or(|asked| asked.elapsed() > period);
        if clock.agrees_with_the_wall() == Agreement::WallAhead && is_due(self.time_asked, TIME_PERIOD) {
            self.time_asked = Some(Instant::now());
            let client = client.clone();
            self.pending
                .push(Box::pin(async move { Inquired::Time(client.server_time().await) }));
        }
        if !self.accounts.is_empty() && is_due(self.quotas_asked, QUOTA_PERIOD) {
            self.quotas_asked = Some(Instant::now());
            for (account, id) in self.accounts.clone() {
                let client = client.clone();
                let ask = async move {
                    let spent = spent(&client, &id).await;
                    Inquired::Quota { account, spent }
                };
                self.pending.push(Box::pin(ask));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(feature: &str, window: &str, used: u32, remaining: u32) -> Quota {
        Quota {
            feature: feature.to_owned(),
            window: Some(window.to_owned()),
            used: Some(used),
            limit: Some(used + remaining),
            remaining: Some(remaining),
            limit_reached: None,
            reset_at: Some(Moment::from_millis(5000)),
        }
    }

    #[test]
    fn only_quotas_of_messages_count() {
        let spent = Spent::of(&[
            quota("CONNECT", "daily", 9, 0),
            quota("INMAIL_MESSAGE", "daily", 8, 0),
            quota("message", "DAILY", 40, 60),
        ]);
        assert_eq!((spent.today, spent.empty_until), (Some(40), None));
        let spent = Spent::of(&[quota("MESSAGE", "weekly", 700, 0)]);
        assert_eq!((spent.today, spent.empty_until), (None, Some(Moment::from_millis(5000))));
    }
}
