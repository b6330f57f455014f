//! From a checkout to what planning starts from: everything rendered, pinned and in the store.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::ports::{BlobStore, PortError};
use azl_action::{Blob, Wanted};
use azl_diagnostics::Diagnostic;
use azl_exec::LayerFiles;
use azl_image::{ImageKind as ModelKind, ImageModel, PackageRecord};
use azl_plan::{ComponentInput, ImageInput, ImageKind, Inputs, Repacked, SeedSet, Signing};
use azl_rpm::Arch;
use azl_spec::{SectionName, Spec};

use crate::checkout::Checkout;
use crate::definition::{self, SeedSetToml};
use crate::error::Failure;
use crate::origins;
use crate::render::Rendered;
use crate::session::Session;

/// Assembles the inputs of a release set and puts every authored byte into the store.
///
/// # Errors
/// Every mistake of the set: unknown components or images, sources that nobody knows an origin of, sets of the
/// seed that are not locked.
pub fn assemble(checkout: &Checkout, set: &str, session: &Session) -> Result<Inputs, Failure> {
    let store: &dyn BlobStore = &*session.ports.store;
    let release = &checkout.release;
    let chosen = release.sets.get(set).ok_or_else(|| unknown_set(set, release.sets.keys()))?;
    for (_, text) in azl_plan::build::SCRIPTS {
        store.put(text.as_bytes())?;
    }
    let certificate = Blob {
        name: release.signing.certificate_file.clone(),
        digest: store.put(session.key.certificate().to_armor().as_bytes())?,
    };
    let rendered = checkout.render(&chosen.components)?;
    let mut mistakes = Vec::new();
    let mut components = BTreeMap::new();
    for (name, rendered) in &rendered {
        let mut input = component(checkout, name, rendered, store, &mut mistakes)?;
        if *name == release.signing.certificate_component {
            input.files.push(certificate.clone());
        }
        components.insert(name.clone(), input);
    }
    let seed = seed(checkout, store, &mut mistakes)?;
    let images = images(checkout, &chosen.images, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Failure::Configuration(mistakes));
    }
    let epoch = definition::epoch(&release.date).map_err(|message| Failure::configuration("date", message))?;
    let assumed = release.assumed.keys().cloned().collect();
    let signing = Signing { fingerprint: session.key.fingerprint(), certificate };
    let version = release.version.clone();
    Ok(Inputs { version, epoch, arch: Arch::X86_64, seed, components, images, assumed, signing })
}

fn unknown_set<'a>(set: &str, known: impl Iterator<Item = &'a String>) -> Failure {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let error = Diagnostic::error("unknown-set", format!("`release.toml` has no set `{set}`"))
        .hint(format!("it has: {}", known.join(", ")));
    error.into()
}

