//! Drive.
//!
//! Source: developers.google.com/workspace/drive/api/reference/rest/v3 (read 2026-11-22).

pub(crate) mod store;

use super::access::{Api, Context};
use super::errors::ApiError;

pub(crate) const API: Api = Api {
    label: "drive",
    enabled_as: "drive",
    service: "drive.googleapis.com",
    title: "Google Drive API",
    prefix: &["drive", "v3"],
    endpoints: &[],
    fields: &[],
    ready,
};

fn ready(context: &Context<'_>) -> Result<(), ApiError> {
    if context.user.profile.read().drive {
        return Ok(());
    }
    let message = "The authenticated user cannot access this service.";
    Err(ApiError::new(403, "forbidden", message))
}
