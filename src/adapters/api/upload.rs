//! Attachments: uploaded once, referred to in sends.

use std::fs::File;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, Request};
use serde::Deserialize;

pub use crate::model::entry::UploadedFile as Attachment;

use super::client::Client;
use super::lenient_json::lenient;
use super::lookup::Lookup;

/// The slowest line that an upload is given time for, in bytes a second.
const SLOWEST: u64 = 32 * 1024;

#[derive(Deserialize)]
struct Uploaded {
    attachment: Told,
}

/// What the service says of an uploaded file. Nothing but its URN is needed: the rest is known to whoever uploaded it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    asset_urn: String,
    #[serde(default, deserialize_with = "lenient")]
    byte_size: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    media_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
}

impl Client {
    /// Uploads `file`, whose `size` bytes are streamed from where it stands, as `name` with its MIME type `media_type`,
    /// for sends of `account`. Harmless to repeat. Takes the time-out of a request, and more for a large file.
    ///
    /// Source: `POST /conversations/upload-attachment`, the raw file as body.
    pub async fn upload(&self, account: Option<&str>, name: &str, media_type: &str, file: File, size: u64) -> Lookup<Attachment> {
        let query: Vec<(&str, &str)> = account
            .map(|id| ("accountId", id))
            .into_iter()
            .chain([("filename", name)])
            .collect();
        let Some(url) = self.base.below(&["conversations", "upload-attachment"], &query) else {
            return Lookup::no_address();
        };
        let Ok(header) = HeaderValue::from_str(media_type) else {
            return Lookup::Failed(format!("the type of `{name}` does not fit into a header"));
        };
        let mut post = Request::new(Method::POST, url);
        post.headers_mut().insert(CONTENT_TYPE, header);
        post.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
        *post.timeout_mut() = Some(self.settings.timeout.saturating_add(Duration::from_secs(size / SLOWEST)));
        *post.body_mut() = Some(Body::from(tokio::fs::File::from_std(file)));
        let uploaded = match self.look_up::<Uploaded>(post).await {
            // A send that refers to nothing would go out without its file.
            Lookup::Answered(told) if told.attachment.asset_urn.trim().is_empty() => {
                return Lookup::NotOffered("the answer names no asset (assetUrn is blank)".to_owned());
            }
            told => told,
        };
        uploaded.map(|Uploaded { attachment: told }| Attachment {
            asset_urn: told.asset_urn,
            byte_size: told.byte_size.unwrap_or(size),
            media_type: told.media_type.unwrap_or_else(|| media_type.to_owned()),
            name: told.name.unwrap_or_else(|| name.to_owned()),
        })
    }
}
