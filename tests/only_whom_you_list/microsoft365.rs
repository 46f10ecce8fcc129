//! Microsoft 365, where the vendor tells whose an alias is, and one decoy is looked at.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Scene, fifty_people};
use super::{
    HARRY, HARRYS_ALIAS, MARY, PETER, is_about, named, only_the_decoys_inbox_is_looked_at,
};
use crate::company::microsoft365::DECOY;
use crate::company::system::System;
use crate::support::tenant;

/// A tenant of fifty, of whom few have an object, and the decoy.
fn fifty_in_a_tenant() -> Value {
    let mut people = fifty_people(tenant::employee);
    people.push(tenant::employee(DECOY, 3));
    let mut company = tenant::company(&people);
    company["microsoft365"]["tenant"]["domains"] = json!(["acme.example", "octopus.example"]);
    company
}

#[tokio::test]
async fn in_a_tenant_of_microsoft_365_nobody_else_is_asked_for_but_the_decoy() {
    let mut scene = Scene::of(System::Microsoft365, &fifty_in_a_tenant()).await;
    scene.apply_alias().await;
    let mut connection = tenant::connection(&scene.stage, "acme");
    connection["spec"]["provider"]["microsoft365"]["leastPrivilegeProbe"] =
        json!({"mailbox": DECOY});
    scene.play(connection, 4).await;
    scene.alias_is_kept_out().await;

    let calls = scene.stage.sandbox.calls().await;
    // The vendor tells whose an alias is: what names Harry names but the alias.
    let allowed = BTreeSet::from([PETER, MARY, HARRY, HARRYS_ALIAS, DECOY]);
    let strangers: Vec<_> = named(&calls).difference(&allowed).copied().collect();
    assert_eq!(strangers, [""; 0]);
    let mut of_harry = calls.iter().filter(|call| is_about(call, HARRY));
    assert!(of_harry.all(|call| is_about(call, HARRYS_ALIAS)));
    let has = |who: &str, api: &str| {
        let mut calls = calls.iter();
        calls.any(|call| is_about(call, who) && call.api == api)
    };
    assert!(has(PETER, "mail") && has(PETER, "calendar") && has(PETER, "drive"));
    let of_the_alias: BTreeSet<_> = calls
        .iter()
        .filter(|call| is_about(call, HARRYS_ALIAS))
        .map(|call| call.api.as_str())
        .collect();
    assert_eq!(of_the_alias, BTreeSet::from(["users"]));
    only_the_decoys_inbox_is_looked_at(&calls);
}
