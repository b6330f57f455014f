//! The files of a commit, as bytes.
//!
//! Contents are the blobs themselves: no attribute, filter or substitution of git's export is applied.
//!
//! **Invariant:** what is returned has plain relative paths and is regular files only; all else is refused by name.

use std::collections::BTreeMap;

use super::DistGit;
use super::error::DistGitError;
use super::name::{CommitId, Package};
use super::objects::Blob;
use super::tree::{Entry, Kind};

/// Largest file that is taken, in bytes; larger ones belong into the lookaside.
pub(super) const FILE_LIMIT: u64 = 64 << 20;
/// Most bytes of one commit.
const TOTAL_LIMIT: u64 = 512 << 20;
/// Most files and directories of one commit.
const ENTRY_LIMIT: usize = 20_000;
/// Most directories inside each other.
const DEPTH_LIMIT: usize = 16;
/// Longest target of a link, in bytes.
const TARGET_LIMIT: u64 = 4096;

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it may be executed.
    pub executable: bool,
}

/// What a path is before its content is read.
struct Found {
    id: String,
    kind: Kind,
}

/// What a walk through a commit found.
#[derive(Default)]
struct Listing {
    found: BTreeMap<String, Found>,
    problems: Vec<String>,
}

impl DistGit {
    /// Returns every file of a commit by its path; a link to a file of the commit is that file once more.
    ///
    /// # Errors
    /// [`DistGitError::Missing`] if something of it was not fetched, [`DistGitError::Unacceptable`] with every path that is
    /// refused and why: a submodule, a link that leaves the commit or ends nowhere, `.git`, a name that is not plain text,
    /// more than 64 MiB in a file, 512 MiB or 20,000 entries in all.
    pub fn files(&self, package: &Package, commit: &CommitId) -> Result<BTreeMap<String, TreeFile>, DistGitError> {
        let mut listing = self.listing(package, commit)?;
        let targets = self.links(package, &mut listing)?;
        let mut files = BTreeMap::new();
        let mut total = 0;
        for (path, target) in targets {
            let Some(found) = listing.found.get(&target) else { continue };
            match self.objects.blob(&found.id, FILE_LIMIT)? {
                Blob::Here(bytes) => {
                    total += bytes.len() as u64;
                    if total > TOTAL_LIMIT {
                        listing.problems.push(format!("files of more than {TOTAL_LIMIT} bytes in all"));
                        break;
                    }
                    files.insert(path, TreeFile { bytes, executable: found.kind == Kind::Executable });
                }
                Blob::TooLarge(size) => {
                    listing.problems.push(format!("`{path}`: {size} bytes; more than {FILE_LIMIT} are not taken"));
                }
                Blob::Absent => return Err(missing(package, format!("file `{path}` of commit {commit}"))),
            }
        }
        match listing.problems.is_empty() {
            true => Ok(files),
            false => Err(DistGitError::Unacceptable {
                package: package.to_string(),
                commit: commit.to_string(),
                problems: listing.problems,
            }),
        }
    }

    /// Returns the ids of all blobs of a commit, refused or not.
    pub(super) fn blobs(&self, package: &Package, commit: &CommitId) -> Result<Vec<String>, DistGitError> {
        let listing = self.listing(package, commit)?;
        let blob = |found: &Found| matches!(found.kind, Kind::File | Kind::Executable | Kind::Link);
        Ok(listing.found.into_values().filter(blob).map(|found| found.id).collect())
    }

    fn listing(&self, package: &Package, commit: &CommitId) -> Result<Listing, DistGitError> {
        let root = self.commit(package, commit)?.tree;
        let mut listing = Listing::default();
        let mut waiting = vec![(String::new(), root, 0)];
        while let Some((prefix, tree, depth)) = waiting.pop() {
            let entries = self.objects.tree(&tree)?;
            for entry in entries.ok_or_else(|| missing(package, format!("directory `/{prefix}` of commit {commit}")))? {
                let Some(path) = listing.admit(&prefix, &entry) else { continue };
                if entry.kind == Kind::Directory && depth == DEPTH_LIMIT {
                    listing.problems.push(format!("`{path}`: more than {DEPTH_LIMIT} directories deep"));
                } else if entry.kind == Kind::Directory {
                    waiting.push((format!("{path}/"), entry.id.clone(), depth + 1));
                }
                listing.found.insert(path, Found { id: entry.id, kind: entry.kind });
            }
            if listing.found.len() > ENTRY_LIMIT {
                listing.problems.push(format!("more than {ENTRY_LIMIT} files and directories"));
                break;
            }
        }
        Ok(listing)
    }

