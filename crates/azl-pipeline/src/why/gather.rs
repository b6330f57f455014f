//! What components and packages say they need: headers where they are built, else the facts of the spec.

use std::collections::BTreeSet;

use azl_action::{NodeId, Select};
use azl_digest::Digest;
use azl_plan::facts::PackageFacts;
use azl_plan::{Facts, SpecFacts, build};
use azl_rpm::PackageHeader;

use super::{Component, Package};
use crate::error::Failure;
use crate::forecast::{Forecast, Prospect};
use crate::ports::Ports;

/// Gathers all components of the facts; returns them and the names of those whose packages are not built, of which
/// only what their specs say is known.
///
/// # Errors
/// If a package cannot be read.
pub fn gather(facts: &Facts, forecast: &Forecast<'_>, ports: &Ports) -> Result<(Vec<Component>, Vec<String>), Failure> {
    let mut unbuilt = Vec::new();
    let mut components = Vec::new();
    for (name, fact) in facts {
        let mut packages = Vec::new();
        match forecast.get(&build::rpm_node(name)) {
            Some(Prospect::Cached { outputs, .. }) => {
                for digest in
                    outputs.iter().filter(|(file, _)| Select::Packages.matches(file)).map(|(_, digest)| digest)
                {
                    packages.push(package(&*ports.header(*digest)?));
                }
            }
            _ => {
                unbuilt.push(name.clone());
                packages = spec_packages(fact);
            }
        }
        components.push(Component {
            name: name.clone(),
            build_requires: fact.requirements().map(str::to_owned).collect(),
            packages,
        });
    }
    Ok((components, unbuilt))
}

fn package(header: &PackageHeader) -> Package {
    let requires = header.requires.iter().filter(|dependency| !dependency.is_rpmlib());
    Package {
        name: header.nevra.name.clone(),
        requires: requires.map(ToString::to_string).collect(),
        provides: header.provides.clone(),
        files: header.files.iter().map(|file| file.path.clone()).collect(),
    }
}

/// What rpm will find in the files of a package is not known before it is built.
fn spec_packages(fact: &SpecFacts) -> Vec<Package> {
    let package = |facts: &PackageFacts| Package {
        name: facts.nevra.name.clone(),
        requires: facts.requires.clone(),
        provides: facts.provides.clone(),
        files: facts.files.iter().filter(|file| !file.path.contains('*')).map(|file| file.path.clone()).collect(),
    };
    fact.packages.iter().map(package).collect()
}

/// Keeps the packages an image holds.
///
/// # Errors
/// If they are not known because something before the image is not done.
pub fn image(
    image: &str,
    components: Vec<Component>,
    forecast: &Forecast<'_>,
    ports: &Ports,
) -> Result<Vec<Component>, Failure> {
    // The files derived from all packages together are made from the packages and nothing later.
    let action = forecast.action(&NodeId::new("derived", image)).map_err(|error| {
        let message = format!("what `{image}` holds is not known yet: {error}\n  hint: cargo xtask image {image}");
        Failure::configuration("unknown-image", message)
    })?;
    let blobs = action.holes().into_iter().flatten().filter(|blob| blob.name.ends_with(".rpm"));
    let digests: BTreeSet<Digest> = blobs.map(|blob| blob.digest).collect();
    let mut held = BTreeSet::new();
    for digest in digests {
        held.insert(ports.header(digest)?.nevra.name.clone());
    }
    let keep = |mut component: Component| {
        component.packages.retain(|package| held.contains(&package.name));
        component
    };
    Ok(components.into_iter().map(keep).collect())
}
