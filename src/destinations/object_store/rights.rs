//! Which right is missing, and how it is granted.

use url::Url;

/// What was tried, for the sake of the right that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// More than one thing.
    Several,
    Write,
    Read,
    List,
    Delete,
}

impl Access {
    /// Says of a place that the right is missing there.
    pub(super) fn refused(self) -> &'static str {
        match self {
            Self::Several => "may not be read and written",
            Self::Write => "may not be written",
            Self::Read => "may not be read",
            Self::List => "may not be listed",
            Self::Delete => "may be written, but nothing may be deleted there",
        }
    }
}

/// Says what is to be granted at a place, with the names to paste.
///
/// Sources: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_s3.html>,
/// <https://cloud.google.com/storage/docs/access-control/iam-roles>,
/// <https://learn.microsoft.com/rest/api/storageservices/create-service-sas>, read 2026-11-28.
pub(super) fn to_grant(place: &str) -> String {
    let url = Url::parse(place).ok();
    let bucket = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let path = url
        .as_ref()
        .map_or("", |url| url.path().trim_end_matches('/'));
    match url.as_ref().map(Url::scheme) {
        Some("s3") => format!(
            "Allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:AbortMultipartUpload on \
             arn:aws:s3:::{bucket}{path}/*, and s3:ListBucket on arn:aws:s3:::{bucket}."
        ),
        Some("gs") => format!("Grant roles/storage.objectUser on the bucket {bucket}."),
        Some("az") => format!(
            "Assign Storage Blob Data Contributor on the container {bucket}, or sign a SAS with sp=racwdl; and let the \
             account's firewall admit this cluster."
        ),
        _ => "The folder must belong to the user that Deputy runs as, and be mounted writable."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_grant_is_ready_to_paste() {
        let said = to_grant("s3://kept/some/where/");
        assert!(said.contains("arn:aws:s3:::kept/some/where/*,"), "{said}");
        assert!(said.ends_with("arn:aws:s3:::kept."), "{said}");
        assert!(to_grant("s3://kept").contains("arn:aws:s3:::kept/*"));
        assert!(to_grant("gs://kept/x").contains("bucket kept"));
        assert!(to_grant("az://kept/x").contains("container kept"));
        assert!(to_grant("file:///kept").contains("mounted writable"));
    }
}
