//! Limits, as they are told and held.

use serde_json::json;

use super::super::script::HoldForm;
use super::super::{Beyond, Limits, Settings};
use super::with;
use crate::model::rate::DailyLimit;

fn limits() -> Limits {
    Limits {
        account_writes: "3/h".parse().expect("a rate"),
        told: vec![HoldForm::RetryAfter, HoldForm::HoldUntil],
        ..Limits::default()
    }
}

fn settings(limits: Limits) -> Settings {
    Settings {
        limits,
        ..Settings::default()
    }
}

#[test]
fn exactly_so_many_are_let_through_and_the_next_is_told_to_wait() {
    with(settings(limits()), |client| async move {
        for left in ["2", "1", "0"] {
            let seen = client.send("jane", "x").await;
            assert_eq!((seen.status, seen.header("x-ratelimit-remaining")), (200, Some(left)));
            assert_eq!(seen.header("x-ratelimit-action"), Some("MESSAGE"));
        }
        let seen = client.send("jane", "x").await;
        assert_eq!(seen.status, 429);
        let wait: u64 = seen.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
        assert!((3590..=3600).contains(&wait), "{wait}");
        assert_eq!(seen.json()["holdUntil"].as_str(), seen.header("x-ratelimit-reset"));
        let text = seen.json()["error"].to_string();
        assert!(text.contains("Rate limit exceeded for MESSAGE: 3/3 used. Resets at 2"), "{text}");
        assert_eq!(client.get("/accounts").await.status, 200, "reads have their own");
        assert_eq!(client.delivered().len(), 3);
    });
}

#[test]
fn the_reset_is_told_in_each_form() {
    for (form, digits) in [(HoldForm::ResetSeconds, 10), (HoldForm::ResetMillis, 13), (HoldForm::ResetIso, 24)] {
        let limits = Limits { reset: form, ..limits() };
        with(settings(limits), |client| async move {
            let seen = client.send("jane", "x").await;
            assert_eq!(seen.header("x-ratelimit-reset").map(str::len), Some(digits), "{}", seen.head);
        });
    }
}

#[test]
fn a_limit_can_be_told_and_not_held() {
    let limits = Limits {
        per_account_day: DailyLimit::At(1),
        beyond: Beyond::Told,
        ..Limits::default()
    };
    with(settings(limits), |client| async move {
        client.send("jane", "x").await;
        let seen = client.send("jane", "x").await;
        assert_eq!((seen.status, seen.header("x-ratelimit-used")), (200, Some("2")));
        assert_eq!(seen.header("x-ratelimit-remaining"), Some("0"));
    });
}

#[test]
fn a_day_of_new_conversations_leaves_replies_free() {
    let limits = Limits {
        new_conversations: DailyLimit::At(1),
        ..Limits::default()
    };
    with(settings(limits), |client| async move {
        let mut statuses = Vec::new();
        for name in ["jane", "jane", "bob"] {
            statuses.push(client.send(name, "x").await.status);
        }
        assert_eq!(json!(statuses), json!([200, 200, 429]));
    });
}

#[test]
fn without_limits_nothing_is_told() {
    with(Settings::default(), |client| async move {
        assert_eq!(client.send("jane", "x").await.header("x-ratelimit-limit"), None);
    });
}
