//! Rules between overlays on archives and `source-files`.
//!
//! An archive that overlays change has another hash than upstream's `sources` says. So each has an entry in
//! `source-files` with `origin.type = "overlay"` and the new hash, and each such entry has overlays. Layers add up, so
//! the rules are about whole components, not about tables.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;
use azl_overlay::{Overlay, Target, archive};

use crate::document::Config;
use crate::merge::Merged;
use crate::slot::Source;
use crate::source_file::{Origin, SourceFile};

/// Adds what is wrong in any component; a mistake in a default that several inherit is reported once.
pub(super) fn check(config: &Config, found: &mut Vec<Diagnostic>) {
    if !concerns(config) {
        return;
    }
    for (name, component) in &config.components {
        let merged = config.merged(name, component);
        let overlays: Vec<_> = merged.overlays.values().chain(config.overlays_of_files(component)).collect();
        for problem in problems(&overlays, &merged) {
            if !found.contains(&problem) {
                found.push(problem);
            }
        }
    }
}

/// Returns whether anything at all is said about the inside of archives; most trees say nothing.
fn concerns(config: &Config) -> bool {
    let own = config.all_layers().flat_map(|layer| &layer.overlays);
    let mut overlays = own.chain(config.overlay_documents.values().flatten());
    let mut files = config.all_layers().flat_map(|layer| &layer.source_files);
    overlays.any(|overlay| overlay.target() != Target::Sources) || files.any(is_result)
}

fn is_result(file: &SourceFile) -> bool {
    matches!(file.origin, Origin::Overlay)
}

fn problems(overlays: &[&Overlay], merged: &Merged<'_>) -> Vec<Diagnostic> {
    // An archive counts as changed from its first overlay on, which is where a missing entry is reported.
    let mut changed: BTreeMap<&str, &Overlay> = BTreeMap::new();
    for overlay in overlays {
        if let Target::Archive(name) = overlay.target() {
            changed.entry(name).or_insert(overlay);
        }
    }
    let results = || merged.source_files.iter().filter(|(_, file)| is_result(file));
    let stale = results().filter(|(_, file)| !changed.contains_key(name_of(file)));
    let declared = |name: &str| results().any(|(_, file)| name_of(file) == name);
    let undeclared = changed.iter().filter(|(name, _)| !declared(name));
    stale
        .map(|(source, file)| without_overlay(source, file))
        .chain(undeclared.map(|(name, overlay)| without_entry(name, overlay)))
        .chain(archive::conflicts(overlays.iter().copied()))
        .collect()
}

fn name_of(file: &SourceFile) -> &str {
    file.filename.get_ref().as_str()
}

fn without_overlay(source: &Source<'_>, file: &SourceFile) -> Diagnostic {
    let message =
        format!("source file `{}` has origin `overlay`, but no overlay changes files inside it", name_of(file));
    let problem = Diagnostic::error("archive-without-overlay", message).at(source.file, file.filename.span());
    problem.hint(format!("add an overlay with `archive = \"{}\"`, or remove the entry", name_of(file)))
}

fn without_entry(name: &str, overlay: &Overlay) -> Diagnostic {
    let message =
        format!("an overlay changes files inside `{name}`, but no source file of this name says its new hash");
    let problem = Diagnostic::error("archive-without-hash", message).at(overlay.file.clone(), overlay.span.clone());
    problem.hint("add to `source-files`: `origin = { type = \"overlay\" }`, `replace-upstream = true`, reason and hash")
}

#[cfg(test)]
mod tests {
    use azl_diagnostics::render_all;
    use azl_overlay::{Compat, FileEntry, FileSet};

    use crate::load::{Options, load};
    use crate::render::{Material, render};

    const TREE: &str = r#"
//- azldev.toml
includes = ["c.toml", "d.toml"]
[distros.azl]
default-version = "4.0"
[distros.azl.versions."4.0"]
release-ver = "4.0"
"#;
    const OVERLAY: &str = "
[[components.x.overlays]]
type = 'file-remove'
description = 'why'
file = 'x'
archive = 'x-1.tar.xz'
";

    fn entry(name: &str) -> String {
        format!(
            "[[components.x.source-files]]\nfilename = '{name}'\norigin = {{ type = 'overlay' }}\n\
             replace-upstream = true\nreplace-reason = 'why'\n"
        )
    }

