//! Whom a request names.

use crate::call::Call;

/// Everyone whom the path and the query name, and the subject, in order and once each.
///
/// `is_person` knows a person's address or id among the words.
pub(crate) fn of(
    call: &Call,
    subject: Option<&str>,
    is_person: impl Fn(&str) -> bool,
) -> Vec<String> {
    let path = call.segments.iter().map(String::as_str);
    let query = call.query.iter().filter(|(key, _)| key != "access_token");
    let words = query.flat_map(|(_, value)| value.split(|c| !is_address_part(c)));
    // In a filter, addresses are quoted, and a quote within one is doubled.
    let words = words.map(|word| word.trim_matches('\'').replace("''", "'"));
    let mentioned = path.map(str::to_owned).chain(words);
    let mut names: Vec<String> = subject
        .map(str::to_owned)
        .into_iter()
        .chain(mentioned.filter(|word| is_person(word)))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_address_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '@' | '\'')
}
