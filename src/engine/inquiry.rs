//! What the service is asked while a run goes on: what its accounts have spent, and what time it is.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;

use super::clock::{Agreement, Clock, wall_time};
use super::pace::Pace;
use crate::adapters::api::{Client, Lookup, Quota};
use crate::model::skew::Skew;
use crate::model::time::Moment;

/// How often an account's quota is looked up; the service allows ten such calls a minute for each account.
const QUOTA_PERIOD: Duration = Duration::from_mins(10);
/// How long an answer about quotas is waited for: it is worth something only while it is fresh.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the time is asked for while the clocks disagree.
const TIME_PERIOD: Duration = Duration::from_secs(30);
/// No quota of the service lasts longer than a week.
const LONGEST_PAUSE: Duration = Duration::from_hours(8 * 24);

/// What came of asking.
#[derive(Debug, Clone)]
pub enum Inquired {
    /// The service's clock, if it told.
    Time {
        /// When it was asked, by the clock of the run.
        asked: Moment,
        /// What it showed.
        server: Option<Moment>,
    },
    /// What an account has spent.
    Quota {
        /// The account.
        account: u16,
        /// As far as the service told; `None` where it did not.
        spent: Option<Spent>,
    },
}

/// What an account has spent, by whatever program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    /// Messages of this day.
    pub today: Option<u32>,
    /// What is left.
    pub budgets: Vec<Budget>,
}

/// So many messages are left until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Messages.
    pub left: u32,
    /// Until when.
    pub until: Moment,
}

impl Spent {
    /// What the quotas of an account say about messages at `now` by our clock, of which the service's is `ahead`: their moments are
    /// by its own. One that cannot be one is passed over.
    #[must_use]
    pub fn of(quotas: &[Quota], now: Moment, ahead: i64) -> Self {
        let now = now.shifted(ahead);
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
            let reckoned = quota.limit.zip(quota.used).map(|(limit, used)| limit.saturating_sub(used));
            let left = if quota.limit_reached == Some(true) {
                Some(0)
            } else {
                quota.remaining.into_iter().chain(reckoned).min()
            };
            let midnight = is_daily.then(|| Moment::start_of_utc_day(now.utc_day() + 1));
            let until = quota.reset_at.or(midnight);
            let sensible = |until: &Moment| *until > now && until.since(now) <= LONGEST_PAUSE;
            if let (Some(left), Some(until)) = (left, until.filter(sensible)) {
                let until = until.shifted(-ahead);
                spent.budgets.push(Budget { left, until });
            }
        }
        spent
    }

    /// Makes it count. It lowers what the account may send, and raises nothing.
    pub fn apply(&self, pace: &mut Pace, account: u16, now: Moment) {
        if let Some(used) = self.today {
            pace.told_used(account, used, now);
        }
        for budget in &self.budgets {
            pace.told_left(account, *budget);
        }
    }
}

/// Asks what an account has spent.
///
/// # Errors
/// Why the service does not tell.
pub async fn spent(client: &Client, id: &str) -> Result<Spent, String> {
    match client.account_quota(id).await {
        Lookup::Answered(quotas) => {
            let ahead = client.skew().map_or(0, Skew::likely);
            Ok(Spent::of(&quotas, wall_time(), ahead))
        }
        Lookup::NotOffered(why) | Lookup::Refused(why) | Lookup::Failed(why) => Err(why),
        Lookup::Held(_) => Err("it asks to wait".to_owned()),
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
                Some(told) = self.pending.next() => return told,
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
            let (client, asked) = (client.clone(), clock.now());
            self.pending.push(Box::pin(async move {
                let server = client.server_time().await;
                Inquired::Time { asked, server }
            }));
        }
        if !self.accounts.is_empty() && is_due(self.quotas_asked, QUOTA_PERIOD) {
            self.quotas_asked = Some(Instant::now());
            for (account, id) in self.accounts.clone() {
                let client = client.clone();
                let ask = async move {
                    let asked = tokio::time::timeout(PATIENCE, spent(&client, &id)).await;
                    let spent = asked.ok().and_then(Result::ok);
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
        let at = Moment::from_millis;
        let quotas = [
            quota("CONNECT", "daily", 9, 0),
            quota("INMAIL_MESSAGE", "daily", 8, 0),
            quota("message", "DAILY", 40, 60),
        ];
        let spent = Spent::of(&quotas, at(0), 0);
        let left = |left, until| vec![Budget { left, until: at(until) }];
        assert_eq!((spent.today, spent.budgets), (Some(40), left(60, 5000)));
        let spent = Spent::of(&[quota("MESSAGE", "weekly", 700, 0)], at(0), 0);
        assert_eq!((spent.today, spent.budgets), (None, left(0, 5000)));
    }

    #[test]
    fn nonsense_in_a_quota_limits_nothing() {
        let at = Moment::from_millis;
        let past = Spent::of(&[quota("MESSAGE", "weekly", 1, 0)], at(6000), 0);
        assert_eq!(past.budgets, []);
        let bare = Quota {
            reset_at: None,
            remaining: None,
            limit: None,
            ..quota("MESSAGE", "daily", 3, 0)
        };
        assert_eq!(Spent::of(std::slice::from_ref(&bare), at(0), 0).budgets, []);
        let reckoned = Quota { limit: Some(10), ..bare };
        let midnight = vec![Budget {
            left: 7,
            until: at(86_400_000),
        }];
        assert_eq!(Spent::of(&[reckoned], at(0), 0).budgets, midnight);
    }

    #[test]
    fn the_moments_of_a_quota_are_the_service_s() {
        let at = Moment::from_millis;
        // Our clock is two hours ahead: the window has not begun anew, though it seems so.
        let spent = Spent::of(&[quota("MESSAGE", "daily", 40, 0)], at(7_200_000), -7_200_000);
        assert_eq!(
            spent.budgets,
            vec![Budget {
                left: 0,
                until: at(7_205_000)
            }]
        );
    }
}
