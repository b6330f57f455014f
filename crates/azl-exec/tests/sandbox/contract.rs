//! What the sandbox promises to an action: its user, its directories, its outputs, its errors.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azl_action::ports::{BlobStore, Executor, PortError};
use azl_action::{Blob, Run};
use azl_exec::{Bubblewrap, Conditions};
use azl_host::{environment, files};

use crate::fixture::{Ready, Sandbox, action, explain};

#[test]
fn sees_its_own_user_host_name_and_environment_only() {
    let Some(sandbox) = Sandbox::new() else { return };
    assert_eq!(sandbox.output("id -u > /out/o"), "1000\n");
    assert_eq!(sandbox.output("uname -n > /out/o"), "azl-build\n");
    let environment = sandbox.output("env > /out/o");
    let names: BTreeSet<&str> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["A", "PATH", "PWD", "RPM_BUILD_JOBSERVER", "RPM_BUILD_NCPUS"].into(), "{environment}");
}

#[test]
fn has_no_network_but_loopback() {
    let Some(sandbox) = Sandbox::new() else { return };
    let interfaces = sandbox.output("cat /proc/net/dev > /out/o");
    let names: Vec<&str> =
        interfaces.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
    assert_eq!(names, ["lo"]);
    assert_eq!(sandbox.output("cat /proc/net/route > /out/o").lines().count(), 1, "only the heading");
}

#[test]
fn cannot_write_outside_its_own_directories() {
    let Some(sandbox) = Sandbox::new() else { return };
    for path in ["/bin/x", "/usr/x", "/in/x", "/x"] {
        let error = sandbox.run(&format!("echo x > {path}")).expect_err("read-only");
        assert!(error.to_string().contains("Read-only file system"), "{path}: {error}");
    }
    assert_eq!(sandbox.output("echo y > /tmp/x; echo y > /var/tmp/x; echo y > /builddir/x; echo ok > /out/o"), "ok\n");
}

#[test]
fn sees_nothing_of_the_host() {
    let Some(sandbox) = Sandbox::new() else { return };
    let processes = sandbox.output("ls /proc > /out/o");
    let count = processes.lines().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).count();
    assert!((1..=3).contains(&count), "bubblewrap, the shell and its command at most: {processes}");
    let listing = sandbox.output("ls / > /out/o");
    assert!(!listing.contains("home") && !listing.contains("root"), "{listing}");
}

#[test]
fn a_failure_shows_command_cause_and_last_lines() {
    let Some(sandbox) = Sandbox::new() else { return };
    let error = sandbox.run("i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); done; exit 7").expect_err("fails");
    let PortError::Work { message, log } = error else { panic!("a failure of the work: {error}") };
    assert!(
        message.starts_with("exit status 7:") && message.contains("line 59") && !message.contains("line 19\n"),
        "{message}"
    );
    assert_eq!(log.as_deref(), Some(sandbox.log().as_path()));
    assert!(files::read_to_string(sandbox.log()).expect("a log").contains("line 0\n"));
}

#[test]
fn what_outlives_its_limit_is_killed() {
    let Some(sandbox) = Sandbox::new() else { return };
    let run = Run { timeout: 1, ..action("sleep 60") };
    let error = sandbox.executor.run(&run, &sandbox.store, Path::new(&sandbox.log())).expect_err("too slow");
    assert!(error.to_string().contains("time limit"), "{error}");
}

#[test]
fn inputs_are_there_read_only_and_outputs_are_kept() {
    let Some(sandbox) = Sandbox::new() else { return };
    let digest = sandbox.store.put(b"given").expect("put");
    let mut run = action("cat /in/files/f > /out/o; echo 2 > /out/p");
    run.inputs.insert("files".to_owned(), vec![Blob { name: "f".to_owned(), digest }]);
    let result = sandbox.executor.run(&run, &sandbox.store, &sandbox.log()).expect("runs");
    assert_eq!(result.outputs.keys().collect::<Vec<_>>(), ["o", "p"]);
    assert_eq!(result.outputs["o"], digest);
    run.command[2] = "echo changed > /in/files/f".to_owned();
    sandbox.executor.run(&run, &sandbox.store, &sandbox.log()).expect_err("inputs are read-only");
    assert_eq!(sandbox.store.read(digest).expect("read"), b"given");
}

#[test]
fn without_bubblewrap_the_error_says_how_to_get_it() {
    if environment::find_program("bwrap").is_some() {
        return explain("bubblewrap is installed");
    }
    let error = Bubblewrap::new(Arc::new(Ready(PathBuf::new())), Conditions::default()).err().expect("not installed");
    assert!(error.to_string().contains("apt-get install bubblewrap"), "{error}");
}

#[test]
fn other_conditions_are_seen_and_the_contract_stays() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    sandbox.executor = sandbox.executor_under(Conditions {
        processors: 1,
        host_name: "elsewhere".to_owned(),
        build_in_memory: Some(false),
        shuffle_directories: true,
        umask: 0o027,
        ..Conditions::default()
    });
    assert_eq!(sandbox.output("id -u > /out/o; uname -n >> /out/o"), "1000\nelsewhere\n");
    assert_eq!(sandbox.output("nproc > /out/o; umask >> /out/o"), "1\n0027\n");
}

#[test]
fn the_permission_bits_of_new_files_are_not_the_hosts() {
    let Some(sandbox) = Sandbox::new() else { return };
    assert_eq!(sandbox.output("umask > /out/o"), "0022\n");
}
