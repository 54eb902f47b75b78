//! One template, the message's or the subject's, ready to render.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tera::{Context, ErrorKind, ReportError, Tera};

use super::columns::Columns;
use super::error::{TemplateError, one_line};
use super::filters;
use super::load::{beside, plain_name, references};
use super::names::{self, Edit, Read, Survey};
use super::place::Place;
use crate::model::contained::contained;

/// A template with all that it includes.
pub(super) struct Part {
    tera: Tera,
    /// The name of the template itself.
    pub root: String,
    sources: BTreeMap<String, Source>,
    /// Where columns are read, in the order of the templates.
    pub reads: Vec<Read>,
    /// Where `row` is read as a whole, or by a name that only rendering tells: the file and the byte.
    pub whole_row: Vec<(String, usize)>,
    /// What rows must set: name for tera, column.
    pub variables: BTreeMap<String, usize>,
}

/// A template's text as its author wrote it, and what was changed in it for tera.
struct Source {
    text: String,
    edits: BTreeSet<Edit>,
}

/// Why a part did not render.
pub(super) enum Failure {
    /// Something at a place: the file and the bytes of its text.
    At {
        message: String,
        file: String,
        start: usize,
        end: usize,
    },
    TooLong,
    Other(String),
}

impl Part {
    /// Reads all names, then lets tera compile. Gives every error at once.
    pub fn new(files: &HashMap<&str, &str>, root: &str, columns: &Columns, defaults: Arc<AtomicU32>) -> Result<Self, Vec<TemplateError>> {
        let mut survey = names::survey(files, root, columns);
        let mut errors = std::mem::take(&mut survey.errors);
        let sources = sources(files, root, &survey);
        let texts: Vec<(String, String)> = sources.iter().map(|(name, source)| (name.clone(), source.rewritten())).collect();
        let part = |tera| Self {
            tera,
            root: root.to_owned(),
            sources,
            reads: Vec::new(),
            whole_row: Vec::new(),
            variables: BTreeMap::new(),
        };
        let mut part = part(Tera::new());
        let syntax: Vec<TemplateError> = texts.iter().filter_map(|text| part.syntax_error(text)).collect();
        let strange = |error: &TemplateError| matches!(error, TemplateError::Syntax { text, .. } if text.contains("unexpected character"));
        // A name that tera cannot even read is told once.
        let told = errors.iter().any(|error| matches!(error, TemplateError::Unknown { .. }));
        let broken = !syntax.is_empty();
        errors.extend(syntax.into_iter().filter(|error| !(told && strange(error))));
        if !broken {
            errors.extend(part.compile(&texts, defaults, &survey, errors.is_empty()));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        part.reads = survey.reads;
        part.whole_row = survey.whole_row;
        part.variables = survey.variables;
        Ok(part)
    }

    fn syntax_error(&self, text: &(String, String)) -> Option<TemplateError> {
        let one = [(text.0.as_str(), text.1.as_str())];
        // A template that tera cannot read at all must not end the program.
        let added = contained(|| Tera::new().add_raw_templates(one));
        match added {
            Some(Err(error)) => match error.kind() {
                ErrorKind::SyntaxError(report) => Some(self.syntax(report)),
                _ => None,
            },
            Some(Ok(())) => None,
            None => Some(self.whole("the template engine cannot read it")),
        }
    }

    fn syntax(&self, report: &ReportError) -> TemplateError {
        let at_end = report.message().starts_with("Unexpected end");
        let offset = if at_end {
            report.span().range.end
        } else {
            report.span().range.start
        };
        let text = if at_end {
            "the template ends inside a tag or block; close it".to_owned()
        } else {
            let mut letters = report.message().chars();
            let first = letters.next().map(|c| c.to_ascii_lowercase());
            one_line(&first.into_iter().chain(letters).collect::<String>())
        };
        TemplateError::Syntax {
            place: self.place(report.filename(), self.original(report.filename(), offset)),
            text,
        }
    }

    /// Compiles everything together; `complete` says whether all names were found to be good before.
    fn compile(&mut self, texts: &[(String, String)], defaults: Arc<AtomicU32>, survey: &Survey, complete: bool) -> Vec<TemplateError> {
        let mut tera = Tera::new();
        filters::register(&mut tera, defaults);
        let added = contained(|| tera.add_raw_templates(texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))));
        match added {
            Some(Ok(())) => {}
            Some(Err(error)) => return if complete { self.reported(&error) } else { Vec::new() },
            None => return vec![self.whole("the template engine cannot compile it")],
        }
        // Messages are text: nothing is ever escaped as HTML.
        tera.autoescape_on(Vec::<&str>::new());
        let unjudged = self.unjudged(&tera, survey);
        self.tera = tera;
        unjudged
    }

    /// The variables that tera found and we did not. There should be none; if there are, they must not pass.
    fn unjudged(&self, tera: &Tera, survey: &Survey) -> Vec<TemplateError> {
        let Ok(found) = tera.get_template_variables(&self.root) else {
            return Vec::new();
        };
        let mut missed: Vec<&str> = found
            .into_iter()
            .filter(|name| !survey.judged.contains(*name) && !survey.variables.contains_key(*name))
            .collect();
        missed.sort_unstable();
        let told = |name: &str| self.whole(&format!("no column gives `{name}`, which the template names"));
        missed.into_iter().map(told).collect()
    }

    /// Tera's own list of unknown things, each of several lines, as our errors.
    fn reported(&self, error: &tera::Error) -> Vec<TemplateError> {
        let text = error.to_string();
        let mut lines = text.lines().peekable();
        let mut errors = Vec::new();
        while let Some(line) = lines.next() {
            let Some(message) = line.strip_prefix("error: ") else { continue };
            let place = lines.peek().and_then(|next| next.trim().strip_prefix("--> ")).and_then(place_of);
            errors.push(match place {
                Some(place) => TemplateError::Refused {
                    place,
                    text: one_line(message),
                },
                None => self.whole(message),
            });
        }
        if errors.is_empty() {
            errors.push(self.whole(&text));
        }
        errors
    }

    fn whole(&self, text: &str) -> TemplateError {
        TemplateError::Whole {
            file: self.root.clone(),
            text: one_line(text),
        }
    }

    /// Renders into `output`, which is emptied first.
    pub fn render(&self, context: &Context, output: &mut Output) -> Result<(), Failure> {
        output.0.clear();
        let rendered = contained(|| self.tera.render_to(&self.root, context, &mut *output));
        let error = match rendered {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => error,
            None => return Err(Failure::Other("the template engine failed".to_owned())),
        };
        Err(match error.kind() {
            ErrorKind::RenderingError(report) | ErrorKind::SyntaxError(report) => {
                let file = report.filename().to_owned();
                let range = &report.span().range;
                Failure::At {
                    message: report.message().to_owned(),
                    start: self.original(&file, range.start),
                    end: self.original(&file, range.end),
                    file,
                }
            }
            ErrorKind::Io(_) => Failure::TooLong,
            _ => Failure::Other(one_line(&error.to_string())),
        })
    }

    /// The place of byte `offset` of the text as its author wrote it.
    pub fn place(&self, file: &str, offset: usize) -> Place {
        Place::at(file, self.sources.get(file).map_or("", |source| &source.text), offset)
    }

    /// What the template has at these bytes.
    pub fn written(&self, file: &str, start: usize, end: usize) -> &str {
        let text = self.sources.get(file).map_or("", |source| source.text.as_str());
        text.get(start..end).unwrap_or_default()
    }

    fn original(&self, file: &str, offset: usize) -> usize {
        self.sources.get(file).map_or(offset, |source| source.original(offset))
    }
}

