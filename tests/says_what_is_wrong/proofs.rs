//! What an application of Microsoft 365 proves itself with where it is no client secret: to `Ready` and to rows, and each way
//! in which it can be wrong, to what a user reads.

mod certificates;
mod federated;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ConnectionRow as Row, Reads, Stalled, reads, reads_of};
use crate::company::compare;
use crate::company::microsoft365::scenario;
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{PETER, SMALL};
use crate::support::stage::{CONNECTION, Stage, USER, person};
use crate::support::tenant;

/// A company in Microsoft 365, a cluster, and the place that rows go to.
struct World {
    stage: Stage,
    place: Place,
}

impl World {
    /// The usual company with these applications.
    async fn of(apps: &[Value]) -> Self {
        let mut company = scenario(SMALL);
        company["microsoft365"]["apps"] = json!(apps);
        Self {
            stage: Stage::new(&company).await,
            place: Place::files(),
        }
    }

    /// A connection of this name with an application and a Secret; without one where there is no name.
    fn connection(&self, name: &str, client: &str, secret: Option<&str>) -> Value {
        let mut connection = tenant::connection(&self.stage, name);
        let spec = connection["spec"].as_object_mut().expect("is an object");
        spec["provider"]["microsoft365"]["clientId"] = json!(client);
        spec.remove("credentialsSecretRef");
        if let Some(secret) = secret {
            spec.insert("credentialsSecretRef".to_owned(), json!({"name": secret}));
        }
        connection
    }

    /// Applies the connection `acme`, whose person is to have rows, and that person.
    async fn apply_acme(&self, mut acme: Value) {
        acme["spec"]["privacy"]["mail"] = json!({"level": "Subject"});
        acme["spec"]["destination"] = self.place.spec();
        self.stage.apply(acme).await;
        self.stage.apply(person("peter", PETER)).await;
    }

    /// Waits until the connection is verified and the person synced, and insists on each row.
    async fn has_rows(&self) {
        let verified = ("Ready", "True", "Verified");
        self.stage
            .until_condition(CONNECTION, "acme", verified)
            .await;
        let stamp = self.stage.request(USER, "peter").await;
        let what = "to be synced";
        let is_synced = |person: &Value| {
            let ready = super::condition(person, "Ready");
            person["status"]["lastHandledReconcileAt"] == json!(stamp)
                && ready["reason"] == "Synced"
        };
        self.stage.until(USER, "peter", what, is_synced).await;
        let sandbox = &self.stage.sandbox;
        compare::equal_of(System::Microsoft365, sandbox, &[PETER], &self.place).await;
    }

    /// Changes what the person has.
    async fn edit(&self, seed: u64) {
        let body = json!({"count": 20, "seed": seed, "streams": System::Microsoft365.datasets()});
        let path = ["microsoft365", "users", PETER, "edits"];
        self.stage
            .sandbox
            .ask(Method::POST, &path, Some(body))
            .await;
    }

    /// Insists that `acme`, once it is asked for, says this, and that its person waits for it.
    async fn acme_says(&self, wanted: Reads) {
        self.stage.request(CONNECTION, "acme").await;
        reads(&self.stage, CONNECTION, "acme", wanted).await;
        let waits = ("ConnectionReady", "False", wanted.reason);
        self.stage.until_condition(USER, "peter", waits).await;
    }
}
