//! Scripted faults, each as a client on a socket meets it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::super::Settings;
use super::{with, with_faults};

#[test]
fn answers_have_the_status_and_body_that_the_script_says() {
    for (rule, status, body, delivered) in [
        ("jane=500", 500, json!({ "error": "Internal server error" }), 0),
        ("jane=503,delivered=yes", 503, json!({ "error": "Service Unavailable" }), 1),
        ("jane=408", 408, json!({ "error": "Request Timeout" }), 0),
        (
            "jane=404",
            404,
            json!({ "error": "LinkedIn profile not found: Jane", "success": false }),
            0,
        ),
        (
            "account:60d21b4667d0d8992e610c85=404",
            404,
            json!({ "error": "Account not found" }),
            0,
        ),
        (
            "jane=refused",
            200,
            json!({ "success": false, "error": "LinkedIn rejected the message" }),
            0,
        ),
        ("jane=400,text={\"a\": [1, 2]}", 400, json!({ "a": [1, 2] }), 0),
        (
            "jane=422,body=details",
            422,
            json!({ "success": false, "errorDetails": { "message": "Unprocessable Entity" } }),
            0,
        ),
        ("jane=502,body=html", 502, Value::Null, 0),
        ("jane=garbage", 200, Value::Null, 1),
    ] {
        with_faults(rule, |client| async move {
            let seen = client.send("Jane", "x").await;
            assert_eq!((seen.status, seen.json()), (status, body), "{rule}");
            assert!(!seen.body.is_empty() && seen.error.is_none(), "{rule}");
            assert_eq!(client.delivered().len(), delivered, "{rule}");
            assert_eq!(client.get("/accounts").await.status, 200, "{rule}: other calls go on");
        });
    }
}

#[test]
fn empty_and_huge_bodies_are_that() {
    with_faults("jane=empty\nbob=huge", |client| async move {
        let seen = client.send("jane", "x").await;
        assert_eq!((seen.status, seen.body.len()), (200, 0));
        assert!(client.send("bob", "x").await.body.len() > 1024 * 1024);
        assert_eq!(client.delivered().len(), 2);
    });
}

#[test]
fn a_cut_answer_has_fewer_bytes_than_it_says() {
    for (rule, error) in [("any=cut", None), ("any=cut-reset", Some(ErrorKind::ConnectionReset))] {
        with_faults(rule, |client| async move {
            let seen = client.send("jane", "x").await;
            let promised: usize = seen.header("content-length").and_then(|text| text.parse().ok()).expect("a length");
            assert_eq!((seen.status, seen.error), (200, error), "{rule}");
            assert_eq!(seen.body.len(), promised / 2, "{rule}");
            assert_eq!(client.delivered().len(), 1, "{rule}");
        });
    }
}

#[test]
fn connections_end_as_the_script_says() {
    for (rule, error, delivered) in [
        ("any=lost", None, 1),
        ("any=close", None, 0),
        ("any=reset", Some(ErrorKind::ConnectionReset), 0),
        ("any=reset,delivered=yes", Some(ErrorKind::ConnectionReset), 1),
    ] {
        with_faults(rule, |client| async move {
            let seen = client.send("jane", "x").await;
            assert_eq!((seen.head.as_str(), seen.error), ("", error), "{rule}");
            assert_eq!(client.delivered().len(), delivered, "{rule}");
            assert_eq!(client.get("/accounts").await.status, 200, "{rule}: other connections go on");
        });
    }
}

#[test]
fn a_connection_can_be_reset_before_it_says_anything() {
    with_faults("any=reset-at-connect,times=1", |client| async move {
        let seen = client.send("jane", "x").await;
        assert_eq!(seen.head, "");
        assert!(seen.error.is_some());
        assert_eq!(client.running.counts().requests, 0);
        assert_eq!(client.send("jane", "x").await.status, 200);
        assert_eq!(client.running.counts().connections, 2);
    });
}

#[test]
fn redirects_point_to_a_path_that_delivers_and_counts() {
    for status in [301, 302, 303, 307, 308] {
        with_faults(&format!("any={status}"), |client| async move {
            let seen = client.send("jane", "x").await;
            let place = seen.header("location").expect("a place").to_owned();
            assert_eq!((seen.status, client.delivered().len()), (status, 0));
            let body = json!({ "recipientProfileId": "jane", "message": "x" }).to_string();
            let followed = client.request("POST", &place, "application/json", body.as_bytes()).await;
            assert_eq!((followed.status, client.delivered().len()), (200, 1));
            assert_eq!(client.request("GET", &place, "", b"").await.status, 200);
            assert_eq!(client.running.counts().redirects_followed, 2);
        });
    }
}

