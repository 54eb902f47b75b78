//! Which files a row attaches, and whether they can be sent.

use std::path::{Path, PathBuf};

use super::settings::Settings;
use crate::adapters::files::{State, inspect};
use crate::model::draft::AttachedFile;
use crate::model::problem::{Code, Problem};
use crate::model::size::Size;

/// Where files are looked for, and how large they may be.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Cells are relative to the sheet.
    folder: PathBuf,
    /// The files of rows that name none.
    usual: Vec<PathBuf>,
    limit: u64,
}

impl Shelf {
    /// The shelf of a campaign.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            folder: settings.files.sheet.parent().unwrap_or(Path::new("")).to_owned(),
            usual: settings.delivery.attachments.iter().map(|path| usual(path, settings)).collect(),
            limit: settings.delivery.max_attachment,
        }
    }

    /// Whether rows that name no file attach some.
    #[must_use]
    pub fn has_usual(&self) -> bool {
        !self.usual.is_empty()
    }

    /// The files that a row attaches: those it names, else those of the campaign.
    ///
    /// # Errors
    /// What is wrong with those that cannot be sent.
    pub fn take(&self, named: &[String]) -> Result<Vec<AttachedFile>, Vec<Problem>> {
        let paths: Vec<(String, PathBuf)> = if named.is_empty() {
            self.usual.iter().map(|path| (path.display().to_string(), path.clone())).collect()
        } else {
            named.iter().map(|name| (name.clone(), self.folder.join(name))).collect()
        };
        let (mut files, mut problems) = (Vec::<AttachedFile>::new(), Vec::new());
        for (name, path) in paths {
            // Nobody means to send the same file twice in one message.
            if files.iter().any(|file| file.path == path) {
                continue;
            }
            match inspect(&path) {
                Ok(State { length, .. }) if length > self.limit => {
                    let (size, limit) = (Size(length), Size(self.limit));
                    let text = format!(
                        "attachment `{name}` has {size}, more than the {limit} of --max-attachment; make it smaller, or raise --max-attachment"
                    );
                    problems.push(Problem::error(Code::AttachmentTooLarge, text));
                }
                Ok(State { length, changed_ns }) => files.push(AttachedFile {
                    name,
                    path,
                    length,
                    changed_ns,
                }),
                Err(error) => {
                    let text = format!("attachment `{name}`: {error}; put the file there, or correct its name");
                    problems.push(Problem::error(Code::Attachment, text));
                }
            }
        }
        if problems.is_empty() { Ok(files) } else { Err(problems) }
    }
}

/// Where a file of the settings is: where its flag or campaign file says, else beside the sheet, where those of cells are.
fn usual(path: &Path, settings: &Settings) -> PathBuf {
    let of = |file: &Path| file.parent().unwrap_or(Path::new("")).to_owned();
    let named = path.strip_prefix(of(&settings.files.campaign)).unwrap_or(path);
    let beside = of(&settings.files.sheet).join(named);
    if !path.exists() && beside.exists() {
        beside
    } else {
        path.to_owned()
    }
}
