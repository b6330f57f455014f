//! What apt's programs print, read.

use std::collections::BTreeSet;

use azl_digest::Digest;

use super::{LockedPackage, LockedSource, ResolveError};
use crate::deb822::Stanza;

/// Reads the lines `'<url>' <name>_<version>_<arch>.deb <size> <hash>` of `--print-uris`.
pub(super) fn chosen(plan: &str) -> Result<BTreeSet<(String, String)>, ResolveError> {
    let bad = |line: &str| ResolveError::Answer(format!("unexpected line `{line}`"));
    plan.lines()
        .filter(|line| line.starts_with('\''))
        .map(|line| {
            let file = line.split_whitespace().nth(1).ok_or_else(|| bad(line))?;
            let mut parts = file.split('_');
            match (parts.next(), parts.next(), parts.next()) {
                // apt escapes the epoch's colon in file names and nothing else.
                (Some(name), Some(version), Some(_)) => Ok((name.to_owned(), version.replace("%3a", ":"))),
                _ => Err(bad(line)),
            }
        })
        .collect()
}

fn field<'s>(stanza: &'s Stanza, name: &str) -> Result<&'s str, ResolveError> {
    let package = stanza.get("Package").map_or("?", String::as_str);
    let absent = || ResolveError::Answer(format!("no `{name}` for `{package}`"));
    stanza.get(name).map(String::as_str).ok_or_else(absent)
}

pub(super) fn binary(stanza: &Stanza) -> Result<LockedPackage, ResolveError> {
    Ok(LockedPackage {
        name: field(stanza, "Package")?.to_owned(),
        version: field(stanza, "Version")?.to_owned(),
        arch: field(stanza, "Architecture")?.to_owned(),
        pool: pool_path(field(stanza, "Filename")?)?,
        sha256: digest(field(stanza, "SHA256")?)?,
        size: size(field(stanza, "Size")?)?,
    })
}

pub(super) fn source(stanza: &Stanza) -> Result<Vec<LockedSource>, ResolveError> {
    let directory = field(stanza, "Directory")?;
    let files = field(stanza, "Checksums-Sha256")?.lines().filter(|line| !line.trim().is_empty());
    files
        .map(|line| {
            let mut parts = line.split_whitespace();
            let (Some(sha256), Some(bytes), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(ResolveError::Answer(format!("unexpected line `{line}`")));
            };
            Ok(LockedSource {
                package: field(stanza, "Package")?.to_owned(),
                version: field(stanza, "Version")?.to_owned(),
                file: file.to_owned(),
                pool: pool_path(&format!("{directory}/{file}"))?,
                sha256: digest(sha256)?,
                size: size(bytes)?,
            })
        })
        .collect()
}

/// A path is appended to a mirror's URL and must stay below it.
fn pool_path(path: &str) -> Result<String, ResolveError> {
    if path.starts_with('/')
        || path.split('/').any(|part| matches!(part, "" | "." | ".."))
        || path.contains(['?', '#', '%'])
    {
        return Err(ResolveError::Answer(format!("not a path in the pool: `{path}`")));
    }
    Ok(path.to_owned())
}

fn digest(text: &str) -> Result<Digest, ResolveError> {
    text.parse().map_err(|error: azl_digest::ParseDigestError| ResolveError::Answer(error.to_string()))
}

fn size(text: &str) -> Result<u64, ResolveError> {
    text.parse().map_err(|_| ResolveError::Answer(format!("not a size: `{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deb822;

    const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn epochs_come_back_from_file_names() {
        let plan = "Reading package lists...\n'http://m/pool/q_1%2bx.deb' qemu-system-x86_1%3a10.0+ds-0_amd64.deb 10 MD5Sum:0\n";
        let chosen = chosen(plan).expect("one package");
        assert_eq!(chosen.into_iter().collect::<Vec<_>>(), [("qemu-system-x86".to_owned(), "1:10.0+ds-0".to_owned())]);
    }

    #[test]
    fn a_source_stanza_gives_every_file_with_its_pool_path() {
        let text = format!(
            "Package: bash\nVersion: 5.3-4\nDirectory: pool/main/b/bash\nChecksums-Sha256:\n {SHA} 7 bash_5.3.orig.tar.xz\n {SHA} 8 bash_5.3-4.dsc\n"
        );
        let files = source(&deb822::stanzas(&text)[0]).expect("two files");
        assert_eq!(
            (files.len(), files[0].pool.as_str(), files[0].size),
            (2, "pool/main/b/bash/bash_5.3.orig.tar.xz", 7)
        );
    }

    #[test]
    fn a_binary_stanza_without_a_digest_or_with_a_path_out_of_the_pool_is_refused() {
        let stanza = |path: &str, sha: &str| {
            let text = format!("Package: a\nVersion: 1\nArchitecture: all\nFilename: {path}\nSize: 3\n{sha}");
            binary(&deb822::stanzas(&text)[0])
        };
        assert!(stanza("pool/main/a/a.deb", &format!("SHA256: {SHA}\n")).is_ok());
        assert!(stanza("pool/main/a/a.deb", "").is_err());
        assert!(stanza("../a.deb", &format!("SHA256: {SHA}\n")).is_err());
    }
}
