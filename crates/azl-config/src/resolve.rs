//! Inheritance: what a component is once every default is on it.
//!
//! Layers, each on top of the one before: the default version of the project's distro, `default-component-config`, the
//! component's groups in the order of their names, the component. Lists grow, maps merge by key, single values of a
//! later layer win whenever they are written, also where they are `false` or empty (azldev cannot undo a value).

use std::collections::BTreeMap;

use azl_diagnostics::{Diagnostic, Span};
use azl_overlay::Overlay;

use crate::component::{ComponentLayer, Publish, ReleaseCalculation, SourceFile, SpecLayer, SpecType};
use crate::distro::DistroReference;
use crate::document::{Component, Config};

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
    /// Last instant to take a commit of, where none is named.
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
    pub packages: BTreeMap<String, Publish>,
    /// Where its name is declared.
    pub declared: Span,
}

impl Config {
    /// Resolves one component.
    pub fn resolve(&self, name: &str) -> Result<ResolvedComponent, Diagnostic> {
        let component = self.components.get(name).ok_or_else(|| self.unknown_component(name))?;
        let mut merged = Merged::default();
        for layer in self.layers(name, component) {
            merged.add(layer);
        }
        let spec = self.spec_source(name, component, &merged.spec)?;
        Ok(merged.finish(name, spec, component.declared.clone()))
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

    fn unknown_component(&self, name: &str) -> Diagnostic {
        let problem = Diagnostic::error("unknown-component", format!("no component `{name}`"));
        match azl_diagnostics::closest(name, self.components.keys().map(String::as_str)) {
            Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
            None => problem,
        }
    }

    /// Returns what adds up to a component, its own table last.
    pub(crate) fn layers<'a>(
        &'a self,
        name: &'a str,
        component: &'a Component,
    ) -> impl Iterator<Item = &'a ComponentLayer> {
        let distro = self.project.default_distro.as_ref().and_then(|reference| {
            let (_, version) = self.distros.get(&reference.name)?.version(reference)?;
            Some(&version.default_component_config)
        });
        let in_group = move |members: &[toml::Spanned<String>]| members.iter().any(|member| member.get_ref() == name);
        let groups = self.component_groups.values().filter(move |group| in_group(&group.components));
        distro
            .into_iter()
            .chain(&self.default_component_config)
            .chain(groups.map(|group| &group.default_component_config))
            .chain([&component.layer])
    }

    fn spec_source(&self, name: &str, component: &Component, spec: &SpecLayer) -> Result<SpecSource, Diagnostic> {
        let refuse = |code, message: String| Diagnostic {
            span: Some(component.declared.clone()),
            ..Diagnostic::error(code, message)
        };
        match (spec.kind, &spec.path, &spec.upstream_distro) {
            (Some(SpecType::Local), Some(path), _) => Ok(SpecSource::Local { path: path.get_ref().clone() }),
            (Some(SpecType::Upstream), _, Some(distro)) => {
                let upstream = self.upstream(name, spec, distro.get_ref());
                upstream.map(SpecSource::Upstream).map_err(|message| refuse("unknown-distro", message))
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

    fn upstream(&self, name: &str, spec: &SpecLayer, reference: &DistroReference) -> Result<Upstream, String> {
        let distro = self.distros.get(&reference.name);
        let distro =
            distro.ok_or_else(|| format!("component `{name}` is from an unknown distro: `{}`", reference.name))?;
        let wanted = reference.version.as_deref().or(distro.default_version.as_deref()).unwrap_or("none");
        let unknown = || format!("component `{name}`: distro `{}` has no version `{wanted}`", reference.name);
        let (version, details) = distro.version(reference).ok_or_else(unknown)?;
        let no_dist_git = || format!("component `{name}`: distro `{}` has no `dist-git-base-uri`", reference.name);
        let base = distro.dist_git_base_uri.as_ref().ok_or_else(no_dist_git)?;
        let package = spec.upstream_name.as_ref().map_or_else(|| name.to_owned(), |name| name.get_ref().clone());
        let uri = base.replace("$pkg", &package);
        let dist_git = match uri.strip_prefix("file:") {
            Some(directory) => {
                DistGit::Tree(azl_overlay::join("", directory).map_err(|error| format!("component `{name}`: {error}"))?)
            }
            None => DistGit::Remote(uri),
        };
        Ok(Upstream {
            package,
            distro: reference.name.clone(),
            version: version.to_owned(),
            branch: details.dist_git_branch.clone(),
            dist_git,
            commit: spec.upstream_commit.as_ref().map(|commit| commit.get_ref().clone()),
            snapshot: reference.snapshot.clone(),
        })
    }
}

/// Layers added up so far.
#[derive(Default)]
struct Merged {
    spec: SpecLayer,
    overlays: Vec<Overlay>,
    overlays_of_files: Option<Vec<Overlay>>,
    with: Vec<String>,
    without: Vec<String>,
    defines: BTreeMap<String, String>,
    undefines: Vec<String>,
    skip: bool,
    skip_reason: Option<String>,
    expected: bool,
    expected_reason: Option<String>,
    expensive: bool,
    release: Option<ReleaseCalculation>,
    skip_file_filter: bool,
    source_files: Vec<SourceFile>,
    publish: Publish,
    packages: BTreeMap<String, Publish>,
}

impl Merged {
    fn add(&mut self, layer: &ComponentLayer) {
        self.add_spec(&layer.spec);
        self.add_build(layer);
        self.overlays.extend(layer.overlays.iter().cloned());
        self.overlays_of_files = layer.overlays_of_files.clone().or(self.overlays_of_files.take());
        self.release = layer.release.or(self.release);
        self.skip_file_filter = layer.skip_file_filter.unwrap_or(self.skip_file_filter);
        self.source_files.extend(layer.source_files.iter().cloned());
        self.publish = self.publish.merged(&layer.publish);
        for (name, publish) in &layer.packages {
            let entry = self.packages.entry(name.clone()).or_default();
            *entry = entry.merged(publish);
        }
    }

    fn add_spec(&mut self, spec: &SpecLayer) {
        // A layer that says where the spec comes from does not inherit half an answer.
        if spec.kind.is_some_and(|kind| self.spec.kind.is_some_and(|inherited| inherited != kind)) {
            self.spec = SpecLayer::default();
        }
        self.spec.kind = spec.kind.or(self.spec.kind);
        self.spec.path = spec.path.clone().or(self.spec.path.take());
        self.spec.upstream_name = spec.upstream_name.clone().or(self.spec.upstream_name.take());
        self.spec.upstream_commit = spec.upstream_commit.clone().or(self.spec.upstream_commit.take());
        if let Some(distro) = &spec.upstream_distro {
            let inherited = self.spec.upstream_distro.as_ref().map(|distro| distro.get_ref());
            let mut merged = distro.clone();
            if let Some(inherited) = inherited.filter(|inherited| inherited.name == distro.get_ref().name) {
                let own = distro.get_ref();
                merged.get_mut().version = own.version.clone().or(inherited.version.clone());
                merged.get_mut().snapshot = own.snapshot.clone().or(inherited.snapshot.clone());
            }
            self.spec.upstream_distro = Some(merged);
        }
    }

    fn add_build(&mut self, layer: &ComponentLayer) {
        let build = &layer.build;
        self.with.extend(build.with.iter().map(|name| name.get_ref().clone()));
        self.without.extend(build.without.iter().map(|name| name.get_ref().clone()));
        let defines = build.defines.iter();
        self.defines.extend(defines.map(|(name, value)| (name.get_ref().clone(), value.as_str().to_owned())));
        self.undefines.extend(build.undefines.iter().cloned());
        self.skip = build.check.skip.as_ref().map_or(self.skip, |skip| *skip.get_ref());
        let reason = build.check.skip_reason.as_ref().map(|reason| reason.as_str().to_owned());
        self.skip_reason = reason.or(self.skip_reason.take());
        self.expected = build.failure.expected.as_ref().map_or(self.expected, |expected| *expected.get_ref());
        self.expected_reason = build.failure.expected_reason.clone().or(self.expected_reason.take());
        self.expensive = build.hints.expensive.unwrap_or(self.expensive);
    }

    /// Makes macros of the build options in the format's order: with, without, defines, undefines.
    fn macros(&self) -> BTreeMap<String, String> {
        let on = |prefix: &str, names: &[String]| -> Vec<(String, String)> {
            names.iter().map(|name| (format!("{prefix}{name}"), "1".to_owned())).collect()
        };
        let mut macros: BTreeMap<_, _> = on("_with_", &self.with).into_iter().collect();
        macros.extend(on("_without_", &self.without));
        macros.extend(self.defines.clone());
        macros.retain(|name, _| !self.undefines.contains(name));
        macros
    }

    fn finish(self, name: &str, spec: SpecSource, declared: Span) -> ResolvedComponent {
        ResolvedComponent {
            name: name.to_owned(),
            spec,
            macros: self.macros(),
            overlays: self.overlays.into_iter().chain(self.overlays_of_files.unwrap_or_default()).collect(),
            check_skipped: self.skip.then_some(self.skip_reason).flatten(),
            failure_expected: self.expected.then_some(self.expected_reason).flatten(),
            expensive: self.expensive,
            release: self.release.unwrap_or_default(),
            skip_file_filter: self.skip_file_filter,
            source_files: self.source_files,
            publish: self.publish,
            packages: self.packages,
            declared,
        }
    }
}
