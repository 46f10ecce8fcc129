//! Servers that speak the protocols of object stores, each strict in what exactly-once rests on: of two who put an object
//! only if there is none of its name, one is refused.

mod azure;
mod bucket;
mod certificate;
mod s3;
mod signature;

pub(crate) use azure::Azurite;
pub(crate) use bucket::Bucket;
pub(crate) use s3::S3;
