//! A SCIM user is a `SyncedUser`: what the protocol has and the object has no field for is kept in an annotation.
//!
//! ```text
//! id            metadata.uid                      userName, externalId, name, displayName, emails
//! active        spec.enabled                          annotation scim.deputy.dev/user, as JSON
//! the address   spec.email                        whose it is     label scim.deputy.dev/managed
//! ```

use jiff::Timestamp;
use kube::{Resource, ResourceExt};
use serde_json::{Map, Value, json};

use super::attributes::Attributes;
use super::schema;
use crate::api::SyncedUser;
use crate::api::common::ConnectionRef;
use crate::model::email::Email;
use crate::model::secret::Digest;

/// Says that SCIM made an object and may change it.
pub(super) const MANAGED: &str = "scim.deputy.dev/managed";
/// What SCIM keeps of a user. It does not begin as annotations do that ask for a reconcile.
pub(super) const KEPT: &str = "scim.deputy.dev/user";
/// When SCIM last changed it.
pub(super) const CHANGED_AT: &str = "scim.deputy.dev/changed-at";

/// The longest readable part of an object's name.
const MOST_READABLE: usize = 40;

/// Returns whether SCIM may change the object.
pub(super) fn is_managed(user: &SyncedUser) -> bool {
    user.labels().contains_key(MANAGED)
}

/// Returns what is known of a user, as the protocol has it. What is written in the object's spec counts before what was kept
/// beside it: somebody may have changed it there.
pub(super) fn attributes(user: &SyncedUser) -> Attributes {
    let kept = user.annotations().get(KEPT).filter(|_| is_managed(user));
    let kept = kept.and_then(|text| serde_json::from_str(text).ok());
    let mut kept = Attributes(kept.unwrap_or_default());
    let email = &user.spec.email;
    if kept.user_name().is_empty() {
        kept.0.insert("userName".to_owned(), json!(email));
    }
    if kept.emails().is_empty() || kept.address().as_ref() != Ok(email) {
        let emails = json!([{"value": email, "type": "work", "primary": true}]);
        kept.0.insert("emails".to_owned(), emails);
    }
    kept.0.insert("active".to_owned(), json!(user.spec.enabled));
    kept
}

/// Returns what filters look at: all but where the resource is and which version of it.
pub(super) fn filterable(user: &SyncedUser) -> Map<String, Value> {
    let mut resource = attributes(user).0;
    let created = user.meta().creation_timestamp.as_ref().map(|time| time.0);
    let meta = json!({
        "resourceType": "User",
        "created": created,
        "lastModified": changed_at(user).or(created),
    });
    resource.insert("id".to_owned(), json!(user.uid()));
    resource.insert("meta".to_owned(), meta);
    resource
}

/// Returns the whole resource.
pub(super) fn resource(user: &SyncedUser, base: &str) -> Map<String, Value> {
    let mut resource = filterable(user);
    let version = version(&attributes(user).0);
    let id = user.uid().unwrap_or_default();
    if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        meta.insert("location".to_owned(), json!(format!("{base}/Users/{id}")));
        meta.insert("version".to_owned(), json!(version));
    }
    resource.insert("schemas".to_owned(), json!([schema::USER]));
    resource
}

fn changed_at(user: &SyncedUser) -> Option<Timestamp> {
    user.annotations().get(CHANGED_AT)?.parse().ok()
}

/// A version that changes with what the client can see, and not with each status that is written.
fn version(attributes: &Map<String, Value>) -> String {
    let text = Value::Object(attributes.clone()).to_string();
    let mut digits = Digest::of(text.as_bytes()).to_string();
    digits.truncate(16);
    format!("W/\"{digits}\"")
}

/// Returns what an object for this address is called: readable, valid, and the same for every try, so that two tries make one.
/// `beside` is the UID of an object that has that name already and another address by now.
pub(super) fn name_for(connection: &str, email: &Email, beside: Option<&str>) -> String {
    let is_kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let readable = email.local().replace(|c| !is_kept(c), "-");
    let readable: String = readable.chars().take(MOST_READABLE).collect();
    let readable = Some(readable.trim_matches('-')).filter(|text| !text.is_empty());
    let whole = [connection, email.as_str()].into_iter().chain(beside);
    let whole: Vec<_> = whole.collect();
    let mut digits = Digest::of(whole.join("\0").as_bytes()).to_string();
    digits.truncate(10);
    format!("{}-{digits}", readable.unwrap_or("user"))
}

