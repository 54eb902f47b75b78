//! `rowcast preview`: the messages as they would be sent, to the byte.

use std::path::Path;

use rowcast::campaign::preview::{Order, Preview, preview, write_page};
use rowcast::campaign::settings::{Format, Settings};
use rowcast::campaign::target::Target;
use rowcast::model::problem::{Problem, Severity};
use serde_json::json;

use super::super::exit::Exit;
use super::super::terminal::{Screen, Style, block, is_stdout, json_line, number, one_line};
use super::refuse;

/// Renders the chosen rows and shows them.
pub fn run(settings: &Settings, order: Order, screen: &mut Screen) -> Exit {
    let (format, mut rows) = (settings.show.format, 0);
    let done = preview(settings, order, |row| {
        rows += 1;
        match format {
            _ if screen.is_closed() => {}
            Format::Json => screen.line(&json_line(&as_json(&row))),
            Format::Text => show(&row, screen),
        }
    });
    match done {
        Ok(()) => {
            if rows == 0 {
                screen.say(match order {
                    Order::Sheet => "No row is chosen.",
                    Order::WorstFirst(_) => "None of the chosen rows can go wrong: nothing of them is left to send.",
                });
            }
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}

/// Renders the chosen rows and writes them to `target` as a page, where `-` is stdout.
pub fn page(settings: &Settings, order: Order, target: &Path, screen: &mut Screen) -> Exit {
    let shown = is_stdout(target);
    let done = if shown {
        write_page(settings, order, Target::Stream(&mut screen.out()))
    } else {
        write_page(settings, order, Target::File(target))
    };
    match done {
        Ok(messages) => {
            if !shown {
                let place = one_line(&target.display().to_string()).into_owned();
                screen.say(&match messages {
                    1 => format!("1 message is in {place}."),
                    _ => format!("{} messages are in {place}.", number(messages)),
                });
            }
            Exit::Done
        }
        Err(error) => refuse(screen, &error),
    }
}

fn as_json(row: &Preview) -> String {
    let problem = |problem: &Problem| json!({"severity": problem.severity, "code": problem.code, "text": problem.text});
    let mut object = json!({
        "row": row.row, "key": row.key, "status": row.status, "account": row.account, "recipient": row.recipient,
        "subject": row.subject, "message": row.message, "message_sha256": row.message_sha256,
        "problems": row.problems.iter().map(problem).collect::<Vec<_>>(),
    });
    // Only rows with files have the member: whoever compares the objects of a campaign without any sees what is promised.
    if !row.attachments.is_empty() {
        object["attachments"] = json!(row.attachments);
    }
    object.to_string()
}

fn show(row: &Preview, screen: &mut Screen) {
    let mut head = format!("row {} · {} · {}", row.row, one_line(&row.recipient), row.status);
    if let Some(account) = &row.account {
        head = format!("{head} · from {}", one_line(account));
    }
    let head = screen.on_out(Style::Bold, &head);
    screen.line(&format!("── {head}"));
    if let Some(subject) = &row.subject {
        let subject = format!("Subject: {}", one_line(subject));
        let subject = screen.on_out(Style::Bold, &subject);
        screen.line(&subject);
    }
    if let Some(message) = &row.message {
        screen.prose(&block(message));
    }
    for file in &row.attachments {
        let line = screen.on_out(Style::Dim, &format!("Attached: {}", one_line(file)));
        screen.line(&line);
    }
    for problem in &row.problems {
        let style = match problem.severity {
            Severity::Error => Style::Red,
            Severity::Warning => Style::Yellow,
            Severity::Note => Style::Dim,
        };
        let text = screen.on_out(style, &one_line(&problem.text));
        screen.prose(&format!("! {text}"));
    }
    screen.line("");
}
