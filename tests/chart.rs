//! The Helm chart installs what the demo runs: every rendering is accepted, restricted and minimal.

use std::path::PathBuf;
use std::process::Command;

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DynamicObject, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::support::chart::{Release, of_kind};
use crate::support::namespace::Namespace;
use crate::support::{kinds, manifests, settings};

fn chart() -> PathBuf {
    settings::repository().join("charts/deputy")
}

/// `UPDATE=1` copies them.
#[test]
fn the_chart_holds_the_definitions_of_the_kinds() {
    let folder = chart().join("files/crds");
    for file in kinds::files() {
        let copy = folder.join(file.file_name().expect("is a file"));
        let definition = std::fs::read(&file).expect("reads a definition");
        if settings::setting("UPDATE").is_some() {
            std::fs::write(&copy, &definition).expect("copies a definition");
        }
        let copied = std::fs::read(&copy).unwrap_or_default();
        assert!(
            copied == definition,
            "{} is stale: run with UPDATE=1",
            copy.display()
        );
    }
    let copies = std::fs::read_dir(&folder)
        .expect("the chart has definitions")
        .count();
    assert_eq!(
        copies,
        kinds::files().len(),
        "a definition that is gone is left in the chart"
    );
}

#[test]
fn helm_finds_nothing_to_object_to() {
    let mut lint = Command::new(settings::tool("helm"));
    let output = lint
        .args(["lint", "--strict", "--quiet"])
        .arg(chart())
        .output()
        .expect("runs helm");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn a_value_that_does_not_exist_is_refused() {
    let release = Release::new("default");
    for value in [
        "replica=2",
        "image.tga=\"x\"",
        "watchNamespace=\"Not A Name\"",
        "replicas=\"two\"",
        "edge={\"url\":\"ftp://deputy.example\"}",
        "edge={\"trustedProxies\":[\"proxy.example\"]}",
    ] {
        let output = release.template(&[value]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{value} is accepted");
        assert!(
            errors.contains("values don't meet the specifications"),
            "{value}: {errors}"
        );
    }
}

/// All that can be set, set.
fn everything(namespace: &str) -> Vec<String> {
    [
        ("watchNamespace", json!(namespace)),
        ("replicas", json!(2)),
        ("imagePullSecrets", json!([{"name": "registry"}])),
        (
            "serviceAccount",
            json!({"name": "robot", "annotations": {"iam": "deputy"}}),
        ),
        ("extraArgs", json!(["--allow-endpoint=gateway.example"])),
        (
            "extraEnv",
            json!([{"name": "HTTPS_PROXY", "value": "http://proxy.example"}]),
        ),
        (
            "extraVolumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
        ),
        (
            "extraVolumeMounts",
            json!([{"name": "data", "mountPath": "/var/lib/deputy"}]),
        ),
        ("scim", json!({"enabled": true})),
        ("dropzone", json!({"enabled": true})),
        (
            "edge",
            json!({"tlsSecret": "edge-tls", "url": "https://deputy.acme.example",
                   "trustedProxies": ["10.0.0.0/8", "2001:db8::1"],
                   "service": {"type": "LoadBalancer", "port": 443, "annotations": {"a": "b"}}}),
        ),
        ("podAnnotations", json!({"a": "b"})),
        ("podLabels", json!({"team": "revops"})),
        ("nodeSelector", json!({"kubernetes.io/os": "linux"})),
        (
            "tolerations",
            json!([{"key": "dedicated", "operator": "Exists"}]),
        ),
        ("affinity", json!({"nodeAffinity": {}})),
        ("priorityClassName", json!("system-cluster-critical")),
        (
            "topologySpreadConstraints",
            json!([
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]),
        ),
        (
            "networkPolicy",
            json!({"enabled": true, "extraEgress": [{"ports": [{"port": 8443}]}]}),
        ),
    ]
    .iter()
    .map(|(name, value)| format!("{name}={value}"))
    .collect()
}

#[tokio::test]
async fn every_rendering_is_accepted_by_the_api_server() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let full = everything(namespace.name());
    let full: Vec<_> = full.iter().map(String::as_str).collect();
    let least = [
        "crds={\"install\":false}",
        "accessPolicy={\"enabled\":false}",
        "rbac={\"aggregate\":false}",
    ];
    let behind_an_ingress = ["scim={\"enabled\":true}"];
    let boxes_alone = ["dropzone={\"enabled\":true}"];
    for values in [&[][..], &full, &least, &behind_an_ingress, &boxes_alone] {
        let objects = Release::new(namespace.name()).render(values);
        assert_eq!(of_kind(&objects, "Deployment").len(), 1, "{values:?}");
        let judged = manifests::dry_run(&client, namespace.name(), &objects).await;
        judged.unwrap_or_else(|error| panic!("{values:?}: {error}"));
    }
}

#[test]
fn a_confined_release_has_no_rights_outside_its_namespace() {
    let values = ["watchNamespace=\"team\"", "rbac={\"aggregate\":false}"];
    let objects = Release::new("ops").render(&values);
    assert!(of_kind(&objects, "ClusterRole").is_empty());
    assert!(of_kind(&objects, "ClusterRoleBinding").is_empty());
    let namespaces: Vec<_> = of_kind(&objects, "Role")
        .iter()
        .map(|role| {
            role.metadata
                .namespace
                .clone()
                .expect("a role has a namespace")
        })
        .collect();
    assert_eq!(
        namespaces,
        ["team", "ops"],
        "the objects in one, the lease in the other"
    );
}

#[test]
fn an_uninstalled_release_leaves_the_kinds_and_so_the_connections() {
    let objects = Release::new("ops").render(&[]);
    let definitions = of_kind(&objects, "CustomResourceDefinition");
    assert_eq!(definitions.len(), 3);
    for definition in definitions {
        let annotations = definition
            .metadata
            .annotations
            .as_ref()
            .expect("has annotations");
        assert_eq!(annotations["helm.sh/resource-policy"], "keep");
    }
}

fn pod_of(objects: &[DynamicObject]) -> Pod {
    let template = &of_kind(objects, "Deployment")[0].data["spec"]["template"];
    let mut pod: Value = template.clone();
    pod["metadata"]["name"] = json!("deputy");
    serde_json::from_value(pod).expect("is a pod")
}

async fn admit(client: &Client, namespace: &str, pod: &Pod) -> Result<Pod, kube::Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    pods.create(
        &PostParams {
            dry_run: true,
            ..PostParams::default()
        },
        pod,
    )
    .await
}

