//! An upload on its way from a stranger into the quarantine.
//!
//! ```text
//! parts ─┬─ texts, bounded ──────────────────────────────────────────────► Filled ─┐
//!        └─ files ─► name ─► first bytes ─► size and SHA-256 ─► the destination ────┴─► manifest, last
//! ```
//!
//! Whatever goes wrong on the way, all that was stored of it is removed again. A process that is killed in the middle leaves
//! files without a manifest, which count for nothing and are removed after a day.

use bytes::{Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use super::body::Inflow;
use super::form::{Field, Filled};
use super::multipart::{Fault, Multipart, Part};
use super::names;
use super::refusal::Refusal;
use super::signatures::HEAD_BYTES;
use super::types::Types;
use crate::controllers::dropzone::DropBox;
use crate::destinations;
use crate::destinations::quarantine::{Arrival, Quarantine};
use crate::model::clock::Clock;
use crate::model::secret::Digest;
use crate::model::upload::{Manifest, ReceivedFile, UploadId};

/// How many files an upload may have.
pub(super) const MOST_FILES: usize = 10;
/// How many parts: the files, the form's texts, and a few empty file fields.
const MOST_PARTS: usize = 20;
/// What a form may have beside its files.
pub(super) const FORM_BYTES: u64 = 64 * 1024;

/// Why an upload came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// For a reason of the sender's.
    Refused(Refusal),
    /// The destination failed.
    Store(destinations::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<destinations::Error> for Failure {
    fn from(error: destinations::Error) -> Self {
        Self::Store(error)
    }
}

/// What came of an upload. What was written into the form is there in any case, to be shown again.
pub(super) struct Outcome {
    pub(super) filled: Filled,
    pub(super) result: Result<Manifest, Failure>,
}

/// An upload under way.
pub(super) struct Reception<'a> {
    drop_box: &'a DropBox,
    types: &'a Types,
    quarantine: &'a dyn Quarantine,
    upload: UploadId,
    filled: Filled,
    files: Vec<ReceivedFile>,
    bytes: u64,
}

impl<'a> Reception<'a> {
    pub(super) fn new(
        drop_box: &'a DropBox,
        types: &'a Types,
        quarantine: &'a dyn Quarantine,
        clock: &dyn Clock,
    ) -> Self {
        Self {
            drop_box,
            types,
            quarantine,
            upload: UploadId::new(clock.now()),
            filled: Filled::default(),
            files: Vec::new(),
            bytes: 0,
        }
    }

    /// Reads all of it, and keeps all of it or nothing.
    pub(super) async fn run(mut self, body: Inflow, boundary: &str, clock: &dyn Clock) -> Outcome {
        let mut parts = Multipart::new(body, boundary);
        let result = match self.read(&mut parts).await {
            Ok(()) => self.seal(clock).await,
            Err(failure) => Err(failure),
        };
        if result.is_err()
            && let Err(error) = self.quarantine.remove(&self.upload).await
        {
            tracing::warn!(upload.id = %self.upload, %error, "what was stored of an upload is removed later");
        }
        Outcome {
            filled: self.filled,
            result,
        }
    }

    async fn read(&mut self, parts: &mut Multipart<Inflow>) -> Result<(), Failure> {
        let limit = self.drop_box.spec.size_limit();
        let refused = |fault| Failure::Refused(Refusal::of_fault(fault, limit));
        let mut count = 0;
        while let Some(part) = parts.next_part().await.map_err(refused)? {
            count += 1;
            if count > MOST_PARTS {
                return Err(Refusal::too_many_parts(MOST_FILES).into());
            }
            match Field::named(&part.name) {
                Some(Field::Files) => self.take_file(parts, &part).await?,
                Some(field) if part.file_name.is_none() => {
                    let text = text(parts, field).await.map_err(refused)?;
                    self.filled.fill(field, &text)?;
                }
                _ => return Err(Refusal::unknown_field().into()),
            }
        }
        let faults = self.filled.faults(!self.files.is_empty());
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Refusal::unfilled(faults).into())
        }
    }

    /// Takes a file in. A form whose file input was left empty has a part without a name and a content.
    async fn take_file(
        &mut self,
        parts: &mut Multipart<Inflow>,
        part: &Part,
    ) -> Result<(), Failure> {
        let head = self.head(parts).await?;
        let sent_name = part.file_name.as_deref().unwrap_or_default();
        if sent_name.is_empty() && head.is_empty() {
            return Ok(());
        }
        if self.files.len() >= MOST_FILES {
            return Err(Refusal::too_many_parts(MOST_FILES).into());
        }
        let name = names::clean(sent_name);
        let taken = self.types.judge(&name, part.content_type.as_deref());
        let unfit = |unfit| Refusal::unfit(unfit, &name, self.types);
        let taken = taken.map_err(unfit)?;
        taken.confirm(&head).map_err(unfit)?;
        let number = u32::try_from(self.files.len() + 1).unwrap_or(u32::MAX);
        let mut arrival = self.quarantine.begin(&self.upload, number).await?;
        let stored = self.store(parts, head, &mut *arrival).await;
        let (bytes, sha256) = match stored {
            Ok(stored) => stored,
            Err(failure) => {
                arrival.abort().await;
                return Err(failure);
            }
        };
        self.files.push(ReceivedFile {
            number,
            name,
            media_type: taken.media_type,
            bytes,
            sha256,
        });
        Ok(())
    }

    /// Reads as much of a part as its type is told by.
    async fn head(&mut self, parts: &mut Multipart<Inflow>) -> Result<Bytes, Failure> {
        let mut head = BytesMut::new();
        while head.len() < HEAD_BYTES
            && let Some(piece) = self.piece(parts).await?
        {
            head.extend_from_slice(&piece);
        }
        Ok(head.freeze())
    }

    async fn store(
        &mut self,
        parts: &mut Multipart<Inflow>,
        head: Bytes,
        arrival: &mut dyn Arrival,
    ) -> Result<(u64, Digest), Failure> {
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut next = Some(head);
        while let Some(piece) = next {
            hash.update(&piece);
            bytes += piece.len() as u64;
            arrival.write(piece).await?;
            next = self.piece(parts).await?;
        }
        arrival.finish().await?;
        Ok((bytes, Digest::from_hash(hash)))
    }

    async fn piece(&mut self, parts: &mut Multipart<Inflow>) -> Result<Option<Bytes>, Failure> {
        let limit = self.drop_box.spec.size_limit();
        let piece = parts.piece().await;
        let piece = piece.map_err(|fault| Refusal::of_fault(fault, limit))?;
        self.bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.bytes > limit.bytes() {
            return Err(Refusal::too_large(limit).into());
        }
        Ok(piece)
    }

    /// Writes the manifest down, which makes it an upload.
    async fn seal(&mut self, clock: &dyn Clock) -> Result<Manifest, Failure> {
        let now = clock.now();
        let manifest = Manifest {
            upload: self.upload.clone(),
            account: self.drop_box.about.username.to_string(),
            label: self.drop_box.spec.label.clone(),
            received_at: now,
            expires_at: self.drop_box.spec.expires_at(now),
            sender: self.filled.sender(),
            subject: self.filled.optional(Field::Subject),
            message: self.filled.optional(Field::Message),
            files: std::mem::take(&mut self.files),
        };
        let bytes = serde_json::to_vec(&manifest).unwrap_or_default();
        self.quarantine.seal(&self.upload, bytes.into()).await?;
        Ok(manifest)
    }
}

/// Reads a text, within the bounds of its field.
async fn text(parts: &mut Multipart<Inflow>, field: Field) -> Result<Bytes, Fault> {
    let mut text = BytesMut::new();
    while let Some(piece) = parts.piece().await? {
        if text.len() + piece.len() > field.most_bytes() {
            return Err(Fault::Malformed("a field's text is too long"));
        }
        text.extend_from_slice(&piece);
    }
    Ok(text.freeze())
}
