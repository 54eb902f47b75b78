//! Attachments: uploaded once, referred to in sends.

use std::fs::File;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, Request};
use serde::Deserialize;

pub use crate::model::entry::UploadedFile as Attachment;

use super::client::Client;
use super::lookup::Lookup;

/// The slowest line that an upload is given time for, in bytes a second.
const SLOWEST: u64 = 32 * 1024;

#[derive(Deserialize)]
struct Uploaded {
    attachment: Attachment,
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
        let Ok(media_type) = HeaderValue::from_str(media_type) else {
            return Lookup::Failed(format!("the type of `{name}` does not fit into a header"));
        };
        let mut post = Request::new(Method::POST, url);
        post.headers_mut().insert(CONTENT_TYPE, media_type);
        post.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
        *post.timeout_mut() = Some(self.settings.timeout.saturating_add(Duration::from_secs(size / SLOWEST)));
        *post.body_mut() = Some(Body::from(tokio::fs::File::from_std(file)));
        self.look_up::<Uploaded>(post).await.map(|uploaded| uploaded.attachment)
    }
}
