//! Buckets that are not there, not ours, or not to be written: named, and taken up once they are as they should be.

use super::World;
use crate::company::place::Place;
use crate::support::buckets::{Bucket, S3};
use crate::support::stage::{CONNECTION, USER};

/// A world whose bucket is not as it should be, applied.
async fn world(bucket: &Bucket) -> World {
    let world = World::new(Place::Bucket(bucket.clone())).await;
    world.apply().await;
    world
}

/// Insists that the connection and, where it has come to that, the person say so.
async fn says(world: &World, bucket: &Bucket, reason: &str, words: &[&str]) {
    let words: Vec<&str> = words.iter().copied().chain([bucket.url.as_str()]).collect();
    let unreachable = ("DestinationReachable", "False", reason);
    world.says(CONNECTION, "acme", unreachable, &words).await;
    world
        .until(CONNECTION, "acme", ("Ready", "False", reason))
        .await;
    world.until(USER, "peter", ("Ready", "False", reason)).await;
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_named_and_filled_once_it_does() {
    let server = S3::shared().await;
    let bucket = server.no_bucket();
    let world = world(&bucket).await;
    let mut operator = world.stage.operator();
    let words = ["does not exist: NoSuchBucket", "Create the bucket"];
    says(&world, &bucket, "DestinationNotFound", &words).await;

    server.make(&bucket).await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_key_that_is_wrong_is_said_to_be_and_a_right_one_is_noticed() {
    let bucket = S3::shared().await.bucket().await;
    let wrong = bucket
        .clone()
        .with("aws_secret_access_key", "CANARY-wrong-key");
    let mut world = world(&wrong).await;
    let mut operator = world.stage.operator();
    let words = ["refuses the credentials: SignatureDoesNotMatch", "Secret"];
    says(&world, &bucket, "DestinationCredentialsRefused", &words).await;

    world.place = Place::Bucket(bucket);
    world.apply().await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
    assert!(!operator.log().contains("CANARY-wrong-key"));
}

#[tokio::test]
async fn a_bucket_that_may_not_be_written_is_named_with_the_rights_to_grant() {
    let server = S3::shared().await;
    let bucket = server.user(&server.bucket().await).await;
    server
        .allow(&bucket, &["s3:ListBucket", "s3:GetObject"])
        .await;
    let world = world(&bucket).await;
    let mut operator = world.stage.operator();
    let place = bucket.url.replace("s3://", "arn:aws:s3:::");
    let words = [
        "may not be written: AccessDenied",
        "s3:PutObject",
        place.as_str(),
    ];
    says(&world, &bucket, "DestinationReadOnly", &words).await;

    let all = [
        "s3:ListBucket",
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
    ];
    server.allow(&bucket, &all).await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}
