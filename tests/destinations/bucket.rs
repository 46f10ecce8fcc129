//! What is special about a bucket: who may do what there, whom the operator believes, and what is left of half a file.

use std::sync::Arc;

use bytes::Bytes;
use deputy::destinations::quarantine::Quarantine;
use deputy::destinations::{Error, Kind};
use deputy::model::clock::{Clock as _, SystemClock};
use deputy::model::upload::UploadId;

use super::subject::open_bucket;
use crate::support::buckets::{Azurite, Bucket, S3};
use crate::support::ports;

/// More than goes in one request.
const MEBIBYTES: usize = 12;

async fn refused(bucket: &Bucket) -> Error {
    open_bucket(bucket).check().await.expect_err("is refused")
}

/// Insists on a kind, and on what is said.
async fn says(bucket: &Bucket, kind: Kind, words: &[&str]) {
    let error = refused(bucket).await;
    assert_eq!(error.kind, kind, "{error}");
    let said = error.to_string();
    for word in words.iter().chain([&bucket.url.as_str()]) {
        assert!(said.contains(word), "{said:?} lacks {word:?}");
    }
    let secrets = bucket
        .entries
        .iter()
        .filter(|(_, value)| value.starts_with("CANARY"));
    for (_, secret) in secrets {
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
}

#[tokio::test]
async fn every_right_that_is_missing_is_named() {
    const RIGHTS: [&str; 4] = [
        "s3:PutObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:DeleteObject",
    ];
    let server = S3::shared().await;
    let bucket = server.user(&server.bucket().await).await;
    for (missing, says_so) in RIGHTS.iter().zip([
        "may not be written: AccessDenied",
        "may not be read: AccessDenied",
        "may not be listed: AccessDenied",
        "nothing may be deleted there: AccessDenied",
    ]) {
        let rest: Vec<&str> = RIGHTS
            .into_iter()
            .filter(|right| right != missing)
            .collect();
        server.allow(&bucket, &rest).await;
        says(&bucket, Kind::DestinationReadOnly, &[says_so, missing]).await;
    }
    server.allow(&bucket, &RIGHTS).await;
    open_bucket(&bucket).check().await.unwrap();
}

#[tokio::test]
async fn a_wrong_place_and_a_wrong_key_are_told_apart() {
    let server = S3::shared().await;
    let bucket = server.bucket().await;
    let refused = Kind::DestinationCredentialsRefused;
    let secret = bucket.clone().with("aws_secret_access_key", "CANARY-wrong");
    says(&secret, refused, &["SignatureDoesNotMatch", "Secret"]).await;
    let id = bucket.clone().with("aws_access_key_id", "NOBODY");
    says(&id, refused, &["InvalidAccessKeyId", "Secret"]).await;

    let create = "Create the bucket";
    let none = server.no_bucket();
    says(&none, Kind::DestinationNotFound, &["NoSuchBucket", create]).await;
    let none = Azurite::shared().await.no_container();
    says(
        &none,
        Kind::DestinationNotFound,
        &["ContainerNotFound", create],
    )
    .await;

    let correct = "Correct the URL";
    let mut name = bucket.clone();
    name.url = "s3://no".into();
    says(
        &name,
        Kind::DestinationInvalid,
        &["InvalidBucketName", correct],
    )
    .await;
    let nobody = format!("http://127.0.0.1:{}", ports::free());
    let nobody = bucket.with("aws_endpoint", &nobody);
    says(
        &nobody,
        Kind::DestinationUnreachable,
        &["Connection refused", "endpoint"],
    )
    .await;
}

#[tokio::test]
async fn a_server_of_an_own_authority_is_believed_if_the_secret_says_so() {
    let server = S3::secured().await;
    let bucket = server.bucket().await;
    says(
        &bucket,
        Kind::DestinationInvalid,
        &["certificate", "`ca.crt`"],
    )
    .await;
    let bucket = bucket.with("ca.crt", server.authority());
    open_bucket(&bucket).check().await.unwrap();
    let other = S3::secured().await;
    let bucket = bucket.with("ca.crt", other.authority());
    says(
        &bucket,
        Kind::DestinationInvalid,
        &["certificate", "`ca.crt`"],
    )
    .await;
}

fn quarantine(bucket: &Bucket) -> Arc<dyn Quarantine> {
    open_bucket(bucket)
        .quarantine("namespace", "connection")
        .expect("keeps files")
}

fn mebibyte() -> Bytes {
    vec![b'x'; 1 << 20].into()
}

#[tokio::test]
async fn a_file_that_is_given_up_leaves_nothing_of_itself() {
    let server = S3::shared().await;
    let bucket = server.bucket().await;
    let quarantine = quarantine(&bucket);
    let upload = UploadId::new(SystemClock.now());
    let mut arrival = quarantine.begin(&upload, 1).await.unwrap();
    for _ in 0..MEBIBYTES {
        arrival.write(mebibyte()).await.unwrap();
    }
    assert_eq!(
        server.unfinished(&bucket).await.len(),
        1,
        "it goes in parts"
    );
    arrival.abort().await;
    assert_eq!(server.unfinished(&bucket).await, [""; 0]);
    quarantine.remove(&upload).await.unwrap();
    assert_eq!(bucket.stored().await, [""; 0]);
}

#[tokio::test]
async fn an_upload_to_s3_is_there_once_it_is_sealed_and_goes_whole() {
    let server = S3::shared().await;
    let bucket = server.bucket().await;
    seal_and_remove(&bucket).await;
    assert_eq!(server.unfinished(&bucket).await, [""; 0]);
}

#[tokio::test]
async fn an_upload_to_azure_is_there_once_it_is_sealed_and_goes_whole() {
    seal_and_remove(&Azurite::shared().await.container().await).await;
}

async fn seal_and_remove(bucket: &Bucket) {
    let quarantine = quarantine(bucket);
    let upload = UploadId::new(SystemClock.now());
    for (number, mebibytes) in [(1, MEBIBYTES), (2, 1)] {
        let mut arrival = quarantine.begin(&upload, number).await.unwrap();
        for _ in 0..mebibytes {
            arrival.write(mebibyte()).await.unwrap();
        }
        arrival.finish().await.unwrap();
    }
    assert_eq!(quarantine.manifest(&upload, 100).await.unwrap(), None);
    let manifest = Bytes::from_static(b"{}");
    for _ in 0..2 {
        quarantine.seal(&upload, manifest.clone()).await.unwrap();
        quarantine.note_notified(&upload).await.unwrap();
    }
    assert_eq!(
        quarantine.uploads().await.unwrap(),
        std::slice::from_ref(&upload)
    );
    assert!(quarantine.is_notified(&upload).await.unwrap());
    let kept = quarantine.manifest(&upload, 100).await.unwrap();
    assert_eq!(kept, Some(manifest));
    let path = format!("_quarantine/namespace/connection/{upload}/1");
    assert_eq!(bucket.read(&path).await.len(), MEBIBYTES << 20);
    assert_eq!(
        quarantine.read(&upload, 1).await.unwrap().unwrap().bytes,
        (MEBIBYTES as u64) << 20
    );
    quarantine.remove(&upload).await.unwrap();
    quarantine.remove(&upload).await.unwrap();
    assert_eq!(bucket.stored().await, [""; 0]);
}
