//! Any bytes as the answer to a send, from the status line on: judged, and never the key in what is kept of it.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rowcast::adapters::api::{ApiKey, Client, SendRequest, Settings};
use rowcast::model::recipient::Recipient;
use rowcast::model::time::Moment;

const KEY: &str = "3b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

struct Service {
    answer: Arc<Mutex<Vec<u8>>>,
    client: Client,
    runtime: tokio::runtime::Runtime,
    recipient: Recipient,
}

/// Answers every connection with what `answer` holds, once the head of a request is there.
fn serve(listener: &TcpListener, answer: &Mutex<Vec<u8>>) {
    for mut connection in listener.incoming().flatten() {
        let mut seen = Vec::new();
        let mut block = [0; 4096];
        while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
            match connection.read(&mut block) {
                Ok(0) | Err(_) => break,
                Ok(read) => seen.extend_from_slice(&block[..read]),
            }
        }
        let bytes = answer.lock().expect("whole").clone();
        let _ = connection.write_all(&bytes);
    }
}

fn service() -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}/linkedin", listener.local_addr().expect("an address"));
    let answer = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&answer);
    std::thread::spawn(move || serve(&listener, &told));
    let settings = Settings {
        timeout: Duration::from_secs(2),
        connect_timeout: Duration::from_secs(1),
        clock: Arc::new(|| Moment::from_millis(1_700_000_000_000)),
    };
    Service {
        answer,
        client: Client::new(&base.parse().expect("a URL"), &ApiKey::new(KEY).expect("a key"), settings).expect("a client"),
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime"),
        recipient: "jane-doe".parse().expect("a recipient"),
    }
}

static SERVICE: OnceLock<Service> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let service = SERVICE.get_or_init(service);
    *service.answer.lock().expect("whole") = bytes.to_vec();
    let request = SendRequest {
        recipient: &service.recipient,
        account: None,
        message: "Hello",
        subject: None,
        channel: None,
        attachments: &[],
    };
    let sent = service.runtime.block_on(service.client.send(&request));
    assert!(!format!("{:?}", sent.answer).contains(KEY));
});
