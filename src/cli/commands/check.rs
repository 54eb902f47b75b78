//! `rowcast check`: every problem, grouped, the worst first.

use rowcast::campaign::check::{Check, Refused, check};
use rowcast::campaign::columns::{Column, Columns, Variable};
use rowcast::campaign::settings::{Format, Settings};
use rowcast::model::problem::{RowProblem, Severity};
use rowcast::model::status::Status;
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::terminal::{Screen, Style, counted, json_line, number, one_line};
use super::{again, in_words, problem_line, refuse};

/// How many problems of one kind are shown on a terminal.
const SHOWN: usize = 20;
/// How many characters of a column's name are shown.
const LONGEST_NAME: usize = 40;
/// How many unused columns are named.
const NAMED: usize = 40;

/// Checks the campaign and shows what was found.
pub fn run(settings: &Settings, screen: &mut Screen) -> Exit {
    let found = match check(settings) {
        Ok(found) => found,
        Err(error) => return refuse(screen, &error),
    };
    match settings.show.format {
        Format::Json => screen.line(&json_line(&as_json(&found))),
        Format::Text => show(settings, &found, screen),
    }
    match found.refused {
        Refused::Yes => Exit::Refused,
        Refused::No => Exit::Done,
    }
}

fn as_json(found: &Check) -> String {
    let count = |status| found.counts.of(status);
    json!({
        "rows": found.counts.total(), "sent": count(Status::Sent), "failed": count(Status::Failed),
        "unconfirmed": count(Status::Unconfirmed), "invalid": count(Status::Invalid), "skipped": count(Status::Skipped),
        "pending": count(Status::Pending), "to_send": found.to_send, "old_text": found.old_texts.count, "errors": found.errors, "warnings": found.warnings,
        "refused": found.refused == Refused::Yes, "recognised": found.recognised,
        "columns": found.columns.columns.iter().map(column_json).collect::<Vec<_>>(),
        "whole_row": found.columns.whole_row, "unused": found.columns.unused(), "problems": found.problems,
    })
    .to_string()
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
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for code in codes(&found.problems, severity) {
            show_kind(&found.problems, severity, code, screen);
        }
    }
    let rows = counted(found.counts.total(), "row");
    screen.line(&format!("{rows}: {}", in_words(&found.counts)));
    match found.refused {
        Refused::Yes => {
            let count = if found.errors > 0 { found.errors } else { found.warnings };
            let head = screen.on_out(Style::Red, &format!("{} in the way of a run.", counted(count, "problem")));
            screen.prose(&format!("{head} Mend the rows, or leave them out with --skip-invalid."));
        }
        Refused::No if found.to_send == 0 => screen.line("Nothing is left to send."),
        Refused::No => {
            let head = format!("Nothing stands in the way of {}.", counted(found.to_send, "message"));
            let head = screen.on_out(Style::Green, &head);
            screen.line(&head);
            screen.commands(
                "To look at them, and to send them:",
                &["preview", "run"].map(|name| again(name, settings)),
            );
        }
    }
}

/// What each column was taken for and which templates read it, and what nothing uses.
fn show_columns(columns: &Columns, screen: &mut Screen) {
    let dim = |text: String| screen.on_out(Style::Dim, &text);
    let taken = columns.taken().into_iter();
    let mut rows: Vec<Vec<String>> = taken.map(|(meaning, column)| vec![meaning.to_owned(), name(column)]).collect();
    for column in &columns.columns {
        let read = |variable: &Variable| {
            let templates = one_line(&variable.templates.join(", ")).into_owned();
            vec![name(&variable.written), name(&column.name), dim(format!("in {templates}"))]
        };
        rows.extend(column.variables.iter().map(read));
    }
    match columns.unused().as_deref() {
        None => {
            let places = one_line(&columns.whole_row.join(", ")).into_owned();
            let why = dim(format!("in {places}: nothing can be called unused"));
            rows.push(vec!["row".to_owned(), "any column".to_owned(), why]);
        }
        Some([]) => {}
        Some(unused) => rows.push(vec![dim("not used".to_owned()), dim(names(unused))]),
    }
    screen.table(&rows);
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

/// The kinds of problems, those with the most rows first.
fn codes(problems: &[RowProblem], severity: Severity) -> Vec<&'static str> {
    let mut codes: Vec<(&'static str, usize)> = Vec::new();
    for problem in problems.iter().filter(|problem| problem.problem.severity == severity) {
        match codes.iter_mut().find(|(code, _)| *code == problem.problem.code) {
            Some((_, count)) => *count += 1,
            None => codes.push((problem.problem.code, 1)),
        }
    }
    codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    codes.into_iter().map(|(code, _)| code).collect()
}

fn show_kind(problems: &[RowProblem], severity: Severity, code: &str, screen: &mut Screen) {
    let of_kind: Vec<&RowProblem> = problems
        .iter()
        .filter(|p| p.problem.severity == severity && p.problem.code == code)
        .collect();
    for problem in of_kind.iter().take(SHOWN) {
        let line = problem_line(screen, problem);
        screen.prose(&line);
    }
    if let Some(more) = of_kind.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        screen.line(&format!(
            "       … and {} more of this kind; --format json lists them",
            number(more)
        ));
    }
}
