//! Profile URLs and profile ids as people paste them.

use super::urn::{self, ProfileToken};
use super::{Recipient, RecipientError};
use crate::model::row::trim;

/// What every refusal ends with.
const PASTE: &str = "expected a profile URL such as 'https://www.linkedin.com/in/jane-doe', or the profile id 'jane-doe'";

/// The longest profile id that is taken for one, in characters: `LinkedIn` allows 100.
const LONGEST: usize = 100;

/// What programs and people write where they know nobody, and what a comparison gives. As the last part of a profile's address each
/// may be meant.
const NOBODY: [&str; 13] = [
    "null",
    "none",
    "nil",
    "nan",
    "na",
    "undefined",
    "unknown",
    "tbd",
    "tba",
    "tbc",
    "todo",
    "true",
    "false",
];

/// Reads a cell of a sheet. See [`Recipient::in_cell`].
pub(super) fn in_cell(text: &str) -> Result<Recipient, RecipientError> {
    if NOBODY.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Err(no(
            text,
            "stands for nothing that is known, though somebody may have it as their profile id",
        ));
    }
    parse(text)
}

/// Reads any form of a recipient. See [`Recipient::parse`].
pub(super) fn parse(text: &str) -> Result<Recipient, RecipientError> {
    let text = unwrapped(text);
    if text.is_empty() {
        return Err(RecipientError(format!("the recipient is blank: {PASTE}")));
    }
    if starts(text, "urn:") {
        return urn::parse(text);
    }
    if starts(text, "urn%3a") {
        return urn::parse(&decoded(text)?);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(no(text, "has spaces in it: a name finds nobody for certain"));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => url(text, rest),
            _ => Err(no(text, "is an address of another kind")),
        };
    }
    if let Some(slug) = text.strip_prefix('@') {
        return profile_id(text, slug);
    }
    if let Some(rest) = text.strip_prefix("//") {
        return url(text, rest);
    }
    relative(text)
}

/// Text without a scheme: a host with a path, a path alone, or a bare profile id.
fn relative(text: &str) -> Result<Recipient, RecipientError> {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    if is_linkedin(host) || host.eq_ignore_ascii_case("lnkd.in") {
        return url(text, text);
    }
    if host.contains('@') {
        return Err(no(text, "is an e-mail address"));
    }
    if host.contains('.') {
        return Err(no(text, "is an address of another site, or no profile id"));
    }
    if host.len() < text.len() {
        return path(text, text);
    }
    profile_id(text, text)
}

/// `rest` is what follows the scheme.
fn url(text: &str, rest: &str) -> Result<Recipient, RecipientError> {
    let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if host.eq_ignore_ascii_case("lnkd.in") {
        return Err(no(text, "is a short link: open it and paste the address it leads to"));
    }
    if !is_linkedin(host) {
        return Err(no(text, "is an address of another site"));
    }
    path(text, rest)
}

/// Whether `host`, with or without a port, is `LinkedIn`'s, in any country and on any device.
fn is_linkedin(host: &str) -> bool {
    let host = match host.split_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => return false,
        None => host,
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    ["linkedin.com", "linkedin.cn"].iter().any(|site| {
        host.strip_suffix(site)
            .is_some_and(|before| before.is_empty() || is_subdomain(before))
    })
}

fn is_subdomain(before: &str) -> bool {
    before.ends_with('.')
        && before
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// The profile that a path of `LinkedIn`'s site shows. What follows the profile id (language, overlays, details) is not looked at.
fn path(text: &str, path: &str) -> Result<Recipient, RecipientError> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut first = segments.next().unwrap_or_default().to_ascii_lowercase();
    // The forms of the mobile site and of links in e-mails have one or two words before the usual path.
    if matches!(first.as_str(), "mwlite" | "comm") {
        first = segments.next().unwrap_or_default().to_ascii_lowercase();
        if first == "profile" {
            first = segments.next().unwrap_or_default().to_ascii_lowercase();
        }
    }
    match first.as_str() {
        "in" => match segments.next() {
            Some(slug) if slug.eq_ignore_ascii_case("me") => Err(no(
                text,
                "is the address under which everybody sees their own profile: open it and paste the address it leads to",
            )),
            Some(slug) => profile_id(text, slug),
            None => Err(no(text, "has no profile id after '/in/'")),
        },
        "pub" => old_public(text, &segments.collect::<Vec<_>>()),
        word => Err(no(text, elsewhere(word))),
    }
}

