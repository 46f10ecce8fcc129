//! What a file's first bytes say that it is, and which media type goes with the ending of a name.
//!
//! Source: the file formats' own specifications, and IANA's media types, read 2026-11-28.

/// How many of the first bytes are looked at.
pub(super) const HEAD_BYTES: usize = 512;

/// What the first bytes can show. Formats that share a container cannot be told apart by them, and need not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Pdf,
    Png,
    Jpeg,
    Gif,
    Webp,
    Tiff,
    Bmp,
    /// HEIC, AVIF, MP4, MOV.
    IsoMedia,
    /// ZIP itself, and documents that are ZIP files.
    Zip,
    /// Documents of before 2007.
    Ole,
    Gzip,
    SevenZip,
    Rar,
    Wave,
    Mp3,
    Rtf,
    /// Text of any kind, which has no bytes of its own.
    Text,
    /// What a machine runs.
    Program,
    /// Nothing that is known here.
    Other,
}

/// A file type that is known here.
pub(super) struct KnownType {
    /// How names of it end.
    pub(super) ending: &'static str,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// What its first bytes must show.
    pub(super) family: Family,
}

const fn known(ending: &'static str, media_type: &'static str, family: Family) -> KnownType {
    KnownType {
        ending,
        media_type,
        family,
    }
}

/// Every type that is known here.
pub(super) const KNOWN: [KnownType; 44] = [
    known("pdf", "application/pdf", Family::Pdf),
    known("png", "image/png", Family::Png),
    known("jpg", "image/jpeg", Family::Jpeg),
    known("jpeg", "image/jpeg", Family::Jpeg),
    known("gif", "image/gif", Family::Gif),
    known("webp", "image/webp", Family::Webp),
    known("tif", "image/tiff", Family::Tiff),
    known("tiff", "image/tiff", Family::Tiff),
    known("bmp", "image/bmp", Family::Bmp),
    known("heic", "image/heic", Family::IsoMedia),
    known("heif", "image/heif", Family::IsoMedia),
    known("avif", "image/avif", Family::IsoMedia),
    known("svg", "image/svg+xml", Family::Text),
    known("mp4", "video/mp4", Family::IsoMedia),
    known("mov", "video/quicktime", Family::IsoMedia),
    known("m4a", "audio/mp4", Family::IsoMedia),
    known("mp3", "audio/mpeg", Family::Mp3),
    known("wav", "audio/wav", Family::Wave),
    known("zip", "application/zip", Family::Zip),
    known("gz", "application/gzip", Family::Gzip),
    known("7z", "application/x-7z-compressed", Family::SevenZip),
    known("rar", "application/vnd.rar", Family::Rar),
    known(
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Family::Zip,
    ),
    known(
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Family::Zip,
    ),
    known(
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Family::Zip,
    ),
    known(
        "odt",
        "application/vnd.oasis.opendocument.text",
        Family::Zip,
    ),
    known(
        "ods",
        "application/vnd.oasis.opendocument.spreadsheet",
        Family::Zip,
    ),
    known(
        "odp",
        "application/vnd.oasis.opendocument.presentation",
        Family::Zip,
    ),
    known("epub", "application/epub+zip", Family::Zip),
    known("doc", "application/msword", Family::Ole),
    known("xls", "application/vnd.ms-excel", Family::Ole),
    known("ppt", "application/vnd.ms-powerpoint", Family::Ole),
    known("rtf", "application/rtf", Family::Rtf),
    known("txt", "text/plain", Family::Text),
    known("log", "text/plain", Family::Text),
    known("md", "text/markdown", Family::Text),
    known("csv", "text/csv", Family::Text),
    known("tsv", "text/tab-separated-values", Family::Text),
    known("json", "application/json", Family::Text),
    known("xml", "application/xml", Family::Text),
    known("html", "text/html", Family::Text),
    known("ics", "text/calendar", Family::Text),
    known("vcf", "text/vcard", Family::Text),
    known("eml", "message/rfc822", Family::Text),
];

