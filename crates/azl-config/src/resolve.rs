//! What a component is once every default is on it.
//!
//! Not here: adding layers up, and rendering.
//!
//! **Invariant:** a resolved component needs no look at the configuration again.

use std::collections::BTreeMap;

use azl_diagnostics::{Diagnostic, Span};
use azl_overlay::Overlay;

use crate::build::said;
use crate::component::{ReleaseCalculation, SpecType};
use crate::document::{Component, Config};
use crate::merge::Merged;
use crate::publish::{PackagePublish, Publish};
use crate::repo_set::suggest;
use crate::slot::PackageSlots;
use crate::source_file::SourceFile;

/// Where a component's spec is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpecSource {
    /// In this tree, written by us.
    Local {
        /// Path of the spec.
        path: String,
    },
    /// Another distribution's.
    Upstream(Upstream),
}

/// A spec of another distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name there.
    pub package: String,
    /// Name of the distribution.
    pub distro: String,
    /// Version of the distribution.
    pub version: String,
    /// Branch of the packaging repository.
    pub branch: Option<String>,
    /// The packaging repository.
    pub dist_git: DistGit,
    /// Commit to take.
    pub commit: Option<String>,
    /// Last instant to take a commit of, where none is named; in RFC 3339.
    pub snapshot: Option<String>,
}

/// A packaging repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistGit {
    /// A directory of this tree in dist-git layout.
    Tree(String),
    /// A git repository.
    Remote(String),
}

/// A component with nothing left to inherit.
#[derive(Debug, Clone)]
pub struct ResolvedComponent {
    /// Name: the stem of its spec.
    pub name: String,
    /// Where its spec is.
    pub spec: SpecSource,
    /// Overlays in the order they are applied.
    pub overlays: Vec<Overlay>,
    /// Macros of `with`, `without`, `defines`, `undefines`, by name without `%`.
    pub macros: BTreeMap<String, String>,
    /// Why `%check` is switched off, if it is.
    pub check_skipped: Option<String>,
    /// Why the build is known to fail, if it is.
    pub failure_expected: Option<String>,
    /// Whether the build takes much time or memory.
    pub expensive: bool,
    /// How `Release` is found.
    pub release: ReleaseCalculation,
    /// Whether all files of the packaging are kept.
    pub skip_file_filter: bool,
    /// `source-files`.
    pub source_files: Vec<SourceFile>,
    /// Where its packages are published, before what package groups say.
    pub publish: Publish,
    /// Exceptions by binary package.
    pub packages: BTreeMap<String, PackagePublish>,
    /// Whether the upstream version and release are passed to the build as macros.
    pub emit_upstream_provenance: bool,
    /// Where its name is declared.
    pub declared: Span,
}

impl Config {
    /// Resolves one component.
    ///
    /// # Errors
    /// If there is none of this name, or its spec cannot be told.
    pub fn resolve(&self, name: &str) -> Result<ResolvedComponent, Diagnostic> {
        let component = self.component(name)?;
        let spec = self.spec_source(name, component, &self.merged(name, component))?;
        self.resolve_with(name, spec)
    }

