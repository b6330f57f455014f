//! Reads the authored tree of a checkout into values.
//!
//! `azldev.toml` and every directory that people write in are read at once; `upstream/`, which may hold thousands of
//! packages, component by component when one is rendered. What the tool writes (`specs/`, `out/`, `target/`) and the
//! tool's own sources are not part of the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use azl_config::{Config, Descriptions, FileEntry, FileSet, Options, ResolvedComponent};
use azl_host::{FileError, files};

use crate::definition::{self, ReleaseToml};
use crate::error::Failure;

/// The file that makes a directory the root of a tree.
const ROOT_FILE: &str = "azldev.toml";

/// What the release supplies; foreign trees have none.
const RELEASE_FILE: &str = "release.toml";

/// Top-level directories that hold nothing authored, or too much to read at once.
const NOT_AUTHORED: &[&str] = &["build", "crates", "out", "specs", "target", "upstream", "xtask"];

/// The authored tree of a checkout.
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
    authored: FileSet,
    config: Config,
    supplied: BTreeMap<String, BTreeSet<String>>,
}

impl Tree {
    /// Reads and loads the tree at `root`.
    ///
    /// # Errors
    /// If files cannot be read or the configuration has mistakes, all of them at once.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        Self::read_with(root, Descriptions::Required)
    }

    /// As [`Tree::read`]; foreign trees may have overlays that give no reason.
    ///
    /// # Errors
    /// As [`Tree::read`].
    pub fn read_with(root: &Path, descriptions: Descriptions) -> Result<Self, Failure> {
        let authored = read_authored(root)?;
        let (config, mut diagnostics) = azl_config::load(&authored, Options { descriptions, ..Options::default() });
        let supplied = supplied(&authored).unwrap_or_else(|mistake| {
            diagnostics.push(mistake);
            BTreeMap::new()
        });
        if azl_diagnostics::has_errors(&diagnostics) {
            return Err(Failure::Configuration(diagnostics));
        }
        Ok(Self { root: root.to_owned(), authored, config, supplied })
    }

    /// Returns the root directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the files people write, by path.
    pub fn authored(&self) -> &FileSet {
        &self.authored
    }

    /// Returns the names of a component's sources that the build supplies: the certificate of the signing key.
    pub fn supplied(&self, component: &str) -> BTreeSet<String> {
        self.supplied.get(component).cloned().unwrap_or_default()
    }

    /// Returns the files of a component's packaging directory.
    ///
    /// # Errors
    /// If its packaging is not in the tree or cannot be read. An absent directory is an empty set.
    pub fn packaging(&self, component: &ResolvedComponent) -> Result<FileSet, Failure> {
        let directory = azl_config::render::packaging_directory(component)?;
        let top = directory.split('/').next().unwrap_or(directory);
        if !is_authored(top) {
            return read_below(&self.root, directory).map(|files| files.below(directory)).map_err(Failure::from);
        }
        Ok(self.authored.below(directory))
    }
}

fn supplied(authored: &FileSet) -> Result<BTreeMap<String, BTreeSet<String>>, azl_diagnostics::Diagnostic> {
    let Some(text) = authored.text(RELEASE_FILE) else { return Ok(BTreeMap::new()) };
    let signing = definition::parse::<ReleaseToml>(RELEASE_FILE, text)?.signing;
    Ok(BTreeMap::from([(signing.certificate_component, BTreeSet::from([signing.certificate_file]))]))
}

fn read_authored(root: &Path) -> Result<FileSet, Failure> {
    let mut found = FileSet::new();
    for name in files::list(root)? {
        if name == ROOT_FILE || name == RELEASE_FILE {
            insert(root, &name, &mut found)?;
        } else if is_authored(&name) && files::is_dir(root.join(&name)) {
            read_into(root, &name, &mut found)?;
        }
    }
    Ok(found)
}

fn is_authored(top: &str) -> bool {
    !top.starts_with('.') && !NOT_AUTHORED.contains(&top)
}

fn read_below(root: &Path, directory: &str) -> Result<FileSet, FileError> {
    let mut found = FileSet::new();
    read_into(root, directory, &mut found)?;
    Ok(found)
}

fn read_into(root: &Path, directory: &str, found: &mut FileSet) -> Result<(), FileError> {
    let names = match files::walk_files(root.join(directory)) {
        Err(error) if error.is_not_found() => return Ok(()),
        names => names?,
    };
    for name in names {
        insert(root, &format!("{directory}/{name}"), found)?;
    }
    Ok(())
}

fn insert(root: &Path, path: &str, found: &mut FileSet) -> Result<(), FileError> {
    let host = root.join(path);
    let executable = files::mode(&host)? & 0o100 != 0;
    found.insert(path, FileEntry { bytes: files::read(&host)?.into(), executable });
    Ok(())
}