/// What files begin with, at which place.
const SIGNATURES: [(usize, &[u8], Family); 29] = [
    (0, b"%PDF-", Family::Pdf),
    (0, b"\x89PNG\r\n\x1a\n", Family::Png),
    (0, b"\xff\xd8\xff", Family::Jpeg),
    (0, b"GIF87a", Family::Gif),
    (0, b"GIF89a", Family::Gif),
    (8, b"WEBP", Family::Webp),
    (8, b"WAVE", Family::Wave),
    (0, b"II*\0", Family::Tiff),
    (0, b"MM\0*", Family::Tiff),
    (0, b"BM", Family::Bmp),
    (4, b"ftyp", Family::IsoMedia),
    (0, b"PK\x03\x04", Family::Zip),
    (0, b"PK\x05\x06", Family::Zip),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Family::Ole),
    (0, b"\x1f\x8b", Family::Gzip),
    (0, b"7z\xbc\xaf\x27\x1c", Family::SevenZip),
    (0, b"Rar!\x1a\x07", Family::Rar),
    (0, b"ID3", Family::Mp3),
    (0, b"\xff\xfb", Family::Mp3),
    (0, b"\xff\xf3", Family::Mp3),
    (0, b"{\\rtf", Family::Rtf),
    (0, b"MZ", Family::Program),
    (0, b"\x7fELF", Family::Program),
    (0, b"#!", Family::Program),
    (0, b"\xfe\xed\xfa\xce", Family::Program),
    (0, b"\xfe\xed\xfa\xcf", Family::Program),
    (0, b"\xcf\xfa\xed\xfe", Family::Program),
    (0, b"\xca\xfe\xba\xbe", Family::Program),
    (0, b"\0asm", Family::Program),
];

/// Finds the type that goes with an ending, in lower case.
pub(super) fn of_ending(ending: &str) -> Option<&'static KnownType> {
    KNOWN.iter().find(|known| known.ending == ending)
}

/// Says what the first bytes of a file show.
pub(super) fn family(head: &[u8]) -> Family {
    let begins = |(at, bytes, _): &&(usize, &[u8], Family)| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(bytes))
    };
    match SIGNATURES.iter().find(begins) {
        // Two letters are too little to tell a picture or a program from a text.
        Some((_, bytes, Family::Bmp | Family::Program))
            if bytes.len() == 2 && **bytes != *b"#!" && is_text(head) =>
        {
            Family::Text
        }
        Some((_, _, family)) => *family,
        None if is_text(head) => Family::Text,
        None => Family::Other,
    }
}

/// Text has no NUL and few control characters, unless it says by its first bytes that it is UTF-16.
fn is_text(head: &[u8]) -> bool {
    let is_utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let is_odd = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c\x1b".contains(byte);
    is_utf16 || !head.iter().any(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        for (head, expected) in [
            (b"%PDF-1.7\n".as_slice(), Family::Pdf),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Family::Png),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Family::Webp),
            (b"\0\0\0\x18ftypheic", Family::IsoMedia),
            (b"PK\x03\x04\x14\0", Family::Zip),
            (b"MZ\x90\0\x03\0\0\0", Family::Program),
            (b"MZ is a text", Family::Text),
            (b"BMW;3\n", Family::Text),
            (b"BM\x36\0\x0c\0", Family::Bmp),
            (b"\x7fELF\x02\x01", Family::Program),
            (b"#!/bin/sh\n", Family::Program),
            (b"a;b\n1;2\n", Family::Text),
            ("Äpfel".as_bytes(), Family::Text),
            (b"\xff\xfea\0b\0", Family::Text),
            (b"\0\0\0\0", Family::Other),
            (b"", Family::Text),
        ] {
            assert_eq!(family(head), expected, "{head:?}");
        }
    }

    #[test]
    fn an_ending_has_one_type() {
        for (at, one) in KNOWN.iter().enumerate() {
            assert!(
                KNOWN[..at].iter().all(|other| other.ending != one.ending),
                "{}",
                one.ending
            );
        }
        let default = crate::providers::deputy::dropzone::DEFAULT_TYPES;
        assert!(default.iter().all(|ending| of_ending(ending).is_some()));
    }
}
