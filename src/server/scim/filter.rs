//! Filters: `userName eq "x"`, `emails[type eq "work"].value eq "x" and active eq true`. Source: RFC 7644, 3.4.2.2, read
//! 2026-11-22.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::ScimError;
use super::lexer::{Token, cut};
use super::schema::{self, Attribute, Found, Kind};

/// How deep parentheses may go.
const MOST_DEPTH: usize = 16;

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

fn complain(detail: String) -> ScimError {
    let help =
        "Filters may use userName, externalId, id, displayName, name, active, emails and meta.";
    ScimError::invalid(
        "invalidFilter",
        format!("The filter cannot be read. {detail} {help}"),
    )
}

impl Filter {
    /// Reads a filter of users.
    pub(super) fn parse(text: &str) -> Result<Self, ScimError> {
        let mut parser = Parser::new(cut(text, complain)?);
        let filter = parser.alternatives(None, 0)?;
        match parser.next() {
            None => Ok(filter),
            Some(left) => Err(complain(format!("{left:?} is left over."))),
        }
    }

    /// Reads a filter of an attribute's values, up to its closing bracket; the rest is returned.
    pub(super) fn parse_inner(
        tokens: Vec<Token>,
        attribute: &'static Attribute,
    ) -> Result<(Self, Vec<Token>), ScimError> {
        let mut parser = Parser::new(tokens);
        let filter = parser.alternatives(Some(attribute), 1)?;
        parser.expect(']')?;
        Ok((filter, parser.rest()))
    }

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

struct Parser(std::vec::IntoIter<Token>);

/// What a path in a filter leads to.
enum Leaf {
    Text { is_exact: bool },
    Flag,
    Time,
}

impl Parser {
    fn new(tokens: Vec<Token>) -> Self {
        Self(tokens.into_iter())
    }

    fn next(&mut self) -> Option<Token> {
        self.0.next()
    }

    fn peek(&self) -> Option<&Token> {
        self.0.as_slice().first()
    }

    fn rest(self) -> Vec<Token> {
        self.0.collect()
    }

