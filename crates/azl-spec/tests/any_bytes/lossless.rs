//! Properties of the spec tree over generated inputs.

use azl_spec::{Keyword, LineKind, SectionId, SectionName, Spec};
use proptest::prelude::*;

use crate::lines_of_pieces;

/// Returns whether `after` is `before` with some bytes put in at one or more places.
fn only_added(before: &[u8], after: &[u8]) -> bool {
    let mut rest = after.iter();
    before.iter().all(|byte| rest.any(|candidate| candidate == byte))
}

fn check_section() -> SectionId {
    SectionId { name: SectionName::parse("%check").expect("a known name"), package: None }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn parsing_keeps_every_byte(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(Spec::parse(text.clone()).into_bytes(), text);
    }

    #[test]
    fn lines_and_sections_cover_the_text(text in lines_of_pieces()) {
        let spec = Spec::parse(text.clone());
        let joined: Vec<u8> = spec.lines().iter().flat_map(|line| text[line.range.clone()].to_vec()).collect();
        prop_assert_eq!(joined, text);
        let covered: Vec<usize> = spec.sections().iter().flat_map(|section| section.lines()).collect();
        prop_assert_eq!(covered, (0..spec.lines().len()).collect::<Vec<_>>());
    }

    #[test]
    fn adding_a_tag_only_adds_bytes_and_the_tag_is_found(text in lines_of_pieces()) {
        let mut spec = Spec::parse(text.clone());
        spec.add_tag(None, "Provides", "new").expect("the preamble is always there");
        prop_assert!(only_added(&text, spec.as_bytes()));
        let added = spec.as_bytes().windows(13).filter(|window| *window == b"Provides: new").count();
        prop_assert_eq!(added, 1);
    }

    #[test]
    fn appending_only_adds_bytes_under_the_headers_own_condition(text in lines_of_pieces()) {
        let mut spec = Spec::parse(text.clone());
        let matching = spec.find_sections(&check_section()).count();
        let appended = spec.append_to_section(&check_section(), &["appended".into()]);
        prop_assert_eq!(appended.unwrap_or(0), matching);
        prop_assert!(only_added(&text, spec.as_bytes()));
    }

    #[test]
    fn updating_a_tag_replaces_its_lines_and_nothing_else(text in lines_of_pieces()) {
        let mut spec = Spec::parse(text.clone());
        let mut expected = Vec::new();
        let mut copied = 0;
        let preamble = spec.sections()[0].lines();
        for tag in spec.tags().filter(|tag| tag.is("Name") && preamble.contains(&tag.lines.start)) {
            let lines = &spec.lines()[tag.lines];
            expected.extend_from_slice(&text[copied..lines[0].content.start]);
            expected.extend_from_slice(b"Name: y");
            copied = lines[lines.len() - 1].content.end;
        }
        expected.extend_from_slice(&text[copied..]);
        let updated = spec.update_tag(None, "Name", "y").is_ok();
        prop_assert_eq!(spec.as_bytes(), if updated { &expected } else { &text });
    }

    #[test]
    fn removing_a_section_only_removes_bytes_and_keeps_conditionals(text in lines_of_pieces()) {
        let mut spec = Spec::parse(text.clone());
        // An unterminated macro makes the reader treat the lines behind it differently; removal may cure that.
        let comparable = is_well_nested(&spec) && has_no_braced_macro(&text);
        if spec.remove_section(&check_section()).is_ok() {
            prop_assert!(only_added(spec.as_bytes(), &text));
            prop_assert!(!comparable || is_well_nested(&spec));
        }
    }
}

fn is_well_nested(spec: &Spec) -> bool {
    let step = |depth: Option<usize>, line: &azl_spec::Line| match line.kind {
        LineKind::Conditional(Keyword::If) => depth.map(|depth| depth + 1),
        LineKind::Conditional(Keyword::Endif) => depth.and_then(|depth| depth.checked_sub(1)),
        LineKind::Conditional(Keyword::Else) => depth.filter(|&depth| depth > 0),
        _ => depth,
    };
    spec.lines().iter().fold(Some(0), step) == Some(0)
}

fn has_no_braced_macro(text: &[u8]) -> bool {
    !text.windows(2).any(|pair| matches!(pair, [b'%', b'{' | b'(' | b'[']))
}
