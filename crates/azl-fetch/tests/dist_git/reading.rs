//! Reading what was fetched, without the network.

use std::sync::Arc;

use azl_fetch::{CommitId, DistGitError, Movement, Reach, Record};

use super::upstream::{World, f43, package};

#[test]
fn files_and_history_are_read_when_the_server_is_gone() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.write("bash.spec", "Version: 1\n").commit(100, "one");
    upstream.write("changelog", "* an entry\n").write("a.patch", "1").commit(200, "two\n\nwith a body");
    let tip = upstream.write("a.patch", "2").write("sub/run.sh", "#!/bin/sh\n").commit(300, "three");
    let bash = package("bash");
    world.fetch("bash");
    world.store.prefetch(&bash, &world.server.url("bash"), &tip, Reach::History).expect("prefetched");
    let World { server, store, .. } = &world;
    server.requests();

    let files = store.files(&bash, &tip).expect("read");
    let listed: Vec<_> = files.iter().map(|(path, file)| (path.as_str(), file.bytes.as_slice())).collect();
    assert_eq!(
        listed,
        [
            ("a.patch", b"2".as_slice()),
            ("bash.spec", b"Version: 1\n"),
            ("changelog", b"* an entry\n"),
            ("sub/run.sh", b"#!/bin/sh\n"),
        ]
    );
    let records: Vec<Record> = store.history(&bash, &tip).map(|one| one.expect("read")).collect();
    assert_eq!(records.iter().map(|one| one.committer.time).collect::<Vec<_>>(), [300, 200, 100]);
    let (newest, middle, oldest) = (&records[0], &records[1], &records[2]);
    assert_eq!(middle.message, b"two\n\nwith a body\n");
    assert_eq!(
        (middle.author.name.as_slice(), middle.author.email.as_slice()),
        (&b"Ann"[..], &b"ann@host.example"[..])
    );
    assert_eq!((middle.author.time, middle.author.offset, middle.committer.offset), (195, 120, -210));
    assert_eq!((newest.changelog.as_deref(), oldest.changelog.as_deref()), (Some(&b"* an entry\n"[..]), None));
    assert_eq!((newest.parents, oldest.parents), (1, 0));
    let specs = [newest, middle, oldest].map(|one| one.spec.clone().expect("a spec"));
    assert!(Arc::ptr_eq(&specs[0], &specs[2]), "read once");
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_merge_is_one_record_and_what_was_merged_is_none() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.write("bash.spec", "1").commit(100, "one");
    upstream.git(&["checkout", "--quiet", "-b", "side"]);
    upstream.write("side.patch", "x").commit(200, "side");
    upstream.git(&["checkout", "--quiet", "f43"]);
    let tip = upstream.merge(300, "side");
    world.fetch("bash");
    world.store.prefetch(&package("bash"), &world.server.url("bash"), &tip, Reach::History).expect("prefetched");
    let bash = package("bash");
    let parents: Vec<_> = world.store.history(&bash, &tip).map(|one| one.expect("read").parents).collect();
    assert_eq!(parents, [2, 0]);
}

#[test]
fn a_content_that_was_not_fetched_is_an_error_and_no_occasion_to_fetch_it() {
    let Some(world) = World::new() else { return };
    let tip = world.upstream("bash").write("bash.spec", "1").write("d/x.patch", "2").commit(100, "one");
    let bash = package("bash");
    world.fetch("bash");
    world.server.requests();
    let error = world.store.files(&bash, &tip).expect_err("not prefetched").to_string();
    assert!(error.starts_with("file `bash.spec` of commit") && error.contains("of `bash` is not in"), "{error}");
    assert!(error.ends_with("hint: cargo xtask update bash"), "{error}");
    let mut history = world.store.history(&bash, &tip);
    assert!(matches!(history.next(), Some(Err(DistGitError::Missing { .. }))));
    assert!(history.next().is_none());
    assert_eq!(world.server.requests(), 0, "the server is there and was not asked");

    let unknown: CommitId = "0123456789012345678901234567890123456789".parse().expect("an id");
    assert!(matches!(world.store.files(&bash, &unknown), Err(DistGitError::Missing { .. })));
    let other = world.store.resolve(&package("other"), &f43(), &azl_fetch::Selector::Tip).expect_err("not fetched");
    assert!(other.to_string().contains("branch `f43` of `other`"), "{other}");
}

