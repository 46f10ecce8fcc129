use serde_json::json;

use super::*;

fn peter() -> Map<String, Value> {
    let peter = json!({
        "id": "1f3a",
        "externalId": "00uA",
        "userName": "Peter.Parker@acme.example",
        "name": {"familyName": "Parker", "givenName": "Peter"},
        "active": true,
        "emails": [
            {"value": "peter.parker@acme.example", "type": "work", "primary": true},
            {"value": "spidey@acme.example", "type": "home"},
        ],
        "meta": {"resourceType": "User", "created": "2026-11-22T12:00:00Z", "lastModified": "2026-11-23T12:00:00Z"},
    });
    peter.as_object().unwrap().clone()
}

#[test]
fn each_filter_means_what_the_standard_says() {
    for (filter, matches) in [
        (r#"userName eq "peter.parker@ACME.example""#, true),
        (r#"userName eq "mary@acme.example""#, false),
        (r#"UserName Eq "peter.parker@acme.example""#, true),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "peter""#,
            true,
        ),
        (r#"externalId eq "00uA""#, true),
        (r#"externalId eq "00ua""#, false),
        (r#"id eq "1f3a""#, true),
        (r#"name.familyName co "ark""#, true),
        (r#"emails.value eq "spidey@acme.example""#, true),
        (r#"emails eq "spidey@acme.example""#, true),
        (
            r#"emails.type eq "work" and emails.value ew ".example""#,
            true,
        ),
        (
            r#"emails[type eq "work"].value eq "peter.parker@acme.example""#,
            true,
        ),
        (
            r#"emails[type eq "work"].value eq "spidey@acme.example""#,
            false,
        ),
        (r#"emails[type eq "home" and value co "spidey"]"#, true),
        (r#"emails[not (type eq "home")].value pr"#, true),
        ("active eq true", true),
        (r#"active eq "True""#, true),
        (r#"active eq "False""#, false),
        ("active ne true", false),
        ("displayName pr", false),
        ("displayName eq null", true),
        ("userName pr and active eq true", true),
        (r#"userName eq "x" or externalId eq "00uA""#, true),
        (
            r#"userName eq "x" or externalId eq "00uA" and active eq false"#,
            false,
        ),
        (r#"not (userName eq "x") and (active eq true)"#, true),
        (r#"meta.lastModified gt "2026-11-23T13:00:00+02:00""#, true),
        (r#"meta.created lt "2026-11-22T12:00:00.000Z""#, false),
        (r#"meta.created ge "2026-11-22T12:00:00.000Z""#, true),
    ] {
        let parsed = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
        assert_eq!(parsed.matches(&peter()), matches, "{filter}");
    }
}

#[test]
fn everything_else_is_an_invalid_filter() {
    let deep = format!("{}userName pr{}", "(".repeat(20), ")".repeat(20));
    let long = format!("userName eq \"{}\"", "x".repeat(3000));
    for filter in [
        "",
        "userName",
        "userName eq",
        "userName eq x",
        "userName is \"x\"",
        "userName eq \"x",
        "userName eq 5",
        "shoeSize eq \"x\"",
        "title eq \"x\"",
        "(userName pr",
        "userName pr)",
        "not userName pr",
        "userName pr and",
        "emails[type eq \"work\"",
        "emails[userName pr]",
        "name[familyName pr]",
        "active gt true",
        "active eq \"maybe\"",
        "meta eq \"x\"",
        "meta.created co \"2026\"",
        "meta.created eq \"yesterday\"",
        "userName eq \"x\" userName pr",
        "userName; pr",
        "emails[value[type pr]]",
        deep.as_str(),
        long.as_str(),
    ] {
        let error = Filter::parse(filter).unwrap_err();
        assert_eq!(error.scim_type, Some("invalidFilter"), "{filter}");
    }
}
