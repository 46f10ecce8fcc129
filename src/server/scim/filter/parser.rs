//! Reads filters.

use super::{Filter, Operand, Operator, Path, read_flag};
use crate::server::scim::error::ScimError;
use crate::server::scim::lexer::{Token, cut};
use crate::server::scim::schema::{self, Attribute, Found, Kind};

/// How deep parentheses may go.
const MOST_DEPTH: usize = 16;

fn complain(detail: &str) -> ScimError {
    let help =
        "Filters may use userName, externalId, id, displayName, name, active, emails and meta.";
    ScimError::invalid(
        "invalidFilter",
        format!("The filter cannot be read. {detail} {help}"),
    )
}

impl Filter {
    /// Reads a filter of users.
    pub(in crate::server::scim) fn parse(text: &str) -> Result<Self, ScimError> {
        let mut parser = Parser::new(cut(text, complain)?);
        let filter = parser.alternatives(None, 0)?;
        match parser.next() {
            None => Ok(filter),
            Some(left) => Err(complain(&format!("{left:?} is left over."))),
        }
    }

    /// Reads a filter of an attribute's values, up to its closing bracket; the rest is returned.
    pub(in crate::server::scim) fn parse_inner(
        tokens: Vec<Token>,
        attribute: &'static Attribute,
    ) -> Result<(Self, Vec<Token>), ScimError> {
        let mut parser = Parser::new(tokens);
        let filter = parser.alternatives(Some(attribute), 1)?;
        parser.expect(']')?;
        Ok((filter, parser.rest()))
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
            _ => Err(complain(&format!("A {mark:?} is missing."))),
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
            return Err(complain("It is nested too deeply."));
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
            return Err(complain("After \"not\" comes a parenthesis."));
        }
        let Some(Token::Word(name)) = self.next() else {
            return Err(complain("The name of an attribute is missing."));
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
            return Err(complain(&format!("{name} has no brackets.")));
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
            resolved.ok_or_else(|| complain(&format!("{name} is nothing to filter by.")))?;
        let Some(Token::Word(operator)) = self.next() else {
            return Err(complain(&format!("After {name} comes an operator.")));
        };
        if operator.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = read_operator(&operator)?;
        let operand = self.next().and_then(|token| read_operand(token, &leaf));
        let operand = operand
            .filter(|operand| fits(operator, operand))
            .ok_or_else(|| complain(&format!("{name} cannot be compared in this way.")))?;
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
        _ => return Err(complain(&format!("{word} is no operator."))),
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

fn fits(operator: Operator, operand: &Operand) -> bool {
    match operand {
        Operand::Text { .. } => true,
        Operand::Time(_) => !matches!(operator, Operator::Co | Operator::Sw | Operator::Ew),
        Operand::Flag(_) | Operand::Null => matches!(operator, Operator::Eq | Operator::Ne),
    }
}
