//! What a SCIM client is told when something is refused. Source: RFC 7644, 3.12, read 2026-11-22.

use std::borrow::Cow;

use axum::http::StatusCode;
use serde_json::{Value, json};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScimError {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The protocol's own code, where it has one.
    pub(super) scim_type: Option<&'static str>,
    /// What is wrong and what to do.
    pub(super) detail: Cow<'static, str>,
    /// How many seconds to wait before the next try.
    pub(super) retry_after: Option<u64>,
}

impl ScimError {
    pub(super) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// A 400 with one of the protocol's codes.
    pub(super) fn invalid(scim_type: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            scim_type: Some(scim_type),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// The value of an attribute cannot be used.
    pub(super) fn value(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid("invalidValue", detail)
    }

    /// Somebody is there already.
    pub(super) fn uniqueness(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            scim_type: Some("uniqueness"),
            ..Self::new(StatusCode::CONFLICT, detail)
        }
    }

    /// It may pass by itself.
    pub(super) fn later(seconds: u64, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no {what}."))
    }

    pub(super) fn body(&self) -> Value {
        let members = [
            ("schemas", Some(json!([ERROR]))),
            ("status", Some(json!(self.status.as_u16().to_string()))),
            ("scimType", self.scim_type.map(Value::from)),
            ("detail", Some(json!(self.detail))),
        ];
        let told = members.into_iter();
        told.filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}
