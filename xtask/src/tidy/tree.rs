//! The repository as a value: its files, its crates and the package mirrors of this machine.
//!
//! Files are those in the directory, without what the top `.gitignore` names with a leading `/`; git is
//! not asked, so that an exported tree is checked like a clone.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use azl_host::{Cmd, CmdError, FileError, environment, files};
use azl_pipeline::error::Failure;
use serde_json::Value;

/// What the rules look at.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<u8>>,
    packages: Vec<Package>,
    mirror_hosts: Vec<String>,
}

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its directory, relative to the tree.
    pub(crate) folder: String,
    /// `[package.metadata] layer`, if it is a string.
    pub(crate) layer: Option<String>,
    /// Crates it depends on, other than for its tests.
    pub(crate) dependencies: Vec<String>,
}

/// Reads the tree at `root`.
///
/// # Errors
/// If a file cannot be read or cargo cannot be asked.
pub(crate) fn gather(root: &Path) -> Result<Tree, Failure> {
    let files = read_files(root)?;
    let metadata = ask_cargo(root)?;
    let not_understood = |what| Failure::Infrastructure(format!("cannot understand `cargo metadata`: {what}"));
    let packages = packages(&metadata).map_err(not_understood)?;
    Ok(Tree { files, packages, mirror_hosts: mirror_hosts(&apt_sources()) })
}

fn read_files(root: &Path) -> Result<BTreeMap<String, Vec<u8>>, FileError> {
    let ignore = files::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let mut found = BTreeMap::new();
    for name in files::list(root)?.into_iter().filter(|name| name != ".git" && !is_ignored(name, &ignore)) {
        let below = if files::is_dir(root.join(&name)) { files::walk_files(root.join(&name))? } else { Vec::new() };
        let paths =
            if below.is_empty() { vec![name] } else { below.iter().map(|path| format!("{name}/{path}")).collect() };
        for path in paths {
            // Links are not followed: what they lead to is read where it stands, or is not of the tree.
            if files::size(root.join(&path)).is_some() {
                found.insert(path.clone(), files::read(root.join(&path))?);
            }
        }
    }
    Ok(found)
}

fn is_ignored(name: &str, gitignore: &str) -> bool {
    gitignore.lines().filter_map(|line| line.strip_prefix('/')).any(|line| line.trim_end_matches('/') == name)
}

fn ask_cargo(root: &Path) -> Result<Vec<u8>, CmdError> {
    let cargo = environment::var("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut command = Cmd::new(cargo, root).args(["metadata", "--format-version", "1", "--no-deps"]);
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        command = command.inherit(name);
    }
    command.output().map(|output| output.stdout)
}

fn packages(metadata: &[u8]) -> Result<Vec<Package>, String> {
    let metadata: Value = serde_json::from_slice(metadata).map_err(|error| error.to_string())?;
    let root = metadata["workspace_root"].as_str().ok_or("no `workspace_root`")?;
    let list = metadata["packages"].as_array().ok_or("no `packages`")?;
    list.iter()
        .map(|value| package(value, root).ok_or_else(|| format!("package without name or place: {value}")))
        .collect()
}

fn package(value: &Value, root: &str) -> Option<Package> {
    let folder = value["manifest_path"].as_str()?.strip_prefix(root)?.strip_suffix("/Cargo.toml")?;
    let counts = |dependency: &&Value| dependency["kind"].as_str() != Some("dev");
    let dependencies = value["dependencies"].as_array()?.iter().filter(counts);
    Some(Package {
        name: value["name"].as_str()?.to_owned(),
        folder: folder.trim_start_matches('/').to_owned(),
        layer: value["metadata"]["layer"].as_str().map(str::to_owned),
        dependencies: dependencies.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect(),
    })
}

/// The text of all apt sources of this machine; there may be none.
fn apt_sources() -> String {
    let folder = Path::new("/etc/apt/sources.list.d");
    let parts = files::list(folder).unwrap_or_default().into_iter().map(|name| folder.join(name));
    let all = std::iter::once("/etc/apt/sources.list".into()).chain(parts);
    all.filter_map(|path| files::read_to_string(path).ok()).collect::<Vec<_>>().join("\n")
}

/// Returns the hosts of distribution archives: addresses whose path ends in `debian…` or `ubuntu…`.
///
/// Vendor repositories beside them are left out; the tree may well name those.
fn mirror_hosts(apt_sources: &str) -> Vec<String> {
    let archive = |path: &str| {
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        last.starts_with("debian") || last.starts_with("ubuntu")
    };
    let addresses = apt_sources.split_whitespace().filter_map(|word| word.split_once("://")).map(|(_, rest)| rest);
    let mut hosts: Vec<String> = addresses
        .filter_map(|rest| rest.split_once('/'))
        .filter(|(host, path)| host.contains('.') && archive(path))
        .map(|(host, _)| host.to_owned())
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

impl Tree {
    /// Returns the paths of all files, relative to the tree.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Returns the crates of the workspace.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Returns the hosts that this machine's package manager reads distribution archives from.
    pub(crate) fn mirror_hosts(&self) -> &[String] {
        &self.mirror_hosts
    }

    /// Returns the text of a file, if there is such a file and it is UTF-8.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// Returns every file that is UTF-8, with its path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, bytes)| Some((path.as_str(), std::str::from_utf8(bytes).ok()?)))
    }

    /// Returns every Rust source file, with its path.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }
}

/// Returns the lines of a text, each with the byte range it stands at, without the line feed.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let range = start..start + line.len();
        start += whole.len();
        (range, line)
    })
}

#[cfg(test)]
impl Tree {
    /// Makes a tree of texts.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Self { files, ..Self::default() }
    }

    /// Adds a crate.
    pub(super) fn with_package(mut self, name: &str, layer: &str, dependencies: &[&str]) -> Self {
        self.packages.push(Package {
            name: name.to_owned(),
            folder: format!("crates/{name}"),
            layer: (!layer.is_empty()).then(|| layer.to_owned()),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        });
        self
    }

    /// Adds a host that this machine's package manager uses.
    pub(super) fn with_mirror_host(mut self, host: &str) -> Self {
        self.mirror_hosts.push(host.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_becomes_packages_without_test_dependencies() {
        let metadata = r#"{"workspace_root": "/r", "packages": [{"name": "a", "manifest_path": "/r/crates/a/Cargo.toml",
            "metadata": {"layer": "core"}, "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}]}]}"#;
        let expected = Package {
            name: "a".to_owned(),
            folder: "crates/a".to_owned(),
            layer: Some("core".to_owned()),
            dependencies: vec!["b".to_owned()],
        };
        assert_eq!(packages(metadata.as_bytes()), Ok(vec![expected]));
        assert!(packages(b"{}").is_err());
    }

    #[test]
    fn mirrors_are_told_from_vendor_repositories() {
        let sources = "URIs: http://mirror.example.org/debian\nSuites: stable\ndeb https://vendor.example.com/apt main\n\
            deb http://one.example.net/ubuntu/ noble main\n";
        assert_eq!(mirror_hosts(sources), ["mirror.example.org", "one.example.net"]);
    }

    #[test]
    fn only_names_at_the_top_are_ignored() {
        assert!(is_ignored("out", "/target\n/out/\n"));
        assert!(!is_ignored("out", "out\n"));
    }

    #[test]
    fn lines_know_where_they_stand() {
        let found: Vec<_> = lines("ab\n\nc").collect();
        assert_eq!(found, [(0..2, "ab"), (3..3, ""), (4..5, "c")]);
    }
}
