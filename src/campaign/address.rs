//! From a row of the sheet to whom it goes, from which account, and what identifies it.

use std::collections::HashMap;

use super::memory::Memory;
use super::pacing::limits;
use super::settings::Settings;
use super::sharing::Sharer;
use crate::adapters::calendar::Zone;
use crate::engine::clock::wall_time;
use crate::model::draft::Channel;
use crate::model::ledger::{KeyId, Standing};
use crate::model::limits::Opener;
use crate::model::plan::Way;
use crate::model::problem::{Code, Problem};
use crate::model::recipient::Recipient;
use crate::model::row::{Header, Meaning, Row};
use crate::model::window::{Counted, Past};

/// The sending accounts of a campaign. The first is that of rows that name none.
#[derive(Debug)]
pub struct Accounts {
    ids: Vec<Option<String>>,
    index: HashMap<String, u16>,
    /// The classes of rows that the sheet has shown.
    classes: Vec<RowClass>,
    /// Who sends rows that name no account, where several share them.
    sharer: Sharer,
}

/// What a row's time depends on beside its account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowClass {
    /// The name of the recipient's time zone, where the row names one.
    pub zone: Option<String>,
    /// Whether the message may open a conversation.
    pub opener: Opener,
}

/// The account of rows that name none.
pub const DEFAULT_ACCOUNT: u16 = 0;

impl Accounts {
    /// Only the account of rows that name none, if one is known.
    #[must_use]
    pub fn new(default: Option<String>) -> Self {
        let index = default.iter().map(|id| (id.clone(), DEFAULT_ACCOUNT)).collect();
        Self {
            ids: vec![default],
            index,
            classes: vec![RowClass::default()],
            sharer: Sharer::default(),
        }
    }

    /// The accounts of a campaign, which share the rows that name none as the settings say.
    #[must_use]
    pub fn of(settings: &Settings, default: Option<String>, memory: &mut Memory) -> Self {
        let today = wall_time().utc_day();
        let limits = limits(settings);
        let past = memory.annals.by_the_clock_of(None);
        let sent_today = |id: &str| {
            let of_it = |past: &&Past| past.account.as_deref() == Some(id) && past.left.utc_day() == today && past.counted == Counted::Yes;
            u32::try_from(past.iter().filter(of_it).count()).unwrap_or(u32::MAX)
        };
        let given = memory.given.take().unwrap_or_default();
        let limit = |id: &str| limits.of(Some(id)).daily;
        Self {
            sharer: Sharer::new(&settings.sharing, given, limit, sent_today),
            // What is said for all rows that name none does not stand beside several that share them.
            ..Self::new(default.filter(|_| settings.sharing.among.is_empty()))
        }
    }

    /// Gives a row that is to be sent its account, where the sheet gives none or a person moved it. A row whose fate is
    /// unknown is never moved.
    pub fn place(&mut self, address: &Address, key: impl FnOnce() -> Option<KeyId>, standing: Standing) -> u16 {
        if self.sharer.is_idle() {
            return address.account;
        }
        let person = address.recipient.canonical();
        let mut account = address.account;
        if account == DEFAULT_ACCOUNT
            && let Some(id) = self.sharer.account_of(&person, key()).map(str::to_owned)
        {
            account = self.index_of(&id).unwrap_or(account);
        }
        if standing != Standing::Unconfirmed
            && let Some(to) = self.sharer.instead_of(self.id(account), &person).map(str::to_owned)
        {
            account = self.index_of(&to).unwrap_or(account);
        }
        account
    }

    /// The classes that rows have, by index.
    #[must_use]
    pub fn classes(&self) -> &[RowClass] {
        &self.classes
    }

    /// The index of a class, known or new.
    fn class_of(&mut self, class: RowClass) -> u16 {
        let known = self.classes.iter().position(|known| *known == class);
        let index = known.unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        });
        // There are a few hundred time zones.
        u16::try_from(index).unwrap_or(0)
    }

    /// The index of an account, known or new. `None` where there are more accounts than a campaign can have.
    fn index_of(&mut self, id: &str) -> Option<u16> {
        if let Some(index) = self.index.get(id) {
            return Some(*index);
        }
        let index = u16::try_from(self.ids.len()).ok()?;
        self.ids.push(Some(id.to_owned()));
        self.index.insert(id.to_owned(), index);
        Some(index)
    }

    /// The id at `index`; `None` where the service is to use the only account it has.
    #[must_use]
    pub fn id(&self, index: u16) -> Option<&str> {
        self.ids.get(usize::from(index)).and_then(Option::as_deref)
    }

    /// Gives the account at `index` this id. Returns the other index at which it is known already, if it is.
    pub fn set_id(&mut self, index: u16, id: String) -> Option<u16> {
        let known = self.index.get(&id).copied();
        self.index.entry(id.clone()).or_insert(index);
        if let Some(named) = self.ids.get_mut(usize::from(index)) {
            *named = Some(id);
        }
        known.filter(|known| *known != index)
    }

    /// All accounts, by index.
    #[must_use]
    pub fn ids(&self) -> &[Option<String>] {
        &self.ids
    }
}

