//! The names inside one `{{ … }}` or `{% … %}`: variables, filters, tests and functions.

use std::ops::Range;

use super::columns::nearest;
use super::error::TemplateError;
use super::names::{Edit, Scopes, Sight, Source, Walk};
use super::tokens::{Kind, Token};

const WORDS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];
const CONSTANTS: [&str; 7] = ["true", "True", "false", "False", "none", "None", "null"];

/// The filters that templates may use: tera's own.
pub(super) const FILTERS: [&str; 36] = [
    "safe",
    "default",
    "upper",
    "lower",
    "wordcount",
    "escape",
    "escape_html",
    "escape_xml",
    "newlines_to_br",
    "pluralize",
    "trim",
    "trim_start",
    "trim_end",
    "replace",
    "capitalize",
    "title",
    "truncate",
    "indent",
    "str",
    "int",
    "float",
    "length",
    "reverse",
    "split",
    "abs",
    "round",
    "first",
    "last",
    "nth",
    "join",
    "sort",
    "unique",
    "get",
    "values",
    "keys",
    "pairs",
];
/// The tests that templates may use: tera's own.
pub(super) const TESTS: [&str; 17] = [
    "string",
    "number",
    "map",
    "bool",
    "array",
    "integer",
    "float",
    "none",
    "iterable",
    "defined",
    "undefined",
    "odd",
    "even",
    "divisible_by",
    "starting_with",
    "ending_with",
    "containing",
];
/// The functions that templates may use: tera's own.
pub(super) const FUNCTIONS: [&str; 3] = ["range", "throw", "super"];

/// The filter that lets everything through but what is missing; put around what `~` joins.
pub(super) const FILLED: &str = "__filled";

/// Judges all names of an expression.
pub(super) fn read(walk: &mut Walk<'_>, source: Source<'_>, tokens: &[Token], scopes: &Scopes) {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return;
    };
    let expression = Expression {
        source,
        tokens,
        within: first.range.start..last.range.end,
        own: comprehensions(source, tokens),
    };
    for at in 0..tokens.len() {
        expression.token(walk, at, scopes);
    }
}

/// Judges the names of `{% filter a | b(c=d) %}`, whose first name is a filter too.
pub(super) fn read_filters(walk: &mut Walk<'_>, source: Source<'_>, tokens: &[Token], scopes: &Scopes) {
    if let Some((name, rest)) = tokens.split_first() {
        known(walk, source, name, "filter", &FILTERS);
        read(walk, source, rest, scopes);
    }
}

fn is(token: Option<&Token>, sign: &str) -> bool {
    token.is_some_and(|token| token.is(sign))
}

struct Expression<'a> {
    source: Source<'a>,
    tokens: &'a [Token],
    within: Range<usize>,
    own: Vec<Comprehension>,
}

/// `[value for name in target if condition]`: its names are known in all of it but the target.
struct Comprehension {
    names: Vec<String>,
    all: Range<usize>,
    target: Range<usize>,
}

