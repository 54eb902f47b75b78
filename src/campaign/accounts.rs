//! Which account sends, by its id: names are looked up, and nothing is left to the service's choice where it can be told.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::address::{Accounts, DEFAULT_ACCOUNT};
use super::asking::{Asker, Silence};
use super::error::CampaignError;
use super::settings::{Endpoint, Settings};
use crate::adapters::api::{AccountInfo, Client, Lookup, Quota};
use crate::engine::clock::wall_time;
use crate::model::plan::Plan;
use crate::model::recipient::Recipient;

/// For so long it is asked again which accounts there are.
const PATIENCE: Duration = Duration::from_secs(3);
/// The wait before the second try; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What was settled about the accounts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pinned {
    /// The name of the only account, where rows name none and it was taken.
    pub only: Option<String>,
    /// What a person should know, in whole sentences.
    pub notes: Vec<String>,
    /// The accounts that the service listed, where it was asked.
    pub listed: Vec<AccountInfo>,
}

/// Pins the account of every row that is to be sent by its id. Asks the service only where that is needed: where rows name
/// no account, or name one by what is no id.
///
/// # Errors
/// A name that is no account's or several accounts', no name where there are several, or a refused key.
pub async fn pin(settings: &Settings, client: &Client, accounts: &mut Accounts, plan: &mut Plan) -> Result<Pinned, CampaignError> {
    let used: BTreeSet<u16> = plan.to_send().map(|row| row.account).collect();
    let stand_in = matches!(settings.endpoint, Endpoint::Sandbox { .. });
    let unclear = |index: &u16| accounts.id(*index).is_none_or(|name| !stand_in && !is_id(name));
    let unclear: Vec<u16> = used.into_iter().filter(unclear).collect();
    if unclear.is_empty() {
        return Ok(Pinned::default());
    }
    let listed = match listed(client).await {
        Lookup::Answered(listed) if !listed.is_empty() => listed,
        Lookup::Answered(_) => return Ok(not_told("it names no account")),
        Lookup::Refused(why) => return Err(CampaignError::KeyRefused(why)),
        Lookup::NotOffered(why) | Lookup::Failed(why) => return Ok(not_told(&why)),
        Lookup::Held(_) => return Ok(not_told("it asks to wait")),
    };
    let mut pinned = Pinned::default();
    for index in unclear {
        let account = match accounts.id(index) {
            Some(name) => {
                let Some(account) = named(name, &listed)? else {
                    pinned.notes.push(unlisted(name, &listed));
                    continue;
                };
                account
            }
            None => only(&listed)?,
        };
        if index == DEFAULT_ACCOUNT {
            pinned.only = Some(name_of(account)).filter(|name| !name.is_empty());
        }
        if let Some(same) = accounts.set_id(index, account.id.clone()) {
            for row in plan.rows.iter_mut().filter(|row| row.account == index) {
                row.account = same;
            }
        }
    }
    pinned.listed = listed;
    Ok(pinned)
}

/// Asks which accounts there are, and again after an error or a short hold: not to know may mean that the wrong account sends.
async fn listed(client: &Client) -> Lookup<Vec<AccountInfo>> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let told = client.accounts().await;
        let wait = match &told {
            Lookup::Failed(_) => pause,
            Lookup::Held(Some(until)) => until.since(wall_time()).max(pause),
            _ => return told,
        };
        if began.elapsed() + wait > PATIENCE {
            return told;
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
}

fn not_told(why: &str) -> Pinned {
    Pinned {
        notes: vec![format!(
            "The service does not say which accounts the key has ({why}); accounts are taken as they are named, and where none is, accountId is left out."
        )],
        ..Pinned::default()
    }
}

/// Whether this is an id by its form: 24 hexadecimal digits, or `acc_…`. Whether there is such an account shows when it sends.
fn is_id(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) || name.starts_with("acc_")
}

/// The account that is meant by an id, a public id, the address of a profile, or a name.
///
/// `None` where the service lists no such account: an account that is shared late may still send, and its answer will tell.
fn named<'a>(name: &str, listed: &'a [AccountInfo]) -> Result<Option<&'a AccountInfo>, CampaignError> {
    let wanted = name.trim().to_lowercase();
    let profile = Recipient::parse(name)
        .ok()
        .and_then(|recipient| recipient.profile_id().map(str::to_lowercase));
    let is = |text: Option<&String>| text.is_some_and(|text| text.to_lowercase() == wanted);
    let by_id = |account: &&AccountInfo| account.id == name;
    let by_public_id = |account: &&AccountInfo| {
        let public_id = account.public_id.as_ref().map(|id| id.to_lowercase());
        public_id.is_some() && (public_id.as_ref() == Some(&wanted) || public_id == profile)
    };
    let by_name = |account: &&AccountInfo| name_of(account).to_lowercase() == wanted;
    let by_part = |account: &&AccountInfo| is(account.first_name.as_ref()) || is(account.last_name.as_ref());
    let ways: [&dyn Fn(&&AccountInfo) -> bool; 4] = [&by_id, &by_public_id, &by_name, &by_part];
    for way in ways {
        match listed.iter().filter(|account| way(account)).collect::<Vec<_>>().as_slice() {
            [] => {}
            [one] => return Ok(Some(one)),
            _ => return Err(unclear(name, "the name of more than one", listed)),
        }
    }
    Ok(None)
}

