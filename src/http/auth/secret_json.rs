//! Reading and writing a JSON file that is a secret.

use secrecy::{ExposeSecret, SecretSlice};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};

/// Why a secret file could not be read. Says where, never what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// There is nothing but white space.
    #[error("it is empty")]
    Empty,
    /// It ends in the middle.
    #[error("it ends in the middle, after {bytes} bytes")]
    CutOff {
        /// How long it is.
        bytes: usize,
    },
    /// It is not JSON.
    #[error("it is not JSON (line {line}, column {column})")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is JSON, but a field is of another type than it has to be.
    #[error("a field on line {line} is of another type than in a key file")]
    Shape {
        /// The line, from 1.
        line: usize,
    },
}

/// Reads a secret JSON file.
///
/// # Errors
/// What is wrong with it, in words that hold nothing of it.
pub fn read_secret_json<T: DeserializeOwned>(file: &SecretSlice<u8>) -> Result<T, JsonFault> {
    let bytes = file.expose_secret();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(JsonFault::Empty);
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Eof => JsonFault::CutOff { bytes: bytes.len() },
        Category::Data => JsonFault::Shape { line: error.line() },
        Category::Syntax | Category::Io => JsonFault::NotJson {
            line: error.line(),
            column: error.column(),
        },
    })
}

/// Writes a secret JSON file: fields that may be seen, and one of text that may not. None where that is no text.
pub fn write_secret_json(
    mut open: Map<String, Value>,
    name: &str,
    secret: &SecretSlice<u8>,
) -> Option<SecretSlice<u8>> {
    let text = std::str::from_utf8(secret.expose_secret()).ok()?;
    open.insert(name.to_owned(), Value::String(text.to_owned()));
    Some(Value::Object(open).to_string().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_fault_has_its_name_and_shows_nothing() {
        let fault = |text: &str| {
            read_secret_json::<BTreeMap<String, String>>(&text.as_bytes().to_vec().into())
                .unwrap_err()
        };
        assert_eq!(fault(" \n"), JsonFault::Empty);
        assert_eq!(fault("{\"a\": \"ca"), JsonFault::CutOff { bytes: 9 });
        assert_eq!(
            fault("-----BEGIN"),
            JsonFault::NotJson { line: 1, column: 2 }
        );
        let fault = fault("{\"canary\": 12345}");
        assert_eq!(fault, JsonFault::Shape { line: 1 });
        assert!(!format!("{fault} {fault:?}").contains("12345"));
    }
}
