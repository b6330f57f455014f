//! Servers that are not what they should be.

use azl_fetch::{Address, Branch, DistGitError, Selector};
use azl_host::files;

use super::server::Manner;
use super::upstream::{World, f43, package};

fn fetch(world: &World) -> DistGitError {
    world.store.fetch(&package("bash"), &world.server.url("bash"), &f43()).expect_err("refused")
}

fn holds_nothing(world: &World) {
    let packs = files::list(world.store_directory().join("objects/pack")).expect("listed");
    assert!(!packs.iter().any(|name| name.ends_with(".pack")), "{packs:?}");
    let tip = world.store.resolve(&package("bash"), &f43(), &Selector::Tip);
    assert!(matches!(tip, Err(DistGitError::Missing { .. })));
}

#[test]
fn a_login_page_is_no_repository() {
    let Some(world) = World::new() else { return };
    world.server.behave(Manner::Html);
    let error = fetch(&world);
    assert!(matches!(error, DistGitError::Refused { .. }), "{error}");
    holds_nothing(&world);
}

#[test]
fn a_truncated_pack_leaves_nothing() {
    let Some(world) = World::new() else { return };
    world.upstream("bash").write("bash.spec", "1").commit(100, "one");
    world.server.behave(Manner::Truncated);
    let error = fetch(&world);
    assert!(matches!(error, DistGitError::Refused { .. }), "{error}");
    holds_nothing(&world);
    world.server.behave(Manner::Git);
    world.fetch("bash");
}

#[test]
fn a_redirect_leads_to_no_other_protocol() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.write("bash.spec", "1").commit(100, "one");
    let path = upstream.path().join(".git").display().to_string();
    for to in [format!("file://{path}"), format!("file://{path}/info/refs?service=git-upload-pack")] {
        world.server.behave(Manner::Redirect(to));
        let error = fetch(&world);
        assert!(matches!(error, DistGitError::Refused { .. }), "{error}");
        holds_nothing(&world);
    }
}

#[test]
fn what_is_not_there_is_told_apart() {
    let Some(world) = World::new() else { return };
    world.upstream("bash").write("bash.spec", "1").commit(100, "one");
    let branch: Branch = "f99".parse().expect("a branch");
    let absent = world.store.fetch(&package("bash"), &world.server.url("bash"), &branch).expect_err("no branch");
    assert!(matches!(absent, DistGitError::Absent { .. }), "{absent}");
    let none = world.store.fetch(&package("none"), &world.server.url("none"), &f43()).expect_err("no repository");
    assert!(matches!(none, DistGitError::NoRepository { .. }), "{none}");
    let closed: Address = "http://127.0.0.1:1/bash".parse().expect("an address");
    let unreachable = world.store.fetch(&package("bash"), &closed, &f43()).expect_err("nobody listens");
    assert!(matches!(unreachable, DistGitError::Unreachable { .. }), "{unreachable}");
}

#[test]
fn a_directory_of_git_inside_a_commit_does_not_pass_git_itself() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let blob = upstream.blob("[core]\n");
    for odd in [format!("100644 blob {blob}\t.git\n"), format!("120000 blob {blob}\t.gitmodules\n")] {
        upstream.commit_tree(&odd);
        let error = fetch(&world);
        assert!(matches!(error, DistGitError::Refused { .. }), "{error}");
        holds_nothing(&world);
    }
}
