//! A campaign in a folder of its own, and the real binary on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::done::{self, Done, Line};
use super::heard::Heard;
use super::{KEY, Server, openapi, sandbox_log};

/// A folder with a sheet and templates.
pub struct Campaign {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Campaign {
    /// `people.csv` with this text, `message.txt` with that.
    pub fn new(sheet: impl AsRef<[u8]>, message: &str) -> Self {
        let campaign = Self {
            folder: tempfile::tempdir().expect("a folder"),
            home: tempfile::tempdir().expect("a home"),
            variables: Vec::new(),
        };
        let log = campaign.sandbox_log().display().to_string();
        let campaign = campaign
            .variable("CONNECTSAFELY_API_KEY", KEY)
            .variable("ROWCAST_SANDBOX_LOG", &log);
        campaign.write("people.csv", sheet);
        campaign.write("message.txt", message);
        campaign
    }

    /// A sheet of these recipients, with a message that names each.
    pub fn of(recipients: &[&str]) -> Self {
        Self::new(format!("LinkedIn\n{}\n", recipients.join("\n")), "Hello {{ linkedin }}\n")
    }

    /// A sheet of so many recipients: `person-2` in row 2, and so on.
    pub fn with_rows(count: usize) -> Self {
        let recipients: Vec<String> = (2..count + 2).map(|number| format!("person-{number}")).collect();
        Self::of(&recipients.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Gives `subject.txt` this text; commands take it from then on.
    pub fn subject(self, text: &str) -> Self {
        self.write("subject.txt", text);
        self
    }

    /// Sets a variable of the environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without this variable of the environment.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Where a file of the folder is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Every file of the folder, by its path within.
    pub fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let folder = self.folder.path();
        walk(folder, &mut |path| {
            found.insert(path.strip_prefix(folder).expect("inside").display().to_string());
        });
        found
    }

    pub fn journal(&self) -> PathBuf {
        self.path("people.results.journal")
    }

    /// The results, line by line.
    #[track_caller]
    pub fn results(&self) -> Vec<Line> {
        done::lines(&self.path("people.results.csv"))
    }

    /// One column of the results, from top to bottom.
    #[track_caller]
    pub fn column(&self, name: &str) -> Vec<String> {
        self.results().into_iter().map(|line| line[name].clone()).collect()
    }

    /// The statuses of the results, from top to bottom.
    #[track_caller]
    pub fn statuses(&self) -> Vec<String> {
        self.column("status")
    }

    /// `rowcast run` against this server, with a pace that holds nothing back unless `arguments` say otherwise.
    #[track_caller]
    pub fn run(&self, server: &Server, arguments: &[&str]) -> Done {
        self.run_at(&server.base_url(), arguments)
    }

    /// [`Self::run`] against whatever is there.
    #[track_caller]
    pub fn run_at(&self, base_url: &str, arguments: &[&str]) -> Done {
        self.start_at(base_url, arguments).finish()
    }

    /// [`Self::run`], and does not wait for its end.
    pub fn start(&self, server: &Server, arguments: &[&str]) -> Running<'_> {
        self.start_at(&server.base_url(), arguments)
    }

    pub fn start_at(&self, base_url: &str, arguments: &[&str]) -> Running<'_> {
        let arguments = self.run_arguments(base_url, arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.begin(&arguments)
    }

    /// The arguments of `rowcast run`, with those that make it quick and mute unless they are given. The sheet is
    /// `people.csv` unless the first argument is another, or `campaign.toml`; `--ask` leaves `--yes` away.
    pub fn run_arguments(&self, base_url: &str, arguments: &[&str]) -> Vec<String> {
        let given = |flag: &str| arguments.contains(&flag);
        let toml = given("campaign.toml");
        let mut all = vec!["run"];
        if arguments.first().is_none_or(|first| first.starts_with('-')) {
            all.push("people.csv");
        }
        if !toml && !given("-m") {
            all.extend(["-m", "message.txt"]);
        }
        if !toml && !given("-s") && self.path("subject.txt").exists() {
            all.extend(["-s", "subject.txt"]);
        }
        let unlimited = ["--rate", "--account-rate", "--daily-limit"].map(|flag| (flag, "unlimited"));
        let base_url = (!base_url.is_empty()).then_some(("--base-url", base_url));
        for (flag, value) in unlimited.into_iter().chain(base_url).filter(|(flag, _)| !given(flag)) {
            all.extend([flag, value]);
        }
        if !given("--yes") && !given("-n") && !given("--ask") {
            all.push("--yes");
        }
        all.extend(arguments.iter().filter(|argument| **argument != "--ask"));
        all.into_iter().map(str::to_owned).collect()
    }

