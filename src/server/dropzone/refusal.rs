//! What is said to whom something is refused: what is wrong, and what to do.

use axum::http::StatusCode;
use jiff::Timestamp;

use super::form::Field;
use super::multipart::Fault;
use super::types::{Types, Unfit};
use crate::model::size::Size;
use crate::server::auth::Denial;

/// How long to wait before the next try, in seconds, where nobody can know.
const LATER: u64 = 60;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// Its name in metrics and in JSON.
    pub(super) reason: &'static str,
    /// What is wrong, in a few words.
    pub(super) title: &'static str,
    /// What it means and what to do.
    pub(super) detail: String,
    /// What is wrong with which field.
    pub(super) fields: Vec<(Field, String)>,
    /// After how many seconds to try again.
    pub(super) retry_after: Option<u64>,
    /// What may be asked instead.
    pub(super) allow: Option<&'static str>,
    /// There is a form at this address that may be tried again.
    pub(super) has_form: bool,
}

impl Refusal {
    fn new(
        status: StatusCode,
        reason: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            reason,
            title,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
            allow: None,
            has_form: false,
        }
    }

    /// Says that the form may be tried again.
    fn with_form(self) -> Self {
        Self {
            has_form: true,
            ..self
        }
    }

    /// The same for unknown names, boxes that are off, and names that are none: a stranger learns nothing by trying.
    pub(super) fn not_found() -> Self {
        let detail = "Check the address, or ask whoever gave it to you.";
        Self::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            "There is no Dropzone here",
            detail,
        )
    }

    pub(super) fn method(allow: &'static str) -> Self {
        let detail = format!("This address takes {allow} only.");
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "That cannot be done here",
                detail,
            )
        }
    }

    pub(super) fn closed(end: Timestamp) -> Self {
        let detail = format!(
            "It took files until {} UTC and takes none any more. Nothing of yours was kept. Ask whoever gave you the address for \
             another one.",
            end.strftime("%-d %B %Y, %H:%M")
        );
        Self::new(
            StatusCode::GONE,
            "Closed",
            "This Dropzone has closed",
            detail,
        )
    }

    pub(super) fn too_large(limit: Size) -> Self {
        let detail = format!(
            "All files of one upload together may have {limit}, and yours have more. Nothing was kept. Send fewer files at once, or \
             smaller ones."
        );
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "TooLarge",
            "That is too much at once",
            detail,
        )
        .with_form()
    }

    pub(super) fn too_many_parts(files: usize) -> Self {
        let detail = format!(
            "An upload may have {files} files. Nothing was kept. Send the rest in another upload."
        );
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "TooManyFiles",
            "Those are too many files at once",
            detail,
        )
    }

    pub(super) fn no_form() -> Self {
        let detail = "Files are sent as a form, multipart/form-data: fill in the form at this address, or use a tool that sends one.";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "NoForm",
            "That is not a form with files",
            detail,
        )
        .with_form()
    }

    /// A file is not of the box's types.
    pub(super) fn unfit(unfit: Unfit, name: &str, types: &Types) -> Self {
        let why = match unfit {
            Unfit::Type => format!("{name} is of a type that is not taken here."),
            Unfit::Content => {
                format!("{name} is not what its name says: its content is of another type.")
            }
        };
        let fault = format!("{why} Taken are: {}.", types.readable());
        Self {
            fields: vec![(Field::Files, fault)],
            ..Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "WrongType",
                "A file cannot be taken",
                "Nothing was kept. Choose the files again, without this one.",
            )
        }
    }

    /// The form is not filled in as it must be.
    pub(super) fn unfilled(fields: Vec<(Field, String)>) -> Self {
        Self {
            fields,
            ..Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Incomplete",
                "Something is missing",
                "Nothing was kept. Fill in the form and choose the files again.",
            )
        }
    }

    pub(super) fn twice(field: Field) -> Self {
        Self::unfilled(vec![(field, format!("Fill in {} once.", field.id()))])
    }

    pub(super) fn unknown_field() -> Self {
        let detail = "The form has the fields name, email, subject, message and files, and another one was sent. Nothing was kept.";
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "UnknownField",
            "A field is not known here",
            detail,
        )
    }

    pub(super) fn busy() -> Self {
        let detail = "Too many uploads are under way. Try again in a minute.";
        Self {
            retry_after: Some(LATER),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyUploads",
                "Please wait a moment",
                detail,
            )
            .with_form()
        }
    }

    /// Something is the matter on this side.
    pub(super) fn unavailable() -> Self {
        let detail = "Files cannot be stored at the moment, and nothing of yours was kept. It is not your fault, and whoever runs this \
                      is told. Try again later.";
        Self {
            retry_after: Some(LATER),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Unavailable",
                "The Dropzone cannot take files now",
                detail,
            )
        }
    }

    /// The body is not what it should be.
    pub(super) fn of_fault(fault: Fault, limit: Size) -> Self {
        match fault {
            Fault::TooLarge => Self::too_large(limit),
            Fault::Slow => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "Slow",
                "That took too long",
                "The upload came too slowly and was given up. Nothing was kept. Try again on another line, or send less at once.",
            ),
            Fault::Cut => Self::new(
                StatusCode::BAD_REQUEST,
                "Cut",
                "The upload was cut off",
                "It ended in the middle. Nothing was kept. Try again.",
            ),
            Fault::Malformed(what) => Self::new(
                StatusCode::BAD_REQUEST,
                "Malformed",
                "The form cannot be read",
                format!(
                    "It is not multipart/form-data as RFC 7578 has it: {what}. Nothing was kept."
                ),
            ),
        }
    }

    /// The inbox is not opened.
    pub(super) fn of_denial(denial: &Denial) -> Self {
        match denial {
            Denial::NotAuthenticated => Self::new(
                StatusCode::UNAUTHORIZED,
                "NotAuthenticated",
                "The inbox takes a key",
                "Send a good key of the account, as Bearer or Basic: an ApiKey with purpose API.",
            ),
            Denial::WrongPurpose(purpose) => Self::new(
                StatusCode::FORBIDDEN,
                "WrongPurpose",
                "The key is for something else",
                format!("It is for {}. Use one with purpose API.", purpose.as_str()),
            ),
            Denial::Wait(seconds) => Self {
                retry_after: Some(*seconds),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "TooManyRequests",
                    "Please wait a moment",
                    "Too many requests. Try again later.",
                )
            },
            Denial::Unavailable => Self::unavailable(),
        }
    }

    pub(super) fn anothers_inbox() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "AnotherAccount",
            "That is another account's inbox",
            "The key opens the inbox of its own account alone.",
        )
    }

    pub(super) fn no_upload() -> Self {
        let detail = "The inbox has no such upload or file, or no longer.";
        Self::new(
            StatusCode::NOT_FOUND,
            "NoUpload",
            "There is no such upload",
            detail,
        )
    }
}
