//! Holds the README against the program: every command in it runs, every output in it is what comes out, and every flag that
//! it names exists and the other way round.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const README: &str = include_str!("../README.md");

/// A fenced block: the words after its fence, and what it holds.
struct Block {
    language: &'static str,
    /// The second word after the fence: a file that the reader is to imagine, or what the block shows.
    name: &'static str,
    text: &'static str,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = README;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (info, body) = after.split_once('\n').expect("a line after a fence");
        let (text, behind) = body.split_once("```").expect("a fence that is closed");
        let (language, name) = info.split_once(' ').unwrap_or((info, ""));
        blocks.push(Block { language, name, text });
        rest = behind;
    }
    assert!(blocks.len() > 20, "the README has blocks");
    blocks
}

fn block(name: &str) -> &'static str {
    blocks()
        .into_iter()
        .find(|block| block.name == name)
        .expect("a block of this name")
        .text
}

/// A process that is ended with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A reader who pastes one command after the other.
struct Reader {
    home: tempfile::TempDir,
    folder: PathBuf,
    variables: Vec<(String, String)>,
    /// What answers in place of the service, and what the reader left running.
    running: Vec<Running>,
    /// The address of the README's own sandbox, and the one that it got.
    moved: Option<(String, String)>,
}

impl Reader {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let mut reader = Self {
            folder: home.path().to_owned(),
            home,
            variables: Vec::new(),
            running: Vec::new(),
            moved: None,
        };
        let base_url = reader.serve(&["sandbox".to_owned()]);
        for (name, value) in [
            ("ROWCAST_BASE_URL", base_url.as_str()),
            ("ROWCAST_RATE", "unlimited"),
            ("ROWCAST_ACCOUNT_RATE", "unlimited"),
            ("ROWCAST_DAILY_LIMIT", "unlimited"),
        ] {
            reader.variables.push((name.to_owned(), value.to_owned()));
        }
        reader
    }

    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowcast"));
        command.args(arguments).current_dir(&self.folder).env_clear().stdin(Stdio::null());
        for name in ["HOME", "ROWCAST_DATA_DIR"] {
            command.env(name, self.home.path());
        }
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Starts what does not end by itself; returns the first line that it prints.
    fn serve(&mut self, arguments: &[String]) -> String {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let stdout = child.stdout.take().expect("its stdout");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        self.running.push(Running(child));
        line.trim().to_owned()
    }

    /// Does what a line of the README says. `None` where there is nothing to run.
    fn paste(&mut self, line: &str) -> Option<Output> {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder.push(folder);
            return None;
        }
        if let Some(variable) = line.strip_prefix("export ") {
            let (name, value) = variable.split_once('=').expect("a variable");
            self.variables.push((name.to_owned(), value.replace('…', "a-key-of-the-readme")));
            return None;
        }
        if line.starts_with("cargo install ") || line == "tests/run" {
            return None;
        }
        let line = match line.split_once(" && ") {
            Some((_, command)) => command,
            None => line,
        };
        // cron looks for no program where cargo installs it.
        let line = line.strip_prefix("~/.cargo/bin/").unwrap_or(line);
        let arguments = line
            .strip_prefix("rowcast ")
            .or_else(|| line.strip_prefix("cargo run --release -- "));
        let mut arguments = words(arguments.unwrap_or_else(|| panic!("what kind of command is this: {line}")));
        if let Some((readme, here)) = &self.moved {
            for argument in &mut arguments {
                *argument = argument.replace(readme, here);
            }
        }
        if arguments.first().is_some_and(|name| name == "sandbox") {
            self.move_sandbox(arguments);
            return None;
        }
        if arguments.first().is_some_and(|name| name == "run") && !line.contains("--yes") {
            // There is no terminal to ask at.
            arguments.push("--yes".to_owned());
        }
        Some(self.command(&arguments).output().expect("it runs"))
    }

    /// The README names a port for the reader to remember; here any free one does.
    fn move_sandbox(&mut self, mut arguments: Vec<String>) {
        let listen = arguments
            .iter_mut()
            .find(|argument| argument.starts_with("127.0.0.1:"))
            .expect("an address");
        let address = std::mem::replace(listen, "127.0.0.1:0".to_owned());
        let base_url = self.serve(&arguments);
        self.moved = Some((format!("http://{address}/linkedin"), base_url));
    }
}

/// The words of a line, as a shell takes them apart.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' | '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn copy(from: &str, to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
    fs::create_dir_all(to).expect("a folder");
    for file in fs::read_dir(from).expect("readable").map(|file| file.expect("an entry").path()) {
        if file.is_file() && !file.to_string_lossy().contains(".results.") {
            fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("copied");
        }
    }
}

/// How a command ends that does not end with 0.
const ENDINGS: [(&str, i32); 1] = [("run campaign.toml --base-url", 5)];

