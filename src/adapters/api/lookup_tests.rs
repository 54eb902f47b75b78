//! Look-ups and uploads against a server that counts.

use std::time::Duration;

use crate::model::skew::Skew;
use crate::model::time::Moment;

use super::Lookup;
use super::conversations::MessagesAsked;
use super::scripted::{Act, NOW, Scripted, client};

#[tokio::test]
async fn look_ups_ask_what_is_documented_and_read_the_answers() {
    let body = r#"[{"id":"a1","firstName":"O","picture":null,"status":"AVAILABLE","enabled":true,"new":{}},{"id":"a2","enabled":"yes"}]"#;
    let server = Scripted::start(Act::answer("200 OK", "", body)).await;
    let Lookup::Answered(accounts) = client(&server).accounts().await else {
        panic!("no answer")
    };
    assert_eq!((accounts.len(), accounts[0].enabled, accounts[1].enabled), (2, Some(true), None));
    assert!(server.requests()[0].starts_with("GET /linkedin/accounts HTTP/1.1\r\n"));

    let body = r#"{"success":true,"messages":[{"messageUrn":"u","text":"Hi","sentAt":1760773310429,"isSentByOwner":true},7],"hasMore":true,"cursor":"c"}"#;
    let date = "Date: Mon, 27 Apr 2026 12:00:09 GMT\r\n";
    let server = Scripted::start(Act::answer("200 OK", date, body)).await;
    let asked = MessagesAsked {
        account: Some("a&1"),
        count: 50,
        since: Some(NOW),
        cursor: None,
    };
    let client = client(&server);
    let Lookup::Answered(page) = client.messages("urn:li:msg_conversation:(x,2-a==)", &asked).await else {
        panic!("no answer")
    };
    assert_eq!(
        (page.messages.len(), page.messages[0].sent_at, page.cursor.as_deref()),
        (1, Some(Moment::from_millis(1_760_773_310_429)), Some("c"))
    );
    assert_eq!(client.skew().map(Skew::least), Some(9000));
    let expected = "GET /linkedin/conversations/urn%3Ali%3Amsg_conversation%3A%28x%2C2-a%3D%3D%29/messages?accountId=a%261&count=50&since=1777291200000&sync=true HTTP/1.1";
    assert_eq!(server.requests()[0].lines().next(), Some(expected));
}

#[tokio::test]
async fn look_ups_that_are_not_answered_say_how() {
    for (status, body, expected) in [
        ("404 Not Found", "", Lookup::NotOffered("HTTP 404".into())),
        ("405 No", "<title>No</title>", Lookup::NotOffered("HTTP 405: No".into())),
        ("501 No", "", Lookup::NotOffered("HTTP 501".into())),
        ("307 Moved", "", Lookup::NotOffered("HTTP 307".into())),
        ("200 OK", "welcome", Lookup::NotOffered("HTTP 200: welcome (no JSON)".into())),
        (
            "401 No",
            r#"{"error":"Unauthorized"}"#,
            Lookup::Refused("HTTP 401: Unauthorized".into()),
        ),
        (
            "429 Slow",
            r#"{"holdUntil":"2026-04-27T12:05:00Z"}"#,
            Lookup::Held(Some(NOW + Duration::from_mins(5))),
        ),
        ("429 Slow", "", Lookup::Held(None)),
        ("500 Oops", "", Lookup::Failed("HTTP 500".into())),
        (
            "200 OK",
            r#"{"success":false,"error":"Nope"}"#,
            Lookup::Failed("HTTP 200: Nope".into()),
        ),
    ] {
        let server = Scripted::start(Act::answer(status, "", body)).await;
        assert_eq!(client(&server).accounts().await, expected, "{status} {body}");
        assert_eq!(server.connections(), 1);
    }
    for body in ["{}", "null", "5", r#"[{"name":"no id"}]"#] {
        let server = Scripted::start(Act::answer("200 OK", "", body)).await;
        assert!(matches!(client(&server).accounts().await, Lookup::NotOffered(_)), "{body}");
    }
    let server = Scripted::start(Act::CloseAtOnce).await;
    assert!(matches!(client(&server).account_quota("a").await, Lookup::Failed(_)));
    assert!(matches!(client(&server).account_quota("..").await, Lookup::Failed(_)));
}

#[tokio::test]
async fn a_file_is_uploaded_raw_and_with_its_length() {
    use std::io::{Seek as _, Write as _};
    let body = r#"{"success":true,"attachment":{"assetUrn":"urn:li:x","byteSize":5,"mediaType":"text/plain","name":"ä b.txt"}}"#;
    let server = Scripted::start(Act::answer("200 OK", "", body)).await;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"12345").unwrap();
    file.rewind().unwrap();
    let Lookup::Answered(attachment) = client(&server).upload(Some("acc_1"), "ä b.txt", "text/plain", file, 5).await else {
        panic!("no answer")
    };
    assert_eq!((attachment.asset_urn.as_str(), attachment.byte_size), ("urn:li:x", 5));
    let seen = server.requests().remove(0);
    assert!(
        seen.starts_with("POST /linkedin/conversations/upload-attachment?accountId=acc_1&filename=%C3%A4%20b.txt HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(
        seen.contains("\r\ncontent-type: text/plain\r\n") && seen.contains("\r\ncontent-length: 5\r\n"),
        "{seen}"
    );
    assert!(seen.ends_with("\r\n\r\n12345") && !seen.contains("transfer-encoding"), "{seen}");
}
