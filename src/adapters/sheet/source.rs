//! The bytes of an open sheet, read at any place by any thread.

use std::fs::File;
use std::io;

/// An open file that is read by position alone, so that many may read it at once.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    /// Where the text begins, after a byte-order mark.
    pub(super) start: u64,
}

impl Source {
    pub(super) const fn new(file: File, start: u64) -> Self {
        Self { file, start }
    }

    /// Fills `buffer` from `place` on, and says how much there was: less than its length only at the end of the file.
    pub(super) fn read(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match read_at(&self.file, rest, place + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, place)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, place)
}
