//! `$filter` of people: as much as bulk checks need.
//!
//! Source: learn.microsoft.com/graph/aad-advanced-queries and the errors that clients report (read 2026-11-22).

use serde_json::Value;

use crate::microsoft365::errors::GraphError;

/// Values in `or` and `in` together.
const MOST_VALUES: usize = 15;

/// Properties that can be compared.
const COMPARABLE: &[&str] = &[
    "id",
    "userPrincipalName",
    "mail",
    "mailNickname",
    "displayName",
    "givenName",
    "surname",
    "accountEnabled",
    "userType",
];

/// Alternatives, each of which is a list of conditions that must all hold.
#[derive(Debug)]
pub(crate) struct Filter(Vec<Vec<Condition>>);

#[derive(Debug, PartialEq, Eq)]
enum Condition {
    /// A property is one of the values, without regard to case.
    In(String, Vec<String>),
    StartsWith(String, String),
    /// One of the members of a list is the value.
    Any(String, String),
}

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Self, GraphError> {
        let tokens = tokens(text).ok_or_else(|| invalid(text))?;
        let mut parser = Parser {
            tokens: &tokens,
            text,
        };
        let filter = parser.alternatives()?;
        if !parser.tokens.is_empty() {
            return Err(invalid(text));
        }
        let values: usize = filter
            .iter()
            .flatten()
            .map(|condition| match condition {
                Condition::In(_, values) => values.len(),
                _ => 1,
            })
            .sum();
        if values > MOST_VALUES {
            let message = format!(
                "Too many child clauses specified in search filter expression containing 'OR' operators: {values}. \
                 Max allowed: {MOST_VALUES}."
            );
            return Err(GraphError::new(400, "Request_UnsupportedQuery", message));
        }
        Ok(Self(filter))
    }

    /// Whether a person, as a resource with every property, is wanted.
    pub(crate) fn admits(&self, user: &Value) -> bool {
        self.0
            .iter()
            .any(|conditions| conditions.iter().all(|condition| condition.holds(user)))
    }
}

impl Condition {
    fn holds(&self, user: &Value) -> bool {
        let text = |name: &str| match user.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            _ => String::new(),
        };
        match self {
            Self::In(name, values) => values
                .iter()
                .any(|value| value.eq_ignore_ascii_case(&text(name))),
            Self::StartsWith(name, start) => {
                text(name).to_lowercase().starts_with(&start.to_lowercase())
            }
            Self::Any(name, value) => {
                let members = user.get(name).and_then(Value::as_array);
                let mut members = members.into_iter().flatten().filter_map(Value::as_str);
                members.any(|member| member.eq_ignore_ascii_case(value))
            }
        }
    }
}

fn invalid(text: &str) -> GraphError {
    let message = format!("Invalid filter clause: {text}");
    GraphError::bad_request(message)
}

fn unsupported() -> GraphError {
    let message = "Unsupported Query.";
    GraphError::new(400, "Request_UnsupportedQuery", message)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// `None` if a text does not end.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..)?;
        rest = match first {
            '\'' => {
                let (value, tail) = quoted(after)?;
                tokens.push(Token::Text(value));
                tail
            }
            '(' | ')' | ',' | ':' | '/' => {
                tokens.push(Token::Sign(first));
                after
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "'(),:/".contains(c));
                let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
                tokens.push(Token::Word(word.to_owned()));
                tail
            }
        }
        .trim_start();
    }
    Some(tokens)
}

