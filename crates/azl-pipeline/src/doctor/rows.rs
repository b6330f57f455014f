//! Judges what was seen: one row per need. Pure, so that hosts we do not have can be tested.

use super::probe::Probes;
use azl_remote::Need;

use super::{Row, State, Work};
use crate::remote::Answer;

/// Free disk space a cold release may take, in GiB.
const DISK_GIB: u64 = 30;
/// Memory that the largest single build (the kernel's link) needs with room to spare, in GiB.
const MEMORY_GIB: u64 = 4;
const GIB: u64 = 1 << 30;

pub(super) fn rows(probes: &Probes, work: &Work) -> Vec<Row> {
    let needs = [
        host(probes),
        packages(probes),
        program("bubblewrap", "bubblewrap", &probes.bubblewrap, probes.root),
        program("prlimit", "util-linux", &probes.prlimit, probes.root),
        namespaces(probes),
        limits(probes),
        disk(probes),
        memory(probes),
        kvm(probes),
        git(probes, work),
        nextest(probes),
    ];
    needs.into_iter().chain(work.servers.iter().map(server)).collect()
}

/// Returns the line that installs packages.
pub(super) fn install_line(packages: &[&str], root: bool) -> String {
    let sudo = if root { "" } else { "sudo " };
    format!("{sudo}apt-get update && {sudo}apt-get install --yes {}", packages.join(" "))
}

fn row(name: &'static str, state: State, found: impl Into<String>) -> Row {
    Row { name, state, found: found.into(), remedy: None, package: None }
}

impl Row {
    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Returns a field of `/etc/os-release` without its quotes.
fn os_field<'a>(os_release: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix('=');
    os_release.lines().find_map(value).map_or("", |value| value.trim_matches(['"', '\'']))
}

/// Returns whether the host's package manager is apt, and whether its archive is Debian's own.
fn family(os_release: &str) -> (bool, bool) {
    let id = os_field(os_release, "ID");
    let like = os_field(os_release, "ID_LIKE").split(' ');
    let derived = like.clone().any(|name| name == "debian" || name == "ubuntu");
    (id == "debian" || derived, id == "debian")
}

fn host(probes: &Probes) -> Row {
    let name = match os_field(&probes.os_release, "PRETTY_NAME") {
        "" => "unknown",
        name => name,
    };
    if family(&probes.os_release).0 {
        return row("host", State::Fine, name);
    }
    row("host", State::Doubtful, format!("{name}, which is neither Debian nor Ubuntu"))
        .remedy("run in a Debian 12 (or later) or Ubuntu 22.04 (or later) container or machine")
}

fn packages(probes: &Probes) -> Row {
    const NAME: &str = "Debian packages";
    const MIRROR: &str = "export AZL_DEBIAN_MIRROR=<address of a Debian mirror>";
    let (apt, debian) = family(&probes.os_release);
    match &probes.mirror {
        Some(mirror) => row(NAME, State::Fine, format!("from {mirror} (AZL_DEBIAN_MIRROR)")),
        None if debian && probes.apt_helper => row(NAME, State::Fine, "as the host's own apt is configured"),
        None if debian => row(NAME, State::Doubtful, "apt's download helper is not there").remedy(MIRROR),
        None if apt => {
            row(NAME, State::Doubtful, "this host's apt has Ubuntu packages, the seed is Debian's").remedy(MIRROR)
        }
        None => row(NAME, State::Doubtful, "this host has no apt").remedy(MIRROR),
    }
}

/// A program that every sandbox needs, and the package that has it.
fn program(name: &'static str, package: &'static str, found: &Option<String>, root: bool) -> Row {
    match found {
        Some(version) => row(name, State::Fine, version.as_str()),
        None => {
            let line = install_line(&[package], root);
            Row { package: Some(package), ..row(name, State::Missing, "not found").remedy(line) }
        }
    }
}

fn namespaces(probes: &Probes) -> Row {
    const NAME: &str = "user namespaces";
    if probes.bubblewrap.is_none() {
        return row(NAME, State::Doubtful, "cannot be tried without bubblewrap");
    }
    match &probes.refusal {
        None => row(NAME, State::Fine, "a sandbox can be entered"),
        Some(reason) => {
            row(NAME, State::Missing, format!("a sandbox cannot be entered: {reason}")).remedy(namespace_remedy(probes))
        }
    }
}

