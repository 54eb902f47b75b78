//! Which message of a conversation is that of an attempt whose answer never came: pure.
//!
//! Nothing in the API names a send, so a message is recognised by four things together: the account's owner sent it, it
//! is no older than the attempt, it has the same text after folding white space, and no other attempt has claimed it. A
//! text alone proves nothing: an older identical message would count.

use serde::{Deserialize, Serialize};

use super::entry::Position;
use super::time::Moment;

/// What became known about an attempt that was in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// When.
    pub at: Moment,
    /// Where the attempt's intent stands; or, where results without a journal were taken over, their import.
    pub of: Position,
    /// Where the newest entry about the row stood until now.
    pub was: Position,
    /// What the attempt is from here on.
    pub ruling: Ruling,
    /// What that rests on.
    pub evidence: Evidence,
}

/// What an attempt is from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Delivered.
    Sent,
    /// Not delivered.
    Failed,
    /// In doubt as before; the evidence says what was looked at.
    Open,
}

/// What a judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The message was found.
    Found(Found),
    /// It was not found there. The text says what was looked at.
    Absent(String),
    /// A person decided. The text is the note.
    Person(String),
}

/// The message as it was read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The conversation it is in.
    pub conversation: String,
    /// Its URN, where the service told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_urn: Option<String>,
    /// When it was sent, by the service's clock.
    pub sent_at: Moment,
    /// The recipient's URN, where the service told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_urn: Option<String>,
    /// The thread of Sales Navigator, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// A text with every run of white space made one space and none at its ends: services change line ends and trim.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// The part that all names of one message share: `2-X` of `urn:li:msg_message:(…,2-X)` and of `urn:li:messagingMessage:2-X`.
#[must_use]
pub fn message_tail(urn: &str) -> &str {
    let bare = urn.trim().trim_end_matches(')');
    bare.rsplit([',', ':', '(']).next().unwrap_or(bare).trim_end_matches('=')
}

/// The digests of a text: as it is, and with its white space folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDigests {
    /// SHA-256 of the text as it is.
    pub exact: String,
    /// SHA-256 of the folded text; `None` where it was not recorded.
    pub folded: Option<String>,
}

impl TextDigests {
    /// Whether both are of the same text, as far as is known.
    #[must_use]
    pub fn agree(&self, other: &Self) -> bool {
        self.exact == other.exact || self.folded.is_some() && self.folded == other.folded
    }
}

/// An attempt that is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubtful {
    /// The earliest moment at which its message can have been sent, by the service's clock.
    pub earliest: Moment,
    /// Its text.
    pub text: TextDigests,
}

/// Who sent a message that was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The owner of the account.
    Owner,
    /// Somebody else, or nobody knows.
    Other,
}

/// A message that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its URN, in either form.
    pub urn: Option<String>,
    /// When it was sent, by the service's clock.
    pub sent_at: Option<Moment>,
    /// Who sent it.
    pub sender: Sender,
    /// Its text.
    pub text: TextDigests,
}

impl Sighting {
    /// The name under which an attempt claims the message: the tail of its URN, else its time.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        claim_name(self.urn.as_deref(), self.sent_at)
    }
}

/// The name under which an attempt claims a message with this URN, or sent at this time.
#[must_use]
pub fn claim_name(urn: Option<&str>, sent_at: Option<Moment>) -> Option<String> {
    let tail = urn.map(message_tail).filter(|tail| !tail.is_empty()).map(str::to_owned);
    tail.or_else(|| sent_at.map(|at| format!("@{}", at.as_millis())))
}

