//! Archives: what is accepted is repacked within limits, once and for all.
#![no_main]

#[path = "../../azl-overlay/tests/any_bytes/archive_property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::holds(bytes));
