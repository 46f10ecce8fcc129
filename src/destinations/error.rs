//! What can go wrong at a destination.

/// What follows from an error of a destination.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::Display, strum::EnumIter,
)]
pub enum Kind {
    /// It cannot be reached, or failed in passing: back off and try again.
    DestinationUnreachable,
    /// It refuses the credentials.
    DestinationCredentialsRefused,
    /// It may not be written, or a right is missing.
    DestinationReadOnly,
    /// There is no room left.
    DestinationFull,
    /// The bucket, folder, database or schema does not exist.
    DestinationNotFound,
    /// The spec or the Secret does not describe a destination.
    DestinationInvalid,
    /// Another writer was first.
    DestinationContested,
    /// Something is there that cannot be read as ours.
    DestinationCorrupt,
}

impl Kind {
    /// Returns the kind as a condition's reason.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Returns whether it befalls everything that is written there, and not one stream.
    pub fn concerns_all(self) -> bool {
        matches!(
            self,
            Self::DestinationCredentialsRefused
                | Self::DestinationReadOnly
                | Self::DestinationFull
                | Self::DestinationNotFound
                | Self::DestinationInvalid
        )
    }

    /// Returns whether trying again may help without anybody doing anything.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::DestinationUnreachable | Self::DestinationContested
        )
    }
}

/// A failed operation of a destination, in words for the person who has to mend it. Never a secret.
#[derive(Debug, thiserror::Error)]
#[error("{meaning} {remedy}")]
pub struct Error {
    /// What follows.
    pub kind: Kind,
    /// What was tried, such as `commit`.
    pub operation: &'static str,
    /// What happened, one sentence, with the place but without credentials.
    pub meaning: String,
    /// What to do about it.
    pub remedy: String,
    /// Where it came from.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error out of its kind, what was tried, what happened and what to do about it.
    pub fn new(
        kind: Kind,
        operation: &'static str,
        meaning: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            operation,
            meaning: meaning.into(),
            remedy: remedy.into(),
            source: None,
        }
    }

    /// Adds where it came from. `source` must be free of secrets: see `redact`.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}
