//! Reading back, looking up, accounts.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Plan, Relation, Said, SandboxAccount, SandboxPerson, Settings, Speaker, UrnForm};
use super::{encoded, with};

fn said(ago: u64, by: Speaker, text: &str) -> Said {
    Said {
        ago: Duration::from_secs(ago),
        by,
        text: text.to_owned(),
    }
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["text"].as_str())
        .collect()
}

#[test]
fn what_was_sent_can_be_read_back() {
    let jane = SandboxPerson {
        history: vec![said(7200, Speaker::Owner, "old"), said(3600, Speaker::Person, "thanks")],
        ..SandboxPerson::named("jane")
    };
    let settings = Settings {
        people: vec![jane],
        ..Settings::default()
    };
    with(settings, |client| async move {
        let sent = client.send("JANE", "new").await.json();
        let exists = client.get("/conversations/exists/jane").await.json();
        assert_eq!(exists["hasConversation"], json!(true));
        assert_eq!(exists["profileUrl"], sent["recipientProfileUrn"]);
        let urn = exists["conversationUrn"].as_str().expect("a urn");
        for segment in [encoded(urn), urn.to_owned()] {
            let read = client.get(&format!("/conversations/{segment}/messages?sync=true")).await.json();
            assert_eq!(texts(&read), ["new", "thanks", "old"]);
            assert_eq!(read["messages"][0]["messageUrn"], sent["sentMessage"]["messageUrn"]);
            assert_eq!(read["messages"][0]["sentAt"], sent["sentMessage"]["sentAt"]);
            assert_eq!(read["messages"][1]["isSentByOwner"], json!(false));
            assert_eq!((&read["hasMore"], &read["cursor"]), (&json!(false), &Value::Null));
        }
        let none = client.get("/conversations/exists/bob").await.json();
        assert_eq!((&none["hasConversation"], &none["conversationUrn"]), (&json!(false), &Value::Null));
        assert_eq!(client.get("/conversations/urn%3Anone/messages").await.status, 404);
    });
}

#[test]
fn pages_of_messages_leave_none_out_and_show_none_twice() {
    with(Settings::default(), |client| async move {
        for number in 0..7 {
            client.send("jane", &number.to_string()).await;
        }
        let urn = encoded(&client.running.deliveries()[0].conversation_urn);
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/conversations/{urn}/messages?count=3{cursor}")).await.json();
            found.extend(texts(&page).into_iter().map(str::to_owned));
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, ["6", "5", "4", "3", "2", "1", "0"]);
        let since = client.running.deliveries()[4].at.as_millis();
        let newer = client.get(&format!("/conversations/{urn}/messages?since={since}")).await.json();
        assert_eq!(texts(&newer), ["6", "5"]);
        assert_eq!(client.get(&format!("/conversations/{urn}/messages?count=none")).await.status, 400);
    });
}

#[test]
fn a_message_shows_late_and_under_its_other_urn_if_asked() {
    let settings = |visibility| Settings {
        visibility,
        message_urns: UrnForm::MessagingMessage,
        ..Settings::default()
    };
    with(settings(Duration::from_hours(1)), |client| async move {
        client.send("jane", "x").await;
        assert_eq!(
            client.get("/conversations/exists/jane").await.json()["hasConversation"],
            json!(false)
        );
        let urn = encoded(&client.running.deliveries()[0].conversation_urn);
        assert!(texts(&client.get(&format!("/conversations/{urn}/messages")).await.json()).is_empty());
        assert_eq!(client.get("/conversations").await.json()["conversations"], json!([]));
    });
    with(settings(Duration::ZERO), |client| async move {
        client.send("jane", "x").await;
        let delivery = client.running.deliveries().remove(0);
        let read = client
            .get(&format!("/conversations/{}/messages", encoded(&delivery.conversation_urn)))
            .await
            .json();
        let shown = read["messages"][0]["messageUrn"].as_str().expect("a urn").to_owned();
        let tail = shown.strip_prefix("urn:li:messagingMessage:").expect("the other form");
        assert!(delivery.message_urn.ends_with(&format!(",{tail})")), "{shown}");
    });
}

