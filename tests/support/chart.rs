//! The Helm chart, rendered by the real Helm.

use std::process::{Command, Output};

use kube::core::DynamicObject;

use super::{manifests, random, settings};

/// The version of Kubernetes that the chart is rendered for.
const KUBERNETES: &str = "1.36.3";

/// A release of the chart that no other test has.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Release {
    /// A release in this namespace.
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            name: random::name("deputy"),
            namespace: namespace.to_owned(),
        }
    }

    /// Renders it with values such as `replicas=2`, CRDs included.
    pub(crate) fn render(&self, values: &[&str]) -> Vec<DynamicObject> {
        let output = self.template(values);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        manifests::parse(&String::from_utf8_lossy(&output.stdout))
    }

    /// What Helm says to these values, for those that it must refuse.
    pub(crate) fn template(&self, values: &[&str]) -> Output {
        let mut command = Command::new(settings::tool("helm"));
        command
            .args(["template", &self.name])
            .arg(settings::repository().join("charts/deputy"))
            .args(["--namespace", &self.namespace, "--kube-version", KUBERNETES]);
        for value in values {
            command.args(["--set-json", value]);
        }
        command.output().expect("runs helm")
    }

    /// The name that the release gives to most of its objects, its `ServiceAccount` among them.
    pub(crate) fn object_name(&self) -> &str {
        &self.name // it has the chart's name in it already
    }
}

/// The objects of one kind.
pub(crate) fn of_kind<'a>(objects: &'a [DynamicObject], kind: &str) -> Vec<&'a DynamicObject> {
    let is_kind = |object: &&DynamicObject| {
        object
            .types
            .as_ref()
            .is_some_and(|types| types.kind == kind)
    };
    objects.iter().filter(is_kind).collect()
}
