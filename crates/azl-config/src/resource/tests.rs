//! Repositories, sets, inputs, channels, test suites: what they come to and what is refused.

use crate::fixture::{good, loaded, mistake};
use crate::{GpgCheck, GpgKey, PackageForm, RepoLocation, Runner, SubrepoKind, UseCase};

#[test]
fn sets_expand_to_prefixed_ids_in_the_order_of_their_template() {
    let config = good(
        "[distros.d.versions.2]\nrelease-ver = '2'\n\
         inputs.rpm-build = [{ set = 's' }, { repo = 'own' }]\ninputs.image-build = [{ repo = 'azl-sdk-src' }]\n\
         [resources.rpm-repos.own]\nbase-uri = 'https://h/own'\ngpg-key = 'https://h/key'\narches = ['x86_64']\n\
         [resources.rpm-repo-sets.s]\ntemplate = 'azl-standard'\nbase-uri = 'https://h/4.0/'\nname-prefix = 'azl-'\n\
         disable-gpg-check = true\nsubrepos = ['sdk-src', 'base']\n",
    );
    assert_eq!(config.input_repos("d", "2", UseCase::RpmBuild), ["azl-base", "azl-sdk-src", "own"]);
    assert_eq!(config.input_repos("d", "2", UseCase::ImageBuild), ["azl-sdk-src"]);
    let (repos, problems) = config.resources.expand();
    assert!(problems.is_empty());
    let base = &repos["azl-base"];
    assert_eq!(base.repo.location, RepoLocation::BaseUri("https://h/4.0/base/$basearch".into()));
    assert_eq!(base.repo.trust.gpg_check, GpgCheck::Off);
    assert_eq!(base.from, Some(("s".into(), SubrepoKind::Binary)));
    assert!(repos["own"].repo.is_for("x86_64") && !repos["own"].repo.is_for("aarch64"));
}

#[test]
fn keys_are_paths_of_the_tree_files_or_addresses() {
    let key = |text: &str| {
        let config = good(&format!("[resources.rpm-repos.r]\nbase-uri = 'https://h'\ngpg-key = '{text}'\n"));
        config.resources.rpm_repos["r"].value.trust.gpg_key.clone()
    };
    assert_eq!(key("keys/a.asc"), Some(GpgKey::Tree("keys/a.asc".into())));
    assert_eq!(key("/etc/a.asc"), Some(GpgKey::File("/etc/a.asc".into())));
    assert_eq!(key("file:///etc/a.asc"), Some(GpgKey::File("/etc/a.asc".into())));
    assert_eq!(key("HTTPS://h/a.asc"), Some(GpgKey::Remote("HTTPS://h/a.asc".into())));
    for (text, why) in [
        ("ftp://h/a", "another scheme"),
        ("file://h/a", "must be `file:///`"),
        ("https:///a", "without a host"),
        ("../../a", "path leaves the tree"),
        ("a b", "has a blank"),
    ] {
        mistake(
            &format!("//- azldev.toml\n[resources.rpm-repos.r]\nbase-uri = 'https://h'\ngpg-key = '{text}'\n"),
            &["error[gpg-key]", why, "azldev.toml:3:11"],
        );
    }
}

#[test]
fn mistakes_of_repositories_are_shown_at_their_values() {
    let repo = |own: &str| format!("//- azldev.toml\n[resources.rpm-repos.r]\n{own}");
    for (own, parts) in [
        (
            "base-uri = 'https://h'\n",
            ["error[gpg-key]: `r` checks signatures but has no `gpg-key`", "azldev.toml:1:22"],
        ),
        (
            "disable-gpg-check = true\n",
            ["error[repository]: repository `r` has either `base-uri` or `metalink`", "1:22"],
        ),
        ("disable-gpg-check = true\nbase-uri = 'ftp://h'\n", ["error[address]: not an `http` or `https`", "3:12"]),
        (
            "disable-gpg-check = true\nmetalink = \"https://h/\\n\"\n",
            ["error[address]: an address has no blanks", "3:12"],
        ),
        ("disable-gpg-check = true\nbase-uri = 'https://h'\ntype = 'deb'\n", ["unknown value `deb`", "4:8"]),
    ] {
        mistake(&repo(own), &parts);
    }
    mistake(
        "//- azldev.toml\n[resources.rpm-repos.'a b']\nbase-uri = 'https://h'\n",
        &["error[repository-name]: not a repository name: `a b`", "azldev.toml:1:22", "hint: a letter or digit"],
    );
}

