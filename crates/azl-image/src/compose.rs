//! Merges packages and derived files into one [`Tree`], by rpm's rules and stricter.
//!
//! ```text
//! package paths ──aliases──▶ canonical paths ──merge──▶ one entry per path
//!     ──sysusers──▶ grown account tables ──tmpfiles──▶ what /etc and /var begin with
//!     ──accounts──▶ numeric owners ──labels──▶ Tree
//! ```
//!
//! Rules: two packages may own a path only if kind, mode, owner, target and content agree (as rpm's transaction check
//! has it); `%ghost` files are absent; directories nobody owns are root's, 0755. A file under a symbolic link of
//! another package lands where the link points, so `/bin/x` is `/usr/bin/x` on a merged `/usr`.
//!
//! Not here: which packages (the closure), and running anything. The only scriptlets known are those of
//! [`Effect`]; each other one is an error.
//!
//! **Invariant:** the result does not depend on the order of `packages` or `derived`.

mod accounts;
mod aliases;
mod capability;
mod error;
mod labels;
mod merge;
mod privileged;
mod scriptlet;
mod snippets;
mod tmpfiles;

use std::collections::BTreeMap;

use azl_rpm::{PackageFile, PackageHeader};

use crate::manifest::{SCANNER_MANIFEST_1, SCANNER_MANIFEST_2, scanner_manifests};
use crate::model::{Arch, ImageKind, ImageModel, PackageRecord};
use crate::tree::{Node, NodeKind, Tree, split};
use accounts::Accounts;
use merge::{Merge, Merged, Source};

pub use error::ComposeError;
pub use scriptlet::{Effect, install_effects};

/// The cache that the dynamic loader reads, derived by running the image's own `ldconfig`.
pub const LD_SO_CACHE: &str = "/etc/ld.so.cache";
/// rpm's database of installed packages, in the directory rpm 4.17 and later use on Fedora's kin.
pub const RPM_DATABASE: &str = "/usr/lib/sysimage/rpm/rpmdb.sqlite";

/// Below this the links lie that enable units, derived by running the image's own `systemctl preset-all`.
pub const UNIT_LINKS: &str = "/etc/systemd";
/// udev's hardware database, derived by running the image's own `systemd-hwdb`.
pub const HWDB: &str = "/etc/udev/hwdb.bin";
/// The journal's catalog of messages, derived by running the image's own `journalctl`.
pub const CATALOG_DATABASE: &str = "/var/lib/systemd/catalog/database";

/// A package: what its header says and its files.
#[derive(Debug, Clone)]
pub struct Package {
    /// The header.
    pub header: PackageHeader,
    /// The files with their content.
    pub files: Vec<PackageFile>,
}

/// What no package holds and was computed from the image's own content; owned by root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Absolute path.
    pub path: String,
    /// What is there.
    pub content: DerivedContent,
}

/// What is at the path of something derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DerivedContent {
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Content.
        bytes: Vec<u8>,
    },
    /// Symbolic links somewhere below: absolute path → target.
    Links(BTreeMap<String, String>),
}

/// Merges `packages`, the files of the model and `derived` into the tree of the image.
///
/// # Errors
/// Everything that is wrong, in a fixed order: foreign architectures, unknown scriptlets, conflicts, unknown users,
/// missing derived files.
pub fn compose<'a>(
    model: &'a ImageModel,
    packages: &'a [Package],
    derived: &'a [Derived],
    epoch: u64,
) -> Result<Tree<'a>, Vec<ComposeError>> {
    let mut ordered: Vec<&Package> = packages.iter().collect();
    ordered.sort_by(|a, b| a.header.nevra.cmp(&b.header.nevra));
    let mut errors = check_packages(model.arch, &ordered);
    let mut merge = Merge::of_packages(&ordered, &mut errors);
    for file in &model.files {
        let content = Source::Content(file.text.as_bytes().into());
        merge.add_image_file(&file.path.value, file.mode, content, &mut errors);
    }
    add_derived(derived, &mut merge, &mut errors);
    add_manifests(model, &ordered, epoch, &mut merge, &mut errors);
    let effects = effects(&ordered, &merge, &mut errors);
    check_derived(model, &effects, derived, &mut errors);
    // As rpm does it: accounts of sysusers.d are made whether or not a scriptlet asks.
    accounts::create(&mut merge, &mut errors);
    if effects.contains_key(&Effect::TemporaryFiles) {
        tmpfiles::create(&mut merge, &mut errors);
    }
    let entries = number_owners(merge, epoch, &ordered, &mut errors);
    let mut tree =
        Tree { arch: model.arch, epoch, packages: ordered.iter().map(|package| &package.header).collect(), entries };
    complete_directories(&mut tree, &mut errors);
    check_boot_files(model, &tree, &mut errors);
    privileged::check(model, &tree, &mut errors);
    if let Some(selinux) = &model.selinux {
        labels::apply(selinux, &mut tree, &mut errors);
    }
    if errors.is_empty() { Ok(tree) } else { Err(errors) }
}

