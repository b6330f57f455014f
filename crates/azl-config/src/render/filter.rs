//! Which files belong to a rendered component: those its spec names.
//!
//! Names may hold macros, which nothing here expands; a macro stands for any text, so too much is kept, never too
//! little.

use std::collections::BTreeSet;

use azl_diagnostics::Diagnostic;
use azl_overlay::{FileGlob, Sources};
use azl_spec::SourceRef;

use super::at_declaration;
use super::literal::{Part, parts};
use super::sources::shown;
use crate::resolve::{ResolvedComponent, SpecSource};
use crate::sources_file::SourceEntry;

/// Drops the files the spec does not name. Returns a mistake for each file an overlay added in vain; `before` are the
/// paths there were before overlays.
pub(super) fn apply(
    component: &ResolvedComponent,
    sources: &mut Sources,
    before: &BTreeSet<String>,
) -> Vec<Diagnostic> {
    let named: Vec<FileGlob> = named_files(sources).iter().filter_map(|name| file_pattern(name)).collect();
    let is_named = |path: &str| named.iter().any(|glob| glob.matches(path) || glob.matches(base(path)));
    let added = sources.files.iter().map(|(path, _)| path).filter(|path| !before.contains(*path));
    let in_vain = added.filter(|path| !is_named(path)).map(|path| {
        let message = format!("`{}`: an overlay adds `{path}`, which the spec does not name", component.name);
        let problem = at_declaration(component, Diagnostic::error("overlay-no-effect", message));
        problem.hint(format!("add it to the spec: an overlay `spec-insert-tag` with a `Source` tag and value `{path}`"))
    });
    let in_vain = in_vain.collect();
    // A local directory is ours and holds authored files as well; only upstream may be kept whole.
    let keeps_all = component.skip_file_filter && matches!(component.spec, SpecSource::Upstream(_));
    sources.files.retain(|path| keeps_all || is_named(path));
    in_vain
}

/// Returns a mistake for each source that is neither a file nor pinned nor `supplied` by the build. Sources under a
/// condition are passed over.
pub(super) fn missing_sources(
    component: &ResolvedComponent,
    sources: &Sources,
    pinned: &[SourceEntry],
    supplied: &BTreeSet<String>,
) -> Vec<Diagnostic> {
    let spec = &sources.spec;
    let wanted = spec.sources().into_iter().filter(|source| !spec.is_conditional(source.lines.start));
    let is_there = |source: &SourceRef| {
        file_pattern(&source.value).is_none_or(|glob| {
            supplied.iter().chain(pinned.iter().map(|entry| &entry.file)).any(|file| glob.matches(file))
                || sources.files.iter().any(|(path, _)| glob.matches(path) || glob.matches(base(path)))
        })
    };
    let missing = wanted.filter(|source| !is_there(source)).map(|source| {
        let message = format!(
            "`{}`: source `{}` is neither a file of its packaging nor in `sources`",
            component.name,
            shown(&source.value)
        );
        at_declaration(component, Diagnostic::error("missing-source", message))
    });
    missing.collect()
}

fn named_files(sources: &Sources) -> Vec<String> {
    let mut names: Vec<_> = sources.spec.sources().into_iter().map(|source| source.value).collect();
    names.extend(sources.spec.includes());
    names
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the pattern of a source's file name: its last part with macros as `*`.
fn file_pattern(value: &str) -> Option<FileGlob> {
    let mut pattern = String::new();
    for part in parts(value) {
        match part {
            Part::Macro(_) => pattern.push('*'),
            Part::Text(text) => {
                for c in text.chars() {
                    pattern.extend(matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\').then_some('\\'));
                    pattern.push(c);
                }
            }
        }
    }
    let name = pattern.rsplit('/').next().unwrap_or(&pattern);
    FileGlob::new(name).ok().filter(|_| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_stand_for_any_text() {
        let matches = |value: &str, path: &str| file_pattern(value).expect("a name").matches(path);
        assert!(matches("https://x/%{name}-%{version}.tar.xz", "a-1.tar.xz"));
        assert!(!matches("https://x/%{name}-%{version}.tar.xz", "a.tar.gz"));
        assert!(matches("https://x/get?f=1#/%{?a:%{b}}c.txt", "c.txt"));
        assert!(matches("%name.conf", "x.conf"));
        assert!(matches("a[1]%%.patch", "a[1]%.patch"));
        assert!(file_pattern("https://x/").is_none());
    }
}
