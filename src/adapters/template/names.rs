//! Every name in the templates: which are columns, which are the template's own, and which are nobody's.
//!
//! Tera finds out about a name when it comes to print it. Here all branches are read, so that a misspelt name in a branch
//! that no row takes is an error too.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::columns::Columns;
use super::error::TemplateError;
use super::expression;
use super::load::{beside, plain_name};
use super::place::Place;
use super::tokens::{Kind, Token, tokens};

/// How deep templates may include and extend each other.
const DEEPEST: usize = 20;

/// A place where a template reads a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub file: String,
    /// The bytes of the name.
    pub range: Range<usize>,
    /// The bytes of the whole `{{ … }}` or `{% … %}`.
    pub within: Range<usize>,
    pub column: usize,
    /// What the template has there.
    pub written: String,
}

/// A change to a template's text before tera reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// What the names of a template and all that it reaches came to.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub errors: Vec<TemplateError>,
    pub reads: Vec<Read>,
    /// The variables that rows must set: name for tera, column.
    pub variables: BTreeMap<String, usize>,
    /// Where a template uses `row` other than with a name in quotes: the file and the byte.
    pub whole_row: Vec<(String, usize)>,
    /// What to change in each file.
    pub edits: BTreeMap<String, BTreeSet<Edit>>,
    /// Every name that was judged, columns and others.
    pub judged: HashSet<String>,
}

/// Reads all names of template `root` and of what it includes and extends.
pub(super) fn survey(files: &HashMap<&str, &str>, root: &str, columns: &Columns) -> Survey {
    let mut walk = Walk {
        files,
        root,
        columns,
        survey: Survey::default(),
        visited: HashSet::new(),
    };
    let mut scopes = Scopes::default();
    walk.file(root, &mut scopes, 0);
    walk.survey
}

pub(super) struct Walk<'a> {
    files: &'a HashMap<&'a str, &'a str>,
    root: &'a str,
    pub columns: &'a Columns,
    pub survey: Survey,
    visited: HashSet<(String, Vec<String>)>,
}

/// The file that is being read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl<'a> Source<'a> {
    pub fn of(self, token: &Token) -> &'a str {
        self.text.get(token.range.clone()).unwrap_or_default()
    }

    pub fn place(self, token: &Token) -> Place {
        Place::at(self.file, self.text, token.range.start)
    }
}

