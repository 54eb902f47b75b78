//! Sends and uploads.

use serde_json::json;

use super::super::{Access, Plan, Relation, SandboxAccount, SandboxPerson, Settings, Unlisted};
use super::{Client, with};

#[test]
fn a_send_is_answered_as_documented_and_delivered() {
    with(Settings::default(), |client| async move {
        let seen = client.send("Jane-Doe", "Grüße\n{\"a\": 1} 👋").await;
        assert_eq!(seen.status, 200);
        let answer = seen.json();
        assert_eq!(answer["success"], json!(true));
        assert_eq!(answer["sentMessage"]["text"], json!("Grüße\n{\"a\": 1} 👋"));
        assert_eq!(answer["sentMessage"]["isSentByOwner"], json!(true));
        assert!(answer["sentMessage"]["sentAt"].as_i64() > Some(1_700_000_000_000));
        assert!(answer.get("threadId").is_none());
        let owner = answer["sentMessage"]["senderProfileId"].as_str().expect("an owner").to_owned();
        let urn = answer["sentMessage"]["messageUrn"].as_str().expect("a urn").to_owned();
        assert!(
            urn.starts_with(&format!("urn:li:msg_message:(urn:li:fsd_profile:{owner},2-")),
            "{urn}"
        );
        let delivery = client.running.deliveries().pop().expect("a delivery");
        assert_eq!((delivery.recipient.as_str(), delivery.message_urn), ("Jane-Doe", urn));
        assert_eq!(delivery.recipient_urn, answer["recipientProfileUrn"]);
    });
}

#[test]
fn a_person_is_one_by_slug_and_by_urn() {
    with(Settings::default(), |client| async move {
        let urn = client.send("Jane-Doe", "1").await.json()["recipientProfileUrn"].clone();
        let seen = client.post(&json!({ "recipientProfileUrn": urn, "message": "2" })).await;
        assert_eq!(seen.json()["recipientProfileUrn"], urn);
        let deliveries = client.running.deliveries();
        assert_eq!(deliveries[0].conversation_urn, deliveries[1].conversation_urn);
        assert_ne!(deliveries[0].message_urn, deliveries[1].message_urn);
        let alone = json!({ "conversationUrn": deliveries[0].conversation_urn, "message": "3" });
        assert_eq!(client.post(&alone).await.json()["recipientProfileUrn"], urn);
        let elsewhere = json!({ "conversationUrn": "urn:li:msg_conversation:(urn:li:fsd_profile:X,2-abc==)", "message": "4" });
        assert_eq!(client.post(&elsewhere).await.status, 200);
    });
}

