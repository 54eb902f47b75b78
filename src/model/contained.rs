//! Code of others that may give up on what a person wrote: its panic is an answer, and no end of the program.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work`, and gives `None` where it panicked: what it was changing must not be looked at any more then.
pub fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.ok()
}

/// Whether a panic of this thread goes no further than [`contained`]. A hook is called before anybody catches a panic, so whoever
/// ends the program in one has to ask.
#[must_use]
pub fn is_contained() -> bool {
    DEPTH.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_no_answer_and_is_over_afterwards() {
        assert!(!is_contained());
        assert_eq!(contained(|| contained(is_contained)), Some(Some(true)));
        assert_eq!(
            contained(|| contained(|| std::panic::resume_unwind(Box::new(()))).is_none()),
            Some(true)
        );
        assert!(!is_contained());
    }
}
