//! From what the YAML says to a place that can be written.

use std::sync::Arc;

use super::object_store::ParquetFolder;
use super::postgres::PostgresSchema;
use super::spec::DestinationSpec;
use super::{Destination, Error};
use crate::model::secret::Credentials;

/// Opens a destination. Makes no request; [`Destination::check`] does.
///
/// `credentials` are the entries of the Secret that [`DestinationSpec::secret`] names.
///
/// # Errors
/// [`super::Kind::DestinationInvalid`] where the spec or the Secret does not describe a destination, and
/// [`super::Kind::DestinationNotFound`] where a folder does not exist. Neither passes by itself.
pub fn open(
    spec: &DestinationSpec,
    credentials: Option<&Credentials>,
) -> Result<Arc<dyn Destination>, Error> {
    match spec {
        DestinationSpec::ObjectStore(spec) => Ok(Arc::new(ParquetFolder::open(spec, credentials)?)),
        DestinationSpec::Postgres(spec) => Ok(Arc::new(PostgresSchema::open(spec, credentials)?)),
    }
}
