//! Everything people wrote in a checkout, read once per verb.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use azl_diagnostics::Diagnostic;
use azl_host::{FileError, files};
use azl_plan::Inputs;
use azl_rpm::Arch;
use serde::de::DeserializeOwned;

use crate::definition::{self, OriginsToml, ReleaseToml, SeedLock, SeedToml, SetToml};
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::image::omissions::Omissions;
use crate::render::{self, Mode, Rendered};
use crate::tree::Tree;
use crate::update::{seed_file, seed_lock_file};

/// An authored image.
#[derive(Debug, Clone)]
pub struct AuthoredImage {
    /// Its file, relative to the checkout.
    pub file: String,
    /// The text of that file.
    pub text: String,
    /// How it is run and what is expected then, from `<name>.boot.toml`, by name; none if there is no such file.
    pub scenarios: BTreeMap<String, serde_json::Value>,
    /// What it does without, from `<name>.omissions.toml`; empty if there is no such file.
    pub omissions: Omissions,
}

/// A checkout.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The architecture whose seed this is.
    pub arch: Arch,
    /// Components, overlays and their packaging.
    pub tree: Tree,
    /// `release.toml`.
    pub release: ReleaseToml,
    /// `overlays/distro/seed.toml`, or that of another architecture.
    pub seed: SeedToml,
    /// Its lock; empty before the first `update`.
    pub seed_lock: SeedLock,
    /// `upstream/origins.toml`.
    pub origins: OriginsToml,
    /// Images by name.
    pub images: BTreeMap<String, AuthoredImage>,
}

impl Checkout {
    /// Reads the checkout at `root`.
    ///
    /// # Errors
    /// Every mistake of every file, each with its place.
    pub fn read(root: &Path, arch: Arch) -> Result<Self, Failure> {
        let tree = Tree::read(root)?;
        let mut reading = Reading { root, mistakes: Vec::new() };
        let release = reading.toml("release.toml")?;
        let seed = reading.seed(arch)?;
        let seed_lock = reading.optional(&seed_lock_file(arch))?;
        let origins = reading.toml("upstream/origins.toml")?;
        let images = reading.images()?;
        match (release, seed, origins) {
            (Some(release), Some(seed), Some(origins)) if reading.mistakes.is_empty() => {
                let seed_lock = seed_lock.unwrap_or_default();
                Ok(Self { arch, tree, release, seed, seed_lock, origins, images })
            }
            _ => Err(Failure::Configuration(reading.mistakes)),
        }
    }

    /// Renders components in memory.
    ///
    /// # Errors
    /// Every mistake of every component.
    pub fn render(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, Rendered>, Failure> {
        render::render_components(&self.tree, names)
    }

    /// Says if the committed `specs/` are not what is about to be built.
    pub fn note_drift(&self, inputs: &Inputs, reporter: &dyn Reporter) {
        let names: Vec<String> = inputs.components.keys().cloned().collect();
        let drifted = render::render(&self.tree, &names, Mode::Check)
            .is_ok_and(|report| !(report.changed.is_empty() && report.removed.is_empty()));
        if drifted {
            let message = "specs/ is not what the overlays render to, which is what is built; run `cargo xtask render`";
            reporter.report(&Event::Note { message: message.to_owned() });
        }
    }

    /// Returns the components that names of components or release sets stand for.
    ///
    /// # Errors
    /// Every name that is neither, with the nearest known name.
    pub fn components_named(&self, names: &[String]) -> Result<BTreeSet<String>, Failure> {
        let mut components = BTreeSet::new();
        let mut mistakes = Vec::new();
        for name in names {
            match self.release.sets.get(name) {
                Some(set) => components.extend(set.components.iter().cloned()),
                None if self.known_components().contains(name.as_str()) => drop(components.insert(name.clone())),
                None => mistakes.push(self.unknown(name)),
            }
        }
        if mistakes.is_empty() { Ok(components) } else { Err(Failure::Configuration(mistakes)) }
    }

    fn known_components(&self) -> BTreeSet<&str> {
        self.release.sets.values().flat_map(|set| set.components.iter().map(String::as_str)).collect()
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let known = self.known_components().into_iter().chain(self.release.sets.keys().map(String::as_str));
        let error = Diagnostic::error("unknown-name", format!("`{name}` is no component and no release set"));
        match azl_diagnostics::closest(name, known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("release.toml lists the sets and their components"),
        }
    }

    /// Returns the first release set that holds all these components.
    ///
    /// # Errors
    /// If no set holds them all.
    pub fn set_holding(&self, components: &BTreeSet<String>) -> Result<String, Failure> {
        let found = self.sets().find(|(_, set)| components.is_subset(&set.components));
        found.map(|(name, _)| name.clone()).ok_or_else(|| {
            Failure::configuration("no-set", "no release set of release.toml holds all these components")
        })
    }

    /// Every release set, the default one first.
    fn sets(&self) -> impl Iterator<Item = (&String, &SetToml)> {
        let default = self.release.sets.get_key_value(&self.release.default_set);
        default.into_iter().chain(&self.release.sets)
    }

    /// Returns the first release set that makes this image.
    ///
    /// # Errors
    /// If no set does.
    pub fn set_with_image(&self, image: &str) -> Result<String, Failure> {
        let found = self.sets().find(|(_, set)| set.images.contains(image));
        found.map(|(name, _)| name.clone()).ok_or_else(|| {
            let known: BTreeSet<&str> =
                self.release.sets.values().flat_map(|set| set.images.iter().map(String::as_str)).collect();
            let error = Diagnostic::error("unknown-image", format!("no release set makes an image `{image}`"));
            let known: Vec<&str> = known.into_iter().collect();
            error.hint(format!("release.toml knows: {}", known.join(", "))).into()
        })
    }
}

struct Reading<'a> {
    root: &'a Path,
    mistakes: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn toml<T: DeserializeOwned>(&mut self, file: &str) -> Result<Option<T>, FileError> {
        let text = files::read_to_string(self.root.join(file))?;
        match definition::parse(file, &text) {
            Ok(value) => Ok(Some(value)),
            Err(mistake) => {
                self.mistakes.push(mistake);
                Ok(None)
            }
        }
    }

