//! Behaviour of [`install_effects`] on the expansions of the macros that packages use.

use super::*;
use crate::fixture::{package, scriptlet};

fn effects(phase: &str, interpreter: &str, body: &str) -> Result<Vec<Effect>, Vec<String>> {
    let mut package = package("glibc");
    package.header.scriptlets = vec![scriptlet(phase, interpreter, body)];
    let line = |error: ComposeError| match error {
        ComposeError::UnknownScriptlet { line, .. } => line,
        other => panic!("{other}"),
    };
    install_effects(&package.header, &|_| true)
        .map(|found| found.into_iter().collect())
        .map_err(|errors| errors.into_iter().map(line).collect())
}

fn of(body: &str) -> Result<Vec<Effect>, Vec<String>> {
    effects("post", "/bin/sh", body)
}

#[test]
fn ldconfig_is_known_in_its_usual_spellings() {
    let expected = Ok(vec![Effect::Ldconfig]);
    assert_eq!(effects("post", "/sbin/ldconfig", ""), expected);
    assert_eq!(effects("transfiletriggerin", "/usr/sbin/ldconfig", ""), expected);
    assert_eq!(of("# cache\n/sbin/ldconfig\nexit 0\n"), expected);
}

#[test]
fn units_are_enabled_by_the_helper_and_by_systemctl() {
    let helper = "\nif [ $1 -eq 1 ] && [ -x \"/usr/lib/systemd/systemd-update-helper\" ]; then\n    # Initial installation\n    \
                  /usr/lib/systemd/systemd-update-helper install-system-units sshd.service sshd.socket || :\nfi\n";
    assert_eq!(of(helper), Ok(vec![Effect::Units]));
    assert_eq!(of("systemctl --no-reload preset sshd.service >/dev/null 2>&1 || :"), Ok(vec![Effect::Units]));
    assert_eq!(of(&helper.replace("-eq 1", "-ge 2")), Ok(vec![]));
    assert_eq!(of("systemctl enable sshd"), Err(vec!["systemctl enable sshd".to_owned()]));
}

#[test]
fn accounts_and_temporary_files_come_from_the_files_of_packages() {
    let replaced = "systemd-sysusers --replace=/usr/lib/sysusers.d/x.conf - <<SYSTEMD_INLINE_EOF || :\nu x 5 \"X\"\nSYSTEMD_INLINE_EOF\n";
    assert_eq!(of(replaced), Ok(vec![Effect::Accounts]));
    assert_eq!(
        of("command -v systemd-sysusers >/dev/null && systemd-sysusers x.conf || :"),
        Ok(vec![Effect::Accounts])
    );
    assert!(of(&replaced.replace("--replace=/usr/lib/sysusers.d/x.conf ", "")).is_err());
    let created = "command -v systemd-tmpfiles >/dev/null && systemd-tmpfiles --create x.conf || :";
    assert_eq!(of(created), Ok(vec![Effect::TemporaryFiles]));
    assert!(of(&created.replace("--create", "--remove")).is_err());
}

#[test]
fn the_triggers_of_systemd_have_their_databases_and_no_more() {
    let of = |body: &str| effects("transfiletriggerin", "/bin/sh", body);
    assert_eq!(of("systemd-hwdb update || :"), Ok(vec![Effect::Hwdb]));
    assert_eq!(of("journalctl --update-catalog || :"), Ok(vec![Effect::Catalog]));
    assert_eq!(
        of("if test -d \"/run/systemd/system\"; then\n  systemd-tmpfiles --create || :\nfi\n"),
        Ok(vec![Effect::TemporaryFiles])
    );
    let guarded = "test ! -d /run/systemd/system || systemd-tmpfiles --create || :";
    assert_eq!(of(guarded), Ok(vec![Effect::TemporaryFiles]));
    for news in [
        "/usr/lib/systemd/systemd-update-helper system-reload-restart || :",
        "/usr/lib/systemd/systemd-update-helper mark-reload-system-units systemd-udevd.service || :",
        "if test -d \"/run/systemd/system\"; then\n  /usr/lib/systemd/systemd-sysctl || :\nfi\n",
        "test ! -d /run/systemd/system || /usr/lib/systemd/systemd-update-helper system-reload-restart || :",
        "test ! -e /run/udev/control || udevadm control --reload || :",
        "udevadm control --reload-rules && udevadm trigger || :",
    ] {
        let expected = if news.contains("&& udevadm") { Err(vec![news.to_owned()]) } else { Ok(vec![]) };
        assert_eq!(of(news), expected, "{news}");
    }
}

#[test]
fn a_trigger_on_files_needs_a_file() {
    let mut package = package("systemd");
    let mut trigger = scriptlet("transfiletriggerin", "/bin/sh", "systemd-hwdb update || :");
    trigger.triggers = vec!["/usr/lib/udev/hwdb.d/".to_owned()];
    package.header.scriptlets = vec![trigger];
    assert_eq!(install_effects(&package.header, &|_| false), Ok(BTreeSet::new()));
    let fires = |path: &str| path == "/usr/lib/udev/hwdb.d/";
    assert_eq!(install_effects(&package.header, &fires), Ok(BTreeSet::from([Effect::Hwdb])));
}

#[test]
fn anything_else_at_installation_is_refused_with_its_line() {
    for (phase, interpreter, body, line) in [
        ("post", "/bin/sh", "ldconfig; rm -rf /", "ldconfig; rm -rf /"),
        ("post", "/bin/sh", ":\nif [ $1 -eq 1 ]; then\n  useradd x\nfi", "useradd x"),
        ("post", "/bin/sh", "if [ -e /etc/x ]; then\n:\nfi", "if [ -e /etc/x ]; then"),
        ("post", "/bin/sh", "ldconfig <<X\ny\nX", "ldconfig <<X"),
        ("pretrans", "<lua>", "os.execute('true')", "os.execute('true')"),
        ("brand-new-phase", "/bin/sh", "useradd x", "useradd x"),
        ("post", "/sbin/ldconfig", "--help", "--help"),
    ] {
        assert_eq!(effects(phase, interpreter, body), Err(vec![line.to_owned()]), "{body}");
    }
}

#[test]
fn removal_phases_do_nothing_to_an_image() {
    assert_eq!(effects("postun", "/bin/sh", "userdel x"), Ok(vec![]));
}
