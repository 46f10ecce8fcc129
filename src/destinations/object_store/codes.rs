//! The codes with which stores say why they refuse. Amazon, Google and Microsoft write them alike.

use crate::destinations::Kind;

/// What is said instead of a code where it was the server's certificate.
pub(super) const CERTIFICATE: &str = "certificate of an unknown authority, or for another name";

/// How the client calls an answer of S3 to a request for a bucket that is elsewhere.
pub(super) const BARE_REDIRECT: &str = "Received redirect without LOCATION";

/// Finds the vendor's code in an answer; else the status of the answer.
pub(super) fn code_in(answer: &str) -> Option<&str> {
    let marks = [
        ("<Code>", "</Code>"),
        // Of an answer about many objects the client quotes the code of one.
        ("(code: ", ")"),
        ("\"error\":\"", "\""),
        ("\"error\": \"", "\""),
        ("status code: ", ":"),
    ];
    let mut found = marks
        .iter()
        .filter_map(|(before, after)| between(answer, before, after));
    found.find(|code| is_code(code))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after).map_or(rest, |(found, _)| found))
}

/// What a server says is not believed to be short, nor a code.
fn is_code(code: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " ._-".contains(letter);
    (1..=64).contains(&code.len()) && code.chars().all(plain)
}

/// What follows from a code; none where it says no more than the status of the answer.
///
/// Sources: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>,
/// <https://learn.microsoft.com/rest/api/storageservices/sas-error-codes>, read 2026-11-28.
pub(super) fn kind_of(code: &str) -> Option<Kind> {
    Some(match code {
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed"
        | "ExpiredToken"
        | "InvalidToken"
        | "TokenRefreshRequired"
        | "InvalidSecurity"
        | "AuthenticationFailed"
        | "AuthenticationRequired"
        | "InvalidAuthenticationInfo"
        | "NoAuthenticationInformation"
        | "KeyBasedAuthenticationNotPermitted"
        | "invalid_grant"
        | "invalid_client"
        | "unauthorized_client" => Kind::DestinationCredentialsRefused,
        "AccessDenied"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "AccountIsDisabled"
        | "InsufficientAccountPermissions"
        | "AuthorizationFailure"
        | "AuthorizationPermissionMismatch"
        | "AuthorizationResourceTypeMismatch"
        | "AuthorizationSourceIPMismatch"
        | "BlobImmutableDueToPolicy" => Kind::DestinationReadOnly,
        "QuotaExceeded"
        | "StorageFull"
        | "XMinioStorageFull"
        | "InsufficientStorage"
        | "507 Insufficient Storage" => Kind::DestinationFull,
        "NoSuchBucket" | "ContainerNotFound" => Kind::DestinationNotFound,
        "NotImplemented"
        | "501 Not Implemented"
        | "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "IllegalLocationConstraintException"
        | "InvalidBucketName"
        | "InvalidResourceName" => Kind::DestinationInvalid,
        _ => return None,
    })
}

/// What a code means and what to do, where that is more than what follows from its kind.
pub(super) fn words(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "RequestTimeTooSkewed" => (
            "finds this machine's clock wrong",
            "Set the clocks of the nodes by NTP; requests are signed with the time.",
        ),
        "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "IllegalLocationConstraintException" => (
            "is in another region",
            "Write the region of the bucket into the Secret's entry `aws_region`.",
        ),
        "InvalidBucketName" | "InvalidResourceName" => {
            ("has a name that no bucket can have", "Correct the URL.")
        }
        "KeyBasedAuthenticationNotPermitted" => (
            "takes no account keys",
            "Use azure_storage_client_id and its companions in the Secret, or the identity of the pod.",
        ),
        CERTIFICATE => (
            "is not believed",
            "Put the authority's certificate, as PEM, into the Secret's entry `ca.crt`; and check the endpoint's name.",
        ),
        "BlobImmutableDueToPolicy" => (
            "keeps what is to be deleted",
            "Take the immutability policy off the container: Deputy folds files, and erases people.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::amazon(
        "… 403 Forbidden: <Error><Code>AccessDenied</Code><Message>x</Message>",
        "AccessDenied"
    )]
    #[case::one_of_many(
        "DeleteObjects request failed for key a: Access Denied (code: AccessDenied)",
        "AccessDenied"
    )]
    #[case::a_token(
        "401 Unauthorized: {\"error\": \"invalid_client\",\"error_description\":\"x\"}",
        "invalid_client"
    )]
    #[case::nothing_but_a_status(
        "non-2xx status code: 503 Service Unavailable: ",
        "503 Service Unavailable"
    )]
    fn a_code_is_found(#[case] answer: &str, #[case] code: &str) {
        assert_eq!(code_in(answer), Some(code));
    }

    #[test]
    fn what_is_no_code_is_not_repeated() {
        for answer in ["<Code>a<b></Code>", "<Code></Code>", "connection closed"] {
            assert_eq!(code_in(answer), None);
        }
        assert_eq!(code_in(&format!("<Code>{}</Code>", "x".repeat(65))), None);
    }
}
