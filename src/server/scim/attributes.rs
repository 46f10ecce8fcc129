//! What is kept of a user, in the standard's own spelling and no more.

use serde_json::{Map, Value};

use super::error::ScimError;
use super::filter::read_flag;
use super::schema::{self, Attribute, Found, Kind};
use crate::model::email::Email;

/// The most bytes of one text.
const MOST_BYTES: usize = 1024;
/// The most values of one attribute.
const MOST_VALUES: usize = 20;

/// What is kept of a user.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Attributes(pub(super) Map<String, Value>);

impl Attributes {
    /// Reads what a client has sent. What nobody here needs is dropped, and so is what only the server writes.
    ///
    /// # Errors
    /// `invalidValue` where something that is kept is not what the schema says, or says nobody.
    pub(super) fn read(body: &Value) -> Result<Self, ScimError> {
        let Some(body) = body.as_object() else {
            return Err(ScimError::invalid(
                "invalidSyntax",
                "A user is a JSON object.",
            ));
        };
        let mut kept = Map::new();
        for (name, value) in body {
            if let Found::Kept(attribute) = schema::find(name) {
                put(&mut kept, attribute, admit(attribute, value)?);
            }
        }
        Self(kept).checked()
    }

    /// Returns them if they say who it is.
    pub(super) fn checked(self) -> Result<Self, ScimError> {
        if self.user_name().is_empty() {
            return Err(ScimError::value("userName is missing."));
        }
        let primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
        if self.emails().iter().filter(primary).count() > 1 {
            return Err(ScimError::value("Only one of the emails can be primary."));
        }
        self.address()?;
        Ok(self)
    }

    pub(super) fn user_name(&self) -> &str {
        self.text("userName").unwrap_or_default()
    }

    /// Returns whether the person is to be synced. Source: RFC 7643, 4.1.1, leaves open what absence means.
    pub(super) fn is_active(&self) -> bool {
        self.0.get("active") != Some(&Value::Bool(false))
    }

    /// Returns the address that the person is synced by.
    ///
    /// # Errors
    /// `invalidValue` where there is none.
    pub(super) fn address(&self) -> Result<Email, ScimError> {
        let emails = self.emails();
        let of = |name: &str, wanted: Value| {
            let is = move |email: &&Value| email.get(name) == Some(&wanted);
            emails.iter().find(is)
        };
        let chosen = of("primary", Value::Bool(true))
            .or_else(|| of("type", Value::from("work")))
            .or_else(|| emails.first())
            .and_then(|email| email.get("value")?.as_str());
        let text = chosen.unwrap_or_else(|| self.user_name());
        text.parse().map_err(|error| {
            ScimError::value(format!(
                "{text:?} is no e-mail address ({error}). Deputy syncs people by their address: map one to emails, or to userName."
            ))
        })
    }

