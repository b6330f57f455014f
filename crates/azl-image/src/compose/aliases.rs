//! Where a path of a package really lies, given the symbolic links of all packages.
//!
//! Only parents are resolved: the last component of a path is the file itself, even if it is a link.
//!
//! **Invariant:** resolving a resolved path changes nothing.

use std::collections::{BTreeMap, VecDeque};

use crate::tree::{join, split};

/// As many as the kernel follows in one lookup (`MAXSYMLINKS`).
const FOLLOW_MAX: usize = 40;

/// The links of an image by canonical path.
#[derive(Debug, Default)]
pub(super) struct Aliases<'a> {
    links: BTreeMap<String, &'a str>,
}

/// More links than the kernel follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loop;

impl<'a> Aliases<'a> {
    /// Takes all links as packages list them. A link may itself lie under a link, so their own paths are resolved
    /// until nothing moves.
    pub(super) fn of(listed: &[(&'a str, &'a str)]) -> Self {
        let mut aliases = Self::default();
        for _ in 0..FOLLOW_MAX {
            let moved =
                |(path, target): &(&str, &'a str)| (aliases.canonical(path).unwrap_or((*path).to_owned()), *target);
            let links: BTreeMap<String, &'a str> = listed.iter().rev().map(moved).collect();
            if links == aliases.links {
                break;
            }
            aliases.links = links;
        }
        aliases
    }

    /// Returns `path` with every link among its parents followed; `..` of a link stops at the root.
    pub(super) fn canonical(&self, path: &str) -> Result<String, Loop> {
        let mut remaining: VecDeque<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let mut at = "/".to_owned();
        let mut followed = 0;
        while let Some(name) = remaining.pop_front() {
            if name == ".." {
                at = split(&at).map_or("/", |(parent, _)| parent).to_owned();
                continue;
            }
            let next = join(&at, name);
            match self.links.get(&next) {
                Some(target) if !remaining.is_empty() => {
                    followed += 1;
                    if followed > FOLLOW_MAX {
                        return Err(Loop);
                    }
                    for name in target.split('/').rev().filter(|name| !matches!(*name, "" | ".")) {
                        remaining.push_front(name);
                    }
                    if target.starts_with('/') {
                        at = "/".to_owned();
                    }
                }
                _ => at = next,
            }
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_followed_and_the_last_component_is_not() {
        let aliases = Aliases::of(&[
            ("/bin", "usr/bin"),
            ("/lib64", "usr/lib64"),
            ("/lib64/extra", "../share/extra"),
            ("/var/run", "/run"),
            ("/up", "../../etc"),
        ]);
        for (path, expected) in [
            ("/bin/sh", "/usr/bin/sh"),
            ("/bin", "/bin"),
            ("/usr/bin/sh", "/usr/bin/sh"),
            ("/lib64/extra/x", "/usr/share/extra/x"),
            ("/usr/lib64/extra/x", "/usr/share/extra/x"),
            ("/var/run/lock", "/run/lock"),
            ("/up/passwd", "/etc/passwd"),
            ("/", "/"),
        ] {
            assert_eq!(aliases.canonical(path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn loops_end() {
        assert_eq!(Aliases::of(&[("/a", "b"), ("/b", "a")]).canonical("/a/x"), Err(Loop));
    }
}
