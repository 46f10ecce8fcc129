//! Requests to S3, signed as Amazon's documentation says, and by nothing of Deputy's.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>, read 2026-11-28.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder};
use sha2::{Digest, Sha256};
use url::Url;

/// Who signs.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) key_id: String,
    pub(super) secret: String,
}

impl Signer {
    /// Makes a signed request. Of the URL's query every name has a value, if an empty one, and they are in order.
    pub(super) fn request(
        &self,
        client: &Client,
        method: Method,
        url: Url,
        body: &str,
        now: Timestamp,
    ) -> RequestBuilder {
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let scope = format!("{}/us-east-1/s3/aws4_request", now.strftime("%Y%m%d"));
        let content = hex(&Sha256::digest(body));
        let host = url.authority().to_owned();
        let (path, query) = (url.path(), url.query().unwrap_or_default());
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{content}\nx-amz-date:{time}\n\n{SIGNED}\n{content}"
        );
        let digest = hex(&Sha256::digest(canonical));
        let signature = self.sign(
            &scope,
            &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"),
        );
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={SIGNED}, Signature={signature}",
            self.key_id
        );
        client
            .request(method, url)
            .header("authorization", authorization)
            .header("x-amz-content-sha256", content)
            .header("x-amz-date", time)
            .body(body.to_owned())
    }

    fn sign(&self, scope: &str, text: &str) -> String {
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in scope.split('/') {
            key = mac(&key, part);
        }
        hex(&mac(&key, text))
    }
}

const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";

/// The HMAC-SHA256 of a text.
pub(super) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writes to a text");
    }
    text
}