/// The files that the template reaches, with their edits and with includes named as tera knows them.
fn sources(files: &HashMap<&str, &str>, root: &str, survey: &Survey) -> BTreeMap<String, Source> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(name) = open.pop() {
        let Some(text) = files.get(name.as_str()).filter(|_| !found.contains_key(&name)) else {
            continue;
        };
        let mut edits = survey.edits.get(&name).cloned().unwrap_or_default();
        for reference in references(text) {
            let Ok(plain) = plain_name(&reference.name) else { continue };
            let target = beside(root, &plain);
            edits.insert(Edit {
                start: reference.offset,
                end: reference.offset + reference.length,
                text: format!("\"{}\"", target.replace('\\', "\\\\").replace('"', "\\\"")),
            });
            open.push(target);
        }
        let source = Source {
            text: (*text).to_owned(),
            edits,
        };
        found.insert(name, source);
    }
    found
}

impl Source {
    fn rewritten(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + 64);
        let mut from = 0;
        for edit in &self.edits {
            text.push_str(self.text.get(from..edit.start).unwrap_or_default());
            text.push_str(&edit.text);
            from = edit.end;
        }
        text.push_str(self.text.get(from..).unwrap_or_default());
        text
    }

    /// Where a byte of the rewritten text was before.
    fn original(&self, offset: usize) -> usize {
        let mut written = 0;
        let mut from = 0;
        for edit in &self.edits {
            let kept = edit.start.saturating_sub(from);
            if offset < written + kept {
                break;
            }
            written += kept;
            from = edit.start;
            if offset < written + edit.text.len() {
                return if offset == written { edit.start } else { edit.end };
            }
            written += edit.text.len();
            from = from.max(edit.end);
        }
        from + offset.saturating_sub(written)
    }
}

/// `file:line:column` as tera's reports end.
fn place_of(text: &str) -> Option<Place> {
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?.to_owned();
    Some(Place { file, line, column })
}

/// What a template has output so far: never more than a message can be.
#[derive(Default)]
pub(super) struct Output(pub Vec<u8>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > filters::LONGEST {
            return Err(io::Error::other("the text grows beyond 1 MiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(|_| ())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
