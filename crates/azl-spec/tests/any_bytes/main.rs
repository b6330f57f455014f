//! Every edit, with arbitrary arguments, over arbitrary bytes: none panics, and each changes only what it names.

mod lossless;
mod property;

use azl_spec::{BcondDefault, LineKind, Scope, SectionId, SectionName, Spec};
use proptest::prelude::*;

use property::{Arguments, EDITS, edit, holds, survives};

/// Pieces that meet in unlucky ways.
const PIECES: &[&[u8]] = &[
    b"Name: foo",
    b"Requires: a, b >= 1, (c if d) e%{?_isa}",
    b"Requires(post) : y",
    b"%{?a:Requires: p, a}",
    b"Patch3: q",
    b"Patch: r",
    b"%patch3 -p1",
    b"%patch -P 3",
    b"cat %{PATCH3}",
    b"%package devel",
    b"%files -n foo-devel",
    b"%files -n %{name}-devel",
    b"%gopkgfiles",
    b"%ldconfig_scriptlets devel",
    b"%{?x:%files devel}",
    b"%global m 1",
    b"%define m(o:) %{m2}",
    b"%{!?m:%global m %{x}}",
    b"%{m} %{?m}",
    b"%bcond_with tests",
    b"%{bcond_without tests}",
    b"%bcond tests %{x}",
    b"%if 0",
    b"%ifarch x86_64",
    b"%else",
    b"%elif 1",
    b"%endif",
    b"%define p() \\",
    b"%global g %{expand:",
    b"}",
    b"%{lua:",
    b"\\",
    b"%(echo",
    b")",
    b"# %{",
    b"%include x",
    b"\xff\xfe",
    b"\0",
    b"\xef\xbb\xbf",
    b"\r",
    b"",
    b"%changelog",
    b"* Thu Jan 22 2026 A - 1",
    b"%check",
    b"%patchlist",
    b"x.patch",
    b"%Files -n z",
    b"  %build",
    b"%dnl x",
    b" \t",
];

fn lines_of_pieces() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![4 => Just(&b"\n"[..]), 1 => Just(&b"\r\n"[..]), 1 => Just(&b""[..])];
    let line = (0..PIECES.len(), end);
    proptest::collection::vec(line, 0..40)
        .prop_map(|lines| lines.into_iter().flat_map(|(piece, end)| [PIECES[piece], end].concat()).collect())
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => lines_of_pieces(), 1 => proptest::collection::vec(any::<u8>(), 0..400)]
}

/// A word that means something in the pieces, or any.
fn word() -> impl Strategy<Value = String> {
    let known = ["a", "b", "m", "tests", "devel", "foo-devel", "Requires", "(c if d)", "%{x", "3", "", "\u{fffd}"];
    prop_oneof![4 => (0..known.len()).prop_map(move |at| known[at].to_owned()), 1 => "[^\n\r\0]{0,12}"]
}

fn arguments() -> impl Strategy<Value = Arguments> {
    let package = proptest::option::of(word());
    let words = (word(), word(), word());
    let date = (1990..3000_u16, 1..=12_u8, 1..=28_u8);
    (0..EDITS, 0..36_usize, package, words, date).prop_map(|(edit, section, package, words, date)| Arguments {
        edit,
        section,
        package,
        words,
        date,
    })
}

/// Returns whether one text is the other with some bytes taken out.
fn only_removed(before: &[u8], after: &[u8]) -> bool {
    let mut rest = before.iter();
    after.iter().all(|byte| rest.any(|candidate| candidate == byte))
}

fn tags(spec: &Spec) -> Vec<(String, String)> {
    spec.tags().map(|tag| (tag.full_name(), tag.value)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_and_no_edit_make_it_panic(text in any_text(), edits in proptest::collection::vec(arguments(), 1..4)) {
        let mut spec = Spec::parse(text);
        for with in &edits {
            spec = survives(&spec, with);
        }
    }

    #[test]
    fn bytes_hold_an_edit_and_a_spec(line in any_text(), text in any_text()) {
        holds(&[line, text].concat());
    }

    #[test]
    fn removals_only_remove_and_additions_only_add(text in lines_of_pieces(), with in arguments()) {
        let mut spec = Spec::parse(text.clone());
        if edit(&mut spec, &with).is_ok() {
            match with.edit {
                3 | 4 | 9 | 10 | 13 | 17 | 19 => prop_assert!(only_removed(&text, spec.as_bytes())),
                0 | 1 | 5..=8 | 12 | 16 | 20 => prop_assert!(only_removed(spec.as_bytes(), &text)),
                _ => {}
            }
        }
    }

    #[test]
    fn changes_in_place_leave_all_other_lines_alone(text in lines_of_pieces(), with in arguments()) {
        let mut spec = Spec::parse(text);
        let before = spec.clone();
        let (name, changed) = match with.edit % 3 {
            0 => (&b"tests"[..], spec.set_bcond("tests", BcondDefault::On).is_ok()),
            1 => (&b"Name"[..], spec.update_tag(None, "Name", "b").is_ok()),
            _ => (&b"%global m"[..], spec.set_macro("m", "2").is_ok()),
        };
        let others = |spec: &Spec| -> Vec<Vec<u8>> {
            let lines = (0..spec.lines().len()).map(|line| spec.line(line).to_vec());
            let holds = |line: &[u8], word: &[u8]| line.windows(word.len()).any(|window| window == word);
            lines.filter(|line| !holds(line, name) && !holds(line, b"%define")).collect()
        };
        if changed && !before.lines().iter().any(|line| line.kind == LineKind::Body) {
            prop_assert_eq!(others(&before), others(&spec));
        }
    }

    #[test]
    fn tags_are_the_same_after_edits_elsewhere(text in lines_of_pieces(), with in arguments()) {
        let mut spec = Spec::parse(text);
        let before = tags(&spec);
        let elsewhere = ["%changelog", "%check", "%files", "%prep"];
        let name = SectionName::parse(elsewhere[with.section % 4]).expect("a known name");
        let id = SectionId { name, package: None };
        if spec.append_to_section(&id, &["text".into()]).is_ok() {
            prop_assert_eq!(tags(&spec), before);
        }
    }

    #[test]
    fn text_is_replaced_where_it_is_found_only(
        text in lines_of_pieces(),
        (at, length) in (0..400_usize, 0..9_usize),
    ) {
        // Carriage returns and byte order marks are not seen by the search; their tests are beside the code.
        let text: Vec<u8> = text.into_iter().filter(|byte| !b"\r\xef".contains(byte)).collect();
        let mut spec = Spec::parse(text.clone());
        let found = at.min(text.len())..(at + length).min(text.len());
        spec.replace_text(Scope::Spec, |_| true, |_| std::iter::once(found.clone()).collect(), b"NEW");
        prop_assert_eq!(spec.as_bytes(), [&text[..found.start], b"NEW", &text[found.end..]].concat());
    }
}
