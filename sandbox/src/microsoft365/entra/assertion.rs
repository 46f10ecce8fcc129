//! Assertions in place of a secret: signed with a certificate's key, or a token of an issuer that is trusted.

use std::fmt::Write as _;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::super::apps::{Apps, Registration};
use super::errors::TokenError;
use crate::jwt::{self, decoded};

/// Seconds by which clocks may differ.
const SKEW: i64 = 300;

#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: Value,
    // Clients also send times with fractions.
    exp: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
}

type Assertion<'a> = jwt::Assertion<'a, Claims>;

/// Checks an application's assertion; `audiences` are those that one signed with a certificate may have.
pub(crate) fn check(
    apps: &Apps,
    app: &Registration,
    text: &str,
    audiences: &[String],
    now: i64,
) -> Result<(), TokenError> {
    let assertion = Assertion::parse(text).ok_or_else(TokenError::malformed_assertion)?;
    if assertion.claims.iss.contains("://") {
        return federated(apps, app, &assertion, now);
    }
    certified(app, &assertion, audiences, now)
}

fn certified(
    app: &Registration,
    assertion: &Assertion<'_>,
    audiences: &[String],
    now: i64,
) -> Result<(), TokenError> {
    let claims = &assertion.claims;
    let own = |name: &str| name.eq_ignore_ascii_case(&app.client_id);
    if !own(&claims.iss) || !own(&claims.sub) {
        return Err(TokenError::other_client());
    }
    if claims.jti.as_deref().is_none_or(str::is_empty) {
        return Err(TokenError::malformed_assertion());
    }
    check_certificate(app, assertion, now)?;
    let meant = claims.aud.as_str();
    if !meant.is_some_and(|aud| {
        audiences
            .iter()
            .any(|known| known.eq_ignore_ascii_case(aud))
    }) {
        return Err(TokenError::wrong_audience());
    }
    check_times(claims, now)
}

/// The certificate that the header names must be registered, valid and the signer's.
fn check_certificate(
    app: &Registration,
    assertion: &Assertion<'_>,
    now: i64,
) -> Result<(), TokenError> {
    let header = &assertion.header;
    let sha256 = header.x5t_s256.as_deref().and_then(decoded);
    let sha1 = header.x5t.as_deref().and_then(decoded);
    let named = sha256.as_ref().or(sha1.as_ref()).map(|print| hex(print));
    let refused =
        |reason: &str| TokenError::wrong_certificate(&app.client_id, reason, named.as_deref());
    let certificate = app.certificates.iter().find(|certificate| {
        sha256
            .as_ref()
            .map_or(sha1.as_ref() == Some(&certificate.sha1), |print| {
                *print == certificate.sha256
            })
    });
    let certificate = certificate.ok_or_else(|| refused("The key was not found."))?;
    if now < certificate.not_before || now > certificate.not_after {
        return Err(refused("The key used is expired."));
    }
    let parameters = match header.alg.as_str() {
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        _ => {
            return Err(refused(
                "The key was found, but the algorithm is not supported.",
            ));
        }
    };
    let key = UnparsedPublicKey::new(parameters, &certificate.public_key);
    key.verify(assertion.signed, &assertion.signature)
        .map_err(|_| {
            refused("The key was found, but use of the key to verify the signature failed.")
        })
}

fn check_times(claims: &Claims, now: i64) -> Result<(), TokenError> {
    let (from, until) = (seconds(claims.nbf), seconds(claims.exp));
    if from <= now + SKEW && until > now - SKEW {
        Ok(())
    } else {
        Err(TokenError::untimely(now, from, until))
    }
}

/// Whole seconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it saturates, and such times are far off"
)]
fn seconds(time: Option<f64>) -> i64 {
    time.unwrap_or(0.0).floor() as i64
}

fn federated(
    apps: &Apps,
    app: &Registration,
    assertion: &Assertion<'_>,
    now: i64,
) -> Result<(), TokenError> {
    let claims = &assertion.claims;
    let audiences: Vec<&str> = match &claims.aud {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    check_match(app, claims, &audiences)?;
    let jwks = apps
        .jwks(&claims.iss)
        .ok_or_else(TokenError::silent_issuer)?;
    if !signed_by_issuer(jwks, assertion) {
        return Err(TokenError::unsigned_assertion());
    }
    check_times(claims, now)
}

/// Issuer, subject and audience must be those of one federated credential, to the letter.
fn check_match(app: &Registration, claims: &Claims, audiences: &[&str]) -> Result<(), TokenError> {
    let audience = audiences.first().copied().unwrap_or_default();
    if app.federated.is_empty() {
        return Err(TokenError::no_federation(
            &claims.iss,
            &claims.sub,
            audience,
        ));
    }
    let of_issuer: Vec<_> = app
        .federated
        .iter()
        .filter(|known| known.issuer == claims.iss)
        .collect();
    if of_issuer.is_empty() {
        return Err(TokenError::federation_mismatch("issuer", &claims.iss));
    }
    let of_subject: Vec<_> = of_issuer
        .into_iter()
        .filter(|known| known.subject == claims.sub)
        .collect();
    if of_subject.is_empty() {
        return Err(TokenError::federation_mismatch("subject", &claims.sub));
    }
    let meant = of_subject
        .iter()
        .any(|known| audiences.contains(&known.audience.as_str()));
    if meant {
        Ok(())
    } else {
        Err(TokenError::federation_mismatch("audience", audience))
    }
}

fn signed_by_issuer(jwks: &Value, assertion: &Assertion<'_>) -> bool {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let kid = assertion.header.kid.as_deref();
    let text = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    let candidates = keys
        .into_iter()
        .flatten()
        .filter(|key| kid.is_none() || text(key, "kid").as_deref() == kid);
    assertion.header.alg == "RS256"
        && candidates.into_iter().any(|key| {
            let part = |name: &str| decoded(&text(key, name)?);
            let (Some(n), Some(e)) = (part("n"), part("e")) else {
                return false;
            };
            let parameters: &RsaParameters = &RSA_PKCS1_2048_8192_SHA256;
            PublicKeyComponents { n, e }
                .verify(parameters, assertion.signed, &assertion.signature)
                .is_ok()
        })
}

/// Capital hexadecimal digits, as the portal shows thumbprints.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}
