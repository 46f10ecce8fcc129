//! Who gets what arrives in the dropzone of the key's owner: the only setting of a dropzone that the API has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, Context};
use crate::sendsafely::accounts::{MOST_RECIPIENTS, User, is_address};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    user_email: String,
}

pub(crate) fn recipients(context: &Context<'_>) -> Value {
    json!({ "recipientEmailAddresses": context.user.dropzone_recipients })
}

pub(crate) fn add(context: &Context<'_>) -> Answer {
    let email = wanted(context)?;
    with_recipients(context, |recipients| {
        if position(recipients, &email).is_some() {
            let message = format!("{email} is a recipient already");
            return Err(ApiError::new("DUPLICATE_EMAIL", message));
        }
        if recipients.len() >= MOST_RECIPIENTS {
            let message = format!("A Dropzone can have {MOST_RECIPIENTS} recipients");
            return Err(ApiError::new("LIMIT_EXCEEDED", message));
        }
        recipients.push(email);
        Ok(json!({}))
    })
}

pub(crate) fn remove(context: &Context<'_>) -> Answer {
    let email = wanted(context)?;
    with_recipients(context, |recipients| {
        let at = position(recipients, &email).ok_or_else(|| {
            ApiError::new("INVALID_RECIPIENT", format!("{email} is no recipient"))
        })?;
        recipients.remove(at);
        Ok(json!({}))
    })
}

fn wanted(context: &Context<'_>) -> Result<String, ApiError> {
    let email = context.body::<Request>()?.user_email;
    if is_address(&email) {
        return Ok(email);
    }
    Err(ApiError::new(
        "INVALID_EMAIL",
        "The email address is not valid",
    ))
}

fn position(recipients: &[String], email: &str) -> Option<usize> {
    let mut recipients = recipients.iter();
    recipients.position(|known| known.eq_ignore_ascii_case(email))
}

fn with_recipients(
    context: &Context<'_>,
    change: impl FnOnce(&mut Vec<String>) -> Answer,
) -> Answer {
    let mut accounts = context.portal.accounts.write();
    let User {
        dropzone_recipients,
        ..
    } = accounts
        .user_mut(&context.user.email)
        .ok_or_else(|| ApiError::unauthenticated("Invalid API Key"))?;
    change(dropzone_recipients)
}
