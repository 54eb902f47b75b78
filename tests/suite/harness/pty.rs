//! A command at a terminal, and the person in front of it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::{Child, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::heard::Heard;
use super::{Campaign, KEY};

/// A command whose stdin, stdout and stderr are one terminal of 120 columns.
pub struct AtTerminal<'a> {
    campaign: &'a Campaign,
    child: Child,
    keyboard: File,
    screen: Heard,
}

impl<'a> AtTerminal<'a> {
    pub fn start(campaign: &'a Campaign, arguments: &[String]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).expect("a terminal");
        unlockpt(&ours).expect("a terminal");
        let size = Winsize {
            ws_row: 40,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&ours, size).expect("a size");
        let name = ptsname(&ours, Vec::new()).expect("a name");
        let name = name.to_str().expect("a name");
        let theirs = || Stdio::from(OpenOptions::new().read(true).write(true).open(name).expect("the other side"));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = campaign.command(&arguments);
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        let child = command
            .stdin(theirs())
            .stdout(theirs())
            .stderr(theirs())
            .spawn()
            .expect("the binary");
        // The command keeps copies of the other side; once they are gone, the terminal ends when the process does.
        drop(command);
        let keyboard = File::from(ours);
        let screen = Heard::of(keyboard.try_clone().expect("the screen"));
        Self {
            campaign,
            child,
            keyboard,
            screen,
        }
    }

    /// Waits until the screen has shown this.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.screen.wait_for(text)
    }

    /// Types, as a person would.
    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the keyboard");
    }

    /// Tells the command that its terminal is closed.
    pub fn hang_up(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(process, Signal::HUP).expect("the process is there");
    }

    /// Waits for the end: the exit status, and all that the screen has shown.
    #[track_caller]
    pub fn finish(mut self) -> (Option<i32>, String) {
        let screen = String::from_utf8(self.screen.all()).expect("UTF-8 on the terminal");
        let code = self.child.wait().expect("its end").code();
        assert!(!screen.contains("panicked") && !screen.contains(KEY), "{screen}");
        self.campaign.assert_no_key_in_files();
        (code, screen)
    }
}
