//! Bodies of a bounded size.

use super::error::{Error, Kind};

/// Reads a body piece by piece and stops at `most` bytes, counted after decompression.
pub(super) async fn read(
    host: &str,
    response: &mut reqwest::Response,
    most: usize,
) -> Result<Vec<u8>, Error> {
    let announced = response.content_length().unwrap_or(0);
    let too_large = || Error::new(Kind::TooLarge, host, format!("more than {most} bytes"));
    if announced > most as u64 {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(most));
    while let Some(piece) = next(host, response).await? {
        if body.len() + piece.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

async fn next(host: &str, response: &mut reqwest::Response) -> Result<Option<bytes::Bytes>, Error> {
    response
        .chunk()
        .await
        .map_err(|error| Error::from_reqwest(host, &error))
}
