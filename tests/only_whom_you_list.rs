//! No request names, or acts for, anyone who is not enabled and allowed: by the log of the vendor itself.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::company::microsoft365::{DECOY, DECOY_ID};
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, PATIENCE, SMALL, object, said, write};
use crate::support::apiserver::ApiServer;
use crate::support::sandbox_log::Call;
use crate::support::stage::{
    ADMIN, CONNECTION, DEADLINE, SCOPES, Stage, USER, company, condition, employee, person,
};
use crate::support::{kinds, tenant, wait};

const PETER: &str = "peter.parker@acme.example";
const MARY: &str = "mary.jane@acme.example";
/// Denied; the alias is not.
const HARRY: &str = "harry.osborn@acme.example";
const HARRYS_ALIAS: &str = "h.osborn@acme.example";

/// Objects that must come to nothing, and what each of them says.
const KEPT_OUT: [(&str, &str, &str); 6] = [
    ("a-disabled", "norman.osborn@acme.example", "Disabled"),
    ("a-not-allowed", "otto@octopus.example", "NotAllowed"),
    ("a-denied", HARRY, "Denied"),
    ("a-suspended", "gwen.stacy@acme.example", "Suspended"),
    ("z-no-seat", "ned.leeds@acme.example", "NoSeat"),
    ("z-alias", "flash.thompson@acme.example", "NotAllowed"),
];
const ELSEWHERE: &str = "miles.morales@acme.example";

/// A cluster of its own: an operator for all namespaces must not meet other tests' objects.
async fn stage(scenario: &Value) -> (ApiServer, Stage) {
    let server = ApiServer::start().await;
    kinds::install_on(&server).await;
    let namespaces: Api<Namespace> = Api::all(server.client().await);
    for name in ["revops", "elsewhere"] {
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(name.to_owned());
        let made = namespaces.create(&PostParams::default(), &namespace).await;
        made.expect("makes a namespace");
    }
    let stage = Stage::on(server.administrator().clone(), "revops", scenario).await;
    (server, stage)
}

/// A company of fifty, of whom few have an object.
fn fifty() -> Value {
    let mut company = company(&fifty_people(employee));
    company["google"]["customer"]["domains"] = json!(["acme.example", "octopus.example"]);
    company
}

/// The same in Microsoft 365, with the decoy.
fn fifty_in_a_tenant() -> Value {
    let mut people = fifty_people(tenant::employee);
    people.push(tenant::employee(DECOY, 3));
    let mut company = tenant::company(&people);
    company["microsoft365"]["tenant"]["domains"] = json!(["acme.example", "octopus.example"]);
    company
}

fn fifty_people(employee: fn(&str, u32) -> Value) -> Vec<Value> {
    let mut people = vec![employee(PETER, 20), employee(MARY, 20)];
    for (_, email, _) in KEPT_OUT {
        let aliases = if email == HARRY {
            vec![HARRYS_ALIAS]
        } else {
            vec![]
        };
        let mut one = employee(email, 5);
        one["aliases"] = json!(aliases);
        people.push(one);
    }
    people.push(employee(ELSEWHERE, 5));
    people.extend((0..40).map(|n| employee(&format!("unlisted-{n}@acme.example"), 2)));
    people
}

/// Makes the object in the other namespace first, so that it would have a seat, and be tried first, if it counted.
async fn apply_people(stage: &Stage) {
    let mut miles = person("a-miles", ELSEWHERE);
    miles["metadata"]["namespace"] = json!("elsewhere");
    miles["spec"]["connectionRef"]["namespace"] = json!("revops");
    stage.apply(miles).await;
    let kept_out = |(name, email, why)| {
        let mut object = person(name, email);
        match name {
            "a-disabled" => object["spec"]["enabled"] = json!(false),
            "a-suspended" => object["spec"]["suspend"] = json!(true),
            "z-alias" => object["spec"]["connectedEmail"] = json!("flash@elsewhere.example"),
            _ => assert!(["NotAllowed", "Denied", "NoSeat"].contains(&why)),
        }
        object
    };
    let (first, last) = KEPT_OUT.split_at(4);
    let between = [person("mary", MARY), person("peter", PETER)];
    let first = first.iter().copied().map(kept_out);
    let all = first
        .chain(between)
        .chain(last.iter().copied().map(kept_out));
    for object in all.collect::<Vec<_>>() {
        stage.apply(object).await;
    }
}

async fn everybody_is_kept_out(stage: &Stage) {
    for (name, _, why) in KEPT_OUT {
        let what = format!("to be kept out because of {why}");
        stage
            .until(USER, name, &what, |object| {
                let says = |type_: &str| condition(object, type_)["reason"] == why;
                says("Ready") || says("Suspended")
            })
            .await;
    }
}

