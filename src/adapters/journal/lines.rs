//! A file in blocks, handed out line by line: never more than a block and the longest line in memory.

use std::io::{self, Read};

use super::record::LONGEST;

const BLOCK: usize = 256 << 10;

/// The lines of a file, in order.
pub(super) struct Lines<R> {
    source: R,
    /// Bytes read and not handed out: `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where `start` is in the file.
    offset: u64,
}

/// A line, or what stands after the last line end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The byte at which it starts.
    pub at: u64,
    /// Without the line end.
    pub bytes: &'a [u8],
    /// How it ends.
    pub ending: Ending,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// As lines do.
    Newline,
    /// The file ends.
    File,
    /// Not within the length that a line may have.
    Beyond,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            offset: 0,
        }
    }

    /// The next line; `None` where the file ends after a line end, or is empty.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut seen = 0;
        let (length, ending) = loop {
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', held.get(seen..).unwrap_or_default()) {
                break (seen + found, Ending::Newline);
            }
            seen = held.len();
            if seen > LONGEST {
                break (seen, Ending::Beyond);
            }
            if self.fill()? == 0 {
                break (seen, Ending::File);
            }
        };
        if ending == Ending::File && length == 0 {
            return Ok(None);
        }
        let (first, at) = (self.start, self.offset);
        let taken = length + usize::from(ending == Ending::Newline);
        self.start += taken;
        self.offset += taken as u64;
        let bytes = self.buffer.get(first..first + length).unwrap_or_default();
        let ending = if length > LONGEST { Ending::Beyond } else { ending };
        Ok(Some(Line { at, bytes, ending }))
    }

    /// Reads more behind what is held; 0 at the end of the file.
    fn fill(&mut self) -> io::Result<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    self.end += *read.as_ref().unwrap_or(&0);
                    return read;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_cross_blocks_come_out_whole_with_their_places() {
        let long = "x".repeat(3 * BLOCK);
        let text = format!("a\n{long}\n\nlast");
        let mut lines = Lines::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.at, line.bytes.len(), line.ending));
        }
        let after = 3 + long.len() as u64;
        assert_eq!(
            found,
            [
                (0, 1, Ending::Newline),
                (2, long.len(), Ending::Newline),
                (after, 0, Ending::Newline),
                (after + 1, 4, Ending::File)
            ]
        );
    }

    #[test]
    fn a_line_without_end_is_not_read_into_memory() {
        let mut lines = Lines::new(io::repeat(b'x'));
        assert_eq!(lines.next().unwrap().map(|line| line.ending), Some(Ending::Beyond));
        assert!(lines.buffer.len() <= 4 * LONGEST);
    }
}