fn unlisted(name: &str, listed: &[AccountInfo]) -> String {
    let known: Vec<String> = listed
        .iter()
        .map(|account| format!("{} {}", account.id, name_of(account)))
        .collect();
    format!(
        "The service lists no account `{name}` for this key; it is used as it is named. Listed: {}.",
        known.join(", ")
    )
}

fn unclear(name: &str, what: &'static str, listed: &[AccountInfo]) -> CampaignError {
    CampaignError::AccountName {
        name: name.to_owned(),
        what,
        listed: list(listed),
    }
}

fn only(listed: &[AccountInfo]) -> Result<&AccountInfo, CampaignError> {
    match listed {
        [one] => Ok(one),
        _ => Err(CampaignError::SeveralAccounts(list(listed))),
    }
}

fn list(accounts: &[AccountInfo]) -> String {
    let accounts: Vec<String> = accounts
        .iter()
        .map(|account| format!("{} {}", account.id, name_of(account)))
        .collect();
    accounts.join(", ")
}

/// First and last name, as far as they are known.
#[must_use]
pub fn name_of(account: &AccountInfo) -> String {
    let names = [&account.first_name, &account.last_name].into_iter().flatten().map(String::as_str);
    names.collect::<Vec<_>>().join(" ")
}

/// An account with all that the service tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCard {
    /// The account, with its state.
    pub account: AccountInfo,
    /// What it has used of its quotas.
    pub quotas: Vec<Quota>,
    /// What the service would not tell, and why.
    pub untold: Vec<String>,
}

/// All accounts of the key, with state, plan and quotas, within the limits for asking.
///
/// # Errors
/// The key is refused, or the service does not list its accounts.
pub async fn cards(asker: &mut Asker<'_>) -> Result<Vec<AccountCard>, CampaignError> {
    let listed = asker
        .ask(None, async |client| client.accounts().await)
        .await
        .map_err(|silence| match silence {
            Silence::Refused(why) => CampaignError::KeyRefused(why),
            other => CampaignError::Settings(format!("the service does not list the accounts of the key: {other}")),
        })?;
    let mut cards = Vec::with_capacity(listed.len());
    for account in listed {
        let mut card = AccountCard {
            account,
            quotas: Vec::new(),
            untold: Vec::new(),
        };
        let id = card.account.id.clone();
        let id = id.as_str();
        match asker.ask(Some(id), async |client| client.account_status(id).await).await {
            Ok(status) => card.account = with_status(card.account, status),
            Err(silence) => card.untold.push(format!("its state: {silence}")),
        }
        match asker.ask(Some(id), async |client| client.account_quota(id).await).await {
            Ok(quotas) => card.quotas = quotas,
            Err(silence) => card.untold.push(format!("its quotas: {silence}")),
        }
        cards.push(card);
    }
    Ok(cards)
}

/// The list and the state of an account each tell what the other does not.
pub(super) fn with_status(listed: AccountInfo, status: AccountInfo) -> AccountInfo {
    AccountInfo {
        id: listed.id,
        first_name: listed.first_name.or(status.first_name),
        last_name: listed.last_name.or(status.last_name),
        public_id: listed.public_id.or(status.public_id),
        status: status.status.or(listed.status),
        enabled: status.enabled.or(listed.enabled),
        api_seat_allocated: listed.api_seat_allocated.or(status.api_seat_allocated),
        has_tokens: status.has_tokens.or(listed.has_tokens),
        linkedin_plan: status.linkedin_plan.or(listed.linkedin_plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, first: &str, last: &str, public_id: &str) -> AccountInfo {
        AccountInfo {
            id: id.to_owned(),
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            public_id: Some(public_id.to_owned()),
            status: None,
            enabled: None,
            api_seat_allocated: None,
            has_tokens: None,
            linkedin_plan: None,
        }
    }

    #[test]
    fn an_account_is_found_by_whatever_names_it_and_nothing_else() {
        let listed = [
            account("1", "Ann", "Lee", "ann-lee"),
            account("2", "Bob", "Lee", "bob"),
            account("3", "bob", "Ray", "ray-b"),
        ];
        for (name, id) in [
            ("1", Some("1")),
            ("ANN-lee", Some("1")),
            ("ann lee", Some("1")),
            ("Ann", Some("1")),
            ("bob", Some("2")),
            ("https://www.linkedin.com/in/ray-b/", Some("3")),
            ("Ray", Some("3")),
            ("Lee", None),
            ("nobody", None),
            ("", None),
        ] {
            assert_eq!(named(name, &listed).ok().flatten().map(|account| account.id.as_str()), id, "{name}");
        }
        let refusal = named("Lee", &listed).expect_err("two").to_string();
        assert!(refusal.contains("more than one") && refusal.contains("1 Ann Lee"), "{refusal}");
    }

    #[test]
    fn an_id_is_told_by_its_form() {
        assert!(is_id("60d21b4667d0d8992e610c85") && is_id("acc_12345"));
        assert!(!is_id("ann-lee") && !is_id("60d21b4667d0d8992e610c8x"));
    }
}
