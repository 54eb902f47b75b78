//! The body of a 2xx answer to a send: is it the service's word, and which names does it give.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::outcome::Body;

use super::key::ApiKey;
use super::plain_text::is_unseen;

/// Names longer than this, in bytes, are none.
const LONGEST_NAME: usize = 512;

/// What a 2xx body says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acknowledgement {
    /// Whether it is a whole object, and one of success.
    pub body: Body,
    /// `recipientProfileUrn`.
    pub recipient_urn: Option<String>,
    /// `threadId`, of Sales Navigator alone.
    pub thread_id: Option<String>,
    /// `sentMessage.messageUrn`, else the undocumented `messageUrn` or `messageId` that some clients read.
    pub message_urn: Option<String>,
}

impl Acknowledgement {
    /// Judges the whole body of a 2xx answer. Strict in what counts as the service's word: one JSON object, UTF-8, nothing
    /// before it but a byte-order mark, nothing after it, `success` named once at most. Lenient beyond: the contents of
    /// unknown fields do not matter, nor does half a character in an echoed text.
    pub(super) fn of(bytes: &[u8], key: &ApiKey) -> Self {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let Ok(said) = serde_json::from_slice::<Said>(bytes) else {
            return Self {
                body: Body::Unreadable,
                recipient_urn: None,
                thread_id: None,
                message_urn: None,
            };
        };
        let named = |text: Option<String>| text.and_then(|text| name(text, key));
        let sent = said.sent_message;
        let outer = said.names;
        Self {
            body: said.success,
            recipient_urn: named(said.recipient_urn),
            thread_id: named(said.thread_id),
            message_urn: named(sent.message_urn)
                .or_else(|| named(outer.message_urn))
                .or_else(|| named(sent.message_id))
                .or_else(|| named(outer.message_id)),
        }
    }
}

/// A name that can stand in a journal and a cell: not blank, of sane size, plain to see, and without the key.
pub(super) fn name(text: String, key: &ApiKey) -> Option<String> {
    let short = text.len() <= LONGEST_NAME && !text.trim().is_empty();
    // Nearly all names are plain ASCII, which is seen at a glance.
    let seen = || text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(is_unseen);
    let plain = short && seen() && matches!(key.redact(&text), Cow::Borrowed(_));
    plain.then_some(text)
}

/// A JSON value of which only the simple forms matter.
#[derive(Debug)]
enum Loose {
    Text(String),
    Flag(bool),
    Zero,
    Null,
    /// An object, with the names that `sentMessage` may hold.
    Object(Names),
    Other,
}

/// The names of a message.
#[derive(Debug, Default)]
struct Names {
    message_urn: Option<String>,
    message_id: Option<String>,
}

