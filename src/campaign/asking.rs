//! Questions to the service that change nothing, asked within the limits for reading, and again where that may help.

use std::collections::HashMap;
use std::time::Duration;

use super::connect::Connection;
use super::settings::Settings;
use crate::adapters::api::{Client, Lookup};
use crate::adapters::database::permits::PermitId;
use crate::engine::clock::Clock;
use crate::engine::shared::{Claimed, Reads};
use crate::model::event::Wait;
use crate::model::rate::{Ceiling, Rate};
use crate::model::time::Moment;
use crate::model::window::{Counted, Counts, Opening, Ticket, Window};

/// Tries of a question that is answered with an error, in all.
const TRIES: u32 = 3;
/// The wait before the second try; doubled for the third.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often a 429 is heeded before the question is given up: hammering lengthens a hold.
const HOLDS: u32 = 5;
/// Questions of an account that stay without an answer, one after another: then no more of them are asked for a while.
const UNANSWERED: u32 = 3;
/// How long a 429 that names no time is heeded.
const UNTOLD_HOLD: Duration = Duration::from_mins(1);

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// The service does not answer this question, or there is nobody of that name. The text says how.
    NotOffered(String),
    /// No answer, or errors, also when asked again. The text says why.
    Failed(String),
    /// The credentials are refused.
    Refused(String),
    /// The service asks to be left alone for longer than anybody wants to wait.
    Held(Moment),
}

impl Silence {
    /// Whether asking anything else makes no sense for now.
    #[must_use]
    pub const fn ends_everything(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Held(_))
    }
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOffered(why) | Self::Failed(why) => f.write_str(why),
            Self::Refused(why) => write!(f, "the service refuses the API key: {why}"),
            Self::Held(until) => write!(f, "the service asks to wait until {until}"),
        }
    }
}

/// Asks one question at a time, each account's no faster than the service lets accounts read, and all no faster than the run.
pub struct Asker<'a> {
    /// Asks.
    pub client: &'a Client,
    clock: Clock,
    read_rate: Ceiling,
    whole: Option<Window>,
    accounts: HashMap<Option<String>, Reading>,
    next: u64,
    patience: Duration,
    tries: u32,
    /// When it asks no more.
    ends: Option<Moment>,
    /// The limits that are shared with the campaigns of this machine, where any are.
    reads: Option<Reads>,
}

/// What an account has used up.
struct Reading {
    window: Option<Window>,
    held: Option<Moment>,
    /// Questions without an answer, one after another, and why the newest has none.
    unanswered: u32,
    why: String,
}

impl<'a> Asker<'a> {
    /// Asks over this connection, under the limits of the settings and those that campaigns share.
    #[must_use]
    pub fn new(connection: &'a Connection, settings: &Settings) -> Self {
        let pace = &settings.pace;
        Self {
            reads: connection.reads(settings),
            ..Self::within(&connection.client, pace.rate, pace.read_rate, pace.max_wait)
        }
    }

    /// Asks at most at `rate` in all and at `account_rate` for each account, and waits for `patience` where it is told to.
    #[must_use]
    pub fn within(client: &'a Client, rate: Ceiling, account_rate: Ceiling, patience: Duration) -> Self {
        Self {
            client,
            clock: Clock::start(),
            read_rate: account_rate,
            whole: rate.rate().map(requests),
            accounts: HashMap::new(),
            next: 0,
            patience,
            tries: TRIES,
            ends: None,
            reads: None,
        }
    }

    /// The same, without asking again after an error or waiting long: for questions that may as well stay unanswered.
    #[must_use]
    pub fn once(self) -> Self {
        Self {
            tries: 1,
            patience: FIRST_PAUSE,
            ..self
        }
    }

    /// The same for so long: a question that would have to wait until later is not asked.
    #[must_use]
    pub fn for_at_most(self, span: Duration) -> Self {
        let ends = Some(self.clock.now() + span);
        Self { ends, ..self }
    }

    /// The same, and waits at most so long where it is told to.
    #[must_use]
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Asks again for accounts whose questions stayed without an answer.
    pub fn begin_anew(&mut self) {
        for reading in self.accounts.values_mut() {
            reading.unanswered = 0;
        }
    }

