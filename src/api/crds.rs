//! The definitions of the three kinds, printed from the types.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, ValidationRule,
};
use kube::CustomResourceExt;

use super::{ApiKey, ServiceAccountConnection, SyncedUser};
use crate::providers::registry::ProviderSpec;

/// Returns the definitions, in the order of their names.
pub fn all() -> Vec<CustomResourceDefinition> {
    let mut connection = ServiceAccountConnection::crd();
    forbid_change_of_system(&mut connection);
    let mut all = vec![ApiKey::crd(), connection, SyncedUser::crd()];
    for crd in &mut all {
        default_observed_generation(crd);
    }
    all
}

/// A new object says that it has not been looked at yet, so that tools which judge by kstatus do not take it for done.
fn default_observed_generation(crd: &mut CustomResourceDefinition) {
    for schema in schemas(crd) {
        if let Some(status) = property(schema, "status") {
            status.default = Some(JSON(serde_json::json!({"observedGeneration": -1})));
        }
    }
}

fn forbid_change_of_system(crd: &mut CustomResourceDefinition) {
    let same: Vec<_> = ProviderSpec::NAMES
        .iter()
        .map(|name| format!("has(self.{name}) == has(oldSelf.{name})"))
        .collect();
    for schema in schemas(crd) {
        let provider = property(schema, "spec").and_then(|spec| property(spec, "provider"));
        if let Some(provider) = provider {
            provider
                .x_kubernetes_validations
                .get_or_insert_default()
                .push(ValidationRule {
                    rule: same.join(" && "),
                    message: Some("the system cannot be changed: make a new connection".into()),
                    ..ValidationRule::default()
                });
        }
    }
}

fn schemas(crd: &mut CustomResourceDefinition) -> impl Iterator<Item = &mut JSONSchemaProps> {
    let schemas = crd
        .spec
        .versions
        .iter_mut()
        .filter_map(|version| version.schema.as_mut());
    schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut())
}

fn property<'a>(schema: &'a mut JSONSchemaProps, name: &str) -> Option<&'a mut JSONSchemaProps> {
    schema.properties.as_mut()?.get_mut(name)
}
