//! Template text cut into tokens, by the rules of tera's own lexer. What tera would refuse ends the list: it will say so itself.

use std::ops::Range;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// Bytes of the template's text.
    pub range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text that is output as it is, also inside `{% raw %}`.
    Content,
    /// `{{` and `}}`, with or without `-`.
    PrintStart,
    PrintEnd,
    /// `{%` and `%}`, with or without `-`.
    TagStart,
    TagEnd,
    /// A name; its text is the token's range. Wider than tera's: letters of any script.
    Name,
    /// A string, unescaped.
    Text(String),
    Number,
    Sign(&'static str),
}

impl Token {
    pub fn is(&self, sign: &str) -> bool {
        matches!(&self.kind, Kind::Sign(own) if *own == sign)
    }
}

const SIGNS: [&str; 33] = [
    "...", "//", "**", "==", "!=", ">=", "<=", "</", "?.", "?[", "+", "-", "*", "/", "%", "!", ".", ",", ":", "~", "|", "=", ">", "<", "(",
    ")", "[", "]", "{", "}", "@", "?", ";",
];

/// All tokens of `text` up to its end or to what tera would refuse. Comments are left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let Some(next) = template_token(text, at, &mut found) else { break };
        at = next;
    }
    found
}

fn template_token(text: &str, at: usize, found: &mut Vec<Token>) -> Option<usize> {
    let rest = text.get(at..)?;
    let opening = |kind: Kind, found: &mut Vec<Token>| {
        let end = at + if rest.as_bytes().get(2) == Some(&b'-') { 3 } else { 2 };
        found.push(Token { kind, range: at..end });
        end
    };
    if rest.starts_with("{{") {
        let inside = opening(Kind::PrintStart, found);
        return inner_tokens(text, inside, "}}", Kind::PrintEnd, found);
    }
    if rest.starts_with("{%") {
        if let Some(body) = tag_named(rest, 2, "raw") {
            let (content, after) = raw_body(rest, body)?;
            found.push(Token {
                kind: Kind::Content,
                range: at + content.start..at + content.end,
            });
            return Some(at + after);
        }
        let inside = opening(Kind::TagStart, found);
        return inner_tokens(text, inside, "%}", Kind::TagEnd, found);
    }
    if rest.starts_with("{#") {
        let from = if rest.as_bytes().get(2) == Some(&b'-') { 3 } else { 2 };
        return rest.get(from..)?.find("#}").map(|end| at + from + end + 2);
    }
    let length = ["{{", "{%", "{#"]
        .iter()
        .filter_map(|mark| rest.find(mark))
        .min()
        .unwrap_or(rest.len());
    found.push(Token {
        kind: Kind::Content,
        range: at..at + length,
    });
    Some(at + length)
}

/// Where the tag that opens `{%` before `from` ends, if it has just this name.
fn tag_named(rest: &str, from: usize, name: &str) -> Option<usize> {
    let inner = rest.get(from..)?;
    let inner = inner.strip_prefix('-').unwrap_or(inner).trim_ascii_start();
    let inner = inner.strip_prefix(name)?.trim_ascii_start();
    let inner = inner.strip_prefix('-').unwrap_or(inner).strip_prefix("%}")?;
    Some(rest.len() - inner.len())
}

fn raw_body(rest: &str, start: usize) -> Option<(Range<usize>, usize)> {
    let mut from = start;
    loop {
        let end = from + rest.get(from..)?.find("{%")?;
        if let Some(after) = tag_named(rest, end + 2, "endraw") {
            return Some((start..end, after));
        }
        from = end + 2;
    }
}

fn inner_tokens(text: &str, mut at: usize, end: &str, kind: Kind, found: &mut Vec<Token>) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let spaces = rest.len() - rest.trim_ascii_start().len();
        at += spaces;
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let closed = rest.strip_prefix('-').unwrap_or(rest);
        if closed.starts_with(end) {
            let after = at + (rest.len() - closed.len()) + 2;
            found.push(Token { kind, range: at..after });
            return Some(after);
        }
        let (token, length) = inner_token(rest)?;
        found.push(Token {
            kind: token,
            range: at..at + length,
        });
        at += length;
    }
}

fn inner_token(rest: &str) -> Option<(Kind, usize)> {
    let first = rest.chars().next()?;
    if first.is_ascii_digit() {
        return Some((Kind::Number, number_length(rest)));
    }
    if matches!(first, '"' | '\'' | '`') {
        return string(rest, first);
    }
    if first == '_' || first.is_alphabetic() {
        let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        return Some((Kind::Name, length));
    }
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
    Some((Kind::Sign(sign), sign.len()))
}

fn number_length(rest: &str) -> usize {
    let mut dotted = false;
    rest.bytes()
        .take_while(|byte| byte.is_ascii_digit() || (*byte == b'.' && !std::mem::replace(&mut dotted, true)))
        .count()
}

fn string(rest: &str, quote: char) -> Option<(Kind, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, c)) = letters.next() {
        match c {
            c if c == quote => return Some((Kind::Text(text), at + c.len_utf8())),
            '\\' => text.push(match letters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                c @ ('"' | '\'' | '/' | '\\') => c,
                _ => return None,
            }),
            c => text.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|t| text[t.range].to_owned()).collect()
    }

    #[test]
    fn a_template_is_cut_as_tera_cuts_it() {
        assert_eq!(
            shown("Hi {{- a.b | x(c=\"}}\") -}}!"),
            ["Hi ", "{{-", "a", ".", "b", "|", "x", "(", "c", "=", "\"}}\"", ")", "-}}", "!"]
        );
        assert_eq!(shown("{% raw %}{{ a }}{% endraw %}x"), ["{{ a }}", "x"]);
        assert_eq!(shown("a{# {{ b }} #}c"), ["a", "c"]);
        assert_eq!(shown("{{ größe?.x ?? }}"), ["{{", "größe", "?.", "x", "?", "?", "}}"]);
        assert_eq!(shown("{{ 1.5.x }}"), ["{{", "1.5", ".", "x", "}}"]);
    }

    #[test]
    fn what_is_not_closed_ends_the_list() {
        assert_eq!(shown("a {{ \"b }}"), ["a ", "{{"]);
        assert_eq!(shown("a {# b"), ["a "]);
        assert_eq!(shown("{% raw %} x"), Vec::<String>::new());
    }

    #[test]
    fn strings_are_unescaped() {
        let kinds: Vec<Kind> = tokens(r#"{{ "a\"b\n" }}"#).into_iter().map(|t| t.kind).collect();
        assert_eq!(kinds[1], Kind::Text("a\"b\n".to_owned()));
    }
}