#[test]
fn the_list_of_conversations_pages_from_the_newest() {
    let bob = SandboxPerson {
        replies: Some("who are you?".to_owned()),
        ..SandboxPerson::named("p1")
    };
    let settings = Settings {
        people: vec![bob],
        ..Settings::default()
    };
    with(settings, |client| async move {
        for number in 0..5 {
            client.send(&format!("p{number}"), &format!("m{number}")).await;
        }
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/conversations?count=2{cursor}")).await.json();
            let shown = page["conversations"].as_array().expect("a list").clone();
            found.extend(shown.into_iter().map(|entry| entry["latestMessage"]["text"].clone()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&nextCursor={}", encoded(next)),
                None => break,
            }
        }
        found.sort_by_key(ToString::to_string);
        assert_eq!(found, [json!("m0"), json!("m2"), json!("m3"), json!("m4"), json!("who are you?")]);
        assert_eq!(client.get("/conversations?accountId=none").await.status, 404);
    });
}

#[test]
fn relationships_are_what_was_settled() {
    let people = [
        ("a", Relation::NotConnected),
        ("b", Relation::InvitationSent),
        ("c", Relation::NoSuchProfile),
    ];
    let settings = Settings {
        people: people
            .map(|(name, relation)| SandboxPerson {
                relation,
                ..SandboxPerson::named(name)
            })
            .to_vec(),
        ..Settings::default()
    };
    with(settings, |client| async move {
        let id = SandboxAccount::default().id;
        let status = async |name: &str| client.get(&format!("/relationship/{id}/{name}")).await.json()["status"].clone();
        assert_eq!(status("a").await, json!("NOT_CONNECTED"));
        assert_eq!(status("b").await, json!("PENDING"));
        assert_eq!(client.get("/relationship/jane").await.json()["connected"], json!(true));
        let seen = client.get(&format!("/relationship/{id}/c")).await;
        assert_eq!((seen.status, &seen.json()["success"]), (404, &json!(false)));
        assert_eq!(client.get("/relationship/none/jane").await.status, 404);
    });
}

#[test]
fn accounts_are_listed_and_looked_up() {
    let id = "60d21b4667d0d8992e610c86";
    let mut second = SandboxAccount::with_id(id);
    (second.plan, second.status) = (Plan::SalesNavigator, "WARMUP".to_owned());
    second.quota.used = 20;
    let settings = Settings {
        accounts: vec![SandboxAccount::default(), second],
        ..Settings::default()
    };
    with(settings, |client| async move {
        let list = client.get("/accounts").await.json();
        assert_eq!(list.as_array().map(Vec::len), Some(2));
        assert_eq!((&list[1]["id"], &list[1]["status"]), (&json!(id), &json!("WARMUP")));
        let found = client.get(&format!("/accounts?q={id}")).await.json();
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        client
            .post(&json!({ "accountId": id, "recipientProfileId": "jane", "message": "x" }))
            .await;
        let quota = client.get(&format!("/account/{id}/quota")).await.json();
        assert_eq!(
            (&quota["quotas"][0]["used"], &quota["quotas"][0]["remaining"]),
            (&json!(21), &json!(129))
        );
        let status = client.get(&format!("/account/{id}/status")).await.json();
        assert_eq!(status["linkedinPlan"]["hasSalesNavigator"], json!(true));
        assert_eq!(client.get("/account/status").await.json()["id"], json!(id), "the one used last");
        assert_eq!(client.get("/account/abc/status").await.status, 400);
        assert_eq!(client.get("/account/ffffffffffffffffffffffff/status").await.status, 404);
        assert_eq!(
            client.get("/inmail/credits?accountId=60d21b4667d0d8992e610c85").await.json()["inMailCredits"],
            json!(0)
        );
    });
}
