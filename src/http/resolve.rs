//! Names become addresses here, and an address of the inside is refused.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns;

use super::endpoints::{Allowed, is_public};
use super::error::{Kind, Mark};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Addresses = std::vec::IntoIter<SocketAddr>;
type Resolving<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Resolves names for every connection that is made, so that what was checked as a name is checked again as an address.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    allowed: Arc<[Allowed]>,
}

impl Resolver {
    pub(super) fn new(allowed: Arc<[Allowed]>) -> Self {
        Self { allowed }
    }

    async fn addresses(self, host: String) -> Result<Addresses, BoxError> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
        Ok(self.admitted(&host, found)?.into_iter())
    }

    /// Drops addresses of the inside, unless whoever runs the operator has named the host.
    fn admitted(&self, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Mark> {
        if self.allowed.iter().any(|one| one.is_host(host)) {
            return Ok(found);
        }
        let public: Vec<SocketAddr> = found.into_iter().filter(|to| is_public(to.ip())).collect();
        if public.is_empty() {
            return Err(Mark {
                kind: Kind::Refused,
                detail: "the name resolves to no public address",
            });
        }
        Ok(public)
    }
}

impl tower_service::Service<dns::Name> for Resolver {
    type Response = Addresses;
    type Error = BoxError;
    type Future = Resolving<Addresses>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: dns::Name) -> Self::Future {
        Box::pin(self.clone().addresses(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_name_never_leads_inside() {
        let resolver = Resolver::new(Arc::new(["sandbox.example".parse().unwrap()]));
        let inside: SocketAddr = "10.0.0.1:0".parse().unwrap();
        let outside: SocketAddr = "142.250.80.10:0".parse().unwrap();
        let refused = resolver
            .admitted("vendor.example", vec![inside])
            .unwrap_err();
        assert_eq!(refused.kind, Kind::Refused);
        let admitted = resolver.admitted("vendor.example", vec![inside, outside]);
        assert_eq!(admitted.unwrap(), [outside]);
        let admitted = resolver.admitted("Sandbox.example", vec![inside]);
        assert_eq!(admitted.unwrap(), [inside]);
    }
}
