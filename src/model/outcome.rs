//! What became of an attempt: the facts of an answer, and the one function that judges them.

use serde::{Deserialize, Serialize};

use super::time::Moment;

/// Facts of one attempt, as they were seen. Stored in the journal; what they mean is computed by [`Answer::verdict`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The server answered with a status line and headers.
    Http(Reply),
    /// No connection came about (refused, DNS, TLS), so no byte of the request left. The text says why.
    NeverConnected(String),
    /// The request began to leave, and no answer that can be read came back. The text says why.
    Lost(String),
}

/// What the body of an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A whole JSON object whose `success` is not `false` (it may be missing).
    Object,
    /// A whole JSON object with `success: false`.
    Refusal,
    /// Empty, cut, too large, or no JSON object.
    Unreadable,
}

/// An answer of the server, reduced to what a campaign needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u16,
    /// What the body was.
    pub body: Body,
    /// One readable line from the error body, whatever its form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `recipientProfileUrn` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_urn: Option<String>,
    /// `threadId` of the answer; only Sales Navigator gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// `sentMessage.messageUrn` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_urn: Option<String>,
    /// Until when the service asks for silence: `Retry-After`, `holdUntil` or `X-RateLimit-Reset`, the latest that it told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<Moment>,
}

/// What an answer means for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Delivered: the API said so.
    Sent,
    /// Certainly not delivered, and the service refused this row.
    Failed,
    /// May or may not have been delivered.
    Unconfirmed,
    /// Certainly not accepted, and no fault of the row.
    NotSent(NotSent),
}

/// Why an attempt that was certainly not accepted was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// No connection: tried again, up to `--retries` times.
    NeverConnected,
    /// 429, 421, 425: the account's gate is shut for a while.
    Held,
    /// 401, 403, 407: the credentials are refused, and the run stops.
    Refused,
}

/// What an answer means beyond its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    Row,
    /// The account is not known to the service: its other rows wait for another run.
    Account,
    /// The base URL or the credentials are wrong: the run stops.
    Run,
}

impl Answer {
    /// What the answer means for the row: the table of the contract, and nothing else decides it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NeverConnected(_) => Verdict::NotSent(NotSent::NeverConnected),
            Self::Lost(_) => Verdict::Unconfirmed,
            Self::Http(reply) => match (reply.status, reply.body) {
                (200..=299, Body::Object) => Verdict::Sent,
                (200..=299, Body::Refusal) => Verdict::Failed,
                (429 | 421 | 425, _) => Verdict::NotSent(NotSent::Held),
                (401 | 403 | 407, _) => Verdict::NotSent(NotSent::Refused),
                (400 | 404 | 409 | 413 | 415 | 422, _) => Verdict::Failed,
                // 408, every 5xx, redirects, and whatever the table does not name: no proof of anything.
                _ => Verdict::Unconfirmed,
            },
        }
    }

    /// What the answer means beyond its row. The third 404 of an account in a row is for the engine to count.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self {
            Self::Http(reply) => match reply.status {
                300..=399 | 401 | 403 | 407 => Reach::Run,
                404 if reply.names_account() => Reach::Account,
                _ => Reach::Row,
            },
            Self::NeverConnected(_) | Self::Lost(_) => Reach::Row,
        }
    }

    /// The HTTP status, where the server gave one.
    #[must_use]
    pub const fn http_status(&self) -> Option<u16> {
        match self {
            Self::Http(reply) => Some(reply.status),
            Self::NeverConnected(_) | Self::Lost(_) => None,
        }
    }

    /// One line that says what went wrong; `None` where nothing did.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match self {
            Self::NeverConnected(why) | Self::Lost(why) => Some(why.clone()),
            Self::Http(reply) => match self.verdict() {
                Verdict::Sent => None,
                _ => Some(reply.error.clone().unwrap_or_else(|| reply.plain_reason())),
            },
        }
    }
}

impl Reply {
    /// Whether the error text speaks of an account and not of a profile.
    fn names_account(&self) -> bool {
        let text = self.error.as_deref().unwrap_or_default().to_lowercase();
        text.contains("account") && !text.contains("profile")
    }

    fn plain_reason(&self) -> String {
        let what = match (self.status, self.body) {
            (200..=299, Body::Refusal) => "the service answered success: false and gave no reason",
            (200..=299, _) => "the answer could not be read, so whether the message left is not known",
            (300..=399, _) => "the service redirected the request, so the base URL is wrong",
            (408 | 500..=599, _) => "the service failed and did not say whether the message left",
            _ => "the service gave no reason",
        };
        format!("HTTP {}: {what}", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, body: Body, error: Option<&str>) -> Answer {
        Answer::Http(Reply {
            status,
            body,
            error: error.map(str::to_owned),
            recipient_urn: None,
            thread_id: None,
            message_urn: None,
            hold_until: None,
        })
    }

    #[test]
    fn every_status_is_judged_as_the_contract_says() {
        for status in 100..=999u16 {
            let expected = match status {
                200..=299 => Verdict::Sent,
                429 | 421 | 425 => Verdict::NotSent(NotSent::Held),
                401 | 403 | 407 => Verdict::NotSent(NotSent::Refused),
                400 | 404 | 409 | 413 | 415 | 422 => Verdict::Failed,
                _ => Verdict::Unconfirmed,
            };
            assert_eq!(http(status, Body::Object, None).verdict(), expected, "{status}");
        }
        assert_eq!(http(200, Body::Refusal, None).verdict(), Verdict::Failed);
        assert_eq!(http(202, Body::Unreadable, None).verdict(), Verdict::Unconfirmed);
        assert_eq!(http(500, Body::Refusal, None).verdict(), Verdict::Unconfirmed);
        assert_eq!(
            Answer::NeverConnected(String::new()).verdict(),
            Verdict::NotSent(NotSent::NeverConnected)
        );
        assert_eq!(Answer::Lost(String::new()).verdict(), Verdict::Unconfirmed);
    }

    #[test]
    fn a_404_stops_the_account_only_when_it_speaks_of_the_account() {
        assert_eq!(http(404, Body::Object, Some("Account not found")).reach(), Reach::Account);
        assert_eq!(
            http(404, Body::Refusal, Some("LinkedIn profile not found for this account")).reach(),
            Reach::Row
        );
        assert_eq!(http(404, Body::Unreadable, None).reach(), Reach::Row);
        assert_eq!(http(302, Body::Unreadable, None).reach(), Reach::Run);
        assert_eq!(http(403, Body::Object, None).reach(), Reach::Run);
    }
}
