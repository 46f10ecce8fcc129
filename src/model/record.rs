//! The records, one schema a kind, the same for every vendor.
//!
//! What only one vendor has goes into `vendor`, as far as privacy allows.

use super::dataset::Dataset;
use super::table::{Column, Value, table};

table! {
    /// One message of a mailbox.
    Message {
        #[doc = "The conversation that the message belongs to."]
        thread_id: Text,
        #[doc = "Ids of the labels or folders that the message is in."]
        labels: TextList,
        #[doc = "When the vendor received the message."]
        received_at: Time,
        #[doc = "When the sender says it was sent."]
        sent_at: Time,
        #[doc = "The sender's address, with the display name where there is one."]
        sender: Text,
        #[doc = "Addresses in To."]
        recipients: TextList,
        #[doc = "Addresses in Cc."]
        cc: TextList,
        #[doc = "Addresses in Bcc, which only the sender's own copy has."]
        bcc: TextList,
        #[doc = "The Message-ID header: the same in every mailbox that got the message."]
        internet_message_id: Text,
        #[doc = "The In-Reply-To header. Empty where a vendor tells it of single messages only, which is not worth a request each."]
        in_reply_to: Text,
        #[doc = "Size in bytes, attachments included. Empty as the In-Reply-To header may be."]
        size: Integer,
        #[doc = "The subject; from the level Subject."]
        subject: Text,
        #[doc = "The plain text body; at the level Full."]
        body_text: Text,
        #[doc = "The HTML body; at the level Full."]
        body_html: Text,
        #[doc = "What only this vendor has."]
        vendor: Json,
    }
}

table! {
    /// One event of a calendar: a single one, a series, or an exception of a series.
    Event {
        #[doc = "confirmed, tentative or cancelled. A cancelled instance of a live series is a record."]
        status: Text,
        #[doc = "When it starts; for an all-day event the start of the day in UTC."]
        starts_at: Time,
        #[doc = "When it ends, exclusive; for an all-day event the start of the day after, in UTC."]
        ends_at: Time,
        #[doc = "Whether it takes whole days."]
        all_day: Boolean,
        #[doc = "The IANA time zone it was made in."]
        time_zone: Text,
        #[doc = "Whether it blocks the time."]
        busy: Boolean,
        #[doc = "default, public, private or confidential."]
        visibility: Text,
        #[doc = "The iCalendar UID: the same in every calendar that has the event."]
        ical_uid: Text,
        #[doc = "The id of the series that this is an exception of."]
        series_id: Text,
        #[doc = "When the exception would have started by its series."]
        original_starts_at: Time,
        #[doc = "Recurrence rules, as iCalendar lines."]
        recurrence: TextList,
        #[doc = "The organizer's address."]
        organizer: Text,
        #[doc = "The attendees: a list of {email, response, optional, resource}."]
        attendees: Json,
        #[doc = "When it was made."]
        created_at: Time,
        #[doc = "When it was last changed."]
        updated_at: Time,
        #[doc = "The title; at the level Full."]
        title: Text,
        #[doc = "The text; at the level Full."]
        description: Text,
        #[doc = "The place; at the level Full."]
        location: Text,
        #[doc = "What only this vendor has."]
        vendor: Json,
    }
}

table! {
    /// The metadata of one file or folder; never its content.
    File {
        #[doc = "The name."]
        name: Text,
        #[doc = "The media type."]
        mime_type: Text,
        #[doc = "Size in bytes; empty for a folder or a document without bytes of its own."]
        size: Integer,
        #[doc = "Ids of the folders it is in."]
        parents: TextList,
        #[doc = "Addresses of the owners."]
        owners: TextList,
        #[doc = "Whether it is in the bin."]
        trashed: Boolean,
        #[doc = "Whether others can open it."]
        shared: Boolean,
        #[doc = "When it was made."]
        created_at: Time,
        #[doc = "When its content or metadata was last changed."]
        modified_at: Time,
        #[doc = "The address of who changed it last."]
        modified_by: Text,
        #[doc = "A checksum of the content, with its algorithm: md5:…"]
        checksum: Text,
        #[doc = "The vendor's version number, which grows with every change."]
        version: Integer,
        #[doc = "What only this vendor has."]
        vendor: Json,
    }
}

table! {
    /// The metadata of one package: files that were sent together. Never their content, nor what opens them.
    Package {
        #[doc = "inProgress, active, expired or deleted."]
        state: Text,
        #[doc = "How many of the recipients have fetched it: none, some or all."]
        pickup: Text,
        #[doc = "The address of the account that the package belongs to."]
        owner: Text,
        #[doc = "The address of who sent it: for a dropzone, somebody outside."]
        sender: Text,
        #[doc = "Addresses of the recipients."]
        recipients: TextList,
        #[doc = "Names of the contact groups among the recipients."]
        recipient_groups: TextList,
        #[doc = "Names of the files."]
        file_names: TextList,
        #[doc = "What the package is called."]
        label: Text,
        #[doc = "Whether it came in by a dropzone."]
        dropzone: Boolean,
        #[doc = "Whether it is a room that people share for longer (VDR)."]
        data_room: Boolean,
        #[doc = "Whether a message goes with it. Its text is not read."]
        has_message: Boolean,
        #[doc = "How many days it can be fetched."]
        life_days: Integer,
        #[doc = "When the vendor says that it was last changed."]
        modified_at: Time,
        #[doc = "What only this vendor has."]
        vendor: Json,
    }
}

table! {
    /// One entry of a system's own log: what a person did, and from where.
    Activity {
        #[doc = "The vendor's kind of event."]
        kind: Text,
        #[doc = "What was done, in the vendor's word."]
        action: Text,
        #[doc = "When."]
        occurred_at: Time,
        #[doc = "The address of who did it."]
        actor: Text,
        #[doc = "The address of whom an administrator acted as."]
        impersonated: Text,
        #[doc = "The IP address that it came from."]
        ip_address: Text,
        #[doc = "The id of the package that it was done to."]
        package_id: Text,
        #[doc = "The address of the package's owner."]
        package_owner: Text,
        #[doc = "What only this vendor has."]
        vendor: Json,
    }
}

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Of [`Dataset::Mail`].
    Message(Box<Message>),
    /// Of [`Dataset::Calendar`].
    Event(Box<Event>),
    /// Of [`Dataset::Drive`].
    File(Box<File>),
    /// Of [`Dataset::Packages`].
    Package(Box<Package>),
    /// Of [`Dataset::Activity`].
    Activity(Box<Activity>),
}

impl Record {
    /// Returns the kind of data that the record belongs to.
    pub fn dataset(&self) -> Dataset {
        match self {
            Self::Message(_) => Dataset::Mail,
            Self::Event(_) => Dataset::Calendar,
            Self::File(_) => Dataset::Drive,
            Self::Package(_) => Dataset::Packages,
            Self::Activity(_) => Dataset::Activity,
        }
    }

    /// Returns the values in the order of [`Dataset::columns`].
    pub fn into_values(self) -> Vec<Value> {
        match self {
            Self::Message(message) => message.into_values(),
            Self::Event(event) => event.into_values(),
            Self::File(file) => file.into_values(),
            Self::Package(package) => package.into_values(),
            Self::Activity(activity) => activity.into_values(),
        }
    }
}

impl Dataset {
    /// Returns the columns of the kind's own fields, without key, generation and the like, which destinations add.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Mail => Message::COLUMNS,
            Self::Calendar => Event::COLUMNS,
            Self::Drive => File::COLUMNS,
            Self::Packages => Package::COLUMNS,
            Self::Activity => Activity::COLUMNS,
        }
    }
}
