//! What a database's failures mean.

use deadpool_postgres::{BuildError, HookError, PoolError};
use tokio_postgres::error::{DbError, SqlState};

use super::schema::Unfit;
use crate::destinations::redact::Redactor;
use crate::destinations::{Error, Kind, certificate};

/// A place by the name that its owner knows, and what must not be said of it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Host, port, database and schema.
    pub(super) name: String,
    pub(super) redactor: Redactor,
}

impl Place {
    /// Turns the database's or the driver's failure into ours.
    pub(super) fn database(&self, operation: &'static str, error: &tokio_postgres::Error) -> Error {
        let kind = classify(error);
        let (meaning, remedy) = words(kind);
        let failure = Error::new(kind, operation, format!("{} {meaning}", self.name), remedy);
        match error.as_db_error() {
            // Never the detail: it may quote a row.
            Some(answer) => failure.because(self.redactor.line(&format!(
                "{} {}",
                answer.code().code(),
                answer.message()
            ))),
            None => failure.because(self.redactor.cause(error)),
        }
    }

    /// Turns the failure to get a connection into ours.
    pub(super) fn pool(&self, operation: &'static str, error: &PoolError) -> Error {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                self.database(operation, error)
            }
            other => {
                let (meaning, remedy) = words(Kind::DestinationUnreachable);
                let meaning = format!("{} {meaning}", self.name);
                Error::new(Kind::DestinationUnreachable, operation, meaning, remedy)
                    .because(self.redactor.cause(other))
            }
        }
    }

    /// Turns the failure to set up the schema into ours.
    pub(super) fn schema(&self, operation: &'static str, unfit: &Unfit) -> Error {
        match unfit {
            Unfit::Database(error) => self.database(operation, error),
            Unfit::Column(said) => Error::new(
                Kind::DestinationCorrupt,
                operation,
                format!(
                    "{} holds a table that Deputy did not make: {said}.",
                    self.name
                ),
                "Name a schema of Deputy's own in spec.destination.postgres.schema, or move the table away.",
            ),
        }
    }

    /// Makes the error of a checkpoint that cannot be read or written.
    pub(super) fn checkpoint(&self, operation: &'static str, error: &serde_json::Error) -> Error {
        Error::new(
            Kind::DestinationCorrupt,
            operation,
            format!(
                "{} holds a checkpoint that cannot be read ({:?} error).",
                self.name,
                error.classify()
            ),
            "It may be a newer Deputy's: use that. Or delete the person's rows there, `streams` included, and everything is read anew.",
        )
    }

    /// Makes the error of a second writer.
    pub(super) fn contested(&self, operation: &'static str, sequence: u64) -> Error {
        Error::new(
            Kind::DestinationContested,
            operation,
            format!(
                "{} is written by somebody else: commit {sequence} does not follow the newest one.",
                self.name
            ),
            "Let one Deputy alone write here; this one looks again and goes on from what it finds.",
        )
    }

    /// Makes the error of a right that is not granted.
    pub(super) fn right_missing(&self, operation: &'static str, right: &str, table: &str) -> Error {
        Error::new(
            Kind::DestinationReadOnly,
            operation,
            format!("{} does not let Deputy {right} on {table}.", self.name),
            format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO the role in the Secret's URL."
            ),
        )
    }

    /// Makes the error of a pool that cannot be set up.
    pub(super) fn unusable(&self, error: BuildError) -> Error {
        let meaning = format!("{} cannot be used.", self.name);
        Error::new(
            Kind::DestinationInvalid,
            "open",
            meaning,
            "Report this as a bug.",
        )
        .because(self.redactor.cause(&error))
    }
}

fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::DestinationUnreachable => (
            "cannot be reached, or failed in passing.",
            "Deputy tries again; if it lasts, check the host, the port, the network policy and the server's log.",
        ),
        Kind::DestinationCredentialsRefused => (
            "refuses the role or its password.",
            "Correct the entry `url` of the Secret, or the server's pg_hba.conf.",
        ),
        Kind::DestinationReadOnly => (
            "may not be written.",
            "Grant the role CREATE and TEMPORARY on the database, or make schema and tables for it; and point the URL at the primary, not at a standby.",
        ),
        Kind::DestinationFull => (
            "has no room left.",
            "Make room on the server's disk; Deputy goes on by itself.",
        ),
        Kind::DestinationNotFound => (
            "does not exist.",
            "Create the database, or correct the entry `url` of the Secret. A schema or table that was dropped is made anew by itself, and everything is read again.",
        ),
        Kind::DestinationInvalid => (
            "does not offer what the URL asks for.",
            "If its certificate is from an authority of your own, put that into the Secret's entry `ca.crt`; if it has no TLS, write sslmode=disable.",
        ),
        Kind::DestinationContested => (
            "is written by somebody else.",
            "Let one Deputy alone write here.",
        ),
        Kind::DestinationCorrupt => (
            "does not look as Deputy left it.",
            "Name a schema of Deputy's own in spec.destination.postgres.schema.",
        ),
    }
}

fn classify(error: &tokio_postgres::Error) -> Kind {
    if let Some(answer) = error.as_db_error() {
        return classify_answer(answer);
    }
    if certificate::is_refused(error) {
        return Kind::DestinationInvalid;
    }
    // The driver has no other way to tell these apart.
    let said = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    if said.contains("does not support TLS") {
        Kind::DestinationInvalid
    } else if said.contains("password missing") || said.contains("user missing") {
        Kind::DestinationCredentialsRefused
    } else {
        Kind::DestinationUnreachable
    }
}

fn classify_answer(answer: &DbError) -> Kind {
    classify_code(answer.code().code())
}

/// Reads the code of an answer.
///
/// Source: <https://www.postgresql.org/docs/15/errcodes-appendix.html>, read 2026-11-22.
fn classify_code(code: &str) -> Kind {
    let is = |state: &SqlState| code == state.code();
    if is(&SqlState::DISK_FULL) {
        return Kind::DestinationFull;
    }
    if is(&SqlState::INSUFFICIENT_PRIVILEGE) || is(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        return Kind::DestinationReadOnly;
    }
    if is(&SqlState::INVALID_CATALOG_NAME)
        || is(&SqlState::INVALID_SCHEMA_NAME)
        || is(&SqlState::UNDEFINED_TABLE)
    {
        return Kind::DestinationNotFound;
    }
    match code.get(..2) {
        Some("28") => Kind::DestinationCredentialsRefused,
        // Data that the columns do not take, or limits of the server's; and statements that do not fit the tables.
        Some("22" | "23" | "42" | "54") => Kind::DestinationCorrupt,
        // 08 connection, 40 rollback, 53 resources, 55 state, 57 operator, 58 system, XX internal: it may pass.
        _ => Kind::DestinationUnreachable,
    }
}

/// Numbers of ours stay far below 2⁶³: they count commits and listings.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The way back from [`number`].
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("28P01", Kind::DestinationCredentialsRefused)]
    #[case("28000", Kind::DestinationCredentialsRefused)]
    #[case("3D000", Kind::DestinationNotFound)]
    #[case("3F000", Kind::DestinationNotFound)]
    #[case("42P01", Kind::DestinationNotFound)]
    #[case("42501", Kind::DestinationReadOnly)]
    #[case("25006", Kind::DestinationReadOnly)]
    #[case("53100", Kind::DestinationFull)]
    #[case("53300", Kind::DestinationUnreachable)]
    #[case("57P03", Kind::DestinationUnreachable)]
    #[case("57014", Kind::DestinationUnreachable)]
    #[case("08006", Kind::DestinationUnreachable)]
    #[case("40001", Kind::DestinationUnreachable)]
    #[case("42703", Kind::DestinationCorrupt)]
    #[case("54000", Kind::DestinationCorrupt)]
    #[case("XX000", Kind::DestinationUnreachable)]
    fn a_code_means_one_thing(#[case] code: &str, #[case] kind: Kind) {
        assert_eq!(classify_code(code), kind);
    }
}
