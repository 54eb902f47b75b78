//! Stdout as a stream, for what may go into a file as well.

use std::io::{self, Write};
use std::path::Path;

use super::{Screen, Terminal, block};

/// Whether somebody who names this file means stdout.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Stdout. A reader that went away is no error, as everywhere; a terminal gets text that cannot steer it.
pub struct Out<'s> {
    screen: &'s mut Screen,
    /// What a terminal gets once it is whole: a character may come in two pieces.
    held: Vec<u8>,
}

impl<'s> Out<'s> {
    pub(super) const fn new(screen: &'s mut Screen) -> Self {
        Self { screen, held: Vec::new() }
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.screen.out.terminal {
            Terminal::Yes => self.held.extend_from_slice(bytes),
            Terminal::No => self.screen.data(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let text = String::from_utf8_lossy(&held);
        // A mark for spreadsheets is nothing to look at.
        self.screen.data(block(text.trim_start_matches('\u{feff}')).as_bytes());
        Ok(())
    }
}
