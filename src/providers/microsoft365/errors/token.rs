//! The errors of the token endpoint.
//!
//! The vendor says that codes may change and that one should react to `error`; the number in the description is a hint,
//! and the only thing that tells a wrong secret from an expired one.
//!
//! Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11-22; bodies that clients report.

use jiff::SignedDuration;

use super::{Answer, Row, error, row, transport};
use crate::http::auth::Failure;
use crate::http::shortened;
use crate::providers::error::Class::{Invalid, Park, Retry, Throttled};
use crate::providers::error::{Error, Reason};
use crate::providers::microsoft365::spec::Microsoft365Spec;
use crate::providers::microsoft365::wire::Presented;

const OPERATION: &str = "token";
/// By how much the clocks may differ: the vendor allows five minutes.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(4);

/// What a token was asked for with.
pub(in crate::providers::microsoft365) struct Asked<'a> {
    /// Whose application, where.
    pub(in crate::providers::microsoft365) spec: &'a Microsoft365Spec,
    /// The page on which an administrator consents.
    pub(in crate::providers::microsoft365) consent: &'a str,
    /// What the application proved itself with.
    pub(in crate::providers::microsoft365) credential: &'static str,
    /// What the federated token says of itself, where there is one.
    pub(in crate::providers::microsoft365) presented: Option<&'a Presented>,
}

/// Returns what a failure to get a token means.
pub(in crate::providers::microsoft365) fn classify(failure: &Failure, asked: &Asked<'_>) -> Error {
    match failure {
        Failure::Transport(failed) => transport(OPERATION, failed),
        Failure::Key => error(
            row(
                Invalid,
                Reason::KeyMalformed,
                format!("The {} cannot be used.", asked.credential),
                "Store it again.",
            ),
            Answer {
                operation: OPERATION,
                ..Answer::default()
            },
        ),
        Failure::Unexpected {
            status,
            retry_after,
        } => {
            let answer = Answer {
                operation: OPERATION,
                status: *status,
                retry_after: *retry_after,
                ..Answer::default()
            };
            error(unexpected(*status), answer)
        }
        Failure::Refused {
            status,
            code,
            description,
            clock_offset,
            retry_after,
        } => {
            let number = number(description);
            let said = Said {
                status: *status,
                error: code,
                number,
                description,
                clock_offset: *clock_offset,
            };
            let answer = Answer {
                operation: OPERATION,
                status: *status,
                code: number.map_or_else(|| code.clone(), |number| format!("AADSTS{number}")),
                retry_after: *retry_after,
            };
            error(judge(&said, asked), answer)
        }
    }
}

/// A federated token that is meant for somebody else, and so was not sent.
pub(in crate::providers::microsoft365) fn foreign_audience(audience: &str) -> Error {
    error(
        row(
            Invalid,
            Reason::FederationMismatch,
            format!("The federated token is not for the audience {audience}. It was not sent."),
            format!("Project the service account token with the audience {audience}."),
        ),
        Answer {
            operation: OPERATION,
            ..Answer::default()
        },
    )
}

struct Said<'a> {
    status: u16,
    error: &'a str,
    number: Option<u32>,
    description: &'a str,
    clock_offset: Option<SignedDuration>,
}

