//! `multipart/form-data` as a stream: each byte is held for as long as it takes to know that it is no boundary.
//!
//! Source: RFC 7578 (2015) and RFC 2046, 5.1.1, and for how browsers write names the WHATWG HTML standard, "multipart/form-data
//! encoding algorithm", read 2026-11-28. It is our own because the known parsers hold whatever comes before a boundary, for
//! as long as it may come.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem::Finder;

/// The most bytes of a part's head: longer than any that a browser writes for a name of 255 characters.
const MOST_HEAD_BYTES: usize = 8 * 1024;
/// The most bytes of white space after a boundary.
const MOST_PADDING: usize = 64;
/// How long a boundary may be. Source: RFC 2046, 5.1.1.
const MOST_BOUNDARY: usize = 70;

/// Where a body's bytes come from.
pub(super) trait Source: Send {
    /// Returns the next piece; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Fault>> + Send;
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ended in the middle.
    Cut,
    /// It came too slowly.
    Slow,
    /// It is larger than is taken.
    TooLarge,
    /// It is not what its type says.
    Malformed(&'static str),
}

/// The head of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// The field's name.
    pub(super) name: String,
    /// What the sender calls the file; none where the field is no file.
    pub(super) file_name: Option<String>,
    /// What the sender says it is.
    pub(super) content_type: Option<String>,
}

/// A body while it is read.
pub(super) struct Multipart<S> {
    source: S,
    buffer: BytesMut,
    delimiter: Finder<'static>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Within a part, or before the first one.
    InPart,
    /// Just after a boundary.
    AfterBoundary,
    /// After the last boundary.
    Ended,
}

/// Reads the boundary out of a `Content-Type`. None where it is no form with files; an error where the boundary is no boundary.
pub(super) fn boundary(content_type: &str) -> Option<Result<String, Fault>> {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let found = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("boundary");
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    });
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let found = found.filter(|it| (1..=MOST_BOUNDARY).contains(&it.len()));
    let found = found.filter(|it| it.bytes().all(is_part));
    Some(found.ok_or(Fault::Malformed("its Content-Type names no boundary")))
}

impl<S: Source> Multipart<S> {
    /// Reads from `source`, with a boundary as [`boundary`] returns it.
    pub(super) fn new(source: S, boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            source,
            // The first boundary begins like the others then.
            buffer: BytesMut::from("\r\n"),
            delimiter: Finder::new(delimiter.as_bytes()).into_owned(),
            state: State::InPart,
        }
    }

    /// Goes on to the next part, past what is left of this one. None after the last.
    pub(super) async fn next_part(&mut self) -> Result<Option<Part>, Fault> {
        while self.piece().await?.is_some() {}
        if self.state == State::Ended {
            return Ok(None);
        }
        self.at_least(2).await?;
        if self.buffer.starts_with(b"--") {
            self.state = State::Ended;
            return Ok(None);
        }
        let padding = self.line(MOST_PADDING).await?;
        if !padding.iter().all(|byte| b" \t".contains(byte)) {
            return Err(Fault::Malformed("something follows a boundary"));
        }
        let mut part = Part::default();
        let mut left = MOST_HEAD_BYTES;
        loop {
            let line = self.line(left).await?;
            if line.is_empty() {
                break;
            }
            left = left.saturating_sub(line.len() + 2);
            part.read(&line)?;
        }
        if part.name.is_empty() {
            return Err(Fault::Malformed("a part has no name"));
        }
        self.state = State::InPart;
        Ok(Some(part))
    }

    /// Returns the next bytes of this part; none at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.state != State::InPart {
            return Ok(None);
        }
        loop {
            let length = self.delimiter.needle().len();
            match self.delimiter.find(&self.buffer) {
                Some(0) => {
                    self.buffer.advance(length);
                    self.state = State::AfterBoundary;
                    return Ok(None);
                }
                Some(at) => return Ok(Some(self.buffer.split_to(at).freeze())),
                None => {}
            }
            // The end may be the beginning of a boundary.
            let sure = self.buffer.len().saturating_sub(length - 1);
            if sure > 0 {
                return Ok(Some(self.buffer.split_to(sure).freeze()));
            }
            self.fill().await?;
        }
    }

    /// Takes a line without its end.
    async fn line(&mut self, most: usize) -> Result<Bytes, Fault> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n") {
                if at > most {
                    return Err(Fault::Malformed("a part's head is too long"));
                }
                let line = self.buffer.split_to(at).freeze();
                self.buffer.advance(2);
                return Ok(line);
            }
            if self.buffer.len() > most + 2 {
                return Err(Fault::Malformed("a part's head is too long"));
            }
            self.fill().await?;
        }
    }

    async fn at_least(&mut self, bytes: usize) -> Result<(), Fault> {
        while self.buffer.len() < bytes {
            self.fill().await?;
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), Fault> {
        let piece = self.source.next().await?.ok_or(Fault::Cut)?;
        self.buffer.extend_from_slice(&piece);
        Ok(())
    }
}

impl Part {
    fn read(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line = String::from_utf8_lossy(line);
        let (name, value) = line
            .split_once(':')
            .ok_or(Fault::Malformed("a part's head has a line without a colon"))?;
        if name.eq_ignore_ascii_case("content-type") {
            self.content_type = Some(value.trim().to_owned());
        }
        if name.eq_ignore_ascii_case("content-disposition") {
            self.name = parameter(value, "name").unwrap_or_default();
            self.file_name = parameter(value, "filename");
        }
        Ok(())
    }
}

