//! What is said of a store's failures.

use std::borrow::Cow;
use std::io;

use object_store::Error as StoreError;
use parquet::errors::ParquetError;

use super::codes;
use super::finding::{Finding, in_chain};
use super::rights::{self, Access};
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
        let finding = Finding::of_io(error);
        self.say(operation, Access::Several, &finding)
            .because(self.redactor.cause(error))
    }

    fn say(&self, operation: &'static str, access: Access, finding: &Finding) -> Error {
        let (meaning, remedy) = words(&self.url, access, finding);
        let why = finding.why.as_deref().unwrap_or_default();
        let why = self.redactor.line(why).to_string();
        let colon = if why.is_empty() { "" } else { ": " };
        let meaning = format!("{} {meaning}{colon}{why}.", self.url);
        Error::new(finding.kind, operation, meaning, remedy)
    }
}

/// Returns what is said of a place, and what is to be done there.
fn words(place: &str, access: Access, finding: &Finding) -> (&'static str, Cow<'static, str>) {
    if let Some((meaning, remedy)) = finding.why.as_deref().and_then(codes::words) {
        return (meaning, remedy.into());
    }
    let (meaning, remedy) = match finding.kind {
        Kind::DestinationReadOnly => return (access.refused(), rights::to_grant(place).into()),
        Kind::DestinationUnreachable => (
            "cannot be reached",
            "Deputy tries again; if it lasts, check the endpoint, the network and the network policy.",
        ),
        Kind::DestinationCredentialsRefused => (
            "refuses the credentials",
            "Put valid ones into the Secret, or give the pod an identity that the store knows.",
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
    };
    (meaning, remedy.into())
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
    use super::*;

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
