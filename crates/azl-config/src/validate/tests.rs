//! One fixture per mistake: its code, its place, its hint.

use crate::fixture::{DISTRO, files, good, mistake};
use crate::load::{MAX_FILE_SIZE, Options, load};
use azl_overlay::{FileEntry, FileSet};

/// A tree of one file below the usual distro, which ends on line 11.
fn tree(own: &str) -> String {
    format!("//- azldev.toml\n{DISTRO}{own}")
}

fn source_file(own: &str) -> String {
    tree(&format!("[[components.x.source-files]]\nfilename = 'a.tar'\n{own}"))
}

#[test]
fn unknown_key() {
    mistake(
        &tree("[components.x.build]\nwitout = ['a']\n"),
        &["error[unknown-key]: unknown key `witout`", "azldev.toml:13:1", "hint: did you mean `without`?"],
    );
}

#[test]
fn wrong_type() {
    mistake(
        &tree("[components.x.build]\nwith = 'a'\n"),
        &["error[wrong-type]: invalid type: string \"a\", expected a sequence", "azldev.toml:13:8"],
    );
}

#[test]
fn key_twice() {
    mistake(
        &tree("[components.x]\n[components.x]\n"),
        &["error[toml-syntax]: not TOML: duplicate key", "azldev.toml:13:"],
    );
}

#[test]
fn deep_nesting() {
    let many = 20_000;
    let array = format!("[components.x.build]\nwith = {}{}\n", "[".repeat(many), "]".repeat(many));
    let inline = format!("[components.x]\nbuild = {}{}\n", "{ a = ".repeat(many), "}".repeat(many));
    let dotted = format!("[components.x]\nbuild{} = 1\n", ".a".repeat(many));
    let header = format!("[components.x]\n[components.y{}]\n", ".a".repeat(many));
    for deep in [array, inline, dotted, header] {
        let (_, report) = crate::fixture::loaded(&tree(&deep));
        let refused = report.contains("error[toml-syntax]") && report.contains("recurs");
        assert!(refused, "{}", report.chars().take(300).collect::<String>());
    }
}

#[test]
fn file_of_more_than_16_mebibytes() {
    let mut files = files(&tree("[components.x]\n"));
    files.insert("azldev.toml", FileEntry::new(vec![b'\n'; MAX_FILE_SIZE + 1]));
    let (_, diagnostics) = load(&files, Options::default());
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].code, "file-too-large");
    assert_eq!(diagnostics[0].message, "`azldev.toml` has 16777217 bytes, more than 16777216");
    assert_eq!(diagnostics[0].hints, ["split it and include the parts"]);
}

#[test]
fn include_cycle() {
    mistake(
        "//- azldev.toml\nincludes = ['a.toml']\n//- a.toml\nincludes = ['azldev.toml']\n",
        &["error[include-cycle]: include cycle: `azldev.toml` → `a.toml` → `azldev.toml`", "a.toml:1:13"],
    );
}

#[test]
fn includes_that_are_too_deep() {
    let files = (1..80).map(|number| format!("//- {number}.toml\nincludes = ['{}.toml']\n", number + 1));
    let tree = format!("//- azldev.toml\nincludes = ['1.toml']\n{}//- 80.toml\n", files.collect::<String>());
    mistake(
        &tree,
        &[
            "error[include-depth]: `64.toml` is included by 64 files in a row",
            "63.toml:1:13",
            "hint: include it from a file nearer to the root",
        ],
    );
}

#[test]
fn missing_include() {
    mistake(
        "//- azldev.toml\nincludes = ['one.toml']\n//- on.toml\n",
        &["error[missing-file]: no file `one.toml`", "azldev.toml:1:13", "hint: did you mean `on.toml`?"],
    );
}

#[test]
fn include_outside_the_tree() {
    for path in ["../x.toml", "/etc/x.toml", "a/../../x.toml"] {
        mistake(
            &format!("//- azldev.toml\nincludes = ['{path}']\n"),
            &[&format!("error[path-outside-tree]: path leaves the tree: `{path}`"), "azldev.toml:1:13"],
        );
    }
}

#[test]
fn spec_outside_the_tree() {
    mistake(
        &tree("[components.x]\nspec = { type = 'local', path = '../x.spec' }\n"),
        &["error[path-outside-tree]: path leaves the tree: `../x.spec`", "azldev.toml:13:33"],
    );
}

#[test]
fn component_defined_in_two_files() {
    mistake(
        &format!(
            "{}//- a.toml\n[components.x]\n",
            tree("[components.x]\n").replacen('\n', "\nincludes = ['a.toml']\n", 1)
        ),
        &[
            "error[defined-twice]: component `x` is defined twice",
            "a.toml:1:13",
            "hint: it is also defined in azldev.toml",
        ],
    );
}

