//! The sandbox as a client on a socket sees it.

mod faults;
mod limits;
mod reading;
mod sending;

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Attempt, History, Latency, Running, Settings, Witness, start};

/// Runs a test on the kind of runtime that a run has, with a sandbox on a free port.
fn with<F: Future<Output = ()>>(settings: Settings, test: impl FnOnce(Client) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let running = start(loopback(), settings).await.expect("a sandbox");
        let client = Client {
            running: std::sync::Arc::new(running),
        };
        test(client).await;
    });
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn with_faults<F: Future<Output = ()>>(script: &str, test: impl FnOnce(Client) -> F) {
    let settings = Settings {
        faults: script.parse().expect("a script"),
        ..Settings::default()
    };
    with(settings, test);
}

/// A client that hides nothing.
#[derive(Clone)]
struct Client {
    running: std::sync::Arc<Running>,
}

/// What came back.
#[derive(Debug)]
struct Seen {
    status: u16,
    head: String,
    body: Vec<u8>,
    /// How the connection ended after these bytes, if it did not end well.
    error: Option<std::io::ErrorKind>,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Client {
    /// Sends these bytes and reads to the end of the connection.
    async fn raw(&self, request: &[u8]) -> Seen {
        let mut stream = TcpStream::connect(self.running.address()).await.expect("a connection");
        let mut bytes = Vec::new();
        let written = stream.write_all(request).await;
        let read = stream.read_to_end(&mut bytes).await;
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map_or(bytes.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        Seen {
            status: head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0),
            head,
            body: bytes[end..].to_vec(),
            error: written.and(read.map(|_| ())).err().map(|error| error.kind()),
        }
    }

    async fn request(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Seen {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    async fn get(&self, path: &str) -> Seen {
        self.request("GET", &format!("/linkedin{path}"), "text/plain", b"").await
    }

    async fn post(&self, body: &Value) -> Seen {
        let bytes = body.to_string();
        self.request("POST", "/linkedin/conversations/send", "application/json", bytes.as_bytes())
            .await
    }

    /// Sends a message to somebody by profile id.
    async fn send(&self, to: &str, message: &str) -> Seen {
        self.post(&json!({ "recipientProfileId": to, "message": message })).await
    }

    /// The texts that were delivered.
    fn delivered(&self) -> Vec<String> {
        self.running.deliveries().into_iter().map(|delivery| delivery.message).collect()
    }
}

/// A path segment with everything encoded that could mean something.
fn encoded(segment: &str) -> String {
    segment
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn other_machines_are_not_listened_to() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let refused = runtime.block_on(start(SocketAddr::from(([0, 0, 0, 0], 0)), Settings::default()));
    let text = refused.expect_err("a refusal").to_string();
    assert!(text.contains("loopback only") && text.contains("--listen"), "{text}");
}

#[test]
fn a_sandbox_stops_though_a_client_hangs_and_another_idles() {
    with_faults("any=hang", |client| async move {
        let idle = TcpStream::connect(client.running.address()).await.expect("a connection");
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.send("bob", "hello").await.head }
        });
        while client.running.counts().sends == 0 {
            tokio::task::yield_now().await;
        }
        client.running.stop.send_replace(true);
        assert_eq!(waiting.await.expect("the client"), "");
        let running = std::sync::Arc::into_inner(client.running).expect("nobody else has it");
        let began = std::time::Instant::now();
        running.stop().await.expect("a stop");
        assert!(began.elapsed() < std::time::Duration::from_millis(900));
        drop(idle);
    });
}