/// Everyone whom these calls name or act for.
fn named(calls: &[Call]) -> BTreeSet<&str> {
    let names = calls
        .iter()
        .flat_map(|call| call.names.iter().chain(&call.subject));
    names
        .map(String::as_str)
        .filter(|name| name.contains('@'))
        .collect()
}

fn is_about(call: &Call, who: &str) -> bool {
    named(std::slice::from_ref(call)).contains(who)
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
    let service_account = crate::support::stage::ACCOUNT;
    let allowed = BTreeSet::from([ADMIN, PETER, MARY, HARRYS_ALIAS, service_account]);
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
    let service_account = crate::support::stage::ACCOUNT;
    let allowed = BTreeSet::from([PETER, MARY, service_account]);
    let strangers: Vec<_> = named(&calls).difference(&allowed).copied().collect();
    assert_eq!(strangers, [""; 0]);
    assert!(operator.is_running());
}

#[tokio::test]
async fn in_a_tenant_of_microsoft_365_nobody_else_is_asked_for_but_the_decoy() {
    let (_server, stage) = stage(&fifty_in_a_tenant()).await;
    let mut operator = stage.launch().start();
    tenant::store_new_secret(&stage, "key", tenant::CLIENT).await;
    let mut connection = tenant::connection(&stage, "acme");
    connection["spec"]["deniedUsers"] = json!([HARRY]);
    connection["spec"]["licensing"] = json!({"seats": 4});
    connection["spec"]["provider"]["microsoft365"]["leastPrivilegeProbe"] =
        json!({"mailbox": DECOY});
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
    assert!(operator.is_running());
}

/// Who the decoy is, and whether the inbox opens: nothing else.
fn only_the_decoys_inbox_is_looked_at(calls: &[Call]) {
    let about = calls.iter().filter(|call| is_about(call, DECOY));
    let looks: BTreeSet<_> = about
        .map(|call| {
            let what = call.path.rsplit('/').next().unwrap_or_default();
            let what = if call.api == "users" { "" } else { what };
            (call.api.as_str(), what, call.query.to_string())
        })
        .collect();
    let looks: Vec<_> = looks.into_iter().collect();
    assert!(
        matches!(&looks[..], [("mail", "inbox", select), ("users", "", _)] if select.contains("id")),
        "{looks:?}"
    );
}

#[tokio::test]
async fn disabling_somebody_in_mid_sync_ends_the_requests_for_them() {
    let scenario = company(&[employee(PETER, 5), employee(MARY, 2_000)]);
    let stage = Stage::new(&scenario).await;
    let mut operator = stage.operator();
    stage.store_new_key("key").await;
    let slow =
        json!({"match": {"pathPrefix": "/google/gmail/", "subject": MARY}, "do": {"delayMs": 50}});
    stage.sandbox.faults(&[slow]).await;
    stage.apply(person("mary", MARY)).await;
    stage.apply(person("peter", PETER)).await;
    stage.apply(stage.connection("acme")).await;
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;
    wait::until("Mary's sync to be under way", DEADLINE, async || {
        (gmail_calls_for(&stage, MARY).await >= 40).then_some(())
    })
    .await;

    stage
        .patch(USER, "mary", json!({"spec": {"enabled": false}}))
        .await;
    let mary = stage
        .until_condition(USER, "mary", ("Ready", "True", "Disabled"))
        .await;
    assert_ne!(
        condition(&mary, "Synced")["status"],
        "True",
        "it was in the middle"
    );
    let before = last_call_for(&stage, MARY).await;
    // Time passes: the operator does all of this for others, each longer than a slow reply.
    for _ in 0..5 {
        stage.ask_and_wait(USER, "peter").await;
        stage.ask_and_wait(CONNECTION, "acme").await;
    }
    assert_eq!(last_call_for(&stage, MARY).await, before);
    let done = gmail_calls_for(&stage, MARY).await;
    assert!(
        done < 2_000,
        "{done} of 2000 messages: it was in the middle"
    );
    assert!(operator.is_running());
}

async fn gmail_calls_for(stage: &Stage, who: &str) -> usize {
    let calls = stage.sandbox.calls().await;
    let for_them = calls
        .iter()
        .filter(|call| call.subject.as_deref() == Some(who));
    for_them.filter(|call| call.api == "gmail").count()
}

/// The number that the last call got when it came in.
async fn last_call_for(stage: &Stage, who: &str) -> Option<u64> {
    let calls = stage.sandbox.calls().await;
    let about = calls.iter().filter(|call| is_about(call, who));
    about.map(|call| call.seq).max()
}

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
    let checked = checked.output(PATIENCE).await;
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
