//! Which endpoint a path is for.

use super::super::calendar;
use super::super::drive;
use super::super::errors::GraphError;
use super::super::mail;
use super::super::roles::Need;
use super::access::Context;
use super::{applications, passwords, skus, users};
use crate::call::{Call, Reply};

/// One method of Graph.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) verb: &'static str,
    /// The word in the log and the counters.
    pub(crate) api: &'static str,
    /// Parts after the version; `*` stands for any one part.
    pub(crate) path: &'static [&'static str],
    pub(crate) need: Need,
    pub(crate) run: fn(&Context<'_>) -> Result<Reply, GraphError>,
}

/// The first one that fits a path is the right one.
const ALL: &[&[Endpoint]] = &[
    users::ENDPOINTS,
    applications::ENDPOINTS,
    passwords::ENDPOINTS,
    skus::ENDPOINTS,
    mail::ENDPOINTS,
    calendar::ENDPOINTS,
    drive::ENDPOINTS,
];

/// A path's parts after `/microsoft365/graph/`, the way Graph reads them.
///
/// Empty parts do not count, `delta()` is `delta`, and a key in parentheses (`servicePrincipals(appId='…')`,
/// `delta(token='…')`) becomes a part of its own.
pub(crate) fn parts(call: &Call) -> Vec<String> {
    let given = call.segments.iter().skip(2);
    let mut parts = Vec::new();
    for part in given.filter(|part| !part.is_empty()) {
        let name = part.strip_prefix("microsoft.graph.").unwrap_or(part);
        match name.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((name, "")) => parts.push(name.to_owned()),
            Some((name, argument)) => {
                let (key, value) = argument.split_once('=').unwrap_or(("", argument));
                let key = if key.is_empty() {
                    String::new()
                } else {
                    format!("({key})")
                };
                parts.push(format!("{name}{key}"));
                parts.push(value.trim_matches('\'').replace("''", "'"));
            }
            None => parts.push(name.to_owned()),
        }
    }
    parts
}

/// The endpoint and the parts that `*` stands for.
pub(crate) fn find(call: &Call) -> Result<(&'static Endpoint, Vec<String>), GraphError> {
    let parts = parts(call);
    let Some(("v1.0", rest)) = parts
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    else {
        let version = parts.first().map_or("", String::as_str);
        return Err(GraphError::bad_request(format!(
            "Invalid version: {version}"
        )));
    };
    if rest.first().is_some_and(|first| first == "me") {
        let message = "/me request is only valid with delegated authentication flow.";
        return Err(GraphError::bad_request(message));
    }
    let found = lookup(call.method.as_str(), rest);
    found.ok_or_else(|| refusal(rest))
}

fn lookup(verb: &str, rest: &[String]) -> Option<(&'static Endpoint, Vec<String>)> {
    let fits = |endpoint: &&'static Endpoint| endpoint.verb == verb && endpoint.fits(rest);
    let endpoint = ALL.iter().copied().flatten().find(fits)?;
    let pairs = endpoint.path.iter().zip(rest);
    let wild = pairs.filter(|(part, _)| **part == "*");
    Some((endpoint, wild.map(|(_, given)| given.clone()).collect()))
}

impl Endpoint {
    fn fits(&self, rest: &[String]) -> bool {
        let pair =
            |(part, given): (&&str, &String)| *part == "*" || part.eq_ignore_ascii_case(given);
        self.path.len() == rest.len() && self.path.iter().zip(rest).all(pair)
    }
}

fn refusal(rest: &[String]) -> GraphError {
    let other = ["GET", "POST"]
        .iter()
        .any(|verb| lookup(verb, rest).is_some());
    if other {
        return GraphError::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        );
    }
    GraphError::no_segment(rest.last().map_or("", String::as_str))
}

/// The word for the API in the log and the counters.
pub(crate) fn api_of(call: &Call) -> &'static str {
    let parts = parts(call);
    let rest = parts.get(1..).unwrap_or_default();
    if rest.first().is_some_and(|first| first == "$batch") {
        return "batch";
    }
    lookup(call.method.as_str(), rest).map_or("unknown", |(endpoint, _)| endpoint.api)
}

/// The endpoint of a call, if it has one.
pub(crate) fn need_of(call: &Call) -> Option<Need> {
    let parts = parts(call);
    let (endpoint, _) = lookup(call.method.as_str(), parts.get(1..)?)?;
    Some(endpoint.need)
}

/// The key of the person in a path.
pub(crate) fn user_key(call: &Call) -> Option<String> {
    after(call, "users")
}

/// The key of the drive in a path.
pub(crate) fn drive_key(call: &Call) -> Option<String> {
    after(call, "drives")
}

fn after(call: &Call, collection: &str) -> Option<String> {
    let parts = parts(call);
    match parts.get(1..3)? {
        [first, key] if first.eq_ignore_ascii_case(collection) => Some(key.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;

    fn call(path: &str) -> Call {
        let path = format!("/microsoft365/graph/{path}");
        Call::new(Method::GET, &path, HeaderMap::new(), Bytes::new())
    }

    #[test]
    fn paths_are_read_as_graph_does() {
        for (path, parts_of) in [
            (
                "v1.0//users/a%40x//mailFolders",
                "v1.0 users a@x mailFolders",
            ),
            (
                "v1.0/drives/d/items/root/delta()",
                "v1.0 drives d items root delta",
            ),
            (
                "v1.0/drives/d/root/microsoft.graph.delta(token='t=')",
                "v1.0 drives d root delta(token) t=",
            ),
            (
                "v1.0/servicePrincipals(appId='7')/appRoleAssignments",
                "v1.0 servicePrincipals(appId) 7 appRoleAssignments",
            ),
            ("v1.0/users('o''x')", "v1.0 users o'x"),
        ] {
            assert_eq!(parts(&call(path)).join(" "), parts_of);
        }
    }

    #[test]
    fn unknown_paths_are_refused_by_their_last_part() {
        assert!(find(&call("beta/users")).is_err());
        assert!(find(&call("v1.0/me/messages")).is_err());
        assert!(find(&call("v1.0/planets")).is_err());
        assert!(find(&call("v1.0/users/a/mailFolders/inbox/messages/delta")).is_ok());
        assert_eq!(api_of(&call("v1.0/$batch")), "batch");
        assert_eq!(api_of(&call("v1.0/users/a/drive/root/delta")), "drive");
        assert_eq!(api_of(&call("v1.0/planets")), "unknown");
    }
}
