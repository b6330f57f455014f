//! What comes over the network, and how often.

use azl_fetch::{DistGit, DistGitError, Movement, Reach, Selector};
use azl_host::{Cmd, files};

use super::upstream::{World, f43, package};

/// Objects of the store, as git itself lists them.
fn objects(world: &World, kind: &str) -> usize {
    let cmd = Cmd::new("git", world.store_directory()).args(["--git-dir", "."]);
    let list = cmd.args(["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]).output().expect("listed");
    String::from_utf8_lossy(&list.stdout).lines().filter(|line| *line == kind).count()
}

#[test]
fn a_fetch_brings_commits_and_directories_but_no_contents() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.write("bash.spec", "Name: bash\n").write("a/b.patch", "patch").commit(100, "one");
    let tip = upstream.write("bash.spec", "Name: bash\nVersion: 2\n").commit(200, "two");
    let fetched = world.fetch("bash");
    assert_eq!((fetched.tip, fetched.movement), (tip.clone(), Movement::New));
    assert_eq!((objects(&world, "commit"), objects(&world, "blob")), (2, 0));
    assert_eq!(world.server.requests(), 3, "what it can, which branches, the pack");

    let done = world.store.prefetch(&package("bash"), &world.server.url("bash"), &tip, Reach::History);
    let done = done.expect("prefetched");
    assert_eq!((done.needed, done.asked, objects(&world, "blob")), (3, 3, 3));
    assert_eq!(world.server.requests(), 2, "what it can, the pack");
    assert_eq!(world.store.history(&package("bash"), &tip).filter(Result::is_ok).count(), 2);
}

#[test]
fn contents_that_are_there_are_not_asked_for_again() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let (bash, url) = (package("bash"), world.server.url("bash"));
    let first = upstream.write("bash.spec", "1").write("a.patch", "same").commit(100, "one");
    world.fetch("bash");
    world.store.prefetch(&bash, &url, &first, Reach::History).expect("prefetched");
    world.server.requests();
    let again = world.store.prefetch(&bash, &url, &first, Reach::History).expect("prefetched");
    assert_eq!((again.needed, again.asked, world.server.requests()), (2, 0, 0));

    let second = upstream.write("bash.spec", "2").commit(200, "two");
    let fetched = world.fetch("bash");
    assert_eq!((&fetched.tip, &fetched.movement), (&second, &Movement::Forward));
    let more = world.store.prefetch(&bash, &url, &second, Reach::History).expect("prefetched");
    assert_eq!((more.needed, more.asked), (3, 1));
}

#[test]
fn a_second_fetch_is_incremental_and_one_without_news_takes_no_pack() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    for number in 0..50 {
        upstream.write("bash.spec", &number.to_string()).commit(100 + number, "more");
    }
    world.fetch("bash");
    world.server.requests();
    assert_eq!((world.fetch("bash").movement, world.server.requests()), (Movement::None, 2));
    let packs = || files::list(world.store_directory().join("objects/pack")).expect("listed");
    let before = packs();
    upstream.write("bash.spec", "new").commit(900, "news");
    assert_eq!(world.fetch("bash").movement, Movement::Forward);
    let new: Vec<_> = packs().into_iter().filter(|name| name.ends_with(".pack") && !before.contains(name)).collect();
    let sizes: Vec<_> =
        new.iter().map(|name| files::size(world.store_directory().join("objects/pack").join(name))).collect();
    assert!(matches!(sizes[..], [Some(0..1000)]), "one small pack: {sizes:?}");
}

#[test]
fn a_rewritten_branch_is_followed_and_the_old_commit_is_kept() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.write("bash.spec", "1").commit(100, "one");
    let old = upstream.write("bash.spec", "2").commit(200, "two");
    world.fetch("bash");
    upstream.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let new = upstream.write("bash.spec", "3").commit(300, "three");
    let fetched = world.fetch("bash");
    assert_eq!((fetched.tip, fetched.movement), (new, Movement::Rewritten { from: old.clone() }));
    let pin = Selector::Pin(old.as_str()[..9].parse().expect("a pin"));
    let resolved = world.store.resolve(&package("bash"), &f43(), &pin).expect("resolved");
    assert_eq!((resolved.commit, resolved.warnings.len()), (old, 1));
}

