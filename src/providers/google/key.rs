//! The key file that the console lets one download, as the Secret's entry `key.json`.
//!
//! Source: cloud.google.com/iam/docs/keys-create-delete, read 2026-11-22.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::NAME;
use super::errors::token::CONSOLE_PAGE;
use crate::http::auth::{JsonFault, KeyFile, read_secret_json};
use crate::http::{Client, Endpoints, shortened};
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};

/// The entry of the Secret.
pub(super) const ENTRY: &str = "key.json";

/// A service account's key. It has no `Debug`: nothing of it can be printed by accident.
#[derive(Clone)]
pub(super) struct Key {
    /// What an exchange needs.
    pub(super) file: KeyFile,
    /// The number that an administrator delegates to.
    pub(super) client_id: Option<String>,
    /// The project whose quotas count and whose APIs must be on.
    pub(super) project: Option<String>,
}

impl Key {
    /// Returns the number that an administrator delegates to. A key file without one is rare, and then the account's
    /// page in the console shows it.
    pub(super) fn client_id(&self) -> &str {
        self.client_id
            .as_deref()
            .unwrap_or("(see the service account's unique ID)")
    }

    /// Returns the console's page on which these scopes, and no others, are delegated to this client with one click.
    pub(super) fn remedy_url(&self, scopes: &[String]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("clientScopeToAdd", &scopes.join(","));
        query.append_pair(
            "clientIdToAdd",
            self.client_id.as_deref().unwrap_or_default(),
        );
        query.append_pair("overwriteClientId", "true");
        format!("{CONSOLE_PAGE}?{}", query.finish())
    }

    /// Returns whose quotas are used.
    pub(super) fn quota_account(&self) -> &str {
        self.project.as_deref().unwrap_or(&self.file.account)
    }
}

/// The file as it is; every field may be missing.
#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    private_key: Option<SecretString>,
    client_email: Option<String>,
    client_id: Option<String>,
    project_id: Option<String>,
    token_uri: Option<String>,
    /// An OAuth client's file has one of these two instead of all the others.
    installed: Option<serde::de::IgnoredAny>,
    web: Option<serde::de::IgnoredAny>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// Reads the key and proves that it can sign. Makes no request.
///
/// # Errors
/// [`Class::Invalid`], with a reason and a remedy for each way in which the entry can be wrong.
pub(super) async fn read(
    credentials: &Credentials,
    client: &Client,
    endpoints: &Endpoints,
) -> Result<Key, Error> {
    let Some(entry) = credentials.get(ENTRY) else {
        return Err(missing(credentials));
    };
    let raw: Raw = read_secret_json(entry).map_err(|fault| unreadable(&fault))?;
    let key = complete(raw)?;
    check_token_uri(&key.file.token_uri, endpoints)?;
    match key.file.prove(client).await {
        Ok(()) => Ok(key),
        Err(_) => Err(malformed("its private_key is not an RSA key in PEM form")),
    }
}

fn complete(raw: Raw) -> Result<Key, Error> {
    match raw.kind.as_deref() {
        Some("service_account") => {}
        Some(kind) => return Err(foreign(kind)),
        None if raw.installed.is_some() || raw.web.is_some() => {
            return Err(foreign("OAuth client"));
        }
        None => return Err(lacking("type")),
    }
    let file = KeyFile {
        account: filled("client_email", raw.client_email)?,
        token_uri: filled("token_uri", raw.token_uri)?,
        private_key: raw.private_key.ok_or_else(|| lacking("private_key"))?,
    };
    Ok(Key {
        file,
        client_id: raw.client_id.filter(|id| !id.is_empty()),
        project: raw.project_id.filter(|id| !id.is_empty()),
    })
}

fn filled(name: &str, value: Option<String>) -> Result<String, Error> {
    value
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| lacking(name))
}

fn check_token_uri(uri: &str, endpoints: &Endpoints) -> Result<(), Error> {
    let fault = match url::Url::parse(uri) {
        Ok(url) => endpoints.check(&url).err().map(|error| error.to_string()),
        Err(_) => Some("it is not a URL".to_owned()),
    };
    let Some(fault) = fault else {
        return Ok(());
    };
    Err(invalid(
        Reason::EndpointRefused,
        format!(
            "The key's token_uri, {}, is refused: {fault}.",
            shortened(uri, 200)
        ),
        "Use the file as the console made it; for a sandbox, start the operator with --allow-endpoint for that host.",
    ))
}

fn missing(credentials: &Credentials) -> Error {
    let names: Vec<&str> = credentials.names().take(20).collect();
    let present = if names.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("it has {}", shortened(&names.join(", "), 300))
    };
    invalid(
        Reason::KeyMissing,
        format!("The Secret has no entry {ENTRY}: {present}."),
        "Store the JSON key file of the service account under that name.",
    )
}

fn unreadable(fault: &JsonFault) -> Error {
    match fault {
        JsonFault::Empty => invalid(
            Reason::KeyEmpty,
            format!("The Secret's entry {ENTRY} is empty."),
            "Store the JSON key file of the service account in it.",
        ),
        fault => malformed(&fault.to_string()),
    }
}

