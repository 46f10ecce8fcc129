//! Partial responses: the `fields` parameter.
//!
//! Grammar: `a,b(c,d),e/f,*`. Source: developers.google.com/workspace/drive/api/guides/fields-parameter (2026-11-22).

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::{Map, Value};

/// Masks nested deeper than this are refused.
const DEEPEST: usize = 12;
/// Masks remembered per API.
const MOST_KNOWN: usize = 256;

/// Which fields of a resource are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mask {
    /// `None` means the whole field.
    fields: Vec<(String, Option<Mask>)>,
}

/// What a mask says about one field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice<'a> {
    Nothing,
    Whole,
    Part(&'a Mask),
}

impl Mask {
    /// Parses a mask; the error is the piece that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text.trim() };
        let mask = parser.list(0)?;
        if parser.rest.is_empty() {
            Ok(mask)
        } else {
            Err(parser.rest.to_owned())
        }
    }

    pub(crate) fn choice(&self, name: &str) -> Choice<'_> {
        let found = self
            .fields
            .iter()
            .find(|(field, _)| field == name || field == "*");
        match found {
            None => Choice::Nothing,
            Some((_, None)) => Choice::Whole,
            Some((_, Some(mask))) => Choice::Part(mask),
        }
    }

    /// All names in the mask, at every depth.
    pub(crate) fn names(&self) -> Vec<&str> {
        let nested = self.fields.iter().flat_map(|(name, mask)| {
            let below = mask.as_ref().map(Self::names).unwrap_or_default();
            std::iter::once(name.as_str()).chain(below)
        });
        nested.collect()
    }

    /// What is left of a value.
    pub(crate) fn apply(&self, value: Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.apply_to_object(map)),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.apply(item)).collect())
            }
            other => other,
        }
    }

    fn apply_to_object(&self, map: Map<String, Value>) -> Map<String, Value> {
        let kept = map
            .into_iter()
            .filter_map(|(name, value)| match self.choice(&name) {
                Choice::Nothing => None,
                Choice::Whole => Some((name, value)),
                Choice::Part(mask) => Some((name, mask.apply(value))),
            });
        kept.collect()
    }

    fn add(&mut self, name: String, mask: Option<Self>) {
        let known = self.fields.iter_mut().find(|(field, _)| *field == name);
        match (known, mask) {
            (Some((_, Some(old))), Some(new)) => {
                for (name, mask) in new.fields {
                    old.add(name, mask);
                }
            }
            (Some((_, old)), None) => *old = None,
            (Some((_, None)), Some(_)) => {}
            (None, mask) => self.fields.push((name, mask)),
        }
    }
}

/// Masks that were parsed and checked before: callers send the same few again and again.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    /// By API and text.
    known: RwLock<HashMap<&'static str, HashMap<String, Arc<Mask>>>>,
}

impl Masks {
    /// The mask of a text, made if it is not known yet.
    pub(crate) fn find<E>(
        &self,
        api: &'static str,
        text: &str,
        make: impl FnOnce() -> Result<Mask, E>,
    ) -> Result<Option<Arc<Mask>>, E> {
        if let Some(mask) = self.known.read().get(api).and_then(|masks| masks.get(text)) {
            return Ok(Some(mask.clone()));
        }
        let mask = Arc::new(make()?);
        let mut known = self.known.write();
        let masks = known.entry(api).or_default();
        if masks.len() >= MOST_KNOWN {
            masks.clear();
        }
        masks.insert(text.to_owned(), mask.clone());
        Ok(Some(mask))
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn list(&mut self, depth: usize) -> Result<Mask, String> {
        if depth > DEEPEST {
            return Err(self.rest.to_owned());
        }
        let mut mask = Mask::default();
        loop {
            let (name, below) = self.item(depth)?;
            mask.add(name, below);
            if !self.eat(',') {
                return Ok(mask);
            }
        }
    }

    fn item(&mut self, depth: usize) -> Result<(String, Option<Mask>), String> {
        let name = self.name()?;
        if self.eat('/') {
            if depth > DEEPEST {
                return Err(self.rest.to_owned());
            }
            let (below, rest) = self.item(depth + 1)?;
            return Ok((
                name,
                Some(Mask {
                    fields: vec![(below, rest)],
                }),
            ));
        }
        if !self.eat('(') {
            return Ok((name, None));
        }
        let below = self.list(depth + 1)?;
        if self.eat(')') {
            Ok((name, Some(below)))
        } else {
            Err(name)
        }
    }

    fn name(&mut self) -> Result<String, String> {
        self.rest = self.rest.trim_start();
        let is_part =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*' | '$' | '@' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() || (name.contains('*') && name != "*") {
            return Err(self.rest.to_owned());
        }
        self.rest = rest.trim_start();
        Ok(name.to_owned())
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn masks_select_at_every_depth() {
        let value = json!({"a": 1, "b": {"c": 2, "d": 3, "x": 4}, "e": {"f": [1], "g": 2}, "z": 0,
            "l": [{"id": 1, "n": 2}, {"id": 2}]});
        for (mask, expected) in [
            (
                "a,b(c,d),e/f",
                json!({"a": 1, "b": {"c": 2, "d": 3}, "e": {"f": [1]}}),
            ),
            ("l/id", json!({"l": [{"id": 1}, {"id": 2}]})),
            ("e/*", json!({"e": {"f": [1], "g": 2}})),
            ("b/c,b/x", json!({"b": {"c": 2, "x": 4}})),
            ("b/c,b", json!({"b": {"c": 2, "d": 3, "x": 4}})),
            ("l(n), a", json!({"a": 1, "l": [{"n": 2}, {}]})),
            ("nothing", json!({})),
        ] {
            assert_eq!(
                Mask::parse(mask).unwrap().apply(value.clone()),
                expected,
                "{mask}"
            );
        }
        assert_eq!(Mask::parse("*").unwrap().apply(value.clone()), value);
    }

    #[test]
    fn malformed_masks_are_refused() {
        for text in [
            "",
            "a,",
            "a(b",
            "a)b",
            "a//b",
            "a b",
            "a*",
            "a(,)",
            &"a(".repeat(50),
            &"a/".repeat(99),
        ] {
            assert!(Mask::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_come_from_every_depth() {
        assert_eq!(
            Mask::parse("a,b(c/d,*)").unwrap().names(),
            ["a", "b", "c", "d", "*"]
        );
    }
}