#[test]
fn two_packages_share_a_store_and_its_configuration_does_not_grow() {
    let Some(world) = World::new() else { return };
    let config = || files::read(world.store_directory().join("config")).expect("read");
    let before = config();
    for name in ["bash", "libstdc++"] {
        let commit = world.upstream(name).write(&format!("{name}.spec"), name).commit(100, name);
        world.fetch(name);
        world.store.prefetch(&package(name), &world.server.url(name), &commit, Reach::Files).expect("prefetched");
        let read = world.store.files(&package(name), &commit).expect("read");
        assert_eq!(read[&format!("{name}.spec")].bytes, name.as_bytes());
    }
    assert_eq!(config(), before);
    world.store.tidy().expect("tidied");
    assert_eq!(world.fetch("bash").movement, Movement::None);
    let fsck = Cmd::new("git", world.store_directory()).args(["--git-dir", ".", "fsck", "--full", "--strict"]);
    fsck.output().expect("git finds nothing wrong, all blobs being there");
}

#[test]
fn a_server_that_leaves_nothing_out_will_do() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.git(&["config", "uploadpack.allowFilter", "false"]);
    let tip = upstream.write("bash.spec", "1").commit(100, "one");
    world.fetch("bash");
    let done = world.store.prefetch(&package("bash"), &world.server.url("bash"), &tip, Reach::History);
    assert_eq!(done.expect("prefetched").asked, 0);
    assert_eq!(world.store.files(&package("bash"), &tip).expect("read").len(), 1);
}

#[test]
fn packs_are_put_together_and_the_store_goes_on_as_before() {
    let Some(world) = World::new() else { return };
    let names: Vec<String> = (0..2).map(|number| format!("p{number}")).collect();
    let big = |seed: usize| -> String {
        // Hard to compress: five megabytes that are digests of what came before.
        let digest = |number: usize| azl_digest::Digest::of(format!("{seed} {number}").as_bytes()).to_string();
        (0..160_000).map(digest).collect()
    };
    let mut tips = Vec::new();
    for (seed, name) in names.iter().enumerate() {
        let tip = world.upstream(name).write("data", &big(seed)).write("b.patch", name).commit(100, name);
        world.fetch(name);
        world.store.prefetch(&package(name), &world.server.url(name), &tip, Reach::Files).expect("prefetched");
        tips.push(tip);
    }
    let packs = || {
        let names = files::list(world.store_directory().join("objects/pack")).expect("listed");
        names.into_iter().filter(|name| name.ends_with(".pack")).count()
    };
    assert_eq!(packs(), 4);
    world.store.tidy().expect("tidied");
    assert_eq!(packs(), 1);
    for (name, tip) in names.iter().zip(&tips) {
        assert_eq!(world.store.files(&package(name), tip).expect("read")["b.patch"].bytes, name.as_bytes());
        assert_eq!(world.fetch(name).movement, Movement::None);
    }
    let absent = world.upstream("more").write("c.patch", "c").commit(200, "more");
    world.fetch("more");
    world.store.tidy().expect("tidied");
    assert!(matches!(world.store.files(&package("more"), &absent), Err(DistGitError::Missing { .. })));
    assert_eq!(world.fetch("more").movement, Movement::None);
}

#[test]
fn fetches_at_once_do_not_disturb_each_other() {
    let Some(world) = World::new() else { return };
    let names = ["a", "b", "c", "d"];
    let tips = names.map(|name| world.upstream(name).write("x.spec", name).commit(100, name));
    // As two processes: each has its own handle.
    let other = DistGit::open(&world.store_directory()).expect("opened");
    std::thread::scope(|scope| {
        for store in [&world.store, &other, &world.store] {
            for (name, tip) in names.iter().zip(&tips) {
                let server = &world.server;
                scope.spawn(move || {
                    let (package, url) = (package(name), server.url(name));
                    store.fetch(&package, &url, &f43()).expect("fetched");
                    store.prefetch(&package, &url, tip, Reach::History).expect("prefetched");
                    assert_eq!(store.files(&package, tip).expect("read").len(), 1);
                });
            }
        }
    });
}

#[test]
fn stores_opened_at_once_are_one() {
    let Some(world) = World::new() else { return };
    let path = world.store_directory().with_file_name("other.git");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| DistGit::open(&path).expect("opened"));
        }
    });
    assert_eq!(files::list(path.parent().expect("a parent")).expect("listed"), ["fedora.git", "other.git"]);
}

#[test]
fn a_lock_left_by_a_killed_git_is_named() {
    let Some(world) = World::new() else { return };
    world.upstream("bash").write("bash.spec", "1").commit(100, "one");
    let lock = world.store_directory().join("refs/dist-git/bash/f43.lock");
    files::create_dir_all(lock.parent().expect("a parent")).expect("a directory");
    files::write_atomic(&lock, b"").expect("written");
    let error = world.store.fetch(&package("bash"), &world.server.url("bash"), &f43()).expect_err("locked");
    let DistGitError::Locked { path } = error else { panic!("{error}") };
    assert!(path.ends_with("refs/dist-git/bash/f43.lock"), "{}", path.display());
    files::remove_file(&lock).expect("removed");
    world.fetch("bash");
}
