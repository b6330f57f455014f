//! Files of a tree that nobody wrote: none makes a reader panic, and none is refused without a reason.

mod property;

use proptest::prelude::*;

fn lines(of: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        8 => prop::sample::select(of).prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(line, 0..16).prop_map(|lines| lines.join(&b'\n'))
}

const CONFIG: &[&str] = &[
    "includes = ['a.toml']",
    "includes = ['*.toml', '../b', 'azldev.toml']",
    "[project]",
    "default-distro = { name = 'd', version = '1' }",
    "[components.x]",
    "[components.\"\\u0000\"]",
    "[components.X.build]",
    "spec = { type = 'local', path = 'x/x.spec' }",
    "spec = { type = 'upstream', upstream-distro = { name = 'd', version = '1' } }",
    "unset = ['build.with', 'overlays', '']",
    "build.check = { skip = true, skip_reason = 'why' }",
    "with = ['a', 1, {}]",
    "defines = { a = '1', b = 2 }",
    "[component-groups.g]",
    "specs = ['x/*.spec', '[']",
    "components = ['x', 'y']",
    "[default-component-config]",
    "[[components.x.overlays]]",
    "type = 'spec-search-replace'",
    "type = 'file-add'",
    "description = 'why'",
    "regex = '('",
    "expect = 0",
    "archive = 'x.tar'",
    "[[components.x.source-files]]",
    "filename = 'a'",
    "origin = { type = 'download', uri = 'http://h/a' }",
    "hash = 'ab'",
    "hash-type = 'SHA256'",
    "[distros.d.versions.1]",
    "release-ver = '1'",
    "a = 1",
    "a.b.c = [[{}]]",
];

const SOURCES: &[&str] = &[
    "SHA512 (a) = \
     0000000000000000000000000000000000000000000000000000000000000000\
     0000000000000000000000000000000000000000000000000000000000000000",
    "SHA512 (../a) = 00",
    "SHA512 (a) = ",
    "MD5 (a) = 00000000000000000000000000000000",
    "00000000000000000000000000000000  a",
    "\r",
    "",
];

const LOCK: &[&str] = &[
    "version = 1",
    "version = 2",
    "import-commit = 'a'",
    "upstream-commit = \"\\u0001\\n\"",
    "manual-bump = 4294967295",
    "input-fingerprint = ''",
    "[inputs]",
    "\"a b\" = \"00\"",
    "[[changes]]",
    "time = -1",
    "message = '''a'''",
    "x = 1",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_are_a_configuration_or_have_mistakes(bytes in lines(CONFIG)) {
        property::loads(&bytes);
    }

    #[test]
    fn any_lines_are_sources_or_have_mistakes(bytes in lines(SOURCES)) {
        property::are_sources(&bytes);
    }

    #[test]
    fn any_lines_are_a_lock_or_have_mistakes(bytes in lines(LOCK)) {
        property::is_a_lock(&bytes);
    }
}
