//! `rowcast check`: every problem, grouped, the worst first.

use rowcast::campaign::check::{Check, Refused, check_with};
use rowcast::campaign::columns::{Column, Columns, Variable};
use rowcast::campaign::gates::online::{Looked, look};
use rowcast::campaign::problems::{Kind, Problems};
use rowcast::campaign::settings::{Format, Online, Settings};
use rowcast::model::problem::Severity;
use rowcast::model::status::Status;
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::terminal::{Screen, Style, counted, json_line, number, one_line};
use super::{again, in_words, problems, refuse, session};

/// How many texts of one kind are shown.
const SHOWN: usize = 20;
/// Of more messages than these, a person looks at the worst first.
const FEW: usize = 10;
/// How many characters of a column's name are shown.
const LONGEST_NAME: usize = 40;
/// How many unused columns are named.
const NAMED: usize = 40;

/// Checks the campaign and shows what was found.
pub fn run(settings: &Settings, screen: &mut Screen) -> Exit {
    let asked = match settings.online {
        Online::Wanted => match ask(settings, screen) {
            Ok(looked) => looked,
            Err(exit) => return exit,
        },
        Online::Spared => Looked::default(),
    };
    let halt = asked.halt.clone();
    let found = match check_with(settings, asked) {
        Ok(found) => found,
        Err(error) => return refuse(screen, &error),
    };
    if let Some(why) = &halt {
        screen.warning(&format!("not everybody was asked about: {why}"));
    }
    match settings.show.format {
        Format::Json => screen.line(&json_line(&as_json(&found))),
        Format::Text => show(settings, &found, screen),
    }
    match (found.refused, halt) {
        (Refused::Yes, _) => Exit::Refused,
        (Refused::No, Some(_)) => Exit::Stopped,
        (Refused::No, None) => Exit::Done,
    }
}

/// Asks about the people of the rows.
fn ask(settings: &Settings, screen: &mut Screen) -> Result<Looked, Exit> {
    let key = session::key_for(&settings.endpoint, screen)?;
    let runtime = session::runtime(tokio::runtime::Builder::new_current_thread(), screen)?;
    let begin = |rows| {
        let (rows, rate) = (counted(rows, "row"), settings.pace.read_rate);
        screen.say(&format!(
            "Asking about {rows} ({}), each account's at most at {rate}; nothing is sent.",
            settings.gates.words()
        ));
    };
    let looked = runtime.block_on(look(settings, key.as_ref(), begin));
    let looked = looked.map_err(|error| refuse(screen, &error))?;
    for note in &looked.notes {
        screen.warning(note);
    }
    Ok(looked)
}

fn as_json(found: &Check) -> String {
    let count = |status| found.counts.of(status);
    json!({
        "rows": found.counts.total(), "sent": count(Status::Sent), "failed": count(Status::Failed),
        "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "skipped": count(Status::Skipped),
        "pending": count(Status::Pending), "to_send": found.to_send, "old_text": found.old_texts.count, "errors": found.grouped.count(Severity::Error),
        "warnings": found.grouped.count(Severity::Warning),
        "refused": found.refused == Refused::Yes, "recognised": found.recognised,
        "columns": found.columns.columns.iter().map(column_json).collect::<Vec<_>>(),
        "whole_row": found.columns.whole_row, "unused": found.columns.unused(),
        "kinds": found.grouped.kinds().into_iter().map(kind_json).collect::<Vec<_>>(), "problems": found.problems,
    })
    .to_string()
}

fn kind_json(kind: &Kind) -> Value {
    json!({"severity": kind.severity, "code": kind.code, "count": kind.count, "rows": kind.rows})
}

fn column_json(column: &Column) -> Value {
    let variable = |variable: &Variable| json!({"written": variable.written, "templates": variable.templates});
    json!({
        "column": column.name, "meanings": column.meanings,
        "variables": column.variables.iter().map(variable).collect::<Vec<_>>(),
    })
}

