//! What the tests of the merge share.

#![expect(unreachable_pub, reason = "a module of test binaries, where nothing is reachable from outside")]

pub mod desk;

/// SHA-256, by which changes are named and checked.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}
