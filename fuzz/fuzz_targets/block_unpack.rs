//! See `crates/xtask/src/targets/block_unpack.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::targets::block_unpack(bytes));
