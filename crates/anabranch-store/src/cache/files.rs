//! The files of a cache and their bytes.

use std::io;

use anabranch_core::{ChangeHash, PageHash};

/// The folder of caches.
pub(super) const CACHE: &str = "cache";
/// The name of an index within a store's folder.
pub(super) const INDEX: &str = "index";
const INDEX_MAGIC: [u8; 8] = *b"ANBRCAC1";
const CHECK_BYTES: usize = 32;
/// zstd's level: of 161 KB of a page 1 leaves 75 KB, 3 leaves 59 KB in the same time, 6 leaves 67 KB in three times the time.
const LEVEL: i32 = 3;
/// Bytes of a page; a document with a larger one is not cached.
const PAGE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A store's folder, by the number that the log gave it.
pub(super) fn folder(store: u32) -> String {
    format!("{CACHE}/{store:08}")
}

pub(super) fn index_path(store: u32) -> String {
    format!("{}/{INDEX}", folder(store))
}

pub(super) fn page_name(hash: &PageHash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn page_path(store: u32, hash: &PageHash) -> String {
    format!("{}/{}", folder(store), page_name(hash))
}

/// A page's length (8) and the page, compressed.
pub(super) fn encode_page(page: &[u8]) -> io::Result<Vec<u8>> {
    if page.len() > PAGE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = (page.len() as u64).to_le_bytes().to_vec();
    bytes.extend(zstd::bulk::compress(page, LEVEL)?);
    Ok(bytes)
}

/// The page of a file; its hash is for the caller to check.
pub(super) fn decode_page(bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, stored) = bytes.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|length| *length <= PAGE_BYTES_MAX)?;
    zstd::bulk::decompress(stored, length).ok().filter(|page| page.len() == length)
}

/// A document's index, and which log it is of.
pub(super) struct CachedIndex {
    /// The digest of the transaction up to which the document has all changes.
    pub(super) digest: [u8; 32],
    /// The hashes of the store's changes up to there, in the order of the log.
    pub(super) hashes: Vec<ChangeHash>,
    /// The pages that the document's index names.
    pub(super) pages: Vec<PageHash>,
    /// The index of the saved document.
    pub(super) document: Vec<u8>,
}

impl CachedIndex {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = INDEX_MAGIC.to_vec();
        bytes.extend(self.digest);
        bytes.extend((self.hashes.len() as u64).to_le_bytes());
        self.hashes.iter().for_each(|hash| bytes.extend(hash.0));
        bytes.extend((self.pages.len() as u64).to_le_bytes());
        self.pages.iter().for_each(|hash| bytes.extend(hash.0));
        bytes.extend(&self.document);
        let check = blake3::hash(&bytes);
        bytes.extend(check.as_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
        if blake3::hash(body).as_bytes() != check {
            return None;
        }
        let (digest, rest) = body.strip_prefix(&INDEX_MAGIC)?.split_first_chunk()?;
        let (hashes, rest) = take_hashes(rest)?;
        let (pages, document) = take_hashes(rest)?;
        let hashes = hashes.iter().copied().map(ChangeHash).collect();
        let pages = pages.iter().copied().map(PageHash).collect();
        Some(Self { digest: *digest, hashes, pages, document: document.to_vec() })
    }
}

/// Hashes behind their number, and what follows them.
fn take_hashes(bytes: &[u8]) -> Option<(&[[u8; 32]], &[u8])> {
    let (count, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*count)).ok()?.checked_mul(32)?;
    let (hashes, rest) = rest.split_at_checked(length)?;
    Some((hashes.as_chunks().0, rest))
}
