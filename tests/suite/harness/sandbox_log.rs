//! The log of a sandbox: every request that it got, held against what the service documents.

use std::path::Path;

use serde_json::Value;

use super::openapi::{self, Asked, Content};

/// What of the requests in a sandbox's log the service does not document.
pub fn violations(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    // What was being written when the sandbox was killed is no record.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let records = whole
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record of the log"));
    let requests = records.filter(|record| record["kind"] == "request");
    requests.flat_map(|request| of_request(&request)).collect()
}

fn of_request(request: &Value) -> Vec<String> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let path = match request["query"].as_str() {
        Some(query) => format!("{}?{query}", text("path")),
        None => text("path").to_owned(),
    };
    let kind = request["content_type"].as_str();
    // The log has the bodies of sends that the sandbox read and understood.
    let is_unknown = request["body"].is_null() && (text("effect") == "incomplete" || text("effect") == "refused");
    openapi::violations(&Asked {
        method: text("method"),
        path: &path,
        authorization: None,
        content: match kind {
            _ if is_unknown => Content::Unknown,
            None => Content::Nothing,
            Some(kind) => Content::Of(kind, &request["body"]),
        },
    })
}