impl Walk<'_> {
    fn file(&mut self, file: &str, scopes: &mut Scopes, depth: usize) {
        let Some(text) = self.files.get(file).copied() else { return };
        if depth > DEEPEST {
            return self.survey.errors.push(TemplateError::TooMuch {
                file: file.to_owned(),
                why: "templates include or extend each other more than 20 deep",
            });
        }
        if !self.visited.insert((file.to_owned(), scopes.visible())) {
            return;
        }
        let source = Source { file, text };
        let tokens = tokens(text);
        let mut rest = tokens.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let ends = |token: &Token| matches!(token.kind, Kind::PrintEnd | Kind::TagEnd);
            let length = after.iter().position(ends).unwrap_or(after.len());
            let (inner, tail) = after.split_at(length);
            match first.kind {
                Kind::PrintStart => {
                    expression::read(self, source, inner, scopes);
                    rest = tail;
                }
                Kind::TagStart => {
                    self.tag(source, inner, scopes, depth);
                    rest = tail;
                }
                _ => rest = after,
            }
        }
    }

    fn tag(&mut self, source: Source<'_>, inner: &[Token], scopes: &mut Scopes, depth: usize) {
        let Some((word, rest)) = inner.split_first() else { return };
        if word.kind != Kind::Name {
            return expression::read(self, source, inner, scopes);
        }
        match source.of(word) {
            "set" => self.set(source, rest, scopes, Reach::Here),
            "set_global" => self.set(source, rest, scopes, Reach::File),
            "for" => self.open_loop(source, rest, scopes),
            "if" => {
                expression::read(self, source, rest, scopes);
                scopes.open(Scope::Branch);
            }
            "elif" => expression::read(self, source, rest, scopes),
            "else" => scopes.turn(),
            "endfor" | "endif" | "endcomponent" => scopes.close(),
            "component" => self.component(source, rest, scopes),
            "include" | "extends" => self.other_file(source.of(word), rest, scopes, depth),
            "filter" => expression::read_filters(self, source, rest, scopes),
            _ => {}
        }
    }

    fn set(&mut self, source: Source<'_>, rest: &[Token], scopes: &mut Scopes, reach: Reach) {
        let Some((name, rest)) = rest.split_first() else { return };
        expression::read(self, source, rest, scopes);
        self.declare(source, name);
        scopes.declare(source.of(name), reach);
    }

    fn open_loop(&mut self, source: Source<'_>, rest: &[Token], scopes: &mut Scopes) {
        let split = rest.iter().position(|token| source.of(token) == "in").unwrap_or(rest.len());
        let (names, target) = rest.split_at(split);
        expression::read(self, source, target.get(1..).unwrap_or_default(), scopes);
        let names: Vec<&Token> = names.iter().filter(|token| token.kind == Kind::Name).collect();
        for name in &names {
            self.declare(source, name);
        }
        scopes.open(Scope::Loop(names.iter().map(|name| source.of(name).to_owned()).collect()));
    }

    /// A component sees its arguments, and nothing of the row.
    fn component(&mut self, source: Source<'_>, rest: &[Token], scopes: &mut Scopes) {
        let mut names = vec!["body".to_owned()];
        let mut depth = 0_usize;
        for pair in rest.windows(2) {
            let [before, token] = pair else { continue };
            if matches!(&before.kind, Kind::Sign("(" | "[" | "{")) {
                depth += 1;
            } else if matches!(&before.kind, Kind::Sign(")" | "]" | "}")) {
                depth = depth.saturating_sub(1);
            }
            let starts = matches!(&before.kind, Kind::Sign("(" | "," | "@" | "..."));
            if starts && depth == 1 && token.kind == Kind::Name {
                self.declare(source, token);
                names.push(source.of(token).to_owned());
                if before.is("@")
                    && let Some(column) = self.columns.variable(source.of(token))
                {
                    self.survey.variables.insert(source.of(token).to_owned(), column);
                    self.survey.reads.push(Read {
                        file: source.file.to_owned(),
                        range: token.range.clone(),
                        within: token.range.clone(),
                        column,
                        written: source.of(token).to_owned(),
                    });
                }
            }
        }
        scopes.open(Scope::Component(names));
    }

    fn other_file(&mut self, word: &str, rest: &[Token], scopes: &mut Scopes, depth: usize) {
        let Some(Kind::Text(written)) = rest.first().map(|token| &token.kind) else {
            return;
        };
        let Ok(plain) = plain_name(written) else { return };
        let name = beside(self.root, &plain);
        if word == "extends" {
            // A child shares the variables of its parent.
            return self.file(&name, scopes, depth + 1);
        }
        scopes.open(Scope::File(Vec::new()));
        self.file(&name, scopes, depth + 1);
        scopes.close_file();
    }

    /// Notes a name that the template makes, and refuses those that it may not.
    pub fn declare(&mut self, source: Source<'_>, name: &Token) {
        let own = source.of(name);
        self.survey.judged.insert(own.to_owned());
        let why = match own {
            "row" => "`row` always means the row of the sheet",
            _ if own.starts_with("__") => "names that start with `__` are kept for rowcast and tera",
            _ => return,
        };
        self.survey.errors.push(TemplateError::Refused {
            place: source.place(name),
            text: format!("{why}; choose another name than `{own}`"),
        });
    }

    /// Judges a name that is read at `token`.
    pub fn judge(&mut self, source: Source<'_>, token: &Token, within: &Range<usize>, scopes: &Scopes) {
        let name = source.of(token);
        self.survey.judged.insert(name.to_owned());
        match scopes.sees(name) {
            Sight::Own => {}
            Sight::NotInside => self.survey.errors.push(TemplateError::Unknown {
                place: source.place(token),
                name: name.to_owned(),
                hint: " here, since a component sees only its arguments".to_owned(),
                exist: format!("hand it over: <name {name}={{{name}}}/>"),
            }),
            Sight::Row => match self.columns.variable(name) {
                Some(column) => self.column(source, token.range.clone(), within, column),
                None => self.unknown(source, token, name),
            },
        }
    }

    fn unknown(&mut self, source: Source<'_>, token: &Token, name: &str) {
        let place = source.place(token);
        if name.starts_with("__") {
            return self.survey.errors.push(TemplateError::Refused {
                place,
                text: format!("`{name}` is not for templates: names that start with `__` are kept for rowcast and tera"),
            });
        }
        self.survey.errors.push(TemplateError::Unknown {
            place,
            name: name.to_owned(),
            hint: self.columns.near_variable(name),
            exist: self.columns.all_variables(),
        });
    }

    /// Notes that `range` reads `column`: a plain name stays, all else becomes a name that tera can read.
    pub fn column(&mut self, source: Source<'_>, range: Range<usize>, within: &Range<usize>, column: usize) {
        let written = source.text.get(range.clone()).unwrap_or_default().to_owned();
        let plain = written.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        let variable = if plain { written.clone() } else { format!("__row_{column}") };
        if !plain {
            let edit = Edit {
                start: range.start,
                end: range.end,
                text: variable.clone(),
            };
            self.edit(source.file, edit);
        }
        self.survey.variables.insert(variable, column);
        self.survey.reads.push(Read {
            file: source.file.to_owned(),
            range,
            within: within.clone(),
            column,
            written,
        });
    }

    pub fn edit(&mut self, file: &str, edit: Edit) {
        self.survey.edits.entry(file.to_owned()).or_default().insert(edit);
    }
}