impl Loose {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What `success` says. Anything but a plain `false` that still sounds like a no is not believed either way.
    fn as_success(&self) -> Body {
        match self {
            Self::Flag(false) => Body::Refusal,
            Self::Flag(true) | Self::Null => Body::Object,
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "" | "0" | "false" | "no" | "null" | "undefined" => Body::Unreadable,
                _ => Body::Object,
            },
            Self::Zero => Body::Unreadable,
            Self::Object(_) | Self::Other => Body::Object,
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Loose, E> {
        Ok(Loose::Flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(if number == 0 { Loose::Zero } else { Loose::Other })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(if number == 0.0 { Loose::Zero } else { Loose::Other })
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        let mut names = Names::default();
        while let Some(field) = map.next_key::<Field>()? {
            match field {
                Field::MessageUrn => names.message_urn = map.next_value::<Loose>()?.text(),
                Field::MessageId => names.message_id = map.next_value::<Loose>()?.text(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Loose::Object(names))
    }
}

/// The fields of the answer that matter. An object at the top, or an error.
struct Said {
    success: Body,
    recipient_urn: Option<String>,
    thread_id: Option<String>,
    sent_message: Names,
    names: Names,
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SaidVisitor)
    }
}

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut success = None;
        let mut said = Said {
            success: Body::Object,
            recipient_urn: None,
            thread_id: None,
            sent_message: Names::default(),
            names: Names::default(),
        };
        while let Some(field) = map.next_key::<Field>()? {
            match field {
                Field::Success if success.is_some() => return Err(A::Error::custom("`success` is there twice")),
                Field::Success => success = Some(map.next_value::<Loose>()?),
                Field::RecipientProfileUrn => said.recipient_urn = map.next_value::<Loose>()?.text(),
                Field::ThreadId => said.thread_id = map.next_value::<Loose>()?.text(),
                Field::MessageUrn => said.names.message_urn = map.next_value::<Loose>()?.text(),
                Field::MessageId => said.names.message_id = map.next_value::<Loose>()?.text(),
                Field::SentMessage => {
                    if let Loose::Object(names) = map.next_value()? {
                        said.sent_message = names;
                    }
                }
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        said.success = success.map_or(Body::Object, |told| told.as_success());
        Ok(said)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Success,
    RecipientProfileUrn,
    ThreadId,
    SentMessage,
    MessageUrn,
    MessageId,
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Acknowledgement {
        Acknowledgement::of(body.as_bytes(), &ApiKey::new("s3cret-key").unwrap())
    }

    #[test]
    fn only_one_whole_object_is_the_service_s_word() {
        for body in [
            "{}",
            r#"{"success":true}"#,
            r#"{"success":null}"#,
            r#"{"success":"true"}"#,
            r#"{"success":1}"#,
            " {\"a\":[{}]} \n",
            "\u{feff}{}",
        ] {
            assert_eq!(read(body).body, Body::Object, "{body}");
        }
        assert_eq!(read(r#"{"error":"no","success":false}"#).body, Body::Refusal);
        for body in [
            "",
            " ",
            "null",
            "true",
            "[]",
            r#"[{"success":true}]"#,
            "\"{}\"",
            "OK",
            "<html></html>",
            r#"{"success":true"#,
            r#"{"success":true}}"#,
            r#"{"success":true}{"success":true}"#,
            r#"{"success":true,}"#,
            r#"{"success":"false"}"#,
            r#"{"success":0}"#,
            r#"{"success":0.0}"#,
            r#"{"success":""}"#,
            r#"{"success":true,"success":false}"#,
            r#"{"success":true,"success":true}"#,
            "{'success':true}",
            "\u{feff}\u{feff}{}",
            "{} x",
        ] {
            assert_eq!(read(body).body, Body::Unreadable, "{body}");
        }
        let key = ApiKey::new("k-0000").unwrap();
        assert_eq!(
            Acknowledgement::of(b"{\"a\":\"\xff\"}", &key).body,
            Body::Object,
            "an unknown field's bytes do not matter"
        );
        let deep = format!(r#"{{"x":{}1{},"success":true}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(read(&deep).body, Body::Object);
        assert_eq!(read(&"[".repeat(10_000)).body, Body::Unreadable);
    }

    #[test]
    fn half_a_character_in_an_echo_does_not_spoil_the_answer() {
        let told = read(r#"{"success":true,"message":"cut \ud83d","threadId":"t-1"}"#);
        assert_eq!((told.body, told.thread_id.as_deref()), (Body::Object, Some("t-1")));
    }

    #[test]
    fn names_are_taken_where_they_are_sane() {
        let told = read(
            r#"{"success":true,"recipientProfileUrn":"urn:li:fsd_profile:A","threadId":"2-T","sentMessage":{"text":"x","messageUrn":"urn:li:msg_message:(a,2-X)"},"messageId":"m"}"#,
        );
        assert_eq!(told.recipient_urn.as_deref(), Some("urn:li:fsd_profile:A"));
        assert_eq!(told.thread_id.as_deref(), Some("2-T"));
        assert_eq!(told.message_urn.as_deref(), Some("urn:li:msg_message:(a,2-X)"));
        for sent in ["{}", "null", "[1]", "\"x\"", "4", "-4", "1.5", "true"] {
            let told = read(&format!(r#"{{"success":true,"sentMessage":{sent},"messageId":"m-1"}}"#));
            assert_eq!((told.body, told.message_urn.as_deref()), (Body::Object, Some("m-1")), "{sent}");
        }
        let huge = "x".repeat(LONGEST_NAME + 1);
        for value in [
            "5",
            "null",
            "[]",
            "{}",
            "\"\"",
            "\" \"",
            r#""a\u0007b""#,
            r#""a\nb""#,
            r#""\u202eab""#,
            r#""s3cret-key""#,
            &format!("\"{huge}\""),
        ] {
            let told = read(&format!(r#"{{"success":true,"threadId":{value}}}"#));
            assert_eq!((told.body, told.thread_id), (Body::Object, None), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_cut_of_an_answer_is_unreadable(at in 0_usize..118) {
            let whole = r#"{"success":true,"message":"Hi ✓","recipientProfileUrn":"urn:li:fsd_profile:A","sentMessage":{"messageUrn":"u"},"x":[1]}"#;
            proptest::prop_assert!(at < whole.len());
            let told = Acknowledgement::of(whole.as_bytes().get(..at).unwrap_or_default(), &ApiKey::new("s3cret-key").unwrap());
            proptest::prop_assert_eq!(told.body, Body::Unreadable);
        }
    }
}
