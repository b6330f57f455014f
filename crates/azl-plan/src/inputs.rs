//! What planning starts from: everything authored, resolved and pinned.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Blob, Wanted};
use azl_digest::Sha512;
use azl_rpm::Arch;

/// The whole input of a release.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Name of the release, e.g. `4.0.20261120`.
    pub version: String,
    /// Seconds since 1970 that stand for the time of the release in everything we write.
    pub epoch: u64,
    /// The machine it is built on and for.
    pub arch: Arch,
    /// Package sets of the seed, by name: `build`, `boot`.
    pub seed: BTreeMap<String, SeedSet>,
    /// Additions to the `build` set that only some builds need, by name.
    pub tools: BTreeMap<String, Tool>,
    /// Components of the release set, by name.
    pub components: BTreeMap<String, ComponentInput>,
    /// Bootstrap variants, by component.
    pub bootstrap: BTreeMap<String, Bootstrap>,
    /// What a root of stage 2 is made of, if the release is built in stage 2 as well.
    pub stage2: Option<Stage2>,
    /// Images to compose, by name.
    pub images: BTreeMap<String, ImageInput>,
    /// Capabilities that packages require and the release does not hold, by name.
    pub assumed: Vec<String>,
    /// Who signs.
    pub signing: Signing,
}

/// One set of the seed: locked foreign packages and the fix-ups their scripts would have made.
#[derive(Debug, Clone)]
pub struct SeedSet {
    /// The packages, by file name.
    pub packages: BTreeMap<String, Wanted>,
    /// A `.layer.json` with links, files and directories.
    pub fixups: Blob,
    /// Environment its programs need.
    pub environment: BTreeMap<String, String>,
    /// RPM capabilities the set stands for.
    pub provides: Vec<String>,
}

/// Foreign packages on top of the `build` set, for the roots of builds that require one of their capabilities.
#[derive(Debug, Clone)]
pub struct Tool {
    /// What is added; packages of the `build` set are not repeated.
    pub set: SeedSet,
    /// Components that take it even where a component of ours provides the capability; for all others ours comes first.
    pub users: BTreeSet<String>,
}

/// One component, rendered.
#[derive(Debug, Clone)]
pub struct ComponentInput {
    /// Name of the spec file among `files`.
    pub spec: String,
    /// The rendered directory but for the `sources` file: spec, patches, small files.
    pub files: Vec<Blob>,
    /// Sources pinned by digest, by file name.
    pub sources: BTreeMap<String, Wanted>,
    /// Sources that overlays change from inside, by file name; `sources` names what upstream has.
    pub repacked: BTreeMap<String, Repacked>,
    /// Whether its build takes much memory and time (`build.hints.expensive` of its configuration).
    pub expensive: bool,
    /// Whether this takes bytes of the seed into its packages.
    pub seed_derived: bool,
    /// How this release set builds it otherwise than its spec says.
    pub conditionals: Conditionals,
}

/// Build conditionals of a spec that are set from outside.
#[derive(Debug, Clone, Default)]
pub struct Conditionals {
    /// Switched on.
    pub with: BTreeSet<String>,
    /// Switched off.
    pub without: BTreeSet<String>,
}

/// A second build of a component, which breaks a cycle.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// What differs from the full build.
    pub conditionals: Conditionals,
    /// Components that build against it.
    pub users: BTreeSet<String>,
}

/// What every root of stage 2 holds.
#[derive(Debug, Clone)]
pub struct Stage2 {
    /// Capabilities, from our own packages of stage 1.
    pub packages: Vec<String>,
    /// A `.layer.json` with links, files and directories that scripts of packages would have made.
    pub fixups: Blob,
}

/// A source archive that overlays change from inside.
#[derive(Debug, Clone)]
pub struct Repacked {
    /// The overlays in order, each as TOML.
    pub overlays: Vec<String>,
    /// Digest that the result must have.
    pub sha512: Sha512,
}

/// One image.
#[derive(Debug, Clone)]
pub struct ImageInput {
    /// What it becomes.
    pub kind: ImageKind,
    /// The model, in the image writer's own type.
    pub model: serde_json::Value,
    /// Capabilities whose closure is the image's content.
    pub packages: Vec<String>,
    /// What `derive.sh` makes for it besides the loader's cache: `rpm-database`.
    pub derive: Vec<String>,
    /// How it is run and what is expected then, by the scenario's name, in the boot adapter's own type; none if it is not
    /// run.
    pub scenarios: BTreeMap<String, serde_json::Value>,
}

/// The kinds of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// A disk for a virtual machine.
    Disk,
    /// A container image.
    Oci,
}

/// The key everything is signed with.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Fingerprint, upper-case hexadecimal.
    pub fingerprint: String,
    /// The armored certificate.
    pub certificate: Blob,
    /// Who signs what firmware starts; nobody if there is no key for that.
    pub secure_boot: Option<SecureBootSigning>,
}

/// Who signs what firmware starts.
#[derive(Debug, Clone)]
pub struct SecureBootSigning {
    /// Fingerprint of the certificate, upper-case hexadecimal.
    pub fingerprint: String,
    /// The certificate (X.509, DER); its name ends in `.der`.
    pub certificate: Blob,
}
