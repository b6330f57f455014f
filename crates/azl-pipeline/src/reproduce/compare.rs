//! Comparing what two builds of a component gave.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_host::{Cmd, CmdError, environment, files};
use azl_rpm::Clue;

use super::Equal;
use super::report::{DifferentPackage, Verdict};
use super::scratch::failed;

/// Bytes of diffoscope's report that are kept.
const REPORT_LIMIT: usize = 1 << 20;
/// Seconds that diffoscope may take for one package.
const PATIENCE: u64 = 600;

/// Two builds and where their files are kept.
pub(super) struct Builds<'a> {
    pub(super) first: &'a dyn BlobStore,
    pub(super) second: &'a dyn BlobStore,
    pub(super) clues: &'a [Clue],
    pub(super) kept: &'a Path,
}

impl Builds<'_> {
    /// Compares by name and digest, and looks into what differs.
    pub(super) fn compare(
        &self,
        first: &BTreeMap<String, Digest>,
        second: &BTreeMap<String, Digest>,
        equal: Equal,
    ) -> Result<Verdict, PortError> {
        files::remove_dir_all(self.kept).map_err(failed)?;
        let mut different = Vec::new();
        for (name, one) in first {
            match second.get(name) {
                Some(other) if one == other => {
                    if equal.keeps() {
                        self.keep(name, Some(*one), Some(*other))?;
                    }
                }
                other => different.push(self.look(name, Some(*one), other.copied())?),
            }
        }
        for (name, other) in second.iter().filter(|(name, _)| !first.contains_key(*name)) {
            different.push(self.look(name, None, Some(*other))?);
        }
        Ok(if different.is_empty() { Verdict::Identical } else { Verdict::Different(different) })
    }

    fn look(&self, name: &str, one: Option<Digest>, other: Option<Digest>) -> Result<DifferentPackage, PortError> {
        let files = self.keep(name, one, other)?;
        let mut package = DifferentPackage { name: name.to_owned(), files, ..DifferentPackage::default() };
        let (Some(one), Some(other)) = (one, other) else {
            let which = if one.is_some() { "first" } else { "second" };
            package.message = Some(format!("only the {which} build gave it"));
            return Ok(package);
        };
        match azl_rpm::diff(&self.first.read(one)?, &self.second.read(other)?, self.clues) {
            Ok(diff) => {
                package.causes = diff.causes();
                package.diff = Some(diff);
            }
            Err(error) => package.message = Some(error.to_string()),
        }
        if let [one, other] = package.files.as_slice() {
            package.diffoscope = diffoscope(one, other)?;
        }
        Ok(package)
    }

    /// Keeps the two files of a name; returns their paths.
    fn keep(&self, name: &str, one: Option<Digest>, other: Option<Digest>) -> Result<Vec<PathBuf>, PortError> {
        let mut kept = Vec::new();
        for (side, store, digest) in [("first", self.first, one), ("second", self.second, other)] {
            let Some(digest) = digest else { continue };
            let path = self.kept.join(side).join(name);
            files::create_dir_all(path.parent().unwrap_or(self.kept)).map_err(failed)?;
            files::copy(store.path(digest)?, &path).map_err(failed)?;
            kept.push(path);
        }
        Ok(kept)
    }
}

/// Keeps the log of a build that failed; returns where.
pub(super) fn keep_log(log: &Path, kept: &Path) -> Result<PathBuf, PortError> {
    let path = kept.join("build.log");
    files::create_dir_all(kept).map_err(failed)?;
    files::copy(log, &path).map_err(failed)?;
    Ok(path)
}

/// Has diffoscope look, where the host has it, and keeps its report beside the packages.
fn diffoscope(one: &Path, other: &Path) -> Result<Option<PathBuf>, PortError> {
    let Some(program) = environment::find_program("diffoscope") else { return Ok(None) };
    let mut name = other.as_os_str().to_owned();
    name.push(".diffoscope.txt");
    let report = PathBuf::from(name);
    let limit = REPORT_LIMIT.to_string();
    let cmd = Cmd::new(program, "/")
        .args(["--max-report-size", &limit, "--text"])
        .arg(&report)
        .arg(one)
        .arg(other)
        .timeout(Duration::from_secs(PATIENCE));
    match cmd.output() {
        // It ends with 1 where files differ.
        Ok(_) | Err(CmdError::Failed { .. }) => Ok(files::exists(&report).then_some(report)),
        Err(error) => Err(PortError::Infrastructure(error.to_string())),
    }
}
