//! `messages.send`.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use super::labels::{self, LabelSet};
use super::mailbox::Stored;
use super::{hex, mailbox_of};
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;

const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Puts the message into the sender's own mailbox; nothing is delivered to anyone.
pub(crate) fn send(context: &Context<'_>) -> Result<Answer, ApiError> {
    let body: Value = serde_json::from_slice(context.body()).unwrap_or_default();
    let raw = body.get("raw").and_then(Value::as_str).ok_or_else(|| {
        ApiError::invalid_argument(
            "'raw' RFC822 payload message string or uploading message via /upload/* URL required",
        )
    })?;
    let raw = BASE64URL.decode(raw).map_err(|_| {
        ApiError::invalid_argument(
            "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed",
        )
    })?;
    let stored = Stored::new(raw);
    if !stored
        .headers
        .iter()
        .any(|(name, _)| matches!(name.to_lowercase().as_str(), "to" | "cc" | "bcc"))
    {
        return Err(ApiError::invalid_argument("Recipient address required"));
    }
    let mut mailbox = mailbox_of(context);
    let id = mailbox.deliver(stored, context.now, LabelSet::default().with(labels::SENT));
    let thread = mailbox.get(id).map_or(id, |message| message.thread);
    Ok(Answer::Json(
        json!({ "id": hex(id), "threadId": hex(thread), "labelIds": ["SENT"] }),
    ))
}
