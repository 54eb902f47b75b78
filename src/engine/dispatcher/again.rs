//! When to look again for what may leave.

use std::time::Duration;

/// What the next look waits for, beside the answers to requests.
pub(super) enum Again {
    /// That what was admitted is on its way.
    AtOnce,
    /// A while.
    After(Duration),
    /// Nothing: only an answer can open something, if one is to come.
    OnAnswer,
}

impl Again {
    /// Returns when it is time, after `longest` at the latest if time alone opens something.
    pub(super) async fn wait(&self, longest: Duration) {
        match self {
            Self::AtOnce => tokio::task::yield_now().await,
            Self::After(pause) => tokio::time::sleep(longest.min(*pause)).await,
            Self::OnAnswer => std::future::pending().await,
        }
    }
}
