//! What locked components become.

use azl_host::{clock, files};
use azl_pipeline::render::{Mode, render};
use azl_pipeline::update::Movement;

use super::checkout::{Checkout, DAY, TIME, said, spec};
use super::server::Manner;

#[test]
fn rendering_needs_no_server_and_gives_the_same_bytes_again() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    let upstream = checkout.package("bash", &spec("bash", "1%{?dist}"));
    let patched = spec("bash", "2%{?dist}").replace("Summary", "Patch0: a.patch\nSummary");
    let tip =
        upstream.write("bash.spec", &patched).write("a.patch", "-\n").write("gating.yaml", "x").commit(TIME, "Patch");
    checkout.update();
    checkout.world.server.requests();
    checkout.world.server.behave(Manner::Html);
    let report = checkout.render();
    assert_eq!(report.changed, ["specs/b/bash/a.patch", "specs/b/bash/bash.spec"]);
    assert_eq!(checkout.world.server.requests(), 0);
    let rendered = checkout.text("specs/b/bash/bash.spec");
    let header = format!("# Rendered by `cargo xtask render` from bash.spec of fedora 43 at {tip}.\n");
    assert!(rendered.starts_with(&header), "{rendered}");
    assert!(rendered.contains("Release: 3%{?dist}\n"), "one above upstream's: {rendered}");
    assert!(rendered.contains(" - 1-3\n- Import into Azure Linux\n"), "{rendered}");
    assert!(checkout.render().changed.is_empty());
    files::remove_dir_all(checkout.root().join("specs")).expect("removed");
    checkout.render();
    assert_eq!(checkout.text("specs/b/bash/bash.spec"), rendered);
}

#[test]
fn without_a_lock_the_next_command_is_said() {
    let Some(checkout) = Checkout::new("[components.bash]\n[components.zsh]\n") else { return };
    let text = said(checkout.try_render().expect_err("not locked"));
    let line =
        |name: &str| format!("not-locked: no upstream commit of `{name}` is locked (cargo xtask update {name})\n");
    assert_eq!(text, format!("{}{}", line("bash"), line("zsh")));
}

#[test]
fn a_lock_without_its_commit_in_the_store_says_to_fetch_it() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1"));
    checkout.update();
    files::remove_dir_all(checkout.store()).expect("removed");
    let text = said(checkout.try_render().expect_err("not fetched"));
    assert!(text.starts_with("not-fetched: ") && text.contains("(cargo xtask update bash)"), "{text}");
    assert_eq!(checkout.update(), [("bash".to_owned(), Movement::Same)]);
    checkout.render();
}

#[test]
fn upstreams_history_and_our_changes_make_release_and_changelog() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    let upstream = checkout.package("bash", &spec("bash", "%autorelease"));
    upstream.write("a.patch", "x").commit(TIME + DAY, "Second of upstream");
    checkout.update();
    checkout.render();
    let rendered = checkout.text("specs/b/bash/bash.spec");
    assert!(rendered.contains("release_number = 3"), "{rendered}");
    let places = ["- Import into Azure Linux", "- Second of upstream", "- Import\n"].map(|line| rendered.find(line));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {rendered}");
    upstream
        .write("bash.spec", &spec("bash", "%autorelease").replace("Version: 1", "Version: 2"))
        .commit(TIME + 2 * DAY, "Two");
    checkout.update();
    checkout.render();
    let rendered = checkout.text("specs/b/bash/bash.spec");
    assert!(rendered.contains("release_number = 2"), "upstream's and ours: {rendered}");
}

const OVERLAY: &str = "[components.bash]\n[[components.bash.overlays]]\ntype = 'spec-add-tag'\ntag = 'Requires'\n\
    value = 'z'\ndescription = 'why'\n";

#[test]
fn a_change_that_is_not_locked_has_no_time_of_its_own_and_the_next_update_locks_it() {
    for release in ["%autorelease", "4%{?dist}"] {
        let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
        checkout.package("bash", &spec("bash", release));
        checkout.update();
        checkout.put("components.toml", OVERLAY);
        checkout.render();
        let first = checkout.text("specs/b/bash/bash.spec");
        assert!(first.contains("Requires: z") && first.contains("- Local changes that are not locked"), "{first}");
        clock::sleep(std::time::Duration::from_millis(1100));
        checkout.render();
        assert_eq!(checkout.text("specs/b/bash/bash.spec"), first);
        let moved = checkout.update();
        assert!(
            matches!(&moved[0].1, Movement::Moved(what) if what[0].starts_with("overlay spec-add-tag")),
            "{moved:?}"
        );
        checkout.render();
        let locked = checkout.text("specs/b/bash/bash.spec");
        assert!(!locked.contains("not locked") && locked.contains("- Changed: overlay spec-add-tag"), "{locked}");
        assert_eq!(checkout.lock("bash").changes.len(), 2);
        let number = if release.starts_with('%') { "release_number = 3" } else { "Release: 6%{?dist}" };
        assert!(first.contains(number) && locked.contains(number), "{first}{locked}");
    }
}

#[test]
fn a_component_may_have_another_name_than_upstreams_package() {
    let Some(checkout) = Checkout::new("[components.shell.spec]\nupstream-name = 'bash'\n") else { return };
    checkout.package("bash", &spec("bash", "%autorelease"));
    checkout.update();
    checkout.render();
    assert!(checkout.text("specs/s/shell/shell.spec").contains("\nName: bash\n"));
    assert!(!checkout.has("specs/s/shell/bash.spec"));
}

#[test]
fn a_spec_that_upstream_renamed_is_counted_from_there_and_one_under_another_name_is_named() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    let upstream = checkout.world.upstream("bash");
    let text = spec("bash", "%autorelease");
    upstream.write("sh.spec", &text).commit(TIME, "As sh");
    checkout.update();
    let refused = said(checkout.try_render().expect_err("there is no bash.spec"));
    assert!(refused.starts_with("missing-spec: no spec `http://") && refused.contains("it has `sh.spec`"), "{refused}");
    upstream.git(&["mv", "sh.spec", "bash.spec"]);
    upstream.commit(TIME + DAY, "As bash");
    checkout.update();
    checkout.render();
    // The second change of ours stands on the renamed spec; the first on a commit without one.
    assert!(checkout.text("specs/b/bash/bash.spec").contains("release_number = 2"));
}

#[test]
fn an_address_that_changes_does_not_change_what_is_rendered() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1"));
    checkout.update();
    checkout.render();
    let mirror = checkout.distros("").replace("127.0.0.1", "localhost");
    checkout.put("azldev.toml", &mirror);
    let report = render(&checkout.tree(), &[], Mode::Check).expect("rendered");
    assert!(report.into_result().is_ok());
}

#[test]
fn upstreams_version_and_release_reach_the_build() {
    let build = "[components.bash.build]\nemit-upstream-provenance = true\n";
    let Some(checkout) = Checkout::new(build) else { return };
    let upstream = checkout.package("bash", &spec("bash", "%autorelease"));
    upstream.write("a.patch", "x").commit(TIME + DAY, "Second of upstream");
    checkout.update();
    checkout.render();
    let macros = checkout.text("specs/b/bash/bash.azl.macros");
    assert!(macros.ends_with("%fedora_upstream_release 2.fc43\n%fedora_upstream_version 1\n"), "{macros}");
}
