//! The outside of generated mail: headers, encodings and snippets.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

pub(crate) fn push_part(
    boundary: &str,
    mime: &str,
    file: Option<&str>,
    content: &[u8],
    out: &mut String,
) {
    let _ = write!(
        out,
        "--{boundary}\r\nContent-Type: {mime}\r\nContent-Transfer-Encoding: base64\r\n"
    );
    if let Some(file) = file {
        let _ = write!(
            out,
            "Content-Disposition: attachment; filename=\"{file}\"\r\n"
        );
    }
    out.push_str("\r\n");
    push_base64(content, out);
}

pub(crate) fn push_base64(content: &[u8], out: &mut String) {
    for line in content.chunks(57) {
        out.push_str(&STANDARD.encode(line));
        out.push_str("\r\n");
    }
}

pub(crate) fn mailbox(name: &str, address: &str) -> String {
    if name.contains([',', '\'']) {
        format!("\"{name}\" <{address}>")
    } else {
        format!("{name} <{address}>")
    }
}

/// RFC 2047, for values that are not ASCII: words of at most 45 bytes, which stays below 75 characters.
pub(crate) fn encoded(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    // An address at the end must stay readable.
    let (text, tail) = match value.rsplit_once(" <") {
        Some((name, address)) if address.ends_with('>') && address.contains('@') => {
            (name, Some(address))
        }
        _ => (value, None),
    };
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)))
        .collect();
    let words = words.join("\r\n ");
    tail.map_or(words.clone(), |tail| format!("{words} <{tail}"))
}

pub(crate) fn rfc2822(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The first 200 characters with white space collapsed and HTML escaped.
pub(crate) fn snippet(text: &str) -> String {
    let mut short = String::with_capacity(256);
    for word in text.split_whitespace() {
        if short.chars().count() + word.chars().count() > 200 {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    escaped(&short)
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
