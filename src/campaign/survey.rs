//! One look at every row: who it is for, how it stands, what it says, and what is wrong with it.

use std::borrow::Cow;

use crate::model::draft::{Channel, Draft};
use crate::model::ledger::{Ledger, Standing};
use crate::model::plan::{Choice, Meeting, Plan, Planner, Reasons, Rendering, Skip, Way, Who};
use crate::model::problem::{Code, Problem, Severity};
use crate::model::recipient::Recipient;
use crate::model::row::{Row, RowNumber};
use crate::model::status::Status;

use super::address::{Accounts, Address, Unaddressed};
use super::contacts::Contacts;
use super::error::CampaignError;
use super::gates::Judge;
use super::reading::Reading;

/// Which rows are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Those that may be sent.
    Sendable,
    /// All.
    Everything,
    /// All, and those that are chosen are planned as tests, whatever their status is.
    Tests,
}

/// A row that was looked at.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The row.
    pub row: &'a Row,
    /// Its key, where it has one.
    pub key: &'a str,
    /// Its recipient's canonical name, or what the cell says where it cannot be read.
    pub address: Option<&'a Address>,
    /// The draft, where there is one.
    pub draft: Option<&'a Draft>,
    /// What is wrong with it.
    pub problems: &'a [Problem],
    /// How often a default stood in for something missing in it.
    pub defaults: u32,
    /// What it is, as the plan has it.
    pub meeting: Meeting,
    /// Its status before a run.
    pub status: Status,
    /// The words of why rows are skipped.
    pub reasons: &'a Reasons,
    /// Whether `--rows` and `--only` are for it.
    chosen: Chosen,
}

/// Whether a row is one that somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Yes,
    No,
}

impl Seen<'_> {
    /// Whether `--rows` and `--only` are for this row.
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        self.chosen == Chosen::Yes
    }

    /// What is wrong with the row, and that it is skipped, where it is. Of a row that nobody chose there is nothing to say.
    #[must_use]
    pub fn all_problems(&self) -> Vec<Problem> {
        if !self.is_chosen() {
            return Vec::new();
        }
        // What is wrong with a row that is not sent is nobody's worry.
        let mut all = match self.meeting {
            Meeting::Open(_) => self.problems.to_vec(),
            Meeting::Settled { .. } => Vec::new(),
        };
        if let Meeting::Settled { skip: Some(skip), .. } = self.meeting {
            let words = skip.words(self.reasons);
            all.push(match skip {
                Skip::Duplicate(_) => Problem::warning(skip.code(), words),
                // Nobody is to mend what was wished.
                Skip::Contacted | Skip::Suppressed(_) | Skip::Before(_) | Skip::Gate(..) => Problem::note(skip.code(), words),
            });
        }
        all
    }
}

/// What every row is looked at with.
pub struct Survey<'a> {
    /// The sheet and its templates.
    pub reading: &'a Reading,
    /// What the journal says.
    pub ledger: &'a Ledger,
    /// Who must not be written to.
    pub contacts: &'a mut Contacts,
    /// The sending accounts; those of rows are added.
    pub accounts: &'a mut Accounts,
    /// Judges people by what was found out about them; `None` where nobody asks.
    pub judge: Option<Judge<'a>>,
    /// Which rows are rendered.
    pub depth: Depth,
}

