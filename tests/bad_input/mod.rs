//! Bad input gets a clear error, and nothing is lost: what a user reads is a reason, a message that names the thing and what
//! to do about it; and once that is done, the sync goes on by itself until the destination has what the vendor has.

mod buckets;
mod destinations;
mod foreign;
mod objects;
mod replies;
mod secrets;
mod strangers;

use serde_json::{Value, json};

use crate::company::place::Place;
use crate::company::{self, PETER, SMALL, compare};
use crate::support::operator::Operator;
use crate::support::stage::{CONNECTION, Kind, Stage, USER, condition, person};
use crate::support::wait;

/// A condition: its type, its status and its reason.
type Fact<'a> = (&'a str, &'a str, &'a str);

/// All that a person's data is made of.
const STREAMS: [&str; 3] = ["mail", "calendar", "drive"];

const SYNCED: Fact<'_> = ("Ready", "True", "Synced");
const VERIFIED: Fact<'_> = ("Ready", "True", "Verified");

/// A company, a cluster and a destination.
struct World {
    stage: Stage,
    place: Place,
}

impl World {
    /// The usual company, and its key in a Secret.
    async fn new(place: Place) -> Self {
        Self::of(&company::scenario(SMALL), place).await
    }

    /// The same with more people.
    async fn with(people: &[Value], place: Place) -> Self {
        let mut scenario = company::scenario(SMALL);
        let users = scenario["google"]["users"].as_array_mut();
        users.expect("has people").extend_from_slice(people);
        Self::of(&scenario, place).await
    }

    async fn of(scenario: &Value, place: Place) -> Self {
        let stage = Stage::new(scenario).await;
        stage.store_new_key("key").await;
        Self { stage, place }
    }

    /// The connection `acme`, which may do all that is needed.
    fn connection(&self) -> Value {
        let mut connection = self.stage.connection("acme");
        let spec = &mut connection["spec"];
        spec["provider"]["google"]["scopes"] = json!(company::SCOPES);
        spec["provider"]["google"]["quotaProfile"] = json!("unlimited");
        spec["privacy"] = json!({"mail": {"level": "Subject"}, "calendar": {"level": "Full"}});
        spec["sync"] = json!({"interval": "1m"});
        spec["destination"] = self.place.spec();
        connection
    }

    /// Applies the connection, the person and what the destination needs.
    async fn apply(&self) {
        self.apply_with(|_| {}).await;
    }

    /// The same with another spec of the connection.
    async fn apply_with(&self, change: impl FnOnce(&mut Value)) {
        let mut connection = self.connection();
        change(&mut connection["spec"]);
        if let Some(secret) = self.place.secret() {
            self.stage.apply(secret).await;
        }
        self.stage.apply(connection).await;
        self.stage.apply(person("peter", PETER)).await;
    }

    /// Applies all, starts the operator and waits until the person is synced.
    async fn synced(&self) -> Operator {
        self.synced_with(|_| {}).await
    }

    /// The same with another spec of the connection.
    async fn synced_with(&self, change: impl FnOnce(&mut Value)) -> Operator {
        self.apply_with(change).await;
        let operator = self.stage.operator();
        self.until(USER, "peter", SYNCED).await;
        operator
    }

    /// Waits until a condition of the present generation says this, for as long as the slowest of retries takes.
    async fn until(&self, kind: Kind, name: &str, fact: Fact<'_>) -> Value {
        let (type_, status, reason) = fact;
        let what = format!("{type_}={status} because of {reason}");
        self.until_it(kind, name, &what, |object| {
            let is_present =
                object["status"]["observedGeneration"] == object["metadata"]["generation"];
            let found = condition(object, type_);
            is_present && found["status"] == status && found["reason"] == reason
        })
        .await
    }

    async fn until_it(
        &self,
        kind: Kind,
        name: &str,
        what: &str,
        fits: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Value {
        let fits = |object: Option<&kube::api::DynamicObject>| {
            object.is_some_and(|object| fits(&serde_json::to_value(object).expect("is JSON")))
        };
        let api = self.stage.objects(kind);
        let object = wait::until_object(&api, name, what, fits).await;
        serde_json::to_value(object).expect("is JSON")
    }

    /// Waits until a condition says this, and insists on what its message has in it.
    async fn says(&self, kind: Kind, name: &str, fact: Fact<'_>, words: &[&str]) -> Value {
        let object = self.until(kind, name, fact).await;
        let said = condition(&object, fact.0);
        let message = said["message"].as_str().expect("has a message");
        eprintln!("{name}: {fact:?}: {message}");
        for word in words {
            assert!(message.contains(word), "{message:?} lacks {word:?}");
        }
        object
    }

    /// Changes the person's data at the vendor, and has it looked at at once.
    async fn change(&self, seed: u64) {
        let google = self.stage.sandbox.google();
        google.edit(PETER, 30, seed, &STREAMS).await;
        self.stage.request(USER, "peter").await;
    }

    /// Insists that the person is synced and the destination has what the vendor has.
    async fn nothing_is_lost(&self) {
        self.nothing_is_lost_of(&[("peter", PETER)]).await;
    }

    /// The same for these people, by the names of their objects.
    async fn nothing_is_lost_of(&self, people: &[(&str, &str)]) {
        for (name, _) in people {
            self.until(USER, name, SYNCED).await;
        }
        let emails: Vec<_> = people.iter().map(|(_, email)| *email).collect();
        compare::equal_for(&self.stage.sandbox, &emails, &self.place).await;
    }

    /// Waits until the connection is well.
    async fn verified(&self) -> Value {
        self.until(CONNECTION, "acme", VERIFIED).await
    }
}