fn check_packages(arch: Arch, packages: &[&Package]) -> Vec<ComposeError> {
    let mut errors = Vec::new();
    for package in packages {
        let nevra = &package.header.nevra;
        if nevra.arch != arch.rpm() && nevra.arch != "noarch" {
            errors.push(ComposeError::ForeignArch { package: nevra.to_string(), arch: arch.rpm() });
        }
    }
    for pair in packages.windows(2) {
        if pair[0].header.nevra.name == pair[1].header.nevra.name {
            let [first, second] = [pair[0], pair[1]].map(|package| package.header.nevra.to_string());
            errors.push(ComposeError::TwoVersions { first, second });
        }
    }
    errors
}

fn add_derived<'a>(derived: &'a [Derived], merge: &mut Merge<'a>, errors: &mut Vec<ComposeError>) {
    for Derived { path, content } in derived {
        match content {
            DerivedContent::File { mode, bytes } => {
                merge.add_image_file(path, *mode, Source::Content(bytes.as_slice().into()), errors);
            }
            DerivedContent::Links(links) => {
                for (path, target) in links {
                    merge.add_image_file(path, 0o777, Source::Symlink(target.into()), errors);
                }
            }
        }
    }
}

fn add_manifests<'a>(
    model: &ImageModel,
    packages: &[&'a Package],
    epoch: u64,
    merge: &mut Merge<'a>,
    errors: &mut Vec<ComposeError>,
) {
    if model.package_records.contains(&PackageRecord::ScannerManifest) {
        let manifests = scanner_manifests(packages.iter().map(|package| &package.header), epoch);
        for (path, text) in [(SCANNER_MANIFEST_1, manifests.first), (SCANNER_MANIFEST_2, manifests.second)] {
            merge.add_image_file(path, 0o644, Source::Content(text.into_bytes().into()), errors);
        }
    }
}

/// Returns what the packages ask for, and which of them do.
fn effects(packages: &[&Package], merge: &Merge<'_>, errors: &mut Vec<ComposeError>) -> BTreeMap<Effect, Vec<String>> {
    let mut effects: BTreeMap<Effect, Vec<String>> = BTreeMap::new();
    for package in packages {
        match install_effects(&package.header, &|path| merge.below(path).next().is_some()) {
            Ok(found) => {
                for effect in found {
                    effects.entry(effect).or_default().push(package.header.nevra.to_string());
                }
            }
            Err(unknown) => errors.extend(unknown),
        }
    }
    effects
}

/// Says what the caller should have derived: for each effect that a package asks for, and the records.
fn check_derived(
    model: &ImageModel,
    effects: &BTreeMap<Effect, Vec<String>>,
    derived: &[Derived],
    errors: &mut Vec<ComposeError>,
) {
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (effect, packages) in effects {
        if let Some(path) = effect.derived_path() {
            wanted.insert(path, packages.clone());
        }
    }
    if model.package_records.contains(&PackageRecord::RpmDatabase) {
        wanted.insert(RPM_DATABASE, vec![format!("image {}", model.name)]);
    }
    for (path, wanted_by) in wanted {
        if derived.iter().all(|one| one.path != path) {
            errors.push(ComposeError::MissingDerived { path: path.to_owned(), wanted_by: wanted_by.join(", ") });
        }
    }
}

fn number_owners<'a>(
    merge: Merge<'a>,
    epoch: u64,
    packages: &[&'a Package],
    errors: &mut Vec<ComposeError>,
) -> BTreeMap<String, Node<'a>> {
    let accounts = Accounts::of_image(&merge);
    let mut entries = BTreeMap::new();
    for (path, merged) in merge.into_entries() {
        match number_owner(merged, &accounts, epoch) {
            Ok(node) => {
                entries.insert(path, node);
            }
            Err((owner, fault)) => errors.push(fault.of(owner.map(|index| packages[index]), &path)),
        }
    }
    entries
}