#[test]
fn a_connection_is_kept_until_a_script_closes_it() {
    with_faults("any=ok,header=Connection:close,after=2", |client| async move {
        let body = json!({ "recipientProfileId": "jane", "message": "x" }).to_string();
        let one = format!(
            "POST /linkedin/conversations/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let seen = client.raw(one.repeat(3).as_bytes()).await;
        assert_eq!((seen.status, seen.error), (200, None));
        assert_eq!((client.running.counts().connections, client.delivered().len()), (1, 3));
    });
}

#[test]
fn a_connection_can_be_closed_behind_an_answer_that_does_not_say_so() {
    with_faults("any=ok,end=close", |client| async move {
        let body = json!({ "recipientProfileId": "jane", "message": "x" }).to_string();
        let one = format!(
            "POST /linkedin/conversations/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let seen = client.raw(one.as_bytes()).await;
        assert_eq!((seen.status, seen.error), (200, None));
        assert_eq!((seen.json()["success"].as_bool(), seen.header("connection")), (Some(true), None));
    });
}

#[test]
fn a_witness_sees_a_send_before_anything_comes_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("sandbox.log");
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let witness = {
        let (seen, log) = (std::sync::Arc::clone(&seen), log.clone());
        move |attempt: Attempt<'_>| {
            let logged = std::fs::read_to_string(&log).expect("the log");
            let line = format!("{} {} {}", attempt.recipient, attempt.message, logged.len());
            seen.lock().expect("a list").push(line);
        }
    };
    let settings = Settings {
        witness: Some(Witness(std::sync::Arc::new(witness))),
        log: Some(log.clone()),
        ..Settings::default()
    };
    with(settings, |client| async move {
        client.send("jane", "x").await;
    });
    assert_eq!(*seen.lock().expect("a list"), ["jane x 0"]);
    assert!(std::fs::read_to_string(&log).is_ok_and(|text| !text.is_empty()));
}

#[test]
fn a_counting_history_keeps_nothing_and_a_latency_is_waited() {
    let settings = Settings {
        history: History::Counted,
        latency: Latency::Between(std::time::Duration::from_millis(2), std::time::Duration::from_millis(4)),
        ..Settings::default()
    };
    with(settings, |client| async move {
        let began = std::time::Instant::now();
        assert_eq!(client.send("jane", "x").await.json()["success"], json!(true));
        assert!(began.elapsed() >= std::time::Duration::from_millis(2));
        assert_eq!((client.running.counts().delivered, client.delivered().len()), (1, 0));
    });
}

#[test]
fn the_log_has_every_request_and_delivery_and_never_the_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("sandbox.log");
    let settings = Settings {
        api_key: Some("se-cret".to_owned()),
        log: Some(log.clone()),
        digest: Some(|text| format!("digest of {text}")),
        faults: "bob=500".parse().expect("a script"),
        ..Settings::default()
    };
    assert!(!format!("{settings:?}").contains("se-cret"));
    with(settings, |client| async move {
        for (key, to) in [("se-cret", "jane"), ("se-cret", "bob"), ("wrong", "eve")] {
            let body = json!({ "recipientProfileId": to, "message": "hé" }).to_string();
            let request = format!(
                "POST /linkedin/conversations/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            client.raw(request.as_bytes()).await;
        }
        assert!(!format!("{:?}", client.running).contains("se-cret"));
    });
    let text = std::fs::read_to_string(&log).expect("the log");
    assert!(!text.contains("se-cret") && !text.contains("wrong"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).cloned().collect::<Vec<_>>();
    let statuses: Vec<_> = of("request").iter().map(|line| line["status"].clone()).collect();
    assert_eq!(statuses, [json!(200), json!(500), json!(401)]);
    assert_eq!(of("request")[1]["delivered"], json!(false));
    assert_eq!(of("request")[1]["recipient"], json!("bob"));
    assert_eq!(of("delivery").len(), 1);
    assert_eq!(of("delivery")[0]["message"], json!("hé"));
    assert_eq!(of("delivery")[0]["message_sha256"], json!("digest of hé"));
}

#[test]
fn without_the_prefix_there_is_only_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("sandbox.log");
    let settings = Settings {
        log: Some(log.clone()),
        ..Settings::default()
    };
    with(settings, |client| async move {
        let seen = client.request("POST", "/conversations/send", "application/json", b"{}").await;
        assert_eq!((seen.status, seen.header("content-type")), (404, Some("text/html; charset=utf-8")));
        assert_eq!(client.get("/nowhere").await.status, 404);
        client.get("/accounts?q=x").await;
    });
    let text = std::fs::read_to_string(&log).expect("the log");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    let paths: Vec<Value> = lines.map(|line| line["path"].clone()).collect();
    assert_eq!(paths, ["/conversations/send", "/linkedin/nowhere", "/linkedin/accounts"]);
}
