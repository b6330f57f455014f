//! Numbers of the user and group names that packages use, from the image's own `/etc/passwd` and `/etc/group`.
//!
//! **Invariant:** the host's accounts never matter; `root` is 0 even in an image without these files.

use std::collections::BTreeMap;

use super::merge::Merge;

/// Numbers by name.
#[derive(Debug)]
pub(super) struct Accounts {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Accounts {
    /// Reads the two files of the merged image.
    pub(super) fn of_image(merge: &Merge<'_>) -> Self {
        let numbers = |path| numbers(merge.content(path).unwrap_or_default());
        Self { users: numbers("/etc/passwd"), groups: numbers("/etc/group") }
    }

    pub(super) fn uid(&self, user: &str) -> Option<u32> {
        self.users.get(user).copied()
    }

    pub(super) fn gid(&self, group: &str) -> Option<u32> {
        self.groups.get(group).copied()
    }
}

/// Reads `name:password:number:…` lines, the shape both files share; others cannot name an owner.
fn numbers(bytes: &[u8]) -> BTreeMap<String, u32> {
    let line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
    };
    let mut numbers: BTreeMap<_, _> = String::from_utf8_lossy(bytes).lines().filter_map(line).collect();
    numbers.insert("root".to_owned(), 0);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_third_field_and_knows_root() {
        let numbers = numbers(b"mail:x:12:\nbroken\nbad:x:many:\nroot:x:5:\n");
        assert_eq!(numbers, BTreeMap::from([("mail".to_owned(), 12), ("root".to_owned(), 0)]));
    }
}
