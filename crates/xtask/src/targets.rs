//! The bodies of the fuzz targets, so that the stable toolchain and the normal tests can run them too.

mod block_unpack;
mod change_decode;
mod dexie_capture;
mod merge_converges;
mod wire_decode;

pub use block_unpack::block_unpack;
pub use change_decode::change_decode;
pub use dexie_capture::dexie_capture;
pub use merge_converges::merge_converges;
pub use wire_decode::wire_decode;

/// A target's body: whatever the bytes, it must not panic.
pub type Body = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Body)] = &[
    ("block_unpack", block_unpack),
    ("change_decode", change_decode),
    ("dexie_capture", dexie_capture),
    ("merge_converges", merge_converges),
    ("wire_decode", wire_decode),
];

/// The body of a target.
pub fn body(name: &str) -> Option<Body> {
    TARGETS.iter().find(|(have, _)| *have == name).map(|(_, body)| *body)
}
