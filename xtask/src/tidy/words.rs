//! `word`: the tree names no path of one machine and no host of a package registry or distribution mirror.
//!
//! A mirror is the host's own choice (its apt configuration, or `AZL_DEBIAN_MIRROR`); a name written here
//! would fail wherever that name is not reachable. Lock files of cargo are cargo's business.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::lines;

pub(super) const CODE: &str = "word";

/// Directories that exist on the machine of whoever wrote them, in parts so that this file is not found by its own rule.
const PATHS: [&[&str]; 6] = [
    &["/wo", "rk/"],
    &["/fa", "rm/"],
    &["/tmp/", "proto"],
    &["/tmp/", "target"],
    &["/tmp/", "brief"],
    &["/root/", ".cargo"],
];

/// Host names by their labels.
const HOSTS: [&[&str]; 13] = [
    &["deb", "debian", "org"],
    &["ftp", "debian", "org"],
    &["security", "debian", "org"],
    &["snapshot", "debian", "org"],
    &["archive", "debian", "org"],
    &["archive", "ubuntu", "com"],
    &["security", "ubuntu", "com"],
    &["ports", "ubuntu", "com"],
    &["crates", "io"],
    &["pypi", "org"],
    &["pythonhosted", "org"],
    &["npmjs", "org"],
    &["proxy", "golang", "org"],
];

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    let paths: Vec<String> = PATHS.iter().map(|parts| parts.concat()).collect();
    let known = HOSTS.iter().map(|labels| labels.join("."));
    let hosts: Vec<String> = known.chain(tree.mirror_hosts().iter().cloned()).collect();
    tree.texts()
        .filter(|(file, _)| !file.ends_with("Cargo.lock"))
        .flat_map(|(file, text)| lines(text).filter_map(|(range, line)| word(file, range.start, line, &paths, &hosts)))
        .collect()
}

fn word(file: &str, start: usize, line: &str, paths: &[String], hosts: &[String]) -> Option<Diagnostic> {
    let path = paths.iter().find_map(|needle| Some((absolute(line, needle)?, needle, "path of one machine")));
    let host =
        || hosts.iter().find_map(|needle| Some((line.find(needle.as_str())?, needle, "host of a package mirror")));
    let (at, needle, what) = path.or_else(host)?;
    let hint = if what.starts_with("path") {
        "make it relative to the tree, the store or the sandbox"
    } else {
        "leave the choice of mirror to the host: its package manager's configuration or `AZL_DEBIAN_MIRROR`"
    };
    let place = start + at..start + at + needle.len();
    Some(Diagnostic::error(CODE, format!("{what}: `{needle}`")).at(file, place).hint(hint))
}

/// Finds `needle` where a path begins: not after a character that would make it the rest of a longer path.
fn absolute(line: &str, needle: &str) -> Option<usize> {
    let continues = |c: char| c.is_alphanumeric() || "._-~})>]".contains(c);
    line.match_indices(needle).map(|(at, _)| at).find(|at| !line[..*at].ends_with(continues))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        check(&Tree::of(&[("README.md", text)])).len()
    }

    #[test]
    fn every_word_is_found() {
        for parts in PATHS {
            assert_eq!(count(&format!("see {}x", parts.concat())), 1, "{parts:?}");
        }
        for labels in HOSTS {
            assert_eq!(count(&format!("https://{}/x", labels.join("."))), 1, "{labels:?}");
        }
    }

    #[test]
    fn mirrors_of_this_machine_count_too() {
        let tree = Tree::of(&[("a.toml", "mirror = \"http://mirror.example.org/x\"\n")]);
        assert_eq!(check(&tree), []);
        assert_eq!(check(&tree.with_mirror_host("mirror.example.org")).len(), 1);
    }

    #[test]
    fn the_end_of_a_longer_path_is_fine() {
        let inner = PATHS[0].concat();
        assert_eq!(count(&format!("src{inner}a.c and {{store}}{inner}1")), 0);
    }

    #[test]
    fn the_lock_file_is_left_alone() {
        assert_eq!(check(&Tree::of(&[("Cargo.lock", &HOSTS[8].join("."))])), []);
    }
}
