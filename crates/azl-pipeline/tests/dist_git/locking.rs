//! Which commit a lock holds, and when it moves.

use azl_pipeline::update::{Movement, UpdateOptions, Updating};

use super::checkout::{Checkout, DAY, TIME, options, said, spec};
use super::server::Manner;

fn same(name: &str) -> (String, Movement) {
    (name.to_owned(), Movement::Same)
}

#[test]
fn the_first_update_locks_and_a_second_moves_nothing() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    let tip = checkout.package("bash", &spec("bash", "1")).head();
    assert_eq!(checkout.update(), [("bash".to_owned(), Movement::New)]);
    let lock = checkout.lock("bash");
    assert_eq!(
        (lock.upstream_commit.as_deref(), lock.import_commit.as_deref()),
        (Some(tip.as_str()), Some(tip.as_str()))
    );
    assert_eq!((lock.changes.len(), lock.changes[0].message.as_str()), (1, "Import into Azure Linux"));
    let before = checkout.text("locks/bash.lock");
    assert_eq!(checkout.update(), [same("bash")]);
    assert_eq!(checkout.text("locks/bash.lock"), before);
}

const TWO: &str = "[components.free]\n[components.held]\n[component-groups.held]\ncomponents = ['held']\n\
    default-component-config.spec.upstream-distro = { name = 'fedora', version = '43', snapshot = '2026-02-03T00:00:00Z' }\n";

#[test]
fn a_snapshot_holds_and_a_branch_is_followed() {
    let Some(checkout) = Checkout::new(TWO) else { return };
    let [free, held] = ["free", "held"].map(|name| checkout.package(name, &spec(name, "1")));
    let held_at = held.head();
    checkout.update();
    let newer = [&free, &held].map(|upstream| upstream.write("new.patch", "x").commit(TIME + 9 * DAY, "News"));
    checkout.world.server.requests();
    let moved = Movement::Moved(vec!["packaging changed".to_owned()]);
    assert_eq!(checkout.update(), [("free".to_owned(), moved), same("held")]);
    assert_eq!(checkout.world.server.requests(), 5, "all of them for the branch: refs, pack and contents");
    let [free, held] = ["free", "held"].map(|name| checkout.lock(name));
    assert_eq!(free.upstream_commit.as_deref(), Some(newer[0].as_str()));
    assert_eq!(held.upstream_commit.as_deref(), Some(held_at.as_str()));
    assert_eq!(free.changes[1].message, "Changed: packaging changed");

    let later = TWO.replace("2026-02-03", "2026-03-03");
    checkout.put("components.toml", &later);
    checkout.update();
    assert_eq!(checkout.lock("held").upstream_commit.as_deref(), Some(newer[1].as_str()));
    checkout.put("components.toml", &later.replace("2026-03-03", "2026-03-04"));
    let moved = Movement::Moved(vec!["where upstream is looked up".to_owned()]);
    assert_eq!(checkout.update(), [same("free"), ("held".to_owned(), moved)]);
    assert_eq!(checkout.lock("held").changes.len(), 2, "the same commit is no change");
}

#[test]
fn a_check_fails_and_writes_nothing() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    let upstream = checkout.package("bash", &spec("bash", "1"));
    let check = || checkout.update_with(&[], &options(Updating::Check));
    assert_eq!(check().expect_err("no lock").exit_code(), 5);
    assert!(!checkout.has("locks"));
    checkout.update();
    check().expect("nothing moved");
    let before = checkout.text("locks/bash.lock");
    upstream.write("new.patch", "x").commit(TIME + DAY, "News");
    let failure = said(check().expect_err("it moved"));
    assert!(failure.contains("moved bash at ") && failure.ends_with("hint: cargo xtask update"), "{failure}");
    assert_eq!(checkout.text("locks/bash.lock"), before);
}

#[test]
fn pins_are_short_or_whole_and_a_lock_that_does_not_fit_its_pin_is_refused() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    let upstream = checkout.package("bash", &spec("bash", "1"));
    let first = upstream.head();
    let side = upstream.write("bash.spec", &spec("bash", "2")).commit(TIME + DAY, "Side");
    upstream.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    upstream.write("bash.spec", &spec("bash", "3")).commit(TIME + 2 * DAY, "Tip");
    checkout.update();
    let pin = |digits: &str| {
        checkout.put("components.toml", &format!("[components.bash.spec]\nupstream-commit = '{digits}'\n"));
    };
    pin(&first.as_str()[..7]);
    let refused = said(checkout.try_render().expect_err("the lock is stale"));
    assert!(refused.starts_with("stale-lock: ") && refused.contains("(cargo xtask update bash)"), "{refused}");
    checkout.update();
    assert_eq!(checkout.lock("bash").upstream_commit.as_deref(), Some(first.as_str()));
    checkout.render();
    pin(side.as_str());
    let report = checkout.try_update().expect("a whole id may be on no branch");
    assert!(report.warnings[0].message.ends_with("is not on branch `f43`"), "{:?}", report.warnings);
    assert_eq!(checkout.lock("bash").upstream_commit.as_deref(), Some(side.as_str()));
    for unknown in ["0123456", "0123456789012345678901234567890123456789"] {
        pin(unknown);
        let failure = checkout.try_update().expect_err("no such commit");
        assert_eq!(failure.exit_code(), 3);
        let failure = said(failure);
        assert!(failure.contains(unknown) && !failure.contains("cargo xtask update bash"), "{failure}");
    }
}

