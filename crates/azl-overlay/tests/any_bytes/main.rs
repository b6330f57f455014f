//! Archives, expressions and texts that nobody wrote.

mod archive_property;
mod archives;
#[path = "../../src/archive/tests/fixture.rs"]
mod fixture;
mod pattern_property;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_expression_and_a_text(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        pattern_property::holds(&bytes);
    }

    #[test]
    fn any_signs_are_an_expression(
        expression in r"([\\\[\]{}()|*+?^$.,:&~<>0-9A-Za-z -]|\\[pPQEbBdDsSwWxz]|\[:alpha:\]|\{1,2\}){0,12}",
        text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"ab 0{}[]\xc3\xa9"[..])], 0..60),
    ) {
        pattern_property::holds(&[expression.as_bytes(), b"\n", &text].concat());
    }
}
