//! Which files a box takes: by name, and by what the first bytes show.

use super::names::ending;
use super::signatures::{Family, KNOWN, KnownType, family, of_ending};

/// What stands for a type that nobody knows.
const UNKNOWN: &str = "application/octet-stream";

/// The types that a box takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Types(Vec<Wanted>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Ending(String),
    MediaType(String),
    /// Such as `image/`.
    MediaTypes(String),
}

/// A file that is taken as far as its name goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// The media type.
    pub(super) media_type: String,
    /// What the first bytes must show; none where nobody knows.
    family: Option<Family>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Its name ends in no type of the box.
    Type,
    /// It is not what its name says.
    Content,
}

impl Types {
    /// Reads the list of a spec.
    pub(super) fn new(listed: &[String]) -> Self {
        let wanted = listed.iter().map(|text| {
            let text = text.trim().to_ascii_lowercase();
            match text.strip_suffix('*') {
                Some(kind) => Wanted::MediaTypes(kind.to_owned()),
                None if text.contains('/') => Wanted::MediaType(text),
                None => Wanted::Ending(text.trim_start_matches('.').to_owned()),
            }
        });
        Self(wanted.collect())
    }

    /// Judges a file by its name. What the sender says it is counts only where the ending tells nothing: browsers differ in what they
    /// call a CSV file, and anybody can say anything.
    pub(super) fn judge(&self, name: &str, declared: Option<&str>) -> Result<Taken, Unfit> {
        let ending = ending(name);
        let known = ending.as_deref().and_then(of_ending);
        let declared = declared.and_then(|declared| declared.split(';').next());
        let declared = declared.map(|declared| declared.trim().to_ascii_lowercase());
        let media_type = known.map_or(declared, |known| Some(known.media_type.to_owned()));
        let fits = |wanted: &Wanted| match wanted {
            Wanted::Ending(wanted) => ending.as_ref() == Some(wanted),
            Wanted::MediaType(wanted) => media_type.as_ref() == Some(wanted),
            Wanted::MediaTypes(kind) => media_type.as_ref().is_some_and(|it| it.starts_with(kind)),
        };
        if !self.0.iter().any(fits) {
            return Err(Unfit::Type);
        }
        let is_media_type =
            |text: &String| text.len() <= 127 && text.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(Taken {
            media_type: media_type
                .filter(is_media_type)
                .unwrap_or_else(|| UNKNOWN.to_owned()),
            family: known.map(|known| known.family),
        })
    }

    /// Returns the list for an input's `accept`.
    pub(super) fn accept(&self) -> String {
        let each = self.0.iter().map(|wanted| match wanted {
            Wanted::Ending(ending) => format!(".{ending}"),
            Wanted::MediaType(media_type) => media_type.clone(),
            Wanted::MediaTypes(kind) => format!("{kind}*"),
        });
        each.collect::<Vec<_>>().join(",")
    }

    /// Returns the list as people read it: endings, wherever one is known.
    pub(super) fn readable(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in self.0.iter().flat_map(Wanted::names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

impl Wanted {
    fn names(&self) -> Vec<&str> {
        let is_of = |known: &&KnownType| match self {
            Self::Ending(_) => false,
            Self::MediaType(media_type) => known.media_type == media_type,
            Self::MediaTypes(kind) => known.media_type.starts_with(kind.as_str()),
        };
        let endings = KNOWN.iter().filter(is_of).map(|known| known.ending);
        let endings: Vec<&str> = endings.collect();
        match self {
            Self::Ending(text) | Self::MediaType(text) | Self::MediaTypes(text)
                if endings.is_empty() =>
            {
                vec![text]
            }
            _ => endings,
        }
    }
}

impl Taken {
    /// Judges a file by its first bytes. What nobody knows may be anything but a program.
    pub(super) fn confirm(&self, head: &[u8]) -> Result<(), Unfit> {
        let shown = family(head);
        let fits = match self.family {
            // A text with the beginnings of something else is no text.
            Some(expected) => shown == expected,
            None => shown != Family::Program,
        };
        fits.then_some(()).ok_or(Unfit::Content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(listed: &[&str]) -> Types {
        let listed: Vec<_> = listed.iter().map(|&text| text.to_owned()).collect();
        Types::new(&listed)
    }

    #[test]
    fn a_name_ends_in_a_type_of_the_box_or_is_refused() {
        let box_ = types(&[
            "pdf",
            ".CSV",
            "image/*",
            "application/json",
            "dwg",
            "model/stl",
        ]);
        for (name, declared, expected) in [
            ("a.pdf", None, Ok("application/pdf")),
            ("A.PDF", Some("text/html"), Ok("application/pdf")),
            ("a.csv", Some("application/vnd.ms-excel"), Ok("text/csv")),
            ("a.heic", None, Ok("image/heic")),
            ("a.json", None, Ok("application/json")),
            ("a.dwg", Some("image/vnd.dwg"), Ok("image/vnd.dwg")),
            ("a.dwg", None, Ok("application/octet-stream")),
            (
                "a.dwg",
                Some("text/plain\u{1}"),
                Ok("application/octet-stream"),
            ),
            ("a.stl", Some("model/stl; x=y"), Ok("model/stl")),
            ("a.exe", Some("application/pdf"), Err(Unfit::Type)),
            ("a.pdf.exe", None, Err(Unfit::Type)),
            ("pdf", None, Err(Unfit::Type)),
            ("a", Some("application/zip"), Err(Unfit::Type)),
            ("a.txt", Some("application/json"), Err(Unfit::Type)),
        ] {
            let judged = box_.judge(name, declared).map(|taken| taken.media_type);
            assert_eq!(judged, expected.map(str::to_owned), "{name} {declared:?}");
        }
        assert_eq!(
            box_.accept(),
            ".pdf,.csv,image/*,application/json,.dwg,model/stl"
        );
        let shown = box_.readable();
        assert!(shown.starts_with("pdf, csv, png, jpg, "), "{shown}");
        assert!(shown.ends_with("json, dwg, model/stl"), "{shown}");
    }

    #[test]
    fn the_content_must_be_what_the_name_says() {
        let fits = |name: &str, head: &[u8]| {
            let all = types(&["pdf", "txt", "docx", "dwg", "png"]);
            all.judge(name, None).unwrap().confirm(head).is_ok()
        };
        assert!(fits("a.pdf", b"%PDF-1.4"));
        assert!(!fits("a.pdf", b"MZ\x90\0"));
        assert!(!fits("a.pdf", b""));
        assert!(!fits("a.pdf", b"<html>"));
        assert!(fits("a.docx", b"PK\x03\x04"));
        assert!(fits("a.txt", b""));
        assert!(!fits("a.txt", b"%PDF-1.4"));
        assert!(!fits("a.txt", b"\x7fELF\x02"));
        assert!(fits("a.dwg", b"AC1027\0\0"));
        assert!(!fits("a.dwg", b"MZ\x90\0"));
        assert!(!fits("a.png", b"\xff\xd8\xff\xe0"));
    }
}
