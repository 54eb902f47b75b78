//! A command under strace: what it asked the system for, in order, and with errors that a test injects.
//!
//! strace is a package of every Linux distribution and must be there: without it these tests fail, they are not passed over.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A system call from the moment it was asked for until it was done.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    /// The first argument: where it is a file descriptor, with the path or the socket in angle brackets.
    pub first: String,
    /// All arguments as strace writes them.
    pub arguments: String,
    /// What it returned, as a number; `None` where it never came back.
    pub returned: Option<i64>,
    /// When it was asked for and when it was done, as line numbers of the trace.
    pub asked: usize,
    pub done: usize,
}

impl Call {
    pub fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    /// Whether it is about a file of this name (the end of its path).
    pub fn is_on(&self, path: &Path) -> bool {
        self.first.ends_with(&format!("<{}>", path.display()))
    }

    pub fn is_on_socket(&self) -> bool {
        self.first.contains("<socket:") || self.first.contains("<TCP")
    }

    pub fn went_well(&self) -> bool {
        self.returned.is_some_and(|returned| returned >= 0)
    }
}

/// What strace saw.
pub struct Trace {
    pub output: Output,
    pub calls: Vec<Call>,
}

/// The calls that put something on disk or on the wire.
const WATCHED: &str =
    "trace=open,openat,write,pwrite64,writev,fdatasync,fsync,sync_file_range,sendto,sendmsg,connect,rename,renameat,renameat2,close";

/// Runs `command` under strace with these further arguments, such as `-e inject=…`. `folder` gets the trace.
pub fn trace(command: &Command, arguments: &[&str]) -> Trace {
    let folder = tempfile::tempdir().expect("a folder");
    let file: PathBuf = folder.path().join("trace");
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-y", "-s", "100000", "-e", WATCHED, "-o"])
        .arg(&file)
        .args(arguments);
    traced.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    let output = traced.stdin(Stdio::null()).output();
    let output = output.expect("strace must be installed (Debian: apt-get install strace)");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let calls = calls(&text);
    assert!(
        !calls.is_empty(),
        "strace traced nothing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Trace { output, calls }
}

/// Reads a trace; calls that another thread interrupted are put together again.
fn calls(text: &str) -> Vec<Call> {
    let mut found: Vec<Call> = Vec::new();
    let mut unfinished: HashMap<&str, usize> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, said)) = line.split_once(' ') else { continue };
        let said = said.trim_start();
        if let Some(resumed) = said.strip_prefix("<... ") {
            let Some(call) = unfinished.remove(thread).and_then(|index| found.get_mut(index)) else {
                continue;
            };
            let rest = resumed.split_once("resumed>").map_or("", |(_, rest)| rest);
            call.done = number;
            call.returned = returned(rest);
            call.arguments.push_str(rest);
        } else if let Some((name, rest)) = said.split_once('(') {
            if name.contains(' ') {
                continue;
            }
            let open = rest.strip_suffix("<unfinished ...>");
            if open.is_some() {
                unfinished.insert(thread, found.len());
            }
            found.push(Call {
                name: name.to_owned(),
                first: first(rest).to_owned(),
                arguments: rest.to_owned(),
                returned: open.map_or_else(|| returned(rest), |_| None),
                asked: number,
                done: if open.is_some() { usize::MAX } else { number },
            });
        }
    }
    found
}

/// The first argument. A path in angle brackets may hold what parts arguments elsewhere.
fn first(arguments: &str) -> &str {
    let end = match arguments.find('<') {
        Some(open) if arguments[..open].bytes().all(|byte| byte.is_ascii_digit()) => arguments.find('>').map(|close| close + 1),
        _ => None,
    };
    let end = end.or_else(|| arguments.find([',', ')'])).unwrap_or(arguments.len());
    &arguments[..end]
}

/// What stands behind the last ` = `.
fn returned(text: &str) -> Option<i64> {
    let (_, value) = text.rsplit_once(" = ")?;
    value.split([' ', '<']).next()?.parse().ok()
}