#[test]
fn every_command_does_what_the_readme_says() {
    let mut reader = Reader::new();
    copy("samples", &reader.folder.join("samples"));
    copy("templates", &reader.folder.join("templates"));
    let mut shown = String::new();
    let mut ran = 0;
    for block in blocks() {
        match block.language {
            "sh" | "cron" => {
                shown.clear();
                for line in block.text.lines().filter(|line| !line.is_empty()) {
                    let Some(output) = reader.paste(line) else { continue };
                    let expected = ENDINGS
                        .iter()
                        .find(|(part, _)| line.contains(part))
                        .map_or(0, |(_, status)| *status);
                    shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
                    assert_eq!(output.status.code(), Some(expected), "{line}\n{shown}");
                    ran += 1;
                }
            }
            // The README breaks lines as a terminal of 80 columns does.
            "text" if block.name.is_empty() => assert!(
                block.text.split_whitespace().eq(shown.split_whitespace()),
                "the README shows something else than:\n{shown}"
            ),
            _ if block.name.contains('.') => fs::write(reader.folder.join(block.name), block.text).expect("written"),
            _ => {}
        }
    }
    assert!(ran > 15, "{ran}");
}

/// The words that a picture of a terminal shows, below the command that was typed.
fn pictured(svg: &str) -> (String, Vec<String>) {
    let texts = svg.split("<text ").skip(1).map(|piece| {
        let (_, text) = piece.split_once('>').expect("an element");
        let (text, _) = text.split_once("</text>").expect("an end");
        let escapes = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
        escapes
            .iter()
            .fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
    });
    let texts: Vec<String> = texts.collect();
    let typed = texts.first().and_then(|line| line.strip_prefix("$ ")).expect("a command");
    let words = texts[1..].iter().flat_map(|text| text.split_whitespace());
    (typed.to_owned(), words.filter(|word| *word != "$").map(str::to_owned).collect())
}

#[test]
fn the_picture_of_check_shows_what_check_says() {
    let mut reader = Reader::new();
    for name in ["guests.csv", "guests.txt"] {
        fs::write(reader.folder.join(name), block(name)).expect("written");
    }
    let (typed, shown) = pictured(include_str!("../docs/check.svg"));
    let output = reader.paste(&typed).expect("output");
    assert_eq!(output.status.code(), Some(3), "{typed}");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        said.split_whitespace().eq(shown.iter().map(String::as_str)),
        "draw docs/check.svg again (docs/terminal does); check says now:\n{said}"
    );
}

#[test]
fn the_template_and_the_settings_that_are_shown_can_be_used() {
    let mut reader = Reader::new();
    reader.paste("rowcast init .");
    let sheet = "First Name,Title,City,Company Name (short),LinkedIn URL\nZoë,,,Dubois,sample-zoe-dubois\n";
    for (name, text) in [
        ("letter.csv", sheet),
        ("letter.txt", block("letter.txt")),
        ("signature.txt", "Anna\n"),
    ] {
        fs::write(reader.folder.join(name), text).expect("written");
    }
    let output = reader
        .paste("rowcast preview letter.csv -m letter.txt --format json")
        .expect("output");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("you may know Dubois in your city.\\nAnna\""), "{text}");
    let settings = block("campaign-example.toml").replace("\"templates/", "\"./templates/");
    fs::write(reader.folder.join("example.toml"), settings).expect("written");
    let output = reader.paste("rowcast check example.toml").expect("output");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_columns_of_results_are_those_of_the_readme() {
    let mut reader = Reader::new();
    reader.paste("rowcast init .");
    reader.paste("rowcast run campaign.toml --sandbox");
    let results = fs::read_to_string(reader.folder.join("people.sandbox.results.csv")).expect("results");
    let header = block("results-header").trim();
    assert!(
        results.trim_start_matches('\u{feff}').starts_with(&format!("{header},Member No,")),
        "{results}"
    );
}

/// The long flags in a text.
fn flags(text: &str) -> BTreeSet<String> {
    let parts = text.split("--").skip(1);
    let names = parts.map(|part| {
        part.split(|c: char| !(c.is_ascii_lowercase() || c == '-'))
            .next()
            .unwrap_or_default()
    });
    names
        .map(|name| name.trim_end_matches('-').to_owned())
        .filter(|name| name.len() > 1)
        .collect()
}

fn help(command: &str) -> String {
    let reader = Reader::new();
    let arguments = words(&format!("{command} --help"));
    let output = reader.command(&arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{command}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn commands() -> Vec<String> {
    let top = help("");
    let (_, list) = top.split_once("Commands:\n").expect("a list of commands");
    let names = list.lines().take_while(|line| !line.is_empty());
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_flag_and_command_is_in_the_readme_and_every_flag_of_the_readme_exists() {
    let readme = flags(README);
    let mut known: BTreeSet<String> = ["release", "locked", "path", "open", "version"].map(str::to_owned).into();
    let commands = commands();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in &commands {
        assert!(README.contains(&format!("rowcast {command}")), "rowcast {command}");
        let help = help(command);
        let options = help.split("\nExamples:").next().unwrap_or_default();
        for line in options.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
            known.extend(flags(line.split("  ").next().unwrap_or_default()));
        }
    }
    let (missing, unknown): (Vec<_>, Vec<_>) = (known.difference(&readme).collect(), readme.difference(&known).collect());
    assert!(unknown.is_empty(), "the README has flags that do not exist: {unknown:?}");
    assert!(missing.is_empty(), "the README lacks {missing:?}");
}
