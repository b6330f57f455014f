//! The programs that firmware starts, taken out of their packages to be signed before they are put on the partition.

use std::collections::BTreeMap;

use azl_rpm::FileKind;

use crate::compose::{ComposeError, Package};
use crate::model::{EspFile, ImageKind, ImageModel};
use crate::tree::path_matches;

/// How a program of the PE format begins; what else is on the partition is not started, and not signed.
const PE: &[u8] = b"MZ";

/// Returns whether the EFI system partition holds files of a package.
pub fn is_started_from(model: &ImageModel, package: &str) -> bool {
    partition_files(model).iter().any(|file| file.package == package)
}

/// Returns the programs of the EFI system partition, by their path there.
///
/// # Errors
/// If a file that the partition is to hold is not in its package exactly once.
pub fn programs(model: &ImageModel, packages: &[Package]) -> Result<BTreeMap<String, Vec<u8>>, ComposeError> {
    let mut programs = BTreeMap::new();
    for file in partition_files(model) {
        let content = content(file, packages)?;
        if content.starts_with(PE) {
            programs.insert(file.path.clone(), content.to_vec());
        }
    }
    Ok(programs)
}

fn partition_files(model: &ImageModel) -> &[EspFile] {
    match &model.kind {
        ImageKind::Disk(disk) => &disk.esp.files,
        ImageKind::Oci(_) => &[],
    }
}

fn content<'p>(file: &EspFile, packages: &'p [Package]) -> Result<&'p [u8], ComposeError> {
    let of_package = packages.iter().filter(|package| package.header.nevra.name == file.package);
    let regular = of_package.flat_map(|package| &package.files).filter(|found| found.entry.kind == FileKind::Regular);
    let found: Vec<_> = regular.filter(|found| path_matches(&file.source.value, &found.entry.path)).collect();
    match found[..] {
        [one] => Ok(&one.content),
        _ => Err(ComposeError::BootFile {
            package: file.package.clone(),
            pattern: file.source.value.clone(),
            found: found.iter().map(|found| found.entry.path.clone()).collect(),
        }),
    }
}
