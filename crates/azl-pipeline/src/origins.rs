//! Where the tarballs of a component can be had.
//!
//! Somebody who wrote down an origin in `upstream/origins.toml` has the first word; then come the lookaside of the
//! component's distribution and the addresses that its `source-files` declare.
//!
//! **Invariant:** an origin is a place to look; what is taken there must have the digest that `sources` pins.

use azl_action::{Origin, Wanted};
use azl_config::{Config, Distro, HashType, LookasideFile, ResolvedComponent, SourceEntry, SpecSource};
use azl_diagnostics::Diagnostic;

use crate::definition::OriginsToml;

/// Returns what to fetch for a line of a component's `sources`.
///
/// # Errors
/// If nobody knows an origin of it, or the distribution's lookaside cannot be asked for it.
pub fn wanted(
    config: &Config,
    origins: &OriginsToml,
    component: &ResolvedComponent,
    source: &SourceEntry,
) -> Result<Wanted, Diagnostic> {
    if let Some(origin) = origins.source.iter().find(|origin| origin.sha512 == source.sha512) {
        return Ok(origin.wanted());
    }
    let addresses = addresses(config, component, source).map_err(|problem| Diagnostic {
        span: problem.span.clone().or_else(|| Some(component.declared.clone())),
        ..problem
    })?;
    if addresses.is_empty() {
        return Err(unknown(&component.name, &source.file));
    }
    let origins = addresses.into_iter().map(Origin::Url).collect();
    Ok(Wanted { sha256: None, sha512: Some(source.sha512), size: None, origins })
}

fn addresses(config: &Config, component: &ResolvedComponent, source: &SourceEntry) -> Result<Vec<String>, Diagnostic> {
    let none = Distro::default();
    let (distro, package) = match &component.spec {
        SpecSource::Upstream(upstream) => (config.distros.get(&upstream.distro), upstream.package.as_str()),
        SpecSource::Local { .. } => (None, component.name.as_str()),
    };
    let hash = source.sha512.to_string();
    let file = LookasideFile { package, file: &source.file, hash_type: HashType::Sha512, hash: &hash };
    distro.unwrap_or(&none).addresses(&file, &declared(component, &source.file))
}

fn declared(component: &ResolvedComponent, file: &str) -> Vec<String> {
    let of_file = component.source_files.iter().filter(|source| source.filename.get_ref().as_str() == file);
    let downloads = of_file.filter_map(|source| match &source.origin {
        azl_config::Origin::Download { uri } => Some(uri.clone()),
        azl_config::Origin::Custom { .. } | azl_config::Origin::Overlay => None,
    });
    downloads.collect()
}

fn unknown(component: &str, file: &str) -> Diagnostic {
    Diagnostic::error("no-origin", format!("`{file}` of `{component}` has no known origin"))
        .hint("add its sha512 with a url or an apt source package to upstream/origins.toml")
}
