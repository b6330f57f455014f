//! The git repository a tree is kept in: what it held at another commit, and who wrote a line.
//!
//! Not here: dist-git, which is other people's repositories.
//!
//! **Invariant:** reads only; no configuration of the user or host changes what is read.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use azl_config::{FileEntry, FileSet};
use azl_diagnostics::Diagnostic;
use azl_host::Cmd;

use crate::error::Failure;

/// Who wrote a line, and when.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Authorship {
    /// Name of the author; `None` for a line that is not committed.
    pub author: Option<String>,
    /// Seconds since 1970.
    pub time: i64,
}

/// Returns whether the directory is in a git work tree.
pub fn is_repository(root: &Path) -> bool {
    git(root, &["rev-parse", "--is-inside-work-tree"]).is_ok()
}

/// Returns the commit a revision stands for.
///
/// # Errors
/// If there is no such revision, or no repository.
pub fn commit(root: &Path, revision: &str) -> Result<String, Failure> {
    if !is_repository(root) {
        let problem = Diagnostic::error("no-repository", format!("not in a git repository: `{}`", root.display()));
        return Err(problem.into());
    }
    let peeled = format!("{revision}^{{commit}}");
    // `--end-of-options` keeps a revision that begins with `-` from being one of git's options.
    let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled];
    let printed = git(root, &arguments).map_err(|_| {
        let problem = Diagnostic::error("unknown-revision", format!("no commit `{revision}` in this repository"));
        Failure::from(problem.hint("`git log --oneline` lists commits; a shallow clone has few of them"))
    })?;
    Ok(String::from_utf8_lossy(&printed).trim().to_owned())
}

/// Returns the names at the top of the tree at a commit.
///
/// # Errors
/// If git fails.
pub fn top_level(root: &Path, commit: &str) -> Result<Vec<String>, Failure> {
    Ok(names(&git(root, &["ls-tree", "-z", "--name-only", commit])?))
}

/// Returns the files below some paths at a commit. Links are left out.
///
/// # Errors
/// If git fails.
pub fn files_at(root: &Path, commit: &str, paths: &[String]) -> Result<FileSet, Failure> {
    if paths.is_empty() {
        return Ok(FileSet::new());
    }
    let mut arguments = vec!["archive", "--format=tar", commit, "--"];
    arguments.extend(paths.iter().map(String::as_str));
    let archive = git(root, &arguments)?;
    unpack(&archive).map_err(|error| Failure::Infrastructure(format!("cannot read `git archive`: {error}")))
}

fn unpack(archive: &[u8]) -> std::io::Result<FileSet> {
    let mut found = FileSet::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.to_string_lossy().into_owned();
        let executable = entry.header().mode()? & 0o100 != 0;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        found.insert(path, FileEntry { bytes: bytes.into(), executable });
    }
    Ok(found)
}

/// Returns the paths below `directory` that differ between two commits, or a commit and the work tree.
///
/// # Errors
/// If git fails.
pub fn differing(root: &Path, from: &str, to: Option<&str>, directory: &str) -> Result<Vec<String>, Failure> {
    let mut arguments = vec!["diff", "--name-only", "--no-renames", "--relative", "-z", from];
    arguments.extend(to);
    arguments.extend(["--", directory]);
    let mut paths = names(&git(root, &arguments)?);
    if to.is_none() {
        paths.extend(names(&git(root, &["ls-files", "-z", "--others", "--exclude-standard", "--", directory])?));
    }
    Ok(paths)
}

/// Returns who wrote each line of a file, by line number from 1.
///
/// # Errors
/// If git fails, as it does for a file that is not committed.
pub fn authorship(root: &Path, file: &str) -> Result<BTreeMap<usize, Authorship>, Failure> {
    let printed = git(root, &["blame", "--line-porcelain", "--", file])?;
    Ok(read_blame(&String::from_utf8_lossy(&printed)))
}

fn read_blame(printed: &str) -> BTreeMap<usize, Authorship> {
    let mut lines = BTreeMap::new();
    let (mut number, mut author, mut time) = (0, None, 0);
    for line in printed.lines() {
        if line.starts_with('\t') {
            lines.insert(number, Authorship { author: author.take(), time });
        } else if let Some(name) = line.strip_prefix("author ") {
            author = (name != "Not Committed Yet").then(|| name.to_owned());
        } else if let Some(seconds) = line.strip_prefix("author-time ") {
            time = seconds.parse().unwrap_or(0);
        } else if let Some(found) = heading(line) {
            number = found;
        }
    }
    lines
}

/// Reads `<commit> <line then> <line now> [<count>]`.
fn heading(line: &str) -> Option<usize> {
    let mut words = line.split(' ');
    let commit = words.next().filter(|word| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    commit.and_then(|_| words.nth(1)?.parse().ok())
}

fn names(printed: &[u8]) -> Vec<String> {
    let names = printed.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

fn git(root: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let command = Cmd::new("git", root).args(["-c", "core.quotePath=false", "-c", "safe.directory=*"]).args(arguments);
    let command = command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
    Ok(command.output()?.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blame_names_the_author_of_each_line() {
        let commit = "a".repeat(40);
        let text = format!(
            "{commit} 3 1 1\nauthor A B\nauthor-time 5\nfilename x\n\tone\n{commit} 1 2\nauthor Not Committed Yet\n\
             author-time 9\n\ttwo\n"
        );
        let lines = read_blame(&text);
        assert_eq!(lines[&1], Authorship { author: Some("A B".into()), time: 5 });
        assert_eq!(lines[&2], Authorship { author: None, time: 9 });
    }
}
