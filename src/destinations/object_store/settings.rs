//! Which entries of a Secret are settings of a store.
//!
//! Not all that a store's client can be told: some settings name files on this machine, or where to ask for the pod's
//! identity. Whoever may write a Secret could have the operator's own tokens read or sent away. So there is a list, and
//! an endpoint goes only together with credentials of its own.

use secrecy::ExposeSecret;

use super::errors::Place;
use crate::destinations::{Error, Kind};
use crate::model::secret::Credentials;

/// The entry with the authority that signed the server's certificate, as PEM, for every kind of store.
pub(super) const AUTHORITY: &str = "ca.crt";

/// What a kind of store may be told.
pub(super) struct Settings {
    /// The names that may be there.
    known: &'static [&'static str],
    /// One of these sets must be there whole.
    enough: &'static [&'static [&'static str]],
}

/// For `s3://`.
pub(super) const S3: Settings = Settings {
    known: &[
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "aws_region",
        "aws_endpoint",
        "aws_virtual_hosted_style_request",
        "aws_allow_http",
        "aws_skip_signature",
        "aws_unsigned_payload",
        "aws_checksum_algorithm",
        "aws_disable_bulk_delete",
        "aws_request_payer",
        "aws_server_side_encryption",
        "aws_sse_kms_key_id",
        "aws_sse_bucket_key_enabled",
        "aws_sse_customer_key_base64",
        AUTHORITY,
    ],
    enough: &[
        &["aws_access_key_id", "aws_secret_access_key"],
        &["aws_skip_signature"],
    ],
};

/// For `gs://`.
pub(super) const GCS: Settings = Settings {
    known: &[
        "google_service_account_key",
        "google_bearer_token",
        "google_base_url",
        "google_skip_signature",
        "allow_http",
        AUTHORITY,
    ],
    enough: &[
        &["google_service_account_key"],
        &["google_bearer_token"],
        &["google_skip_signature"],
    ],
};

/// For `az://`.
pub(super) const AZURE: Settings = Settings {
    known: &[
        "azure_storage_account_name",
        "azure_storage_account_key",
        "azure_storage_sas_key",
        "azure_storage_client_id",
        "azure_storage_client_secret",
        "azure_storage_tenant_id",
        "azure_storage_authority_host",
        "azure_storage_endpoint",
        "azure_allow_http",
        "azure_skip_signature",
        AUTHORITY,
    ],
    enough: &[
        &["azure_storage_account_name", "azure_storage_account_key"],
        &["azure_storage_account_name", "azure_storage_sas_key"],
        &[
            "azure_storage_account_name",
            "azure_storage_client_id",
            "azure_storage_client_secret",
            "azure_storage_tenant_id",
        ],
        &["azure_storage_account_name", "azure_skip_signature"],
    ],
};

impl Settings {
    /// Reads the entries of a Secret.
    ///
    /// # Errors
    /// `DestinationInvalid`, with the names, where an entry is unknown or not text, or where too little is there.
    pub(super) fn read(
        &self,
        place: &Place,
        credentials: &Credentials,
    ) -> Result<Vec<(String, String)>, Error> {
        let mut settings = Vec::new();
        for name in credentials.names() {
            if !self.known.contains(&name) {
                return Err(self.refuse(
                    place,
                    &format!("has the entry `{name}`, which it may not be told"),
                ));
            }
            let value = credentials.get(name).map(ExposeSecret::expose_secret);
            let text = value.and_then(|bytes| std::str::from_utf8(bytes).ok());
            let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
                return Err(self.refuse(
                    place,
                    &format!("has the entry `{name}`, which is empty or not text"),
                ));
            };
            settings.push((name.to_owned(), text.to_owned()));
        }
        let has = |name: &&str| settings.iter().any(|(known, _)| known == name);
        if self.enough.iter().any(|set| set.iter().all(has)) {
            return Ok(settings);
        }
        let names: Vec<&str> = credentials.names().collect();
        Err(self.refuse(
            place,
            &format!(
                "has only [{}], too little to sign in with",
                names.join(", ")
            ),
        ))
    }

    fn refuse(&self, place: &Place, what: &str) -> Error {
        let sets: Vec<String> = self.enough.iter().map(|set| set.join(" + ")).collect();
        Error::new(
            Kind::DestinationInvalid,
            "open",
            format!("The Secret for {} {what}.", place.url),
            format!(
                "Give it one of: {}. Besides, it may have: {}.",
                sets.join("; "),
                self.known.join(", ")
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::destinations::redact::Redactor;

    fn read(settings: &Settings, names: &[&str]) -> Result<usize, String> {
        let place = Place {
            url: "s3://bucket".into(),
            redactor: Redactor::default(),
        };
        let entries = names
            .iter()
            .map(|name| ((*name).to_owned(), b"canary".to_vec()));
        let read = settings.read(&place, &Credentials::new(entries));
        read.map(|settings| settings.len()).map_err(|error| {
            assert_eq!(error.kind, Kind::DestinationInvalid);
            error.to_string()
        })
    }

    #[test]
    fn what_is_enough_is_taken() {
        let names = ["aws_access_key_id", "aws_secret_access_key", "aws_region"];
        assert_eq!(read(&S3, &names), Ok(3));
        assert_eq!(read(&GCS, &["google_service_account_key"]), Ok(1));
        let names = ["azure_storage_account_name", "azure_storage_account_key"];
        assert_eq!(read(&AZURE, &names), Ok(2));
    }

    #[rstest]
    #[case::a_file_of_this_machine("aws_web_identity_token_file")]
    #[case::another_identity_service("aws_metadata_endpoint")]
    #[case::a_typing_error("aws_regoin")]
    fn what_it_may_not_be_told_is_named(#[case] name: &str) {
        let names = ["aws_access_key_id", "aws_secret_access_key", name];
        let error = read(&S3, &names).unwrap_err();
        assert!(error.contains(name) && !error.contains("canary"), "{error}");
    }

    #[test]
    fn an_endpoint_without_credentials_is_refused() {
        let error = read(&S3, &["aws_endpoint", "aws_region"]).unwrap_err();
        assert!(error.contains("aws_endpoint, aws_region"), "{error}");
    }
}
