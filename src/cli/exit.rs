//! How rowcast ends: the exit statuses that scripts rely on.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for is done.
    Done,
    /// Finished, and some rows are failed or invalid.
    RowsFailed,
    /// The command line is wrong.
    Usage,
    /// Refused before anything was sent.
    Refused,
    /// Stopped early: run again later.
    Stopped,
    /// Finished, and some rows are unconfirmed.
    Unconfirmed,
    /// A defect of rowcast, or its disk failed.
    Defect,
    /// Interrupted, as by Ctrl-C.
    Interrupted,
    /// Asked to end by SIGTERM.
    Terminated,
}

impl Exit {
    /// All of them, by status.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::RowsFailed,
        Self::Usage,
        Self::Refused,
        Self::Stopped,
        Self::Unconfirmed,
        Self::Defect,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The exit status.
    #[must_use]
    pub const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::RowsFailed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Stopped => 4,
            Self::Unconfirmed => 5,
            Self::Defect => 70,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it means, as the help says it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "everything asked for is done; check: nothing stands in the way",
            Self::RowsFailed => "finished, and some rows are failed or invalid",
            Self::Usage => "the command line is wrong",
            Self::Refused => "refused before anything was sent; check: a run would be refused",
            Self::Stopped => "stopped early: credentials, account, limit, failures; run again later",
            Self::Unconfirmed => "finished, and some rows are unconfirmed",
            Self::Defect => "a defect of rowcast, or its disk failed; the journal has what was sent",
            Self::Interrupted => "interrupted; requests in flight were let finish, all is recorded",
            Self::Terminated => "asked to end by SIGTERM; as above",
        }
    }

    /// The status that tells of both: interrupted, then 70, 4, 5, 1, 0.
    ///
    /// A wrong command line and a refusal happen before anything else could, so they only need to outweigh 0.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    const fn weight(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::RowsFailed => 1,
            Self::Unconfirmed => 2,
            Self::Stopped => 3,
            Self::Refused => 4,
            Self::Usage => 5,
            Self::Defect => 6,
            Self::Terminated => 7,
            Self::Interrupted => 8,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_are_those_of_the_contract() {
        assert_eq!(Exit::ALL.map(Exit::status), [0, 1, 2, 3, 4, 5, 70, 130, 143]);
    }

    #[test]
    fn the_readme_has_every_status_with_its_meaning() {
        for exit in Exit::ALL {
            let line = format!("\n| {} | {} |\n", exit.status(), exit.meaning());
            assert!(include_str!("../../README.md").contains(&line), "{line}");
        }
    }

    #[test]
    fn the_graver_status_wins_in_either_order() {
        let falling = [
            Exit::Interrupted,
            Exit::Defect,
            Exit::Stopped,
            Exit::Unconfirmed,
            Exit::RowsFailed,
            Exit::Done,
        ];
        for (place, graver) in falling.iter().enumerate() {
            for lesser in &falling[place..] {
                assert_eq!(graver.and(*lesser), *graver, "{graver:?} {lesser:?}");
                assert_eq!(lesser.and(*graver), *graver, "{graver:?} {lesser:?}");
            }
        }
        assert_eq!(Exit::Terminated.and(Exit::Defect), Exit::Terminated);
    }

    #[test]
    fn combining_is_associative() {
        for a in Exit::ALL {
            for b in Exit::ALL {
                for c in Exit::ALL {
                    assert_eq!(a.and(b).and(c), a.and(b.and(c)));
                }
            }
        }
    }
}
