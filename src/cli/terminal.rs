//! What a person sees: the one place that writes to stdout and stderr.

mod hostile;
mod number;
mod out;
mod question;
mod table;
mod wrap;

pub use hostile::json_line;
pub use hostile::{block, one_line};
pub use number::{counted, number};
pub use out::{Out, is_stdout};
pub use question::{Consent, Question};

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use rowcast::campaign::settings::{Color, Level};

/// Stdout and stderr, and how they are used.
///
/// A reader that went away (`rowcast preview … | head`) is no error: what comes after is dropped quietly.
pub struct Screen {
    out: Stream,
    err: Stream,
    level: Level,
}

/// Stdout could not be written, for another reason than a reader that went away.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to stdout: {0}")]
pub struct OutError(io::Error);

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// An error.
    Red,
    /// A warning.
    Yellow,
    /// Done.
    Green,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Green => "32",
        }
    }
}

/// One of the two streams.
struct Stream {
    writer: Box<dyn Write>,
    terminal: Terminal,
    paint: Paint,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Terminal {
    Yes,
    No,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Paint {
    Colors,
    Plain,
}

enum State {
    Open,
    /// The reader went away.
    Closed,
    Failed(io::Error),
}

impl Stream {
    fn new(writer: Box<dyn Write>, terminal: Terminal, color: Color) -> Self {
        Self {
            writer,
            terminal,
            paint: paint(color, terminal),
            state: State::Open,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.attempt(|writer| writer.write_all(bytes));
    }

    fn flush(&mut self) {
        self.attempt(|writer| writer.flush());
    }

    fn attempt(&mut self, act: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if !matches!(self.state, State::Open) {
            return;
        }
        match act(&mut *self.writer) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.state = State::Closed,
            Err(error) => self.state = State::Failed(error),
        }
    }

    /// The text as the terminal shows it best; for a file or a pipe as it is.
    fn broken<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.terminal {
            Terminal::Yes => broken(text),
            Terminal::No => text.into(),
        }
    }

    fn styled(&self, style: Style, text: &str) -> String {
        match self.paint {
            Paint::Colors if !text.is_empty() => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
            Paint::Colors | Paint::Plain => text.to_owned(),
        }
    }
}

/// Text for the terminal of this process, broken between words; as it is where stderr is none.
pub fn broken(text: &str) -> Cow<'_, str> {
    match columns() {
        Some(columns) => wrap::wrapped(text, columns).into(),
        None => text.into(),
    }
}

/// How many columns a line may have at the terminal of this process; `None` where stderr is none.
fn columns() -> Option<usize> {
    // Both streams are the same terminal, where they are one.
    let (_, columns) = console::Term::stderr().size_checked()?;
    (columns > 1).then(|| wrap::WIDEST.min(columns.into()))
}

/// `auto` means a terminal, no `NO_COLOR`, and no `TERM=dumb`.
fn paint(color: Color, terminal: Terminal) -> Paint {
    let said = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    // An old Windows console shows escape codes as text; those that understand them say who they are.
    let understands = !cfg!(windows) || ["WT_SESSION", "TERM", "ConEmuANSI", "ANSICON"].iter().any(|name| said(name));
    match color {
        Color::Always => Paint::Colors,
        Color::Auto if terminal == Terminal::Yes && understands && !dumb && !said("NO_COLOR") => Paint::Colors,
        Color::Auto | Color::Never => Paint::Plain,
    }
}

const fn terminal(is_one: bool) -> Terminal {
    if is_one { Terminal::Yes } else { Terminal::No }
}

impl Screen {
    /// The streams of this process.
    pub fn of_process(color: Color, level: Level) -> Self {
        let out = io::BufWriter::new(io::stdout());
        Self {
            out: Stream::new(Box::new(out), terminal(io::stdout().is_terminal()), color),
            err: Stream::new(Box::new(io::stderr()), terminal(io::stderr().is_terminal()), color),
            level,
        }
    }

    /// From here on so much is said, in such colours: for what the campaign file says.
    pub fn adjust(&mut self, color: Color, level: Level) {
        self.out.paint = paint(color, self.out.terminal);
        self.err.paint = paint(color, self.err.terminal);
        self.level = level;
    }

    /// Data, to stdout, just as it is.
    pub fn data(&mut self, bytes: &[u8]) {
        self.out.write(bytes);
    }

