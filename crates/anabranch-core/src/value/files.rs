//! Blobs, files and images.

use serde::{Deserialize, Serialize};

use crate::string::JsString;

/// A `Blob`: its bytes inline, or held elsewhere by their hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Blob {
    /// The MIME type.
    pub mime: JsString,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its bytes, unless they are held elsewhere.
    pub bytes: Option<Vec<u8>>,
}

/// Two Blobs are equal if type, size and hash are: where the bytes are held does not matter.
impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        (&self.mime, self.size, self.sha256) == (&other.mime, other.size, other.sha256)
    }
}

/// A `File`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Its contents.
    pub blob: Blob,
    /// Its name.
    pub name: JsString,
    /// Milliseconds since 1970.
    pub last_modified_ms: i64,
}

/// An `ImageData`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageData {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The colour space, where it is known.
    pub color_space: Option<String>,
    /// The storage format, where it is not `uint8-clamped`.
    pub format: Option<String>,
    /// The pixels.
    pub bytes: Vec<u8>,
}
