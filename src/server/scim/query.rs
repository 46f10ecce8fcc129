//! What a client asks of a list, and how much of each resource it wants. Source: RFC 7644, 3.4.2 and 3.9, read 2026-11-22.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::error::ScimError;
use super::filter::Filter;
use super::schema;

/// The most resources of one answer.
pub(super) const MOST_RESULTS: usize = 200;
/// How many there are where the client does not say.
const DEFAULT_RESULTS: usize = 100;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What is asked of a list.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query {
    pub(super) filter: Option<Filter>,
    start: Option<i64>,
    count: Option<i64>,
    pub(super) selection: Selection,
}

/// How much of each resource is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection {
    attributes: Vec<String>,
    excluded: Vec<String>,
}

impl Query {
    /// Reads the query of a URL.
    pub(super) fn of_url(query: &str) -> Result<Self, ScimError> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "filter" => read.filter = Some(Filter::parse(&value)?),
                "startIndex" => read.start = Some(number(&name, &value)?),
                "count" => read.count = Some(number(&name, &value)?),
                "attributes" => read.selection.attributes = names(value.split(',')),
                "excludedAttributes" => read.selection.excluded = names(value.split(',')),
                _ => {}
            }
        }
        Ok(read)
    }

    /// Reads the body of a `.search`.
    pub(super) fn of_body(body: &Value) -> Result<Self, ScimError> {
        let list = |name: &str| {
            let list = body.get(name).and_then(Value::as_array);
            names(list.into_iter().flatten().filter_map(Value::as_str))
        };
        let filter = body.get("filter").and_then(Value::as_str);
        Ok(Self {
            filter: filter.map(Filter::parse).transpose()?,
            start: body.get("startIndex").and_then(Value::as_i64),
            count: body.get("count").and_then(Value::as_i64),
            selection: Selection {
                attributes: list("attributes"),
                excluded: list("excludedAttributes"),
            },
        })
    }

    /// Answers with the page that is asked for, of what was found. What is below 1 means the first, and what is negative
    /// nothing. Only what is shown is made a resource of.
    pub(super) fn page<T>(
        &self,
        found: &[T],
        resource: impl Fn(&T) -> Map<String, Value>,
    ) -> Value {
        let start = usize::try_from(self.start.unwrap_or(1)).unwrap_or(1).max(1);
        let count = self.count.map(|count| usize::try_from(count).unwrap_or(0));
        let count = count.unwrap_or(DEFAULT_RESULTS).min(MOST_RESULTS);
        let page = found.iter().skip(start - 1).take(count);
        let page: Vec<_> = page.map(|one| self.selection.of(resource(one))).collect();
        json!({
            "schemas": [LIST],
            "totalResults": found.len(),
            "startIndex": start,
            "itemsPerPage": page.len(),
            "Resources": page,
        })
    }
}

/// A list of what is always whole.
pub(super) fn list(resources: &[Value]) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn number(name: &str, value: &str) -> Result<i64, ScimError> {
    value
        .parse()
        .map_err(|_| ScimError::value(format!("{name} is a number.")))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    let names = names.map(|name| schema::without_schema(name).unwrap_or(name));
    names.map(str::to_lowercase).collect()
}

impl Selection {
    /// Takes away what is not wanted. Who it is stays.
    pub(super) fn of(&self, resource: Map<String, Value>) -> Map<String, Value> {
        let cut = |(name, value): (String, Value)| {
            if name == "id" || name == "schemas" {
                return Some((name, value));
            }
            let value = self.part(&name.to_lowercase(), value)?;
            Some((name, value))
        };
        resource.into_iter().filter_map(cut).collect()
    }

    fn part(&self, name: &str, value: Value) -> Option<Value> {
        let is = |list: &[String]| list.iter().any(|other| other == name);
        if !self.attributes.is_empty() && !is(&self.attributes) {
            let wanted = parts_of(name, &self.attributes);
            return (!wanted.is_empty()).then(|| keep(value, &|part| wanted.contains(&part)));
        }
        if is(&self.excluded) {
            return None;
        }
        let unwanted = parts_of(name, &self.excluded);
        Some(keep(value, &|part| !unwanted.contains(&part)))
    }
}

/// The parts of an attribute that a list names, such as `familyname` of `name.familyname`.
fn parts_of<'a>(name: &str, list: &'a [String]) -> Vec<&'a str> {
    let part = |entry: &'a String| entry.strip_prefix(name)?.strip_prefix('.');
    list.iter().filter_map(part).collect()
}

fn keep(value: Value, is_kept: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(parts) => {
            let parts = parts.into_iter();
            Value::Object(
                parts
                    .filter(|(name, _)| is_kept(&name.to_lowercase()))
                    .collect(),
            )
        }
        Value::Array(values) => values
            .into_iter()
            .map(|value| keep(value, is_kept))
            .collect(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(count: usize) -> Vec<Map<String, Value>> {
        let person =
            |n: usize| json!({"id": n.to_string(), "schemas": [], "userName": format!("u{n}")});
        (1..=count)
            .map(|n| person(n).as_object().unwrap().clone())
            .collect()
    }

    fn page(query: &str, count: usize) -> Value {
        Query::of_url(query)
            .unwrap()
            .page(&people(count), Clone::clone)
    }

    #[test]
    fn pages_are_cut_as_asked() {
        for (query, start, first, items) in [
            ("", 1, "1", 100),
            ("startIndex=1&count=2", 1, "1", 2),
            ("startIndex=300&count=100", 300, "300", 1),
            ("startIndex=0&count=1", 1, "1", 1),
            ("startIndex=-5&count=1", 1, "1", 1),
            ("count=1000", 1, "1", 200),
        ] {
            let page = page(query, 300);
            assert_eq!(page["totalResults"], 300, "{query}");
            assert_eq!(page["startIndex"], start, "{query}");
            assert_eq!(page["Resources"][0]["id"], first, "{query}");
            assert_eq!(page["itemsPerPage"], items, "{query}");
        }
        for query in ["count=0", "count=-1", "startIndex=301"] {
            assert_eq!(page(query, 300)["Resources"], json!([]), "{query}");
            assert_eq!(page(query, 300)["totalResults"], 300, "{query}");
        }
        assert!(Query::of_url("count=many").is_err());
    }

    #[test]
    fn only_what_is_wanted_is_told() {
        let whole = json!({
            "id": "1", "schemas": [], "userName": "p", "name": {"givenName": "P", "familyName": "Q"},
            "emails": [{"value": "a@b", "type": "work"}], "meta": {"created": "x"},
        });
        for (query, left) in [
            (
                "attributes=userName",
                json!({"id": "1", "schemas": [], "userName": "p"}),
            ),
            (
                "attributes=NAME.familyName,emails.value",
                json!({"id": "1", "schemas": [], "name": {"familyName": "Q"}, "emails": [{"value": "a@b"}]}),
            ),
            (
                "excludedAttributes=members,meta,emails.type,name,id",
                json!({"id": "1", "schemas": [], "userName": "p", "emails": [{"value": "a@b"}]}),
            ),
            (
                "attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName",
                json!({"id": "1", "schemas": [], "userName": "p"}),
            ),
        ] {
            let selection = Query::of_url(query).unwrap().selection;
            let cut = selection.of(whole.as_object().unwrap().clone());
            assert_eq!(Value::Object(cut), left, "{query}");
        }
    }
}