    fn expect(&mut self, mark: char) -> Result<(), ScimError> {
        match self.next() {
            Some(Token::Mark(found)) if found == mark => Ok(()),
            _ => Err(complain(format!("A {mark:?} is missing."))),
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        if is {
            self.next();
        }
        is
    }

    fn alternatives(
        &mut self,
        inside: Option<&'static Attribute>,
        depth: usize,
    ) -> Result<Filter, ScimError> {
        if depth > MOST_DEPTH {
            return Err(complain("It is nested too deeply.".to_owned()));
        }
        let mut filter = self.conjunction(inside, depth)?;
        while self.takes("or") {
            let other = self.conjunction(inside, depth)?;
            filter = Filter::Or(Box::new(filter), Box::new(other));
        }
        Ok(filter)
    }

    fn conjunction(
        &mut self,
        inside: Option<&'static Attribute>,
        depth: usize,
    ) -> Result<Filter, ScimError> {
        let mut filter = self.term(inside, depth)?;
        while self.takes("and") {
            let other = self.term(inside, depth)?;
            filter = Filter::And(Box::new(filter), Box::new(other));
        }
        Ok(filter)
    }

    fn term(
        &mut self,
        inside: Option<&'static Attribute>,
        depth: usize,
    ) -> Result<Filter, ScimError> {
        let is_not = self.takes("not");
        if self.peek() == Some(&Token::Mark('(')) {
            self.next();
            let filter = self.alternatives(inside, depth + 1)?;
            self.expect(')')?;
            return Ok(if is_not {
                Filter::Not(Box::new(filter))
            } else {
                filter
            });
        }
        if is_not {
            return Err(complain("After \"not\" comes a parenthesis.".to_owned()));
        }
        let Some(Token::Word(name)) = self.next() else {
            return Err(complain("The name of an attribute is missing.".to_owned()));
        };
        if inside.is_none() && self.peek() == Some(&Token::Mark('[')) {
            return self.values_of(&name, depth);
        }
        self.comparison(&name, inside)
    }

    /// `emails[type eq "work"]`, perhaps with `.value eq "x"` after it, which is of the same value.
    fn values_of(&mut self, name: &str, depth: usize) -> Result<Filter, ScimError> {
        let Found::Kept(
            attribute @ Attribute {
                kind: Kind::Many(_),
                ..
            },
        ) = schema::find(name)
        else {
            return Err(complain(format!("{name} has no brackets.")));
        };
        self.expect('[')?;
        let mut filter = self.alternatives(Some(attribute), depth + 1)?;
        self.expect(']')?;
        let part = match self.peek() {
            Some(Token::Word(word)) => word.strip_prefix('.').map(str::to_owned),
            _ => None,
        };
        if let Some(part) = part {
            self.next();
            let of_it = self.comparison(&part, Some(attribute))?;
            filter = Filter::And(Box::new(filter), Box::new(of_it));
        }
        Ok(Filter::Any(attribute.name, Box::new(filter)))
    }

    fn comparison(
        &mut self,
        name: &str,
        inside: Option<&'static Attribute>,
    ) -> Result<Filter, ScimError> {
        let resolved = match inside {
            Some(attribute) => of_part(attribute, name),
            None => of_resource(name),
        };
        let (path, leaf) =
            resolved.ok_or_else(|| complain(format!("{name} is nothing to filter by.")))?;
        let Some(Token::Word(operator)) = self.next() else {
            return Err(complain(format!("After {name} comes an operator.")));
        };
        if operator.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = read_operator(&operator)?;
        let operand = self.next().and_then(|token| read_operand(token, &leaf));
        let operand = operand
            .filter(|operand| fits(operator, operand))
            .ok_or_else(|| complain(format!("{name} cannot be compared in this way.")))?;
        Ok(Filter::Compare(path, operator, operand))
    }
}

fn of_part(attribute: &'static Attribute, name: &str) -> Option<(Path, Leaf)> {
    let part = schema::part(attribute, name)?;
    let path = Path {
        attribute: part.name,
        part: None,
    };
    Some((path, leaf(part)))
}

fn of_resource(name: &str) -> Option<(Path, Leaf)> {
    let name = schema::without_schema(name).ok()?;
    let (name, part) = match name.split_once('.') {
        Some((name, part)) => (name, Some(part)),
        None => (name, None),
    };
    match schema::find(name) {
        Found::Kept(attribute) => of_kept(attribute, part),
        Found::ReadOnly(own) => of_server(own, part),
        Found::NotKept | Found::Unknown => None,
    }
}

fn of_kept(attribute: &'static Attribute, part: Option<&str>) -> Option<(Path, Leaf)> {
    let part = match (attribute.kind, part) {
        (_, Some(part)) => Some(schema::part(attribute, part)?),
        // An e-mail without a part is its value.
        (Kind::Many(_), None) => Some(schema::part(attribute, "value")?),
        (_, None) => None,
    };
    let path = Path {
        attribute: attribute.name,
        part: part.map(|part| part.name),
    };
    Some((path, leaf(part.unwrap_or(attribute))))
}

fn of_server(name: &'static str, part: Option<&str>) -> Option<(Path, Leaf)> {
    let path = |part| Path {
        attribute: name,
        part,
    };
    match (name, part.map(str::to_ascii_lowercase).as_deref()) {
        ("id", None) => Some((path(None), Leaf::Text { is_exact: true })),
        ("meta", Some("created")) => Some((path(Some("created")), Leaf::Time)),
        ("meta", Some("lastmodified")) => Some((path(Some("lastModified")), Leaf::Time)),
        ("meta", Some("resourcetype")) => {
            Some((path(Some("resourceType")), Leaf::Text { is_exact: true }))
        }
        _ => None,
    }
}

fn leaf(attribute: &Attribute) -> Leaf {
    match attribute.kind {
        Kind::Flag => Leaf::Flag,
        _ => Leaf::Text {
            is_exact: attribute.is_exact,
        },
    }
}

fn read_operator(word: &str) -> Result<Operator, ScimError> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "eq" => Operator::Eq,
        "ne" => Operator::Ne,
        "co" => Operator::Co,
        "sw" => Operator::Sw,
        "ew" => Operator::Ew,
        "gt" => Operator::Gt,
        "ge" => Operator::Ge,
        "lt" => Operator::Lt,
        "le" => Operator::Le,
        _ => return Err(complain(format!("{word} is no operator."))),
    })
}

