//! What the journal keeps: facts, in the order in which they became known.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::judgement::Judgement;
use super::outcome::Answer;
use super::row::RowNumber;
use super::status::Status;
use super::time::Moment;

/// Where an entry stands in its journal: the byte at which its line starts. Unique, and growing with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A run began to send with these templates and settings.
    Run(RunStart),
    /// A draft is about to be sent. On disk before the request leaves.
    Intent(Intent),
    /// What became of an attempt.
    Outcome(Outcome),
    /// What became known later about an attempt that was in doubt.
    Judgement(Judgement),
    /// A file was uploaded, to be referred to by sends.
    Upload(Upload),
    /// What the service said about somebody before they were written to.
    Finding(Finding),
    /// What results without a journal said about a row.
    Import(Import),
    /// The results were written, and from what.
    Written(Written),
}

/// The start of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunStart {
    /// When.
    pub at: Moment,
    /// The version of rowcast.
    pub version: String,
    /// The time-out of a request, in milliseconds: how long an attempt without an outcome may have gone on.
    pub timeout_ms: u64,
    /// The account of rows that name none, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The message and subject templates with all that they include.
    pub templates: Templates,
    /// It sends tests alone: its templates and account say nothing of the campaign's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub test: bool,
}

/// The text of the templates of a run, so that drafts can be made again without the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    /// Name of the message template among `files`.
    pub message: String,
    /// Name of the subject template among `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Name and text of every template file that is used, includes too.
    pub files: Vec<(String, String)>,
}

/// A draft that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// When.
    pub at: Moment,
    /// The row, where the sheet had it then.
    pub row: RowNumber,
    /// What identifies the row across runs.
    pub key: String,
    /// Every name of the recipient, in clear: URN, profile id in lower case, conversation.
    pub to: Vec<String>,
    /// The sending account, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// SHA-256 of the exact UTF-8 message, in lower-case hex.
    pub sha256: String,
    /// The same of the message with its white space folded: by it the message is recognised when it is read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded_sha256: Option<String>,
    /// The text went to somebody else as a test: it counts for the pace and for no row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub test: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A file was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// When.
    pub at: Moment,
    /// For sends of this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// SHA-256 of its content, in lower-case hex.
    pub sha256: String,
    /// Its name.
    pub name: String,
    /// What the service answered.
    pub attachment: UploadedFile,
}

/// An uploaded file, as a send refers to it: what the service answered to the upload, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedFile {
    /// `assetUrn`.
    pub asset_urn: String,
    /// `byteSize`.
    pub byte_size: u64,
    /// `mediaType`.
    pub media_type: String,
    /// The name of the file, as recipients see it.
    pub name: String,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// When the attempt ended.
    pub at: Moment,
    /// Where the attempt's intent stands.
    pub of: Position,
    /// What was seen.
    pub answer: Answer,
    /// The service's clock when it answered, to the second, where its answer said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_at: Option<Moment>,
    /// The last try of a row that never connected: from here on it is `failed`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gave_up: bool,
}

/// What results without a journal said about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// What identifies the row.
    pub key: String,
    /// Every name of the recipient that is known.
    pub to: Vec<String>,
    /// Its status in the results.
    pub status: Status,
    /// Requests made for it so far.
    pub attempts: u32,
    /// The columns of the results that a rerun shows again.
    #[serde(default)]
    pub recipient_urn: String,
    /// As above.
    #[serde(default)]
    pub thread_id: String,
    /// As above.
    #[serde(default)]
    pub message_urn: String,
    /// As above.
    #[serde(default)]
    pub error: String,
    /// As above.
    #[serde(default)]
    pub http_status: String,
    /// As above.
    #[serde(default)]
    pub account: String,
    /// As above.
    #[serde(default)]
    pub sent_at: String,
    /// As above.
    #[serde(default)]
    pub sha256: String,
}

/// The results were written. Where nothing differs from this and nothing was added since, they need not be written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The results.
    pub results: Stamp,
    /// The sheet that they were written from.
    pub sheet: Stamp,
    /// SHA-256 over everything else that they were written from: the templates and the settings.
    pub made_from: String,
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// Length in bytes.
    pub length: u64,
    /// Time of the last change, in nanoseconds since the Unix epoch.
    pub changed_ns: u64,
}