    /// Asks for `account` until there is an answer, or it is clear that there will be none: a service that answers nothing is
    /// not asked everything.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask<T>(&mut self, account: Option<&str>, question: impl AsyncFn(&Client) -> Lookup<T>) -> Result<T, Silence> {
        let (mut failed, mut holds) = (0, 0);
        let reading = self.reading(account);
        if reading.unanswered >= UNANSWERED {
            return Err(Silence::Failed(reading.why.clone()));
        }
        loop {
            let shared = self.wait(account).await?;
            let ticket = self.leave(account);
            let told = question(self.client).await;
            self.answered(account, ticket);
            if let (Some(reads), Some(id)) = (&self.reads, shared) {
                reads.answered(id, self.clock.now(), self.client.skew());
            }
            match told {
                Lookup::Answered(answer) => {
                    self.reading(account).unanswered = 0;
                    return Ok(answer);
                }
                Lookup::NotOffered(why) => {
                    self.reading(account).unanswered = 0;
                    return Err(Silence::NotOffered(why));
                }
                Lookup::Refused(why) => return Err(Silence::Refused(why)),
                Lookup::Held(until) => {
                    let now = self.clock.now();
                    if let (Some(reads), Some(until)) = (&self.reads, until) {
                        reads.hold(account, until, now);
                    }
                    let until = until.unwrap_or(now + UNTOLD_HOLD).max(now + FIRST_PAUSE);
                    holds += 1;
                    if holds == HOLDS {
                        return Err(Silence::Held(until));
                    }
                    self.reading(account).held = Some(until);
                }
                Lookup::Failed(why) => {
                    failed += 1;
                    if failed >= self.tries {
                        let reading = self.reading(account);
                        reading.unanswered += 1;
                        reading.why.clone_from(&why);
                        return Err(Silence::Failed(why));
                    }
                    tokio::time::sleep(FIRST_PAUSE * failed).await;
                }
            }
        }
    }

    fn reading(&mut self, account: Option<&str>) -> &mut Reading {
        let rate = self.read_rate.rate();
        self.accounts.entry(account.map(str::to_owned)).or_insert_with(|| Reading {
            window: rate.map(requests),
            held: None,
            unanswered: 0,
            why: String::new(),
        })
    }

    /// Waits until the next question of the account may leave. Returns its place in what campaigns share.
    async fn wait(&mut self, account: Option<&str>) -> Result<Option<PermitId>, Silence> {
        let whole = self.whole.as_ref().map_or(Moment::from_millis(i64::MIN), opens);
        let reading = self.reading(account);
        let own = reading.window.as_ref().map_or(Moment::from_millis(i64::MIN), opens);
        let held = reading.held.take();
        let now = self.clock.now();
        if let Some(until) = held.filter(|until| until.since(now) > self.patience) {
            self.reading(account).held = held;
            return Err(Silence::Held(until));
        }
        let until = held.into_iter().chain([own, whole]).max().unwrap_or(now);
        if self.ends.is_some_and(|ends| until.max(now) > ends) {
            return Err(Silence::Held(until));
        }
        tokio::time::sleep(until.since(now)).await;
        self.wait_for_others(account).await
    }

    /// Waits until the campaigns of this machine leave room for a question of the account.
    async fn wait_for_others(&self, account: Option<&str>) -> Result<Option<PermitId>, Silence> {
        loop {
            let now = self.clock.now();
            let later = match self.reads.as_ref().map(|reads| reads.claim(account, || self.clock.now())) {
                Some(Ok(Claimed::Granted(id))) => return Ok(Some(id)),
                Some(Ok(Claimed::Later(later))) => later,
                // What cannot be shared just now is asked by the limits of this campaign alone.
                None | Some(Err(_)) => return Ok(None),
            };
            let until = later.until();
            let is_long = later.why() == Wait::Held && until.since(now) > self.patience;
            if is_long || self.ends.is_some_and(|ends| until > ends) {
                return Err(Silence::Held(until));
            }
            tokio::time::sleep(until.since(now)).await;
        }
    }

    fn leave(&mut self, account: Option<&str>) -> Ticket {
        self.next += 1;
        let now = self.clock.now();
        let ticket = Ticket(self.next);
        if let Some(window) = &mut self.whole {
            window.leave(ticket, now);
        }
        if let Some(window) = &mut self.reading(account).window {
            window.leave(ticket, now);
        }
        ticket
    }

    fn answered(&mut self, account: Option<&str>, ticket: Ticket) {
        let now = self.clock.now();
        if let Some(window) = &mut self.whole {
            window.answered(ticket, now, Counted::Yes);
        }
        if let Some(window) = &mut self.reading(account).window {
            window.answered(ticket, now, Counted::Yes);
        }
    }
}

/// A window of every request, whatever comes of it.
fn requests(rate: Rate) -> Window {
    Window::new(rate, Counts::Requests)
}

/// When a window lets the next one through, where every earlier one was answered.
fn opens(window: &Window) -> Moment {
    match window.opens() {
        Opening::At(at) => at,
        Opening::AfterAnswer => Moment::from_millis(i64::MIN),
    }
}
