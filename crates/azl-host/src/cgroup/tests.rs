//! Groups: in directories made by hand, and for real where this host has them.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::CmdError;
use crate::process::Usage;

const MEMBERS: &str = group::MEMBERS;

/// A directory that looks like a group which hands everything on.
struct Fake(PathBuf);

impl Fake {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("azl-host-group-{name}-{}", std::process::id()));
        files::create_dir_all(directory.join("a/b")).expect("directories");
        files::write_atomic(directory.join("a/cgroup.subtree_control"), b"cpu memory pids\n").expect("a file");
        files::write_atomic(directory.join("a/b/cgroup.subtree_control"), b"\n").expect("a file");
        ["", "a", "a/b"].iter().for_each(|group| touch(&directory.join(group).join(MEMBERS)));
        Self(directory)
    }

    /// Returns a place where nothing needs to be written into a new group.
    fn place(&self) -> Place {
        Place { directory: self.0.join("a"), kept: Kept::default() }
    }
}

fn touch(path: &Path) {
    files::write_atomic(path, b"").expect("a file");
}

impl Drop for Fake {
    fn drop(&mut self) {
        files::remove_dir_all(&self.0).expect("clean up");
    }
}

fn ours(directory: &Path) -> Vec<String> {
    files::list(directory).expect("a list").into_iter().filter(|name| name.starts_with("azl-")).collect()
}

#[test]
fn the_nearest_directory_that_serves_is_the_place() {
    let fake = Fake::new("nearest");
    let mounts = format!("9 8 0:38 / {} rw - cgroup2 cgroup rw\n", fake.0.display());
    let place = Place::find("0::/a/b\n", &mounts).expect("found");
    assert_eq!(place, Place { directory: fake.0.join("a"), kept: Kept::ALL });
    let error = Place::find("0::/x\n", &mounts).expect_err("nothing there");
    assert!(error.ends_with("x` hands on neither memory nor processes to groups in it"), "{error}");
}

#[test]
fn what_a_killed_program_left_behind_is_cleared_and_nothing_else() {
    let fake = Fake::new("left");
    let place = fake.place();
    let held = place.group(&Bounds::default()).expect("made");
    for name in ["azl-1-0", "other"] {
        files::create_dir_all(place.directory.join(name)).expect("a directory");
    }
    place.clear();
    assert_eq!(ours(&place.directory).len(), 1, "the one that is held");
    assert!(files::is_dir(place.directory.join("other")));
    drop(held);
    assert_eq!(ours(&place.directory), [""; 0]);
}

#[test]
fn a_group_whose_limits_cannot_be_written_is_none() {
    let fake = Fake::new("refused");
    let place = Place { kept: Kept::ALL, ..fake.place() };
    let bounds = Bounds { memory: Some(1), ..Bounds::default() };
    let error = place.group(&bounds).expect_err("no file of that name");
    assert!(error.to_string().contains("memory.max"), "{error}");
    assert_eq!(ours(&place.directory), [""; 0]);
}

#[test]
fn the_program_is_the_process_that_entered_and_sees_nothing_of_the_shell() {
    let fake = Fake::new("enter");
    let group = fake.place().group(&Bounds::default()).expect("made");
    let name = ours(&fake.place().directory).remove(0);
    let ask = Cmd::new("/bin/sh", "/").args(["-c", "echo $$; exec env"]).env("A", "b c");
    let text = |cmd: Cmd| String::from_utf8(cmd.output().expect("runs").stdout).expect("text");
    let (inside, outside) = (text(ask.clone().enter(&group)), text(ask));
    let entered = files::read_to_string(fake.place().directory.join(&name).join(MEMBERS)).expect("a number");
    assert_eq!(inside.lines().next(), entered.lines().next());
    assert_eq!(inside.lines().skip(1).collect::<Vec<_>>(), outside.lines().skip(1).collect::<Vec<_>>());
    files::remove_dir_all(fake.place().directory.join(&name)).expect("removed");
    let Err(CmdError::Failed { tail, .. }) = Cmd::new("/bin/true", "/").enter(&group).output() else {
        panic!("there is nothing to enter")
    };
    assert!(group.is_refusal(&tail), "{tail}");
}

/// Returns the place of this host if groups there keep what a test needs, or prints why they do not.
fn real(need: impl Fn(Kept) -> bool) -> Option<&'static Place> {
    let found = place().map_err(str::to_owned).and_then(|place| match need(place.kept) {
        true => Ok(place),
        false => Err(format!("groups here keep {} only", place.kept)),
    });
    let explain = |why| drop(std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("not run: {why}\n")));
    found.map_err(explain).ok()
}

fn logged(name: &str, place: &Place, script: &str, bounds: Bounds) -> Result<Usage, CmdError> {
    let log = std::env::temp_dir().join(format!("azl-host-grouped-{name}-{}", std::process::id()));
    let result = Cmd::new("/bin/sh", "/").args(["-c", script]).bounds(bounds).group_in(Some(place)).run_logged(&log);
    files::remove_file(log).expect("clean up");
    result
}

fn assert_stopped(result: Result<Usage, CmdError>, why: &str) {
    let error = result.expect_err("stopped").to_string();
    assert!(error.starts_with(why), "{error}");
}

#[test]
fn the_kernel_stops_what_uses_too_much_memory() {
    let Some(place) = real(|kept| kept.memory) else { return };
    let bounds = Bounds { memory: Some(64 << 20), ..Bounds::default() };
    let grow = "a=0123456789abcdef; while :; do a=$a$a; done";
    // The first process lives on and has succeeded; the group has not.
    let result = logged("memory", place, &format!("sh -c '{grow}'; exit 0"), bounds);
    assert_stopped(result, "used more than 64 MiB of memory");
}

#[test]
fn a_program_that_makes_do_without_a_process_it_was_refused_has_failed() {
    let Some(place) = real(|kept| kept.processes) else { return };
    let bounds = Bounds { processes: Some(10), ..Bounds::default() };
    let result = logged("processes", place, "sh -c 'while :; do sleep 60 & done'; exit 0", bounds);
    assert_stopped(result, "had more than 10 processes at one time");
}

#[test]
fn what_everything_in_a_group_used_is_known() {
    let Some(place) = real(|_| true) else { return };
    let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
    let usage = logged("usage", place, &format!("sh -c '{busy}'; sh -c '{busy}'"), Bounds::default()).expect("runs");
    assert!(usage.cpu >= Duration::from_millis(50) && usage.peak_memory > 100 << 10, "{usage:?}");
}

#[test]
fn nothing_in_a_group_outlives_its_program() {
    let Some(place) = real(|_| true) else { return };
    let bounds = Bounds { time: Some(Duration::from_millis(300)), ..Bounds::default() };
    // Out of the process group, and nobody's child any more.
    let flee = "(setsid sh -c 'sleep 1234568 & exit') ; sleep 60";
    assert_stopped(logged("time", place, flee, bounds), "exceeded its time limit");
    let all = Cmd::new("/bin/ps", "/").args(["-eo", "args"]).output().expect("ps runs");
    assert!(!String::from_utf8_lossy(&all.stdout).contains("sleep 1234568"));
}
