//! Numbers for new users and groups, by the rules of systemd-sysusers.
//!
//! Groups come first, then users, each in the order of their lines. What has no number takes, one after the other, the
//! number it has in the other table and the highest free one, counting down for both tables together.
//!
//! A distribution's numbers are not changed by what else is installed. So, unlike systemd-sysusers, a number that a line
//! states is kept free for it, and is an error where it is taken already.
//!
//! **Invariant:** a number is never given twice, and a user and a group with one number have one name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::sysusers::{Group, Primary, Settings, User};
use crate::compose::ComposeError;

/// systemd's `SYSTEM_ALLOC_UID_MIN` and `SYSTEM_UID_MAX`.
const SYSTEM: RangeInclusive<u32> = 1..=999;
const NOLOGIN: &str = "/usr/sbin/nologin";
const ROOT_SHELL: &str = "/bin/sh";

/// The tables before.
#[derive(Debug, Default)]
pub(super) struct Database {
    /// Number of the user and of its group, by name.
    users: BTreeMap<String, (u32, u32)>,
    groups: BTreeMap<String, u32>,
}

/// What is to be added to the tables.
#[derive(Debug, Default)]
pub(super) struct Allocated {
    pub(super) users: Vec<NewUser>,
    pub(super) groups: Vec<(String, u32)>,
    pub(super) members: BTreeMap<String, BTreeSet<String>>,
}

/// A user with all its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewUser {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) gecos: String,
    pub(super) home: String,
    pub(super) shell: String,
    pub(super) locked: bool,
}

impl Allocated {
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.members.is_empty()
    }
}

impl Database {
    /// Reads the texts of passwd and group.
    pub(super) fn of(passwd: &str, group: &str) -> Self {
        let numbers = |line: &str| -> Option<(String, u32, Option<u32>)> {
            let fields: Vec<&str> = line.split(':').collect();
            let second = fields.get(3).and_then(|number| number.parse().ok());
            Some(((*fields.first()?).to_owned(), fields.get(2)?.parse().ok()?, second))
        };
        let users = passwd.lines().filter_map(numbers).map(|(name, uid, gid)| (name, (uid, gid.unwrap_or(uid))));
        let groups = group.lines().filter_map(numbers).map(|(name, gid, _)| (name, gid));
        Self { users: users.collect(), groups: groups.collect() }
    }
}

/// Gives numbers to all that is not there yet.
pub(super) fn allocate(settings: Settings, database: Database, errors: &mut Vec<ComposeError>) -> Allocated {
    let Settings { users, groups, members, ranges } = settings;
    let ranges = if ranges.is_empty() { vec![SYSTEM] } else { ranges };
    let mut free: BTreeSet<u32> = ranges.into_iter().flatten().collect();
    for number in users.iter().filter_map(|user| user.uid).chain(groups.iter().filter_map(|group| group.gid)) {
        free.remove(&number);
    }
    let mut allocation = Allocation { database, free, added: Allocated::default() };
    for group in &groups {
        let uid = users.iter().find(|user| user.name == group.name).and_then(|user| user.uid);
        errors.extend(allocation.add_group(group, uid).err());
    }
    for user in users {
        errors.extend(allocation.add_user(user).err());
    }
    Allocated { members, ..allocation.added }
}

struct Allocation {
    /// What was there and what was added.
    database: Database,
    /// Numbers not tried yet.
    free: BTreeSet<u32>,
    added: Allocated,
}

impl Allocation {
    fn add_group(&mut self, group: &Group, uid: Option<u32>) -> Result<u32, ComposeError> {
        if let Some(gid) = self.database.groups.get(&group.name) {
            return Ok(*gid);
        }
        let gid = match group.gid {
            Some(gid) if self.group_of(gid).is_none() => gid,
            Some(gid) => return Err(taken(&group.path, &group.name, gid)),
            None => match uid.filter(|uid| self.fits_group(*uid, &group.name)) {
                Some(uid) => uid,
                None => {
                    self.next(|this, number| this.fits_group(number, &group.name)).ok_or_else(|| full(&group.name))?
                }
            },
        };
        self.database.groups.insert(group.name.clone(), gid);
        self.added.groups.push((group.name.clone(), gid));
        Ok(gid)
    }

    fn add_user(&mut self, user: User) -> Result<(), ComposeError> {
        if self.database.users.contains_key(&user.name) {
            return Ok(());
        }
        let gid = self.primary(&user)?;
        let uid = match user.uid {
            // Who states both numbers knows what he does.
            Some(uid) if self.fits_user(uid, &user.name) => uid,
            Some(uid) if matches!(user.group, Primary::Number(_)) && self.user_of(uid).is_none() => uid,
            Some(uid) => return Err(taken(&user.path, &user.name, uid)),
            None if self.fits_user(gid, &user.name) => gid,
            None => self.next(|this, number| this.fits_user(number, &user.name)).ok_or_else(|| full(&user.name))?,
        };
        self.database.users.insert(user.name.clone(), (uid, gid));
        let (home, shell) = if uid == 0 { ("/root", ROOT_SHELL) } else { ("/", NOLOGIN) };
        let User { name, gecos, locked, .. } = user;
        let (home, shell) =
            (user.home.unwrap_or_else(|| home.to_owned()), user.shell.unwrap_or_else(|| shell.to_owned()));
        self.added.users.push(NewUser { name, uid, gid, gecos, home, shell, locked });
        Ok(())
    }

    fn primary(&mut self, user: &User) -> Result<u32, ComposeError> {
        match &user.group {
            Primary::Own => {
                let group = Group { name: user.name.clone(), path: user.path.clone(), gid: None };
                self.add_group(&group, user.uid)
            }
            Primary::Number(gid) => Ok(*gid),
            Primary::Name(group) => self.database.groups.get(group).copied().ok_or_else(|| ComposeError::Account {
                path: user.path.clone(),
                name: user.name.clone(),
                why: format!("its group `{group}` is not there"),
            }),
        }
    }

    fn next(&mut self, fits: impl Fn(&Self, u32) -> bool) -> Option<u32> {
        loop {
            let number = self.free.pop_last()?;
            if fits(self, number) {
                return Some(number);
            }
        }
    }

    fn fits_group(&self, number: u32, name: &str) -> bool {
        self.group_of(number).is_none() && self.user_of(number).is_none_or(|user| user == name)
    }

    fn fits_user(&self, number: u32, name: &str) -> bool {
        self.user_of(number).is_none() && self.group_of(number).is_none_or(|group| group == name)
    }

    fn user_of(&self, uid: u32) -> Option<&str> {
        self.database.users.iter().find(|(_, (number, _))| *number == uid).map(|(name, _)| name.as_str())
    }

    fn group_of(&self, gid: u32) -> Option<&str> {
        self.database.groups.iter().find(|(_, number)| **number == gid).map(|(name, _)| name.as_str())
    }
}

fn taken(path: &str, name: &str, number: u32) -> ComposeError {
    let why = format!("its number {number} is taken");
    ComposeError::Account { path: path.to_owned(), name: name.to_owned(), why }
}

fn full(name: &str) -> ComposeError {
    let why = "no number is free".to_owned();
    ComposeError::Account { path: "sysusers.d".to_owned(), name: name.to_owned(), why }
}
