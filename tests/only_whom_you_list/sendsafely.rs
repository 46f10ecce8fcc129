//! `SendSafely`, which filters by a part of an address: nobody else is asked for, and nothing of others is kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{apply_people, everybody_is_kept_out, fifty_people, stage};
use super::{HARRY, MARY, PETER, is_about, named};
use crate::company::compare;
use crate::company::place::Place;
use crate::company::system::System;
use crate::support::portal;
use crate::support::stage::{CONNECTION, USER};

/// Whose address ends in Peter's.
const NOT_PETER: &str = "not.peter.parker@acme.example";

/// A company of fifty, of whom few have an object, and one whom a search for Peter finds as well.
fn fifty_at_a_portal() -> Value {
    let mut people = fifty_people(portal::employee);
    for person in &mut people {
        // A portal knows of no aliases.
        person
            .as_object_mut()
            .expect("is an object")
            .remove("aliases");
    }
    people.push(portal::employee(NOT_PETER, 5));
    portal::company(&people)
}

#[tokio::test]
async fn at_sendsafely_nobody_else_is_asked_for_and_nothing_of_others_is_kept() {
    let (_server, stage) = stage(&fifty_at_a_portal()).await;
    let mut operator = stage.launch().start();
    portal::store_new_key(&stage, "key").await;
    let mut connection = portal::connection(&stage, "acme");
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
    for name in ["mary", "peter"] {
        stage.ask_and_wait(USER, name).await;
    }
    stage.ask_and_wait(CONNECTION, "acme").await;

    let calls = stage.sandbox.calls().await;
    assert_eq!(
        named(&without_the_bot(&calls)),
        BTreeSet::from([PETER, MARY])
    );
    for who in [PETER, MARY] {
        let of = calls.iter().filter(|call| is_about(call, who));
        let asked: BTreeSet<_> = of.map(|call| call.api.as_str()).collect();
        assert_eq!(asked, BTreeSet::from(["audit", "packages"]), "{who}");
    }
    let place = Place::Files(stage.data.clone());
    compare::equal_of(System::SendSafely, &stage.sandbox, &[PETER, MARY], &place).await;
    assert!(operator.is_running());
}

/// The calls, where those that ask for nobody's data are for the account of the key.
fn without_the_bot(
    calls: &[crate::support::sandbox_log::Call],
) -> Vec<crate::support::sandbox_log::Call> {
    let mut calls = calls.to_vec();
    for call in &mut calls {
        call.subject = call.subject.take().filter(|subject| subject != portal::BOT);
    }
    calls
}
