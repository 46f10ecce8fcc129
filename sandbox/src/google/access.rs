//! From a call to an endpoint: the checks that every API makes, in Google's order.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use super::Google;
use super::errors::ApiError;
use super::fields::Mask;
use super::people::User;
use super::quota::Cost;
use super::token::{Grant, Subject};
use crate::call::{Call, Reply};
use crate::instruments::clock::Clock;

/// One API.
#[derive(Debug)]
pub(crate) struct Api {
    /// The word in the log and the counters.
    pub(crate) label: &'static str,
    /// The word in a project's list of enabled APIs.
    pub(crate) enabled_as: &'static str,
    pub(crate) service: &'static str,
    pub(crate) title: &'static str,
    /// The path's parts after `/google/`.
    pub(crate) prefix: &'static [&'static str],
    pub(crate) endpoints: &'static [Endpoint],
    /// Names that may stand in a `fields` mask.
    pub(crate) fields: &'static [&'static str],
    /// Whether the service is on for the person.
    pub(crate) ready: fn(&Context<'_>) -> Result<(), ApiError>,
}

impl Api {
    /// The path's parts after the API's own prefix.
    pub(crate) fn rest<'a>(&self, path: &'a [&'a str]) -> Option<&'a [&'a str]> {
        path.strip_prefix(self.prefix)
    }
}

/// One method of an API.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The full name, such as `google.gmail.v1.GmailService.GetMessage`.
    pub(crate) name: &'static str,
    pub(crate) verb: &'static str,
    /// Parts; `*` stands for any one part.
    pub(crate) path: &'static [&'static str],
    /// Any one of them suffices.
    pub(crate) scopes: &'static [&'static str],
    pub(crate) cost: Cost,
    pub(crate) run: fn(&Context<'_>) -> Result<Answer, ApiError>,
}

/// What an endpoint sees.
pub(crate) struct Context<'a> {
    pub(crate) google: &'a Google,
    pub(crate) call: &'a Call,
    pub(crate) grant: &'a Grant,
    pub(crate) user: &'a Arc<User>,
    /// The parts of the path that `*` stands for.
    pub(crate) path: Vec<&'a str>,
    pub(crate) mask: Option<Arc<Mask>>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl Context<'_> {
    /// The part of the path at the n-th `*`.
    pub(crate) fn part(&self, n: usize) -> &str {
        self.path.get(n).copied().unwrap_or_default()
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.call.param(name)
    }

    /// A boolean parameter; anything but `true` and `false` is refused.
    pub(crate) fn flag(&self, name: &'static str, default: bool) -> Result<bool, ApiError> {
        match self.param(name) {
            None => Ok(default),
            Some("true" | "True" | "1") => Ok(true),
            Some("false" | "False" | "0") => Ok(false),
            Some(other) => {
                let message = format!("Invalid value for boolean parameter {name}: {other}");
                Err(ApiError::invalid_parameter(name, message))
            }
        }
    }

    /// A page size between 1 and `most`; Gmail and Calendar cut larger ones down to it.
    pub(crate) fn clamped(
        &self,
        name: &'static str,
        default: usize,
        most: usize,
    ) -> Result<usize, ApiError> {
        Ok(self.number(name)?.unwrap_or(default).min(most))
    }

    /// A page size between 1 and `most`; Drive and Directory refuse larger ones.
    pub(crate) fn bounded(
        &self,
        name: &'static str,
        default: usize,
        most: usize,
    ) -> Result<usize, ApiError> {
        match self.number(name)? {
            Some(value) if value > most => Err(out_of_range(name, &value.to_string(), most)),
            value => Ok(value.unwrap_or(default)),
        }
    }

    fn number(&self, name: &'static str) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.param(name) else {
            return Ok(None);
        };
        let value = text.parse::<usize>().ok().filter(|value| *value > 0);
        value
            .map(Some)
            .ok_or_else(|| out_of_range(name, text, 2500))
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.call.body
    }
}

fn out_of_range(name: &'static str, value: &str, most: usize) -> ApiError {
    let message = format!("Invalid value '{value}'. Values must be within the range: [1, {most}]");
    ApiError::new(400, "invalidParameter", message).parameter(name)
}

/// What an endpoint answers.
pub(crate) enum Answer {
    /// Still to be masked.
    Json(Value),
    /// Masked and rendered.
    Rendered(Vec<u8>),
}

