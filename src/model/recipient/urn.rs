//! URNs of profiles and conversations, and the bare ids inside them.

use super::address::shown;
use super::{Recipient, RecipientError};

/// URN types that name a profile by its `ACoAA…` id; the API takes the first.
const PROFILES: [&str; 6] = [
    "fsd_profile",
    "fs_miniProfile",
    "fs_profile",
    "fs_normalized_profile",
    "person",
    "fs_salesProfile",
];

/// URN types that name a conversation.
const CONVERSATIONS: [&str; 5] = [
    "msg_conversation",
    "fs_conversation",
    "fsd_conversation",
    "salesNav_thread",
    "messagingThread",
];

/// What a token is that may be the id inside a URN.
pub(super) enum ProfileToken {
    /// An id of the member network, which makes a profile URN.
    Member,
    /// An id of Sales Navigator or Recruiter, which no message of the API can be addressed to.
    Foreign,
    /// A member id that lost its case, and with it its meaning.
    CaseLost,
    /// None of them.
    Other,
}

/// Tells ids from vanity slugs: an id starts with `ACo` and keeps its case, a slug has none to keep.
pub(super) fn token(text: &str) -> ProfileToken {
    let long = text.len() >= 30;
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if text.starts_with("ACoAA") {
        ProfileToken::Member
    } else if long && (text.starts_with("ACwAA") || text.starts_with("AEMAA")) {
        ProfileToken::Foreign
    } else if long && starts("acoaa") && is_id(text) {
        ProfileToken::CaseLost
    } else {
        ProfileToken::Other
    }
}

/// The profile with the id `ACoAA…`.
pub(super) fn member(id: &str) -> Result<Recipient, RecipientError> {
    if id.starts_with("ACo") && is_id(id) {
        return Ok(Recipient::from_profile_urn(format!("urn:li:fsd_profile:{id}")));
    }
    Err(RecipientError(format!(
        "'{}' is no id of a profile: expected 'ACoAA' and then letters, digits, '-' and '_' alone",
        shown(id)
    )))
}

/// The recipient that `text`, which begins with `urn:`, names.
pub(super) fn parse(text: &str) -> Result<Recipient, RecipientError> {
    let mut parts = text.splitn(4, ':');
    let (_, space, kind, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(space), Some(kind), Some(rest)) = (space, kind, rest) else {
        return Err(refused(text, "is cut short"));
    };
    if !space.eq_ignore_ascii_case("li") {
        return Err(refused(text, "is no URN of LinkedIn"));
    }
    let one_of = |kinds: &[&'static str]| kinds.iter().copied().find(|known| known.eq_ignore_ascii_case(kind));
    if one_of(&PROFILES).is_some() {
        return profile(text, rest);
    }
    if kind.eq_ignore_ascii_case("member") {
        if rest.is_empty() || rest.bytes().any(|byte| !byte.is_ascii_digit()) {
            return Err(refused(text, "should have a number after 'urn:li:member:'"));
        }
        return Ok(Recipient::from_profile_urn(format!("urn:li:member:{rest}")));
    }
    match one_of(&CONVERSATIONS) {
        Some(known) if is_conversation(rest) => Ok(Recipient::from_conversation(format!("urn:li:{known}:{rest}"))),
        Some(_) => Err(refused(text, "is a conversation URN that is cut short or damaged")),
        None => Err(refused(text, "is a URN of something that is no profile and no conversation")),
    }
}

/// The profile of `rest`, which is an id, or `(id,…)` in the URNs of Sales Navigator.
fn profile(text: &str, rest: &str) -> Result<Recipient, RecipientError> {
    let id = match rest.strip_prefix('(') {
        Some(inside) => match inside.strip_suffix(')') {
            Some(inside) => inside.split(',').next().unwrap_or_default().trim(),
            None => return Err(refused(text, "is cut short")),
        },
        None => rest,
    };
    if id.starts_with("ACo") && is_id(id) {
        return member(id);
    }
    if matches!(token(id), ProfileToken::Foreign) {
        return Err(refused(
            text,
            "is of Sales Navigator or Recruiter, whose ids the API cannot address",
        ));
    }
    Err(refused(text, "has an id that does not start with 'ACo'"))
}

/// Letters, digits, `-` and `_`, at least one.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Visible ASCII without quotes, with every bracket closed: a pasted URN that lost its end is no URN.
fn is_conversation(rest: &str) -> bool {
    let mut open = 0_usize;
    for byte in rest.bytes() {
        match byte {
            b'(' => open += 1,
            b')' if open == 0 => return false,
            b')' => open -= 1,
            b'"' | b'\'' | b'<' | b'>' | b'\\' => return false,
            _ if !byte.is_ascii_graphic() => return false,
            _ => {}
        }
    }
    open == 0 && rest.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

fn refused(text: &str, why: &str) -> RecipientError {
    RecipientError(format!(
        "'{}' {why}: expected 'urn:li:fsd_profile:ACoAA…' or 'urn:li:msg_conversation:(…)'; paste the URL of the profile instead, \
         such as 'https://www.linkedin.com/in/jane-doe'",
        shown(text)
    ))
}
