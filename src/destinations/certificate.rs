//! Whether it was a server's certificate that a connection failed for.

use std::error::Error;
use std::io;

/// Returns whether a certificate is among what led to an error.
pub(crate) fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(rustls::Error::InvalidCertificate(_)) = tls_error(cause) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// The TLS library's error is wrapped in one of input and output, which hides it from the chain.
fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut wrapped = cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    // The HTTP client wraps it once more.
    while let Some(inner) = wrapped.and_then(|inner| inner.downcast_ref::<io::Error>()) {
        wrapped = inner.get_ref();
    }
    cause
        .downcast_ref()
        .or_else(|| wrapped.and_then(|inner| inner.downcast_ref()))
}