/// What is wrong with one file's metadata, before the package's name is known.
enum Fault {
    User(String),
    Group(String),
    Capability { text: String, why: String },
}

impl Fault {
    fn of(self, package: Option<&Package>, path: &str) -> ComposeError {
        let package = package.map_or("the image".to_owned(), |package| package.header.nevra.to_string());
        let path = path.to_owned();
        match self {
            Self::User(user) => ComposeError::UnknownUser { package, path, user },
            Self::Group(group) => ComposeError::UnknownGroup { package, path, group },
            Self::Capability { text, why } => ComposeError::Capability { package, path, text, why },
        }
    }
}

fn number_owner<'a>(merged: Merged<'a>, accounts: &Accounts, epoch: u64) -> Result<Node<'a>, (Option<usize>, Fault)> {
    let owner = merged.owners.first().copied();
    let uid = accounts.uid(&merged.user).ok_or_else(|| (owner, Fault::User(merged.user.to_string())))?;
    let gid = accounts.gid(&merged.group).ok_or_else(|| (owner, Fault::Group(merged.group.to_string())))?;
    let mut xattrs = BTreeMap::new();
    if let Some(text) = merged.capabilities {
        let fault = |why| (owner, Fault::Capability { text: text.to_owned(), why });
        xattrs.insert("security.capability".to_owned(), capability::xattr(text).map_err(fault)?);
    }
    let kind = match merged.source {
        Source::Directory => NodeKind::Directory,
        Source::Symlink(target) => NodeKind::Symlink { target },
        Source::Content(content) => NodeKind::File { content },
    };
    let mtime = merged.mtime.map_or(epoch, |mtime| mtime.min(epoch));
    Ok(Node { kind, mode: merged.mode, uid, gid, mtime, xattrs, owners: merged.owners })
}

/// Adds the directories that no package owns, and refuses files below something else.
fn complete_directories(tree: &mut Tree<'_>, errors: &mut Vec<ComposeError>) {
    let directory = |mtime| Node {
        kind: NodeKind::Directory,
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime,
        xattrs: BTreeMap::new(),
        owners: Vec::new(),
    };
    let mut missing = std::collections::BTreeSet::from(["/".to_owned()]);
    for path in tree.entries.keys() {
        let mut at = path.as_str();
        while let Some((parent, _)) = split(at) {
            match tree.entries.get(parent).map(|node| &node.kind) {
                Some(NodeKind::Directory) => {}
                Some(_) => {
                    errors.push(ComposeError::NotADirectory { path: path.clone(), parent: parent.to_owned() });
                    break;
                }
                None => {
                    missing.insert(parent.to_owned());
                }
            }
            at = parent;
        }
    }
    for path in missing {
        tree.entries.entry(path).or_insert_with(|| directory(tree.epoch));
    }
}

fn check_boot_files(model: &ImageModel, tree: &Tree<'_>, errors: &mut Vec<ComposeError>) {
    let ImageKind::Disk(disk) = &model.kind else { return };
    for file in &disk.esp.files {
        errors.extend(boot_file(tree, &file.package, &file.source.value).err());
    }
}

/// Returns the one file of `package` that `pattern` matches.
///
/// # Errors
/// If there is none, more than one, or it is another package's.
pub(crate) fn boot_file<'t>(tree: &'t Tree<'_>, package: &str, pattern: &str) -> Result<&'t [u8], ComposeError> {
    let found: Vec<&str> = tree.matching(pattern);
    let owned_by = |path: &&str| {
        let owners = tree.get(path).map_or(&[][..], |node| &node.owners);
        owners.iter().any(|owner| tree.packages[*owner].nevra.name == package)
    };
    let owned: Vec<&str> = found.iter().copied().filter(|path| owned_by(path)).collect();
    let content = match owned[..] {
        [path] => tree.content(path),
        _ => None,
    };
    content.ok_or_else(|| ComposeError::BootFile {
        package: package.to_owned(),
        pattern: pattern.to_owned(),
        found: found.iter().map(|path| (*path).to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests;
