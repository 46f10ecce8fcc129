//! Messages and folders as Graph shows them.
//!
//! Source: learn.microsoft.com/graph/api/resources/message and mailfolder (read 2026-11-22).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::folders::{Folder, ROOT};
use super::mailbox::{Content, Mailbox, Message};
use crate::corpus::envelope::{self, Body, Envelope, Person};
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::graph::ids::{ItemId, Kind};
use crate::random::mix;
use crate::scenario::Resource;

/// Every property of a message.
pub(crate) const PROPERTIES: &[&str] = &[
    "id",
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "internetMessageId",
    "subject",
    "bodyPreview",
    "importance",
    "parentFolderId",
    "conversationId",
    "conversationIndex",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "isRead",
    "isDraft",
    "webLink",
    "inferenceClassification",
    "body",
    "sender",
    "from",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "flag",
    "internetMessageHeaders",
    "uniqueBody",
];
/// What is given only when it is asked for.
const ON_DEMAND: &[&str] = &["internetMessageHeaders", "uniqueBody"];
/// What `Mail.ReadBasic` hides.
const HIDDEN: &[&str] = &["body", "bodyPreview", "uniqueBody"];

/// Every property of a folder.
pub(crate) const FOLDER_PROPERTIES: &[&str] = &[
    "id",
    "displayName",
    "parentFolderId",
    "childFolderCount",
    "unreadItemCount",
    "totalItemCount",
    "sizeInBytes",
    "isHidden",
];

/// How things are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// The owner's seed, which ids hold.
    pub(crate) owner: u64,
    pub(crate) immutable_ids: bool,
    pub(crate) select: Option<&'a [String]>,
    /// Bodies are shown too.
    pub(crate) full: bool,
    pub(crate) prefer_text: bool,
}

impl View<'_> {
    fn shows(&self, name: &str) -> bool {
        match self.select {
            _ if !self.full && HIDDEN.contains(&name) => false,
            Some(names) => name == "id" || names.iter().any(|wanted| wanted == name),
            None => !ON_DEMAND.contains(&name),
        }
    }

    pub(crate) fn message_id(&self, message: &Message) -> String {
        let place = (u64::from(message.folder) << 32) | u64::from(message.moves);
        self.id_at(message.id, place)
    }

    fn id_at(&self, number: u64, place: u64) -> String {
        let place = if self.immutable_ids { 0 } else { place };
        ItemId::new(Kind::Message, number, place, self.immutable_ids).encode(self.owner)
    }

    /// The id that a message had in a folder that it is not in any more.
    pub(crate) fn former_id(&self, mailbox: &Mailbox, number: u64, folder: u32) -> String {
        let moves = if self.immutable_ids {
            0
        } else {
            mailbox.journal.moves_when_left(number, folder)
        };
        self.id_at(number, (u64::from(folder) << 32) | u64::from(moves))
    }

    pub(crate) fn folder_id(&self, number: u32) -> String {
        let id = ItemId::new(Kind::Folder, number.into(), 0, self.immutable_ids);
        id.encode(self.owner)
    }
}

/// The message that an id stands for; an ordinary id must be the one that it has where it is now.
pub(crate) fn find<'a>(mailbox: &'a Mailbox, view: &View<'_>, id: &str) -> Option<&'a Message> {
    let given = ItemId::decode(id, view.owner).filter(|id| id.kind == Kind::Message)?;
    let message = mailbox.get(given.number)?;
    let now = View {
        immutable_ids: given.immutable,
        ..*view
    };
    (now.message_id(message) == id).then_some(message)
}

/// The folder that an id or a well-known name stands for.
pub(crate) fn find_folder(mailbox: &Mailbox, owner: u64, key: &str) -> Option<u32> {
    let by_id = || {
        let id = ItemId::decode(key, owner).filter(|id| id.kind == Kind::Folder)?;
        u32::try_from(id.number).ok()
    };
    let number = mailbox.folders.well_known(key).or_else(by_id)?;
    mailbox.folders.get(number).map(|folder| folder.number)
}

pub(crate) fn envelope_of<'a>(mailbox: &Mailbox, message: &'a Message) -> Cow<'a, Envelope> {
    match &message.content {
        Content::Generated(index) => Cow::Owned(mailbox.letters.envelope(*index)),
        Content::Stored(stored) => Cow::Borrowed(&stored.envelope),
    }
}

/// The message as it came over the wire.
pub(crate) fn raw(mailbox: &Mailbox, message: &Message) -> Bytes {
    match &message.content {
        Content::Generated(index) => mailbox.letters.rfc822(*index).into(),
        Content::Stored(stored) => stored.raw.clone(),
    }
}

pub(crate) fn etag(view: &View<'_>, message: &Message) -> String {
    format!("W/\"{}\"", change_key(view, message))
}

fn change_key(view: &View<'_>, message: &Message) -> String {
    let number = mix(view.owner ^ message.id, message.version.into());
    STANDARD.encode([b"CQAA".as_slice(), &number.to_be_bytes()].concat())
}

