//! Behaviour of [`compose`] on whole packages.

use super::*;
use crate::fixture::{Build as _, container, container_of_system, machine, package, scriptlet, system};

const EPOCH: u64 = 1_000;

fn errors(model: &ImageModel, packages: &[Package], derived: &[Derived]) -> Vec<ComposeError> {
    compose(model, packages, derived, EPOCH).expect_err("refused")
}

fn derived(path: &str) -> Derived {
    let content = DerivedContent::File { mode: 0o600, bytes: b"derived".to_vec() };
    Derived { path: path.to_owned(), content }
}

#[test]
fn files_land_where_links_point_and_directories_are_complete() {
    let (model, packages) = (container_of_system(""), system());
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    assert_eq!(tree.content("/usr/bin/bash").map(<[u8]>::len), Some(70_000));
    assert!(tree.get("/bin/bash").is_none());
    assert_eq!(tree.get("/usr/lib/modules").map(|node| (node.mode, node.owners.len())), Some((0o755, 0)));
    assert_eq!(tree.get("/").map(|node| node.mode), Some(0o555));
    let paths: Vec<_> = tree.iter().map(|(path, _)| path).collect();
    assert!(paths.iter().all(|path| crate::tree::split(path).is_none_or(|(parent, _)| paths.contains(&parent))));
}

#[test]
fn owners_capabilities_and_times_are_resolved() {
    let (model, packages) = (container_of_system(""), system());
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let write = tree.get("/usr/bin/write").expect("there");
    assert_eq!((write.uid, write.gid, write.mode, write.mtime), (0, 5, 0o2755, EPOCH));
    assert_eq!(tree.get("/usr/bin/ping").map(|node| node.xattrs["security.capability"].len()), Some(20));
    assert_eq!(tree.packages[write.owners[0]].nevra.name, "util-linux");
}

#[test]
fn the_order_of_packages_does_not_matter() {
    let model = container_of_system("");
    let (forward, mut packages) = (system(), system());
    packages.reverse();
    let tree = compose(&model, &forward, &[], EPOCH).expect("composes");
    let reversed = compose(&model, &packages, &[], EPOCH).expect("composes");
    assert!(tree.iter().eq(reversed.iter()));
}

#[test]
fn directories_and_equal_files_are_shared_and_differences_are_conflicts() {
    let model = container("");
    let base = || package("a").directory("/usr", 0o755).file("/usr/x", 0o644, b"x").link("/usr/l", "x");
    let same = [base(), package("b").directory("/usr", 0o755).file("/usr/x", 0o644, b"x").link("/usr/l", "x")];
    let tree = compose(&model, &same, &[], EPOCH).expect("composes");
    assert_eq!(tree.get("/usr").map(|node| node.owners.clone()), Some(vec![0, 1]));
    for (other, path, difference) in [
        (package("b").directory("/usr", 0o700), "/usr", "mode"),
        (package("b").file("/usr/x", 0o644, b"y"), "/usr/x", "content"),
        (package("b").link("/usr/x", "y"), "/usr/x", "kind of file"),
        (package("b").link("/usr/l", "y"), "/usr/l", "link target"),
    ] {
        let [first, second] = ["a-1-1.azl4.x86_64", "b-1-1.azl4.x86_64"].map(str::to_owned);
        let expected = ComposeError::Conflict { path: path.to_owned(), first, second, difference };
        assert_eq!(errors(&model, &[base(), other], &[]), [expected]);
    }
}

#[test]
fn ghosts_are_absent_until_a_derived_file_fills_them() {
    let model = container("");
    let packages = [package("glibc").ghost("/etc/ld.so.cache")];
    assert!(compose(&model, &packages, &[], EPOCH).expect("composes").get(LD_SO_CACHE).is_none());
    let derived = [derived(LD_SO_CACHE)];
    let tree = compose(&model, &packages, &derived, EPOCH).expect("composes");
    let node = tree.get(LD_SO_CACHE).expect("there");
    assert_eq!((node.mode, node.owners.clone(), node.mtime), (0o600, vec![0], EPOCH));
}

#[test]
fn a_derived_file_never_replaces_a_packaged_one() {
    let packages = [package("a").file("/etc/x", 0o644, b"")];
    let owner = "a-1-1.azl4.x86_64".to_owned();
    let expected = ComposeError::DerivedConflict { path: "/etc/x".to_owned(), owner };
    assert_eq!(errors(&container(""), &packages, &[derived("/etc/x")]), [expected]);
}