    fn optional<T: DeserializeOwned>(&mut self, file: &str) -> Result<Option<T>, FileError> {
        if files::exists(self.root.join(file)) { self.toml(file) } else { Ok(None) }
    }

    /// Reads the seed of an architecture: its packages, library paths and sonames are of that machine.
    fn seed(&mut self, arch: Arch) -> Result<Option<SeedToml>, FileError> {
        let file = seed_file(arch);
        let seed: Option<SeedToml> = self.optional(&file)?;
        let mistake = match &seed {
            Some(seed) if seed.arch == arch.debian() => return Ok(Some(seed.clone())),
            Some(seed) => {
                let message = format!("`{file}` is for `{}`, and {arch} is `{}` to Debian", seed.arch, arch.debian());
                Diagnostic::error("seed-arch", message)
            }
            None if self.mistakes.is_empty() => {
                let mistake = Diagnostic::error("no-seed", format!("there is no seed for {arch}: `{file}` is missing"));
                let like = seed_file(Arch::X86_64);
                mistake.hint(format!("write it as `{like}` is written, then `cargo xtask update seed --arch {arch}`"))
            }
            None => return Ok(None),
        };
        self.mistakes.push(mistake);
        Ok(None)
    }

    fn images(&mut self) -> Result<BTreeMap<String, AuthoredImage>, FileError> {
        let mut images = BTreeMap::new();
        for name in files::list(self.root.join("images"))? {
            let Some(stem) = name.strip_suffix(".image.toml") else { continue };
            let file = format!("images/{name}");
            let text = files::read_to_string(self.root.join(&file))?;
            let scenarios = self.scenarios(&format!("images/{stem}.boot.toml"))?;
            let omissions = self.omissions(&format!("images/{stem}.omissions.toml"))?;
            images.insert(stem.to_owned(), AuthoredImage { file, text, scenarios, omissions });
        }
        Ok(images)
    }

    fn omissions(&mut self, file: &str) -> Result<Omissions, FileError> {
        let list: Omissions = self.optional(file)?.unwrap_or_default();
        let located = |mistake| Diagnostic::error("omissions", format!("`{file}`: {mistake}"));
        self.mistakes.extend(list.mistakes().into_iter().map(located));
        Ok(list)
    }

    fn scenarios(&mut self, file: &str) -> Result<BTreeMap<String, serde_json::Value>, FileError> {
        let Some(written) = self.optional::<serde_json::Value>(file)? else { return Ok(BTreeMap::new()) };
        match azl_boot::scenarios(&written) {
            Ok(scenarios) => {
                let value = |scenario| serde_json::to_value(scenario).expect("a scenario is plain data");
                Ok(scenarios.into_iter().map(|(name, scenario)| (name, value(scenario))).collect())
            }
            Err(mistakes) => {
                let located = |mistake| Diagnostic::error("boot-scenario", format!("`{file}`: {mistake}"));
                self.mistakes.extend(mistakes.iter().map(located));
                Ok(BTreeMap::new())
            }
        }
    }
}