fn component(
    checkout: &Checkout,
    name: &str,
    rendered: &Rendered,
    store: &dyn BlobStore,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<ComponentInput, PortError> {
    let mut files = Vec::new();
    for (file, bytes) in rendered.files.iter().filter(|(file, _)| *file != "sources") {
        files.push(Blob { name: file.clone(), digest: store.put(bytes)? });
    }
    mistakes.extend(rendered.files.get(&format!("{name}.spec")).and_then(|spec| generated_requires(name, spec)));
    let mut sources = BTreeMap::new();
    match checkout.tree.config().resolve(name) {
        Ok(component) => {
            for source in &rendered.sources {
                // What upstream has is what can be found; the build makes the other bytes of it.
                let archive = rendered.archives.get(&source.file).map(|archive| archive.upstream);
                let found = archive.or(source.sha512()).ok_or_else(|| weakly_pinned(name, &source.file));
                let (config, origins) = (checkout.tree.config(), &checkout.origins);
                let wanted =
                    found.and_then(|sha512| origins::wanted(config, origins, &component, &source.file, sha512));
                match wanted {
                    Ok(wanted) => drop(sources.insert(source.file.clone(), wanted)),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        Err(mistake) => mistakes.push(mistake),
    }
    let expensive = checkout.tree.config().resolve(name).is_ok_and(|component| component.expensive);
    let seed_derived = checkout.release.seed_derived.contains_key(name);
    let spec = format!("{name}.spec");
    Ok(ComponentInput { spec, files, sources, repacked: repacked(rendered), expensive, seed_derived })
}

/// Refuses a spec that finds its BuildRequires by running: they would have to be followed to their fixed point, which is not
/// done, and a build without them may come out otherwise.
fn generated_requires(component: &str, spec: &[u8]) -> Option<Diagnostic> {
    let section = SectionName::parse("%generate_buildrequires")?;
    Spec::parse(spec).has_section(section).then(|| {
        let message = format!("`{component}` generates its BuildRequires, which are not followed yet");
        let problem = Diagnostic::error("generated-build-requires", message);
        problem.hint("an overlay `spec-remove-section` and `spec-add-dependency` for what it needs")
    })
}

fn weakly_pinned(component: &str, file: &str) -> Diagnostic {
    Diagnostic::error("weak-hash", format!("`{file}` of `{component}` is not pinned by SHA512"))
        .hint("add it to `source-files` with `replace-upstream`, a reason and its SHA512")
}

fn repacked(rendered: &Rendered) -> BTreeMap<String, Repacked> {
    let changed = rendered.sources.iter().filter_map(|source| {
        let archive = rendered.archives.get(&source.file)?;
        Some((source.file.clone(), Repacked { overlays: archive.overlays.clone(), sha512: source.sha512()? }))
    });
    changed.collect()
}

fn seed(
    checkout: &Checkout,
    store: &dyn BlobStore,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<BTreeMap<String, SeedSet>, PortError> {
    let mut sets = BTreeMap::new();
    for (name, set) in &checkout.seed.sets {
        let Some(locked) = checkout.seed_lock.sets.get(name) else {
            let error = Diagnostic::error("not-locked", format!("the set `{name}` of the seed is not locked"));
            mistakes.push(error.hint("cargo xtask update seed"));
            continue;
        };
        let packages = locked.iter().map(definition::LockedDeb::wanted).collect();
        sets.insert(name.clone(), seed_set(name, set, packages, store)?);
    }
    Ok(sets)
}

fn seed_set(
    name: &str,
    set: &SeedSetToml,
    packages: BTreeMap<String, Wanted>,
    store: &dyn BlobStore,
) -> Result<SeedSet, PortError> {
    let layer = LayerFiles { links: set.links.clone(), files: set.files.clone(), directories: set.directories.clone() };
    let json = serde_json::to_vec(&layer).map_err(|error| PortError::Input(error.to_string()))?;
    let fixups = Blob { name: format!("{name}.layer.json"), digest: store.put(&json)? };
    Ok(SeedSet { packages, fixups, environment: set.environment.clone(), provides: set.provides.clone() })
}

fn images(
    checkout: &Checkout,
    names: &BTreeSet<String>,
    mistakes: &mut Vec<Diagnostic>,
) -> BTreeMap<String, ImageInput> {
    let mut images = BTreeMap::new();
    for name in names {
        let Some(image) = checkout.images.get(name) else {
            let known: Vec<&str> = checkout.images.keys().map(String::as_str).collect();
            let error = Diagnostic::error("unknown-image", format!("there is no image `{name}`"));
            mistakes.push(error.hint(format!("images/ has: {}", known.join(", "))));
            continue;
        };
        let (model, found) = ImageModel::parse(&image.file, &image.text);
        mistakes.extend(found);
        if let Some(model) = model {
            images.insert(name.clone(), image_input(&model, &image.text, image.scenario.clone()));
        }
    }
    images
}

fn image_input(model: &ImageModel, text: &str, scenario: Option<serde_json::Value>) -> ImageInput {
    let kind = match model.kind {
        ModelKind::Disk(_) => ImageKind::Disk,
        ModelKind::Oci(_) => ImageKind::Oci,
    };
    let database = model.package_records.contains(&PackageRecord::RpmDatabase);
    ImageInput {
        kind,
        model: serde_json::Value::String(text.to_owned()),
        packages: model.packages.iter().map(|package| package.value.to_string()).collect(),
        derive: database.then(|| "rpm-database".to_owned()).into_iter().collect(),
        scenario,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spec_that_generates_its_requires_is_refused_by_name() {
        let problem = generated_requires("x", b"Name: x\n%generate_buildrequires\necho y\n").expect("it is refused");
        assert_eq!(problem.code, "generated-build-requires");
        assert!(problem.message.starts_with("`x` generates its BuildRequires"), "{}", problem.message);
        assert!(generated_requires("x", b"Name: x\nBuildRequires: y\n").is_none());
    }
}
