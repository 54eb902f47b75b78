//! What is sent is what the service documents: every field, and no other. `harness::openapi` holds every request of every test
//! against the `OpenAPI` file.

use std::path::Path;

use rowcast::adapters::sandbox::{Plan, SandboxAccount, Settings};
use serde_json::{Value, json as object};

use crate::harness::Campaign;
use crate::harness::openapi::{Asked, Content, violations};
use crate::stand_in::StandIn;

/// Columns for everything that a send can say; rows with all of it, with little of it, and with each form of a recipient.
const SHEET: &str = "\
recipient,recipient_profile_urn,conversation_urn,account,attachments,messaging_channel,name
jane-doe,urn:li:fsd_profile:ACoAAjane,\"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-abc==)\",60d21b4667d0d8992e610c85,one.pdf;two.txt,sales_navigator,Jane
bob,,,,,,Bob
,urn:li:fsd_profile:ACoAAeve,,,two.txt,linkedin_inbox,Eve
,,\"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-xyz==)\",,,auto,\"Zoë \"\"Z\"\" \u{1F600}\"
";

#[test]
fn a_campaign_sends_every_field_that_the_schema_has() {
    let log = tempfile::NamedTempFile::new().expect("a log");
    let account = SandboxAccount {
        plan: Plan::SalesNavigator,
        ..SandboxAccount::default()
    };
    let stand_in = StandIn::start(Settings {
        accounts: vec![account],
        log: Some(log.path().to_owned()),
        ..Settings::default()
    });
    let campaign = Campaign::new(SHEET, "Hello {{ name }}\nbye").subject("For {{ name }}");
    campaign.write("one.pdf", "%PDF-1.7\n");
    campaign.write("two.txt", "two");
    campaign.run_at(stand_in.base_url(), &[]).exits(0);

    let sends = sends(log.path());
    assert_eq!(sends.len(), 4);
    let api: Value = serde_json::from_str(include_str!("../schemas/connectsafely-openapi.json")).expect("JSON");
    let fields = &api["components"]["schemas"]["SendMessageRequest"]["properties"];
    for field in fields.as_object().expect("fields").keys() {
        assert!(sends.iter().any(|body| body.get(field).is_some()), "no request has {field}");
    }
}

/// The bodies of the sends in a sandbox's log.
fn sends(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).expect("a log");
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let sends = records.filter(|record| record["kind"] == "request" && record["path"] == "/linkedin/conversations/send");
    sends.map(|record| record["body"].clone()).collect()
}

const JSON: &str = "application/json";

/// Fails unless the request is right, or is said to be wrong with this word.
#[track_caller]
fn check(method: &str, path: &str, content: Content<'_>, wrong: Option<&str>) {
    let found = violations(&Asked {
        method,
        path,
        authorization: Some("Bearer 7d1f0c52"),
        content,
    });
    match wrong {
        None => assert_eq!(found, Vec::<String>::new(), "{method} {path}"),
        Some(word) => assert!(found.iter().any(|one| one.contains(word)), "{method} {path} {content:?}: {found:?}"),
    }
}

#[test]
fn a_send_that_is_not_documented_is_noticed() {
    let send = "/linkedin/conversations/send";
    let with = |more: Value| {
        let mut body = object!({"message": "Hello", "recipientProfileId": "jane"});
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        body
    };
    let good = with(object!({}));
    for (body, wrong) in [
        (good.clone(), None),
        (with(object!({"accountId": "a", "subject": "", "messagingChannel": "auto"})), None),
        (Value::Null, Some("null")),
        (object!({"message": "to nobody"}), Some("anyOf")),
        (object!({"recipientProfileId": "jane"}), Some("message")),
        (with(object!({"message": ""})), Some("shorter")),
        (with(object!({"note": 1})), Some("note")),
        (with(object!({"messagingChannel": "mail"})), Some("mail")),
        (with(object!({"attachments": [{"assetUrn": "urn:li:x"}]})), Some("attachments/0")),
    ] {
        check("POST", send, Content::Of(JSON, &body), wrong);
    }
    check("POST", send, Content::Of("application/json; charset=utf-8", &good), None);
    check("POST", send, Content::Of("text/plain", &good), Some("Content-Type"));
    check("POST", send, Content::Of("", &good), Some("Content-Type"));
    check("POST", send, Content::Nothing, Some("missing"));
    check("GET", send, Content::Nothing, Some("method"));
    check(
        "POST",
        "/linkedin/conversations/send?x=1",
        Content::Of(JSON, &good),
        Some("x: is not"),
    );
    check("POST", "/conversations/send", Content::Of(JSON, &good), Some("base URL"));
}

#[test]
fn a_question_or_upload_that_is_not_documented_is_noticed() {
    let messages = "/linkedin/conversations/urn%3Ali%3Ax%3A%28a%2C2-b%3D%3D%29/messages";
    for (path, wrong) in [
        ("/linkedin/accounts", None),
        ("/linkedin/messages", Some("none of the documented")),
        ("/linkedin/conversations/exists/jane%20doe?accountId=acc_1", None),
        ("/linkedin/conversations/exists/", Some("none of the documented")),
        ("/linkedin/conversations/exists/z\u{fc}", Some("percent-encoded")),
        ("/linkedin/conversations/urn:li:x:(a,2-b==)/messages", Some("percent-encoded")),
        (messages, None),
        (&format!("{messages}?count=50&since=1700000000000&sync=true"), None),
        (&format!("{messages}?count=many"), Some("count")),
        (&format!("{messages}?count=5&count=6"), Some("twice")),
        (&format!("{messages}?sync=1"), Some("sync")),
        (&format!("{messages}?before=1"), Some("before")),
    ] {
        check("GET", path, Content::Nothing, wrong);
    }
    check("GET", "/linkedin/accounts", Content::Of(JSON, &Value::Null), Some("body"));
    let upload = "/linkedin/conversations/upload-attachment?accountId=a&filename=one%20two.pdf";
    check("POST", upload, Content::Of("application/pdf", &Value::Null), None);
    check("POST", upload, Content::Of("a pdf", &Value::Null), Some("Content-Type"));
    check("POST", upload, Content::Nothing, Some("missing"));
    for authorization in ["", "Bearer ", "Basic abc", "7d1f0c52"] {
        let found = violations(&Asked {
            method: "GET",
            path: "/linkedin/accounts",
            authorization: Some(authorization),
            content: Content::Nothing,
        });
        assert_eq!(found.len(), 1, "{authorization}");
    }
}
