//! `sendMail`: the message goes nowhere but into the sender's own folder.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::folders;
use super::mailbox::Stored;
use crate::call::Reply;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::graph::access::Context;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    // OData takes the names of parameters in any case, and the vendor's client capitalizes them.
    #[serde(alias = "Message")]
    message: Message,
    #[serde(default = "crate::scenario::yes", alias = "SaveToSentItems")]
    save_to_sent_items: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    to_recipients: Vec<Recipient>,
    #[serde(default)]
    cc_recipients: Vec<Recipient>,
    #[serde(default)]
    bcc_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: EmailAddress,
}

#[derive(Deserialize)]
struct EmailAddress {
    #[serde(default)]
    address: String,
}

pub(crate) fn send(context: &Context<'_>) -> Result<Reply, GraphError> {
    let request: Request = serde_json::from_slice(&context.call.body)
        .map_err(|_| GraphError::bad_request("Unable to read JSON request payload."))?;
    let message = &request.message;
    let mut all = [
        &message.to_recipients,
        &message.cc_recipients,
        &message.bcc_recipients,
    ]
    .into_iter()
    .flatten()
    .peekable();
    if all.peek().is_none() || all.any(|to| !to.email_address.address.contains('@')) {
        let text = "At least one recipient is not valid.";
        return Err(GraphError::new(400, "ErrorInvalidRecipients", text));
    }
    if request.save_to_sent_items {
        let user = context.user()?;
        let stored = Stored::new(written(message, &user.email()));
        let mut mailbox = user.mailbox.lock();
        mailbox.deliver(stored, folders::SENT, context.now, true);
    }
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn written(message: &Message, from: &str) -> Vec<u8> {
    let addresses = |people: &[Recipient]| {
        let all = people.iter().map(|to| one_line(&to.email_address.address));
        all.collect::<Vec<_>>().join(", ")
    };
    let text = message.body.get("content").and_then(Value::as_str);
    let id = fastrand::u64(..);
    format!(
        "From: {from}\r\nTo: {}\r\nCc: {}\r\nSubject: {}\r\nMessage-ID: <{id:016x}@sandbox.example>\r\n\r\n{}\r\n",
        addresses(&message.to_recipients),
        addresses(&message.cc_recipients),
        one_line(&message.subject),
        text.unwrap_or_default()
    )
    .into_bytes()
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