#[test]
fn a_key_is_asked_for() {
    let settings = Settings {
        api_key: Some("k2".to_owned()),
        ..Settings::default()
    };
    with(settings, |client| async move {
        let seen = client.send("jane", "hello").await;
        assert_eq!(
            (seen.status, seen.json()),
            (401, json!({ "error": "Unauthorized - Invalid credentials" }))
        );
        assert_eq!(client.get("/accounts").await.status, 401);
        assert!(client.delivered().is_empty());
    });
    with(Settings::default(), |client| async move {
        let bare = client
            .raw(b"GET /linkedin/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;
        assert_eq!(bare.status, 401);
    });
}

#[test]
fn what_cannot_be_sent_is_refused_in_the_documented_forms() {
    with(Settings::default(), |client| async move {
        let zod = |seen: &super::Seen| seen.json()["error"]["issues"][0]["path"].clone();
        for (body, path) in [
            (json!({ "recipientProfileId": "jane" }), json!(["message"])),
            (json!({ "recipientProfileId": "jane", "message": 7 }), json!(["message"])),
            (json!({ "recipientProfileId": 7, "message": "x" }), json!(["recipientProfileId"])),
            (
                json!({ "recipientProfileId": "j", "message": "x", "attachments": "a" }),
                json!(["attachments"]),
            ),
            (
                json!({ "recipientProfileId": "j", "message": "x", "messagingChannel": "pigeon" }),
                json!(["messagingChannel"]),
            ),
            (
                json!({ "recipientProfileId": "j", "message": "x", "attachments": [{ "assetUrn": "u" }] }),
                json!(["attachments", 0, "file"]),
            ),
            (json!([]), json!([])),
        ] {
            let seen = client.post(&body).await;
            assert_eq!((seen.status, zod(&seen)), (400, path), "{body}");
        }
        let file = json!({ "file": { "assetUrn": "urn:x", "byteSize": 1, "mediaType": "a/b", "name": "n" } });
        for (body, text) in [
            (
                json!({ "message": "x" }),
                "Either recipientProfileId or recipientProfileUrn is required",
            ),
            (json!({ "recipientProfileId": "jane", "message": "" }), "message is required"),
            (
                json!({ "recipientProfileUrn": "jane", "message": "x" }),
                "Invalid recipientProfileUrn",
            ),
            (
                json!({ "recipientProfileId": "jane", "message": "x", "messagingChannel": "sales_navigator" }),
                "Account does not have Sales Navigator",
            ),
            (
                json!({ "recipientProfileId": "jane", "message": "x", "attachments": [file] }),
                "Unknown attachment: urn:x",
            ),
        ] {
            let seen = client.post(&body).await;
            assert_eq!((seen.status, seen.json()["error"].as_str()), (400, Some(text)), "{body}");
        }
        let broken = client
            .request("POST", "/linkedin/conversations/send", "application/json", b"{")
            .await;
        assert_eq!((broken.status, broken.json()["code"].as_str()), (400, Some("validation_error")));
        let long = vec![b'x'; 1024 * 1024 + 1];
        let long = client
            .request("POST", "/linkedin/conversations/send", "application/json", &long)
            .await;
        assert_eq!(long.status, 413);
        assert!(client.delivered().is_empty());
    });
}

#[test]
fn accounts_and_people_that_are_not_there_are_told_apart() {
    let gone = SandboxPerson {
        relation: Relation::NoSuchProfile,
        ..SandboxPerson::named("No-Such")
    };
    let mut troubled = [
        SandboxAccount::with_id("off"),
        SandboxAccount::with_id("out"),
        SandboxAccount::with_id("err"),
    ];
    troubled[0].access = Access::Disabled;
    troubled[1].access = Access::WithoutTokens;
    troubled[2].status = "ERROR".to_owned();
    let settings = Settings {
        people: vec![gone],
        accounts: [vec![SandboxAccount::default()], troubled.to_vec()].concat(),
        ..Settings::default()
    };
    with(settings, |client| async move {
        let seen = client.send("no-such", "x").await;
        assert_eq!(
            (seen.status, seen.json()["error"].as_str()),
            (404, Some("LinkedIn profile not found: no-such"))
        );
        for (account, status) in [("acc_9", 404), ("off", 404), ("out", 400), ("err", 400)] {
            let seen = client
                .post(&json!({ "accountId": account, "recipientProfileId": "jane", "message": "x" }))
                .await;
            assert_eq!(seen.status, status, "{account}");
            assert!(
                seen.json()["error"].as_str().is_some_and(|text| text.starts_with("Account")),
                "{account}"
            );
        }
        assert!(client.delivered().is_empty());
    });
}

#[test]
fn unlisted_accounts_can_be_welcome() {
    let settings = Settings {
        unlisted: Unlisted::Welcome,
        ..Settings::default()
    };
    with(settings, |client| async move {
        let body = json!({ "accountId": "acc_12345", "recipientProfileId": "jane", "message": "x" });
        assert_eq!(client.post(&body).await.status, 200);
        assert_eq!(client.running.deliveries()[0].account, "acc_12345");
    });
}

#[test]
fn sales_navigator_answers_with_a_thread() {
    let account = SandboxAccount {
        plan: Plan::SalesNavigator,
        ..SandboxAccount::default()
    };
    let settings = Settings {
        accounts: vec![account],
        ..Settings::default()
    };
    with(settings, |client| async move {
        let first = client.send("jane", "1").await.json();
        assert!(first["threadId"].as_str().is_some_and(|thread| thread.starts_with("2-")), "{first}");
        let ordinary = json!({ "recipientProfileId": "jane", "message": "2", "messagingChannel": "linkedin_inbox" });
        assert!(client.post(&ordinary).await.json().get("threadId").is_none());
        let urns: Vec<_> = client
            .running
            .deliveries()
            .into_iter()
            .map(|delivery| delivery.conversation_urn)
            .collect();
        assert!(urns[0].starts_with("urn:li:salesNav_thread:") && urns[1].starts_with("urn:li:msg_conversation:"));
    });
}

async fn upload(client: &Client, bytes: &[u8]) -> super::Seen {
    let path = "/linkedin/conversations/upload-attachment?filename=one%20pager.pdf";
    client.request("POST", path, "application/pdf", bytes).await
}

#[test]
fn an_upload_can_be_attached() {
    let settings = Settings {
        max_upload: 5_000_000,
        ..Settings::default()
    };
    with(settings, |client| async move {
        let seen = upload(&client, &vec![7u8; 4_000_000]).await;
        assert_eq!(seen.status, 200, "{seen:?}");
        let file = seen.json()["attachment"].clone();
        assert_eq!(file["byteSize"], json!(4_000_000));
        assert_eq!(
            (&file["mediaType"], &file["name"]),
            (&json!("application/pdf"), &json!("one pager.pdf"))
        );
        let body = json!({ "recipientProfileId": "jane", "message": "x", "attachments": [{ "file": file }] });
        assert_eq!(client.post(&body).await.status, 200);
        assert_eq!(
            client.running.deliveries()[0].attachments,
            [file["assetUrn"].as_str().expect("a urn")]
        );
        assert_eq!(upload(&client, b"").await.status, 400);
        assert_eq!(upload(&client, &vec![7u8; 5_000_001]).await.status, 413);
    });
}
