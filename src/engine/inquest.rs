//! One question about somebody: asked, and read as a finding.

use crate::adapters::api::{Client, Denial, Lookup, MessagePage, MessagesAsked, SeenMessage};
use crate::adapters::digest::sha256_hex;
use crate::model::finding::{Contact, Finding, Nobody, Relation, Said, Seen, Topic};
use crate::model::gate::{Gate, Gates, Question};
use crate::model::judgement::{TextDigests, folded};
use crate::model::recipient::Recipient;
use crate::model::time::Moment;

/// So many rows in a row of which the service does not want to know: it is the question that it does not know.
pub const UNCLEAR_IN_A_ROW: u32 = 3;

const MESSAGES_ON_A_PAGE: u32 = 50;
/// More pages of one conversation are not read.
const PAGES: u32 = 20;

/// What an answer is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// Without it the row is not sent.
    ToJudge,
    /// Without it the row is sent by the name that the sheet has.
    ToResolve,
}

/// A conversation that was read in part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partial {
    said: Said,
    pages: u32,
    cursor: Option<String>,
}

/// What an answer brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learned {
    /// A fact.
    Finding(Finding),
    /// A page of a conversation; there are more.
    More(Partial),
}

/// A question about somebody.
#[derive(Debug, Clone)]
pub struct Inquest {
    /// What is asked.
    pub question: Question,
    /// What for.
    pub needed: Needed,
    /// The account that asks.
    pub account: Option<String>,
    /// What identifies the row.
    pub key: String,
    /// Whom it is about.
    pub recipient: Recipient,
    /// What the campaign may have written to them.
    pub own: Vec<TextDigests>,
    /// What was read of the conversation before.
    pub partial: Option<Partial>,
}

impl Inquest {
    /// Asks. `gates` say how much of a conversation is enough, and `now` what time it is once there is an answer.
    pub async fn ask(&self, client: &Client, gates: &Gates, now: impl Fn() -> Moment) -> Lookup<Learned> {
        let account = self.account.as_deref();
        let finding = |seen| {
            Learned::Finding(Finding {
                at: now(),
                account: self.account.clone(),
                key: self.key.clone(),
                to: self.recipient.identities().map(String::from).collect(),
                seen,
            })
        };
        match &self.question {
            Question::Relationship(id) => {
                let told = client.relationship(account, id).await.map(|told| {
                    Seen::Relationship(Relation {
                        connected: told.connected,
                        status: told.status,
                        urn: told.profile_urn.as_deref().and_then(profile_urn),
                    })
                });
                or_nobody(told, Topic::Relationship).map(finding)
            }
            Question::Conversation(id) => {
                let told = client.exists(id, account).await.map(|told| {
                    Seen::Conversation(Contact {
                        exists: told.has_conversation,
                        urn: told.recipient_urn().and_then(profile_urn),
                        conversation: told.conversation_urn.filter(|_| told.has_conversation),
                    })
                });
                or_nobody(told, Topic::Conversation).map(finding)
            }
            Question::Messages(conversation) => {
                let before = self.partial.clone().filter(|partial| partial.said.conversation == *conversation);
                let mut partial = before.unwrap_or_default();
                conversation.clone_into(&mut partial.said.conversation);
                let asked = MessagesAsked {
                    account,
                    count: MESSAGES_ON_A_PAGE,
                    since: None,
                    cursor: partial.cursor.as_deref(),
                };
                match client.messages(conversation, &asked).await {
                    Lookup::Answered(page) => match self.read(&mut partial, page, gates) {
                        Ok(Enough::Yes) => Lookup::Answered(finding(Seen::Messages(partial.said))),
                        Ok(Enough::No) => Lookup::Answered(Learned::More(partial)),
                        Err(why) => Lookup::NotOffered(why),
                    },
                    told => told.map(|_| Learned::More(partial)),
                }
            }
        }
    }

    /// Adds a page to what was read.
    ///
    /// # Errors
    /// The service does not say who wrote a message, and that is what is asked.
    fn read(&self, partial: &mut Partial, page: MessagePage, gates: &Gates) -> Result<Enough, String> {
        let said = &mut partial.said;
        for message in &page.messages {
            said.read += 1;
            match self.author(message) {
                Some(Author::Owner) => said.own += u32::from(self.is_own(message)),
                Some(Author::Other) => {
                    said.theirs += 1;
                    said.last_theirs = said.last_theirs.max(message.sent_at);
                }
                None if gates.has(Gate::Replied) => {
                    return Err("the answer does not say who wrote a message (isSentByOwner)".to_owned());
                }
                None => {}
            }
        }
        partial.pages += 1;
        partial.cursor = page.cursor.filter(|_| page.has_more != Some(false));
        let no_more = partial.cursor.is_none();
        said.whole = no_more && page.has_more != Some(true);
        let clear = said.theirs > 0 || gates.has(Gate::InConversation) && self.recipient.conversation().is_none() && said.read > said.own;
        Ok(if clear || no_more || partial.pages >= PAGES {
            Enough::Yes
        } else {
            Enough::No
        })
    }

    fn author(&self, message: &SeenMessage) -> Option<Author> {
        let is_recipient = |id: &String| {
            let urn = self.recipient.profile_urn().unwrap_or_default();
            id.starts_with("ACo") && urn.ends_with(id.as_str())
        };
        match message.is_sent_by_owner {
            Some(true) => Some(Author::Owner),
            Some(false) => Some(Author::Other),
            None => message
                .sender_profile_id
                .as_ref()
                .filter(|id| is_recipient(id))
                .map(|_| Author::Other),
        }
    }

    fn is_own(&self, message: &SeenMessage) -> bool {
        let text = message.text.as_deref().unwrap_or_default();
        let text = TextDigests {
            exact: sha256_hex(text),
            folded: Some(sha256_hex(&folded(text))),
        };
        self.own.iter().any(|own| own.agree(&text))
    }
}

/// Who wrote a message.
enum Author {
    /// The owner of the account.
    Owner,
    /// Somebody else.
    Other,
}

/// Whether a conversation was read far enough.
enum Enough {
    Yes,
    No,
}

/// A 404 that speaks of the profile answers the question: there is nobody of this name.
fn or_nobody(told: Lookup<Seen>, asked: Topic) -> Lookup<Seen> {
    match told {
        Lookup::NotOffered(said) if Denial::of(&said) == Denial::Profile => Lookup::Answered(Seen::Nobody(Nobody { asked, said })),
        told => told,
    }
}

/// A profile URN in the form that sends take, where the text is one.
fn profile_urn(text: &str) -> Option<String> {
    let recipient = Recipient::parse(text).ok().filter(|_| text.starts_with("urn:"))?;
    recipient.profile_urn().map(str::to_owned)
}
