//! The token endpoint (JWT bearer with `sub`) and tokeninfo.
//!
//! Source: developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes" (read 2026-11-22).

use std::collections::HashMap;
use std::sync::Arc;

use http::{Method, StatusCode};
use parking_lot::RwLock;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Google;
use super::people::User;
use super::scopes;
use crate::call::{Call, Reply, form};
use crate::jwt;
use crate::scenario::RestrictedSubject;

/// The audience of Google's own endpoint, which its clients send wherever the endpoint is.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds a token lives.
const LIFE: i64 = 3600;
/// Seconds by which clocks may differ.
const SKEW: i64 = 300;
/// More tokens than this are not remembered; the ones that ended go first.
const MOST_TOKENS: usize = 100_000;

/// The claims that the token endpoint looks at.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    #[serde(default)]
    pub(crate) iss: String,
    pub(crate) sub: Option<String>,
    #[serde(default)]
    pub(crate) scope: String,
    #[serde(default)]
    aud: Value,
    iat: Option<i64>,
    exp: Option<i64>,
}

pub(crate) type Assertion<'a> = jwt::Assertion<'a, Claims>;

/// Whom a token acts for.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Person(Arc<User>),
    /// The service account itself.
    Robot,
}

/// What a token may do.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) account: String,
    pub(crate) project: String,
    pub(crate) subject: Subject,
    pub(crate) scopes: Vec<String>,
    /// Seconds since 1970.
    pub(crate) expires: i64,
}

impl Grant {
    pub(crate) fn allows(&self, any_of: &[&str]) -> bool {
        self.scopes
            .iter()
            .any(|scope| any_of.contains(&scope.as_str()))
    }

    pub(crate) fn email(&self) -> String {
        match &self.subject {
            Subject::Person(user) => user.primary(),
            Subject::Robot => self.account.clone(),
        }
    }
}

/// The tokens given out.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    grants: RwLock<HashMap<String, Arc<Grant>>>,
}

impl Tokens {
    pub(crate) fn find(&self, token: &str) -> Option<Arc<Grant>> {
        self.grants.read().get(token).cloned()
    }

    /// Ends all that were given out, before their time.
    pub(crate) fn end_all(&self) {
        self.grants.write().clear();
    }

    fn issue(&self, grant: Grant, now: i64) -> String {
        let token: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(40)
            .collect();
        let token = format!("ya29.sandbox-canary-{token}");
        let mut grants = self.grants.write();
        if grants.len() >= MOST_TOKENS {
            grants.retain(|_, grant| grant.expires > now);
        }
        grants.insert(token.clone(), Arc::new(grant));
        token
    }
}

/// `{"error", "error_description"}`.
pub(crate) struct TokenError {
    status: u16,
    error: &'static str,
    description: String,
}

impl TokenError {
    fn new(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            error,
            description: description.into(),
        }
    }

    fn grant(description: &str) -> Self {
        Self::new(400, "invalid_grant", description)
    }

    fn reply(&self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json!({ "error": self.error, "error_description": self.description });
        Reply::json(status, &body).because(self.error)
    }
}

/// The assertion of a token request as it was sent.
pub(crate) fn assertion(call: &Call) -> Option<String> {
    form(call, "assertion")
}

