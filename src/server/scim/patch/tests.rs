use serde_json::json;

use super::*;

fn patched(operations: Value) -> Result<Value, ScimError> {
    let before = Attributes::read(&json!({
        "userName": "peter@acme.example", "externalId": "1", "active": true, "displayName": "Peter",
        "name": {"givenName": "Peter", "familyName": "Parker"},
        "emails": [{"value": "peter@acme.example", "type": "work", "primary": true}],
    }))
    .unwrap();
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    apply(
        &before,
        &json!({"schemas": schemas, "Operations": operations}),
    )
    .map(|a| Value::Object(a.0))
}

#[test]
fn entra_and_okta_are_understood() {
    for (operation, pointer, value) in [
        // Microsoft Entra, deactivation and updates.
        (
            json!({"op": "Replace", "path": "active", "value": "False"}),
            "/active",
            json!(false),
        ),
        (
            json!({"op": "Replace", "path": "active", "value": false}),
            "/active",
            json!(false),
        ),
        (
            json!({"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "p@acme.example"}),
            "/emails/0/value",
            json!("p@acme.example"),
        ),
        (
            json!({"op": "Add", "path": "emails[type eq \"home\"].value", "value": "h@acme.example"}),
            "/emails/1",
            json!({"type": "home", "value": "h@acme.example"}),
        ),
        (
            json!({"op": "Replace", "path": "name.familyName", "value": "P"}),
            "/name/familyName",
            json!("P"),
        ),
        (
            json!({"op": "Remove", "path": "name.familyName"}),
            "/name",
            json!({"givenName": "Peter"}),
        ),
        (
            json!({"op": "Add", "value": {"name.givenName": "Pete", "displayName": "P"}}),
            "/name/givenName",
            json!("Pete"),
        ),
        // Okta, deactivation of an application from its catalogue.
        (
            json!({"op": "replace", "value": {"active": false}}),
            "/active",
            json!(false),
        ),
        (
            json!({"op": "replace", "value": {"id": "abc", "schemas": [], "active": false}}),
            "/active",
            json!(false),
        ),
        // The standard's own.
        (
            json!({"op": "remove", "path": "displayName"}),
            "/displayName",
            Value::Null,
        ),
        (
            json!({"op": "add", "path": "externalId", "value": "2"}),
            "/externalId",
            json!("2"),
        ),
        (
            json!({"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:displayName", "value": "P"}),
            "/displayName",
            json!("P"),
        ),
        (
            json!({"op": "replace", "path": "name", "value": {"givenName": "P"}}),
            "/name/familyName",
            json!("Parker"),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [{"value": "n@acme.example", "primary": true}]}),
            "/emails/0",
            json!({"value": "peter@acme.example", "type": "work"}),
        ),
        (
            json!({"op": "replace", "path": "emails", "value": [{"value": "n@acme.example"}]}),
            "/emails",
            json!([{"value": "n@acme.example"}]),
        ),
        (
            json!({"op": "remove", "path": "emails"}),
            "/emails",
            Value::Null,
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"work\"]"}),
            "/emails",
            Value::Null,
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"home\"].value"}),
            "/emails/0/type",
            json!("work"),
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"work\"].primary"}),
            "/emails/0/primary",
            Value::Null,
        ),
    ] {
        let user =
            patched(json!([operation])).unwrap_or_else(|error| panic!("{operation}: {error:?}"));
        assert_eq!(
            user.pointer(pointer).cloned().unwrap_or_default(),
            value,
            "{operation}"
        );
    }
}

#[test]
fn what_is_not_kept_changes_nothing() {
    for operation in [
        json!({"op": "Add", "path": "title", "value": "Hero"}),
        json!({"op": "Replace", "path": "addresses[type eq \"work\"].country", "value": "US"}),
        json!({"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "x"}),
        json!({"op": "Add", "value": {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x"}}}),
    ] {
        assert_eq!(
            patched(json!([operation])),
            patched(json!([])),
            "{operation}"
        );
    }
}

#[test]
fn each_mistake_has_its_code() {
    for (operation, scim_type) in [
        (json!({"op": "destroy", "path": "active"}), "invalidSyntax"),
        (json!({"path": "active"}), "invalidSyntax"),
        (json!({"op": "remove"}), "noTarget"),
        (json!({"op": "replace", "value": 5}), "invalidValue"),
        (
            json!({"op": "replace", "path": "id", "value": "x"}),
            "mutability",
        ),
        (
            json!({"op": "replace", "path": "shoeSize", "value": 5}),
            "invalidPath",
        ),
        (
            json!({"op": "replace", "path": "name.shoeSize", "value": 5}),
            "invalidPath",
        ),
        (
            json!({"op": "replace", "path": "name[givenName pr]", "value": 5}),
            "invalidPath",
        ),
        (
            json!({"op": "replace", "path": "emails[type eq", "value": 5}),
            "invalidPath",
        ),
        (
            json!({"op": "replace", "path": "emails[type ne \"work\"].value", "value": "x@y"}),
            "noTarget",
        ),
        (
            json!({"op": "replace", "path": "active", "value": "perhaps"}),
            "invalidValue",
        ),
        (json!({"op": "remove", "path": "userName"}), "invalidValue"),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "nobody"}),
            "invalidValue",
        ),
    ] {
        let error = patched(json!([operation])).unwrap_err();
        assert_eq!(
            error.scim_type,
            Some(scim_type),
            "{operation}: {}",
            error.detail
        );
    }
}

#[test]
fn one_mistake_undoes_all() {
    let operations = json!([{"op": "replace", "path": "active", "value": false}, {"op": "remove"}]);
    assert!(patched(operations).is_err());
}
