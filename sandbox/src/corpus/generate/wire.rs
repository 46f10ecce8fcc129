//! The outside of generated mail: headers, encodings and snippets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

/// Bytes in a line of base64.
const LINE: usize = 57;

/// Appends a part of a multipart message.
pub(crate) fn push_part(
    boundary: &str,
    mime: &str,
    file: Option<&str>,
    content: &[u8],
    out: &mut String,
) {
    out.push_str(&part_head(boundary, mime, file));
    push_base64(content, out);
}

fn part_head(boundary: &str, mime: &str, file: Option<&str>) -> String {
    let disposition = file.map_or_else(String::new, |file| {
        format!("Content-Disposition: attachment; filename=\"{file}\"\r\n")
    });
    format!(
        "--{boundary}\r\nContent-Type: {mime}\r\nContent-Transfer-Encoding: base64\r\n{disposition}\r\n"
    )
}

/// The length of a part whose content has `length` bytes.
pub(crate) fn part_len(boundary: &str, mime: &str, file: Option<&str>, length: usize) -> usize {
    part_head(boundary, mime, file).len() + base64_len(length)
}

/// The length of `length` bytes in lines of base64.
pub(crate) fn base64_len(length: usize) -> usize {
    length.div_ceil(3) * 4 + length.div_ceil(LINE) * 2
}

/// The length of [`encoded`].
pub(crate) fn encoded_len(value: &str) -> usize {
    if value.is_ascii() {
        value.len()
    } else {
        encoded(value).len()
    }
}

/// The length of [`escaped`].
pub(crate) fn escaped_len(text: &str) -> usize {
    let extra = text.bytes().map(|byte| match byte {
        b'&' => 4,
        b'<' | b'>' => 3,
        _ => 0,
    });
    text.len() + extra.sum::<usize>()
}

/// Appends lines of base64.
pub(crate) fn push_base64(content: &[u8], out: &mut String) {
    for line in content.chunks(LINE) {
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
