//! The five kinds of work and what enters their digests.
//!
//! | kind | in the digest | left out, and why |
//! |---|---|---|
//! | Fetch | expected digests, file names | origins and sizes: any place that has the bytes will do |
//! | Run | architecture, command, environment, root layers, inputs, limits of the sandbox format | cores and memory of the host: they must not matter |
//! | Compute | function, its revision, parameters, inputs | – |
//! | Sign | form, payload, key fingerprint, time | where the key is kept |
//! | Boot | image, machine, runner, expectations | – |
//!
//! `Compute` is a pure function of this program (repodata, image writers, SBOM); its revision is raised
//! by hand when its output changes, so that results of an older program are not taken for its own.

use std::collections::BTreeMap;

use azl_digest::{Digest, Sha512};
use azl_rpm::Arch;
use serde::{Deserialize, Serialize};

use crate::input::{Blob, Hole, Known, LowerError};

/// A piece of work; `I` is a hole or a list of blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work<I> {
    /// Get files whose digests are known beforehand.
    Fetch(Fetch),
    /// Run a command in a hermetic sandbox.
    Run(Run<I>),
    /// Apply a pure function of this program.
    Compute(Compute<I>),
    /// Sign bytes with a key.
    Sign(Sign<I>),
    /// Start an image in a virtual machine and watch it.
    Boot(Boot<I>),
}

/// Work whose inputs may still be unknown.
pub type Derivation = Work<Vec<Hole>>;

/// Work whose inputs are all known by digest.
pub type Action = Work<Vec<Blob>>;

/// Files to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The files, by the name each has in the result.
    pub files: BTreeMap<String, Wanted>,
}

/// A file known by digest before it is had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Digest of its content, in either form; at least one is set.
    pub sha256: Option<Digest>,
    /// Digest as dist-git `sources` files give it.
    pub sha512: Option<Sha512>,
    /// Size in bytes, where it is written down; a `sources` file has none.
    pub size: Option<u64>,
    /// Places to try, in order.
    pub origins: Vec<Origin>,
}

/// A place a file can come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A file URL or an http(s) URL.
    Url(String),
    /// A file of the Debian archive, by its path in the pool; the mirror is the host's own.
    DebianPool(String),
}

/// A command in a sandbox.
///
/// All regular files it leaves under `/out` are the outputs, named by their path there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run<I> {
    /// The machine it runs on.
    pub arch: Arch,
    /// Program and arguments.
    pub command: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Packages (`.deb`, `.rpm`) and overlays (`.layer.json`) unpacked in order to make the root.
    pub root: I,
    /// Files to provide read-only, by the directory they are placed in.
    pub inputs: BTreeMap<String, I>,
    /// Seconds of wall time after which the command is killed.
    pub timeout: u64,
    /// Run as user 0 of the sandbox instead of the build user.
    pub as_root: bool,
    /// Raised when the sandbox itself changes in a way that can change results.
    pub sandbox_revision: u32,
}

/// A pure function of this program applied to blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compute<I> {
    /// Which function.
    pub function: Function,
    /// Raised when the function's output changes for equal inputs.
    pub revision: u32,
    /// Parameters, in the function's own type.
    pub parameters: serde_json::Value,
    /// Inputs by role.
    pub inputs: BTreeMap<String, I>,
}

/// The pure functions a graph can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Source archive and overlays → source archive.
    Repack,
    /// RPMs → repodata.
    Repodata,
    /// RPMs → the programs of an image that firmware starts.
    Programs,
    /// RPMs, derived files and signed programs → disk image.
    DiskImage,
    /// RPMs and derived files → OCI archive.
    OciImage,
    /// Packages → SPDX document.
    Spdx,
    /// Results → in-toto statement.
    Provenance,
    /// Inputs and outputs of builds → what it takes to build again.
    Buildinfo,
}

