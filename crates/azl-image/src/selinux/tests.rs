//! Behaviour of [`FileContexts`] on small policies; `tests/selinux.rs` asks libselinux itself.

use super::*;

const POLICY: &str = r"
# a note
/.*                         system_u:object_r:default_t:s0
/usr(/.*)?                  system_u:object_r:usr_t:s0
/usr/lib(64)?/.*\.so(\.[^/]*)*  --  system_u:object_r:lib_t:s0
/usr/bin                    -d  system_u:object_r:bin_t:s0
/usr/bin/.*                 system_u:object_r:bin_t:s0
/usr/bin/passwd             --  system_u:object_r:passwd_exec_t:s0
/usr/bin/\[                 system_u:object_r:bracket_t:s0
/usr/bin/pass.*             system_u:object_r:other_t:s0
/etc/x                      system_u:object_r:any_t:s0
/etc/x                      -l  system_u:object_r:link_t:s0
/dev/.*                     -c  system_u:object_r:device_t:s0
/run/.*                     <<none>>
";

fn types(contexts: &FileContexts, path: &str) -> [String; 3] {
    [FileKind::Regular, FileKind::Directory, FileKind::Symlink].map(|kind| match contexts.label(path, kind) {
        Some(Label::Context(context)) => context.split(':').nth(2).unwrap_or_default().to_owned(),
        Some(Label::None) => "none".to_owned(),
        None => "nothing".to_owned(),
    })
}

fn policy(substitutions: [&str; 2]) -> FileContexts {
    FileContexts::parse(&[POLICY], &substitutions).expect("a policy")
}

#[test]
fn literals_go_first_and_then_the_last_expression() {
    let policy = policy(["", ""]);
    for (path, expected) in [
        ("/usr", ["usr_t"; 3]),
        ("/usr/share", ["usr_t"; 3]),
        ("/usr/bin", ["usr_t", "bin_t", "usr_t"]),
        ("/usr/bin/bash", ["bin_t"; 3]),
        ("/usr/bin/passwd", ["passwd_exec_t", "other_t", "other_t"]),
        ("/usr/bin/[", ["bracket_t"; 3]),
        ("/usr/lib64/libc.so.6", ["lib_t", "usr_t", "usr_t"]),
        ("/usr/lib/x/libc.so", ["lib_t", "usr_t", "usr_t"]),
        ("/etc/x", ["any_t", "any_t", "link_t"]),
        ("/dev/null", ["default_t"; 3]),
        ("/run/x", ["none"; 3]),
        ("/", ["default_t"; 3]),
    ] {
        assert_eq!(types(&policy, path), expected, "{path}");
    }
}

#[test]
fn substitutions_are_local_then_the_distributions_and_end_at_a_component() {
    let policy = policy(["/opt/local /lib64", "# note\n/lib64 /usr/lib\n/alias /\n"]);
    for (path, expected) in [
        ("/lib64/libc.so", "lib_t"),
        ("/opt/local/libc.so", "lib_t"),
        ("/lib64x/libc.so", "default_t"),
        ("/alias/usr/bin/bash", "bin_t"),
        ("/alias", "default_t"),
    ] {
        assert_eq!(types(&policy, path)[0], expected, "{path}");
    }
}

#[test]
fn later_files_are_stronger() {
    let contexts = FileContexts::parse(&["/a(/.*)? u:r:base:s0", "/a/b.* u:r:home:s0", "/a/.* u:r:local:s0"], &[]);
    assert_eq!(types(&contexts.expect("a policy"), "/a/b")[0], "local");
}

#[test]
fn what_is_not_understood_is_an_error_with_its_line() {
    for line in ["/a", "/a -x u:r:t:s0", "/a(?!b) u:r:t:s0", "/a( u:r:t:s0", "/a -- u:r:t:s0 more"] {
        let error = FileContexts::parse(&[line], &[]).expect_err("refused");
        assert!(error.ends_with(line), "{error}");
    }
}

#[test]
fn a_prefix_is_what_every_match_begins_with() {
    for (text, expected) in [
        ("/usr(/.*)?", "/usr"),
        ("/usr/lib64?/x", "/usr/lib6"),
        (r"/a\.b.*", "/a.b"),
        ("/ab*c", "/a"),
        ("/a+", "/a"),
        ("/a|/b", "/"),
        ("/a(b|c)", "/a"),
        (r"/a\d", "/a"),
    ] {
        assert_eq!(prefix(text), expected, "{text}");
    }
}
