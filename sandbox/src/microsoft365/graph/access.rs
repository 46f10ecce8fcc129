//! From a call to an endpoint: the checks that Graph makes.

use std::sync::Arc;

use super::super::Microsoft365;
use super::super::apps::Registration;
use super::super::errors::{GraphError, with_ids};
use super::super::people::User;
use super::super::roles::{self, Grant, Need};
use super::super::tokens;
use super::route::{self, Endpoint};
use crate::call::{Call, Reply};
use crate::instruments::clock::Clock;

/// What an endpoint sees.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a Microsoft365,
    pub(crate) call: &'a Call,
    /// The application that calls.
    pub(crate) client: &'a str,
    /// How much the application may see.
    pub(crate) grant: Grant,
    /// Whose resource it is; none in the directory.
    pub(crate) user: Option<Arc<User>>,
    /// The parts of the path that `*` stands for.
    pub(crate) path: Vec<String>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl Context<'_> {
    /// The part of the path at the n-th `*`.
    pub(crate) fn part(&self, n: usize) -> &str {
        self.path.get(n).map_or("", String::as_str)
    }

    /// Whose resource it is.
    pub(crate) fn user(&self) -> Result<&Arc<User>, GraphError> {
        let user = self.user.as_ref();
        user.ok_or_else(|| GraphError::no_directory_object(self.part(0)))
    }

    /// Refuses change tracking where the mailbox has no room for its state.
    pub(crate) fn needs_room(&self) -> Result<(), GraphError> {
        let is_full = self.user()?.profile.read().mailbox_full;
        if is_full {
            return Err(GraphError::no_room());
        }
        Ok(())
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.call.param(name)
    }

    /// `$top`, between 1 and `most`.
    pub(crate) fn top(&self, default: usize, most: usize) -> Result<usize, GraphError> {
        Ok(self.number("$top")?.unwrap_or(default).min(most))
    }

    /// A count that must be at least 1.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, GraphError> {
        let Some(text) = self.param(name) else {
            return Ok(None);
        };
        match text.parse::<usize>() {
            Ok(value) if value > 0 => Ok(Some(value)),
            _ => {
                let message = format!(
                    "Invalid value '{text}' for {name} query option found. The {name} query option requires a \
                     non-negative integer value."
                );
                Err(GraphError::bad_request(message))
            }
        }
    }

    /// Where a page begins that is counted in items.
    pub(crate) fn skip(&self) -> Result<usize, GraphError> {
        let given = self.param("$skip").or_else(|| self.param("$skiptoken"));
        given
            .map_or(Ok(0), str::parse)
            .map_err(|_| GraphError::bad_request("Invalid value for the $skip query option found."))
    }

    /// Refuses the options that the sandbox or the vendor does not have here.
    pub(crate) fn refuse(&self, names: &[&str]) -> Result<(), GraphError> {
        match names.iter().find(|name| self.param(name).is_some()) {
            Some(name) => Err(GraphError::bad_request(format!(
                "The query option '{name}' is not supported here."
            ))),
            None => Ok(()),
        }
    }

    /// The value of a preference in the `Prefer` header.
    pub(crate) fn preference(&self, name: &str) -> Option<String> {
        let lines = self.call.headers.get_all("prefer").iter();
        let parts = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split([',', ';']));
        let mut pairs = parts.filter_map(|part| part.split_once('='));
        pairs
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
    }

    /// Whether ids shall be those that stay when an item moves.
    pub(crate) fn immutable_ids(&self) -> bool {
        self.preference("IdType")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("ImmutableId"))
    }

    /// The page size of the `Prefer` header.
    pub(crate) fn preferred_page(&self) -> Option<usize> {
        let size = self
            .preference("odata.maxpagesize")?
            .parse::<usize>()
            .ok()?;
        Some(size).filter(|size| *size > 0)
    }

    /// The address of this request, to go on from with another query.
    pub(crate) fn here(&self) -> String {
        format!("{}{}", self.world.url(), self.call.path.replace("//", "/"))
    }

    /// `@odata.context` for a collection or a resource.
    pub(crate) fn described(&self, what: &str) -> String {
        format!("{}/$metadata#{what}", self.world.graph_url())
    }
}

/// Checks a call and lets its endpoint answer.
pub(crate) fn answer(world: &Microsoft365, call: &Call, clock: &Clock) -> Reply {
    let now = clock.now_ms();
    match checked(world, call, now) {
        Ok(reply) => with_ids(reply, call),
        Err(error) => error.reply(call, now),
    }
}

