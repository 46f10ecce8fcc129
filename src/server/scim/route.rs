//! Which operation a request asks for, and what it does.

use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;

use super::attributes::Attributes;
use super::discovery;
use super::error::ScimError;
use super::patch;
use super::people::People;
use super::query::{self, Query, Selection};
use super::reply::{Reply, lists};
use super::user;
use crate::api::SyncedUser;

/// What all paths begin with.
pub(super) const BASE: &str = "/scim/v2";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Config,
    ResourceTypes(Option<&'a str>),
    Schemas(Option<&'a str>),
    ListUsers,
    SearchUsers,
    CreateUser,
    ReadUser(&'a str),
    ReplaceUser(&'a str),
    PatchUser(&'a str),
    DeleteUser(&'a str),
    ListGroups,
    Group,
    /// Something that the protocol has and this server does not do.
    NotDone(&'static str),
    /// The path is there, and not for this method.
    OtherMethod,
    Unknown,
}

const NO_GROUPS: &str = "Deputy has no groups: who is synced is decided person by person. Assign people, and switch group push off.";
const NO_BULK: &str = "Bulk requests are not supported; see ServiceProviderConfig.";
const NO_ME: &str = "A key is nobody, so there is no Me.";

impl<'a> Route<'a> {
    /// Reads what is asked for.
    pub(super) fn of(method: &Method, path: &'a str) -> Self {
        let Some(rest) = path.strip_prefix(BASE) else {
            return Self::Unknown;
        };
        let segments: Vec<_> = rest
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        let is = |wanted: Method, route| {
            if *method == wanted {
                route
            } else {
                Self::OtherMethod
            }
        };
        match segments.as_slice() {
            ["ServiceProviderConfig"] => is(Method::GET, Self::Config),
            ["ResourceTypes"] => is(Method::GET, Self::ResourceTypes(None)),
            ["ResourceTypes", id] => is(Method::GET, Self::ResourceTypes(Some(id))),
            ["Schemas"] => is(Method::GET, Self::Schemas(None)),
            ["Schemas", id] => is(Method::GET, Self::Schemas(Some(id))),
            [".search"] | ["Users", ".search"] => is(Method::POST, Self::SearchUsers),
            ["Users"] => Self::of_users(method),
            ["Users", id] => Self::of_user(method, id),
            ["Groups", ..] => Self::of_groups(method, segments.len()),
            ["Bulk"] => is(Method::POST, Self::NotDone(NO_BULK)),
            ["Me"] => Self::NotDone(NO_ME),
            _ => Self::Unknown,
        }
    }

    fn of_users(method: &Method) -> Self {
        match *method {
            Method::GET => Self::ListUsers,
            Method::POST => Self::CreateUser,
            _ => Self::OtherMethod,
        }
    }

    fn of_user(method: &Method, id: &'a str) -> Self {
        match *method {
            Method::GET => Self::ReadUser(id),
            Method::PUT => Self::ReplaceUser(id),
            Method::PATCH => Self::PatchUser(id),
            Method::DELETE => Self::DeleteUser(id),
            _ => Self::OtherMethod,
        }
    }

    fn of_groups(method: &Method, depth: usize) -> Self {
        match (method, depth) {
            (&Method::GET, 1) => Self::ListGroups,
            (&Method::POST, 1) => Self::NotDone(NO_GROUPS),
            (&Method::GET | &Method::PUT | &Method::PATCH | &Method::DELETE, 2) => Self::Group,
            _ => Self::OtherMethod,
        }
    }

    /// Returns its name in metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Config | Self::ResourceTypes(_) | Self::Schemas(_) => "discover",
            Self::ListUsers | Self::SearchUsers => "list",
            Self::CreateUser => "create",
            Self::ReadUser(_) => "read",
            Self::ReplaceUser(_) => "replace",
            Self::PatchUser(_) => "patch",
            Self::DeleteUser(_) => "delete",
            Self::ListGroups | Self::Group => "groups",
            Self::NotDone(_) | Self::OtherMethod | Self::Unknown => "other",
        }
    }

    pub(super) fn has_body(&self) -> bool {
        matches!(
            self,
            Self::SearchUsers | Self::CreateUser | Self::ReplaceUser(_) | Self::PatchUser(_)
        )
    }

    /// Answers what needs no people; none where it does.
    pub(super) fn of_the_server(&self, base: &str) -> Option<Result<Reply, ScimError>> {
        let refused = |status, detail: &'static str| Err(ScimError::new(status, detail));
        Some(match self {
            Self::Config => Ok(Reply::of(discovery::service_provider_config(base))),
            Self::ResourceTypes(id) => discovery::resource_types(base, *id).map(Reply::of),
            Self::Schemas(id) => discovery::schemas(base, *id).map(Reply::of),
            Self::ListGroups => Ok(Reply::of(query::list(&[]))),
            Self::Group => Err(ScimError::not_found("such group")),
            Self::NotDone(why) => refused(StatusCode::NOT_IMPLEMENTED, why),
            Self::OtherMethod => refused(
                StatusCode::METHOD_NOT_ALLOWED,
                "The path is not for this method.",
            ),
            Self::Unknown => Err(ScimError::not_found("such path")),
            _ => return None,
        })
    }
}

/// An operation on people.
pub(super) struct Operation<'a> {
    pub(super) people: People<'a>,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Value,
}

impl Operation<'_> {
    pub(super) async fn run(&self, route: &Route<'_>) -> Result<Reply, ScimError> {
        match route {
            Route::ListUsers => Ok(self.list(&Query::of_url(self.query)?)),
            Route::SearchUsers => Ok(self.list(&Query::of_body(&self.body)?)),
            Route::CreateUser => {
                let user = self.people.create(&Attributes::read(&self.body)?).await?;
                Ok(self.tell(&user)?.created())
            }
            Route::ReadUser(id) => self.tell(&self.people.find(id).await?),
            Route::ReplaceUser(id) => {
                let wanted = Attributes::read(&self.body)?;
                self.change(id, |_| Ok(replaced(wanted.clone()))).await
            }
            Route::PatchUser(id) => {
                self.change(id, |user| patch::apply(&user::attributes(user), &self.body))
                    .await
            }
            Route::DeleteUser(id) => {
                let user = self.people.find(id).await?;
                self.is_current(&user)?;
                self.people.delete(&user).await?;
                Ok(Reply::nothing())
            }
            _ => Err(ScimError::not_found("such path")),
        }
    }

    fn list(&self, query: &Query) -> Reply {
        let mut found = self.people.all();
        if let Some(filter) = &query.filter {
            found.retain(|user| filter.matches(&user::filterable(user)));
        }
        Reply::of(query.page(&found, |user| self.people.resource(user)))
    }

    async fn change(
        &self,
        id: &str,
        change: impl Fn(&SyncedUser) -> Result<Attributes, ScimError>,
    ) -> Result<Reply, ScimError> {
        let checked = |user: &SyncedUser| {
            self.is_current(user)?;
            // What is shown of a user without addresses is shown again, so it compares equal.
            change(user).map(|after| completed(after, user))
        };
        self.tell(&self.people.change(id, checked).await?)
    }

    /// The client has seen the user as they are, where it says what it has seen.
    fn is_current(&self, user: &SyncedUser) -> Result<(), ScimError> {
        let seen = self
            .headers
            .get(header::IF_MATCH)
            .and_then(|value| value.to_str().ok());
        let Some(seen) = seen else {
            return Ok(());
        };
        let resource = self.people.resource(user);
        let version = resource
            .get("meta")
            .and_then(|meta| meta.get("version")?.as_str());
        if version.is_some_and(|version| lists(seen, version)) {
            return Ok(());
        }
        Err(ScimError::new(
            StatusCode::PRECONDITION_FAILED,
            "The user has changed since that version. Read it again.",
        ))
    }

    fn tell(&self, user: &SyncedUser) -> Result<Reply, ScimError> {
        let selection: Selection = Query::of_url(self.query)?.selection;
        let whole = self.people.resource(user);
        let shown = selection.of(whole.clone());
        Ok(Reply::resource(&whole, shown))
    }
}

/// A replacement says everything: without `active`, the person is active.
fn replaced(mut wanted: Attributes) -> Attributes {
    let is_active = wanted.is_active();
    wanted.0.insert("active".to_owned(), Value::Bool(is_active));
    wanted
}

/// Without emails, a user is shown with the one that is synced.
fn completed(mut after: Attributes, before: &SyncedUser) -> Attributes {
    let is_active = after.is_active();
    after.0.insert("active".to_owned(), Value::Bool(is_active));
    if after.emails().is_empty() && after.address().as_ref() == Ok(&before.spec.email) {
        let shown = user::attributes(before).emails().to_vec();
        after.0.insert("emails".to_owned(), Value::Array(shown));
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_and_method_has_its_operation() {
        use Method as M;
        for (method, path, route) in [
            (M::GET, "/scim/v2/Users", Route::ListUsers),
            (M::GET, "/scim/v2/Users/", Route::ListUsers),
            (M::POST, "/scim/v2/Users", Route::CreateUser),
            (M::GET, "/scim/v2/Users/1", Route::ReadUser("1")),
            (M::PUT, "/scim/v2/Users/1", Route::ReplaceUser("1")),
            (M::PATCH, "/scim/v2/Users/1", Route::PatchUser("1")),
            (M::DELETE, "/scim/v2/Users/1", Route::DeleteUser("1")),
            (M::POST, "/scim/v2/Users/1", Route::OtherMethod),
            (M::DELETE, "/scim/v2/Users", Route::OtherMethod),
            (M::POST, "/scim/v2/Users/.search", Route::SearchUsers),
            (M::POST, "/scim/v2/.search", Route::SearchUsers),
            (M::GET, "/scim/v2/Groups", Route::ListGroups),
            (M::POST, "/scim/v2/Groups", Route::NotDone(NO_GROUPS)),
            (M::GET, "/scim/v2/Groups/1", Route::Group),
            (M::POST, "/scim/v2/Schemas", Route::OtherMethod),
            (M::GET, "/scim/v2/Me", Route::NotDone(NO_ME)),
            (M::GET, "/scim/v2/Users/1/2", Route::Unknown),
            (M::GET, "/scim/v2", Route::Unknown),
            (M::GET, "/scim/v1/Users", Route::Unknown),
            (M::GET, "/", Route::Unknown),
        ] {
            assert_eq!(Route::of(&method, path), route, "{method} {path}");
        }
    }
}
