//! The least that a sender could do: what a message costs before there is any program around it.
//!
//! `bare_sender ADDRESS BODY REQUESTS IN_FLIGHT [RECORDS]` posts the bytes of the file BODY so many times to
//! `/linkedin/conversations/send` at ADDRESS, a connection for each, on one thread, and reads each answer to its end without a
//! look at it. With RECORDS, a file that it makes, it writes 500 bytes into it before every request and 500 after every
//! answer, both synced before anything else happens; what is waiting is written and synced together.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// As long as an intent and an outcome of rowcast, or nearly.
const RECORD: [u8; 500] = [b'x'; 500];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("ADDRESS BODY REQUESTS IN_FLIGHT [RECORDS]");
    let (address, body) = (next()?, std::fs::read(next()?)?);
    let (requests, in_flight): (usize, usize) = (next()?.parse()?, next()?.parse()?);
    let records = arguments.next().map(|path| File::create(path).map(Records::start)).transpose()?;
    let head = format!(
        "POST /linkedin/conversations/send HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         authorization: Bearer key\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let sender = Rc::new(Sender {
        address,
        request: [head.into_bytes(), body].concat(),
        left: Cell::new(requests),
        records,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    for _ in 0..in_flight {
        let sender = Rc::clone(&sender);
        tasks.spawn_local(async move { sender.work().await });
    }
    runtime.block_on(tasks);
    Ok(())
}

struct Sender {
    address: String,
    request: Vec<u8>,
    left: Cell<usize>,
    records: Option<Records>,
}

impl Sender {
    async fn work(&self) {
        let mut answer = vec![0; 16 << 10];
        while let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            self.record().await;
            self.exchange(&mut answer).await.expect("an answer");
            self.record().await;
        }
    }

    async fn exchange(&self, answer: &mut [u8]) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&self.request).await?;
        while stream.read(answer).await? > 0 {}
        Ok(())
    }

    async fn record(&self) {
        if let Some(records) = &self.records {
            let (done, synced) = oneshot::channel();
            records.queue.borrow().send(done).expect("a writer");
            synced.await.expect("a sync");
        }
    }
}

/// A thread that writes and syncs what is waiting, all at once.
struct Records {
    queue: RefCell<std::sync::mpsc::Sender<oneshot::Sender<()>>>,
}

impl Records {
    fn start(mut file: File) -> Self {
        let (queue, waiting) = std::sync::mpsc::channel::<oneshot::Sender<()>>();
        std::thread::spawn(move || {
            while let Ok(first) = waiting.recv() {
                let all: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
                file.write_all(&RECORD.repeat(all.len())).expect("room on the disk");
                file.sync_data().expect("a disk");
                for done in all {
                    let _ = done.send(());
                }
            }
        });
        Self {
            queue: RefCell::new(queue),
        }
    }
}