    /// Follows the links: every path of a file, and the path whose content it has.
    fn links(&self, package: &Package, listing: &mut Listing) -> Result<Vec<(String, String)>, DistGitError> {
        let mut targets = BTreeMap::new();
        for (path, found) in listing.found.iter().filter(|(_, found)| found.kind == Kind::Link) {
            match self.objects.blob(&found.id, TARGET_LIMIT)? {
                Blob::Here(target) => drop(targets.insert(path.clone(), target)),
                Blob::TooLarge(_) => drop(targets.insert(path.clone(), Vec::new())),
                Blob::Absent => return Err(missing(package, format!("link `{path}`"))),
            }
        }
        let mut resolved = Vec::new();
        for (path, found) in &listing.found {
            match found.kind {
                Kind::File | Kind::Executable => resolved.push((path.clone(), path.clone())),
                Kind::Link => match follow(path, &targets, &listing.found) {
                    Ok(target) => resolved.push((path.clone(), target)),
                    Err(problem) => listing.problems.push(format!("`{path}`: {problem}")),
                },
                Kind::Directory | Kind::Submodule | Kind::Unknown => {}
            }
        }
        Ok(resolved)
    }
}

impl Listing {
    /// Returns the path of an entry that can be looked at further; otherwise notes the problem.
    fn admit(&mut self, prefix: &str, entry: &Entry) -> Option<String> {
        let name = String::from_utf8_lossy(&entry.name);
        let problem = match (std::str::from_utf8(&entry.name), entry.kind) {
            (Err(_), _) => "its name is not UTF-8",
            (Ok("" | "." | ".."), _) => "not a name",
            (Ok(name), _) if name.contains('/') || name.contains(char::is_control) => "not a plain name",
            (Ok(name), _) if is_git(name) => "git's own directory inside a commit",
            (_, Kind::Submodule) => "a submodule: the commit does not hold its files",
            (_, Kind::Unknown) => "neither a file nor a link nor a directory",
            (Ok(name), Kind::Link) if name.eq_ignore_ascii_case(".gitmodules") => "`.gitmodules` as a link",
            (Ok(name), _) => return Some(format!("{prefix}{name}")),
        };
        self.problems.push(format!("`{prefix}{}`: {problem}", name.escape_debug()));
        None
    }
}

/// Some file systems take other spellings for `.git`.
fn is_git(name: &str) -> bool {
    let name = name.trim_end_matches([' ', '.']).to_ascii_lowercase();
    matches!(name.as_str(), ".git" | "git~1") || name.starts_with(".git:") || name.starts_with(".git\\")
}

/// Returns the path of the file that a link leads to, by way of other links.
fn follow(
    link: &str,
    targets: &BTreeMap<String, Vec<u8>>,
    found: &BTreeMap<String, Found>,
) -> Result<String, &'static str> {
    let mut path = link.to_owned();
    for _ in 0..8 {
        let target = targets.get(&path).ok_or("a link that ends nowhere")?;
        path = join(&path, std::str::from_utf8(target).map_err(|_| "a link whose target is not UTF-8")?)?;
        match found.get(&path).map(|found| found.kind) {
            Some(Kind::File | Kind::Executable) => return Ok(path),
            Some(Kind::Link) => {}
            Some(_) => return Err("a link to a directory"),
            None => return Err("a link that ends nowhere"),
        }
    }
    Err("a link to a link to a link, and so on")
}

/// Returns `target` as seen from the directory of `link`. Directories that are links are not looked through.
fn join(link: &str, target: &str) -> Result<String, &'static str> {
    if target.is_empty() || target.starts_with('/') {
        return Err("a link out of the commit");
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or("a link out of the commit")?),
            name => parts.push(name),
        }
    }
    Ok(parts.join("/"))
}

fn missing(package: &Package, what: String) -> DistGitError {
    DistGitError::Missing { package: package.to_string(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_inside() {
        assert_eq!(join("a/b/link", "../c//./d"), Ok("a/c/d".to_owned()));
        assert_eq!(join("link", "../x"), Err("a link out of the commit"));
        assert_eq!(join("a/link", "../../x"), Err("a link out of the commit"));
        assert_eq!(join("link", "/etc/shadow"), Err("a link out of the commit"));
    }

    #[test]
    fn other_spellings_of_the_directory_of_git_are_known() {
        for name in [".git", ".GIT", ".git ", ".git.", "git~1", ".git::$INDEX_ALLOCATION"] {
            assert!(is_git(name), "{name}");
        }
        assert!(!is_git(".gitignore") && !is_git("git"));
    }
}
