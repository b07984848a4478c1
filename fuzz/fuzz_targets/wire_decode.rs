//! See `crates/xtask/src/targets/wire_decode.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::targets::wire_decode(bytes));
