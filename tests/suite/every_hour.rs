//! The lines for cron and systemd in docs/pace.md do what they say: taken from the page as they stand.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{KEY, Server};

const PAGE: &str = include_str!("../../docs/pace.md");

/// The text of the code block of this kind.
fn block(kind: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{kind}\n")).expect("a block of this kind");
    rest.split_once("```").expect("its end").0
}

/// The home of somebody whose campaign is in `spring`, and who installed rowcast with cargo.
fn home(server: &Server) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a home");
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("the owner's alone");
    };
    let base_url = server.base_url();
    write(
        "spring/campaign.toml",
        &format!("sheet = \"people.csv\"\nmessage = \"message.txt\"\nbase_url = \"{base_url}\"\n[pace]\naccount_rate = \"unlimited\"\n"),
    );
    write("spring/people.csv", "LinkedIn\nanna\nbert\ncleo\n");
    write("spring/message.txt", "Hello");
    write("spring/.env", &format!("CONNECTSAFELY_API_KEY={KEY}\n"));
    std::fs::create_dir_all(home.path().join(".cargo/bin")).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rowcast"), home.path().join(".cargo/bin/rowcast")).expect("a link");
    home
}

/// A command line in the environment that cron gives it, which is next to none.
fn by_cron(home: &Path, line: &str) -> Output {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).current_dir(home).env_clear();
    shell.envs([("LOGNAME", "anna"), ("SHELL", "/bin/sh"), ("PATH", "/usr/bin:/bin")]);
    shell.env("HOME", home).output().expect("a shell")
}

#[track_caller]
fn assert_silent(done: &Output) {
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!((done.status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn the_line_for_cron_sends_what_is_left_and_is_silent_where_nothing_is() {
    let server = Server::start();
    let home = home(&server);
    let line = block("cron").trim();
    let (times, command) = line.split_once("  ").expect("the times and the command");
    assert_eq!(times.split(' ').count(), 5, "{line}");
    assert!(!command.contains('%'), "cron makes a line end of it: {line}");
    for _ in 0..2 {
        assert_silent(&by_cron(home.path(), command));
        assert_eq!(server.sends().len(), 3);
    }
}

#[test]
fn the_units_for_systemd_are_sound_and_their_command_runs_the_campaign() {
    let server = Server::start();
    let home = home(&server);
    let units = home.path().join(".config/systemd/user");
    std::fs::create_dir_all(&units).expect("a folder");
    let (service, timer) = block("ini").split_once("# rowcast.timer\n").expect("two units");
    std::fs::write(units.join("rowcast.service"), service).expect("written");
    std::fs::write(units.join("rowcast.timer"), timer).expect("written");
    let verified = Command::new("systemd-analyze")
        .args(["--user", "verify", "./rowcast.service", "./rowcast.timer"])
        .current_dir(&units)
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .output()
        .expect("systemd-analyze, of the Debian package systemd");
    assert_silent(&verified);
    let command = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let command = command.replace("%h", &home.path().display().to_string());
    assert_silent(&by_cron(home.path(), &command));
    assert_eq!(server.sends().len(), 3);
}
