//! Bodies of a bounded size.

use std::io::{self, Write};

use ::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use super::error::{Error, Kind, Mark};

/// Reads a body piece by piece and stops at `most` bytes, counted after decompression.
pub(super) async fn read(
    host: &str,
    headers: &HeaderMap,
    mut body: Incoming,
    most: usize,
) -> Result<Vec<u8>, Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        return Err(too_large(host, most));
    }
    let mut sink = Sink::new(host, headers, Bounded::new(announced, most))?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::from_chain(host, &error, Kind::Cut))?;
        if let Ok(piece) = frame.into_data() {
            sink.take(&piece)
                .map_err(|error| broken(host, most, &error))?;
        }
    }
    sink.finish().map_err(|error| broken(host, most, &error))
}

/// Travels through the decoder.
const TOO_LARGE: Mark = Mark {
    kind: Kind::TooLarge,
    detail: "too large",
};

fn too_large(host: &str, most: usize) -> Error {
    Error::new(Kind::TooLarge, host, format!("more than {most} bytes"))
}

fn broken(host: &str, most: usize, error: &io::Error) -> Error {
    match Error::from_chain(host, error, Kind::Malformed) {
        error if error.kind == Kind::TooLarge => too_large(host, most),
        error => error,
    }
}

/// Where the pieces go.
enum Sink {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Sink {
    fn new(host: &str, headers: &HeaderMap, out: Bounded) -> Result<Self, Error> {
        let encoding = headers.get(header::CONTENT_ENCODING);
        match encoding.map_or(&b"identity"[..], |name| name.as_bytes()) {
            b"identity" => Ok(Self::Plain(out)),
            b"gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(out)))),
            _ => {
                let detail = "it is compressed in a way that was not asked for";
                Err(Error::new(Kind::Malformed, host, detail))
            }
        }
    }

    fn take(&mut self, piece: &Bytes) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(piece),
            Self::Gzip(out) => out.write_all(piece),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(out) => Ok(out.bytes),
            Self::Gzip(mut out) => {
                out.try_finish()?;
                Ok(std::mem::take(&mut out.get_mut().bytes))
            }
        }
    }
}

/// Bytes up to a bound.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl Bounded {
    fn new(announced: usize, most: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(announced),
            most,
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + piece.len() > self.most {
            return Err(io::Error::other(TOO_LARGE));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zipped(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    fn sink(encoding: &'static str, most: usize) -> Result<Sink, Error> {
        let headers = [(header::CONTENT_ENCODING, encoding.parse().unwrap())];
        Sink::new(
            "host",
            &headers.into_iter().collect(),
            Bounded::new(0, most),
        )
    }

    #[test]
    fn what_is_compressed_is_read_and_bounded_by_what_it_becomes() {
        let plain = vec![b' '; 100_000];
        let small = zipped(&plain);
        assert!(small.len() < 1_000);
        let mut whole = sink("gzip", plain.len()).unwrap();
        whole.take(&small).unwrap();
        assert_eq!(whole.finish().unwrap(), plain);
        let mut bounded = sink("gzip", plain.len() - 1).unwrap();
        let end = bounded.take(&small).and_then(|()| bounded.finish());
        let error = broken("host", 5, &end.unwrap_err());
        let said = (error.kind, error.detail.as_str());
        assert_eq!(said, (Kind::TooLarge, "more than 5 bytes"));
    }

    #[test]
    fn what_was_cut_or_is_no_gzip_is_malformed() {
        let whole = zipped(b"{}");
        for text in [
            whole.slice(..whole.len() - 9),
            Bytes::from_static(b"{\"plain\": 1}"),
        ] {
            let mut sink = sink("gzip", 1_000).unwrap();
            let end = sink.take(&text).and_then(|()| sink.finish());
            let error = broken("host", 1_000, &end.unwrap_err());
            assert_eq!(error.kind, Kind::Malformed);
        }
    }

    #[test]
    fn another_encoding_was_not_asked_for() {
        let refused = sink("br", 1_000).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind, Kind::Malformed);
    }
}
