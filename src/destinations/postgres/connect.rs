//! From a Secret to a pool of connections.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, Runtime};
use secrecy::ExposeSecret;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::PostgresSchema;
use super::errors::Place;
use super::tables::Tables;
use super::url::{self, BadUrl, TlsMode};
use super::{schema, tls};
use crate::destinations::redact::Redactor;
use crate::destinations::spec::PostgresSpec;
use crate::destinations::{Error, Kind};
use crate::model::secret::Credentials;

/// The Secret's entry with the URL.
const URL: &str = "url";

/// The Secret's entry with the authority that signed the server's certificate, as PEM.
const AUTHORITY: &str = "ca.crt";

/// The most connections that are open at once.
const CONNECTIONS: usize = 8;

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(15);

/// How long to wait for a connection that is free.
const WAIT: Duration = Duration::from_mins(1);

/// How long what was sent may stay unacknowledged before the server counts as gone.
const SILENCE: Duration = Duration::from_mins(1);

/// Bounds what a statement may take and wait for, and keeps a commit from returning before it is on the disk, where the
/// server was set to that. Erasing a mailbox may take minutes; nothing else does.
const SESSION: &str = "SET statement_timeout = '10min'; SET lock_timeout = '1min'; \
    SET idle_in_transaction_session_timeout = '2min'; SET client_min_messages = warning; \
    SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') = 'off'";

/// Reads the Secret and prepares to connect.
pub(super) fn connect(
    spec: &PostgresSpec,
    credentials: Option<&Credentials>,
) -> Result<PostgresSchema, Error> {
    let schema = spec.schema.as_deref().unwrap_or(schema::DEFAULT);
    let (mut config, mode) = url::parse(text(credentials, URL)?).map_err(bad_url)?;
    let mut redactor = Redactor::new(credentials);
    if let Some(Ok(password)) = config.get_password().map(std::str::from_utf8) {
        redactor.learn(password);
    }
    let place = Place {
        name: url::describe(&config, schema),
        redactor,
    };
    let authority = credentials.and_then(|all| all.get(AUTHORITY));
    let authority = authority.map(ExposeSecret::expose_secret);
    let tls = tls::connector(mode, authority).map_err(|why| bad_tls(&place, why))?;
    set_defaults(&mut config, mode);
    let manager = Manager::from_config(config, tls, ManagerConfig::default());
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(CONNECT))
        .wait_timeout(Some(WAIT))
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                client
                    .batch_execute(SESSION)
                    .await
                    .map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| place.unusable(error))?;
    Ok(PostgresSchema {
        pool,
        tables: Tables::new(schema),
        place,
        ready: AtomicBool::new(false),
    })
}

fn set_defaults(config: &mut Config, mode: TlsMode) {
    config.ssl_mode(match mode {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    });
    if config.get_application_name().is_none() {
        config.application_name("deputy");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    config.keepalives_idle(SILENCE);
}

/// Returns an entry of the Secret as text.
fn text<'a>(credentials: Option<&'a Credentials>, name: &str) -> Result<&'a str, Error> {
    let value = credentials.and_then(|all| all.get(name));
    let text = value.and_then(|value| std::str::from_utf8(value.expose_secret()).ok());
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        let names: Vec<&str> = credentials
            .into_iter()
            .flat_map(Credentials::names)
            .collect();
        Error::new(
            Kind::DestinationInvalid,
            "open",
            format!(
                "The database's Secret has no entry `{name}` with text in it; it has [{}].",
                names.join(", ")
            ),
            "Add it: postgresql://user:password@host:5432/database?sslmode=verify-full",
        )
    })
}

fn bad_url(why: BadUrl) -> Error {
    let (meaning, remedy) = match why {
        BadUrl::Malformed => (
            "The entry `url` of the database's Secret cannot be read.",
            "Write postgresql://user:password@host:5432/database?sslmode=verify-full, with special characters percent-encoded.",
        ),
        BadUrl::TlsMode => (
            "The entry `url` of the database's Secret has an unknown sslmode.",
            "Write disable, prefer, require, verify-ca or verify-full.",
        ),
        BadUrl::Incomplete => (
            "The entry `url` of the database's Secret names no host or no database.",
            "Write postgresql://user:password@host:5432/database?sslmode=verify-full.",
        ),
    };
    Error::new(Kind::DestinationInvalid, "open", meaning, remedy)
}

fn bad_tls(place: &Place, why: &'static str) -> Error {
    Error::new(
        Kind::DestinationInvalid,
        "open",
        format!("{} cannot be trusted: {why}.", place.name),
        "Put the authority's certificate, as PEM, into the Secret's entry `ca.crt`, or choose another sslmode.",
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::secret::SecretRef;

    fn open(entries: &[(&str, &str)]) -> Error {
        let spec = PostgresSpec {
            credentials_secret_ref: SecretRef {
                name: "warehouse".into(),
            },
            schema: None,
        };
        let entries = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        connect(&spec, Some(&Credentials::new(entries)))
            .err()
            .unwrap()
    }

    #[rstest]
    #[case::no_url(&[("uri", "canary")], "[uri]")]
    #[case::an_empty_url(&[("url", " ")], "`url`")]
    #[case::a_broken_url(&[("url", "canary")], "cannot be read")]
    #[case::an_unknown_mode(&[("url", "postgres://u:canary@db/x?sslmode=canary")], "sslmode")]
    #[case::a_broken_authority(&[("url", "postgres://u:canary@db/x"), ("ca.crt", "canary")], "ca.crt")]
    fn what_is_wrong_with_the_secret_is_said_without_its_values(
        #[case] entries: &[(&str, &str)],
        #[case] says: &str,
    ) {
        let error = open(entries);
        assert_eq!(error.kind, Kind::DestinationInvalid);
        let said = format!("{error} {error:?}");
        assert!(said.contains(says) && !said.contains("canary"), "{said}");
    }
}
