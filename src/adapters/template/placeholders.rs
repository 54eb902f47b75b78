//! Placeholders of other tools that were left in a template, which would be sent as they stand.

use std::collections::HashSet;

use super::columns::Columns;
use super::place::Place;
use super::tokens::{Kind, tokens};
use crate::model::entry::Templates;
use crate::model::row::{Header, squashed};

/// A placeholder that tera does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Where it stands.
    pub place: Place,
    /// As the template has it, such as `[First Name]`.
    pub found: String,
    /// What to write instead, where a column has this name.
    pub instead: Option<String>,
}

/// What opens and closes a placeholder; longer ones first.
const BRACKETS: [(&str, &str); 9] = [
    ("{{{", "}}}"),
    ("${", "}"),
    ("*|", "|*"),
    ("<<", ">>"),
    ("%%", "%%"),
    ("{", "}"),
    ("[", "]"),
    ("%", "%"),
    ("«", "»"),
];

/// Fields that nearly every mail-merge tool has, squashed.
const USUAL: [&str; 22] = [
    "firstname",
    "lastname",
    "fullname",
    "name",
    "first",
    "last",
    "fname",
    "lname",
    "surname",
    "company",
    "companyname",
    "organization",
    "jobtitle",
    "title",
    "position",
    "email",
    "city",
    "country",
    "location",
    "industry",
    "username",
    "recipient",
];

/// The longest name in a placeholder, in bytes.
const LONGEST: usize = 60;

/// Every placeholder of another tool in the text that the templates output: `{first_name}`, `[First Name]`, `%NAME%`,
/// `<<name>>`, `{{{name}}}`, `${name}`, `*|NAME|*`, `«name»`. Only those that are named like a column or a usual field.
#[must_use]
pub fn placeholders(templates: &Templates, header: &Header) -> Vec<Placeholder> {
    let columns = Columns::of(header);
    let all = header.names.iter().chain(&header.variables).map(|name| squashed(name));
    let names: HashSet<String> = all.filter(|name| !name.is_empty()).chain(USUAL.map(ToOwned::to_owned)).collect();
    let mut found = Vec::new();
    for (file, text) in &templates.files {
        for range in output_of(text) {
            let mut at = range.start;
            while at < range.end {
                let rest = text.get(at..range.end).unwrap_or_default();
                let Some(first) = rest.chars().next() else { break };
                let Some((whole, name)) = placeholder(rest, &names) else {
                    at += first.len_utf8();
                    continue;
                };
                let column = columns.headers().iter().position(|own| squashed(own) == squashed(name));
                found.push(Placeholder {
                    place: Place::at(file, text, at),
                    found: whole.to_owned(),
                    instead: column.map(|column| format!("{{{{ {} }}}}", columns.written(column))),
                });
                at += whole.len();
            }
        }
    }
    found
}

/// The parts of a template that are output as they are, and `{{{…}}}`, which tera takes for its own.
fn output_of(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<_> = tokens(text)
        .into_iter()
        .filter(|token| token.kind == Kind::Content)
        .map(|token| token.range)
        .collect();
    let tripled = text
        .match_indices("{{{")
        .filter(|start| !ranges.iter().any(|range| range.contains(&start.0)));
    let tripled: Vec<_> = tripled
        .filter_map(|(start, _)| Some(start..start + text.get(start..)?.find("}}}")? + 3))
        .collect();
    ranges.extend(tripled);
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// The placeholder that `rest` starts with, and the name in it.
fn placeholder<'a>(rest: &'a str, names: &HashSet<String>) -> Option<(&'a str, &'a str)> {
    BRACKETS.into_iter().find_map(|(open, close)| {
        let inner = rest.strip_prefix(open)?;
        let end = inner.find(close).filter(|end| *end <= LONGEST)?;
        let name = inner.get(..end)?;
        let whole = rest.get(..open.len() + end + close.len())?;
        let plain = name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | ':'));
        (plain && names.contains(&squashed(name))).then_some((whole, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::variable_name;

    fn found(text: &str) -> Vec<(String, Option<String>)> {
        let names = ["First Name", "Größe (cm)"];
        let header = Header {
            names: names.map(ToOwned::to_owned).to_vec(),
            variables: names.map(variable_name).to_vec(),
            ..Header::default()
        };
        let templates = Templates {
            message: "m.txt".to_owned(),
            subject: None,
            files: vec![("m.txt".to_owned(), text.to_owned())],
        };
        placeholders(&templates, &header)
            .into_iter()
            .map(|one| (one.found, one.instead))
            .collect()
    }

    #[test]
    fn placeholders_of_other_tools_are_found() {
        let forms = [
            "{first_name}",
            "{firstName}",
            "[First Name]",
            "%FIRST_NAME%",
            "%%First Name%%",
            "<<first name>>",
            "${first_name}",
            "*|FIRST_NAME|*",
            "{{{first_name}}}",
            "«First Name»",
        ];
        for form in forms {
            let text = format!("Hi {form}, {{{{ first_name }}}}");
            assert_eq!(found(&text), [(form.to_owned(), Some("{{ first_name }}".to_owned()))], "{form}");
        }
        assert_eq!(found("[Company]"), [("[Company]".to_owned(), None)]);
    }

    #[test]
    fn ordinary_text_and_template_text_are_left_alone() {
        for text in [
            "{{ first_name }}",
            "{% set a = [first_name] %}",
            "up 10% or 20%",
            "[1] see {this}",
            "{# [First Name] #}",
            "a << b >> c",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
