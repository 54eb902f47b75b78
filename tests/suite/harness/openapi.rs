//! Whether a request is one that the service documents, by the `OpenAPI` file in `tests/schemas`.
//!
//! Every request that reaches a server of the tests is held against it: its method and path, its parameters, its body and
//! the form of its key. The file's schemas are open, since real answers drift; here they are closed, since a field that
//! nobody documents must not be sent. There are no exceptions: nothing that is known of the service otherwise asks for one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

/// What comes before every path of the file.
const PREFIX: &str = "/linkedin";

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub method: &'a str,
    /// With the query.
    pub path: &'a str,
    /// `None` where nobody noted it.
    pub authorization: Option<&'a str>,
    pub content: Content<'a>,
}

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// There is none.
    Nothing,
    /// Of this media type, with this JSON; null where it is no JSON.
    Of(&'a str, &'a Value),
    /// It never came whole, or nobody noted it.
    Unknown,
}

/// What is wrong with a request, one line for each thing; empty where nothing is.
pub fn violations(asked: &Asked<'_>) -> Vec<String> {
    static API: OnceLock<Api> = OnceLock::new();
    let found = API.get_or_init(Api::read).violations(asked);
    let one = |found: &Violation| format!("{} {}: {found}", asked.method, asked.path);
    found.iter().map(one).collect()
}

/// Fails the test if any request was not as documented, unless the test fails already.
pub fn assert_none(violations: &[String]) {
    assert!(
        violations.is_empty() || std::thread::panicking(),
        "{} requests are not as the OpenAPI file has them:\n{}",
        violations.len(),
        violations.join("\n")
    );
}

/// One thing that is wrong.
#[derive(Debug)]
struct Violation {
    place: String,
    why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

fn wrong(place: impl Into<String>, why: impl Into<String>) -> Violation {
    Violation {
        place: place.into(),
        why: why.into(),
    }
}

/// The file, compiled.
struct Api {
    calls: Vec<Call>,
}

/// One call of the file.
struct Call {
    method: String,
    segments: Vec<Segment>,
    query: BTreeMap<String, Parameter>,
    body: Option<Body>,
}

enum Segment {
    Literal(String),
    Parameter(Validator),
}

struct Parameter {
    is_required: bool,
    validator: Validator,
}

struct Body {
    is_required: bool,
    /// By media type; those that are no JSON have no validator.
    contents: Vec<(String, Option<Validator>)>,
}

impl Api {
    fn read() -> Self {
        let api: Value = serde_json::from_str(include_str!("../../schemas/connectsafely-openapi.json")).expect("JSON");
        let mut components = api["components"].clone();
        close(&mut components["schemas"]);
        let file = File(components);
        let mut calls = Vec::new();
        for (path, methods) in api["paths"].as_object().expect("paths") {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(told) = methods.get(method) {
                    calls.push(file.call(method, path, told));
                }
            }
        }
        // A path without parameters goes before one with them.
        calls.sort_by_key(|call| {
            call.segments
                .iter()
                .map(|one| matches!(one, Segment::Parameter(_)))
                .collect::<Vec<_>>()
        });
        Self { calls }
    }

    fn violations(&self, asked: &Asked<'_>) -> Vec<Violation> {
        let (path, query) = asked.path.split_once('?').unwrap_or((asked.path, ""));
        let Some(below) = path.strip_prefix(PREFIX) else {
            return vec![wrong("path", "is outside of the base URL")];
        };
        let segments: Vec<&str> = below.split('/').skip(1).collect();
        let mut there = self.calls.iter().filter(|call| call.is_at(&segments)).peekable();
        if there.peek().is_none() {
            return vec![wrong("path", "is none of the documented ones")];
        }
        let Some(call) = there.find(|call| call.method.eq_ignore_ascii_case(asked.method)) else {
            return vec![wrong("method", "is not documented for this path")];
        };
        let mut found = call.of_path(&segments);
        found.extend(call.of_query(query));
        found.extend(call.of_body(asked.content));
        if asked
            .authorization
            .is_some_and(|value| value.strip_prefix("Bearer ").is_none_or(str::is_empty))
        {
            found.push(wrong("header Authorization", "is not `Bearer KEY`"));
        }
        found
    }
}

/// The components of the file, which everything refers to.
struct File(Value);