fn read_operand(token: Token, leaf: &Leaf) -> Option<Operand> {
    match (token, leaf) {
        (Token::Word(word), _) if word == "null" => Some(Operand::Null),
        (Token::Text(text), Leaf::Text { is_exact }) => Some(Operand::Text {
            text,
            is_exact: *is_exact,
        }),
        (Token::Text(text), Leaf::Time) => text.parse().ok().map(Operand::Time),
        // Microsoft Entra writes booleans as texts: learn.microsoft.com, SCIM protocol compliance, read 2026-11-22.
        (Token::Word(word) | Token::Text(word), Leaf::Flag) => read_flag(&word).map(Operand::Flag),
        _ => None,
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

fn fits(operator: Operator, operand: &Operand) -> bool {
    match operand {
        Operand::Text { .. } => true,
        Operand::Time(_) => !matches!(operator, Operator::Co | Operator::Sw | Operator::Ew),
        Operand::Flag(_) | Operand::Null => matches!(operator, Operator::Eq | Operator::Ne),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn peter() -> Map<String, Value> {
        let peter = json!({
            "id": "1f3a",
            "externalId": "00uA",
            "userName": "Peter.Parker@acme.example",
            "name": {"familyName": "Parker", "givenName": "Peter"},
            "active": true,
            "emails": [
                {"value": "peter.parker@acme.example", "type": "work", "primary": true},
                {"value": "spidey@acme.example", "type": "home"},
            ],
            "meta": {"resourceType": "User", "created": "2026-11-22T12:00:00Z", "lastModified": "2026-11-23T12:00:00Z"},
        });
        peter.as_object().unwrap().clone()
    }

    #[test]
    fn each_filter_means_what_the_standard_says() {
        for (filter, matches) in [
            (r#"userName eq "peter.parker@ACME.example""#, true),
            (r#"userName eq "mary@acme.example""#, false),
            (r#"UserName Eq "peter.parker@acme.example""#, true),
            (
                r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "peter""#,
                true,
            ),
            (r#"externalId eq "00uA""#, true),
            (r#"externalId eq "00ua""#, false),
            (r#"id eq "1f3a""#, true),
            (r#"name.familyName co "ark""#, true),
            (r#"emails.value eq "spidey@acme.example""#, true),
            (r#"emails eq "spidey@acme.example""#, true),
            (
                r#"emails.type eq "work" and emails.value ew ".example""#,
                true,
            ),
            (
                r#"emails[type eq "work"].value eq "peter.parker@acme.example""#,
                true,
            ),
            (
                r#"emails[type eq "work"].value eq "spidey@acme.example""#,
                false,
            ),
            (r#"emails[type eq "home" and value co "spidey"]"#, true),
            (r#"emails[not (type eq "home")].value pr"#, true),
            ("active eq true", true),
            (r#"active eq "True""#, true),
            (r#"active eq "False""#, false),
            ("active ne true", false),
            ("displayName pr", false),
            ("displayName eq null", true),
            ("userName pr and active eq true", true),
            (r#"userName eq "x" or externalId eq "00uA""#, true),
            (
                r#"userName eq "x" or externalId eq "00uA" and active eq false"#,
                false,
            ),
            (r#"not (userName eq "x") and (active eq true)"#, true),
            (r#"meta.lastModified gt "2026-11-23T13:00:00+02:00""#, true),
            (r#"meta.created lt "2026-11-22T12:00:00.000Z""#, false),
            (r#"meta.created ge "2026-11-22T12:00:00.000Z""#, true),
        ] {
            let parsed =
                Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
            assert_eq!(parsed.matches(&peter()), matches, "{filter}");
        }
    }

    #[test]
    fn everything_else_is_an_invalid_filter() {
        let deep = format!("{}userName pr{}", "(".repeat(20), ")".repeat(20));
        let long = format!("userName eq \"{}\"", "x".repeat(3000));
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName eq x",
            "userName is \"x\"",
            "userName eq \"x",
            "userName eq 5",
            "shoeSize eq \"x\"",
            "title eq \"x\"",
            "(userName pr",
            "userName pr)",
            "not userName pr",
            "userName pr and",
            "emails[type eq \"work\"",
            "emails[userName pr]",
            "name[familyName pr]",
            "active gt true",
            "active eq \"maybe\"",
            "meta eq \"x\"",
            "meta.created co \"2026\"",
            "meta.created eq \"yesterday\"",
            "userName eq \"x\" userName pr",
            "userName; pr",
            "emails[value[type pr]]",
            deep.as_str(),
            long.as_str(),
        ] {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!(error.scim_type, Some("invalidFilter"), "{filter}");
        }
    }
}
