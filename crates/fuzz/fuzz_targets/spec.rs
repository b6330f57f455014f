//! Specs, and edits on them.
#![no_main]

#[path = "../../azl-spec/tests/any_bytes/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::holds(bytes));
