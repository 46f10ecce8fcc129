//! What a store's failures mean.

use std::error::Error as StdError;
use std::io;

use object_store::Error as StoreError;
use parquet::errors::ParquetError;

use crate::destinations::redact::Redactor;
use crate::destinations::{Error, Kind};

/// A place by the name that its owner knows, and what must not be said of it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The URL of the spec; it never carries credentials.
    pub(super) url: String,
    pub(super) redactor: Redactor,
}

impl Place {
    /// Turns a store's failure into ours.
    pub(super) fn store(&self, operation: &'static str, error: &StoreError) -> Error {
        let (meaning, remedy) = words(classify(error));
        Error::new(
            classify(error),
            operation,
            format!("{} {meaning}", self.url),
            remedy,
        )
        .because(self.redactor.cause(error))
    }

    /// Turns the failure to read or write `file` into ours.
    pub(super) fn parquet(
        &self,
        operation: &'static str,
        file: &str,
        error: &ParquetError,
    ) -> Error {
        match store_error(error) {
            Some(StoreError::NotFound { .. }) => self.contested(
                operation,
                &format!("the file {file} went while it was being read"),
            ),
            Some(store) => self.store(operation, store),
            None => {
                let corrupt = self.corrupt(operation, file, "it is no readable Parquet file");
                corrupt.because(self.redactor.cause(error))
            }
        }
    }

    /// Makes the error of a file that cannot be read as ours.
    pub(super) fn corrupt(
        &self,
        operation: &'static str,
        file: &str,
        why: impl std::fmt::Display,
    ) -> Error {
        Error::new(
            Kind::DestinationCorrupt,
            operation,
            format!(
                "The file {file} in {} is not as Deputy left it: {why}.",
                self.url
            ),
            "Put it back from a copy; or move the folder of this person away, and everything is read anew.",
        )
    }

    /// Makes the error of a second writer.
    pub(super) fn contested(&self, operation: &'static str, meaning: &str) -> Error {
        Error::new(
            Kind::DestinationContested,
            operation,
            format!("{} is written by somebody else: {meaning}.", self.url),
            "Let one Deputy alone write here; this one looks again and goes on from what it finds.",
        )
    }

    /// Makes the error of a folder that is not there.
    pub(super) fn missing(&self, operation: &'static str) -> Error {
        let (meaning, remedy) = words(Kind::DestinationNotFound);
        Error::new(
            Kind::DestinationNotFound,
            operation,
            format!("{} {meaning}", self.url),
            remedy,
        )
    }

    /// Turns a failure of the file system into ours.
    pub(super) fn file_system(&self, operation: &'static str, error: &io::Error) -> Error {
        let kind = classify_io(error).unwrap_or(Kind::DestinationUnreachable);
        let (meaning, remedy) = words(kind);
        Error::new(kind, operation, format!("{} {meaning}", self.url), remedy)
            .because(self.redactor.cause(error))
    }
}

fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::DestinationUnreachable => (
            "cannot be reached.",
            "Deputy tries again; if it lasts, check the endpoint, the network and the network policy.",
        ),
        Kind::DestinationCredentialsRefused => (
            "refuses the credentials.",
            "Put valid ones into the Secret, or give the pod an identity that the store knows.",
        ),
        Kind::DestinationReadOnly => (
            "may not be read and written.",
            "Grant list, get, put and delete there; a folder must belong to the user that Deputy runs as, and be mounted writable.",
        ),
        Kind::DestinationFull => (
            "has no room left.",
            "Make room or raise the quota; Deputy goes on by itself.",
        ),
        Kind::DestinationNotFound => (
            "does not exist.",
            "Create the bucket or folder, or mount the volume; or correct the URL. Deputy makes neither.",
        ),
        Kind::DestinationInvalid => (
            "cannot do what Deputy needs.",
            "Use a store that can put an object only if there is none of that name (If-None-Match), or a file system with hard links.",
        ),
        Kind::DestinationContested => (
            "is written by somebody else.",
            "Let one Deputy alone write here.",
        ),
        Kind::DestinationCorrupt => (
            "holds something that cannot be read.",
            "Put it back from a copy.",
        ),
    }
}

