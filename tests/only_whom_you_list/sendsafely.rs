//! `SendSafely`, which filters by a part of an address: nobody else is asked for, and nothing of others is kept or told, also
//! where the vendor answers with what others have done.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Scene, fifty_people};
use super::{MARY, PETER, is_about, named};
use crate::company::compare;
use crate::company::place::Place;
use crate::company::system::System;
use crate::support::portal;
use crate::support::sandbox_log::Call;
use crate::support::shown;
use crate::support::stage::Stage;

/// Whose address ends in Peter's.
const NOT_PETER: &str = "not.peter.parker@acme.example";
/// Who has no object.
const UNLISTED: &str = "unlisted-7@acme.example";
/// Is in all that others do.
const CANARY: &str = "strangers-canary";

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
async fn at_sendsafely_nobody_else_is_asked_for_and_nothing_of_others_is_kept_or_told() {
    let mut scene = Scene::of(System::SendSafely, &fifty_at_a_portal()).await;
    let theirs = what_others_do(&scene.stage).await;
    scene.stage.sandbox.faults(&[theirs]).await;
    let connection = portal::connection(&scene.stage, "acme");
    let calls = scene.play(connection, 3).await;

    let asked = without_the_bot(&calls);
    assert_eq!(named(&asked), BTreeSet::from([PETER, MARY]));
    for who in [PETER, MARY] {
        let of = calls.iter().filter(|call| is_about(call, who));
        let asked: BTreeSet<_> = of.map(|call| call.api.as_str()).collect();
        assert_eq!(asked, BTreeSet::from(["audit", "packages"]), "{who}");
    }
    let place = Place::Files(scene.stage.data.clone());
    let sandbox = &scene.stage.sandbox;
    compare::equal_of(System::SendSafely, sandbox, &[PETER, MARY], &place).await;
    nothing_is_told(&mut scene).await;
}

/// Has others send packages and act. Returns a fault: asked for what Peter did, the vendor answers once with what they did.
async fn what_others_do(stage: &Stage) -> Value {
    let portal = stage.sandbox.sendsafely();
    for who in [NOT_PETER, UNLISTED] {
        let files = json!([{"name": format!("{CANARY}.pdf"), "size": 4_096}]);
        let package = json!({"label": CANARY, "recipients": [format!("{CANARY}@parker.example")], "files": files});
        portal.send(who, package).await;
    }
    let truth = portal.state().await;
    let all = truth["audit"].as_array().expect("the state has lists");
    let is_theirs = |entry: &&Value| {
        let who = entry["authenticatedUser"].as_str();
        who == Some(NOT_PETER) || who == Some(UNLISTED)
    };
    let theirs: Vec<&Value> = all.iter().filter(is_theirs).collect();
    assert!(json!(theirs).to_string().contains(CANARY));
    let reply = json!({"response": "SUCCESS", "auditLogs": theirs, "pagination": {}});
    json!({
        "match": {"pathPrefix": "/sendsafely/api/v2.0/enterprise/audit-logs/", "subject": PETER},
        "do": {"reply": {"status": 200, "body": reply}},
        "times": 1,
    })
}

/// Looks through all that Deputy says for others and what they did.
async fn nothing_is_told(scene: &mut Scene) {
    let Stage {
        client, namespace, ..
    } = &scene.stage;
    let objects = shown::objects_and_events(client, namespace).await;
    let url = scene.operator.url().await;
    let metrics = shown::metrics(&url).await;
    for (what, text) in [
        ("objects and events", objects),
        ("metrics", metrics),
        ("log", scene.operator.log()),
    ] {
        assert!(text.len() > 1_000, "{what} has something to look through");
        let told = [NOT_PETER, UNLISTED, CANARY];
        let told: Vec<_> = told.iter().filter(|word| text.contains(**word)).collect();
        assert!(told.is_empty(), "{what}: {told:?}");
    }
}

/// The calls, where those that ask for nobody's data are for the account of the key.
fn without_the_bot(calls: &[Call]) -> Vec<Call> {
    let mut calls = calls.to_vec();
    for call in &mut calls {
        call.subject = call.subject.take().filter(|subject| subject != portal::BOT);
    }
    calls
}