#[tokio::test]
async fn pods_meet_the_restricted_security_standard() {
    let label = ("pod-security.kubernetes.io/enforce", "restricted");
    let namespace = Namespace::create_labelled(&[label]).await;
    let client = namespace.client().await;
    let pod = pod_of(&Release::new(namespace.name()).render(&[]));
    admit(&client, namespace.name(), &pod)
        .await
        .expect("the pod is admitted");
    let container = &pod.spec.as_ref().expect("has a spec").containers[0];
    let security = container
        .security_context
        .as_ref()
        .expect("has a security context");
    assert_eq!(security.read_only_root_filesystem, Some(true));

    let mut lax = pod.clone();
    lax.spec.as_mut().expect("has a spec").containers[0].security_context = None;
    let refusal = admit(&client, namespace.name(), &lax)
        .await
        .expect_err("a lax pod is refused");
    assert!(refusal.to_string().contains("PodSecurity"), "{refusal}");
}

/// Whether the operator's account may do something in a namespace.
async fn may(client: &Client, account: &str, asked: (&str, &str, &str), namespace: &str) -> bool {
    let (verb, group, resource) = asked;
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource: Some(subresource.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SubjectAccessReviewSpec {
        user: Some(account.to_owned()),
        groups: Some(vec!["system:serviceaccounts".to_owned()]),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    let reviews: Api<SubjectAccessReview> = Api::all(client.clone());
    let review = SubjectAccessReview {
        spec,
        ..SubjectAccessReview::default()
    };
    let answer = reviews
        .create(&PostParams::default(), &review)
        .await
        .expect("is answered");
    answer.status.expect("has an answer").allowed
}

#[tokio::test]
async fn the_operator_gets_what_it_needs_and_no_more() {
    let (namespace, other) = (Namespace::create().await, Namespace::create().await);
    let client = namespace.client().await;
    let release = Release::new(namespace.name());
    let value = format!("watchNamespace={}", json!(namespace.name()));
    let objects = release.render(&[&value, "crds={\"install\":false}"]);
    manifests::apply(&client, namespace.name(), &objects)
        .await
        .expect("is installed");
    let account = format!(
        "system:serviceaccount:{}:{}",
        namespace.name(),
        release.object_name()
    );

    let group = "deputy.dev";
    for kind in ["serviceaccountconnections", "syncedusers", "apikeys"] {
        let status = format!("{kind}/status");
        for asked in [
            ("watch", group, kind),
            ("patch", group, kind),
            ("patch", group, status.as_str()),
        ] {
            assert!(
                may(&client, &account, asked, namespace.name()).await,
                "{asked:?}"
            );
            assert!(
                !may(&client, &account, asked, other.name()).await,
                "{asked:?} elsewhere"
            );
        }
        for asked in [
            ("create", group, kind),
            ("update", group, kind),
            ("delete", group, kind),
        ] {
            assert!(
                !may(&client, &account, asked, namespace.name()).await,
                "{asked:?}"
            );
        }
    }
    let refused = [
        ("create", "", "secrets"),
        ("patch", "", "secrets"),
        ("delete", "", "secrets"),
        ("get", "", "configmaps"),
        ("create", "", "pods"),
        ("get", "coordination.k8s.io", "leases"), // of another name
        ("list", "", "namespaces"),
        ("impersonate", "", "users"),
    ];
    for asked in refused {
        assert!(
            !may(&client, &account, asked, namespace.name()).await,
            "{asked:?}"
        );
    }
}

type Right<'a> = (&'a str, &'a str, &'a str);

/// The operator, installed with a value of its own, may do exactly so much.
async fn it_may(value: &str, cases: &[(Right<'_>, bool)]) {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let release = Release::new(namespace.name());
    let watched = format!("watchNamespace={}", json!(namespace.name()));
    let values = [&watched, "crds={\"install\":false}", value];
    manifests::apply(&client, namespace.name(), &release.render(&values))
        .await
        .expect("is installed");
    let name = release.object_name();
    let account = format!("system:serviceaccount:{}:{name}", namespace.name());
    for (asked, allowed) in cases {
        let answer = may(&client, &account, *asked, namespace.name()).await;
        assert_eq!(answer, *allowed, "{asked:?}");
    }
}

#[tokio::test]
async fn secrets_are_written_only_where_keys_are_wanted() {
    let cases = [
        (("get", "", "secrets"), true),
        (("create", "", "secrets"), true),
        (("patch", "", "secrets"), true),
        (("update", "", "secrets"), false),
        (("delete", "", "secrets"), false),
        (("deletecollection", "", "secrets"), false),
    ];
    it_may("apiKeys={\"enabled\":true}", &cases).await;
}

#[tokio::test]
async fn the_dropzone_gets_a_place_for_keys_and_nothing_else() {
    let cases = [
        (("create", "", "secrets"), true),
        (("update", "", "secrets"), true),
        (("delete", "", "secrets"), false),
        (("create", "deputy.dev", "syncedusers"), false),
        (("delete", "deputy.dev", "syncedusers"), false),
    ];
    it_may("dropzone={\"enabled\":true}", &cases).await;
}

#[tokio::test]
async fn scim_gets_the_rights_that_it_needs_and_only_where_it_is_on() {
    let group = "deputy.dev";
    let cases = [
        (("create", group, "syncedusers"), true),
        (("delete", group, "syncedusers"), true),
        (("create", "", "secrets"), true),
        (("update", "", "secrets"), true),
        (("delete", "", "secrets"), false),
        (("deletecollection", group, "syncedusers"), false),
        (("create", group, "serviceaccountconnections"), false),
        (("delete", group, "serviceaccountconnections"), false),
        (("create", group, "apikeys"), false),
    ];
    it_may("scim={\"enabled\":true}", &cases).await;
}
