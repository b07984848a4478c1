//! Large Blobs: files named by the SHA-256 of their bytes.

use sha2::{Digest, Sha256};

use crate::disk::{Disk, KeepError};
use crate::error::OpenError;

pub(crate) const BLOBS: &str = "blobs";

pub(crate) fn path(sha256: &[u8; 32]) -> String {
    let name: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{BLOBS}/{name}")
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A Blob's bytes, checked; `None` if they are not here.
pub(crate) fn read(disk: &dyn Disk, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, OpenError> {
    let path = path(sha256);
    match disk.read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::Read { path, source }),
        Ok(bytes) if hash(&bytes) == *sha256 => Ok(Some(bytes)),
        Ok(_) => Err(OpenError::Damaged { path, offset: 0, what: "a Blob's contents" }),
    }
}

/// Keeps a Blob: whole under its name, or not at all.
pub(crate) fn write(disk: &mut dyn Disk, sha256: &[u8; 32], bytes: &[u8]) -> Result<(), KeepError> {
    let path = path(sha256);
    if disk.read(&path).is_ok_and(|have| have == bytes) {
        return Ok(());
    }
    let temporary = temporary(&path);
    disk.write(&temporary, bytes)?;
    disk.sync(&temporary).map_err(KeepError::Sync)?;
    disk.rename(&temporary, &path)?;
    disk.sync_dir(BLOBS).map_err(KeepError::Sync)
}

/// Takes away what a transaction that failed wrote of a Blob.
pub(crate) fn forget(disk: &mut dyn Disk, sha256: &[u8; 32]) {
    let path = path(sha256);
    for file in [temporary(&path), path] {
        drop(disk.remove(&file));
    }
}

fn temporary(path: &str) -> String {
    format!("{path}.tmp")
}
