//! `list`: the components of a tree as a table.

use std::collections::BTreeMap;
use std::fmt;

use azl_config::render::rendered_directory;
use azl_config::{Config, DistGit, ReleaseCalculation, ResolvedComponent, SpecSource};
use azl_diagnostics::Diagnostic;
use azl_overlay::FileGlob;
use serde::Serialize;

use crate::error::Failure;

/// One component as listed.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Name.
    pub name: String,
    /// Where its spec comes from.
    pub source: ListedSource,
    /// Groups it is in.
    pub groups: Vec<String>,
    /// Types of its overlays, in the order they are applied.
    pub overlays: Vec<&'static str>,
    /// How its `Release` is found.
    pub release: ReleaseCalculation,
    /// Macros its build is given.
    pub macros: BTreeMap<String, String>,
    /// Why `%check` is switched off, if it is.
    pub check_skipped: Option<String>,
    /// Directory of its rendered files.
    pub rendered: String,
}

/// Where a spec comes from.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum ListedSource {
    /// This tree.
    Local {
        /// Path of the spec.
        path: String,
    },
    /// Another distribution.
    Upstream {
        /// Distribution and version.
        distro: String,
        /// Name there.
        package: String,
        /// Packaging repository.
        dist_git: String,
        /// Commit, where one is named.
        commit: Option<String>,
        /// Snapshot, where one is named.
        snapshot: Option<String>,
    },
}

impl fmt::Display for ListedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { path } => f.write_str(path),
            Self::Upstream { distro, package, commit, .. } => {
                write!(f, "{distro} {package}")?;
                commit.as_ref().map_or(Ok(()), |commit| write!(f, " at {commit}"))
            }
        }
    }
}

/// What a tree holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Components.
    pub components: usize,
    /// Components with a spec of this tree.
    pub local: usize,
    /// Components with overlays.
    pub with_overlays: usize,
    /// Overlays of all components.
    pub overlays: usize,
    /// Component groups.
    pub groups: usize,
}

impl Totals {
    /// Counts.
    pub(crate) fn of(config: &Config, components: &[ResolvedComponent]) -> Self {
        let local = |component: &&ResolvedComponent| matches!(component.spec, SpecSource::Local { .. });
        Self {
            components: components.len(),
            local: components.iter().filter(local).count(),
            with_overlays: components.iter().filter(|component| !component.overlays.is_empty()).count(),
            overlays: components.iter().map(|component| component.overlays.len()).sum(),
            groups: config.component_groups.len(),
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} components, {} overlays in {} of them", self.components, self.overlays, self.with_overlays)
    }
}

/// Components in the order of their names.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The components.
    pub components: Vec<Listed>,
    /// What they add up to.
    pub totals: Totals,
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.components.iter().map(|listed| listed.name.len()).max().unwrap_or(0);
        for listed in &self.components {
            write!(f, "{:<width$}  {}", listed.name, listed.source)?;
            if !listed.overlays.is_empty() {
                write!(f, ", {} overlays", listed.overlays.len())?;
            }
            writeln!(f)?;
        }
        writeln!(f, "{}", self.totals)
    }
}

/// Lists the components that match any of the patterns (all if there is none) and are in the group, if one is given.
///
/// # Errors
/// If a pattern is no glob or matches nothing, the group is unknown, or a component cannot be resolved.
pub fn list(config: &Config, patterns: &[String], group: Option<&str>) -> Result<Listing, Failure> {
    let (components, mut mistakes) = config.resolve_all();
    let names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
    let globs = globs(patterns, &names).unwrap_or_else(|found| {
        mistakes.extend(found);
        Vec::new()
    });
    let members = group.map(|group| config.members(group)).transpose()?.map(|members| members.collect::<Vec<_>>());
    if !mistakes.is_empty() {
        return Err(Failure::Configuration(mistakes));
    }
    let wanted = |component: &ResolvedComponent| {
        let named = globs.is_empty() || globs.iter().any(|glob| glob.matches(&component.name));
        named && members.as_ref().is_none_or(|members| members.contains(&component.name.as_str()))
    };
    let components: Vec<_> = components.into_iter().filter(wanted).collect();
    let totals = Totals::of(config, &components);
    let listed = components.into_iter().map(|component| listed(config, component)).collect();
    Ok(Listing { components: listed, totals })
}

fn globs(patterns: &[String], names: &[&str]) -> Result<Vec<FileGlob>, Vec<Diagnostic>> {
    let mut globs = Vec::new();
    let mut mistakes = Vec::new();
    for pattern in patterns {
        match FileGlob::new(pattern) {
            Ok(glob) if names.iter().any(|name| glob.matches(name)) => globs.push(glob),
            Ok(_) => {
                let problem = Diagnostic::error("unknown-component", format!("no component matches `{pattern}`"));
                let meant = azl_diagnostics::closest(pattern, names.iter().copied());
                mistakes.push(match meant {
                    Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                    None => problem,
                });
            }
            Err(error) => mistakes.push(Diagnostic::error("invalid-glob", error)),
        }
    }
    if mistakes.is_empty() { Ok(globs) } else { Err(mistakes) }
}

fn listed(config: &Config, component: ResolvedComponent) -> Listed {
    let source = match component.spec {
        SpecSource::Local { path } => ListedSource::Local { path },
        SpecSource::Upstream(upstream) => ListedSource::Upstream {
            distro: format!("{} {}", upstream.distro, upstream.version),
            package: upstream.package,
            dist_git: match upstream.dist_git {
                DistGit::Tree(path) | DistGit::Remote(path) => path,
            },
            commit: upstream.commit,
            snapshot: upstream.snapshot,
        },
    };
    Listed {
        rendered: rendered_directory(&component.name),
        groups: config.groups_of(&component.name).map(str::to_owned).collect(),
        overlays: component.overlays.iter().map(|overlay| overlay.kind.name()).collect(),
        name: component.name,
        source,
        release: component.release,
        macros: component.macros,
        check_skipped: component.check_skipped,
    }
}
