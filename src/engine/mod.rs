//! Sends what a plan says: pace, then intent, then request, then outcome. Tells events and prints nothing.

pub mod attempt;
pub mod clock;
pub mod courtesy;
pub mod gatekeeper;
pub mod inquest;
pub mod inquiry;
pub mod lane;
pub mod pace;
pub mod questions;
pub mod schedule;
pub mod shared;
pub mod simulate;
pub mod upload;

mod dispatcher;

use std::cell::RefCell;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use self::attempt::Sender;
use self::dispatcher::Dispatcher;
use self::gatekeeper::Gatekeeper;
use self::inquiry::Inquiries;
use self::pace::Pace;
use self::questions::Questions;
use self::schedule::{Schedule, Slots};
use self::shared::{Reads, Shared};
use crate::model::draft::Draft;
use crate::model::event::{Asked, Event, Stop};
use crate::model::gate::Gate;
use crate::model::plan::{Plan, Planned};
use crate::model::rate::Ceiling;
use crate::model::row::RowNumber;
use crate::model::status::Status;
use crate::model::time::Moment;

/// What a run may do.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Rows that may fail or stay unconfirmed one after another before the run stops, per account.
    pub max_failures: usize,
    /// A longer wait than this ends the run.
    pub max_wait: Duration,
    /// The same for a wait until the hours at which messages may leave.
    pub hours_wait: Duration,
    /// Nothing new starts from this moment on.
    pub end: Option<Moment>,
}

/// A row that was planned and not sent when its turn came, because something had changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// The row.
    pub row: RowNumber,
    /// What it is now.
    pub status: Status,
    /// Why, in one line.
    pub why: String,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Why it stopped early, if it did.
    pub stop: Option<Stop>,
    /// Accounts that stopped, and why.
    pub stopped_accounts: Vec<(u16, String)>,
    /// Rows that were not sent although they were planned to be.
    pub turned_away: Vec<TurnedAway>,
    /// Rows that were sent.
    pub sent: usize,
    /// The gates that held rows, once for each row.
    pub held: Vec<Gate>,
    /// Rows that the gates could not judge.
    pub unjudged: usize,
}

/// What is asked about the people of rows before they are written to.
#[derive(Clone, Copy)]
pub struct Gated<'a> {
    /// Judges them.
    pub gatekeeper: &'a Gatekeeper,
    /// Ceiling of each account's questions.
    pub rate: Ceiling,
    /// When which account asked of late, the oldest first.
    pub past: &'a [(u16, Moment)],
    /// The limits for questions that this machine's campaigns share, where anything is limited.
    pub reads: Option<&'a Reads>,
}

/// Renders a planned row again, and asks once more whether its recipient may be written to.
pub type Drafts<'a> = dyn FnMut(&Planned) -> Result<Draft, TurnedAway> + 'a;

/// Everything a run needs.
pub struct Run<'a> {
    /// What to do with every row.
    pub plan: &'a Plan,
    /// How many accounts the plan's rows name.
    pub accounts: u16,
    /// Sends one draft.
    pub sender: Sender<'a>,
    /// What the run may do.
    pub rules: Rules,
    /// When what may leave.
    pub pace: Pace,
    /// The permits that this machine's campaigns share, where anything is limited.
    pub shared: Option<&'a Shared>,
    /// What is asked about people first; `None` where nothing is.
    pub gates: Option<Gated<'a>>,
    /// What the service is asked while the run goes on.
    pub inquiries: Inquiries,
    /// Renders a planned row again when its turn comes; an error says why it must not be sent after all.
    pub drafts: &'a mut Drafts<'a>,
    /// Is told what happens.
    pub tell: &'a mut dyn FnMut(Event),
}

impl Gated<'_> {
    fn questions(self, account: u16) -> Questions {
        let past = self.past.iter().filter(|(own, _)| *own == account);
        Questions::new(self.rate, past.map(|(_, at)| *at))
    }
}

impl Run<'_> {
    /// Sends; returns when all is done or the run stopped. What `asked` says stops it: the first word lets requests in
    /// flight finish, the second does not wait for them.
    pub async fn send(self, asked: UnboundedReceiver<Asked>) -> Ended {
        let schedule = Schedule::new(self.accounts, self.pace).sharing(Slots {
            count: self.rules.concurrency.max(1),
            patience: self.sender.client.timeout(),
        });
        let schedule = RefCell::new(match self.gates {
            None => schedule,
            Some(gated) => schedule.asking((0..self.accounts).map(|account| gated.questions(account)).collect()),
        });
        let drafts: RefCell<&mut Drafts<'_>> = RefCell::new(self.drafts);
        let mut dispatcher = Dispatcher::new(self.plan, self.sender, self.rules, &schedule, self.shared, &drafts, self.tell);
        dispatcher.gatekeeper = self.gates.map(|gated| gated.gatekeeper);
        dispatcher.reads = self.gates.and_then(|gated| gated.reads);
        dispatcher.dispatch(self.inquiries, asked).await
    }
}
