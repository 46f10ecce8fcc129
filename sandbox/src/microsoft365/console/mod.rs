//! `/_sandbox/microsoft365/…`: what an administrator does in Entra and in the Exchange admin center, and what people do
//! with their mail, calendars and files.

mod apps;
mod edits;
mod items;
mod setting;
mod state;
mod users;

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::json;

use super::Microsoft365;
use super::scenario::{Issuer, Quirks};
use crate::app::App;
use crate::call::Call;
use crate::console::{Outcome, Refusal, body, unknown};

/// Answers; `path` is what follows `/_sandbox/microsoft365/`.
pub(crate) fn answer(world: &Microsoft365, app: &App, call: &Call, path: &[&str]) -> Outcome {
    let now = app.instruments.clock.now_ms();
    match (call.method.as_str(), path) {
        (_, ["apps", client, rest @ ..]) => apps::answer(world, call, client, rest, now),
        ("DELETE", ["tokens"]) => {
            world.tokens.end_all();
            Ok(json!({}))
        }
        ("PUT", ["issuers"]) => {
            let given: Issuer = body(call)?;
            world.apps.write().trust(given.issuer.clone(), given.jwks);
            Ok(json!({ "issuer": given.issuer }))
        }
        ("PUT", ["quirks"]) => {
            let quirks: Quirks = body(call)?;
            *world.quirks.write() = quirks;
            Ok(
                json!({ "silentOccurrenceDeletions": quirks.silent_occurrence_deletions,
                "partialMessages": quirks.partial_messages }),
            )
        }
        ("PUT", ["secret-propagation"]) => delay_secrets(world, call),
        ("POST", ["users"]) => users::add(world, call),
        (_, ["users", email, rest @ ..]) => of_user(world, call, email, rest, now),
        _ => Err(unknown(&call.method, path)),
    }
}

fn delay_secrets(world: &Microsoft365, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        ms: i64,
    }
    let ms = body::<Request>(call)?.ms;
    world.secret_propagation.store(ms, Ordering::Relaxed);
    Ok(json!({ "ms": ms }))
}

fn of_user(world: &Microsoft365, call: &Call, email: &str, rest: &[&str], now: i64) -> Outcome {
    let user = world.user(email).map_err(|_| Refusal::not_found("user"))?;
    match (call.method.as_str(), rest) {
        ("PATCH", []) => users::change(world, call, &user),
        ("DELETE", []) => {
            world.people.write().delete(&user);
            Ok(json!({}))
        }
        ("GET", ["state"]) => state::of(call, &user),
        ("POST", ["expire"]) => users::expire(call, &user),
        ("POST", ["edits"]) => edits::make(call, &user, now),
        _ => items::answer(call, &user, rest, now),
    }
}
