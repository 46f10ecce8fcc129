//! An object that may not be what its kind promises, so that one bad object stops only itself.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::DeserializeGuard;

use super::conditions::capped;

/// The annotation in which `kubectl apply` keeps a second copy of the object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object as it is cached: without the bulky parts that nobody reads.
#[derive(Debug, Clone)]
pub enum Guarded<K> {
    /// It is what its kind promises.
    Decoded(Arc<K>),
    /// It is not.
    Undecodable {
        /// Its metadata.
        metadata: Box<ObjectMeta>,
        /// What was found instead, at most 1 kB.
        error: String,
    },
}

impl<K: Resource + Clone> Guarded<K> {
    /// Takes over what a watch has read.
    pub(crate) fn new(DeserializeGuard(read): DeserializeGuard<K>) -> Self {
        match read {
            Ok(mut object) => {
                trim(object.meta_mut());
                Self::Decoded(Arc::new(object))
            }
            Err(mut invalid) => {
                trim(&mut invalid.metadata);
                Self::Undecodable {
                    metadata: Box::new(invalid.metadata),
                    error: capped(&invalid.error),
                }
            }
        }
    }

    /// Returns the object, if it is one.
    pub fn decoded(&self) -> Option<Arc<K>> {
        match self {
            Self::Decoded(object) => Some(Arc::clone(object)),
            Self::Undecodable { .. } => None,
        }
    }
}

/// Drops what nobody here reads: it is most of the memory of a small object.
pub(crate) fn trim(meta: &mut ObjectMeta) {
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove(LAST_APPLIED);
    }
}

impl<K: Resource + Clone> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }

    fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }

    fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }

    fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Decoded(object) => object.meta(),
            Self::Undecodable { metadata, .. } => metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Decoded(object) => Arc::make_mut(object).meta_mut(),
            Self::Undecodable { metadata, .. } => metadata,
        }
    }
}