/// A signature to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign<I> {
    /// What kind of signature.
    pub form: SignForm,
    /// The blobs to sign; each gives one output.
    pub payload: I,
    /// Fingerprint of the key, upper-case hexadecimal.
    pub key: String,
    /// Creation time of the signatures, seconds since 1970.
    pub time: u64,
}

/// The kinds of signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignForm {
    /// A header signature inside the RPM; the output is the signed RPM under the same name.
    Rpm,
    /// A detached armored signature; the output is `<name>.asc`.
    Detached,
    /// A DSSE envelope round the payload; the output is one JSON line under the same name.
    Dsse {
        /// The payload type, e.g. `application/vnd.in-toto+json`.
        payload_type: String,
    },
    /// An Authenticode signature in a program that firmware starts; the output has the same name.
    Authenticode,
}

/// An image to start and watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot<I> {
    /// The image.
    pub image: I,
    /// Packages of the virtual machine monitor and its firmware, unpacked in order.
    pub monitor: I,
    /// `auto` (a virtual machine, with KVM where a probe shows that it works), `kvm`, `tcg` or `container`.
    pub runner: String,
    /// The machine and what to expect of it, in the boot adapter's own type.
    pub scenario: serde_json::Value,
}

/// What doing an action gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    /// Output blobs by name.
    pub outputs: BTreeMap<String, Digest>,
    /// The log, if there is one.
    pub log: Option<Digest>,
    /// Milliseconds it took when it was done; for people, never hashed.
    pub millis: u64,
    /// What else it took; for people, never hashed.
    #[serde(default)]
    pub usage: Usage,
}

/// What an action took of the machine that did it; zero where nobody measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Milliseconds of processor time, added up over its processes.
    pub cpu_millis: u64,
    /// Most memory of all its processes and files, in bytes, where groups of processes are counted; else the largest
    /// resident memory of one process.
    pub peak_memory: u64,
}

impl Action {
    /// Returns the identity of this action, its cache key.
    pub fn digest(&self) -> Digest {
        match self {
            // Origins are left out: see the table above.
            Work::Fetch(fetch) => azl_digest::canonical("action.v1.fetch", &fetch.identity()),
            other => azl_digest::canonical("action.v1", other),
        }
    }

    /// Returns the digests of all inputs, in order, without repetition.
    pub fn input_digests(&self) -> Vec<Digest> {
        let mut digests: Vec<Digest> = self.holes().into_iter().flatten().map(|blob| blob.digest).collect();
        digests.sort();
        digests.dedup();
        digests
    }
}

impl Fetch {
    /// Returns what of it is hashed: see the table above.
    pub(crate) fn identity(&self) -> BTreeMap<&str, (Option<Digest>, Option<Sha512>)> {
        self.files.iter().map(|(name, wanted)| (name.as_str(), (wanted.sha256, wanted.sha512))).collect()
    }
}

impl<I> Work<I> {
    /// Returns the name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Work::Fetch(_) => "fetch",
            Work::Run(_) => "run",
            Work::Compute(_) => "compute",
            Work::Sign(_) => "sign",
            Work::Boot(_) => "boot",
        }
    }

    /// Returns all input places.
    pub fn holes(&self) -> Vec<&I> {
        match self {
            Work::Fetch(_) => Vec::new(),
            Work::Run(run) => std::iter::once(&run.root).chain(run.inputs.values()).collect(),
            Work::Compute(compute) => compute.inputs.values().collect(),
            Work::Sign(sign) => vec![&sign.payload],
            Work::Boot(boot) => vec![&boot.image, &boot.monitor],
        }
    }

    fn try_map<J, E>(&self, mut f: impl FnMut(&I) -> Result<J, E>) -> Result<Work<J>, E> {
        let mut map = |inputs: &BTreeMap<String, I>| -> Result<BTreeMap<String, J>, E> {
            inputs.iter().map(|(name, input)| Ok((name.clone(), f(input)?))).collect()
        };
        Ok(match self {
            Work::Fetch(fetch) => Work::Fetch(fetch.clone()),
            Work::Run(run) => Work::Run(Run {
                arch: run.arch,
                command: run.command.clone(),
                env: run.env.clone(),
                inputs: map(&run.inputs)?,
                root: f(&run.root)?,
                timeout: run.timeout,
                as_root: run.as_root,
                sandbox_revision: run.sandbox_revision,
            }),
            Work::Compute(compute) => Work::Compute(Compute {
                function: compute.function,
                revision: compute.revision,
                parameters: compute.parameters.clone(),
                inputs: map(&compute.inputs)?,
            }),
            Work::Sign(sign) => Work::Sign(Sign {
                form: sign.form.clone(),
                payload: f(&sign.payload)?,
                key: sign.key.clone(),
                time: sign.time,
            }),
            Work::Boot(boot) => Work::Boot(Boot {
                image: f(&boot.image)?,
                monitor: f(&boot.monitor)?,
                runner: boot.runner.clone(),
                scenario: boot.scenario.clone(),
            }),
        })
    }
}