/// How far a `set` reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Here,
    File,
}

/// What a name can be where it is read.
pub(super) enum Sight {
    /// The template made it.
    Own,
    /// The row may have it.
    Row,
    /// Nothing of the row is seen here.
    NotInside,
}

#[derive(Debug, Clone)]
enum Scope {
    File(Vec<String>),
    Branch,
    Loop(Vec<String>),
    /// What follows the `else` of a loop.
    AfterLoop,
    Component(Vec<String>),
}

/// The names that the template itself has made, innermost last.
#[derive(Debug, Clone)]
pub(super) struct Scopes(Vec<Scope>);

impl Default for Scopes {
    fn default() -> Self {
        Self(vec![Scope::File(Vec::new())])
    }
}

impl Scopes {
    fn open(&mut self, scope: Scope) {
        self.0.push(scope);
    }

    /// Closes the innermost scope, but never a file: tera refuses an end tag that ends nothing.
    fn close(&mut self) {
        if !matches!(self.0.last(), Some(Scope::File(_)) | None) {
            self.0.pop();
        }
    }

    fn close_file(&mut self) {
        while self.0.len() > 1 {
            if matches!(self.0.pop(), Some(Scope::File(_))) {
                return;
            }
        }
    }

    /// `else`: the names of a loop end there.
    fn turn(&mut self) {
        if let Some(scope @ Scope::Loop(_)) = self.0.last_mut() {
            *scope = Scope::AfterLoop;
        }
    }

    fn declare(&mut self, name: &str, reach: Reach) {
        let home = self.0.iter_mut().rev().find_map(|scope| match scope {
            Scope::Loop(names) if reach == Reach::Here => Some(names),
            Scope::File(names) | Scope::Component(names) => Some(names),
            _ => None,
        });
        if let Some(names) = home {
            names.push(name.to_owned());
        }
    }

    /// What `name` is here.
    pub fn sees(&self, name: &str) -> Sight {
        for scope in self.0.iter().rev() {
            match scope {
                Scope::File(names) | Scope::Loop(names) if names.iter().any(|own| own == name) => return Sight::Own,
                Scope::Component(names) if names.iter().any(|own| own == name) => return Sight::Own,
                Scope::Component(_) => return Sight::NotInside,
                _ => {}
            }
        }
        Sight::Row
    }

    /// Whether `loop` means something here.
    pub fn in_loop(&self) -> bool {
        let here = self
            .0
            .iter()
            .rev()
            .take_while(|scope| !matches!(scope, Scope::File(_) | Scope::Component(_)));
        here.into_iter().any(|scope| matches!(scope, Scope::Loop(_)))
    }

    pub fn with_own(&self, names: Vec<String>) -> Self {
        let mut inner = self.clone();
        inner.open(Scope::Loop(names));
        inner
    }

    fn visible(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .0
            .iter()
            .flat_map(|scope| match scope {
                Scope::File(names) | Scope::Loop(names) | Scope::Component(names) => names.clone(),
                Scope::Branch | Scope::AfterLoop => Vec::new(),
            })
            .collect();
        // Inside a component the row is out of sight: another way to see the same names.
        names.extend(
            self.0
                .iter()
                .filter(|scope| matches!(scope, Scope::Component(_)))
                .map(|_| "<".to_owned()),
        );
        names.sort_unstable();
        names.dedup();
        names
    }
}
