//! Reads a template and everything that it includes or extends, from the folder that it is in.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::error::{TemplateError, TemplateErrors};
use super::place::Place;
use super::tokens::{Kind, tokens};
use crate::model::entry::Templates;

/// The longest template file, in bytes.
pub const LONGEST_FILE: u64 = 1 << 20;
/// How many files the templates of a campaign may be.
const MOST_FILES: usize = 100;

/// Reads the message and subject templates and every file that they include or extend.
///
/// Names in `{% include %}` and `{% extends %}` are relative to the folder of the message template, for a subject to the
/// folder of the subject template, wherever the tag stands. Line ends become `\n`, a byte-order mark is dropped. The names in
/// the result are the paths as they were given, with `/` between folders.
///
/// # Errors
/// All files that cannot be read, are no UTF-8 text, have NUL bytes, are larger than 1 MiB or lie outside the folder.
pub fn load(message: &Path, subject: Option<&Path>) -> Result<Templates, TemplateErrors> {
    let mut loading = Loading::default();
    let templates = Templates {
        message: loading.root(message),
        subject: subject.map(|path| loading.root(path)),
        files: Vec::new(),
    };
    if loading.errors.is_empty() {
        Ok(Templates {
            files: loading.files.into_iter().collect(),
            ..templates
        })
    } else {
        Err(TemplateErrors(loading.errors))
    }
}

#[derive(Default)]
struct Loading {
    files: BTreeMap<String, String>,
    errors: Vec<TemplateError>,
}

impl Loading {
    /// Reads a template that the user named, and gives its name among the files.
    fn root(&mut self, path: &Path) -> String {
        let name = shown(path);
        match read(path) {
            Ok(bytes) => self.take_in(&name, &bytes),
            Err(source) => self.errors.push(TemplateError::Read {
                path: path.to_owned(),
                source,
            }),
        }
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        self.follow(&name, &folder);
        name
    }

    /// Reads what `root` includes, and what that includes, and so on.
    fn follow(&mut self, root: &str, folder: &Path) {
        let mut open = vec![root.to_owned()];
        let mut seen = vec![root.to_owned()];
        while let Some(file) = open.pop() {
            let Some(text) = self.files.get(&file).cloned() else { continue };
            for reference in references(&text) {
                let place = Place::at(&file, &text, reference.offset);
                let name = match plain_name(&reference.name) {
                    Ok(plain) => beside(root, &plain),
                    Err(why) => {
                        self.errors.push(TemplateError::Outside {
                            place,
                            name: reference.name,
                            why,
                        });
                        continue;
                    }
                };
                if !seen.contains(&name) {
                    seen.push(name.clone());
                    self.include(place, &reference.name, &name, folder);
                    open.push(name);
                }
            }
        }
    }

    fn include(&mut self, place: Place, written: &str, name: &str, folder: &Path) {
        if self.files.contains_key(name) {
            return;
        }
        if self.files.len() >= MOST_FILES {
            return self.errors.push(TemplateError::TooMuch {
                file: name.to_owned(),
                why: "the templates are more than 100 files",
            });
        }
        let path = folder.join(plain_name(written).unwrap_or_default());
        match is_within(&path, folder).and_then(|within| within.then(|| read(&path)).transpose()) {
            Ok(Some(bytes)) => self.take_in(name, &bytes),
            Ok(None) => self.errors.push(TemplateError::Outside {
                place,
                name: written.to_owned(),
                why: "is a link to a file elsewhere",
            }),
            Err(source) => self.errors.push(TemplateError::Include { place, path, source }),
        }
    }

    fn take_in(&mut self, name: &str, bytes: &[u8]) {
        if bytes.len() as u64 > LONGEST_FILE {
            return self.errors.push(TemplateError::TooMuch {
                file: name.to_owned(),
                why: "larger than 1 MiB, which no message template is",
            });
        }
        match text_of(bytes) {
            Ok(text) => drop(self.files.insert(name.to_owned(), text)),
            Err((line, why)) => self.errors.push(TemplateError::Text {
                file: name.to_owned(),
                line,
                why,
            }),
        }
    }
}

/// The bytes of a file, at most one more than a template may have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether `path`, with all links followed, is a file in `folder` or below.
fn is_within(path: &Path, folder: &Path) -> io::Result<bool> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real = fs::canonicalize(path)?;
    if !fs::metadata(&real)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    Ok(real.starts_with(fs::canonicalize(here)?))
}

