//! Google, with a directory that tells who is who, and without one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{apply_people, everybody_is_kept_out, fifty_people, stage};
use super::{HARRY, HARRYS_ALIAS, MARY, PETER, is_about, named};
use crate::support::stage::{ACCOUNT, ADMIN, CONNECTION, SCOPES, USER, company, employee, person};

/// A company of fifty, of whom few have an object.
fn fifty() -> Value {
    let mut company = company(&fifty_people(employee));
    company["google"]["customer"]["domains"] = json!(["acme.example", "octopus.example"]);
    company
}

#[tokio::test]
async fn with_a_directory_nobody_else_is_asked_for() {
    let (_server, stage) = stage(&fifty()).await;
    let mut operator = stage.launch().start();
    stage.store_new_key("key").await;
    let mut connection = stage.connection("acme");
    connection["spec"]["deniedUsers"] = json!([HARRY]);
    // Of the five who are enabled and on the list, suspended Gwen, the alias, Mary and Peter have one.
    connection["spec"]["licensing"] = json!({"seats": 4});
    stage.apply(person("b-alias", HARRYS_ALIAS)).await;
    apply_people(&stage).await;
    stage.apply(connection).await;
    for name in ["mary", "peter"] {
        stage
            .until_condition(USER, name, ("Ready", "True", "Synced"))
            .await;
    }
    everybody_is_kept_out(&stage).await;
    stage
        .until_condition(USER, "b-alias", ("Allowed", "False", "Denied"))
        .await;
    for name in ["mary", "peter"] {
        stage.ask_and_wait(USER, name).await;
    }
    stage.ask_and_wait(CONNECTION, "acme").await;

    let calls = stage.sandbox.calls().await;
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
    assert!(operator.is_running());
}

#[tokio::test]
async fn without_a_directory_nobody_else_is_tried() {
    let (_server, stage) = stage(&fifty()).await;
    let mut operator = stage.launch().start();
    stage.store_new_key("key").await;
    let mut connection = stage.connection("acme");
    connection["spec"]["provider"]["google"]["adminEmail"] = Value::Null;
    connection["spec"]["provider"]["google"]["scopes"] = json!(&SCOPES[..3]);
    connection["spec"]["deniedUsers"] = json!([HARRY]);
    connection["spec"]["licensing"] = json!({"seats": 3});
    apply_people(&stage).await;
    stage.apply(connection).await;
    for name in ["mary", "peter"] {
        stage
            .until_condition(USER, name, ("Ready", "True", "Synced"))
            .await;
    }
    everybody_is_kept_out(&stage).await;
    stage.ask_and_wait(CONNECTION, "acme").await;

    let calls = stage.sandbox.calls().await;
    let allowed = BTreeSet::from([PETER, MARY, ACCOUNT]);
    let strangers: Vec<_> = named(&calls).difference(&allowed).copied().collect();
    assert_eq!(strangers, [""; 0]);
    assert!(operator.is_running());
}
