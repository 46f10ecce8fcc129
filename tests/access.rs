//! A connection with `spec.access` is changed by its owner and admins, and handed over by its owner alone.

use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams,
};
use kube::{Api, core::GroupVersionKind};
use serde_json::{Value, json};

use crate::support::chart::Release;
use crate::support::namespace::Namespace;
use crate::support::{kinds, manifests, wait};

const OWNER: &str = "alice@acme.example";
const ADMIN: &str = "bob@acme.example";
const STRANGER: &str = "carol@acme.example";
const GITOPS: &str = "system:serviceaccount:argocd:application-controller";
const CONNECTION: &str = "acme-google";

/// A namespace in which everybody may edit connections as far as RBAC is concerned, and the chart's policy is at work.
struct Guarded {
    namespace: Namespace,
    release: Release,
}

impl Guarded {
    async fn new() -> Self {
        kinds::install().await;
        let namespace = Namespace::create().await;
        let release = Release::new(namespace.name());
        let client = namespace.client().await;
        let value = format!("watchNamespace={}", json!(namespace.name()));
        let objects = release.render(&[&value, "crds={\"install\":false}"]);
        manifests::apply(&client, namespace.name(), &objects)
            .await
            .expect("installs the chart");
        let guarded = Self { namespace, release };
        let everything = &["get", "update", "patch", "delete", "deletecollection"];
        guarded
            .allow("editors", everything, &[OWNER, ADMIN, STRANGER, GITOPS])
            .await;
        guarded.allow("gitops", &["administer"], &[GITOPS]).await;
        guarded.make_connection().await;
        guarded.policy_works().await;
        guarded
    }

    async fn allow(&self, name: &str, verbs: &[&str], users: &[&str]) {
        let mut role = Role::default();
        role.metadata.name = Some(name.to_owned());
        role.rules = Some(vec![PolicyRule {
            api_groups: Some(vec!["deputy.dev".to_owned()]),
            resources: Some(vec!["serviceaccountconnections".to_owned()]),
            verbs: verbs.iter().map(ToString::to_string).collect(),
            ..PolicyRule::default()
        }]);
        let role_ref = RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Role".to_owned(),
            name: name.to_owned(),
        };
        let subjects = users.iter().map(|user| Subject {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "User".to_owned(),
            name: user.to_string(),
            namespace: None,
        });
        let mut binding = RoleBinding {
            role_ref,
            subjects: Some(subjects.collect()),
            ..RoleBinding::default()
        };
        binding.metadata.name = Some(name.to_owned());
        let how = PostParams::default();
        self.namespace
            .objects::<Role>()
            .await
            .create(&how, &role)
            .await
            .expect("makes a role");
        self.namespace
            .objects()
            .await
            .create(&how, &binding)
            .await
            .expect("binds the role");
    }

    async fn make_connection(&self) {
        let object = json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection",
            "metadata": {"name": CONNECTION},
            "spec": {
                "provider": {"google": {"adminEmail": "it-admin@acme.example"}},
                "credentialsSecretRef": {"name": "acme-google-key"},
                "access": {"owner": OWNER, "admins": [ADMIN]},
            },
        });
        let object: DynamicObject = serde_json::from_value(object).expect("is an object");
        let client = self.namespace.client().await;
        manifests::apply(&client, self.namespace.name(), &[object])
            .await
            .expect("is made");
    }

    /// The API server takes a moment to compile a new policy.
    async fn policy_works(&self) {
        let connections = self.connections_of(STRANGER).await;
        let patch = json!({"metadata": {"labels": {"a": "b"}}});
        wait::until("the policy to work", async || {
            let dry_run = PatchParams {
                dry_run: true,
                ..PatchParams::default()
            };
            connections
                .patch(CONNECTION, &dry_run, &Patch::Merge(&patch))
                .await
                .err()
        })
        .await;
    }

    async fn connections_of(&self, user: &str) -> Api<DynamicObject> {
        let groups = ["system:authenticated"];
        let config = self
            .namespace
            .server()
            .administrator()
            .as_user(user, &groups);
        self.connections(config.client().await)
    }

    fn connections(&self, client: kube::Client) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("deputy.dev", "v1alpha1", "ServiceAccountConnection");
        let resource = ApiResource::from_gvk(&kind);
        Api::namespaced_with(client, self.namespace.name(), &resource)
    }

    async fn change(&self, user: &str, patch: Value) -> Result<(), String> {
        let connections = self.connections_of(user).await;
        let patched = connections
            .patch(CONNECTION, &PatchParams::default(), &Patch::Merge(&patch))
            .await;
        patched.map(|_| ()).map_err(|error| error.to_string())
    }
}

fn interval(value: &str) -> Value {
    json!({"spec": {"validation": {"interval": value}}})
}