    /// Stdout, for whoever writes to a stream.
    pub fn out(&mut self) -> Out<'_> {
        Out::new(self)
    }

    /// A line for stdout. Text from sheets and answers goes through [`one_line`] or [`block`] first.
    pub fn line(&mut self, text: &str) {
        self.out.write(text.as_bytes());
        self.out.write(b"\n");
    }

    /// A line of words for stdout, broken between words on a terminal.
    pub fn prose(&mut self, text: &str) {
        let text = self.out.broken(text);
        self.line(&text);
    }

    /// Rows of cells for stdout, below each other. Text from sheets goes through [`one_line`] first.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        let wide = (self.out.terminal == Terminal::Yes).then(columns).flatten();
        self.out.write(table::table(rows, wide).as_bytes());
    }

    /// Whether nobody reads stdout any more, or it failed: there is no use in making more.
    pub const fn is_closed(&self) -> bool {
        !matches!(self.out.state, State::Open)
    }

    /// A line to stderr that belongs to a question or an error, also with `--quiet`.
    pub fn note(&mut self, text: &str) {
        self.tell(text);
    }

    /// Brings out what was written to stdout so far.
    pub fn flush(&mut self) {
        self.out.flush();
    }

    /// A message to stderr; `--quiet` drops it.
    pub fn say(&mut self, text: &str) {
        if self.level > Level::Quiet {
            self.tell(text);
        }
    }

    /// A warning to stderr; `--quiet` drops it.
    pub fn warning(&mut self, text: &dyn Display) {
        if self.level > Level::Quiet {
            let head = self.err.styled(Style::Yellow, "warning:");
            let text = block(&text.to_string()).into_owned();
            self.tell(&format!("{head} {text}"));
        }
    }

    /// An error to stderr, always.
    pub fn error(&mut self, text: &dyn Display) {
        let head = self.err.styled(Style::Red, "error:");
        let text = block(&text.to_string()).into_owned();
        self.tell(&format!("{head} {text}"));
    }

    /// Commands for the next step, each on a line of its own so that it can be taken as it stands; `--quiet` drops them.
    pub fn commands(&mut self, why: &str, commands: &[String]) {
        if self.level > Level::Quiet {
            self.tell(why);
            for command in commands {
                self.err.write(format!("  {command}\n").as_bytes());
            }
        }
    }

    fn tell(&mut self, text: &str) {
        self.out.flush();
        let text = self.err.broken(text);
        self.err.write(format!("{text}\n").as_bytes());
    }

    /// `text` so that it stands out on stdout, where that shows colours.
    pub fn on_out(&self, style: Style, text: &str) -> String {
        self.out.styled(style, text)
    }

    /// `text` so that it stands out on stderr, where that shows colours.
    pub fn on_err(&self, style: Style, text: &str) -> String {
        self.err.styled(style, text)
    }

    /// Whether a bar can be drawn: stderr is a terminal, and somebody wants to see it.
    pub fn can_draw(&self) -> bool {
        self.err.terminal == Terminal::Yes && self.level > Level::Quiet
    }

    /// Whether a person can be asked: stdin and stderr are a terminal.
    pub fn can_ask(&self) -> bool {
        self.err.terminal == Terminal::Yes && io::stdin().is_terminal()
    }

    /// Asks on stderr, reads from stdin. An end of the input means no.
    ///
    /// # Errors
    /// Where stdin cannot be read.
    pub fn ask(&mut self, question: &Question) -> io::Result<Consent> {
        self.out.flush();
        question.ask(&mut io::stdin().lock(), &mut *self.err.writer)
    }

    /// Brings everything out.
    ///
    /// # Errors
    /// Where stdout failed, now or earlier.
    pub fn finish(&mut self) -> Result<(), OutError> {
        self.out.flush();
        self.err.flush();
        match std::mem::replace(&mut self.out.state, State::Closed) {
            State::Failed(error) => Err(OutError(error)),
            state => {
                self.out.state = state;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream whose reader is gone, or whose disk is full.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn screen(kind: io::ErrorKind) -> Screen {
        let stream = |writer: Box<dyn Write>| Stream::new(writer, Terminal::No, Color::Auto);
        Screen {
            out: stream(Box::new(Broken(kind))),
            err: stream(Box::new(io::sink())),
            level: Level::Normal,
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let mut screen = screen(io::ErrorKind::BrokenPipe);
        screen.line("one");
        screen.line("two");
        assert!(screen.is_closed());
        assert!(screen.finish().is_ok());
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut screen = screen(io::ErrorKind::StorageFull);
        screen.data(b"one");
        assert!(screen.is_closed());
        assert!(screen.finish().is_err());
    }

    #[test]
    fn colours_need_a_terminal_unless_somebody_insists() {
        assert!(paint(Color::Auto, Terminal::No) == Paint::Plain);
        assert!(paint(Color::Never, Terminal::Yes) == Paint::Plain);
        assert!(paint(Color::Always, Terminal::No) == Paint::Colors);
    }
}
