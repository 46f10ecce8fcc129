//! A form that carries a secret.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::withhold;

/// An `application/x-www-form-urlencoded` body that cannot be printed.
pub struct Form {
    encoded: SecretString,
    secret: SecretString,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(…)")
    }
}

impl Form {
    /// Makes a form of open fields and one secret one.
    pub(super) fn new(open: &[(&str, &str)], (name, secret): (&str, &SecretString)) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(open);
        form.append_pair(name, secret.expose_secret());
        Self {
            encoded: form.finish().into(),
            secret: secret.clone(),
        }
    }

    /// Returns the body as it is sent.
    pub(in crate::http) fn encoded(&self) -> String {
        self.encoded.expose_secret().to_owned()
    }

    /// Takes the secret out of a body that repeats it.
    pub(in crate::http) fn withheld(&self, body: Vec<u8>) -> Vec<u8> {
        withhold::secret(&self.secret, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_shows_nothing_and_encodes_everything() {
        let form = Form::new(&[("scope", "a/b c")], ("client_secret", &"ca&na=ry".into()));
        assert!(!format!("{form:?}").contains("ca"));
        assert_eq!(form.encoded(), "scope=a%2Fb+c&client_secret=ca%26na%3Dry");
    }
}