impl Survey<'_> {
    /// Looks at every row and makes the plan. `each` sees every row in the sheet's order.
    ///
    /// # Errors
    /// A row that cannot be read for certain.
    pub fn plan(mut self, choice: Choice, mut each: impl FnMut(&Seen<'_>)) -> Result<Plan, CampaignError> {
        if let Some(judge) = self.judge {
            self.contacts.know(judge.same_people());
        }
        let mut planner = Planner::new(choice);
        let mut rows = self.reading.sheet().rows();
        let mut row = Row::new();
        while rows.next_into(&mut row)? {
            match self.reading.address(&row, self.accounts) {
                Ok(address) => self.look(&mut planner, &row, address, &mut each)?,
                Err(unaddressed) => self.look_in_vain(&mut planner, &row, &unaddressed, &mut each),
            }
        }
        Ok(planner.finish())
    }

    fn look(
        &mut self,
        planner: &mut Planner,
        row: &Row,
        mut address: Address,
        each: &mut impl FnMut(&Seen<'_>),
    ) -> Result<(), CampaignError> {
        let number = row.number();
        let who = Who {
            key: &address.key,
            recipient: Some(&address.recipient),
        };
        let mut meeting = planner.meet(self.ledger, number, who);
        if let Meeting::Open(standing) = meeting {
            let recipient = &self.named(&address);
            if let Some(why) = self.contacts.suppressed(row, &address.key, recipient) {
                meeting = hold(standing, Skip::Suppressed(planner.reasons.keep(&why)));
            } else if let Some(why) = self.contacts.written_to_lately(recipient)? {
                meeting = hold(standing, Skip::Before(planner.reasons.keep(&why)));
            }
        }
        if let Meeting::Open(standing) = meeting {
            let key = || self.ledger.find(&address.key, Some(&address.recipient));
            address.account = self.accounts.place(&address, key, standing);
        }
        let address = &address;
        if let (Meeting::Open(standing), Some(judge)) = (meeting, self.judge)
            && let Some((gate, why)) = judge.held(&address.recipient, self.accounts.id(address.account))
        {
            meeting = hold(standing, Skip::Gate(gate, planner.reasons.keep(&why)));
        }
        let wanted = self.depth != Depth::Sendable || matches!(meeting, Meeting::Open(_));
        let judged = wanted.then(|| self.reading.judged(row, address, self.accounts)).flatten();
        let (drafted, mut warnings, defaults) = match judged {
            None => (None, Vec::new(), 0),
            Some(judged) => (Some(judged.draft), judged.warnings, judged.defaults),
        };
        let (draft, mut problems) = match drafted {
            None => (None, Vec::new()),
            Some(Ok(draft)) => {
                let warnings = doubtful(&draft);
                (Some(draft), warnings)
            }
            Some(Err(problems)) => (None, problems),
        };
        if let (Meeting::Open(standing), Some(draft)) = (meeting, &draft)
            && let Some(why) = self.contacts.has_text(&self.named(address), &draft.message, standing)?
        {
            meeting = hold(standing, Skip::Before(planner.reasons.keep(&why)));
        }
        problems.append(&mut warnings);
        if let (Meeting::Open(_), Some(judge)) = (meeting, self.judge) {
            problems.extend(judge.unaskable(&address.recipient));
        }
        let invalid = problems.iter().any(|problem| problem.severity == Severity::Error);
        let rendering = match &draft {
            Some(draft) => Rendering::Draft(draft.check()),
            None if invalid => Rendering::Invalid,
            None => Rendering::Spared,
        };
        let status = meeting.status(rendering);
        each(&Seen {
            row,
            key: &address.key,
            address: Some(address),
            draft: draft.as_ref(),
            problems: &problems,
            defaults,
            meeting: self.shown(planner, number, status, meeting),
            status,
            reasons: &planner.reasons,
            chosen: chosen(planner, number, status),
        });
        let lot = planner.lot(&address.key);
        match self.depth {
            Depth::Tests => planner.push_test(number, row.place(), address.way(), lot, status, rendering),
            _ => planner.push(number, row.place(), address.way(), lot, meeting, rendering),
        }
        Ok(())
    }

    /// The recipient of a row with all names that are known.
    fn named<'r>(&self, address: &'r Address) -> Cow<'r, Recipient> {
        match self.judge {
            None => Cow::Borrowed(&address.recipient),
            Some(judge) => Cow::Owned(judge.named(&address.recipient, self.accounts.id(address.account))),
        }
    }

    /// What a row is to whoever looks on: a row that is tested is open, whatever its status is.
    fn shown(&self, planner: &Planner, number: RowNumber, status: Status, meeting: Meeting) -> Meeting {
        if self.depth == Depth::Tests && planner.chosen(number, status) {
            Meeting::Open(Standing::Untried)
        } else {
            meeting
        }
    }

    /// A row that nobody can be written to with.
    fn look_in_vain(&self, planner: &mut Planner, row: &Row, unaddressed: &Unaddressed, each: &mut impl FnMut(&Seen<'_>)) {
        let number = row.number();
        let key = unaddressed.key.as_deref();
        let meeting = key.map_or(Meeting::Open(Standing::Untried), |key| {
            planner.meet(self.ledger, number, Who { key, recipient: None })
        });
        let lot = key.map_or_else(|| u64::from(number.0), |key| planner.lot(key));
        let status = meeting.status(Rendering::Invalid);
        each(&Seen {
            row,
            key: key.unwrap_or_default(),
            address: None,
            draft: None,
            problems: &unaddressed.problems,
            defaults: 0,
            meeting: self.shown(planner, number, status, meeting),
            status,
            reasons: &planner.reasons,
            chosen: chosen(planner, number, status),
        });
        match self.depth {
            Depth::Tests => planner.push_test(number, row.place(), Way::default(), lot, status, Rendering::Invalid),
            _ => planner.push(number, row.place(), Way::default(), lot, meeting, Rendering::Invalid),
        }
    }
}

fn chosen(planner: &Planner, number: RowNumber, status: Status) -> Chosen {
    if planner.chosen(number, status) { Chosen::Yes } else { Chosen::No }
}

/// What a row is that is held back on purpose: an attempt whose fate is unknown stays unconfirmed.
const fn hold(standing: Standing, skip: Skip) -> Meeting {
    match standing {
        Standing::Unconfirmed => Meeting::Settled {
            status: Status::Unconfirmed,
            skip: None,
        },
        _ => Meeting::Settled {
            status: Status::Skipped,
            skip: Some(skip),
        },
    }
}

/// What is worth a look in a draft that can be sent.
fn doubtful(draft: &Draft) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if draft.subject.is_some() && draft.channel == Some(Channel::LinkedinInbox) {
        let text = "the channel linkedin_inbox carries no subject; it is sent along and nobody will see it";
        warnings.push(Problem::warning(Code::SubjectNotCarried, text));
    }
    warnings
}