    /// Returns a tree whose file `c.toml` holds `toml` and `d.toml` what `more` starts with; other files of `more` are
    /// behind `//- path` lines.
    fn files(toml: &str, more: &str) -> FileSet {
        let fixture = format!("{TREE}//- c.toml\n{toml}//- d.toml\n{more}");
        let parts = fixture.split("//- ").skip(1).filter_map(|part| part.split_once('\n'));
        parts.map(|(path, text)| (path.to_owned(), FileEntry::new(text.as_bytes()))).collect()
    }

    fn report(toml: &str, more: &str) -> String {
        let files = files(toml, more);
        let (_, diagnostics) = load(&files, Options::default());
        render_all(&diagnostics, |path| files.text(path))
    }

    #[test]
    fn archive_overlay_and_entry_need_each_other() {
        assert_eq!(report(&format!("{}{OVERLAY}", entry("x-1.tar.xz")), ""), "");
        let alone = report(OVERLAY, "");
        assert!(
            alone.starts_with("error[archive-without-hash]: an overlay changes files inside `x-1.tar.xz`"),
            "{alone}"
        );
        assert!(alone.contains("c.toml:3:8"), "{alone}");
        let stale = report(&entry("x-1.tar.xz"), "");
        assert!(stale.starts_with("error[archive-without-overlay]: source file `x-1.tar.xz`"), "{stale}");
        assert!(stale.contains("c.toml:2:12"), "{stale}");
    }

    #[test]
    fn other_names_and_other_origins_do_not_count() {
        let other = report(&format!("{}{OVERLAY}", entry("y-1.tar.xz")), "");
        assert!(other.contains("archive-without-hash") && other.contains("archive-without-overlay"), "{other}");
        let download = entry("x-1.tar.xz").replace("type = 'overlay'", "type = 'download', uri = 'https://x/y'");
        let download = report(&format!("{download}{OVERLAY}"), "");
        assert!(download.contains("archive-without-hash"), "{download}");
    }

    #[test]
    fn layers_are_taken_together_and_a_shared_mistake_is_told_once() {
        let group = "[component-groups.g]\ncomponents = ['x', 'y']\n";
        let shared = OVERLAY.replace("components.x.", "component-groups.g.default-component-config.");
        let one_has_it = format!("{}[components.y]\n", entry("x-1.tar.xz"));
        let result = report(&one_has_it, &format!("{group}{shared}"));
        assert_eq!(result.matches("error[").count(), 1, "{result}");
        let neither = report("[components.x]\n[components.y]\n", &format!("{group}{shared}"));
        assert_eq!(neither.matches("error[archive-without-hash]").count(), 1, "{neither}");
        let both = format!("{one_has_it}{}", entry("x-1.tar.xz").replace("components.x.", "components.y."));
        assert_eq!(report(&both.replace("[components.y]\n", ""), &format!("{group}{shared}")), "");
    }

    #[test]
    fn archive_overlay_leaves_rendered_files_alone_and_its_hash_goes_into_sources() {
        let hash = "1".repeat(128);
        let spec = "Name: x\nVersion: 1\nRelease: 1\nSource0: x-%{version}.tar.xz\n%description\n";
        let entry = entry("x-1.tar.xz") + &format!("hash-type = 'SHA512'\nhash = '{hash}'\n");
        let toml = format!("[components.x]\nspec = {{ type = 'local', path = 'x/x.spec' }}\n{entry}{OVERLAY}");
        let old = format!("SHA512 (x-1.tar.xz) = {}\n", "0".repeat(128));
        let files = files(&toml, &format!("//- x/x.spec\n{spec}//- x/sources\n{old}"));
        let (config, diagnostics) = load(&files, Options::default());
        assert_eq!(render_all(&diagnostics, |path| files.text(path)), "");
        let component = config.resolve("x").expect("a component");
        let (packaging, supplied) = (files.below("x"), std::collections::BTreeSet::new());
        let material = Material { packaging: &packaging, authored: &files, compat: Compat::None, supplied: &supplied };
        let rendered = render(&component, material).expect("renders");
        assert!(rendered.files.text("x.spec").is_some_and(|text| text.ends_with(spec)), "{rendered:?}");
        assert_eq!(rendered.files.text("sources"), Some(&*format!("SHA512 (x-1.tar.xz) = {hash}\n")));
    }

    #[test]
    fn loose_overlay_that_may_touch_the_archive_is_refused() {
        let loose = "[[components.x.overlays]]\ntype = 'file-remove'\ndescription = 'why'\nfile = '*.xz'\n";
        let result = report(&format!("{}{OVERLAY}{loose}", entry("x-1.tar.xz")), "");
        assert!(result.starts_with("error[archive-conflict]"), "{result}");
    }
}
