//! The root file of a configuration.
#![no_main]

#[path = "../../azl-config/tests/any_bytes/property.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::loads(bytes));
