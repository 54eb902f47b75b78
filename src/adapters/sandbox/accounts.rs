//! The sending accounts: their list, status, quota and credits.

use std::collections::HashMap;

use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::clock;
use super::limit::Kind;
use super::script::Call;
use super::settings::{Access, Plan};
use super::visit::{Faults, Sandbox, Shared, Visit};
use super::wire::Fate;
use super::world::Sender;

type Asked = Query<HashMap<String, String>>;

/// `GET /accounts`: a bare array, the only answer that is no object.
pub(super) async fn all(state: State<Shared>, connection: ConnectInfo<Fate>, query: Asked, request: Request) -> Response {
    let visit = Visit::begin(&state.0, connection.0, Call::Account, Faults::Scripted, &request);
    if let Err(refusal) = visit.check_key() {
        return visit.refuse(refusal);
    }
    let wanted = query.0.get("q").map(|text| text.to_lowercase());
    visit
        .carry_out(move |sandbox, _| {
            let world = sandbox.world();
            let is_wanted = |sender: &&Sender| wanted.as_deref().is_none_or(|wanted| is_named(sender, wanted));
            world.senders().iter().filter(is_wanted).map(listed).collect()
        })
        .await
}

/// Whether a search finds the account: by name, public id, id, or profile URL.
fn is_named(sender: &Sender, wanted: &str) -> bool {
    let account = &sender.account;
    let public_id = account.public_id.to_lowercase();
    account.id == wanted
        || public_id == wanted
        || wanted.trim_end_matches('/').ends_with(&format!("/in/{public_id}"))
        || account.first_name.to_lowercase().contains(wanted)
        || account.last_name.to_lowercase().contains(wanted)
}

fn listed(sender: &Sender) -> Value {
    let account = &sender.account;
    json!({
        "id": account.id,
        "firstName": account.first_name,
        "lastName": account.last_name,
        "publicId": account.public_id,
        "picture": null,
        "status": account.status,
        "enabled": account.access != Access::Disabled,
        "apiSeatAllocated": true,
    })
}

/// `GET /account/status`, of the account that `accountId` names, else of the one used last.
pub(super) async fn status(state: State<Shared>, connection: ConnectInfo<Fate>, query: Asked, request: Request) -> Response {
    let id = query.0.get("accountId").cloned();
    look(state.0, connection.0, id, request, |sender, _| status_of(sender)).await
}

/// `GET /account/{id}/status`.
pub(super) async fn status_by_id(
    state: State<Shared>,
    connection: ConnectInfo<Fate>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    look(state.0, connection.0, Some(id), request, |sender, _| status_of(sender)).await
}

/// `GET /account/{id}/quota`.
pub(super) async fn quota(state: State<Shared>, connection: ConnectInfo<Fate>, Path(id): Path<String>, request: Request) -> Response {
    look(state.0, connection.0, Some(id), request, |sender, _| quota_of(sender)).await
}

/// `GET /inmail/credits`.
pub(super) async fn credits(state: State<Shared>, connection: ConnectInfo<Fate>, query: Asked, request: Request) -> Response {
    let id = query.0.get("accountId").cloned();
    look(state.0, connection.0, id, request, |sender, _| credits_of(sender)).await
}

async fn look(
    sandbox: Shared,
    fate: Fate,
    id: Option<String>,
    request: Request,
    show: impl Fn(&Sender, &Sandbox) -> Value + Send + 'static,
) -> Response {
    let mut visit = Visit::begin(&sandbox, fate, Call::Account, Faults::Scripted, &request);
    let sender = (|| {
        visit.check_key()?;
        visit
            .sender(id.as_deref(), Kind::Account)
            .map_err(|refusal| explained(refusal, id.as_deref()))
    })();
    match sender {
        Ok(place) => {
            visit
                .carry_out(move |sandbox, _| {
                    let world = sandbox.world();
                    world.sender(place).map_or(Value::Null, |sender| show(sender, sandbox))
                })
                .await
        }
        Err(refusal) => visit.refuse(refusal),
    }
}

/// An account that is not there is a 400 where its id could be none.
fn explained(refusal: Refusal, id: Option<&str>) -> Refusal {
    let is_id = |id: &str| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if refusal.status == axum::http::StatusCode::NOT_FOUND && !id.is_some_and(is_id) {
        return Refusal::bad("Invalid account ID format");
    }
    refusal
}

fn premium_type(plan: Plan) -> &'static str {
    match plan {
        Plan::Free => "NON_PREMIUM",
        Plan::Premium => "BUSINESS_PREMIUM",
        Plan::SalesNavigator => "SALES_NAVIGATOR",
    }
}

fn status_of(sender: &Sender) -> Value {
    let account = &sender.account;
    // The plan is known of accounts that work, and of no others.
    let plan = ["AVAILABLE", "WARMUP"].contains(&account.status.as_str()).then(|| {
        json!({
            "premiumType": premium_type(account.plan),
            "isPremium": account.plan != Plan::Free,
            "hasSalesNavigator": sender.has_sales_navigator(),
            "hasRecruiter": false,
            "hasAwayMessages": false,
            "hasAdvertiseBadge": false,
            "hasHiringManager": false,
        })
    });
    json!({
        "id": account.id,
        "firstName": account.first_name,
        "lastName": account.last_name,
        "publicId": account.public_id,
        "platform": "ConnectSafely",
        "status": account.status,
        "enabled": account.access != Access::Disabled,
        "lastUsed": sender.last_used.map(clock::iso),
        "hasTokens": account.access != Access::WithoutTokens,
        "linkedinPlan": plan,
    })
}

/// Which feature name stands for messages is not shown on the page; the rate-limit header calls them `MESSAGE`.
fn quota_of(sender: &Sender) -> Value {
    let now = clock::now();
    let (limit, used) = (sender.account.quota.limit, sender.used(now));
    let midnight = clock::iso(now.next_utc_midnight());
    let of = |feature: &str, used: u32, limit: u32| {
        json!({
            "feature": feature,
            "window": "daily",
            "used": used,
            "limit": limit,
            "linkedinLimit": null,
            "remaining": limit.saturating_sub(used),
            "limitReached": false,
            "limitReachedAt": null,
            "resetAt": midnight,
        })
    };
    json!({
        "accountId": sender.account.id,
        "quotas": [of("MESSAGE", used, limit), of("PROFILE_VIEW", 0, 120)],
    })
}

fn credits_of(sender: &Sender) -> Value {
    let credits = match sender.account.plan {
        Plan::Free => 0,
        Plan::Premium => 15,
        Plan::SalesNavigator => 50,
    };
    json!({
        "success": true,
        "inMailCredits": credits,
        "totalCredits": sender.has_sales_navigator().then_some(50),
        "usedCredits": sender.has_sales_navigator().then_some(0),
        "entityUrn": null,
        "accountId": sender.account.id,
        "premiumType": premium_type(sender.account.plan),
        "message": (credits == 0).then_some("Account has no premium plan"),
    })
}