#[test]
fn holds_are_told_in_every_form() {
    let script = "any=429,retry-after=2,hold-until=60,reset-s=60,header=X-Note:a b,times=1\nany=429,retry-after-date=60,reset-ms=1";
    with_faults(script, |client| async move {
        let seen = client.send("jane", "x").await;
        assert_eq!((seen.status, seen.header("retry-after")), (429, Some("2")));
        assert_eq!(seen.header("x-ratelimit-reset").map(str::len), Some(10));
        assert_eq!(seen.header("x-note"), Some("a b"));
        assert!(seen.json()["holdUntil"].as_str().is_some_and(|text| text.ends_with('Z')));
        let seen = client.send("jane", "x").await;
        assert!(
            seen.header("retry-after").is_some_and(|text| text.ends_with(" GMT")),
            "{}",
            seen.head
        );
        assert_eq!(seen.header("x-ratelimit-reset").map(str::len), Some(13));
    });
}

#[test]
fn a_message_that_was_read_arrives_though_its_sender_has_gone() {
    with_faults("any=ok,delay=30ms", |client| async move {
        let mut stream = TcpStream::connect(client.running.address()).await.expect("a connection");
        let body = json!({ "recipientProfileId": "jane", "message": "x" }).to_string();
        let head = format!(
            "POST /linkedin/conversations/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream
            .write_all(&[head.as_bytes(), body.as_bytes()].concat())
            .await
            .expect("written");
        while client.running.counts().sends == 0 {
            tokio::task::yield_now().await;
        }
        drop(stream);
        let patience = Instant::now();
        while client.delivered().is_empty() && patience.elapsed() < Duration::from_secs(5) {
            tokio::task::yield_now().await;
        }
        assert_eq!(client.delivered(), ["x"]);
    });
}

#[test]
fn an_answer_can_be_late() {
    with_faults("any=ok,late=40ms", |client| async move {
        let began = Instant::now();
        assert_eq!(client.send("jane", "x").await.status, 200);
        assert!(began.elapsed() >= Duration::from_millis(40));
    });
}

async fn statuses(script: &'static str, names: &[&str]) -> Vec<u16> {
    let settings = Settings {
        faults: script.parse().expect("a script"),
        ..Settings::default()
    };
    let running = super::start(super::loopback(), settings).await.expect("a sandbox");
    let client = super::Client {
        running: std::sync::Arc::new(running),
    };
    let mut seen = Vec::new();
    for name in names {
        seen.push(client.send(name, "x").await.status);
    }
    seen
}

#[test]
fn turns_are_counted_as_they_are_written() {
    with(Settings::default(), |_| async move {
        let six = ["a", "b", "a", "b", "a", "b"];
        assert_eq!(statuses("any=500,times=2", &six).await, [500, 500, 200, 200, 200, 200]);
        assert_eq!(statuses("any=500,after=4", &six).await, [200, 200, 200, 200, 500, 500]);
        assert_eq!(statuses("any=500,every=3", &six).await, [200, 200, 500, 200, 200, 500]);
        assert_eq!(statuses("any=500,every=2,times=1", &six).await, [200, 500, 200, 200, 200, 200]);
        assert_eq!(
            statuses("any=500,times=1,per=recipient", &six).await,
            [500, 500, 200, 200, 200, 200]
        );
        assert_eq!(statuses("a=500,times=1\na=503", &six).await, [500, 200, 503, 200, 503, 200]);
    });
}

#[test]
fn a_chance_is_about_what_it_says_and_the_same_again() {
    with(Settings::default(), |_| async move {
        let names = vec!["a"; 400];
        let first = statuses("any=500,chance=0.25", &names).await;
        let hit = first.iter().filter(|status| **status == 500).count();
        assert!((60..140).contains(&hit), "{hit} of 400");
        assert_eq!(statuses("any=500,chance=0.25", &names).await, first);
    });
}

#[test]
fn faults_reach_the_other_calls_when_they_are_named() {
    with_faults("jane=503,on=exists,times=1\nany=hang,on=all,after=1000", |client| async move {
        assert_eq!(client.send("jane", "x").await.status, 200);
        assert_eq!(client.get("/conversations/exists/bob").await.status, 200);
        assert_eq!(client.get("/conversations/exists/JANE").await.status, 503);
        assert_eq!(client.get("/conversations/exists/jane").await.status, 200);
    });
}