fn malformed(fault: &str) -> Error {
    invalid(
        Reason::KeyMalformed,
        format!("The Secret's entry {ENTRY} is not a whole key file: {fault}."),
        "Store the file again, unchanged, as the console made it; if it is lost, make a new key.",
    )
}

fn lacking(field: &str) -> Error {
    malformed(&format!("the field {field} is missing or empty"))
}

fn foreign(kind: &str) -> Error {
    let kind = shortened(kind, 40);
    invalid(
        Reason::KeyForeign,
        format!("The Secret's entry {ENTRY} is of the type {kind}, not service_account."),
        "Make a key for the service account (IAM, Service accounts, Keys, Add key, JSON) and store that file.",
    )
}

fn invalid(reason: Reason, meaning: String, remedy: &str) -> Error {
    Error {
        class: Class::Invalid,
        reason,
        provider: NAME,
        operation: "key",
        status: None,
        code: None,
        meaning,
        remedy: remedy.to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::testing::client;

    /// Returns a key file as the console makes it.
    pub(in crate::providers::google) fn file(token_uri: &str) -> Value {
        json!({
            "type": "service_account",
            "project_id": "acme",
            "private_key_id": "canary-id",
            "private_key": include_str!("../../http/testdata/key.pem"),
            "client_email": "deputy@acme.iam.gserviceaccount.com",
            "client_id": "107400000000000000001",
            "token_uri": token_uri,
        })
    }

    async fn read_text(text: &str) -> Result<Key, Error> {
        let client = client("http://127.0.0.1:1");
        let endpoints = client.endpoints(&["oauth2.googleapis.com"]);
        let credentials = Credentials::new([(ENTRY.to_owned(), text.as_bytes().to_vec())]);
        read(&credentials, &client, &endpoints).await
    }

    async fn fault(text: &str) -> (Reason, String) {
        let Err(error) = read_text(text).await else {
            panic!("a fault was expected");
        };
        assert_eq!(error.class, Class::Invalid);
        assert!(!error.remedy.is_empty());
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("canary") && !shown.contains("MII"),
            "{shown}"
        );
        (error.reason, error.meaning)
    }

    fn whole() -> Value {
        file("https://oauth2.googleapis.com/token")
    }

    fn with(name: &str, value: Value) -> String {
        let mut file = whole();
        file[name] = value;
        file.to_string()
    }

    #[tokio::test]
    async fn a_whole_file_is_read() {
        let key = read_text(&whole().to_string()).await.ok().unwrap();
        assert_eq!(key.client_id.as_deref(), Some("107400000000000000001"));
        assert_eq!(key.project.as_deref(), Some("acme"));
        assert_eq!(key.file.account, "deputy@acme.iam.gserviceaccount.com");
    }

    #[tokio::test]
    async fn each_fault_has_its_reason() {
        let whole = whole().to_string();
        let cut = &whole[..whole.len() / 2];
        let bad_pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n";
        for (text, reason) in [
            (String::new(), Reason::KeyEmpty),
            ("\n ".into(), Reason::KeyEmpty),
            (cut.into(), Reason::KeyMalformed),
            ("canary".into(), Reason::KeyMalformed),
            ("[1]".into(), Reason::KeyMalformed),
            ("{}".into(), Reason::KeyMalformed),
            (with("type", json!("authorized_user")), Reason::KeyForeign),
            (with("type", json!("external_account")), Reason::KeyForeign),
            (
                json!({"installed": {"client_secret": "canary"}}).to_string(),
                Reason::KeyForeign,
            ),
            (with("client_email", json!("")), Reason::KeyMalformed),
            (with("client_email", json!(7)), Reason::KeyMalformed),
            (with("private_key", Value::Null), Reason::KeyMalformed),
            (with("private_key", json!(bad_pem)), Reason::KeyMalformed),
            (with("token_uri", json!("")), Reason::KeyMalformed),
            (
                with("token_uri", json!("https://evil.example/token")),
                Reason::EndpointRefused,
            ),
            (
                with("token_uri", json!("http://oauth2.googleapis.com/token")),
                Reason::EndpointRefused,
            ),
            (with("token_uri", json!("token")), Reason::EndpointRefused),
        ] {
            let (found, meaning) = fault(&text).await;
            assert_eq!(found, reason, "{meaning}");
        }
    }

    #[tokio::test]
    async fn a_missing_entry_names_those_that_are_there() {
        let client = client("http://127.0.0.1:1");
        let entries =
            ["credentials.json", "tls.crt"].map(|name| (name.to_owned(), b"canary".to_vec()));
        let credentials = Credentials::new(entries);
        let Err(error) = read(&credentials, &client, &client.endpoints(&[])).await else {
            panic!("a fault was expected");
        };
        assert_eq!(error.reason, Reason::KeyMissing);
        assert!(
            error.meaning.contains("credentials.json, tls.crt"),
            "{error}"
        );
        assert!(!error.to_string().contains("canary"));
    }
}
