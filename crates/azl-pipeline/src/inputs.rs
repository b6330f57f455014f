//! From a checkout to what planning starts from: everything rendered, pinned and in the store.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::ports::{BlobStore, PortError};
use azl_action::{Blob, Wanted};
use azl_diagnostics::Diagnostic;
use azl_exec::LayerFiles;
use azl_host::environment;
use azl_image::{ImageKind as ModelKind, ImageModel, PackageRecord};
use azl_plan::{
    Bootstrap, ComponentInput, Conditionals, ImageInput, ImageKind, Inputs, Repacked, SecureBootSigning, SeedSet,
    Signing, Stage2, Tool,
};
use azl_rpm::Arch;

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
    let arch = session.settings.arch;
    ensure_host(arch)?;
    for (_, text) in azl_plan::build::SCRIPTS {
        store.put(text.as_bytes())?;
    }
    let certificate = Blob {
        name: release.signing.certificate_file.clone(),
        digest: store.put(session.key.certificate().to_armor().as_bytes())?,
    };
    let rendered = checkout.render(&chosen.components)?;
    let mut mistakes = chosen.mistakes(set);
    let mut components = BTreeMap::new();
    for (name, rendered) in &rendered {
        let mut input = component(checkout, name, rendered, store, &mut mistakes)?;
        if let Some(build) = chosen.builds.get(name) {
            input.conditionals = Conditionals { with: build.with.clone(), without: build.without.clone() };
        }
        if *name == release.signing.certificate_component {
            input.files.push(certificate.clone());
        }
        components.insert(name.clone(), input);
    }
    let seed = seed(checkout, store, &mut mistakes)?;
    let tools = tools(checkout, store, &mut mistakes)?;
    let images = images(checkout, &chosen.images, &mut mistakes);
    let bootstrap = bootstrap(checkout, &chosen.components, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Failure::Configuration(mistakes));
    }
    let epoch = definition::epoch(&release.date).map_err(|message| Failure::configuration("date", message))?;
    let assumed = release.assumed.keys().cloned().collect();
    let signing = Signing { fingerprint: session.key.fingerprint(), certificate, secure_boot: secure_boot(session)? };
    let version = release.version.clone();
    Ok(Inputs { version, epoch, arch, seed, tools, components, bootstrap, stage2: None, images, assumed, signing })
}

/// Name of the certificate with which firmware checks what it starts.
const SECURE_BOOT_CERTIFICATE: &str = "secure-boot.der";

fn secure_boot(session: &Session) -> Result<Option<SecureBootSigning>, Failure> {
    let Some((certificate, fingerprint)) = &session.secure_boot else { return Ok(None) };
    let digest = session.ports.store.put(certificate)?;
    let certificate = Blob { name: SECURE_BOOT_CERTIFICATE.to_owned(), digest };
    Ok(Some(SecureBootSigning { fingerprint: fingerprint.clone(), certificate }))
}

/// Adds stage 2 to the inputs: everything is built a second time, in roots of our own packages.
///
/// # Errors
/// If `release.toml` does not say what such a root holds.
pub fn add_stage2(inputs: &mut Inputs, checkout: &Checkout, session: &Session) -> Result<(), Failure> {
    let Some(stage) = &checkout.release.stage2 else {
        let error = Diagnostic::error("no-stage2", "`release.toml` does not say what a root of stage 2 holds");
        return Err(error.hint("`[stage2]` with `packages`: the capabilities every build may rely on").into());
    };
    let mut layer = LayerFiles { links: stage.links.clone(), ..LayerFiles::default() };
    // The root is read-only inside the sandbox, so its mount points are there before.
    layer.directories = stage.directories.iter().cloned().chain(["/builddir".to_owned()]).collect();
    let fixups = layer_blob("stage2", &layer, &*session.ports.store)?;
    inputs.stage2 = Some(Stage2 { packages: stage.packages.clone(), fixups });
    Ok(())
}

/// Commands run on this machine, so it must be of the architecture that is built for.
fn ensure_host(arch: Arch) -> Result<(), Failure> {
    let host = environment::machine();
    if host == arch.rpm() {
        return Ok(());
    }
    let error =
        Diagnostic::error("other-arch", format!("this machine is {host}, and packages for {arch} are built on {arch}"));
    Err(error.hint(format!("run it on a machine that is {arch}")).into())
}

/// Returns the declared bootstrap variants of the set's components, for users that are in the set.
fn bootstrap(
    checkout: &Checkout,
    components: &BTreeSet<String>,
    mistakes: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Bootstrap> {
    let known: BTreeSet<&String> = checkout.release.sets.values().flat_map(|set| &set.components).collect();
    let mut variants = BTreeMap::new();
    for (component, declared) in &checkout.release.bootstrap {
        mistakes.extend(declared.mistakes(component, &known));
        let users: BTreeSet<String> = declared.users.intersection(components).cloned().collect();
        if components.contains(component) && !users.is_empty() {
            let conditionals = Conditionals { with: declared.with.clone(), without: declared.without.clone() };
            variants.insert(component.clone(), Bootstrap { conditionals, users });
        }
    }
    variants
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
    let (repacked, conditionals) = (repacked(rendered), Conditionals::default());
    Ok(ComponentInput { spec, files, sources, repacked, expensive, seed_derived, conditionals })
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
        match locked(checkout, name) {
            Ok(packages) => drop(sets.insert(name.clone(), seed_set(name, set, packages, store)?)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Ok(sets)
}

fn tools(
    checkout: &Checkout,
    store: &dyn BlobStore,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<BTreeMap<String, Tool>, PortError> {
    let mut tools = BTreeMap::new();
    for (name, tool) in &checkout.seed.tools {
        let locked_as = azl_plan::seed::tool_set(name);
        match locked(checkout, &locked_as) {
            Ok(packages) => {
                let set = seed_set(&locked_as, tool, packages, store)?;
                tools.insert(name.clone(), Tool { set, users: tool.users.clone() });
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Ok(tools)
}

fn locked(checkout: &Checkout, set: &str) -> Result<BTreeMap<String, Wanted>, Diagnostic> {
    let locked = checkout.seed_lock.sets.get(set).ok_or_else(|| {
        Diagnostic::error("not-locked", format!("the set `{set}` of the seed is not locked"))
            .hint(format!("cargo xtask update seed {set} --arch {}", checkout.arch))
    })?;
    Ok(locked.iter().map(definition::LockedDeb::wanted).collect())
}

fn seed_set(
    name: &str,
    set: &SeedSetToml,
    packages: BTreeMap<String, Wanted>,
    store: &dyn BlobStore,
) -> Result<SeedSet, PortError> {
    let layer = LayerFiles { links: set.links.clone(), files: set.files.clone(), directories: set.directories.clone() };
    let fixups = layer_blob(name, &layer, store)?;
    Ok(SeedSet { packages, fixups, environment: set.environment.clone(), provides: set.provides.clone() })
}

fn layer_blob(name: &str, layer: &LayerFiles, store: &dyn BlobStore) -> Result<Blob, PortError> {
    let json = serde_json::to_vec(layer).map_err(|error| PortError::Input(error.to_string()))?;
    Ok(Blob { name: format!("{name}.layer.json"), digest: store.put(&json)? })
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
            images.insert(name.clone(), image_input(&model, &image.text, image.scenarios.clone()));
        }
    }
    images
}

fn image_input(model: &ImageModel, text: &str, scenarios: BTreeMap<String, serde_json::Value>) -> ImageInput {
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
        scenarios,
    }
}
