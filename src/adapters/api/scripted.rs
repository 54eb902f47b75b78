//! A server for tests: plays one act a connection, and keeps what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::model::time::Moment;

use super::client::Trust;
use super::{ApiKey, Client, Settings};

/// The key of the tests.
pub(super) const KEY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
/// The time of the tests: 2026-04-27T12:00:00Z.
pub(super) const NOW: Moment = Moment::from_millis(1_777_291_200_000);

/// A client of the service at `base`.
pub(super) fn client_with(base: &str, timeout: Duration) -> Client {
    let settings = Settings {
        timeout,
        connect_timeout: Duration::from_secs(10),
        clock: Arc::new(|| NOW),
    };
    // Nobody is trusted, so that the tests need no certificates of the system.
    Client::trusting(Trust::Nobody, &base.parse().unwrap(), &ApiKey::new(KEY).unwrap(), settings).unwrap()
}

/// A client of this server, with time enough.
pub(super) fn client(server: &Scripted) -> Client {
    client_with(&format!("http://{}/linkedin", server.address), Duration::from_secs(20))
}

/// What the server does with a connection.
#[derive(Clone)]
pub(super) enum Act {
    /// Reads the request, writes these bytes, and closes.
    Say(Vec<u8>),
    /// Reads the request, writes these bytes, and resets the connection.
    SayThenReset(Vec<u8>),
    /// Reads the request, writes these bytes, and keeps the connection open for more.
    SayAndStay(Vec<u8>),
    /// Reads the first byte of the request, and resets the connection.
    ResetWhileReading,
    /// Closes the connection without reading.
    CloseAtOnce,
    /// Writes these bytes without reading, as a server does that speaks something else, and stays.
    Blurt(Vec<u8>),
}

impl Act {
    /// An answer with this status line, these header lines and this body, with its length.
    pub(super) fn answer(status: &str, headers: &str, body: &str) -> Self {
        Self::Say(answer(status, headers, body))
    }
}

/// The bytes of an answer.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A server on a port of its own that plays the same act on every connection.
pub(super) struct Scripted {
    pub(super) address: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<Vec<u8>>,
}

impl Scripted {
    /// Starts it on the runtime of the test.
    pub(super) async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let noted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                noted.lock().unwrap().connections += 1;
                tokio::spawn(play(act.clone(), stream, Arc::clone(&noted)));
            }
        });
        Self { address, seen }
    }

    /// Connections that were opened.
    pub(super) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Requests that were read whole, as they were.
    pub(super) fn requests(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.requests
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }
}

async fn play(act: Act, mut stream: TcpStream, seen: Arc<Mutex<Seen>>) {
    match act {
        Act::CloseAtOnce => {}
        Act::ResetWhileReading => {
            let _ = stream.read_u8().await;
            stream.set_zero_linger().unwrap();
        }
        Act::Blurt(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Act::Say(bytes) => {
            hear(&mut stream, &seen).await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            // What is left unread would turn the end into a reset.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Act::SayThenReset(bytes) => {
            hear(&mut stream, &seen).await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            stream.set_zero_linger().unwrap();
        }
        Act::SayAndStay(bytes) => {
            while hear(&mut stream, &seen).await {
                let _ = stream.write_all(&bytes).await;
            }
        }
    }
}

/// Reads one request with its body. False where the connection ends before it.
async fn hear(stream: &mut TcpStream, seen: &Mutex<Seen>) -> bool {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return false,
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            seen.lock().unwrap().requests.push(request);
            return true;
        }
    }
}
