//! Tools that wait for an object to be done judge every phase right: kstatus by its own code, Argo CD by our script
//! in its engine.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::judge::judge;
use crate::support::{manifests, settings};

const KINDS: [&str; 3] = ["ApiKey", "ServiceAccountConnection", "SyncedUser"];

/// An object and what is to be said about it.
#[derive(Debug, Deserialize)]
struct Phase {
    name: String,
    kstatus: String,
    argocd: String,
    metadata: Value,
    #[serde(default)]
    spec: Value,
    status: Value,
}

impl Phase {
    fn object(&self, kind: &str) -> Value {
        let mut metadata = self.metadata.clone();
        metadata["name"] = json!("one");
        metadata["namespace"] = json!("test");
        let spec = if self.spec.is_null() {
            json!({})
        } else {
            self.spec.clone()
        };
        json!({"apiVersion": "deputy.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec,
               "status": self.status})
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(settings::repository().join(file))
        .expect("reads a file of the repository")
}

#[test]
fn every_phase_of_every_kind_is_judged_right() {
    let phases: Vec<Phase> =
        serde_saphyr::from_str(&read("tests/fixtures/health.yaml")).expect("are phases");
    assert!(phases.len() > 8);
    for kind in KINDS {
        let objects: Vec<_> = phases.iter().map(|phase| phase.object(kind)).collect();
        for (phase, verdicts) in phases.iter().zip(judge(&objects)) {
            let said = (
                verdicts.kstatus.status.as_str(),
                verdicts.argocd.status.as_str(),
            );
            assert_eq!(
                said,
                (phase.kstatus.as_str(), phase.argocd.as_str()),
                "{kind}: {}",
                phase.name
            );
        }
    }
}

#[test]
fn argo_cd_shows_the_message_of_the_condition_that_decides() {
    let stalled = json!({"apiVersion": "deputy.dev/v1alpha1", "kind": "SyncedUser",
        "metadata": {"name": "one", "generation": 1},
        "status": {"observedGeneration": 1, "conditions": [
            {"type": "Ready", "status": "False", "message": "not this one"},
            {"type": "Stalled", "status": "True", "message": "grant the scope"}]}});
    assert_eq!(judge(&[stalled])[0].argocd.message, "grant the scope");
}

/// `UPDATE=1` copies it.
#[test]
fn the_config_map_carries_the_script_for_every_kind() {
    let script = read("docs/argocd/health.lua");
    let mut text = read("docs/argocd/argocd-cm.yaml");
    let (head, _) = text.split_once("\ndata:\n").expect("has data");
    let mut expected = format!("{head}\ndata:\n");
    for kind in KINDS {
        for part in [
            "  resource.customizations.health.deputy.dev_",
            kind,
            ": |\n",
        ] {
            expected += part;
        }
        for line in script.lines() {
            let line = format!("    {line}");
            expected += line.trim_end();
            expected += "\n";
        }
    }
    if settings::setting("UPDATE").is_some() {
        let file = settings::repository().join("docs/argocd/argocd-cm.yaml");
        std::fs::write(file, &expected).expect("writes the ConfigMap");
        text.clone_from(&expected);
    }
    assert_eq!(text, expected, "run with UPDATE=1");
    let objects = manifests::parse(&text);
    for kind in KINDS {
        let key = format!("resource.customizations.health.deputy.dev_{kind}");
        assert_eq!(objects[0].data["data"][&key], json!(script));
    }
}