    /// Resolves one component whose spec is given, whatever its configuration says of it.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn resolve_with(&self, name: &str, spec: SpecSource) -> Result<ResolvedComponent, Diagnostic> {
        let component = self.component(name)?;
        let merged = self.merged(name, component);
        check_reasons(name, component, &merged)?;
        Ok(self.finish(name, component, &merged, spec))
    }

    /// Resolves every component, in the order of their names.
    pub fn resolve_all(&self) -> (Vec<ResolvedComponent>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let resolved = self.components.keys().filter_map(|name| match self.resolve(name) {
            Ok(component) => Some(component),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                None
            }
        });
        (resolved.collect(), diagnostics)
    }

    /// Returns a component by name.
    pub(crate) fn component(&self, name: &str) -> Result<&Component, Diagnostic> {
        self.components.get(name).ok_or_else(|| {
            let problem = Diagnostic::error("unknown-component", format!("no component `{name}`"));
            let near = azl_diagnostics::closest(name, self.components.keys().map(String::as_str));
            match near {
                Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                None => problem,
            }
        })
    }

    /// Tells where a component's spec is.
    pub(crate) fn spec_source(
        &self,
        name: &str,
        component: &Component,
        merged: &Merged<'_>,
    ) -> Result<SpecSource, Diagnostic> {
        let refuse = |code, message: String| Diagnostic {
            span: Some(component.declared.clone()),
            ..Diagnostic::error(code, message)
        };
        match (merged.kind.get(), merged.path.get(), merged.distro.get()) {
            (Some(SpecType::Local), Some(path), _) => Ok(SpecSource::Local { path: path.clone() }),
            (Some(SpecType::Upstream), _, Some(distro)) => {
                let upstream = self.upstream(name, merged, distro);
                upstream.map(SpecSource::Upstream).map_err(|problem| Diagnostic {
                    span: merged.distro.source().map(crate::slot::Source::span),
                    ..problem
                })
            }
            (Some(SpecType::Local), None, _) => {
                Err(refuse("spec-source", format!("component `{name}` is local but has no `spec.path`")))
            }
            (Some(SpecType::Upstream), _, None) => {
                Err(refuse("spec-source", format!("component `{name}` has no `spec.upstream-distro`")))
            }
            (None, ..) => {
                Err(refuse("spec-source", format!("component `{name}` has no `spec.type`, nor has any default")))
            }
        }
    }

    fn upstream(&self, name: &str, merged: &Merged<'_>, distro_name: &str) -> Result<Upstream, Diagnostic> {
        let refuse = |message: String| Diagnostic::error("unknown-distro", format!("component `{name}`{message}"));
        let known = || self.distros.keys().map(String::as_str);
        let Some(distro) = self.distros.get(distro_name) else {
            let problem = refuse(format!(" is from an unknown distro: `{distro_name}`"));
            return Err(suggest(problem, distro_name, known()));
        };
        let stated = merged.distro_version.get().map(String::as_str);
        let Some((version, details)) = distro.version_named(stated) else {
            let wanted = stated.or(distro.default_version.as_deref()).unwrap_or("none");
            let problem = refuse(format!(": distro `{distro_name}` has no version `{wanted}`"));
            return Err(suggest(problem, wanted, distro.versions.keys().map(String::as_str)));
        };
        let Some(base) = &distro.dist_git_base_uri else {
            return Err(refuse(format!(": distro `{distro_name}` has no `dist-git-base-uri`")));
        };
        let package = merged.upstream_name.get().map_or(name, String::as_str);
        let uri = base.replace("$pkg", package);
        let dist_git = match uri.strip_prefix("file:") {
            Some(directory) => {
                let joined = azl_overlay::join("", directory).map_err(|error| refuse(format!(": {error}")))?;
                DistGit::Tree(joined)
            }
            None => DistGit::Remote(uri),
        };
        Ok(Upstream {
            package: package.to_owned(),
            distro: distro_name.to_owned(),
            version: version.to_owned(),
            branch: details.dist_git_branch.as_ref().map(|branch| branch.get_ref().clone()),
            dist_git,
            commit: merged.upstream_commit.get().cloned(),
            snapshot: merged.snapshot.get().map(|snapshot| snapshot.as_str().to_owned()),
        })
    }

    /// Returns the overlays of a component's overlay files, in order.
    pub(crate) fn overlays_of_files<'a>(&'a self, component: &'a Component) -> impl Iterator<Item = &'a Overlay> {
        component.overlay_files.iter().filter_map(|path| self.overlay_documents.get(path)).flatten()
    }

    fn finish(&self, name: &str, component: &Component, merged: &Merged<'_>, spec: SpecSource) -> ResolvedComponent {
        let reason = |on: Option<&bool>, reason: Option<&str>| reason.filter(|_| on == Some(&true)).map(str::to_owned);
        ResolvedComponent {
            name: name.to_owned(),
            spec,
            overlays: merged.overlays.values().chain(self.overlays_of_files(component)).cloned().collect(),
            macros: macros(merged),
            check_skipped: reason(merged.skip.get(), merged.skip_reason.get().map(|reason| reason.as_str())),
            failure_expected: reason(merged.expected.get(), merged.expected_reason.get().map(String::as_str)),
            expensive: merged.expensive.get().copied().unwrap_or_default(),
            release: merged.release.get().copied().unwrap_or_default(),
            skip_file_filter: merged.skip_file_filter.get().copied().unwrap_or_default(),
            source_files: merged.source_files.values().cloned().collect(),
            publish: Publish {
                rpm: merged.rpm_channel.get().cloned(),
                srpm: merged.srpm_channel.get().cloned(),
                debuginfo: merged.debuginfo_channel.get().cloned(),
            },
            packages: merged.packages.0.iter().map(|(name, slots)| ((*name).to_owned(), package(slots))).collect(),
            emit_upstream_provenance: merged.emit_upstream_provenance.get().copied().unwrap_or_default(),
            declared: component.declared.clone(),
        }
    }
}

/// Refuses what a layer says without its reason, which another layer may have taken away.
fn check_reasons(name: &str, component: &Component, merged: &Merged<'_>) -> Result<(), Diagnostic> {
    let skip_reason = merged.skip_reason.get().map(|reason| reason.as_str());
    let expected_reason = merged.expected_reason.get().map(String::as_str);
    let rules = [
        (merged.skip.get(), skip_reason, "`check.skip` without `skip_reason`"),
        (merged.expected.get(), expected_reason, "`failure.expected` without `expected-reason`"),
    ];
    match rules.into_iter().find(|(on, reason, _)| *on == Some(&true) && !said(*reason)) {
        None => Ok(()),
        Some((_, _, message)) => Err(Diagnostic {
            span: Some(component.declared.clone()),
            ..Diagnostic::error("build", format!("component `{name}` comes to {message}"))
        }),
    }
}

/// Makes macros of the build options in the format's order: with, without, defines, undefines.
fn macros(merged: &Merged<'_>) -> BTreeMap<String, String> {
    let with = merged.with.values().map(|name| (format!("_with_{name}"), "1".to_owned()));
    let mut macros: BTreeMap<_, _> = with.collect();
    macros.extend(merged.without.values().map(|name| (format!("_without_{name}"), "1".to_owned())));
    let defines = merged.defines.iter();
    macros.extend(defines.map(|(name, value)| (name.to_owned(), value.get_ref().as_str().to_owned())));
    for name in merged.undefines.values() {
        macros.remove(name);
    }
    macros
}

fn package(slots: &PackageSlots<'_>) -> PackagePublish {
    PackagePublish {
        rpm: slots.rpm.get().cloned(),
        debuginfo: slots.debuginfo.get().cloned(),
        old: slots.old.get().cloned(),
    }
}
