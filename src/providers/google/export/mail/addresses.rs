//! Address headers: lists with quoted commas, groups, comments and encoded words.

use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, HeaderValue};

use super::header;

/// A participant of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Participant {
    /// The display name.
    pub(super) name: Option<String>,
    /// The address, as it is written.
    pub(super) address: String,
}

impl Participant {
    /// Returns the address with the display name where there is one.
    pub(super) fn text(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} <{}>", self.address),
            None => self.address.clone(),
        }
    }
}

/// Reads the value of an address header. A text that is no list still gives what looks like addresses in it, so that
/// an exclusion cannot be missed for a misplaced comma.
pub(super) fn parse(value: &str) -> Vec<Participant> {
    let line = header::line(value);
    let found = match MessageStream::new(line.as_bytes()).parse_address() {
        HeaderValue::Address(Address::List(list)) => participants(list),
        HeaderValue::Address(Address::Group(groups)) => {
            participants(groups.into_iter().flat_map(|group| group.addresses))
        }
        _ => Vec::new(),
    };
    if found.is_empty() { scan(value) } else { found }
}

fn participants<'x>(list: impl IntoIterator<Item = Addr<'x>>) -> Vec<Participant> {
    let one = |addr: Addr<'x>| {
        let address = words(addr.address.as_deref()?).next()?.to_owned();
        let name = addr.name.map(|name| name.trim().to_owned());
        let name = name.filter(|name| !name.is_empty());
        Some(Participant { name, address })
    };
    list.into_iter().filter_map(one).collect()
}

fn scan(value: &str) -> Vec<Participant> {
    let bare = |word: &str| Participant {
        name: None,
        address: word.to_owned(),
    };
    words(value).map(bare).collect()
}

/// Returns what looks like an address.
fn words(value: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || "<>,;:\"()[]".contains(c);
    value.split(between).filter(|word| {
        word.split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("peter@acme.example", &["peter@acme.example"])]
    #[case("Peter Parker <peter@acme.example>", &["Peter Parker <peter@acme.example>"])]
    #[case("\"Parker, Peter\" <p@acme.example>, mj@acme.example", &["Parker, Peter <p@acme.example>", "mj@acme.example"])]
    #[case("Team: a@x.example, B <b@x.example>;, c@y.example", &["a@x.example", "B <b@x.example>", "c@y.example"])]
    #[case("undisclosed-recipients:;", &[])]
    #[case("", &[])]
    #[case("=?utf-8?Q?J=C3=BCrgen?= <j@acme.example>", &["Jürgen <j@acme.example>"])]
    #[case("Jürgen Müller <j@acme.example>", &["Jürgen Müller <j@acme.example>"])]
    #[case("p@acme.example (Peter)", &["Peter <p@acme.example>"])]
    #[case("<p@acme.example>", &["p@acme.example"])]
    #[case("用户@例子.example", &["用户@例子.example"])]
    #[case("Peter peter@lawyers.example>;", &["peter@lawyers.example"])]
    fn a_list_is_split_where_its_addresses_end(#[case] value: &str, #[case] expected: &[&str]) {
        let texts: Vec<_> = parse(value).iter().map(Participant::text).collect();
        assert_eq!(texts, expected);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in "\\PC{0,200}", junk in "[\"<>,;:()\\\\@= ?a\r\n]{0,80}") {
            parse(&value);
            parse(&junk);
        }
    }
}
