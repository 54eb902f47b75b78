//! Error bodies, in every form that the service and what stands before it have, as one readable line.
//!
//! Documented, in any mix: `{"error": "text"}`, `{"code", "message"}`, `{"error": {"name": "ZodError", "issues": […]}}`,
//! `{"errorDetails": {"message"}}`; besides that HTML pages of proxies, plain text, and nothing at all.

use serde_json::{Map, Value};

use super::key::ApiKey;
use super::plain_text::one_line;

/// Parts of a line at most: a hundred issues help nobody.
const MOST_PARTS: usize = 5;

/// How far down a body is looked into.
const DEEPEST: usize = 8;

/// The line that a body says, and `None` where it says nothing that can be read.
pub(super) fn error_line(body: &[u8], key: &ApiKey) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let line = match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let mut parts = Vec::new();
            gather(&value, &mut parts, DEEPEST);
            if parts.is_empty() {
                plain_json(text, &value)
            } else {
                parts.join("; ")
            }
        }
        Err(_) if text.starts_with('<') => page_title(text),
        Err(_) => text.to_owned(),
    };
    Some(one_line(&line, key)).filter(|line| !line.is_empty())
}

/// JSON without any known field is shown as it is, unless it has nothing in it.
fn plain_json(text: &str, value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => String::new(),
        Value::Object(map) if map.keys().all(|key| key == "success") => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        _ => text.to_owned(),
    }
}

/// Collects what a value says, most telling first, nothing twice.
fn gather(value: &Value, parts: &mut Vec<String>, depth: usize) {
    if depth == 0 || parts.len() >= MOST_PARTS {
        return;
    }
    match value {
        Value::String(text) => gather_text(text, parts, depth),
        Value::Array(list) => list.iter().for_each(|element| gather(element, parts, depth - 1)),
        Value::Object(map) => gather_object(map, parts, depth),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text, or the JSON inside it: validators put their issues into a message as JSON.
fn gather_text(text: &str, parts: &mut Vec<String>, depth: usize) {
    let text = text.trim();
    if text.starts_with(['{', '['])
        && let Ok(inner) = serde_json::from_str::<Value>(text)
    {
        let before = parts.len();
        gather(&inner, parts, depth - 1);
        if parts.len() > before {
            return;
        }
    }
    if !text.is_empty() && !parts.iter().any(|part| part.contains(text)) {
        parts.push(text.to_owned());
    }
}

fn gather_object(map: &Map<String, Value>, parts: &mut Vec<String>, depth: usize) {
    let before = parts.len();
    if let Some(path) = issue_path(map) {
        let mut said = Vec::new();
        gather(map.get("message").unwrap_or(&Value::Null), &mut said, depth - 1);
        if !said.is_empty() {
            parts.push(format!("{path}: {}", said.join("; ")));
        }
        return;
    }
    for field in [
        "error",
        "message",
        "detail",
        "title",
        "error_description",
        "errorDetails",
        "details",
        "issues",
        "errors",
    ] {
        if let Some(value) = map.get(field) {
            gather(value, parts, depth - 1);
        }
    }
    // A code says the kind of what the text says, or stands alone.
    if let Some(code) = map
        .get("code")
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|code| !code.is_empty())
    {
        match parts.get_mut(before) {
            Some(first) if first.contains(code) => {}
            Some(first) => *first = format!("{first} ({code})"),
            None => parts.push(code.to_owned()),
        }
    }
}

/// The field that an issue of a validator speaks of: `["attachments", 0, "file"]` is `attachments.0.file`.
fn issue_path(map: &Map<String, Value>) -> Option<String> {
    let steps = map.get("path")?.as_array()?;
    let steps = steps
        .iter()
        .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned));
    let path = steps.collect::<Vec<_>>().join(".");
    (!path.is_empty()).then_some(path)
}

/// The title of an HTML page, else its first heading, else its words.
fn page_title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let inside = |tag: &str| {
        let open = lower.find(&format!("<{tag}"))?;
        let start = open + lower.get(open..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find(&format!("</{tag}"))?;
        page.get(start..end).map(without_tags).filter(|text| !text.trim().is_empty())
    };
    inside("title").or_else(|| inside("h1")).unwrap_or_else(|| without_tags(page))
}

/// Markup without its tags, and with its commonest entities as characters.
fn without_tags(markup: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in markup.chars().take(20_000) {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            _ if !in_tag => text.push(c),
            _ => {}
        }
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text, |text, (entity, character)| text.replace(entity, character))
}

