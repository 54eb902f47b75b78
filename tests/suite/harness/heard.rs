//! What a process says, while it says it.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a test waits for a word that must come, or for an end.
const PATIENCE: Duration = Duration::from_mins(2);

/// A stream that is read as it comes.
#[derive(Clone, Default)]
pub struct Heard {
    shared: Arc<(Mutex<Said>, Condvar)>,
}

#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    ended: bool,
}

impl Heard {
    /// Listens to `source` until it ends. A terminal whose other side is gone ends with an error.
    pub fn of(mut source: impl Read + Send + 'static) -> Self {
        let heard = Self::default();
        let shared = Arc::clone(&heard.shared);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let length = source.read(&mut buffer).unwrap_or(0);
                let mut said = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                said.bytes.extend(&buffer[..length]);
                said.ended = length == 0;
                shared.1.notify_all();
                if said.ended {
                    return;
                }
            }
        });
        heard
    }

    /// Returns what was said once `word` is among it.
    #[cfg(unix)]
    #[track_caller]
    pub fn wait_for(&self, word: &str) -> String {
        let heard = self.wait_until(|said| said.ended || String::from_utf8_lossy(&said.bytes).contains(word));
        let text = String::from_utf8_lossy(&heard).into_owned();
        assert!(text.contains(word), "{word:?} is not said: {text}");
        text
    }

    /// Returns all that was said, once the stream has ended.
    #[track_caller]
    pub fn all(&self) -> Vec<u8> {
        self.wait_until(|said| said.ended)
    }

    #[track_caller]
    fn wait_until(&self, enough: impl Fn(&Said) -> bool) -> Vec<u8> {
        let said = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.1.wait_timeout_while(said, PATIENCE, |said| !enough(said));
        let (said, late) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(
            !late.timed_out(),
            "nothing more comes after: {}",
            String::from_utf8_lossy(&said.bytes)
        );
        said.bytes.clone()
    }
}
