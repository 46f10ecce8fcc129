//! `deputy check`: what the operator would find out about a connection, found out at once.

use std::process::ExitCode;
use std::sync::Arc;

use super::input::{Input, InputArgs};
use super::table;
use crate::controllers::effective;
use crate::destinations::{self, Destination};
use crate::model::account::Known;
use crate::providers::{CheckReport, Clients, Finding, Session};

pub(super) async fn run(input: &InputArgs, clients: &Clients) -> anyhow::Result<ExitCode> {
    let input = input.read()?;
    let session = open(&input, clients).await?;
    let report = session.check(&input.request()).await;
    let destination = match destination(&input)? {
        Some(destination) => Some(destination.check().await),
        None => None,
    };
    let mut facts = facts(&report);
    if let Some(checked) = destination {
        facts.push(("DestinationReachable", reachable(checked)));
    }
    print(&report, &facts);
    Ok(exit_code(&facts))
}

/// Opens the connection of the files.
pub(super) async fn open(input: &Input, clients: &Clients) -> anyhow::Result<Arc<dyn Session>> {
    let spec = &input.connection.spec;
    let credentials = input.credentials()?;
    let pace = effective::pace(spec);
    Ok(spec.provider.open(&credentials, pace, clients).await?)
}

/// Opens the destination of the files, where there is one.
pub(super) fn destination(input: &Input) -> anyhow::Result<Option<Arc<dyn Destination>>> {
    let Some(spec) = &input.connection.spec.destination else {
        return Ok(None);
    };
    let credentials = spec.secret().map(|name| input.secret(name)).transpose()?;
    Ok(Some(destinations::open(spec, credentials)?))
}

type Fact = (&'static str, (Known, String, String));

fn facts(report: &CheckReport) -> Vec<Fact> {
    let fact = |finding: &Finding| {
        (
            finding.verdict,
            finding.reason.to_string(),
            finding.message.clone(),
        )
    };
    let mut facts = vec![
        ("Authenticated", fact(&report.authenticated)),
        ("DelegationValid", fact(&report.delegation)),
        ("PermissionsGranted", fact(&report.permissions)),
        ("ServiceIdentity", fact(&report.service_identity)),
    ];
    let advice = [
        ("CredentialCurrent", &report.credential),
        ("LeastPrivilege", &report.least_privilege),
    ];
    let advice = advice
        .into_iter()
        .filter_map(|(name, found)| found.as_ref().map(|found| (name, fact(found))));
    facts.extend(advice);
    facts
}

fn reachable(checked: Result<(), destinations::Error>) -> (Known, String, String) {
    match checked {
        Ok(()) => (
            Known::True,
            "Reachable".into(),
            "The destination can be read and written.".into(),
        ),
        Err(error) if error.kind.is_transient() => {
            (Known::Unknown, error.kind.to_string(), error.to_string())
        }
        Err(error) => (Known::False, error.kind.to_string(), error.to_string()),
    }
}

fn print(report: &CheckReport, facts: &[Fact]) {
    let identity = &report.identity;
    println!("Account    {}", identity.account);
    println!(
        "Client id  {}",
        identity.client_id.as_deref().unwrap_or("-")
    );
    println!("Tenant     {}\n", identity.tenant.as_deref().unwrap_or("-"));
    let scopes: Vec<_> = report.scopes.iter().map(scope_row).collect();
    table::print(&["SCOPE", "GRANTED", "REASON"], &scopes);
    println!();
    let rows: Vec<_> = facts
        .iter()
        .map(|(name, (known, reason, message))| {
            vec![
                (*name).to_owned(),
                word(*known),
                reason.clone(),
                message.clone(),
            ]
        })
        .collect();
    table::print(&["CHECK", "HOLDS", "REASON", "MESSAGE"], &rows);
    if let Some(url) = &report.remedy_url {
        println!("\nGrant exactly what is asked for:\n{url}");
    }
}

fn scope_row(scope: &crate::providers::report::ScopeState) -> Vec<String> {
    let reason = scope
        .reason
        .map_or_else(String::new, |reason| reason.to_string());
    vec![scope.name.clone(), word(scope.granted), reason]
}

fn word(known: Known) -> String {
    match known {
        Known::True => "yes",
        Known::False => "NO",
        Known::Unknown => "unknown",
    }
    .to_owned()
}

/// `CredentialCurrent`, `LeastPrivilege` and `ServiceIdentity` are advice and do not count.
fn exit_code(facts: &[Fact]) -> ExitCode {
    let decisive = || {
        let advice = ["CredentialCurrent", "LeastPrivilege", "ServiceIdentity"];
        facts
            .iter()
            .filter(move |(name, _)| !advice.contains(name))
            .map(|(_, (known, ..))| *known)
    };
    if decisive().any(|known| known == Known::False) {
        ExitCode::from(1)
    } else if decisive().any(|known| known == Known::Unknown) {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}