fn show(settings: &Settings, found: &Check, screen: &mut Screen) {
    if let Some(format) = found.recognised.first() {
        let dim = screen.on_out(Style::Dim, &one_line(format));
        screen.line(&dim);
    }
    show_columns(&found.columns, screen);
    let lines = problems::lines(&found.grouped, SHOWN, &|style, text| screen.on_out(style, text));
    // Blank lines keep what was read, what is wrong, and what follows from it apart.
    for line in std::iter::once("").chain(lines.iter().map(String::as_str)) {
        screen.prose(line);
    }
    if !lines.is_empty() {
        screen.line("");
    }
    let rows = counted(found.counts.total(), "row");
    screen.line(&format!("{rows}: {}", in_words(&found.counts)));
    match found.refused {
        Refused::Yes => {
            let (count, remedy) = in_the_way(&found.grouped);
            let head = screen.on_out(Style::Red, &format!("{} in the way of a run.", counted(count, "problem")));
            screen.prose(&format!("{head} {remedy}"));
        }
        Refused::No if found.to_send == 0 => screen.line("Nothing is left to send."),
        Refused::No => {
            let head = format!("Nothing stands in the way of {}.", counted(found.to_send, "message"));
            let head = screen.on_out(Style::Green, &head);
            screen.line(&head);
            let look = match (again("preview", settings), found.to_send > FEW) {
                (preview, true) => format!("{preview} --worst {FEW}"),
                (preview, false) => preview,
            };
            screen.commands("To look at them, and to send them:", &[look, again("run", settings)]);
        }
    }
}

/// How many problems are in the way of a run, and what helps.
fn in_the_way(problems: &Problems) -> (usize, &'static str) {
    let kinds = problems.kinds();
    let errors: Vec<&&Kind> = kinds.iter().filter(|kind| kind.severity == Severity::Error).collect();
    let of_templates = errors.iter().any(|kind| kind.rows == 0);
    let of_rows = errors.iter().any(|kind| kind.rows > 0);
    let remedy = match (of_templates, of_rows) {
        (true, false) => "Mend the template.",
        (true, true) => "Mend the template and the rows.",
        (false, true) => "Mend the rows, or leave them out with --skip-invalid.",
        (false, false) => return (problems.count(Severity::Warning), "Mend them, or go on without --strict."),
    };
    (problems.count(Severity::Error), remedy)
}

/// What each column was taken for and which templates read it, and what nothing uses.
fn show_columns(columns: &Columns, screen: &mut Screen) {
    let dim = |text: String| screen.on_out(Style::Dim, &text);
    let taken = columns.taken().into_iter();
    let taken = taken.map(|(meaning, column)| vec![meaning.to_owned(), name(column), dim(purpose(meaning).to_owned())]);
    let mut rows: Vec<Vec<String>> = taken.collect();
    for column in &columns.columns {
        let read = |variable: &Variable| {
            let templates = one_line(&variable.templates.join(", ")).into_owned();
            let written = format!("{{{{ {} }}}}", name(&variable.written));
            vec![written, name(&column.name), dim(format!("in {templates}"))]
        };
        rows.extend(column.variables.iter().map(read));
    }
    match columns.unused().as_deref() {
        None => {
            let places = one_line(&columns.whole_row.join(", ")).into_owned();
            let why = dim(format!("in {places}: nothing can be called unused"));
            rows.push(vec!["{{ row }}".to_owned(), "any column".to_owned(), why]);
        }
        Some([]) => {}
        Some(unused) => rows.push(vec![dim("not used".to_owned()), dim(names(unused))]),
    }
    screen.table(&rows);
}

/// What a meaning is for, where its word does not say so.
fn purpose(meaning: &str) -> &'static str {
    match meaning {
        "key" => "identifies a row across runs",
        "company" => "for do-not-contact lists",
        _ => "",
    }
}

/// A column's name as a line shows it.
fn name(name: &str) -> String {
    let shown = one_line(name);
    match shown.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown.into_owned(),
    }
}

/// Several names, the first of them where there are many.
fn names(all: &[&str]) -> String {
    let mut shown: Vec<String> = all.iter().take(NAMED).map(|one| name(one)).collect();
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        shown.push(format!("and {} more", number(more)));
    }
    shown.join(", ")
}
