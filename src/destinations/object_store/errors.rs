//! What a store's failures mean.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;

use object_store::Error as StoreError;
use parquet::errors::ParquetError;

use super::codes;
use super::rights::{self, Access};
use crate::destinations::redact::Redactor;
use crate::destinations::{Error, Kind, certificate};

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
        self.refused(operation, Access::Several, error)
    }

    /// The same, where one right was enough.
    pub(super) fn refused(
        &self,
        operation: &'static str,
        access: Access,
        error: &StoreError,
    ) -> Error {
        let finding = Finding::of(error);
        self.say(operation, access, &finding)
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
        let finding = Finding::new(Kind::DestinationNotFound, None);
        self.say(operation, Access::Several, &finding)
    }

    /// Turns a failure of the file system into ours.
    pub(super) fn file_system(&self, operation: &'static str, error: &io::Error) -> Error {
        let kind = classify_io(error).unwrap_or(Kind::DestinationUnreachable);
        let finding = Finding::new(kind, Some(error.to_string()));
        self.say(operation, Access::Several, &finding)
            .because(self.redactor.cause(error))
    }

    fn say(&self, operation: &'static str, access: Access, finding: &Finding) -> Error {
        let (meaning, remedy) = self.words(access, finding);
        let why = finding.why.as_deref().unwrap_or_default();
        let why = self.redactor.line(why).to_string();
        let colon = if why.is_empty() { "" } else { ": " };
        let meaning = format!("{} {meaning}{colon}{why}.", self.url);
        Error::new(finding.kind, operation, meaning, remedy)
    }

    fn words(&self, access: Access, finding: &Finding) -> (&'static str, Cow<'static, str>) {
        if let Some((meaning, remedy)) = finding.why.as_deref().and_then(codes::words) {
            return (meaning, remedy.into());
        }
        match finding.kind {
            Kind::DestinationReadOnly => (access.refused(), rights::to_grant(&self.url).into()),
            kind => {
                let (meaning, remedy) = words(kind);
                (meaning, remedy.into())
            }
        }
    }
}

fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::DestinationUnreachable => (
            "cannot be reached",
            "Deputy tries again; if it lasts, check the endpoint, the network and the network policy.",
        ),
        Kind::DestinationCredentialsRefused => (
            "refuses the credentials",
            "Put valid ones into the Secret, or give the pod an identity that the store knows.",
        ),
        Kind::DestinationReadOnly => (
            "may not be read and written",
            "Grant list, get, put and delete there.",
        ),
        Kind::DestinationFull => (
            "has no room left",
            "Make room or raise the quota; Deputy goes on by itself.",
        ),
        Kind::DestinationNotFound => (
            "does not exist",
            "Create the bucket or folder, or mount the volume; or correct the URL. Deputy makes neither.",
        ),
        Kind::DestinationInvalid => (
            "cannot do what Deputy needs",
            "Use a store that can put an object only if there is none of that name (If-None-Match), or a file system with hard links.",
        ),
        Kind::DestinationContested => (
            "is written by somebody else",
            "Let one Deputy alone write here.",
        ),
        Kind::DestinationCorrupt => (
            "holds something that cannot be read",
            "Put it back from a copy.",
        ),
    }
}

/// What a failure is, and why, as the vendor or the operating system says it.
struct Finding {
    kind: Kind,
    why: Option<String>,
}

impl Finding {
    fn new(kind: Kind, why: Option<String>) -> Self {
        Self { kind, why }
    }

    fn of(error: &StoreError) -> Self {
        if certificate::is_refused(error) {
            return Self::new(
                Kind::DestinationInvalid,
                Some(codes::CERTIFICATE.to_owned()),
            );
        }
        if let Some(error) = in_chain::<io::Error>(error) {
            let kind = classify_io(error).unwrap_or(Kind::DestinationUnreachable);
            return Self::new(kind, Some(error.to_string()));
        }
        let answer = error.to_string();
        if matches!(error, StoreError::Generic { .. }) && answer.contains(codes::BARE_REDIRECT) {
            return Self::new(
                Kind::DestinationInvalid,
                Some("PermanentRedirect".to_owned()),
            );
        }
        let code = codes::code_in(&answer);
        let kind = code.and_then(codes::kind_of).unwrap_or(kind_of(error));
        Self::new(kind, code.map(ToOwned::to_owned))
    }
}

/// What follows where the code says nothing.
fn kind_of(error: &StoreError) -> Kind {
    match error {
        StoreError::NotFound { .. } => Kind::DestinationNotFound,
        StoreError::Unauthenticated { .. } => Kind::DestinationCredentialsRefused,
        StoreError::PermissionDenied { .. } => Kind::DestinationReadOnly,
        StoreError::NotSupported { .. } | StoreError::NotImplemented { .. } => {
            Kind::DestinationInvalid
        }
        _ => Kind::DestinationUnreachable,
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
    #[case(generic("<Code>XMinioStorageFull</Code>"), Kind::DestinationFull)]
    #[case(
        generic("status code: 501 Not Implemented: "),
        Kind::DestinationInvalid
    )]
    #[case(generic("status code: 503 Slow Down: "), Kind::DestinationUnreachable)]
    #[case(
        generic("<Code>AuthorizationHeaderMalformed</Code>"),
        Kind::DestinationInvalid
    )]
    #[case(generic(codes::BARE_REDIRECT), Kind::DestinationInvalid)]
    #[case(StoreError::NotFound { path: String::new(), source: "NoSuchBucket".into() }, Kind::DestinationNotFound)]
    #[case(StoreError::Unauthenticated { path: String::new(), source: "".into() }, Kind::DestinationCredentialsRefused)]
    #[case(StoreError::PermissionDenied { path: String::new(), source: "<Code>AccessDenied</Code>".into() }, Kind::DestinationReadOnly)]
    #[case(StoreError::PermissionDenied { path: String::new(), source: "<Code>InvalidAccessKeyId</Code>".into() }, Kind::DestinationCredentialsRefused)]
    fn a_failure_means_one_thing(#[case] error: StoreError, #[case] kind: Kind) {
        assert_eq!(Finding::of(&error).kind, kind);
    }

    #[test]
    fn it_is_said_with_the_code_and_what_to_do() {
        let place = Place {
            url: "s3://kept/here".into(),
            redactor: Redactor::default(),
        };
        let denied = |code: &str| StoreError::PermissionDenied {
            path: String::new(),
            source: format!("<Code>{code}</Code>").into(),
        };
        for (code, says) in [
            (
                "AccessDenied",
                "s3://kept/here may not be listed: AccessDenied. Allow s3:PutObject",
            ),
            (
                "SignatureDoesNotMatch",
                "refuses the credentials: SignatureDoesNotMatch. Put valid ones",
            ),
            (
                "RequestTimeTooSkewed",
                "clock wrong: RequestTimeTooSkewed. Set the clocks of the nodes",
            ),
            (
                "PermanentRedirect",
                "in another region: PermanentRedirect. Write the region",
            ),
        ] {
            let said = place
                .refused("check", Access::List, &denied(code))
                .to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
