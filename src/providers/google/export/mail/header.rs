//! What a header's value needs before a parser of mail can read it, and its plain texts.

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

/// Returns the value as one line with an end: the parser takes a value to end there, and drops its last word where
/// there is no end.
pub(super) fn line(value: &str) -> String {
    let mut line = value.replace(['\r', '\n'], " ");
    line.push('\n');
    line
}

/// Decodes a text that may have encoded words in it (RFC 2047).
pub(super) fn text(value: String) -> String {
    if !value.contains("=?") {
        return value;
    }
    match MessageStream::new(line(&value).as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => value,
    }
}

/// Returns the charset that a Content-Type names.
pub(super) fn charset(content_type: &str) -> Option<String> {
    match MessageStream::new(line(content_type).as_bytes()).parse_content_type() {
        HeaderValue::ContentType(content_type) => {
            content_type.attribute("charset").map(str::to_owned)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain = ?", "plain = ?")]
    #[case("=?utf-8?B?UGhvdG9zIPCfk7c=?=", "Photos 📷")]
    #[case("Re: =?iso-8859-1?Q?Gr=FC=DFe?= an alle", "Re: Grüße an alle")]
    #[case("Grüße =?broken", "Grüße =?broken")]
    fn encoded_words_are_decoded_and_others_left(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(text(value.to_owned()), expected);
    }

    #[rstest]
    #[case("text/plain; charset=UTF-8", Some("UTF-8"))]
    #[case("text/plain; format=flowed;\r\n charset=\"koi8-r\"", Some("koi8-r"))]
    #[case("text/plain", None)]
    #[case("", None)]
    fn the_charset_is_a_parameter(#[case] content_type: &str, #[case] expected: Option<&str>) {
        assert_eq!(charset(content_type).as_deref(), expected);
    }
}