/// Checks a call and lets its endpoint answer.
pub(crate) fn answer(
    google: &Google,
    api: &Api,
    rest: &[&str],
    call: &Call,
    clock: &Clock,
) -> Reply {
    match checked(google, api, rest, call, clock) {
        Ok(reply) => reply,
        Err(error) => error.reply(),
    }
}

fn checked(
    google: &Google,
    api: &Api,
    rest: &[&str],
    call: &Call,
    clock: &Clock,
) -> Result<Reply, ApiError> {
    let (endpoint, path) = find(api, call.method.as_str(), rest).ok_or_else(ApiError::no_method)?;
    let grant = grant(google, call, clock)?;
    if !google
        .accounts
        .read()
        .enabled(&grant.project, api.enabled_as)
    {
        return Err(ApiError::api_disabled(
            api.title,
            api.service,
            &grant.project,
        ));
    }
    if !grant.allows(endpoint.scopes) {
        return Err(ApiError::insufficient_scope(
            api.service,
            endpoint.name,
            endpoint.scopes,
        ));
    }
    let user = match &grant.subject {
        Subject::Person(user) => user,
        Subject::Robot => return Err(for_robot(api)),
    };
    google
        .quota
        .spend(&grant.project, api.label, &user.id, endpoint.cost)?;
    let mask = mask(google, api, call)?;
    let now = clock.now_ms();
    let context = Context {
        google,
        call,
        grant: &grant,
        user,
        path,
        mask,
        now,
    };
    (api.ready)(&context)?;
    Ok(finished((endpoint.run)(&context)?, context.mask.as_deref()))
}

fn find<'a>(api: &Api, verb: &str, rest: &[&'a str]) -> Option<(&'static Endpoint, Vec<&'a str>)> {
    let fits = |endpoint: &&'static Endpoint| {
        endpoint.verb == verb
            && endpoint.path.len() == rest.len()
            && endpoint
                .path
                .iter()
                .zip(rest)
                .all(|(part, given)| *part == "*" || part == given)
    };
    let endpoint = api.endpoints.iter().find(fits)?;
    let parts = endpoint
        .path
        .iter()
        .zip(rest)
        .filter(|(part, _)| **part == "*");
    Some((endpoint, parts.map(|(_, given)| *given).collect()))
}

/// The grant of a token that is in force, for a person who may act.
pub(crate) fn grant(google: &Google, call: &Call, clock: &Clock) -> Result<Arc<Grant>, ApiError> {
    let token = call.bearer().ok_or_else(ApiError::missing_credentials)?;
    let grant = google
        .tokens
        .find(token)
        .ok_or_else(ApiError::invalid_credentials)?;
    let active = match &grant.subject {
        Subject::Person(user) => user.profile.read().active(),
        Subject::Robot => true,
    };
    if active && grant.expires > clock.now_seconds() {
        Ok(grant)
    } else {
        Err(ApiError::invalid_credentials())
    }
}

/// A service account that acts for itself has no mailbox and no calendar, and is nobody's administrator.
fn for_robot(api: &Api) -> ApiError {
    match api.label {
        "gmail" => {
            let message = "Precondition check failed.";
            ApiError::new(400, "failedPrecondition", message).status("FAILED_PRECONDITION")
        }
        _ => ApiError::new(
            403,
            "forbidden",
            "Not Authorized to access this resource/api",
        ),
    }
}

fn mask(google: &Google, api: &Api, call: &Call) -> Result<Option<Arc<Mask>>, ApiError> {
    let Some(text) = call.param("fields") else {
        return Ok(None);
    };
    google.masks.find(api.label, text, || {
        let refused = |piece: &str| {
            let message = format!("Invalid field selection {piece}");
            ApiError::new(400, "invalidParameter", message).parameter("fields")
        };
        let mask = Mask::parse(text).map_err(|piece| refused(&piece))?;
        let names = mask.names();
        match names
            .into_iter()
            .find(|name| *name != "*" && !api.fields.contains(name))
        {
            Some(name) => Err(refused(name)),
            None => Ok(mask),
        }
    })
}

fn finished(answer: Answer, mask: Option<&Mask>) -> Reply {
    match (answer, mask) {
        (Answer::Json(value), Some(mask)) => Reply::json(StatusCode::OK, &mask.apply(value)),
        (Answer::Json(value), None) => Reply::json(StatusCode::OK, &value),
        (Answer::Rendered(bytes), _) => Reply::raw_json(StatusCode::OK, bytes),
    }
}
