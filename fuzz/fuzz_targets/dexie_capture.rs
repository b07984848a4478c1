//! See `crates/xtask/src/targets/dexie_capture.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::targets::dexie_capture(bytes));