    pub(super) fn emails(&self) -> &[Value] {
        let emails = self.0.get("emails").and_then(Value::as_array);
        emails.map(Vec::as_slice).unwrap_or_default()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// Writes a value, or takes the attribute away where there is none.
pub(super) fn put(kept: &mut Map<String, Value>, attribute: &Attribute, value: Option<Value>) {
    match value {
        Some(value) => kept.insert(attribute.name.to_owned(), value),
        None => kept.remove(attribute.name),
    };
}

/// Returns a value as it is kept; none where it is empty, which is the same as absent (RFC 7643, 2.5).
///
/// # Errors
/// `invalidValue` where it is not of the attribute's kind.
pub(super) fn admit(attribute: &Attribute, value: &Value) -> Result<Option<Value>, ScimError> {
    let admitted = match (attribute.kind, value) {
        (_, Value::Null) => None,
        (Kind::Text, Value::String(text)) => admit_text(attribute, text)?,
        (Kind::Flag, Value::Bool(flag)) => Some(Value::Bool(*flag)),
        // Microsoft Entra: "False". Source: learn.microsoft.com, SCIM protocol compliance, read 2026-11-22.
        (Kind::Flag, Value::String(text)) => Some(Value::Bool(
            read_flag(text).ok_or_else(|| wrong(attribute))?,
        )),
        (Kind::One(_), Value::Object(parts)) => admit_parts(attribute, parts)?.map(Value::Object),
        (Kind::Many(_), Value::Array(values)) => admit_values(attribute, values)?,
        (Kind::Many(_), one @ Value::Object(_)) => {
            admit_values(attribute, std::slice::from_ref(one))?
        }
        _ => return Err(wrong(attribute)),
    };
    Ok(admitted)
}

fn admit_text(attribute: &Attribute, text: &str) -> Result<Option<Value>, ScimError> {
    if text.len() > MOST_BYTES {
        let detail = format!("{} has more than {MOST_BYTES} bytes.", attribute.name);
        return Err(ScimError::value(detail));
    }
    Ok((!text.is_empty()).then(|| Value::from(text)))
}

/// Reads the parts of one value.
pub(super) fn admit_parts(
    attribute: &Attribute,
    parts: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, ScimError> {
    let mut kept = Map::new();
    for (name, value) in parts {
        if let Some(part) = schema::part(attribute, name) {
            put(&mut kept, part, admit(part, value)?);
        }
    }
    Ok((!kept.is_empty()).then_some(kept))
}

fn admit_values(attribute: &Attribute, values: &[Value]) -> Result<Option<Value>, ScimError> {
    if values.len() > MOST_VALUES {
        let detail = format!("{} has more than {MOST_VALUES} values.", attribute.name);
        return Err(ScimError::value(detail));
    }
    let mut kept = Vec::new();
    for value in values {
        let parts = match value {
            Value::Object(parts) => admit_parts(attribute, parts)?,
            Value::String(_) => {
                let parts = [("value".to_owned(), value.clone())].into_iter().collect();
                admit_parts(attribute, &parts)?
            }
            _ => return Err(wrong(attribute)),
        };
        // A value without its main part says nothing.
        kept.extend(
            parts
                .filter(|parts| parts.contains_key("value"))
                .map(Value::Object),
        );
    }
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

fn wrong(attribute: &Attribute) -> ScimError {
    let kind = match attribute.kind {
        Kind::Text => "a text",
        Kind::Flag => "true or false",
        Kind::One(_) => "an object",
        Kind::Many(_) => "a list of objects",
    };
    ScimError::value(format!("{} is {kind}.", attribute.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_needs_is_not_kept() {
        let sent = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "mine", "meta": {"resourceType": "User"}, "groups": [], "password": "canary", "title": "Hero",
            "USERNAME": "peter@acme.example", "Name": {"GivenName": "Peter", "nickName": "Spidey"}, "active": "False",
            "emails": [{"Value": "peter@acme.example", "primary": "True"}, {"type": "home"}], "displayName": "",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Photos"},
        });
        let kept = Attributes::read(&sent).unwrap();
        let expected = json!({
            "userName": "peter@acme.example", "name": {"givenName": "Peter"}, "active": false,
            "emails": [{"value": "peter@acme.example", "primary": true}],
        });
        assert_eq!(Value::Object(kept.0), expected);
    }

    #[test]
    fn the_address_is_the_primary_one_else_that_for_work_else_the_first_else_the_name() {
        let (home, work) = (
            json!({"value": "h@a.example", "type": "home"}),
            json!({"value": "w@a.example", "type": "work"}),
        );
        let primary = json!({"value": "p@a.example", "primary": true});
        for (emails, address) in [
            (json!([home, work, primary]), "p@a.example"),
            (json!([home, work]), "w@a.example"),
            (json!([home]), "h@a.example"),
            (json!([]), "n@a.example"),
        ] {
            let read =
                Attributes::read(&json!({"userName": "N@a.example", "emails": emails})).unwrap();
            assert_eq!(read.address().unwrap().as_str(), address);
        }
    }

    #[test]
    fn what_says_nobody_is_refused_with_words() {
        let long = "x".repeat(2000);
        for (sent, says) in [
            (json!({}), "userName is missing"),
            (json!({"userName": ""}), "userName is missing"),
            (json!({"userName": "peter"}), "no e-mail address"),
            (
                json!({"userName": "p@a.example", "active": "maybe"}),
                "active is true or false",
            ),
            (json!({"userName": 5}), "userName is a text"),
            (
                json!({"userName": "p@a.example", "name": "Peter"}),
                "name is an object",
            ),
            (
                json!({"userName": "p@a.example", "emails": "p@a.example"}),
                "emails is a list",
            ),
            (
                json!({"userName": "p@a.example", "displayName": long}),
                "more than 1024 bytes",
            ),
            (
                json!({"userName": "p@a.example", "emails": [{"value": "a@b", "primary": true}, {"value": "c@b", "primary": true}]}),
                "Only one",
            ),
        ] {
            let error = Attributes::read(&sent).unwrap_err();
            assert_eq!(error.scim_type, Some("invalidValue"));
            assert!(error.detail.contains(says), "{}", error.detail);
        }
    }
}