/// The resource with the properties that are wanted.
pub(crate) fn resource(mailbox: &Mailbox, message: &Message, view: &View<'_>) -> Value {
    let mut fields = Resource::new();
    fields.insert("@odata.etag".to_owned(), json!(etag(view, message)));
    let mut put = |name: &str, value: &dyn Fn() -> Value| {
        if view.shows(name) {
            fields.insert(name.to_owned(), value());
        }
    };
    put_state(&mut put, message, view);
    put_envelope(&mut put, &envelope_of(mailbox, message), message);
    let body = |prefer_text| body_value(envelope::body(&raw(mailbox, message), prefer_text));
    put("body", &|| body(view.prefer_text));
    put("uniqueBody", &|| body(view.prefer_text));
    put("internetMessageHeaders", &|| {
        let headers = crate::corpus::mime::headers(&raw(mailbox, message));
        let pairs = headers
            .into_iter()
            .map(|(name, value)| json!({ "name": name, "value": value }));
        Value::Array(pairs.collect())
    });
    Value::Object(fields)
}

/// What takes a property's name and a way to its value.
type Put<'a> = dyn FnMut(&str, &dyn Fn() -> Value) + 'a;

fn put_state(put: &mut Put<'_>, message: &Message, view: &View<'_>) {
    let flag = if message.flagged {
        "flagged"
    } else {
        "notFlagged"
    };
    let thread = mix(view.owner, message.thread).to_be_bytes();
    put("id", &|| json!(view.message_id(message)));
    put("createdDateTime", &|| {
        json!(rfc3339_seconds(message.received))
    });
    put("lastModifiedDateTime", &|| {
        json!(rfc3339_seconds(message.modified))
    });
    put("changeKey", &|| json!(change_key(view, message)));
    put("categories", &|| json!(message.categories));
    put("receivedDateTime", &|| {
        json!(rfc3339_seconds(message.received))
    });
    put("parentFolderId", &|| json!(view.folder_id(message.folder)));
    put("conversationId", &|| {
        json!(format!(
            "AAQkAG{}=",
            STANDARD.encode([thread, thread].concat())
        ))
    });
    put("conversationIndex", &|| json!(STANDARD.encode(thread)));
    put("isRead", &|| json!(message.read));
    put("isDraft", &|| {
        json!(message.folder == super::folders::DRAFTS)
    });
    put("flag", &|| json!({ "flagStatus": flag }));
    put("webLink", &|| {
        let id = view.message_id(message);
        let query: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        json!(format!(
            "https://outlook.office365.com/owa/?ItemID={query}&exvsurl=1&viewmodel=ReadMessageItem"
        ))
    });
}

fn put_envelope(put: &mut Put<'_>, envelope: &Envelope, message: &Message) {
    let subject = message.subject.as_deref().unwrap_or(&envelope.subject);
    let sent = envelope.sent.unwrap_or(message.received);
    put("sentDateTime", &|| json!(rfc3339_seconds(sent)));
    put("hasAttachments", &|| json!(envelope.attachments));
    put("internetMessageId", &|| json!(envelope.message_id));
    put("subject", &|| json!(subject));
    put("bodyPreview", &|| json!(envelope.preview));
    put("importance", &|| json!(envelope.importance));
    put("isDeliveryReceiptRequested", &|| json!(false));
    put("isReadReceiptRequested", &|| json!(false));
    put("inferenceClassification", &|| json!("focused"));
    put("sender", &|| {
        envelope.sender.as_ref().map_or(Value::Null, recipient)
    });
    put("from", &|| {
        envelope.from.as_ref().map_or(Value::Null, recipient)
    });
    put("toRecipients", &|| recipients(&envelope.to));
    put("ccRecipients", &|| recipients(&envelope.cc));
    put("bccRecipients", &|| recipients(&envelope.bcc));
    put("replyTo", &|| recipients(&envelope.reply_to));
}

fn recipient(person: &Person) -> Value {
    json!({ "emailAddress": { "name": person.name, "address": person.address } })
}

fn recipients(people: &[Person]) -> Value {
    people.iter().map(recipient).collect()
}

fn body_value(body: Body) -> Value {
    match body {
        Body::Text(text) => json!({ "contentType": "text", "content": text }),
        Body::Html(html) => json!({ "contentType": "html", "content": html }),
    }
}

/// A folder with the properties that are wanted.
pub(crate) fn folder_resource(mailbox: &Mailbox, folder: &Folder, view: &View<'_>) -> Value {
    let parent = if folder.number == ROOT {
        folder.number
    } else {
        folder.parent
    };
    let all = json!({
        "id": view.folder_id(folder.number),
        "displayName": folder.name,
        "parentFolderId": view.folder_id(parent),
        "childFolderCount": mailbox.folders.children(folder.number).count(),
        "unreadItemCount": folder.unread,
        "totalItemCount": folder.total,
        "sizeInBytes": folder.total * 4096,
        "isHidden": false,
    });
    let Value::Object(mut fields) = all else {
        return all;
    };
    fields.retain(|name, _| view.shows(name));
    Value::Object(fields)
}