#[test]
fn ldconfig_asks_for_the_cache_and_other_scriptlets_are_refused_with_their_body() {
    let model = container("");
    let mut glibc = package("glibc");
    glibc.header.scriptlets = vec![scriptlet("post", "/sbin/ldconfig", "")];
    let missing = errors(&model, std::slice::from_ref(&glibc), &[]);
    assert!(missing[0].to_string().contains("`/etc/ld.so.cache`, wanted by glibc-1-1.azl4.x86_64"), "{missing:?}");
    assert!(compose(&model, std::slice::from_ref(&glibc), &[derived(LD_SO_CACHE)], EPOCH).is_ok());
    glibc.header.scriptlets = vec![scriptlet("posttrans", "/bin/sh", "useradd polkitd")];
    let text = errors(&model, &[glibc], &[])[0].to_string();
    assert!(text.contains("%posttrans") && text.contains("glibc") && text.contains("useradd polkitd"), "{text}");
}

#[test]
fn links_that_enable_units_belong_to_the_package_of_the_unit() {
    let mut sshd = package("sshd").file("/usr/lib/systemd/system/sshd.service", 0o644, b"");
    sshd.header.scriptlets = vec![scriptlet("post", "/bin/sh", "systemctl --no-reload preset sshd.service || :")];
    let packages = [sshd];
    let missing = errors(&container(""), &packages, &[]);
    assert!(missing[0].to_string().contains("`/etc/systemd`, wanted by sshd-1-1.azl4.x86_64"), "{missing:?}");
    let link = "/etc/systemd/system/multi-user.target.wants/sshd.service".to_owned();
    let links = BTreeMap::from([(link.clone(), "/usr/lib/systemd/system/sshd.service".to_owned())]);
    let derived = [Derived { path: UNIT_LINKS.to_owned(), content: DerivedContent::Links(links) }];
    let model = container("");
    let tree = compose(&model, &packages, &derived, EPOCH).expect("composes");
    let node = tree.get(&link).expect("there");
    assert!(matches!(&node.kind, NodeKind::Symlink { target } if target == "/usr/lib/systemd/system/sshd.service"));
    assert_eq!((node.mode, node.owners.clone()), (0o777, vec![0]));
}

#[test]
fn accounts_of_a_package_own_its_files() {
    let line = b"u keeper 77 \"keeps\" /var/lib/kept\n";
    let packages = [
        package("setup").file("/etc/passwd", 0o644, b"root:x:0:0::/root:/bin/sh\n").file(
            "/etc/group",
            0o644,
            b"root:x:0:\n",
        ),
        package("keeper")
            .file("/usr/lib/sysusers.d/keeper.conf", 0o644, line)
            .directory("/var/lib/kept", 0o700)
            .edit(|entry| (entry.user, entry.group) = ("keeper".to_owned(), "keeper".to_owned())),
    ];
    let model = container("");
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    assert_eq!(tree.get("/var/lib/kept").map(|node| (node.uid, node.gid)), Some((77, 77)));
    let passwd = tree.content("/etc/passwd").expect("there");
    assert!(passwd.ends_with(b"\nkeeper:x:77:77:keeps:/var/lib/kept:/usr/sbin/nologin\n"), "{passwd:?}");
    assert_eq!(tree.get("/etc/passwd").map(|node| node.owners.len()), Some(1));
}

#[test]
fn temporary_files_are_made_where_a_package_asks() {
    let mut systemd = package("systemd").file("/usr/lib/tmpfiles.d/x.conf", 0o644, b"d /var/lib/x 0750 - 12\n");
    let model = container("");
    assert!(compose(&model, std::slice::from_ref(&systemd), &[], EPOCH).expect("composes").get("/var/lib/x").is_none());
    let mut trigger = scriptlet("transfiletriggerin", "/bin/sh", "systemd-tmpfiles --create || :");
    trigger.triggers = vec!["/usr/lib/tmpfiles.d/".to_owned()];
    systemd.header.scriptlets = vec![trigger];
    let packages = [systemd];
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let made = tree.get("/var/lib/x").expect("there");
    assert_eq!((made.mode, made.uid, made.gid, made.owners.clone()), (0o750, 0, 12, vec![0]));
}

