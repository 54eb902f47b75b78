//! Filters of tera's that need another rule here, and one of our own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tera::{Error, ErrorKind, Kwargs, State, Tera, TeraResult, Value};

use super::expression::FILLED;

/// The longest text that a template may make, in bytes; no service takes more.
pub(super) const LONGEST: usize = 1 << 20;
/// The longest `range`: no message repeats anything more often.
const LONGEST_RANGE: i128 = 1000;

/// Puts the filters and functions in place; `defaults` counts how often a default stood in.
pub(super) fn register(tera: &mut Tera, defaults: Arc<AtomicU32>) {
    tera.register_filter("default", move |value: Value, arguments: Kwargs, _: &State| {
        default(value, &arguments, &defaults)
    });
    tera.register_filter(FILLED, |value: Value, _: Kwargs, _: &State| filled(value));
    tera.register_filter("str", |value: Value, _: Kwargs, _: &State| {
        filled(value).map(|value| value.to_string())
    });
    tera.register_filter("join", |value: &[Value], arguments: Kwargs, _: &State| join(value, &arguments));
    tera.register_filter("replace", |value: &str, arguments: Kwargs, _: &State| replace(value, &arguments));
    tera.register_function("range", |arguments: Kwargs, _: &State| range(&arguments));
}

fn default(value: Value, arguments: &Kwargs, defaults: &AtomicU32) -> TeraResult<Value> {
    let instead = arguments.must_get::<Value>("value")?;
    let stands = if arguments.get::<bool>("boolean")?.unwrap_or_default() {
        value.is_truthy()
    } else {
        !value.is_undefined()
    };
    if stands {
        return Ok(value);
    }
    defaults.fetch_add(1, Ordering::Relaxed);
    Ok(instead)
}

fn filled(value: Value) -> TeraResult<Value> {
    if value.is_undefined() {
        return Err(missing());
    }
    if value.as_str().is_some_and(|text| text.len() > LONGEST) {
        return Err(too_long());
    }
    Ok(value)
}

/// Tera shows this kind at the value, not at the filter.
fn missing() -> Error {
    Error::new(ErrorKind::InvalidArgument {
        expected_type: "a text".to_owned(),
        actual_type: "undefined".to_owned(),
    })
}

fn too_long() -> Error {
    Error::message("the text grows beyond 1 MiB")
}

fn join(values: &[Value], arguments: &Kwargs) -> TeraResult<String> {
    if values.iter().any(Value::is_undefined) {
        return Err(missing());
    }
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    let between = arguments.get::<&str>("sep")?.unwrap_or_default();
    if texts.iter().map(|text| text.len() + between.len()).sum::<usize>() > LONGEST {
        return Err(too_long());
    }
    Ok(texts.join(between))
}

fn replace(text: &str, arguments: &Kwargs) -> TeraResult<String> {
    let (from, to) = (arguments.must_get::<&str>("from")?, arguments.must_get::<&str>("to")?);
    let growth = text.matches(from).count().saturating_mul(to.len());
    if text.len().saturating_add(growth) > LONGEST {
        return Err(too_long());
    }
    Ok(text.replace(from, to))
}

fn range(arguments: &Kwargs) -> TeraResult<Vec<i128>> {
    let start = arguments.get::<i128>("start")?.unwrap_or_default();
    let end = arguments.must_get::<i128>("end")?;
    let step = arguments.get::<i128>("step_by")?.unwrap_or(1);
    if step == 0 || (start > end && step > 0) {
        return Err(Error::message(
            "`range` leads nowhere: its `start` is beyond its `end`, or `step_by` is 0",
        ));
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while (step > 0 && next < end) || (step < 0 && next > end) {
        if numbers.len() as i128 >= LONGEST_RANGE {
            return Err(Error::message("`range` gives more than 1000 numbers"));
        }
        numbers.push(next);
        next = next.saturating_add(step);
    }
    Ok(numbers)
}
