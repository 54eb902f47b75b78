//! `rowcast accounts`: the sending accounts of the key, their state and quotas.

use rowcast::adapters::api::Quota;
use rowcast::campaign::accounts::{AccountCard, cards, name_of};
use rowcast::campaign::asking::Asker;
use rowcast::campaign::connect::connect_to;
use rowcast::campaign::settings::{Endpoint, Format, Pace};
use rowcast::model::rate::Ceiling;
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::settings::{Service, key};
use super::super::terminal::{Screen, Style, json_line, one_line};
use super::refuse;

/// Lists the accounts.
pub fn run(service: &Service, screen: &mut Screen) -> Exit {
    let key = match &service.endpoint {
        Endpoint::Sandbox => None,
        Endpoint::Service { key, .. } => match key::read(key) {
            Ok(read) => Some(read.key),
            Err(error) => {
                screen.error(&error);
                return error.exit();
            }
        },
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            screen.error(&format!("cannot start: {error}"));
            return Exit::Defect;
        }
    };
    let pace = Pace::default();
    let asked = runtime.block_on(async {
        let connection = connect_to(&service.endpoint, pace.timeout, key.as_ref()).await?;
        // Ten a minute is what the service lets each account be asked about itself.
        let about_itself: Ceiling = "10/min".parse().unwrap_or(pace.read_rate);
        let cards = cards(&mut Asker::within(&connection.client, pace.rate, about_itself, pace.max_wait)).await;
        connection.close().await;
        cards
    });
    match asked {
        Ok(cards) => {
            match service.format {
                Format::Json => screen.line(&json_line(&as_json(&cards).to_string())),
                Format::Text => show(&cards, screen),
            }
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}

fn show(cards: &[AccountCard], screen: &mut Screen) {
    if cards.is_empty() {
        screen.line("The key has no account.");
    }
    for card in cards {
        let account = &card.account;
        let head = screen.on_out(Style::Bold, &one_line(&account.id));
        let plan = account.linkedin_plan.as_ref().and_then(|plan| plan.premium_type.as_deref());
        let told = [
            Some(name_of(account)),
            account.public_id.clone(),
            account.status.clone(),
            plan.map(str::to_owned),
        ];
        let told: Vec<String> = told.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        screen.line(&format!("{head}  {}", one_line(&told.join(" · "))));
        for (is, words) in [
            (account.enabled == Some(false), "it is switched off"),
            (account.has_tokens == Some(false), "it is logged out: connect it again"),
            (account.api_seat_allocated == Some(false), "the key has no seat for it"),
        ] {
            if is {
                let line = screen.on_out(Style::Red, words);
                screen.line(&format!("  {line}"));
            }
        }
        for quota in &card.quotas {
            screen.line(&format!("  {}", one_line(&in_words(quota))));
        }
        for untold in &card.untold {
            screen.line(&format!("  not told: {}", one_line(untold)));
        }
    }
}

fn in_words(quota: &Quota) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let mut words = format!("{}: {} of {} used", quota.feature, number(quota.used), number(quota.limit));
    if let Some(window) = &quota.window {
        words = format!("{words}, {window}");
    }
    if let Some(reset) = quota.reset_at {
        words = format!("{words}, anew at {reset}");
    }
    if quota.limit_reached == Some(true) {
        words.push_str("; the network itself refuses more");
    }
    words
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
            "enabled": account.enabled, "seat": account.api_seat_allocated, "tokens": account.has_tokens,
            "plan": plan.and_then(|plan| plan.premium_type.as_ref()),
            "sales_navigator": plan.and_then(|plan| plan.has_sales_navigator),
            "quotas": card.quotas.iter().map(quota).collect::<Vec<_>>(), "not_told": card.untold,
        })
    };
    json!({ "accounts": cards.iter().map(card).collect::<Vec<_>>() })
}
