//! Free ports for servers that cannot bind port 0 themselves.

use std::net::TcpListener;

/// A loopback port that was free a moment ago. Another process may take it first, so whoever starts a server on it
/// tries again with another one.
pub(crate) fn free() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("binds a loopback port");
    listener.local_addr().expect("has an address").port()
}
