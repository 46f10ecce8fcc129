//! Changes of a part of a user: add, replace, remove. Source: RFC 7644, 3.5.2, read 2026-11-22; and what Okta and Microsoft Entra
//! send (developer.okta.com, "SCIM 2.0 protocol"; learn.microsoft.com, "Develop and plan provisioning for a SCIM endpoint").

use serde_json::{Map, Value};

use super::attributes::{Attributes, admit, admit_parts, put};
use super::error::ScimError;
use super::filter::Filter;
use super::lexer::{Token, cut};
use super::schema::{self, Attribute, Found, Kind};

/// The most operations of one request.
const MOST_OPERATIONS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// What a path leads to.
struct Target {
    attribute: &'static Attribute,
    filter: Option<Filter>,
    part: Option<&'static Attribute>,
}

/// Applies all operations of a request, or none.
pub(super) fn apply(before: &Attributes, body: &Value) -> Result<Attributes, ScimError> {
    let operations = field(body, "Operations").and_then(Value::as_array);
    let operations = operations.filter(|operations| operations.len() <= MOST_OPERATIONS);
    let Some(operations) = operations else {
        let detail = format!("A PATCH has a list of Operations, at most {MOST_OPERATIONS}.");
        return Err(ScimError::invalid("invalidSyntax", detail));
    };
    let mut user = before.0.clone();
    for operation in operations {
        let verb = verb(field(operation, "op"))?;
        let value = field(operation, "value").unwrap_or(&Value::Null);
        match field(operation, "path").and_then(Value::as_str) {
            Some(path) => change(&mut user, verb, path, value)?,
            None => change_all(&mut user, verb, value)?,
        }
    }
    Attributes(user).checked()
}