#[test]
fn mistakes_of_sets_and_inputs_are_shown_with_what_is_meant() {
    let set = "[resources.rpm-repo-sets.s]\nbase-uri = 'https://h'\ndisable-gpg-check = true\n";
    let own = |own: &str| format!("//- azldev.toml\n{set}{own}");
    mistake(
        &own("template = 'azl-standrd'\n"),
        &["error[unknown-template]", "azldev.toml:4:12", "hint: did you mean `azl-standard`?"],
    );
    mistake(
        &own("template = 'azl-standard'\nsubrepos = ['bse']\n"),
        &["error[unknown-repository]", "azldev.toml:5:13", "hint: did you mean `base`?"],
    );
    mistake(
        &own(
            "template = 'koji-dist-repo'\n[resources.rpm-repos.src]\nbase-uri = 'https://h'\ndisable-gpg-check = true\n",
        ),
        &[
            "error[repository-collision]: set `s` makes repository `src`, which `[resources.rpm-repos.src]` has already",
            "azldev.toml:1:26",
            "hint: give the set another `name-prefix`",
        ],
    );
    mistake(
        "//- azldev.toml\n[resources.rpm-repo-set-templates.t]\nsubrepos = [{ name = 'a', subpath = '../x' }]\n",
        &["error[repository-set]: not a path below a set's address: `../x`", "azldev.toml:2:37"],
    );
    let version = |inputs: &str| {
        format!("{}[distros.d.versions.1]\nrelease-ver = '1'\n{inputs}", own("template = 'koji-dist-repo'\n"))
    };
    mistake(
        &version("inputs.rpm-build = [{ set = 't' }]\n"),
        &["error[unknown-repository]: input names no repository set: `t`", "azldev.toml:7:29"],
    );
    mistake(
        &version("inputs.rpm-build = [{ set = 's' }, { repo = 'src' }]\n"),
        &["error[input]: repository `src` comes twice in `rpm-build`", "azldev.toml:7:45"],
    );
    mistake(&version("inputs.rpm-build = [{}]\n"), &["error[input]: an input has either `repo` or `set`", "7:21"]);
    mistake(
        &version(
            "inputs.rpm-build = [{ repo = 'own' }]\ninputs.image-build = [{ repo = 'own' }]\n[resources.rpm-repos.own]\nbase-uri = 'https://h'\ngpg-key = 'k'\n",
        ),
        &["error[input]: repository `own` of `rpm-build` has a local `gpg-key`", "azldev.toml:7:30"],
    );
}

#[test]
fn binary_package_takes_the_channel_nearest_to_it() {
    let config = good(
        "[default-package-config.publish]\nchannel = 'old'\ndebuginfo-channel = 'debug'\n\
         [package-groups.g]\npackages = ['in-group', 'both']\ndefault-package-config.publish.rpm-channel = 'sdk'\n\
         [components.plain]\n[components.x]\npublish = { rpm-channel = 'base', srpm-channel = 'src' }\n\
         packages.both.publish.rpm-channel = 'none'\n",
    );
    let x = config.resolve("x").expect("a component");
    let plain = config.resolve("plain").expect("a component");
    let channel = |component, package| config.package_channel(component, package).map(|one| one.as_str().to_owned());
    for (package, expected) in
        [("x", "base"), ("in-group", "sdk"), ("both", "none"), ("x-debuginfo", "debug"), ("x-debuginfod", "base")]
    {
        assert_eq!(channel(&x, package).as_deref(), Some(expected), "{package}");
    }
    assert_eq!(channel(&plain, "plain").as_deref(), Some("old"));
    assert_eq!(config.source_package_channel(&x).map(|channel| channel.as_str()), Some("src"));
    assert_eq!(config.source_package_channel(&plain), None);
    assert_eq!(PackageForm::of("a-debugsource-b"), PackageForm::Debug);
    assert_eq!(PackageForm::of("debuginfo"), PackageForm::Ordinary);
}

#[test]
fn test_suites_hold_the_settings_of_their_type() {
    let config = good(
        "[test-suites.p]\ntype = 'pytest'\npytest = { working-dir = 't', install = 'pyproject' }\n[test-suites.l]\ntype = 'lisa'\n",
    );
    let Runner::Pytest(pytest) = &config.test_suites["p"].runner else { panic!("a pytest suite") };
    assert_eq!(pytest.working_dir.as_ref().map(|path| path.get_ref().as_str()), Some("t"));
    assert_eq!(config.test_suites["l"].runner, Runner::Lisa(None));
    for (own, message) in [
        ("type = 'pytest'\n", "suite `s` of type `pytest` has no `pytest`"),
        ("type = 'lisa'\npytest = {}\n", "suite `s` of type `lisa` has `pytest`"),
        ("type = 'pytest'\npytest.install = 'requirements'\n", "has no `working-dir`"),
        (
            "type = 'lisa'\nlisa = { framework = { git-url = 'u', ref = 'main' }, test-cases = ['a'] }\n",
            "not a commit (40",
        ),
    ] {
        mistake(&format!("//- azldev.toml\n[test-suites.s]\n{own}"), &["error[test-suite]", message, "azldev.toml:"]);
    }
    mistake(
        "//- azldev.toml\n[images.i]\ntests.test-suites = [{ name = 'smok' }]\n[test-suites.smoke]\ntype = 'lisa'\n",
        &["error[unknown-test-suite]", "azldev.toml:2:31", "hint: did you mean `smoke`?"],
    );
}

#[test]
fn later_files_replace_resources_and_merge_tools() {
    let (config, report) = loaded(
        "//- azldev.toml\nincludes = ['b.toml']\n[tools.imageCustomizer]\ncontainerTag = 'one'\n\
         [resources.rpm-repos.r]\nbase-uri = 'https://h'\ndisable-gpg-check = true\narches = ['x86_64']\n\
         //- b.toml\n[tools.imageCustomizer]\ncontainerTag = 'two'\n[resources.rpm-repos.r]\nmetalink = 'https://h/m'\n\
         gpg-key = 'https://h/k'\n",
    );
    assert_eq!(report, "");
    assert_eq!(config.tools.image_customizer.container_tag.as_deref(), Some("two"));
    let repo = &config.resources.rpm_repos["r"].value;
    assert_eq!((repo.trust.gpg_check, repo.arches.len()), (GpgCheck::On, 0));
}
