//! Questions to the service that change nothing, asked within the limits for reading, and again where that may help.

use std::collections::HashMap;
use std::time::Duration;

use super::settings::Settings;
use crate::adapters::api::{Client, Lookup};
use crate::engine::clock::Clock;
use crate::model::rate::{Ceiling, Rate};
use crate::model::time::Moment;
use crate::model::window::{Counted, Counts, Opening, Ticket, Window};

/// Tries of a question that is answered with an error, in all.
const TRIES: u32 = 3;
/// The wait before the second try; doubled for the third.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often a 429 is heeded before the question is given up: hammering lengthens a hold.
const HOLDS: u32 = 5;
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
}

/// What an account has used up.
struct Reading {
    window: Option<Window>,
    held: Option<Moment>,
}

impl<'a> Asker<'a> {
    /// Asks with `client`, under the limits of the settings.
    #[must_use]
    pub fn new(client: &'a Client, settings: &Settings) -> Self {
        let pace = &settings.pace;
        Self::within(client, pace.rate, pace.read_rate, pace.max_wait)
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

    /// Asks for `account` until there is an answer, or it is clear that there will be none.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask<T>(&mut self, account: Option<&str>, question: impl AsyncFn(&Client) -> Lookup<T>) -> Result<T, Silence> {
        let (mut failed, mut holds) = (0, 0);
        loop {
            self.wait(account).await?;
            let ticket = self.leave(account);
            let told = question(self.client).await;
            self.answered(account, ticket);
            match told {
                Lookup::Answered(answer) => return Ok(answer),
                Lookup::NotOffered(why) => return Err(Silence::NotOffered(why)),
                Lookup::Refused(why) => return Err(Silence::Refused(why)),
                Lookup::Held(until) => {
                    let now = self.clock.now();
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
        })
    }

    /// Waits until the next question of the account may leave.
    async fn wait(&mut self, account: Option<&str>) -> Result<(), Silence> {
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
        Ok(())
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
