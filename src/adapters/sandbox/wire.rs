//! The sockets beneath HTTP: a listener whose connections can be closed or reset by whoever answers on them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;
const LAST: u8 = 3;

/// What is to become of a connection; shared by the socket and by whoever answers on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate(Arc<AtomicU8>);

impl Fate {
    /// Not one more byte leaves; the connection is closed.
    pub(super) fn close(&self) {
        self.0.store(CLOSED, Ordering::Relaxed);
    }

    /// Not one more byte leaves; the connection is reset.
    pub(super) fn reset(&self) {
        self.0.store(RESET, Ordering::Relaxed);
    }

    /// What is being answered goes out, and nothing more is read: hyper takes it for a client that has finished.
    pub(super) fn be_last(&self) {
        self.0.store(LAST, Ordering::Relaxed);
    }

    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::Relaxed) == state
    }
}

impl Connected<IncomingStream<'_, Gate>> for Fate {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        stream.io().fate.clone()
    }
}

/// What the listener asks of every new connection.
pub(super) type ResetsConnection = Arc<dyn Fn() -> bool + Send + Sync>;

/// The listener.
pub(super) struct Gate {
    pub(super) listener: TcpListener,
    pub(super) resets: ResetsConnection,
    pub(super) connections: Arc<AtomicU64>,
}

impl Listener for Gate {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            let (stream, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    rest_after(&error).await;
                    continue;
                }
            };
            self.connections.fetch_add(1, Ordering::Relaxed);
            if (self.resets)() {
                // Where the linger cannot be set the connection is closed instead, which is as early.
                let _ = stream.set_zero_linger();
                continue;
            }
            // Without it an answer may wait for the acknowledgement of an earlier one; it is no matter of right or wrong.
            let _ = stream.set_nodelay(true);
            let fate = Fate::default();
            return (Wire { stream, fate }, address);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that died before it was accepted is nobody's trouble; a process out of files needs a moment.
async fn rest_after(error: &io::Error) {
    let gone = [
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
    ];
    if !gone.contains(&error.kind()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One connection.
pub(super) struct Wire {
    stream: TcpStream,
    fate: Fate,
}

impl Wire {
    /// The socket, as long as it may be written to.
    fn writable(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let wire = self.get_mut();
        if wire.fate.is(OPEN) || wire.fate.is(LAST) {
            return Ok(Pin::new(&mut wire.stream));
        }
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the script ends this connection"))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.fate.is(RESET) {
            // A socket that is closed with a linger of zero sends a reset; where that fails it is closed, which is near enough.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.fate.is(LAST) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.writable() {
            Ok(stream) => stream.poll_write(cx, buf),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.writable() {
            Ok(stream) => stream.poll_write_vectored(cx, bufs),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.writable() {
            Ok(stream) => stream.poll_flush(cx),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.writable() {
            Ok(stream) => stream.poll_shutdown(cx),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
