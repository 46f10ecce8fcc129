//! A cluster with objects for few of a company's people, most of which must come to nothing, and the operator at work in it.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use super::{HARRY, HARRYS_ALIAS, MARY, PETER};
use crate::company::system::System;
use crate::support::apiserver::ApiServer;
use crate::support::kinds;
use crate::support::operator::Operator;
use crate::support::sandbox_log::Call;
use crate::support::stage::{CONNECTION, Stage, USER, condition, person};

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

/// A company, a cluster and the operator between them.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) operator: Operator,
    _server: ApiServer,
}

impl Scene {
    /// Sets one up with the connection's key stored. The operator says all that it can.
    pub(super) async fn of(system: System, scenario: &Value) -> Self {
        let (server, stage) = stage(scenario).await;
        let launch = stage.launch().arg("--log").arg("trace");
        let operator = launch.with_address_file().start();
        let key = system.make_key(&stage.sandbox).await;
        stage.apply(system.secret("key", &key)).await;
        Self {
            stage,
            operator,
            _server: server,
        }
    }

    /// Applies everybody's objects and the connection, which has so many seats. Waits until Mary and Peter are synced and all
    /// others are kept out, and has everything done once more. Returns all calls that the vendor got.
    pub(super) async fn play(&mut self, mut connection: Value, seats: u32) -> Vec<Call> {
        connection["spec"]["deniedUsers"] = json!([HARRY]);
        connection["spec"]["licensing"] = json!({"seats": seats});
        apply_people(&self.stage).await;
        self.stage.apply(connection).await;
        for name in ["mary", "peter"] {
            let synced = ("Ready", "True", "Synced");
            self.stage.until_condition(USER, name, synced).await;
        }
        everybody_is_kept_out(&self.stage).await;
        for name in ["mary", "peter"] {
            self.stage.ask_and_wait(USER, name).await;
        }
        self.stage.ask_and_wait(CONNECTION, "acme").await;
        assert!(self.operator.is_running());
        self.stage.sandbox.calls().await
    }

    /// Applies an object for Harry under his alias, which nobody has denied.
    pub(super) async fn apply_alias(&self) {
        self.stage.apply(person("b-alias", HARRYS_ALIAS)).await;
    }

    /// Waits until the alias is found to be Harry's.
    pub(super) async fn alias_is_kept_out(&self) {
        let denied = ("Allowed", "False", "Denied");
        self.stage.until_condition(USER, "b-alias", denied).await;
    }
}

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

/// Fifty people, of whom few have an object.
pub(super) fn fifty_people(employee: fn(&str, u32) -> Value) -> Vec<Value> {
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
