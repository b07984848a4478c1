//! The header of an archive of trimmed changes (FORMAT.md §11).

const MAGIC: [u8; 8] = *b"ANBRARC1";
/// Bytes before the first block of an archive: magic 8, bytes of its frames 8, check of these 4.
pub const ARCHIVE_HEADER_BYTES: usize = 20;

/// What an archive says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveHeader {
    /// Bytes of its frames: what a reader makes of it is no more.
    pub frames_bytes: u64,
}

/// Why bytes begin no archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeArchiveHeaderError {
    /// They are something else, or of a newer version.
    #[error("no archive of changes that this build reads")]
    NotAnArchive,
    /// They are cut off or damaged.
    #[error("damaged archive header")]
    Damaged,
}

impl ArchiveHeader {
    /// The header's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.frames_bytes.to_le_bytes());
        let check = blake3::hash(&bytes);
        bytes.extend(check.as_bytes().iter().take(4));
        bytes
    }

    /// Reads the header at the front of `bytes`.
    ///
    /// # Errors
    /// There is none, or a damaged one.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeArchiveHeaderError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(DecodeArchiveHeaderError::NotAnArchive);
        }
        let header = bytes.get(..ARCHIVE_HEADER_BYTES).ok_or(DecodeArchiveHeaderError::Damaged)?;
        let frames = header.get(8..16).and_then(|frames| frames.try_into().ok());
        let read = Self { frames_bytes: u64::from_le_bytes(frames.ok_or(DecodeArchiveHeaderError::Damaged)?) };
        if read.encode() == header { Ok(read) } else { Err(DecodeArchiveHeaderError::Damaged) }
    }
}
