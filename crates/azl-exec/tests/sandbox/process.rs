//! The program that uses the sandbox: asked to stop, in odd places, on hosts that refuse.
//!
//! The first two tests here are run by others, each in a process of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use azl_action::ports::{BlobStore, Executor, PortError};
use azl_exec::{Bubblewrap, Conditions};
use azl_host::{Cmd, clock, environment, files, interrupt};
use azl_store::LocalStore;

use crate::fixture::{Ready, Sandbox, action, explain};

/// Where the other process finds root and store, and leaves what it has to say.
const DIRECTORY: &str = "AZL_TEST_DIRECTORY";

/// Starts this program again for one test, through a wrapper.
fn again(wrapper: &[&str], test: &str, directory: &Path) -> Cmd {
    let mut words: Vec<std::ffi::OsString> = wrapper.iter().map(Into::into).collect();
    words.push(environment::current_exe().expect("a path").into());
    words.extend(["--exact", "--nocapture"].map(Into::into));
    words.push(format!("process::{test}").into());
    Cmd::new(words.remove(0), "/").args(words).env(DIRECTORY, directory.to_string_lossy())
}

fn run_in(directory: &Path, script: &str) -> Result<azl_action::ActionResult, PortError> {
    let store = LocalStore::open(directory.join("store")).expect("a store");
    let root = Arc::new(Ready(directory.join("root")));
    let executor = Bubblewrap::new(root, Conditions::default()).expect("bubblewrap");
    executor.run(&action(script), &store, &directory.join("log"))
}

/// Returns the directory that the starting test gave, or says that none did.
fn given_directory() -> Option<PathBuf> {
    let directory = environment::var(DIRECTORY).map(PathBuf::from);
    if directory.is_none() {
        explain("another test runs this one, in a process of its own");
    }
    directory
}

#[test]
fn waits_until_asked_to_stop() {
    let Some(directory) = given_directory() else { return };
    interrupt::listen().expect("handlers");
    files::write_atomic(directory.join("pid"), environment::process_id().to_string().as_bytes()).expect("a file");
    let error = run_in(&directory, "echo started; sleep 7654321").expect_err("interrupted");
    assert!(matches!(error, PortError::Interrupted), "{error}");
    files::write_atomic(directory.join("stopped"), b"").expect("a file");
    // For the second request.
    clock::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn says_that_user_namespaces_are_refused() {
    let Some(directory) = given_directory() else { return };
    let error = run_in(&directory, "true").expect_err("refused");
    assert!(matches!(error, PortError::Infrastructure(_)), "{error}");
    assert!(error.to_string().contains("this kernel refuses user namespaces"), "{error}");
}

/// Waits until a condition holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let watch = clock::Stopwatch::start();
    while !holds() {
        assert!(watch.seconds() < 30.0, "{what} does not happen");
        clock::sleep(std::time::Duration::from_millis(20));
    }
}

fn sleeps() -> bool {
    let all = Cmd::new("ps", "/").args(["-eo", "args"]).output().expect("ps runs");
    String::from_utf8_lossy(&all.stdout).lines().any(|line| line == "sleep 7654321")
}

#[test]
fn the_first_request_to_stop_clears_up_and_the_second_ends_at_once() {
    let Some(sandbox) = Sandbox::new() else { return };
    let directory = sandbox.directory.path();
    let mut running =
        again(&[], "waits_until_asked_to_stop", directory).spawn_logged(&directory.join("out")).expect("starts");
    until("the start", || files::read(directory.join("log")).is_ok_and(|log| log == b"started\n") && sleeps());
    let pid = files::read_to_string(directory.join("pid")).expect("a number");
    let interrupt = || Cmd::new("/bin/kill", "/").args(["-INT", &pid]).output().expect("kill runs");
    interrupt();
    until("stopping", || files::exists(directory.join("stopped")));
    assert!(!sleeps(), "nothing runs any more");
    assert_eq!(sandbox.scratch(), [""; 0]);
    assert_eq!(running.ended(), None, "it puts things in order");
    interrupt();
    until("the end", || running.ended() == Some(false));
}

#[test]
fn a_host_that_refuses_user_namespaces_is_named_with_the_remedy() {
    let Some(sandbox) = Sandbox::new() else { return };
    let refusing = ["bwrap", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--dev-bind", "/", "/", "--"];
    let result = again(&refusing, "says_that_user_namespaces_are_refused", sandbox.directory.path()).output();
    let output = result.unwrap_or_else(|error| panic!("{error}"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("test result: ok. 1 passed"));
}

#[test]
fn a_store_may_have_an_odd_path() {
    use std::os::unix::ffi::OsStringExt;
    let Some(sandbox) = Sandbox::new() else { return };
    let long = "l".repeat(200).into_bytes();
    for name in [b"with space and 'quotes'".to_vec(), vec![b'n', 0xff, 0xfe], long, "-dash\n\u{202e}".into()] {
        let path = sandbox.directory.path().join(std::ffi::OsString::from_vec(name));
        let store = LocalStore::open(path.join("store")).expect("a store");
        let result =
            sandbox.executor_under(Conditions::default()).run(&action("echo x > /out/o"), &store, &sandbox.log());
        let result = result.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(store.read(result.outputs["o"]).expect("read"), b"x\n");
    }
}