/// The grant of a call's token, if it is in force.
pub(crate) fn granted(
    world: &Microsoft365,
    call: &Call,
    now: i64,
) -> Result<Arc<tokens::Grant>, GraphError> {
    let token = call
        .bearer()
        .filter(|token| !token.is_empty())
        .ok_or_else(|| GraphError::no_token("Access token is empty."))?;
    let grant = world.tokens.find(token).ok_or_else(|| {
        GraphError::no_token(
            "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact \
             Serialization Format. (JWS): 'EncodedHeader.EndcodedPayload.EncodedSignature'.",
        )
    })?;
    if grant.expires * 1000 <= now {
        let message = "Lifetime validation failed, the token is expired.";
        return Err(GraphError::no_token(message));
    }
    Ok(grant)
}

fn checked(world: &Microsoft365, call: &Call, now: i64) -> Result<Reply, GraphError> {
    let (endpoint, path) = route::find(call)?;
    let token = granted(world, call, now)?;
    let charge = world
        .limits
        .spend(world, endpoint, &token.client_id, call)?;
    let (user, grant) = {
        let apps = world.apps.read();
        let app = apps.find(&token.client_id);
        let app = app.ok_or_else(|| GraphError::no_token("The application is not known."))?;
        admitted(world, endpoint, app, &token.roles, call)?
    };
    let context = Context {
        world,
        call,
        client: &token.client_id,
        grant,
        user,
        path,
        now,
    };
    let mut reply = (endpoint.run)(&context)?;
    reply.headers.extend(charge);
    Ok(reply)
}

/// Whose resource it is and how much of it may be seen; tested in the order person, service, permission.
fn admitted(
    world: &Microsoft365,
    endpoint: &Endpoint,
    app: &Registration,
    token_roles: &[String],
    call: &Call,
) -> Result<(Option<Arc<User>>, Grant), GraphError> {
    let entra = roles::granted(endpoint.need, token_roles);
    if endpoint.need.is_exchange() {
        let user = mailbox_owner(world, call)?;
        let grant = exchange_grant(endpoint.need, app, entra, &user)?;
        return Ok((Some(user), grant));
    }
    if endpoint.need == Need::Files {
        let user = drive_owner(world, call)?;
        let grant = entra.ok_or_else(GraphError::files_denied)?;
        return Ok((Some(user), grant));
    }
    let grant = entra.ok_or_else(GraphError::directory_denied)?;
    Ok((None, grant))
}

fn mailbox_owner(world: &Microsoft365, call: &Call) -> Result<Arc<User>, GraphError> {
    let key = route::user_key(call).unwrap_or_default();
    let user = world.people.read().find(&key).cloned();
    let user = user.ok_or_else(|| {
        if key.contains('@') {
            GraphError::invalid_user(&key)
        } else {
            GraphError::new(404, "ResourceNotFound", "Resource could not be discovered.")
        }
    })?;
    let open = user.profile.read().mailbox;
    if open {
        Ok(user)
    } else {
        Err(GraphError::no_mailbox())
    }
}

/// What Exchange itself grants counts besides what Entra does; a policy takes away from Entra's part only.
fn exchange_grant(
    need: Need,
    app: &Registration,
    entra: Option<Grant>,
    user: &User,
) -> Result<Grant, GraphError> {
    let addresses = user.profile.read().addresses();
    let own_roles = app.exchange_rbac.as_ref().map(|rbac| &rbac.roles);
    let rbac = own_roles
        .filter(|_| app.rbac_covers(&addresses))
        .and_then(|roles| roles::granted_by_exchange(need, roles));
    let open = app.policy_admits(&addresses);
    match (rbac.max(entra.filter(|_| open)), entra) {
        (Some(grant), _) => Ok(grant),
        (None, Some(_)) => Err(GraphError::policy_denied()),
        (None, None) => Err(GraphError::exchange_denied()),
    }
}

fn drive_owner(world: &Microsoft365, call: &Call) -> Result<Arc<User>, GraphError> {
    let people = world.people.read();
    let user = if let Some(drive) = route::drive_key(call) {
        people.by_drive(&drive).ok_or_else(GraphError::no_file)?
    } else {
        let key = route::user_key(call).unwrap_or_default();
        let found = people.by_principal(&key);
        found.ok_or_else(|| GraphError::no_directory_object(&key))?
    };
    let provisioned = user.profile.read().drive;
    if provisioned {
        Ok(user.clone())
    } else {
        Err(GraphError::no_mysite())
    }
}