/// Reads the number out of `AADSTS7000215: …`.
fn number(description: &str) -> Option<u32> {
    let rest = description.split("AADSTS").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn unexpected(status: u16) -> Row {
    match status {
        429 => row(
            Throttled,
            Reason::RateLimited,
            "Entra ID asks for fewer requests.",
            "It goes on by itself.",
        ),
        500.. => failed(),
        _ => row(
            Retry,
            Reason::MalformedReply,
            "Entra ID answered with neither a token nor a refusal.",
            "It is tried again. If it lasts, something between here and Microsoft changes replies.",
        ),
    }
}

fn failed() -> Row {
    row(
        Retry,
        Reason::ProviderUnavailable,
        "Entra ID failed.",
        "It is tried again.",
    )
}

/// The table.
#[allow(clippy::too_many_lines, reason = "the vendor's table, one arm a row")]
fn judge(said: &Said<'_>, asked: &Asked<'_>) -> Row {
    let Microsoft365Spec {
        tenant, client_id, ..
    } = asked.spec;
    let portal = asked.spec.cloud.unwrap_or_default().portal();
    let registration = format!("{portal} (App registrations, {client_id}, Certificates & secrets)");
    match (said.error, said.number) {
        (_, Some(7_000_215)) => row(
            Park,
            Reason::SecretInvalid,
            format!("The client secret is none of application {client_id}'s."),
            format!(
                "Store the secret's Value, not its Secret ID, as client-secret. A new one is made at {registration}."
            ),
        ),
        (_, Some(7_000_222)) => row(
            Park,
            Reason::SecretExpired,
            format!("The client secret of application {client_id} has expired."),
            format!("Make a new one at {registration} and store its Value as client-secret."),
        ),
        (_, Some(700_016)) => row(
            Park,
            Reason::AppNotInTenant,
            format!("The tenant {tenant} does not know application {client_id}."),
            format!(
                "Correct tenant and clientId, or let an administrator of the tenant consent: {}",
                asked.consent
            ),
        ),
        (_, Some(90_002 | 900_023 | 50_034)) => row(
            Park,
            Reason::TenantInvalid,
            format!("Microsoft knows no tenant {tenant}."),
            "Set spec.provider.microsoft365.tenant to the Directory (tenant) ID of the Overview page in the admin center.",
        ),
        (_, Some(90_038)) => row(
            Park,
            Reason::TenantInvalid,
            format!("The tenant {tenant} lives in another cloud."),
            "Set spec.provider.microsoft365.cloud to usGovernment, usGovernmentDod or china.",
        ),
        (_, Some(9_001_023)) => row(
            Invalid,
            Reason::TenantInvalid,
            format!("{tenant} stands for many tenants, and an application acts in one."),
            "Set spec.provider.microsoft365.tenant to the Directory (tenant) ID.",
        ),
        (_, Some(7_000_112)) => row(
            Park,
            Reason::AccountDisabled,
            format!("Application {client_id} is disabled."),
            format!("Enable sign-in for it at {portal} (Enterprise applications, Properties)."),
        ),
        (_, Some(700_211 | 700_212 | 700_213 | 70_021 | 700_229)) => federation(said, asked),
        (_, Some(700_024 | 500_133 | 50_012)) if is_skewed(said.clock_offset) => {
            skewed(said.clock_offset)
        }
        (_, Some(700_024 | 500_133)) => row(
            Park,
            Reason::ClockSkew,
            "The assertion is outside of its time.",
            "Set the clock of the node (NTP); for a federated token, see that the kubelet renews it.",
        ),
        (_, Some(50_013 | 50_166)) if asked.presented.is_some() => unverified(asked),
        (_, Some(700_027 | 50_012 | 50_013)) => row(
            Park,
            Reason::KeyRevoked,
            format!(
                "Application {client_id} does not know the {} that signed, or it has ended.",
                asked.credential
            ),
            format!("Upload the certificate of the Secret at {registration}."),
        ),
        // The number of a wrong audience stands for a wrong scope, too.
        ("invalid_scope", Some(700_023)) => wrong_scope(said),
        (_, Some(700_021 | 700_023 | 50_027 | 7_000_218 | 900_144)) => row(
            Park,
            Reason::TokenRequestRefused,
            format!(
                "Entra ID does not take the {} as one of application {client_id}: {}.",
                asked.credential,
                brief(said.description)
            ),
            "See that clientId is that of the registration which the credential belongs to, and that no proxy changes requests.",
        ),
        (_, Some(500_011)) | ("invalid_resource", _) => row(
            Park,
            Reason::TenantInvalid,
            format!(
                "Graph of this cloud is no resource of the tenant {tenant}: the cloud is wrong."
            ),
            "Correct spec.provider.microsoft365.cloud.",
        ),
        (_, Some(53_003 | 530_032 | 530_034 | 53_000 | 53_001)) => row(
            Park,
            Reason::BlockedByPolicy,
            format!("Conditional Access keeps application {client_id} out."),
            format!(
                "Admit the workload identity and the cluster's addresses at {portal} (Protection, Conditional Access)."
            ),
        ),
        (_, Some(90_006 | 90_012 | 90_024 | 90_033 | 90_055 | 50_000))
        | ("temporarily_unavailable" | "server_error", _) => failed(),
        _ if said.status == 429 => unexpected(429),
        _ if said.status >= 500 => failed(),
        ("invalid_scope", _) => wrong_scope(said),
        ("unauthorized_client", _) => row(
            Park,
            Reason::AppNotInTenant,
            format!("The tenant {tenant} does not let application {client_id} in."),
            format!("Let an administrator consent: {}", asked.consent),
        ),
        _ => row(
            Park,
            Reason::TokenRequestRefused,
            format!(
                "Entra ID refused the token request: {}.",
                brief(said.description)
            ),
            "Look the code up in Microsoft's list of Entra error codes.",
        ),
    }
}

fn wrong_scope(said: &Said<'_>) -> Row {
    row(
        Invalid,
        Reason::ScopeInvalid,
        format!(
            "Entra ID knows no resource of this cloud: {}.",
            brief(said.description)
        ),
        "Correct spec.provider.microsoft365.cloud.",
    )
}

fn federation(said: &Said<'_>, asked: &Asked<'_>) -> Row {
    let client = &asked.spec.client_id;
    let part = match said.number {
        Some(700_211) => "issuer",
        Some(700_212) => "audience",
        Some(700_213) => "subject",
        _ => "token",
    };
    let remedy = match asked.presented {
        Some(presented) => format!(
            "Add a federated credential (scenario Kubernetes or Other issuer): issuer {}, subject {}, audience {}.",
            shortened(&presented.iss, 200),
            shortened(&presented.sub, 200),
            asked.spec.cloud.unwrap_or_default().exchange_audience(),
        ),
        None => "Add a federated credential for the operator's service account.".to_owned(),
    };
    row(
        Park,
        Reason::FederationMismatch,
        format!("Application {client} does not trust the {part} of the federated token."),
        remedy,
    )
}

/// The vendor reads an issuer's keys from the internet, so that a cluster whose keys nobody else can read proves nothing.
///
/// Source: learn.microsoft.com/entra/workload-id/workload-identity-federation, read 2026-11-22.
fn unverified(asked: &Asked<'_>) -> Row {
    let issuer = asked.presented.map_or("", |presented| &presented.iss);
    let issuer = shortened(issuer.trim_end_matches('/'), 200);
    row(
        Park,
        Reason::FederationMismatch,
        "Entra ID could not verify the signature of the federated token.",
        format!(
            "See that {issuer}/.well-known/openid-configuration is open to the internet and leads to the issuer's present \
             keys, and that this issuer has signed the token."
        ),
    )
}

fn is_skewed(offset: Option<SignedDuration>) -> bool {
    offset.is_some_and(|offset| offset.abs() > MAX_SKEW)
}

fn skewed(offset: Option<SignedDuration>) -> Row {
    let seconds = offset.unwrap_or_default().as_secs();
    let side = if seconds < 0 { "ahead of" } else { "behind" };
    row(
        Park,
        Reason::ClockSkew,
        format!(
            "This machine's clock is {} seconds {side} Microsoft's.",
            seconds.abs()
        ),
        "Set the clock of the node (NTP).",
    )
}

/// The description without the ids of the request, which differ each time.
fn brief(description: &str) -> String {
    let text = description.split(" Trace ID:").next().unwrap_or_default();
    shortened(text.trim_end_matches('.'), 160)
}

#[cfg(test)]
mod tests;
