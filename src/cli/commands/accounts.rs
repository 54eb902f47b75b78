//! `rowcast accounts`: the sending accounts of the key, their state and quotas.

use rowcast::adapters::api::{AccountInfo, Quota};
use rowcast::campaign::accounts::{AccountCard, cards, name_of};
use rowcast::campaign::asking::Asker;
use rowcast::campaign::connect::connect_to;
use rowcast::campaign::health::{Fitness, fitness};
use rowcast::campaign::settings::{Format, Pace};
use rowcast::model::rate::Ceiling;
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::settings::Service;
use super::super::terminal::{Screen, json_line, number, one_line};
use super::{refuse, session};

/// Lists the accounts.
pub fn run(service: &Service, screen: &mut Screen) -> Exit {
    begin(service, screen).unwrap_or_else(|exit| exit)
}

fn begin(service: &Service, screen: &mut Screen) -> Result<Exit, Exit> {
    let key = session::key_for(&service.endpoint, screen)?;
    let runtime = session::runtime(tokio::runtime::Builder::new_current_thread(), screen)?;
    let pace = Pace::default();
    let asked = runtime.block_on(async {
        let connection = connect_to(&service.endpoint, pace.timeout, key.as_ref()).await?;
        // Ten a minute is what the service lets each account be asked about itself.
        let about_itself: Ceiling = "10/min".parse().unwrap_or(pace.read_rate);
        let cards = cards(&mut Asker::within(&connection.client, pace.rate, about_itself, pace.max_wait)).await;
        connection.close().await;
        cards
    });
    Ok(match asked {
        Ok(cards) => {
            match service.format {
                Format::Json => screen.line(&json_line(&as_json(&cards).to_string())),
                Format::Text => show(&cards, screen),
            }
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    })
}

const HEAD: [&str; 8] = ["ACCOUNT", "NAME", "STATE", "PLAN", "QUOTA", "USED", "LIMIT", "BEGINS ANEW"];

/// A line for each quota of an account, and one for an account that has none; then what there is to say, in words.
fn show(cards: &[AccountCard], screen: &mut Screen) {
    if cards.is_empty() {
        screen.line("The key has no account.");
        return;
    }
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    for card in cards {
        let about = about(card);
        let quotas = card.quotas.iter().map(about_quota);
        let quotas: Vec<_> = if card.quotas.is_empty() {
            vec![["", "-", "-", "-"].map(str::to_owned)]
        } else {
            quotas.collect()
        };
        for (index, quota) in quotas.into_iter().enumerate() {
            let about = if index == 0 { about.clone() } else { Default::default() };
            rows.push(about.into_iter().chain(quota).collect());
        }
    }
    screen.table(&rows);
    for line in cards.iter().flat_map(remarks) {
        screen.prose(&line);
    }
}

/// Id, name, state and plan. Whether it can send is a word, not a colour.
fn about(card: &AccountCard) -> [String; 4] {
    let account = &card.account;
    let plan = account.linkedin_plan.as_ref().and_then(|plan| plan.premium_type.as_deref());
    let status = account.status.as_deref().unwrap_or("?");
    let state = match fitness(account) {
        Fitness::Fit | Fitness::Unknown(_) => format!("ready ({status})"),
        Fitness::Unfit(_) => format!("cannot send ({status})"),
        Fitness::Untold => "not told".to_owned(),
    };
    let name = match (name_of(account), &account.public_id) {
        (name, Some(id)) if name.is_empty() => id.clone(),
        (name, _) => name,
    };
    [account.id.as_str(), &name, &state, plan.unwrap_or("-")].map(|text| one_line(text).into_owned())
}

/// What is counted, how much of it is used, of how much, and when it begins anew.
fn about_quota(quota: &Quota) -> [String; 4] {
    let count = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |count| number(count as usize));
    let feature = match &quota.window {
        Some(window) => format!("{} {window}", quota.feature),
        None => quota.feature.clone(),
    };
    let reset = quota.reset_at.map_or_else(|| "?".to_owned(), |at| at.to_string());
    [one_line(&feature).into_owned(), count(quota.used), count(quota.limit), reset]
}

/// What no cell has room for.
fn remarks(card: &AccountCard) -> Vec<String> {
    let account = &card.account;
    let mut remarks = Vec::new();
    match fitness(account) {
        Fitness::Unfit(why) => remarks.push(why.to_owned()),
        Fitness::Unknown(word) => remarks.push(format!("{word} is a state that rowcast does not know; it is taken for healthy")),
        Fitness::Fit | Fitness::Untold => {}
    }
    if account.api_seat_allocated == Some(false) {
        remarks.push("the key has no seat for it".to_owned());
    }
    let refused = card.quotas.iter().filter(|quota| quota.limit_reached == Some(true));
    remarks.extend(refused.map(|quota| format!("the network itself refuses more of {}", quota.feature)));
    remarks.extend(card.untold.iter().map(|untold| format!("not told: {untold}")));
    let line = |remark: String| one_line(&format!("{}: {remark}", account.id)).into_owned();
    remarks.into_iter().map(line).collect()
}

fn as_json(cards: &[AccountCard]) -> Value {
    let quota = |quota: &Quota| {
        json!({
            "feature": quota.feature, "window": quota.window, "used": quota.used, "limit": quota.limit,
            "remaining": quota.remaining, "limit_reached": quota.limit_reached,
            "reset_at": quota.reset_at.map(|at| at.to_string()),
        })
    };
    let card = |card: &AccountCard| {
        let account = &card.account;
        let plan = account.linkedin_plan.as_ref();
        json!({
            "id": account.id, "name": name_of(account), "public_id": account.public_id, "status": account.status,
            "can_send": can_send(account), "enabled": account.enabled, "seat": account.api_seat_allocated, "tokens": account.has_tokens,
            "plan": plan.and_then(|plan| plan.premium_type.as_ref()),
            "sales_navigator": plan.and_then(|plan| plan.has_sales_navigator),
            "quotas": card.quotas.iter().map(quota).collect::<Vec<_>>(), "not_told": card.untold,
        })
    };
    json!({ "accounts": cards.iter().map(card).collect::<Vec<_>>() })
}

/// Whether an account can send; `None` where nothing tells.
fn can_send(account: &AccountInfo) -> Option<bool> {
    match fitness(account) {
        Fitness::Fit | Fitness::Unknown(_) => Some(true),
        Fitness::Unfit(_) => Some(false),
        Fitness::Untold => None,
    }
}
