//! Regular expressions, and texts they are applied to.
#![no_main]

#[path = "../../azl-overlay/tests/any_bytes/pattern_property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::holds(bytes));