    /// `rowcast` with these arguments, in the folder.
    #[track_caller]
    pub fn rowcast(&self, arguments: &[&str]) -> Done {
        self.begin(arguments).finish()
    }

    /// The command, ready to be started, for whoever needs more than [`Self::rowcast`].
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowcast"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let known = name.to_string_lossy().to_ascii_uppercase();
            if ["ROWCAST_", "CONNECTSAFELY_"].iter().any(|prefix| known.starts_with(prefix)) || known.ends_with("_PROXY") {
                command.env_remove(&name);
            }
        }
        for name in [
            "HOME",
            "USERPROFILE",
            "APPDATA",
            "LOCALAPPDATA",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
            "XDG_CONFIG_HOME",
        ] {
            command.env(name, self.home.path());
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Where the sandbox inside a command writes what it was asked.
    pub fn sandbox_log(&self) -> PathBuf {
        self.home.path().join("sandbox.log")
    }

    /// [`Self::rowcast`], and does not wait for its end.
    pub fn begin(&self, arguments: &[&str]) -> Running<'_> {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        let stdout = Heard::of(child.stdout.take().expect("its stdout"));
        let stderr = Heard::of(child.stderr.take().expect("its stderr"));
        Running {
            campaign: self,
            child,
            stdout,
            stderr,
        }
    }

    /// Fails the test where the key is in a file that rowcast wrote.
    #[track_caller]
    pub fn assert_no_key_in_files(&self) {
        for folder in [self.folder.path(), self.home.path()] {
            walk(folder, &mut |path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if name != ".env" && name != "api.key" {
                    let text = std::fs::read(path).unwrap_or_default();
                    assert!(!String::from_utf8_lossy(&text).contains(KEY), "the key is in {name}");
                }
            });
        }
    }
}

fn walk(folder: &Path, found: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found(&path);
        }
    }
}

/// Fails the test if a request to the sandbox inside a command was not as the service documents it.
impl Drop for Campaign {
    fn drop(&mut self) {
        openapi::assert_none(&sandbox_log::violations(&self.sandbox_log()));
    }
}

/// What a process may be told.
#[cfg(unix)]
#[derive(Debug, Clone, Copy)]
pub enum Signal {
    Interrupt,
    Terminate,
    Kill,
}

/// A command that was started.
pub struct Running<'a> {
    campaign: &'a Campaign,
    child: Child,
    stdout: Heard,
    stderr: Heard,
}

impl Running<'_> {
    /// Waits until the command has said this on stderr.
    #[cfg(unix)]
    #[track_caller]
    pub fn wait_for(&self, word: &str) {
        self.stderr.wait_for(word);
    }

    /// The most memory that the process has had so far, in bytes.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        let kilobytes = peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
        kilobytes * 1024
    }

    /// Tells the process something.
    #[cfg(unix)]
    pub fn signal(&self, signal: Signal) {
        use rustix::process::{Pid, Signal as Number, kill_process};
        let number = match signal {
            Signal::Interrupt => Number::INT,
            Signal::Terminate => Number::TERM,
            Signal::Kill => Number::KILL,
        };
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(process, number).expect("the process is there");
    }

    /// Waits for its end. Whatever it was: it must not have panicked, shown the key, or written to the terminal in colours.
    #[track_caller]
    pub fn finish(mut self) -> Done {
        let text = |heard: &Heard| String::from_utf8(heard.all()).expect("UTF-8 on stdout and stderr");
        let (stdout, stderr) = (text(&self.stdout), text(&self.stderr));
        let done = Done {
            code: self.child.wait().expect("its end").code(),
            stdout,
            stderr,
        };
        let all = format!("{}{}", done.stdout, done.stderr);
        assert!(!all.contains("panicked"), "{all}");
        assert!(!all.contains(KEY), "the key is shown: {all}");
        assert!(!all.contains('\u{1b}'), "an escape reaches the terminal: {all:?}");
        self.campaign.assert_no_key_in_files();
        done
    }
}