/// The text of a template, or the line that is wrong and why.
fn text_of(bytes: &[u8]) -> Result<String, (usize, &'static str)> {
    let line_of = |offset: usize| bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err((1, "this is UTF-16; save the template as UTF-8"));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| (line_of(error.valid_up_to()), "this is no UTF-8; save the template as UTF-8"))?;
    if let Some(offset) = text.find('\0') {
        return Err((line_of(offset), "a NUL byte; save the template as plain text in UTF-8"));
    }
    Ok(text
        .strip_prefix('\u{FEFF}')
        .unwrap_or(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n"))
}

/// A template that another one names.
pub(super) struct Reference {
    /// As the template has it.
    pub name: String,
    /// Where the name stands, quotes included.
    pub offset: usize,
    /// How many bytes it has there, quotes included.
    pub length: usize,
}

/// The templates that `text` includes or extends.
pub(super) fn references(text: &str) -> Vec<Reference> {
    let tokens = tokens(text);
    let tag = |window: &[super::tokens::Token]| match window {
        [start, word, name] if start.kind == Kind::TagStart && word.kind == Kind::Name => {
            let known = matches!(text.get(word.range.clone()), Some("include" | "extends"));
            match &name.kind {
                Kind::Text(written) if known => Some(Reference {
                    name: written.clone(),
                    offset: name.range.start,
                    length: name.range.len(),
                }),
                _ => None,
            }
        }
        _ => None,
    };
    tokens.windows(3).filter_map(tag).collect()
}

/// The name of an included template without `.` and doubled separators.
///
/// # Errors
/// Why the name cannot be one of a file in the folder.
pub(super) fn plain_name(written: &str) -> Result<String, &'static str> {
    let written = written.replace('\\', "/");
    if written.starts_with('/') || written.as_bytes().get(1) == Some(&b':') {
        return Err("is an absolute path");
    }
    let parts: Vec<&str> = written.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err("leads out of its folder");
    }
    if parts.is_empty() {
        return Err("names no file");
    }
    Ok(parts.join("/"))
}

/// The name among the files of `plain`, a template in the folder of `root`.
pub(super) fn beside(root: &str, plain: &str) -> String {
    root.rfind('/').and_then(|end| root.get(..=end)).unwrap_or_default().to_owned() + plain
}

fn shown(path: &Path) -> String {
    let shown = path.display().to_string();
    if cfg!(windows) { shown.replace('\\', "/") } else { shown }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn folder_with(files: &[(&str, &[u8])]) -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let root = folder.path().to_owned();
        (folder, move |name: &str| root.join(name))
    }

    fn failure(files: &[(&str, &[u8])]) -> String {
        let (folder, path) = folder_with(files);
        let error = load(&path("m.txt"), None).unwrap_err();
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn a_template_is_read_with_all_that_it_includes() {
        let (_folder, path) = folder_with(&[
            ("m.txt", b"\xEF\xBB\xBFHi\r\n{% include './parts/a.txt' %}\rx"),
            ("parts/a.txt", b"{% include \"b.txt\" %}"),
            ("b.txt", b"b"),
            ("subjects/s.txt", b"{% include 'b.txt' %}"),
            ("subjects/b.txt", b"another"),
        ]);
        let templates = load(&path("m.txt"), Some(&path("subjects/s.txt"))).unwrap();
        let text = |name: &str| {
            let name = shown(&path(name));
            templates.files.iter().find(|file| file.0 == name).map(|file| file.1.as_str())
        };
        assert_eq!(text("m.txt"), Some("Hi\n{% include './parts/a.txt' %}\nx"));
        assert_eq!(text("b.txt"), Some("b"));
        assert_eq!(text("subjects/b.txt"), Some("another"));
        assert_eq!(templates.files.len(), 5);
    }

    #[test]
    fn a_template_that_is_no_text_is_refused_with_its_line() {
        assert_eq!(
            failure(&[("m.txt", b"a\nb\xFFc")]),
            "m.txt line 2: this is no UTF-8; save the template as UTF-8"
        );
        assert_eq!(
            failure(&[("m.txt", b"\xFF\xFEa\0")]),
            "m.txt line 1: this is UTF-16; save the template as UTF-8"
        );
        assert_eq!(
            failure(&[("m.txt", b"a\n\nb\0c")]),
            "m.txt line 3: a NUL byte; save the template as plain text in UTF-8"
        );
        let large = vec![b'a'; 1 << 21];
        assert_eq!(
            failure(&[("m.txt", &large)]),
            "m.txt: larger than 1 MiB, which no message template is"
        );
        assert!(
            load(Path::new("/nowhere/m.txt"), None)
                .unwrap_err()
                .to_string()
                .starts_with("cannot read the template /nowhere/m.txt: ")
        );
    }

    #[test]
    fn an_include_stays_in_its_folder() {
        let texts: [(&[u8], &str); 4] = [
            (b"{% include '../x.txt' %}", "`../x.txt` leads out of its folder"),
            (b"{% include 'a/../../x.txt' %}", "`a/../../x.txt` leads out of its folder"),
            (b"{% include '/etc/passwd' %}", "`/etc/passwd` is an absolute path"),
            (b"{% include 'C:\\\\x' %}", "`C:\\x` is an absolute path"),
        ];
        for (text, start) in texts {
            let line = failure(&[("m.txt", text)]);
            let expected = format!("m.txt line 1 column 12: {start}; a template includes only files of the folder it is in, or below");
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn every_missing_include_is_told_with_its_place() {
        let line = failure(&[("m.txt", b"a\n {% include 'x.txt' %}{% include 'y.txt' %}")]);
        let lines: Vec<&str> = line.lines().collect();
        assert_eq!(lines.len(), 2, "{line}");
        assert!(
            lines[0].starts_with("m.txt line 2 column 13: cannot read the included x.txt: "),
            "{line}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_outside_is_refused() {
        let (_other, secret) = folder_with(&[("secret.txt", b"s")]);
        let (_folder, path) = folder_with(&[("m.txt", b"{% include 'l.txt' %}")]);
        std::os::unix::fs::symlink(secret("secret.txt"), path("l.txt")).unwrap();
        let error = load(&path("m.txt"), None).unwrap_err().to_string();
        assert!(error.contains("`l.txt` is a link to a file elsewhere"), "{error}");
    }
}