fn namespace_remedy(probes: &Probes) -> String {
    let sudo = if probes.root { "" } else { "sudo " };
    let is = |name: &str, value: &str| probes.switches.iter().any(|(found, now)| *found == name && now == value);
    if is("kernel/unprivileged_userns_clone", "0") {
        return format!("{sudo}sysctl -w kernel.unprivileged_userns_clone=1");
    }
    if is("user/max_user_namespaces", "0") {
        return format!("{sudo}sysctl -w user.max_user_namespaces=15000");
    }
    // A container's root is restricted by its runtime first; the host's AppArmor switch does not help there.
    if probes.container {
        return "start the container with `--privileged`, or with `--cap-add SYS_ADMIN --security-opt seccomp=unconfined \
            --security-opt apparmor=unconfined --security-opt systempaths=unconfined`"
            .to_owned();
    }
    if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        return format!("{sudo}sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
    }
    "allow this user to create user, mount and PID namespaces, then run `cargo xtask doctor` again".to_owned()
}

/// Limits are kept in any case; the kernel is quicker than one who looks.
fn limits(probes: &Probes) -> Row {
    const NAME: &str = "limits";
    match &probes.groups {
        Some(place) => {
            let found = format!(
                "{} of long actions by control groups in {}; else by looking",
                place.kept,
                place.directory.display()
            );
            row(NAME, State::Fine, found)
        }
        None => {
            let reason = probes.no_groups.as_deref().unwrap_or("they were not tried");
            let row = row(NAME, State::Optional, format!("by looking at processes; no control groups: {reason}"));
            match probes.systemd && !probes.root {
                true => row.remedy("systemd-run --user --scope cargo xtask <verb>"),
                false => row,
            }
        }
    }
}

fn disk(probes: &Probes) -> Row {
    let place = probes.store.display();
    match probes.free {
        Some(free) if free >= DISK_GIB * GIB => {
            row("disk", State::Fine, format!("{} GiB free for {place}", free / GIB))
        }
        Some(free) => {
            let found = format!("{} GiB free for {place}; a cold release may take {DISK_GIB} GiB", free / GIB);
            row("disk", State::Doubtful, found).remedy("export AZL_STORE=<directory on a larger file system>")
        }
        None => row("disk", State::Doubtful, format!("cannot look at {place}")).remedy("export AZL_STORE=<directory>"),
    }
}

fn memory(probes: &Probes) -> Row {
    let Some(available) = available_memory(&probes.meminfo) else {
        return row("memory", State::Doubtful, "unknown");
    };
    let found = format!("{:.1} GiB available, {} processors", available as f64 / GIB as f64, probes.processors);
    if available >= MEMORY_GIB * GIB {
        return row("memory", State::Fine, found);
    }
    row("memory", State::Doubtful, format!("{found}; {MEMORY_GIB} GiB are comfortable")).remedy("build with `--jobs 1`")
}

