//! Users and groups: what `sysusers.d` of the packages adds to the image's tables, and the numbers of all names.
//!
//! A table is a file of a package (`setup`) that grows: it keeps its owner, its mode and its lines, new lines come after
//! them, and members are added to groups that are there. Written are `/etc/passwd`, `group`, `shadow` and `gshadow`, as
//! systemd-sysusers writes them, except that no password has a day of its last change: an image has no such day.
//!
//! **Invariant:** the host's accounts never matter; `root` is 0 even in an image without these files.

mod allocate;
mod sysusers;

use std::collections::{BTreeMap, BTreeSet};

use super::ComposeError;
use super::merge::Merge;
use allocate::{Allocated, Database, NewUser};

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
const SHADOW: &str = "/etc/shadow";
const GSHADOW: &str = "/etc/gshadow";

/// Numbers by name.
#[derive(Debug)]
pub(super) struct Accounts {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Accounts {
    /// Reads the two files of the merged image.
    pub(super) fn of_image(merge: &Merge<'_>) -> Self {
        Self { users: numbers(&text(merge, PASSWD)), groups: numbers(&text(merge, GROUP)) }
    }

    /// Returns the number of a name, or what a number says.
    pub(super) fn uid(&self, user: &str) -> Option<u32> {
        self.users.get(user).copied().or_else(|| user.parse().ok())
    }

    /// As [`Accounts::uid`].
    pub(super) fn gid(&self, group: &str) -> Option<u32> {
        self.groups.get(group).copied().or_else(|| group.parse().ok())
    }
}

/// Adds the accounts that the image's `sysusers.d` asks for to its tables.
pub(super) fn create(merge: &mut Merge<'_>, errors: &mut Vec<ComposeError>) {
    let settings = sysusers::read(merge, errors);
    let (passwd, group) = (text(merge, PASSWD), text(merge, GROUP));
    let added = allocate::allocate(settings, Database::of(&passwd, &group), errors);
    if added.is_empty() {
        return;
    }
    let tables = [
        (PASSWD, 0o644, extend(&passwd, &BTreeMap::new(), added.users.iter().map(passwd_line))),
        (SHADOW, 0, extend(&text(merge, SHADOW), &BTreeMap::new(), added.users.iter().map(shadow_line))),
        (GROUP, 0o644, extend(&group, &added.members, group_lines(&added))),
        (GSHADOW, 0, extend(&text(merge, GSHADOW), &added.members, gshadow_lines(&added))),
    ];
    for (path, mode, table) in tables {
        merge.put(path, mode, table.into_bytes());
    }
}

fn text(merge: &Merge<'_>, path: &str) -> String {
    String::from_utf8_lossy(merge.content(path).unwrap_or_default()).into_owned()
}

/// Reads `name:password:number:…` lines, the shape both files share; others cannot name an owner.
fn numbers(table: &str) -> BTreeMap<String, u32> {
    let line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
    };
    let mut numbers: BTreeMap<_, _> = table.lines().filter_map(line).collect();
    numbers.insert("root".to_owned(), 0);
    numbers
}

fn passwd_line(user: &NewUser) -> String {
    let NewUser { name, uid, gid, gecos, home, shell, .. } = user;
    format!("{name}:x:{uid}:{gid}:{gecos}:{home}:{shell}")
}

/// No password fits `!*`; a locked account has expired on the first day there was.
fn shadow_line(user: &NewUser) -> String {
    format!("{}:!*::::::{}:", user.name, if user.locked { "1" } else { "" })
}

fn group_lines(added: &Allocated) -> impl Iterator<Item = String> {
    added.groups.iter().map(move |(name, gid)| format!("{name}:x:{gid}:{}", members(added, name)))
}

fn gshadow_lines(added: &Allocated) -> impl Iterator<Item = String> {
    added.groups.iter().map(move |(name, _)| format!("{name}:!*::{}", members(added, name)))
}

fn members(added: &Allocated, group: &str) -> String {
    joined(added.members.get(group).into_iter().flatten())
}

fn joined<'m>(members: impl Iterator<Item = &'m String>) -> String {
    members.map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Returns a table with members added to the last field of its lines, and new lines after them.
fn extend(table: &str, members: &BTreeMap<String, BTreeSet<String>>, lines: impl Iterator<Item = String>) -> String {
    let old = table.lines().map(|line| with_members(line, members));
    old.chain(lines).map(|line| line + "\n").collect()
}

/// Members that are new make the list a sorted one; otherwise it stays as it is.
fn with_members(line: &str, members: &BTreeMap<String, BTreeSet<String>>) -> String {
    let name = line.split(':').next().unwrap_or_default();
    let (Some(new), Some((head, old))) = (members.get(name), line.rsplit_once(':')) else {
        return line.to_owned();
    };
    let old: BTreeSet<String> = old.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if new.is_subset(&old) { line.to_owned() } else { format!("{head}:{}", joined(old.union(new))) }
}

#[cfg(test)]
mod tests;