/// What a row says beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What identifies the row across runs.
    pub key: String,
    /// Whom it goes to.
    pub recipient: Recipient,
    /// The sending account, as an index into [`Accounts`].
    pub account: u16,
    /// What its time depends on, as an index into [`Accounts::classes`].
    pub class: u16,
    /// Which inbox.
    pub channel: Option<Channel>,
    /// Files to attach.
    pub attachments: Vec<String>,
}

impl Address {
    /// From where the row leaves, and what its time depends on.
    #[must_use]
    pub const fn way(&self) -> Way {
        Way {
            account: self.account,
            class: self.class,
        }
    }
}

/// A row that cannot be addressed: what is known of it, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unaddressed {
    /// Its key, where a column of its own gives one.
    pub key: Option<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Reads the address of a row.
///
/// # Errors
/// The row names no recipient that a message could go to, has no key, or names what does not exist.
pub fn address(header: &Header, row: &Row, accounts: &mut Accounts) -> Result<Address, Unaddressed> {
    let mut problems = Vec::new();
    let recipient = recipient(header, row).map_err(|problem| problems.push(problem)).ok();
    let key = match header.key {
        None => recipient.as_ref().map(Recipient::canonical),
        Some(column) => match row.cell(column) {
            "" => {
                problems.push(blank(
                    header,
                    column,
                    Code::BlankKey,
                    "it identifies the row, so it must not be blank",
                ));
                None
            }
            key => Some(key.to_owned()),
        },
    };
    let channel = channel(header, row).map_err(|problem| problems.push(problem)).ok().flatten();
    let account = match header.column(Meaning::Account).map(|column| row.cell(column)) {
        None | Some("") => DEFAULT_ACCOUNT,
        Some(id) => accounts.index_of(id).unwrap_or_else(|| {
            problems.push(Problem::error(Code::TooManyAccounts, "the sheet names more than 65,535 accounts"));
            DEFAULT_ACCOUNT
        }),
    };
    let zone = zone(header, row).map_err(|problem| problems.push(problem)).ok().flatten();
    match (recipient, key) {
        (Some(recipient), Some(key)) if problems.is_empty() => Ok(Address {
            key,
            class: accounts.class_of(RowClass {
                zone,
                opener: if recipient.conversation().is_some() {
                    Opener::Known
                } else {
                    Opener::New
                },
            }),
            recipient,
            account,
            channel,
            attachments: attachments(header, row),
        }),
        (_, key) => Err(Unaddressed {
            key: key.filter(|_| header.key.is_some()),
            problems,
        }),
    }
}

/// The recipient of a row, from all columns that name one.
fn recipient(header: &Header, row: &Row) -> Result<Recipient, Problem> {
    let meanings = [Meaning::ProfileUrn, Meaning::Recipient, Meaning::Conversation];
    let columns = meanings.map(|meaning| header.column(meaning));
    let mut found: Option<Recipient> = None;
    for (meaning, column) in meanings.into_iter().zip(columns) {
        let Some(column) = column else { continue };
        let cell = row.cell(column);
        if cell.is_empty() {
            continue;
        }
        // The id of a thread has the shape of a profile id, and must not become somebody's.
        let one = match meaning {
            Meaning::Conversation => Recipient::parse_conversation(cell),
            _ => Recipient::in_cell(cell),
        };
        let one = one.map_err(|error| {
            let text = format!("column `{}`: {error}", header.name(column));
            Problem::error(Code::BadRecipient, text).in_column(header.name(column))
        })?;
        found = Some(match found {
            None => one,
            Some(before) => before.and(one),
        });
    }
    found.ok_or_else(|| match columns.into_iter().flatten().next() {
        Some(column) => blank(
            header,
            column,
            Code::NoRecipient,
            "paste a profile URL, a profile id, a profile URN or a conversation URN",
        ),
        None => Problem::error(Code::NoRecipient, "no column names the recipient"),
    })
}

fn channel(header: &Header, row: &Row) -> Result<Option<Channel>, Problem> {
    let Some(column) = header.column(Meaning::Channel) else {
        return Ok(None);
    };
    let cell = row.cell(column);
    if cell.is_empty() {
        return Ok(None);
    }
    Channel::named(cell).map(Some).ok_or_else(|| {
        let text = format!(
            "column `{}`: the channel must be auto, sales_navigator or linkedin_inbox",
            header.name(column)
        );
        Problem::error(Code::BadChannel, text).in_column(header.name(column))
    })
}

/// The recipient's time zone, where a column has it.
fn zone(header: &Header, row: &Row) -> Result<Option<String>, Problem> {
    let Some(column) = header.column(Meaning::Timezone) else {
        return Ok(None);
    };
    let cell = row.cell(column);
    if cell.is_empty() {
        return Ok(None);
    }
    Zone::named(cell).map(|zone| Some(zone.name().to_owned())).map_err(|error| {
        let text = format!("column `{}`: {error}", header.name(column));
        Problem::error(Code::BadTimezone, text).in_column(header.name(column))
    })
}

/// Files to attach: paths with `;` between them.
fn attachments(header: &Header, row: &Row) -> Vec<String> {
    let cell = header.column(Meaning::Attachments).map_or("", |column| row.cell(column));
    cell.split(';')
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect()
}

fn blank(header: &Header, column: usize, code: Code, advice: &str) -> Problem {
    let name = header.name(column);
    Problem::error(code, format!("column `{name}` is blank; {advice}")).in_column(name)
}