#[test]
fn component_names_that_differ_only_in_case() {
    mistake(
        &tree("[components.bash]\n[components.Bash]\n"),
        &[
            "error[component-name]: components `Bash` and `bash` differ only in case",
            "azldev.toml:12:13",
            "hint: `Bash` is declared in azldev.toml; file systems and addresses that ignore case cannot hold both",
        ],
    );
}

#[test]
fn component_name_of_a_look_alike_letter() {
    mistake(
        &tree("[components.'b\u{430}sh']\n[components.bash]\n"),
        &[
            "error[component-name]: not a component name: `b\u{430}sh` holds U+0430",
            "azldev.toml:12:13",
            "hint: names are ASCII letters, digits, `.`, `-`, `_` and `+`",
        ],
    );
}

#[test]
fn component_name_that_is_a_path() {
    mistake(
        &tree("[components.'..']\n"),
        &["error[component-name]: not a component name: `..`", "azldev.toml:12:13", "hint: names begin with"],
    );
}

#[test]
fn snapshot_without_zone() {
    mistake(
        "//- azldev.toml\n[default-component-config.spec]\n\
         upstream-distro = { name = 'd', snapshot = '2026-01-01T00:00:00' }\n",
        &[
            "error[wrong-value]: not an RFC 3339 instant (the zone is missing: `Z` or `+00:00`): `2026-01-01T00:00:00`",
            "azldev.toml:2:44",
        ],
    );
}

#[test]
fn snapshot_that_is_no_instant() {
    mistake(
        "//- azldev.toml\n[default-component-config.spec]\n\
         upstream-distro = { name = 'd', snapshot = '2026-02-30T00:00:00Z' }\n",
        &["error[wrong-value]: not an RFC 3339 instant", "azldev.toml:2:44"],
    );
}

#[test]
fn snapshot_of_one_component() {
    mistake(
        &tree("[components.x.spec]\nupstream-distro = { name = 'd', snapshot = '2026-01-01T00:00:00Z' }\n"),
        &[
            "error[component-snapshot]: a component has no `snapshot` of its own",
            "azldev.toml:13:44",
            "hint: pin it with `upstream-commit`",
        ],
    );
}

#[test]
fn future_snapshot_is_told_by_a_given_instant() {
    let config = good("");
    let instant = 1_767_225_600;
    assert!(config.snapshot_after(instant).is_empty());
    let found = config.snapshot_after(instant - 1);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "future-snapshot");
    assert_eq!(found[0].message, "snapshot is in the future: `2026-01-01T00:00:00Z`");
    assert!(found[0].span.as_ref().is_some_and(|span| span.file == "azldev.toml"));
    assert_eq!(found[0].hints, ["take an instant that has passed, so that every run sees the same commits"]);
}

#[test]
fn hash_type_md5_or_sha1() {
    for kind in ["MD5", "SHA1"] {
        mistake(
            &source_file(&format!(
                "hash = '00'\nhash-type = '{kind}'\norigin = {{ type = 'download', uri = 'https://h/a' }}\n"
            )),
            &[
                &format!("error[wrong-value]: unknown value `{kind}`"),
                "azldev.toml:15:13",
                "hint: known values: SHA256, SHA512",
            ],
        );
    }
}

#[test]
fn hash_that_is_empty_short_or_upper_case() {
    let upper = "AB".repeat(32);
    for (hash, hint) in [("", None), ("ab", None), (upper.as_str(), Some("hint: write it in lower case"))] {
        let message = format!("error[source-file]: not a SHA256 hash (64 lower-case hexadecimal digits): `{hash}`");
        let mut parts = vec![message.as_str(), "azldev.toml:14:8"];
        parts.extend(hint);
        let own =
            format!("hash = '{hash}'\nhash-type = 'SHA256'\norigin = {{ type = 'download', uri = 'https://h/a' }}\n");
        mistake(&source_file(&own), &parts);
    }
}

#[test]
fn hash_without_type() {
    mistake(
        &source_file("hash = 'ab'\norigin = { type = 'download', uri = 'https://h/a' }\n"),
        &["error[source-file]: `hash` and `hash-type` come together", "azldev.toml:13:12"],
    );
}

#[test]
fn plain_http_without_hash() {
    mistake(
        &source_file("origin = { type = 'download', uri = 'http://h/a' }\n"),
        &[
            "error[source-file]: a download by `http` without `hash`: anyone on the way can change it",
            "azldev.toml:13:12",
            "hint: add `hash` and `hash-type`, or an `https` address",
        ],
    );
    good("[[components.x.source-files]]\nfilename = 'a'\norigin = { type = 'download', uri = 'https://h/a' }\n");
}

