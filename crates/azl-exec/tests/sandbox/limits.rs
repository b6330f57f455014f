//! What a hostile action may use, and what is left behind when it wanted more.

use azl_action::Run;
use azl_action::ports::{Executor, PortError};
use azl_exec::{Conditions, Limits};
use azl_host::{cgroup, environment, files};

use crate::fixture::{Sandbox, action, explain};

const SMALL: Limits = Limits { memory: 100 << 20, processes: 20, file: 4 << 20, log: 1 << 20, seconds: 300 };

fn refused(script: &str, in_memory: bool) -> String {
    let Some(sandbox) = Sandbox::new() else { return String::new() };
    let conditions = Conditions { build_in_memory: Some(in_memory), ..Conditions::default() };
    let executor = sandbox.executor_under(conditions).limited(SMALL);
    let error = executor.run(&action(script), &sandbox.store, &sandbox.log()).expect_err("too much");
    assert!(matches!(error, PortError::Work { .. }), "{error}");
    assert_eq!(sandbox.scratch(), [""; 0], "scratch is gone");
    error.to_string()
}

fn assert_refused(script: &str, in_memory: bool, expected: &str) {
    let error = refused(script, in_memory);
    assert!(error.is_empty() || error.contains(expected), "{error}");
}

#[test]
fn endless_output_ends() {
    assert_refused("while :; do echo y; done", false, "printed more than 1 MiB");
}

#[test]
fn endless_memory_ends() {
    assert_refused("a=0123456789abcdef; while :; do a=$a$a; done", false, "used more than 100 MiB of memory");
}

#[test]
fn files_in_memory_are_memory() {
    let fill = "cat /dev/zero > /tmp/a & cat /dev/zero > /builddir/b & wait";
    let Some(sandbox) = Sandbox::new() else { return };
    let conditions = Conditions { build_in_memory: Some(true), ..Conditions::default() };
    let executor = sandbox.executor_under(conditions).limited(Limits { file: 1 << 40, ..SMALL });
    let error = executor.run(&action(fill), &sandbox.store, &sandbox.log()).expect_err("too much");
    assert!(error.to_string().contains("used more than 100 MiB of memory"), "{error}");
}

#[test]
fn one_endless_file_ends() {
    assert_refused("cat /dev/zero > /builddir/x; exit $?", false, "a file may have at most 4194304 bytes");
}

#[test]
fn endless_processes_end() {
    assert_refused("while :; do sleep 9 & done", false, "had more than 20 processes at one time");
}

#[test]
fn endless_time_ends() {
    let Some(sandbox) = Sandbox::new() else { return };
    let executor = sandbox.executor_under(Conditions::default()).limited(Limits { seconds: 1, ..Limits::default() });
    let error = executor.run(&action("while :; do :; done"), &sandbox.store, &sandbox.log()).expect_err("too long");
    assert!(error.to_string().contains("exceeded its time limit of 1 s"), "{error}");
    assert_eq!(sandbox.scratch(), [""; 0]);
}

#[test]
fn a_long_action_is_kept_within_limits_by_a_group() {
    let Some(sandbox) = Sandbox::new() else { return };
    let place = match cgroup::place() {
        Ok(place) => place,
        Err(why) => return explain(why),
    };
    let conditions = Conditions { build_in_memory: Some(true), ..Conditions::default() };
    let executor = sandbox.executor_under(conditions).limited(Limits { file: 1 << 40, ..SMALL });
    let run = |script: &str| executor.run(&Run { timeout: 3600, ..action(script) }, &sandbox.store, &sandbox.log());
    let memory = ["a=0123456789abcdef; while :; do a=$a$a; done", "cat /dev/zero > /tmp/a; exit 0"];
    let memory = memory.map(|script| (script, place.kept.memory, "used more than 100 MiB of memory"));
    let fork = "sh -c 'while :; do sleep 9 & done'; exit 0";
    let processes = (fork, place.kept.processes, "had more than 20 processes at one time");
    for (script, _, expected) in memory.into_iter().chain([processes]).filter(|(_, kept, _)| *kept) {
        let error = run(script).expect_err("too much").to_string();
        assert!(error.contains(expected), "{error}");
    }
    let usage = run("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").expect("runs").usage;
    assert!(usage.cpu_millis >= 50 && usage.peak_memory > 100 << 10, "{usage:?}");
    let ours = format!("azl-{}-", environment::process_id());
    assert!(!files::list(&place.directory).expect("a list").iter().any(|name| name.starts_with(&ours)));
    assert_eq!(sandbox.scratch(), [""; 0]);
}

#[test]
fn what_an_action_used_is_in_its_result() {
    let Some(sandbox) = Sandbox::new() else { return };
    let usage = sandbox.run("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").expect("runs").usage;
    assert!(usage.cpu_millis >= 50 && usage.peak_memory > 100 << 10, "{usage:?}");
}

#[test]
fn a_build_that_takes_every_job_slows_others_down_and_no_more() {
    let Some(sandbox) = Sandbox::new() else { return };
    let executor = sandbox.executor_under(Conditions { processors: 4, ..Conditions::default() });
    let count = |script: &str| {
        let result = executor.run(&action(script), &sandbox.store, &sandbox.log()).expect("runs");
        let log = azl_action::ports::BlobStore::read(&sandbox.store, result.log.expect("a log")).expect("read");
        log.iter().filter(|byte| **byte == b'+').count()
    };
    // Reads what is in the pipe, gives nothing back, and ends.
    let steal = "cat < /run/jobserver & sleep 0.5";
    assert_eq!(count(steal), 3, "all but the one this action has by running");
    assert_eq!(count(steal), 3, "all are back");
}

#[test]
fn sequences_that_steer_a_terminal_stay_in_the_log() {
    let Some(sandbox) = Sandbox::new() else { return };
    let error = sandbox.run("printf '\\033]0;title\\007\\033[2J'; exit 1").expect_err("fails").to_string();
    assert!(error.contains("␛]0;title␇␛[2J"), "{error}");
    let log = azl_host::files::read(sandbox.log()).expect("a log");
    assert_eq!(log, b"\x1b]0;title\x07\x1b[2J");
}
