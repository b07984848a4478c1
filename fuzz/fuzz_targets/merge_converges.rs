//! See `crates/xtask/src/targets/merge_converges.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::targets::merge_converges(bytes));
