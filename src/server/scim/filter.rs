//! Filters: `userName eq "x"`, `emails[type eq "work"].value eq "x" and active eq true`. Source: RFC 7644, 3.4.2.2, read
//! 2026-11-22.

mod parser;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A condition on a resource, or on one value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    /// One of the values of an attribute meets a condition.
    Any(&'static str, Box<Self>),
    /// An attribute has a value.
    Present(Path),
    Compare(Path, Operator, Operand),
}

/// Which value is meant: an attribute, and perhaps a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    attribute: &'static str,
    part: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    /// A text; as it is, or in lower case where case does not count.
    Text {
        text: String,
        is_exact: bool,
    },
    Flag(bool),
    Time(Timestamp),
    /// No value at all.
    Null,
}

impl Filter {
    /// Returns whether a resource, or one value of an attribute, meets it.
    pub(super) fn matches(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::And(a, b) => a.matches(object) && b.matches(object),
            Self::Or(a, b) => a.matches(object) || b.matches(object),
            Self::Not(inner) => !inner.matches(object),
            Self::Any(attribute, inner) => {
                let values = object.get(*attribute).and_then(Value::as_array);
                let mut values = values.into_iter().flatten().filter_map(Value::as_object);
                values.any(|value| inner.matches(value))
            }
            Self::Present(path) => path.values(object).any(|value| !is_empty(value)),
            Self::Compare(path, Operator::Ne, operand) => {
                !compare(path, Operator::Eq, operand, object)
            }
            Self::Compare(path, operator, operand) => compare(path, *operator, operand, object),
        }
    }

    /// Returns the parts that a value must have to meet it, where it says so of each: a value that has them can be made.
    pub(super) fn demands(&self) -> Option<Map<String, Value>> {
        match self {
            Self::And(a, b) => {
                let mut both = a.demands()?;
                both.extend(b.demands()?);
                Some(both)
            }
            Self::Compare(path, Operator::Eq, operand) => {
                let value = match operand {
                    Operand::Text { text, .. } => Value::from(text.as_str()),
                    Operand::Flag(flag) => Value::from(*flag),
                    Operand::Time(_) | Operand::Null => return None,
                };
                Some([(path.attribute.to_owned(), value)].into_iter().collect())
            }
            _ => None,
        }
    }
}

impl Path {
    fn values<'a>(&self, object: &'a Map<String, Value>) -> impl Iterator<Item = &'a Value> {
        let values = match object.get(self.attribute) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let part = self.part;
        values.iter().filter_map(move |value| match part {
            Some(part) => value.get(part),
            // A whole e-mail is compared by its value.
            None => Some(value.get("value").unwrap_or(value)),
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn compare(
    path: &Path,
    operator: Operator,
    operand: &Operand,
    object: &Map<String, Value>,
) -> bool {
    let mut values = path.values(object).peekable();
    if *operand == Operand::Null {
        return values.all(is_empty);
    }
    values.any(|value| holds(value, operator, operand))
}

fn holds(value: &Value, operator: Operator, operand: &Operand) -> bool {
    match (value, operand) {
        (
            Value::String(value),
            Operand::Text {
                text,
                is_exact: true,
            },
        ) => text_holds(value, operator, text),
        (Value::String(value), Operand::Text { text, .. }) => {
            text_holds(&value.to_lowercase(), operator, &text.to_lowercase())
        }
        (Value::Bool(value), Operand::Flag(flag)) => operator == Operator::Eq && value == flag,
        (Value::String(value), Operand::Time(time)) => value
            .parse::<Timestamp>()
            .is_ok_and(|value| ordered(&value, operator, time)),
        _ => false,
    }
}

fn text_holds(value: &str, operator: Operator, text: &str) -> bool {
    match operator {
        Operator::Co => value.contains(text),
        Operator::Sw => value.starts_with(text),
        Operator::Ew => value.ends_with(text),
        _ => ordered(value, operator, text),
    }
}

fn ordered<T: Ord + ?Sized>(value: &T, operator: Operator, other: &T) -> bool {
    match operator {
        Operator::Eq => value == other,
        Operator::Ne => value != other,
        Operator::Gt => value > other,
        Operator::Ge => value >= other,
        Operator::Lt => value < other,
        Operator::Le => value <= other,
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

/// Reads true and false in any case.
pub(super) fn read_flag(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