/// For each attempt, which of the messages of its conversation is its own, as an index into `seen`.
///
/// `is_claimed` tells of messages that belong to another attempt already. No message is given out twice. The latest
/// attempt chooses first, since what is late enough for it is late enough for the earlier ones too.
#[must_use]
pub fn recognise(attempts: &[Doubtful], seen: &[Sighting], is_claimed: impl Fn(&Sighting) -> bool) -> Vec<Option<usize>> {
    let mut free: Vec<(Moment, usize)> = seen
        .iter()
        .enumerate()
        .filter(|(_, sighting)| sighting.sender == Sender::Owner && !is_claimed(sighting))
        .filter_map(|(index, sighting)| sighting.sent_at.map(|at| (at, index)))
        .collect();
    free.sort_unstable();
    let mut order: Vec<usize> = (0..attempts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(attempts.get(*index).map(|attempt| attempt.earliest)));
    let mut own = vec![None; attempts.len()];
    for index in order {
        let Some(attempt) = attempts.get(index) else { continue };
        let is_own = |(at, place): &(Moment, usize)| {
            *at >= attempt.earliest && seen.get(*place).is_some_and(|sighting| sighting.text.agree(&attempt.text))
        };
        if let Some(found) = free.iter().position(is_own) {
            let (_, place) = free.remove(found);
            // The same message may be read back from two lists.
            let name = seen.get(place).and_then(Sighting::name);
            free.retain(|(_, other)| seen.get(*other).and_then(Sighting::name) != name);
            own[index] = Some(place);
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(name: u8) -> TextDigests {
        TextDigests {
            exact: format!("exact {name}"),
            folded: Some(format!("folded {name}")),
        }
    }

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    fn sighting(urn: &str, millis: i64, sender: Sender, name: u8) -> Sighting {
        Sighting {
            urn: Some(urn.to_owned()),
            sent_at: Some(at(millis)),
            sender,
            text: text(name),
        }
    }

    #[test]
    fn both_forms_of_a_urn_have_one_tail() {
        let one = "urn:li:msg_message:(urn:li:fsd_profile:ACoAAowner,2-MTc2example==)";
        assert_eq!(message_tail(one), "2-MTc2example");
        assert_eq!(message_tail(one), message_tail("urn:li:messagingMessage:2-MTc2example=="));
        assert_ne!(message_tail(one), message_tail("urn:li:messagingMessage:2-MTc2examplf"));
        assert_eq!(message_tail("2-x"), "2-x");
    }

    #[test]
    fn white_space_alone_makes_no_other_text() {
        assert_eq!(folded(" Hi\u{a0}Jane,\r\n\r\nbye \t"), "Hi Jane, bye");
        assert_eq!(folded("  \n"), "");
        assert_ne!(folded("Hi Jane"), folded("HiJane"));
    }

    #[test]
    fn an_older_identical_message_and_an_echo_prove_nothing() {
        let attempt = [Doubtful {
            earliest: at(1000),
            text: text(1),
        }];
        let seen = [
            sighting("2-a", 999, Sender::Owner, 1),
            sighting("2-b", 1001, Sender::Other, 1),
            sighting("2-c", 1002, Sender::Owner, 2),
        ];
        assert_eq!(recognise(&attempt, &seen, |_| false), [None]);
        let mut more = seen.to_vec();
        more.push(sighting("2-d", 1000, Sender::Owner, 1));
        assert_eq!(recognise(&attempt, &more, |_| false), [Some(3)]);
        assert_eq!(recognise(&attempt, &more, |one| one.name().as_deref() == Some("2-d")), [None]);
    }

    #[test]
    fn one_message_read_back_in_both_forms_settles_one_attempt() {
        let attempt = Doubtful {
            earliest: at(0),
            text: text(1),
        };
        let seen = [
            sighting("urn:li:msg_message:(urn:li:fsd_profile:A,2-x==)", 5, Sender::Owner, 1),
            sighting("urn:li:messagingMessage:2-x==", 5, Sender::Owner, 1),
        ];
        let own = recognise(&[attempt.clone(), attempt], &seen, |_| false);
        assert_eq!(own.iter().flatten().count(), 1);
    }

    #[derive(Debug, Clone)]
    struct Story {
        at: i64,
        text: u8,
        /// How long after the attempt its message was sent, if it was.
        arrives: Option<i64>,
    }

    fn stories() -> impl Strategy<Value = Vec<Story>> {
        let story = (0i64..50, 0u8..2, prop::option::of(0i64..20)).prop_map(|(at, text, arrives)| Story { at, text, arrives });
        prop::collection::vec(story, 0..8)
    }

    proptest! {
        /// Whatever else is in the conversation: what is recognised is ours, late enough, of the same text, unclaimed and
        /// given out once; and of each text as many attempts are settled as have arrived.
        #[test]
        fn nothing_is_called_sent_that_was_not_and_all_that_arrived_is_found(
            stories in stories(),
            noise in prop::collection::vec((0i64..70, any::<bool>(), 0u8..3), 0..8),
        ) {
            let attempts: Vec<Doubtful> = stories.iter().map(|story| Doubtful { earliest: at(story.at), text: text(story.text) }).collect();
            let mut seen = Vec::new();
            for (number, story) in stories.iter().enumerate() {
                if let Some(after) = story.arrives {
                    seen.push(sighting(&format!("urn:li:messagingMessage:2-own{number}"), story.at + after, Sender::Owner, story.text));
                }
            }
            for (number, (when, owner, name)) in noise.iter().enumerate() {
                // What the owner said otherwise is claimed by other attempts or is another text.
                let (sender, urn) = if *owner { (Sender::Owner, format!("2-claimed{number}")) } else { (Sender::Other, format!("2-echo{number}")) };
                seen.push(sighting(&urn, *when, sender, *name));
            }
            let claimed = |one: &Sighting| one.name().is_some_and(|name| name.starts_with("2-claimed"));
            let own = recognise(&attempts, &seen, claimed);
            let mut given: Vec<usize> = own.iter().flatten().copied().collect();
            given.sort_unstable();
            given.dedup();
            prop_assert_eq!(given.len(), own.iter().flatten().count());
            for (attempt, place) in attempts.iter().zip(&own) {
                if let Some(place) = place {
                    let one = &seen[*place];
                    prop_assert!(one.sender == Sender::Owner && !claimed(one) && one.text.agree(&attempt.text));
                    prop_assert!(one.sent_at >= Some(attempt.earliest));
                }
            }
            for name in 0..2u8 {
                let arrived = stories.iter().filter(|story| story.text == name && story.arrives.is_some()).count();
                let settled = own.iter().zip(&stories).filter(|(place, story)| place.is_some() && story.text == name).count();
                prop_assert_eq!(settled, arrived);
            }
        }
    }
}
