//! Without a cluster: `deputy sync` and `deputy check` with a file of objects.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{HARRY, MARY, PETER, only_the_decoys_inbox_is_looked_at};
use crate::company::microsoft365::{DECOY, DECOY_ID};
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, SMALL, object, said, write};
use crate::support::stage::ADMIN;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_named_by_hand_either() {
    let company = Company::start(SMALL).await;
    let spec = company.spec(&Place::files());
    let (synced, checked) = named_by_hand(&company, spec).await;
    let wanted = BTreeSet::from([ADMIN, PETER, System::Google.peters_id()].map(String::from));
    assert!(synced.contains(PETER), "{synced:?}");
    for named in [synced, checked] {
        assert!(named.is_subset(&wanted), "{named:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_named_by_hand_at_microsoft_365_but_the_decoy() {
    let company = Company::of(System::Microsoft365, SMALL).await;
    let mut spec = company.spec(&Place::files());
    spec["provider"]["microsoft365"]["leastPrivilegeProbe"] = json!({"mailbox": DECOY});
    let (synced, checked) = named_by_hand(&company, spec).await;
    let peter = BTreeSet::from([PETER, System::Microsoft365.peters_id()].map(String::from));
    assert!(synced.contains(PETER), "{synced:?}");
    assert!(synced.is_subset(&peter), "{synced:?}");
    let decoy = BTreeSet::from([DECOY, DECOY_ID].map(String::from));
    assert!(checked.is_superset(&decoy), "{checked:?}");
    let rest: BTreeSet<_> = checked.difference(&decoy).cloned().collect();
    assert!(rest.is_subset(&peter), "{rest:?}");
    only_the_decoys_inbox_is_looked_at(&company.sandbox.calls().await);
}

/// Everyone named by a sync and then by a check, with people in the file who must come to nothing.
async fn named_by_hand(company: &Company, mut spec: Value) -> (BTreeSet<String>, BTreeSet<String>) {
    spec["deniedUsers"] = json!([HARRY]);
    spec["licensing"] = json!({"seats": 3});
    let mut objects = company.objects(&Place::files(), &spec);
    let mut add = |name: &str, email: &str, more: Value| {
        let mut person =
            json!({"connectionRef": {"name": "acme"}, "email": email, "enabled": true});
        person
            .as_object_mut()
            .expect("is an object")
            .extend(more.as_object().expect("is an object").clone());
        objects.push(object("SyncedUser", name, person));
    };
    add(
        "disabled",
        "norman.osborn@acme.example",
        json!({"enabled": false}),
    );
    add(
        "suspended",
        "gwen.stacy@acme.example",
        json!({"suspend": true}),
    );
    add("denied", HARRY, json!({}));
    add(
        "alias",
        "flash.thompson@acme.example",
        json!({"connectedEmail": HARRY}),
    );
    add(
        "elsewhere",
        MARY,
        json!({"connectionRef": {"name": "other"}}),
    );
    add("no-seat", "ned.leeds@acme.example", json!({}));
    let file = write(&objects);
    company.synced(&file).await;
    let synced = everybody_named(company).await;
    company.sandbox.forget_calls().await;
    let checked = company.deputy(&["check", "-f"]).arg(&file);
    let checked = checked.output().await;
    assert!(checked.status.success(), "{}", said(&checked));
    (synced, everybody_named(company).await)
}

async fn everybody_named(company: &Company) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for call in company.sandbox.calls().await {
        named.extend(call.subject);
        named.extend(call.names);
    }
    named
}
