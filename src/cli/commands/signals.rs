//! Ctrl-C and the system's request to end, as words for the engine.

#[cfg(unix)]
use std::io::{self, IsTerminal as _};

use rowcast::model::event::Asked;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Listens from here on. Must be called on the runtime that runs the engine.
pub fn listen() -> UnboundedReceiver<Asked> {
    let (tell, asked) = unbounded_channel();
    let interrupts = tell.clone();
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && interrupts.send(Asked::Interrupt).is_ok() {} });
    tokio::spawn(terminations(tell));
    asked
}

#[cfg(unix)]
async fn terminations(tell: UnboundedSender<Asked>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    // A terminal that is closed asks to end as well. Whoever wants a run to outlive it (`nohup`) has its words go elsewhere, and
    // then nothing is listened to that the system was told to ignore.
    let mut hang_up = io::stderr().is_terminal().then(|| signal(SignalKind::hangup()).ok()).flatten();
    loop {
        let came = match &mut hang_up {
            None => terminate.recv().await,
            Some(hang_up) => tokio::select! {
                came = terminate.recv() => came,
                came = hang_up.recv() => came,
            },
        };
        if came.is_none() || tell.send(Asked::Terminate).is_err() {
            return;
        }
    }
}

/// The counterpart of SIGTERM: the console closes, or the machine shuts down.
#[cfg(windows)]
async fn terminations(tell: UnboundedSender<Asked>) {
    use tokio::signal::windows::{ctrl_close, ctrl_shutdown};
    let (Ok(mut close), Ok(mut shutdown)) = (ctrl_close(), ctrl_shutdown()) else {
        return;
    };
    loop {
        let came = tokio::select! {
            came = close.recv() => came,
            came = shutdown.recv() => came,
        };
        if came.is_none() || tell.send(Asked::Terminate).is_err() {
            return;
        }
    }
}