#[test]
fn a_release_is_raised_without_a_change_and_the_message_is_kept() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1%{?dist}"));
    checkout.update();
    let bump = |message: Option<&str>| {
        let message = message.map(str::to_owned);
        let options = UpdateOptions { updating: Updating::Write, bump: 1, message };
        let report = checkout.update_with(&["bash", "bash"], &options).expect("updated");
        assert_eq!(report.components.len(), 1, "named twice, raised once");
        report.components[0].movement.clone()
    };
    assert_eq!(bump(None), Movement::Moved(vec!["release raised".to_owned()]));
    bump(Some("Rebuild for \"x\""));
    let messages: Vec<_> = checkout.lock("bash").changes.into_iter().map(|change| change.message).collect();
    assert_eq!(messages, ["Import into Azure Linux", "Rebuild", "Rebuild for \"x\""]);
    checkout.render();
    let rendered = checkout.text("specs/b/bash/bash.spec");
    assert!(rendered.contains("Release: 4%{?dist}\n") && rendered.contains("- Rebuild for \"x\"\n"), "{rendered}");
}

#[test]
fn locks_of_components_that_are_gone_go_with_an_update_of_all() {
    let Some(checkout) = Checkout::new("[components.bash]\n[components.zsh]\n") else { return };
    for name in ["bash", "zsh"] {
        checkout.package(name, &spec(name, "1"));
    }
    checkout.update();
    checkout.put("components.toml", "[components.zsh]\n");
    checkout.update_with(&["zsh"], &options(Updating::Write)).expect("updated");
    assert!(checkout.has("locks/bash.lock"));
    assert_eq!(checkout.update(), [("bash".to_owned(), Movement::Removed), same("zsh")]);
    assert!(!checkout.has("locks/bash.lock"));
}

#[test]
fn one_server_that_does_not_answer_costs_the_others_nothing() {
    let gone = "spec.upstream-distro = { name = 'gone', version = '1' }\n";
    let components = format!("[components.bash]\n[components.x]\n{gone}[components.y]\n{gone}[components.none]\n");
    let Some(checkout) = Checkout::new(&components) else { return };
    checkout.package("bash", &spec("bash", "1"));
    let failure = checkout.try_update().expect_err("two servers are gone, one package is not there");
    assert_eq!(failure.exit_code(), 3);
    let text = said(failure);
    for part in ["`x`: ", "`y`: ", "`none`: "] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(checkout.lock("bash").upstream_commit.is_some());
    assert!(!checkout.has("locks/x.lock") && !checkout.has("locks/none.lock"));

    checkout.put("components.toml", &format!("[components.bash]\n[components.x]\n{gone}[components.y]\n{gone}"));
    let failure = checkout.try_update().expect_err("two servers are gone");
    assert_eq!(failure.exit_code(), 6, "nothing is wrong with the configuration");
    let text = said(failure);
    assert!(text.contains("`x`: ") && text.contains("`y`: "), "{text}");
}

#[test]
fn twenty_components_are_locked_at_once() {
    let names: Vec<String> = (0..20).map(|number| format!("p{number:02}")).collect();
    let components: String = names.iter().map(|name| format!("[components.{name}]\n")).collect();
    let Some(checkout) = Checkout::new(&components) else { return };
    let tips: Vec<_> = names.iter().map(|name| checkout.package(name, &spec(name, "%autorelease")).head()).collect();
    assert_eq!(checkout.update().len(), 20);
    for (name, tip) in names.iter().zip(tips) {
        assert_eq!(checkout.lock(name).upstream_commit.as_deref(), Some(tip.as_str()));
    }
    assert!(checkout.update().iter().all(|(_, movement)| *movement == Movement::Same));
    assert_eq!(checkout.render().components, 20);
}

#[test]
fn a_lock_with_conflict_markers_is_shown_and_left_alone() {
    let Some(checkout) = Checkout::new("[components.bash]\n[components.zsh]\n") else { return };
    for name in ["bash", "zsh"] {
        checkout.package(name, &spec(name, "1"));
    }
    let conflict = "version = 1\n<<<<<<< ours\nmanual-bump = 1\n=======\nmanual-bump = 2\n>>>>>>> theirs\n";
    checkout.put("locks/bash.lock", conflict);
    for failure in [checkout.try_update().expect_err("a conflict"), checkout.try_render().expect_err("a conflict")] {
        let text = said(failure);
        assert!(text.contains("lock-conflict: two versions of the lock were not merged"), "{text}");
    }
    assert_eq!(checkout.text("locks/bash.lock"), conflict);
    assert!(checkout.has("locks/zsh.lock"));
}

#[test]
fn a_branch_that_the_configuration_does_not_name_is_said_so() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1"));
    let without = checkout.distros("").replace("dist-git-branch = 'f43'\n", "");
    checkout.put("azldev.toml", &without);
    let text = said(checkout.try_update().expect_err("which branch"));
    assert!(text.contains("version `43` of distro `fedora` has no `dist-git-branch`"), "{text}");
}

#[test]
fn a_login_page_locks_nothing() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1"));
    checkout.world.server.behave(Manner::Html);
    assert_eq!(checkout.try_update().expect_err("no git").exit_code(), 6);
    assert!(!checkout.has("locks"));
}