#[test]
fn all_mistakes_are_shown_and_name_their_file() {
    let mut foreign = package("foreign");
    foreign.header.nevra.arch = "aarch64".to_owned();
    let packages = [
        foreign,
        package("mail").file("/var/mail", 0o755, b"").edit(|entry| entry.user = "mail".to_owned()),
        package("bad").file("/usr/../x", 0o644, b""),
        package("below").file("/var/mail/y", 0o644, b""),
        package("caps").file("/caps", 0o755, b"").edit(|entry| entry.caps = Some("cap_none=ep".to_owned())),
    ];
    let found = errors(&container(""), &packages, &[]);
    let all = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for text in ["not for `x86_64`", "user `mail` of `/var/mail`", "`/usr/../x`", "no capability `cap_none`"] {
        assert!(all.contains(text), "{text} in {all}");
    }
    let below = [package("a").file("/x", 0o644, b""), package("b").file("/x/y", 0o644, b"")];
    let expected = ComposeError::NotADirectory { path: "/x/y".to_owned(), parent: "/x".to_owned() };
    assert_eq!(errors(&container(""), &below, &[]), [expected]);
}

#[test]
fn records_and_authored_files_are_part_of_the_image() {
    let model = container(
        "package-records = [\"rpm-database\", \"scanner-manifest\"]\n[[files]]\npath = \"/etc/machine-id\"\nmode = 0o444\ntext = \"\"\nreason = \"made at boot\"",
    );
    let packages = [package("a").file("/a", 0o644, b"")];
    let missing = ComposeError::MissingDerived { path: RPM_DATABASE.to_owned(), wanted_by: "image test".to_owned() };
    assert_eq!(errors(&model, &packages, &[]), [missing]);
    let derived = [derived(RPM_DATABASE)];
    let tree = compose(&model, &packages, &derived, EPOCH).expect("composes");
    assert_eq!(tree.content(SCANNER_MANIFEST_1), Some(&b"a-1-1.azl4.x86_64\n"[..]));
    assert_eq!(tree.get("/etc/machine-id").map(|node| node.mode), Some(0o444));
}

#[test]
fn the_boot_file_is_one_file_of_its_package() {
    let model = machine();
    assert!(compose(&model, &system(), &[], EPOCH).is_ok());
    let mut two = system();
    two.push(package("kernel-core-other").file("/usr/lib/modules/7/vmlinuz", 0o644, b""));
    assert!(compose(&model, &two, &[], EPOCH).is_ok());
    two.retain(|package| package.header.nevra.name != "kernel-core");
    let found = vec!["/usr/lib/modules/7/vmlinuz".to_owned()];
    let (package, pattern) = ("kernel-core".to_owned(), "/usr/lib/modules/*/vmlinuz".to_owned());
    assert_eq!(errors(&model, &two, &[]), [ComposeError::BootFile { package, pattern, found }]);
}

#[test]
fn sizes_count_each_file_once() {
    let (model, packages) = (container_of_system(""), system());
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let sizes = tree.package_sizes();
    assert_eq!(sizes[0].package, "kernel-core-1-1.azl4.x86_64");
    assert_eq!(sizes.iter().map(|size| size.bytes).sum::<u64>(), tree.content_bytes());
    assert_eq!(tree.file_sizes()[1].path, "/usr/bin/bash");
}

#[test]
fn files_that_lend_rights_are_named_with_a_reason_and_none_in_vain() {
    let told = |model: &ImageModel, packages: &[Package]| -> Vec<String> {
        errors(model, packages, &[]).iter().map(ToString::to_string).collect()
    };
    let rights = [
        package("a")
            .file("/a", 0o4755, b"")
            .file("/b", 0o755, b"")
            .edit(|entry| entry.caps = Some("cap_net_raw=ep".into())),
        package("b").file("/c", 0o666, b"").directory("/d", 0o777).directory("/e", 0o1777).link("/f", "a"),
    ];
    let found = told(&container(""), &rights);
    let expected = [
        "`/a` of `a-1-1.azl4.x86_64` is setuid",
        "`/b` of `a-1-1.azl4.x86_64` is with capabilities",
        "`/c` of `b-1-1.azl4.x86_64` is writable by all",
        "`/d` of `b-1-1.azl4.x86_64` is writable by all, without sticky bit",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert!(found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{found:?}");
    let named = container("[privileged]\n'/a' = 'x'\n'/b' = 'x'\n'/c' = 'x'\n'/d' = 'x'\n");
    assert!(compose(&named, &rights, &[], EPOCH).is_ok());
    let vain = told(&named, &[package("b").file("/a", 0o755, b"")]);
    assert!(vain[0].starts_with("`[privileged]` names `/a`, which lends nobody any rights"), "{vain:?}");
}
