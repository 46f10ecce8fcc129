//! `messages.get` and `attachments.get`. The most frequent replies are rendered straight from what is there.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::Serialize;
use serde_json::{Value, json};

use super::mailbox::{Content, Mailbox, Message};
use super::{hex, id_of, mailbox_of, metadata_only, refused_for_metadata};
use crate::corpus::generate::mail::Letters;
use crate::corpus::mime;
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::google::fields::{Choice, Mask};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Minimal,
    Metadata,
    Full,
    Raw,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_estimate: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Payload {
    Headers(HeadersOnly),
    Tree(Value),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeadersOnly {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<Header>>,
}

#[derive(Serialize)]
struct Header {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

type Headers = Vec<(Cow<'static, str>, String)>;

/// A message outside of its mailbox's lock.
struct Snapshot {
    message: Message,
    labels: Vec<String>,
    letters: Arc<Letters>,
}

impl Snapshot {
    fn of(mailbox: &Mailbox, id: u64) -> Option<Self> {
        let message = mailbox.get(id)?.clone();
        let labels = mailbox.labels.ids(message.labels);
        Some(Self {
            message,
            labels,
            letters: mailbox.letters.clone(),
        })
    }

    fn rfc822(&self) -> Cow<'_, [u8]> {
        match &self.message.content {
            Content::Generated(index) => Cow::Owned(self.letters.rfc822(*index)),
            Content::Stored(stored) => Cow::Borrowed(&stored.raw),
        }
    }

    fn snippet(&self) -> String {
        match &self.message.content {
            Content::Generated(index) => self.letters.snippet(*index),
            Content::Stored(stored) => stored.snippet.clone(),
        }
    }

    fn size(&self, headers: &Headers) -> usize {
        match &self.message.content {
            Content::Generated(index) => {
                let pairs = headers
                    .iter()
                    .map(|(name, value)| (&**name, value.as_str()));
                self.letters.size(*index, pairs)
            }
            Content::Stored(stored) => stored.raw.len(),
        }
    }

    fn mime_type(&self) -> String {
        match &self.message.content {
            Content::Generated(index) => self.letters.mime_type(*index).to_owned(),
            Content::Stored(stored) => stored.mime_type.clone(),
        }
    }

    fn headers(&self) -> Headers {
        match &self.message.content {
            Content::Generated(index) => {
                let headers = self.letters.headers(*index).into_iter();
                headers
                    .map(|(name, value)| (Cow::Borrowed(name), value))
                    .collect()
            }
            Content::Stored(stored) => {
                let headers = stored.headers.iter();
                headers
                    .map(|(name, value)| (Cow::Owned(name.clone()), value.clone()))
                    .collect()
            }
        }
    }

    /// The reply; `names` keeps only these headers, none of them means all.
    fn view(&self, format: Format, names: &[&str], mask: Option<&Mask>) -> View {
        let choice = |name: &str| mask.map_or(Choice::Whole, |mask| mask.choice(name));
        let wants = |name: &str| !matches!(choice(name), Choice::Nothing);
        let message = &self.message;
        let some_labels = !self.labels.is_empty() && wants("labelIds");
        // The size of a generated message is worked out from its headers, and both are wanted most often.
        let sized = wants("sizeEstimate");
        let headers = if sized || format == Format::Metadata {
            self.headers()
        } else {
            Vec::new()
        };
        let size = sized.then(|| self.size(&headers));
        View {
            id: wants("id").then(|| hex(message.id)),
            thread_id: wants("threadId").then(|| hex(message.thread)),
            label_ids: some_labels.then(|| self.labels.clone()),
            snippet: wants("snippet").then(|| self.snippet()),
            payload: self.payload(format, headers, names, choice("payload")),
            size_estimate: size,
            history_id: wants("historyId").then(|| message.history.to_string()),
            internal_date: wants("internalDate").then(|| message.date.to_string()),
            raw: (format == Format::Raw && wants("raw")).then(|| URL_SAFE.encode(self.rfc822())),
        }
    }

    fn payload(
        &self,
        format: Format,
        headers: Headers,
        names: &[&str],
        choice: Choice<'_>,
    ) -> Option<Payload> {
        match (format, choice) {
            (Format::Minimal | Format::Raw, _) | (_, Choice::Nothing) => None,
            (Format::Metadata, choice) => {
                Some(Payload::Headers(self.headers_only(headers, names, choice)))
            }
            (Format::Full, choice) => {
                let tree = mime::payload(&self.rfc822(), &hex(self.message.id));
                Some(Payload::Tree(match choice {
                    Choice::Part(mask) => mask.apply(tree),
                    _ => tree,
                }))
            }
        }
    }

    fn headers_only(&self, headers: Headers, names: &[&str], choice: Choice<'_>) -> HeadersOnly {
        let inner = |name: &str| match choice {
            Choice::Part(mask) => mask.choice(name),
            other => other,
        };
        let parts = inner("headers");
        let part = |name: &str| match parts {
            Choice::Part(mask) => !matches!(mask.choice(name), Choice::Nothing),
            _ => true,
        };
        let (with_name, with_value) = (part("name"), part("value"));
        let kept =
            |name: &str| names.is_empty() || names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let headers = (!matches!(parts, Choice::Nothing)).then(|| {
            let headers = headers.into_iter().filter(|(name, _)| kept(name));
            let headers = headers.map(|(name, value)| Header {
                name: with_name.then_some(name),
                value: with_value.then_some(value),
            });
            headers.collect()
        });
        let typed = !matches!(inner("mimeType"), Choice::Nothing);
        HeadersOnly {
            mime_type: typed.then(|| self.mime_type()),
            headers,
        }
    }
}

fn format(context: &Context<'_>) -> Result<Format, ApiError> {
    let text = context.param("format").unwrap_or("full");
    let format = match text.to_lowercase().as_str() {
        "minimal" => Format::Minimal,
        "metadata" => Format::Metadata,
        "full" => Format::Full,
        "raw" => Format::Raw,
        _ => {
            return Err(ApiError::invalid_argument(format!(
                "Invalid value at 'format': \"{text}\""
            )));
        }
    };
    if matches!(format, Format::Full | Format::Raw) && metadata_only(context) {
        let message = format!(
            "Metadata scope doesn't allow format {}",
            text.to_uppercase()
        );
        return Err(refused_for_metadata(&message));
    }
    Ok(format)
}

fn snapshot(context: &Context<'_>) -> Result<Snapshot, ApiError> {
    let id = id_of(context.part(1)).ok_or_else(|| {
        ApiError::invalid_argument(format!("Invalid id value: {}", context.part(1)))
    })?;
    Snapshot::of(&mailbox_of(context), id).ok_or_else(ApiError::not_found)
}

pub(crate) fn get(context: &Context<'_>) -> Result<Answer, ApiError> {
    let format = format(context)?;
    let names: Vec<&str> = context.call.params("metadataHeaders").collect();
    let view = snapshot(context)?.view(format, &names, context.mask.as_deref());
    let bytes = serde_json::to_vec(&view);
    bytes
        .map(Answer::Rendered)
        .map_err(|error| ApiError::new(500, "backendError", error.to_string()))
}

pub(crate) fn attachment(context: &Context<'_>) -> Result<Answer, ApiError> {
    if metadata_only(context) {
        return Err(refused_for_metadata(
            "Metadata scope doesn't allow attachments",
        ));
    }
    let snapshot = snapshot(context)?;
    let part = mime::attachment_part(context.part(2), &hex(snapshot.message.id));
    let bytes = part.and_then(|part| mime::attachment(&snapshot.rfc822(), &part));
    let bytes = bytes.ok_or_else(|| ApiError::invalid_argument("Invalid attachment token"))?;
    Ok(Answer::Json(
        json!({ "size": bytes.len(), "data": URL_SAFE.encode(bytes) }),
    ))
}

/// A message for the console: everything but bodies.
pub(crate) fn without_bodies(mailbox: &Mailbox, id: u64) -> Option<Value> {
    let view = Snapshot::of(mailbox, id)?.view(Format::Metadata, &[], None);
    serde_json::to_value(view).ok()
}