/// A text up to its closing quote, and what follows; a doubled quote is one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (head, tail) = text.split_once('\'')?;
    match tail.strip_prefix('\'') {
        Some(tail) => {
            let (more, tail) = quoted(tail)?;
            Some((format!("{head}'{more}"), tail))
        }
        None => Some((head.to_owned(), tail)),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    text: &'a str,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<&Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.first() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn sign(&mut self, sign: char) -> Result<(), GraphError> {
        let found = self.takes(&Token::Sign(sign));
        found.then_some(()).ok_or_else(|| invalid(self.text))
    }

    fn word(&mut self) -> Result<String, GraphError> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word.clone()),
            _ => Err(invalid(self.text)),
        }
    }

    fn value(&mut self) -> Result<String, GraphError> {
        match self.next() {
            Some(Token::Text(value) | Token::Word(value)) => Ok(value.clone()),
            _ => Err(invalid(self.text)),
        }
    }

    fn alternatives(&mut self) -> Result<Vec<Vec<Condition>>, GraphError> {
        let mut all = vec![self.conditions()?];
        while self.takes(&Token::Word("or".to_owned())) {
            all.push(self.conditions()?);
        }
        Ok(all)
    }

    fn conditions(&mut self) -> Result<Vec<Condition>, GraphError> {
        let mut all = vec![self.condition()?];
        while self.takes(&Token::Word("and".to_owned())) {
            all.push(self.condition()?);
        }
        Ok(all)
    }

    fn condition(&mut self) -> Result<Condition, GraphError> {
        if self.takes(&Token::Sign('(')) {
            let inner = self.condition()?;
            self.sign(')')?;
            return Ok(inner);
        }
        let name = self.word()?;
        if name.eq_ignore_ascii_case("startswith") {
            self.sign('(')?;
            let property = self.property()?;
            self.sign(',')?;
            let start = self.value()?;
            self.sign(')')?;
            return Ok(Condition::StartsWith(property, start));
        }
        if name == "proxyAddresses" {
            return self.any(name);
        }
        let property = known(&name)?;
        match self.word()?.as_str() {
            "eq" => Ok(Condition::In(property, vec![self.value()?])),
            "in" => {
                self.sign('(')?;
                let mut values = vec![self.value()?];
                while self.takes(&Token::Sign(',')) {
                    values.push(self.value()?);
                }
                self.sign(')')?;
                Ok(Condition::In(property, values))
            }
            _ => Err(unsupported()),
        }
    }

    fn property(&mut self) -> Result<String, GraphError> {
        let name = self.word()?;
        known(&name)
    }

    /// `proxyAddresses/any(x:x eq 'smtp:…')`.
    fn any(&mut self, name: String) -> Result<Condition, GraphError> {
        self.sign('/')?;
        if self.word()? != "any" {
            return Err(unsupported());
        }
        self.sign('(')?;
        let variable = self.word()?;
        self.sign(':')?;
        if self.word()? != variable || self.word()? != "eq" {
            return Err(unsupported());
        }
        let value = self.value()?;
        self.sign(')')?;
        Ok(Condition::Any(name, value))
    }
}

fn known(name: &str) -> Result<String, GraphError> {
    let known = COMPARABLE
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    known.map(|known| (*known).to_owned()).ok_or_else(|| {
        let message = format!(
            "Unsupported or invalid query filter clause specified for property '{name}' of resource 'User'."
        );
        GraphError::new(400, "Request_UnsupportedQuery", message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admits(text: &str) -> bool {
        let user = json!({ "mail": "o'brien@acme.example", "displayName": "Pat O'Brien", "accountEnabled": true,
            "proxyAddresses": ["SMTP:o'brien@acme.example", "smtp:pat@acme.example"] });
        Filter::parse(text).unwrap().admits(&user)
    }

    #[test]
    fn bulk_checks_can_be_asked() {
        for text in [
            "mail eq 'O''Brien@acme.example'",
            "mail in ('x@acme.example', 'o''brien@acme.example')",
            "proxyAddresses/any(x:x eq 'smtp:pat@acme.example')",
            "startswith(displayName,'pat') and accountEnabled eq true",
            "mail eq 'x' or (accountEnabled eq true)",
        ] {
            assert!(admits(text), "{text}");
        }
        for text in [
            "mail eq 'x'",
            "accountEnabled eq false",
            "mail in ('a','b') and accountEnabled eq true",
        ] {
            assert!(!admits(text), "{text}");
        }
    }

    #[test]
    fn the_rest_is_refused() {
        let many: Vec<String> = (0..16).map(|nth| format!("'{nth}'")).collect();
        let many = format!("mail in ({})", many.join(","));
        for text in [
            "mail",
            "mail eq",
            "mail eq 'x",
            "mail ne 'x'",
            "shoeSize eq 4",
            "mail eq 'x' 'y'",
            &many,
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