/// Returns what SCIM applies: the whole of what is its own, and nothing else.
pub(super) fn manifest(
    name: &str,
    connection: &ConnectionRef,
    attributes: &Attributes,
    email: &Email,
    now: Timestamp,
) -> Value {
    let mut kept = attributes.0.clone();
    kept.remove("active");
    json!({
        "apiVersion": SyncedUser::api_version(&()),
        "kind": SyncedUser::kind(&()),
        "metadata": {
            "name": name,
            "labels": {MANAGED: "true"},
            "annotations": {KEPT: Value::Object(kept).to_string(), CHANGED_AT: now.to_string()},
        },
        "spec": {
            "connectionRef": connection,
            "email": email,
            "enabled": attributes.is_active(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synced(metadata: Value, email: &str, enabled: bool) -> SyncedUser {
        serde_json::from_value(json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": "SyncedUser", "metadata": metadata,
            "spec": {"connectionRef": {"name": "acme"}, "email": email, "enabled": enabled},
        }))
        .unwrap()
    }

    fn managed(kept: &Value, email: &str, enabled: bool) -> SyncedUser {
        let annotations = json!({KEPT: kept.to_string(), CHANGED_AT: "2026-11-23T00:00:00Z"});
        let metadata = json!({
            "name": "p", "uid": "1f3a", "labels": {MANAGED: "true"}, "annotations": annotations,
            "creationTimestamp": "2026-11-22T12:00:00Z",
        });
        synced(metadata, email, enabled)
    }

    #[test]
    fn an_object_and_a_user_are_the_same_thing() {
        let kept = json!({
            "userName": "PP", "externalId": "00u", "emails": [{"value": "p@acme.example", "type": "home"}],
        });
        let user = Value::Object(resource(
            &managed(&kept, "p@acme.example", false),
            "https://d.example/scim/v2",
        ));
        assert_eq!(user["id"], "1f3a");
        assert_eq!(user["userName"], "PP");
        assert_eq!(user["active"], false);
        assert_eq!(user["emails"], kept["emails"]);
        assert_eq!(
            user["meta"]["location"],
            "https://d.example/scim/v2/Users/1f3a"
        );
        assert_eq!(user["meta"]["lastModified"], "2026-11-23T00:00:00Z");
    }

    #[test]
    fn what_somebody_wrote_into_the_spec_counts() {
        let kept = json!({"userName": "p@acme.example", "emails": [{"value": "p@acme.example"}]});
        let moved = attributes(&managed(&kept, "new@acme.example", true));
        assert_eq!(moved.address().unwrap().as_str(), "new@acme.example");
        assert_eq!(moved.user_name(), "p@acme.example");
        let spoilt = attributes(&managed(&json!("no object"), "p@acme.example", true));
        assert_eq!(spoilt.user_name(), "p@acme.example");
    }

    #[test]
    fn an_object_of_somebody_elses_shows_what_it_has() {
        let metadata = json!({"name": "p", "annotations": {KEPT: "{\"userName\": \"forged\"}"}});
        let user = synced(metadata, "p@acme.example", true);
        assert!(!is_managed(&user));
        assert_eq!(attributes(&user).user_name(), "p@acme.example");
    }

    #[test]
    fn a_version_changes_with_what_is_seen() {
        let kept = json!({"userName": "p@acme.example"});
        let version = |user: &SyncedUser| resource(user, "")["meta"]["version"].clone();
        let (on, off) = (
            managed(&kept, "p@acme.example", true),
            managed(&kept, "p@acme.example", false),
        );
        let mut written = on.clone();
        written.meta_mut().resource_version = Some("99".to_owned());
        assert_eq!(version(&on), version(&written));
        assert_ne!(version(&on), version(&off));
    }

    #[test]
    fn names_are_valid_readable_and_never_shared() {
        let name = |email: &str| name_for("acme", &email.parse().unwrap(), None);
        assert!(name("Peter.Parker@acme.example").starts_with("peter-parker-"));
        assert_eq!(
            name("Peter.Parker@acme.example"),
            name("peter.parker@acme.example")
        );
        assert_ne!(
            name("peter.parker@acme.example"),
            name("peter-parker@acme.example")
        );
        assert_ne!(
            name("p@acme.example"),
            name_for("other", &"p@acme.example".parse().unwrap(), None)
        );
        assert_ne!(
            name("p@acme.example"),
            name_for("acme", &"p@acme.example".parse().unwrap(), Some("uid"))
        );
        for email in [
            "_@a.example",
            "ö@a.example",
            "-x-@a.example",
            &format!("{}@a.example", "x".repeat(64)),
        ] {
            let name = name(email);
            assert!(name.len() <= 63 && !name.starts_with('-'), "{name}");
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{name}"
            );
        }
    }
}
