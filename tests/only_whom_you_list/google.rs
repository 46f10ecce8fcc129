//! Google, with a directory that tells who is who, and without one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Scene, fifty_people};
use super::{HARRYS_ALIAS, MARY, PETER, is_about, named};
use crate::company::system::System;
use crate::support::stage::{ACCOUNT, ADMIN, SCOPES, company, employee};

/// A company of fifty, of whom few have an object.
fn fifty() -> Value {
    let mut company = company(&fifty_people(employee));
    company["google"]["customer"]["domains"] = json!(["acme.example", "octopus.example"]);
    company
}

#[tokio::test]
async fn with_a_directory_nobody_else_is_asked_for() {
    let mut scene = Scene::of(System::Google, &fifty()).await;
    scene.apply_alias().await;
    let connection = scene.stage.connection("acme");
    // Of the five who are enabled and on the list, suspended Gwen, the alias, Mary and Peter have a seat.
    scene.play(connection, 4).await;
    scene.alias_is_kept_out().await;

    let calls = scene.stage.sandbox.calls().await;
    let allowed = BTreeSet::from([ADMIN, PETER, MARY, HARRYS_ALIAS, ACCOUNT]);
    let strangers: Vec<_> = named(&calls).difference(&allowed).copied().collect();
    assert_eq!(strangers, [""; 0]);
    assert!(
        calls
            .iter()
            .any(|call| is_about(call, PETER) && call.api == "gmail")
    );
    // Whose alias it is, only the directory can tell: it is asked that, and nothing else.
    let alias: BTreeSet<_> = calls
        .iter()
        .filter(|call| is_about(call, HARRYS_ALIAS))
        .map(|call| (call.api.as_str(), call.subject.as_deref()))
        .collect();
    assert_eq!(alias, BTreeSet::from([("directory", Some(ADMIN))]));
}

#[tokio::test]
async fn without_a_directory_nobody_else_is_tried() {
    let mut scene = Scene::of(System::Google, &fifty()).await;
    let mut connection = scene.stage.connection("acme");
    connection["spec"]["provider"]["google"]["adminEmail"] = Value::Null;
    connection["spec"]["provider"]["google"]["scopes"] = json!(&SCOPES[..3]);
    let calls = scene.play(connection, 3).await;

    let allowed = BTreeSet::from([PETER, MARY, ACCOUNT]);
    let strangers: Vec<_> = named(&calls).difference(&allowed).copied().collect();
    assert_eq!(strangers, [""; 0]);
}