/// The `holdUntil` of a body, as text, wherever the documented forms have it.
pub(super) fn hold_until(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let inner = [Some(&value), value.get("error"), value.get("errorDetails")];
    inner
        .into_iter()
        .flatten()
        .filter_map(|value| value.get("holdUntil"))
        .find_map(|told| match told {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(body: &str) -> Option<String> {
        error_line(body.as_bytes(), &ApiKey::new("s3cret-key").unwrap())
    }

    #[test]
    fn every_form_of_an_error_body_becomes_one_line() {
        for (body, expected) in [
            (r#"{"error": "Account not found"}"#, "Account not found"),
            (r#"{"success": false, "error": "No\n  way"}"#, "No way"),
            (
                r#"{"success":false,"code":"validation_error","message":"Explanation"}"#,
                "Explanation (validation_error)",
            ),
            (
                r#"{"success":false,"error":{"name":"ZodError","issues":[{"code":"invalid_type","expected":"string","received":"undefined","path":["message"],"message":"Required"},{"path":["attachments",0,"file"],"message":"Bad"}]}}"#,
                "message: Required; attachments.0.file: Bad",
            ),
            (r#"{"error":{"issues":[{"path":[],"message":"Required"}]}}"#, "Required"),
            (r#"{"errorDetails":{"message":"Deep"}}"#, "Deep"),
            (
                r#"{"error":"Outer","errorDetails":{"message":"Inner"},"message":"Outer"}"#,
                "Outer; Inner",
            ),
            (r#"{"error":"{\"message\":\"Wrapped\"}"}"#, "Wrapped"),
            (
                r#"{"error":{"message":"[{\"path\":[\"subject\"],\"message\":\"Too long\"}]"}}"#,
                "subject: Too long",
            ),
            (r#"{"errors":["one","two"]}"#, "one; two"),
            (r#"{"code":"E_NOPE"}"#, "E_NOPE"),
            (r#""just text""#, "just text"),
            (r#"{"reason":"other"}"#, r#"{"reason":"other"}"#),
            ("\u{feff}{\"error\":\"marked\"}", "marked"),
            ("upstream connect error\r\n", "upstream connect error"),
            (
                "<html><head><TITLE>502 Bad &amp; Gateway</TITLE></head><body>x</body></html>",
                "502 Bad & Gateway",
            ),
            ("<!doctype html><title> </title><h1 class=a>Sorry<br>gone</h1>", "Sorry gone"),
            ("<p>Only <b>words</b></p>", "Only words"),
            (r#"{"error":"cut of"#, r#"{"error":"cut of"#),
        ] {
            assert_eq!(line(body).as_deref(), Some(expected), "{body}");
        }
        for body in [
            "",
            "  \n",
            "{}",
            r#"{"success":false}"#,
            "null",
            "[]",
            "\u{1b}[2J",
            r#"{"error":""}"#,
        ] {
            let told = line(body);
            assert!(told.is_none() || body.contains("error"), "{body}: {told:?}");
        }
    }

    #[test]
    fn hostile_bodies_give_a_short_plain_line() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let long = format!(r#"{{"error":"{}"}}"#, "é".repeat(500_000));
        let many = format!(r#"{{"errors":[{}"x"]}}"#, r#""\u001b[31mred","#.repeat(10_000));
        let page = format!("<title>{}", "<".repeat(200_000));
        for body in [deep, long, many, page, "\\u0000".into(), "{\"error\":\"a s3cret-key b\"}".into()] {
            let told = line(&body).unwrap_or_default();
            assert!(
                told.chars().count() <= 300 && !told.contains('\u{1b}') && !told.contains("s3cret"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_hold_is_found_in_the_body() {
        assert_eq!(
            hold_until(br#"{"error":"x","holdUntil":"2026-04-27T15:42:11Z"}"#).as_deref(),
            Some("2026-04-27T15:42:11Z")
        );
        assert_eq!(hold_until(br#"{"error":{"holdUntil":1777291320}}"#).as_deref(), Some("1777291320"));
        for body in [&b"nonsense"[..], b"{}", br#"{"holdUntil":null}"#, b"[1]"] {
            assert_eq!(hold_until(body), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_at_all_upsets_the_reader(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = error_line(&body, &ApiKey::new("s3cret-key").unwrap());
        }
    }
}
