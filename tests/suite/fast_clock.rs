//! Clocks that are set or run faster, for the real binary: libfaketime stands between it and the system.
//!
//! All processes of one clock read the same time. What a test sees itself is scaled the same way: [`FastClock::at`].

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Campaign;

/// A clock that runs so many times as fast as the real one.
pub struct FastClock {
    keeper: Child,
    /// The clock is there until this is closed.
    open: Option<ChildStdin>,
    variables: Vec<(&'static str, String)>,
    speed: u32,
    /// A moment of the real clock, and what this one showed then, in milliseconds since 1970.
    met: (Instant, i64),
}

/// How often the two clocks are compared.
const LOOKS: usize = 7;

impl FastClock {
    /// A clock that shows `start` now, such as `2026-11-26 22:00:00` in UTC.
    pub fn start(start: &str, speed: u32) -> Self {
        let spec = format!("@{start} x{speed}");
        let mut keeper = Command::new("faketime")
            .args(["-f", &spec, "sh", "-c", "echo \"$LD_PRELOAD\"; echo \"$FAKETIME_SHARED\"; exec cat"])
            .envs([("TZ", "UTC"), ("FAKETIME_DONT_RESET", "1")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("faketime, of the Debian package of this name");
        let mut told = BufReader::new(keeper.stdout.take().expect("its stdout")).lines();
        let mut next = || told.next().expect("a line").expect("text");
        let (library, shared) = (next(), next());
        let variables = vec![
            ("LD_PRELOAD", library),
            ("FAKETIME_SHARED", shared),
            ("FAKETIME", spec),
            ("FAKETIME_DONT_RESET", "1".to_owned()),
            ("TZ", "UTC".to_owned()),
        ];
        let open = keeper.stdin.take();
        let mut clock = Self {
            keeper,
            open,
            variables,
            speed,
            met: (Instant::now(), 0),
        };
        // The look that took the least time is the closest.
        let looks = (0..LOOKS).map(|_| clock.look());
        let (_, met) = looks.min_by_key(|(took, _)| *took).expect("some");
        clock.met = met;
        clock
    }

    fn look(&self) -> (Duration, (Instant, i64)) {
        let before = Instant::now();
        let shown = Command::new("date").arg("+%s%3N").envs(self.variables.iter().cloned()).output();
        let took = before.elapsed();
        let shown = String::from_utf8(shown.expect("date").stdout).expect("text");
        (took, (before + took / 2, shown.trim().parse().expect("milliseconds")))
    }

    /// Lets `campaign` live by this clock.
    pub fn lend(&self, campaign: Campaign) -> Campaign {
        let lent = |campaign: Campaign, (name, value): &(&str, String)| campaign.variable(name, value);
        self.variables.iter().fold(campaign, lent)
    }

    /// What the clock showed at a moment, in milliseconds since 1970.
    pub fn at(&self, real: Instant) -> i64 {
        let speed = i64::from(self.speed);
        let micros = |span: Duration| i64::try_from(span.as_micros()).expect("a short time") * speed / 1000;
        let (met, shown) = self.met;
        match real.checked_duration_since(met) {
            Some(later) => shown + micros(later),
            None => shown - micros(met - real),
        }
    }
}

impl Drop for FastClock {
    fn drop(&mut self) {
        self.open = None;
        let _ = self.keeper.wait();
    }
}

/// A clock on the wall that a test sets while programs run. What cannot be set goes on as it is.
pub struct WallClock {
    file: tempfile::NamedTempFile,
    library: String,
}

impl WallClock {
    /// A clock that shows the time.
    pub fn right() -> Self {
        let asked = Command::new("faketime")
            .args(["-f", "+0", "sh", "-c", "echo \"$LD_PRELOAD\""])
            .output();
        let library = String::from_utf8(asked.expect("faketime, of the Debian package of this name").stdout).expect("text");
        let clock = Self {
            file: tempfile::NamedTempFile::new().expect("a file"),
            library: library.trim().to_owned(),
        };
        clock.set("+0");
        clock
    }

    /// Sets it so far from the right time, such as `+1h`.
    pub fn set(&self, off: &str) {
        let folder = self.file.path().parent().expect("a folder");
        let mut new = tempfile::NamedTempFile::new_in(folder).expect("a file");
        std::io::Write::write_all(&mut new, off.as_bytes()).expect("written");
        // Whoever looks sees the one or the other.
        std::fs::rename(new.path(), self.file.path()).expect("renamed");
        drop(new.keep());
    }

    /// Lets `campaign` live by this clock.
    pub fn lend(&self, campaign: Campaign) -> Campaign {
        campaign
            .variable("LD_PRELOAD", &self.library)
            .variable("FAKETIME_TIMESTAMP_FILE", &self.file.path().display().to_string())
            .variable("FAKETIME_NO_CACHE", "1")
            .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}
