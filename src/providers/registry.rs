//! The list of systems. A new one is one line here.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clients, Error, Pace, Provider, Session};
use crate::model::dataset::Dataset;
use crate::model::secret::Credentials;

macro_rules! providers {
    ($($(#[doc = $doc:literal])* $variant:ident => $provider:ty,)*) => {
        /// Which system, and what that system needs to know. Exactly one.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub enum ProviderSpec {
            $($(#[doc = $doc])* $variant(<$provider as Provider>::Spec),)*
        }

        impl ProviderSpec {
            /// The names of all systems.
            pub const NAMES: &'static [&'static str] = &[$(<$provider as Provider>::NAME,)*];

            /// Each system's name and an example of what the YAML says of it.
            pub const EXAMPLES: &'static [(&'static str, fn() -> serde_json::Value)] =
                &[$((<$provider as Provider>::NAME, <$provider as Provider>::example),)*];

            /// Returns the system's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$provider as Provider>::NAME,)*
                }
            }

            /// Returns the kinds of data that people have there; none where there are no people.
            pub fn datasets(&self) -> &'static [Dataset] {
                match self {
                    $(Self::$variant(_) => <$provider as Provider>::DATASETS,)*
                }
            }

            /// Opens a connection; see [`Provider::open`].
            pub async fn open(
                &self,
                credentials: &Credentials,
                pace: Pace,
                clients: &Clients,
            ) -> Result<Arc<dyn Session>, Error> {
                match self {
                    $(Self::$variant(spec) => {
                        <$provider as Provider>::open(spec, credentials, pace, clients).await
                    })*
                }
            }
        }
    };
}

providers! {
    /// Google Workspace: a service account with domain-wide delegation.
    Google => super::google::Google,
    /// Microsoft 365: an app registration with application permissions.
    Microsoft365 => super::microsoft365::Microsoft365,
    /// SendSafely: the API key of a no-login service account.
    Sendsafely => super::sendsafely::Sendsafely,
    /// Deputy itself: an account that nobody can log in as, and whose keys open the SCIM endpoint and its Dropzone.
    Deputy => super::deputy::Deputy,
}