#[test]
fn address_without_scheme() {
    mistake(
        &source_file("origin = { type = 'download', uri = '--upload-file=x' }\n"),
        &["error[source-file]: `uri` has no scheme: `--upload-file=x`", "azldev.toml:13:12"],
    );
}

#[test]
fn unknown_origin_key() {
    mistake(
        &source_file("origin = { type = 'download', url = 'https://h/a' }\n"),
        &["error[unknown-key]: unknown key `url`", "azldev.toml:14:", "hint: did you mean `uri`?"],
    );
}

#[test]
fn source_file_twice_in_a_default() {
    let file = "[[default-component-config.source-files]]\nfilename = 'a'\n\
                origin = { type = 'download', uri = 'https://h/a' }\n";
    mistake(
        &tree(&format!("{file}{file}[components.x]\n")),
        &["error[source-file]: source file `a` is listed twice", "azldev.toml:16:12"],
    );
}

#[test]
fn source_file_in_a_default_and_in_a_component() {
    let file = "filename = 'a'\norigin = { type = 'download', uri = 'https://h/a' }\n";
    let own = format!(
        "[[default-component-config.source-files]]\n{file}[[components.x.source-files]]\n{file}[components.y]\n"
    );
    mistake(
        &tree(&own),
        &[
            "error[source-file]: component `x` comes to source file `a` twice",
            "azldev.toml:16:12",
            "hint: it is also in azldev.toml; `unset = [\"source-files\"]` drops it",
        ],
    );
    good(&own.replace("[[components.x.s", "[components.x]\nunset = ['source-files']\n[[components.x.s"));
}

#[test]
fn overlay_in_a_default() {
    mistake(
        &tree("[[default-component-config.overlays]]\ntype = 'spec-add-tags'\ndescription = 'why'\n"),
        &["error[unknown-overlay-type]", "azldev.toml:13:8", "hint: did you mean `spec-add-tag`?"],
    );
}

#[test]
fn channel_that_is_a_path() {
    mistake(
        &tree("[components.x.publish]\nrpm-channel = 'a/b'\n"),
        &["error[wrong-value]: not a channel name: `a/b`", "azldev.toml:13:15"],
    );
}

#[test]
fn unset_of_an_unknown_field() {
    mistake(
        &tree("[components.x]\nunset = ['build.wiht']\n"),
        &["error[unknown-field]: no field `build.wiht`", "azldev.toml:13:10", "hint: did you mean `build.with`?"],
    );
}

#[test]
fn unset_of_what_nothing_says() {
    mistake(
        &tree("[components.x]\nunset = ['build.with']\nbuild.with = ['a']\n"),
        &[
            "error[unset]: `unset` of `build.with` drops nothing: none is inherited",
            "azldev.toml:13:10",
            "hint: remove the entry",
        ],
    );
}

#[test]
fn unset_that_leaves_a_skip_without_reason() {
    let config = good("[components.x]\nunset = ['build.check.skip_reason']\n");
    let problem = config.resolve("x").map(|component| component.name).expect_err("no reason is left");
    assert_eq!(problem.message, "component `x` comes to `check.skip` without `skip_reason`");
}

#[test]
fn not_utf8() {
    let files: FileSet = [("azldev.toml".to_owned(), FileEntry::new(*b"a = '\xff'\n"))].into_iter().collect();
    let (_, diagnostics) = load(&files, Options::default());
    assert_eq!(diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), ["not-utf8"]);
}

#[test]
fn default_version_that_is_none() {
    mistake(
        &tree("[distros.e]\ndefault-version = '44'\nversions.43.release-ver = '43'\n"),
        &[
            "error[unknown-distro-version]: `default-version` of distro `e` names no version: `44`",
            "azldev.toml:13:19",
            "hint: did you mean `43`?",
        ],
    );
}

#[test]
fn default_distro_that_is_none() {
    mistake(
        "//- azldev.toml\n[project]\ndefault-distro = { name = 'azurlinux' }\n[distros.azurelinux]\n",
        &[
            "error[unknown-distro]: `project.default-distro` names no distro: `azurlinux`",
            "azldev.toml:2:27",
            "hint: did you mean `azurelinux`?",
        ],
    );
}

#[test]
fn metadata_of_a_group_that_contradicts_itself() {
    mistake(
        "//- azldev.toml\n[component-groups.g.metadata]\ncategory = 'upstream-backport'\nupstream-status = 'upstreamed'\n",
        &["error[metadata-contradiction]: an upstream backport names its `commits`", "azldev.toml:1:1"],
    );
}
