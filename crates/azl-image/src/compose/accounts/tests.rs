//! Behaviour of [`create`] on whole images, and what systemd-sysusers makes of the same files.

use super::*;
use crate::compose::Package;
use crate::fixture::{Build as _, package};

const TABLES: [&str; 4] = [PASSWD, GROUP, SHADOW, GSHADOW];

fn setup() -> Package {
    package("setup")
        .file(PASSWD, 0o644, b"root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/usr/sbin/nologin\n")
        .file(GROUP, 0o644, b"root:x:0:\nbin:x:1:\nwheel:x:10:zed\n")
        .file(SHADOW, 0, b"root:!*::0:99999:7:::\nbin:*::0:99999:7:::\n")
        .file(GSHADOW, 0, b"root:!::\nbin:!::\nwheel:!::zed\n")
}

fn created(files: &[(&str, &str)]) -> Result<BTreeMap<&'static str, String>, Vec<String>> {
    let packages = files
        .iter()
        .enumerate()
        .map(|(at, (path, text))| package(&format!("p{at}")).file(path, 0o644, text.as_bytes()));
    let packages: Vec<Package> = std::iter::once(setup()).chain(packages).collect();
    let mut errors = Vec::new();
    let mut merge = Merge::of_packages(&packages.iter().collect::<Vec<_>>(), &mut errors);
    create(&mut merge, &mut errors);
    if errors.is_empty() {
        Ok(TABLES.map(|path| (path, text(&merge, path))).into())
    } else {
        Err(errors.iter().map(ToString::to_string).collect())
    }
}

/// Returns the lines a table has gained.
fn gained(tables: &BTreeMap<&str, String>, path: &str, before: usize) -> Vec<String> {
    tables[path].lines().skip(before).map(str::to_owned).collect()
}

const FILES: &[(&str, &str)] = &[
    (
        "/usr/lib/sysusers.d/b.conf",
        "# note\nu! net 192 \"Network\"\nu auto - \"No number\" /var/lib/auto\ng tty2 5\nm auto wheel\nm auto tty2\n",
    ),
    (
        "/usr/lib/sysusers.d/a.conf",
        "u sshd 74:join \"Ssh\" /usr/share/empty /bin/false\ng join 75\nu first -\nu root 0 - /root\n",
    ),
];

#[test]
fn new_accounts_come_after_those_of_the_packages() {
    let tables = created(FILES).expect("created");
    assert_eq!(
        gained(&tables, PASSWD, 2),
        [
            "sshd:x:74:75:Ssh:/usr/share/empty:/bin/false",
            "first:x:999:999::/:/usr/sbin/nologin",
            "net:x:192:192:Network:/:/usr/sbin/nologin",
            "auto:x:998:998:No number:/var/lib/auto:/usr/sbin/nologin",
        ]
    );
    assert_eq!(
        gained(&tables, GROUP, 2),
        ["wheel:x:10:auto,zed", "join:x:75:", "tty2:x:5:auto", "first:x:999:", "net:x:192:", "auto:x:998:"]
    );
    assert_eq!(gained(&tables, SHADOW, 4), ["net:!*::::::1:", "auto:!*:::::::"]);
    assert_eq!(gained(&tables, GSHADOW, 2)[..3], ["wheel:!::auto,zed", "join:!*::", "tty2:!*::auto"]);
}

#[test]
fn nothing_new_changes_nothing() {
    let tables =
        created(&[("/usr/lib/sysusers.d/a.conf", "u bin 1:1 \"other\" /\ng wheel 10\nm zed wheel\nu zed -\n")]);
    assert!(tables.expect("created")[PASSWD].ends_with("zed:x:999:999::/:/usr/sbin/nologin\n"));
    let same = created(&[("/usr/lib/sysusers.d/a.conf", "u bin 1:1 \"other\" /\ng wheel 10\n")]).expect("created");
    assert!(same[PASSWD].ends_with("bin:x:1:1:bin:/bin:/usr/sbin/nologin\n"));
}

#[test]
fn a_file_of_the_administrator_hides_one_of_a_package() {
    let files = [("/usr/lib/sysusers.d/a.conf", "u a 5\n"), ("/etc/sysusers.d/a.conf", "u a 6\n")];
    assert_eq!(gained(&created(&files).expect("created"), PASSWD, 2), ["a:x:6:6::/:/usr/sbin/nologin"]);
}

#[test]
fn what_cannot_be_done_is_refused_with_its_line() {
    for (line, said) in [
        ("u a 1", "its number 1 is taken"),
        ("u a 10", "its number 10 is taken"),
        ("u a 5:nobody-knows", "its group `nobody-knows` is not there"),
        ("u a /usr/bin/x", "is no number"),
        ("u a%m", "depends on the machine"),
        ("x a", "there is no kind `x`"),
        ("u", "the name is missing"),
        ("u a - \"b", "a quote is open"),
        ("r - 9-5", "is no range"),
        ("u a - - relative", "absolute paths"),
    ] {
        let found = created(&[("/usr/lib/sysusers.d/a.conf", line)]).expect_err("refused");
        assert!(found[0].contains(said) && found[0].contains("/usr/lib/sysusers.d/a.conf"), "{line}: {found:?}");
    }
    let kept = created(&[("/usr/lib/sysusers.d/a.conf", "r - 400-401\nu a -\nu b 401\n")]).expect("created");
    assert_eq!(gained(&kept, PASSWD, 2)[0], "a:x:400:400::/:/usr/sbin/nologin");
    let full = created(&[("/usr/lib/sysusers.d/a.conf", "r - 400\nu a -\nu b -\n")]).expect_err("refused");
    assert!(full[0].contains("`b`") && full[0].contains("no number is free"), "{full:?}");
}

#[test]
fn reads_the_third_field_and_knows_root() {
    let numbers = numbers("mail:x:12:\nbroken\nbad:x:many:\nroot:x:5:\n");
    assert_eq!(numbers, BTreeMap::from([("mail".to_owned(), 12), ("root".to_owned(), 0)]));
}
