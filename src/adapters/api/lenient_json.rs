//! JSON as look-ups meet it: fields come and go, and one bad element must not hide the good ones.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::signals::{absolute, whole_number};
use crate::model::time::Moment;

/// The JSON value that a body is. Halves of characters, which services leave where they cut a text, become `\u{fffd}`.
pub(super) fn value_of(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body)
        .or_else(|_| serde_json::from_str(&mended(&String::from_utf8_lossy(body))))
        .ok()
}

/// JSON text with every escape of half a surrogate pair made one of the replacement character.
fn mended(json: &str) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        mended.push_str(before);
        let length = match (
            surrogate(escape),
            escape.get(5..).and_then(|next| next.strip_prefix('\\')).and_then(surrogate),
        ) {
            (Some(Half::High), Some(Half::Low)) => 11,
            (Some(_), _) => {
                mended.push_str("\\ufffd");
                rest = escape.get(5..).unwrap_or_default();
                continue;
            }
            (None, _) => escape.chars().next().map_or(0, char::len_utf8),
        };
        mended.push('\\');
        let (kept, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        mended.push_str(kept);
        rest = after;
    }
    mended.push_str(rest);
    mended
}

/// One half of a character outside the basic plane.
enum Half {
    High,
    Low,
}

/// The half that an escape without its backslash, `ud83d…`, stands for.
fn surrogate(escape: &str) -> Option<Half> {
    let number = u32::from_str_radix(escape.strip_prefix('u')?.get(..4)?, 16).ok()?;
    match number {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

/// A field that counts only if it has the documented type: `null` and every other form are as if it were missing.
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// A count, also written as text or with a fraction of nothing: `12`, `"12"`, `12.0`.
pub(super) fn lenient_count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(said(&Value::deserialize(deserializer)?).and_then(|text| whole_number(&text)))
}

/// A moment in any form that the headers of answers have: ISO 8601, an HTTP date, seconds or milliseconds of Unix time.
pub(super) fn lenient_instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    Ok(said(&Value::deserialize(deserializer)?).and_then(|text| absolute(&text)))
}

/// The text of a string or a number.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list of which the elements that have the documented form count.
pub(super) fn lenient_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: DeserializeOwned,
{
    match Value::deserialize(deserializer)? {
        Value::Array(list) => Ok(list.into_iter().filter_map(|element| T::deserialize(element).ok()).collect()),
        _ => Ok(Vec::new()),
    }
}

/// A moment as epoch milliseconds (`sentAt`) or ISO 8601 (`resetAt`, `lastActivityAt`), also the one where the other is documented.
pub(super) fn lenient_moment<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Moment::parse_iso(&text).or_else(|| text.trim().parse().ok().map(Moment::from_millis)),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float saturates, and milliseconds have no fraction worth keeping"
        )]
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float as i64))
            .map(Moment::from_millis),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Option<String> {
        value_of(json.as_bytes())?.as_str().map(str::to_owned)
    }

    #[test]
    fn half_a_character_does_not_hide_the_rest() {
        for (json, expected) in [
            (r#""a\ud83d\udc4bb""#, "a👋b"),
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\udc4b\ud83d\ud83d\udc4b!""#, "\u{fffd}\u{fffd}👋!"),
            (r#""\\ud83d\ud83dx""#, "\\ud83d\u{fffd}x"),
            ("\"\u{feff}x\"", "\u{feff}x"),
        ] {
            assert_eq!(text(json).as_deref(), Some(expected), "{json}");
        }
        assert_eq!(value_of(b"\"a\xffb\"").unwrap(), "a\u{fffd}b");
        assert_eq!(value_of(b"{\"a\":\"\\"), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_whole_stays_as_it_is(text in "(?s).{0,60}") {
            let json = Value::from(text).to_string();
            proptest::prop_assert_eq!(mended(&json), json);
        }

        #[test]
        fn no_body_at_all_upsets_the_reader(body in "[\\\\ud8cé\"a{}]{0,40}") {
            let _ = value_of(body.as_bytes());
        }
    }
}
