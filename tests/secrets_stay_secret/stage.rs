//! A company with a connection that works and some that cannot, and all that a cluster shows of them.

use deputy::api::{ServiceAccountConnection, SyncedUser};
use kube::Api;
use serde_json::{Value, json};

use super::search::Secrets;
use super::{google, microsoft365, sendsafely};
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, SMALL, object, secret};
use crate::support::namespace::Namespace;
use crate::support::{kinds, wait};

/// What makes a vendor's credentials leak, if anything can.
pub(super) struct Wrecks {
    /// Secrets and connections beyond the usual ones.
    pub(super) objects: Vec<Value>,
    /// All connections, and whether they work.
    pub(super) connections: &'static [(&'static str, bool)],
    /// Reasons that must be shown, so that it is known that what can leak was used.
    pub(super) reasons: [&'static str; 2],
    /// Where people's data is asked for.
    pub(super) data: &'static str,
}

/// A company with a connection that works and some that cannot.
pub(super) struct Stage {
    pub(super) company: Company,
    pub(super) namespace: Namespace,
    pub(super) place: Place,
    pub(super) secrets: Secrets,
    pub(super) objects: Vec<Value>,
    pub(super) wrecks: Wrecks,
}

impl Stage {
    pub(super) async fn of(system: System) -> Self {
        let company = Company::of(system, SMALL).await;
        let place = Place::postgres().await;
        let mut secrets = Secrets::default();
        let Place::Postgres(url) = &place else {
            panic!("is a database");
        };
        let password = url.password().expect("has a password");
        assert!(password.starts_with("CANARY-"));
        secrets.add("a database's password", password);
        secrets.add("a wrong password", "CANARY-wrong-password");
        let mut wrecks = match system {
            System::Google => google::wrecks(&company, &place, &mut secrets).await,
            System::Microsoft365 => microsoft365::wrecks(&company, &place, &mut secrets).await,
            System::SendSafely => sendsafely::wrecks(&company, &place, &mut secrets).await,
        };
        let mut objects = company.objects(&place, &company.spec(&place));
        objects.append(&mut wrecks.objects);
        kinds::install().await;
        Self {
            company,
            namespace: Namespace::create().await,
            place,
            secrets,
            objects,
            wrecks,
        }
    }

    pub(super) fn is_silent(&self, what: &str, text: &str) {
        let found = self.secrets.found_in(text);
        assert_eq!(found, [""; 0], "{what}");
    }

    /// Waits until every connection is judged and the person is synced.
    pub(super) async fn all_judged(&self) {
        let connections: Api<ServiceAccountConnection> = self.namespace.objects().await;
        for (name, works) in self.wrecks.connections {
            let ready = if *works { "True" } else { "False" };
            let judged = |found: Option<&ServiceAccountConnection>| is_ready(found, ready);
            wait::until_object(&connections, name, ready, judged).await;
        }
        let people: Api<SyncedUser> = self.namespace.objects().await;
        let synced = |found: Option<&SyncedUser>| is_ready(found, "True");
        wait::until_object(&people, "peter", "to be synced", synced).await;
    }
}

/// The database under a wrong password.
pub(super) fn refused(place: &Place) -> Value {
    let Place::Postgres(url) = place else {
        panic!("is a database");
    };
    let mut refused = url.clone();
    refused
        .set_password(Some("CANARY-wrong-password"))
        .expect("takes a password");
    refused.set_query(Some("sslmode=disable"));
    secret("refused", "url", refused.as_str())
}

/// A connection with this key and this database.
pub(super) fn connection(
    company: &Company,
    place: &Place,
    name: &str,
    key: &str,
    database: &str,
) -> Value {
    let mut spec = company.spec(place);
    spec["credentialsSecretRef"]["name"] = json!(key);
    spec["destination"]["postgres"]["credentialsSecretRef"]["name"] = json!(database);
    object("ServiceAccountConnection", name, spec)
}

fn is_ready<K: serde::Serialize>(object: Option<&K>, status: &str) -> bool {
    let object = serde_json::to_value(object).expect("serialises");
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == status)
}
