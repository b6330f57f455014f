//! The accounts and labels that composition gives are those of the tools that give them elsewhere: systemd-sysusers and
//! matchpathcon.
//!
//! Each check looks for its tool first and prints why it did not run if the tool is absent.

#![expect(clippy::disallowed_methods, reason = "this test runs foreign tools, the crate under test never does")]
#![expect(clippy::disallowed_macros, reason = "a check that did not run says so")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use azl_image::{ListedKind, Package, compose};
use fixture::{Build as _, container, machine_with, package, system};

mod fixture;

const EPOCH: u64 = 1_795_132_800;

/// Finds a tool in PATH and where administrators' tools lie.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut candidates = path.split(':').chain(["/usr/sbin", "/sbin"]).map(|dir| Path::new(dir).join(name));
    let found = candidates.find(|path| path.is_file());
    if found.is_none() {
        println!("not checked: `{name}` is not installed");
    }
    found
}

const TABLES: [(&str, &str); 4] = [
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/usr/sbin/nologin\n"),
    ("/etc/group", "root:x:0:\nbin:x:1:\ntty:x:5:\nwheel:x:10:\n"),
    ("/etc/shadow", "root:!*::0:99999:7:::\nbin:*::0:99999:7:::\n"),
    ("/etc/gshadow", "root:!*::\nbin:!*::\ntty:!*::\nwheel:!*::\n"),
];
const SNIPPETS: [(&str, &str); 3] = [
    (
        "/usr/lib/sysusers.d/z.conf",
        "u chrony 491 \"Time\" /var/lib/chrony\nu systemd-network 192 \"Network\"\nu auto - \"Auto\"\ng render -\nm auto wheel\n",
    ),
    (
        "/usr/lib/sysusers.d/a.conf",
        "g keys -\nu sshd 74:join \"Ssh\" /usr/share/empty\ng join 75\nm implied tty\nu bin 7\n",
    ),
    (
        "/etc/sysusers.d/m.conf",
        "u own-group -:tty\nu other 498\nu with-shell 497 \"Shell\" /home/x /bin/sh\ng auto2 -\n",
    ),
];

#[test]
fn accounts_are_those_of_systemd_sysusers() {
    let Some(sysusers) = tool("systemd-sysusers") else { return };
    let dir = tempfile::tempdir().expect("directory");
    let files = TABLES.iter().chain(&SNIPPETS);
    let put = |all: Package, (path, text): &(&str, &str)| all.file(path, 0o644, text.as_bytes());
    for (path, text) in files.clone() {
        let path = dir.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("has one")).expect("made");
        fs::write(path, text).expect("written");
    }
    let root = format!("--root={}", dir.path().display());
    let status = Command::new(sysusers).arg(root).env("SOURCE_DATE_EPOCH", "0").status().expect("starts");
    assert!(status.success(), "{status}");
    let (model, packages) = (container(""), [files.fold(package("all"), put)]);
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    for (path, _) in TABLES {
        let expected = fs::read_to_string(dir.path().join(path.trim_start_matches('/'))).expect("read");
        // The day of the last change is the one thing that an image leaves out.
        let expected = if path == "/etc/shadow" { expected.replace(":!*:0:", ":!*::") } else { expected };
        let found = String::from_utf8_lossy(tree.content(path).expect("there"));
        assert_eq!(sorted(&found), sorted(&expected), "{path}");
    }
}

/// systemd-sysusers keeps new entries of `m` lines in an order of its own.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

const CONTEXTS: &str = r"
/.*                                 system_u:object_r:default_t:s0
/[^/]+                          --  system_u:object_r:etc_runtime_t:s0
/usr(/.*)?                          system_u:object_r:usr_t:s0
/usr/(.*/)?lib(/.*)?                system_u:object_r:lib_t:s0
/usr/lib(64)?/.*\.so(\.[^/]*)*  --  system_u:object_r:so_t:s0
/usr/(local/)?s?bin(/.*)?           system_u:object_r:bin_t:s0
/usr/share(/.*)?\.bin           --  system_u:object_r:late_bin_t:s0
/usr/bin/p[a-h]ss.{2}           --  system_u:object_r:guess_t:s0
/usr/bin/passwd                 --  system_u:object_r:passwd_exec_t:s0
/usr/bin/\[                     --  system_u:object_r:bracket_t:s0
/etc(/.*)?                          system_u:object_r:etc_t:s0
/etc/.*\.conf                   -l  system_u:object_r:link_t:s0
/etc/(ssl|pki)(/.*)?                system_u:object_r:cert_t:s0
/var/log/.+/[0-9]+\.log[^/]*        system_u:object_r:log_t:s0
/               -d  system_u:object_r:root_t:s0
";
const SUBSTITUTIONS: &str = "/srv/etc /etc\n/usr/lib64 /usr/lib\n/srv /var\n";

#[test]
fn labels_are_those_of_libselinux() {
    let Some(matchpathcon) = tool("matchpathcon") else { return };
    let policy = "/etc/selinux/targeted/contexts/files/file_contexts";
    let files = [
        "/usr/lib64/libc.so.6",
        "/usr/lib64/x/y.so.z",
        "/usr/local/lib/a",
        "/usr/share/a.bin",
        "/usr/share/x/lib/y.bin",
        "/usr/local/sbin/x",
        "/usr/bin/passwd",
        "/usr/bin/pahsxx",
        "/usr/bin/[",
        "/etc/a.conf",
        "/etc/ssl/b.conf",
        "/srv/etc/pki",
        "/srv/log/a/5.log-1",
        "/var/log/a/b/5.log",
        "/top",
        "/var/log/5.log",
    ];
    let mut all =
        package("all").file(policy, 0o644, CONTEXTS.as_bytes()).link("/etc/l.conf", "x").link("/etc/ssl/m.conf", "x");
    all = all.file(&format!("{policy}.subs_dist"), 0o644, SUBSTITUTIONS.as_bytes());
    all = files.iter().fold(all, |all, path| all.file(path, 0o644, b""));
    let mut packages = system();
    packages.push(all);
    let model = machine_with("[selinux]\npolicy = \"targeted\"\n");
    let listing = compose(&model, &packages, &[], EPOCH).expect("composes").listing();
    let dir = tempfile::tempdir().expect("directory");
    let contexts = dir.path().join("file_contexts");
    fs::write(&contexts, CONTEXTS).expect("written");
    fs::write(dir.path().join("file_contexts.subs_dist"), SUBSTITUTIONS).expect("written");
    for (path, file) in listing.files {
        let kind = match file.kind {
            ListedKind::Directory => "dir",
            ListedKind::Link => "lnk_file",
            ListedKind::File => "file",
        };
        let output = Command::new(&matchpathcon).arg("-f").arg(&contexts).args(["-n", "-m", kind, &path]).output();
        let said = String::from_utf8(output.expect("starts").stdout).expect("UTF-8");
        assert_eq!(file.label.as_deref(), Some(said.trim_end()), "{path}");
    }
}