fn classify(error: &StoreError) -> Kind {
    if let Some(kind) = in_chain::<io::Error>(error).and_then(classify_io) {
        return kind;
    }
    match error {
        StoreError::NotFound { .. } => Kind::DestinationNotFound,
        StoreError::Unauthenticated { .. } => Kind::DestinationCredentialsRefused,
        StoreError::PermissionDenied { source, .. } => refused(&source.to_string()),
        StoreError::NotSupported { .. } | StoreError::NotImplemented { .. } => {
            Kind::DestinationInvalid
        }
        StoreError::Generic { source, .. } => answered(&source.to_string()),
        _ => Kind::DestinationUnreachable,
    }
}

/// Tells a wrong key from a missing right: S3 answers 403 to both.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>, read 2026-11-22.
fn refused(answer: &str) -> Kind {
    let wrong_key = [
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "AuthenticationFailed",
        "InvalidAuthenticationInfo",
    ];
    if wrong_key.iter().any(|code| answer.contains(code)) {
        Kind::DestinationCredentialsRefused
    } else {
        Kind::DestinationReadOnly
    }
}

/// Reads an answer that the store's client has no case for.
fn answered(answer: &str) -> Kind {
    let any = |codes: &[&str]| codes.iter().any(|code| answer.contains(code));
    if any(&[
        "507 ",
        "QuotaExceeded",
        "StorageFull",
        "InsufficientStorage",
    ]) {
        Kind::DestinationFull
    } else if any(&["501 Not Implemented", "NotImplemented"]) {
        Kind::DestinationInvalid
    } else if any(&[
        "ExpiredToken",
        "InvalidToken",
        "invalid_grant",
        "invalid_client",
    ]) {
        Kind::DestinationCredentialsRefused
    } else {
        Kind::DestinationUnreachable
    }
}

fn classify_io(error: &io::Error) -> Option<Kind> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Some(Kind::DestinationFull)
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some(Kind::DestinationReadOnly)
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Some(Kind::DestinationNotFound),
        io::ErrorKind::Unsupported => Some(Kind::DestinationInvalid),
        _ => None,
    }
}

fn in_chain<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Finds the store's failure within a reader's or writer's.
pub(super) fn store_error(error: &ParquetError) -> Option<&StoreError> {
    match error {
        ParquetError::External(inner) => in_chain(inner.as_ref()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn generic(source: impl Into<Box<dyn StdError + Send + Sync>>) -> StoreError {
        StoreError::Generic {
            store: "test",
            source: source.into(),
        }
    }

    #[rstest]
    #[case(generic(io::Error::from_raw_os_error(28)), Kind::DestinationFull)]
    #[case(generic(io::Error::from_raw_os_error(122)), Kind::DestinationFull)]
    #[case(generic(io::Error::from_raw_os_error(30)), Kind::DestinationReadOnly)]
    #[case(generic(io::Error::from_raw_os_error(13)), Kind::DestinationReadOnly)]
    #[case(generic(io::Error::from_raw_os_error(2)), Kind::DestinationNotFound)]
    #[case(generic(io::Error::from_raw_os_error(95)), Kind::DestinationInvalid)]
    #[case(
        generic(io::Error::from_raw_os_error(111)),
        Kind::DestinationUnreachable
    )]
    #[case(generic("XMinioStorageFull"), Kind::DestinationFull)]
    #[case(generic("501 Not Implemented"), Kind::DestinationInvalid)]
    #[case(generic("503 Slow Down"), Kind::DestinationUnreachable)]
    #[case(StoreError::NotFound { path: String::new(), source: "NoSuchBucket".into() }, Kind::DestinationNotFound)]
    #[case(StoreError::Unauthenticated { path: String::new(), source: "".into() }, Kind::DestinationCredentialsRefused)]
    #[case(StoreError::PermissionDenied { path: String::new(), source: "AccessDenied".into() }, Kind::DestinationReadOnly)]
    #[case(StoreError::PermissionDenied { path: String::new(), source: "InvalidAccessKeyId".into() }, Kind::DestinationCredentialsRefused)]
    fn a_failure_means_one_thing(#[case] error: StoreError, #[case] kind: Kind) {
        assert_eq!(classify(&error), kind);
    }
}