/// `POST /google/token`; the time is in milliseconds since 1970.
pub(crate) fn exchange(google: &Google, call: &Call, now_ms: i64) -> Reply {
    if call.method != Method::POST {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let now = now_ms.div_euclid(1000);
    match granted(google, call, now_ms) {
        Ok(grant) => {
            let token = google.tokens.issue(grant, now);
            let body =
                json!({ "access_token": token, "expires_in": LIFE - 1, "token_type": "Bearer" });
            Reply::json(StatusCode::OK, &body)
        }
        Err(error) => error.reply(),
    }
}

fn granted(google: &Google, call: &Call, now_ms: i64) -> Result<Grant, TokenError> {
    if form(call, "grant_type").as_deref() != Some(GRANT_TYPE) {
        let text = "Invalid grant_type: only the JWT bearer grant is served here.";
        return Err(TokenError::new(400, "unsupported_grant_type", text));
    }
    let text = assertion(call).ok_or_else(|| {
        TokenError::new(
            400,
            "invalid_request",
            "Missing required parameter: assertion",
        )
    })?;
    let assertion = Assertion::parse(&text)
        .ok_or_else(|| TokenError::grant("Invalid JWT: the token is not in the JWT format."))?;
    let account = authenticated(google, &assertion, now_ms)?;
    let now = now_ms.div_euclid(1000);
    check_times(&assertion.claims, now)?;
    check_audience(google, &assertion.claims)?;
    let scopes = requested_scopes(&assertion.claims)?;
    let subject = match &assertion.claims.sub {
        Some(sub) => Subject::Person(impersonated(google, &account.client_id, sub, &scopes)?),
        None => Subject::Robot,
    };
    Ok(Grant {
        client_id: account.client_id,
        account: account.email,
        project: account.project,
        subject,
        scopes,
        expires: now + LIFE,
    })
}

fn authenticated(
    google: &Google,
    assertion: &Assertion<'_>,
    now_ms: i64,
) -> Result<super::accounts::Account, TokenError> {
    let accounts = google.accounts.read();
    let account = accounts
        .account(&assertion.claims.iss)
        .filter(|account| !account.deleted);
    let account = account.ok_or_else(|| TokenError::grant("Invalid grant: account not found"))?;
    if account.disabled {
        let text = "The OAuth client was disabled.";
        return Err(TokenError::new(401, "disabled_client", text));
    }
    let kid = assertion
        .header
        .kid
        .as_deref()
        .filter(|kid| !kid.is_empty());
    let (message, signature) = (assertion.signed, &assertion.signature);
    let keys = &accounts.keys;
    if assertion.header.alg == "RS256"
        && keys.verify(&account.email, kid, message, signature, now_ms)
    {
        Ok(account.clone())
    } else {
        Err(TokenError::grant("Invalid JWT Signature."))
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), TokenError> {
    let fits = match (claims.iat, claims.exp) {
        (Some(iat), Some(exp)) => {
            let life = exp.saturating_sub(iat);
            iat <= now.saturating_add(SKEW)
                && exp > now.saturating_sub(SKEW)
                && (0..=LIFE + SKEW).contains(&life)
        }
        _ => false,
    };
    let text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                Check your iat and exp values in the JWT claim.";
    if fits {
        Ok(())
    } else {
        Err(TokenError::grant(text))
    }
}

fn check_audience(google: &Google, claims: &Claims) -> Result<(), TokenError> {
    let own = format!("{}/google/token", google.url());
    let fits = claims
        .aud
        .as_str()
        .is_some_and(|aud| aud == AUDIENCE || aud == own);
    if fits {
        Ok(())
    } else {
        Err(TokenError::grant("Invalid JWT: Failed audience check."))
    }
}

fn requested_scopes(claims: &Claims) -> Result<Vec<String>, TokenError> {
    let scopes: Vec<String> = claims.scope.split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || scopes.iter().any(|scope| !scopes::exists(scope)) {
        let text = "Invalid OAuth scope or ID token audience provided.";
        return Err(TokenError::new(400, "invalid_scope", text));
    }
    Ok(scopes)
}

/// Scopes are all or nothing, and only the first customer has delegated anything.
fn impersonated(
    google: &Google,
    client: &str,
    sub: &str,
    scopes: &[String],
) -> Result<Arc<User>, TokenError> {
    if !sub.contains('@') {
        let text = "Invalid impersonation \"sub\" field.";
        return Err(TokenError::new(400, "invalid_request", text));
    }
    let unknown = || TokenError::grant("Invalid email or User ID");
    let people = google.people.read();
    let customer = people.customer_of(sub).ok_or_else(unknown)?;
    let accounts = google.accounts.read();
    if customer != 0 || !scopes.iter().all(|scope| accounts.delegated(client, scope)) {
        let text = "Client is unauthorized to retrieve access tokens using this method, or client not \
                    authorized for any of the scopes requested.";
        return Err(TokenError::new(401, "unauthorized_client", text));
    }
    let user = people.by_address(sub).ok_or_else(unknown)?;
    if !user.profile.read().active() {
        return Err(restricted(google.restricted_subject));
    }
    Ok(user.clone())
}

fn restricted(answer: RestrictedSubject) -> TokenError {
    match answer {
        RestrictedSubject::InvalidGrant => TokenError::grant("Invalid email or User ID"),
        RestrictedSubject::AccountRestricted => {
            TokenError::new(403, "access_denied", "Account restricted")
        }
    }
}

/// `/google/tokeninfo`, with the token in the query, the form or the `Authorization` header.
pub(crate) fn info(google: &Google, call: &Call, now: i64) -> Reply {
    let token = form(call, "access_token").or_else(|| call.bearer().map(str::to_owned));
    let grant = token.and_then(|token| google.tokens.find(&token));
    let Some(grant) = grant.filter(|grant| grant.expires > now) else {
        return TokenError::new(400, "invalid_token", "Invalid Value").reply();
    };
    let body = json!({
        "azp": grant.client_id,
        "aud": grant.client_id,
        "scope": grant.scopes.join(" "),
        "exp": grant.expires.to_string(),
        "expires_in": (grant.expires - now).to_string(),
        "email": grant.email(),
        "email_verified": "true",
        "access_type": "online",
    });
    Reply::json(StatusCode::OK, &body)
}
