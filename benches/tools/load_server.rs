//! A small fast server to send to: answers every request like a send that succeeded, after a fixed latency.
//!
//! `load_server [LATENCY_MS]` listens on a free port of 127.0.0.1, says its address on stdout, and lives until its
//! stdin ends, so that it cannot outlive whoever started it. It checks nothing: a measurement wants a server that costs
//! little, and the sandbox is the one that is faithful.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::rc::Rc;
use std::time::Duration;

use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// What stands for the number of a recipient in [`BODY`]; every answer names another one.
const NUMBER: &str = "00000000";

const BODY: &str = r#"{"success":true,"message":"Message sent successfully","recipientProfileUrn":"urn:li:fsd_profile:ACoAAB00000000kQ9xYz7LmNoPqRsTuVwXyZaBcDe","sentMessage":{"messageUrn":"urn:li:messagingMessage:2-MTc2MzI4MDAwMDAwMGI0NTY3OC0wMDAmZTQ1NmFiY2QtMTIzNC01Njc4LTlhYmMtZGVmMDEyMzQ1Njc4","text":"Hello, thank you for connecting. I read about your team and would like to hear how you plan the year.","sentAt":1763280000000,"senderProfileId":"ACoAAC7hJkLmNoPqRsTuVwXyZ0123456789aBcDe"}}"#;

/// A request's head may not be longer, nor a read.
const BUFFER: usize = 16 << 10;

fn main() -> std::io::Result<()> {
    let latency = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    std::thread::spawn(|| {
        // Whatever ends stdin ends the server.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(Duration::from_millis(latency)))
}

async fn serve(latency: Duration) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    let number = Rc::new(Cell::new(0));
    loop {
        let (stream, _) = listener.accept().await?;
        let number = Rc::clone(&number);
        tokio::task::spawn_local(async move {
            // A client that goes away ends its connection and nothing else.
            let _ = answer(stream, latency, &number).await;
        });
    }
}

/// Answers what comes on one connection.
async fn answer(mut stream: TcpStream, latency: Duration, number: &Cell<u32>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER];
    let mut held = 0;
    loop {
        let Some(request) = read(&mut stream, &mut buffer, &mut held).await? else {
            return Ok(());
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        number.set(number.get().wrapping_add(1));
        stream.write_all(&reply(number.get(), request)).await?;
        if request == Connection::Close {
            return stream.shutdown().await;
        }
    }
}

/// What becomes of a connection after the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    Keep,
    Close,
}

/// Reads one request, body and all; `None` where the client is done. `buffer` has `held` bytes of it, and afterwards of the
/// next one.
async fn read(stream: &mut TcpStream, buffer: &mut [u8], held: &mut usize) -> std::io::Result<Option<Connection>> {
    let head = loop {
        if let Some(end) = memmem::find(&buffer[..*held], b"\r\n\r\n") {
            break end + 4;
        }
        let got = stream.read(&mut buffer[*held..]).await?;
        if got == 0 {
            return Ok(None);
        }
        *held += got;
    };
    let lower = buffer[..head].to_ascii_lowercase();
    let length = field(&lower, b"\r\ncontent-length:")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let close = field(&lower, b"\r\nconnection:") == Some("close");
    let mut due: usize = head + length;
    while due > *held {
        due -= *held;
        *held = stream.read(buffer).await?;
        if *held == 0 {
            return Ok(None);
        }
    }
    buffer.copy_within(due..*held, 0);
    *held -= due;
    Ok(Some(if close { Connection::Close } else { Connection::Keep }))
}

/// The value of a header field, `name` being in lower case with what stands around it.
fn field<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let rest = &head[memmem::find(head, name)? + name.len()..];
    let end = memmem::find(rest, b"\r\n")?;
    std::str::from_utf8(&rest[..end]).ok().map(str::trim)
}

fn reply(number: u32, connection: Connection) -> Vec<u8> {
    let close = if connection == Connection::Close {
        "connection: close\r\n"
    } else {
        ""
    };
    let body = BODY.replacen(NUMBER, &format!("{number:08}"), 1);
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{close}\r\n{body}",
        body.len()
    )
    .into_bytes()
}
