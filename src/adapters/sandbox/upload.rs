//! `POST /conversations/upload-attachment`: the raw file as the body, summed up as it streams by and not kept.

use std::collections::HashMap;

use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::limit::Kind;
use super::script::{Arrival, Call};
use super::urn;
use super::visit::{Faults, Shared, Visit};
use super::wire::Fate;

/// An upload.
pub(super) async fn upload(
    state: State<Shared>,
    connection: ConnectInfo<Fate>,
    query: Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let mut visit = Visit::begin(&state.0, connection.0, Call::Upload, Faults::Scripted, &request);
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("application/octet-stream").to_owned();
    if let Err(refusal) = admit(&mut visit, &query.0) {
        return visit.refuse(refusal);
    }
    let (mut size, mut content) = (0u64, urn::SUM);
    let most = visit.sandbox.settings.max_upload;
    let read = visit.read(request.into_body(), most, |piece| {
        size += piece.len() as u64;
        content = urn::sum(content, piece);
    });
    let visit = match read.await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    if size == 0 {
        return visit.refuse(Refusal::bad("Attachment is empty"));
    }
    let name = query.0.get("filename").cloned().unwrap_or_else(|| "attachment".to_owned());
    visit
        .carry_out(move |sandbox, arrival| -> Value {
            let asset = match arrival {
                Arrival::Delivered => sandbox.world().keep_asset(content),
                Arrival::Absent => urn::asset(content, u64::MAX),
            };
            json!({
                "success": true,
                "attachment": { "assetUrn": asset, "byteSize": size, "mediaType": media_type, "name": name },
            })
        })
        .await
}

fn admit(visit: &mut Visit, query: &HashMap<String, String>) -> Result<(), Refusal> {
    visit.check_key()?;
    visit.sender(query.get("accountId").map(String::as_str), Kind::Upload)?;
    Ok(())
}
