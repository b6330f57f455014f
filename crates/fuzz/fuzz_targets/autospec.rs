//! The evaluator of versions and releases.
#![no_main]

#[path = "../../azl-autospec/tests/histories/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::holds(bytes));
