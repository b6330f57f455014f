//! `release`: everything, then one directory that appears in one step.
//!
//! **Invariant:** `out/release/<version>` is absent or complete; what it holds is what `release.json` lists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use azl_action::NodeId;
use azl_action::ports::BlobStore;
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_plan::release::Goal;
use azl_plan::{Inputs, attest, boot, build, buildinfo, builds, image, repo, sign};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::realise::{Realised, realise};
use crate::session::Session;
use crate::{facts, manifest};

/// What a release run did.
#[derive(Debug)]
pub struct Released {
    /// The release directory.
    pub directory: PathBuf,
    /// Whether it had to be written.
    pub written: bool,
    /// All results and what was done for them.
    pub realised: Realised,
    /// Seconds of wall time.
    pub seconds: f64,
}

/// Makes the release of `inputs` in the session's output directory.
///
/// # Errors
/// If any action fails or the directory cannot be written; nothing half done is visible then.
pub fn release(inputs: &Inputs, session: &Session, reporter: &dyn Reporter) -> Result<Released, Failure> {
    let watch = Stopwatch::start();
    let policy = &session.settings.policy;
    let (facts, mut realised) = facts::learn(inputs, &session.ports, reporter, policy)?;
    let graph = azl_plan::plan(inputs, &facts, &Goal::Release)?;
    reporter.report(&Event::Stage { name: "release".to_owned(), nodes: graph.nodes().len() });
    realised.merge(realise(&graph, &session.ports, reporter, policy)?);
    let directory = session.settings.out.join("release").join(&inputs.version);
    let content = content(inputs, &realised);
    let written = manifest::publish(inputs, session, &content, &directory)?;
    let seconds = watch.seconds();
    reporter.report(&realised.summary(seconds));
    Ok(Released { directory, written, realised, seconds })
}

/// Returns every file of the release directory but the manifest and its companions: path → blob.
fn content(inputs: &Inputs, realised: &Realised) -> BTreeMap<String, Digest> {
    let mut content = BTreeMap::new();
    let mut add = |directory: &str, node: &NodeId| {
        for (name, digest) in realised.outputs(node) {
            content.insert(format!("{directory}{name}"), *digest);
        }
    };
    for (repository, _) in repo::REPOSITORIES {
        add(&format!("repo/{repository}/"), &repo::node(repository));
        add(&format!("repo/{repository}/repodata/"), &repo::signature_node(repository));
        add("sbom/", &attest::sbom_node(&format!("repo-{repository}")));
        add("provenance/", &attest::envelope_node(&format!("repo-{repository}")));
    }
    for (name, image) in &inputs.images {
        add("images/", &image::node(name));
        for scenario in image.scenarios.keys() {
            add(&format!("boot/{name}/{scenario}/"), &boot::node(name, scenario));
        }
        add("sbom/", &attest::sbom_node(&format!("image-{name}")));
        add("provenance/", &attest::envelope_node(&format!("image-{name}")));
    }
    for name in inputs.components.keys() {
        add("provenance/", &attest::envelope_node(name));
        add("buildinfo/", &buildinfo::envelope_node(name));
    }
    for name in inputs.components.keys() {
        for (package, digest) in realised.outputs(&sign::node(name)) {
            content.insert(package_path(package), *digest);
        }
        if let Some(log) =
            realised.results.get(&build::rpm_node(&builds::shipped(inputs, name))).and_then(|result| result.log)
        {
            content.insert(format!("logs/{name}.log"), log);
        }
    }
    content.insert(inputs.signing.certificate.name.clone(), inputs.signing.certificate.digest);
    if let Some(signing) = &inputs.signing.secure_boot {
        content.insert(signing.certificate.name.clone(), signing.certificate.digest);
    }
    content
}

/// Returns where a signed package lies in the release directory.
fn package_path(package: &str) -> String {
    let repository =
        repo::REPOSITORIES.iter().find(|(_, select)| select.matches(package)).map_or("base", |(name, _)| name);
    format!("repo/{repository}/{}", package_location(package))
}

/// Returns where a package lies in its repository.
pub(crate) fn package_location(package: &str) -> String {
    let first: String = package.chars().take(1).flat_map(char::to_lowercase).collect();
    format!("Packages/{first}/{package}")
}

/// Copies blobs to the paths of `content` below `directory`; sparse files stay sparse.
pub(crate) fn lay_out(
    content: &BTreeMap<String, Digest>,
    store: &dyn BlobStore,
    directory: &Path,
) -> Result<(), Failure> {
    for (path, digest) in content {
        let target = directory.join(path);
        if let Some(parent) = target.parent() {
            files::create_dir_all(parent)?;
        }
        files::copy_sparse(store.path(*digest)?, &target)?;
        files::set_mode(&target, 0o644)?;
    }
    Ok(())
}