/// Reads `MemAvailable`, given in KiB.
fn available_memory(meminfo: &str) -> Option<u64> {
    let value = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    value.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn kvm(probes: &Probes) -> Row {
    let found = match probes.kvm {
        Some(true) => "/dev/kvm can be opened; the boot test tries a guest before it trusts it",
        Some(false) => "/dev/kvm is not for this user; boot tests are emulated",
        None => "no /dev/kvm; boot tests are emulated",
    };
    row("KVM", if probes.kvm == Some(true) { State::Fine } else { State::Optional }, found)
}

/// The oldest git that fetches from dist-git as it should, as `(major, minor)`.
const GIT: (u32, u32) = (2, 39);

fn git(probes: &Probes, work: &Work) -> Row {
    let (problem, package) = match &probes.git {
        None => ("not found".to_owned(), Some("git")),
        Some(version) if git_version(version).is_none_or(|version| version < GIT) => {
            (format!("{version}, which is older than {}.{}", GIT.0, GIT.1), None)
        }
        Some(version) if !probes.git_https => (format!("{version}, without git-remote-https"), Some("git")),
        Some(version) => return row("git", State::Fine, version.as_str()),
    };
    let Some(component) = &work.from_dist_git else {
        let missing = if probes.git.is_none() { "; the release cannot say which commit it is of" } else { "" };
        return row("git", State::Optional, format!("{problem}{missing}; components from dist-git would need it"));
    };
    let found = format!("{problem}; `{component}` is from dist-git and needs it");
    let remedy = match package {
        Some(package) => install_line(&[package], probes.root),
        None => format!("install git {}.{} or later", GIT.0, GIT.1),
    };
    Row { package, ..row("git", State::Missing, found).remedy(remedy) }
}

/// Reads `git version 2.39.5 (…)`.
fn git_version(line: &str) -> Option<(u32, u32)> {
    let mut numbers = line.strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn nextest(probes: &Probes) -> Row {
    if probes.nextest {
        return row("cargo-nextest", State::Fine, "found");
    }
    row("cargo-nextest", State::Optional, "not found; tests run under `cargo test`")
        .remedy("cargo install --locked cargo-nextest")
}

/// A server that does actions has to answer; without a shared cache everything is done here.
fn server(answer: &Answer) -> Row {
    let (name, lost) = match answer.need {
        Need::Execution => ("build farm", State::Missing),
        Need::Cache => ("shared cache", State::Doubtful),
    };
    match &answer.said {
        Ok(words) => row(name, State::Fine, format!("{} answers: {words}", answer.address)),
        Err(problem) => row(name, lost, problem.as_str()).remedy(
            "give another address, or none, to `--executor` and `--cache`; `cargo xtask farm up` sets up a farm here",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Probes {
        Probes {
            os_release: "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n".to_owned(),
            apt_helper: true,
            bubblewrap: Some("bubblewrap 0.8.0".to_owned()),
            prlimit: Some("prlimit from util-linux 2.38.1".to_owned()),
            store: "/var/cache/store".into(),
            free: Some(40 * GIB),
            meminfo: "MemTotal: 1 kB\nMemAvailable:    8388608 kB\n".to_owned(),
            processors: 2,
            ..Probes::default()
        }
    }

    fn find(probes: &Probes, name: &str) -> Row {
        rows(probes, &Work::default()).into_iter().find(|row| row.name == name).expect("a row of that name")
    }

    #[test]
    fn a_debian_host_with_bubblewrap_is_ready() {
        assert!(
            rows(&good(), &Work::default()).iter().all(|row| matches!(row.state, State::Fine | State::Optional)),
            "{:?}",
            rows(&good(), &Work::default())
        );
    }

    #[test]
    fn missing_bubblewrap_gives_the_line_for_this_user() {
        let user = Probes { bubblewrap: None, ..good() };
        let row = find(&user, "bubblewrap");
        assert_eq!((row.state, row.package), (State::Missing, Some("bubblewrap")));
        assert_eq!(row.remedy.as_deref(), Some("sudo apt-get update && sudo apt-get install --yes bubblewrap"));
        let root = Probes { root: true, ..user };
        let line = find(&root, "bubblewrap").remedy.expect("a line");
        assert_eq!(line, "apt-get update && apt-get install --yes bubblewrap");
        assert_eq!(find(&root, "user namespaces").state, State::Doubtful);
        let row = find(&Probes { prlimit: None, ..good() }, "prlimit");
        assert_eq!((row.state, row.package), (State::Missing, Some("util-linux")));
    }

    #[test]
    fn refused_namespaces_name_the_switch_that_refuses_them() {
        let refused = |switches, container| Probes {
            refusal: Some("bwrap: setting up uid map: Permission denied".to_owned()),
            switches,
            container,
            ..good()
        };
        let cases = [
            (vec![("kernel/unprivileged_userns_clone", "0".to_owned())], false, "kernel.unprivileged_userns_clone=1"),
            (
                vec![("kernel/apparmor_restrict_unprivileged_userns", "1".to_owned())],
                false,
                "kernel.apparmor_restrict_unprivileged_userns=0",
            ),
            (vec![("user/max_user_namespaces", "0".to_owned())], false, "user.max_user_namespaces="),
            (vec![("kernel/apparmor_restrict_unprivileged_userns", "1".to_owned())], true, "--privileged"),
            (Vec::new(), false, "cargo xtask doctor"),
        ];
        for (switches, container, expected) in cases {
            let row = find(&refused(switches, container), "user namespaces");
            assert_eq!(row.state, State::Missing);
            assert!(row.found.contains("Permission denied"), "{row:?}");
            assert!(row.remedy.as_deref().is_some_and(|remedy| remedy.contains(expected)), "{row:?}");
        }
    }

    #[test]
    fn the_row_of_limits_says_which_way_and_why() {
        let kept = azl_host::cgroup::Kept { memory: true, processes: true };
        let groups = Some(azl_host::cgroup::Place { directory: "/sys/fs/cgroup/user.slice".into(), kept });
        let row = find(&Probes { groups, ..good() }, "limits");
        assert_eq!(row.state, State::Fine);
        assert!(
            row.found.starts_with("memory and processes of long actions by control groups in /sys/fs/cgroup/user"),
            "{row:?}"
        );
        let none = Probes { no_groups: Some("none is mounted".to_owned()), ..good() };
        let row = find(&none, "limits");
        assert_eq!((row.state, row.found.ends_with("no control groups: none is mounted")), (State::Optional, true));
        assert_eq!(row.remedy, None);
        assert!(find(&Probes { systemd: true, ..none }, "limits").remedy.is_some());
    }

    #[test]
    fn ubuntu_needs_to_be_told_a_debian_mirror() {
        let ubuntu = Probes { os_release: "ID=ubuntu\nID_LIKE=debian\n".to_owned(), ..good() };
        let row = find(&ubuntu, "Debian packages");
        assert_eq!(row.state, State::Doubtful);
        assert!(row.remedy.is_some_and(|remedy| remedy.contains("AZL_DEBIAN_MIRROR")));
        let told = Probes { mirror: Some("http://mirror.example/debian".to_owned()), ..ubuntu };
        assert_eq!(find(&told, "Debian packages").state, State::Fine);
        assert_eq!(find(&told, "host").state, State::Fine);
    }

    #[test]
    fn another_distribution_is_doubtful_not_refused() {
        let other = Probes { os_release: "ID=fedora\nPRETTY_NAME=Fedora\n".to_owned(), ..good() };
        assert_eq!(find(&other, "host").state, State::Doubtful);
    }

    #[test]
    fn git_is_needed_where_a_component_is_from_dist_git() {
        let git = |version: Option<&str>, git_https, component: Option<&str>| {
            let probes = Probes { git: version.map(str::to_owned), git_https, ..good() };
            let work = Work { from_dist_git: component.map(str::to_owned), ..Work::default() };
            let row = rows(&probes, &work).into_iter().find(|row| row.name == "git").expect("a row of that name");
            (row.state, row.package, row.found)
        };
        let needed = Some("curl");
        assert_eq!(git(Some("git version 2.39.5"), true, needed).0, State::Fine);
        assert_eq!(git(Some("git version 3.0.0 (Apple)"), true, needed).0, State::Fine);
        let (state, package, found) = git(None, false, needed);
        assert_eq!((state, package), (State::Missing, Some("git")));
        assert_eq!(found, "not found; `curl` is from dist-git and needs it");
        assert_eq!(git(Some("git version 2.39.5"), false, needed).1, Some("git"));
        let (state, package, found) = git(Some("git version 2.38.9"), true, needed);
        assert_eq!((state, package), (State::Missing, None));
        assert!(found.contains("older than 2.39"), "{found}");
        let (state, package, found) = git(None, false, None);
        assert_eq!((state, package), (State::Optional, None));
        assert!(found.ends_with("; components from dist-git would need it"), "{found}");
    }

    #[test]
    fn little_disk_or_memory_is_said_with_the_figure() {
        let small = Probes { free: Some(12 * GIB), meminfo: "MemAvailable: 1048576 kB\n".to_owned(), ..good() };
        let disk = find(&small, "disk");
        assert_eq!(disk.state, State::Doubtful);
        assert!(disk.found.starts_with("12 GiB free for /var/cache/store"), "{disk:?}");
        assert!(find(&small, "memory").found.starts_with("1.0 GiB available"));
        assert_eq!(find(&Probes { meminfo: String::new(), ..good() }, "memory").state, State::Doubtful);
    }

    #[test]
    fn a_server_that_was_asked_for_has_a_row_and_one_that_executes_has_to_answer() {
        let said = |need, said: Result<&str, &str>| Answer {
            need,
            address: "reapi://h:1".parse().expect("an address"),
            said: said.map(str::to_owned).map_err(str::to_owned),
        };
        let state = |answer: Answer| {
            let work = Work { servers: vec![answer], ..Work::default() };
            rows(&good(), &work).pop().map(|row| (row.name, row.state))
        };
        assert_eq!(state(said(Need::Execution, Ok("API 2.0"))), Some(("build farm", State::Fine)));
        assert_eq!(state(said(Need::Execution, Err("no"))), Some(("build farm", State::Missing)));
        assert_eq!(state(said(Need::Cache, Err("no"))), Some(("shared cache", State::Doubtful)));
    }
}
