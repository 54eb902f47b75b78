//! Bodies of answers, read within bounds.

use reqwest::Response;

use super::client::chain;
use super::key::ApiKey;

/// The most that is read of the answer to a send.
pub(super) const SEND_LIMIT: usize = 64 * 1024;
/// The most that is read of the answer to a look-up.
pub(super) const LOOKUP_LIMIT: usize = 1024 * 1024;

/// What was read of a body.
#[derive(Debug)]
pub(super) enum AnswerBody {
    /// All of it.
    Whole(Vec<u8>),
    /// What came before it broke off, and why it did.
    Cut(Vec<u8>, String),
    /// The first bytes of one that is larger than the bound.
    TooLarge(Vec<u8>, usize),
}

impl AnswerBody {
    /// Reads at most `limit` bytes of the body of `response`.
    pub(super) async fn read(mut response: Response, limit: usize, key: &ApiKey) -> Self {
        let expected = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        let mut bytes = Vec::with_capacity(expected.min(limit));
        loop {
            match response.chunk().await {
                Ok(None) => return Self::Whole(bytes),
                Ok(Some(chunk)) => {
                    let room = limit - bytes.len();
                    bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                    if chunk.len() > room {
                        return Self::TooLarge(bytes, limit);
                    }
                }
                Err(error) => return Self::Cut(bytes, chain(&error, key)),
            }
        }
    }

    /// The bytes that came.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) | Self::Cut(bytes, _) | Self::TooLarge(bytes, _) => bytes,
        }
    }

    /// Why the body cannot be believed, where it was not read whole.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Whole(_) => None,
            Self::Cut(bytes, why) => Some(format!("the answer broke off after {} bytes ({why})", bytes.len())),
            Self::TooLarge(_, limit) => Some(format!("the answer is larger than {} KiB", limit / 1024)),
        }
    }
}
