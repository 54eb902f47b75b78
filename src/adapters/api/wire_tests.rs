//! The client against a server that counts: every row of the answers table, and what must never happen.

use std::time::Duration;

use crate::model::draft::Channel;
use crate::model::outcome::{Answer, Body, NotSent, Verdict};
use crate::model::recipient::Recipient;

use super::scripted::{Act, KEY, NOW, Scripted, answer, client, client_with};
use super::{Attachment, Client, SendRequest, Sent};

const GOOD: &str =
    r#"{"success":true,"recipientProfileUrn":"urn:li:fsd_profile:A","sentMessage":{"messageUrn":"urn:li:msg_message:(a,2-X)"}}"#;

async fn send(client: &Client) -> Sent {
    let recipient = Recipient::from_profile_id("jane");
    let request = SendRequest {
        recipient: &recipient,
        account: Some("acc_1"),
        message: "Hi",
        subject: None,
        channel: None,
        attachments: &[],
    };
    client.send(&request).await
}

/// Sends once to a server that plays `act`, and holds that it saw one connection and no more.
async fn sent_to(act: Act) -> Sent {
    let server = Scripted::start(act).await;
    let sent = send(&client(&server)).await;
    assert_eq!(server.connections(), 1, "one send is one connection");
    assert!(server.requests().len() <= 1, "one send is one request");
    assert!(!format!("{sent:?}").contains(KEY));
    sent
}

fn error_of(sent: &Sent) -> String {
    sent.answer.error().unwrap_or_default()
}

