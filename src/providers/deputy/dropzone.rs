//! What the YAML says of an account's Dropzone.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::duration::Span;
use crate::model::email::Email;
use crate::model::secret::SecretRef;
use crate::model::size::Size;

/// What a box takes where its spec does not say: documents, tables and pictures that no program runs.
pub const DEFAULT_TYPES: [&str; 16] = [
    "pdf", "txt", "csv", "docx", "xlsx", "pptx", "odt", "ods", "odp", "png", "jpg", "jpeg", "gif",
    "webp", "heic", "tiff",
];

/// How much an upload may have where the spec does not say.
pub const DEFAULT_SIZE: Size = Size::from_mebibytes(100);

/// A box that anybody who knows the account's name may put files into, on a page of the operator's. Takes a destination
/// of the connection that keeps files, which is an object store or a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DropzoneSpec {
    /// Whether there is a box. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// How large a file may be, and all files of one upload together; at most `32Gi`. Default: `100Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [
        {"rule": "quantity(self).compareTo(quantity('32Gi')) <= 0", "message": "must be at most 32Gi"}
    ]))]
    pub max_file_size: Option<Size>,

    /// Which files are taken: by the ending of their name (`pdf`), or by the media type that goes with it (`application/pdf`,
    /// `image/*`). A file whose first bytes are of something else is refused all the same. Default: pdf, txt, csv, docx, xlsx,
    /// pptx, odt, ods, odp, png, jpg, jpeg, gif, webp, heic and tiff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 100),
        inner(
            length(min = 1, max = 127),
            regex(
                pattern = "^(\\.?[A-Za-z0-9][A-Za-z0-9_-]*|[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*|\\*))$"
            )
        )
    )]
    pub allowed_types: Option<Vec<String>>,

    /// When the box closes: from then on it takes nothing, and says so. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub closes_at: Option<Timestamp>,

    /// How long an upload is kept, from 24h to 8760h; then it is deleted for good. Default: until somebody deletes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [
        {"rule": "duration(self) >= duration('24h') && duration(self) <= duration('8760h')", "message": "must be from 24h to 8760h"}
    ]))]
    pub expiry: Option<Span>,

    /// The heading of the page, such as what is to be sent. Default: the account's displayName, or its username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub label: Option<String>,

    /// Whom the webhook is to tell of an upload. Deputy itself sends no mail. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<Vec<String>>",
        length(max = 50),
        inner(length(min = 3, max = 254))
    )]
    pub recipients: Option<Vec<Email>>,

    /// Who is told of an upload. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookSpec>,
}

/// Who is told of an upload: what was sent and by whom, never the content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookSpec {
    /// Where the notification is posted to. The operator must allow the host (`--allow-endpoint`); plain HTTP is for this machine
    /// alone.
    #[schemars(length(max = 1000), regex(pattern = "^https?://\\S+$"))]
    pub url: String,

    /// A Secret with the entry `secret`, in the same namespace, that notifications are signed with. Default: they are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
}

impl DropzoneSpec {
    /// Returns whether there is a box.
    pub fn is_enabled(&self) -> bool {
        self.enabled == Some(true)
    }

    /// Returns how large a file may be, and an upload.
    pub fn size_limit(&self) -> Size {
        self.max_file_size.unwrap_or(DEFAULT_SIZE)
    }

    /// Returns the endings and media types that are taken.
    pub fn types(&self) -> Vec<String> {
        let default = || DEFAULT_TYPES.map(str::to_owned).to_vec();
        self.allowed_types.clone().unwrap_or_else(default)
    }

    /// Returns when an upload that is received now is deleted, if it ever is.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        now.saturating_add(self.expiry?.get()).ok()
    }

    /// Returns when the box has closed, if it has.
    pub fn closed_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.closes_at.filter(|end| *end <= now)
    }
}
