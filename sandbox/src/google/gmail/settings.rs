//! Profile, labels and addresses to send from.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::labels;
use super::mailbox_of;
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;

#[expect(
    clippy::unnecessary_wraps,
    reason = "every endpoint has this signature"
)]
pub(crate) fn profile(context: &Context<'_>) -> Result<Answer, ApiError> {
    let address = context.user.primary();
    let mailbox = mailbox_of(context);
    Ok(Answer::Json(json!({
        "emailAddress": address,
        "messagesTotal": mailbox.message_count(),
        "threadsTotal": mailbox.thread_count(),
        "historyId": mailbox.history.current().to_string(),
    })))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every endpoint has this signature"
)]
pub(crate) fn labels(context: &Context<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::Json(
        json!({ "labels": mailbox_of(context).labels.all() }),
    ))
}

pub(crate) fn label(context: &Context<'_>) -> Result<Answer, ApiError> {
    let mailbox = mailbox_of(context);
    let index = mailbox
        .labels
        .find(context.part(1))
        .ok_or_else(ApiError::not_found)?;
    let mut resource = mailbox
        .labels
        .resource(index)
        .ok_or_else(ApiError::not_found)?;
    let (mut messages, mut unread) = (0_usize, 0_usize);
    let (mut threads, mut unread_threads) = (HashSet::new(), HashSet::new());
    for (_, message) in mailbox
        .newest(None)
        .filter(|(_, message)| message.labels.has(index))
    {
        messages += 1;
        threads.insert(message.thread);
        if message.labels.has(labels::UNREAD) {
            unread += 1;
            unread_threads.insert(message.thread);
        }
    }
    if let Some(fields) = resource.as_object_mut() {
        fields.insert("messagesTotal".to_owned(), json!(messages));
        fields.insert("messagesUnread".to_owned(), json!(unread));
        fields.insert("threadsTotal".to_owned(), json!(threads.len()));
        fields.insert("threadsUnread".to_owned(), json!(unread_threads.len()));
    }
    Ok(Answer::Json(resource))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every endpoint has this signature"
)]
pub(crate) fn send_as(context: &Context<'_>) -> Result<Answer, ApiError> {
    let profile = context.user.profile.read();
    let primary = json!({
        "sendAsEmail": profile.primary, "displayName": profile.name, "replyToAddress": "", "signature": "",
        "isPrimary": true, "isDefault": true,
    });
    let aliases = profile.aliases.iter().map(|alias| {
        json!({
            "sendAsEmail": alias, "displayName": profile.name, "replyToAddress": "", "signature": "",
            "treatAsAlias": true, "verificationStatus": "accepted",
        })
    });
    let all: Vec<Value> = std::iter::once(primary).chain(aliases).collect();
    Ok(Answer::Json(json!({ "sendAs": all })))
}
