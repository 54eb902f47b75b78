//! The API key, which nothing ever shows.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use reqwest::header::HeaderValue;

/// What stands where the key was.
const SHOWN: &str = "[key]";

/// An API key: not blank, one word, and fit for a header. `Debug` and `Display` show `[key]`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    plain: String,
    /// Other spellings under which a text may hold the key, none equal to it.
    spellings: Vec<String>,
}

/// The text is no API key. Never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Nothing but white space.
    #[error("the api key is empty; set CONNECTSAFELY_API_KEY, or name a file with --api-key-file")]
    Empty,
    /// White space or control characters inside.
    #[error("the api key holds white space or control characters inside; copy it again from the dashboard, alone on its line")]
    Broken,
    /// Characters that no HTTP header may hold.
    #[error("the api key holds characters that are not plain ASCII; copy it again from the dashboard")]
    Foreign,
}

impl ApiKey {
    /// Makes a key of a text, without the white space around it.
    ///
    /// # Errors
    /// A text that is blank, has white space or control characters inside, or is not plain ASCII.
    pub fn new(text: &str) -> Result<Self, ApiKeyError> {
        let plain = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
        if plain.is_empty() {
            return Err(ApiKeyError::Empty);
        }
        if plain.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ApiKeyError::Broken);
        }
        if !plain.is_ascii() {
            return Err(ApiKeyError::Foreign);
        }
        Ok(Self {
            plain: plain.to_owned(),
            spellings: spellings(plain),
        })
    }

    /// The text with every occurrence of the key, plain, percent-encoded or escaped as in JSON, replaced by `[key]`.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for spelling in std::iter::once(&self.plain).chain(&self.spellings) {
            if text.contains(spelling) {
                text = Cow::Owned(text.replace(spelling, SHOWN));
            }
        }
        text
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(super) fn bearer(&self) -> Result<HeaderValue, ApiKeyError> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.plain)).map_err(|_| ApiKeyError::Foreign)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The key as URLs and JSON strings write it, where that differs.
fn spellings(plain: &str) -> Vec<String> {
    let percent = |upper: bool| {
        plain.bytes().fold(String::new(), |mut coded, byte| {
            // Writing to a string cannot fail.
            let _ = match (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), upper) {
                (true, _) => write!(coded, "{}", char::from(byte)),
                (false, true) => write!(coded, "%{byte:02X}"),
                (false, false) => write!(coded, "%{byte:02x}"),
            };
            coded
        })
    };
    let json = plain.replace('\\', "\\\\").replace('"', "\\\"");
    let mut all = vec![percent(true), percent(false), json.replace('/', "\\/"), json];
    all.retain(|spelling| spelling != plain);
    all.sort_unstable();
    all.dedup();
    all
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_word_that_fits_a_header() {
        assert_eq!(ApiKey::new("  abc-123\n").map(|key| key.plain), Ok("abc-123".to_owned()));
        assert_eq!(ApiKey::new(" \t\u{FEFF}").err(), Some(ApiKeyError::Empty));
        for text in ["a b", "a\nb", "a\u{7}b", "a\u{a0}b", "a\u{85}b"] {
            assert_eq!(ApiKey::new(text).err(), Some(ApiKeyError::Broken), "{text:?}");
        }
        for text in ["kéy", "\u{200b}key", "“key”"] {
            assert_eq!(ApiKey::new(text).err(), Some(ApiKeyError::Foreign), "{text:?}");
        }
    }

    #[test]
    fn nothing_shows_the_key() {
        let key = ApiKey::new("0f8fad5b-d9cb").unwrap();
        assert_eq!(format!("{key} {key:?} {:?}", key.bearer().unwrap()), "[key] [key] Sensitive");
        assert_eq!(key.redact("Bearer 0f8fad5b-d9cb, 0f8fad5b-d9cb!"), "Bearer [key], [key]!");
        assert!(matches!(key.redact("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_key_is_found_in_its_other_spellings() {
        let key = ApiKey::new("a/b+c=\"d").unwrap();
        for text in ["a/b+c=\"d", "a%2Fb%2Bc%3D%22d", "a%2fb%2bc%3d%22d", "a/b+c=\\\"d", "a\\/b+c=\\\"d"] {
            assert_eq!(key.redact(text), "[key]", "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_keeps_the_key(key in "[!-~]{6,40}", before in ".{0,20}", after in ".{0,20}") {
            let made = ApiKey::new(&key).unwrap();
            let text = format!("{before}{key}{after}");
            // What is left can hold the key only where the mark itself completes one.
            proptest::prop_assert!(!made.redact(&text).replace(SHOWN, "\n").contains(&key));
        }
    }
}