impl Derivation {
    /// Fills every hole with what is known.
    ///
    /// # Errors
    /// If an output that a hole names is not known or does not exist, or if a package closure cannot be resolved.
    pub fn lower(&self, known: &dyn Known) -> Result<Action, LowerError> {
        self.try_map(|holes| crate::input::lower_all(holes, known))
    }

    /// Returns the nodes that its closures name, without repetition: where what is needed to use its outputs is found.
    pub fn suppliers(&self) -> Vec<crate::NodeId> {
        let closures = self.holes().into_iter().flatten().filter(|hole| matches!(hole, Hole::Closure { .. }));
        let mut nodes: Vec<_> = closures.flat_map(Hole::nodes).cloned().collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }

    /// Returns the nodes whose outputs this derivation needs, without repetition.
    pub fn needs(&self) -> Vec<crate::NodeId> {
        let mut nodes: Vec<_> = self.holes().into_iter().flatten().flat_map(Hole::nodes).cloned().collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(url: &str, content: &[u8]) -> Action {
        let wanted = Wanted {
            sha256: Some(Digest::of(content)),
            sha512: None,
            size: Some(1),
            origins: vec![Origin::Url(url.to_owned())],
        };
        Work::Fetch(Fetch { files: BTreeMap::from([("f".to_owned(), wanted)]) })
    }

    #[test]
    fn a_fetch_is_known_by_its_bytes_not_by_their_origin() {
        assert_eq!(fetch("http://a/f", b"x").digest(), fetch("http://b/f", b"x").digest());
        assert_ne!(fetch("http://a/f", b"x").digest(), fetch("http://a/f", b"y").digest());
    }

    #[test]
    fn every_field_of_a_run_changes_its_digest() {
        let blob = |name: &str| vec![Blob { name: name.to_owned(), digest: Digest::of(name.as_bytes()) }];
        let run = Run {
            arch: Arch::X86_64,
            command: vec!["a".to_owned()],
            env: BTreeMap::new(),
            root: blob("root"),
            inputs: BTreeMap::from([("/in".to_owned(), blob("in"))]),
            timeout: 1,
            as_root: false,
            sandbox_revision: 1,
        };
        let base = Work::Run(run.clone()).digest();
        let changed = [
            Run { arch: Arch::Aarch64, ..run.clone() },
            Run { command: vec![], ..run.clone() },
            Run { env: BTreeMap::from([("A".to_owned(), "b".to_owned())]), ..run.clone() },
            Run { root: blob("other"), ..run.clone() },
            Run { inputs: BTreeMap::new(), ..run.clone() },
            Run { timeout: 2, ..run.clone() },
            Run { as_root: true, ..run.clone() },
            Run { sandbox_revision: 2, ..run },
        ];
        for other in changed {
            assert_ne!(Work::Run(other.clone()).digest(), base, "{other:?}");
        }
    }
}