/// Status line, body, what it means for the row, and the error that the results show.
const ANSWERS: &[(&str, &str, Verdict, &str)] = &[
    ("200 OK", GOOD, Verdict::Sent, ""),
    ("201 Created", "{}", Verdict::Sent, ""),
    ("200 OK", r#"{"success":false,"error":"No luck"}"#, Verdict::Failed, "No luck"),
    (
        "200 OK",
        "",
        Verdict::Unconfirmed,
        "the answer is empty; whether the message left is not known",
    ),
    (
        "200 OK",
        "<title>Login</title>",
        Verdict::Unconfirmed,
        "the answer is not what the service documents: Login; whether the message left is not known",
    ),
    ("400 Bad Request", r#"{"error":"Send failed"}"#, Verdict::Failed, "Send failed"),
    (
        "404 Not Found",
        r#"{"error":"Account not found"}"#,
        Verdict::Failed,
        "Account not found",
    ),
    ("409 Conflict", "", Verdict::Failed, "HTTP 409: the service gave no reason"),
    (
        "413 Too Large",
        "<html><title>413 Too Large</title></html>",
        Verdict::Failed,
        "413 Too Large",
    ),
    ("415 Type", "plain", Verdict::Failed, "plain"),
    ("422 Unprocessable", r#"{"code":"c","message":"m"}"#, Verdict::Failed, "m (c)"),
    (
        "401 Unauthorized",
        r#"{"error":"Bad key 0f8fad5b-d9cb-469f-a165-70867728950e"}"#,
        Verdict::NotSent(NotSent::Refused),
        "Bad key [key]",
    ),
    (
        "403 Forbidden",
        r#"{"success":false,"error":"Trial over"}"#,
        Verdict::NotSent(NotSent::Refused),
        "Trial over",
    ),
    (
        "407 Proxy",
        "",
        Verdict::NotSent(NotSent::Refused),
        "HTTP 407: the service gave no reason",
    ),
    ("429 Slow", "garbage", Verdict::NotSent(NotSent::Held), "garbage"),
    (
        "421 Misdirected",
        "",
        Verdict::NotSent(NotSent::Held),
        "HTTP 421: the service gave no reason",
    ),
    (
        "425 Early",
        "",
        Verdict::NotSent(NotSent::Held),
        "HTTP 425: the service gave no reason",
    ),
    (
        "408 Timeout",
        "",
        Verdict::Unconfirmed,
        "HTTP 408: the service failed and did not say whether the message left",
    ),
    (
        "500 Oops",
        r#"{"error":"Internal server error"}"#,
        Verdict::Unconfirmed,
        "Internal server error",
    ),
    (
        "500 Oops",
        r#"{"success":true}"#,
        Verdict::Unconfirmed,
        "HTTP 500: the service failed and did not say whether the message left",
    ),
    ("502 Bad", "<h1>Bad</h1>", Verdict::Unconfirmed, "Bad"),
    (
        "503 Busy",
        "",
        Verdict::Unconfirmed,
        "HTTP 503: the service failed and did not say whether the message left",
    ),
    (
        "504 Late",
        r#"{"success":false}"#,
        Verdict::Unconfirmed,
        "HTTP 504: the service failed and did not say whether the message left",
    ),
    ("418 Teapot", r#"{"success":false,"error":"x"}"#, Verdict::Unconfirmed, "x"),
];

#[tokio::test]
async fn every_status_is_told_as_it_was() {
    for &(status, body, verdict, error) in ANSWERS {
        let sent = sent_to(Act::answer(status, "", body)).await;
        assert_eq!(sent.answer.verdict(), verdict, "{status} {body}");
        assert!(sent.answer.http_status().is_some_and(|code| status.starts_with(&code.to_string())));
        assert_eq!(error_of(&sent), error, "{status} {body}");
    }
}

#[tokio::test]
async fn the_names_in_an_answer_are_kept() {
    let Answer::Http(reply) = sent_to(Act::answer("200 OK", "", GOOD)).await.answer else {
        panic!("no reply");
    };
    assert_eq!(reply.body, Body::Object);
    assert_eq!(reply.recipient_urn.as_deref(), Some("urn:li:fsd_profile:A"));
    assert_eq!(reply.message_urn.as_deref(), Some("urn:li:msg_message:(a,2-X)"));
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    for status in ["301 M", "302 F", "303 S", "307 T", "308 P"] {
        let server = Scripted::start(Act::answer("200 OK", "", GOOD)).await;
        let headers = format!("Location: http://{}/linkedin/conversations/send\r\n", server.address);
        let sent = sent_to(Act::answer(status, &headers, "")).await;
        assert_eq!(sent.answer.verdict(), Verdict::Unconfirmed, "{status}");
        assert!(
            error_of(&sent).starts_with("redirected to http://127.0.0.1:"),
            "{}",
            error_of(&sent)
        );
        assert_eq!(server.connections(), 0, "{status} was followed");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_not_believed() {
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{GOOD}", GOOD.len() + 1).into_bytes();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{GOOD}\r\n",
        GOOD.len()
    )
    .into_bytes();
    let large = format!("{{\"success\":true,\"x\":\"{}\"}}", "x".repeat(1_000_000));
    for act in [
        Act::Say(cut.clone()),
        Act::SayThenReset(cut.clone()),
        Act::Say(chunked),
        Act::answer("200 OK", "", &large),
        Act::answer("200 OK", "Content-Encoding: gzip\r\n", "\u{1f}\u{8b}compressed"),
    ] {
        let sent = sent_to(act).await;
        assert_eq!(sent.answer.verdict(), Verdict::Unconfirmed);
        assert_eq!(sent.answer.http_status(), Some(200));
        assert!(
            error_of(&sent).ends_with("whether the message left is not known"),
            "{}",
            error_of(&sent)
        );
    }
    let server = Scripted::start(Act::SayAndStay(cut)).await;
    let impatient = client_with(&format!("http://{}", server.address), Duration::from_millis(150));
    assert_eq!(send(&impatient).await.answer.verdict(), Verdict::Unconfirmed);
}

#[tokio::test]
async fn a_status_that_refuses_counts_even_where_its_body_breaks_off() {
    for (status, verdict) in [
        ("400 Bad", Verdict::Failed),
        ("429 Slow", Verdict::NotSent(NotSent::Held)),
        ("401 No", Verdict::NotSent(NotSent::Refused)),
    ] {
        let cut = format!("HTTP/1.1 {status}\r\nContent-Length: 999\r\nRetry-After: 30\r\n\r\n{{\"error\":\"x").into_bytes();
        let sent = sent_to(Act::Say(cut)).await;
        assert_eq!(sent.answer.verdict(), verdict, "{status}");
    }
}

#[tokio::test]
async fn what_breaks_off_before_the_answer_is_lost() {
    for act in [
        Act::Say(Vec::new()),
        Act::SayThenReset(Vec::new()),
        Act::SayThenReset(b"HTTP/1.1 20".to_vec()),
        Act::Say(b"HTTP/1.1 200 OK\r\nContent-".to_vec()),
        Act::Say(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        Act::Say(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
        Act::CloseAtOnce,
        Act::ResetWhileReading,
        Act::Blurt(b"220 mail ready\r\n".to_vec()),
    ] {
        let sent = sent_to(act).await;
        assert!(matches!(sent.answer, Answer::Lost(_)), "{:?}", sent.answer);
    }
}

#[tokio::test]
async fn answers_in_between_are_passed_over() {
    let bytes = [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n".to_vec(),
        answer("200 OK", "", GOOD),
    ]
    .concat();
    assert_eq!(sent_to(Act::Say(bytes)).await.answer.verdict(), Verdict::Sent);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_a_lost_answer() {
    let server = Scripted::start(Act::SayAndStay(Vec::new())).await;
    let sent = send(&client_with(&format!("http://{}", server.address), Duration::from_millis(150))).await;
    assert!(
        matches!(&sent.answer, Answer::Lost(why) if why.starts_with("no answer from 127.0.0.1:")),
        "{:?}",
        sent.answer
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn no_connection_is_known_as_such() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let sent = send(&client_with(&format!("http://{closed}"), Duration::from_secs(20))).await;
    assert!(
        matches!(&sent.answer, Answer::NeverConnected(why) if why.starts_with(&format!("no connection to {closed}: "))),
        "{:?}",
        sent.answer
    );

    // No resolver takes a label of 70 letters, so nothing is asked of the network.
    let sent = send(&client_with(
        &format!("https://{}.invalid", "a".repeat(70)),
        Duration::from_secs(20),
    ))
    .await;
    assert!(matches!(sent.answer, Answer::NeverConnected(_)), "{:?}", sent.answer);
}

#[tokio::test]
async fn a_failed_tls_handshake_is_no_connection() {
    for (act, timeout) in [
        (Act::Blurt(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Duration::from_secs(20)),
        (Act::CloseAtOnce, Duration::from_secs(20)),
        (Act::ResetWhileReading, Duration::from_secs(20)),
        (Act::Blurt(Vec::new()), Duration::from_millis(200)),
    ] {
        let server = Scripted::start(act).await;
        let sent = send(&client_with(&format!("https://{}", server.address), timeout)).await;
        assert!(matches!(&sent.answer, Answer::NeverConnected(_)), "{:?}", sent.answer);
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn every_send_has_a_connection_of_its_own() {
    let server = Scripted::start(Act::SayAndStay(answer("200 OK", "Connection: keep-alive\r\n", GOOD))).await;
    let client = client(&server);
    for _ in 0..5 {
        assert_eq!(send(&client).await.answer.verdict(), Verdict::Sent);
    }
    assert_eq!((server.connections(), server.requests().len()), (5, 5));
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        again.env(name, "http://127.0.0.1:1");
    }
    again.env_remove("NO_PROXY").env_remove("no_proxy");
    let told = again
        .args(["--exact", "adapters::api::wire_tests::every_send_has_a_connection_of_its_own"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn a_request_holds_the_documented_fields_and_nothing_else() {
    let server = Scripted::start(Act::answer("200 OK", "", GOOD)).await;
    let recipient = Recipient::from_profile_urn("urn:li:fsd_profile:A")
        .and(Recipient::from_profile_id("jane"))
        .and(Recipient::from_conversation("urn:li:msg_conversation:(a,2-b==)"));
    let attachment = Attachment {
        asset_urn: "urn:li:x".into(),
        byte_size: 3,
        media_type: "text/plain".into(),
        name: "a.txt".into(),
    };
    let request = SendRequest {
        recipient: &recipient,
        account: Some("acc_1"),
        message: "Hi \"Zoë\"\n👋",
        subject: Some("S"),
        channel: Some(Channel::SalesNavigator),
        attachments: &[attachment],
    };
    client(&server).send(&request).await;
    let body = "{\"accountId\":\"acc_1\",\"recipientProfileId\":\"jane\",\"recipientProfileUrn\":\"urn:li:fsd_profile:A\",\
                \"conversationUrn\":\"urn:li:msg_conversation:(a,2-b==)\",\"message\":\"Hi \\\"Zoë\\\"\\n👋\",\"subject\":\"S\",\
                \"attachments\":[{\"file\":{\"assetUrn\":\"urn:li:x\",\"byteSize\":3,\"mediaType\":\"text/plain\",\"name\":\"a.txt\"}}],\
                \"messagingChannel\":\"sales_navigator\"}";
    let head = format!(
        "POST /linkedin/conversations/send HTTP/1.1\r\ncontent-type: application/json\r\nauthorization: Bearer {KEY}\r\n\
         accept: application/json\r\nconnection: close\r\nuser-agent: rowcast/{}\r\nhost: {}\r\ncontent-length: {}\r\n\r\n",
        env!("CARGO_PKG_VERSION"),
        server.address,
        body.len()
    );
    let seen = server.requests();
    let (seen_head, seen_body) = seen[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(seen_body, body);
    let sorted = |head: &str| {
        let mut lines: Vec<String> = head.trim_end().split("\r\n").map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(seen_head), sorted(&head));
}

#[tokio::test]
async fn blank_parts_of_a_request_are_left_out() {
    let recipient = Recipient::from_profile_urn("urn:li:fsd_profile:A");
    let request = SendRequest {
        recipient: &recipient,
        account: Some(" "),
        message: "Hi",
        subject: Some(""),
        channel: None,
        attachments: &[],
    };
    let json = String::from_utf8(request.to_json()).unwrap();
    assert_eq!(json, r#"{"recipientProfileUrn":"urn:li:fsd_profile:A","message":"Hi"}"#);
}

#[tokio::test]
async fn a_hold_is_told_with_the_answer() {
    let body = r#"{"success":false,"error":"Rate limit exceeded for MESSAGE: 150/150 used.","holdUntil":"2026-04-27T12:05:00Z"}"#;
    let sent = sent_to(Act::answer("429 Slow", "Retry-After: 30\r\nX-RateLimit-Remaining: 0\r\n", body)).await;
    let Answer::Http(reply) = &sent.answer else { panic!("no reply") };
    assert_eq!(reply.hold_until, Some(NOW + Duration::from_mins(5)));
    assert_eq!((sent.signals.hold_until, sent.signals.remaining), (reply.hold_until, Some(0)));
}

#[tokio::test]
async fn hostile_error_bodies_become_a_short_line() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        deep,
        "\u{1b}]0;x\u{7}".repeat(1000),
        "x".repeat(1_000_000),
        format!("{{\"error\":\"\\u001b[2J{KEY}\"}}"),
    ] {
        let error = error_of(&sent_to(Act::answer("400 Bad", "", &body)).await);
        assert!(
            error.chars().count() <= 300 && !error.contains(['\u{1b}', '\u{7}', '\n']) && !error.contains(KEY),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nothing_shows_the_key() {
    let server = Scripted::start(Act::CloseAtOnce).await;
    let client = client(&server);
    assert!(!format!("{client:?} {:?} {:?}", client.http, client.key).contains(KEY));
    let headers = format!("Location: https://evil.example/?{KEY}\r\nX-RateLimit-Action: {KEY}\r\n");
    assert!(error_of(&sent_to(Act::answer("302 F", &headers, "")).await).contains("[key]"));
    sent_to(Act::answer(
        "200 OK",
        "",
        &format!(r#"{{"threadId":"{KEY}","recipientProfileUrn":"x{KEY}"}}"#),
    ))
    .await;
}
