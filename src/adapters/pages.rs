//! Pages to look at and to hand on: self-contained HTML (tera, with everything escaped; tempfile).
//!
//! A page needs nothing from anywhere: no script, no font, no picture. What a cell or an answer says is text in it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tera::{Context, Tera};

/// A message of a preview.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewCard {
    /// The row's number.
    pub row: u32,
    /// Whom it goes to.
    pub recipient: String,
    /// Its status.
    pub status: String,
    /// The sending account, if one is known.
    pub account: Option<String>,
    /// The subject, if there is one.
    pub subject: Option<String>,
    /// The message, if it can be rendered.
    pub message: Option<String>,
    /// The files that go with it.
    pub attachments: Vec<String>,
    /// What is wrong or worth a look: severity and text.
    pub problems: Vec<(String, String)>,
}

/// The messages of a campaign, to be looked at before they are sent.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewPage {
    /// The sheet's name.
    pub title: String,
    /// How many rows each status has, statuses without rows left out.
    pub counts: Vec<(String, usize)>,
    /// Whether these are the messages that are most likely to go wrong, rather than all that were chosen.
    pub worst_first: bool,
    /// The messages.
    pub cards: Vec<PreviewCard>,
}

/// A row that a report names.
#[derive(Debug, Clone, Serialize)]
pub struct ReportRow {
    /// The row's number.
    pub row: u32,
    /// What identifies it.
    pub key: String,
    /// Its status.
    pub status: String,
    /// Why.
    pub error: String,
    /// Requests made for it.
    pub attempts: u32,
}

/// A run as a page.
#[derive(Debug, Clone, Serialize)]
pub struct ReportPage {
    /// The sheet's name.
    pub title: String,
    /// How many rows the sheet has.
    pub rows: usize,
    /// Status, rows, and their share of all in percent; statuses without rows left out.
    pub counts: Vec<(String, usize, u32)>,
    /// Account, and how many it sent.
    pub accounts: Vec<(String, usize)>,
    /// Day in UTC, messages sent, and their share of the busiest day in percent.
    pub days: Vec<(String, usize, u32)>,
    /// Rows that somebody should look at.
    pub attention: Vec<ReportRow>,
    /// How many more such rows there are.
    pub more: usize,
}

/// A page cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A defect of the page's template.
    #[error("the page cannot be made: {0}")]
    Template(String),
    /// The file cannot be written.
    #[error("cannot write the page {}: {source}; name another place with --html", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes a page, readable by its owner alone: beside its place first, then renamed, so that it is whole at every instant.
///
/// # Errors
/// The folder is not there or cannot be written to, or the disk is full.
pub fn write(path: &Path, html: &str) -> Result<(), PageError> {
    let refused = |source| PageError::Write {
        path: path.to_owned(),
        source,
    };
    // A link stays a link, and what is there and no file, such as a pipe, is written to as it is.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return fs::write(path, html).map_err(refused);
    }
    let folder = target.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".rowcast-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(refused)?;
    file.write_all(html.as_bytes()).map_err(refused)?;
    file.as_file().sync_data().map_err(refused)?;
    file.persist(&target).map_err(|error| refused(error.error))?;
    Ok(())
}

/// Writes a page to whoever reads along.
///
/// # Errors
/// Whatever the stream says.
pub fn show(stream: &mut dyn Write, html: &str) -> Result<(), PageError> {
    let written = stream.write_all(html.as_bytes()).and_then(|()| stream.flush());
    written.map_err(|source| PageError::Write {
        path: PathBuf::from("-"),
        source,
    })
}

/// The preview as HTML.
///
/// # Errors
/// A defect of the template.
pub fn preview(page: &PreviewPage) -> Result<String, PageError> {
    render("preview.html", page)
}

/// The report as HTML.
///
/// # Errors
/// A defect of the template.
pub fn report(page: &ReportPage) -> Result<String, PageError> {
    render("report.html", page)
}

const FILES: [(&str, &str); 3] = [
    ("style.html", include_str!("../../templates/pages/style.html")),
    ("preview.html", include_str!("../../templates/pages/preview.html")),
    ("report.html", include_str!("../../templates/pages/report.html")),
];

fn render(name: &str, page: &impl Serialize) -> Result<String, PageError> {
    let broken = |error: tera::Error| PageError::Template(error.to_string());
    let mut tera = Tera::new();
    tera.add_raw_templates(FILES).map_err(broken)?;
    let context = Context::from_serialize(page).map_err(broken)?;
    tera.render(name, &context).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_text() {
        let hostile = "<script>alert('x')</script>{{ 7 * 7 }}";
        let card = PreviewCard {
            row: 2,
            recipient: hostile.to_owned(),
            status: "pending".to_owned(),
            account: Some(hostile.to_owned()),
            subject: Some(hostile.to_owned()),
            message: Some(hostile.to_owned()),
            attachments: vec![hostile.to_owned()],
            problems: vec![("error".to_owned(), hostile.to_owned())],
        };
        let page = PreviewPage {
            title: hostile.to_owned(),
            counts: vec![("pending".to_owned(), 1)],
            worst_first: false,
            cards: vec![card],
        };
        let html = preview(&page).expect("a page");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("{{ 7 * 7 }}"));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
    }
}
