//! The fields of the form, beside the files.

use super::names::{line, lines};
use super::refusal::Refusal;
use crate::model::email::Email;
use crate::model::upload::Sender;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Email,
    Subject,
    Message,
    Files,
}

impl Field {
    /// Finds a field by what it is called in the form. `file` is what tools call the files.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "email" => Self::Email,
            "subject" => Self::Subject,
            "message" => Self::Message,
            "files" | "file" => Self::Files,
            _ => return None,
        })
    }

    /// Returns what it is called in the form.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Subject => "subject",
            Self::Message => "message",
            Self::Files => "files",
        }
    }

    /// Returns the most characters of its text.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Name => 100,
            Self::Email => 254,
            Self::Subject => 200,
            Self::Message => 2000,
            Self::Files => 0,
        }
    }

    /// Returns the most bytes of its text: a character has four at most, and a browser writes two for the end of a line.
    pub(super) const fn most_bytes(self) -> usize {
        4 * self.most() + 1000
    }
}

/// What was written into the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filled {
    name: Option<String>,
    email: Option<String>,
    subject: Option<String>,
    message: Option<String>,
}

impl Filled {
    /// Takes the text of a field.
    ///
    /// # Errors
    /// Where the field has been filled in already.
    pub(super) fn fill(&mut self, field: Field, text: &[u8]) -> Result<(), Refusal> {
        let text = String::from_utf8_lossy(text);
        let (place, text) = match field {
            Field::Name => (&mut self.name, line(&text)),
            Field::Email => (&mut self.email, line(&text)),
            Field::Subject => (&mut self.subject, line(&text)),
            Field::Message => (&mut self.message, lines(&text)),
            Field::Files => return Ok(()),
        };
        match place.replace(text) {
            None => Ok(()),
            Some(_) => Err(Refusal::twice(field)),
        }
    }

    /// Returns what was filled in, to be shown again.
    pub(super) fn text(&self, field: Field) -> &str {
        let text = match field {
            Field::Name => &self.name,
            Field::Email => &self.email,
            Field::Subject => &self.subject,
            Field::Message => &self.message,
            Field::Files => &None,
        };
        text.as_deref().unwrap_or_default()
    }

    /// Returns who sent it.
    pub(super) fn sender(&self) -> Sender {
        Sender {
            name: self.text(Field::Name).to_owned(),
            email: self.text(Field::Email).to_owned(),
        }
    }

    /// Returns a text that may be left out.
    pub(super) fn optional(&self, field: Field) -> Option<String> {
        let text = self.text(field);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Lists what is wrong with it, in the order of the form.
    pub(super) fn faults(&self, has_files: bool) -> Vec<(Field, String)> {
        let mut faults = Vec::new();
        if self.text(Field::Name).is_empty() {
            faults.push((Field::Name, "Enter your name.".to_owned()));
        }
        let email = self.text(Field::Email);
        if email.is_empty() {
            faults.push((Field::Email, "Enter your e-mail address.".to_owned()));
        } else if email.parse::<Email>().is_err() {
            let fault = "Enter an e-mail address such as name@company.example.";
            faults.push((Field::Email, fault.to_owned()));
        }
        for field in [Field::Name, Field::Email, Field::Subject, Field::Message] {
            if self.text(field).chars().count() > field.most() {
                let fault = format!("Shorten the {} to {} characters.", field.id(), field.most());
                faults.push((field, fault));
            }
        }
        if !has_files {
            faults.push((Field::Files, "Choose a file.".to_owned()));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(fields: &[(Field, &str)]) -> Filled {
        let mut filled = Filled::default();
        for (field, text) in fields {
            filled.fill(*field, text.as_bytes()).unwrap();
        }
        filled
    }

    fn faulty(fields: &[(Field, &str)], has_files: bool) -> Vec<Field> {
        let faults = filled(fields).faults(has_files);
        faults.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn what_is_missing_is_listed_in_the_order_of_the_form() {
        assert_eq!(
            faulty(&[], false),
            [Field::Name, Field::Email, Field::Files]
        );
        let whole = [(Field::Name, "Ned"), (Field::Email, "ned@acme.example")];
        assert!(faulty(&whole, true).is_empty());
        let bad = [(Field::Name, " \r\n"), (Field::Email, "ned at acme")];
        assert_eq!(faulty(&bad, true), [Field::Name, Field::Email]);
        let long = "x".repeat(2001);
        let long = [whole[0], whole[1], (Field::Message, long.as_str())];
        assert_eq!(faulty(&long, true), [Field::Message]);
    }

    #[test]
    fn a_field_counts_once_and_keeps_no_control_characters() {
        let mut filled = filled(&[
            (Field::Subject, "a\u{0}\r\nBcc: \u{202e}x"),
            (Field::Message, "one\r\ntwo\u{7}\n"),
        ]);
        assert_eq!(filled.text(Field::Subject), "aBcc: x");
        assert_eq!(filled.text(Field::Message), "one\ntwo");
        assert!(filled.fill(Field::Subject, b"again").is_err());
    }
}
