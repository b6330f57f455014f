//! Processes that die.

use std::time::Duration;

use azl_fetch::Selector;
use azl_host::{Cmd, CmdError, clock};

use super::server::Manner;
use super::upstream::{World, f43, package};

/// Kills the groups of the store's own processes of a kind; returns how many, or prints why it cannot.
fn kill(world: &World, kind: &str) -> Option<usize> {
    let pattern = format!("{}.*{kind}", world.store_directory().display());
    let pids = match Cmd::new("pgrep", "/").args(["-f", &pattern]).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(CmdError::Start { .. }) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), b"not run: `pgrep` is not installed\n");
            return None;
        }
        Err(_) => String::new(),
    };
    let group = |pid: &str| Cmd::new("/bin/kill", "/").args(["-KILL", "--", &format!("-{pid}")]).output().is_ok();
    Some(pids.lines().filter(|pid| group(pid)).count())
}

#[test]
fn a_fetch_may_be_killed_in_the_middle_of_a_pack() {
    let Some(world) = World::new() else { return };
    let tip = world.upstream("bash").write("bash.spec", "1").commit(100, "one");
    world.server.behave(Manner::Stalled);
    let killed = std::thread::scope(|scope| {
        let fetch = scope.spawn(|| world.store.fetch(&package("bash"), &world.server.url("bash"), &f43()));
        while !world.server.stalls() {
            clock::sleep(Duration::from_millis(20));
        }
        let killed = kill(&world, "fetch");
        assert!(fetch.join().expect("it ends").is_err());
        killed
    });
    world.server.behave(Manner::Git);
    let Some(killed) = killed else { return };
    assert_eq!(killed, 1);
    assert_eq!(world.fetch("bash").tip, tip);
}

#[test]
fn the_process_that_reads_may_be_killed() {
    let Some(world) = World::new() else { return };
    let tip = world.upstream("bash").write("bash.spec", "1").commit(100, "one");
    world.fetch("bash");
    let Some(killed) = kill(&world, "cat-file") else { return };
    assert_eq!(killed, 1);
    assert_eq!(world.store.resolve(&package("bash"), &f43(), &Selector::Tip).expect("resolved").commit, tip);
}
