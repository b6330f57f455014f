//! From packages to the files of a repository.

use std::collections::{BTreeMap, BTreeSet};

use azl_digest::Digest;
use azl_rpm::{Nevra, PackageHeader};
use quick_xml::writer::ElementWriter;

use crate::repomd::{self, DataFile};
use crate::xml::Xml;
use crate::{filelists, other, primary};

/// A package as the repository offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoPackage {
    /// What the package says.
    pub header: PackageHeader,
    /// Digest of the whole, signed file.
    pub file_sha256: Digest,
    /// Size of that file in bytes.
    pub file_size: u64,
    /// Path relative to the repository, as [`location`] gives it.
    pub location: String,
    /// Time of the file, seconds since 1970; the package's build time, never a file's mtime.
    pub time: u64,
}

/// The metadata of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Everything but `repomd.xml`, by path relative to the repository.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Content of `repodata/repomd.xml`: what gets signed and must appear last.
    pub repomd: Vec<u8>,
}

/// Says why packages cannot be one repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepoError {
    /// Two files claim one identity.
    #[error("two packages are `{nevra}`: `{first}` and `{second}`")]
    Duplicate {
        /// The identity.
        nevra: String,
        /// One location.
        first: String,
        /// The other location.
        second: String,
    },
    /// A location that is not a plain relative path.
    #[error("package location is not a plain relative path: `{0}`")]
    BadLocation(String),
}

/// Returns where a package lies in its repository: `Packages/<first letter>/<file name>`.
pub fn location(nevra: &Nevra) -> String {
    let letter = nevra.name.chars().next().unwrap_or('_').to_ascii_lowercase();
    format!("Packages/{letter}/{}", nevra.file_name())
}

/// Builds the metadata; `epoch` (seconds since 1970) becomes the revision and every timestamp.
///
/// # Errors
/// If two packages have one identity or location, or a location leaves the repository.
pub fn build(packages: &[RepoPackage], epoch: u64) -> Result<Repository, RepoError> {
    let mut packages: Vec<&RepoPackage> = packages.iter().collect();
    packages.sort_by(|a, b| (&a.header.nevra, &a.location).cmp(&(&b.header.nevra, &b.location)));
    check(&packages)?;
    let mut files = BTreeMap::new();
    let mut data = Vec::new();
    for (kind, xml) in [
        ("primary", primary::write(&packages)),
        ("filelists", filelists::write(&packages)),
        ("other", other::write(&packages)),
    ] {
        let compressed = compress(&xml);
        let file = DataFile::describe(kind, &xml, &compressed, epoch);
        files.insert(file.location.clone(), compressed);
        data.push(file);
    }
    Ok(Repository { files, repomd: repomd::write(&data, epoch) })
}

fn check(sorted: &[&RepoPackage]) -> Result<(), RepoError> {
    for pair in sorted.windows(2) {
        if pair[0].header.nevra == pair[1].header.nevra {
            return Err(RepoError::Duplicate {
                nevra: pair[0].header.nevra.to_string(),
                first: pair[0].location.clone(),
                second: pair[1].location.clone(),
            });
        }
    }
    let mut seen = BTreeSet::new();
    for package in sorted {
        if !is_plain(&package.location) || !seen.insert(&package.location) {
            return Err(RepoError::BadLocation(package.location.clone()));
        }
    }
    Ok(())
}

/// Returns whether a path stays below its root whoever joins it.
pub(crate) fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '\\' | ':' | '?' | '#'))
}

/// The level trades a little size for much time on large repositories.
const LEVEL: i32 = 12;

fn compress(xml: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(xml, LEVEL).expect("compression to memory does not fail")
}

impl RepoPackage {
    /// Starts the `<package>` element that `filelists` and `other` share.
    pub(crate) fn element<'a>(&self, xml: &'a mut Xml) -> ElementWriter<'a, Vec<u8>> {
        xml.create_element("package")
            .with_attribute(("pkgid", self.file_sha256.to_string().as_str()))
            .with_attribute(("name", self.header.nevra.name.as_str()))
            .with_attribute(("arch", self.header.nevra.arch.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::package;
    use crate::{read_primary, read_repomd};

    #[test]
    fn order_of_packages_does_not_matter_and_time_comes_from_the_epoch() {
        let (a, b) = (package("a-1-1.noarch"), package("b-1:2-1.x86_64"));
        let one = build(&[a.clone(), b.clone()], 1_700_000_000).expect("good");
        let two = build(&[b, a], 1_700_000_000).expect("good");
        assert_eq!(one, two);
        let text = String::from_utf8(one.repomd).expect("UTF-8");
        assert!(text.contains("<revision>1700000000</revision>") && text.contains("<timestamp>1700000000</timestamp>"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let packages = [package("a-1-1.noarch"), package("b-1:2~rc1-1.x86_64"), package("b-1:2~rc1-1.src")];
        let repository = build(&packages, 1).expect("good");
        let repomd = read_repomd(&repository.repomd).expect("good");
        assert_eq!(repomd.revision, "1");
        for file in &repomd.data {
            let bytes = &repository.files[&file.location];
            assert_eq!((Digest::of(bytes), bytes.len() as u64), (file.sha256, file.size));
            assert!(file.location.starts_with(&format!("repodata/{}-", file.sha256)));
        }
        let primary = repomd.data.iter().find(|file| file.kind == "primary").expect("there");
        let read = read_primary(&repository.files[&primary.location], primary).expect("good");
        let expected: Vec<_> =
            packages.iter().map(|p| (p.header.nevra.clone(), p.location.clone(), p.file_sha256)).collect();
        let mut found: Vec<_> = read.iter().map(|p| (p.nevra.clone(), p.location.clone(), p.sha256)).collect();
        found.sort_by_key(|(nevra, ..)| expected.iter().position(|e| e.0 == *nevra));
        assert_eq!(found, expected);
    }

    #[test]
    fn texts_that_look_like_markup_stay_text() {
        let mut evil = package("evil-1-1.noarch");
        evil.header.summary = "</summary><location href='x'/> & \u{1b}[31m ]]>".into();
        evil.header.requires = vec!["a\"b<c>".parse().expect("valid")];
        let repository = build(&[evil], 1).expect("good");
        let repomd = read_repomd(&repository.repomd).expect("good");
        let read = read_primary(&repository.files[&repomd.data[0].location], &repomd.data[0]).expect("well formed");
        assert_eq!(read[0].location, "Packages/e/evil-1-1.noarch.rpm");
    }

    #[test]
    fn duplicates_and_escaping_locations_are_refused() {
        let a = package("a-1-1.noarch");
        let mut elsewhere = a.clone();
        elsewhere.location = "Packages/a/other.rpm".into();
        assert!(matches!(build(&[a.clone(), elsewhere], 1), Err(RepoError::Duplicate { .. })));
        for location in ["../a.rpm", "/a.rpm", "Packages//a.rpm", "a\\b.rpm", "", "http://x/a.rpm", "./a.rpm"] {
            let package = RepoPackage { location: location.into(), ..a.clone() };
            assert_eq!(build(&[package], 1), Err(RepoError::BadLocation(location.into())));
        }
    }
}