fn hand_over(owner: &str) -> Value {
    json!({"spec": {"access": {"owner": owner}}})
}

#[tokio::test]
async fn only_owner_and_admins_change_a_connection() {
    let guarded = Guarded::new().await;
    guarded
        .change(OWNER, interval("2h"))
        .await
        .expect("the owner may");
    guarded
        .change(ADMIN, interval("3h"))
        .await
        .expect("an admin may");
    let refusal = guarded
        .change(STRANGER, interval("4h"))
        .await
        .expect_err("a stranger may not");
    let expected = "only the owner alice@acme.example and the admins in spec.access may change this connection";
    assert!(refusal.contains(expected), "{refusal}");
    let metadata =
        json!({"metadata": {"annotations": {"deputy.dev/reconcile-requested-at": "now"}}});
    guarded
        .change(STRANGER, metadata)
        .await
        .expect_err("not even its annotations");
    let connections = guarded.connections_of(STRANGER).await;
    let deletion = connections
        .delete(CONNECTION, &DeleteParams::default())
        .await;
    deletion.expect_err("a stranger may not delete it");
    let all = connections
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await;
    all.expect_err("nor delete all there are");
}

#[tokio::test]
async fn only_the_owner_hands_it_over() {
    let guarded = Guarded::new().await;
    let expected = "only the owner alice@acme.example may hand this connection over";
    for patch in [hand_over(ADMIN), json!({"spec": {"access": null}})] {
        let refusal = guarded
            .change(ADMIN, patch)
            .await
            .expect_err("an admin may not");
        assert!(refusal.contains(expected), "{refusal}");
    }
    let more = json!({"spec": {"access": {"admins": [ADMIN, "dave@acme.example"]}}});
    guarded
        .change(ADMIN, more)
        .await
        .expect("an admin may name another admin");
    guarded
        .change(OWNER, hand_over(ADMIN))
        .await
        .expect("the owner may");
    guarded
        .change(OWNER, interval("2h"))
        .await
        .expect_err("who gave it away has no say any more");
    guarded
        .change(ADMIN, hand_over("dave@acme.example"))
        .await
        .expect("the new owner may");
}

#[tokio::test]
async fn cluster_administrators_always_can() {
    let guarded = Guarded::new().await;
    guarded
        .change(GITOPS, interval("2h"))
        .await
        .expect("a role grants the verb administer");
    let connections = guarded.connections(guarded.namespace.client().await);
    let patch = Patch::Merge(hand_over(STRANGER));
    connections
        .patch(CONNECTION, &PatchParams::default(), &patch)
        .await
        .expect("system:masters may");
    guarded
        .change(STRANGER, interval("3h"))
        .await
        .expect("and the one they named");
    connections
        .delete(CONNECTION, &DeleteParams::default())
        .await
        .expect("and delete it");
}

#[tokio::test]
async fn the_operator_sets_its_finalizer_and_status_and_nothing_else() {
    let guarded = Guarded::new().await;
    let administrator = guarded.namespace.server().administrator();
    let account = guarded.release.object_name();
    let operator = administrator
        .as_service_account(guarded.namespace.name(), account)
        .await;
    let connections = guarded.connections(operator.client().await);
    let how = PatchParams::default();
    let finalizer = json!({"metadata": {"finalizers": ["deputy.dev/finalizer"]}});
    connections
        .patch(CONNECTION, &how, &Patch::Merge(&finalizer))
        .await
        .expect("a finalizer");
    let status = json!({"status": {"observedGeneration": 1}});
    connections
        .patch_status(CONNECTION, &how, &Patch::Merge(&status))
        .await
        .expect("a status");
    let spec = connections
        .patch(CONNECTION, &how, &Patch::Merge(interval("9h")))
        .await;
    spec.expect_err("the spec is not the operator's");
    let none = json!({"metadata": {"finalizers": null}});
    connections
        .patch(CONNECTION, &how, &Patch::Merge(&none))
        .await
        .expect("and takes it away");
}

#[tokio::test]
async fn a_namespace_can_still_be_emptied() {
    let guarded = Guarded::new().await;
    let user = "system:serviceaccount:kube-system:namespace-controller";
    let groups = [
        "system:serviceaccounts",
        "system:serviceaccounts:kube-system",
        "system:authenticated",
    ];
    let config = guarded
        .namespace
        .server()
        .administrator()
        .as_user(user, &groups);
    let client = config.client().await;
    let namespaces: Api<NamespaceObject> = Api::all(client.clone());
    namespaces
        .get(guarded.namespace.name())
        .await
        .expect("the controller has its own rights");
    let connections = guarded.connections(client);
    let all = connections
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await;
    all.expect("the namespace controller empties it");
}
