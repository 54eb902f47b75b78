//! What the service says about sending accounts and about people: preflight.

use serde::Deserialize;

use crate::model::time::Moment;

use super::client::Client;
use super::lenient_json::{lenient, lenient_count, lenient_instant, lenient_list};
use super::lookup::Lookup;

/// A sending account. Only the id is sure to be there.
///
/// Sources: `GET /accounts` (a bare array), `GET /account/{id}/status` (also tokens and plan).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// What requests name it by.
    pub id: String,
    /// First name of its owner.
    #[serde(default, deserialize_with = "lenient")]
    pub first_name: Option<String>,
    /// Last name of its owner.
    #[serde(default, deserialize_with = "lenient")]
    pub last_name: Option<String>,
    /// The profile id of its owner.
    #[serde(default, deserialize_with = "lenient")]
    pub public_id: Option<String>,
    /// An open set: `AVAILABLE`, `IN_USE`, `WARMUP`, `FREE` are healthy; `ERROR` needs a person.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// Whether it may be used.
    #[serde(default, deserialize_with = "lenient")]
    pub enabled: Option<bool>,
    /// Whether the key holds an API seat for it.
    #[serde(default, deserialize_with = "lenient")]
    pub api_seat_allocated: Option<bool>,
    /// Whether the service holds a valid session of it.
    #[serde(default, deserialize_with = "lenient")]
    pub has_tokens: Option<bool>,
    /// The plan that its owner pays for.
    #[serde(default, deserialize_with = "lenient")]
    pub linkedin_plan: Option<Plan>,
}

/// The plan of an account's owner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `NON_PREMIUM`, `BUSINESS_PREMIUM`, `SALES_NAVIGATOR`, `RECRUITER`; an open set.
    #[serde(default, deserialize_with = "lenient")]
    pub premium_type: Option<String>,
    /// Whether the `sales_navigator` channel can be used.
    #[serde(default, deserialize_with = "lenient")]
    pub has_sales_navigator: Option<bool>,
}

/// How much of one kind of action an account has used, by every caller of the service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// What is counted, such as `CONNECT`. Which name messages have is not documented; the headers say `MESSAGE`.
    pub feature: String,
    /// `daily` (to midnight UTC) or `weekly` (to Monday, midnight UTC).
    #[serde(default, deserialize_with = "lenient")]
    pub window: Option<String>,
    /// Actions done in the window.
    #[serde(default, deserialize_with = "lenient_count")]
    pub used: Option<u32>,
    /// Actions allowed in the window.
    #[serde(default, deserialize_with = "lenient_count")]
    pub limit: Option<u32>,
    /// Actions left in the window.
    #[serde(default, deserialize_with = "lenient_count")]
    pub remaining: Option<u32>,
    /// The network itself, not the service, has refused in this window.
    #[serde(default, deserialize_with = "lenient")]
    pub limit_reached: Option<bool>,
    /// When the window starts anew, by the service's clock.
    #[serde(default, deserialize_with = "lenient_instant")]
    pub reset_at: Option<Moment>,
}

/// How an account and a profile stand to each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relationship {
    /// Connected in the first degree.
    pub connected: bool,
    /// `NOT_CONNECTED`, `CONNECTED`, `PENDING`; an open set.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// The URN of the profile.
    #[serde(default, deserialize_with = "lenient")]
    pub profile_urn: Option<String>,
}

#[derive(Deserialize)]
struct Quotas {
    #[serde(deserialize_with = "lenient_list")]
    quotas: Vec<Quota>,
}

/// The list as documented, or wrapped as other endpoints wrap theirs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Accounts {
    Bare(Vec<AccountInfo>),
    Wrapped { accounts: Vec<AccountInfo> },
}

/// What the service says of an account by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountStanding {
    /// Its state.
    Told(Box<AccountInfo>),
    /// There is none of this id. The text is the service's.
    Unknown(String),
}

/// Whether an answer speaks of an account that is not there, rather than of a question that is not answered.
fn denies_account(why: &str) -> bool {
    let about = why.strip_prefix("HTTP 404").or_else(|| why.strip_prefix("HTTP 400"));
    about.is_some_and(|text| text.to_lowercase().contains("account"))
}

impl Client {
    /// The accounts that the key can use. An element without an id makes the whole answer nonsense: a list that is
    /// not whole must not pass for "the only account".
    pub async fn accounts(&self) -> Lookup<Vec<AccountInfo>> {
        self.get::<Accounts>(&["accounts"], &[]).await.map(|told| match told {
            Accounts::Bare(accounts) | Accounts::Wrapped { accounts } => accounts,
        })
    }

    /// The state of one account.
    pub async fn account_status(&self, account: &str) -> Lookup<AccountInfo> {
        self.get(&["account", account, "status"], &[]).await
    }

    /// The state of one account, or that the service knows none of this id: it says so with a 404 or a 400 about an account.
    pub async fn account_standing(&self, account: &str) -> Lookup<AccountStanding> {
        match self.account_status(account).await {
            Lookup::NotOffered(why) | Lookup::Failed(why) if denies_account(&why) => Lookup::Answered(AccountStanding::Unknown(why)),
            told => told.map(|state| AccountStanding::Told(Box::new(state))),
        }
    }

    /// What one account has used of its quotas. Spends nothing.
    pub async fn account_quota(&self, account: &str) -> Lookup<Vec<Quota>> {
        self.get::<Quotas>(&["account", account, "quota"], &[])
            .await
            .map(|told| told.quotas)
    }

    /// How `account`, or the one that the service takes where none is named, stands to the profile with this id.
    pub async fn relationship(&self, account: Option<&str>, profile_id: &str) -> Lookup<Relationship> {
        match account {
            Some(account) => self.get(&["relationship", account, profile_id], &[]).await,
            None => self.get(&["relationship", profile_id], &[]).await,
        }
    }
}