#[test]
fn only_the_files_of_the_commit_come_where_its_history_is_not_wanted() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    for number in 0..20 {
        upstream.write("bash.spec", &number.to_string()).commit(100 + number, "more");
    }
    let (bash, url, tip) = (package("bash"), world.server.url("bash"), upstream.head());
    world.fetch("bash");
    let files = world.store.prefetch(&bash, &url, &tip, Reach::Files).expect("prefetched");
    assert_eq!((files.needed, files.asked), (1, 1));
    assert_eq!(world.store.history(&bash, &tip).take(1).filter(Result::is_ok).count(), 1);
    let history = world.store.prefetch(&bash, &url, &tip, Reach::History).expect("prefetched");
    assert_eq!(history.needed, 20);
    assert!(history.asked >= 19, "the first that are missing are counted, not all");
    assert_eq!(world.store.history(&bash, &tip).filter(Result::is_ok).count(), 20);
}

#[test]
fn executables_and_links_to_files_are_files() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let (run, link) = (upstream.blob("#!/bin/sh\n"), upstream.blob("run.sh"));
    let up = upstream.tree(&format!("120000 blob {}\tup\n", upstream.blob("../link")));
    let tip =
        upstream.commit_tree(&format!("100755 blob {run}\trun.sh\n120000 blob {link}\tlink\n040000 tree {up}\td\n"));
    world.fetch("bash");
    world.store.prefetch(&package("bash"), &world.server.url("bash"), &tip, Reach::Files).expect("prefetched");
    let files = world.store.files(&package("bash"), &tip).expect("read");
    assert_eq!(files.keys().collect::<Vec<_>>(), ["d/up", "link", "run.sh"]);
    assert!(files.values().all(|file| file.executable && file.bytes == b"#!/bin/sh\n"));
}

#[test]
fn oddities_of_old_tools_are_read() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let blob = upstream.blob("x");
    let raw: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&blob[at * 2..at * 2 + 2], 16).expect("hex")).collect();
    let inner = upstream.tree(&format!("100644 blob {blob}\tx\n"));
    let inner: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&inner[at * 2..at * 2 + 2], 16).expect("hex")).collect();
    let tree = [b"0100644 bash.spec\0".as_slice(), &raw, b"040000 d\0", &inner].concat();
    let tree = upstream.object("tree", &tree);
    let text = format!("tree {tree}\nauthor A<a@b> 100 +051800\ncommitter <a@b>100 +0000\n\nold\n");
    let tip: CommitId = upstream.object("commit", text.as_bytes()).parse().expect("an id");
    upstream.git(&["update-ref", "refs/heads/f43", tip.as_str()]);
    world.upstream("other").write("other.spec", "contents that stay absent").commit(100, "one");
    world.fetch("other");
    world.fetch("bash");
    world.store.prefetch(&package("bash"), &world.server.url("bash"), &tip, Reach::History).expect("prefetched");
    let bash = package("bash");
    assert_eq!(world.store.files(&bash, &tip).expect("read").keys().collect::<Vec<_>>(), ["bash.spec", "d/x"]);
    let record = world.store.history(&bash, &tip).next().expect("a commit").expect("read");
    assert_eq!((record.committer.time, record.author.name.as_slice()), (100, &b"A"[..]));
    assert_eq!(world.fetch("bash").movement, Movement::None);
    let next = upstream.commit_object(&tree, "next", &[&tip]);
    upstream.git(&["update-ref", "refs/heads/f43", next.as_str()]);
    assert_eq!(world.fetch("bash").movement, Movement::Forward);
    assert_eq!(world.fetch("other").movement, Movement::None);
}

#[test]
fn everything_that_is_no_plain_file_is_refused_by_name_at_once() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let (blob, out, away, nowhere, around) = (
        upstream.blob("x"),
        upstream.blob("../../etc/shadow"),
        upstream.blob("/etc/shadow"),
        upstream.blob("gone"),
        upstream.blob("around"),
    );
    let directory = upstream.tree(&format!("100644 blob {blob}\tx\n"));
    let tip = upstream.commit_tree(&format!(
        "160000 commit {}\tsub\n120000 blob {out}\tout\n120000 blob {away}\taway\n120000 blob {nowhere}\tnowhere\n\
         120000 blob {around}\taround\n100644 blob {blob}\t\"a\\nb\"\n100644 blob {blob}\tok\n040000 tree {directory}\td\n\
         120000 blob {}\tto-d\n",
        "1".repeat(40),
        upstream.blob("d"),
    ));
    world.fetch("bash");
    world.store.prefetch(&package("bash"), &world.server.url("bash"), &tip, Reach::Files).expect("prefetched");
    let error = world.store.files(&package("bash"), &tip).expect_err("refused");
    let DistGitError::Unacceptable { problems, .. } = &error else { panic!("{error}") };
    let expected = [
        "`sub`: a submodule",
        "`out`: a link out of the commit",
        "`away`: a link out of the commit",
        "`nowhere`: a link that ends nowhere",
        "`around`: a link to a link",
        "`to-d`: a link to a directory",
        "`a\\nb`: not a plain name",
    ];
    for part in expected {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{problems:?} lacks {part}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
}