/// Finds a member in any case.
fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = object.as_object()?.iter();
    let found = members.find(|(member, _)| member.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn verb(op: Option<&Value>) -> Result<Verb, ScimError> {
    let op = op.and_then(Value::as_str).unwrap_or_default();
    match op.to_ascii_lowercase().as_str() {
        "add" => Ok(Verb::Add),
        "replace" => Ok(Verb::Replace),
        "remove" => Ok(Verb::Remove),
        _ => Err(ScimError::invalid(
            "invalidSyntax",
            "op is add, replace or remove.",
        )),
    }
}

/// Without a path, the value's members are paths. Okta sends the id along, which is nobody's to change and is left alone.
fn change_all(user: &mut Map<String, Value>, verb: Verb, value: &Value) -> Result<(), ScimError> {
    if verb == Verb::Remove {
        return Err(ScimError::invalid(
            "noTarget",
            "A remove says what, in its path.",
        ));
    }
    let Some(members) = value.as_object() else {
        return Err(ScimError::value("Without a path, the value is an object."));
    };
    for (path, value) in members {
        if !matches!(schema::find(path), Found::ReadOnly(_)) {
            change(user, verb, path, value)?;
        }
    }
    Ok(())
}

fn change(
    user: &mut Map<String, Value>,
    verb: Verb,
    path: &str,
    value: &Value,
) -> Result<(), ScimError> {
    let Some(target) = target(path)? else {
        return Ok(());
    };
    let attribute = target.attribute;
    match (attribute.kind, target.part) {
        (Kind::Text | Kind::Flag, _) => {
            let value = if verb == Verb::Remove {
                None
            } else {
                admit(attribute, value)?
            };
            put(user, attribute, value);
        }
        (Kind::One(_), None) if verb == Verb::Remove => put(user, attribute, None),
        (Kind::One(_), part) => change_parts(user, verb, attribute, part, value)?,
        (Kind::Many(_), _) => change_values(user, verb, &target, value)?,
    }
    Ok(())
}

/// Parts that are not named stay as they are.
fn change_parts(
    user: &mut Map<String, Value>,
    verb: Verb,
    attribute: &'static Attribute,
    part: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), ScimError> {
    let there = user.remove(attribute.name);
    let mut parts = match there {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    };
    write_parts(&mut parts, verb, attribute, part, value)?;
    put(
        user,
        attribute,
        (!parts.is_empty()).then_some(Value::Object(parts)),
    );
    Ok(())
}

fn write_parts(
    parts: &mut Map<String, Value>,
    verb: Verb,
    attribute: &'static Attribute,
    part: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), ScimError> {
    match (part, value) {
        (Some(part), _) if verb == Verb::Remove => put(parts, part, None),
        (Some(part), value) => put(parts, part, admit(part, value)?),
        (None, Value::Object(sent)) => {
            parts.extend(admit_parts(attribute, sent)?.unwrap_or_default());
        }
        (None, _) => {
            let detail = format!("{} is an object.", attribute.name);
            return Err(ScimError::value(detail));
        }
    }
    Ok(())
}

fn change_values(
    user: &mut Map<String, Value>,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<(), ScimError> {
    let attribute = target.attribute;
    let mut values = match user.remove(attribute.name) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    match (&target.filter, target.part, verb) {
        (None, None, Verb::Remove) => values.clear(),
        (None, None, Verb::Replace) => values = admitted(attribute, value)?,
        (None, None, Verb::Add) => add(&mut values, admitted(attribute, value)?),
        _ => change_chosen(&mut values, verb, target, value)?,
    }
    // Emptied values go, and what is left is looked at as if it had been sent.
    put(user, attribute, admit(attribute, &Value::Array(values))?);
    Ok(())
}

fn admitted(attribute: &Attribute, value: &Value) -> Result<Vec<Value>, ScimError> {
    match admit(attribute, value)? {
        Some(Value::Array(values)) => Ok(values),
        _ => Ok(Vec::new()),
    }
}

/// A new primary value takes the place of the old one (RFC 7644, 3.5.2).
fn add(values: &mut Vec<Value>, new: Vec<Value>) {
    if new.iter().any(is_primary) {
        for value in values.iter_mut().filter_map(Value::as_object_mut) {
            value.remove("primary");
        }
    }
    for value in new {
        if !values.contains(&value) {
            values.push(value);
        }
    }
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// Changes the values that a filter chooses; all of them where there is none.
fn change_chosen(
    values: &mut Vec<Value>,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<(), ScimError> {
    let is_chosen = |value: &Value| {
        let filter = target.filter.as_ref();
        filter.is_none_or(|filter| value.as_object().is_some_and(|value| filter.matches(value)))
    };
    if verb == Verb::Remove && target.part.is_none() {
        values.retain(|value| !is_chosen(value));
        return Ok(());
    }
    if !values.iter().any(is_chosen) {
        if verb == Verb::Remove {
            return Ok(());
        }
        values.push(Value::Object(fresh(target)?));
    }
    let chosen = values.iter_mut().filter(|value| is_chosen(value));
    for parts in chosen.filter_map(Value::as_object_mut) {
        write_parts(parts, verb, target.attribute, target.part, value)?;
    }
    Ok(())
}

/// Makes a value that the filter chooses, as Microsoft Entra expects of `emails[type eq "work"].value` for somebody who has none.
fn fresh(target: &Target) -> Result<Map<String, Value>, ScimError> {
    let demanded = match &target.filter {
        Some(filter) => filter.demands(),
        None => Some(Map::new()),
    };
    let none = || ScimError::invalid("noTarget", "The path's filter chooses no value.");
    demanded.ok_or_else(none)
}

fn complain(detail: &str) -> ScimError {
    ScimError::invalid("invalidPath", format!("The path cannot be read. {detail}"))
}

/// Reads a path; none where it leads to something that is not kept.
fn target(path: &str) -> Result<Option<Target>, ScimError> {
    let path = match schema::without_schema(path) {
        Ok(path) => path,
        Err(schema::Foreign) => return Ok(None),
    };
    let mut tokens = cut(path, complain)?.into_iter();
    let Some(Token::Word(word)) = tokens.next() else {
        return Err(complain("The name of an attribute is missing."));
    };
    let (name, part) = match word.split_once('.') {
        Some((name, part)) => (name, Some(part.to_owned())),
        None => (word.as_str(), None),
    };
    let attribute = match schema::find(name) {
        Found::Kept(attribute) => attribute,
        Found::NotKept => return Ok(None),
        Found::ReadOnly(name) => {
            let detail = format!("{name} is the server's own and cannot be changed.");
            return Err(ScimError::invalid("mutability", detail));
        }
        Found::Unknown => return Err(complain(&format!("Users have no {name}."))),
    };
    let rest: Vec<Token> = tokens.collect();
    let (filter, part) = match (rest.is_empty(), part) {
        (true, part) => (None, part),
        (false, None) => bracketed(attribute, rest)?,
        (false, Some(_)) => return Err(complain("Brackets follow the attribute.")),
    };
    let part = part.map(|part| part_of(attribute, &part)).transpose()?;
    Ok(Some(Target {
        attribute,
        filter,
        part,
    }))
}

/// Reads `[type eq "work"].value` after an attribute.
fn bracketed(
    attribute: &'static Attribute,
    tokens: Vec<Token>,
) -> Result<(Option<Filter>, Option<String>), ScimError> {
    let mut tokens = tokens.into_iter();
    let is_open = tokens.next() == Some(Token::Mark('['));
    if !is_open || !matches!(attribute.kind, Kind::Many(_)) {
        return Err(complain(&format!("{} has no brackets.", attribute.name)));
    }
    let inner = Filter::parse_inner(tokens.collect(), attribute);
    let (filter, rest) = inner.map_err(|error| complain(&error.detail))?;
    let part = match rest.as_slice() {
        [] => None,
        [Token::Word(part)] if part.starts_with('.') => part.get(1..).map(str::to_owned),
        _ => return Err(complain("Something is left over.")),
    };
    Ok((Some(filter), part))
}

fn part_of(attribute: &Attribute, name: &str) -> Result<&'static Attribute, ScimError> {
    schema::part(attribute, name)
        .ok_or_else(|| complain(&format!("{} has no {name}.", attribute.name)))
}

#[cfg(test)]
mod tests;
