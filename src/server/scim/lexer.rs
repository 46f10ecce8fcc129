//! Cuts filters and paths into words.

use super::error::ScimError;

/// The most bytes of a filter or path: more than any identity provider sends.
const MOST_BYTES: usize = 2048;

/// A piece of a filter or path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, operator, number, `true`, `false` or `null`.
    Word(String),
    /// A quoted text.
    Text(String),
    /// One of `( ) [ ]`.
    Mark(char),
}

/// Cuts a text up. `complain` makes the error for what cannot be read.
pub(super) fn cut(text: &str, complain: fn(&str) -> ScimError) -> Result<Vec<Token>, ScimError> {
    if text.len() > MOST_BYTES {
        return Err(complain(&format!("It has more than {MOST_BYTES} bytes.")));
    }
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' | ')' | '[' | ']' => (Token::Mark(first), 1),
            '"' => quoted(rest).ok_or_else(|| complain("A quoted text has no end."))?,
            _ => word(rest).ok_or_else(|| complain(&format!("It has {first:?} in it.")))?,
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn word(text: &str) -> Option<(Token, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".:_-$".contains(c);
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let word = text.get(..length).filter(|word| !word.is_empty())?;
    Some((Token::Word(word.to_owned()), length))
}

/// A text in quotes is a JSON string.
fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let read = strings.next()?.ok()?;
    Some((Token::Text(read), strings.byte_offset()))
}