/// What a page of `LinkedIn` is that shows no profile by its id.
fn elsewhere(first: &str) -> &'static str {
    match first {
        "sales" => {
            "is a Sales Navigator link, whose id the API cannot address: open the lead, choose 'View LinkedIn profile' (or 'Copy LinkedIn.com URL') and paste that"
        }
        "talent" | "recruiter" | "hiring" | "cap" => {
            "is a Recruiter link, whose id the API cannot address: open the person's public profile and paste its address"
        }
        "company" | "school" | "showcase" | "groups" | "edu" => "is the page of a company, school or group, not of a person",
        "search" => "is a page of search results: open the person's profile and paste its address",
        "messaging" => {
            "is a link to a message thread, which does not hold the whole conversation URN: paste 'urn:li:msg_conversation:(…)' or the person's profile URL"
        }
        "posts" | "feed" | "pulse" | "jobs" | "events" | "learning" => "is a post, an article or a job, not a person",
        "profile" => "is an old form of link that only LinkedIn can follow: open it and paste the address it leads to",
        _ => "is no profile",
    }
}

/// `/pub/jane-doe/1a/2b3/4c5`, a public profile before 2015; today `/in/jane-doe-4c52b31a`.
fn old_public(text: &str, segments: &[&str]) -> Result<Recipient, RecipientError> {
    if let [name, one, two, three, ..] = segments {
        // Shorter parts were padded in ways that nobody wrote down: such a link is not converted by guess.
        let whole = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole(one, 2) && whole(two, 3) && whole(three, 3) {
            return profile_id(text, &format!("{name}-{three}{two}{one}"));
        }
    }
    Err(no(
        text,
        "is an old '/pub/' link that cannot be turned into a profile id for certain: open it and paste the address it leads to",
    ))
}

/// The recipient with the profile id `slug`, which may be percent-encoded, or an `ACoAA…` id in its place.
fn profile_id(text: &str, slug: &str) -> Result<Recipient, RecipientError> {
    let slug = decoded(slug)?;
    match urn::token(&slug) {
        ProfileToken::Member => return urn::member(&slug),
        ProfileToken::Foreign => return Err(no(text, "is an id of Sales Navigator or Recruiter, which the API cannot address")),
        ProfileToken::CaseLost => return Err(no(text, "is an 'ACoAA…' id that lost its capitals: copy it again as it was")),
        ProfileToken::Other => {}
    }
    if let Some(c) = slug.chars().find(|&c| !may_be_in_slug(c)) {
        return Err(no(text, &format!("has '{}' in it, which no profile id has", shown(&c.to_string()))));
    }
    match slug.chars().count() {
        0 => Err(no(text, "has no profile id")),
        1..=LONGEST if slug.chars().any(|c| !matches!(c, '-' | '_')) => Ok(Recipient::from_profile_id(slug)),
        1..=LONGEST => Err(no(text, "has no letter and no digit in it")),
        _ => Err(no(text, "is too long for a profile id, which has 100 characters at most")),
    }
}

/// Letters, digits and marks of any script, `-` and `_`. `LinkedIn` has given out ids with signs beyond the letters, so
/// outside ASCII only what cannot be seen, and what is a quote, is turned away.
fn may_be_in_slug(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    }
    let joiner = matches!(c, '\u{200C}' | '\u{200D}');
    let unseen =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}');
    let quote = matches!(c, '«' | '»' | '\u{2018}'..='\u{201F}' | '‹' | '›');
    joiner || !(c.is_control() || c.is_whitespace() || unseen || quote)
}

/// Takes `%C3%A9` for `é`.
fn decoded(text: &str) -> Result<String, RecipientError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            rest.next()
                .and_then(|byte| char::from(byte).to_digit(16))
                .and_then(|d| u8::try_from(d).ok())
        };
        match (digit(), digit()) {
            (Some(high), Some(low)) => bytes.push(high * 16 + low),
            _ => return Err(no(text, "has a '%' that no two hexadecimal digits follow")),
        }
    }
    String::from_utf8(bytes).map_err(|_| no(text, "has percent signs that do not stand for UTF-8 text"))
}

/// `text` without white space and without the brackets and quotes that come along when it is copied.
fn unwrapped(text: &str) -> &str {
    const PAIRS: [(char, char); 6] = [('<', '>'), ('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('`', '`')];
    let mut text = trim(text);
    while let Some(inside) = PAIRS
        .iter()
        .find_map(|&(open, close)| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)))
    {
        text = trim(inside);
    }
    text
}

fn starts(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn no(text: &str, why: &str) -> RecipientError {
    RecipientError(format!("'{}' {why}; {PASTE}", shown(text)))
}

/// `text` as a terminal may show it: cut, and without anything that is not seen.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown = String::new();
    for c in text.chars().take(MOST) {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
