//! What the tools that people deploy with make of an object, by their own code (`hack/go/judge`).

use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use super::settings;

/// What kstatus and Argo CD say about one object.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdicts {
    /// `Current`, `InProgress`, `Failed`, `Terminating` or `NotFound`.
    pub(crate) kstatus: Verdict,
    /// `Healthy`, `Progressing`, `Degraded` or `Suspended`.
    pub(crate) argocd: Verdict,
}

/// One answer and its reason.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) status: String,
    pub(crate) message: String,
}

/// Judges whole objects, as read from the API server.
pub(crate) fn judge(objects: &[Value]) -> Vec<Verdicts> {
    let mut command = Command::new(settings::tool("judge"));
    let mut process = command
        .arg(settings::repository().join("docs/argocd/health.lua"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts the judge");
    let mut input = process.stdin.take().expect("the judge has an input");
    for object in objects {
        writeln!(input, "{object}").expect("the judge reads");
    }
    drop(input);
    let output = process.wait_with_output().expect("the judge ends");
    assert!(output.status.success(), "the judge fails on {objects:#?}");
    let verdicts = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Verdicts>();
    let verdicts: Vec<_> = verdicts
        .map(|verdict| verdict.expect("is a verdict"))
        .collect();
    assert_eq!(verdicts.len(), objects.len());
    verdicts
}
