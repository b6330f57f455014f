//! `changed` and `deltas` of components from dist-git.

use azl_config::Compat;
use azl_pipeline::changed::{ChangedReport, Unchanged, changed};
use azl_pipeline::deltas::{Against, DeltaReport, State, deltas};
use azl_pipeline::update::{UpdateOptions, Updating};

use super::checkout::{Checkout, DAY, TIME, said, spec};
use super::server::Manner;

fn compared(checkout: &Checkout) -> ChangedReport {
    changed(checkout.root(), "HEAD", None, Unchanged::LeftOut).unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn inputs(report: &ChangedReport) -> Vec<&str> {
    report.components.iter().flat_map(|component| &component.inputs).map(|input| input.input.as_str()).collect()
}

#[test]
fn a_commit_that_moved_is_an_input_that_changed() {
    let Some(checkout) = Checkout::new("[components.bash]\n[components.zsh]\n") else { return };
    let [bash, _] = ["bash", "zsh"].map(|name| checkout.package(name, &spec(name, "1")));
    checkout.update();
    checkout.render();
    checkout.commit();
    assert!(compared(&checkout).components.is_empty());
    bash.write("bash.spec", &spec("bash", "2")).commit(TIME + DAY, "News");
    checkout.update();
    checkout.render();
    let report = compared(&checkout);
    assert_eq!(inputs(&report), ["packaging", "locked changes"]);
    assert_eq!(report.components[0].rendered, ["specs/b/bash/bash.spec"]);
    report.into_result().expect("nobody edited anything by hand");
}

#[test]
fn a_release_that_was_raised_is_no_edit_by_hand() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1"));
    checkout.update();
    checkout.render();
    checkout.commit();
    let bump = UpdateOptions { updating: Updating::Write, bump: 1, message: None };
    checkout.update_with(&["bash"], &bump).expect("updated");
    checkout.render();
    let report = compared(&checkout);
    assert_eq!(inputs(&report), ["locked changes"]);
    report.into_result().expect("the lock says why");
}

#[test]
fn a_lock_nobody_merged_is_a_mistake_and_not_a_component_without_a_commit() {
    let Some(checkout) = Checkout::new("[components.bash]\n") else { return };
    checkout.package("bash", &spec("bash", "1"));
    checkout.update();
    checkout.commit();
    checkout.put("locks/bash.lock", "version = 1\n<<<<<<< ours\n");
    let failure = changed(checkout.root(), "HEAD", None, Unchanged::LeftOut).expect_err("a conflict");
    assert!(said(failure).starts_with("lock-conflict: "));
}

const OVERLAYS: &str = "[components.bash]\n[component-groups.held]\ncomponents = ['bash']\n\
    default-component-config.spec.upstream-distro = { name = 'fedora', version = '43', snapshot = '2026-02-03T00:00:00Z' }\n\
    [[components.bash.overlays]]\ntype = 'spec-set-tag'\ntag = 'URL'\nvalue = 'u'\ndescription = 'why'\n\
    [[components.bash.overlays]]\ntype = 'spec-remove-tag'\ntag = 'Epoch'\ndescription = 'why'\n";

fn listed(checkout: &Checkout) -> DeltaReport {
    let tree = checkout.tree().with_compat(Compat::None);
    deltas(&tree, Against::default()).unwrap_or_else(|failure| panic!("{failure:?}"))
}

#[test]
fn overlays_are_tried_on_the_newest_commit_that_was_fetched() {
    let Some(checkout) = Checkout::new(OVERLAYS) else { return };
    let upstream = checkout.package("bash", &spec("bash", "1").replace("Version", "Epoch: 1\nVersion"));
    let unlocked = listed(&checkout);
    assert!(matches!(unlocked.components[0].deltas[0].state, State::Unknown(_)));
    assert!(unlocked.components[0].deltas[0].newer.is_none());

    checkout.update();
    assert!(listed(&checkout).components[0].newer.is_none(), "the newest is the one that is rendered");

    let newer = spec("bash", "1").replace("Version", "URL: u\nVersion");
    let tip = upstream.write("bash.spec", &newer).commit(TIME + 9 * DAY, "News");
    assert!(listed(&checkout).components[0].newer.is_none(), "nobody has asked since");
    checkout.put("components.toml", &OVERLAYS.replace("2026-02-03", "2026-02-04"));
    checkout.update();
    checkout.world.server.behave(Manner::Html);
    checkout.world.server.requests();
    let report = listed(&checkout);
    assert_eq!(checkout.world.server.requests(), 0);
    let component = &report.components[0];
    assert_eq!(component.newer.as_deref(), Some(tip.as_str()));
    assert!(component.deltas.iter().all(|delta| delta.state == State::Applies), "{report}");
    let newer: Vec<_> = component.deltas.iter().filter_map(|delta| delta.newer.as_ref()).map(State::label).collect();
    assert_eq!(newer, ["no-op", "fails"]);
    let named = format!("(newer upstream: {tip})");
    assert!(
        report.to_string().contains(&named) && azl_pipeline::deltas::page(&report).contains(tip.as_str()),
        "{report}"
    );
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["components"][0]["newer"], tip.as_str());
}