impl Expression<'_> {
    fn get(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    fn before(&self, at: usize, back: usize) -> Option<&Token> {
        at.checked_sub(back).and_then(|at| self.tokens.get(at))
    }

    fn word(&self, token: Option<&Token>) -> &str {
        token
            .filter(|token| token.kind == Kind::Name)
            .map_or("", |token| self.source.of(token))
    }

    fn token(&self, walk: &mut Walk<'_>, at: usize, scopes: &Scopes) {
        let Some(token) = self.get(at) else { return };
        if token.is("~") {
            return self.joined(walk, at);
        }
        if token.kind != Kind::Name {
            return;
        }
        let (name, before, after) = (self.source.of(token), self.before(at, 1), self.get(at + 1));
        if is(before, "|") {
            return known(walk, self.source, token, "filter", &FILTERS);
        }
        let tests = self.word(before) == "is" || (self.word(before) == "not" && self.word(self.before(at, 2)) == "is");
        if tests && name != "not" {
            return known(walk, self.source, token, "test", &TESTS);
        }
        let attribute = is(before, ".") || is(before, "?.");
        let argument = is(after, "=");
        let component = is(before, "</") || (is(before, "<") && !self.ends_operand(at.checked_sub(2)));
        if attribute || argument || component || WORDS.contains(&name) || CONSTANTS.contains(&name) {
            return;
        }
        if is(after, "(") {
            return known(walk, self.source, token, "function", &FUNCTIONS);
        }
        let own: Vec<&Comprehension> = self.own.iter().filter(|own| own.all.contains(&at)).collect();
        if name == "for" && !own.is_empty() {
            return;
        }
        self.variable(walk, at, token, scopes, &own);
    }

    fn variable(&self, walk: &mut Walk<'_>, at: usize, token: &Token, scopes: &Scopes, own: &[&Comprehension]) {
        let name = self.source.of(token);
        let seen = own
            .iter()
            .filter(|own| !own.target.contains(&at))
            .flat_map(|own| own.names.clone())
            .collect();
        let in_loop = scopes.in_loop();
        let scopes = scopes.with_own(seen);
        if name == "loop" && is(self.get(at + 1), ".") && in_loop {
            walk.survey.judged.insert(name.to_owned());
        } else if name == "row" && matches!(scopes.sees(name), Sight::Row) {
            walk.survey.judged.insert(name.to_owned());
            self.row(walk, at, token);
        } else {
            walk.judge(self.source, token, &self.within, &scopes);
        }
    }

    /// `row["Header"]`, `row.Header`, or `row` in another way.
    fn row(&self, walk: &mut Walk<'_>, at: usize, token: &Token) {
        let (opening, name) = (self.get(at + 1), self.get(at + 2));
        let header = match name.map(|name| (&name.kind, name)) {
            Some((Kind::Text(text), _)) if is(opening, "[") || is(opening, "?[") => {
                self.get(at + 3).filter(|end| end.is("]")).map(|end| (text.clone(), end))
            }
            Some((Kind::Name, name)) if is(opening, ".") || is(opening, "?.") => Some((self.source.of(name).to_owned(), name)),
            _ => None,
        };
        let Some((header, end)) = header else {
            walk.survey.whole_row.push((self.source.file.to_owned(), token.range.start));
            return;
        };
        match walk.columns.headed(&header) {
            Some(column) => walk.column(self.source, token.range.start..end.range.end, &self.within, column),
            None => walk.survey.errors.push(TemplateError::Unknown {
                place: self.source.place(token),
                name: format!("row[\"{header}\"]"),
                hint: walk.columns.near_header(&header),
                exist: walk.columns.all_headers(),
            }),
        }
    }

    /// Puts a filter around what `~` joins, since tera takes what is missing for nothing there.
    fn joined(&self, walk: &mut Walk<'_>, at: usize) {
        let constant = |token: Option<&Token>| matches!(token.map(|token| &token.kind), Some(Kind::Text(_) | Kind::Number));
        let left = at.checked_sub(1);
        let right = self.operand_end(at + 1);
        let bare = right == Some(at + 1) && constant(self.get(at + 1));
        for end in [left.filter(|at| !constant(self.get(*at))), right.filter(|_| !bare)] {
            if let Some(token) = end.and_then(|end| self.get(end)) {
                let edit = Edit {
                    start: token.range.end,
                    end: token.range.end,
                    text: format!(" | {FILLED}"),
                };
                walk.edit(self.source.file, edit);
            }
        }
    }

    /// The last token of the operand that starts at `at`, its attributes, subscripts and filters included.
    fn operand_end(&self, at: usize) -> Option<usize> {
        let first = self.get(at)?;
        let mut end = match &first.kind {
            Kind::Sign("(" | "[" | "{") => closing(self.tokens, at)?,
            Kind::Sign("<") => (at..self.tokens.len()).find(|end| is(self.get(*end), ">"))?,
            Kind::Sign(_) => return None,
            _ => at,
        };
        loop {
            let Some(next) = self.get(end + 1) else { return Some(end) };
            end = match &next.kind {
                Kind::Sign("[" | "?[" | "(") => closing(self.tokens, end + 1)?,
                Kind::Sign("." | "?." | "|") => end + 2,
                _ => return Some(end),
            };
        }
    }

    fn ends_operand(&self, at: Option<usize>) -> bool {
        match at.and_then(|at| self.get(at)).map(|token| (&token.kind, token)) {
            Some((Kind::Name, token)) => !WORDS.contains(&self.source.of(token)),
            Some((Kind::Text(_) | Kind::Number | Kind::Sign(")" | "]" | "}"), _)) => true,
            _ => false,
        }
    }
}

/// The token that closes the bracket at `at`.
fn closing(tokens: &[Token], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match &token.kind {
            Kind::Sign("(" | "[" | "{" | "?[") => depth += 1,
            Kind::Sign(")" | "]" | "}") => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

fn comprehensions(source: Source<'_>, tokens: &[Token]) -> Vec<Comprehension> {
    let starts = tokens.iter().enumerate().filter(|token| token.1.is("[")).map(|token| token.0);
    starts.filter_map(|start| comprehension(source, tokens, start)).collect()
}

fn comprehension(source: Source<'_>, tokens: &[Token], start: usize) -> Option<Comprehension> {
    let end = closing(tokens, start)?;
    let word = |at: usize, word: &str| {
        tokens
            .get(at)
            .is_some_and(|token| token.kind == Kind::Name && source.of(token) == word)
    };
    let mut depth = 0_usize;
    let mut outer = Vec::new();
    for at in start + 1..end {
        match tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Sign("(" | "[" | "{" | "?[")) => depth += 1,
            Some(Kind::Sign(")" | "]" | "}")) => depth = depth.saturating_sub(1),
            _ if depth == 0 => outer.push(at),
            _ => {}
        }
    }
    let after_for = outer.iter().copied().find(|at| word(*at, "for"))? + 1;
    let after_in = outer.iter().copied().find(|at| *at > after_for && word(*at, "in"))? + 1;
    let condition = outer.iter().copied().find(|at| *at >= after_in && word(*at, "if")).unwrap_or(end);
    let names = tokens.get(after_for..after_in - 1)?.iter().filter(|token| token.kind == Kind::Name);
    Some(Comprehension {
        names: names.map(|token| source.of(token).to_owned()).collect(),
        all: start..end,
        target: after_in..condition,
    })
}

fn known(walk: &mut Walk<'_>, source: Source<'_>, token: &Token, what: &str, names: &[&str]) {
    let name = source.of(token);
    if names.contains(&name) {
        return;
    }
    let why = match name {
        "now" | "get_env" | "get_random" | "date" | "random" | "shuffle" => {
            ": what is previewed must be what is sent, so templates read no clock, no environment and no chance; make it a column of the sheet"
                .to_owned()
        }
        _ => nearest(name, names.iter().copied()).map_or_else(
            || format!("; there are {}", names.join(", ")),
            |near| format!(" (did you mean `{near}`?)"),
        ),
    };
    walk.survey.errors.push(TemplateError::Refused {
        place: source.place(token),
        text: format!("there is no {what} `{name}`{why}"),
    });
}
