//! The package manifests that vulnerability scanners read in images without an rpm database.
//!
//! The convention is CBL-Mariner's: `container-manifest-1` is the output of `rpm -qa`, `container-manifest-2` the
//! same packages with ten tab-separated fields. Scanners split the second field at its one `-`.
//!
//! **Invariant:** one line per package, sorted by name, each ended by a newline.

use azl_rpm::PackageHeader;

/// Where the first manifest lies in the image.
pub const SCANNER_MANIFEST_1: &str = "/var/lib/rpmmanifest/container-manifest-1";
/// Where the second manifest lies in the image.
pub const SCANNER_MANIFEST_2: &str = "/var/lib/rpmmanifest/container-manifest-2";

/// The two manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerManifests {
    /// Content of [`SCANNER_MANIFEST_1`]: `name-version-release.arch`.
    pub first: String,
    /// Content of [`SCANNER_MANIFEST_2`].
    pub second: String,
}

/// Writes the manifests of `packages`; `epoch` stands for the time of installation.
pub fn scanner_manifests<'a>(packages: impl IntoIterator<Item = &'a PackageHeader>, epoch: u64) -> ScannerManifests {
    let mut packages: Vec<_> = packages.into_iter().collect();
    packages.sort_by(|a, b| a.nevra.cmp(&b.nevra));
    let mut manifests = ScannerManifests { first: String::new(), second: String::new() };
    for package in packages {
        let nevra = &package.nevra;
        let version_release = format!("{}-{}", nevra.evr.version, nevra.evr.release);
        manifests.first += &format!("{}-{version_release}.{}\n", nevra.name, nevra.arch);
        let fields = [
            nevra.name.clone(),
            version_release,
            epoch.to_string(),
            package.build_time.to_string(),
            or_none(&package.vendor),
            "(none)".to_owned(),
            package.installed_size.to_string(),
            nevra.arch.clone(),
            nevra.evr.epoch.to_string(),
            or_none(package.source_rpm.as_deref().unwrap_or_default()),
        ];
        manifests.second += &fields.join("\t");
        manifests.second.push('\n');
    }
    manifests
}

/// Returns the field as rpm's query format prints it: a missing tag is `(none)`, and tabs would add a field.
fn or_none(text: &str) -> String {
    if text.is_empty() { "(none)".to_owned() } else { text.replace(['\t', '\n'], " ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::package;

    #[test]
    fn lines_have_the_ten_fields_scanners_expect() {
        let (mut tzdata, mut bash) = (package("tzdata"), package("bash"));
        tzdata.header.vendor = String::new();
        bash.header.nevra.evr.epoch = 2;
        let manifests = scanner_manifests([&tzdata.header, &bash.header], 1_000);
        assert_eq!(manifests.first, "bash-1-1.azl4.x86_64\ntzdata-1-1.azl4.x86_64\n");
        let lines: Vec<Vec<&str>> = manifests.second.lines().map(|line| line.split('\t').collect()).collect();
        let source = "bash-1-1.azl4.src.rpm";
        assert_eq!(lines[0], ["bash", "1-1.azl4", "1000", "500", "Azure Linux", "(none)", "0", "x86_64", "2", source]);
        assert_eq!((lines[1].len(), lines[1][4]), (10, "(none)"));
    }
}