impl File {
    fn call(&self, method: &str, path: &str, told: &Value) -> Call {
        let parameters: Vec<&Value> = told["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| self.resolve(one))
            .collect();
        let named = |name: &str, place: &str| parameters.iter().find(|one| one["name"] == name && one["in"] == place);
        let segments = path.split('/').skip(1).map(|segment| {
            let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            name.map_or_else(
                || Segment::Literal(segment.to_owned()),
                |name| Segment::Parameter(self.validator(&named(name, "path").expect("a parameter of the path")["schema"])),
            )
        });
        let query = parameters.iter().filter(|one| one["in"] == "query").map(|one| {
            let parameter = Parameter {
                is_required: one["required"] == true,
                validator: self.validator(&one["schema"]),
            };
            (one["name"].as_str().expect("a name").to_owned(), parameter)
        });
        Call {
            method: method.to_owned(),
            segments: segments.collect(),
            query: query.collect(),
            body: told.get("requestBody").map(|body| self.body(body)),
        }
    }

    fn body(&self, told: &Value) -> Body {
        let contents = told["content"].as_object().expect("contents").iter().map(|(kind, content)| {
            let is_json = kind == "application/json";
            (kind.clone(), is_json.then(|| self.validator(&content["schema"])))
        });
        Body {
            is_required: told["required"] == true,
            contents: contents.collect(),
        }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let place = value["$ref"].as_str().and_then(|place| place.strip_prefix("#/components"));
        place.map_or(value, |place| self.0.pointer(place).expect("what is referred to"))
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut whole = schema.clone();
        close(&mut whole);
        if whole.get("$ref").is_some() {
            whole["components"] = self.0.clone();
        }
        jsonschema::validator_for(&whole).expect("a schema")
    }
}

/// No object may have fields that are not documented.
fn close(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        fields.values_mut().for_each(close);
        if fields.get("properties").is_some_and(Value::is_object) && fields.get("type").is_some() {
            fields.insert("additionalProperties".to_owned(), false.into());
        }
    }
}

impl Call {
    fn is_at(&self, segments: &[&str]) -> bool {
        let same = |(known, asked): (&Segment, &&str)| match known {
            Segment::Literal(literal) => literal == asked,
            Segment::Parameter(_) => !asked.is_empty(),
        };
        self.segments.len() == segments.len() && self.segments.iter().zip(segments).all(same)
    }

    fn of_path(&self, segments: &[&str]) -> Vec<Violation> {
        let mut found = Vec::new();
        for (known, asked) in self.segments.iter().zip(segments) {
            if let Segment::Parameter(validator) = known {
                match decoded(asked) {
                    Some(value) => found.extend(errors(&format!("path segment {asked}"), validator, &Value::String(value))),
                    None => found.push(wrong(format!("path segment {asked}"), "is not percent-encoded whole")),
                }
            }
        }
        found
    }

    fn of_query(&self, query: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = format!("query parameter {name}");
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                found.push(wrong(place, "is not percent-encoded whole"));
                continue;
            };
            match self.query.get(&name) {
                None => found.push(wrong(place, "is not documented")),
                Some(_) if seen.contains(&name) => found.push(wrong(place, "is there twice")),
                Some(parameter) => found.extend(parameter.errors(&place, &value)),
            }
            seen.push(name);
        }
        let missing = self
            .query
            .iter()
            .filter(|(name, parameter)| parameter.is_required && !seen.contains(name));
        found.extend(missing.map(|(name, _)| wrong(format!("query parameter {name}"), "is missing")));
        found
    }

    fn of_body(&self, content: Content<'_>) -> Vec<Violation> {
        match (&self.body, content) {
            (_, Content::Unknown) | (None, Content::Nothing) => Vec::new(),
            (None, Content::Of(..)) => vec![wrong("body", "is not documented for this call")],
            (Some(body), Content::Nothing) if body.is_required => vec![wrong("body", "is missing")],
            (Some(_), Content::Nothing) => Vec::new(),
            (Some(body), Content::Of(kind, value)) => body.errors(kind, value),
        }
    }
}

impl Parameter {
    /// A parameter is text on the way; it is what its type reads it as.
    fn errors(&self, place: &str, text: &str) -> Vec<Violation> {
        let typed = serde_json::from_str(text)
            .ok()
            .filter(|value: &Value| value.is_number() || value.is_boolean());
        let readings = [Value::String(text.to_owned())].into_iter().chain(typed);
        let tried: Vec<Vec<Violation>> = readings.map(|value| errors(place, &self.validator, &value)).collect();
        if tried.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        tried.into_iter().next_back().unwrap_or_default()
    }
}

impl Body {
    fn errors(&self, kind: &str, value: &Value) -> Vec<Violation> {
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_whole = essence
            .split_once('/')
            .is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty());
        let known = self.contents.iter().find(|(known, _)| *known == essence);
        let any = self.contents.iter().find(|(known, _)| is_whole && known == "*/*");
        match known.or(any) {
            None => vec![wrong("header Content-Type", format!("{kind:?} is none of the documented ones"))],
            Some((_, Some(validator))) => errors("body", validator, value),
            Some((_, None)) => Vec::new(),
        }
    }
}

fn errors(place: &str, validator: &Validator, value: &Value) -> Vec<Violation> {
    let one = |error: jsonschema::ValidationError<'_>| wrong(place, format!("{error} (at {:?})", error.instance_path().to_string()));
    validator.iter_errors(value).map(one).collect()
}

/// The text of a percent-encoded one; `None` where it has a character that should be encoded, or is no UTF-8.
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'%' => {
                let hex = std::str::from_utf8(after.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(hex, 16).ok()?);
                rest = after.get(2..)?;
            }
            b'-' | b'.' | b'_' | b'~' => bytes.push(*first),
            _ if first.is_ascii_alphanumeric() => bytes.push(*first),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}
