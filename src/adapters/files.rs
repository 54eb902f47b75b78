//! Files to attach, as they stand on disk: whether they can be sent, and what they are (infer, `mime_guess`).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// So many bytes of a file tell its type.
const HEAD: usize = 8192;

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// Its length in bytes.
    pub length: u64,
    /// When it was last changed, in nanoseconds since the Unix epoch; zero where the system does not say.
    pub changed_ns: u64,
}

/// Why a file cannot be attached.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a folder, a pipe, a device.
    #[error("{} is no file", .0.display())]
    NoFile(PathBuf),
    /// There is nothing in it.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
}

/// A file that is open to be sent.
#[derive(Debug)]
pub struct Opened {
    /// The file, at its start.
    pub file: File,
    /// Its state when it was opened.
    pub state: State,
    /// Its MIME type.
    pub media_type: String,
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> FileError + '_ {
    |source| FileError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// Looks at the file at `path`: it is there, a file, not empty, and may be read.
///
/// # Errors
/// It cannot be attached.
pub fn inspect(path: &Path) -> Result<State, FileError> {
    // A pipe would wait for whoever writes to it when it is opened.
    let metadata = std::fs::metadata(path).map_err(unreadable(path))?;
    if !metadata.is_file() {
        return Err(FileError::NoFile(path.to_owned()));
    }
    let file = File::open(path).map_err(unreadable(path))?;
    let state = state(&file).map_err(unreadable(path))?;
    if state.length == 0 {
        return Err(FileError::Empty(path.to_owned()));
    }
    Ok(state)
}

/// Opens the file at `path` to be sent.
///
/// # Errors
/// It cannot be attached.
pub fn open(path: &Path) -> Result<Opened, FileError> {
    inspect(path)?;
    let mut file = File::open(path).map_err(unreadable(path))?;
    let state = state(&file).map_err(unreadable(path))?;
    let mut head = Vec::with_capacity(HEAD);
    (&file).take(HEAD as u64).read_to_end(&mut head).map_err(unreadable(path))?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable(path))?;
    Ok(Opened {
        file,
        state,
        media_type: media_type(&head, path),
    })
}

fn state(file: &File) -> io::Result<State> {
    let metadata = file.metadata()?;
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok(State {
        length: metadata.len(),
        changed_ns: since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0),
    })
}

/// The MIME type by content; by name where the content says only that it is some archive, or nothing at all.
fn media_type(head: &[u8], path: &Path) -> String {
    let by_name = mime_guess::from_path(path).first().map(|mime| mime.essence_str().to_owned());
    let by_content = infer::get(head).map(|kind| kind.mime_type().to_owned());
    let is_image = |mime: &String| mime.starts_with("image/");
    match (by_content, by_name) {
        // Documents of office programs are archives, and old ones are all alike; their name says which.
        (Some(archive), Some(name)) if is_container(&archive) && !is_image(&name) => name,
        (Some(content), _) => content,
        // A name that promises a picture which the content is not would be shown broken.
        (None, Some(name)) if is_image(&name) && name != "image/svg+xml" => "application/octet-stream".to_owned(),
        (None, Some(name)) => name,
        (None, None) => "application/octet-stream".to_owned(),
    }
}

fn is_container(mime: &str) -> bool {
    ["application/zip", "application/x-ole-storage", "application/gzip", "text/xml"].contains(&mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_type_and_the_name_where_it_does_not() {
        let type_of = |head: &[u8], name: &str| media_type(head, Path::new(name));
        assert_eq!(type_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.pdf"), "image/png");
        assert_eq!(type_of(b"\xff\xd8\xff\xe0\0\x10JFIF", "photo"), "image/jpeg");
        assert_eq!(type_of(b"GIF89a....", "x.txt"), "image/gif");
        assert_eq!(type_of(b"%PDF-1.7\n", "one-pager"), "application/pdf");
        assert_eq!(type_of(b"a,b\n1,2\n", "list.csv"), "text/csv");
        assert_eq!(type_of(b"hello", "notes.txt"), "text/plain");
        let document = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(type_of(b"PK\x03\x04\x14\0\0\0\0\0", "offer.docx"), document);
        assert_eq!(type_of(b"hello", "no-picture.png"), "application/octet-stream");
        assert_eq!(type_of(b"\0\x01", "thing"), "application/octet-stream");
    }

    #[test]
    fn only_what_can_be_read_and_has_something_in_it_is_attached() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a.txt"), "hello").expect("written");
        std::fs::write(path("empty"), "").expect("written");
        assert_eq!(inspect(&path("a.txt")).expect("a file").length, 5);
        assert!(matches!(inspect(&path("empty")), Err(FileError::Empty(_))));
        assert!(matches!(inspect(folder.path()), Err(FileError::NoFile(_))));
        assert!(matches!(inspect(&path("gone")), Err(FileError::Unreadable { .. })));
        assert_eq!(open(&path("a.txt")).expect("a file").media_type, "text/plain");
    }
}
