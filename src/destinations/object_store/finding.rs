//! What a store's failure is, told by the vendor's code, by the operating system, or by the status of the answer.

use std::error::Error as StdError;
use std::io;

use object_store::Error as StoreError;

use super::codes;
use crate::destinations::{Kind, certificate};

/// What a failure is, and why, as the vendor or the operating system says it.
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) why: Option<String>,
}

impl Finding {
    pub(super) fn new(kind: Kind, why: Option<String>) -> Self {
        Self { kind, why }
    }

    /// Judges a failure of the file system or the network.
    pub(super) fn of_io(error: &io::Error) -> Self {
        let kind = classify_io(error).unwrap_or(Kind::DestinationUnreachable);
        Self::new(kind, Some(error.to_string()))
    }

    /// Judges a store's failure.
    pub(super) fn of(error: &StoreError) -> Self {
        if certificate::is_refused(error) {
            return Self::new(
                Kind::DestinationInvalid,
                Some(codes::CERTIFICATE.to_owned()),
            );
        }
        if let Some(error) = in_chain::<io::Error>(error) {
            return Self::of_io(error);
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

/// Finds a cause of one kind.
pub(super) fn in_chain<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
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
}