/// Finds a parameter of a header. A quoted one may have quotation marks in it as `\"` or, from browsers, as `%22`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, next) = value(after.trim_start());
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.replace("%22", "\""));
        }
        rest = next.trim_start().strip_prefix(';')?;
    }
}

/// Reads a value at the start of a text, and returns what follows.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.trim_end().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
                value.push('"');
            }
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A body in pieces of a size.
    struct Pieces(Vec<Bytes>);

    impl Source for Pieces {
        async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
            Ok((!self.0.is_empty()).then(|| self.0.remove(0)))
        }
    }

    fn pieces(body: &[u8], size: usize) -> Pieces {
        Pieces(body.chunks(size).map(Bytes::copy_from_slice).collect())
    }

    fn read(body: &[u8], size: usize) -> Result<Vec<(Part, Vec<u8>)>, Fault> {
        let mut multipart = Multipart::new(pieces(body, size), "XX");
        futures::executor::block_on(async {
            let mut parts = Vec::new();
            while let Some(part) = multipart.next_part().await? {
                let mut content = Vec::new();
                while let Some(piece) = multipart.piece().await? {
                    assert!(!piece.is_empty());
                    content.extend_from_slice(&piece);
                }
                parts.push((part, content));
            }
            Ok(parts)
        })
    }

    fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (head, content) in parts {
            body.extend_from_slice(b"--XX\r\nContent-Disposition: form-data; ");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--XX--\r\n");
        body
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_part_comes_out_as_it_was(
            contents in prop::collection::vec(prop::collection::vec(prop::sample::select(b"\r\n-Xa".to_vec()), 0..40), 1..4),
            size in 1_usize..20,
        ) {
            prop_assume!(contents.iter().all(|content| memchr::memmem::find(content, b"--XX").is_none()));
            let parts: Vec<_> = contents.iter().map(|it| ("name=\"a\"; filename=\"b\"", it.as_slice())).collect();
            let read = read(&body(&parts), size).unwrap();
            let out: Vec<_> = read.into_iter().map(|(_, content)| content).collect();
            prop_assert_eq!(out, contents);
        }

        #[test]
        fn nothing_makes_it_panic_or_hang(bytes in prop::collection::vec(prop::sample::select(b"\r\n-X:;=\"\\a%".to_vec()), 0..200), size in 1_usize..30) {
            let _ = read(&bytes, size);
            let _ = read(&[b"--XX\r\n".as_slice(), &bytes].concat(), size);
        }
    }

    #[test]
    fn names_are_read_as_browsers_and_tools_write_them() {
        for (head, name, file) in [
            ("name=\"email\"", "email", None),
            ("name=email", "email", None),
            ("name=\"f\"; filename=\"a b;c.pdf\"", "f", Some("a b;c.pdf")),
            ("name=\"f\"; filename=\"a%22b.pdf\"", "f", Some("a\"b.pdf")),
            ("name=\"f\"; filename=\"a\\\"b.pdf\"", "f", Some("a\"b.pdf")),
            (
                "name=\"f\"; filename=\"C:\\dir\\b.pdf\"",
                "f",
                Some("C:\\dir\\b.pdf"),
            ),
            ("filename=\"b.pdf\"; name=\"f\"", "f", Some("b.pdf")),
            ("name=\"f\"; filename=\"\"", "f", Some("")),
            (
                "name=\"f\"; filename*=UTF-8''x; filename=\"y\"",
                "f",
                Some("y"),
            ),
            (
                "name=\"f\"; filename=\"bücher.pdf\"",
                "f",
                Some("bücher.pdf"),
            ),
        ] {
            let (part, _) = read(&body(&[(head, b"x")]), 7).unwrap().remove(0);
            assert_eq!(
                (part.name.as_str(), part.file_name.as_deref()),
                (name, file),
                "{head}"
            );
        }
    }

    #[test]
    fn what_is_no_form_is_refused_within_bounds() {
        let long = "x".repeat(MOST_HEAD_BYTES + 10);
        let is = |text: &str, fault: Fault| {
            assert_eq!(read(text.as_bytes(), 11), Err(fault), "{text:.40}");
        };
        is("", Fault::Cut);
        is("--XX", Fault::Cut);
        is(
            "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nabc",
            Fault::Cut,
        );
        is(
            "--XX\r\n\r\nabc\r\n--XX--",
            Fault::Malformed("a part has no name"),
        );
        is(
            "--XXabc\r\n",
            Fault::Malformed("something follows a boundary"),
        );
        is(
            "--XX\r\nabc\r\n\r\n",
            Fault::Malformed("a part's head has a line without a colon"),
        );
        is(
            &format!("--XX\r\na: {long}"),
            Fault::Malformed("a part's head is too long"),
        );
        is(
            &format!("--XX\r\n{}", "a: b\r\n".repeat(2000)),
            Fault::Malformed("a part's head is too long"),
        );
    }

    #[test]
    fn no_part_at_all_is_an_end_and_no_fault() {
        assert_eq!(read(b"--XX--", 3), Ok(Vec::new()));
        assert_eq!(read(b"--XX--\r\nafterwards", 6), Ok(Vec::new()));
    }

    #[test]
    fn a_boundary_is_found_or_missed() {
        let of = |text: &str| boundary(text).map(Result::ok);
        let found = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(
            of("multipart/form-data; boundary=----Web"),
            found("----Web")
        );
        assert_eq!(
            of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""),
            found("a b")
        );
        for text in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a\u{1}b",
            &format!("multipart/form-data; boundary={}", "x".repeat(71)),
        ] {
            assert_eq!(of(text), Some(None), "{text}");
        }
        assert_eq!(of("application/json"), None);
        assert_eq!(of("multipart/mixed; boundary=x"), None);
    }
}
