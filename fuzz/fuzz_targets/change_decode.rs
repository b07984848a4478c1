//! See `crates/xtask/src/targets/change_decode.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::targets::change_decode(bytes));
